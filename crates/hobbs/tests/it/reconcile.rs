//! Why Microsoft's numbers differ from ours, compared with a tenant that knows why.

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::time::Duration;

use hobbs_lake::{LicenseRecord, Run, Writer};
use hobbs_sync::{Period, SyncOptions};
use hobbs_tenant::{TenantOptions, TrueApp, TrueReason, TrueUsage, UsageApp, Volume};
use serde_json::Value;
use tokio::time::advance;

use crate::in_process::{DAY_MS, START_MS, World};
#[cfg(target_os = "linux")]
use crate::simulated::process;
use crate::simulated::{hobbs, json};

/// Four days in the middle that are never read.
const GAP_MS: std::ops::Range<i64> = START_MS - 12 * DAY_MS..START_MS - 8 * DAY_MS;

/// 1,000 people over 90 days: reports that lag, licenses that move, people who join, leave and go on
/// leave, some who never ask anything themselves, and a gap.
fn options() -> TenantOptions {
    TenantOptions {
        users: 1_000,
        days_of_history: 90,
        volume: Volume::Monthly(14.0),
        automatic_only_share: Some(0.08),
        ..TenantOptions::default()
    }
    .lively()
}

async fn read(world: &World, period: Period) {
    let options = SyncOptions {
        period,
        ..SyncOptions::new(world.lake.clone())
    };
    let client = world.client();
    let summary = world.sync_with(&client, &options, pending()).await.unwrap();
    assert_eq!(summary.status, "whole", "{:?}", summary.failed.first());
}

fn code(reason: TrueReason) -> &'static str {
    match reason {
        TrueReason::Same => "same",
        TrueReason::ReportNotRefreshed => "report_not_refreshed",
        TrueReason::AutomaticOnly => "automatic_only",
        TrueReason::ClickedOnly => "clicked_only",
        TrueReason::LicenseMissing => "license_missing",
        TrueReason::AppWithoutColumn => "app_without_column",
    }
}

fn app(column: &str) -> Option<UsageApp> {
    if column == "All apps" {
        return Some(UsageApp::AnyApp);
    }
    UsageApp::ALL.into_iter().find(|app| app.name() == column)
}

/// What a line gives as its reasons, the leading one first.
fn reasons(line: &Value) -> Vec<&str> {
    let also = line["also"].as_array().into_iter().flatten();
    std::iter::once(&line["reason"])
        .chain(also)
        .filter_map(Value::as_str)
        .collect()
}

/// Reasons that can be true besides, since the reader did not read all, or could not.
fn of_the_reading(world: &World, truth: &TrueUsage) -> Vec<&'static str> {
    let mut codes = Vec::new();
    let items = world.tenant.truth_of(truth.index);
    if items
        .iter()
        .any(|item| GAP_MS.contains(&item.created_at_ms))
    {
        codes.push("history_not_whole");
    }
    if !truth.barred.is_empty() {
        codes.extend(["license_missing", "history_not_whole"]);
    }
    codes
}

/// The columns that a class feeds.
fn columns_of(app_class: &str) -> Vec<UsageApp> {
    match app_class.rsplit('.').next().unwrap_or_default() {
        "BizChat" => vec![UsageApp::CopilotChat, UsageApp::CopilotChatWork],
        "WebChat" => vec![UsageApp::CopilotChat, UsageApp::CopilotChatWeb],
        "Teams" => vec![UsageApp::MicrosoftTeams],
        name => app(name).into_iter().collect(),
    }
}

/// Users and columns of which an exchange was judged otherwise than the tenant knows it to be. Rules
/// err in a few (docs/measurements.md), and a wrong verdict gives another reason.
async fn wrongly_judged(world: &World) -> BTreeSet<(String, UsageApp)> {
    let mut verdicts: BTreeMap<(String, String, String), String> = BTreeMap::new();
    for user in 0..world.tenant.user_count() {
        for item in world.tenant.truth_of(user) {
            let key = (item.user_id, item.session_id.unwrap_or_default(), item.id);
            verdicts.insert(key, format!("{:?}", item.verdict).to_lowercase());
        }
    }
    let exchanges = world
        .select(
            "SELECT user_id, session_id, first_id, app, app_class, verdict, responses FROM exchanges",
        )
        .await;
    let mut wrong = BTreeSet::new();
    for row in &exchanges {
        let text = |name: &str| {
            row.get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let key = (text("user_id"), text("session_id"), text("first_id"));
        let user = key.0.clone();
        let verdict = text("verdict");
        let unanswered = verdict == "clicked" && row["responses"] == 0 && row["app"] == "Word";
        if unanswered || verdicts.get(&key).is_none_or(|truth| *truth != verdict) {
            let columns = columns_of(&text("app_class")).into_iter();
            wrong.extend(columns.map(|column| (user.clone(), column)));
        }
    }
    wrong
}

#[tokio::test(start_paused = true)]
async fn every_difference_gets_its_true_reason() {
    let world = World::new(options());
    read(&world, Period::Between(0, GAP_MS.start)).await;
    read(&world, Period::Since(GAP_MS.end)).await;
    for _ in 0..2 {
        let since_ms = world.now_ms() - DAY_MS;
        advance(Duration::from_secs(5 * 86_400)).await;
        read(&world, Period::Since(since_ms)).await;
    }
    let folder = world.lake.folder().unwrap().parent().unwrap();
    let lake = world.lake.to_string();
    let output = hobbs(folder, &["--lake", &lake, "reconcile", "--json"])
        .output()
        .unwrap();
    let answer = json(&output);
    let truths: BTreeMap<String, TrueUsage> = world
        .tenant
        .usage_truth(world.now_ms())
        .map(|usage| (usage.user_id.clone(), usage))
        .collect();
    let wrongly_judged = wrongly_judged(&world).await;
    let (mut lines, mut compared, mut unexplained) = (0_u64, 0_u64, Vec::new());
    let mut wrong = Vec::new();
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    for line in answer["lines"].as_array().unwrap() {
        let given = reasons(line);
        let user = line["user_id"].as_str().unwrap_or_default();
        let (Some(truth), Some(app)) = (truths.get(user), app(line["column"].as_str().unwrap()))
        else {
            continue;
        };
        let Some(reason) = truth.reason(app) else {
            assert_eq!(given, ["no_counterpart"], "{line}");
            continue;
        };
        lines += 1;
        *seen.entry(given[0].to_owned()).or_default() += 1;
        if given.contains(&"unexplained") {
            unexplained.push(line);
        }
        // Of all apps the counts are compared besides, which the tenant gives no reason for.
        if app == UsageApp::AnyApp || wrongly_judged.contains(&(user.to_owned(), app)) {
            continue;
        }
        compared += 1;
        let nothing_on_both_sides = given == ["same"] && truth.app(app) == TrueApp::default();
        let is_true = given.contains(&code(reason))
            || nothing_on_both_sides
            || of_the_reading(&world, truth)
                .iter()
                .any(|code| given.contains(code));
        // Not seen here what lies in the gap: then the rest is what can be compared.
        let is_hidden = of_the_reading(&world, truth).contains(&"history_not_whole");
        if !is_true && !is_hidden {
            wrong.push(format!(
                "true is {}: {line} {:?}",
                code(reason),
                truth.app(app)
            ));
        }
    }
    assert!(lines > 3_000 && compared > 1_500, "{lines} {compared}");
    for code in [
        "same",
        "report_not_refreshed",
        "automatic_only",
        "clicked_only",
        "history_not_whole",
        "license_missing",
        "app_without_column",
    ] {
        assert!(seen.contains_key(code), "{code} of {seen:?}");
    }
    assert!(
        wrong.is_empty(),
        "{} of {compared}: {}",
        wrong.len(),
        wrong[0]
    );
    assert!(
        unexplained.len() as f64 <= 0.005 * lines as f64,
        "{} of {lines} unexplained: {}",
        unexplained.len(),
        unexplained[0]
    );
}

/// A few people, read twice with some refreshes of Microsoft's reports between.
async fn read_twice() -> World {
    let world = World::new(TenantOptions {
        users: 60,
        days_of_history: 60,
        volume: Volume::Monthly(30.0),
        ..TenantOptions::default()
    });
    read(&world, Period::New).await;
    advance(Duration::from_secs(5 * 86_400)).await;
    read(&world, Period::New).await;
    world
}

fn ask(world: &World, arguments: &[&str]) -> Value {
    let folder = world.lake.folder().unwrap().parent().unwrap();
    let lake = world.lake.to_string();
    let arguments = [&["--lake", &lake, "--json"], arguments].concat();
    json(&hobbs(folder, &arguments).output().unwrap())
}

/// Days and apps of which Microsoft's counts are told.
fn told(reconciliation: &Value) -> (usize, usize) {
    let count = |list: &str, name: &str| {
        let rows = reconciliation["reconciliation"][list].as_array().unwrap();
        rows.iter().filter(|row| !row[name].is_null()).count()
    };
    (
        count("days", "microsoft_active"),
        count("apps", "microsoft_enabled"),
    )
}

#[tokio::test(start_paused = true)]
async fn microsofts_counts_stand_beside_every_day_and_beside_no_single_user() {
    let world = read_twice().await;
    let (days, apps) = told(&ask(&world, &["reconcile"]));
    assert!(days == 28 && apps > 5, "{days} days, {apps} apps");
    let user = world.tenant.user_facts(0).id;
    let (days, apps) = told(&ask(&world, &["reconcile", "--user", &user]));
    assert_eq!((days, apps), (0, 0), "they are of everyone");
    #[cfg(target_os = "linux")]
    {
        let folder = world.lake.folder().unwrap().parent().unwrap();
        let lake = world.lake.to_string();
        let full = std::fs::File::create("/dev/full").unwrap();
        let status = process(folder, &["--lake", &lake, "reconcile", "--format", "csv"])
            .stdout(full)
            .status();
        assert_eq!(status.unwrap().code(), Some(1), "no wrong use");
    }
}

#[tokio::test(start_paused = true)]
async fn seats_of_a_subscription_that_is_gone_are_no_seats() {
    let world = read_twice().await;
    let skus = || {
        let seats = ask(&world, &["licenses"])["seats"].take();
        let skus = seats
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["sku_id"].clone());
        skus.collect::<Vec<Value>>()
    };
    let before = skus();
    let sku = |sku_id: &str| LicenseRecord {
        sku_id: sku_id.to_owned(),
        sku_part_number: None,
        has_copilot_chat: true,
        enabled: 100,
        suspended: 0,
        warning: 0,
        locked_out: 0,
        consumed: 0,
        service_plan_ids: Vec::new(),
    };
    let mut writer = Writer::open(&world.lake).await.unwrap();
    let run = Run {
        run_id: "later".to_owned(),
        tenant_id: world.tenant.options().tenant_id.clone(),
    };
    let now_ms = world.now_ms();
    writer
        .keep_licenses(&run, now_ms, &[sku("kept"), sku("ended")])
        .await
        .unwrap();
    assert!(skus().contains(&"ended".into()));
    writer
        .keep_licenses(&run, now_ms + 1, &[sku("kept")])
        .await
        .unwrap();
    assert_eq!(skus(), ["kept"], "before: {before:?}");
}
