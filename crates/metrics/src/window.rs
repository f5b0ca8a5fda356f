//! The days that a metric looks at.

use jiff::civil::{Date, Weekday, date};
use jiff::{Span, Unit};

use crate::WindowError;

/// Days of a window at most: 20 years. Weeks and periods are written into the SQL one by one.
const DAYS_MAX: i32 = 7_305;

const EPOCH: Date = date(1970, 1, 1);

/// Days in a row, both ends included, in the lake's own time zone (its column `day`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    first: Date,
    last: Date,
}

impl Window {
    /// From one day to another, both included.
    ///
    /// # Errors
    /// [`WindowError`] where the last lies before the first, or either out of reach.
    pub fn new(first: Date, last: Date) -> Result<Self, WindowError> {
        if last < first {
            return Err(WindowError::Reversed { first, last });
        }
        let window = Window { first, last };
        // Some weeks before the window are looked at too, so the first years are left out.
        if window.days() > DAYS_MAX || first.year() < 1971 || last.year() > 9_000 {
            return Err(WindowError::Size { most: DAYS_MAX });
        }
        Ok(window)
    }

    /// So many days, of which `last` is the last.
    ///
    /// # Errors
    /// [`WindowError::Size`] for no day, and for more than 20 years of them.
    pub fn ending(last: Date, days: u32) -> Result<Self, WindowError> {
        let size = || WindowError::Size { most: DAYS_MAX };
        let before = i64::from(days.checked_sub(1).ok_or_else(size)?);
        let first = last
            .checked_sub(Span::new().try_days(before).map_err(|_| size())?)
            .map_err(|_| size())?;
        Window::new(first, last)
    }

    /// The first day.
    #[must_use]
    pub fn first(self) -> Date {
        self.first
    }

    /// The last day.
    #[must_use]
    pub fn last(self) -> Date {
        self.last
    }

    /// How many days it has.
    #[must_use]
    pub fn days(self) -> i32 {
        day_number(self.last) - day_number(self.first) + 1
    }

    /// How many of its days are Monday to Friday.
    #[must_use]
    pub fn working_days(self) -> i32 {
        let until = |day: Date| {
            // Days since the Monday of 1970's first week, which was a Thursday.
            let days = day_number(day) + 3;
            days / 7 * 5 + (days % 7).min(5)
        };
        until(self.last.tomorrow().unwrap_or(self.last)) - until(self.first)
    }
}

/// Days since 1970-01-01: the lake's column `day_number`.
pub(crate) fn day_number(day: Date) -> i32 {
    day.since((Unit::Day, EPOCH))
        .map_or(0, |span| span.get_days())
}

/// Weeks that begin on Monday since the one of 1970-01-01: the lake's column `week_number`.
pub(crate) fn week_number(day: Date) -> i32 {
    (day_number(day) + 3).div_euclid(7)
}

/// The Monday of a week.
pub(crate) fn monday(week_number: i32) -> Date {
    EPOCH + Span::new().days(week_number * 7 - 3)
}

/// Working days in a row have numbers in a row: Friday's is one below the next Monday's.
pub(crate) fn working_day(day: Date) -> i32 {
    let weekday = i32::from(day.weekday().to_monday_one_offset()).min(5);
    week_number(day) * 5 + weekday
}

/// The last Sunday on or before a day ends the last whole week.
pub(crate) fn last_whole_week(day: Date) -> i32 {
    week_number(day) - i32::from(day.weekday() != Weekday::Sunday)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn windows_count_their_days() {
        let window = Window::ending(date(2026, 11, 22), 28).unwrap();
        assert_eq!(window.first(), date(2026, 10, 26));
        assert_eq!((window.days(), window.working_days()), (28, 20));
        let day = Window::new(date(2026, 11, 21), date(2026, 11, 21)).unwrap();
        assert_eq!((day.days(), day.working_days()), (1, 0));
    }

    #[test]
    fn working_days_are_those_that_one_counts() {
        for first in 0..21 {
            for days in 1..21 {
                let first = date(2024, 2, 20) + Span::new().days(first);
                let window = Window::new(first, first + Span::new().days(days - 1)).unwrap();
                let counted = (0..days)
                    .map(|ahead| (first + Span::new().days(ahead)).weekday())
                    .filter(|day| !matches!(day, Weekday::Saturday | Weekday::Sunday))
                    .count();
                assert_eq!(
                    window.working_days(),
                    i32::try_from(counted).unwrap(),
                    "{window:?}"
                );
            }
        }
    }

    #[test]
    fn what_is_no_window_is_refused() {
        let (first, last) = (date(2026, 1, 2), date(2026, 1, 1));
        assert_eq!(
            Window::new(first, last),
            Err(WindowError::Reversed { first, last })
        );
        let size = Err(WindowError::Size { most: DAYS_MAX });
        assert_eq!(Window::ending(last, 0), size);
        assert_eq!(Window::ending(last, u32::MAX), size);
        assert_eq!(Window::ending(last, 7_306), size);
        assert_eq!(Window::new(date(1969, 12, 31), last), size);
    }

    #[test]
    fn numbers_are_those_of_the_lake() {
        assert_eq!(day_number(date(1970, 1, 1)), 0);
        assert_eq!(day_number(date(2026, 11, 22)), 20_779);
        assert_eq!(week_number(date(1970, 1, 4)), 0);
        assert_eq!(week_number(date(1970, 1, 5)), 1);
        assert_eq!(monday(week_number(date(2026, 11, 22))), date(2026, 11, 16));
        assert_eq!(
            last_whole_week(date(2026, 11, 22)),
            week_number(date(2026, 11, 16))
        );
        assert_eq!(
            last_whole_week(date(2026, 11, 21)),
            week_number(date(2026, 11, 9))
        );
    }

    #[test]
    fn friday_is_followed_by_monday() {
        let [friday, saturday, sunday, monday] =
            [20, 21, 22, 23].map(|day| working_day(date(2026, 11, day)));
        assert_eq!((saturday, sunday, monday), (friday, friday, friday + 1));
    }
}
