//! The sheets Licenses and License holders.

use hobbs_reconcile::licenses::Verdict;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rust_xlsxwriter::{Workbook, Worksheet};

use super::page::{Item, Page, Tile};
use super::sheet::{Layout, Sheets};
use super::style::Styles;
use crate::columns::{Column, column, numbers};
use crate::error::ReportError;
use crate::licenses::Licenses;
use crate::words::thousands;

const LAST: u16 = 8;
/// Rows of the lists of people, at most.
const SHOWN: usize = 1_000;

const HOLDER_COLUMNS: [Column; 16] = [
    column("User", 34),
    column("Name", 26),
    column("Department", 22),
    column("Verdict", 18),
    column("Says", 80),
    numbers("Days held", 11),
    column("Last typed", 20),
    column("Last any", 20),
    numbers("Typed in 28 days", 18),
    numbers("In the 28 before", 18),
    column("Trend", 9),
    column("Account", 12),
    column("History whole", 15),
    column("Read until (UTC)", 20),
    column("Products", 40),
    column("UserId", 38),
];

pub(super) fn sheets(
    book: &mut Workbook,
    styles: &Styles,
    figures: &Licenses,
    sheet_rows_max: u32,
) -> Result<(Worksheet, Sheets), ReportError> {
    let holders = holders(book, styles, figures, sheet_rows_max)?;
    Ok((front(styles, figures)?, holders))
}

fn front(styles: &Styles, figures: &Licenses) -> Result<Worksheet, ReportError> {
    let widths = [46.0].into_iter().chain([14.0; LAST as usize]);
    let mut page = Page::new("Licenses", styles, widths)?;
    page.title("Licenses worth moving")?;
    page.line(figures.note, &styles.subtitle)?;
    page.row += 1;
    page.band(&figures.headline(), LAST, &styles.sentence)?;
    if let Some(cost) = figures.cost_says() {
        page.band(&cost, LAST, &styles.sentence)?;
    }
    page.row += 1;
    let free = figures.seats.iter().map(|seats| seats.free).sum();
    page.tiles(&[
        Tile::new(
            (0, 0),
            "Worth moving",
            figures.worth_moving,
            format!("of {} holders", thousands(figures.holders.len() as u64)),
        ),
        Tile::new((1, 4), "Seats free", free, "bought and not assigned"),
        Tile::new(
            (5, LAST),
            "Would use one",
            figures.candidates.len() as u64,
            "typed without a license now",
        ),
    ])?;
    verdicts(&mut page, figures)?;
    seats(&mut page, figures)?;
    candidates(&mut page, figures)?;
    frozen(&mut page, figures)?;
    Ok(page.sheet)
}

fn verdicts(page: &mut Page<'_>, figures: &Licenses) -> Result<(), ReportError> {
    let rows = Verdict::ALL.into_iter().map(|verdict| {
        let count = figures.verdicts.get(&verdict).copied().unwrap_or(0);
        vec![
            format!("{verdict}: {}", verdict.says()).into(),
            Item::Count(count),
            Item::Share(count, figures.holders.len() as u64),
        ]
    });
    page.list(
        "Holders by verdict",
        &["Verdict", "Holders", "Of holders"],
        rows,
    )?;
    Ok(())
}

fn seats(page: &mut Page<'_>, figures: &Licenses) -> Result<(), ReportError> {
    let rows = figures.seats.iter().map(|seats| {
        let name = seats.sku_part_number.as_deref().unwrap_or(&seats.sku_id);
        let counts = [seats.bought, seats.assigned, seats.free, seats.suspended];
        let mut row = vec![Item::from(name)];
        row.extend(counts.map(Item::Count));
        row
    });
    page.list(
        "Seats",
        &["Product", "Bought", "Assigned", "Free", "Suspended"],
        rows,
    )?;
    Ok(())
}

fn candidates(page: &mut Page<'_>, figures: &Licenses) -> Result<(), ReportError> {
    let rows = figures.candidates.iter().take(SHOWN).map(|candidate| {
        vec![
            candidate.name().into(),
            Item::Count(candidate.rank),
            Item::Count(candidate.typed_28),
            Item::Count(candidate.typed),
            day(candidate.last_typed, ""),
        ]
    });
    let heads = [
        "Without a license, and would use one",
        "Rank",
        "Typed, 28 days",
        "Typed",
        "Last typed",
    ];
    page.list("Would use one", &heads, rows)?;
    more(page, figures.candidates.len())
}

fn frozen(page: &mut Page<'_>, figures: &Licenses) -> Result<(), ReportError> {
    let rows = figures.frozen.iter().take(SHOWN).map(|frozen| {
        vec![
            frozen
                .user_principal_name
                .as_deref()
                .unwrap_or(&frozen.user_id)
                .into(),
            Item::from(frozen.cause.as_str()),
            day(frozen.frozen_from, "never read"),
            Item::Count(frozen.rows),
            day(frozen.last_row, ""),
        ]
    });
    let heads = ["User", "Why", "Frozen from", "Interactions", "The last"];
    page.list(
        "Frozen histories: kept, and no longer to be read on",
        &heads,
        rows,
    )?;
    more(page, figures.frozen.len())
}

fn more(page: &mut Page<'_>, all: usize) -> Result<(), ReportError> {
    let styles = page.styles;
    if all > SHOWN {
        page.row -= 1;
        let left = thousands((all - SHOWN) as u64);
        page.line(
            &format!("and {left} more: see `hobbs licenses --format json`"),
            &styles.note,
        )?;
        page.row += 1;
    }
    Ok(())
}

fn day<'a>(time: Option<Timestamp>, without: &'static str) -> Item<'a> {
    time.map_or(Item::from(without), |time| {
        Item::Day(time.to_zoned(TimeZone::UTC).date())
    })
}

fn holders(
    book: &mut Workbook,
    styles: &Styles,
    figures: &Licenses,
    sheet_rows_max: u32,
) -> Result<Sheets, ReportError> {
    let layout = Layout {
        name: "License holders",
        columns: &HOLDER_COLUMNS,
        frozen_columns: 1,
        rows_above: 0,
        sheet_rows_max,
    };
    let mut sheets = Sheets::new(book, styles, layout)?;
    sheets.begin()?;
    for holder in &figures.holders {
        let mut cells = sheets.next_cells(book)?;
        let tenure = holder.tenure_days.and_then(|days| u64::try_from(days).ok());
        let products: Vec<&str> = holder
            .held
            .iter()
            .map(|held| held.sku_id.as_str())
            .collect();
        cells.text(holder.name())?;
        cells.optional(holder.display_name.as_deref())?;
        cells.optional(holder.department.as_deref())?;
        cells.text(holder.verdict.id())?;
        cells.text(&holder.says)?;
        cells.count(tenure)?;
        cells.minute(holder.last_typed, "never")?;
        cells.minute(holder.last_any, "never")?;
        cells.counts([holder.typed_28, holder.typed_28_before])?;
        cells.text(holder.trend())?;
        cells.text(match holder.account_enabled {
            Some(true) => "enabled",
            Some(false) => "disabled",
            None => "",
        })?;
        cells.text(if holder.history_whole { "yes" } else { "no" })?;
        cells.minute(holder.read_until, "never")?;
        cells.text(&products.join("; "))?;
        cells.text(&holder.user_id)?;
    }
    Ok(sheets)
}
