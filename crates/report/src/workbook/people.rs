//! The sheets People and Coverage.

use std::collections::HashMap;

use rust_xlsxwriter::Workbook;

use super::sheet::{Layout, Sheets};
use super::style::Styles;
use crate::columns::{Column, column, numbers};
use crate::coverage::{Gap, reason};
use crate::error::ReportError;
use crate::summary::{Summary, UserFigures};
use crate::table::coverage_line;

const PEOPLE_COLUMNS: [Column; 16] = [
    column("User", 34),
    column("Name", 26),
    column("Department", 22),
    column("Job title", 24),
    column("Country", 14),
    column("Licensed", 11),
    column("State", 10),
    numbers("Interactions", 14),
    numbers("Prompts", 11),
    numbers("Responses", 12),
    numbers("Other", 9),
    numbers("Automatic", 12),
    numbers("Days active", 13),
    numbers("Days prompting", 16),
    column("First (UTC)", 20),
    column("Last (UTC)", 20),
];

const COVERAGE_COLUMNS: [Column; 9] = [
    column("User", 34),
    column("Department", 22),
    column("Licensed", 11),
    column("Read until (UTC)", 20),
    column("Covered", 11),
    column("Missing from (UTC)", 20),
    column("Missing to (UTC)", 20),
    column("Reason", 48),
    column("Microsoft 365 said", 60),
];

pub(super) fn people(
    book: &mut Workbook,
    styles: &Styles,
    summary: &Summary,
    sheet_rows_max: u32,
) -> Result<Sheets, ReportError> {
    let layout = Layout {
        name: "People",
        columns: &PEOPLE_COLUMNS,
        frozen_columns: 1,
        rows_above: 0,
        sheet_rows_max,
    };
    let mut sheets = Sheets::new(book, styles, layout)?;
    sheets.begin()?;
    for user in &summary.users {
        sheets.next_row(book)?;
        person(&mut sheets, user)?;
    }
    Ok(sheets)
}

fn person(sheets: &mut Sheets, user: &UserFigures) -> Result<(), ReportError> {
    sheets.text(0, user.name())?;
    let texts = [
        &user.display_name,
        &user.department,
        &user.job_title,
        &user.country,
    ];
    for (text, at) in texts.into_iter().zip(1..) {
        sheets.text(at, text.as_deref().unwrap_or_default())?;
    }
    sheets.text(5, yes_or_no(user.licensed))?;
    sheets.text(6, user.state.as_deref().unwrap_or_default())?;
    let counts = &user.counts;
    let numbers = [
        counts.total,
        counts.prompts,
        counts.responses,
        counts.other,
        counts.marked_automatic,
        user.days_active,
        user.days_prompting,
    ];
    for (number, at) in numbers.into_iter().zip(7..) {
        sheets.count(at, number)?;
    }
    for (time, at) in [user.first, user.last].into_iter().zip(14..) {
        if let Some(time) = time {
            sheets.minute(at, time)?;
        }
    }
    Ok(())
}

pub(super) fn coverage(
    book: &mut Workbook,
    styles: &Styles,
    summary: &Summary,
    sheet_rows_max: u32,
) -> Result<Sheets, ReportError> {
    let layout = Layout {
        name: "Coverage",
        columns: &COVERAGE_COLUMNS,
        frozen_columns: 1,
        rows_above: 3,
        sheet_rows_max,
    };
    let mut sheets = Sheets::new(book, styles, layout)?;
    let banner = if summary.coverage.whole {
        &styles.whole
    } else {
        &styles.partial
    };
    sheets.sheet().set_row_height(0, 36)?;
    for at in 1..COVERAGE_COLUMNS.len() as u16 {
        sheets.sheet().write_blank(0, at, banner)?;
    }
    // Not wrapped: the words run over the empty cells beside them, all of one color.
    sheets.heading(
        0,
        &coverage_line(summary),
        &banner.clone().unset_text_wrap(),
    )?;
    sheets.heading(1, "A line for each stretch of time in which interactions may be missing; one line for a user without such.", &styles.note)?;
    sheets.begin()?;

    let mut gaps: HashMap<&str, Vec<&Gap>> = HashMap::new();
    for gap in &summary.coverage.gaps {
        gaps.entry(&gap.user_id).or_default().push(gap);
    }
    let (missing, covered): (Vec<_>, Vec<_>) = summary
        .users
        .iter()
        .partition(|user| gaps.contains_key(user.user_id.as_str()));
    for user in missing.into_iter().chain(covered) {
        match gaps.get(user.user_id.as_str()) {
            None => coverage_row(&mut sheets, book, user, None)?,
            Some(gaps) => {
                for gap in gaps {
                    coverage_row(&mut sheets, book, user, Some(gap))?;
                }
            }
        }
    }
    Ok(sheets)
}

fn coverage_row(
    sheets: &mut Sheets,
    book: &mut Workbook,
    user: &UserFigures,
    gap: Option<&Gap>,
) -> Result<(), ReportError> {
    sheets.next_row(book)?;
    sheets.text(0, user.name())?;
    sheets.text(1, user.department.as_deref().unwrap_or_default())?;
    sheets.text(2, yes_or_no(user.licensed))?;
    match user.read_until {
        Some(time) => sheets.minute(3, time)?,
        None => sheets.text(3, "never")?,
    }
    sheets.text(4, if gap.is_some() { "no" } else { "whole" })?;
    let Some(gap) = gap else { return Ok(()) };
    match gap.from {
        Some(from) => sheets.minute(5, from)?,
        None => sheets.text(5, "the beginning")?,
    }
    sheets.minute(6, gap.to)?;
    sheets.text(7, &reason(&gap.code))?;
    sheets.text(8, gap.error.as_deref().unwrap_or_default())
}

fn yes_or_no(flag: Option<bool>) -> &'static str {
    match flag {
        Some(true) => "yes",
        Some(false) => "no",
        None => "",
    }
}
