//! The pace of one app in one tenant: one queue, one limiter, one gate, shared by everyone who sends.
//!
//! Whoever wants to send waits in line ([`Pace::enter`]); the first in line waits for a free permit, for the gate
//! to open and for the limiter's turn. What became of the request is told by its [`Pass`].

pub mod concurrency;
pub mod limiter;

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use concurrency::Concurrency;
use limiter::{LONGEST_WINDOW, Limiter, Turn};
pub use limiter::{Limits, ReportLimits};

const TEN_MINUTES: Duration = Duration::from_secs(600);
/// The first request of a run opens a connection and arrives that much later than it left; the last one does not.
const REPORT_ARRIVAL_SPREAD: Duration = Duration::from_secs(2);
/// A report is made while we wait; asking for many at once gains little.
const REPORTS_IN_FLIGHT_MAX: usize = 4;

/// The gate stays shut for longer than the caller is patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooLong {
    pub(crate) wait: Duration,
}

/// Where the pace stands, for progress and for decisions about idle capacity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PaceSnapshot {
    /// Requests sent.
    pub sent: u64,
    /// Answers that said 429.
    pub throttled: u64,
    /// Requests a second allowed at this time.
    pub rate_per_second: f64,
    /// The rate without throttling.
    pub rate_per_second_max: f64,
    /// How long nobody may send, because the service said so.
    pub gate: Duration,
    /// Requests in flight.
    pub in_flight: usize,
    /// Requests that wait in line.
    pub waiting: usize,
    /// Requests that may be in flight.
    pub permits: usize,
}

/// What the pace has room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    /// For nobody who does not wait in line, like others do.
    InLine,
    /// For so many requests, since nobody waits; at least one.
    For(usize),
    /// For the next request from then on; nobody waits until then.
    From(Instant),
}

#[derive(Debug)]
struct State {
    limiter: Limiter,
    concurrency: Concurrency,
    sent: u64,
    throttled: u64,
}

/// The pace. See the module.
#[derive(Debug)]
pub struct Pace {
    start: Instant,
    rate_per_second_max: f64,
    state: Mutex<State>,
    line: tokio::sync::Mutex<()>,
    freed: Notify,
    waiting: AtomicUsize,
}

impl Pace {
    /// A pace that keeps these limits, on a way to the server on which requests may arrive by `arrival_spread`
    /// closer together than they left.
    pub fn new(limits: Limits, arrival_spread: Duration) -> Self {
        Self::with(Limiter::new(limits, arrival_spread), limits.in_flight_max)
    }

    /// A pace of its own for one kind of report: at most `count` requests in any ten minutes.
    pub(crate) fn of_reports(count: u32) -> Self {
        Self::with(
            Limiter::in_any(TEN_MINUTES + REPORT_ARRIVAL_SPREAD, count),
            REPORTS_IN_FLIGHT_MAX,
        )
    }

    fn with(limiter: Limiter, in_flight_max: usize) -> Self {
        let now = Instant::now();
        Self {
            // Early enough that what an earlier process sent has a time.
            start: now.checked_sub(LONGEST_WINDOW).unwrap_or(now),
            rate_per_second_max: limiter.rate_now(Duration::ZERO),
            state: Mutex::new(State {
                limiter,
                concurrency: Concurrency::new(in_flight_max),
                sent: 0,
                throttled: 0,
            }),
            line: tokio::sync::Mutex::new(()),
            freed: Notify::new(),
            waiting: AtomicUsize::new(0),
        }
    }

    /// An earlier process of the same app sent so many requests, the last of them so long ago: the service counts
    /// them with ours. To be said before the first request.
    pub(crate) fn follow(&self, ended_ago: Duration, requests: usize) {
        if let Some(then) = self.now().checked_sub(ended_ago) {
            self.lock().limiter.sent_before(then, requests);
        }
    }

    /// Waits in line until a request may go out. Fails at once when the gate stays shut beyond `patience`.
    pub(crate) async fn enter(&self, patience: Duration) -> Result<Pass<'_>, TooLong> {
        let _waiting = Waiting::in_line(&self.waiting);
        let _first_in_line = self.line.lock().await;
        loop {
            match self.try_enter(patience)? {
                Entry::Pass(pass) => return Ok(pass),
                Entry::Full => self.freed.notified().await,
                Entry::NotBefore(then) => sleep_until(then).await,
            }
        }
    }

    fn try_enter(&self, patience: Duration) -> Result<Entry<'_>, TooLong> {
        let now = self.now();
        let mut state = self.lock();
        let wait = state.limiter.gate().saturating_sub(now);
        if wait > patience {
            return Err(TooLong { wait });
        }
        if !state.concurrency.has_room() {
            return Ok(Entry::Full);
        }
        match state.limiter.take(now) {
            Turn::NotBefore(then) => Ok(Entry::NotBefore(self.start + then)),
            Turn::Go => {
                state.concurrency.sent();
                state.sent += 1;
                Ok(Entry::Pass(Pass {
                    pace: self,
                    sent_at: now,
                    told: false,
                }))
            }
        }
    }

    /// Where the pace stands.
    pub fn snapshot(&self) -> PaceSnapshot {
        let now = self.now();
        let waiting = self.waiting.load(Relaxed);
        let state = self.lock();
        let permits = state.concurrency.permits();
        let in_flight = state.concurrency.in_flight();
        let gate = state.limiter.gate().saturating_sub(now);
        PaceSnapshot {
            sent: state.sent,
            throttled: state.throttled,
            rate_per_second: state.limiter.rate_now(now),
            rate_per_second_max: self.rate_per_second_max,
            gate,
            in_flight,
            waiting,
            permits,
        }
    }

    /// What there is room for within a moment.
    pub(crate) fn room(&self, moment: Duration) -> Room {
        let now = self.now();
        let state = self.lock();
        let permits = state.concurrency.room();
        let gate_is_shut = state.limiter.gate() > now;
        if self.waiting.load(Relaxed) > 0 || permits == 0 || gate_is_shut {
            return Room::InLine;
        }
        match state.limiter.room(now + moment) {
            0 => Room::From(self.start + state.limiter.free_at(now)),
            places => Room::For(places.min(permits)),
        }
    }

    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

enum Entry<'a> {
    Pass(Pass<'a>),
    Full,
    NotBefore(Instant),
}

/// Counts one who waits, also if the wait is given up.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn in_line(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// The right to send one request. It wants to hear what became of it; dropped unheard, the request counts as given up.
#[derive(Debug)]
pub(crate) struct Pass<'a> {
    pace: &'a Pace,
    sent_at: Duration,
    told: bool,
}

impl Pass<'_> {
    /// An answer came that says nothing about the pace.
    pub(crate) fn answered(self) {
        self.tell(false, |_, _, _| {});
    }

    /// 429: everyone waits.
    pub(crate) fn throttled(self, hint: Option<Duration>) {
        self.tell(false, |state, now, sent_at| {
            state.throttled += 1;
            state.limiter.slow_down(now, sent_at, hint);
        });
    }

    /// A timeout or a 5xx. If the service says how long to wait, everyone does.
    pub(crate) fn overloaded(self, hint: Option<Duration>) {
        self.tell(true, |state, now, _| {
            if let Some(wait) = hint {
                state.limiter.wait_until(now.saturating_add(wait));
            }
        });
    }

    fn tell(mut self, overload: bool, more: impl FnOnce(&mut State, Duration, Duration)) {
        self.told = true;
        let now = self.pace.now();
        let mut state = self.pace.lock();
        state.concurrency.answered(now, self.sent_at, overload);
        more(&mut state, now, self.sent_at);
        drop(state);
        self.pace.freed.notify_one();
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if !self.told {
            self.pace.lock().concurrency.abandoned();
            self.pace.freed.notify_one();
        }
    }
}
