//! How many requests may be spent on speed. A cut window costs half a page on average (its last page is not
//! full) and a whole one where nothing lies in it, and what was read before the cut is read again; a request is the scarce good of the whole tenant.

use std::sync::{Mutex, MutexGuard};

/// Spent on the first users of a run, so that a run for few users is fast.
const FREE_REQUESTS: f64 = 18.0;
/// Where one user is all that is read, nobody else needs the pace.
const FREE_REQUESTS_ALONE: f64 = 60.0;
/// Of all pages read, that much may be spent besides.
const SHARE: f64 = 0.035;
/// Of what is left, that much is spent at once: later cuts know more.
const AT_ONCE: f64 = 0.7;

/// What a window is expected to cost beyond the pages in it.
pub(super) const EXPECTED_COST: f64 = 0.5;
/// The same of a window that may lie beyond the end of the history: then nothing is in it.
pub(super) const EXPECTED_COST_BEYOND: f64 = 1.0;

/// What may be spent on all users of one client, or on one who is read alone.
#[derive(Debug)]
pub(crate) struct Allowance {
    is_of_one_user: bool,
    account: Mutex<Account>,
}

#[derive(Debug, Default)]
struct Account {
    pages: f64,
    /// By users who are read whole, and as expected by those who are being read.
    spent: f64,
}

impl Allowance {
    /// For a whole run.
    pub(crate) fn of_a_run() -> Self {
        Self::of(false)
    }

    /// For a user besides whom nobody is read.
    pub(super) fn of_one_user() -> Self {
        Self::of(true)
    }

    fn of(is_of_one_user: bool) -> Self {
        Self {
            is_of_one_user,
            account: Mutex::default(),
        }
    }

    pub(super) fn is_of_one_user(&self) -> bool {
        self.is_of_one_user
    }

    /// What may be spent now, in requests.
    pub(super) fn to_spend(&self) -> f64 {
        let account = self.account();
        let free = if self.is_of_one_user {
            FREE_REQUESTS_ALONE
        } else {
            FREE_REQUESTS
        };
        let left = free + SHARE * account.pages - account.spent;
        AT_ONCE * left.max(0.0)
    }

    /// A page was read.
    pub(super) fn page(&self) {
        self.account().pages += 1.0;
    }

    /// A user is now known, or expected, to cost `cost`; before, it was `cost_before`.
    pub(super) fn revise(&self, cost_before: f64, cost: f64) {
        self.account().spent += cost - cost_before;
    }

    fn account(&self) -> MutexGuard<'_, Account> {
        self.account
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
