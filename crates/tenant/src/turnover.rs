//! How often something happens to the people of a tenant.

/// What happens to people over time, each as a share of those to whom it can happen in 90 days. It is drawn over the
/// history and, in a live tenant, for a year after the start; nobody meets the same thing twice. Nothing by default.
///
/// Whoever leads others neither joins, leaves nor moves.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Turnover {
    /// Get their license only then, and have had none before.
    pub licensed_late: f64,
    /// Lose it.
    pub license_removed: f64,
    /// Of those who lose it: share whose license is in `Warning` and then `Suspended` for some days before. Not per
    /// 90 days.
    pub license_warned: f64,
    /// Of those who lose it: share who get it back after some weeks. Not per 90 days.
    pub license_returned: f64,
    /// Give it to somebody else or get it from them: one loses it in the moment in which the other gets it.
    pub license_moved: f64,
    /// Have the Copilot Chat plan switched off, and on again after some weeks.
    pub plan_switched: f64,
    /// Leave: first the account is disabled, some days later it is deleted, and the license with it.
    pub leavers: f64,
    /// Join: they are not in the directory before.
    pub joiners: f64,
    /// Move to another department, with another manager and office.
    pub movers: f64,
    /// Go on a leave of two to eight weeks in which they do nothing; the account stays enabled.
    pub long_leaves: f64,
}

impl Turnover {
    /// Enough of everything to be met in a few hundred users over 90 days.
    pub fn lively() -> Self {
        Self {
            licensed_late: 0.02,
            license_removed: 0.02,
            license_warned: 0.5,
            license_returned: 0.3,
            license_moved: 0.02,
            plan_switched: 0.01,
            leavers: 0.02,
            joiners: 0.02,
            movers: 0.05,
            long_leaves: 0.02,
        }
    }

    /// Whether nothing happens to anybody.
    pub(crate) fn is_none(&self) -> bool {
        *self == Self::default()
    }
}
