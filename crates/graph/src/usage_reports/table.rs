//! From a document to rows: CSV as one table, JSON as objects with a list of rows in each. No I/O.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::columns::{Columns, Named, key};
use super::report::{ReportFacts, Row, UnkeptReason};

/// Whether a body is a report as CSV: its first line names at least one column of one. A report without rows is one.
pub(super) fn is_report<R: Row>(body: &[u8]) -> bool {
    header::<R>(&mut reader(body)).is_some_and(|columns| columns.are_of_a_report())
}

/// Reads a report as CSV (RFC 4180, UTF-8, perhaps with a byte-order mark; lines end with CRLF or LF).
pub(super) fn read_csv<R: Row>(body: &[u8], mut take: impl FnMut(R)) -> ReportFacts {
    let mut facts = ReportFacts::default();
    let mut lines = reader(body);
    let Some(columns) = header::<R>(&mut lines) else {
        return facts;
    };
    facts.unknown_columns = columns.unknown();
    let mut cells = csv::ByteRecord::new();
    // Reading from memory, lines of any length allowed: there is no error but the end.
    while lines.read_byte_record(&mut cells).unwrap_or(false) {
        let is_too_long = cells
            .iter()
            .skip(columns.named().len())
            .any(|cell| !cell.trim_ascii().is_empty());
        if is_too_long {
            facts.note_unkept(UnkeptReason::TooManyCells);
            continue;
        }
        let mut row = R::default();
        for (named, cell) in columns.named().iter().zip(&cells) {
            fill(&mut row, named, &String::from_utf8_lossy(cell));
        }
        facts.note(row).map(&mut take);
    }
    facts
}

fn reader(body: &[u8]) -> csv::Reader<&[u8]> {
    // It skips a byte-order mark by itself.
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(body)
}

fn header<R: Row>(lines: &mut csv::Reader<&[u8]>) -> Option<Columns<R>> {
    let mut names = csv::ByteRecord::new();
    let is_there = lines.read_byte_record(&mut names).unwrap_or(false);
    let names: Vec<Cow<'_, str>> = names.iter().map(String::from_utf8_lossy).collect();
    is_there.then(|| Columns::of_header(names.iter().map(AsRef::as_ref)))
}

/// Reads the items of one page of a report as JSON.
pub(super) fn read_json<R: Row>(
    items: &[Value],
    columns: &mut Columns<R>,
    facts: &mut ReportFacts,
    mut take: impl FnMut(R),
) {
    for item in items {
        let Value::Object(item) = item else {
            facts.note_unkept(UnkeptReason::NotARow);
            continue;
        };
        let mut rows = rows_within::<R>(item);
        // What stands beside the list is a row of its own where the list is empty or missing.
        let itself = Value::Object(Map::new());
        if rows.is_empty() {
            rows = std::slice::from_ref(&itself);
        }
        for row in rows {
            let Value::Object(cells) = row else {
                facts.note_unkept(UnkeptReason::NotARow);
                continue;
            };
            let mut row = R::default();
            for (name, value) in item.iter().chain(cells) {
                if is_list_of_rows::<R>(name, value) || name.starts_with('@') {
                    continue;
                }
                let text = match value {
                    Value::Null => continue,
                    Value::String(text) => Cow::Borrowed(text.as_str()),
                    other => Cow::Owned(other.to_string()),
                };
                fill(&mut row, columns.of(name), &text);
            }
            facts.note(row).map(&mut take);
        }
    }
}

fn rows_within<R: Row>(item: &Map<String, Value>) -> &[Value] {
    item.iter()
        .find(|(name, value)| is_list_of_rows::<R>(name, value))
        .and_then(|(_, rows)| rows.as_array())
        .map(Vec::as_slice)
        .unwrap_or_default()
}

fn is_list_of_rows<R: Row>(name: &str, value: &Value) -> bool {
    value.is_array() && key(name) == R::LIST_IN_JSON
}

/// A cell that says nothing its column is for is kept as if the column were unknown.
fn fill<R: Row>(row: &mut R, named: &Named<R::Column>, text: &str) {
    if text.trim().is_empty() {
        return;
    }
    let is_taken = named
        .column
        .as_ref()
        .is_some_and(|column| row.set(column, text));
    if !is_taken {
        row.others().insert(named.name.clone(), text.to_owned());
    }
}
