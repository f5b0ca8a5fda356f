//! The limits of the interaction history API: so many requests in any second, fewer on average over a longer window.
//! Those of the usage reports are beside them.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How many requests the tenant takes. The documented figures are the default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Requests in any one second.
    pub burst_per_second: u32,
    /// Requests a second, on average over the window.
    pub sustained_per_second: u32,
    /// The longer window, in seconds.
    pub window_s: u32,
    /// Requests for usage reports in CSV within their window.
    pub csv_reports: u32,
    /// Requests for usage reports in JSON within their window, each page one.
    pub json_reports: u32,
    /// The window of the usage reports, in seconds.
    pub reports_window_s: u32,
    /// Whether more is answered with 429. Requests are counted either way.
    pub enforced: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            burst_per_second: 30,
            sustained_per_second: 25,
            window_s: 10,
            csv_reports: 14,
            json_reports: 100,
            reports_window_s: 600,
            enforced: true,
        }
    }
}

impl Limits {
    /// No limit: for measuring how fast a client can be.
    pub fn off() -> Self {
        Self {
            enforced: false,
            ..Self::default()
        }
    }
}

/// The most that was seen in a window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Peaks {
    /// Requests in any one second, refused ones included.
    pub in_a_second: u32,
    /// Requests in any longer window, refused ones included.
    pub in_a_window: u32,
}

/// Counts requests in sliding windows, and refuses those that are too many.
#[derive(Debug)]
pub(crate) struct Gate {
    limits: Limits,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    accepted: VecDeque<Instant>,
    arrived: VecDeque<Instant>,
    peaks: Peaks,
}

const SECOND: Duration = Duration::from_secs(1);

impl Gate {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            state: Mutex::default(),
        }
    }

    /// Lets a request in, or says how long until there is room. Refused requests use up no room.
    pub(crate) fn enter(&self, now: Instant) -> Result<(), Duration> {
        let window = Duration::from_secs(u64::from(self.limits.window_s.max(1)));
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        note(&mut state.arrived, now, window);
        state.peaks.in_a_second = state
            .peaks
            .in_a_second
            .max(within(&state.arrived, now, SECOND));
        state.peaks.in_a_window = state.peaks.in_a_window.max(state.arrived.len() as u32);
        if !self.limits.enforced {
            return Ok(());
        }
        forget(&mut state.accepted, now, window);
        let burst = self.limits.burst_per_second;
        let sustained = self.limits.sustained_per_second * self.limits.window_s.max(1);
        let room_at = [
            room_at(&state.accepted, burst, SECOND),
            room_at(&state.accepted, sustained, window),
        ];
        match room_at.into_iter().flatten().filter(|at| *at > now).max() {
            Some(at) => Err(at - now),
            None => {
                state.accepted.push_back(now);
                Ok(())
            }
        }
    }

    pub(crate) fn peaks(&self) -> Peaks {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .peaks
    }
}

fn note(times: &mut VecDeque<Instant>, now: Instant, window: Duration) {
    forget(times, now, window);
    times.push_back(now);
}

pub(crate) fn forget(times: &mut VecDeque<Instant>, now: Instant, window: Duration) {
    while times
        .front()
        .is_some_and(|oldest| now.duration_since(*oldest) >= window)
    {
        times.pop_front();
    }
}

fn within(times: &VecDeque<Instant>, now: Instant, window: Duration) -> u32 {
    (times.len() - times.partition_point(|time| now.duration_since(*time) >= window)) as u32
}

/// When the next request fits: once the `allowed`-th last one has left the window. None if fewer came at all.
pub(crate) fn room_at(
    times: &VecDeque<Instant>,
    allowed: u32,
    window: Duration,
) -> Option<Instant> {
    let first_counted = times.len().checked_sub(allowed as usize)?;
    times.get(first_counted).map(|time| *time + window)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate() -> Gate {
        Gate::new(Limits::default())
    }

    #[tokio::test(start_paused = true)]
    async fn thirty_fit_into_a_second_and_no_more() {
        let gate = gate();
        for _ in 0..30 {
            assert_eq!(gate.enter(Instant::now()), Ok(()));
        }
        assert_eq!(gate.enter(Instant::now()), Err(SECOND));
        tokio::time::advance(Duration::from_millis(999)).await;
        assert_eq!(gate.enter(Instant::now()), Err(Duration::from_millis(1)));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(gate.enter(Instant::now()), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn twenty_five_a_second_go_on_forever_but_thirty_do_not() {
        let gate = gate();
        for _ in 0..1_000 {
            assert_eq!(gate.enter(Instant::now()), Ok(()));
            tokio::time::advance(Duration::from_millis(40)).await;
        }
        let mut refused = 0;
        for _ in 0..1_000 {
            refused += u32::from(gate.enter(Instant::now()).is_err());
            tokio::time::advance(Duration::from_millis(34)).await;
        }
        assert!(
            refused > 100,
            "{refused} of 1000 at 29 a second were refused"
        );
        assert_eq!(gate.peaks().in_a_second, 30);
    }

    #[tokio::test(start_paused = true)]
    async fn without_enforcement_all_is_counted_and_nothing_refused() {
        let gate = Gate::new(Limits::off());
        for _ in 0..500 {
            assert_eq!(gate.enter(Instant::now()), Ok(()));
        }
        assert_eq!(
            gate.peaks(),
            Peaks {
                in_a_second: 500,
                in_a_window: 500
            }
        );
    }
}
