//! Times as people give them.

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

const DAY_MS: i64 = 86_400_000;

/// What `--days`, `--from` and `--to` say, at the moment `now_ms`.
pub fn range(time: &Time, now_ms: i64) -> Result<Range, Misconfigured> {
    if let Some(days) = time.days {
        return Ok(Range {
            from_ms: Some(now_ms - i64::from(days) * DAY_MS),
            to_ms: None,
        });
    }
    let range = Range {
        from_ms: time
            .from
            .as_deref()
            .map(|text| moment(text, false))
            .transpose()?,
        to_ms: time
            .to
            .as_deref()
            .map(|text| moment(text, true))
            .transpose()?,
    };
    match (range.from_ms, range.to_ms) {
        (Some(from), Some(to)) if from >= to => {
            Err(Misconfigured("--from lies after --to".to_owned()))
        }
        _ => Ok(range),
    }
}

/// A day begins at midnight UTC, and ends, as an end, a day later.
fn moment(text: &str, is_end: bool) -> Result<i64, Misconfigured> {
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
    day.to_zoned(TimeZone::UTC)
        .map(|midnight| midnight.timestamp().as_millisecond())
        .map_err(|error| Misconfigured(format!("{text}: {error}")))
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

    #[test]
    fn an_end_day_is_included() {
        let range = range(&time(None, Some("2026-11-01"), Some("2026-11-01")), 0).unwrap();
        assert_eq!(range.to_ms.unwrap() - range.from_ms.unwrap(), DAY_MS);
    }

    #[test]
    fn moments_are_taken_as_they_are() {
        let range = range(&time(None, Some("1970-01-01T00:00:01Z"), None), 0).unwrap();
        assert_eq!(
            range,
            Range {
                from_ms: Some(1000),
                to_ms: None
            }
        );
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(range(&time(None, Some("yesterday"), None), 0).is_err());
        assert!(range(&time(None, Some("2026-11-02"), Some("2026-11-01")), 0).is_err());
    }
}
