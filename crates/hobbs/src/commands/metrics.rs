//! `hobbs metrics list`, `show` and `run`

use std::io::Write;

use anyhow::Result;
use hobbs_lake::Reader;
use hobbs_metrics::{Metric, Parameters, Slice, Window};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::json;

use crate::cli::{Global, MetricAsked, MetricRun, MetricShow, Metrics, QueryFormat};
use crate::commands::output::Output;
use crate::commands::query;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::progress::counted;
use crate::settings::{Misconfigured, Settings};

pub async fn run(
    command: &Metrics,
    settings: &Settings,
    global: &Global,
    printer: &Printer,
) -> Result<Exit> {
    match command {
        Metrics::List => list(global, printer)?,
        Metrics::Show(args) => show(args, settings, global, printer)?,
        Metrics::Run(args) => return run_one(args, settings, global, printer).await,
    }
    Ok(Exit::Whole)
}

fn list(global: &Global, printer: &Printer) -> Result<()> {
    if global.json {
        let all: Vec<_> = Metric::all().iter().map(definition).collect();
        return printer.json(&all);
    }
    let width = Metric::all().iter().map(|it| it.name().len()).max();
    let width = width.unwrap_or(0) + 2;
    let mut text = String::new();
    for metric in Metric::all() {
        text.push_str(&format!("{:<width$}{}\n", metric.name(), metric.question()));
    }
    Ok(printer.data(&text)?)
}

fn definition(metric: &Metric) -> serde_json::Value {
    let slices: Vec<&str> = metric.slices().iter().map(|slice| slice.as_str()).collect();
    json!({
        "name": metric.name(),
        "question": metric.question(),
        "unit": metric.unit(),
        "grain": metric.grain(),
        "caveats": metric.caveats(),
        "slices": slices,
        "days": metric.days(),
        "on_request": metric.on_request(),
    })
}

fn show(args: &MetricShow, settings: &Settings, global: &Global, printer: &Printer) -> Result<()> {
    let metric = named(&args.asked.name)?;
    let parameters = parameters(metric, &args.asked, settings)?;
    let sql = sql(metric, &parameters)?;
    if global.json {
        let mut definition = definition(metric);
        definition["sql"] = sql.into();
        return printer.json(&definition);
    }
    if args.sql {
        return Ok(printer.data(&sql)?);
    }
    let slices: Vec<&str> = metric.slices().iter().map(|slice| slice.as_str()).collect();
    printer.data(&format!(
        "{}\n\n  question  {}\n  unit      {}\n  grain     {}\n  by        {}\n  window    {} days, if nobody says otherwise\n  caveats   {}\n\n{sql}",
        metric.name(),
        metric.question(),
        metric.unit(),
        metric.grain().join(", "),
        slices.join(", "),
        metric.days(),
        metric.caveats(),
    ))?;
    Ok(())
}

async fn run_one(
    args: &MetricRun,
    settings: &Settings,
    global: &Global,
    printer: &Printer,
) -> Result<Exit> {
    let metric = named(&args.asked.name)?;
    let parameters = parameters(metric, &args.asked, settings)?;
    let sql = sql(metric, &parameters)?;
    let format = query::format(args.format, args.output.as_deref(), global)?;
    let reader = Reader::open(&settings.lake()?).await?;
    let rows = reader.query(&sql).await?;
    let mut out = Output::new(args.output.as_deref())?;
    if format == QueryFormat::Json {
        let head = head(metric, &parameters)?;
        write!(out, "{head},\n  \"rows\": ")?;
    }
    let count = query::write(rows, format, &mut out, printer).await?;
    if format == QueryFormat::Json {
        writeln!(out, "}}")?;
    }
    out.finish()?;
    match args.output.as_deref() {
        None if format == QueryFormat::Table => printer.say(&format!(
            "{} to {}; {}",
            parameters.window.first(),
            parameters.window.last(),
            metric.caveats()
        )),
        None => {}
        Some(path) => printer.say(&format!(
            "{} in {}",
            counted(count, "row", "rows"),
            path.display()
        )),
    }
    Ok(Exit::Whole)
}

/// What stands before a metric's rows in JSON, without the brace that ends it: the rows may be many, and are
/// written as they come.
fn head(metric: &Metric, parameters: &Parameters) -> Result<String> {
    /// First and last day of the window, both included.
    #[derive(serde::Serialize)]
    struct Head<'a> {
        metric: &'a str,
        by: Option<&'static str>,
        window: [Date; 2],
        columns: Vec<&'a str>,
    }
    let mut head = serde_json::to_string_pretty(&Head {
        metric: metric.name(),
        by: parameters.slice.map(Slice::as_str),
        window: [parameters.window.first(), parameters.window.last()],
        columns: metric.columns(parameters.slice),
    })?;
    head.truncate(head.trim_end_matches(['}', '\n']).len());
    Ok(head)
}

fn named(name: &str) -> Result<&'static Metric, Misconfigured> {
    Metric::named(name).map_err(|error| Misconfigured(error.to_string()))
}

fn sql(metric: &Metric, parameters: &Parameters) -> Result<String, Misconfigured> {
    metric
        .sql(parameters)
        .map_err(|error| Misconfigured(error.to_string()))
}

fn parameters(
    metric: &Metric,
    asked: &MetricAsked,
    settings: &Settings,
) -> Result<Parameters, Misconfigured> {
    let today = Timestamp::now().to_zoned(settings.time_zone()?).date();
    let last = asked.days.to.unwrap_or(today);
    let window = match (asked.days.from, asked.days.days) {
        (Some(first), _) => Window::new(first, last),
        (None, days) => Window::ending(last, days.unwrap_or(metric.days())),
    };
    let window = window.map_err(|error| Misconfigured(error.to_string()))?;
    let mut parameters = Parameters::of(window);
    parameters.slice = asked.by;
    if let Some(at_least) = asked.at_least {
        parameters.typed_minimum = at_least;
    }
    Ok(parameters)
}
