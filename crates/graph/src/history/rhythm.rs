//! When a user works, learned from what was read: at which hours of the day, and how much a day of the weekend weighs
//! against a weekday. It makes estimates of how many pages a stretch of time holds better; nothing depends on them
//! being right.

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
const WEEK_MS: i64 = 7 * DAY_MS;
/// 1970-01-01 was a Thursday; days are counted from a Monday.
const MONDAY_MS: i64 = 4 * DAY_MS;
/// Before anything is known, a weekend day counts as this much of a weekday, as strongly as if that had been
/// seen on so many rows.
const PRIOR_WEIGHT: f64 = 0.4;
const PRIOR_ROWS: f64 = 60.0;
/// And all hours are alike, as strongly as if that had been seen on so many rows in each of them.
const PRIOR_ROWS_AN_HOUR: f64 = 15.0;
const ROWS_A_PAGE: f64 = 100.0;

/// A figure for each hour (UTC) of a weekday, and of a day of the weekend.
type ByHour = [[f64; 24]; 2];
const WEEKDAY: usize = 0;
const WEEKEND: usize = 1;
const DAYS_A_WEEK: [f64; 2] = [5.0, 2.0];

/// What was read so far.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rhythm {
    rows: ByHour,
    covered_ms: ByHour,
}

impl Rhythm {
    /// Learns from the moments of a page, which covers all the time between its newest and its oldest.
    pub fn learn(&mut self, page_ms: &[i64]) {
        let (Some(oldest_ms), Some(newest_ms)) = (page_ms.iter().min(), page_ms.iter().max())
        else {
            return;
        };
        let covered_ms = by_hour(*oldest_ms, *newest_ms);
        for (sum, more) in self.covered_ms.iter_mut().zip(covered_ms) {
            for (sum, more) in sum.iter_mut().zip(more) {
                *sum += more;
            }
        }
        for moment_ms in page_ms {
            let (kind, hour) = place(*moment_ms);
            self.rows[kind][hour] += 1.0;
        }
    }

    /// Working time between two moments, in milliseconds: each hour counts as far as this user works then.
    pub fn working_ms(&self, from_ms: i64, to_ms: i64) -> f64 {
        sum_of_products(&by_hour(from_ms, to_ms), &self.weights())
    }

    /// Working time that a page covers on average; None before anything was read.
    pub fn usual_page_ms(&self) -> Option<f64> {
        let pages = sum(&self.rows) / ROWS_A_PAGE;
        (pages > 0.0).then(|| sum_of_products(&self.covered_ms, &self.weights()) / pages)
    }

    /// The moment, in whole seconds and at least one before, from which so much working time leads to `to_ms`.
    pub fn earlier(&self, to_ms: i64, working_ms: f64) -> i64 {
        let weights = self.weights();
        let week_ms = DAYS_A_WEEK[WEEKDAY] * HOUR_MS as f64 * weights[WEEKDAY].iter().sum::<f64>()
            + DAYS_A_WEEK[WEEKEND] * HOUR_MS as f64 * weights[WEEKEND].iter().sum::<f64>();
        let whole_weeks = (working_ms / week_ms).floor();
        let mut left = working_ms - whole_weeks * week_ms;
        let mut moment_ms = to_ms.saturating_sub((whole_weeks * WEEK_MS as f64) as i64);
        while left > 0.0 {
            let hour_began_ms = (moment_ms.saturating_sub(1)).div_euclid(HOUR_MS) * HOUR_MS;
            let (kind, hour) = place(hour_began_ms);
            let in_hour = (moment_ms - hour_began_ms) as f64 * weights[kind][hour];
            if in_hour >= left {
                moment_ms -= (left / weights[kind][hour]) as i64;
                break;
            }
            left -= in_hour;
            moment_ms = hour_began_ms;
        }
        let second_ms = moment_ms.div_euclid(1000) * 1000;
        second_ms.min(to_ms.saturating_sub(1000))
    }

    /// How much each hour counts; 1 is an hour of the average weekday.
    fn weights(&self) -> ByHour {
        let weekend = self.weekend_weight();
        let covered_ms =
            |hour: usize| self.covered_ms[WEEKDAY][hour] + weekend * self.covered_ms[WEEKEND][hour];
        let all_ms: f64 = (0..24).map(covered_ms).sum();
        let rows_a_ms = if all_ms > 0.0 {
            sum(&self.rows) / all_ms
        } else {
            0.0
        };
        let weekday = std::array::from_fn(|hour| {
            let rows = self.rows[WEEKDAY][hour] + self.rows[WEEKEND][hour];
            let as_in_all_hours = rows_a_ms * covered_ms(hour);
            (rows + PRIOR_ROWS_AN_HOUR) / (as_in_all_hours + PRIOR_ROWS_AN_HOUR)
        });
        [weekday, weekday.map(|weight| weight * weekend)]
    }

    fn weekend_weight(&self) -> f64 {
        let rows = self.rows.map(|hours| hours.iter().sum::<f64>());
        let covered_ms = self.covered_ms.map(|hours| hours.iter().sum::<f64>());
        let as_on_weekdays = if covered_ms[WEEKDAY] > 0.0 {
            covered_ms[WEEKEND] * rows[WEEKDAY] / covered_ms[WEEKDAY]
        } else {
            0.0
        };
        let weight = (rows[WEEKEND] + PRIOR_WEIGHT * PRIOR_ROWS) / (as_on_weekdays + PRIOR_ROWS);
        weight.clamp(0.02, 1.5)
    }
}

/// The kind of day and the hour (UTC) of a moment.
fn place(moment_ms: i64) -> (usize, usize) {
    let since_monday_ms = moment_ms.saturating_sub(MONDAY_MS).rem_euclid(WEEK_MS);
    let kind = if since_monday_ms >= 5 * DAY_MS {
        WEEKEND
    } else {
        WEEKDAY
    };
    (kind, (since_monday_ms % DAY_MS / HOUR_MS) as usize)
}

/// Milliseconds in each hour between two moments.
fn by_hour(from_ms: i64, to_ms: i64) -> ByHour {
    let length_ms = to_ms.saturating_sub(from_ms).max(0);
    let whole_weeks = length_ms / WEEK_MS;
    let mut time_ms = DAYS_A_WEEK.map(|days| [days * (whole_weeks * HOUR_MS) as f64; 24]);
    let mut moment_ms = to_ms - length_ms % WEEK_MS;
    while moment_ms < to_ms {
        let hour_ends_ms = (moment_ms.div_euclid(HOUR_MS) + 1) * HOUR_MS;
        let end_ms = hour_ends_ms.min(to_ms);
        let (kind, hour) = place(moment_ms);
        time_ms[kind][hour] += (end_ms - moment_ms) as f64;
        moment_ms = end_ms;
    }
    time_ms
}

fn sum(figures: &ByHour) -> f64 {
    figures.iter().flatten().sum()
}

fn sum_of_products(one: &ByHour, other: &ByHour) -> f64 {
    let pairs = one.iter().flatten().zip(other.iter().flatten());
    pairs.map(|(one, other)| one * other).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MONDAY: i64 = MONDAY_MS + 2_900 * WEEK_MS;

    /// Learned from three weeks, of which every so many seconds a row came while somebody worked.
    fn rhythm_of(works: impl Fn(&i64) -> bool) -> Rhythm {
        let moments_ms = (MONDAY..MONDAY + 3 * WEEK_MS).step_by(300_000);
        let mut rhythm = Rhythm::default();
        rhythm.learn(&moments_ms.filter(works).collect::<Vec<_>>());
        rhythm
    }

    fn is_weekend(moment_ms: i64) -> bool {
        place(moment_ms).0 == WEEKEND
    }

    #[test]
    fn weekends_weigh_what_was_seen() {
        assert!(!is_weekend(MONDAY) && !is_weekend(MONDAY + 5 * DAY_MS - 1));
        assert!(is_weekend(MONDAY - 1) && is_weekend(MONDAY + 5 * DAY_MS));
        let weekend_days = |rhythm: &Rhythm| {
            rhythm.working_ms(MONDAY + 5 * DAY_MS, MONDAY + 7 * DAY_MS) / DAY_MS as f64
        };
        assert!(weekend_days(&rhythm_of(|_| true)) > 1.9);
        assert!(weekend_days(&rhythm_of(|ms| !is_weekend(*ms))) < 0.1);
        assert!((weekend_days(&Rhythm::default()) - 0.8).abs() < 1e-9);
    }

    #[test]
    fn hours_weigh_what_was_seen() {
        let rhythm = rhythm_of(|ms| (8..18).contains(&place(*ms).1));
        let (morning_ms, evening_ms) = (MONDAY + 8 * HOUR_MS, MONDAY + 18 * HOUR_MS);
        let day = rhythm.working_ms(morning_ms, evening_ms);
        let night = rhythm.working_ms(evening_ms, morning_ms + DAY_MS);
        assert!(night < day / 10.0, "{day} {night}");
        // Half a day's work before the morning lies the noon of the day before, not the night.
        let noon_ms = rhythm.earlier(morning_ms + DAY_MS, day / 2.0);
        let hour = place(noon_ms).1;
        assert!((12..15).contains(&hour) && noon_ms < evening_ms, "{hour}");
    }

    #[test]
    fn any_stretch_of_time_is_measured_at_once() {
        let rhythm = rhythm_of(|_| true);
        assert!(rhythm.working_ms(i64::MIN, MONDAY) > rhythm.working_ms(0, MONDAY));
        assert_eq!(rhythm.working_ms(MONDAY, i64::MIN), 0.0);
    }

    proptest! {
        #[test]
        fn earlier_undoes_working_time(back_ms in 2_000_i64..400 * DAY_MS, at in 0_i64..14 * DAY_MS, every in 1_i64..50) {
            let rhythm = rhythm_of(|ms| !is_weekend(*ms) || ms / 300_000 % every == 0);
            let to_ms = MONDAY + at;
            let working = rhythm.working_ms(to_ms - back_ms, to_ms);
            let found_ms = rhythm.earlier(to_ms, working);
            prop_assert!(found_ms < to_ms && found_ms % 1000 == 0);
            let again = rhythm.working_ms(found_ms, to_ms);
            prop_assert!((again - working).abs() <= 2_000.0, "{working} {again}");
        }
    }
}
