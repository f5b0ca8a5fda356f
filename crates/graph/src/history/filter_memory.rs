//! Some tenants answer 400 to a filter; then asking with one is wasted.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Users refused in a row before filters count as refused by the tenant. One refusal may be about one user.
const REFUSED_IN_A_ROW: u32 = 3;

/// What this run has learned about filters.
#[derive(Debug, Default)]
pub(crate) struct FilterMemory {
    refused_in_a_row: AtomicU32,
}

impl FilterMemory {
    pub(crate) fn worth_trying(&self) -> bool {
        self.refused_in_a_row.load(Relaxed) < REFUSED_IN_A_ROW
    }

    pub(crate) fn refused(&self) {
        self.refused_in_a_row.fetch_add(1, Relaxed);
    }

    /// A filter was accepted, so the tenant as such does not refuse them.
    pub(crate) fn accepted(&self) {
        self.refused_in_a_row.store(0, Relaxed);
    }
}
