//! What a sync is asked to do.

use hobbs_graph::{AppFilter, usage_reports::Format};
use hobbs_interaction::ContentPolicy;
use hobbs_lake::Location;

use crate::judgment::Judgment;

/// Each sync reads again what is younger than this before the last one's end: items can appear
/// later than they are stamped.
pub const OVERLAP_MS: i64 = 24 * 60 * 60 * 1000;

/// Who is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Who {
    /// Every licensed user.
    #[default]
    Everyone,
    /// These, by user principal name or object id, whether the directory calls them licensed or not.
    Only(Vec<String>),
}

/// How many of them are asked at each sync of what is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asking {
    /// All.
    Everyone,
    /// As few as the usage report allows, and each at least this often, in milliseconds.
    Sparing {
        /// The oldest that a reading may become.
        max_staleness_ms: i64,
    },
    /// All of a small tenant, as few as the report allows of a large one.
    Auto {
        /// As for [`Asking::Sparing`].
        max_staleness_ms: i64,
    },
}

/// Everyone is asked within this time, whatever the usage report says.
pub const MAX_STALENESS_MS: i64 = 7 * 24 * 60 * 60 * 1000;

impl Default for Asking {
    fn default() -> Self {
        Asking::Auto {
            max_staleness_ms: MAX_STALENESS_MS,
        }
    }
}

/// Which people of the directory are asked for, where not all are. Each part narrows it further.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PeopleScope {
    /// Members of any of these groups, by name or object id, and of groups inside them.
    pub groups: Vec<String>,
    /// People of any of these departments.
    pub departments: Vec<String>,
    /// These besides, by user principal name or object id, wherever they are.
    pub include: Vec<String>,
    /// Never these.
    pub exclude: Vec<String>,
}

impl PeopleScope {
    /// Whether everyone is in it.
    pub fn is_everyone(&self) -> bool {
        *self == PeopleScope::default()
    }
}

/// Which usage reports are read beside the histories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reports {
    /// None are read where false.
    pub read: bool,
    /// As CSV from v1.0, or as JSON from beta.
    pub format: Format,
}

impl Default for Reports {
    fn default() -> Self {
        Reports {
            read: true,
            format: Format::Csv,
        }
    }
}

/// Which time is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Period {
    /// For each user from where the lake ends, less the overlap; all history for new users.
    #[default]
    New,
    /// All history again.
    All,
    /// From a moment (UTC milliseconds, included) until now.
    Since(i64),
    /// From a moment (included) to another (excluded).
    Between(i64, i64),
}

/// The apps to read, where not all are.
#[derive(Debug, Clone)]
pub struct Apps {
    /// As the person named them.
    pub names: Vec<String>,
    /// What Graph and we filter by.
    pub filter: AppFilter,
}

/// What a sync is asked to do.
#[derive(Clone)]
pub struct SyncOptions {
    /// Where the lake is.
    pub lake: Location,
    /// Who is asked for.
    pub who: Who,
    /// Which of everyone.
    pub scope: PeopleScope,
    /// How many of them at each sync of what is new.
    pub asking: Asking,
    /// Microsoft's usage reports beside the histories.
    pub reports: Reports,
    /// Which time.
    pub period: Period,
    /// Which apps; None for all.
    pub apps: Option<Apps>,
    /// How much of the texts is kept.
    pub content: ContentPolicy,
    /// By which rules, and in whose time.
    pub judgment: Judgment,
    /// How far back each sync reads again, in milliseconds.
    pub overlap_ms: i64,
    /// The run's id, fresh for each run.
    pub run_id: String,
}

impl SyncOptions {
    /// Everyone, what is new, all apps, no texts.
    pub fn new(lake: Location) -> Self {
        SyncOptions {
            lake,
            who: Who::Everyone,
            scope: PeopleScope::default(),
            asking: Asking::default(),
            reports: Reports::default(),
            period: Period::New,
            apps: None,
            content: ContentPolicy::None,
            judgment: Judgment::default(),
            overlap_ms: OVERLAP_MS,
            run_id: uuid::Uuid::new_v4().to_string(),
        }
    }
}
