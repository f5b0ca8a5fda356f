//! The refresh date: the last UTC day that the reports know, wholly, and nothing after it.

use std::ops::RangeInclusive;

use jiff::ToSpan;
use jiff::civil::{Date, date};

use crate::draw::Draw;
use crate::time::{DAY_MS, HOUR_MS};

/// A day as people write it.
pub(crate) fn date_of(day: i64) -> Date {
    date(1970, 1, 1).saturating_add(day.days())
}

/// The last moment of a UTC day, in milliseconds since 1970.
pub(crate) fn end_ms(day: i64) -> i64 {
    (day + 1) * DAY_MS - 1
}

/// The refresh date at a moment, as days since 1970: the last day that began as long ago as was drawn for it. A
/// function of seed and moment alone, which never goes back.
pub(crate) fn refresh_day(seed: u64, lag_hours: &RangeInclusive<u64>, at_ms: i64) -> i64 {
    // A day that is not over cannot be in a report.
    let least_ms = (*lag_hours.start() as i64).max(24) * HOUR_MS;
    let most_ms = (*lag_hours.end() as i64 * HOUR_MS).max(least_ms);
    let first = (at_ms - most_ms).div_euclid(DAY_MS);
    let last = (at_ms - least_ms).div_euclid(DAY_MS);
    (first..=last)
        .rev()
        .find(|day| {
            let lag_ms = Draw::of(&[seed, *day as u64, 0x4ef]).between(least_ms, most_ms);
            day * DAY_MS + lag_ms <= at_ms
        })
        .unwrap_or(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_lag_two_or_three_days_and_never_go_back() {
        let mut before = i64::MIN;
        let mut lags = [0; 4];
        for step in 0..2_000 {
            let at_ms = 1_780_000_000_000 + step * HOUR_MS;
            let day = refresh_day(5, &(48..=72), at_ms);
            assert!(day >= before);
            before = day;
            lags[(at_ms.div_euclid(DAY_MS) - day) as usize] += 1;
        }
        assert_eq!(lags[0] + lags[1], 0, "{lags:?}");
        assert!(lags[2] > 500 && lags[3] > 500, "{lags:?}");
    }

    #[test]
    fn no_day_is_reported_before_it_is_over() {
        let midnight_ms = 20_000 * DAY_MS;
        assert_eq!(refresh_day(1, &(0..=0), midnight_ms), 19_999);
        assert_eq!(refresh_day(1, &(0..=0), midnight_ms - 1), 19_998);
        assert_eq!(date_of(20_000).to_string(), "2024-10-04");
    }
}
