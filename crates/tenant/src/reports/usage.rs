//! The truth beside the reports: what each user did in each app, by who made it, and what Microsoft shows of it.
//!
//! It is drawn from whole histories, not from the sheets that the reports are made of, so that each can prove the other.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::civil::Date;

use crate::population::item::{App, Item, Maker, Role};
use crate::population::people::Access;
use crate::reports::apps::UsageApp;
use crate::reports::refresh::{date_of, end_ms};
use crate::tenant::Tenant;
use crate::time::DAY_MS;

/// The periods that [`TrueUsage::periods`] tells of, in days: those of both versions.
const PERIODS: [u16; 5] = [7, 28, 30, 90, 180];

/// What is true of a user's use of Copilot at some time, and what Microsoft's reports say of it then.
#[derive(Debug, Clone, PartialEq)]
pub struct TrueUsage {
    /// Place in the directory, from 0.
    pub index: u32,
    /// Object id.
    pub user_id: String,
    /// `userPrincipalName`.
    pub user_principal_name: String,
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
    apps: BTreeMap<UsageApp, TrueApp>,
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

    /// The last day on which a person did something.
    pub fn by_hand(&self) -> Option<Date> {
        self.typed.max(self.clicked)
    }

    fn note(&mut self, kind: Kind, day: Date) {
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Typed,
    Clicked,
    Viewed,
    Unviewed,
    Uncounted,
}

/// Something that happened: an exchange, or a row of noise.
#[derive(Debug, Clone, Copy)]
struct Deed {
    app: App,
    kind: Kind,
    day: i64,
}

impl Deed {
    fn counts(&self) -> bool {
        matches!(self.kind, Kind::Typed | Kind::Clicked | Kind::Viewed)
    }
}

impl Tenant {
    /// What is true at a time (UTC milliseconds) of everyone who ever held a Copilot license until then, and what
    /// Microsoft's reports say of it. Lazy: one user's items are in memory at a time.
    pub fn usage_truth(&self, at_ms: i64) -> impl Iterator<Item = TrueUsage> + '_ {
        (0..self.people.count)
            .filter(move |user| {
                let mut moments = self.moments(*user, at_ms).into_iter();
                moments.any(|at_ms| self.people.is_licensed_at(*user, at_ms))
            })
            .map(move |user| self.usage_truth_of(user, at_ms))
    }

    /// The same of one user.
    pub fn usage_truth_of(&self, user: u32, at_ms: i64) -> TrueUsage {
        let refresh = self.refresh_day(at_ms);
        let deeds = self.deeds(user, at_ms);
        let person = self.people.person_at(user, at_ms);
        let (columned, elsewhere): (Vec<Deed>, Vec<Deed>) = deeds
            .iter()
            .partition(|deed| UsageApp::of(deed.app).is_some());
        let acts = |deeds: &[Deed]| -> BTreeSet<i64> {
            let acted = deeds.iter().filter(|deed| deed.kind != Kind::Uncounted);
            acted.map(|deed| deed.day).collect()
        };
        let days_elsewhere_only = &acts(&elsewhere) - &acts(&columned);
        TrueUsage {
            index: user,
            user_id: person.id,
            user_principal_name: person.upn,
            refresh_date: date_of(refresh),
            reported: self.people.is_licensed_at(user, end_ms(refresh)),
            exists: self.people.exists_at(user, at_ms),
            access: self.people.access_at(user, at_ms),
            barred: self.barred(user, at_ms),
            days_elsewhere_only: days_elsewhere_only.into_iter().map(date_of).collect(),
            elsewhere: TrueApp {
                shown: None,
                ..app_of(elsewhere.iter(), refresh)
            },
            periods: PERIODS
                .map(|days| period_of(&columned, refresh, days))
                .to_vec(),
            apps: self.apps_of(user, &columned, refresh),
        }
    }

    fn apps_of(&self, user: u32, columned: &[Deed], refresh: i64) -> BTreeMap<UsageApp, TrueApp> {
        let made_of = |deed: &Deed| UsageApp::of(deed.app).map(UsageApp::made_of);
        let of_app = |app: UsageApp| {
            let deeds = columned
                .iter()
                .filter(|deed| made_of(deed).is_some_and(|apps| apps.meets(app.made_of())));
            if app.in_history() {
                return app_of(deeds, refresh);
            }
            let seen = columned
                .iter()
                .filter(|deed| deed.counts() && deed.day <= refresh);
            let shown = seen
                .filter(|deed| {
                    made_of(deed).is_some_and(|apps| {
                        apps.with_unseen(self.options.seed, user, deed.day)
                            .meets(app.made_of())
                    })
                })
                .map(|deed| deed.day)
                .max();
            TrueApp {
                shown: shown.map(date_of),
                ..TrueApp::default()
            }
        };
        UsageApp::ALL.map(|app| (app, of_app(app))).into()
    }

    /// Everything that happened to a user and can be seen at a time.
    fn deeds(&self, user: u32, at_ms: i64) -> Vec<Deed> {
        let rule = self.counting_rule();
        let items = self.history_of(user, at_ms);
        let visible = items
            .iter()
            .filter(|item| item.created_ms <= at_ms && item.visible_ms <= at_ms);
        let mut deeds = Vec::new();
        let mut exchanges: HashMap<u64, &Item> = HashMap::new();
        for item in visible {
            if matches!(item.maker, Maker::Noise | Maker::System | Maker::Unknown) {
                deeds.push(Deed {
                    app: item.app,
                    kind: Kind::Uncounted,
                    day: item.created_ms.div_euclid(DAY_MS),
                });
            } else {
                let known = exchanges.entry(item.exchange).or_insert(item);
                if item.role == Role::Prompt {
                    *known = item;
                }
            }
        }
        deeds.extend(exchanges.into_values().map(|item| Deed {
            app: item.app,
            kind: match item.maker {
                Maker::Typed => Kind::Typed,
                Maker::Clicked => Kind::Clicked,
                _ if rule.viewed(user, item.exchange) => Kind::Viewed,
                _ => Kind::Unviewed,
            },
            day: item.created_ms.div_euclid(DAY_MS),
        }));
        deeds
    }

    /// The beginning, and every moment until then at which something changed for a user.
    fn moments(&self, user: u32, at_ms: i64) -> Vec<i64> {
        let mut moments = vec![i64::MIN];
        if let Some(life) = self.people.life(user) {
            let until = life.events().iter().map(|(event_ms, _)| *event_ms);
            moments.extend(until.filter(|event_ms| *event_ms <= at_ms));
        }
        moments.dedup();
        moments
    }

    fn barred(&self, user: u32, at_ms: i64) -> Vec<Barred> {
        let mut barred: Vec<Barred> = Vec::new();
        let mut before = Access::Readable;
        for moment in self.moments(user, at_ms) {
            let access = self.people.access_at(user, moment);
            if access == before {
                continue;
            }
            if before != Access::Readable
                && let Some(last) = barred.last_mut()
            {
                last.until_ms = Some(moment);
            }
            if access != Access::Readable {
                barred.push(Barred {
                    from_ms: Some(moment).filter(|moment| *moment > i64::MIN),
                    until_ms: None,
                    access,
                });
            }
            before = access;
        }
        barred
    }
}

fn app_of<'a>(deeds: impl Iterator<Item = &'a Deed>, refresh: i64) -> TrueApp {
    let mut app = TrueApp::default();
    for deed in deeds {
        let day = date_of(deed.day);
        app.until_now.note(deed.kind, day);
        if deed.day <= refresh {
            app.until_refresh.note(deed.kind, day);
        }
    }
    TrueApp {
        shown: app.until_refresh.counted(),
        ..app
    }
}

fn period_of(columned: &[Deed], refresh: i64, days: u16) -> TruePeriod {
    let within = refresh - i64::from(days) + 1..=refresh;
    let counted: Vec<&Deed> = columned
        .iter()
        .filter(|deed| deed.counts() && within.contains(&deed.day))
        .collect();
    let of = |test: &dyn Fn(&Deed) -> bool| counted.iter().filter(|deed| test(deed)).count() as u64;
    TruePeriod {
        days,
        prompts: counted.len() as u64,
        chat_work_prompts: of(&|deed| deed.app == App::BizChat),
        chat_web_prompts: of(&|deed| deed.app == App::WebChat),
        typed_prompts: of(&|deed| deed.kind == Kind::Typed),
        active_days: counted
            .iter()
            .map(|deed| deed.day)
            .collect::<BTreeSet<i64>>()
            .len() as u64,
    }
}
