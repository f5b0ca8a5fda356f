//! Everything that a seed decides before anything runs: the tenant, and what is done with it.

use std::fmt;

use hobbs_interaction::ContentPolicy;
use hobbs_sync::Asking;
use hobbs_tenant::{Fault, FaultOf, Faults, ReportDelivery, TenantOptions, Turnover, Volume};

use crate::acts::{Act, Deed};
use crate::chance::Chance;
use crate::clock::Wrong;
use crate::disk::{Trouble, Troubled};

/// Wednesday, 3 June 2026, 15:00 UTC: when the tenant's past ends and its live days begin.
pub const START_MS: i64 = 1_780_498_800_000;
/// An hour in milliseconds.
pub const HOUR_MS: i64 = 3_600_000;
/// A day in milliseconds.
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// No clock is ahead by more than this. Were hobbs to believe it, it would claim to have read what has
/// not happened yet: the overlap covers items that appear up to 20 hours late, and little besides.
const AHEAD_MOST_MS: i64 = 3 * DAY_MS;

/// Share of the lives that are long.
const LONG_LIVES: f64 = 0.15;

/// What a seed decides.
#[derive(Debug, Clone)]
pub struct Choices {
    /// Who works there, and what is always wrong with their items.
    pub tenant: TenantOptions,
    /// Each run after the other; the last one meets no faults and asks for everyone.
    pub runs: Vec<RunChoice>,
    /// Whether derived tables are compared with a rebuild at the end.
    pub rebuild: bool,
}

/// Which users a run is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// Everyone.
    Everyone,
    /// Everyone but these, by their place in the directory.
    AllBut(Vec<u32>),
    /// Whoever is in the department of this user.
    DepartmentOf(u32),
    /// `Who::Only` these.
    Only(Vec<u32>),
}

/// Which time a run is for; days before its beginning by the machine's clock.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum When {
    /// What is new.
    New,
    /// All again.
    All,
    /// `--days`.
    Days(f64),
    /// From so many days ago to so many.
    Between(f64, f64),
}

/// One run of hobbs, and what comes before it.
#[derive(Debug, Clone)]
pub struct RunChoice {
    /// How long after the run before.
    pub gap_ms: i64,
    /// What happens to people so long after the run before, within the gap.
    pub acts_before: Vec<(i64, Act)>,
    /// What happens to people so long after the run began.
    pub acts_during: Vec<(i64, Act)>,
    /// What goes wrong besides the tenant's own faults.
    pub faults: Vec<(Fault, f64)>,
    /// How long an answer may take.
    pub answer_ms: u64,
    /// Share of requests lost on the way.
    pub lost: f64,
    /// The machine's clock.
    pub clock: Wrong,
    /// Which time.
    pub when: When,
    /// Which users.
    pub whom: Whom,
    /// How many of them.
    pub asking: Asking,
    /// One app alone, by the last part of its class.
    pub app: Option<&'static str>,
    /// How much of the texts is kept.
    pub content: ContentPolicy,
    /// Whether usage reports are read, and whether as JSON.
    pub reports: Option<bool>,
    /// What the disk does.
    pub disk: Troubled,
    /// How long a write may take.
    pub slowness_ms: u64,
    /// The process ends so long after its beginning.
    pub killed_after_ms: Option<i64>,
    /// It is asked to stop so long after its beginning.
    pub stopped_after_ms: Option<i64>,
}

impl Choices {
    /// What this seed decides.
    pub fn of(seed: u64) -> Self {
        let mut chance = Chance::of(seed, 1);
        let tenant = tenant(&mut chance);
        // Many short lives find more than few long ones; but some things take long, as logs with
        // checkpoints and files that are joined do.
        let count = if chance.happens(LONG_LIVES) {
            chance.between(4, 9)
        } else {
            chance.between(1, 2)
        };
        let mut runs: Vec<RunChoice> = (0..count).map(|_| run(&mut chance, &tenant)).collect();
        runs.push(last(&mut chance));
        Choices {
            tenant,
            runs,
            rebuild: chance.happens(0.25),
        }
    }
}

fn tenant(chance: &mut Chance) -> TenantOptions {
    let share = |chance: &mut Chance, most: f64| {
        if chance.happens(0.5) {
            chance.unit() * most
        } else {
            0.0
        }
    };
    let mut faults = Faults::none();
    for fault in Fault::ALL {
        if matches!(fault.of(), FaultOf::Item | FaultOf::PageEnd) && chance.happens(0.4) {
            faults.set(*fault, chance.magnitude(0.01, 0.3));
        }
    }
    if chance.happens(0.2) {
        faults.set(Fault::FilterRefused, chance.one_of(&[0.2, 0.5, 1.0]));
    }
    let turnover = Turnover {
        licensed_late: share(chance, 0.3),
        license_removed: share(chance, 0.3),
        license_warned: 0.5,
        license_returned: 0.5,
        license_moved: share(chance, 0.3),
        plan_switched: share(chance, 0.2),
        leavers: share(chance, 0.3),
        joiners: share(chance, 0.3),
        movers: share(chance, 0.3),
        long_leaves: share(chance, 0.2),
    };
    TenantOptions {
        seed: chance.number(),
        users: u32::try_from(chance.between(3, 15)).unwrap_or(3),
        days_of_history: u32::try_from(chance.between(2, 40)).unwrap_or(2),
        volume: Volume::Monthly(chance.magnitude(3.0, 60.0)),
        start_ms: Some(START_MS),
        licensed_share: chance.one_of(&[0.7, 0.9, 1.0]),
        plan_disabled_share: share(chance, 0.2),
        guest_share: share(chance, 0.2),
        disabled_share: share(chance, 0.2),
        turnover,
        delta_token_days: chance.one_of(&[1, 7, 30]),
        edited_share: share(chance, 0.4),
        faults,
        report_lag_hours: chance.one_of(&[24..=30, 48..=72]),
        conceal_names: chance.happens(0.1),
        report_delivery: chance.one_of(&[ReportDelivery::Redirect, ReportDelivery::AtOnce]),
        report_download_base: chance
            .happens(0.5)
            .then(|| "https://reports.example.net".to_owned()),
        refuse_fractions: chance.happens(0.5),
        filter_any_app: chance.happens(0.5),
        token_lifetime_s: chance.one_of(&[300, 3_599]),
        ..TenantOptions::default()
    }
}

/// What goes wrong in one run: nothing, a little of everything, or much of one thing.
fn faults(chance: &mut Chance) -> Vec<(Fault, f64)> {
    let of_attempts: Vec<Fault> = Fault::ALL
        .iter()
        .copied()
        .filter(|fault| matches!(fault.of(), FaultOf::Attempt | FaultOf::TokenAttempt))
        .collect();
    let mut faults = match chance.below(4) {
        0 => Vec::new(),
        1 | 2 => {
            let mut few = of_attempts;
            few.retain(|_| chance.happens(0.5));
            few.into_iter()
                .map(|fault| (fault, chance.magnitude(0.002, 0.06)))
                .collect()
        }
        _ => vec![(chance.one_of(&of_attempts), chance.magnitude(0.1, 0.9))],
    };
    for fault in [Fault::ForeignNextLink, Fault::LicenseRemoved] {
        if chance.happens(0.08) {
            faults.push((fault, chance.magnitude(0.1, 0.5)));
        }
    }
    faults
}

fn acts(chance: &mut Chance, users: u32, within_ms: i64, share: f64) -> Vec<(i64, Act)> {
    let mut acts = Vec::new();
    while chance.happens(share) && acts.len() < 4 {
        let act = Act {
            user: u32::try_from(chance.between(0, i64::from(users) - 1)).unwrap_or(0),
            deed: chance.one_of(&Deed::ALL),
        };
        acts.push((chance.between(0, within_ms), act));
    }
    acts.sort_by_key(|(at_ms, _)| *at_ms);
    acts
}

fn gap_ms(chance: &mut Chance) -> i64 {
    let hours = match chance.below(10) {
        0 => chance.magnitude(0.01, 1.0),
        1..=6 => chance.magnitude(1.0, 40.0),
        _ => chance.magnitude(40.0, 24.0 * 20.0),
    };
    (hours * HOUR_MS as f64) as i64
}

fn clock(chance: &mut Chance) -> Wrong {
    let ahead = |chance: &mut Chance| match chance.below(3) {
        0 => chance.between(-20_000, 20_000),
        1 => chance.between(-HOUR_MS, HOUR_MS),
        _ => chance.between(-3 * DAY_MS, AHEAD_MOST_MS),
    };
    Wrong {
        ahead_ms: if chance.happens(0.3) {
            ahead(chance)
        } else {
            0
        },
        jump: chance.happens(0.15).then(|| {
            let after_ms = chance.magnitude(100.0, 100_000.0) as i64;
            (after_ms, ahead(chance))
        }),
    }
}

fn some_users(chance: &mut Chance, users: u32) -> Vec<u32> {
    let mut some: Vec<u32> = (0..users).filter(|_| chance.happens(0.3)).collect();
    some.push(u32::try_from(chance.between(0, i64::from(users) - 1)).unwrap_or(0));
    some.dedup();
    some
}

/// Tables between whose writes a run may end; those that a commit of interactions writes, more often.
const TABLES: [&str; 14] = [
    "interactions",
    "interactions",
    "coverage",
    "coverage",
    "exchanges",
    "exchanges",
    "resources",
    "resources",
    "conversations",
    "conversations",
    "users",
    "license_assignments",
    "runs",
    "usage_reports",
];

fn disk(chance: &mut Chance) -> Troubled {
    let table = chance.happens(0.6).then(|| chance.one_of(&TABLES));
    // A first run makes some 50 writes, later ones 20 to 40; some three to a table.
    let most = if table.is_some() { 5 } else { 55 };
    let write = chance.between(1, most).cast_unsigned();
    let trouble = match chance.below(10) {
        0..=2 => Trouble::CrashBefore(write),
        3 | 4 => Trouble::CrashAfter(write),
        5 => Trouble::Refused {
            from: write,
            count: chance.between(1, 6).cast_unsigned(),
        },
        _ => Trouble::None,
    };
    Troubled { table, trouble }
}

fn run(chance: &mut Chance, tenant: &TenantOptions) -> RunChoice {
    let gap_ms = gap_ms(chance);
    let user = |chance: &mut Chance| {
        u32::try_from(chance.between(0, i64::from(tenant.users) - 1)).unwrap_or(0)
    };
    let whom = match chance.below(10) {
        0 => Whom::Only(some_users(chance, tenant.users)),
        1 => Whom::AllBut(some_users(chance, tenant.users)),
        2 => Whom::DepartmentOf(user(chance)),
        _ => Whom::Everyone,
    };
    let when = match chance.below(12) {
        0 => When::All,
        1 | 2 => When::Days(chance.magnitude(0.1, 40.0)),
        3 => {
            let to = chance.magnitude(0.1, 10.0);
            When::Between(to + chance.magnitude(0.1, 30.0), to)
        }
        _ => When::New,
    };
    let asking = match chance.below(3) {
        0 => Asking::default(),
        1 => Asking::Everyone,
        _ => Asking::Sparing {
            max_staleness_ms: chance.between(1, 9) * DAY_MS,
        },
    };
    let disk = disk(chance);
    let is_calm = disk.trouble == Trouble::None;
    let slow = chance.happens(0.4);
    RunChoice {
        acts_before: acts(chance, tenant.users, gap_ms, 0.25),
        acts_during: acts(chance, tenant.users, 60_000, 0.15),
        gap_ms,
        faults: faults(chance),
        answer_ms: if slow {
            chance.magnitude(1_000.0, 30_000.0) as u64
        } else {
            chance.magnitude(1.0, 1_000.0) as u64
        },
        lost: if chance.happens(0.2) {
            chance.magnitude(0.01, 0.2)
        } else {
            0.0
        },
        clock: clock(chance),
        when,
        whom,
        asking,
        app: chance
            .happens(0.06)
            .then(|| chance.one_of(&["Word", "Teams", "BizChat", "Outlook"])),
        content: chance.one_of(&[
            ContentPolicy::None,
            ContentPolicy::Excerpt,
            ContentPolicy::Full,
        ]),
        reports: chance.happens(0.4).then(|| chance.happens(0.3)),
        disk,
        slowness_ms: if chance.happens(0.3) {
            chance.magnitude(10.0, 5_000.0) as u64
        } else {
            0
        },
        killed_after_ms: (is_calm && chance.happens(0.3))
            .then(|| chance.magnitude(10.0, 100_000.0) as i64),
        stopped_after_ms: chance
            .happens(0.1)
            .then(|| chance.magnitude(10.0, 100_000.0) as i64),
    }
}

/// The run after which the lake has everything: a calm day, everyone, what is new.
fn last(chance: &mut Chance) -> RunChoice {
    RunChoice {
        gap_ms: gap_ms(chance),
        acts_before: Vec::new(),
        acts_during: Vec::new(),
        faults: Vec::new(),
        answer_ms: 200,
        lost: 0.0,
        clock: Wrong::default(),
        when: When::New,
        whom: Whom::Everyone,
        asking: Asking::Everyone,
        app: None,
        content: chance.one_of(&[ContentPolicy::None, ContentPolicy::Full]),
        reports: chance.happens(0.3).then_some(false),
        disk: Troubled::NOT,
        slowness_ms: 0,
        killed_after_ms: None,
        stopped_after_ms: None,
    }
}

impl fmt::Display for RunChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "after {:.2} h: {:?}, {:?}, {:?}, {:?}",
            self.gap_ms as f64 / HOUR_MS as f64,
            self.when,
            self.whom,
            self.asking,
            self.content
        )?;
        if let Some(app) = self.app {
            write!(f, ", {app} alone")?;
        }
        if self.clock != Wrong::default() {
            write!(f, ", {:?}", self.clock)?;
        }
        if self.disk.trouble != Trouble::None {
            let table = self.disk.table.unwrap_or("any table");
            write!(f, ", {:?} of {table}", self.disk.trouble)?;
        }
        if self.slowness_ms > 0 {
            write!(f, ", writes take up to {} ms", self.slowness_ms)?;
        }
        for (what, after_ms) in [
            ("killed", self.killed_after_ms),
            ("stopped", self.stopped_after_ms),
        ] {
            if let Some(after_ms) = after_ms {
                write!(f, ", {what} after {after_ms} ms")?;
            }
        }
        write!(
            f,
            ", reports {}, answers within {} ms, {:.2} lost, {:?}",
            match self.reports {
                None => "none",
                Some(false) => "CSV",
                Some(true) => "JSON",
            },
            self.answer_ms,
            self.lost,
            self.faults
        )?;
        if !self.acts_before.is_empty() || !self.acts_during.is_empty() {
            write!(
                f,
                ", before {:?}, during {:?}",
                self.acts_before, self.acts_during
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Choices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenant = &self.tenant;
        write!(
            f,
            "{} users, {} days, {:?}, edited {:.2}, delta tokens good for {} days, {:?}, items:",
            tenant.users,
            tenant.days_of_history,
            tenant.volume,
            tenant.edited_share,
            tenant.delta_token_days,
            tenant.turnover
        )?;
        for fault in Fault::ALL {
            let rate = tenant.faults.rate(*fault);
            if rate > 0.0 {
                write!(f, " {}={rate:.2}", fault.name())?;
            }
        }
        Ok(())
    }
}
