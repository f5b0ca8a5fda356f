//! When the next request may go out: a pure controller. Times are durations since the pace began.
//!
//! Microsoft documents "30 requests a second in a short burst, 25 a second over a longer window" and not how
//! it counts. So this limiter stays within every way of counting that we could think of, each with a margin for
//! requests that arrive closer together than they left:
//! - a bucket of 30 that fills at 25 a second: ours holds 28 and fills at 24.6 a second;
//! - 30 in any one second: at most 30 in any second and a little more (how much depends on the way to the server);
//! - 25 a second averaged over a longer window, of ten seconds or more: at most 248 in any 10 s.
//!
//! A quiet client may begin with a burst. After some seconds under load the bucket shrinks, so that requests go out
//! evenly.

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

/// The limits of Microsoft's usage reports, settable: requests in any ten minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportLimits {
    /// Reports as CSV.
    pub csv_per_ten_minutes: u32,
    /// Pages of reports as JSON.
    pub json_per_ten_minutes: u32,
}

impl Default for ReportLimits {
    /// The documented ones.
    fn default() -> Self {
        Self {
            csv_per_ten_minutes: 14,
            json_per_ten_minutes: 100,
        }
    }
}

/// The longest time over which requests are counted.
pub(super) const LONGEST_WINDOW: Duration = Duration::from_secs(10);

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

/// Under load for longer than this, requests go out evenly.
const BURSTS_FOR: Duration = Duration::from_secs(4);
/// Without anyone waiting for longer than this, there is no load.
const LULL: Duration = Duration::from_secs(1);
/// The bucket under load: enough that a timer's millisecond is not lost.
const DEPTH_UNDER_LOAD: f64 = 2.0;

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
    depth_under_load: f64,
    tokens: f64,
    filled_at: Duration,
    waited_at: Option<Duration>,
    load_since: Duration,
    windows: Vec<SlidingWindow>,
    sent: VecDeque<Duration>,
    gate: Duration,
    share: f64,
    share_at: Duration,
    slowed_at: Option<Duration>,
    slow_downs_in_a_row: u32,
}

impl Limiter {
    /// A limiter with a full bucket at time zero. `arrival_spread`: by how much closer together requests may
    /// arrive than they left.
    pub fn new(limits: Limits, arrival_spread: Duration) -> Self {
        let sustained = limits.sustained_per_second.max(0.01);
        let burst = limits.burst_per_second.max(sustained).max(1.0);
        let depth = (burst * 28.0 / 30.0).floor().max(1.0);
        let windows = if burst > WINDOWED_PER_SECOND_MAX {
            Vec::new()
        } else {
            vec![
                SlidingWindow {
                    count: at_least_one(burst),
                    length: Duration::from_secs(1) + arrival_spread,
                },
                SlidingWindow {
                    count: at_least_one(sustained * 248.0 / 25.0),
                    length: LONGEST_WINDOW,
                },
            ]
        };
        Self {
            // At high rates many tokens fall due within a timer's millisecond or two.
            depth_under_load: (sustained * 0.005).max(DEPTH_UNDER_LOAD),
            ..Self::of(sustained * 24.6 / 25.0, depth, windows)
        }
    }

    /// A limiter that knows one rule: at most `count` requests in any `length`, as soon as they come.
    pub fn in_any(length: Duration, count: u32) -> Self {
        let count = count.max(1);
        let window = SlidingWindow {
            count: usize::try_from(count).unwrap_or(usize::MAX),
            length,
        };
        Self::of(WINDOWED_PER_SECOND_MAX, f64::from(count), vec![window])
    }

    fn of(rate_per_second: f64, depth: f64, windows: Vec<SlidingWindow>) -> Self {
        Self {
            rate_per_second,
            depth,
            depth_under_load: depth,
            tokens: depth,
            filled_at: Duration::ZERO,
            waited_at: None,
            load_since: Duration::ZERO,
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
        let free_at = self.free_at(now);
        if free_at > now {
            self.note_load(now);
            return Turn::NotBefore(free_at);
        }
        self.tokens -= 1.0;
        self.remember(now);
        Turn::Go
    }

    /// How many requests could go out at this time, if none went before.
    pub fn room(&self, then: Duration) -> usize {
        let tokens = self.tokens_at(then) as usize;
        let windows = self.windows.iter().map(|window| {
            let counted = self.sent.iter().rev();
            let inside = counted.take_while(|sent| **sent + window.length > then);
            window.count.saturating_sub(inside.count())
        });
        windows.fold(tokens, usize::min)
    }

    /// When the next request could go out, if none went before.
    pub fn free_at(&self, now: Duration) -> Duration {
        let tokens = self.tokens_at(now);
        let token_at = if tokens < 1.0 {
            let seconds = (1.0 - tokens) / self.rate_now(now);
            // Rounded up, or the caller would come back a nanosecond early, again and again.
            now + Duration::from_secs_f64(seconds) + Duration::from_micros(1)
        } else {
            now
        };
        let window_at = self.window_free_at(now).unwrap_or(now);
        token_at.max(window_at).max(self.gate)
    }

    /// Another process of the same app sent so many requests, the last of them at `then`, before this limiter sent
    /// any: as evenly as it would have itself, since it went by the same limits.
    pub fn sent_before(&mut self, then: Duration, requests: usize) {
        if !self.sent.is_empty() {
            return;
        }
        let apart = Duration::from_secs_f64(1.0 / self.rate_per_second);
        let counted = self.windows.iter().map(|window| window.count).max();
        let counted = requests.min(counted.unwrap_or(0));
        let times = (0..u32::try_from(counted).unwrap_or(u32::MAX)).rev();
        let times = times.filter_map(|earlier| then.checked_sub(apart * earlier));
        self.sent.extend(times);
        self.tokens = (self.depth - requests as f64).max(0.0);
        self.filled_at = then;
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

    fn share_now(&self, now: Duration) -> f64 {
        let recovered = now.saturating_sub(self.share_at).as_secs_f64() * RECOVERY_PER_SECOND;
        (self.share + recovered).min(1.0)
    }

    fn own_wait(&self) -> Duration {
        let doublings = self.slow_downs_in_a_row.saturating_sub(1).min(10);
        Duration::from_secs(1 << doublings).min(OWN_WAIT_MAX)
    }

    fn fill(&mut self, now: Duration) {
        self.tokens = self.tokens_at(now);
        self.filled_at = now;
    }

    fn tokens_at(&self, now: Duration) -> f64 {
        let since = self.filled_at.max(self.gate.min(now));
        let gained = now.saturating_sub(since).as_secs_f64() * self.rate_now(now);
        (self.tokens + gained).min(self.depth_now(now))
    }

    /// Someone has to wait.
    fn note_load(&mut self, now: Duration) {
        if self.has_lull(now) {
            self.load_since = now;
        }
        self.waited_at = Some(now);
    }

    fn has_lull(&self, now: Duration) -> bool {
        self.waited_at
            .is_none_or(|waited| now.saturating_sub(waited) > LULL)
    }

    fn depth_now(&self, now: Duration) -> f64 {
        let is_long_under_load =
            !self.has_lull(now) && now.saturating_sub(self.load_since) > BURSTS_FOR;
        if is_long_under_load {
            self.depth.min(self.depth_under_load)
        } else {
            self.depth
        }
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
