//! Microsoft's usage reports in the lake, compared with what the tenant says of them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use hobbs_graph::usage_reports::Format;
use hobbs_sync::{Reports, SyncOptions};
use hobbs_tenant::{ReportOddity, TenantOptions, UsageApp, Volume};
use serde_json::{Map, Value};
use tokio::time::advance;

use crate::in_process::World;

fn options() -> TenantOptions {
    TenantOptions {
        users: 60,
        volume: Volume::Monthly(30.0),
        ..TenantOptions::default()
    }
}

async fn rows(world: &World) -> Vec<Map<String, Value>> {
    world
        .select("SELECT * FROM usage_reports ORDER BY report_refresh_date, report_period, user_principal_name")
        .await
}

/// Last days in Word and in Copilot Chat, prompts, active days.
type Shown = (Option<String>, Option<String>, i64, i64);

/// What the tenant says that each user's row of the newest report of 28 days must hold.
fn truth(world: &World) -> BTreeMap<String, Shown> {
    world
        .tenant
        .usage_truth(world.now_ms())
        .filter(|usage| usage.reported)
        .map(|usage| {
            let period = usage.period(28).unwrap();
            let date = |app| usage.app(app).shown.map(|date| date.to_string());
            let row = (
                date(UsageApp::Word),
                date(UsageApp::CopilotChat),
                i64::try_from(period.prompts).unwrap(),
                i64::try_from(period.active_days).unwrap(),
            );
            (usage.user_id, row)
        })
        .collect()
}

async fn shown(world: &World) -> BTreeMap<String, Shown> {
    let refreshed = world.tenant.report_refresh_date(world.now_ms()).to_string();
    let rows = rows(world).await;
    rows.iter()
        .filter(|row| {
            row["report_period"] == 28 && row["report_refresh_date"] == refreshed.as_str()
        })
        .map(|row| {
            let text = |name: &str| row.get(name).and_then(Value::as_str).map(str::to_owned);
            let number = |name: &str| row.get(name).and_then(Value::as_i64).unwrap_or(0);
            let shown = (
                text("word_copilot_last_activity_date"),
                text("copilot_chat_last_activity_date"),
                number("prompts_submitted"),
                number("active_usage_days"),
            );
            (text("user_id").unwrap(), shown)
        })
        .collect()
}

async fn sync_reading(world: &World, format: Format) -> hobbs_sync::SyncSummary {
    let options = SyncOptions {
        reports: Reports { read: true, format },
        ..world.options()
    };
    let client = world.client();
    let read = world.sync_with(&client, &options, std::future::pending());
    read.await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn each_refresh_date_is_a_snapshot_and_nothing_is_asked_twice() {
    for format in [Format::Csv, Format::Json] {
        let world = World::new(options());
        let summary = sync_reading(&world, format).await;
        assert_eq!(summary.warnings, Vec::<String>::new());
        let usage = summary.usage_reports.unwrap();
        assert_eq!((usage.report_version, usage.concealed), ("v2", false));
        assert_eq!(shown(&world).await, truth(&world), "{format:?}");
        assert!(truth(&world).values().filter(|row| row.2 > 0).count() > 10);
        let of_one_date = rows(&world).await.len();
        let asked = || {
            let statistics = world.tenant.statistics();
            ["user_detail", "user_count_summary", "user_count_trend"]
                .map(|route| statistics.requests(route))
        };
        let before = asked();
        assert!(before.iter().sum::<u64>() > 0, "{before:?}");
        // A moment later nothing is asked; two hours later only whether there is something new.
        let again = sync_reading(&world, format).await;
        assert_eq!((again.usage_reports, asked()), (None, before));
        advance(Duration::from_secs(2 * 3_600)).await;
        sync_reading(&world, format).await;
        assert_eq!(
            asked()[0],
            before[0],
            "the user detail of this refresh date is kept"
        );
        advance(Duration::from_secs(3 * 86_400)).await;
        sync_reading(&world, format).await;
        assert_eq!(shown(&world).await, truth(&world), "{format:?}");
        assert!(
            rows(&world).await.len() > of_one_date,
            "the older snapshot stays"
        );
        assert_eq!(
            world
                .number("SELECT count(DISTINCT report_refresh_date) FROM usage_reports")
                .await,
            2
        );
        let doubled = "SELECT count(*) FROM (SELECT 1 FROM usage_reports GROUP BY report_refresh_date, report_period, user_principal_name HAVING count(*) > 1) AS twice";
        assert_eq!(world.number(doubled).await, 0);
        assert!(
            world
                .number(
                    "SELECT count(*) FROM usage_summary WHERE app = 'Any App' AND active_users > 0"
                )
                .await
                > 0
        );
        assert!(
            world
                .number("SELECT count(DISTINCT report_date) FROM usage_trend")
                .await
                >= 28
        );
    }
}

#[tokio::test(start_paused = true)]
async fn odd_reports_are_read_right() {
    for oddity in [
        ReportOddity::AddedColumns,
        ReportOddity::MissingColumn,
        ReportOddity::OtherOrder,
        ReportOddity::StrangeNames,
        ReportOddity::NoMark,
        ReportOddity::LineFeeds,
        ReportOddity::NullDates,
    ] {
        let world = World::new(TenantOptions {
            report_oddities: vec![oddity],
            ..options()
        });
        let summary = sync_reading(&world, Format::Csv).await;
        assert_eq!(
            (summary.status, &summary.warnings),
            ("whole", &Vec::new()),
            "{oddity:?}"
        );
        let (shown, truth) = (shown(&world).await, truth(&world));
        let ids = |rows: &BTreeMap<String, _>| rows.keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(ids(&shown), ids(&truth), "{oddity:?}");
        let numbers = |rows: &BTreeMap<String, Shown>| {
            rows.values()
                .map(|row| (row.1.clone(), row.3))
                .collect::<Vec<_>>()
        };
        assert_eq!(numbers(&shown), numbers(&truth), "{oddity:?}");
    }
    let world = World::new(TenantOptions {
        report_oddities: vec![ReportOddity::AddedColumns],
        ..options()
    });
    sync_reading(&world, Format::Csv).await;
    let kept = world
        .number("SELECT count(*) FROM usage_reports WHERE other_columns LIKE '%Favorite Color%'")
        .await;
    // Some cells of it are empty.
    assert!(kept * 2 > rows(&world).await.len() as u64, "{kept}");
}

#[tokio::test(start_paused = true)]
async fn concealed_names_are_said_and_missing_reports_stop_nothing() {
    let world = World::new(TenantOptions {
        conceal_names: true,
        ..options()
    });
    let summary = sync_reading(&world, Format::Csv).await;
    assert!(summary.usage_reports.unwrap().concealed);
    assert!(
        summary
            .warnings
            .iter()
            .any(|warning| warning.contains("Display concealed")),
        "{:?}",
        summary.warnings
    );
    assert_eq!(
        world
            .number("SELECT count(*) FROM usage_reports WHERE concealed AND user_id IS NULL")
            .await,
        rows(&world).await.len() as u64
    );
    assert_eq!(summary.status, "whole");

    let roles = options()
        .roles
        .into_iter()
        .filter(|role| !role.starts_with("Reports."))
        .collect();
    let world = World::new(TenantOptions { roles, ..options() });
    let summary = sync_reading(&world, Format::Csv).await;
    assert_eq!((summary.status, summary.usage_reports), ("whole", None));
    assert!(
        summary
            .warnings
            .iter()
            .any(|warning| warning.contains("usage reports")),
        "{:?}",
        summary.warnings
    );
    assert!(summary.rows_new > 0);
}
