//! The rows as CSV: UTF-8 with a byte-order mark (Excel needs it), CRLF, the columns of
//! [`crate::columns`].
//!
//! A cell that a spreadsheet could take for a formula gets an apostrophe before it: see
//! [`crate::cell::looks_like_formula`]. Whoever reads the file by program and needs the text to the
//! letter strips one leading apostrophe from cells where one of `= + - @`, a tab or a line end
//! follows. Control characters are written as visible symbols (␀).

use std::io::Write;

use futures::StreamExt;
use jiff::Timestamp;

use crate::cell::{as_text, printable};
use crate::columns::{COLUMNS, CellValue, cells};
use crate::error::ReportError;
use crate::scope::Scope;
use crate::source::{Order, Source};

/// Writes all rows of `scope` by time, as they come; returns how many. A broken pipe is an error of
/// kind [`std::io::ErrorKind::BrokenPipe`] in [`ReportError::Io`].
pub async fn write(
    source: &dyn Source,
    scope: &Scope,
    out: impl Write + Send,
) -> Result<u64, ReportError> {
    let mut chunks = source.rows(scope, Order::Time).await?;
    let mut csv = writer(out)?;
    csv.write_record(COLUMNS.map(|column| column.name))
        .map_err(io)?;
    let mut written = 0;
    while let Some(chunk) = chunks.next().await {
        for row in chunk? {
            for cell in cells(&row) {
                match cell {
                    CellValue::Empty => csv.write_field(""),
                    CellValue::Text(text) => csv.write_field(as_text(&printable(&text)).as_bytes()),
                    CellValue::Time(ms) => csv.write_field(iso_8601(ms)),
                    CellValue::Flag(flag) => csv.write_field(if flag { "TRUE" } else { "FALSE" }),
                }
                .map_err(io)?;
            }
            csv.write_record(None::<&[u8]>).map_err(io)?;
            written += 1;
        }
    }
    csv.flush()?;
    Ok(written)
}

/// As every CSV of ours begins and ends its lines.
pub(crate) fn writer<W: Write>(mut out: W) -> Result<csv::Writer<W>, ReportError> {
    out.write_all("\u{feff}".as_bytes())?;
    Ok(csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(out))
}

/// `2024-11-15T20:16:41.008Z`.
fn iso_8601(ms: i64) -> String {
    format!(
        "{:.3}",
        Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH)
    )
}

pub(crate) fn io(error: csv::Error) -> std::io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => std::io::Error::other(format!("{other:?}")),
    }
}
