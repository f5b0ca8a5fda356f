//! `hobbs report`

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use hobbs_lake::Reader;
use hobbs_report::licenses::Query;
use hobbs_report::scope::text_literal;
use hobbs_report::{Scope, Source, csv, html, summarize_with, table, workbook};
use jiff::Timestamp;
use serde_json::Value;

use crate::cli::{Global, Report, ReportFormat};
use crate::commands::output::Output;
use crate::commands::{licenses, time};
use crate::exit::Exit;
use crate::printer::Printer;
use crate::progress::thousands;
use crate::settings::{Misconfigured, Settings};
use crate::source::LakeSource;

/// The workbook's name where none was given.
const WORKBOOK: &str = "hobbs-report.xlsx";
/// The page where no file is named.
const PAGE: &str = "hobbs-report.html";

pub async fn run(
    args: &Report,
    settings: &Settings,
    global: &Global,
    printer: &Printer,
) -> Result<Exit> {
    let source = LakeSource::new(Reader::open(&settings.lake()?).await?);
    let now = Timestamp::now();
    let range = time::range(&args.time, now.as_millisecond())?;
    let scope = Scope {
        tenant_id: None,
        users: find_users(&source, &args.users).await?,
        from_ms: range.from_ms,
        to_ms: range.to_ms,
        apps: args.apps.clone(),
    };
    let terms = licenses::configured(settings, None, None)?;
    write(
        &source,
        &scope,
        &terms,
        now,
        format(args, global),
        args.output.as_deref(),
        printer,
    )
    .await
}

fn format(args: &Report, global: &Global) -> ReportFormat {
    let by_ending = || match args.output.as_deref().and_then(Path::extension)?.to_str()? {
        "xlsx" => Some(ReportFormat::Xlsx),
        "html" | "htm" => Some(ReportFormat::Html),
        "csv" => Some(ReportFormat::Csv),
        "json" => Some(ReportFormat::Json),
        _ => None,
    };
    let json = global.json.then_some(ReportFormat::Json);
    args.format
        .or(json)
        .or_else(by_ending)
        .unwrap_or(ReportFormat::Table)
}

/// Writes a report in one form. `terms` say what licenses cost and who is on leave.
pub async fn write(
    source: &dyn Source,
    scope: &Scope,
    terms: &Query,
    now: Timestamp,
    format: ReportFormat,
    output: Option<&Path>,
    printer: &Printer,
) -> Result<Exit> {
    if format == ReportFormat::Csv {
        write_csv(source, scope, output, printer).await?;
        return Ok(Exit::Whole);
    }
    let summary = summarize_with(source, scope, terms, now).await?;
    match (format, output) {
        (ReportFormat::Json, output) => {
            let mut out = Output::new(output)?;
            out.json(&summary)?;
            out.finish()?;
        }
        (ReportFormat::Table, None) => printer.data(&table::render(&summary, printer.style()))?,
        (ReportFormat::Table, output) => put(
            &table::render(&summary, Default::default()),
            output,
            printer,
        )?,
        (ReportFormat::Xlsx, output) => {
            let path = output.map_or_else(|| PathBuf::from(WORKBOOK), Path::to_owned);
            let coverage = table::coverage_line(&summary);
            let written = workbook::write(source, scope, Arc::new(summary), &path).await?;
            printer.say(&coverage);
            printer.say(&format!(
                "{} interactions in {}",
                thousands(written.interactions),
                path.display()
            ));
            if written.cells_cut > 0 {
                printer.warn(&format!(
                    "{} texts are longer than a cell of Excel holds and were cut, each with a note",
                    written.cells_cut
                ));
            }
        }
        (ReportFormat::Html, output) => {
            let path = output.map_or_else(|| PathBuf::from(PAGE), Path::to_owned);
            put(&html::render(&summary)?, Some(&path), printer)?;
            printer.say(&table::coverage_line(&summary));
            printer.say(&format!("page in {}", path.display()));
        }
        (ReportFormat::Csv, _) => unreachable!("written above"),
    }
    Ok(Exit::Whole)
}

async fn write_csv(
    source: &dyn Source,
    scope: &Scope,
    output: Option<&Path>,
    printer: &Printer,
) -> Result<()> {
    let mut out = Output::new(output)?;
    let rows = csv::write(source, scope, &mut out).await?;
    out.finish()?;
    if let Some(path) = output {
        printer.say(&format!("{} rows in {}", thousands(rows), path.display()));
    }
    Ok(())
}

fn put(text: &str, output: Option<&Path>, printer: &Printer) -> Result<()> {
    let Some(path) = output else {
        return Ok(printer.data(text)?);
    };
    let mut out = Output::new(Some(path))?;
    out.write_all(text.as_bytes())
        .with_context(|| format!("{} could not be written", path.display()))?;
    out.finish()
}

/// Object ids of the users named.
pub async fn find_users(source: &dyn Source, names: &[String]) -> Result<Vec<String>> {
    let mut ids = Vec::new();
    for name in names {
        let literal = text_literal(&name.to_lowercase());
        let sql = format!(
            "SELECT DISTINCT user_id FROM (\
               SELECT user_id FROM users_now WHERE lower(user_principal_name) = {literal} OR lower(mail) = {literal} OR lower(user_id) = {literal} \
               UNION ALL SELECT user_id FROM interactions WHERE lower(user_id) = {literal}) AS found"
        );
        let found: Vec<String> = source
            .select(&sql)
            .await?
            .into_iter()
            .filter_map(|row| {
                row.get("user_id")
                    .and_then(Value::as_str)
                    .map(str::to_owned)
            })
            .collect();
        if found.is_empty() {
            return Err(Misconfigured(format!(
                "the lake knows no user {name}: give a user principal name or an object id as in `hobbs query \"SELECT user_principal_name FROM users_now\"`"
            ))
            .into());
        }
        ids.extend(found);
    }
    Ok(ids)
}
