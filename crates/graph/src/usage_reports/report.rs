//! What all reports have in common.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

/// A report read whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Report<R> {
    /// Its rows, in its order.
    pub rows: Vec<R>,
    /// About the report as such.
    pub facts: ReportFacts,
}

/// What there is to know about a report besides its rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReportFacts {
    /// The day (UTC) up to whose end the report is complete. It knows nothing later. None where no row tells it: an
    /// empty report has only a header.
    pub refresh_date: Option<Date>,
    /// Rows given.
    pub kept: u64,
    /// Rows that could not be given, by reason.
    pub unkept: BTreeMap<UnkeptReason, u64>,
    /// Names of columns that hobbs does not know, as Microsoft writes them. Their cells are in `other_columns`.
    pub unknown_columns: BTreeSet<String>,
}

impl ReportFacts {
    /// Takes in one row; gives it back if it can be kept.
    pub(super) fn note<R: Row>(&mut self, row: R) -> Option<R> {
        self.refresh_date = self.refresh_date.max(row.refresh_date());
        match row.finished() {
            Ok(row) => {
                self.kept += 1;
                Some(row)
            }
            Err(reason) => {
                self.note_unkept(reason);
                None
            }
        }
    }

    pub(super) fn note_unkept(&mut self, reason: UnkeptReason) {
        *self.unkept.entry(reason).or_default() += 1;
    }
}

/// Why a row could not be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UnkeptReason {
    /// It names no user.
    NoUserName,
    /// It names no day.
    NoDate,
    /// It has more cells than the header has columns, so that nobody can tell which is which.
    TooManyCells,
    /// It is no row at all: null, a number, a list.
    NotARow,
}

impl UnkeptReason {
    /// A name for machines that does not change.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoUserName => "no_user_name",
            Self::NoDate => "no_date",
            Self::TooManyCells => "too_many_cells",
            Self::NotARow => "not_a_row",
        }
    }
}

/// A row being filled cell by cell.
pub(super) trait Row: Default {
    /// What a known column is.
    type Column: PartialEq;
    /// In JSON: the key of the list whose items are rows, as [`key`](super::columns::key) gives it. What stands
    /// beside the list belongs to each of them.
    const LIST_IN_JSON: &'static str;

    /// What the column of this name is.
    fn column(name: &str) -> Option<Self::Column>;
    /// Takes a cell, which is not empty; false where it does not say what the column is for.
    fn set(&mut self, column: &Self::Column, text: &str) -> bool;
    /// Where cells of unknown columns go.
    fn others(&mut self) -> &mut BTreeMap<String, String>;
    /// The report's refresh date.
    fn refresh_date(&self) -> Option<Date>;
    /// The row, once every cell is in.
    fn finished(self) -> Result<Self, UnkeptReason>;
}
