//! What a client has done so far, counted.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::answer::RetryReason;

/// Counters of one client since it was built.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Requests sent to Graph, each attempt counted.
    pub requests: u64,
    /// Requests sent to the sign-in authority.
    pub token_requests: u64,
    /// Bodies received from Graph and from the download addresses of its reports, in bytes (unpacked).
    pub received_bytes: u64,
    /// Attempts that had to be repeated, in the order of [`RetryReason::ALL`].
    pub retries: [u64; RetryReason::ALL.len()],
}

impl Statistics {
    /// Attempts repeated for one reason.
    pub fn retries_for(&self, reason: RetryReason) -> u64 {
        let at = RetryReason::ALL.iter().position(|known| *known == reason);
        at.and_then(|at| self.retries.get(at).copied()).unwrap_or(0)
    }
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    requests: AtomicU64,
    token_requests: AtomicU64,
    received_bytes: AtomicU64,
    retries: [AtomicU64; RetryReason::ALL.len()],
}

impl Counters {
    pub(crate) fn request(&self) {
        self.requests.fetch_add(1, Relaxed);
    }

    pub(crate) fn token_request(&self) {
        self.token_requests.fetch_add(1, Relaxed);
    }

    pub(crate) fn received(&self, bytes: usize) {
        self.received_bytes.fetch_add(bytes as u64, Relaxed);
    }

    pub(crate) fn retry(&self, reason: RetryReason) {
        let at = RetryReason::ALL.iter().position(|known| *known == reason);
        if let Some(counter) = at.and_then(|at| self.retries.get(at)) {
            counter.fetch_add(1, Relaxed);
        }
    }

    pub(crate) fn snapshot(&self) -> Statistics {
        Statistics {
            requests: self.requests.load(Relaxed),
            token_requests: self.token_requests.load(Relaxed),
            received_bytes: self.received_bytes.load(Relaxed),
            retries: std::array::from_fn(|at| self.retries[at].load(Relaxed)),
        }
    }
}
