//! The sheet Patterns: when people ask, and who comes back, as maps of shaded cells.

use rust_xlsxwriter::{ConditionalFormat2ColorScale, ConditionalFormatType, Worksheet};

use super::page::{Page, excel_day};
use super::style::{BLUE, PALE, Styles};
use crate::error::ReportError;
use crate::verdicts::{VerdictFigures, WEEKDAYS};

/// Weeks that a row of the map of those who come back has, at most: two years.
const WEEKS_SHOWN: usize = 105;

pub(super) fn sheet(styles: &Styles, verdicts: &VerdictFigures) -> Result<Worksheet, ReportError> {
    let columns = WEEKS_SHOWN.max(24);
    let widths = [16.0, 9.0]
        .into_iter()
        .chain(std::iter::repeat_n(6.5, columns));
    let mut page = Page::new("Patterns", styles, widths)?;
    page.title("When people ask, and who comes back")?;
    page.row += 1;
    hours(&mut page, verdicts)?;
    page.row += 1;
    retention(&mut page, verdicts)?;
    Ok(page.sheet)
}

/// A row for each weekday, a column for each hour.
fn hours(page: &mut Page<'_>, verdicts: &VerdictFigures) -> Result<(), ReportError> {
    let styles = page.styles;
    page.line("When people ask", &styles.section)?;
    page.line(
        "Typed and clicked exchanges by weekday and hour, in the tenant's time zone",
        &styles.note,
    )?;
    page.text(page.row, 0, "", &styles.head)?;
    page.text(page.row, 1, "All", &styles.map_head)?;
    for hour in 0..24_u16 {
        page.text(page.row, 2 + hour, &format!("{hour:02}"), &styles.map_head)?;
    }
    page.row += 1;
    let first = page.row;
    for (day, name) in verdicts.asked_by_hour().iter().zip(WEEKDAYS) {
        page.text(page.row, 0, name, &styles.item)?;
        let all: u64 = day.iter().sum();
        count(page, 1, all)?;
        for (asked, hour) in day.iter().zip(0..) {
            count(page, 2 + hour, *asked)?;
        }
        page.row += 1;
    }
    shade(page, (first, 2), (page.row - 1, 25))
}

/// A row for each cohort, a column for each week since.
fn retention(page: &mut Page<'_>, verdicts: &VerdictFigures) -> Result<(), ReportError> {
    let styles = page.styles;
    let longest = verdicts
        .retention
        .iter()
        .map(|cohort| cohort.returned.len())
        .max();
    let Some(longest) = longest.filter(|weeks| *weeks > 0) else {
        return Ok(());
    };
    let shown = longest.min(WEEKS_SHOWN);
    page.line("Who comes back", &styles.section)?;
    let mut note = "A row for the users who first typed or clicked in that week; a column for each week since, with the share of them who asked again".to_owned();
    if shown < longest {
        note.push_str(&format!(" (the first {shown} of {longest} weeks)"));
    }
    page.line(&note, &styles.note)?;
    page.text(page.row, 0, "First week", &styles.head)?;
    page.text(page.row, 1, "Users", &styles.map_head)?;
    for week in 0..shown as u16 {
        page.text(page.row, 2 + week, &week.to_string(), &styles.map_head)?;
    }
    page.row += 1;
    let first = page.row;
    for cohort in &verdicts.retention {
        page.sheet.write_number_with_format(
            page.row,
            0,
            excel_day(cohort.week),
            &styles.item_day,
        )?;
        count(page, 1, cohort.users)?;
        for (returned, week) in cohort.returned.iter().take(shown).zip(0..) {
            let share = *returned as f64 / cohort.users.max(1) as f64;
            page.sheet
                .write_number_with_format(page.row, 2 + week, share, &styles.map_share)?;
        }
        page.row += 1;
    }
    shade(page, (first, 2), (page.row - 1, 1 + shown as u16))
}

fn count(page: &mut Page<'_>, column: u16, count: u64) -> Result<(), ReportError> {
    let styles = page.styles;
    page.sheet
        .write_number_with_format(page.row, column, count as f64, &styles.map_count)?;
    Ok(())
}

/// From nothing to the largest: pale to blue.
fn shade(page: &mut Page<'_>, first: (u32, u16), last: (u32, u16)) -> Result<(), ReportError> {
    let scale = ConditionalFormat2ColorScale::new()
        .set_minimum(ConditionalFormatType::Number, 0)
        .set_minimum_color(PALE)
        .set_maximum(ConditionalFormatType::Highest, 0)
        .set_maximum_color(BLUE);
    page.sheet
        .add_conditional_format(first.0, first.1, last.0, last.1, &scale)?;
    Ok(())
}
