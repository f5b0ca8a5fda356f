//! When a user works, learned from what was read: how much a day of the weekend weighs against a weekday. It makes
//! estimates of how many pages a stretch of time holds better; nothing depends on them being right.

const DAY_MS: i64 = 86_400_000;
/// 1970-01-01 was a Thursday; days are counted from a Monday.
const MONDAY_MS: i64 = 4 * DAY_MS;
/// Before anything is known, a weekend day counts as this much of a weekday, as strongly as if that had been
/// seen on so many rows.
const PRIOR_WEIGHT: f64 = 0.4;
const PRIOR_ROWS: f64 = 60.0;
const ROWS_A_PAGE: f64 = 100.0;

/// What was read so far, by kind of day (UTC).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rhythm {
    weekday_rows: f64,
    weekend_rows: f64,
    weekday_ms: f64,
    weekend_ms: f64,
}

impl Rhythm {
    /// Learns from a page that covers the time from `oldest_ms` to `newest_ms`.
    pub fn learn(&mut self, oldest_ms: i64, newest_ms: i64, rows: u32, weekend_rows: u32) {
        let (weekday_ms, weekend_ms) = by_kind(oldest_ms, newest_ms);
        self.weekday_ms += weekday_ms;
        self.weekend_ms += weekend_ms;
        self.weekday_rows += f64::from(rows.saturating_sub(weekend_rows));
        self.weekend_rows += f64::from(weekend_rows);
    }

    /// Working time between two moments, in milliseconds: weekdays count whole, weekends as far as this user works
    /// then.
    pub fn working_ms(&self, from_ms: i64, to_ms: i64) -> f64 {
        let (weekday_ms, weekend_ms) = by_kind(from_ms, to_ms);
        weekday_ms + weekend_ms * self.weekend_weight()
    }

    /// Working time that a page covers on average; None before anything was read.
    pub fn usual_page_ms(&self) -> Option<f64> {
        let pages = (self.weekday_rows + self.weekend_rows) / ROWS_A_PAGE;
        let working_ms = self.weekday_ms + self.weekend_ms * self.weekend_weight();
        (pages > 0.0).then_some(working_ms / pages)
    }

    /// The moment, in whole seconds and at least one before, from which so much working time leads to `to_ms`.
    pub fn earlier(&self, to_ms: i64, working_ms: f64) -> i64 {
        let weight = self.weekend_weight();
        let week_ms = (5.0 + 2.0 * weight) * DAY_MS as f64;
        let whole_weeks = (working_ms / week_ms).floor();
        let mut left = working_ms - whole_weeks * week_ms;
        let mut moment_ms = to_ms.saturating_sub((whole_weeks * 7.0 * DAY_MS as f64) as i64);
        while left > 0.0 {
            let day_began_ms = (moment_ms - 1).div_euclid(DAY_MS) * DAY_MS;
            let day_weight = if is_weekend(moment_ms - 1) {
                weight
            } else {
                1.0
            };
            let in_day = (moment_ms - day_began_ms) as f64 * day_weight;
            if in_day >= left {
                moment_ms -= (left / day_weight) as i64;
                break;
            }
            left -= in_day;
            moment_ms = day_began_ms;
        }
        let second_ms = moment_ms.div_euclid(1000) * 1000;
        second_ms.min(to_ms.saturating_sub(1000))
    }

    fn weekend_weight(&self) -> f64 {
        let as_on_weekdays = if self.weekday_ms > 0.0 {
            self.weekend_ms * self.weekday_rows / self.weekday_ms
        } else {
            0.0
        };
        let weight =
            (self.weekend_rows + PRIOR_WEIGHT * PRIOR_ROWS) / (as_on_weekdays + PRIOR_ROWS);
        weight.clamp(0.02, 1.5)
    }
}

/// Whether a moment lies on a Saturday or Sunday (UTC).
pub fn is_weekend(moment_ms: i64) -> bool {
    (moment_ms - MONDAY_MS).rem_euclid(7 * DAY_MS) >= 5 * DAY_MS
}

/// Milliseconds on weekdays and on weekends between two moments.
fn by_kind(from_ms: i64, to_ms: i64) -> (f64, f64) {
    let weekdays_ms = weekday_ms_since(to_ms) - weekday_ms_since(from_ms);
    let all_ms = to_ms.saturating_sub(from_ms).max(0) as f64;
    let weekdays_ms = (weekdays_ms.max(0) as f64).min(all_ms);
    (weekdays_ms, all_ms - weekdays_ms)
}

fn weekday_ms_since(moment_ms: i64) -> i64 {
    let since_ms = moment_ms.saturating_sub(MONDAY_MS);
    let weeks = since_ms.div_euclid(7 * DAY_MS);
    weeks * 5 * DAY_MS + since_ms.rem_euclid(7 * DAY_MS).min(5 * DAY_MS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MONDAY: i64 = MONDAY_MS + 2_900 * 7 * DAY_MS;

    #[test]
    fn weekends_weigh_what_was_seen() {
        assert!(!is_weekend(MONDAY) && !is_weekend(MONDAY + 5 * DAY_MS - 1));
        assert!(is_weekend(MONDAY - 1) && is_weekend(MONDAY + 5 * DAY_MS));
        let weekend_days = |rhythm: &Rhythm| {
            rhythm.working_ms(MONDAY + 5 * DAY_MS, MONDAY + 7 * DAY_MS) / DAY_MS as f64
        };
        let mut works_always = Rhythm::default();
        works_always.learn(MONDAY, MONDAY + 7 * DAY_MS, 7_000, 2_000);
        assert!(weekend_days(&works_always) > 1.9);
        let mut works_weekdays = Rhythm::default();
        works_weekdays.learn(MONDAY, MONDAY + 7 * DAY_MS, 5_000, 0);
        assert!(weekend_days(&works_weekdays) < 0.1);
        assert!((weekend_days(&Rhythm::default()) - 0.8).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn earlier_undoes_working_time(back_ms in 2_000_i64..400 * DAY_MS, at in 0_i64..14 * DAY_MS, weekend_rows in 0_u32..2_000) {
            let mut rhythm = Rhythm::default();
            rhythm.learn(MONDAY, MONDAY + 7 * DAY_MS, 5_000, weekend_rows);
            let to_ms = MONDAY + at;
            let working = rhythm.working_ms(to_ms - back_ms, to_ms);
            let found_ms = rhythm.earlier(to_ms, working);
            prop_assert!(found_ms < to_ms && found_ms % 1000 == 0);
            let again = rhythm.working_ms(found_ms, to_ms);
            prop_assert!((again - working).abs() <= 2_000.0, "{working} {again}");
        }
    }
}
