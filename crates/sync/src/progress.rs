//! How a sync tells where it stands.

use std::time::Duration;

/// What a sync is doing.
#[derive(Debug, Clone, PartialEq)]
pub enum Stage {
    /// Opening the lake.
    Opening,
    /// Getting a token.
    SigningIn,
    /// Reading the directory.
    ReadingUsers {
        /// Users so far.
        users: u64,
    },
    /// Reading Microsoft's usage reports, for so long at the most.
    ReadingReports {
        /// The longest that is waited.
        patience: Duration,
    },
    /// Reading interactions.
    Reading(Numbers),
    /// Writing the last rows and the run's end.
    Closing,
    /// Joining small files, where there are many.
    Tidying,
}

/// Where the reading of interactions stands.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Numbers {
    /// Users to ask.
    pub users: u64,
    /// Users answered for, whole or not.
    pub users_done: u64,
    /// Of these, users whose history is not whole.
    pub users_failed: u64,
    /// Rows read.
    pub rows: u64,
    /// Pages read.
    pub pages: u64,
    /// Requests sent.
    pub requests: u64,
    /// Answers by 429.
    pub throttled: u64,
    /// Requests a second that the pace allows now.
    pub rate_per_second: f64,
    /// How long the service asks everyone to wait.
    pub gate: Duration,
}

/// Is told where a sync stands, a few times a second.
pub trait Progress: Send {
    /// The newest state.
    fn show(&mut self, stage: &Stage);
}

/// Shows nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn show(&mut self, _: &Stage) {}
}
