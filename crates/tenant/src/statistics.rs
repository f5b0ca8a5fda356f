//! What the tenant counted, for tests and for people who watch it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use crate::faults::Fault;
use crate::limits::Peaks;

/// Counts since the tenant was made.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Statistics {
    /// Requests by route: `token`, `users`, `users_delta`, `user`, `manager`, `groups`, `group`, `group_members`,
    /// `subscribed_skus`, `organization`, `history`, `user_detail`, `user_count_summary`, `user_count_trend`,
    /// `report_settings`, `report_download`, `batch`, `unknown`.
    pub requests_by_route: BTreeMap<&'static str, u64>,
    /// Answers by status. Cut and truncated ones count under the status that their head shows; resets and hangs not
    /// at all.
    pub answers_by_status: BTreeMap<u16, u64>,
    /// Faults that struck, by name.
    pub faults: BTreeMap<&'static str, u64>,
    /// 429s that the limits caused, not a fault.
    pub refused_by_limits: u64,
    /// Of these, requests for usage reports.
    pub reports_refused: u64,
    /// Requests for usage reports that the limits let in, by form: `csv`, `json`.
    pub reports_by_form: BTreeMap<&'static str, u64>,
    /// Items served, again if served again.
    pub items_served: u64,
    /// Graph requests, those of the token endpoint not counted.
    pub peaks: Peaks,
}

impl Statistics {
    /// Requests to a route.
    pub fn requests(&self, route: &str) -> u64 {
        self.requests_by_route
            .get(route)
            .copied()
            .unwrap_or_default()
    }

    /// Answers with a status.
    pub fn answers(&self, status: u16) -> u64 {
        self.answers_by_status
            .get(&status)
            .copied()
            .unwrap_or_default()
    }

    /// How often a fault struck.
    pub fn struck(&self, fault: Fault) -> u64 {
        self.faults.get(fault.name()).copied().unwrap_or_default()
    }
}

#[derive(Debug, Default)]
pub(crate) struct Counters(Mutex<Statistics>);

impl Counters {
    fn update(&self, change: impl FnOnce(&mut Statistics)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) fn request(&self, route: &'static str) {
        self.update(|counts| *counts.requests_by_route.entry(route).or_default() += 1);
    }

    pub(crate) fn answer(&self, status: http::StatusCode) {
        self.update(|counts| *counts.answers_by_status.entry(status.as_u16()).or_default() += 1);
    }

    pub(crate) fn fault(&self, fault: Fault) {
        self.faults(fault, 1);
    }

    pub(crate) fn faults(&self, fault: Fault, times: u64) {
        if times > 0 {
            self.update(|counts| *counts.faults.entry(fault.name()).or_default() += times);
        }
    }

    pub(crate) fn refused_by_limits(&self) {
        self.update(|counts| counts.refused_by_limits += 1);
    }

    pub(crate) fn report(&self, form: &'static str) {
        self.update(|counts| *counts.reports_by_form.entry(form).or_default() += 1);
    }

    pub(crate) fn report_refused(&self) {
        self.update(|counts| {
            counts.refused_by_limits += 1;
            counts.reports_refused += 1;
        });
    }

    pub(crate) fn items(&self, count: u64) {
        self.update(|counts| counts.items_served += count);
    }

    pub(crate) fn snapshot(&self, peaks: Peaks) -> Statistics {
        let counts = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        Statistics { peaks, ..counts }
    }
}
