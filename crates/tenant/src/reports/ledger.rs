//! Everything that the reports of one refresh date say about each user.

use crate::reports::apps::{Apps, BITS, UsageApp};
use crate::reports::sheet::{Row, Sheet};

/// The periods in which prompts are counted, in days: those of version 2.
const COUNTED: [u16; 4] = [7, 28, 90, 180];

/// What a user did in a period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) prompts: u32,
    pub(crate) chat_work: u32,
    pub(crate) chat_web: u32,
    pub(crate) active_days: u16,
}

/// What a user did until the refresh date.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    /// The last day of each app: days after the first of all, plus one; 0 for never.
    last: [u16; BITS],
    sums: [Sums; COUNTED.len()],
}

/// The reports' refresh date, and what is true of each user at its end.
#[derive(Debug)]
pub(crate) struct Ledger {
    pub(crate) refresh: i64,
    /// The first day that anyone can have done anything.
    first: i64,
    usage: Vec<Usage>,
    /// Who held a license at the end of the refresh date, in order: the users that the reports are about.
    pub(crate) enabled: Vec<u32>,
}

impl Ledger {
    /// Folds the sheets until the refresh date, the oldest first.
    pub(crate) fn of<'a>(
        refresh: i64,
        first: i64,
        users: u32,
        enabled: Vec<u32>,
        sheets: impl Iterator<Item = (i64, &'a Sheet)>,
    ) -> Self {
        let mut usage = vec![Usage::default(); users as usize];
        for (day, sheet) in sheets.filter(|(day, _)| *day <= refresh) {
            let stamp = u16::try_from(day - first + 1).unwrap_or(u16::MAX);
            let counted = COUNTED.map(|period| day > refresh - i64::from(period));
            for row in sheet.rows() {
                usage[row.user as usize].add(row, stamp, counted);
            }
        }
        Self {
            refresh,
            first,
            usage,
            enabled,
        }
    }

    /// The last day of an app until the refresh date, however long ago and whatever the period: Microsoft's own example
    /// of a report over 7 days shows a last activity five months back.
    pub(crate) fn last_day(&self, user: u32, app: UsageApp) -> Option<i64> {
        let last = self.usage[user as usize].last(app.made_of());
        (last > 0).then(|| self.first + i64::from(last) - 1)
    }

    /// Whether the app was used in the period that ends with the refresh date.
    pub(crate) fn active(&self, user: u32, app: UsageApp, period: u16) -> bool {
        self.last_day(user, app)
            .is_some_and(|day| day > self.refresh - i64::from(period))
    }

    /// What a user did in a period of version 2; nothing in any other.
    pub(crate) fn sums(&self, user: u32, period: u16) -> Sums {
        let place = COUNTED.iter().position(|known| *known == period);
        place.map_or(Sums::default(), |place| {
            self.usage[user as usize].sums[place]
        })
    }
}

impl Usage {
    fn add(&mut self, row: &Row, stamp: u16, counted: [bool; COUNTED.len()]) {
        for bit in row.apps.bits() {
            self.last[bit] = stamp;
        }
        for (sums, _) in self
            .sums
            .iter_mut()
            .zip(counted)
            .filter(|(_, counted)| *counted)
        {
            sums.prompts += row.prompts;
            sums.chat_work += row.chat_work;
            sums.chat_web += row.chat_web;
            sums.active_days += 1;
        }
    }

    fn last(&self, apps: Apps) -> u16 {
        apps.bits().map(|bit| self.last[bit]).max().unwrap_or(0)
    }
}
