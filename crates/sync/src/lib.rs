//! From Graph into the lake: who is asked for what ([`plan`]), reading many users at once and
//! committing what is whole ([`sync`]), and pages saved to files ([`import`]).
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

pub use import::{ImportOptions, ImportSummary, import};
pub use judgment::Judgment;
pub use options::{Period, SyncOptions, Who};
pub use progress::{Numbers, Progress, Silent, Stage};
pub use summary::{FailedUser, SyncSummary};
pub use sync::{SyncError, sync};
