//! Times as Graph writes them.

/// UTC milliseconds since 1970 of an RFC 3339 time, with any number of fractional digits (further
/// ones than three are cut off); without a zone it counts as UTC; seconds may be missing, as OData
/// allows. None for anything else.
pub(super) fn utc_ms(text: &str) -> Option<i64> {
    let mut rest = Digits(text.as_bytes());
    let year = rest.number(4)?;
    rest.one_of(b"-")?;
    let month = rest.number(2)?;
    rest.one_of(b"-")?;
    let day = rest.number(2)?;
    rest.one_of(b"Tt ")?;
    let hour = rest.number(2)?;
    rest.one_of(b":")?;
    let minute = rest.number(2)?;
    let mut second = 0;
    let mut millisecond = 0;
    if rest.one_of(b":").is_some() {
        second = rest.number(2)?;
        if rest.one_of(b".").is_some() {
            millisecond = rest.fraction_ms()?;
        }
    }
    let offset_min = rest.offset_min()?;
    let is_date = (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
    // 60 is a leap second.
    let is_time = hour < 24 && minute < 60 && second <= 60;
    if !is_date || !is_time || !rest.0.is_empty() {
        return None;
    }
    let minutes = (days_since_1970(year, month, day) * 24 + hour) * 60 + minute - offset_min;
    Some((minutes * 60 + second) * 1000 + millisecond)
}

/// The moment that an id tells, being milliseconds since 1970 as a rule (contract, section 2); None where
/// it is none at which Copilot was asked: from 2023, when there was none before, to the end of the
/// century. That keeps out seconds, microseconds and whatever else ids may come to be, without a clock.
///
/// An etag says no such thing: it is the moment of the last change, which can be years later.
pub(super) fn ms_of_id(id: &str) -> Option<i64> {
    const FROM_2023: i64 = 1_672_531_200_000;
    const BEFORE_2100: i64 = 4_102_444_800_000;
    let ms = id.parse().ok()?;
    (FROM_2023..BEFORE_2100).contains(&ms).then_some(ms)
}

struct Digits<'a>(&'a [u8]);

impl Digits<'_> {
    fn one_of(&mut self, wanted: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        wanted.contains(first).then(|| {
            self.0 = rest;
            *first
        })
    }

    fn number(&mut self, digits: usize) -> Option<i64> {
        let (number, rest) = self.0.split_at_checked(digits)?;
        self.0 = rest;
        number.iter().try_fold(0, |sum, byte| {
            byte.is_ascii_digit()
                .then(|| sum * 10 + i64::from(byte - b'0'))
        })
    }

    /// One digit or more; the first three are milliseconds.
    fn fraction_ms(&mut self) -> Option<i64> {
        let count = self.0.iter().take_while(|b| b.is_ascii_digit()).count();
        let (digits, rest) = self.0.split_at(count);
        self.0 = rest;
        let places = [100, 10, 1];
        (count > 0).then(|| {
            let ms = places.iter().zip(digits);
            ms.map(|(place, digit)| place * i64::from(digit - b'0'))
                .sum()
        })
    }

    fn offset_min(&mut self) -> Option<i64> {
        let sign = match self.one_of(b"Zz+-") {
            None | Some(b'Z' | b'z') => return Some(0),
            Some(b'-') => -1,
            Some(_) => 1,
        };
        let hours = self.number(2)?;
        self.one_of(b":");
        let minutes = self.number(2)?;
        (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
    }
}

fn days_in(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days in the Gregorian calendar, by Howard Hinnant's `days_from_civil`: years are counted from
/// March, so that the leap day is the last of its year.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn graph_times_are_utc_milliseconds() {
        for (text, ms) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2024-11-15T20:16:41.008Z", 1_731_701_801_008),
            ("2024-11-15T20:16:41Z", 1_731_701_801_000),
            ("2024-11-15T20:16:41.0089999Z", 1_731_701_801_008),
            ("2024-11-15T20:16:41.1Z", 1_731_701_801_100),
            (
                "2024-11-15T20:16:41.12345678901234567890Z",
                1_731_701_801_123,
            ),
            ("2024-11-15T21:16:41.008+01:00", 1_731_701_801_008),
            ("2024-11-15T14:46:41.008-0530", 1_731_701_801_008),
            ("2024-11-15T20:16:41.008", 1_731_701_801_008),
            ("2024-11-15t20:16:41.008z", 1_731_701_801_008),
            ("2024-02-29T00:00Z", 1_709_164_800_000),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000),
            ("1969-12-31T23:59:59.999Z", -1),
            ("0001-01-01T00:00:00Z", -62_135_596_800_000),
            ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
        ] {
            assert_eq!(utc_ms(text), Some(ms), "{text}");
        }
    }

    #[test]
    fn anything_else_is_no_time() {
        for text in [
            "",
            "2024-11-15",
            "2023-02-29T00:00:00Z",
            "2024-13-01T00:00:00Z",
            "2024-00-01T00:00:00Z",
            "2024-11-31T00:00:00Z",
            "2024-11-15T24:00:00Z",
            "2024-11-15T20:60:00Z",
            "2024-11-15T20:16:61Z",
            "2024-11-15T20:16:41.Z",
            "2024-11-15T20:16:41Zjunk",
            "2024-11-15T20:16:41+1",
            "2024-11-15T20:16:41+99:00",
            " 2024-11-15T20:16:41Z",
            "１９７０-01-01T00:00:00Z",
            "1731701801008",
            "-024-11-15T20:16:41Z",
        ] {
            assert_eq!(utc_ms(text), None, "{text}");
        }
    }

    #[test]
    fn every_day_of_four_centuries_follows_the_one_before() {
        let mut expected = days_since_1970(1999, 12, 31);
        for year in 2000..2400 {
            for month in 1..=12 {
                for day in 1..=days_in(year, month) {
                    expected += 1;
                    assert_eq!(days_since_1970(year, month, day), expected);
                }
            }
        }
    }
}
