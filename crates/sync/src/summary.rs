//! What a sync did, for people and scripts.

use std::collections::BTreeMap;

use hobbs_lake::{Kept, RunStatus};
use serde::Serialize;

use crate::plan::Later;
use crate::usage::UsageRead;

/// What a sync did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SyncSummary {
    /// As in the lake's `runs`.
    pub run_id: String,
    /// As in the lake.
    pub tenant_id: String,
    /// `whole`, `partial` or `failed`.
    pub status: &'static str,
    /// UTC milliseconds.
    pub started_at_ms: i64,
    /// UTC milliseconds.
    pub ended_at_ms: i64,
    /// Users that the directory listed.
    pub users_listed: u64,
    /// Of these, users whose history can be read.
    pub users_licensed: u64,
    /// Users asked for their history.
    pub users_asked: u64,
    /// Users whose turn is later, as far as the usage report tells.
    pub users_deferred: u64,
    /// Why; the counts add up to [`users_deferred`](Self::users_deferred).
    pub users_deferred_by_reason: BTreeMap<Later, u64>,
    /// Users whose history is not whole, with the reason.
    pub failed: Vec<FailedUser>,
    /// Users whose history ends here, since the license has gone or they have left; what the lake has
    /// of it stays.
    pub frozen: Vec<FailedUser>,
    /// What was read of Microsoft's usage reports; None where nothing was.
    pub usage_reports: Option<UsageRead>,
    /// Rows that were not in the lake.
    pub rows_new: u64,
    /// Rows replaced by a later etag.
    pub rows_changed: u64,
    /// Rows that were there already.
    pub rows_known: u64,
    /// Pages of interactions.
    pub pages: u64,
    /// Requests to Graph, every attempt counted.
    pub requests: u64,
    /// Of these, for interactions.
    pub requests_for_interactions: u64,
    /// Answers by 429.
    pub throttled: u64,
    /// Items that could not be kept, by reason.
    pub unkept: Vec<Unkept>,
    /// Items that came without a time and were read with that of their id.
    pub timed_by_id: u64,
    /// Users whose history the service did not filter by time, so that all of it was read.
    pub users_unfiltered: u64,
    /// Data commits of an earlier, interrupted run whose coverage was completed first.
    pub repaired: u64,
    /// Why the run ended early.
    pub ended_early: Option<String>,
    /// What could not be read besides histories, for example the subscriptions.
    pub warnings: Vec<String>,
}

/// A user whose history is not whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FailedUser {
    /// The object id, or what was asked for.
    pub user_id: String,
    /// How people know the user.
    pub user_principal_name: Option<String>,
    /// A stable code.
    pub code: String,
    /// What happened and what to do.
    pub message: String,
}

/// Items that could not be kept for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unkept {
    /// Why.
    pub reason: String,
    /// How many.
    pub count: u64,
}

impl SyncSummary {
    /// Whether everything asked for is in the lake.
    pub fn run_status(&self) -> RunStatus {
        if self.failed.is_empty() && self.ended_early.is_none() {
            RunStatus::Whole
        } else {
            RunStatus::Partial
        }
    }

    pub(crate) fn add(&mut self, kept: Kept) {
        self.rows_new += kept.new;
        self.rows_changed += kept.changed;
        self.rows_known += kept.known;
    }

    /// What one reading of the usage reports brought, beside what one before did.
    pub(crate) fn add_usage(&mut self, read: UsageRead) {
        for unkept in &read.unkept {
            self.add_unkept(unkept.reason.clone(), unkept.count);
        }
        if let Some(all) = &mut self.usage_reports {
            all.add(read);
        } else if !read.report_version.is_empty() {
            self.usage_reports = Some(read);
        }
    }

    pub(crate) fn add_unkept(&mut self, reason: String, count: u64) {
        add_unkept(&mut self.unkept, reason, count);
    }
}

pub(crate) fn add_unkept(all: &mut Vec<Unkept>, reason: String, count: u64) {
    match all.iter_mut().find(|unkept| unkept.reason == reason) {
        Some(unkept) => unkept.count += count,
        None => all.push(Unkept { reason, count }),
    }
}
