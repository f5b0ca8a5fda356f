//! The lake: Delta tables that any engine can read, in which each interaction stands exactly once.
//!
//! This is the only crate that knows deltalake and DataFusion; it speaks plain types and Arrow
//! batches to the others. No other state exists: whoever opens the lake can go on from it.
//!
//! **How a commit is made.** Delta has no transaction over two tables. So a commit to
//! `interactions` carries what it covers in its own metadata, under a sequence number that also
//! stands in the log as an application transaction; `coverage` follows with the same number. If
//! the process ends between the two, the next [`Writer::open`] finds `coverage` behind and writes
//! the missing lines from the commits themselves.

mod cells;
mod check;
mod coverage;
mod damage;
mod derive;
mod error;
mod files;
mod folder;
mod grouped;
mod history;
mod interactions;
mod keys;
mod leavers;
mod licenses;
mod location;
mod lock;
mod maintain;
mod memory;
mod merge;
mod people;
mod position;
mod query;
mod remote;
mod rewrite;
mod rows;
mod runs;
mod scan;
mod schema;
mod small;
mod statistics;
mod store;
mod stored;
mod table;
mod usage;
mod writer;

pub use check::{Checked, Damage, Repaired, TableChecked, check, repair};
pub use coverage::{CoverageLine, Failure, Read, Span, joined};
pub use datafusion::execution::SendableRecordBatchStream;
/// The engine's Arrow, for readers of batches: an own dependency could be of another version.
pub use deltalake::arrow;
/// For those who bring a store of their own ([`Location::Store`]).
pub use deltalake::logstore::object_store;
/// Writes query results as Parquet.
pub use deltalake::parquet;
pub use derive::{Derivation, Rederived, Threads};
pub use error::LakeError;
pub use interactions::Kept;
pub use licenses::{Assignment, AssignmentChanges, AssignmentStatus, LicenseRecord};
pub use location::{Location, OwnStore};
pub use maintain::{TableOptimized, TableStatus};
pub use people::{KnownUser, PeopleChanges, UserRecord};
pub use query::{Derived, Lines, Reader, objects};
pub use remote::{
    AZURE_STORAGE_SCOPE, BearerTokens, Remote, StoreAccess, StoreOptions, StoreTrouble, TokenError,
    probe, wants_tokens,
};
pub use rows::Rows;
pub use runs::{NewestRun, RunCounts, RunStatus};
pub use usage::{
    DayNumber, LastActivity, Names, UsageColumn, UsageCount, UsageLine, UsageSnapshot,
};
pub use writer::{HeldBack, Run, Writer, status};
