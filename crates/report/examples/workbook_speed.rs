//! How fast a workbook is written, and in how much memory.
//!
//! `cargo run --release -p hobbs-report --example workbook_speed -- ROWS CHARS_OF_BODY OUT.xlsx`;
//! the same cells by Python's XlsxWriter: `benches/workbook_xlsxwriter.py ROWS CHARS_OF_BODY OUT.xlsx`.
#![allow(missing_docs, clippy::print_stdout, reason = "a measuring program")]

#[path = "../tests/it/exchanges.rs"]
#[allow(dead_code, reason = "tests use more of it")]
mod exchanges;
#[path = "../tests/it/memory.rs"]
#[allow(dead_code, reason = "tests use more of it")]
mod memory;
#[path = "../tests/it/population.rs"]
mod population;

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use hobbs_report::{Scope, summarize, workbook};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let rows: u64 = arguments.next().ok_or("how many rows?")?.parse()?;
    let chars: usize = arguments
        .next()
        .ok_or("how many characters a body?")?
        .parse()?;
    let path = PathBuf::from(arguments.next().ok_or("to which file?")?);

    let source = population::source(rows, 300.min(rows.div_ceil(8)), chars);
    let scope = Scope::default();
    let now: jiff::Timestamp = "2026-11-22T12:30:00Z".parse()?;

    let start = Instant::now();
    let drawn: usize = (0..rows).map(|at| (source.row)(at).app.len()).sum();
    let drawing_s = start.elapsed().as_secs_f64();
    // The figures come from SQL elsewhere; reckoned here over all rows they would cost more memory
    // than the workbook.
    let few = population::source(rows.min(10_000), 300.min(rows.div_ceil(8)), 0);
    let summary = Arc::new(futures::executor::block_on(summarize(&few, &scope, now))?);

    let start = Instant::now();
    let written = futures::executor::block_on(workbook::write(&source, &scope, summary, &path))?;
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{} rows and {} exchanges in {seconds:.1} s ({:.0} rows/s), of which {drawing_s:.1} s to draw them ({drawn}); {:.1} MB; peak memory {} MB",
        written.interactions,
        written.exchanges,
        written.interactions as f64 / seconds,
        std::fs::metadata(&path)?.len() as f64 / 1e6,
        peak_mb(),
    );
    Ok(())
}

/// The process's peak resident memory, where the system tells it.
fn peak_mb() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kb = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.split_whitespace().next());
    kb.and_then(|kb| kb.parse::<f64>().ok())
        .map_or("unknown".to_owned(), |kb| format!("{:.0}", kb / 1024.0))
}
