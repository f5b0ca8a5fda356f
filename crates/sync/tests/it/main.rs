//! A sync over a simulated tenant in the same process, under tokio's paused clock, into a lake of
//! real files; what the lake holds is compared row by row with what the tenant says it has.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod compare;
mod economy;
mod faults;
mod imports;
mod in_process;
mod kills;
mod large;
mod panics;
mod people;
mod scopes;
mod usage;
mod whole;
