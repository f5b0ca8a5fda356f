//! Which threads a derived table has rows of already, and from when to when.
//!
//! A thread may have begun years ago, so that all rows of the table are looked through, for a
//! handful of threads. That is done in one column of numbers, file by file and without a plan of
//! the engine's; only of the rows found, the times are read too.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use datafusion::error::DataFusionError;
use deltalake::arrow::array::{Array, AsArray};
use deltalake::arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use deltalake::logstore::object_store::ObjectStore;
use deltalake::parquet::arrow::ProjectionMask;
use deltalake::parquet::arrow::arrow_reader::{ArrowReaderOptions, RowSelection};
use deltalake::parquet::errors::Result as ParquetResult;
use deltalake::parquet::file::metadata::PageIndexPolicy;
use foldhash::fast::RandomState;
use futures::{StreamExt, TryStreamExt, stream};

use super::spans::Times;
use crate::check::files_of;
use crate::damage::{apart, named};
use crate::error::LakeError;
use crate::stored::{NamedFile, opened};
use crate::table::Table;

/// Files looked through side by side.
const FILES_AT_ONCE: usize = 4;

/// Keys decoded at a time.
const BATCH_ROWS: usize = 16_384;

/// Threads that are looked for. Their keys are hashes already, and millions are held against them, nearly all in
/// vain: the sieve, small enough for the processor's nearest memory, says so for most without a look into the set.
struct Wanted {
    threads: HashSet<i64, RandomState>,
    sieve: Vec<u64>,
}

const SIEVE_WORDS: usize = 2_048;

impl Wanted {
    fn of(threads: &HashSet<i64>) -> Self {
        let mut sieve = vec![0; SIEVE_WORDS];
        for thread in threads {
            let (word, bit) = Self::place_of(*thread);
            sieve[word] |= bit;
        }
        Wanted {
            threads: threads.iter().copied().collect(),
            sieve,
        }
    }

    fn place_of(thread: i64) -> (usize, u64) {
        let hash = thread.cast_unsigned();
        ((hash >> 6) as usize % SIEVE_WORDS, 1 << (hash % 64))
    }

    fn contains(&self, thread: i64) -> bool {
        let (word, bit) = Self::place_of(thread);
        self.sieve[word] & bit != 0 && self.threads.contains(&thread)
    }
}

/// Which of these threads a table has rows of, and from when to when, by the column that says when
/// a row ended, if there is one.
pub(super) async fn times_of(
    table: &Table,
    ended_at: Option<&'static str>,
    threads: &HashSet<i64>,
) -> Result<HashMap<i64, Times>, LakeError> {
    if threads.is_empty() {
        return Ok(HashMap::new());
    }
    let wanted = Arc::new(Wanted::of(threads));
    let store = table.delta.object_store();
    let lookups = files_of(table)?.into_iter().map(|file| {
        apart(times_in(
            Arc::clone(&store),
            file,
            ended_at,
            Arc::clone(&wanted),
        ))
    });
    let mut lookups = stream::iter(lookups).buffer_unordered(FILES_AT_ONCE);
    let mut known: HashMap<i64, Times> = HashMap::new();
    while let Some(lookup) = lookups.next().await {
        let found = lookup.and_then(|found| found.map_err(DataFusionError::from));
        let found = match found {
            Ok(found) => found,
            Err(error) => {
                return Err(LakeError::query(
                    named(error, std::slice::from_ref(table)).await,
                ));
            }
        };
        for (thread, times) in found {
            let known = known.entry(thread).or_insert(times);
            *known = known.with(times);
        }
    }
    Ok(known)
}

async fn times_in(
    store: Arc<dyn ObjectStore>,
    file: NamedFile,
    ended_at: Option<&'static str>,
    wanted: Arc<Wanted>,
) -> ParquetResult<Vec<(i64, Times)>> {
    let places = places_of(&store, &file, &wanted).await?;
    if places.is_empty() {
        return Ok(Vec::new());
    }
    // With the index of pages, only those are decoded that hold the rows found.
    let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
    let builder = opened(&store, &file, options).await?;
    let rows = usize::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
    let columns = ["thread_key", "started_at"].into_iter().chain(ended_at);
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns);
    let selection = RowSelection::from_consecutive_ranges(places.into_iter(), rows);
    let mut batches = builder
        .with_projection(mask)
        .with_row_selection(selection)
        .build()?;
    let mut found = Vec::new();
    while let Some(batch) = batches.try_next().await? {
        let (Some(threads), Some(started)) = (
            batch.column_by_name("thread_key"),
            batch.column_by_name("started_at"),
        ) else {
            continue;
        };
        let threads = threads.as_primitive::<Int64Type>().values();
        let started = started.as_primitive::<TimestampMicrosecondType>();
        let ended = ended_at.and_then(|name| batch.column_by_name(name));
        let ended = ended.map(|ended| ended.as_primitive::<TimestampMicrosecondType>());
        for (at, thread) in threads.iter().enumerate() {
            let started = started.value(at);
            // An exchange without an answer ended as it began.
            let ended = ended.filter(|ended| ended.is_valid(at));
            let ended = ended.map_or(started, |ended| ended.value(at));
            found.push((*thread, Times::between(started, ended)));
        }
    }
    Ok(found)
}

/// At which rows of a file these threads are.
async fn places_of(
    store: &Arc<dyn ObjectStore>,
    file: &NamedFile,
    wanted: &Wanted,
) -> ParquetResult<Vec<Range<usize>>> {
    let builder = opened(store, file, ArrowReaderOptions::new()).await?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), ["thread_key"]);
    let mut batches = builder
        .with_projection(mask)
        .with_batch_size(BATCH_ROWS)
        .build()?;
    let mut places: Vec<Range<usize>> = Vec::new();
    let mut row = 0;
    while let Some(batch) = batches.try_next().await? {
        for thread in batch.column(0).as_primitive::<Int64Type>().values() {
            if wanted.contains(*thread) {
                match places.last_mut() {
                    Some(before) if before.end == row => before.end += 1,
                    _ => places.push(row..row + 1),
                }
            }
            row += 1;
        }
    }
    Ok(places)
}
