//! `hobbs metrics list`, `show` and `run`

use std::io::Write;

use anyhow::{Context, Result};
use hobbs_lake::Reader;
use hobbs_metrics::{Metric, Parameters, Slice, Window};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::json;
use serde_json::value::RawValue;

use crate::cli::{Global, MetricAsked, MetricRun, MetricShow, Metrics, QueryFormat};
use crate::commands::output::{keep, new_file};
use crate::commands::query;
use crate::exit::Exit;
use crate::printer::Printer;
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
    let mut out = Vec::new();
    let count = query::write(rows, format, &mut out, printer).await?;
    if format == QueryFormat::Json {
        let rows = String::from_utf8(out).context("the rows are no text")?;
        let rows: Box<RawValue> = RawValue::from_string(rows)?;
        let mut json = serde_json::to_vec_pretty(&Answer {
            metric: metric.name(),
            by: parameters.slice.map(Slice::as_str),
            window: [parameters.window.first(), parameters.window.last()],
            columns: metric.columns(parameters.slice),
            rows: &rows,
        })?;
        json.push(b'\n');
        out = json;
    }
    match args.output.as_deref() {
        None => {
            let mut stdout = std::io::stdout();
            stdout.write_all(&out)?;
            if format == QueryFormat::Table {
                printer.say(&format!(
                    "{} to {}; {}",
                    parameters.window.first(),
                    parameters.window.last(),
                    metric.caveats()
                ));
            }
        }
        Some(path) => {
            let mut file = new_file(path)?;
            file.write_all(&out)?;
            keep(file, path)?;
            printer.say(&format!("{count} rows in {}", path.display()));
        }
    }
    Ok(Exit::Whole)
}

/// A metric's rows as JSON.
#[derive(serde::Serialize)]
struct Answer<'a> {
    metric: &'a str,
    by: Option<&'static str>,
    /// First and last day, both included.
    window: [Date; 2],
    columns: Vec<&'a str>,
    rows: &'a RawValue,
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
