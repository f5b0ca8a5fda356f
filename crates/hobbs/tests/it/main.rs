//! The program from outside: the real binary, the simulated tenant on loopback, files as others
//! read them.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod commands;
#[cfg(unix)]
mod crash;
#[cfg(target_os = "linux")]
mod disk;
mod help;
#[allow(dead_code, reason = "tests of the sync use more of it")]
#[path = "../../../sync/tests/it/in_process.rs"]
mod in_process;
mod people;
mod privacy;
mod reconcile;
mod setting_up;
mod simulated;
mod suggested;
mod verdicts;
