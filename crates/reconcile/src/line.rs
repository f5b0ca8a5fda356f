//! One user in one column of the report: both sides, and why they differ.

use jiff::civil::Date;
use serde::Serialize;

use crate::columns::{ALL_APPS, COLUMNS, Column, Feeds};
use crate::counts::{self, Unit};
use crate::dates;
use crate::days::Tally;
use crate::facts::{Asked, Seen, UserFacts};
use crate::reason::{Code, Gap, Reason, ordered};

/// What Microsoft says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Theirs {
    /// The last activity date.
    pub last_activity: Option<Date>,
    /// Prompts submitted in the period, where the report tells it.
    pub prompts: Option<u64>,
    /// Active usage days in the period, where the report tells them.
    pub active_days: Option<u64>,
}

/// What the interactions say. Last days are of all time, after the refresh too; counts are of the
/// report's period. Days are UTC days.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Ours {
    /// The last day of any interaction.
    pub last_any: Option<Date>,
    /// The last day with a typed exchange.
    pub last_typed: Option<Date>,
    /// The last day with a clicked exchange.
    pub last_clicked: Option<Date>,
    /// The last day with an automatic exchange.
    pub last_automatic: Option<Date>,
    /// The last day with an exchange of the system, or noise.
    pub last_system_or_noise: Option<Date>,
    /// Exchanges in the period.
    #[serde(flatten)]
    pub exchanges: Tally,
    /// Days of the period with an exchange that somebody typed or clicked.
    pub days_asked: u64,
    /// Days of the period with any interaction.
    pub days_any: u64,
}

impl Ours {
    fn of(seen: &[&Seen], asked: &Asked) -> Ours {
        let mut days = crate::days::Calendar::default();
        for seen in seen {
            for (day, tally) in seen.utc.between(Date::MIN, Date::MAX) {
                days.add(day, &tally);
            }
        }
        let mut ours = Ours {
            last_any: days.last(|tally| tally.total() > 0),
            last_typed: days.last(|tally| tally.typed > 0),
            last_clicked: days.last(|tally| tally.clicked > 0),
            last_automatic: days.last(|tally| tally.automatic > 0),
            last_system_or_noise: days.last(|tally| tally.system_or_noise > 0),
            ..Ours::default()
        };
        for (_, tally) in days.between(asked.first(), asked.refreshed) {
            ours.exchanges.add(&tally);
            ours.days_asked += u64::from(tally.asked() > 0);
            ours.days_any += u64::from(tally.total() > 0);
        }
        ours
    }
}

/// One user in one column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The Entra object id; empty where the report's name belongs to nobody known.
    pub user_id: String,
    /// The name.
    pub user_principal_name: Option<String>,
    /// The report has a row for the user.
    pub in_report: bool,
    /// The column.
    pub column: String,
    /// What Microsoft says.
    pub microsoft: Theirs,
    /// What the interactions say.
    pub ours: Ours,
    /// The reason that leads.
    pub reason: Code,
    /// The others that the difference needs.
    pub also: Vec<Code>,
    /// The stretch of time that proves the reason, where one does.
    pub gap: Option<Gap>,
    /// The reasons in plain words.
    pub says: String,
}

impl Line {
    fn new(
        facts: &UserFacts,
        column: &str,
        microsoft: Theirs,
        ours: Ours,
        reasons: Vec<Reason>,
    ) -> Line {
        let reasons = ordered(reasons);
        let sentences: Vec<String> = reasons.iter().map(Reason::sentence).collect();
        Line {
            user_id: facts.user_id.clone(),
            user_principal_name: facts.user_principal_name.clone(),
            in_report: facts.report.is_some(),
            column: column.to_owned(),
            microsoft,
            ours,
            reason: reasons[0].code(),
            also: reasons[1..].iter().map(Reason::code).collect(),
            gap: reasons.iter().find_map(Reason::gap).cloned(),
            says: sentences.join(" "),
        }
    }

    /// How the user is named: the principal name, or the id where none is known.
    pub fn user(&self) -> &str {
        self.user_principal_name.as_deref().unwrap_or(&self.user_id)
    }

    /// Whether this is the line of all apps together.
    pub fn is_all(&self) -> bool {
        self.column == ALL_APPS
    }
}

/// The lines of one user: all apps first, then each column in which either side has anything. A
/// user of whom neither has anything has the line of all apps alone, if the report has a row.
pub fn lines(facts: &UserFacts, asked: &Asked) -> Vec<Line> {
    let Some(row) = &facts.report else {
        return not_in_report(facts, asked).into_iter().collect();
    };
    let shown = |column: &&Column| asked.v2 || !column.v2;
    let has_column = |class: &str| row.columns().any(|(column, _)| column.is_fed_by(class));
    let (with, without) = (
        facts.seen(has_column),
        facts.seen(|class| !has_column(class)),
    );
    let mut reasons = dates::of_all(facts, asked, &with, &without);
    for (unit, count) in [(Unit::Prompts, row.prompts), (Unit::Days, row.active_days)] {
        let Some(count) = count else { continue };
        reasons.extend(counts::of(
            facts,
            asked,
            unit,
            count,
            (&with, &has_column),
            Some(&without),
        ));
    }
    let theirs = Theirs {
        last_activity: row.last(),
        prompts: row.prompts,
        active_days: row.active_days,
    };
    let mut lines = vec![Line::new(
        facts,
        ALL_APPS,
        theirs,
        Ours::of(&[&with, &without], asked),
        reasons,
    )];

    let known = COLUMNS.iter().zip(row.dates).skip(1);
    let other = row.other.iter().map(|(column, date)| (column, *date));
    for (column, date) in known.chain(other).filter(|(column, _)| shown(column)) {
        lines.extend(in_column(facts, asked, column, date));
    }
    lines
}

fn in_column(
    facts: &UserFacts,
    asked: &Asked,
    column: &Column,
    date: Option<Date>,
) -> Option<Line> {
    let row = facts.report.as_ref()?;
    let prompts = match column.lake {
        Some("copilot_chat_work_last_activity_date") => row.prompts_work,
        Some("copilot_chat_web_last_activity_date") => row.prompts_web,
        _ => None,
    };
    let feeds = |class: &str| column.is_fed_by(class);
    let seen = facts.seen(feeds);
    let ours = Ours::of(&[&seen], asked);
    if date.is_none() && ours.last_any.is_none() && prompts.unwrap_or(0) == 0 {
        return None;
    }
    let mut reasons = dates::of_column(facts, asked, column, date, &seen);
    if let Some(count) = prompts.filter(|_| column.feeds != Feeds::Nothing) {
        reasons.extend(counts::of(
            facts,
            asked,
            Unit::Prompts,
            count,
            (&seen, &feeds),
            None,
        ));
    }
    let theirs = Theirs {
        last_activity: date,
        prompts,
        active_days: None,
    };
    Some(Line::new(facts, &column.name, theirs, ours, reasons))
}

/// One line for who has something here in or after the period and no row in the report.
fn not_in_report(facts: &UserFacts, asked: &Asked) -> Option<Line> {
    let seen = facts.seen(|_| true);
    let last = seen.utc.last(|tally| tally.countable() > 0);
    if last.is_none_or(|last| last < asked.first()) {
        return None;
    }
    let reasons = dates::of_all(facts, asked, &seen, &Seen::default());
    let ours = Ours::of(&[&seen], asked);
    Some(Line::new(facts, ALL_APPS, Theirs::default(), ours, reasons))
}
