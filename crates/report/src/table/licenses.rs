//! Licenses worth moving, for the terminal.

use comfy_table::Cell;
use hobbs_reconcile::licenses::{Holder, Verdict};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::lists::{bare, print};
use super::{SHOWN, Style, and_more, cut, paint, paragraph, warning};
use crate::licenses::Licenses;
use crate::reconcile::Answer;
use crate::terminal::visible;
use crate::words::{not_judged, thousands};

/// `hobbs licenses` as text, with a line feed at its end.
pub fn licenses(answer: &Answer<Licenses>, style: Style) -> String {
    let mut text = String::new();
    match answer {
        Answer::Missing { missing } => paragraph(&mut text, missing, style),
        Answer::Here(figures) => here(&mut text, figures, style),
    }
    text
}

fn here(text: &mut String, figures: &Licenses, style: Style) {
    text.push_str(&paint("Licenses worth moving", "1", style));
    text.push('\n');
    paragraph(text, &figures.headline(), style);
    warning(text, not_judged(figures.not_judged), style);
    if let Some(cost) = figures.cost_says() {
        paragraph(text, &cost, style);
    }
    verdicts(text, figures, style);
    seats(text, figures, style);
    holders(text, figures, style);
    candidates(text, figures, style);
    frozen(text, figures, style);
    text.push('\n');
    paragraph(text, figures.note, style);
}

fn verdicts(text: &mut String, figures: &Licenses, style: Style) {
    let mut table = bare("Verdict", &["Holders"], style);
    for verdict in Verdict::ALL {
        let count = figures.verdicts.get(&verdict).copied().unwrap_or(0);
        table.add_row(vec![
            Cell::new(format!("{verdict}: {}", verdict.says())),
            Cell::new(thousands(count)),
        ]);
    }
    print(text, table);
}

fn seats(text: &mut String, figures: &Licenses, style: Style) {
    if figures.seats.is_empty() {
        return;
    }
    let mut table = bare(
        "Product",
        &["Bought", "Assigned", "Free", "Suspended"],
        style,
    );
    for seats in &figures.seats {
        let name = seats.sku_part_number.as_deref().unwrap_or(&seats.sku_id);
        let counts = [seats.bought, seats.assigned, seats.free, seats.suspended];
        let mut row = vec![Cell::new(visible(&cut(name)))];
        row.extend(counts.map(thousands).map(Cell::new));
        table.add_row(row);
    }
    print(text, table);
}

fn holders(text: &mut String, figures: &Licenses, style: Style) {
    let worth = || {
        figures
            .holders
            .iter()
            .filter(|holder| holder.verdict.is_worth_moving())
    };
    let all = worth().count();
    if all == 0 {
        return;
    }
    let heads = ["Verdict", "Days held", "Last typed", "Last any"];
    let mut table = bare("Worth moving", &heads, style);
    for holder in worth().take(SHOWN) {
        table.add_row(row(holder));
    }
    print(text, table);
    and_more(text, all, SHOWN, ("holder", "holders"));
}

fn row(holder: &Holder) -> Vec<Cell> {
    vec![
        Cell::new(visible(&cut(holder.name()))),
        Cell::new(holder.verdict.id()),
        Cell::new(
            holder
                .tenure_days
                .map(|days| days.to_string())
                .unwrap_or_default(),
        ),
        Cell::new(day(holder.last_typed)),
        Cell::new(day(holder.last_any)),
    ]
}

fn candidates(text: &mut String, figures: &Licenses, style: Style) {
    if figures.candidates.is_empty() {
        return;
    }
    let mut table = bare("Would use one", &["28 days", "Typed", "Last typed"], style);
    for candidate in figures.candidates.iter().take(SHOWN) {
        table.add_row(vec![
            Cell::new(visible(&cut(candidate.name()))),
            Cell::new(thousands(candidate.typed_28)),
            Cell::new(thousands(candidate.typed)),
            Cell::new(day(candidate.last_typed)),
        ]);
    }
    print(text, table);
    and_more(text, figures.candidates.len(), SHOWN, ("person", "people"));
}

fn frozen(text: &mut String, figures: &Licenses, style: Style) {
    if figures.frozen.is_empty() {
        return;
    }
    let mut table = bare(
        "Frozen histories",
        &["Why", "Read until", "Interactions"],
        style,
    );
    for frozen in figures.frozen.iter().take(SHOWN) {
        let name = frozen
            .user_principal_name
            .as_deref()
            .unwrap_or(&frozen.user_id);
        table.add_row(vec![
            Cell::new(visible(&cut(name))),
            Cell::new(visible(&frozen.cause)),
            Cell::new(day(frozen.frozen_from)),
            Cell::new(thousands(frozen.rows)),
        ]);
    }
    print(text, table);
    and_more(text, figures.frozen.len(), SHOWN, ("history", "histories"));
}

fn day(time: Option<Timestamp>) -> String {
    let date = |time: Timestamp| time.to_zoned(TimeZone::UTC).date().to_string();
    time.map_or("never".to_owned(), date)
}
