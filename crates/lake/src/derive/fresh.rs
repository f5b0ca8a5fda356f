//! Rows that this process has just written, so that they need not be read back.

use std::collections::BTreeMap;

use deltalake::arrow::array::RecordBatch;

use super::evidence;

/// Beyond so many rows they are read back: an import may write any number before it derives.
const ROWS_MAX: usize = 60_000;

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

    /// The rows of the commits after the first number, up to the second; None where not all of them
    /// are here.
    pub(super) fn rows(&self, (done, until): (i64, i64)) -> Option<Vec<RecordBatch>> {
        (done + 1..=until)
            .map(|sequence| self.batches.get(&sequence).cloned())
            .collect()
    }
}
