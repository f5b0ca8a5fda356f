//! `hobbs query`

use std::io::{Read, Write};
use std::path::Path;

use anyhow::{Context, Result};
use comfy_table::{Cell, CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};
use futures::TryStreamExt;
use hobbs_lake::arrow::array::{Array, RecordBatch};
use hobbs_lake::arrow::datatypes::{DataType, Schema};
use hobbs_lake::arrow::json::writer::{JsonArray, LineDelimited, WriterBuilder};
use hobbs_lake::arrow::util::display::{ArrayFormatter, FormatOptions};
use hobbs_lake::parquet::arrow::ArrowWriter;
use hobbs_lake::parquet::basic::{Compression, ZstdLevel};
use hobbs_lake::parquet::file::properties::WriterProperties;
use hobbs_lake::{LakeError, Reader, SendableRecordBatchStream};
use hobbs_report::{cell, visible};

use crate::cli::{Global, Query, QueryFormat};
use crate::commands::output::{keep, new_file};
use crate::exit::Exit;
use crate::printer::Printer;
use crate::progress::thousands;
use crate::settings::{Misconfigured, Settings};

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
    let format = format(args.format, args.output.as_deref(), global)?;
    let reader = Reader::open(&settings.lake()?).await?;
    let rows = reader.query(&sql).await?;
    let Some(path) = args.output.as_deref() else {
        write(
            rows,
            format,
            &mut std::io::BufWriter::new(std::io::stdout()),
            printer,
        )
        .await?;
        return Ok(Exit::Whole);
    };
    let mut file = new_file(path)?;
    let count = write(
        rows,
        format,
        &mut std::io::BufWriter::new(file.as_file_mut()),
        printer,
    )
    .await?;
    keep(file, path)?;
    printer.say(&format!("{} rows in {}", thousands(count), path.display()));
    Ok(Exit::Whole)
}

/// The form of a result: as asked, or by the file's ending.
pub fn format(
    asked: Option<QueryFormat>,
    output: Option<&Path>,
    global: &Global,
) -> Result<QueryFormat, Misconfigured> {
    let by_ending = || match output.and_then(Path::extension)?.to_str()? {
        "parquet" => Some(QueryFormat::Parquet),
        "csv" => Some(QueryFormat::Csv),
        "json" => Some(QueryFormat::Json),
        "ndjson" | "jsonl" => Some(QueryFormat::Ndjson),
        _ => None,
    };
    let format = asked
        .or(global.json.then_some(QueryFormat::Json))
        .or_else(by_ending)
        .unwrap_or(QueryFormat::Table);
    if format == QueryFormat::Parquet && output.is_none() {
        return Err(Misconfigured(
            "Parquet needs a file: add -o FILE".to_owned(),
        ));
    }
    Ok(format)
}

/// Writes rows as they come; returns how many.
pub async fn write(
    mut rows: SendableRecordBatchStream,
    format: QueryFormat,
    out: &mut (impl Write + Send),
    printer: &Printer,
) -> Result<u64> {
    let schema = rows.schema();
    let mut count = 0;
    match format {
        QueryFormat::Table => {
            let mut batches: Vec<RecordBatch> = Vec::new();
            while let Some(batch) = next(&mut rows).await? {
                let room = TABLE_ROWS_MAX.saturating_sub(usize::try_from(count)?);
                if room > 0 {
                    // Even a slice without a row would keep the whole batch in memory.
                    batches.push(batch.slice(0, batch.num_rows().min(room)));
                }
                count += batch.num_rows() as u64;
            }
            writeln!(out, "{}", table(&schema, &batches, printer)?)?;
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
            while let Some(batch) = next(&mut rows).await? {
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
            while let Some(batch) = next(&mut rows).await? {
                count += batch.num_rows() as u64;
                writer.write(&batch)?;
            }
            writer.finish()?;
        }
        QueryFormat::Csv => {
            let mut csv = csv::Writer::from_writer(&mut *out);
            csv.write_record(schema.fields().iter().map(|field| field.name()))?;
            while let Some(batch) = next(&mut rows).await? {
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
            while let Some(batch) = next(&mut rows).await? {
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
                is_text(column.data_type()),
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

fn is_text(data_type: &DataType) -> bool {
    !data_type.is_numeric() && !data_type.is_temporal() && *data_type != DataType::Boolean
}

/// One line under the header, as in reports.
const LINES: TableStyle = TableStyle::new().header_separator(
    LineStyle::none()
        .fill('─')
        .junction('─')
        .left('─')
        .right('─'),
);

fn table(schema: &Schema, batches: &[RecordBatch], printer: &Printer) -> Result<Table> {
    let mut table = Table::new();
    table.load_style(LINES);
    table.set_width(printer.style().width);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    let alignment = |at: usize| match schema.field(at).data_type() {
        number if number.is_numeric() => CellAlignment::Right,
        _ => CellAlignment::Left,
    };
    let names = schema.fields().iter().enumerate();
    table.set_header(
        names.map(|(at, field)| Cell::new(visible(field.name())).set_alignment(alignment(at))),
    );
    let options = FormatOptions::default();
    for batch in batches {
        let cells = batch
            .columns()
            .iter()
            .map(|column| ArrayFormatter::try_new(column, &options))
            .collect::<Result<Vec<_>, _>>()?;
        for row in 0..batch.num_rows() {
            let texts = cells
                .iter()
                .map(|cell| cell.value(row).try_to_string())
                .collect::<Result<Vec<_>, _>>()?;
            let row = texts
                .iter()
                .enumerate()
                .map(|(at, text)| Cell::new(visible(text)).set_alignment(alignment(at)));
            table.add_row(row);
        }
    }
    Ok(table)
}
