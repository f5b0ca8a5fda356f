//! A window of time, half-open, in UTC milliseconds since 1970.

/// From `from_ms` (included) to `to_ms` (excluded). Either end may be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Window {
    /// The first moment inside; None: since ever.
    pub from_ms: Option<i64>,
    /// The first moment after; None: without end.
    pub to_ms: Option<i64>,
}

impl Window {
    /// Everything.
    pub const fn all() -> Self {
        Self {
            from_ms: None,
            to_ms: None,
        }
    }

    /// Everything before a moment.
    pub const fn until(to_ms: i64) -> Self {
        Self {
            from_ms: None,
            to_ms: Some(to_ms),
        }
    }

    /// From a moment (included) to another (excluded).
    pub const fn between(from_ms: i64, to_ms: i64) -> Self {
        Self {
            from_ms: Some(from_ms),
            to_ms: Some(to_ms),
        }
    }

    /// Whether a moment lies inside.
    pub fn contains(&self, moment_ms: i64) -> bool {
        self.from_ms.is_none_or(|from_ms| from_ms <= moment_ms)
            && self.to_ms.is_none_or(|to_ms| moment_ms < to_ms)
    }

    /// Whether nothing lies inside.
    pub fn is_empty(&self) -> bool {
        matches!((self.from_ms, self.to_ms), (Some(from_ms), Some(to_ms)) if from_ms >= to_ms)
    }
}
