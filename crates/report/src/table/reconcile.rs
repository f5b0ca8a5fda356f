//! Microsoft's usage report beside the interactions, for the terminal.

use comfy_table::Cell;
use hobbs_reconcile::{Code, Line};

use super::lists::{bare, print};
use super::{SHOWN, Style, and_more, cut, paint, paragraph, warning};
use crate::reconcile::{Answer, Reconciliation};
use crate::terminal::visible;
use crate::words::{not_judged, thousands};

/// `hobbs reconcile` as text, with a line feed at its end.
pub fn reconciliation(answer: &Answer<Reconciliation>, style: Style) -> String {
    let mut text = String::new();
    match answer {
        Answer::Missing { missing } => paragraph(&mut text, missing, style),
        Answer::Here(figures) => here(&mut text, figures, style),
    }
    text
}

fn here(text: &mut String, figures: &Reconciliation, style: Style) {
    text.push_str(&paint("Microsoft's numbers beside ours", "1", style));
    text.push('\n');
    paragraph(text, &figures.about(), style);
    text.push('\n');
    paragraph(text, &figures.headline_says, style);
    warning(text, not_judged(figures.not_judged), style);
    if let Some(concealed) = &figures.concealed_says {
        text.push('\n');
        paragraph(text, concealed, style);
    }
    distribution(text, figures, style);
    reasons(text, figures, style);
    apps(text, figures, style);
    days(text, figures, style);
    unexplained(text, figures, style);
}

fn distribution(text: &mut String, figures: &Reconciliation, style: Style) {
    if figures.figures.headline.active == 0 {
        return;
    }
    let mut table = bare("Typed in the period", &["Active users"], style);
    for step in &figures.figures.headline.typed_distribution {
        table.add_row(vec![
            Cell::new(step.name()),
            Cell::new(thousands(step.users)),
        ]);
    }
    print(text, table);
}

fn reasons(text: &mut String, figures: &Reconciliation, style: Style) {
    let mut table = bare("Why they differ", &["Lines", "Users"], style);
    for (code, lines, users) in figures.reasons() {
        table.add_row(vec![
            Cell::new(format!("{}: {}", code.id(), code.says())),
            Cell::new(thousands(lines)),
            Cell::new(thousands(users)),
        ]);
    }
    print(text, table);
    text.push_str(" A line is a user in a column of the report; a user is the line of all apps\n");
}

fn apps(text: &mut String, figures: &Reconciliation, style: Style) {
    if figures.apps.is_empty() {
        return;
    }
    let mut table = bare(
        "App",
        &[
            "Microsoft: active",
            "Here: any",
            "By own will",
            "Typed",
            "Automatic",
        ],
        style,
    );
    for app in &figures.apps {
        table.add_row(vec![
            Cell::new(visible(&app.app)),
            Cell::new(optional(app.microsoft_active)),
            Cell::new(thousands(app.users_any)),
            Cell::new(thousands(app.users_asked)),
            Cell::new(thousands(app.exchanges.typed)),
            Cell::new(thousands(app.exchanges.automatic)),
        ]);
    }
    print(text, table);
}

/// Only where Microsoft gives its own trend.
fn days(text: &mut String, figures: &Reconciliation, style: Style) {
    if figures
        .days
        .iter()
        .all(|day| day.microsoft_active.is_none())
    {
        return;
    }
    let mut table = bare(
        "Day (UTC)",
        &["Microsoft: active", "Here: any", "By own will"],
        style,
    );
    for day in &figures.days {
        table.add_row(vec![
            Cell::new(day.day),
            Cell::new(optional(day.microsoft_active)),
            Cell::new(thousands(day.users_any)),
            Cell::new(thousands(day.users_asked)),
        ]);
    }
    print(text, table);
}

fn unexplained(text: &mut String, figures: &Reconciliation, style: Style) {
    let all = figures.figures.unexplained();
    if all == 0 {
        text.push_str("\nNothing is unexplained.\n");
        return;
    }
    let mut table = bare(
        "Unexplained",
        &["Column", "Microsoft", "Here: any", "Typed"],
        style,
    );
    for line in figures.unexplained().take(SHOWN) {
        table.add_row(row(line));
    }
    print(text, table);
    and_more(
        text,
        usize::try_from(all).unwrap_or(usize::MAX),
        SHOWN,
        (Code::Unexplained.id(), Code::Unexplained.id()),
    );
}

fn row(line: &Line) -> Vec<Cell> {
    let day =
        |day: Option<jiff::civil::Date>| day.map_or("never".to_owned(), |day| day.to_string());
    vec![
        Cell::new(visible(&cut(line.user()))),
        Cell::new(visible(&line.column)),
        Cell::new(day(line.microsoft.last_activity)),
        Cell::new(day(line.ours.last_any)),
        Cell::new(day(line.ours.last_typed)),
    ]
}

fn optional(count: Option<u64>) -> String {
    count.map(thousands).unwrap_or_default()
}
