//! What a sync is asked to do.

use std::collections::HashMap;

use hobbs_graph::AppFilter;
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
    /// Options of the object store, for lakes that are not folders.
    pub store: HashMap<String, String>,
    /// Who is asked for.
    pub who: Who,
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
            store: HashMap::new(),
            who: Who::Everyone,
            period: Period::New,
            apps: None,
            content: ContentPolicy::None,
            judgment: Judgment::default(),
            overlap_ms: OVERLAP_MS,
            run_id: uuid::Uuid::new_v4().to_string(),
        }
    }
}
