//! Exchanges by day: what there was, by who asked for it.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// Exchanges by verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// A person wrote it.
    pub typed: u64,
    /// A person pressed a ready-made prompt.
    pub clicked: u64,
    /// Nobody asked.
    pub automatic: u64,
    /// The service, its administration, warm-ups, empty parts: never counted by Microsoft.
    pub system_or_noise: u64,
    /// No accepted rule explains it.
    pub unknown: u64,
}

impl Tally {
    /// Those that a person asked for.
    pub fn asked(&self) -> u64 {
        self.typed + self.clicked
    }

    /// Those that Microsoft may count.
    pub fn countable(&self) -> u64 {
        self.asked() + self.automatic + self.unknown
    }

    /// All.
    pub fn total(&self) -> u64 {
        self.countable() + self.system_or_noise
    }

    /// Adds more.
    pub fn add(&mut self, more: &Tally) {
        self.typed += more.typed;
        self.clicked += more.clicked;
        self.automatic += more.automatic;
        self.system_or_noise += more.system_or_noise;
        self.unknown += more.unknown;
    }

    /// What speaks loudest for a person.
    pub(crate) fn best(&self) -> Best {
        match () {
            () if self.typed > 0 => Best::Typed,
            () if self.clicked > 0 => Best::Clicked,
            () if self.unknown > 0 => Best::Unknown,
            () if self.automatic > 0 => Best::Automatic,
            () => Best::Nothing,
        }
    }
}

/// What a day holds that speaks loudest for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Best {
    Typed,
    Clicked,
    Unknown,
    Automatic,
    Nothing,
}

/// The exchanges of one user in one class that began on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayTally {
    /// The UTC day: Microsoft's days.
    pub day: Date,
    /// The same in the tenant's time zone.
    pub local_day: Date,
    /// How many.
    pub tally: Tally,
}

/// Days with what they hold, in order; days without an exchange are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Calendar(BTreeMap<Date, Tally>);

impl Calendar {
    pub(crate) fn add(&mut self, day: Date, tally: &Tally) {
        self.0.entry(day).or_default().add(tally);
    }

    pub(crate) fn on(&self, day: Date) -> Tally {
        self.0.get(&day).copied().unwrap_or_default()
    }

    /// From the first to the last day given, both inside.
    pub(crate) fn between(&self, from: Date, to: Date) -> impl Iterator<Item = (Date, Tally)> + '_ {
        let some = from <= to;
        let range = self.0.range(from..=to.max(from));
        range
            .filter(move |_| some)
            .map(|(day, tally)| (*day, *tally))
    }

    /// The last day on which something is.
    pub(crate) fn last(&self, is: impl Fn(&Tally) -> bool) -> Option<Date> {
        self.0
            .iter()
            .rev()
            .find(|(_, tally)| is(tally))
            .map(|(day, _)| *day)
    }
}

/// The day after; the last day that there is stays itself.
pub fn next(day: Date) -> Date {
    day.saturating_add(1.day())
}

/// When a UTC day begins, in UTC milliseconds since 1970.
pub fn begin_ms(day: Date) -> i64 {
    day.to_zoned(TimeZone::UTC)
        .map_or(0, |zoned| zoned.timestamp().as_millisecond())
}

/// The UTC day of a moment given in UTC milliseconds since 1970.
pub fn day_of(ms: i64) -> Date {
    Timestamp::from_millisecond(ms)
        .unwrap_or(if ms < 0 {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        })
        .to_zoned(TimeZone::UTC)
        .date()
}
