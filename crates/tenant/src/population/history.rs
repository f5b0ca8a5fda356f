//! A person's whole history: how much on which day, and then day by day.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::RangeInclusive;

use crate::draw::{Draw, hash, unit};
use crate::faults::{Fault, Faults};
use crate::options::{Corpus, TenantOptions, Volume};
use crate::population::day::Day;
use crate::population::habits::{Bent, Career};
use crate::population::item::{Item, NEVER_MS};
use crate::population::life::{Life, Openness};
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
    automatic_only_share: Option<f64>,
    /// Share of the users who do something on a day, and the rows of each of them.
    active: Option<(f64, f64)>,
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
    /// Whether nothing can happen in all of it.
    closed: bool,
}

impl Histories {
    pub(crate) fn new(options: &TenantOptions, people: &People, start_ms: i64) -> Self {
        let mut histories = Self {
            seed: options.seed,
            volume: options.volume,
            corpus: options.corpus,
            careers: options.careers,
            automatic_only_share: options.automatic_only_share,
            active: None,
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
        histories.active = options
            .active_share
            .map(|share| (share, histories.rows_a_day() / share.max(f64::MIN_POSITIVE)));
        histories
    }

    /// The rows of an average user's average day.
    fn rows_a_day(&self) -> f64 {
        let days = self.days.max(1) as f64;
        match self.volume {
            Volume::Monthly(rows) => rows / 30.0,
            Volume::Exactly(rows) => rows as f64 / days,
            Volume::Total(_) => self.rows_per_activity / days,
        }
    }

    /// Minutes that this user's day is ahead of UTC's. Where a share of the users is active on each day, days are
    /// UTC's for everyone: then what a report says of a day is known without drawing it.
    pub(crate) fn offset_min(&self, people: &People, user: u32) -> i32 {
        if self.active.is_some() {
            0
        } else {
            people.offset_min(user)
        }
    }

    /// What a user does themselves.
    pub(crate) fn bent(&self, user: u32) -> Bent {
        match self.automatic_only_share {
            Some(share) => Bent::of_whom_some_look_on(self.seed, user, share),
            None => Bent::of(self.seed, user),
        }
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
        if self.active.is_some() {
            return None;
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
        let life = people.life(user);
        let mut items = Vec::new();
        for (part, rows) in self.plan(people, user, life.as_ref(), i64::MIN..=last_day) {
            self.day(people, user, &part).fill(rows, &mut items);
        }
        if !self.live && self.fixed_rows(user).is_none() {
            items.retain(|item| item.created_ms <= self.start_ms);
        }
        self.finish(user, &mut items);
        if let Some(life) = &life {
            keep_open(life, &mut items);
        }
        items
    }

    /// What happens to a user on some local days, day by day and in the order in which it is drawn: an exchange's rows
    /// stand together, its prompt first. It is what [`Histories::until`] gives, but for when an item shows up or changes.
    pub(crate) fn on_days(
        &self,
        people: &People,
        user: u32,
        days: RangeInclusive<i64>,
        mut each: impl FnMut(&[Item]),
    ) {
        let life = people.life(user);
        let may_end = !self.live && self.fixed_rows(user).is_none();
        let mut items = Vec::new();
        for (part, rows) in self.plan(people, user, life.as_ref(), days) {
            items.clear();
            self.day(people, user, &part).fill(rows, &mut items);
            if may_end {
                items.retain(|item| item.created_ms <= self.start_ms);
            }
            // Keys are made unique by moving items by milliseconds, which matters here at midnight alone.
            if items.iter().any(|item| is_near_midnight(item.created_ms)) {
                self.make_keys_unique(&mut items);
            }
            if let Some(life) = &life {
                keep_open(life, &mut items);
            }
            each(&items);
        }
    }

    /// The first local day of any history, wherever it is lived.
    pub(crate) fn first_day(&self) -> i64 {
        local_day(self.start_ms, -12 * 60) - self.days
    }

    /// The UTC days, since 1970, on which something comes into a user's history from a time on and before another.
    pub(crate) fn active_days(
        &self,
        people: &People,
        user: u32,
        (from_ms, to_ms): (i64, i64),
    ) -> BTreeSet<i64> {
        let offset_min = self.offset_min(people, user);
        let days = local_day(from_ms, offset_min)..=local_day(to_ms - 1, offset_min);
        let life = people.life(user);
        let mut active = BTreeSet::new();
        for (part, rows) in self.plan(people, user, life.as_ref(), days) {
            let (begin_ms, end_ms) = part.within;
            let whole = life
                .as_ref()
                .is_none_or(|life| life.openness(part.within) == Openness::Whole);
            let known = self.active.is_some() && (self.live || end_ms <= self.start_ms);
            if rows > 0 && known && whole && from_ms <= begin_ms && end_ms < to_ms {
                active.insert(part.day);
                continue;
            }
            let mut items = Vec::new();
            self.day(people, user, &part).fill(rows, &mut items);
            if let Some(life) = &life {
                keep_open(life, &mut items);
            }
            let created = items.iter().map(|item| item.created_ms);
            let within = created.filter(|at_ms| {
                (from_ms..to_ms).contains(at_ms) && (self.live || *at_ms <= self.start_ms)
            });
            active.extend(within.map(|at_ms| at_ms.div_euclid(DAY_MS)));
        }
        active
    }

    fn day(&self, people: &People, user: u32, part: &Part) -> Day {
        Day {
            seed: self.seed,
            user,
            corpus: self.corpus,
            bent: self.bent(user),
            hand: hash(&[self.seed, u64::from(user), 0x4a4d]) as u8,
            language: language_of(people.culture(user).locale),
            offset_min: self.offset_min(people, user),
            day: part.day,
            within: part.within,
        }
    }

    /// How many rows a user has on which of these days; days without rows may be missing.
    fn plan(
        &self,
        people: &People,
        user: u32,
        life: Option<&Life>,
        days: RangeInclusive<i64>,
    ) -> Vec<(Part, u64)> {
        let offset_min = self.offset_min(people, user);
        let start_day = local_day(self.start_ms, offset_min);
        let past_days = start_day - self.days..=start_day;
        let part = |day: i64, when: When| self.part(user, life, day, offset_min, when);
        let mut plan = Vec::new();
        match self.fixed_rows(user) {
            Some(rows) => {
                let past = self.past(user, life, past_days, offset_min);
                let working: f64 = past.iter().map(|part| part.weight).sum();
                let rate = rows as f64 / working.max(1.0);
                let shares = shares(rows, &past);
                plan.extend(past.into_iter().zip(shares));
                plan.retain(|(part, _)| days.contains(&part.day));
                let live_days = start_day.max(*days.start())..=*days.end();
                for day in live_days.filter(|_| self.live) {
                    let part = part(day, When::Future);
                    let mut draw = Draw::of(&[self.seed, u64::from(user), day as u64, 0x11fe]);
                    let rows = draw.round(rate * part.weight);
                    plan.push((part, rows));
                }
            }
            None => {
                for day in *past_days.start().max(days.start())..=*days.end() {
                    let part = part(day, When::Whole);
                    let rows = match self.active {
                        Some((share, mean)) => self.rows_if_active(user, day, share, mean),
                        None => self.rows_of_mood(user, &part),
                    };
                    plan.push((part, rows));
                }
            }
        }
        plan.retain(|(part, rows)| *rows > 0 && !part.closed);
        plan
    }

    /// The rows of a day under [`Volume::Monthly`].
    fn rows_of_mood(&self, user: u32, part: &Part) -> u64 {
        let Volume::Monthly(monthly) = self.volume else {
            return 0;
        };
        let rate = monthly / WORKDAYS_A_MONTH * self.activity(user);
        let mut draw = Draw::of(&[self.seed, u64::from(user), part.day as u64, 0x11fe]);
        let mood = 2.0 * draw.unit();
        draw.round(rate * part.weight * mood)
    }

    /// The rows of a day where a share of the users does something, each day others.
    fn rows_if_active(&self, user: u32, day: i64, share: f64, mean: f64) -> u64 {
        let mut draw = Draw::of(&[self.seed, u64::from(user), day as u64, 0xac71]);
        if !draw.chance(share) {
            return 0;
        }
        let mood = 0.25 + 1.5 * draw.unit();
        draw.round(mean * mood).max(1)
    }

    /// The days before the start. Who was away in all of them has the rows of a given number all the same, in weeks
    /// like everyone's.
    fn past(
        &self,
        user: u32,
        life: Option<&Life>,
        days: RangeInclusive<i64>,
        offset_min: i32,
    ) -> Vec<Part> {
        let parts = |histories: &Self| -> Vec<Part> {
            days.clone()
                .map(|day| histories.part(user, life, day, offset_min, When::Past))
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
    fn part(&self, user: u32, life: Option<&Life>, day: i64, offset_min: i32, when: When) -> Part {
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
        let (within, share) = match when {
            When::Past if self.start_ms < end_ms => {
                ((midnight_ms, self.start_ms), worked_until(self.start_ms))
            }
            When::Future if self.start_ms >= midnight_ms => (
                (self.start_ms + 1, end_ms.max(self.start_ms + 2)),
                1.0 - worked_until(self.start_ms),
            ),
            When::Whole | When::Past | When::Future => ((midnight_ms, end_ms), 1.0),
        };
        Part {
            day,
            within,
            weight: weight * share,
            closed: life.is_some_and(|life| life.openness(within) == Openness::None),
        }
    }

    /// No two items of a user have session and id in common.
    fn make_keys_unique(&self, items: &mut [Item]) {
        let mut taken = HashSet::with_capacity(items.len());
        for item in items {
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
        }
    }

    /// Makes the keys unique, and says when each item shows up and when it changes.
    fn finish(&self, user: u32, items: &mut [Item]) {
        self.make_keys_unique(items);
        let mut salts = HashSet::with_capacity(items.len());
        let fixed = !matches!(self.volume, Volume::Monthly(_))
            || self.heavy_user.is_some_and(|(heavy, _)| heavy == user);
        for item in items.iter_mut() {
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

/// Whether a time is so near to a UTC midnight that some milliseconds may decide on its day.
fn is_near_midnight(at_ms: i64) -> bool {
    const NEAR_MS: i64 = 1_000;
    (at_ms + NEAR_MS).rem_euclid(DAY_MS) < 2 * NEAR_MS
}

fn local_day(at_ms: i64, offset_min: i32) -> i64 {
    (at_ms + i64::from(offset_min) * MINUTE_MS).div_euclid(DAY_MS)
}

/// Keeps what happens while it can: whoever loses the license in the middle of an exchange gets no more answers, and
/// an exchange that began before anything could happen does not go on afterwards.
fn keep_open(life: &Life, items: &mut Vec<Item>) {
    let times = || items.iter().map(|item| item.created_ms);
    let (Some(first_ms), Some(last_ms)) = (times().min(), times().max()) else {
        return;
    };
    if life.openness((first_ms, last_ms)) == Openness::Whole {
        return;
    }
    let mut began_ms: HashMap<u64, i64> = HashMap::new();
    for item in items.iter() {
        let at_ms = began_ms.entry(item.exchange).or_insert(item.created_ms);
        *at_ms = item.created_ms.min(*at_ms);
    }
    items.retain(|item| {
        life.at(item.created_ms).is_open() && life.at(began_ms[&item.exchange]).is_open()
    });
}

/// Rows for each part: whole numbers after the weights whose sum is exactly `rows`, or the part of them that falls
/// into days in which something can happen.
fn shares(rows: u64, parts: &[Part]) -> Vec<u64> {
    let sum: f64 = parts.iter().map(|part| part.weight).sum();
    // Someone on vacation all the time still has the rows that were asked for.
    let weight = |part: &Part| {
        if part.closed {
            0.0
        } else if sum > 0.0 {
            part.weight / sum
        } else {
            1.0 / parts.len() as f64
        }
    };
    let (rows, scale) = if parts.iter().any(|part| part.closed) {
        let open: f64 = parts.iter().map(weight).sum();
        if open == 0.0 {
            return vec![0; parts.len()];
        }
        ((rows as f64 * open).round() as u64, 1.0 / open)
    } else {
        (rows, 1.0)
    };
    let mut given = 0;
    let mut reached = 0.0;
    let last = parts.len().saturating_sub(1);
    let mut shares = Vec::with_capacity(parts.len());
    for (place, part) in parts.iter().enumerate() {
        reached += weight(part) * scale;
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
