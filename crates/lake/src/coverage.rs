//! What has been read of each user's history, and what has not.
//!
//! A line covers one user and one window `[from_ms, to_ms)`. Lines are written after the rows they
//! speak of; what a data commit covers also travels inside that commit, so that lines lost between
//! the two commits are written again at the next start.

use std::collections::HashMap;

use datafusion::prelude::{SessionContext, col, lit};
use deltalake::arrow::array::{ArrayRef, AsArray, RecordBatch};
use deltalake::arrow::compute::concat_batches;
use deltalake::arrow::datatypes::Int64Type;
use deltalake::delta_datafusion::DeltaSessionContext;
use deltalake::operations::write::SchemaMode;
use deltalake::protocol::SaveMode;
use serde::{Deserialize, Serialize};

use crate::cells::{flags, numbers, texts, times};
use crate::check::log::actions;
use crate::error::LakeError;
use crate::maintain::status;
use crate::position::Position;
use crate::schema::TableName;
use crate::table::{APPLICATION, Carried, Table, writer_properties};

/// A span of time `[from_ms, to_ms)` in UTC milliseconds; `from_ms` 0 means since the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    /// The first instant inside.
    pub from_ms: i64,
    /// The first instant after it.
    pub to_ms: i64,
}

/// Why a window is not whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// A stable code, for example `not_licensed`.
    pub code: String,
    /// What happened and what to do.
    pub message: String,
}

/// One user, one window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoverageLine {
    /// The user.
    pub user_id: String,
    /// The window that was asked for.
    pub span: Span,
    /// The apps that were asked for, joined by commas; None for all.
    pub apps: Option<String>,
    /// Rows that the window holds, as read.
    pub rows: u64,
    /// Pages read.
    pub pages: u64,
    /// None where the window is whole.
    pub failure: Option<Failure>,
}

/// What a data commit carries: enough to write its coverage again.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Note {
    pub(crate) sequence: i64,
    pub(crate) tenant_id: String,
    pub(crate) run_id: String,
    pub(crate) recorded_at_ms: i64,
    pub(crate) lines: Vec<CoverageLine>,
}

/// In place of a note: a repair took rows out, so that earlier notes can't be trusted.
pub(crate) const ROWS_LOST: &str = "rows_lost";

/// How far a user's history has been read, over all apps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Read {
    /// The earliest span that is whole: where it ends, reading goes on, so that a hole that was left on
    /// purpose (`hobbs sync --days 7` after a month) is filled by the next sync of everything new.
    pub whole: Span,
}

pub(crate) async fn append(
    table: &mut Table,
    note: &Note,
    position: Position,
) -> Result<(), LakeError> {
    if note.lines.is_empty() {
        return Ok(());
    }
    let batch = batch(note).map_err(|error| table.error(error.into()))?;
    table.append(batch, Carried::of(position)).await
}

pub(crate) fn batch(note: &Note) -> Result<RecordBatch, deltalake::arrow::error::ArrowError> {
    let lines = &note.lines;
    let same = |text: &str| texts(lines.iter().map(|_| Some(text)));
    let number = |field: fn(&CoverageLine) -> i64| -> ArrayRef {
        numbers(lines.iter().map(|line| Some(field(line))))
    };
    let optional = |field: fn(&CoverageLine) -> Option<&str>| texts(lines.iter().map(field));
    RecordBatch::try_new(
        TableName::Coverage.schema(),
        vec![
            same(&note.tenant_id),
            texts(lines.iter().map(|line| Some(line.user_id.as_str()))),
            number(|line| line.span.from_ms),
            number(|line| line.span.to_ms),
            optional(|line| line.apps.as_deref()),
            flags(lines.iter().map(|line| Some(line.failure.is_none()))),
            number(|line| i64::try_from(line.rows).unwrap_or(i64::MAX)),
            number(|line| i64::try_from(line.pages).unwrap_or(i64::MAX)),
            optional(|line| line.failure.as_ref().map(|failure| failure.code.as_str())),
            optional(|line| {
                line.failure
                    .as_ref()
                    .map(|failure| failure.message.as_str())
            }),
            same(&note.run_id),
            times(lines.iter().map(|_| Some(note.recorded_at_ms))),
        ],
    )
}

/// Writes the coverage of data commits whose own coverage lines were lost: the process ended
/// between the two commits. Returns how many commits these were.
pub(crate) async fn complete(
    interactions: &Table,
    newest: Position,
    coverage: &mut Table,
) -> Result<usize, LakeError> {
    let covered = coverage.position().await?;
    if newest <= covered {
        return Ok(0);
    }
    let lost = notes_after(interactions, covered.sequence).await?;
    let batches = lost.iter().rev().map(batch);
    let lines = batches.collect::<Result<Vec<_>, _>>();
    let lines = lines.and_then(|lines| concat_batches(&TableName::Coverage.schema(), &lines));
    let lines = lines.map_err(|error| coverage.error(error.into()))?;
    let carried = Carried::of(newest);
    match lines.num_rows() {
        0 => coverage.mark(carried).await?,
        _ => coverage.append(lines, carried).await?,
    }
    Ok(lost.len())
}

/// What the commits after this one cover, the newest first.
async fn notes_after(interactions: &Table, sequence: i64) -> Result<Vec<Note>, LakeError> {
    let mut notes = Vec::new();
    let newest = interactions.delta.version();
    for version in (0..=newest.unwrap_or(0)).rev() {
        let note = match note_of(interactions, version).await? {
            Noted::Rows(note) if note.sequence > sequence => note,
            Noted::Nothing => continue,
            Noted::Rows(_) | Noted::RowsLost | Noted::Unknown => break,
        };
        // Imports cover nothing, so nothing of theirs can be lost.
        if !note.lines.is_empty() {
            notes.push(note);
        }
    }
    Ok(notes)
}

/// What a commit of the interactions says of itself.
enum Noted {
    /// Nothing: files were joined.
    Nothing,
    Rows(Note),
    /// Rows of earlier commits were lost: what these covered is read again.
    RowsLost,
    /// It is no longer there, or damaged. It may have said that rows were lost.
    Unknown,
}

async fn note_of(interactions: &Table, version: u64) -> Result<Noted, LakeError> {
    let logs = interactions.delta.log_store();
    let commit = logs.read_commit_entry(version).await;
    let Some(commit) = commit.map_err(|error| interactions.error(error))? else {
        return Ok(Noted::Unknown);
    };
    let Ok(actions) = actions(&commit) else {
        return Ok(Noted::Unknown);
    };
    let notes = actions
        .iter()
        .map(|action| &action["commitInfo"][APPLICATION]);
    Ok(match notes.into_iter().find(|note| note.is_object()) {
        None => Noted::Nothing,
        Some(note) if !note[ROWS_LOST].is_null() => Noted::RowsLost,
        Some(note) => {
            let note = Note::deserialize(note);
            Noted::Rows(note.map_err(|error| LakeError::Carried {
                version,
                message: error.to_string(),
            })?)
        }
    })
}

/// For each user the earliest span that is whole over all apps, from lines in any order.
pub(crate) async fn read_of_users(
    table: &Table,
    tenant_id: &str,
) -> Result<HashMap<String, Read>, LakeError> {
    let mut spans: HashMap<String, Vec<Span>> = HashMap::new();
    for line in whole_lines(table, tenant_id).await? {
        spans.entry(line.0).or_default().push(line.1);
    }
    Ok(spans
        .into_iter()
        .filter_map(|(user, spans)| earliest_whole(spans).map(|whole| (user, Read { whole })))
        .collect())
}

async fn whole_lines(table: &Table, tenant_id: &str) -> Result<Vec<(String, Span)>, LakeError> {
    let batches = table
        .scan(&["user_id", "from_ms", "to_ms"])
        .filter(col("whole"))
        .filter(col("apps").is_null())
        .filter(col("tenant_id").eq(lit(tenant_id)))
        .collect()
        .await?;
    let mut lines = Vec::new();
    for batch in &batches {
        let users = batch.column(0).as_string::<i32>();
        let (from, to) = (
            batch.column(1).as_primitive::<Int64Type>(),
            batch.column(2).as_primitive::<Int64Type>(),
        );
        for at in 0..batch.num_rows() {
            lines.push((
                users.value(at).to_owned(),
                Span {
                    from_ms: from.value(at),
                    to_ms: to.value(at),
                },
            ));
        }
    }
    Ok(lines)
}

/// Joins spans that touch or overlap; the result is in order and without neighbors that touch.
pub fn joined(mut spans: Vec<Span>) -> Vec<Span> {
    spans.retain(|span| span.from_ms < span.to_ms);
    spans.sort();
    let mut whole: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match whole.last_mut() {
            Some(last) if span.from_ms <= last.to_ms => last.to_ms = last.to_ms.max(span.to_ms),
            _ => whole.push(span),
        }
    }
    whole
}

fn earliest_whole(spans: Vec<Span>) -> Option<Span> {
    joined(spans).into_iter().next()
}

/// Lines of coverage beyond which the table is rewritten with joined spans: a table of 200,000
/// users would otherwise grow by as many lines a day, and each sync reads it whole.
const LINES_A_USER: usize = 8;
const LINES_AT_LEAST: usize = 20_000;

/// Joins each user's whole spans where the table has grown well beyond one line a user.
pub(crate) async fn compact(table: &mut Table) -> Result<bool, LakeError> {
    // What the log says of its files is enough for all but the largest tenants.
    let lines = status(table)?.rows;
    if lines.is_some_and(|lines| lines < LINES_AT_LEAST as u64) {
        return Ok(false);
    }
    let session = SessionContext::from(DeltaSessionContext::default());
    let provider = table
        .delta
        .table_provider()
        .await
        .map_err(LakeError::query)?;
    session
        .register_table("coverage", provider)
        .map_err(LakeError::query)?;
    let counts = session
        .sql("SELECT count(*) AS lines, count(DISTINCT user_id) AS users FROM coverage")
        .await
        .map_err(LakeError::query)?
        .collect()
        .await
        .map_err(LakeError::query)?;
    let count = |column: usize| {
        counts.first().map_or(0, |batch| {
            usize::try_from(batch.column(column).as_primitive::<Int64Type>().value(0)).unwrap_or(0)
        })
    };
    let (lines, users) = (count(0), count(1));
    if lines < LINES_AT_LEAST.max(users * LINES_A_USER) {
        return Ok(false);
    }
    // Touching spans of one (tenant, user, apps) become one line; a failed line stays only while
    // no later whole line covers its window.
    let joined = session
        .sql(include_str!("sql/joined_coverage.sql"))
        .await
        .map_err(LakeError::query)?
        .collect()
        .await
        .map_err(LakeError::query)?;
    let written = table
        .delta
        .clone()
        .write(joined)
        .with_save_mode(SaveMode::Overwrite)
        .with_schema_mode(SchemaMode::Overwrite)
        .with_writer_properties(writer_properties())
        .with_commit_properties(Carried::default().properties())
        .await;
    table.delta = written.map_err(|error| table.error(error))?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn span(from_ms: i64, to_ms: i64) -> Span {
        Span { from_ms, to_ms }
    }

    #[test]
    fn spans_that_touch_become_one() {
        assert_eq!(joined(vec![span(5, 9), span(0, 5)]), vec![span(0, 9)]);
        assert_eq!(
            joined(vec![span(6, 9), span(0, 5)]),
            vec![span(0, 5), span(6, 9)]
        );
        assert_eq!(joined(vec![span(3, 3)]), vec![]);
        assert_eq!(
            earliest_whole(vec![span(7, 9), span(0, 3), span(3, 5), span(9, 12)]),
            Some(span(0, 5))
        );
    }

    proptest! {
        #[test]
        fn an_instant_is_inside_exactly_when_it_was(spans in prop::collection::vec((0i64..60, 0i64..20), 0..12)) {
            let spans: Vec<Span> = spans.into_iter().map(|(from, length)| span(from, from + length)).collect();
            let whole = joined(spans.clone());
            for at in 0..90 {
                let inside = |spans: &[Span]| spans.iter().filter(|s| s.from_ms <= at && at < s.to_ms).count();
                prop_assert_eq!(inside(&spans) > 0, inside(&whole) == 1);
                prop_assert!(inside(&whole) <= 1);
            }
        }
    }
}
