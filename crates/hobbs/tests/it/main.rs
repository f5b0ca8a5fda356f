//! The program from outside: the real binary, the simulated tenant on loopback, files as others
//! read them.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod commands;
mod help;
mod privacy;
mod simulated;
mod suggested;
mod verdicts;
