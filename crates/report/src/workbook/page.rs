//! A sheet that is laid out freely: tiles, sentences, lists and charts, from top to bottom.

use std::borrow::Cow;

use jiff::civil::Date;
use rust_xlsxwriter::{Chart, Format, Worksheet};

use super::style::Styles;
use crate::cell::{fitting, looks_like_formula, printable};
use crate::error::ReportError;

/// 1970-01-01 as Excel counts days.
const EPOCH_DAYS: f64 = 25_569.0;

/// What stands in a cell of a list.
pub(super) enum Item<'a> {
    /// Any text, ours or a tenant's.
    Text(Cow<'a, str>),
    /// The same in small print, apart from the number before it.
    Small(String),
    Count(u64),
    /// A part of a whole.
    Share(u64, u64),
    Day(Date),
}

impl<'a> From<&'a str> for Item<'a> {
    fn from(text: &'a str) -> Self {
        Item::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Item<'_> {
    fn from(text: String) -> Self {
        Item::Text(Cow::Owned(text))
    }
}

/// A large number with its name above and a note beneath, over some columns.
pub(super) struct Tile {
    pub columns: (u16, u16),
    pub label: String,
    pub number: u64,
    pub note: String,
}

impl Tile {
    pub(super) fn new(
        columns: (u16, u16),
        label: &str,
        number: u64,
        note: impl Into<String>,
    ) -> Self {
        Tile {
            columns,
            label: label.to_owned(),
            number,
            note: note.into(),
        }
    }
}

/// Where a list stands: its first and its last row, without the head.
pub(super) type Rows = (u32, u32);

/// The sheet and how far it is written.
pub(super) struct Page<'a> {
    pub sheet: Worksheet,
    pub styles: &'a Styles,
    /// The next free row.
    pub row: u32,
}

impl<'a> Page<'a> {
    /// An empty sheet with columns of these widths, in characters.
    pub(super) fn new(
        name: &str,
        styles: &'a Styles,
        widths: impl IntoIterator<Item = f64>,
    ) -> Result<Self, ReportError> {
        let mut sheet = Worksheet::new();
        sheet.set_name(name)?;
        sheet.set_screen_gridlines(false);
        for (width, column) in widths.into_iter().zip(0..) {
            sheet.set_column_width(column, width)?;
        }
        sheet.set_landscape();
        sheet.set_paper_size(9);
        sheet.set_print_fit_to_pages(1, 0);
        sheet.set_margins(0.5, 0.5, 0.5, 0.6, 0.3, 0.3);
        sheet.set_footer("&L&8Made by hobbs&R&8&P / &N");
        Ok(Page {
            sheet,
            styles,
            row: 0,
        })
    }

    /// The head of the sheet.
    pub(super) fn title(&mut self, title: &str) -> Result<(), ReportError> {
        let styles = self.styles;
        self.sheet.set_row_height(self.row, 30)?;
        self.line(title, &styles.title)
    }

    /// A text in the first column, which runs over the empty ones beside it.
    pub(super) fn line(&mut self, text: &str, format: &Format) -> Result<(), ReportError> {
        self.text(self.row, 0, text, format)?;
        self.row += 1;
        Ok(())
    }

    /// A text over all columns up to `last`, wrapped.
    pub(super) fn band(
        &mut self,
        text: &str,
        last: u16,
        format: &Format,
    ) -> Result<(), ReportError> {
        let text = printable(text);
        self.sheet
            .merge_range(self.row, 0, self.row, last, &text, format)?;
        let height = if text.chars().count() > 110 { 40 } else { 26 };
        self.sheet.set_row_height(self.row, height)?;
        self.row += 1;
        Ok(())
    }

    /// Tiles side by side.
    pub(super) fn tiles(&mut self, tiles: &[Tile]) -> Result<(), ReportError> {
        let (styles, row) = (self.styles, self.row);
        let lines = [
            (row, 20, &styles.tile_label),
            (row + 1, 32, &styles.tile_number),
            (row + 2, 18, &styles.tile_note),
        ];
        for (line, height, format) in lines {
            self.sheet.set_row_height(line, height)?;
            for tile in tiles {
                let (from, to) = tile.columns;
                if from < to {
                    self.sheet.merge_range(line, from, line, to, "", format)?;
                }
            }
        }
        for tile in tiles {
            let column = tile.columns.0;
            self.text(row, column, &tile.label, &styles.tile_label)?;
            self.sheet.write_number_with_format(
                row + 1,
                column,
                tile.number as f64,
                &styles.tile_number,
            )?;
            self.text(row + 2, column, &tile.note, &styles.tile_note)?;
        }
        self.row += 4;
        Ok(())
    }

    /// A list under its title and heads; the first column holds names, the others numbers unless
    /// they hold texts. Returns where it stands.
    pub(super) fn list<'i>(
        &mut self,
        title: &str,
        heads: &[&str],
        rows: impl IntoIterator<Item = Vec<Item<'i>>>,
    ) -> Result<Rows, ReportError> {
        let styles = self.styles;
        self.line(title, &styles.section)?;
        for (head, column) in heads.iter().zip(0..) {
            let format = match column {
                0 => &styles.head,
                _ if SMALL_HEADS.contains(head) => &styles.head_note,
                _ => &styles.head_right,
            };
            self.text(self.row, column, head, format)?;
        }
        self.row += 1;
        let first = self.row;
        for row in rows {
            for (item, column) in row.into_iter().zip(0..) {
                self.item(column, item)?;
            }
            self.row += 1;
        }
        let last = self.row.max(first + 1) - 1;
        self.row += 1;
        Ok((first, last))
    }

    fn item(&mut self, column: u16, item: Item<'_>) -> Result<(), ReportError> {
        let styles = self.styles;
        let (number, format) = match item {
            Item::Text(text) => return self.text(self.row, column, &text, &styles.item),
            Item::Small(text) => return self.text(self.row, column, &text, &styles.item_note),
            Item::Count(count) => (count as f64, &styles.item_count),
            Item::Share(part, whole) => (part as f64 / whole.max(1) as f64, &styles.item_percent),
            Item::Day(day) => (excel_day(day), &styles.item_day),
        };
        self.sheet
            .write_number_with_format(self.row, column, number, format)?;
        Ok(())
    }

    /// A chart whose corner stands in a cell, `right` pixels from its left side.
    pub(super) fn chart(
        &mut self,
        at: (u32, u16),
        right: u32,
        chart: &Chart,
    ) -> Result<(), ReportError> {
        self.sheet
            .insert_chart_with_offset(at.0, at.1, chart, right, 0)?;
        Ok(())
    }

    /// Any text, ours or a tenant's.
    pub(super) fn text(
        &mut self,
        row: u32,
        column: u16,
        text: &str,
        format: &Format,
    ) -> Result<(), ReportError> {
        let text = printable(text);
        let (text, _) = fitting(&text);
        if looks_like_formula(&text) {
            let format = format.clone().set_quote_prefix();
            self.sheet
                .write_string_with_format(row, column, text, &format)?;
        } else {
            self.sheet
                .write_string_with_format(row, column, text, format)?;
        }
        Ok(())
    }
}

/// Heads over small print.
const SMALL_HEADS: [&str; 2] = ["Classes", "Meaning"];

/// A day as Excel counts them.
pub(super) fn excel_day(day: Date) -> f64 {
    let days = jiff::civil::date(1970, 1, 1)
        .until(day)
        .map_or(0, |span| span.get_days());
    f64::from(days) + EPOCH_DAYS
}
