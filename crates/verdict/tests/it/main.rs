//! The crate from outside.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod built_in;
mod counted;
mod exchanges;
mod explained;
mod files;
mod properties;
mod rows;
mod signs_of_the_contract;
mod suggested;
mod verdicts;
