//! The sheets Reconciliation and Differences: Microsoft's usage report beside the interactions.

use rust_xlsxwriter::{Workbook, Worksheet};

use super::page::{Item, Page, Tile};
use super::sheet::{Layout, Sheets};
use super::style::Styles;
use crate::error::ReportError;
use crate::reconcile::{LINE_COLUMNS, LineCell, Reconciliation, line_cells};
use crate::words::{percent, thousands};

/// The last column that tiles and bands use.
const LAST: u16 = 8;

pub(super) fn sheets(
    book: &mut Workbook,
    styles: &Styles,
    figures: &Reconciliation,
    sheet_rows_max: u32,
) -> Result<(Worksheet, Sheets), ReportError> {
    let lines = differences(book, styles, figures, sheet_rows_max)?;
    Ok((front(styles, figures)?, lines))
}

fn front(styles: &Styles, figures: &Reconciliation) -> Result<Worksheet, ReportError> {
    let widths = [46.0].into_iter().chain([14.0; LAST as usize]);
    let mut page = Page::new("Reconciliation", styles, widths)?;
    page.title("Microsoft's numbers beside ours")?;
    page.line(&figures.about(), &styles.subtitle)?;
    page.row += 1;
    page.band(&figures.headline_says, LAST, &styles.sentence)?;
    page.sheet.set_row_height(page.row - 1, 56)?;
    if let Some(concealed) = &figures.concealed_says {
        page.band(concealed, LAST, &styles.partial)?;
        page.sheet.set_row_height(page.row - 1, 72)?;
    }
    page.row += 1;
    tiles(&mut page, figures)?;
    reasons(&mut page, figures)?;
    let steps = figures.figures.headline.typed_distribution.iter();
    let steps = steps.map(|step| vec![step.name().into(), Item::Count(step.users)]);
    page.list(
        "How often the users type whom Microsoft calls active",
        &["Typed in the period", "Active users"],
        steps,
    )?;
    apps(&mut page, figures)?;
    days(&mut page, figures)?;
    Ok(page.sheet)
}

fn tiles(page: &mut Page<'_>, figures: &Reconciliation) -> Result<(), ReportError> {
    let of = &figures.figures.headline;
    let share = |users: u64| {
        format!(
            "{} of {} active",
            percent(users, of.active),
            thousands(of.active)
        )
    };
    page.tiles(&[
        Tile::new(
            (0, 0),
            "Microsoft calls active",
            of.active,
            format!(
                "of {} in the report",
                thousands(figures.figures.users_in_report)
            ),
        ),
        Tile::new((1, 4), "Typed anything", of.typed, share(of.typed)),
        Tile::new(
            (5, LAST),
            "Pressed only",
            of.clicked_only,
            share(of.clicked_only),
        ),
    ])?;
    page.tiles(&[
        Tile::new(
            (0, 0),
            "Automatic only",
            of.automatic_only,
            share(of.automatic_only),
        ),
        Tile::new((1, 4), "Nothing here", of.nothing, share(of.nothing)),
        Tile::new(
            (5, LAST),
            "Unexplained lines",
            figures.figures.unexplained(),
            format!("of {} lines", thousands(figures.figures.lines)),
        ),
    ])
}

fn reasons(page: &mut Page<'_>, figures: &Reconciliation) -> Result<(), ReportError> {
    let rows = figures.reasons().map(|(code, lines, users)| {
        vec![
            code.id().into(),
            Item::Count(lines),
            Item::Count(users),
            Item::Share(lines, figures.figures.lines),
            // Last, where nothing stands beside it that would cut it off.
            Item::Small(code.says().into()),
        ]
    });
    page.list(
        "Why they differ",
        &["Reason", "Lines", "Users", "Share of lines", "Meaning"],
        rows,
    )?;
    Ok(())
}

fn apps(page: &mut Page<'_>, figures: &Reconciliation) -> Result<(), ReportError> {
    let rows = figures.apps.iter().map(|app| {
        let mut row = vec![Item::from(app.app.as_str())];
        row.extend(
            [
                app.microsoft_enabled,
                app.microsoft_active,
                app.microsoft_prompts,
            ]
            .map(optional),
        );
        let own = [
            app.users_any,
            app.users_asked,
            app.exchanges.typed,
            app.exchanges.clicked,
            app.exchanges.automatic,
        ];
        row.extend(own.map(Item::Count));
        row
    });
    let heads = [
        "App",
        "MS enabled",
        "MS active",
        "MS prompts",
        "Here: any",
        "By own will",
        "Typed",
        "Clicked",
        "Automatic",
    ];
    page.list("By app, without names", &heads, rows)?;
    Ok(())
}

fn days(page: &mut Page<'_>, figures: &Reconciliation) -> Result<(), ReportError> {
    if figures
        .days
        .iter()
        .all(|day| day.microsoft_active.is_none())
    {
        return Ok(());
    }
    let rows = figures.days.iter().map(|day| {
        let mut row = vec![Item::Day(day.day)];
        row.extend([day.microsoft_active, day.microsoft_prompts].map(optional));
        row.extend([day.users_any, day.users_asked, day.asked].map(Item::Count));
        row
    });
    let heads = [
        "Day (UTC)",
        "MS active",
        "MS prompts",
        "Here: any",
        "By own will",
        "Typed or clicked",
    ];
    page.list("By day, without names", &heads, rows)?;
    Ok(())
}

fn optional<'a>(count: Option<u64>) -> Item<'a> {
    count.map_or(Item::from(""), Item::Count)
}

fn differences(
    book: &mut Workbook,
    styles: &Styles,
    figures: &Reconciliation,
    sheet_rows_max: u32,
) -> Result<Sheets, ReportError> {
    let layout = Layout {
        name: "Differences",
        columns: &LINE_COLUMNS,
        frozen_columns: 1,
        rows_above: 2,
        sheet_rows_max,
    };
    let mut sheets = Sheets::new(book, styles, layout)?;
    let mut note = "A line for each user and column of Microsoft's report where the two differ, the unexplained first.".to_owned();
    if figures.differences_left_out > 0 {
        note.push_str(&format!(
            " {} more: see `hobbs reconcile --format csv`.",
            thousands(figures.differences_left_out)
        ));
    }
    sheets.heading(0, &note, &styles.note)?;
    sheets.begin()?;
    for line in &figures.differences {
        let mut cells = sheets.next_cells(book)?;
        for cell in line_cells(line) {
            match cell {
                LineCell::Text(text) => cells.text(&text)?,
                LineCell::Day(day) => cells.day(day)?,
                LineCell::Count(count) => cells.count(count)?,
            }
        }
    }
    Ok(sheets)
}
