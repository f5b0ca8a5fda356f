//! Rows and coverage of several users on their way into one commit.

use hobbs_interaction::Interaction;
use hobbs_lake::CoverageLine;

/// Rows of a commit: enough that files are not small, few enough that memory stays flat.
const ROWS: usize = 10_000;
/// Texts of a commit, for lakes that keep them.
const TEXT_BYTES: usize = 32 << 20;
/// Users of a commit: what they cover travels in the commit itself.
const USERS: usize = 5_000;

/// Rows and coverage of several users.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) rows: Vec<Interaction>,
    pub(crate) lines: Vec<CoverageLine>,
    text_bytes: usize,
}

impl Batch {
    pub(crate) fn add(&mut self, mut rows: Vec<Interaction>, line: CoverageLine) {
        if self.rows.is_empty() {
            // Growing by doubling would hold the rows one and a half times at its worst.
            self.rows.reserve_exact(ROWS + rows.len());
        }
        self.text_bytes += rows
            .iter()
            .map(|row| row.content.as_ref().map_or(0, String::len))
            .sum::<usize>();
        self.rows.append(&mut rows);
        self.lines.push(line);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.rows.len() >= ROWS || self.text_bytes >= TEXT_BYTES || self.lines.len() >= USERS
    }
}
