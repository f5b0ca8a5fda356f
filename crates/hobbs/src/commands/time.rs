//! Times as people give them.

use hobbs_metrics::Window;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::cli::Time;
use crate::settings::Misconfigured;

/// `[from, to)` in UTC milliseconds, each end open where it was not given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Range {
    /// Included.
    pub from_ms: Option<i64>,
    /// Excluded.
    pub to_ms: Option<i64>,
}

/// What `--days`, `--from` and `--to` say, at the moment `now`. Days are whole days of the time zone in
/// which use is counted, as in metrics; of the last ones, today is one.
pub fn range(time: &Time, zone: &TimeZone, now: Timestamp) -> Result<Range, Misconfigured> {
    if let Some(days) = time.days {
        let today = now.to_zoned(zone.clone()).date();
        let window = Window::ending(today, days);
        let window = window.map_err(|error| Misconfigured(format!("--days {days}: {error}")))?;
        return Ok(Range {
            from_ms: Some(midnight(window.first(), zone)?),
            to_ms: None,
        });
    }
    let end = |text: &Option<String>, is_end| {
        let text = text.as_deref();
        text.map(|text| moment(text, is_end, zone)).transpose()
    };
    let range = Range {
        from_ms: end(&time.from, false)?,
        to_ms: end(&time.to, true)?,
    };
    match (range.from_ms, range.to_ms) {
        (Some(from), Some(to)) if from >= to => {
            Err(Misconfigured("--from lies after --to".to_owned()))
        }
        _ => Ok(range),
    }
}

/// A day begins at midnight, and ends, as an end, with the next one.
fn moment(text: &str, is_end: bool, zone: &TimeZone) -> Result<i64, Misconfigured> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment.as_millisecond());
    }
    let day: Date = text.parse().map_err(|_| {
        Misconfigured(format!(
            "\"{text}\" is neither a day like 2026-11-01 nor a moment like 2026-11-01T08:00:00Z"
        ))
    })?;
    let day = if is_end {
        day.saturating_add(1.day())
    } else {
        day
    };
    midnight(day, zone)
}

fn midnight(day: Date, zone: &TimeZone) -> Result<i64, Misconfigured> {
    day.to_zoned(zone.clone())
        .map(|midnight| midnight.timestamp().as_millisecond())
        .map_err(|error| Misconfigured(format!("{day}: {error}")))
}

/// A moment for people: `2026-11-22 17:20 UTC`.
pub fn minute(ms: i64) -> String {
    match Timestamp::from_millisecond(ms) {
        Ok(moment) => moment.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        Err(_) => format!("{ms} ms"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn time(days: Option<u32>, from: Option<&str>, to: Option<&str>) -> Time {
        Time {
            days,
            from: from.map(str::to_owned),
            to: to.map(str::to_owned),
        }
    }

    fn in_berlin(time: &Time, now: &str) -> Result<Range, Misconfigured> {
        range(
            time,
            &TimeZone::get("Europe/Berlin").unwrap(),
            now.parse().unwrap(),
        )
    }

    fn ms(moment: &str) -> Option<i64> {
        Some(moment.parse::<Timestamp>().unwrap().as_millisecond())
    }

    #[test]
    fn the_last_days_are_whole_and_today_is_one_of_them() {
        // Half past midnight of the 8th there, over the end of summer time before it.
        let now = "2026-11-07T23:30:00Z";
        for (days, from) in [
            (1, "2026-11-07T23:00:00Z"),
            (7, "2026-11-01T23:00:00Z"),
            (28, "2026-10-11T22:00:00Z"),
        ] {
            let range = in_berlin(&time(Some(days), None, None), now).unwrap();
            assert_eq!((range.from_ms, range.to_ms), (ms(from), None), "{days}");
        }
        for days in [0, u32::MAX] {
            in_berlin(&time(Some(days), None, None), now).unwrap_err();
        }
    }

    #[test]
    fn an_end_day_is_included() {
        let of_change = time(None, Some("2026-10-25"), Some("2026-10-25"));
        let range = in_berlin(&of_change, "2026-11-01T00:00:00Z").unwrap();
        assert_eq!(range.from_ms, ms("2026-10-24T22:00:00Z"));
        assert_eq!(range.to_ms, ms("2026-10-25T23:00:00Z"));
    }

    #[test]
    fn moments_are_taken_as_they_are() {
        let from = time(None, Some("1970-01-01T00:00:01Z"), None);
        let range = in_berlin(&from, "2026-11-01T00:00:00Z").unwrap();
        assert_eq!((range.from_ms, range.to_ms), (Some(1000), None));
    }

    #[test]
    fn nonsense_is_refused() {
        let now = "2026-11-01T00:00:00Z";
        in_berlin(&time(None, Some("yesterday"), None), now).unwrap_err();
        let reversed = time(None, Some("2026-11-02"), Some("2026-11-01"));
        in_berlin(&reversed, now).unwrap_err();
    }
}
