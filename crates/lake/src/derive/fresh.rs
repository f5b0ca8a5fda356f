//! Rows that this process has just written, so that they need not be read back.

use std::collections::BTreeMap;

use deltalake::arrow::array::RecordBatch;

use super::{Known, evidence};

/// Beyond so many rows they are read back: an import may write any number before it derives.
const ROWS_MAX: usize = 80_000;

/// What commits wrote since the last derivation, by their numbers.
#[derive(Default)]
pub(crate) struct Fresh {
    commits: BTreeMap<i64, Written>,
    rows: usize,
}

/// What a commit wrote.
struct Written {
    /// In the columns that a derivation looks at.
    rows: RecordBatch,
    /// Which of its threads have rows already, where that was looked up.
    known: Option<Known>,
}

impl Fresh {
    /// Takes what a commit wrote, in which it replaced so many rows, and which of its threads are known. Its other
    /// columns are not held on to.
    pub(crate) fn add(
        &mut self,
        sequence: i64,
        written: &RecordBatch,
        replaced: u64,
        known: Option<Known>,
    ) {
        self.rows += written.num_rows();
        // What it replaced may be among the rows here.
        if replaced > 0 || self.rows > ROWS_MAX {
            self.commits.clear();
        } else if let Ok(rows) = evidence::of(written) {
            self.commits.insert(sequence, Written { rows, known });
        }
    }

    /// Gives away the rows of the commits after this number, the number of the last of them, and which of their
    /// threads are known, where that was looked up for all; None where the next is not here.
    pub(super) fn take_after(
        &mut self,
        done: i64,
    ) -> Option<(i64, Vec<RecordBatch>, Option<Known>)> {
        let next = (done + 1..).map_while(|sequence| self.commits.remove(&sequence));
        let (rows, known): (Vec<RecordBatch>, Vec<Option<Known>>) =
            next.map(|written| (written.rows, written.known)).unzip();
        let until = done + i64::try_from(rows.len()).ok()?;
        let known: Option<Vec<Known>> = known.into_iter().collect();
        let known = known.map(|known| known.into_iter().flatten().collect());
        (until > done).then_some((until, rows, known))
    }
}
