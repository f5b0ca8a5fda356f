//! How many requests may be in flight: a pure controller, after vector's adaptive concurrency. Times are
//! durations since the pace began.
//!
//! The rate is the limiter's business; this one guards a server that struggles. It looks at one round trip at a
//! time: if half of its answers spoke of overload it goes down by a factor, if almost none did and the permits were
//! really used it goes up by a step, otherwise it stays. At 2 s a page, 25 requests a second need 50 in flight.

use std::time::Duration;

/// Enough for 25 requests a second at 2.5 s from the first moment on; learning to get there would cost seconds.
const START: usize = 64;
const FLOOR: usize = 4;
const STEP: usize = 4;
const DOWN: f64 = 0.6;
/// Shares of answers in one round trip that spoke of overload.
const OVERLOADED: f64 = 0.5;
const HEALTHY: f64 = 0.1;
/// A round of fewer answers says nothing.
const ANSWERS_MIN: u32 = 4;

/// The state of the controller.
#[derive(Debug)]
pub struct Concurrency {
    permits: usize,
    permits_max: usize,
    in_flight: usize,
    round_began: Duration,
    answers: u32,
    overloads: u32,
    peak: usize,
}

impl Concurrency {
    /// A controller that never allows more than `permits_max` in flight.
    pub fn new(permits_max: usize) -> Self {
        let permits_max = permits_max.max(1);
        Self {
            permits: START.min(permits_max),
            permits_max,
            in_flight: 0,
            round_began: Duration::ZERO,
            answers: 0,
            overloads: 0,
            peak: 0,
        }
    }

    /// How many more may be sent.
    pub fn room(&self) -> usize {
        self.permits.saturating_sub(self.in_flight)
    }

    /// Whether one more may be sent.
    pub fn has_room(&self) -> bool {
        self.room() > 0
    }

    /// One more is in flight.
    pub fn sent(&mut self) {
        self.in_flight += 1;
        self.peak = self.peak.max(self.in_flight);
    }

    /// One was given up before its answer came.
    pub fn abandoned(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// An answer arrived to a request sent at `sent_at`. `overload`: it timed out, or a 5xx came instead.
    pub fn answered(&mut self, now: Duration, sent_at: Duration, overload: bool) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.answers += 1;
        self.overloads += u32::from(overload);
        let round_is_over = sent_at >= self.round_began && self.answers >= ANSWERS_MIN;
        if round_is_over {
            self.adjust();
            self.round_began = now;
            self.answers = 0;
            self.overloads = 0;
            self.peak = self.in_flight;
        }
    }

    /// Permits, used or not.
    pub fn permits(&self) -> usize {
        self.permits
    }

    /// Requests in flight.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    fn adjust(&mut self) {
        let overloaded = f64::from(self.overloads) / f64::from(self.answers.max(1));
        let was_used = self.peak * 10 >= self.permits * 9;
        if overloaded >= OVERLOADED {
            self.permits = ((self.permits as f64 * DOWN) as usize).max(FLOOR.min(self.permits_max));
        } else if overloaded <= HEALTHY && was_used {
            self.permits = (self.permits + STEP).min(self.permits_max);
        }
    }
}
