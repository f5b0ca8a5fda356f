//! The sheets People and Coverage.

use std::collections::HashMap;

use rust_xlsxwriter::Workbook;

use super::sheet::{Cells, Layout, Sheets};
use super::style::Styles;
use crate::columns::{Column, column, numbers};
use crate::coverage::{Gap, reason};
use crate::error::ReportError;
use crate::summary::{Counts, Summary, UserFigures};
use crate::table::coverage_line;
use crate::verdicts::UserVerdicts;
use crate::words::activity;

/// Where the lake has verdicts.
const PEOPLE_COLUMNS: [Column; 24] = [
    column("User", 34),
    column("Name", 26),
    column("Department", 22),
    column("Job title", 24),
    column("Country", 14),
    column("Licensed", 11),
    column("State", 10),
    numbers("Typed", 10),
    numbers("Clicked", 10),
    numbers("Automatic", 12),
    numbers("System", 10),
    numbers("Noise", 9),
    numbers("Unknown", 11),
    column("Active", 24),
    numbers("Days active", 13),
    numbers("Days asking", 13),
    numbers("Interactions", 14),
    numbers("Prompts", 11),
    numbers("Responses", 12),
    numbers("Other", 9),
    numbers("Marked automatic", 18),
    numbers("Days prompting", 16),
    column("First (UTC)", 20),
    column("Last (UTC)", 20),
];

/// Where it has none.
const PEOPLE_COLUMNS_WITHOUT_VERDICTS: [Column; 16] = [
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
    numbers("Marked automatic", 18),
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
        columns: match summary.verdicts {
            Some(_) => &PEOPLE_COLUMNS,
            None => &PEOPLE_COLUMNS_WITHOUT_VERDICTS,
        },
        frozen_columns: 1,
        rows_above: 0,
        sheet_rows_max,
    };
    let mut sheets = Sheets::new(book, styles, layout)?;
    sheets.begin()?;
    for user in &summary.users {
        let mut cells = sheets.next_cells(book)?;
        person(&mut cells, user)?;
        match &summary.verdicts {
            Some(verdicts) => by_verdict(&mut cells, user, verdicts.user(&user.user_id))?,
            None => {
                cells.counts(kinds(&user.counts))?;
                cells.counts([user.days_active, user.days_prompting])?;
            }
        }
        cells.minute(user.first, "")?;
        cells.minute(user.last, "")?;
    }
    Ok(sheets)
}

fn person(cells: &mut Cells<'_>, user: &UserFigures) -> Result<(), ReportError> {
    cells.text(user.name())?;
    cells.optional(user.display_name.as_deref())?;
    cells.optional(user.department.as_deref())?;
    cells.optional(user.job_title.as_deref())?;
    cells.optional(user.country.as_deref())?;
    cells.text(yes_or_no(user.licensed))?;
    cells.optional(user.state.as_deref())
}

fn by_verdict(
    cells: &mut Cells<'_>,
    user: &UserFigures,
    own: Option<&UserVerdicts>,
) -> Result<(), ReportError> {
    let exchanges = own.map(|own| own.exchanges).unwrap_or_default();
    cells.counts(exchanges.all())?;
    cells.text(activity(own))?;
    cells.counts(own.map_or([0, 0], |own| [own.days_any, own.days_asked]))?;
    cells.counts(kinds(&user.counts))?;
    cells.counts([user.days_prompting])
}

fn kinds(counts: &Counts) -> [u64; 5] {
    [
        counts.total,
        counts.prompts,
        counts.responses,
        counts.other,
        counts.marked_automatic,
    ]
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
    let mut cells = sheets.next_cells(book)?;
    cells.text(user.name())?;
    cells.optional(user.department.as_deref())?;
    cells.text(yes_or_no(user.licensed))?;
    cells.minute(user.read_until, "never")?;
    cells.text(if gap.is_some() { "no" } else { "whole" })?;
    let Some(gap) = gap else { return Ok(()) };
    cells.minute(gap.from, "the beginning")?;
    cells.minute(Some(gap.to), "")?;
    cells.text(&reason(&gap.code))?;
    cells.optional(gap.error.as_deref())
}

fn yes_or_no(flag: Option<bool>) -> &'static str {
    match flag {
        Some(true) => "yes",
        Some(false) => "no",
        None => "",
    }
}
