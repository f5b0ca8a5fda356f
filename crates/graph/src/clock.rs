//! The time of day, injected: tests under a paused tokio clock see it move with their virtual time.

use std::time::{SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// Tells the time of day. Waiting uses tokio's clock, never this one.
pub trait Clock: Send + Sync {
    /// UTC milliseconds since 1970.
    fn now_ms(&self) -> i64;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| {
                i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
            })
    }
}

/// A clock that moves with tokio's, so that it can be paused and advanced in tests.
#[derive(Debug, Clone, Copy)]
pub struct TokioClock {
    start: Instant,
    start_ms: i64,
}

impl TokioClock {
    /// It is `now_ms` (UTC milliseconds since 1970) at this moment of tokio's clock.
    pub fn starting_at_ms(now_ms: i64) -> Self {
        Self {
            start: Instant::now(),
            start_ms: now_ms,
        }
    }
}

impl Clock for TokioClock {
    fn now_ms(&self) -> i64 {
        let since_start = self.start.elapsed().as_millis();
        self.start_ms + i64::try_from(since_start).unwrap_or(0)
    }
}
