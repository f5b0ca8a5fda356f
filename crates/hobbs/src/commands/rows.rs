//! Rows of a query for reading on a terminal: a table, or, where it does not fit, row by row.

use anyhow::Result;
use comfy_table::{
    Cell, CellAlignment, ColumnConstraint, ContentArrangement, Table, TableStyle, Width,
};
use hobbs_lake::arrow::array::RecordBatch;
use hobbs_lake::arrow::datatypes::{DataType, Schema};
use hobbs_lake::arrow::util::display::{ArrayFormatter, FormatOptions};
use hobbs_report::table::LINES;
use hobbs_report::visible;

/// A column of words is not made narrower than this.
const WORDS_WIDTH_MIN: u16 = 20;
/// A value is not made narrower than this.
const VALUE_WIDTH_MIN: u16 = 10;
/// On each side of a cell.
const PADDING: u16 = 1;
/// Before, after and between columns.
const BETWEEN: u16 = 1;

/// The rows as text. Numbers and ids are never broken: where the columns do not fit into `width`, each row
/// becomes a list of its columns. None is as wide as it takes.
pub fn shown(schema: &Schema, batches: &[RecordBatch], width: Option<u16>) -> Result<String> {
    let rows = texts(batches)?;
    let mut table = table(schema, &rows);
    let Some(width) = width else {
        return Ok(lines(&table));
    };
    let natural = table.column_max_content_widths();
    let mut least = BETWEEN;
    for (at, column) in table.column_iter_mut().enumerate() {
        let holds_words = rows.iter().any(|row| row[at].contains(' '));
        let wanted = natural[at] + 2 * PADDING;
        let may_be = match holds_words {
            true => wanted.min(WORDS_WIDTH_MIN),
            false => wanted,
        };
        least = least.saturating_add(may_be + BETWEEN);
        column.set_constraint(match holds_words {
            true => ColumnConstraint::LowerBoundary(Width::Fixed(may_be)),
            false => ColumnConstraint::ContentWidth,
        });
    }
    if least > width {
        return Ok(row_by_row(schema, &rows, width));
    }
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(width);
    Ok(lines(&table))
}

/// The table without the blanks that fill its lines.
fn lines(table: &Table) -> String {
    table
        .lines()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect()
}

fn texts(batches: &[RecordBatch]) -> Result<Vec<Vec<String>>> {
    let options = FormatOptions::default();
    let mut rows = Vec::new();
    for batch in batches {
        let cells = batch
            .columns()
            .iter()
            .map(|column| ArrayFormatter::try_new(column, &options))
            .collect::<Result<Vec<_>, _>>()?;
        for row in 0..batch.num_rows() {
            let texts = cells.iter().map(|cell| {
                let text = cell.value(row).try_to_string()?;
                Ok(visible(&one_line(&text)).into_owned())
            });
            rows.push(texts.collect::<Result<_>>()?);
        }
    }
    Ok(rows)
}

/// Line ends and tabs of a text are spaces between words, not symbols for them.
fn one_line(text: &str) -> String {
    let is_space = |c: char| matches!(c, '\n' | '\r' | '\t');
    match text.contains(is_space) {
        true => {
            let words = text.split(is_space).filter(|words| !words.is_empty());
            words.collect::<Vec<_>>().join(" ")
        }
        false => text.to_owned(),
    }
}

fn table(schema: &Schema, rows: &[Vec<String>]) -> Table {
    let mut table = Table::new();
    table.load_style(LINES);
    table.set_content_arrangement(ContentArrangement::Disabled);
    let aligned = |at: usize, text: &str| {
        let number = schema.field(at).data_type().is_numeric();
        Cell::new(text).set_alignment(match number {
            true => CellAlignment::Right,
            false => CellAlignment::Left,
        })
    };
    let names = schema.fields().iter().enumerate();
    table.set_header(names.map(|(at, field)| aligned(at, &visible(field.name()))));
    for row in rows {
        let cells = row.iter().enumerate();
        table.add_row(cells.map(|(at, text)| aligned(at, text)));
    }
    table
}

/// Each row under a line with its number: names at the left, values beside them.
fn row_by_row(schema: &Schema, rows: &[Vec<String>], width: u16) -> String {
    let names: Vec<String> = schema
        .fields()
        .iter()
        .map(|field| visible(field.name()).into_owned())
        .collect();
    let mut text = String::new();
    for (number, row) in rows.iter().enumerate() {
        let mut record = Table::new();
        record.load_style(TableStyle::new());
        record.set_content_arrangement(ContentArrangement::Dynamic);
        record.set_width(width);
        for (name, value) in names.iter().zip(row) {
            record.add_row([name, value]);
        }
        let names_width = record.column_max_content_widths().first().copied();
        let names_width = names_width.unwrap_or(0) + 2 * PADDING;
        if let Some(column) = record.column_mut(0) {
            column.set_constraint(match names_width + VALUE_WIDTH_MIN <= width {
                true => ColumnConstraint::ContentWidth,
                false => ColumnConstraint::UpperBoundary(Width::Percentage(50)),
            });
        }
        let head = format!("── {} ", number + 1);
        let rest = usize::from(width).saturating_sub(head.chars().count());
        text.push_str(&format!("{head}{}\n{}", "─".repeat(rest), lines(&record)));
    }
    text
}

/// Whether what stands in a column came as text, from a tenant or a query.
pub fn is_text(data_type: &DataType) -> bool {
    !data_type.is_numeric() && !data_type.is_temporal() && *data_type != DataType::Boolean
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use hobbs_lake::arrow::array::{ArrayRef, Int64Array, StringArray};

    use super::*;

    const ID: &str = "7b3c5e1a-1111-2222-3333-444455556666";

    fn batch(columns: usize) -> RecordBatch {
        let ids: ArrayRef = Arc::new(StringArray::from(vec![ID, "x"]));
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1_234_567_890_123_i64, 7]));
        let words: ArrayRef = Arc::new(StringArray::from(vec![
            Some("What is new?\nAnd what is not, since the last time that I asked for it here?"),
            None,
        ]));
        let mut all = vec![("user_id".to_owned(), ids), ("words".to_owned(), words)];
        all.extend((0..columns).map(|at| (format!("number_{at}"), Arc::clone(&numbers))));
        RecordBatch::try_from_iter(all).unwrap()
    }

    fn shown_of(columns: usize, width: Option<u16>) -> String {
        let batch = batch(columns);
        shown(&batch.schema(), &[batch], width).unwrap()
    }

    #[test]
    fn what_fits_is_a_table_in_which_words_are_wrapped() {
        insta::assert_snapshot!(shown_of(1, Some(80)));
    }

    #[test]
    fn what_does_not_fit_is_shown_row_by_row() {
        insta::assert_snapshot!(shown_of(3, Some(80)));
    }

    #[test]
    fn no_number_and_no_id_is_ever_broken() {
        for columns in 0..12 {
            for width in [60, 80, 100, 200] {
                let text = shown_of(columns, Some(width));
                assert!(text.contains(ID), "{text}");
                assert_eq!(text.matches("1234567890123").count(), columns, "{text}");
                let is_in = |line: &str| line.chars().count() <= usize::from(width);
                assert!(text.lines().all(is_in), "{width}: {text}");
            }
        }
    }

    #[test]
    fn nobody_cuts_what_goes_into_a_file() {
        let text = shown_of(12, None);
        assert_eq!(text.lines().count(), 4, "{text}");
    }
}
