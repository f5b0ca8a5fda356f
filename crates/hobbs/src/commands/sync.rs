//! `hobbs sync`

use std::sync::Arc;

use anyhow::Result;
use hobbs_graph::{AppFilter, SystemClock};
use hobbs_interaction::{App, ContentPolicy, app};
use hobbs_report::visible;
use hobbs_sync::options::Apps;
use hobbs_sync::{Asking, Period, SyncError, SyncOptions, SyncSummary, Who, planned, sync};
use jiff::Timestamp;

use crate::cli::{Global, Sync};
use crate::commands::{apps, plan, time};
use crate::exit::Exit;
use crate::printer::Printer;
use crate::progress::{self, counted, thousands};
use crate::settings::{Misconfigured, Settings};

/// Users named in the summary; the rest is counted, and in the table coverage.
const NAMED: usize = 20;

pub async fn run(
    args: &Sync,
    settings: &Settings,
    global: &Global,
    printer: &Printer,
) -> Result<Exit> {
    settings.refuse_without_export()?;
    let client = settings.client()?;
    let mut options = SyncOptions::new(settings.lake()?);
    options.content = settings.content(args.content.as_deref())?;
    options.overlap_ms = settings.overlap_ms();
    options.judgment = settings.judgment()?;
    options.period = period(args, settings)?;
    apps::refuse_unknown_to_sync(&args.apps, &options.lake).await?;
    options.apps = only(&args.apps);
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
            let planned = planned(&client, Arc::new(SystemClock), &options, progress.as_mut());
            planned.await.map_err(misuse)?
        };
        let per_second = settings.limits()?.sustained_per_second;
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
            synced => synced.map_err(misuse)?,
        }
    };
    if global.json {
        printer.json(&summary)?;
    } else {
        printer.data(&words(&summary))?;
        printer.say(&format!("lake: {}", options.lake));
    }
    if args.full && options.content != ContentPolicy::None && summary.rows_known > 0 {
        printer.warn(&format!(
            "{} in the lake already, and stay as they are: a text that was not kept when a row was first read is not added. To have them all, read into a new lake: hobbs sync --lake PLACE --content {}",
            counted(summary.rows_known, "row was", "rows were"),
            match options.content {
                ContentPolicy::Excerpt => "excerpt",
                _ => "full",
            },
        ));
    }
    Ok(exit(&summary))
}

/// What the person who configured it has to mend.
fn misuse(error: SyncError) -> anyhow::Error {
    match error {
        SyncError::ExcludesNobody(_) => Misconfigured(error.to_string()).into(),
        error => error.into(),
    }
}

/// Whole or partial.
pub fn exit(summary: &SyncSummary) -> Exit {
    if summary.status == "whole" && summary.unkept.is_empty() {
        Exit::Whole
    } else {
        Exit::Partial
    }
}

fn period(args: &Sync, settings: &Settings) -> Result<Period> {
    if args.full {
        return Ok(Period::All);
    }
    let range = time::range(&args.time, &settings.time_zone()?, Timestamp::now())?;
    Ok(match (range.from_ms, range.to_ms) {
        (None, None) => Period::New,
        (Some(from_ms), None) => Period::Since(from_ms),
        (from_ms, Some(to_ms)) => Period::Between(from_ms.unwrap_or(0), to_ms),
    })
}

/// Graph filters by app only where it can for all that were named.
fn only(names: &[String]) -> Option<Apps> {
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
    let asked = counted(summary.users_asked, "user", "users");
    let failed = summary.failed.len() as u64;
    let not_whole = match (failed, summary.users_asked) {
        // Who is named and not found is not among those who were asked.
        (failed, asked) if failed > asked => counted(failed, "user", "users"),
        (failed, _) => format!("{} of {asked}", thousands(failed)),
    };
    let is_not_whole = match failed {
        1 => format!("{not_whole} is not whole"),
        _ => format!("{not_whole} are not whole"),
    };
    let unkept = summary.unkept.iter().map(|unkept| unkept.count).sum();
    match (failed, &summary.ended_early, unkept) {
        (0, None, 0) => line(format!("Whole: {asked} read to the end.")),
        (0, None, unkept) => line(format!(
            "PARTIAL: {asked} read to the end, but {} could not be kept.",
            counted(unkept, "item", "items")
        )),
        (_, None, _) => line(format!("PARTIAL: {is_not_whole}.")),
        (_, Some(reason), _) => line(format!(
            "PARTIAL: ended early ({}); {is_not_whole}.",
            visible(reason)
        )),
    }
    line(format!(
        "{}, {} changed, {} known already; {} in the directory, {} licensed.",
        counted(summary.rows_new, "new row", "new rows"),
        thousands(summary.rows_changed),
        thousands(summary.rows_known),
        counted(summary.users_listed, "user", "users"),
        thousands(summary.users_licensed),
    ));
    for (why, users) in &summary.users_deferred_by_reason {
        line(format!(
            "{} not asked: {}; their turn comes within max_staleness_days.",
            counted(*users, "user", "users"),
            why.words()
        ));
    }
    if let Some(usage) = &summary.usage_reports
        && let Some(date) = &usage.report_refresh_date
    {
        line(format!(
            "Microsoft's usage reports up to {}: {}.",
            visible(date),
            counted(usage.rows_new, "new row", "new rows")
        ));
    }
    if !summary.frozen.is_empty() {
        line(format!(
            "{} no license any more; what was read of the history is kept.",
            counted(summary.frozen.len() as u64, "user has", "users have")
        ));
    }
    let seconds = (summary.ended_at_ms - summary.started_at_ms) as f64 / 1000.0;
    line(format!(
        "{} ({} of interactions), {} throttled, {seconds:.1} s.",
        counted(summary.requests, "request", "requests"),
        counted(summary.pages, "page", "pages"),
        thousands(summary.throttled),
    ));
    for unkept in &summary.unkept {
        line(format!(
            "{} × {} in Graph's answers: nothing that could be kept.",
            thousands(unkept.count),
            unkept.reason
        ));
    }
    if summary.timed_by_id > 0 {
        line(format!(
            "{} interactions came without a time: read with that of their id.",
            thousands(summary.timed_by_id)
        ));
    }
    if summary.users_unfiltered > 0 {
        line(format!(
            "{} read unfiltered, since Graph refused the filter.",
            counted(summary.users_unfiltered, "user was", "users were")
        ));
    }
    if summary.repaired > 0 {
        line(format!(
            "Coverage of {} of an interrupted run was completed.",
            counted(summary.repaired, "commit", "commits")
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
