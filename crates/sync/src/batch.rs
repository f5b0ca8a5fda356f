//! Rows and coverage of several users on their way into one commit.

use hobbs_lake::{CoverageLine, Rows};

/// Rows of a commit: enough that files are not small, few enough that memory stays flat.
const ROWS: usize = 20_000;
/// Texts of a commit, for lakes that keep them.
const TEXT_BYTES: usize = 32 << 20;
/// Users of a commit: what they cover travels in the commit itself.
const USERS: usize = 5_000;

/// Rows and coverage of several users.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) rows: Rows,
    pub(crate) lines: Vec<CoverageLine>,
}

impl Batch {
    pub(crate) fn add(&mut self, rows: Rows, line: CoverageLine) {
        self.rows.append(rows);
        self.lines.push(line);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.rows.len() >= ROWS || self.rows.text_bytes() >= TEXT_BYTES || self.lines.len() >= USERS
    }
}
