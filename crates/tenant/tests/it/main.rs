//! The tenant as a client meets it.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

mod corpus;
mod delta;
mod directory;
mod faults;
mod groups;
mod history;
mod licenses;
mod life;
mod limits;
mod population;
mod report_reader;
mod report_truth;
mod reports;
mod server;
mod sign_in;
mod support;
