//! When the next request may go out: a pure controller. Times are durations since the pace began.
//!
//! Microsoft documents "30 requests a second in a short burst, 25 a second over a longer window" and not how
//! it counts. So this limiter stays within every way of counting that we could think of, each with a margin for
//! requests that arrive closer together than they left:
//! - a bucket of 30 that fills at 25 a second: ours holds 28 and fills at 24.6 a second;
//! - 30 in any one second: at most 29 in any 1.1 s;
//! - 25 a second averaged over a longer window, of ten seconds or more: at most 248 in any 10 s.
//!
//! A quiet client may begin with a burst; under load the burst dies down and requests go out evenly, because time
//! spent waiting for the one-second rule fills the bucket at half speed only.

use std::collections::VecDeque;
use std::time::Duration;

/// The limits of one app in one tenant, settable.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Requests in any one second.
    pub burst_per_second: f64,
    /// Requests a second over a longer time.
    pub sustained_per_second: f64,
    /// Requests in flight at once.
    pub in_flight_max: usize,
}

impl Default for Limits {
    /// The documented limits of the interaction history.
    fn default() -> Self {
        Self {
            burst_per_second: 30.0,
            sustained_per_second: 25.0,
            in_flight_max: 128,
        }
    }
}

/// Above this rate the sliding windows are left out: whoever sets it has no such limits to keep.
const WINDOWED_PER_SECOND_MAX: f64 = 1_000.0;
const RATE_FLOOR: f64 = 0.2;
/// From the floor back to the whole rate in 45 s.
const RECOVERY_PER_SECOND: f64 = (1.0 - RATE_FLOOR) / 45.0;
/// One 429 in a minute is noise (another app, a late arrival); the second is a sign.
const QUIET: Duration = Duration::from_secs(60);
const DOWN_AFTER_QUIET: f64 = 0.9;
const DOWN_AGAIN: f64 = 0.7;
const OWN_WAIT_MAX: Duration = Duration::from_secs(60);

/// Whether a request may go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Now; it is counted as sent.
    Go,
    /// Ask again then.
    NotBefore(Duration),
}

/// No more than `count` requests in any `length`.
#[derive(Debug)]
struct SlidingWindow {
    count: usize,
    length: Duration,
}

/// The state of the limiter.
#[derive(Debug)]
pub struct Limiter {
    rate_per_second: f64,
    depth: f64,
    tokens: f64,
    filled_at: Duration,
    held_back_since: Option<Duration>,
    windows: Vec<SlidingWindow>,
    sent: VecDeque<Duration>,
    gate: Duration,
    share: f64,
    share_at: Duration,
    slowed_at: Option<Duration>,
    slow_downs_in_a_row: u32,
}

impl Limiter {
    /// A limiter with a full bucket at time zero.
    pub fn new(limits: Limits) -> Self {
        let sustained = limits.sustained_per_second.max(0.01);
        let burst = limits.burst_per_second.max(sustained).max(1.0);
        let depth = (burst * 28.0 / 30.0).floor().max(1.0);
        let windows = if burst > WINDOWED_PER_SECOND_MAX {
            Vec::new()
        } else {
            vec![
                SlidingWindow {
                    count: at_least_one(burst * 29.0 / 30.0),
                    length: Duration::from_millis(1_100),
                },
                SlidingWindow {
                    count: at_least_one(sustained * 248.0 / 25.0),
                    length: Duration::from_secs(10),
                },
            ]
        };
        Self {
            rate_per_second: sustained * 24.6 / 25.0,
            depth,
            tokens: depth,
            filled_at: Duration::ZERO,
            held_back_since: None,
            windows,
            sent: VecDeque::new(),
            gate: Duration::ZERO,
            share: 1.0,
            share_at: Duration::ZERO,
            slowed_at: None,
            slow_downs_in_a_row: 0,
        }
    }

    /// Asks for the next turn.
    pub fn take(&mut self, now: Duration) -> Turn {
        if now < self.gate {
            return Turn::NotBefore(self.gate);
        }
        self.fill(now);
        if let Some(free_at) = self.window_free_at(now) {
            self.held_back_since.get_or_insert(now);
            return Turn::NotBefore(free_at);
        }
        if self.tokens < 1.0 {
            let seconds = (1.0 - self.tokens) / self.rate_now(now);
            // Rounded up, or the caller would come back a nanosecond early, again and again.
            return Turn::NotBefore(
                now + Duration::from_secs_f64(seconds) + Duration::from_micros(1),
            );
        }
        self.tokens -= 1.0;
        self.remember(now);
        Turn::Go
    }

    /// The service said 429 to a request sent at `sent_at`. Nobody goes before its hint is over; without a hint,
    /// before an own wait that doubles each time in a row. Answers to requests that were sent before the last
    /// slow-down are the same event.
    pub fn slow_down(&mut self, now: Duration, sent_at: Duration, hint: Option<Duration>) {
        let same_event = self.slowed_at.is_some_and(|slowed| sent_at <= slowed);
        if !same_event {
            let quiet = self
                .slowed_at
                .is_none_or(|slowed| now.saturating_sub(slowed) > QUIET);
            let down = if quiet { DOWN_AFTER_QUIET } else { DOWN_AGAIN };
            self.slow_downs_in_a_row = if quiet {
                1
            } else {
                self.slow_downs_in_a_row + 1
            };
            self.share = (self.share_now(now) * down).max(RATE_FLOOR);
            self.share_at = now;
            self.slowed_at = Some(now);
        }
        self.tokens = self.tokens.min(1.0);
        self.wait_until(now.saturating_add(hint.unwrap_or_else(|| self.own_wait())));
    }

    /// Nobody goes before `then`.
    pub fn wait_until(&mut self, then: Duration) {
        self.gate = self.gate.max(then);
    }

    /// When the gate opens; in the past if it is open.
    pub fn gate(&self) -> Duration {
        self.gate
    }

    /// The rate allowed at this time, in requests a second.
    pub fn rate_now(&self, now: Duration) -> f64 {
        self.rate_per_second * self.share_now(now)
    }

    /// How many requests could go out at once.
    pub fn turns_at_once(&self, now: Duration) -> usize {
        if now < self.gate {
            return 0;
        }
        let tokens = (self.tokens + self.gained(now)).min(self.depth);
        let by_windows = self.windows.iter().map(|window| {
            let recent = self
                .sent
                .iter()
                .rev()
                .take_while(|sent| **sent + window.length > now);
            window.count.saturating_sub(recent.count())
        });
        by_windows.chain([tokens as usize]).min().unwrap_or(0)
    }

    fn share_now(&self, now: Duration) -> f64 {
        let recovered = now.saturating_sub(self.share_at).as_secs_f64() * RECOVERY_PER_SECOND;
        (self.share + recovered).min(1.0)
    }

    fn own_wait(&self) -> Duration {
        let doublings = self.slow_downs_in_a_row.saturating_sub(1).min(10);
        Duration::from_secs(1 << doublings).min(OWN_WAIT_MAX)
    }

    fn fill(&mut self, now: Duration) {
        self.tokens = (self.tokens + self.gained(now)).min(self.depth);
        self.filled_at = now;
        self.held_back_since = None;
    }

    fn gained(&self, now: Duration) -> f64 {
        let elapsed = now.saturating_sub(self.filled_at.max(self.gate.min(now)));
        let held_back = self
            .held_back_since
            .map_or(Duration::ZERO, |since| now.saturating_sub(since));
        let counted = elapsed.as_secs_f64() - held_back.min(elapsed).as_secs_f64() / 2.0;
        counted * self.rate_now(now)
    }

    fn window_free_at(&self, now: Duration) -> Option<Duration> {
        let free_times = self.windows.iter().filter_map(|window| {
            let blocking = self.sent.len().checked_sub(window.count)?;
            Some(*self.sent.get(blocking)? + window.length)
        });
        free_times.filter(|free_at| *free_at > now).max()
    }

    fn remember(&mut self, now: Duration) {
        let Some(longest) = self.windows.iter().map(|window| window.count).max() else {
            return;
        };
        self.sent.push_back(now);
        while self.sent.len() > longest {
            self.sent.pop_front();
        }
    }
}

fn at_least_one(count: f64) -> usize {
    (count.floor() as usize).max(1)
}
