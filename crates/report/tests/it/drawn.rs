//! Figures by verdict drawn from a seed, for reports that need no lake.

use hobbs_report::Summary;
use hobbs_report::verdicts::{
    AppVerdicts, ByVerdict, Cohort, DayVerdicts, Headline, HourVerdicts, Tier, UserVerdicts,
    VerdictFigures, WeekVerdicts,
};
use jiff::ToSpan;
use jiff::civil::{Date, date};

use crate::population::scatter;

const TIERS: [(&str, u64, u64); 5] = [
    ("none", 0, 0),
    ("light", 0, 5),
    ("moderate", 5, 15),
    ("heavy", 15, 50),
    ("very heavy", 50, 1_000_000),
];

/// Figures over `weeks` weeks for the users and apps of `summary`. Every seventh user did nothing
/// by their own will.
pub fn verdicts(summary: &Summary, weeks: u64) -> VerdictFigures {
    let mut users: Vec<UserVerdicts> = summary
        .users
        .iter()
        .filter(|user| user.counts.total > 0)
        .zip(0..)
        .map(|(user, at)| user_verdicts(&user.user_id, at))
        .collect();
    users.sort_by(|a, b| a.user_id.cmp(&b.user_id));
    let mut exchanges = ByVerdict::default();
    for user in &users {
        add(&mut exchanges, &user.exchanges);
    }
    let asked = |user: &&UserVerdicts| user.exchanges.asked() > 0;
    let any = users.len() as u64;
    let asking = users.iter().filter(asked).count() as u64;
    VerdictFigures {
        rules: "1 (0f3a9c)".into(),
        not_judged: 0,
        headline: Headline {
            users_any: any,
            users_asked: asking,
            users_not_asked: any - asking,
            users_undecided: 1,
            interactions: summary.rows.counts.total,
            exchanges,
        },
        weeks: (0..weeks).map(|at| week(at, any)).collect(),
        days: (0..weeks * 7)
            .filter(|at| at % 7 < 5)
            .map(|at| day(at, any))
            .collect(),
        apps: summary
            .apps
            .iter()
            .zip(1..)
            .map(|(app, at)| AppVerdicts {
                app: app.app.clone(),
                users_any: 9,
                users_asked: 7,
                exchanges: split(app.counts.prompts, at),
            })
            .collect(),
        tiers: TIERS
            .iter()
            .map(|&(name, at_least, below)| Tier {
                name: name.to_owned(),
                at_least,
                below,
                users: count(&users, at_least, below),
            })
            .collect(),
        users,
        hours: (0..168).map(hour).collect(),
        retention: (0..weeks)
            .map(|at| {
                let size = 3 + scatter(at) % 9;
                Cohort {
                    week: monday(at),
                    users: size,
                    returned: (0..weeks - at)
                        .map(|later| {
                            if later == 0 {
                                size
                            } else {
                                (size * (90 - (later * 3).min(60)) / 100)
                                    .saturating_sub(scatter(at + later) % 2)
                            }
                        })
                        .collect(),
                }
            })
            .collect(),
    }
}

fn user_verdicts(user_id: &str, at: u64) -> UserVerdicts {
    let exchanges = if at % 7 == 6 {
        ByVerdict {
            automatic: 4 + at % 5,
            noise: 1,
            unknown: u64::from(at % 14 == 6),
            ..ByVerdict::default()
        }
    } else {
        split(2 + scatter(at) % (2 << (at % 8)), at)
    };
    UserVerdicts {
        user_id: user_id.to_owned(),
        exchanges,
        days_any: 1 + exchanges.total().min(40),
        days_asked: exchanges.asked().min(35),
    }
}

fn split(total: u64, at: u64) -> ByVerdict {
    let typed = total * (40 + at % 8 * 3) / 100;
    let clicked = total * 12 / 100;
    let automatic = total * 15 / 100;
    let system = total * 3 / 100;
    let noise = total * 4 / 100;
    ByVerdict {
        typed,
        clicked,
        automatic,
        system,
        noise,
        unknown: total - typed - clicked - automatic - system - noise,
    }
}

fn add(to: &mut ByVerdict, more: &ByVerdict) {
    to.typed += more.typed;
    to.clicked += more.clicked;
    to.automatic += more.automatic;
    to.system += more.system;
    to.noise += more.noise;
    to.unknown += more.unknown;
}

fn count(users: &[UserVerdicts], at_least: u64, below: u64) -> u64 {
    let asked = users.iter().map(|user| user.exchanges.asked());
    let inside = |asked: &u64| match below {
        0 => *asked == 0,
        _ => *asked > 0 && *asked >= at_least && *asked < below,
    };
    asked.filter(inside).count() as u64
}

fn monday(at: u64) -> Date {
    date(2026, 5, 25) + (at as i64 * 7).days()
}

fn week(at: u64, users: u64) -> WeekVerdicts {
    WeekVerdicts {
        week: monday(at),
        users_any: users,
        users_asked: users * 6 / 7,
        users_typed: users * 5 / 7,
        exchanges: split(400 + at * 30 + scatter(at) % 200, at),
    }
}

fn day(at: u64, users: u64) -> DayVerdicts {
    DayVerdicts {
        day: monday(0) + (at as i64).days(),
        users_any: users,
        users_asked: users * 5 / 7,
        users_typed: users * 4 / 7,
        exchanges: split(80 + at * 3 + scatter(at) % 40, at),
    }
}

fn hour(at: u64) -> HourVerdicts {
    let (weekday, hour) = (at / 24 + 1, at % 24);
    let working = weekday <= 5 && (8..18).contains(&hour);
    let total = if working {
        60 + scatter(at) % 300
    } else {
        scatter(at) % 12
    };
    let split = split(total, at);
    HourVerdicts {
        weekday: weekday as u8,
        hour: hour as u8,
        exchanges: total,
        typed: split.typed,
        clicked: split.clicked,
        automatic: split.automatic,
    }
}
