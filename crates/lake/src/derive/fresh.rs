//! Rows that this process has just written, so that they need not be read back.

use std::collections::BTreeMap;

use deltalake::arrow::array::RecordBatch;

use super::evidence;

/// Beyond so many rows they are read back: an import may write any number before it derives.
const ROWS_MAX: usize = 80_000;

/// What commits wrote, by their numbers, in the columns that a derivation looks at.
#[derive(Default)]
pub(crate) struct Fresh {
    batches: BTreeMap<i64, RecordBatch>,
    rows: usize,
}

impl Fresh {
    /// Takes what a commit wrote, in which it replaced so many rows. Its other columns are not held
    /// on to.
    pub(crate) fn add(&mut self, sequence: i64, written: &RecordBatch, replaced: u64) {
        self.rows += written.num_rows();
        // What it replaced may be among the rows here.
        if replaced > 0 || self.rows > ROWS_MAX {
            self.batches.clear();
        } else if let Ok(columns) = evidence::of(written) {
            self.batches.insert(sequence, columns);
        }
    }

    /// Gives away the rows of the commits after this number, and the number of the last of them; None where
    /// the next is not here.
    pub(super) fn take_after(&mut self, done: i64) -> Option<(i64, Vec<RecordBatch>)> {
        let next = (done + 1..).map_while(|sequence| self.batches.remove(&sequence));
        let rows: Vec<RecordBatch> = next.collect();
        let until = done + i64::try_from(rows.len()).ok()?;
        (until > done).then_some((until, rows))
    }
}
