//! Runs, their coverage, and what they say of themselves.

use std::collections::{BTreeMap, HashMap, HashSet};

use hobbs_lake::Span;
use hobbs_sync::{Asking, SyncSummary};

use super::interactions::Kept;
use super::{Broken, RunRecord, must};
use crate::choices::{RunChoice, When, Whom};
use crate::clock::Wrong;
use crate::oracle::Key;
use crate::tables::Rows;

/// A line of coverage.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Line {
    pub(super) user_id: String,
    pub(super) from_ms: i64,
    pub(super) to_ms: i64,
    pub(super) apps: Option<String>,
    pub(super) whole: bool,
    pub(super) code: Option<String>,
    pub(super) run_id: String,
}

pub(super) fn lines(coverage: &Rows) -> Vec<Line> {
    coverage.map(|row| Line {
        user_id: row.text("user_id").unwrap_or_default(),
        from_ms: row.number("from_ms").unwrap_or(0),
        to_ms: row.number("to_ms").unwrap_or(0),
        apps: row.text("apps"),
        whole: row.flag("whole").unwrap_or(false),
        code: row.text("error_code"),
        run_id: row.text("run_id").unwrap_or_default(),
    })
}

/// Each run stands once in the diary; one that is called whole has no failures but of those whose
/// license has gone.
pub(super) fn diary(
    diary: &Rows,
    lines: &[Line],
    runs: &HashMap<String, RunRecord>,
) -> Result<(), Broken> {
    let mut seen = HashSet::new();
    let entries = diary.map(|row| {
        (
            row.text("run_id").unwrap_or_default(),
            row.text("status").unwrap_or_default(),
            row.number("users_failed"),
            row.time_ms("ended_at"),
        )
    });
    for (run_id, status, failed, ended_at_ms) in entries {
        must(seen.insert(run_id.clone()), || {
            format!("the run {run_id} stands twice")
        })?;
        must((status == "running") == ended_at_ms.is_none(), || {
            format!("the run {run_id} is {status} and ended at {ended_at_ms:?}")
        })?;
        if status != "whole" {
            continue;
        }
        must(failed == Some(0), || {
            format!("the whole run {run_id} has {failed:?} failed users")
        })?;
        let summary = runs.get(&run_id).and_then(|run| run.summary.as_ref());
        let frozen: HashSet<&str> = summary
            .iter()
            .flat_map(|summary| summary.frozen.iter().map(|user| user.user_id.as_str()))
            .collect();
        let failed = lines.iter().find(|line| {
            let is_of_run = line.run_id == run_id && !line.whole;
            // A run whose end was written and that was killed then has no summary.
            is_of_run && summary.is_some() && !frozen.contains(line.user_id.as_str())
        });
        must(failed.is_none(), || {
            format!("a whole run has a failure: {failed:?}")
        })?;
    }
    // What hobbs itself got wrong is no failure of Microsoft's.
    let fault = lines
        .iter()
        .find(|line| line.code.as_deref() == Some("fault"));
    must(fault.is_none(), || {
        format!("hobbs itself failed: {fault:?}")
    })
}

/// Each user who was asked has a line, each row is of a run that says what it covered, and what a run
/// says that it wrote is there.
pub(super) fn accounted_for(
    summary: &SyncSummary,
    lines: &[Line],
    kept: &HashMap<Key, Kept>,
) -> Result<(), Broken> {
    let of_run = lines.iter().filter(|line| line.run_id == summary.run_id);
    let count = of_run.count() as u64;
    must(count == summary.users_asked, || {
        format!(
            "{} users were asked, and {count} have a line of coverage",
            summary.users_asked
        )
    })?;
    let covered: HashSet<(&str, &str)> = lines
        .iter()
        .map(|line| (line.run_id.as_str(), line.user_id.as_str()))
        .collect();
    let orphan = kept
        .iter()
        .find(|(key, row)| !covered.contains(&(row.run_id.as_str(), key.0.as_str())));
    must(orphan.is_none(), || {
        format!("rows of a run that has no coverage of their user: {orphan:?}")
    })?;
    let written = kept.values().filter(|row| row.run_id == summary.run_id);
    let (written, said) = (
        written.count() as u64,
        summary.rows_new + summary.rows_changed,
    );
    must(written == said, || {
        format!("the run says {said} rows, and {written} are there")
    })
}

/// Each user's earliest span that is whole over all apps.
fn earliest_whole(lines: &[Line]) -> BTreeMap<String, Span> {
    let mut spans: BTreeMap<String, Vec<Span>> = BTreeMap::new();
    for line in lines
        .iter()
        .filter(|line| line.whole && line.apps.is_none())
    {
        let (from_ms, to_ms) = (line.from_ms, line.to_ms);
        let of_user = spans.entry(line.user_id.clone()).or_default();
        of_user.push(Span { from_ms, to_ms });
    }
    let earliest = spans.into_iter().filter_map(|(user_id, spans)| {
        let first = hobbs_lake::joined(spans).into_iter().next()?;
        Some((user_id, first))
    });
    earliest.collect()
}

/// From when on each user was read, UTC milliseconds.
pub(super) fn begun_ms(lines: &[Line]) -> HashMap<String, i64> {
    let whole = earliest_whole(lines).into_iter();
    whole
        .map(|(user_id, span)| (user_id, span.from_ms))
        .collect()
}

/// Nobody's watermark is older than the bound after a sparing run, whoever was deferred.
pub(super) fn nobody_waits_too_long(
    summary: &SyncSummary,
    choice: &RunChoice,
    lines: &[Line],
    users: &Rows,
) -> Result<(), Broken> {
    let Asking::Sparing { max_staleness_ms } = choice.asking else {
        return must(summary.users_deferred == 0, || {
            format!(
                "{} users were deferred, and everyone was to be asked",
                summary.users_deferred
            )
        });
    };
    let is_plain = choice.when == When::New
        && choice.whom == Whom::Everyone
        && choice.app.is_none()
        && choice.clock == Wrong::default()
        && summary.status == "whole";
    if !is_plain {
        return Ok(());
    }
    let whole = earliest_whole(lines);
    let licensed = users.map(|row| {
        let is_licensed = row.time_ms("valid_to").is_none() && row.flag("licensed") == Some(true);
        row.text("user_id").filter(|_| is_licensed)
    });
    for user_id in licensed.into_iter().flatten() {
        let age_ms = whole
            .get(&user_id)
            .map(|whole| summary.started_at_ms - whole.to_ms);
        must(
            age_ms.is_some_and(|age_ms| age_ms <= max_staleness_ms),
            || {
                format!(
                    "{user_id} was last read {age_ms:?} ms before, and the bound is {max_staleness_ms}"
                )
            },
        )?;
    }
    Ok(())
}
