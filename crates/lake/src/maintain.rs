//! Keeping the lake small and quick: compaction, vacuum, and what it looks like now.

use std::num::NonZeroU64;
use std::sync::Arc;

use deltalake::checkpoints::{cleanup_metadata, create_checkpoint};
use deltalake::operations::optimize::OptimizeType;
use deltalake::operations::vacuum::VacuumMode;
use serde::Serialize;

use crate::error::LakeError;
use crate::folder;
use crate::query::sorting_session;
use crate::statistics::FileStatistics;
use crate::store::delete_staged;
use crate::table::{Table, properties_of_joined, unattended};

/// The size that `hobbs lake optimize` aims at.
const TARGET_FILE_BYTES: NonZeroU64 = NonZeroU64::new(128 << 20).expect("not zero");

/// The same of derived tables. What goes on from one sync to the next is written anew together with the file that it
/// is in.
const TARGET_FILE_BYTES_DERIVED: NonZeroU64 = NonZeroU64::new(24 << 20).expect("not zero");

fn target_bytes(table: &Table) -> NonZeroU64 {
    if table.name.is_derived() {
        TARGET_FILE_BYTES_DERIVED
    } else {
        TARGET_FILE_BYTES
    }
}

/// When a sync joins files by itself, and to what size: a sync that goes on for an hour leaves some
/// hundred small files in a table, and each later one looks into those of the last days. In two
/// steps, so that a day's rows are written again twice in the long run, not each day.
const STEPS: [Step; 2] = [
    Step {
        files_max: 24,
        of_bytes: 1 << 20,
        into_bytes: NonZeroU64::new(4 << 20).expect("not zero"),
        may_sort: false,
    },
    Step {
        files_max: 64,
        of_bytes: 16 << 20,
        into_bytes: NonZeroU64::new(64 << 20).expect("not zero"),
        may_sort: true,
    },
];

struct Step {
    /// So many files may be left as they are.
    files_max: usize,
    /// Of less than this.
    of_bytes: i64,
    /// Else they become files of about this.
    into_bytes: NonZeroU64,
    /// Whether all of the table may be sorted for it.
    may_sort: bool,
}

/// Of a table's bytes, so many hundredths may lie in files whose times overlap with those of others. Beyond that,
/// all of it is sorted by time: a first sync brings users one after the other, each with a history of years, after
/// which every file may hold what a sync looks for.
const OVERLAPPING_MAX_PERCENT: u64 = 25;

/// A table as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableStatus {
    /// The table.
    pub table: &'static str,
    /// Rows, from the log's statistics; None where a file has none.
    pub rows: Option<u64>,
    /// Files that the newest version consists of.
    pub files: u64,
    /// Their size.
    pub bytes: u64,
    /// The newest version.
    pub version: u64,
}

/// What an optimization did to a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableOptimized {
    /// The table.
    pub table: &'static str,
    /// Files before.
    pub files_before: u64,
    /// Files after.
    pub files_after: u64,
    /// Files deleted from the disk: no version of the last 7 days needs them.
    pub files_vacuumed: u64,
}

pub(crate) fn status(table: &Table) -> Result<TableStatus, LakeError> {
    let snapshot = table.delta.snapshot().map_err(|error| table.error(error))?;
    let mut status = TableStatus {
        table: table.name.as_str(),
        rows: Some(0),
        files: 0,
        bytes: 0,
        version: snapshot.version(),
    };
    for file in snapshot.log_data().iter() {
        status.files += 1;
        status.bytes += u64::try_from(file.size()).unwrap_or(0);
        status.rows = match (status.rows, file.num_records()) {
            (Some(sum), Some(rows)) => Some(sum + rows as u64),
            _ => None,
        };
    }
    Ok(status)
}

pub(crate) async fn optimize(table: &mut Table) -> Result<TableOptimized, LakeError> {
    shorten_log(table).await?;
    let sorts = is_out_of_order(table)?;
    join(table, target_bytes(table), sorts).await
}

/// Whether too much of a table lies in files that begin before all earlier ones have ended, or that are far too large.
fn is_out_of_order(table: &Table) -> Result<bool, LakeError> {
    let Some(column) = table.name.time_column() else {
        return Ok(false);
    };
    let snapshot = table.delta.snapshot().map_err(|error| table.error(error))?;
    let mut files: Vec<(String, String, u64)> = Vec::new();
    let mut bytes = 0;
    for file in snapshot.log_data().iter() {
        let size = u64::try_from(file.size()).unwrap_or(0);
        bytes += size;
        if let Some(statistics) = FileStatistics::of(&file)
            && let Some((least, greatest)) =
                statistics.least(column).zip(statistics.greatest(column))
        {
            files.push((least.to_owned(), greatest.to_owned(), size));
        }
    }
    files.sort_unstable();
    let mut until = String::new();
    let mut overlapping = 0;
    for (least, greatest, size) in files {
        if least < until || size > 2 * target_bytes(table).get() {
            overlapping += size;
        }
        until = until.max(greatest);
    }
    let percent = (100 * overlapping).checked_div(bytes).unwrap_or(0);
    Ok(percent > OVERLAPPING_MAX_PERCENT)
}

/// Deletes commits from the log that a checkpoint holds and that are older than Delta keeps them
/// (`delta.logRetentionDuration`, 30 days). It takes a listing of the log.
async fn shorten_log(table: &mut Table) -> Result<(), LakeError> {
    let deleted = cleanup_metadata(&table.delta, None).await;
    if deleted.map_err(|error| table.error(error))? > 0 {
        // What it knows of the log names files that are gone.
        let loaded = table.delta.load().await;
        loaded.map_err(|error| table.error(error))?;
    }
    Ok(())
}

/// Joins small files where there are many, and tells whether there were. Deletes of the log what is older than 30
/// days and stands in a checkpoint.
pub(crate) async fn tidy(table: &mut Table) -> Result<bool, LakeError> {
    if table.had_a_checkpoint() {
        shorten_log(table).await?;
    }
    let snapshot = table.delta.snapshot().map_err(|error| table.error(error))?;
    let sizes: Vec<i64> = snapshot.log_data().iter().map(|file| file.size()).collect();
    let is_due = |step: &&Step| {
        let small = sizes.iter().filter(|bytes| **bytes < step.of_bytes);
        small.count() > step.files_max
    };
    match STEPS.iter().rev().find(is_due) {
        Some(step) => {
            let sorts = step.may_sort && is_out_of_order(table)?;
            let into_bytes = step.into_bytes.min(target_bytes(table));
            join(table, into_bytes, sorts).await.map(|_| true)
        }
        None => Ok(false),
    }
}

/// Joins files into some of about this size: those that are smaller, or where `sorts`, all of them, by time. Deletes
/// what no version of the last 7 days needs.
async fn join(
    table: &mut Table,
    target_bytes: NonZeroU64,
    sorts: bool,
) -> Result<TableOptimized, LakeError> {
    let files_before = status(table)?.files;
    let has_joined = rewrite_files(table, target_bytes, sorts).await?;
    let files_vacuumed = vacuum(table).await? + delete_left_over(table)?;
    table.refresh().await?;
    if has_joined {
        // Else whoever opens the table reads of each file first that it was added, then that it went.
        let checkpoint = create_checkpoint(&table.delta, None).await;
        checkpoint.map_err(|error| table.error(error))?;
    }
    Ok(TableOptimized {
        table: table.name.as_str(),
        files_before,
        files_after: status(table)?.files,
        files_vacuumed,
    })
}

/// Tells whether there was anything to join.
async fn rewrite_files(
    table: &mut Table,
    target_bytes: NonZeroU64,
    sorts: bool,
) -> Result<bool, LakeError> {
    let mut optimize = table.delta.clone().optimize();
    if let Some(column) = table.name.time_column().filter(|_| sorts) {
        let session = sorting_session()?.state();
        optimize = optimize
            .with_type(OptimizeType::ZOrder(vec![column.to_owned()]))
            .with_session_state(Arc::new(session));
    }
    let compacted = optimize
        .with_target_size(target_bytes)
        .with_writer_properties(properties_of_joined(table.name))
        .with_commit_properties(unattended())
        .await;
    let (delta, joined) = compacted.map_err(|error| table.error(error))?;
    table.delta = delta;
    Ok(joined.num_files_added > 0)
}

/// Deletes files that no version of the last 7 days needs; gives their number.
async fn vacuum(table: &mut Table) -> Result<u64, LakeError> {
    let vacuum = table.delta.clone().vacuum();
    let vacuumed = vacuum
        // Also what a run left that was cut off before its commit.
        .with_mode(VacuumMode::Full)
        .with_commit_properties(unattended())
        .await;
    let (delta, vacuumed) = vacuumed.map_err(|error| table.error(error))?;
    table.delta = delta;
    Ok(vacuumed.files_deleted.len() as u64)
}

/// Deletes files in a folder that never got their names, which Delta knows nothing of; gives their number.
fn delete_left_over(table: &Table) -> Result<u64, LakeError> {
    match folder::of(table.delta.table_url()) {
        Some(folder) => delete_staged(&folder)
            .map_err(|error| LakeError::io("delete what is left over in", &folder, error)),
        None => Ok(0),
    }
}
