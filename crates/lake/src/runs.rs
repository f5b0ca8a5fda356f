//! The diary of runs: a line when a run begins, made complete when it ends. A run that was killed
//! stays `running`.

use datafusion::prelude::{col, lit};
use deltalake::arrow::array::RecordBatch;

use crate::cells::{Cells, numbers, texts, times};
use crate::error::LakeError;
use crate::merge::Key;
use crate::schema::{TableName, column_names};
use crate::table::{Carried, Table};

/// Runs of others begin and end in the same table. That is no reason to give up: they have lines of
/// their own.
const ATTEMPTS_MAX: u32 = 5;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunStatus {
    /// Everything asked for is in the lake.
    Whole,
    /// Some of it is not; `coverage` says what.
    Partial,
    /// The run as a whole failed.
    Failed,
}

impl RunStatus {
    /// As the table writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            RunStatus::Whole => "whole",
            RunStatus::Partial => "partial",
            RunStatus::Failed => "failed",
        }
    }
}

/// The counts of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RunCounts {
    /// Users whose history was asked for.
    pub users_asked: u64,
    /// Of these, users whose history is not whole.
    pub users_failed: u64,
    /// Rows that were not in the lake.
    pub rows_new: u64,
    /// Rows replaced by a later etag.
    pub rows_changed: u64,
    /// Pages of interactions read.
    pub pages: u64,
    /// Requests sent, all kinds.
    pub requests: u64,
    /// Answers by 429.
    pub throttled: u64,
    /// Items that could not be kept.
    pub unkept: u64,
    /// Users whose turn is later, since nothing can have happened that is due.
    pub users_deferred: u64,
}

pub(crate) async fn begin(
    table: &mut Table,
    run_id: &str,
    tenant_id: &str,
    command: &str,
    started_at_ms: i64,
) -> Result<(), LakeError> {
    let text = |text: Option<&str>| texts([text].into_iter());
    let time = |ms: Option<i64>| times([ms].into_iter());
    let mut columns = vec![
        text(Some(run_id)),
        text(Some(tenant_id)),
        text(Some(command)),
        time(Some(started_at_ms)),
        time(None),
        text(Some("running")),
    ];
    columns.extend((0..9).map(|_| numbers([Some(0)].into_iter())));
    columns.extend([text(None), text(None)]);
    columns.push(text(Some(env!("CARGO_PKG_VERSION"))));
    let batch = RecordBatch::try_new(TableName::Runs.schema(), columns)
        .map_err(|error| table.error(error.into()))?;
    for _ in 1..ATTEMPTS_MAX {
        match table.append(batch.clone(), Carried::default()).await {
            Err(LakeError::Conflict { .. }) => table.refresh().await?,
            appended => return appended,
        }
    }
    table.append(batch, Carried::default()).await
}

pub(crate) async fn end(
    table: &mut Table,
    run_id: &str,
    ended_at_ms: i64,
    status: RunStatus,
    counts: RunCounts,
    directory_link: Option<&str>,
    error: Option<&str>,
) -> Result<(), LakeError> {
    let schema = TableName::Runs.schema();
    let columns = column_names(&schema);
    let text = |text: Option<&str>| texts([text].into_iter());
    let number = |count: u64| numbers([Some(i64::try_from(count).unwrap_or(i64::MAX))].into_iter());
    let said = |name: &str| {
        Some(match name {
            "ended_at" => times([Some(ended_at_ms)].into_iter()),
            "status" => text(Some(status.as_str())),
            "users_asked" => number(counts.users_asked),
            "users_failed" => number(counts.users_failed),
            "rows_new" => number(counts.rows_new),
            "rows_changed" => number(counts.rows_changed),
            "pages" => number(counts.pages),
            "requests" => number(counts.requests),
            "throttled" => number(counts.throttled),
            "unkept" => number(counts.unkept),
            "users_deferred" => number(counts.users_deferred),
            "directory_link" => text(directory_link),
            "error" => text(error),
            _ => return None,
        })
    };
    let mut attempt = 1;
    loop {
        let begun = table.scan(&columns).filter(col("run_id").eq(lit(run_id)));
        let Some(begun) = begun.collect().await?.into_iter().next() else {
            return Err(LakeError::NoRun {
                run_id: run_id.to_owned(),
            });
        };
        let cells = columns.iter().zip(begun.columns());
        let cells = cells.map(|(name, begun)| said(name).unwrap_or_else(|| begun.clone()));
        let ended = RecordBatch::try_new(schema.clone(), cells.collect())
            .map_err(|error| table.error(error.into()))?;
        let key = Key {
            columns: &["run_id"],
            within: None,
        };
        match table.merge(ended, key, None, Carried::default()).await {
            Err(LakeError::Conflict { .. }) if attempt < ATTEMPTS_MAX => table.refresh().await?,
            ended => return ended,
        }
        attempt += 1;
    }
}

/// The run that began last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewestRun {
    /// UTC milliseconds; None where it was killed, or goes on.
    pub ended_at_ms: Option<i64>,
    /// Requests that it sent; 0 where it has not ended.
    pub requests: u64,
}

/// The tenant's run that began last.
pub(crate) async fn newest(table: &Table, tenant_id: &str) -> Result<Option<NewestRun>, LakeError> {
    let batches = table
        .scan(&["started_at", "ended_at", "requests"])
        .filter(col("tenant_id").eq(lit(tenant_id)))
        .collect()
        .await?;
    let runs = batches.iter().flat_map(|batch| {
        let cells = Cells { batch };
        let (started_at_ms, ended_at_ms) = (cells.time_ms("started_at"), cells.time_ms("ended_at"));
        let requests = cells.number("requests");
        (0..batch.num_rows()).map(move |at| {
            let run = NewestRun {
                ended_at_ms: ended_at_ms(at),
                requests: requests(at)
                    .and_then(|it| u64::try_from(it).ok())
                    .unwrap_or(0),
            };
            (started_at_ms(at), run)
        })
    });
    let newest = runs.max_by_key(|(started_at_ms, _)| *started_at_ms);
    Ok(newest.map(|(_, run)| run))
}

/// Where the directory of the tenant was last read to, as the newest run that read it says.
pub(crate) async fn directory_link(
    table: &Table,
    tenant_id: &str,
) -> Result<Option<String>, LakeError> {
    let batches = table
        .scan(&["started_at", "directory_link"])
        .filter(col("tenant_id").eq(lit(tenant_id)))
        .filter(col("directory_link").is_not_null())
        .collect()
        .await?;
    let links = batches.iter().flat_map(|batch| {
        let cells = Cells { batch };
        let (started_at_ms, link) = (cells.time_ms("started_at"), cells.text("directory_link"));
        (0..batch.num_rows()).map(move |at| (started_at_ms(at), link(at)))
    });
    Ok(links.max().and_then(|(_, link)| link))
}
