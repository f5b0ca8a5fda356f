//! How the truth beside the reports is found: from whole histories, not from the sheets that the reports are made of, so
//! that each can prove the other.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::population::item::{App, Item, Maker, Role};
use crate::population::people::Access;
use crate::reports::Name;
use crate::reports::apps::UsageApp;
use crate::reports::refresh::{date_of, end_ms};
use crate::reports::usage::{Barred, TrueApp, TruePeriod, TrueUsage};
use crate::tenant::Tenant;
use crate::time::DAY_MS;

/// The periods that the truth tells of, in days: those of both versions.
const PERIODS: [u16; 5] = [7, 28, 30, 90, 180];

/// Who did something, and whether Microsoft counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
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
            concealed_name: self.concealed(user, Name::UserPrincipal),
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
