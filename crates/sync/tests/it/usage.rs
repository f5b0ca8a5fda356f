//! Microsoft's usage reports in the lake, compared with what the tenant says of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use hobbs_graph::usage_reports::Format;
use hobbs_graph::{Clock, TokioClock, Transport, TransportError};
use hobbs_sync::{Asking, Reports, SyncOptions, SyncSummary};
use hobbs_tenant::{ReportOddity, TenantOptions, UsageApp, Volume};
use http::{Request, Response};
use serde_json::{Map, Value};
use tokio::time::advance;

use crate::in_process::{DAY_MS, InProcess, World};

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
    // As long as this report is the newest, and also where it is not asked for again.
    advance(Duration::from_secs(2 * 3_600)).await;
    let again = sync_reading(&world, Format::Csv).await;
    assert!(again.usage_reports.unwrap().concealed);
    assert_eq!(again.warnings.len(), 1, "{:?}", again.warnings);

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

/// Answers what is asked for reports after a while, and notes when a history was first asked for.
struct SlowReports {
    inner: InProcess,
    wait: Duration,
    clock: TokioClock,
    first_history_ms: Arc<AtomicI64>,
}

#[async_trait]
impl Transport for SlowReports {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let path = request.uri().path();
        if path.contains("/copilot/reports/") {
            tokio::time::sleep(self.wait).await;
        } else if path.contains("interactionHistory") {
            let now_ms = self.clock.now_ms();
            let never = i64::MAX;
            let _ = self
                .first_history_ms
                .compare_exchange(never, now_ms, Relaxed, Relaxed);
        }
        self.inner.send(request).await
    }
}

/// A sync whose reports take so long each; and how long the first history waited.
async fn sync_waiting(world: &World, wait: Duration, asking: Asking) -> (SyncSummary, Duration) {
    let first_history_ms = Arc::new(AtomicI64::new(i64::MAX));
    let transport = SlowReports {
        inner: world.transport(),
        wait,
        clock: world.clock,
        first_history_ms: Arc::clone(&first_history_ms),
    };
    let client = world
        .builder()
        .transport(Arc::new(transport))
        .build()
        .unwrap();
    let options = SyncOptions {
        asking,
        ..world.options()
    };
    let began_ms = world.now_ms();
    let summary = world.sync_with(&client, &options, std::future::pending());
    let summary = summary.await.unwrap();
    let waited_ms = first_history_ms.load(Relaxed).saturating_sub(began_ms);
    (summary, Duration::from_millis(waited_ms.unsigned_abs()))
}

#[tokio::test(start_paused = true)]
async fn histories_do_not_wait_for_reports_that_no_plan_needs() {
    let world = World::new(options());
    let slow = Duration::from_secs(100);
    let (summary, waited) = sync_waiting(&world, slow, Asking::default()).await;
    assert!(waited < Duration::from_secs(60), "{waited:?}");
    assert_eq!(summary.warnings, Vec::<String>::new());
    assert_eq!(shown(&world).await, truth(&world), "kept where they come");
    assert!(summary.usage_reports.unwrap().rows_new > 0);
}

#[tokio::test(start_paused = true)]
async fn a_plan_waits_for_reports_and_not_for_long() {
    let sparing = Asking::Sparing {
        max_staleness_ms: 7 * DAY_MS,
    };
    let world = World::new(options());
    sync_reading(&world, Format::Csv).await;
    let asked_first = world.history_requests();
    advance(Duration::from_secs(3 * 86_400)).await;
    // In time: those who were not active wait.
    let soon = Duration::from_secs(10);
    let (summary, waited) = sync_waiting(&world, soon, sparing).await;
    assert!(waited > soon && summary.users_deferred > 0, "{summary:?}");
    let by_reason: u64 = summary.users_deferred_by_reason.values().sum();
    assert_eq!(by_reason, summary.users_deferred);
    assert!(world.history_requests() < 2 * asked_first);
    advance(Duration::from_secs(5 * 86_400)).await;
    // Too late for the plan, which asks everyone for want of it, and kept all the same.
    let late = Duration::from_secs(130);
    let (summary, waited) = sync_waiting(&world, late, sparing).await;
    assert!(waited < Duration::from_secs(3 * 60), "{waited:?}");
    assert_eq!(summary.users_deferred, 0);
    assert!(
        summary.warnings.iter().any(|note| note.contains("too old")),
        "{:?}",
        summary.warnings
    );
    assert_eq!(shown(&world).await, truth(&world), "kept where they come");
}

#[tokio::test(start_paused = true)]
async fn reports_that_never_come_are_noted_and_stop_nothing() {
    let world = World::new(options());
    let never = Duration::from_secs(86_400);
    let (summary, waited) = sync_waiting(&world, never, Asking::default()).await;
    assert!(waited < Duration::from_secs(60), "{waited:?}");
    assert!(summary.ended_at_ms - summary.started_at_ms < 20 * 60_000);
    assert_eq!((summary.status, summary.usage_reports), ("whole", None));
    assert!(
        summary.warnings.iter().any(|note| note.contains("minutes")),
        "{:?}",
        summary.warnings
    );
    // The next sync has them.
    let again = sync_reading(&world, Format::Csv).await;
    assert!(again.usage_reports.unwrap().rows_new > 0);
}

/// Answers some paths itself, the rest as the tenant does.
struct Instead<F> {
    inner: InProcess,
    answer: F,
}

#[async_trait]
impl<F> Transport for Instead<F>
where
    F: Fn(&str) -> Option<(u16, String)> + Send + Sync + 'static,
{
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        match (self.answer)(request.uri().path()) {
            Some((status, body)) => {
                let answer = Response::builder().status(status).body(body.into());
                Ok(answer.unwrap())
            }
            None => self.inner.send(request).await,
        }
    }
}

async fn sync_with_answers(
    world: &World,
    answer: impl Fn(&str) -> Option<(u16, String)> + Send + Sync + 'static,
) -> SyncSummary {
    let inner = world.transport();
    let transport = Arc::new(Instead { inner, answer });
    let client = world.builder().transport(transport).build().unwrap();
    let options = world.options();
    let read = world.sync_with(&client, &options, std::future::pending());
    read.await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_tenant_without_version_2_gives_version_1_whatever_it_answers() {
    for status in [400, 404, 410, 501] {
        let world = World::new(options());
        let refused = move |path: &str| {
            let is_v2 = path.contains("/copilot/reports/") && path.contains("v2");
            is_v2.then(|| (status, String::new()))
        };
        let summary = sync_with_answers(&world, refused).await;
        assert_eq!(summary.warnings, Vec::<String>::new(), "{status}");
        assert_eq!(summary.usage_reports.unwrap().report_version, "v1");
    }
}

#[tokio::test(start_paused = true)]
async fn rows_that_cannot_be_kept_are_counted() {
    let world = World::new(options());
    let odd = |path: &str| {
        let body = if path.contains("UserCountSummary") {
            "Report Refresh Date,Report Period,Any App Enabled Users,Any App Active Users\r\n\
             2026-06-01,7,60,5\r\n2026-06-01,ALL,60,9\r\n,28,60,7\r\n"
        } else if path.contains("UserCountTrend") {
            "Report Refresh Date,Report Date,Any App Enabled Users,Any App Active Users\r\n\
             2026-06-01,2026-05-31,60,5\r\n2026-06-01,,60,5\r\n"
        } else {
            return None;
        };
        Some((200, body.to_owned()))
    };
    let summary = sync_with_answers(&world, odd).await;
    let unkept: BTreeMap<&str, u64> = summary
        .unkept
        .iter()
        .map(|unkept| (unkept.reason.as_str(), unkept.count))
        .collect();
    let expected = [
        ("row of a usage report (no_date)", 1),
        ("row of a usage report (no_period_in_days)", 1),
        ("row of a usage report (no_refresh_date)", 1),
    ];
    assert_eq!(unkept, expected.into());
    assert_eq!(world.number("SELECT count(*) FROM usage_summary").await, 1);
    assert_eq!(world.number("SELECT count(*) FROM usage_trend").await, 1);
}

/// A user detail of so many names that nobody in the directory has.
fn naming_nobody(name: &str) -> String {
    let mut csv =
        "Report Refresh Date,User Principal Name,Display Name,Last Activity Date\r\n".to_owned();
    for user in 0..5 {
        csv.push_str(&format!(
            "2026-06-01,{user}{name},{user}{name},2026-05-31\r\n"
        ));
    }
    csv
}

#[tokio::test(start_paused = true)]
async fn hashes_of_any_form_are_no_names() {
    for hash in [
        "0123456789ABCDEF0123456789ABCDE",
        "q3zXb1+/Yw==",
        "-54c1-4f2e",
    ] {
        let world = World::new(options());
        let body = naming_nobody(hash);
        let detail = move |path: &str| path.contains("UserDetail").then(|| (200, body.clone()));
        let summary = sync_with_answers(&world, detail).await;
        assert!(summary.usage_reports.unwrap().concealed, "{hash}");
        let named = "SELECT count(*) FROM usage_reports WHERE NOT concealed";
        assert_eq!(world.number(named).await, 0, "{hash}");
    }
}

#[tokio::test(start_paused = true)]
async fn names_that_match_nobody_are_looked_at_with_care() {
    let conceals = |json: &'static str| {
        move |path: &str| {
            if path.contains("UserDetail") {
                return Some((200, naming_nobody("@elsewhere.example")));
            }
            let is_settings = path.contains("reportSettings");
            is_settings.then(|| match json {
                "" => (403, String::new()),
                json => (200, json.to_owned()),
            })
        }
    };
    for (settings, concealed, says) in [
        ("{\"displayConcealedNames\":true}", true, "conceal names"),
        ("{\"displayConcealedNames\":false}", false, "none of whom"),
        ("", false, "ReportSettings.Read.All"),
    ] {
        let world = World::new(options());
        let summary = sync_with_answers(&world, conceals(settings)).await;
        assert_eq!(summary.usage_reports.unwrap().concealed, concealed);
        let [warning] = &summary.warnings[..] else {
            panic!("{settings}: {:?}", summary.warnings);
        };
        assert!(warning.contains(says), "{warning}");
        let rows = "SELECT count(*) FROM usage_reports WHERE concealed";
        assert_eq!(world.number(rows).await > 0, concealed);
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_date_of_all_apps_the_latest_of_each_counts() {
    let world = World::new(options());
    let detail = |path: &str| {
        let body = "Report Refresh Date,User Principal Name,Word Copilot Last Activity Date,Edge Last Activity Date\r\n\
             2026-06-01,a@x,2026-05-30,2026-05-31\r\n2026-06-01,b@x,,\r\n";
        let is_detail = path.contains("UserDetail");
        is_detail.then(|| (200, body.to_owned()))
    };
    sync_with_answers(&world, detail).await;
    let rows = world
        .select("SELECT DISTINCT user_principal_name AS name, last_activity_date AS last FROM usage_reports ORDER BY 1")
        .await;
    assert_eq!(
        Value::from(rows),
        serde_json::json!([{"name": "a@x", "last": "2026-05-31"}, {"name": "b@x"}])
    );
}
