//! Everything derived again, thread by thread.

use deltalake::arrow::array::RecordBatch;
use futures::TryStreamExt;

use super::evidence::{self, Threads};
use super::{Derivation, DerivedTables, Known, ROWS_AT_ONCE, Rederived, step};
use crate::error::LakeError;
use crate::position::Position;
use crate::table::{Carried, Table};

/// Derives all of `interactions` into tables that are empty. Until it has ended, these stand at the
/// beginning, by which the next derivation sees that it was cut off, and begins anew.
pub(super) async fn rebuild(
    interactions: &Table,
    derived: &mut DerivedTables,
    derivation: &Derivation,
    newest: Position,
) -> Result<Rederived, LakeError> {
    let carried = |position| Carried {
        derived_by: Some(derivation.number()),
        ..Carried::of(position)
    };
    let mut sorted = interactions
        .scan(&evidence::COLUMNS)
        .sorted_by(evidence::by_thread().map_err(LakeError::query)?)
        .stream()
        .await?;
    let mut whole = WholeThreads::of(ROWS_AT_ONCE);
    let mut all = Rederived::default();
    loop {
        let batch = sorted.try_next().await.map_err(LakeError::query)?;
        let is_last = batch.is_none();
        let rows = match batch {
            Some(batch) => {
                let keys = evidence::thread_keys(&batch);
                whole.add(batch, &keys)
            }
            None => Some(whole.rest()),
        };
        if let Some(rows) = rows.filter(|rows| !rows.is_empty()) {
            let (threads, none_known) = (Threads::of(rows), Known::new());
            let begun = || carried(newest.beginning());
            all += step(
                interactions,
                threads,
                none_known,
                derived,
                derivation,
                begun,
            )
            .await?;
        }
        if is_last {
            break;
        }
    }
    for table in derived.all_mut() {
        table.mark(carried(newest)).await?;
    }
    Ok(all)
}

/// Rows in the order of their threads, given on where one thread ends and enough have come.
struct WholeThreads {
    rows_min: usize,
    batches: Vec<RecordBatch>,
    rows: usize,
    /// The thread of the last row.
    last: Option<i64>,
}

impl WholeThreads {
    fn of(rows_min: usize) -> Self {
        WholeThreads {
            rows_min,
            batches: Vec::new(),
            rows: 0,
            last: None,
        }
    }

    /// Takes the next rows with their threads, and gives those of whole threads where they are enough.
    fn add(&mut self, batch: RecordBatch, keys: &[i64]) -> Option<Vec<RecordBatch>> {
        let cut = match self.rows + batch.num_rows() >= self.rows_min {
            true => last_begin(self.last, keys),
            false => None,
        };
        self.last = keys.last().copied().or(self.last);
        let Some(cut) = cut else {
            self.keep(batch);
            return None;
        };
        self.keep(batch.slice(0, cut));
        let whole = self.rest();
        self.keep(batch.slice(cut, batch.num_rows() - cut));
        Some(whole)
    }

    fn keep(&mut self, batch: RecordBatch) {
        self.rows += batch.num_rows();
        self.batches.push(batch);
    }

    /// The rows that have not been given on.
    fn rest(&mut self) -> Vec<RecordBatch> {
        self.rows = 0;
        std::mem::take(&mut self.batches)
    }
}

/// The last row at which another thread begins than that of the row before.
fn last_begin(before: Option<i64>, keys: &[i64]) -> Option<usize> {
    (0..keys.len()).rev().find(|at| match at.checked_sub(1) {
        Some(previous) => keys[previous] != keys[*at],
        None => before.is_some_and(|before| before != keys[0]),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use deltalake::arrow::array::{AsArray, Int64Array};
    use deltalake::arrow::datatypes::Int64Type;
    use proptest::prelude::*;

    use super::*;

    fn batch(keys: &[i64]) -> RecordBatch {
        let keys: Int64Array = keys.iter().copied().collect();
        RecordBatch::try_from_iter([("thread", Arc::new(keys) as _)]).unwrap()
    }

    fn keys_of(batches: &[RecordBatch]) -> Vec<i64> {
        let columns = batches.iter().map(|batch| batch.column(0));
        let keys = columns.flat_map(|column| column.as_primitive::<Int64Type>().values());
        keys.copied().collect()
    }

    proptest! {
        #[test]
        fn each_thread_is_given_on_whole_and_once(
            lengths in prop::collection::vec(1usize..9, 0..40),
            batch_rows in 1usize..12,
            rows_min in 1usize..30,
        ) {
            let threads = lengths.iter().zip(0i64..);
            let keys: Vec<i64> = threads
                .flat_map(|(length, thread)| std::iter::repeat_n(thread, *length))
                .collect();
            let mut whole = WholeThreads::of(rows_min);
            let mut given = Vec::new();
            for keys in keys.chunks(batch_rows) {
                given.extend(whole.add(batch(keys), keys));
            }
            given.push(whole.rest());
            let given: Vec<Vec<i64>> = given.iter().map(|rows| keys_of(rows)).collect();
            prop_assert_eq!(given.concat(), keys);
            for two in given.windows(2) {
                prop_assert!(two[0].last() != two[1].first());
            }
            for rows in &given {
                // No more is held than asked, and a batch and a thread besides.
                prop_assert!(rows.len() < rows_min + batch_rows + 8, "{:?}", rows);
            }
        }
    }
}
