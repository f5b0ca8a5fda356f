//! A person's whole history: how much on which day, and then day by day.

use std::collections::HashSet;
use std::ops::RangeInclusive;

use crate::draw::{Draw, hash, unit};
use crate::faults::{Fault, Faults};
use crate::options::{Corpus, TenantOptions, Volume};
use crate::population::day::Day;
use crate::population::habits::{Bent, Career};
use crate::population::item::{Item, NEVER_MS};
use crate::population::people::{Access, People};
use crate::population::texts::language_of;
use crate::time::{DAY_MS, HOUR_MS, MINUTE_MS, weekday};

/// How active people are: twenty equal groups, from those who never start to those who live in it.
const ACTIVITY: [f64; 20] = [
    0.0, 0.0, 0.03, 0.06, 0.1, 0.15, 0.2, 0.26, 0.33, 0.42, 0.52, 0.64, 0.78, 0.95, 1.15, 1.45,
    1.9, 2.6, 3.7, 4.76,
];
const WORKDAYS_A_MONTH: f64 = 21.5;

/// Draws histories.
#[derive(Debug, Clone)]
pub(crate) struct Histories {
    seed: u64,
    volume: Volume,
    corpus: Corpus,
    careers: bool,
    heavy_user: Option<(u32, u64)>,
    live: bool,
    start_ms: i64,
    days: i64,
    edited_share: f64,
    faults: Faults,
    /// Under [`Volume::Total`], the rows of a user whose activity is 1.
    rows_per_activity: f64,
}

/// A part of a local day, and how much of a working day it is.
struct Part {
    day: i64,
    within: (i64, i64),
    weight: f64,
}

impl Histories {
    pub(crate) fn new(options: &TenantOptions, people: &People, start_ms: i64) -> Self {
        let mut histories = Self {
            seed: options.seed,
            volume: options.volume,
            corpus: options.corpus,
            careers: options.careers,
            heavy_user: options.heavy_user,
            live: options.live,
            start_ms,
            days: i64::from(options.days_of_history),
            edited_share: options.edited_share,
            faults: options.faults.clone(),
            rows_per_activity: 0.0,
        };
        if let Volume::Total(rows) = options.volume {
            let readable =
                (0..people.count).filter(|user| people.access(*user) == Access::Readable);
            let sum: f64 = readable.map(|user| histories.activity(user)).sum();
            histories.rows_per_activity = if sum > 0.0 { rows as f64 / sum } else { 0.0 };
        }
        histories
    }

    /// How active a user is; 1 on average.
    fn activity(&self, user: u32) -> f64 {
        let drawn = hash(&[self.seed, u64::from(user), 0xac7]);
        let spread = 0.8 + 0.4 * unit(hash(&[drawn]));
        ACTIVITY[(drawn % ACTIVITY.len() as u64) as usize] * spread
    }

    /// The rows that a user has in the history at the start, where the volume says so.
    fn fixed_rows(&self, user: u32) -> Option<u64> {
        if let Some((heavy, rows)) = self.heavy_user
            && heavy == user
        {
            return Some(rows);
        }
        match self.volume {
            Volume::Monthly(_) => None,
            Volume::Exactly(rows) => Some(rows),
            Volume::Total(_) => {
                let mut draw = Draw::of(&[self.seed, u64::from(user), 0x707]);
                Some(draw.round(self.rows_per_activity * self.activity(user)))
            }
        }
    }

    /// The last local day that has begun at this time.
    pub(crate) fn last_day(&self, offset_min: i32, now_ms: i64) -> i64 {
        local_day(
            if self.live {
                now_ms
            } else {
                now_ms.min(self.start_ms)
            },
            offset_min,
        )
    }

    /// Everything that happens to a user until the end of a local day, oldest first.
    pub(crate) fn until(&self, people: &People, user: u32, last_day: i64) -> Vec<Item> {
        let culture = people.culture(user);
        let language = language_of(culture.locale);
        let offset_min = culture.offset_min;
        let bent = Bent::of(self.seed, user);
        let hand = hash(&[self.seed, u64::from(user), 0x4a4d]) as u8;
        let mut items = Vec::new();
        let mut fill = |part: &Part, rows: u64| {
            let day = Day {
                seed: self.seed,
                user,
                corpus: self.corpus,
                bent,
                hand,
                language,
                offset_min,
                day: part.day,
                within: part.within,
            };
            day.fill(rows, &mut items);
        };
        let past_days =
            local_day(self.start_ms, offset_min) - self.days..=local_day(self.start_ms, offset_min);
        match self.fixed_rows(user) {
            Some(rows) => {
                let past = self.past(user, past_days, offset_min);
                for (part, rows) in past.iter().zip(shares(rows, &past)) {
                    fill(part, rows);
                }
                if self.live {
                    let working: f64 = past.iter().map(|part| part.weight).sum();
                    let rate = rows as f64 / working.max(1.0);
                    for day in local_day(self.start_ms, offset_min)..=last_day {
                        let part = self.part(user, day, offset_min, When::Future);
                        let mut draw = Draw::of(&[self.seed, u64::from(user), day as u64, 0x11fe]);
                        fill(&part, draw.round(rate * part.weight));
                    }
                }
            }
            None => {
                let Volume::Monthly(monthly) = self.volume else {
                    return items;
                };
                let rate = monthly / WORKDAYS_A_MONTH * self.activity(user);
                for day in *past_days.start()..=last_day {
                    let part = self.part(user, day, offset_min, When::Whole);
                    let mut draw = Draw::of(&[self.seed, u64::from(user), day as u64, 0x11fe]);
                    let mood = 2.0 * draw.unit();
                    fill(&part, draw.round(rate * part.weight * mood));
                }
                if !self.live {
                    items.retain(|item| item.created_ms <= self.start_ms);
                }
            }
        }
        self.finish(user, &mut items);
        items
    }

    /// The days before the start. Who was away in all of them has the rows of a given number all the same, in weeks
    /// like everyone's.
    fn past(&self, user: u32, days: RangeInclusive<i64>, offset_min: i32) -> Vec<Part> {
        let parts = |histories: &Self| -> Vec<Part> {
            days.clone()
                .map(|day| histories.part(user, day, offset_min, When::Past))
                .collect()
        };
        let past = parts(self);
        if self.careers && past.iter().all(|part| part.weight == 0.0) {
            return parts(&Self {
                careers: false,
                ..self.clone()
            });
        }
        past
    }

    /// A day, or its part before or after the start, with its share of a working day: weekends are quiet, vacations
    /// silent, and in some careers so are whole months.
    fn part(&self, user: u32, day: i64, offset_min: i32, when: When) -> Part {
        let midnight_ms = day * DAY_MS - i64::from(offset_min) * MINUTE_MS;
        let end_ms = midnight_ms + DAY_MS - 1;
        let week = (day + 3).div_euclid(7);
        let away = unit(hash(&[self.seed, u64::from(user), week as u64, 0xaca])) < 0.08
            || unit(hash(&[self.seed, u64::from(user), day as u64, 0xacb])) < 0.04;
        let weight = match weekday(day) {
            _ if away => 0.0,
            5 | 6 => 0.05,
            _ => 1.0,
        };
        let weight = if self.careers {
            weight * Career::of(self.seed, user).presence(self.seed, user, week)
        } else {
            weight
        };
        // The working day runs from 8 to 18 o'clock, local time.
        let worked_until = |at_ms: i64| {
            ((at_ms - midnight_ms - 8 * HOUR_MS) as f64 / (10 * HOUR_MS) as f64).clamp(0.0, 1.0)
        };
        match when {
            When::Whole => Part {
                day,
                within: (midnight_ms, end_ms),
                weight,
            },
            When::Past if self.start_ms < end_ms => Part {
                day,
                within: (midnight_ms, self.start_ms),
                weight: weight * worked_until(self.start_ms),
            },
            When::Past => Part {
                day,
                within: (midnight_ms, end_ms),
                weight,
            },
            When::Future if self.start_ms >= midnight_ms => Part {
                day,
                within: (self.start_ms + 1, end_ms.max(self.start_ms + 2)),
                weight: weight * (1.0 - worked_until(self.start_ms)),
            },
            When::Future => Part {
                day,
                within: (midnight_ms, end_ms),
                weight,
            },
        }
    }

    /// Makes the keys unique, and says when each item shows up and when it changes.
    fn finish(&self, user: u32, items: &mut [Item]) {
        let mut taken = HashSet::with_capacity(items.len());
        let mut salts = HashSet::with_capacity(items.len());
        let fixed = !matches!(self.volume, Volume::Monthly(_))
            || self.heavy_user.is_some_and(|(heavy, _)| heavy == user);
        for item in items.iter_mut() {
            // Not past the start: it counts what comes before it.
            let step = if item.created_ms <= self.start_ms {
                -1
            } else {
                1
            };
            while !taken.insert((item.session, item.id_ms)) {
                item.id_ms += step;
                item.created_ms += step;
            }
            while !salts.insert(item.salt) {
                item.salt = crate::draw::mix(item.salt);
            }
            let mut draw = Draw::of(&[self.seed, u64::from(user), item.salt, 0xed17]);
            let late = self.faults.strikes(
                Fault::LateItems,
                self.seed,
                hash(&[u64::from(user), item.salt]),
            );
            let past = item.created_ms <= self.start_ms;
            item.visible_ms = if late {
                item.created_ms + draw.between(HOUR_MS, 20 * HOUR_MS)
            } else {
                let soon_ms = item.created_ms + draw.between(0, 45_000);
                // A history with a given number of rows has them all at the start.
                if fixed && past {
                    soon_ms.min(self.start_ms.max(item.created_ms))
                } else {
                    soon_ms
                }
            };
            item.edited_ms = if draw.chance(self.edited_share) {
                item.id_ms + draw.between(MINUTE_MS, 12 * HOUR_MS)
            } else {
                NEVER_MS
            };
        }
        items.sort_unstable_by_key(Item::order);
    }
}

#[derive(Clone, Copy)]
enum When {
    Whole,
    Past,
    Future,
}

fn local_day(at_ms: i64, offset_min: i32) -> i64 {
    (at_ms + i64::from(offset_min) * MINUTE_MS).div_euclid(DAY_MS)
}

/// Rows for each part: whole numbers after the weights whose sum is exactly `rows`.
fn shares(rows: u64, parts: &[Part]) -> Vec<u64> {
    let sum: f64 = parts.iter().map(|part| part.weight).sum();
    // Someone on vacation all the time still has the rows that were asked for.
    let weight = |part: &Part| {
        if sum > 0.0 {
            part.weight / sum
        } else {
            1.0 / parts.len() as f64
        }
    };
    let mut given = 0;
    let mut reached = 0.0;
    let last = parts.len().saturating_sub(1);
    let mut shares = Vec::with_capacity(parts.len());
    for (place, part) in parts.iter().enumerate() {
        reached += weight(part);
        let until = if place == last {
            rows
        } else {
            ((reached * rows as f64).round() as u64).clamp(given, rows)
        };
        shares.push(until - given);
        given = until;
    }
    shares
}
