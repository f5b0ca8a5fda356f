//! The figures by verdict: who asked for each exchange, and whether anybody did.
//!
//! An exchange is a prompt with its responses. The lake derives exchanges and their verdicts from
//! the interactions; a lake that has not done so has none of these figures, and the report says so.

use std::collections::HashMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::summary::UserFigures;

/// Who asked for an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A person wrote it.
    Typed,
    /// A person pressed a ready-made prompt.
    Clicked,
    /// Nobody asked.
    Automatic,
    /// The service and its administration.
    System,
    /// Warm-ups, empty parts, repeats.
    Noise,
    /// No rule explains it, or only one that nobody has accepted yet.
    Unknown,
}

impl Verdict {
    /// In the order in which reports show them.
    pub const ALL: [Verdict; 6] = [
        Verdict::Typed,
        Verdict::Clicked,
        Verdict::Automatic,
        Verdict::System,
        Verdict::Noise,
        Verdict::Unknown,
    ];
    /// Those that lead a report.
    pub const LEADING: [Verdict; 3] = [Verdict::Typed, Verdict::Clicked, Verdict::Automatic];

    /// As it stands in the lake and in JSON.
    pub fn id(self) -> &'static str {
        match self {
            Verdict::Typed => "typed",
            Verdict::Clicked => "clicked",
            Verdict::Automatic => "automatic",
            Verdict::System => "system",
            Verdict::Noise => "noise",
            Verdict::Unknown => "unknown",
        }
    }

    /// As a heading.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Typed => "Typed",
            Verdict::Clicked => "Clicked",
            Verdict::Automatic => "Automatic",
            Verdict::System => "System",
            Verdict::Noise => "Noise",
            Verdict::Unknown => "Unknown",
        }
    }

    /// What it means, in a few words.
    pub fn says(self) -> &'static str {
        match self {
            Verdict::Typed => "a person wrote it",
            Verdict::Clicked => "a person pressed a ready-made prompt",
            Verdict::Automatic => "nobody asked",
            Verdict::System => "the service and its administration",
            Verdict::Noise => "warm-ups, empty parts, repeats",
            Verdict::Unknown => "no accepted rule explains it",
        }
    }
}

/// Exchanges by verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ByVerdict {
    /// A person wrote it.
    pub typed: u64,
    /// A person pressed a ready-made prompt.
    pub clicked: u64,
    /// Nobody asked.
    pub automatic: u64,
    /// The service and its administration.
    pub system: u64,
    /// Warm-ups, empty parts, repeats.
    pub noise: u64,
    /// No accepted rule explains it.
    pub unknown: u64,
}

impl ByVerdict {
    /// Those of one verdict.
    pub fn of(&self, verdict: Verdict) -> u64 {
        match verdict {
            Verdict::Typed => self.typed,
            Verdict::Clicked => self.clicked,
            Verdict::Automatic => self.automatic,
            Verdict::System => self.system,
            Verdict::Noise => self.noise,
            Verdict::Unknown => self.unknown,
        }
    }

    /// In the order of [`Verdict::ALL`].
    pub fn all(&self) -> [u64; 6] {
        Verdict::ALL.map(|verdict| self.of(verdict))
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.all().iter().sum()
    }

    /// Those that a person asked for: typed or clicked.
    pub fn asked(&self) -> u64 {
        self.typed + self.clicked
    }

    /// Counts of a verdict that is not known stand under unknown.
    pub(crate) fn set(&mut self, verdict: &str, count: u64) {
        match verdict {
            "typed" => self.typed += count,
            "clicked" => self.clicked += count,
            "automatic" => self.automatic += count,
            "system" => self.system += count,
            "noise" => self.noise += count,
            _ => self.unknown += count,
        }
    }

    pub(crate) fn add(&mut self, more: &ByVerdict) {
        self.typed += more.typed;
        self.clicked += more.clicked;
        self.automatic += more.automatic;
        self.system += more.system;
        self.noise += more.noise;
        self.unknown += more.unknown;
    }
}

/// As people name them, Monday first.
pub(crate) const WEEKDAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// All figures by verdict of one report. Each comes from the metric that its field names.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VerdictFigures {
    /// The version of the rules by which the verdicts were given; several, joined by ", ", where
    /// the lake holds verdicts of several.
    pub rules: String,
    /// Interactions of the lake that no exchange is derived from yet, whatever the report is about:
    /// the figures may lack them.
    pub not_judged: u64,
    /// All together: metric `headline`.
    pub headline: Headline,
    /// By week: metrics `verdicts` and `active_users_by_week`.
    pub weeks: Vec<WeekVerdicts>,
    /// By day of the tenant's time zone: metrics `verdicts` and `active_users_by_day`. Days without
    /// an exchange are left out.
    pub days: Vec<DayVerdicts>,
    /// By app, the largest first: metric `apps`.
    pub apps: Vec<AppVerdicts>,
    /// By user, sorted by user id: metric `users`. Users without an exchange are left out.
    pub users: Vec<UserVerdicts>,
    /// How many users ask how much: metric `intensity_tiers`.
    pub tiers: Vec<Tier>,
    /// When Copilot is used, in the tenant's time zone: metric `hours`. Hours without an exchange
    /// are left out.
    pub hours: Vec<HourVerdicts>,
    /// Who came back: metric `retention`.
    pub retention: Vec<Cohort>,
}

impl VerdictFigures {
    /// The figures of one user; none of a user without an exchange.
    pub fn user(&self, user_id: &str) -> Option<&UserVerdicts> {
        let at = self
            .users
            .binary_search_by(|user| user.user_id.as_str().cmp(user_id))
            .ok()?;
        self.users.get(at)
    }

    /// What people asked for by weekday, Monday first, and hour.
    pub(crate) fn asked_by_hour(&self) -> [[u64; 24]; 7] {
        let mut asked = [[0; 24]; 7];
        for entry in &self.hours {
            let day = usize::from(entry.weekday).wrapping_sub(1);
            let day = asked.get_mut(day);
            if let Some(cell) = day.and_then(|day| day.get_mut(usize::from(entry.hour))) {
                *cell += entry.typed + entry.clicked;
            }
        }
        asked
    }

    /// What the users of each department did; None is the department of those who have none.
    pub(crate) fn by_department<'a>(
        &self,
        users: &'a [UserFigures],
    ) -> HashMap<Option<&'a str>, DepartmentVerdicts> {
        let mut by_name: HashMap<_, DepartmentVerdicts> = HashMap::new();
        for user in users {
            let name = user.department.as_deref().filter(|name| !name.is_empty());
            let department = by_name.entry(name).or_default();
            if let Some(user) = self.user(&user.user_id) {
                department.users_asked += u64::from(user.exchanges.asked() > 0);
                department.exchanges.add(&user.exchanges);
            }
        }
        by_name
    }
}

/// One department.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct DepartmentVerdicts {
    /// Users with an exchange that they asked for.
    pub users_asked: u64,
    /// Their exchanges, whoever asked for them.
    pub exchanges: ByVerdict,
}

/// All exchanges together, and how many users count as active.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Headline {
    /// Users with any interaction: whom Microsoft would call active.
    pub users_any: u64,
    /// Users with an exchange that they asked for: typed or clicked.
    pub users_asked: u64,
    /// Of `users_any`, those who asked for nothing.
    pub users_not_asked: u64,
    /// Of `users_not_asked`, those with an exchange whose verdict is unknown: they may have asked.
    pub users_undecided: u64,
    /// Interactions: the parts of all exchanges.
    pub interactions: u64,
    /// The exchanges.
    #[serde(flatten)]
    pub exchanges: ByVerdict,
}

/// One week.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WeekVerdicts {
    /// Its Monday.
    pub week: Date,
    /// Users with any interaction.
    pub users_any: u64,
    /// Users with an exchange that they asked for.
    pub users_asked: u64,
    /// Users who typed, at least as often as the metric's parameter `typed_minimum` asks.
    pub users_typed: u64,
    /// Its exchanges.
    #[serde(flatten)]
    pub exchanges: ByVerdict,
}

/// One day.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DayVerdicts {
    /// The day.
    pub day: Date,
    /// Users with any interaction.
    pub users_any: u64,
    /// Users with an exchange that they asked for.
    pub users_asked: u64,
    /// Users who typed, at least as often as the metric's parameter `typed_minimum` asks.
    pub users_typed: u64,
    /// Its exchanges.
    #[serde(flatten)]
    pub exchanges: ByVerdict,
}

/// One app.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AppVerdicts {
    /// What people call it.
    pub app: String,
    /// Users with any interaction in it.
    pub users_any: u64,
    /// Users with an exchange that they asked for in it.
    pub users_asked: u64,
    /// Its exchanges.
    #[serde(flatten)]
    pub exchanges: ByVerdict,
}

/// One user.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UserVerdicts {
    /// The Entra object id.
    pub user_id: String,
    /// The user's exchanges.
    #[serde(flatten)]
    pub exchanges: ByVerdict,
    /// Days with any interaction: what Microsoft would call active.
    pub days_any: u64,
    /// Days with an exchange that the user asked for.
    pub days_asked: u64,
}

/// Users who ask about equally much.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tier {
    /// What it is called: `none`, `light`, …
    pub name: String,
    /// The fewest typed or clicked exchanges for five working days.
    pub at_least: u64,
    /// They have fewer than this.
    pub below: u64,
    /// How many they are.
    pub users: u64,
}

/// One hour of one weekday.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HourVerdicts {
    /// 1 is Monday.
    pub weekday: u8,
    /// 0 to 23.
    pub hour: u8,
    /// All exchanges.
    pub exchanges: u64,
    /// Those that a person wrote.
    pub typed: u64,
    /// Those that a person clicked.
    pub clicked: u64,
    /// Those that nobody asked for.
    pub automatic: u64,
}

/// Users who first asked in the same week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cohort {
    /// Its Monday.
    pub week: Date,
    /// How many they are.
    pub users: u64,
    /// Those of them who asked in that week (all), in the one after it, and so on to the last whole
    /// week.
    pub returned: Vec<u64>,
}
