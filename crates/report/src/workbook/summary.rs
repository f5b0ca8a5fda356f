//! The sheet Summary: coverage, the figures, two charts, and the lists behind them.

use rust_xlsxwriter::{Format, Worksheet};

use super::charts;
use super::rows::Finished;
use super::style::Styles;
use crate::cell::{fitting, looks_like_formula, printable};
use crate::error::ReportError;
use crate::summary::{Counts, Summary};
use crate::table::{coverage_line, sentence_lines};
use crate::words::minute;

const NAME: &str = "Summary";
/// The last column that the sheet uses.
const LAST: u16 = 7;
const DEPARTMENTS_SHOWN: usize = 20;
const CHART_ROWS: u32 = 16;

pub(super) fn sheet(
    styles: &Styles,
    summary: &Summary,
    rows: &Finished,
) -> Result<Worksheet, ReportError> {
    let mut sheet = Worksheet::new();
    sheet.set_name(NAME)?;
    sheet.set_screen_gridlines(false);
    sheet.set_column_width(0, 38)?;
    for column in 1..=LAST {
        sheet.set_column_width(column, 13.5)?;
    }
    sheet.set_landscape();
    sheet.set_paper_size(9);
    sheet.set_print_fit_to_pages(1, 0);
    sheet.set_margins(0.5, 0.5, 0.5, 0.6, 0.3, 0.3);
    sheet.set_footer("&L&8Made by hobbs&R&8&P / &N");

    let mut page = Page {
        sheet,
        styles,
        row: 0,
    };
    page.head(summary)?;
    page.tiles(summary)?;
    page.notes(summary, rows)?;
    if summary.rows.counts.total == 0 {
        return Ok(page.sheet);
    }
    let charts_at = page.row;
    page.row += CHART_ROWS + 1;
    let apps_at = page.apps(summary)?;
    page.marks(summary)?;
    page.departments(summary)?;
    let days_at = page.days(summary)?;
    page.charts(charts_at, summary, apps_at, days_at)?;
    Ok(page.sheet)
}

struct Page<'a> {
    sheet: Worksheet,
    styles: &'a Styles,
    /// The next free row.
    row: u32,
}

impl Page<'_> {
    fn head(&mut self, summary: &Summary) -> Result<(), ReportError> {
        let styles = self.styles;
        self.sheet.set_row_height(0, 30)?;
        self.text(0, 0, "Microsoft 365 Copilot interactions", &styles.title)?;
        let who = match summary.users.as_slice() {
            [one] => one.name().to_owned(),
            many => format!("{} users", many.len()),
        };
        let from = summary
            .window
            .from
            .map_or("the beginning".to_owned(), minute);
        let mut about = format!("{who}, {from} to {}", minute(summary.window.to));
        if !summary.apps_asked.is_empty() {
            about.push_str(&format!(", {}", summary.apps_asked.join(", ")));
        }
        about.push_str(&format!("   ·   made {}", minute(summary.generated_at)));
        self.text(1, 0, &about, &styles.subtitle)?;

        let line = coverage_line(summary);
        let banner = if summary.coverage.whole {
            &styles.whole
        } else {
            &styles.partial
        };
        self.sheet
            .merge_range(3, 0, 3, LAST, &printable(&line), banner)?;
        self.sheet
            .set_row_height(3, if line.chars().count() > 110 { 40 } else { 26 })?;
        self.row = 5;
        Ok(())
    }

    fn tiles(&mut self, summary: &Summary) -> Result<(), ReportError> {
        let rows = &summary.rows;
        let share = |part: u64| match rows.counts.total {
            0 => String::new(),
            total => format!("{:.2}% of all", part as f64 * 100.0 / total as f64),
        };
        let by = format!("by {} of {} users", rows.users, summary.users.len());
        let tiles = [
            (0, 0, "Interactions", rows.counts.total, by),
            (
                1,
                2,
                "User prompts",
                rows.counts.prompts,
                share(rows.counts.prompts),
            ),
            (
                3,
                4,
                "Responses to prompts",
                rows.responses_to_prompts,
                share(rows.responses_to_prompts),
            ),
            (
                5,
                LAST,
                "Automatic",
                rows.counts.marked_automatic,
                share(rows.counts.marked_automatic),
            ),
        ];
        let styles = self.styles;
        let row = self.row;
        self.sheet
            .set_row_height(row, 20)?
            .set_row_height(row + 1, 32)?
            .set_row_height(row + 2, 18)?;
        for (from, to, label, number, note) in tiles {
            for column in from..=to {
                self.sheet.write_blank(row, column, &styles.tile_label)?;
                self.sheet
                    .write_blank(row + 1, column, &styles.tile_number)?;
                self.sheet.write_blank(row + 2, column, &styles.tile_note)?;
            }
            if from < to {
                for (line, format) in [
                    (row, &styles.tile_label),
                    (row + 1, &styles.tile_number),
                    (row + 2, &styles.tile_note),
                ] {
                    self.sheet.merge_range(line, from, line, to, "", format)?;
                }
            }
            self.text(row, from, label, &styles.tile_label)?;
            self.sheet.write_number_with_format(
                row + 1,
                from,
                number as f64,
                &styles.tile_number,
            )?;
            self.text(row + 2, from, &note, &styles.tile_note)?;
        }
        self.row += 4;
        Ok(())
    }

    fn notes(&mut self, summary: &Summary, rows: &Finished) -> Result<(), ReportError> {
        let mut lines = sentence_lines(summary);
        if lines.is_empty() {
            lines.push("no interactions".to_owned());
        } else {
            lines.push("[1] Responses that are not automatic and have a prompt with the same request id in their session.".to_owned());
        }
        if !rows.any_text && summary.rows.counts.total > 0 {
            lines.push("The lake keeps no texts (content policy \"none\"), so prompts and responses stand here without them.".to_owned());
        }
        match rows.written().cells_cut {
            0 => {}
            cut => lines.push(format!("{cut} texts are longer than a cell of Excel holds; they end with \"[cut, N characters]\".")),
        }
        let styles = self.styles;
        for line in lines {
            self.text(self.row, 0, &line, &styles.subtitle)?;
            self.row += 1;
        }
        self.row += 1;
        Ok(())
    }

    /// Returns the first and the last row of the list.
    fn apps(&mut self, summary: &Summary) -> Result<(u32, u32), ReportError> {
        self.list_head(
            "By app",
            &[
                "App",
                "Prompts",
                "Responses",
                "Other",
                "Not automatic",
                "Automatic",
                "Total",
                "Share",
            ],
        )?;
        let first = self.row;
        for app in &summary.apps {
            self.counts(&app.app, &app.counts)?;
            let share = app.counts.total as f64 / summary.rows.counts.total.max(1) as f64;
            let format = self.styles.item_percent.clone();
            self.sheet
                .write_number_with_format(self.row, 7, share, &format)?;
            self.row += 1;
        }
        let last = self.row - 1;
        self.row += 1;
        Ok((first, last))
    }

    fn marks(&mut self, summary: &Summary) -> Result<(), ReportError> {
        if summary.marks.is_empty() {
            return Ok(());
        }
        let styles = self.styles;
        self.list_head("Why automatic", &["Mark", "Prompts", "Responses", "Total"])?;
        for mark in &summary.marks {
            self.text(self.row, 0, &mark.mark, &styles.item)?;
            for (number, column) in [mark.prompts, mark.responses, mark.total]
                .into_iter()
                .zip(1..)
            {
                self.sheet.write_number_with_format(
                    self.row,
                    column,
                    number as f64,
                    &styles.item_count,
                )?;
            }
            self.row += 1;
        }
        self.row += 1;
        Ok(())
    }

    fn departments(&mut self, summary: &Summary) -> Result<(), ReportError> {
        if summary
            .departments
            .iter()
            .all(|department| department.department.is_none())
        {
            return Ok(());
        }
        let styles = self.styles;
        self.list_head(
            "By department",
            &[
                "Department",
                "Prompts",
                "Responses",
                "Other",
                "Not automatic",
                "Automatic",
                "Total",
                "Active users",
            ],
        )?;
        for department in summary.departments.iter().take(DEPARTMENTS_SHOWN) {
            self.counts(
                department.department.as_deref().unwrap_or("(none)"),
                &department.counts,
            )?;
            self.sheet.write_number_with_format(
                self.row,
                7,
                department.users_active as f64,
                &styles.item_count,
            )?;
            self.row += 1;
        }
        let more = summary.departments.len().saturating_sub(DEPARTMENTS_SHOWN);
        if more > 0 {
            self.text(
                self.row,
                0,
                &format!("and {more} more: see People"),
                &styles.note,
            )?;
            self.row += 1;
        }
        self.row += 1;
        Ok(())
    }

    fn days(&mut self, summary: &Summary) -> Result<(u32, u32), ReportError> {
        let styles = self.styles;
        self.list_head(
            "By day (UTC)",
            &[
                "Day",
                "Prompts",
                "Responses",
                "Other",
                "Not automatic",
                "Automatic",
                "Total",
                "Users",
            ],
        )?;
        let first = self.row;
        for day in &summary.days {
            self.counts("", &day.counts)?;
            let date = jiff::civil::date(1970, 1, 1);
            let days = date.until(day.day).map_or(0, |span| span.get_days());
            self.sheet.write_number_with_format(
                self.row,
                0,
                f64::from(days) + 25_569.0,
                &styles.item_day,
            )?;
            self.sheet.write_number_with_format(
                self.row,
                7,
                day.users as f64,
                &styles.item_count,
            )?;
            self.row += 1;
        }
        Ok((first, self.row.max(first + 1) - 1))
    }

    fn charts(
        &mut self,
        at: u32,
        summary: &Summary,
        apps: (u32, u32),
        days: (u32, u32),
    ) -> Result<(), ReportError> {
        let height = CHART_ROWS * 20;
        self.sheet
            .insert_chart(at, 0, &charts::by_day(NAME, days, height))?;
        let by_app = charts::by_app(NAME, apps, summary.apps.len(), height);
        self.sheet.insert_chart_with_offset(at, 4, &by_app, 12, 0)?;
        Ok(())
    }

    fn list_head(&mut self, title: &str, heads: &[&str]) -> Result<(), ReportError> {
        let styles = self.styles;
        self.text(self.row, 0, title, &styles.section)?;
        self.row += 1;
        for (head, column) in heads.iter().zip(0..) {
            let format = if column == 0 {
                &styles.head
            } else {
                &styles.head_right
            };
            self.text(self.row, column, head, format)?;
        }
        self.row += 1;
        Ok(())
    }

    /// A name and its numbers, in columns A to G.
    fn counts(&mut self, name: &str, counts: &Counts) -> Result<(), ReportError> {
        let styles = self.styles;
        self.text(self.row, 0, name, &styles.item)?;
        let numbers = [
            counts.prompts,
            counts.responses,
            counts.other,
            counts.total - counts.marked_automatic.min(counts.total),
            counts.marked_automatic,
            counts.total,
        ];
        for (number, column) in numbers.into_iter().zip(1..) {
            self.sheet.write_number_with_format(
                self.row,
                column,
                number as f64,
                &styles.item_count,
            )?;
        }
        Ok(())
    }

    /// Any text, ours or a tenant's.
    fn text(
        &mut self,
        row: u32,
        column: u16,
        text: &str,
        format: &Format,
    ) -> Result<(), ReportError> {
        let text = printable(text);
        let (text, _) = fitting(&text);
        if looks_like_formula(&text) {
            self.sheet.write_string_with_format(
                row,
                column,
                text,
                &format.clone().set_quote_prefix(),
            )?;
        } else {
            self.sheet
                .write_string_with_format(row, column, text, format)?;
        }
        Ok(())
    }
}
