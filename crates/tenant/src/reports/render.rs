//! Reports as bytes: CSV with a line for each row, JSON with entries that hold lists of rows.

use std::io::Write;
use std::ops::Range;

use crate::json::quoted;
use crate::reports::columns::Column;
use crate::reports::options::ReportOddity;
use crate::reports::question::Kind;
use crate::time::{DAY_MS, write_iso};

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell<'a> {
    /// A UTC day since 1970; never where None.
    Day(Option<i64>),
    Count(u64),
    Average(f64),
    Text(&'a str),
}

/// What a report says: entries (a user, a period), each with rows (periods, days).
pub(crate) trait Content {
    type Entry;

    fn entries(&self) -> usize;
    fn entry(&self, place: usize) -> Self::Entry;
    /// How many rows each entry has.
    fn rows(&self, entry: &Self::Entry) -> usize;
    fn cell<'a>(&'a self, entry: &'a Self::Entry, row: usize, column: Column) -> Cell<'a>;
}

/// A report in CSV.
pub(crate) fn csv(
    content: &impl Content,
    columns: &[Column],
    oddities: &[ReportOddity],
) -> Vec<u8> {
    let end = if oddities.contains(&ReportOddity::LineFeeds) {
        "\n"
    } else {
        "\r\n"
    };
    let mut out = Vec::new();
    if !oddities.contains(&ReportOddity::NoMark) {
        out.extend_from_slice("\u{feff}".as_bytes());
    }
    for (place, column) in columns.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        csv_text(&mut out, &column.csv_name());
    }
    out.extend_from_slice(end.as_bytes());
    for place in 0..content.entries() {
        let entry = content.entry(place);
        for row in 0..content.rows(&entry) {
            for (place, column) in columns.iter().enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                match content.cell(&entry, row, *column) {
                    Cell::Day(Some(day)) => write_day(&mut out, day),
                    Cell::Day(None) => {}
                    Cell::Count(count) => number(&mut out, count),
                    Cell::Average(value) => average(&mut out, value),
                    Cell::Text(text) => csv_text(&mut out, text),
                }
            }
            out.extend_from_slice(end.as_bytes());
        }
    }
    out
}

/// Some entries of a report as the items of JSON's `value`, brackets included.
pub(crate) fn json(
    content: &impl Content,
    kind: Kind,
    columns: &[Column],
    oddities: &[ReportOddity],
    places: Range<usize>,
) -> Vec<u8> {
    let never = if oddities.contains(&ReportOddity::NullDates) {
        "null"
    } else {
        "\"\""
    };
    let list = match kind {
        Kind::UserDetail => "copilotActivityUserDetailsByPeriod",
        Kind::CountSummary => "adoptionByProduct",
        Kind::CountTrend => "adoptionByDate",
    };
    let (within, outside): (Vec<Column>, Vec<Column>) =
        columns.iter().partition(|column| column.within(kind));
    let mut out = vec![b'['];
    let begin = places.start;
    for place in places {
        if place > begin {
            out.push(b',');
        }
        let entry = content.entry(place);
        out.push(b'{');
        fields(&mut out, content, &entry, 0, &outside, never);
        if !outside.is_empty() {
            out.push(b',');
        }
        quoted(&mut out, list);
        out.extend_from_slice(b":[");
        for row in 0..content.rows(&entry) {
            if row > 0 {
                out.push(b',');
            }
            out.push(b'{');
            fields(&mut out, content, &entry, row, &within, never);
            out.push(b'}');
        }
        out.extend_from_slice(b"]}");
    }
    out.push(b']');
    out
}

fn fields<C: Content>(
    out: &mut Vec<u8>,
    content: &C,
    entry: &C::Entry,
    row: usize,
    columns: &[Column],
    never: &str,
) {
    for (place, column) in columns.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        quoted(out, &column.json_name());
        out.push(b':');
        match content.cell(entry, row, *column) {
            Cell::Day(Some(day)) => {
                out.push(b'"');
                write_day(out, day);
                out.push(b'"');
            }
            Cell::Day(None) => out.extend_from_slice(never.as_bytes()),
            Cell::Count(count) => number(out, count),
            Cell::Average(value) => average(out, value),
            Cell::Text(text) => quoted(out, text),
        }
    }
}

/// Appends `2026-08-03`.
fn write_day(out: &mut Vec<u8>, day: i64) {
    let begin = out.len();
    write_iso(out, day * DAY_MS);
    out.truncate(begin + 10);
}

fn number(out: &mut Vec<u8>, value: u64) {
    let _ = write!(out, "{value}");
}

fn average(out: &mut Vec<u8>, value: f64) {
    let _ = write!(out, "{value:.2}");
}

/// Appends a field as RFC 4180 has it: in quotes where it must be, quotes within doubled.
fn csv_text(out: &mut Vec<u8>, text: &str) {
    if !text.contains([',', '"', '\r', '\n']) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    out.push(b'"');
    for byte in text.bytes() {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}
