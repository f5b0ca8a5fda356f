//! Prints the SQL of metrics, for whoever wants to run it elsewhere.
//!
//!     cargo run -p hobbs-metrics --example print_sql -- LAST_DAY DAYS [--by SLICE] [NAME ...]
//!
//! One line of JSON for each metric, all of them without names; a metric that can't be divided by
//! the slice is left out.

#![allow(clippy::print_stdout)]

use std::error::Error;

use hobbs_metrics::{Metric, Parameters, Slice, Window};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let last = arguments
        .next()
        .ok_or("the window's last day is missing")?
        .parse()?;
    let days = arguments
        .next()
        .ok_or("the number of days is missing")?
        .parse()?;
    let mut rest: Vec<String> = arguments.collect();
    let mut parameters = Parameters::of(Window::ending(last, days)?);
    if rest.first().is_some_and(|first| first == "--by") {
        parameters = parameters.by(rest.get(1).ok_or("--by what?")?.parse::<Slice>()?);
        rest.drain(..2);
    }
    let metrics: Vec<&Metric> = if rest.is_empty() {
        Metric::all().iter().collect()
    } else {
        rest.iter()
            .map(|name| Metric::named(name))
            .collect::<Result<_, _>>()?
    };
    for metric in metrics {
        if let Ok(sql) = metric.sql(&parameters) {
            println!(
                "{}",
                serde_json::json!({
                    "metric": metric.name(),
                    "columns": metric.columns(parameters.slice),
                    "grain": metric.grain(),
                    "sql": sql,
                })
            );
        }
    }
    Ok(())
}
