//! When to try again, and when to stop: backoff with jitter, and a budget.

use std::time::Duration;

use rand::{RngExt, SeedableRng, rngs::StdRng};

/// What one request may cost before it counts as failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Attempts that may stumble (5xx, timeouts, cuts). A 429 is a wait, not a stumble; see `waits`.
    pub attempts: u32,
    /// Times the service may ask this request to wait.
    pub waits: u32,
    /// All attempts and waits together.
    pub total: Duration,
}

impl Default for Budget {
    /// Ten attempts: with two answers in five failing, one request in ten thousand is lost.
    fn default() -> Self {
        Self {
            attempts: 10,
            waits: 60,
            total: Duration::from_secs(30 * 60),
        }
    }
}

const FIRST_WAIT: Duration = Duration::from_millis(400);
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// How long to wait after the n-th stumble in a row (from 1): doubling from 0.4 s to 20 s, of which a share
/// between a half and the whole is waited, so that requests that stumbled together do not return together.
/// `random` lies in 0..1.
pub fn backoff(stumbles: u32, random: f64) -> Duration {
    let doublings = stumbles.saturating_sub(1).min(16);
    let whole = FIRST_WAIT.saturating_mul(1 << doublings).min(LONGEST_WAIT);
    whole.mul_f64(0.5 + random.clamp(0.0, 1.0) / 2.0)
}

/// The source of jitter, seeded so that a test run can be repeated.
#[derive(Debug)]
pub(crate) struct Jitter(std::sync::Mutex<StdRng>);

impl Jitter {
    pub(crate) fn new(seed: u64) -> Self {
        Self(std::sync::Mutex::new(StdRng::seed_from_u64(seed)))
    }

    /// A number in 0..1.
    pub(crate) fn draw(&self) -> f64 {
        let mut source = self
            .0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        source.random()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_end_at_twenty_seconds() {
        let whole: Vec<u128> = (1..=8).map(|n| backoff(n, 1.0).as_millis()).collect();
        assert_eq!(whole, [400, 800, 1600, 3200, 6400, 12_800, 20_000, 20_000]);
        assert_eq!(backoff(1, 0.0).as_millis(), 200);
        assert_eq!(backoff(u32::MAX, 0.0).as_millis(), 10_000);
    }
}
