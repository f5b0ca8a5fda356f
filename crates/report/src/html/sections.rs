//! What stands beside the interactions: Microsoft's own report, and licenses.

use hobbs_reconcile::licenses::Verdict;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::LINES_MAX;
use super::tables::{Table, numbers, sentences, short, text, texts};
use crate::licenses::Licenses;
use crate::reconcile::{Answer, Reconciliation};
use crate::words::thousands;

/// A part of the page with sentences and tables.
pub(super) struct Section {
    pub title: &'static str,
    pub says: Vec<String>,
    pub tables: Vec<Table>,
}

impl Section {
    /// The sentences and tables of an answer; where there is none, why.
    fn of<T>(
        title: &'static str,
        answer: &Answer<T>,
        content: impl FnOnce(&T) -> (Vec<String>, Vec<Table>),
    ) -> Self {
        let (says, tables) = match answer {
            Answer::Missing { missing } => (vec![text(missing)], Vec::new()),
            Answer::Here(figures) => content(figures),
        };
        Section {
            title,
            says,
            tables,
        }
    }
}

pub(super) fn reconciliation(answer: &Answer<Reconciliation>) -> Section {
    Section::of("Microsoft's numbers beside ours", answer, |figures| {
        let mut says = vec![text(&figures.about()), text(&figures.headline_says)];
        says.extend(figures.concealed_says.as_deref().map(text));
        let mut tables = vec![reasons(figures), distribution(figures)];
        tables.extend(apps(figures));
        tables.extend(days(figures));
        tables.extend(differences(figures));
        (says, tables)
    })
}

fn reasons(figures: &Reconciliation) -> Table {
    let heads = vec![
        short("Reason"),
        texts("Meaning"),
        numbers("Lines"),
        numbers("Users"),
    ];
    let mut table = Table::new("reasons", "Why they differ", heads);
    for (code, lines, users) in figures.reasons() {
        table.row(vec![
            code.id().to_owned(),
            code.says().to_owned(),
            thousands(lines),
            thousands(users),
        ]);
    }
    table
}

fn distribution(figures: &Reconciliation) -> Table {
    let heads = vec![texts("Typed in the period"), numbers("Active users")];
    let mut table = Table::new(
        "typed",
        "How often the users type whom Microsoft calls active",
        heads,
    );
    for step in &figures.figures.headline.typed_distribution {
        table.row(vec![step.name(), thousands(step.users)]);
    }
    table
}

fn apps(figures: &Reconciliation) -> Option<Table> {
    if figures.apps.is_empty() {
        return None;
    }
    let mut heads = vec![texts("App")];
    let names = [
        "Microsoft: enabled",
        "Microsoft: active",
        "Microsoft: prompts",
        "Here: any",
        "By own will",
        "Typed",
        "Clicked",
        "Automatic",
    ];
    heads.extend(names.into_iter().map(numbers));
    let mut table = Table::new("side-by-side", "By app, without names", heads);
    for app in &figures.apps {
        let mut row = vec![text(&app.app)];
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
        row.extend(own.map(thousands));
        table.row(row);
    }
    Some(table)
}

fn days(figures: &Reconciliation) -> Option<Table> {
    if figures
        .days
        .iter()
        .all(|day| day.microsoft_active.is_none())
    {
        return None;
    }
    let heads = vec![
        texts("Day (UTC)"),
        numbers("Microsoft: active"),
        numbers("Microsoft: prompts"),
        numbers("Here: any"),
        numbers("By own will"),
        numbers("Typed or clicked"),
    ];
    let mut table = Table::new("days-beside", "By day, without names", heads);
    for day in figures.days.iter().rev() {
        let mut row = vec![day.day.to_string()];
        row.extend([day.microsoft_active, day.microsoft_prompts].map(optional));
        row.extend([day.users_any, day.users_asked, day.asked].map(thousands));
        table.row(row);
    }
    Some(table)
}

fn differences(figures: &Reconciliation) -> Option<Table> {
    if figures.differences.is_empty() {
        return None;
    }
    let heads = vec![
        texts("User"),
        texts("Column"),
        short("Reason"),
        sentences("Why"),
        short("Microsoft"),
        short("Last any"),
        short("Last typed"),
        short("Last clicked"),
        short("Last automatic"),
        numbers("Prompts"),
        numbers("Typed"),
        numbers("Clicked"),
        numbers("Automatic"),
    ];
    let mut table = Table::new(
        "differences",
        "Where they differ, the unexplained first",
        heads,
    );
    table.filter = true;
    for line in figures.differences.iter().take(LINES_MAX) {
        let ours = &line.ours;
        let mut row = vec![
            text(line.user()),
            text(&line.column),
            line.reason.id().to_owned(),
            text(&line.says),
        ];
        row.extend(
            [
                line.microsoft.last_activity,
                ours.last_any,
                ours.last_typed,
                ours.last_clicked,
                ours.last_automatic,
            ]
            .map(date),
        );
        row.push(optional(line.microsoft.prompts));
        row.extend(
            [
                ours.exchanges.typed,
                ours.exchanges.clicked,
                ours.exchanges.automatic,
            ]
            .map(thousands),
        );
        table.row(row);
    }
    table.more = beyond(
        figures.beyond(LINES_MAX),
        "lines",
        "`hobbs reconcile --format csv`",
    );
    Some(table)
}

pub(super) fn licenses(answer: &Answer<Licenses>) -> Section {
    Section::of("Licenses worth moving", answer, |figures| {
        let mut says = vec![figures.headline()];
        says.extend(figures.cost_says().as_deref().map(text));
        says.push(figures.note.to_owned());
        let mut tables = vec![verdicts(figures)];
        tables.extend(seats(figures));
        tables.extend(holders(figures));
        tables.extend(candidates(figures));
        tables.extend(frozen(figures));
        (says, tables)
    })
}

fn verdicts(figures: &Licenses) -> Table {
    let heads = vec![short("Verdict"), texts("Meaning"), numbers("Holders")];
    let mut table = Table::new("license-verdicts", "Holders by verdict", heads);
    for verdict in Verdict::ALL {
        let count = figures.verdicts.get(&verdict).copied().unwrap_or(0);
        table.row(vec![
            verdict.id().to_owned(),
            verdict.says().to_owned(),
            thousands(count),
        ]);
    }
    table
}

fn seats(figures: &Licenses) -> Option<Table> {
    if figures.seats.is_empty() {
        return None;
    }
    let mut heads = vec![texts("Product"), texts("Id")];
    heads.extend(
        ["Bought", "Assigned", "Free", "Suspended"]
            .into_iter()
            .map(numbers),
    );
    let mut table = Table::new("seats", "Seats", heads);
    for seats in &figures.seats {
        let mut row = vec![
            text(seats.sku_part_number.as_deref().unwrap_or_default()),
            text(&seats.sku_id),
        ];
        row.extend([seats.bought, seats.assigned, seats.free, seats.suspended].map(thousands));
        table.row(row);
    }
    Some(table)
}

fn holders(figures: &Licenses) -> Option<Table> {
    let worth = || {
        figures
            .holders
            .iter()
            .filter(|holder| holder.verdict.is_worth_moving())
    };
    let all = worth().count();
    if all == 0 {
        return None;
    }
    let heads = vec![
        texts("User"),
        texts("Department"),
        short("Verdict"),
        numbers("Days held"),
        short("Last typed"),
        short("Last any"),
        numbers("Typed in 28 days"),
        numbers("In the 28 before"),
        texts("Why"),
    ];
    let mut table = Table::new("worth-moving", "Worth moving", heads);
    table.filter = true;
    for holder in worth().take(LINES_MAX) {
        table.row(vec![
            text(holder.name()),
            text(holder.department.as_deref().unwrap_or_default()),
            holder.verdict.id().to_owned(),
            holder
                .tenure_days
                .map(|days| days.to_string())
                .unwrap_or_default(),
            day(holder.last_typed),
            day(holder.last_any),
            thousands(holder.typed_28),
            thousands(holder.typed_28_before),
            text(&holder.says),
        ]);
    }
    table.more = beyond(left(all), "holders", "`hobbs licenses`");
    Some(table)
}

fn candidates(figures: &Licenses) -> Option<Table> {
    if figures.candidates.is_empty() {
        return None;
    }
    let heads = vec![
        numbers("Rank"),
        texts("User"),
        texts("Department"),
        numbers("Typed in 28 days"),
        numbers("Typed"),
        short("Last typed"),
        texts("Why"),
    ];
    let mut table = Table::new("would-use", "Without a license, and would use one", heads);
    for candidate in figures.candidates.iter().take(LINES_MAX) {
        table.row(vec![
            thousands(candidate.rank),
            text(candidate.name()),
            text(candidate.department.as_deref().unwrap_or_default()),
            thousands(candidate.typed_28),
            thousands(candidate.typed),
            day(candidate.last_typed),
            text(&candidate.says),
        ]);
    }
    table.more = beyond(left(figures.candidates.len()), "people", "`hobbs licenses`");
    Some(table)
}

fn frozen(figures: &Licenses) -> Option<Table> {
    if figures.frozen.is_empty() {
        return None;
    }
    let heads = vec![
        texts("User"),
        short("Why"),
        short("Frozen from"),
        numbers("Interactions kept"),
        short("The last"),
    ];
    let mut table = Table::new(
        "frozen",
        "Frozen histories: kept, and no longer to be read on",
        heads,
    );
    for frozen in figures.frozen.iter().take(LINES_MAX) {
        table.row(vec![
            text(
                frozen
                    .user_principal_name
                    .as_deref()
                    .unwrap_or(&frozen.user_id),
            ),
            text(&frozen.cause),
            frozen
                .frozen_from
                .map_or("never read".to_owned(), |time| day(Some(time))),
            thousands(frozen.rows),
            day(frozen.last_row),
        ]);
    }
    table.more = beyond(left(figures.frozen.len()), "histories", "`hobbs licenses`");
    Some(table)
}

fn left(all: usize) -> u64 {
    all.saturating_sub(LINES_MAX) as u64
}

fn beyond(left: u64, what: &str, place: &str) -> Option<String> {
    (left > 0).then(|| format!("{} more {what}: see {place}.", thousands(left)))
}

fn optional(count: Option<u64>) -> String {
    count.map(thousands).unwrap_or_default()
}

fn date(date: Option<Date>) -> String {
    date.map(|date| date.to_string()).unwrap_or_default()
}

fn day(time: Option<Timestamp>) -> String {
    date(time.map(|time| time.to_zoned(TimeZone::UTC).date()))
}
