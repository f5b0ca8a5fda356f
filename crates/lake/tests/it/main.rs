//! The lake from outside: rows in, rows out, and what happens when something ends too early.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod coverage;
mod damage;
mod derive;
mod failures;
mod fixture;
mod format;
mod licenses;
mod once;
mod people;
mod places;
mod query;
mod repairs;
mod stores;
mod upkeep;
mod usage;
