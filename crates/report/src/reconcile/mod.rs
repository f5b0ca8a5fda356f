//! Microsoft's usage report beside the interactions: `hobbs reconcile`, and the part of the report
//! that says the same.
//!
//! What counts as which reason is decided in [`hobbs_reconcile`]; here it is asked of the lake, one
//! user after the other, and printed. The figures hold the counts over all lines, and of the lines themselves
//! those that differ, up to [`LINES_MAX`]; who wants every line takes the JSON or the CSV of
//! `hobbs reconcile`, which are written as the lines come.

mod answers;
mod files;
mod known;
mod sides;
mod walk;

use hobbs_reconcile::days::Tally;
use hobbs_reconcile::{Code, Figures, Line};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::error::ReportError;
use crate::source::{Source, SourceError};
use crate::words::{percent, plural, thousands};

pub(crate) use answers::LicenseHistory;
pub use files::{LINE_COLUMNS, write_csv, write_json};
pub(crate) use files::{LineCell, line_cells};
pub(crate) use known::spans;

/// Lines that differ, in the figures at most.
pub const LINES_MAX: usize = 20_000;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// One tenant; None: the one whose report is the newest.
    pub tenant_id: Option<String>,
    /// Object ids of users; empty means every user.
    pub users: Vec<String>,
    /// The report with the smallest period of at least so many days is taken.
    pub days: u32,
}

impl Default for Query {
    /// Everybody, over 28 days.
    fn default() -> Self {
        Query {
            tenant_id: None,
            users: Vec::new(),
            days: 28,
        }
    }
}

/// Figures, or why there are none.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Answer<T> {
    /// These.
    Here(Box<T>),
    /// None, and what to do about it.
    Missing {
        /// In words.
        missing: String,
    },
}

impl<T> Answer<T> {
    pub(crate) fn missing(why: impl Into<String>) -> Self {
        Answer::Missing {
            missing: why.into(),
        }
    }

    /// The figures, where there are any.
    pub fn here(&self) -> Option<&T> {
        match self {
            Answer::Here(figures) => Some(figures),
            Answer::Missing { .. } => None,
        }
    }

    /// Why there are none, where there are none.
    pub fn why_missing(&self) -> Option<&str> {
        match self {
            Answer::Here(_) => None,
            Answer::Missing { missing } => Some(missing),
        }
    }
}

/// The version of the JSON's shape.
pub const VERSION: u32 = 1;

/// The figures of one reconciliation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reconciliation {
    /// [`VERSION`].
    pub version: u32,
    /// When it was made.
    pub generated_at: Timestamp,
    /// Whose report it is; of several tenants in a lake the one with the newest report.
    pub tenant_id: Option<String>,
    /// The last UTC day that Microsoft's report covers.
    pub report_refresh_date: Date,
    /// Days of its period, which ends with that day.
    pub report_period: u32,
    /// `v1` or `v2`.
    pub report_version: String,
    /// The first UTC day of the period.
    pub period_from: Date,
    /// Interactions of the lake that no exchange is derived from yet: they are not counted here.
    pub not_judged: u64,
    /// The sentence that leads.
    pub headline_says: String,
    /// What to do where the report hides names; None where it does not.
    pub concealed_says: Option<String>,
    /// The counts over all lines.
    #[serde(flatten)]
    pub figures: Figures,
    /// Microsoft's counts without names beside ours.
    pub apps: Vec<SideBySide>,
    /// The same by UTC day, over all apps.
    pub days: Vec<DayBySide>,
    /// The lines that differ: the unexplained first, then by user, all apps before each app. At most
    /// [`LINES_MAX`].
    pub differences: Vec<Line>,
    /// Lines that differ and are not among these.
    pub differences_left_out: u64,
}

impl Reconciliation {
    /// The lines that nothing explains, as far as they are among the differences.
    pub fn unexplained(&self) -> impl Iterator<Item = &Line> {
        self.differences
            .iter()
            .filter(|line| line.reason == Code::Unexplained)
    }

    /// What a list of so many differences leaves out.
    pub(crate) fn beyond(&self, shown: usize) -> u64 {
        (self.differences.len().saturating_sub(shown)) as u64 + self.differences_left_out
    }

    /// What is compared, in words.
    pub(crate) fn about(&self) -> String {
        format!(
            "Microsoft's usage report ({}, {} days, {} to {}) beside the interactions; days are UTC days",
            self.report_version, self.report_period, self.period_from, self.report_refresh_date
        )
    }

    /// Lines by reason, those that occur, in the order of [`Code::ALL`], with users.
    pub(crate) fn reasons(&self) -> impl Iterator<Item = (Code, u64, u64)> + '_ {
        Code::ALL.into_iter().filter_map(|code| {
            let of = |counts: &std::collections::BTreeMap<Code, u64>| {
                counts.get(&code).copied().unwrap_or(0)
            };
            let (lines, users) = (of(&self.figures.reasons), of(&self.figures.users_by_reason));
            (lines + users > 0).then_some((code, lines, users))
        })
    }
}

/// One app: Microsoft's counts, which need no names, and ours.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SideBySide {
    /// The column.
    pub app: String,
    /// Users who can use it, as Microsoft says.
    pub microsoft_enabled: Option<u64>,
    /// Users whom Microsoft calls active in the period.
    pub microsoft_active: Option<u64>,
    /// Prompts that Microsoft counts.
    pub microsoft_prompts: Option<u64>,
    /// Users with any interaction here in the period.
    pub users_any: u64,
    /// Users who typed or clicked here.
    pub users_asked: u64,
    /// Exchanges here in the period.
    #[serde(flatten)]
    pub exchanges: Tally,
}

/// One UTC day over all apps.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DayBySide {
    /// The day.
    pub day: Date,
    /// Users whom Microsoft calls active.
    pub microsoft_active: Option<u64>,
    /// Prompts that Microsoft counts.
    pub microsoft_prompts: Option<u64>,
    /// Users with any interaction here.
    pub users_any: u64,
    /// Users who typed or clicked here.
    pub users_asked: u64,
    /// Exchanges typed or clicked here.
    pub asked: u64,
}

/// Microsoft's newest report of the period asked beside the interactions, as of `now`.
///
/// Walks the users in parts: memory grows with [`LINES_MAX`], not with users or interactions.
pub async fn reconcile(
    source: &dyn Source,
    query: &Query,
    now: Timestamp,
) -> Result<Answer<Reconciliation>, SourceError> {
    match reconcile_each(source, query, now, &mut |_| Ok(())).await {
        Ok(answer) => Ok(answer),
        Err(ReportError::Source(error)) => Err(error),
        Err(other) => Err(SourceError::lake(other)),
    }
}

/// The same; each line, also where nothing differs, goes to `each` as it is known, in the order of
/// the users' ids.
pub async fn reconcile_each(
    source: &dyn Source,
    query: &Query,
    now: Timestamp,
    each: &mut (dyn FnMut(&Line) -> Result<(), ReportError> + Send),
) -> Result<Answer<Reconciliation>, ReportError> {
    walk::reconcile(source, query, now, each).await
}

/// Why nobody can be named, and what to do.
pub(crate) const CONCEALED: &str = "Microsoft's reports hide the names of users in this tenant, so nobody can be compared one by one. To show them: in the Microsoft 365 admin center, Settings, Org settings, Services, Reports, clear \"Display concealed user, group, and site names in all reports\", and sync again after a day. The counts that need no names stand here side by side.";

/// The sentence that leads.
pub(crate) fn headline(figures: &Figures) -> String {
    let of = &figures.headline;
    if of.active == 0 {
        return match figures.users_concealed {
            0 => "Microsoft calls nobody active in this period.".to_owned(),
            _ => "Whom Microsoft calls active cannot be said by name: the report hides names."
                .to_owned(),
        };
    }
    let part = |users: u64| format!("{} ({})", thousands(users), percent(users, of.active));
    let mut text = format!(
        "Of the {} {} whom Microsoft calls active, {} typed anything",
        thousands(of.active),
        plural(of.active, "user", "users"),
        part(of.typed),
    );
    if of.typed > 0 {
        text.push_str(&format!(" (at the median {})", of.typed_median));
    }
    text.push_str(&format!(
        "; {} only pressed ready-made prompts, {} had automatic exchanges alone",
        part(of.clicked_only),
        part(of.automatic_only)
    ));
    if of.undecided > 0 {
        text.push_str(&format!(
            ", {} had exchanges of which nothing tells who asked",
            part(of.undecided)
        ));
    }
    text.push_str(&format!(", {} have nothing here", part(of.nothing)));
    let why: Vec<String> = of
        .nothing_by_reason
        .iter()
        .map(|(code, users)| format!("{} {}", thousands(*users), code.id()))
        .collect();
    if !why.is_empty() {
        text.push_str(&format!(": {}", why.join(", ")));
    }
    text.push('.');
    text
}
