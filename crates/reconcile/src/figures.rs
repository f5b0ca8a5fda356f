//! All users together.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::columns::{COLUMNS, Feeds};
use crate::days::Tally;
use crate::facts::{Asked, UserFacts};
use crate::line::Line;
use crate::reason::Code;

/// The counts over all lines, gathered user by user.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Figures {
    /// Users with a row in the report.
    pub users_in_report: u64,
    /// Users without one who have something here.
    pub users_not_in_report: u64,
    /// Users whose row could not be set beside anybody.
    pub users_concealed: u64,
    /// What those did whom Microsoft calls active.
    pub headline: Headline,
    /// Lines by the reason that leads; every code is there.
    pub reasons: BTreeMap<Code, u64>,
    /// The same of the lines of all apps together, so that each user counts once.
    pub users_by_reason: BTreeMap<Code, u64>,
    /// By column, in the report's order: lines by the reason that leads.
    pub columns: Vec<ColumnFigures>,
    /// Lines.
    pub lines: u64,
}

/// One column.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ColumnFigures {
    /// Its name.
    pub column: String,
    /// Users whom Microsoft calls active in it: with a last activity date in the period.
    pub users_microsoft: u64,
    /// Users with any interaction here in the period, whether the report names them or not.
    pub users_any: u64,
    /// Users who typed or clicked here in the period.
    pub users_asked: u64,
    /// Exchanges here in the period.
    pub exchanges: Tally,
    /// Its lines by the reason that leads.
    pub reasons: BTreeMap<Code, u64>,
}

/// Of the users whom Microsoft calls active: with a last activity date in the period.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Headline {
    /// How many they are.
    pub active: u64,
    /// Typed at least once in the period.
    pub typed: u64,
    /// Typed nothing and pressed ready-made prompts.
    pub clicked_only: u64,
    /// Neither, and have exchanges that no accepted rule explains: they may have asked.
    pub undecided: u64,
    /// Automatic exchanges alone.
    pub automatic_only: u64,
    /// Nothing here that may count.
    pub nothing: u64,
    /// Why there is nothing, by the reason that leads in the line of all apps.
    pub nothing_by_reason: BTreeMap<Code, u64>,
    /// Of those who typed: the median of their typed exchanges in the period.
    pub typed_median: f64,
    /// The active users by how often they typed in the period.
    pub typed_distribution: Vec<Step>,
    #[serde(skip)]
    typed_counts: BTreeMap<u64, u64>,
}

/// Users by how often they typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// At least so often.
    pub from: u64,
    /// At most so often; None: without a bound.
    pub to: Option<u64>,
    /// How many users.
    pub users: u64,
}

impl Step {
    /// The step in words: `2 to 4`.
    pub fn name(&self) -> String {
        match self.to {
            Some(to) if to == self.from => format!("{to}"),
            Some(to) => format!("{} to {to}", self.from),
            None => format!("{} and more", self.from),
        }
    }
}

/// The first counts of the steps.
const STEPS: [u64; 8] = [0, 1, 2, 5, 10, 20, 50, 100];

/// What a user did in the period, by what speaks loudest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// Typed at least once.
    Typed,
    /// Pressed ready-made prompts alone.
    Clicked,
    /// Exchanges that no accepted rule explains.
    Undecided,
    /// Automatic ones alone.
    Automatic,
    /// Nothing that may count.
    Nothing,
}

impl Figures {
    /// Adds a user's lines, in the order of [`crate::line::lines`].
    pub fn add(&mut self, facts: &UserFacts, asked: &Asked, lines: &[Line]) {
        self.add_use(facts, asked);
        let Some(all) = lines.first() else { return };
        match &facts.report {
            Some(row) => {
                self.users_in_report += 1;
                if row.last().is_some_and(|last| asked.holds(last)) {
                    self.headline.add(all);
                }
            }
            None => self.users_not_in_report += 1,
        }
        for line in lines {
            self.lines += 1;
            *self.reasons.entry(line.reason).or_default() += 1;
            if line.is_all() {
                *self.users_by_reason.entry(line.reason).or_default() += 1;
            }
            let column = self.column(&line.column);
            let active = line
                .microsoft
                .last_activity
                .is_some_and(|last| asked.holds(last));
            column.users_microsoft += u64::from(active);
            *column.reasons.entry(line.reason).or_default() += 1;
        }
    }

    /// What the user did here, by column: this needs no name.
    fn add_use(&mut self, facts: &UserFacts, asked: &Asked) {
        for column in COLUMNS
            .iter()
            .filter(|column| column.feeds != Feeds::Nothing && (asked.v2 || !column.v2))
        {
            let all = column.feeds == Feeds::AllApps;
            let mut own = Tally::default();
            for (_, days) in facts
                .classes
                .iter()
                .filter(|(class, _)| all || column.is_fed_by(class))
            {
                for entry in days.iter().filter(|entry| asked.holds(entry.day)) {
                    own.add(&entry.tally);
                }
            }
            if own.total() > 0 {
                let column = self.column(&column.name);
                column.users_any += 1;
                column.users_asked += u64::from(own.asked() > 0);
                column.exchanges.add(&own);
            }
        }
    }

    /// Counts users whose row could not be set beside anybody, since the report hides names.
    pub fn add_concealed(&mut self, users: u64) {
        self.users_in_report += users;
        self.users_concealed += users;
        *self.users_by_reason.entry(Code::Concealed).or_default() += users;
    }

    /// Brings median, steps and columns into their last form.
    pub fn finish(&mut self) {
        self.headline.finish();
        for code in Code::ALL {
            self.reasons.entry(code).or_default();
            self.users_by_reason.entry(code).or_default();
        }
        let place = |name: &str| {
            let known = crate::columns::COLUMNS
                .iter()
                .position(|column| column.name == name);
            known.unwrap_or(usize::MAX)
        };
        self.columns.sort_by(|a, b| {
            place(&a.column)
                .cmp(&place(&b.column))
                .then_with(|| a.column.cmp(&b.column))
        });
    }

    /// Lines that no reason explains.
    pub fn unexplained(&self) -> u64 {
        self.reasons.get(&Code::Unexplained).copied().unwrap_or(0)
    }

    fn column(&mut self, name: &str) -> &mut ColumnFigures {
        let at = self.columns.iter().position(|column| column.column == name);
        let at = at.unwrap_or_else(|| {
            self.columns.push(ColumnFigures {
                column: name.to_owned(),
                ..ColumnFigures::default()
            });
            self.columns.len() - 1
        });
        &mut self.columns[at]
    }
}

impl Activity {
    /// Of the line of all apps together.
    pub fn of(all: &Line) -> Activity {
        let own = &all.ours.exchanges;
        match () {
            () if own.typed > 0 => Activity::Typed,
            () if own.clicked > 0 => Activity::Clicked,
            () if own.unknown > 0 => Activity::Undecided,
            () if own.automatic > 0 => Activity::Automatic,
            () => Activity::Nothing,
        }
    }
}

impl Headline {
    fn add(&mut self, all: &Line) {
        self.active += 1;
        match Activity::of(all) {
            Activity::Typed => self.typed += 1,
            Activity::Clicked => self.clicked_only += 1,
            Activity::Undecided => self.undecided += 1,
            Activity::Automatic => self.automatic_only += 1,
            Activity::Nothing => {
                self.nothing += 1;
                *self.nothing_by_reason.entry(all.reason).or_default() += 1;
            }
        }
        *self
            .typed_counts
            .entry(all.ours.exchanges.typed)
            .or_default() += 1;
    }

    fn finish(&mut self) {
        self.typed_median = self.median();
        self.typed_distribution = STEPS
            .iter()
            .enumerate()
            .map(|(at, from)| {
                let next = STEPS.get(at + 1).copied();
                let inside = self.typed_counts.range(*from..next.unwrap_or(u64::MAX));
                Step {
                    from: *from,
                    to: next.map(|next| next - 1),
                    users: inside.map(|(_, users)| users).sum(),
                }
            })
            .collect();
    }

    fn median(&self) -> f64 {
        let nth = |wanted: u64| {
            let mut passed = 0;
            let mut counts = self.typed_counts.iter().filter(|(typed, _)| **typed > 0);
            counts
                .find(|(_, users)| {
                    passed += **users;
                    passed > wanted
                })
                .map_or(0, |(typed, _)| *typed)
        };
        match self.typed {
            0 => 0.0,
            n => (nth((n - 1) / 2) + nth(n / 2)) as f64 / 2.0,
        }
    }
}
