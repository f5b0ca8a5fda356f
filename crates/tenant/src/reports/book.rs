//! The books behind the reports: sheets of all days until the refresh date, each drawn once, and what follows from them.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, PoisonError};

use crate::population::history::Histories;
use crate::population::people::People;
use crate::reports::apps::UsageApp;
use crate::reports::content::Counts;
use crate::reports::ledger::Ledger;
use crate::reports::refresh::end_ms;
use crate::reports::sheet::{Row, Rule, Sheet};
use crate::time::DAY_MS;

/// Refresh dates of which the ledger is kept: the current one, and the one before it for who is still reading it.
const LEDGERS_KEPT: usize = 2;
/// Fewer users than this are drawn by one thread.
const USERS_A_THREAD: u32 = 10_000;

/// What has been drawn so far.
#[derive(Debug, Default)]
pub(crate) struct Book(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The last day whose sheet is whole.
    drawn: Option<i64>,
    sheets: BTreeMap<i64, Sheet>,
    ledgers: Vec<Arc<Ledger>>,
    /// Active users and prompts of whole days.
    trends: BTreeMap<i64, Counts>,
}

/// Whose histories the book is about.
#[derive(Clone, Copy)]
pub(crate) struct Sources<'a> {
    pub(crate) people: &'a People,
    pub(crate) histories: &'a Histories,
    pub(crate) rule: Rule,
}

/// Who holds a license at the end of which day: user by user, since when who has it and who has not, days since 1970.
struct Licenses(Vec<Vec<(i64, bool)>>);

impl Book {
    /// What the reports of a refresh date say.
    pub(crate) fn ledger(&self, sources: Sources, refresh: i64) -> Arc<Ledger> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = state.ledgers.iter().find(|kept| kept.refresh == refresh) {
            return Arc::clone(kept);
        }
        state.draw_until(sources, refresh);
        let enabled = (0..sources.people.count)
            .filter(|user| sources.people.is_licensed_at(*user, end_ms(refresh)))
            .collect();
        let ledger = Arc::new(Ledger::of(
            refresh,
            sources.histories.first_day() - 1,
            sources.people.count,
            enabled,
            state.sheets.iter().map(|(day, sheet)| (*day, sheet)),
        ));
        if state.ledgers.len() == LEDGERS_KEPT {
            state.ledgers.remove(0);
        }
        state.ledgers.push(Arc::clone(&ledger));
        ledger
    }

    /// The counts of this many days, the refresh date first and then back: of each day, those who held a license at
    /// its end.
    pub(crate) fn trend(&self, sources: Sources, refresh: i64, days: u16) -> Vec<Counts> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.draw_until(sources, refresh);
        let asked = refresh - i64::from(days) + 1..=refresh;
        let missing: Vec<i64> = asked
            .clone()
            .filter(|day| !state.trends.contains_key(day))
            .collect();
        if !missing.is_empty() {
            let licenses = Licenses::of(sources.people);
            for day in missing {
                let rows = state.sheets.get(&day).map_or(&[][..], Sheet::rows);
                let counts = licenses.count(day, rows);
                state.trends.insert(day, counts);
            }
        }
        asked.rev().map(|day| state.trends[&day]).collect()
    }
}

impl State {
    /// Draws the days that are missing until this one. A local day is drawn once, as a whole; what of it lies in the
    /// UTC day after the last one, waits there.
    fn draw_until(&mut self, sources: Sources, refresh: i64) {
        if self.drawn.is_some_and(|drawn| drawn >= refresh) {
            return;
        }
        let first = self
            .drawn
            .map_or(sources.histories.first_day() - 1, |drawn| drawn + 1);
        for (day, rows) in sources.rows_of(first..=refresh) {
            let sheet = self.sheets.entry(day).or_default();
            rows.into_iter().for_each(|row| sheet.push(row));
        }
        for (_, sheet) in self.sheets.range_mut(..=refresh) {
            sheet.finish();
        }
        self.drawn = Some(refresh);
    }
}

impl Sources<'_> {
    /// What everyone did on these days, on two processors if there is enough of it.
    fn rows_of(self, days: RangeInclusive<i64>) -> BTreeMap<i64, Vec<Row>> {
        let count = self.people.count;
        if count < USERS_A_THREAD {
            return self.rows_of_users(0..count, &days);
        }
        std::thread::scope(|scope| {
            let (half, days) = (count / 2, &days);
            let other = scope.spawn(move || self.rows_of_users(half..count, days));
            let mut rows = self.rows_of_users(0..half, days);
            match other.join() {
                Ok(more) => {
                    for (day, more) in more {
                        rows.entry(day).or_default().extend(more);
                    }
                }
                Err(panic) => std::panic::resume_unwind(panic),
            }
            rows
        })
    }

    fn rows_of_users(
        self,
        users: std::ops::Range<u32>,
        days: &RangeInclusive<i64>,
    ) -> BTreeMap<i64, Vec<Row>> {
        let mut by_day: BTreeMap<i64, Vec<Row>> = BTreeMap::new();
        let mut found = Vec::new();
        for user in users {
            // East of Greenwich the local day after a UTC day begins within it.
            let ahead = i64::from(self.histories.offset_min(self.people, user) > 0);
            let local = days.start() + ahead..=days.end() + ahead;
            found.clear();
            self.histories.on_days(self.people, user, local, |items| {
                self.rule.tally(user, items, &mut found);
            });
            for (day, row) in &found {
                by_day.entry(*day).or_default().push(*row);
            }
        }
        by_day
    }
}

impl Licenses {
    fn of(people: &People) -> Self {
        let held = |user: u32| {
            let Some(life) = people.life(user) else {
                return vec![(i64::MIN, people.is_licensed_at(user, i64::MIN))];
            };
            let days = life
                .events()
                .iter()
                .map(|(at_ms, _)| at_ms.div_euclid(DAY_MS));
            let changes = days.map(|day| (day, life.at(end_ms(day)).license.is_assigned()));
            let first = (i64::MIN, life.at(i64::MIN).license.is_assigned());
            let mut held: Vec<(i64, bool)> = std::iter::once(first).chain(changes).collect();
            held.dedup_by_key(|(_, holds)| *holds);
            held
        };
        Self((0..people.count).map(held).collect())
    }

    fn at(&self, user: u32, day: i64) -> bool {
        let held = &self.0[user as usize];
        let now = held.iter().rfind(|(since, _)| *since <= day);
        now.is_some_and(|(_, holds)| *holds)
    }

    fn count(&self, day: i64, rows: &[Row]) -> Counts {
        let users = 0..self.0.len() as u32;
        let mut counts = Counts {
            enabled: users.filter(|user| self.at(*user, day)).count() as u64,
            ..Counts::default()
        };
        for row in rows.iter().filter(|row| self.at(row.user, day)) {
            for app in UsageApp::ALL {
                counts.active[app as usize] += u64::from(row.apps.meets(app.made_of()));
            }
            counts.prompts += u64::from(row.prompts);
        }
        counts
    }
}
