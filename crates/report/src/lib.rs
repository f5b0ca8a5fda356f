//! The figures of the lake as table, JSON, CSV, workbook and page.
//!
//! Nothing here knows how the lake is stored: data comes through [`Source`], figures by SQL that
//! groups where the data lies, rows as a stream in a stated order. [`summarize`] turns the former
//! into a [`Summary`]; [`table`], [`html`] and serde print it, [`csv`] and [`workbook`] add the rows.
//! Figures by verdict come from the metrics, a file of SQL each.
//!
//! A report says what it does not cover: [`coverage`] compares what was asked for with what has
//! been read whole, user by user.

mod answers;
mod apps;
mod by_user;
pub mod cell;
pub mod columns;
pub mod conversation;
pub mod coverage;
pub mod csv;
mod error;
mod figures;
pub mod html;
pub mod licenses;
mod metrics;
mod query;
pub mod reconcile;
pub mod scope;
pub mod source;
mod steps;
pub mod summary;
pub mod table;
mod terminal;
pub mod verdicts;
mod words;
pub mod workbook;

pub use error::ReportError;
pub use figures::{coverage as coverage_of, summarize, summarize_with};
pub use hobbs_reconcile::spans;
pub use scope::Scope;
pub use source::{Derived, Lines, Order, ReportRow, RowKind, Source, SourceError};
pub use summary::Summary;
pub use table::Style;
pub use terminal::visible;
