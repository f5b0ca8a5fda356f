//! What the three reports say, cell by cell.

use crate::draw::hash;
use crate::reports::apps::UsageApp;
use crate::reports::columns::Column;
use crate::reports::ledger::Ledger;
use crate::reports::render::{Cell, Content};

/// Who somebody is, as a report shows it.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) user_principal_name: String,
    pub(crate) display_name: String,
}

/// A report's user, and how they are shown.
pub(crate) struct Reported {
    user: u32,
    shown: Shown,
}

/// The user detail: an entry for each user, a row for each period.
pub(crate) struct UserDetail<'a, S> {
    pub(crate) ledger: &'a Ledger,
    pub(crate) periods: Vec<u16>,
    /// How a user is shown.
    pub(crate) show: S,
}

/// The summary: one entry, a row for each period.
pub(crate) struct Summary {
    pub(crate) refresh: i64,
    pub(crate) periods: Vec<PeriodCounts>,
}

/// The trend: an entry for each period, a row for each of its days, the latest first.
pub(crate) struct Trend {
    pub(crate) refresh: i64,
    pub(crate) periods: Vec<u16>,
    /// The days back from the refresh date, as many as the longest period has.
    pub(crate) days: Vec<Counts>,
}

/// How many people could and did use each app, and how much they asked.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) enabled: u64,
    pub(crate) active: [u64; UsageApp::ALL.len()],
    pub(crate) prompts: u64,
}

/// The counts of a whole period.
pub(crate) struct PeriodCounts {
    days: u16,
    counts: Counts,
}

impl<S: Fn(u32) -> Shown> Content for UserDetail<'_, S> {
    type Entry = Reported;

    fn entries(&self) -> usize {
        self.ledger.enabled.len()
    }

    fn entry(&self, place: usize) -> Reported {
        let user = self.ledger.enabled[place];
        Reported {
            user,
            shown: (self.show)(user),
        }
    }

    fn rows(&self, _: &Reported) -> usize {
        self.periods.len()
    }

    fn cell<'a>(&'a self, entry: &'a Reported, row: usize, column: Column) -> Cell<'a> {
        let period = self.periods[row];
        let sums = self.ledger.sums(entry.user, period);
        match column {
            Column::UserPrincipalName => Cell::Text(&entry.shown.user_principal_name),
            Column::DisplayName => Cell::Text(&entry.shown.display_name),
            Column::LastActivity(app) => Cell::Day(self.ledger.last_day(entry.user, app)),
            Column::Period => Cell::Count(u64::from(period)),
            Column::Prompts => Cell::Count(u64::from(sums.prompts)),
            Column::ChatWorkPrompts => Cell::Count(u64::from(sums.chat_work)),
            Column::ChatWebPrompts => Cell::Count(u64::from(sums.chat_web)),
            Column::ActiveDays => Cell::Count(u64::from(sums.active_days)),
            Column::Whiteboard => Cell::Day(
                self.ledger
                    .last_day(entry.user, UsageApp::OneNote)
                    .filter(|_| entry.user.is_multiple_of(2)),
            ),
            other => about_nobody(other, self.ledger.refresh, u64::from(entry.user)),
        }
    }
}

impl Content for Summary {
    type Entry = ();

    fn entries(&self) -> usize {
        1
    }

    fn entry(&self, _: usize) {}

    fn rows(&self, (): &()) -> usize {
        self.periods.len()
    }

    fn cell(&self, (): &(), row: usize, column: Column) -> Cell<'static> {
        let period = &self.periods[row];
        match column {
            Column::Period => Cell::Count(u64::from(period.days)),
            Column::TotalPrompts => Cell::Count(period.counts.prompts),
            Column::AveragePrompts => {
                let active = period.counts.active[UsageApp::AnyApp as usize].max(1);
                Cell::Average(period.counts.prompts as f64 / active as f64)
            }
            other => period.counts.cell(other, self.refresh, row as u64),
        }
    }
}

impl PeriodCounts {
    /// The counts of a period over all users that the report is about.
    pub(crate) fn of(ledger: &Ledger, days: u16) -> Self {
        let mut counts = Counts {
            enabled: ledger.enabled.len() as u64,
            ..Counts::default()
        };
        for user in &ledger.enabled {
            for app in UsageApp::ALL {
                counts.active[app as usize] += u64::from(ledger.active(*user, app, days));
            }
            counts.prompts += u64::from(ledger.sums(*user, days).prompts);
        }
        Self { days, counts }
    }
}

impl Content for Trend {
    type Entry = u16;

    fn entries(&self) -> usize {
        self.periods.len()
    }

    fn entry(&self, place: usize) -> u16 {
        self.periods[place]
    }

    fn rows(&self, period: &u16) -> usize {
        usize::from(*period)
    }

    fn cell(&self, period: &u16, row: usize, column: Column) -> Cell<'static> {
        match column {
            Column::ReportDate => Cell::Day(Some(self.refresh - row as i64)),
            Column::Period => Cell::Count(u64::from(*period)),
            Column::PromptsOfDay => Cell::Count(self.days[row].prompts),
            other => self.days[row].cell(other, self.refresh, row as u64),
        }
    }
}

impl Counts {
    fn cell(&self, column: Column, refresh: i64, which: u64) -> Cell<'static> {
        match column {
            Column::Enabled(_) => Cell::Count(self.enabled),
            Column::Active(app) => Cell::Count(self.active[app as usize]),
            other => about_nobody(other, refresh, which),
        }
    }
}

/// What is the same whoever a row is about.
fn about_nobody(column: Column, refresh: i64, which: u64) -> Cell<'static> {
    const COLORS: [&str; 4] = ["teal", "blue, dark", "", "\"red\""];
    match column {
        Column::RefreshDate => Cell::Day(Some(refresh)),
        Column::FavoriteColor => Cell::Text(COLORS[(hash(&[which, 0xc0104]) % 4) as usize]),
        _ => Cell::Text(""),
    }
}
