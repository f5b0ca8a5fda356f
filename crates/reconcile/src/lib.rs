//! Microsoft's numbers beside ours: which report column counts what ([`columns`]), what each side
//! says of a user ([`facts`]), why the two differ ([`reason`], [`dates`], [`counts`], [`line`]), all
//! users together ([`figures`]), and which licenses are worth moving ([`licenses`]).
//!
//! This crate does no I/O and knows no engine: facts go in, judgments come out. A reason is given
//! only where the facts prove that it can account for the difference; what is left is
//! [`reason::Code::Unexplained`], and is never swept into another reason.

pub mod columns;
pub mod counts;
pub mod dates;
pub mod days;
pub mod facts;
pub mod figures;
pub mod licenses;
pub mod line;
pub mod reason;
pub mod spans;

pub use columns::{Column, Feeds};
pub use days::{DayTally, Tally};
pub use facts::{Asked, Coverage, Licensing, ReportRow, UserFacts};
pub use figures::{Activity, Figures, Headline};
pub use line::{Line, lines};
pub use reason::{Code, Reason};
