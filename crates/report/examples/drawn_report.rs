//! A report of drawn figures, to look at.
//!
//! `cargo run -p hobbs-report --example drawn_report -- USERS WEEKS OUT`; OUT ends with html, xlsx, json or txt.
#![allow(
    missing_docs,
    clippy::print_stdout,
    reason = "a program to look at things"
)]

#[path = "../tests/it/drawn.rs"]
mod drawn;
#[path = "../tests/it/exchanges.rs"]
#[allow(dead_code, reason = "tests use more of it")]
mod exchanges;
#[path = "../tests/it/memory.rs"]
#[allow(dead_code, reason = "tests use more of it")]
mod memory;
#[path = "../tests/it/population.rs"]
#[allow(dead_code, reason = "tests use more of it")]
mod population;

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use hobbs_report::{Scope, Style, html, summarize, table, workbook};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let users: u64 = arguments.next().ok_or("how many users?")?.parse()?;
    let weeks: u64 = arguments.next().ok_or("how many weeks?")?.parse()?;
    let path = arguments.next().ok_or("to which file?")?;

    let source = population::source((users * 100).min(700_000).max(users * 2), users, 0);
    let now: jiff::Timestamp = "2026-11-22T12:30:00Z".parse()?;
    let scope = Scope::default();
    let mut summary = futures::executor::block_on(summarize(&source, &scope, now))?;
    if weeks > 0 {
        summary.verdicts = Some(drawn::verdicts(&summary, weeks));
    }
    match Path::new(&path)
        .extension()
        .and_then(|ending| ending.to_str())
    {
        Some("html") => std::fs::write(path, html::render(&summary)?)?,
        Some("json") => std::fs::write(path, serde_json::to_string_pretty(&summary)?)?,
        Some("xlsx") => {
            let summary = Arc::new(summary);
            let writing = workbook::write(&source, &scope, summary, Path::new(&path));
            futures::executor::block_on(writing)?;
        }
        _ => std::fs::write(path, table::render(&summary, Style::default()))?,
    }
    Ok(())
}
