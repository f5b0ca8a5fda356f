//! The limits of the reports: so many requests in ten minutes, fewer for CSV than for JSON.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::limits::{Limits, forget, room_at};
use crate::reports::question::Form;

/// Counts requests of each form in a sliding window.
#[derive(Debug)]
pub(crate) struct ReportGate {
    limits: Limits,
    accepted: Mutex<[VecDeque<Instant>; 2]>,
}

impl ReportGate {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            accepted: Mutex::default(),
        }
    }

    /// Lets a request in, or says how long until there is room. Refused requests use up no room.
    pub(crate) fn enter(&self, form: Form, now: Instant) -> Result<(), Duration> {
        if !self.limits.enforced {
            return Ok(());
        }
        let window = Duration::from_secs(u64::from(self.limits.reports_window_s.max(1)));
        let allowed = match form {
            Form::Csv => self.limits.csv_reports,
            Form::Json => self.limits.json_reports,
        };
        let mut accepted = self.accepted.lock().unwrap_or_else(PoisonError::into_inner);
        let times = &mut accepted[form as usize];
        forget(times, now, window);
        match room_at(times, allowed, window).filter(|at| *at > now) {
            Some(at) => Err(at - now),
            None => {
                times.push_back(now);
                Ok(())
            }
        }
    }
}
