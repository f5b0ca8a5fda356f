//! A page of drawn figures, to look at.
//!
//! `cargo run -p hobbs-report --example html_page -- USERS WEEKS OUT.html`
#![allow(
    missing_docs,
    clippy::print_stdout,
    reason = "a program to look at things"
)]

#[path = "../tests/it/drawn.rs"]
mod drawn;
#[path = "../tests/it/memory.rs"]
#[allow(dead_code, reason = "tests use more of it")]
mod memory;
#[path = "../tests/it/population.rs"]
#[allow(dead_code, reason = "tests use more of it")]
mod population;

use std::error::Error;

use hobbs_report::{Scope, html, summarize};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let users: u64 = arguments.next().ok_or("how many users?")?.parse()?;
    let weeks: u64 = arguments.next().ok_or("how many weeks?")?.parse()?;
    let path = arguments.next().ok_or("to which file?")?;

    let source = population::source(users * 100, users, 0);
    let now: jiff::Timestamp = "2026-11-22T12:30:00Z".parse()?;
    let mut summary = futures::executor::block_on(summarize(&source, &Scope::default(), now))?;
    if weeks > 0 {
        summary.verdicts = Some(drawn::verdicts(&summary, weeks));
    }
    let page = html::render(&summary)?;
    println!("{} users, {} bytes", summary.users.len(), page.len());
    std::fs::write(path, page)?;
    Ok(())
}
