//! A long table over as many sheets as it needs.

use jiff::Timestamp;
use jiff::civil::Date;
use rust_xlsxwriter::{Format, IgnoreError, Table, TableColumn, TableStyle, Workbook, Worksheet};

use super::page::excel_day;
use super::style::Styles;
use crate::cell::{fitting, looks_like_formula, printable};
use crate::columns::Column;
use crate::error::ReportError;

/// The rows of one sheet, Excel's own limit.
pub const SHEET_ROWS_MAX: u32 = 1_048_576;

/// The bytes of one sheet's XML, about: a part of more than 4 GB would need an extension of ZIP that
/// not every reader understands.
const SHEET_BYTES_MAX: u64 = 2_000_000_000;
/// What a cell takes beside its text.
const CELL_BYTES: u64 = 64;

const DAY_MS: f64 = 86_400_000.0;
/// 1970-01-01 as Excel counts days.
const EPOCH_DAYS: f64 = 25_569.0;
/// 1900-03-01 and the end of the year 9999: what Excel shows as a date.
const EXCEL_TIMES_MS: std::ops::Range<i64> = -2_203_891_200_000..253_402_300_800_000;

/// A table as it was declared and as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TableRange {
    pub name: String,
    pub declared: String,
    pub actual: String,
}

/// How a table's sheets are made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    /// The name of the first sheet; the next ones are "name 2" and so on.
    pub name: &'static str,
    pub columns: &'static [Column],
    /// Columns that stay when one scrolls to the right.
    pub frozen_columns: u16,
    /// Rows above the header, for the caller to fill.
    pub rows_above: u32,
    /// Rows of a sheet, the header included.
    pub sheet_rows_max: u32,
}

/// The sheets of one table. Rows go in one after another: `next_row`, then its cells.
pub(super) struct Sheets {
    layout: Layout,
    styles: Styles,
    full: Vec<Worksheet>,
    current: Worksheet,
    /// The row being written on the current sheet.
    row: u32,
    rows: u64,
    /// What the current sheet takes so far.
    bytes: u64,
    cells_cut: u64,
    tables: Vec<TableRange>,
}

impl Sheets {
    pub(super) fn new(
        book: &mut Workbook,
        styles: &Styles,
        layout: Layout,
    ) -> Result<Self, ReportError> {
        Ok(Sheets {
            layout,
            styles: styles.clone(),
            full: Vec::new(),
            current: book.new_worksheet_with_constant_memory()?,
            row: layout.rows_above,
            rows: 0,
            bytes: 0,
            cells_cut: 0,
            tables: Vec::new(),
        })
    }

    /// Writes the header of the first sheet. Rows above it have to be written before.
    pub(super) fn begin(&mut self) -> Result<(), ReportError> {
        let name = self.layout.name.to_owned();
        self.set_up(&name)
    }

    fn set_up(&mut self, name: &str) -> Result<(), ReportError> {
        let Layout {
            columns,
            frozen_columns,
            rows_above,
            sheet_rows_max,
            ..
        } = self.layout;
        let last_column = columns.len() as u16 - 1;
        let sheet = &mut self.current;
        sheet.set_name(name)?;
        for (column, at) in columns.iter().zip(0..) {
            sheet.set_column_width(at, f64::from(column.width))?;
        }
        let headers: Vec<TableColumn> = columns
            .iter()
            .map(|column| {
                TableColumn::new()
                    .set_header(column.name)
                    .set_header_format(if column.numbers {
                        &self.styles.header_right
                    } else {
                        &self.styles.header
                    })
            })
            .collect();
        let table_name = name.replace(' ', "_");
        let table = Table::new()
            .set_name(&table_name)
            .set_style(TableStyle::Light1)
            .set_columns(&headers);
        sheet.set_row_height(rows_above, 22)?;
        sheet.add_table(rows_above, 0, rows_above + 1, last_column, &table)?;
        sheet.set_freeze_panes(rows_above + 1, frozen_columns)?;
        sheet.set_landscape();
        sheet.set_paper_size(9);
        sheet.set_print_fit_to_pages(1, 0);
        sheet.set_repeat_rows(rows_above, rows_above)?;
        sheet.set_margins(0.4, 0.4, 0.6, 0.6, 0.3, 0.3);
        sheet.set_footer("&L&8&A&R&8&P / &N");
        let last_row = sheet_rows_max.max(rows_above + 2) - 1;
        sheet.ignore_error_range(0, 0, last_row, last_column, IgnoreError::NumberStoredAsText)?;
        let declared = range(rows_above, rows_above + 1, last_column);
        self.tables.push(TableRange {
            name: table_name,
            actual: declared.clone(),
            declared,
        });
        self.row = rows_above;
        Ok(())
    }

    /// Goes to the next row, on a further sheet if this one is full.
    pub(super) fn next_row(&mut self, book: &mut Workbook) -> Result<(), ReportError> {
        if self.row + 1 >= self.layout.sheet_rows_max || self.bytes > SHEET_BYTES_MAX {
            self.bytes = 0;
            self.note_range();
            let sheet = book.new_worksheet_with_constant_memory()?;
            self.full.push(std::mem::replace(&mut self.current, sheet));
            self.layout.rows_above = 0;
            let name = format!("{} {}", self.layout.name, self.full.len() + 1);
            self.set_up(&name)?;
        }
        self.row += 1;
        self.rows += 1;
        self.bytes += CELL_BYTES * self.layout.columns.len() as u64;
        Ok(())
    }

    fn note_range(&mut self) {
        let Layout {
            columns,
            rows_above,
            ..
        } = self.layout;
        if let Some(table) = self.tables.last_mut() {
            table.actual = range(
                rows_above,
                self.row.max(rows_above + 1),
                columns.len() as u16 - 1,
            );
        }
    }

    /// Text from outside. Never a formula, never a link, never longer than a cell.
    pub(super) fn text(&mut self, column: u16, text: &str) -> Result<(), ReportError> {
        let text = printable(text);
        let (text, cut) = fitting(&text);
        self.cells_cut += u64::from(cut);
        self.bytes += xml_bytes(&text);
        if looks_like_formula(&text) {
            self.current
                .write_string_with_format(self.row, column, text, &self.styles.quoted)?;
        } else {
            self.current.write_string(self.row, column, text)?;
        }
        Ok(())
    }

    /// A moment to the millisecond, as a date of Excel in UTC; as text if Excel has no such date.
    pub(super) fn time(&mut self, column: u16, ms: i64) -> Result<(), ReportError> {
        self.moment(column, ms, |styles| &styles.time)
    }

    /// A moment to the minute.
    pub(super) fn minute(&mut self, column: u16, time: Timestamp) -> Result<(), ReportError> {
        self.moment(column, time.as_millisecond(), |styles| &styles.minute)
    }

    fn moment(
        &mut self,
        column: u16,
        ms: i64,
        format: fn(&Styles) -> &Format,
    ) -> Result<(), ReportError> {
        if !EXCEL_TIMES_MS.contains(&ms) {
            return self.text(column, &crate::coverage::time(ms).to_string());
        }
        let days = ms as f64 / DAY_MS + EPOCH_DAYS;
        self.current
            .write_number_with_format(self.row, column, days, format(&self.styles))?;
        Ok(())
    }

    /// A whole number.
    pub(super) fn count(&mut self, column: u16, count: u64) -> Result<(), ReportError> {
        self.current.write_number_with_format(
            self.row,
            column,
            count as f64,
            &self.styles.count,
        )?;
        Ok(())
    }

    /// A day.
    pub(super) fn day(&mut self, column: u16, day: Date) -> Result<(), ReportError> {
        self.current.write_number_with_format(
            self.row,
            column,
            excel_day(day),
            &self.styles.day,
        )?;
        Ok(())
    }

    /// A duration.
    pub(super) fn seconds(&mut self, column: u16, seconds: f64) -> Result<(), ReportError> {
        self.current
            .write_number_with_format(self.row, column, seconds, &self.styles.seconds)?;
        Ok(())
    }

    /// True or false.
    pub(super) fn flag(&mut self, column: u16, flag: bool) -> Result<(), ReportError> {
        self.current
            .write_boolean_with_format(self.row, column, flag, &self.styles.flag)?;
        Ok(())
    }

    /// Our own words, over the table.
    pub(super) fn heading(
        &mut self,
        row: u32,
        text: &str,
        format: &Format,
    ) -> Result<(), ReportError> {
        self.current
            .write_string_with_format(row, 0, printable(text), format)?;
        Ok(())
    }

    pub(super) fn sheet(&mut self) -> &mut Worksheet {
        &mut self.current
    }

    /// Gives a column another width on all sheets.
    pub(super) fn set_width(&mut self, column: u16, width: f64) -> Result<(), ReportError> {
        for sheet in self.full.iter_mut().chain([&mut self.current]) {
            sheet.set_column_width(column, width)?;
        }
        Ok(())
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    pub(super) fn cells_cut(&self) -> u64 {
        self.cells_cut
    }

    /// Hands the sheets to the workbook, in order; returns their tables.
    pub(super) fn push_to(mut self, book: &mut Workbook) -> Vec<TableRange> {
        self.note_range();
        for sheet in self.full {
            book.push_worksheet(sheet);
        }
        book.push_worksheet(self.current);
        self.tables
    }
}

/// The cells of one row, from left to right.
pub(super) struct Cells<'a> {
    sheets: &'a mut Sheets,
    column: u16,
}

impl Sheets {
    /// Goes to the next row, to write its cells one after another.
    pub(super) fn next_cells(&mut self, book: &mut Workbook) -> Result<Cells<'_>, ReportError> {
        self.next_row(book)?;
        Ok(Cells {
            sheets: self,
            column: 0,
        })
    }
}

impl Cells<'_> {
    fn take(&mut self) -> u16 {
        self.column += 1;
        self.column - 1
    }

    /// Text from outside.
    pub(super) fn text(&mut self, text: &str) -> Result<(), ReportError> {
        let column = self.take();
        self.sheets.text(column, text)
    }

    /// Text from outside; without one the cell stays empty.
    pub(super) fn optional(&mut self, text: Option<&str>) -> Result<(), ReportError> {
        self.text(text.unwrap_or_default())
    }

    /// Whole numbers side by side.
    pub(super) fn counts(
        &mut self,
        counts: impl IntoIterator<Item = u64>,
    ) -> Result<(), ReportError> {
        for count in counts {
            let column = self.take();
            self.sheets.count(column, count)?;
        }
        Ok(())
    }

    /// A day; without one the cell stays empty.
    pub(super) fn day(&mut self, day: Option<Date>) -> Result<(), ReportError> {
        let column = self.take();
        day.map_or(Ok(()), |day| self.sheets.day(column, day))
    }

    /// A whole number; without one the cell stays empty.
    pub(super) fn count(&mut self, count: Option<u64>) -> Result<(), ReportError> {
        let column = self.take();
        count.map_or(Ok(()), |count| self.sheets.count(column, count))
    }

    /// A moment to the minute; without one the words given.
    pub(super) fn minute(
        &mut self,
        time: Option<Timestamp>,
        without: &str,
    ) -> Result<(), ReportError> {
        let column = self.take();
        match time {
            Some(time) => self.sheets.minute(column, time),
            None => self.sheets.text(column, without),
        }
    }
}

fn xml_bytes(text: &str) -> u64 {
    let escaped = text
        .bytes()
        .filter(|byte| matches!(byte, b'&' | b'<' | b'>'))
        .count();
    (text.len() + 4 * escaped) as u64
}

fn range(first_row: u32, last_row: u32, last_column: u16) -> String {
    let last = char::from(b'A' + u8::try_from(last_column).unwrap_or(25).min(25));
    format!("A{}:{last}{}", first_row + 1, last_row + 1)
}
