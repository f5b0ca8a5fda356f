//! Two clocks: the true time, which is tokio's and the tenant's, and that of the machine on which
//! hobbs runs, which may be wrong and may jump.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use hobbs_graph::{Clock, TokioClock};

/// How wrong a machine's clock is, in milliseconds ahead of the true time, and what it jumps to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wrong {
    /// At first.
    pub ahead_ms: i64,
    /// After so many true milliseconds it is wrong by so much.
    pub jump: Option<(i64, i64)>,
}

impl Wrong {
    /// The most that it is ever ahead.
    pub fn most_ahead_ms(&self) -> i64 {
        let after = self.jump.map_or(self.ahead_ms, |(_, ahead_ms)| ahead_ms);
        self.ahead_ms.max(after)
    }
}

/// The clock of the machine on which one process runs.
pub struct MachineClock {
    truth: TokioClock,
    begun_ms: i64,
    wrong: Wrong,
}

impl MachineClock {
    /// A clock that is wrong in this way from now on.
    pub fn starting_now(truth: TokioClock, wrong: Wrong) -> Self {
        MachineClock {
            truth,
            begun_ms: truth.now_ms(),
            wrong,
        }
    }
}

impl Clock for MachineClock {
    fn now_ms(&self) -> i64 {
        let now_ms = self.truth.now_ms();
        let ahead_ms = match self.wrong.jump {
            Some((after_ms, ahead_ms)) if now_ms >= self.begun_ms + after_ms => ahead_ms,
            _ => self.wrong.ahead_ms,
        };
        now_ms + ahead_ms
    }
}

/// The tenant's clock: true, but for whoever asks what was true at another time.
#[derive(Clone)]
pub struct TenantClock {
    truth: TokioClock,
    /// 0 for now.
    held_ms: Arc<AtomicI64>,
}

impl TenantClock {
    /// The true time.
    pub fn of(truth: TokioClock) -> Self {
        TenantClock {
            truth,
            held_ms: Arc::default(),
        }
    }

    /// Stands still at this time until it is let go.
    pub fn hold(&self, at_ms: i64) {
        self.held_ms.store(at_ms, Ordering::SeqCst);
    }

    /// Goes on with the true time.
    pub fn let_go(&self) {
        self.held_ms.store(0, Ordering::SeqCst);
    }

    /// UTC milliseconds.
    pub fn now_ms(&self) -> i64 {
        match self.held_ms.load(Ordering::SeqCst) {
            0 => self.truth.now_ms(),
            held_ms => held_ms,
        }
    }
}
