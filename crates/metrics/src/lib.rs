//! Every number that hobbs shows, as a file of SQL that anyone can check.
//!
//! The files stand in `metrics/`, one for each metric, and are built in. A file asks for rows "in
//! scope"; what that is, a window of days and what the rows are divided by, is written before it
//! as plain SQL by [`Metric::sql`]. The whole runs unchanged on DataFusion, DuckDB and Spark over
//! the lake's tables. `metrics/README.md` is the description for people who write such files.
//!
//! Nothing here opens a table: this crate gives text.

mod built_in;
mod calendar;
mod error;
mod header;
mod metric;
mod named;
mod parameters;
mod scope;
mod unsliced;
mod window;

pub use error::{FileError, NotKnown, NotSliced, WindowError};
pub use metric::Metric;
pub use named::nearest;
pub use parameters::{Parameters, Slice};
pub use window::Window;
