//! Every line as CSV or JSON, written as it is known.

use std::io::Write;

use hobbs_reconcile::{Code, Line};
use jiff::Timestamp;
use jiff::civil::Date;

use super::{Answer, Query, Reconciliation, reconcile_each};
use crate::cell::{as_text, printable};
use crate::columns::{Column, column, numbers};
use crate::error::ReportError;
use crate::source::Source;

/// The columns of a line, the same in CSV and workbook.
pub const LINE_COLUMNS: [Column; 23] = [
    column("User", 34),
    column("UserId", 38),
    column("Column", 24),
    column("Reason", 22),
    column("Also", 24),
    column("MicrosoftLast", 15),
    numbers("MicrosoftPrompts", 18),
    numbers("MicrosoftActiveDays", 21),
    column("LastAny", 12),
    column("LastTyped", 12),
    column("LastClicked", 13),
    column("LastAutomatic", 15),
    column("LastSystemOrNoise", 19),
    numbers("Typed", 10),
    numbers("Clicked", 10),
    numbers("Automatic", 12),
    numbers("SystemOrNoise", 15),
    numbers("Unknown", 11),
    numbers("DaysAsked", 12),
    numbers("DaysAny", 11),
    column("Gap", 40),
    column("GapCode", 18),
    column("Says", 90),
];

/// What stands in a cell of a line.
pub(crate) enum LineCell {
    Text(String),
    Day(Option<Date>),
    Count(Option<u64>),
}

/// The cells of a line, in the order of [`LINE_COLUMNS`].
pub(crate) fn line_cells(line: &Line) -> [LineCell; LINE_COLUMNS.len()] {
    use LineCell::{Count, Day, Text};
    let also: Vec<&str> = line.also.iter().copied().map(Code::id).collect();
    let (theirs, ours) = (&line.microsoft, &line.ours);
    let time = |time: Option<Timestamp>| time.map(|time| format!("{time:.0}")).unwrap_or_default();
    let gap = line.gap.as_ref();
    [
        Text(line.user().to_owned()),
        Text(line.user_id.clone()),
        Text(line.column.clone()),
        Text(line.reason.id().to_owned()),
        Text(also.join("; ")),
        Day(theirs.last_activity),
        Count(theirs.prompts),
        Count(theirs.active_days),
        Day(ours.last_any),
        Day(ours.last_typed),
        Day(ours.last_clicked),
        Day(ours.last_automatic),
        Day(ours.last_system_or_noise),
        Count(Some(ours.exchanges.typed)),
        Count(Some(ours.exchanges.clicked)),
        Count(Some(ours.exchanges.automatic)),
        Count(Some(ours.exchanges.system_or_noise)),
        Count(Some(ours.exchanges.unknown)),
        Count(Some(ours.days_asked)),
        Count(Some(ours.days_any)),
        Text(
            gap.map(|gap| format!("{}/{}", time(gap.from), time(gap.to)))
                .unwrap_or_default(),
        ),
        Text(gap.map(|gap| gap.code.clone()).unwrap_or_default()),
        Text(line.says.clone()),
    ]
}

/// Writes every line as CSV as [`crate::csv`] does it: UTF-8 with a byte-order mark, CRLF, no cell a
/// formula; in the order of the users' ids. Fails with [`ReportError::Missing`] where there is
/// nothing to set side by side.
pub async fn write_csv(
    source: &dyn Source,
    query: &Query,
    now: Timestamp,
    out: impl Write + Send,
) -> Result<Reconciliation, ReportError> {
    let mut csv = crate::csv::writer(out)?;
    csv.write_record(LINE_COLUMNS.map(|column| column.name))
        .map_err(crate::csv::io)?;
    let answer = reconcile_each(source, query, now, &mut |line| {
        for cell in line_cells(line) {
            let text = match cell {
                LineCell::Text(text) => as_text(&printable(&text)).into_owned(),
                LineCell::Day(day) => day.map(|day| day.to_string()).unwrap_or_default(),
                LineCell::Count(count) => count.map(|count| count.to_string()).unwrap_or_default(),
            };
            csv.write_field(text).map_err(crate::csv::io)?;
        }
        csv.write_record(None::<&[u8]>).map_err(crate::csv::io)?;
        Ok(())
    })
    .await?;
    match answer {
        Answer::Here(figures) => {
            csv.flush()?;
            Ok(*figures)
        }
        Answer::Missing { missing } => Err(ReportError::Missing(missing)),
    }
}

/// Writes `{"lines": […], "reconciliation": {…}}`: every line as it is known, then the figures, or
/// why there are none.
pub async fn write_json(
    source: &dyn Source,
    query: &Query,
    now: Timestamp,
    mut out: impl Write + Send,
) -> Result<Answer<Reconciliation>, ReportError> {
    out.write_all(b"{\"lines\": [")?;
    let mut first = true;
    let answer = reconcile_each(source, query, now, &mut |line| {
        out.write_all(if first { b"\n" } else { b",\n" })?;
        first = false;
        serde_json::to_writer(&mut out, line).map_err(std::io::Error::from)?;
        Ok(())
    })
    .await?;
    out.write_all(b"\n],\n\"reconciliation\": ")?;
    serde_json::to_writer_pretty(&mut out, &answer).map_err(std::io::Error::from)?;
    out.write_all(b"}\n")?;
    out.flush()?;
    Ok(answer)
}
