//! Times as Graph and Entra write them.

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;

/// Milliseconds in a day.
pub(crate) const DAY_MS: i64 = 86_400_000;
/// Milliseconds in an hour.
pub(crate) const HOUR_MS: i64 = 3_600_000;
/// Milliseconds in a minute.
pub(crate) const MINUTE_MS: i64 = 60_000;

/// Year, month and day of a day since 1970 (Howard Hinnant's civil_from_days).
fn civil(day: i64) -> (i64, u32, u32) {
    let z = day + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day_of_month = (day_of_year - (153 * month_from_march + 2) / 5 + 1) as u32;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    } as u32;
    (
        year_of_era + era * 400 + i64::from(month <= 2),
        month,
        day_of_month,
    )
}

/// Appends `2026-08-03T14:05:09.123Z` for UTC milliseconds since 1970. By hand, since it happens for each item.
pub(crate) fn write_iso(out: &mut Vec<u8>, at_ms: i64) {
    let (year, month, day) = civil(at_ms.div_euclid(DAY_MS));
    let in_day = at_ms.rem_euclid(DAY_MS);
    let digits = |out: &mut Vec<u8>, value: i64, width: u32| {
        for place in (0..width).rev() {
            out.push(b'0' + ((value / 10i64.pow(place)) % 10) as u8);
        }
    };
    digits(out, year, 4);
    out.push(b'-');
    digits(out, i64::from(month), 2);
    out.push(b'-');
    digits(out, i64::from(day), 2);
    out.push(b'T');
    digits(out, in_day / HOUR_MS, 2);
    out.push(b':');
    digits(out, in_day / MINUTE_MS % 60, 2);
    out.push(b':');
    digits(out, in_day / 1000 % 60, 2);
    out.push(b'.');
    digits(out, in_day % 1000, 3);
    out.push(b'Z');
}

/// `2026-08-03T14:05:09.123Z`.
pub(crate) fn iso(at_ms: i64) -> String {
    let mut out = Vec::with_capacity(24);
    write_iso(&mut out, at_ms);
    String::from_utf8_lossy(&out).into_owned()
}

/// `2026-08-03T14:05:09Z`.
pub(crate) fn iso_seconds(at_ms: i64) -> String {
    let mut text = iso(at_ms);
    text.replace_range(19..23, "");
    text
}

/// `2026-08-03 14:05:09Z`, as Entra writes times.
pub(crate) fn entra(at_ms: i64) -> String {
    iso_seconds(at_ms).replace('T', " ")
}

/// `Mon, 03 Aug 2026 14:05:09 GMT`, as headers have it.
pub(crate) fn http_date(at_ms: i64) -> String {
    Timestamp::from_second(at_ms.div_euclid(1000))
        .ok()
        .and_then(|time| {
            DateTimePrinter::new()
                .timestamp_to_rfc9110_string(&time)
                .ok()
        })
        .unwrap_or_default()
}

/// 0 for Monday to 6 for Sunday, of a day since 1970 (which was a Thursday).
pub(crate) fn weekday(day: i64) -> i64 {
    (day + 3).rem_euclid(7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_services_write_them() {
        assert_eq!(iso(1_732_148_357_313), "2024-11-21T00:19:17.313Z");
        assert_eq!(iso(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(iso(951_782_400_000), "2000-02-29T00:00:00.000Z");
        assert_eq!(iso_seconds(1_732_148_357_313), "2024-11-21T00:19:17Z");
        assert_eq!(entra(1_732_148_357_313), "2024-11-21 00:19:17Z");
        assert_eq!(
            http_date(1_732_148_357_313),
            "Thu, 21 Nov 2024 00:19:17 GMT"
        );
        assert_eq!(weekday(1_732_148_357_313 / DAY_MS), 3);
    }
}
