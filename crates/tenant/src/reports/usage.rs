//! The truth beside the reports: what each user did in each app, by who made it, and what Microsoft shows of it.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::population::people::Access;
use crate::reports::apps::UsageApp;
use crate::reports::deeds::Kind;

/// What is true of a user's use of Copilot at some time, and what Microsoft's reports say of it then.
#[derive(Debug, Clone, PartialEq)]
pub struct TrueUsage {
    /// Place in the directory, from 0.
    pub index: u32,
    /// Object id.
    pub user_id: String,
    /// `userPrincipalName`.
    pub user_principal_name: String,
    /// What the reports show in place of `userPrincipalName` where names are concealed.
    pub concealed_name: String,
    /// The reports' refresh date.
    pub refresh_date: Date,
    /// Whether the reports have this user: a license is assigned at the end of the refresh date.
    pub reported: bool,
    /// Whether they are in the directory.
    pub exists: bool,
    /// Whether their history can be read.
    pub access: Access,
    /// When it could not be read, until then, in the order of time.
    pub barred: Vec<Barred>,
    /// What they did in apps that the reports have no column for; `shown` is never.
    pub elsewhere: TrueApp,
    /// UTC days until then on which something happened in such apps alone.
    pub days_elsewhere_only: Vec<Date>,
    /// What the reports count in the 7, 28, 30, 90 and 180 days that end with the refresh date.
    pub periods: Vec<TruePeriod>,
    pub(crate) apps: BTreeMap<UsageApp, TrueApp>,
}

/// A time in which a user's history could not be read, UTC milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Barred {
    /// Its beginning; from the first on where None.
    pub from_ms: Option<i64>,
    /// Its end, the first moment after it; still so where None.
    pub until_ms: Option<i64>,
    /// Why.
    pub access: Access,
}

/// A user and an app.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TrueApp {
    /// The last activity date that the reports have, or would have if the user were in them.
    pub shown: Option<Date>,
    /// What happened until the end of the refresh date.
    pub until_refresh: LastDays,
    /// What happened until now, as far as it can be seen.
    pub until_now: LastDays,
}

/// The last UTC day of each kind of thing. The day of an exchange is that of its prompt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LastDays {
    /// A person wrote.
    pub typed: Option<Date>,
    /// A person pressed a ready-made prompt.
    pub clicked: Option<Date>,
    /// It happened of itself, and somebody viewed it: Microsoft counts it.
    pub viewed: Option<Date>,
    /// It happened of itself, and nobody viewed it: Microsoft does not.
    pub unviewed: Option<Date>,
    /// The service, administration, noise, or an answer whose prompt is gone: never counted.
    pub uncounted: Option<Date>,
}

/// What the reports count in a period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TruePeriod {
    /// How many days it has.
    pub days: u16,
    /// Prompts submitted: typed, pressed, and automatic ones that were viewed, in apps with a column.
    pub prompts: u64,
    /// Of these, in Copilot Chat (work).
    pub chat_work_prompts: u64,
    /// Of these, in Copilot Chat (web).
    pub chat_web_prompts: u64,
    /// Of the prompts, those that a person wrote.
    pub typed_prompts: u64,
    /// Days with a prompt.
    pub active_days: u64,
}

/// Why Microsoft's last activity date and what the history says are the same or differ, as far as the tenant alone
/// knows: a reader besides has gaps and windows of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TrueReason {
    /// A person typed on the day that the report shows, or it shows none and there is none.
    Same,
    /// Something happened after the refresh date.
    ReportNotRefreshed,
    /// The report's day rests on automatic insights alone, or it lacks a later day that does.
    AutomaticOnly,
    /// On the report's day somebody pressed something and nobody typed.
    ClickedOnly,
    /// The user is not in the report since no license is assigned, or their history can never be read.
    LicenseMissing,
    /// The latest of it happened in an app that the report has no column for.
    AppWithoutColumn,
}

impl TrueUsage {
    /// What is true of one app.
    pub fn app(&self, app: UsageApp) -> TrueApp {
        self.apps.get(&app).copied().unwrap_or_default()
    }

    /// What is true of a period of 7, 28, 30, 90 or 180 days.
    pub fn period(&self, days: u16) -> Option<TruePeriod> {
        self.periods
            .iter()
            .find(|period| period.days == days)
            .copied()
    }

    /// Whether the history could be read at any time until now.
    pub fn ever_readable(&self) -> bool {
        let always = |span: &Barred| span.from_ms.is_none() && span.until_ms.is_none();
        !self.barred.iter().any(always)
    }

    /// How the report's date of an app compares with all that happened until now. The first of these that is true:
    /// the license is missing, the report is not refreshed, and then as [`TrueUsage::reason_at_refresh`]. None for
    /// apps that no class of the history tells of.
    pub fn reason(&self, app: UsageApp) -> Option<TrueReason> {
        let at_refresh = self.reason_at_refresh(app)?;
        let later = self.app(app).until_now.acted() > Some(self.refresh_date);
        Some(match at_refresh {
            TrueReason::LicenseMissing => at_refresh,
            _ if later => TrueReason::ReportNotRefreshed,
            _ => at_refresh,
        })
    }

    /// The same with what happened until the end of the refresh date alone.
    pub fn reason_at_refresh(&self, app: UsageApp) -> Option<TrueReason> {
        if !app.in_history() {
            return None;
        }
        if !self.reported || !self.ever_readable() {
            return Some(TrueReason::LicenseMissing);
        }
        let TrueApp {
            shown,
            until_refresh: known,
            ..
        } = self.app(app);
        let elsewhere = self.elsewhere.until_refresh.acted();
        Some(
            if app == UsageApp::AnyApp && elsewhere > known.acted().max(shown) {
                TrueReason::AppWithoutColumn
            } else if known.unviewed > shown {
                TrueReason::AutomaticOnly
            } else if shown == known.typed {
                TrueReason::Same
            } else if shown == known.clicked {
                TrueReason::ClickedOnly
            } else {
                TrueReason::AutomaticOnly
            },
        )
    }
}

impl LastDays {
    /// The last day on which anything but noise and the service's own doings happened, viewed or not.
    pub fn acted(&self) -> Option<Date> {
        self.counted().max(self.unviewed)
    }

    /// The last day that Microsoft counts.
    pub fn counted(&self) -> Option<Date> {
        self.typed.max(self.clicked).max(self.viewed)
    }

    pub(crate) fn note(&mut self, kind: Kind, day: Date) {
        let last = match kind {
            Kind::Typed => &mut self.typed,
            Kind::Clicked => &mut self.clicked,
            Kind::Viewed => &mut self.viewed,
            Kind::Unviewed => &mut self.unviewed,
            Kind::Uncounted => &mut self.uncounted,
        };
        *last = (*last).max(Some(day));
    }
}
