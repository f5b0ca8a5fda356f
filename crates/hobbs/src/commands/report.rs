//! `hobbs report`

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use hobbs_lake::Reader;
use hobbs_report::coverage::Coverage;
use hobbs_report::licenses::Query;
use hobbs_report::scope::text_literal;
use hobbs_report::{Scope, Source, coverage_of, csv, html, summarize_with, table, workbook};
use jiff::Timestamp;
use serde_json::Value;

use crate::cli::{Global, Report, ReportFormat};
use crate::commands::form::Forms;
use crate::commands::output::Output;
use crate::commands::{apps, licenses, time};
use crate::exit::Exit;
use crate::printer::Printer;
use crate::progress::counted;
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
    let now = Timestamp::now();
    let format = FORMS.choose(args.format, args.output.as_deref(), global)?;
    let range = time::range(&args.time, &settings.time_zone()?, now)?;
    let source = LakeSource::new(Reader::open(&settings.lake()?).await?);
    let scope = Scope {
        tenant_id: None,
        users: find_users(&source, &args.users).await?,
        from_ms: range.from_ms,
        to_ms: range.to_ms,
        apps: apps::meant(&source, &args.apps).await?,
    };
    let terms = licenses::configured(settings, None, None)?;
    write(
        &source,
        &scope,
        &terms,
        now,
        format,
        args.output.as_deref(),
        printer,
    )
    .await
}

const FORMS: Forms<ReportFormat> = Forms {
    table: ReportFormat::Table,
    json: ReportFormat::Json,
    endings: &[
        ("xlsx", ReportFormat::Xlsx),
        ("html", ReportFormat::Html),
        ("htm", ReportFormat::Html),
        ("csv", ReportFormat::Csv),
        ("json", ReportFormat::Json),
        ("txt", ReportFormat::Table),
    ],
};

/// Writes a report in one form. `terms` say what licenses cost and who is on leave. Partial is a report that
/// does not cover all that it is about.
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
        return write_csv(source, scope, now, output, printer).await;
    }
    let summary = summarize_with(source, scope, terms, now).await?;
    let exit = exit(&summary.coverage);
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
                "{} in {}",
                counted(written.interactions, "interaction", "interactions"),
                path.display()
            ));
            if written.cells_cut > 0 {
                printer.warn(&format!(
                    "{} longer than a cell of Excel holds, and cut, each with a note",
                    counted(written.cells_cut, "text is", "texts are")
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
    Ok(exit)
}

fn exit(coverage: &Coverage) -> Exit {
    if coverage.whole {
        Exit::Whole
    } else {
        Exit::Partial
    }
}

async fn write_csv(
    source: &dyn Source,
    scope: &Scope,
    now: Timestamp,
    output: Option<&Path>,
    printer: &Printer,
) -> Result<Exit> {
    let (coverage, window) = coverage_of(source, scope, now).await?;
    let mut out = Output::new(output)?;
    let rows = csv::write(source, scope, &mut out).await?;
    out.finish()?;
    printer.say(&table::covered(&coverage, &window));
    if let Some(path) = output {
        printer.say(&format!(
            "{} in {}",
            counted(rows, "row", "rows"),
            path.display()
        ));
    }
    Ok(exit(&coverage))
}

fn put(text: &str, output: Option<&Path>, printer: &Printer) -> Result<()> {
    let Some(path) = output else {
        return Ok(printer.data(text)?);
    };
    let mut out = Output::new(Some(path))?;
    out.write_all(text.as_bytes())?;
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
