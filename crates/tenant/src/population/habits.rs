//! How a person lives with Copilot: whether they ask anything themselves, and in which weeks at all. Drawn from the
//! calendar, not from the start of the tenant: what happened does not depend on when somebody began to look.

use crate::draw::{hash, unit};

/// What a person does themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bent {
    /// Everything, as most people do.
    Asks,
    /// Presses buttons and never writes.
    Presses,
    /// Nothing: documents summarize themselves, and that is all that there is.
    LooksOn,
}

impl Bent {
    pub(crate) fn of(seed: u64, user: u32) -> Self {
        match hash(&[seed, u64::from(user), 0xbe27]) % 100 {
            0..4 => Self::LooksOn,
            4..7 => Self::Presses,
            _ => Self::Asks,
        }
    }

    /// The same where this share of the users looks on.
    pub(crate) fn of_whom_some_look_on(seed: u64, user: u32, share: f64) -> Self {
        if unit(hash(&[seed, u64::from(user), 0xbe28])) < share {
            return Self::LooksOn;
        }
        match Self::of(seed, user) {
            Self::LooksOn => Self::Asks,
            bent => bent,
        }
    }
}

/// In which weeks a person uses Copilot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Career {
    /// In all, but for vacations.
    Steady,
    /// For this many weeks at a time, or not for as many: who begins, lapses, comes back.
    InPhases { weeks: i64 },
    /// In about every third week.
    NowAndThen,
}

const AWAKE_IN_PHASES: f64 = 0.55;
const NOW_AND_THEN: f64 = 0.35;

impl Career {
    pub(crate) fn of(seed: u64, user: u32) -> Self {
        let drawn = hash(&[seed, u64::from(user), 0xca2e]);
        match drawn % 100 {
            0..56 => Self::Steady,
            56..90 => Self::InPhases {
                weeks: 4 + (drawn >> 32) as i64 % 15,
            },
            _ => Self::NowAndThen,
        }
    }

    /// How much of a usual week's work this week sees; 1 on average over the weeks.
    pub(crate) fn presence(self, seed: u64, user: u32, week: i64) -> f64 {
        let drawn =
            |phase: i64, what: u64| unit(hash(&[seed, u64::from(user), phase as u64, what]));
        let (present, share) = match self {
            Self::Steady => (true, 1.0),
            Self::InPhases { weeks } => {
                let offset = hash(&[seed, u64::from(user), 0x0ff5]) as i64 & 0xff;
                let phase = (week + offset).div_euclid(weeks);
                (drawn(phase, 0xa3a) < AWAKE_IN_PHASES, AWAKE_IN_PHASES)
            }
            Self::NowAndThen => (drawn(week, 0xa3b) < NOW_AND_THEN, NOW_AND_THEN),
        };
        if present { 1.0 / share } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn careers_keep_the_mean_and_change_it_over_the_weeks() {
        let (mut sum, mut weeks, mut begins, mut stops) = (0.0, 0.0, 0, 0);
        for user in 0..2_000 {
            let career = Career::of(7, user);
            let there = |week| career.presence(7, user, week);
            for week in 2_900..2_960 {
                sum += there(week);
                weeks += 1.0;
            }
            let (early, late) = (
                (2_900..2_912).any(|week| there(week) > 0.0),
                (2_924..2_936).any(|week| there(week) > 0.0),
            );
            begins += u32::from(!early && late);
            stops += u32::from(early && !late);
        }
        assert!((0.95..1.05).contains(&(sum / weeks)), "{}", sum / weeks);
        assert!(begins > 50 && stops > 50, "{begins} begin, {stops} stop");
    }

    #[test]
    fn few_only_look_on_and_few_only_press() {
        let count = |bent| {
            (0..10_000)
                .filter(|user| Bent::of(3, *user) == bent)
                .count()
        };
        assert!((300..500).contains(&count(Bent::LooksOn)));
        assert!((200..400).contains(&count(Bent::Presses)));
    }
}
