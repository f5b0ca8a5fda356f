//! `hobbs sync --plan`: who would be asked, why, and how long it would take.

use anyhow::Result;
use hobbs_report::visible;
use hobbs_sync::{Due, Later, Plan, SyncSummary};
use serde::Serialize;

use crate::cli::Global;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::progress::{counted, thousands};

/// The plan, for scripts.
#[derive(Serialize)]
struct PlanJson<'a> {
    users_listed: u64,
    users_licensed: u64,
    users_asked: u64,
    users_deferred: u64,
    /// Each user asked takes one request at least.
    requests_at_least: u64,
    requests_per_second: f64,
    seconds_at_least: f64,
    asked: Vec<Asked<'a>>,
    deferred: Vec<Deferred<'a>>,
    warnings: &'a [String],
}

#[derive(Serialize)]
struct Asked<'a> {
    user_id: &'a str,
    user_principal_name: Option<&'a str>,
    why: Due,
    /// UTC milliseconds; null for all history.
    from_ms: Option<i64>,
    to_ms: i64,
}

#[derive(Serialize)]
struct Deferred<'a> {
    user_id: &'a str,
    why: Later,
}

pub fn print(
    summary: &SyncSummary,
    plan: &Plan,
    requests_per_second: f64,
    global: &Global,
    printer: &Printer,
) -> Result<Exit> {
    if global.json {
        printer.json(&json(summary, plan, requests_per_second))?;
    } else {
        printer.data(&words(summary, plan, requests_per_second))?;
    }
    Ok(Exit::Whole)
}

fn seconds(plan: &Plan, requests_per_second: f64) -> f64 {
    plan.asks.len() as f64 / requests_per_second.max(f64::MIN_POSITIVE)
}

fn json<'a>(summary: &'a SyncSummary, plan: &'a Plan, requests_per_second: f64) -> PlanJson<'a> {
    let asked = plan.asks.iter().map(|ask| Asked {
        user_id: &ask.user_id,
        user_principal_name: ask.user_principal_name.as_deref(),
        why: ask.due,
        from_ms: (ask.span.from_ms > 0).then_some(ask.span.from_ms),
        to_ms: ask.span.to_ms,
    });
    let deferred = plan
        .later
        .iter()
        .map(|(user_id, why)| Deferred { user_id, why: *why });
    PlanJson {
        users_listed: summary.users_listed,
        users_licensed: summary.users_licensed,
        users_asked: plan.asks.len() as u64,
        users_deferred: plan.later.len() as u64,
        requests_at_least: plan.asks.len() as u64,
        requests_per_second,
        seconds_at_least: seconds(plan, requests_per_second),
        asked: asked.collect(),
        deferred: deferred.collect(),
        warnings: &summary.warnings,
    }
}

fn words(summary: &SyncSummary, plan: &Plan, requests_per_second: f64) -> String {
    let mut lines = vec![format!(
        "{} of {} would be asked: {} or more, {} at {requests_per_second} a second.",
        thousands(plan.asks.len() as u64),
        counted(summary.users_licensed, "licensed user", "licensed users"),
        counted(plan.asks.len() as u64, "request", "requests"),
        duration(seconds(plan, requests_per_second)),
    )];
    for due in Due::ALL {
        let users = plan.asks.iter().filter(|ask| ask.due == due).count();
        if users > 0 {
            lines.push(format!("  {:>9}  {}", thousands(users as u64), due.words()));
        }
    }
    if !plan.later.is_empty() {
        lines.push(format!(
            "{} would not be asked this time:",
            thousands(plan.later.len() as u64)
        ));
    }
    for later in Later::ALL {
        let users = plan.later.iter().filter(|(_, why)| *why == later).count();
        if users > 0 {
            lines.push(format!(
                "  {:>9}  {}",
                thousands(users as u64),
                later.words()
            ));
        }
    }
    for warning in &summary.warnings {
        lines.push(format!("Note: {}", visible(warning)));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// `35 s`, `12 min`, `2 h 13 min`.
fn duration(seconds: f64) -> String {
    let minutes = (seconds / 60.0).ceil() as u64;
    match minutes {
        0 | 1 => format!("{:.0} s", seconds.ceil()),
        2..60 => format!("{minutes} min"),
        _ => format!("{} h {} min", minutes / 60, minutes % 60),
    }
}
