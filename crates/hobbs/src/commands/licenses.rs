//! `hobbs licenses`

use std::io::Write;

use anyhow::Result;
use hobbs_lake::Reader;
use hobbs_report::licenses::{self, Price, Query};
use hobbs_report::reconcile::Answer;
use hobbs_report::table;
use jiff::Timestamp;

use crate::cli::{FiguresFormat, Global, Licenses};
use crate::commands::figures::format;
use crate::commands::output::Output;
use crate::commands::report::find_users;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::progress::thousands;
use crate::settings::{Misconfigured, Settings};
use crate::source::LakeSource;

pub async fn run(
    args: &Licenses,
    settings: &Settings,
    global: &Global,
    printer: &Printer,
) -> Result<Exit> {
    let format = format(args.format, args.output.as_deref(), global)?;
    let query = query(args, settings)?;
    let source = LakeSource::new(Reader::open(&settings.lake()?).await?);
    find_users(&source, &args.on_leave).await?;
    for name in &settings.licenses().on_leave {
        if find_users(&source, std::slice::from_ref(name))
            .await
            .is_err()
        {
            printer.warn(&format!(
                "[licenses] on_leave: the lake knows nobody called \"{name}\", so nobody is left out for it"
            ));
        }
    }
    let answer = licenses::licenses(&source, &query, Timestamp::now()).await?;
    let mut out = Output::new(args.output.as_deref())?;
    match (format, &answer) {
        (FiguresFormat::Table, answer) => {
            let style = match args.output {
                Some(_) => Default::default(),
                None => printer.style(),
            };
            out.write_all(table::licenses(answer, style).as_bytes())?;
        }
        (FiguresFormat::Json, answer) => {
            out.json(answer)?;
        }
        (FiguresFormat::Csv, Answer::Here(figures)) => {
            let rows = licenses::write_csv(figures, &mut out)?;
            printer.say(&format!(
                "{} proposals. {}",
                thousands(rows),
                licenses::READS_ONLY
            ));
        }
        (FiguresFormat::Csv, Answer::Missing { missing }) => {
            return Err(Misconfigured(missing.clone()).into());
        }
    }
    out.finish()?;
    Ok(match answer {
        Answer::Here(_) => Exit::Whole,
        Answer::Missing { .. } => Exit::Partial,
    })
}

/// What is asked, of the flags and the configuration.
fn query(args: &Licenses, settings: &Settings) -> Result<Query, Misconfigured> {
    let mut query = configured(settings, args.price, args.currency.as_deref())?;
    query.idle_days = args.idle_days;
    query.new_days = args.new_days;
    query.on_leave.extend(args.on_leave.iter().cloned());
    Ok(query)
}

/// What the configuration says, a price and a currency above it.
pub fn configured(
    settings: &Settings,
    price: Option<f64>,
    currency: Option<&str>,
) -> Result<Query, Misconfigured> {
    let section = settings.licenses();
    let price = match price.or(section.price_per_month) {
        Some(amount) if !amount.is_finite() || amount < 0.0 => {
            return Err(Misconfigured(format!("{amount} is no price")));
        }
        amount => amount.map(|per_seat_month| Price {
            per_seat_month,
            currency: currency
                .or(section.currency.as_deref())
                .unwrap_or("USD")
                .to_owned(),
        }),
    };
    Ok(Query {
        on_leave: section.on_leave.clone(),
        price,
        ..Query::default()
    })
}
