//! `hobbs query`

use std::io::{Read, Write};
use std::path::Path;

use anyhow::{Context, Result};
use futures::TryStreamExt;
use hobbs_lake::arrow::array::{Array, RecordBatch};
use hobbs_lake::arrow::json::writer::{JsonArray, LineDelimited, WriterBuilder};
use hobbs_lake::arrow::util::display::{ArrayFormatter, FormatOptions};
use hobbs_lake::parquet::arrow::ArrowWriter;
use hobbs_lake::parquet::basic::{Compression, ZstdLevel};
use hobbs_lake::parquet::file::properties::WriterProperties;
use hobbs_lake::{LakeError, Reader, SendableRecordBatchStream};
use hobbs_report::cell;

use crate::cli::{Global, Query, QueryFormat};
use crate::commands::form::Forms;
use crate::commands::output::Output;
use crate::commands::rows;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::progress::{counted, thousands};
use crate::settings::{Misconfigured, Settings};

/// What `SHOW TABLES` is answered with. (The engine's own list has the lake's inner tables.)
const TABLES: &str = "SELECT column1 AS \"table\", column2 AS \"a row is\" FROM (VALUES \
    ('interactions', 'a prompt or a response'), \
    ('exchanges', 'a prompt with its responses, and the verdict'), \
    ('conversations', 'a thread of a user'), \
    ('resources', 'what an exchange had before it or cites'), \
    ('people', 'a user, as now'), \
    ('users', 'a change of a user''s record'), \
    ('licenses', 'a subscription at one sync'), \
    ('license_assignments', 'a change in who holds which license'), \
    ('usage_reports', 'a user in one of Microsoft''s usage reports'), \
    ('usage_summary', 'an app in one of Microsoft''s counts of users'), \
    ('usage_trend', 'an app on a day, by Microsoft''s counts'), \
    ('runs', 'a sync or an import'), \
    ('coverage', 'a user and a window of time that was asked for')) AS tables";

/// Whether somebody asks which tables there are.
fn is_show_tables(sql: &str) -> bool {
    let words = sql.trim().trim_end_matches(';').split_whitespace();
    words
        .map(str::to_lowercase)
        .eq(["show".to_owned(), "tables".to_owned()])
}

/// Rows of a table on a terminal; more belongs in a file.
const TABLE_ROWS_MAX: usize = 1000;

/// Rows of a group in a Parquet file.
const PARQUET_GROUP_ROWS: usize = 65_536;

pub async fn run(
    args: &Query,
    settings: &Settings,
    global: &Global,
    printer: &Printer,
) -> Result<Exit> {
    let sql = match args.sql.as_str() {
        "-" => std::io::read_to_string(std::io::stdin().take(1 << 20))
            .context("the query could not be read from stdin")?,
        sql => sql.to_owned(),
    };
    let sql = match is_show_tables(&sql) {
        true => TABLES.to_owned(),
        false => sql,
    };
    let format = format(args.format, args.output.as_deref(), global)?;
    let reader = Reader::open(&settings.lake()?).await?;
    let rows = reader.query(&sql).await?;
    let mut out = Output::new(args.output.as_deref())?;
    let count = write(rows, format, &mut out, printer).await?;
    out.finish()?;
    if let Some(path) = &args.output {
        printer.say(&format!(
            "{} in {}",
            counted(count, "row", "rows"),
            path.display()
        ));
    }
    Ok(Exit::Whole)
}

const FORMS: Forms<QueryFormat> = Forms {
    table: QueryFormat::Table,
    json: QueryFormat::Json,
    endings: &[
        ("csv", QueryFormat::Csv),
        ("json", QueryFormat::Json),
        ("ndjson", QueryFormat::Ndjson),
        ("jsonl", QueryFormat::Ndjson),
        ("parquet", QueryFormat::Parquet),
        ("txt", QueryFormat::Table),
    ],
};

/// The form of a result: as asked, or by the file's ending.
pub fn format(
    asked: Option<QueryFormat>,
    output: Option<&Path>,
    global: &Global,
) -> Result<QueryFormat, Misconfigured> {
    let format = FORMS.choose(asked, output, global)?;
    if format == QueryFormat::Parquet && output.is_none() {
        return Err(Misconfigured(
            "Parquet needs a file: add -o FILE".to_owned(),
        ));
    }
    Ok(format)
}

/// Writes rows as they come; returns how many.
pub async fn write(
    mut stream: SendableRecordBatchStream,
    format: QueryFormat,
    out: &mut Output<'_>,
    printer: &Printer,
) -> Result<u64> {
    let schema = stream.schema();
    let mut count = 0;
    match format {
        QueryFormat::Table => {
            let mut batches: Vec<RecordBatch> = Vec::new();
            while let Some(batch) = next(&mut stream).await? {
                let room = TABLE_ROWS_MAX.saturating_sub(usize::try_from(count)?);
                if room > 0 {
                    // Even a slice without a row would keep the whole batch in memory.
                    batches.push(batch.slice(0, batch.num_rows().min(room)));
                }
                count += batch.num_rows() as u64;
            }
            let width = match out.is_file() {
                true => None,
                false => printer.width(),
            };
            out.write_all(rows::shown(&schema, &batches, width)?.as_bytes())?;
            let shown = count.min(TABLE_ROWS_MAX as u64);
            if shown < count {
                printer.say(&format!(
                    "the first {} of {} rows; --format csv or -o FILE gives all",
                    thousands(shown),
                    thousands(count)
                ));
            }
        }
        QueryFormat::Json => {
            let mut writer = WriterBuilder::new()
                .with_explicit_nulls(true)
                .build::<_, JsonArray>(&mut *out);
            while let Some(batch) = next(&mut stream).await? {
                count += batch.num_rows() as u64;
                writer.write(&batch)?;
            }
            if count == 0 {
                drop(writer);
                out.write_all(b"[]")?;
            } else {
                writer.finish()?;
            }
            out.write_all(b"\n")?;
        }
        QueryFormat::Ndjson => {
            let mut writer = WriterBuilder::new()
                .with_explicit_nulls(true)
                .build::<_, LineDelimited>(&mut *out);
            while let Some(batch) = next(&mut stream).await? {
                count += batch.num_rows() as u64;
                writer.write(&batch)?;
            }
            writer.finish()?;
        }
        QueryFormat::Csv => {
            let mut csv = csv::Writer::from_writer(&mut *out);
            csv.write_record(schema.fields().iter().map(|field| field.name()))?;
            while let Some(batch) = next(&mut stream).await? {
                count += batch.num_rows() as u64;
                write_csv(&mut csv, &batch)?;
            }
            csv.flush()?;
        }
        QueryFormat::Parquet => {
            // The default of a million rows a group would hold as many in memory.
            let properties = WriterProperties::builder()
                .set_compression(Compression::ZSTD(ZstdLevel::default()))
                .set_max_row_group_row_count(Some(PARQUET_GROUP_ROWS))
                .build();
            let mut writer = ArrowWriter::try_new(&mut *out, schema, Some(properties))?;
            while let Some(batch) = next(&mut stream).await? {
                count += batch.num_rows() as u64;
                writer.write(&batch)?;
            }
            writer.close()?;
        }
    }
    out.flush()?;
    Ok(count)
}

async fn next(rows: &mut SendableRecordBatchStream) -> Result<Option<RecordBatch>> {
    Ok(rows.try_next().await.map_err(LakeError::from)?)
}

/// Text from a tenant must not run as a formula where the file is opened in a spreadsheet;
/// numbers, times and flags stay as they are.
fn write_csv(csv: &mut csv::Writer<impl Write>, batch: &RecordBatch) -> Result<()> {
    let options = FormatOptions::default();
    let cells = batch
        .columns()
        .iter()
        .map(|column| {
            Ok((
                ArrayFormatter::try_new(column, &options)?,
                rows::is_text(column.data_type()),
            ))
        })
        .collect::<Result<Vec<_>>>()?;
    for row in 0..batch.num_rows() {
        for (cell, is_text) in &cells {
            let text = cell.value(row).try_to_string()?;
            csv.write_field(if *is_text {
                cell::as_text(&text).into_owned()
            } else {
                text
            })?;
        }
        csv.write_record(None::<&[u8]>)?;
    }
    Ok(())
}
