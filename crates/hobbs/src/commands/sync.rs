//! `hobbs sync`

use std::sync::Arc;

use anyhow::Result;
use hobbs_graph::{AppFilter, Clock, SystemClock};
use hobbs_interaction::{App, app};
use hobbs_report::visible;
use hobbs_sync::options::Apps;
use hobbs_sync::{Asking, Period, SyncError, SyncOptions, SyncSummary, Who, planned, sync};

use crate::cli::{Global, Sync};
use crate::commands::{plan, time};
use crate::exit::Exit;
use crate::printer::Printer;
use crate::progress::{self, thousands};
use crate::settings::Settings;

/// Users named in the summary; the rest is counted, and in the table coverage.
const NAMED: usize = 20;

pub async fn run(
    args: &Sync,
    settings: &Settings,
    global: &Global,
    printer: &Printer,
) -> Result<Exit> {
    let client = settings.client()?;
    let mut options = SyncOptions::new(settings.lake()?);
    options.content = settings.content(args.content.as_deref())?;
    options.overlap_ms = settings.overlap_ms();
    options.judgment = settings.judgment()?;
    options.period = period(args)?;
    options.apps = apps(&args.apps);
    options.asking = if args.everyone {
        Asking::Everyone
    } else {
        settings.asking()
    };
    options.reports = settings.usage_reports()?;
    if args.users.is_empty() {
        options.scope = settings.scope(&args.groups);
    } else {
        options.who = Who::Only(args.users.clone());
    }
    if args.plan {
        let (summary, plan) = {
            let mut progress = progress::of(printer);
            planned(&client, Arc::new(SystemClock), &options, progress.as_mut()).await?
        };
        let per_second = settings.limits().sustained_per_second;
        return plan::print(&summary, &plan, per_second, global, printer);
    }
    let summary = {
        let mut progress = progress::of(printer);
        let synced = sync(
            &client,
            Arc::new(SystemClock),
            &options,
            progress.as_mut(),
            interrupted(),
        );
        match synced.await {
            Err(error @ SyncError::Stopped) => {
                printer.warn(&error.to_string());
                return Ok(Exit::Partial);
            }
            synced => synced?,
        }
    };
    if global.json {
        printer.json(&summary)?;
    } else {
        printer.data(&words(&summary))?;
        printer.say(&format!("lake: {}", options.lake));
    }
    Ok(exit(&summary))
}

/// Whole or partial.
pub fn exit(summary: &SyncSummary) -> Exit {
    if summary.status == "whole" {
        Exit::Whole
    } else {
        Exit::Partial
    }
}

fn period(args: &Sync) -> Result<Period> {
    if args.full {
        return Ok(Period::All);
    }
    let range = time::range(&args.time, SystemClock.now_ms())?;
    Ok(match (range.from_ms, range.to_ms) {
        (None, None) => Period::New,
        (Some(from_ms), None) => Period::Since(from_ms),
        (from_ms, Some(to_ms)) => Period::Between(from_ms.unwrap_or(0), to_ms),
    })
}

/// Graph filters by app only where it can for all that were named.
fn apps(names: &[String]) -> Option<Apps> {
    if names.is_empty() {
        return None;
    }
    let values: Option<Vec<String>> = names
        .iter()
        .map(|name| app::filter_value(name).map(str::to_owned))
        .collect();
    let wanted = names.to_vec();
    let keep = move |class: &str| wanted.iter().any(|name| App::of(class).matches(name));
    Some(Apps {
        names: names.to_vec(),
        filter: AppFilter::only(values.unwrap_or_default(), keep),
    })
}

/// Ctrl-C, and SIGTERM where there is one.
pub async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// The summary for people.
pub fn words(summary: &SyncSummary) -> String {
    let mut text = String::new();
    let mut line = |words: String| {
        text.push_str(&words);
        text.push('\n');
    };
    let asked = thousands(summary.users_asked);
    match (summary.failed.len(), &summary.ended_early) {
        (0, None) => line(format!("Whole: {asked} users read to the end.")),
        (failed, None) => line(format!("PARTIAL: {failed} of {asked} users are not whole.")),
        (failed, Some(reason)) => line(format!(
            "PARTIAL: ended early ({reason}); {failed} of {asked} users are not whole."
        )),
    }
    line(format!(
        "{} new rows, {} changed, {} known already; {} users in the directory, {} licensed.",
        thousands(summary.rows_new),
        thousands(summary.rows_changed),
        thousands(summary.rows_known),
        thousands(summary.users_listed),
        thousands(summary.users_licensed),
    ));
    for (why, users) in &summary.users_deferred_by_reason {
        line(format!(
            "{} users not asked: {}; their turn comes within max_staleness_days.",
            thousands(*users),
            why.words()
        ));
    }
    if let Some(usage) = &summary.usage_reports
        && let Some(date) = &usage.report_refresh_date
    {
        line(format!(
            "Microsoft's usage reports up to {}: {} new rows.",
            visible(date),
            thousands(usage.rows_new)
        ));
    }
    if !summary.frozen.is_empty() {
        line(format!(
            "{} users have no license any more; what was read of their history is kept.",
            thousands(summary.frozen.len() as u64)
        ));
    }
    let seconds = (summary.ended_at_ms - summary.started_at_ms) as f64 / 1000.0;
    line(format!(
        "{} requests ({} pages of interactions), {} throttled, {seconds:.1} s.",
        thousands(summary.requests),
        thousands(summary.pages),
        thousands(summary.throttled),
    ));
    for unkept in &summary.unkept {
        line(format!(
            "{} × {} in Graph's answers: nothing that could be kept.",
            thousands(unkept.count),
            unkept.reason
        ));
    }
    if summary.users_unfiltered > 0 {
        line(format!(
            "{} users were read unfiltered, since Graph refused the filter.",
            thousands(summary.users_unfiltered)
        ));
    }
    if summary.repaired > 0 {
        line(format!(
            "Coverage of {} commits of an interrupted run was completed.",
            summary.repaired
        ));
    }
    for warning in &summary.warnings {
        line(format!("Note: {}", visible(warning)));
    }
    for user in summary.failed.iter().take(NAMED) {
        let name = user.user_principal_name.as_deref().unwrap_or(&user.user_id);
        line(format!("  {}: {}", visible(name), visible(&user.message)));
    }
    if summary.failed.len() > NAMED {
        line(format!(
            "  and {} more: hobbs query \"SELECT * FROM coverage WHERE NOT whole\"",
            summary.failed.len() - NAMED
        ));
    }
    text
}
