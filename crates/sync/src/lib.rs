//! From Graph into the lake: who is asked for what ([`plan`]), reading many users at once and
//! committing what is whole ([`sync`]), and pages saved to files ([`import`]). People and licenses are
//! read before, Microsoft's usage reports before or after, as the plan needs them.
//!
//! A sync may be killed between any two lines: rows stand in the lake once, however often they are
//! read, and a window counts as covered only when all its pages are in.

pub mod import;
pub mod judgment;
pub mod options;
pub mod plan;
pub mod progress;
pub mod summary;
pub mod sync;

mod batch;
mod committer;
mod directory;
mod memory;
mod prepare;
mod reading;
mod scope;
mod unmatched;
mod usage;

pub use import::{ImportError, ImportOptions, ImportSummary, import};
pub use judgment::Judgment;
pub use options::{Asking, PeopleScope, Period, Reports, SyncOptions, Who};
pub use plan::{Due, Later, Plan};
pub use progress::{Numbers, Progress, Silent, Stage};
pub use summary::{FailedUser, SyncSummary};
pub use sync::{SyncError, planned, sync};
pub use unmatched::Unmatched;
pub use usage::UsageRead;
