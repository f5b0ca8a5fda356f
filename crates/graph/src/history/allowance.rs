//! How many requests may be spent on speed. A cut window costs half a page on average (its last page is not
//! full) and a whole one where nothing lies in it; a request is the scarce good of the whole tenant.

use std::sync::{Mutex, MutexGuard};

/// Spent on the first users of a run, so that a run for one user is fast.
const FREE_REQUESTS: f64 = 14.0;
/// Of all pages read, that much may be spent besides.
const SHARE: f64 = 0.035;
/// What a cut is expected to cost, until it is known what it did cost.
const EXPECTED_COST: f64 = 0.5;
/// What a window costs in which nothing lies.
const EMPTY_COST: f64 = 1.0;

/// The allowance of one client.
#[derive(Debug, Default)]
pub(crate) struct Allowance(Mutex<Account>);

#[derive(Debug, Default)]
struct Account {
    pages: f64,
    spent: f64,
    reserved: f64,
}

impl Allowance {
    /// How many more windows may be cut.
    pub(crate) fn windows(&self) -> usize {
        let account = self.account();
        let left = FREE_REQUESTS + SHARE * account.pages - account.spent - account.reserved;
        (left / EXPECTED_COST).max(0.0) as usize
    }

    /// A window was cut into `windows`, of which one would have been read anyway. Where nobody knows how far back
    /// the history goes (`open`), most of them may turn out empty, and each then costs a whole request.
    pub(crate) fn reserve(&self, windows: usize, open: bool) -> f64 {
        let each = if open { EMPTY_COST } else { EXPECTED_COST };
        let cost = windows.saturating_sub(1) as f64 * each;
        self.account().reserved += cost;
        cost
    }

    /// A page was read.
    pub(crate) fn page(&self) {
        self.account().pages += 1.0;
    }

    /// A user was read whole: of `pages`, `least` would have done.
    pub(crate) fn settle(&self, reserved: f64, pages: u32, least: u32) {
        let mut account = self.account();
        account.reserved -= reserved;
        if reserved > 0.0 {
            account.spent += f64::from(pages.saturating_sub(least));
        }
    }

    fn account(&self) -> MutexGuard<'_, Account> {
        self.0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
