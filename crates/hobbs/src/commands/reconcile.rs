//! `hobbs reconcile`

use std::io::Write;

use anyhow::Result;
use hobbs_lake::Reader;
use hobbs_report::reconcile::{self, Answer, Query, Reconciliation};
use hobbs_report::{ReportError, table};
use jiff::Timestamp;

use crate::cli::{FiguresFormat, Global, Reconcile};
use crate::commands::figures::format;
use crate::commands::output::Output;
use crate::commands::report::find_users;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::progress::thousands;
use crate::settings::{Misconfigured, Settings};
use crate::source::LakeSource;

pub async fn run(
    args: &Reconcile,
    settings: &Settings,
    global: &Global,
    printer: &Printer,
) -> Result<Exit> {
    let format = format(args.format, args.output.as_deref(), global)?;
    let source = LakeSource::new(Reader::open(&settings.lake()?).await?);
    let query = Query {
        tenant_id: None,
        users: find_users(&source, &args.users).await?,
        days: args.days,
    };
    let now = Timestamp::now();
    let mut out = Output::new(args.output.as_deref())?;
    match format {
        FiguresFormat::Table => {
            let answer = reconcile::reconcile(&source, &query, now).await?;
            let style = match args.output {
                Some(_) => Default::default(),
                None => printer.style(),
            };
            out.write_all(table::reconciliation(&answer, style).as_bytes())?;
            out.finish()?;
            return Ok(exit(&answer));
        }
        FiguresFormat::Json => {
            let answer = reconcile::write_json(&source, &query, now, &mut out).await?;
            out.finish()?;
            return Ok(exit(&answer));
        }
        FiguresFormat::Csv => {
            let written = reconcile::write_csv(&source, &query, now, &mut out).await;
            let figures = written.map_err(|error| match error {
                ReportError::Missing(missing) => Misconfigured(missing).into(),
                other => anyhow::Error::from(other),
            })?;
            out.finish()?;
            say(&figures, printer);
        }
    }
    Ok(Exit::Whole)
}

/// Without a usage report there is nothing to compare.
fn exit(answer: &Answer<Reconciliation>) -> Exit {
    match answer {
        Answer::Here(_) => Exit::Whole,
        Answer::Missing { .. } => Exit::Partial,
    }
}

fn say(figures: &Reconciliation, printer: &Printer) {
    printer.say(&format!(
        "Microsoft's report of {}, {} days: {} lines unexplained",
        figures.report_refresh_date,
        figures.report_period,
        thousands(figures.figures.unexplained())
    ));
}
