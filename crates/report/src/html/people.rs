//! The tables of people: who did what, and of whom something is missing.

use jiff::tz::TimeZone;

use super::tables::{Table, left_out, numbers, short, text, texts, verdict_cells, verdict_heads};
use super::{GAPS_MAX, PEOPLE_MAX};
use crate::coverage::Gap;
use crate::summary::{Summary, UserFigures};
use crate::verdicts::VerdictFigures;
use crate::words::{activity, minute, thousands};

pub(super) fn people(summary: &Summary) -> Table {
    let mut heads = vec![texts("User"), texts("Name"), texts("Department")];
    if summary.verdicts.is_some() {
        heads.extend(verdict_heads());
    }
    heads.push(numbers("Interactions"));
    if summary.verdicts.is_some() {
        heads.extend([
            numbers("Days active"),
            numbers("Days asking"),
            short("Active"),
        ]);
    } else {
        heads.extend([
            numbers("Prompts"),
            numbers("Days active"),
            numbers("Days prompting"),
        ]);
    }
    heads.push(short("Last (UTC)"));
    let mut table = Table::new("people", "People", heads);
    table.filter = true;
    for user in summary.users.iter().take(PEOPLE_MAX) {
        table.row(person(user, summary.verdicts.as_ref()));
    }
    table.more = left_out(
        summary.users.len(),
        PEOPLE_MAX,
        "users",
        "most interactions",
    );
    table
}

fn person(user: &UserFigures, verdicts: Option<&VerdictFigures>) -> Vec<String> {
    let mut row = vec![
        text(user.name()),
        optional(user.display_name.as_deref()),
        optional(user.department.as_deref()),
    ];
    let interactions = thousands(user.counts.total);
    if let Some(verdicts) = verdicts {
        let own = verdicts.user(&user.user_id);
        row.extend(verdict_cells(
            &own.map(|user| user.exchanges).unwrap_or_default(),
        ));
        row.push(interactions);
        row.push(thousands(own.map_or(0, |user| user.days_any)));
        row.push(thousands(own.map_or(0, |user| user.days_asked)));
        row.push(activity(own).to_owned());
    } else {
        row.push(interactions);
        row.extend([user.counts.prompts, user.days_active, user.days_prompting].map(thousands));
    }
    row.push(user.last.map(day).unwrap_or_default());
    row
}

fn day(time: jiff::Timestamp) -> String {
    time.to_zoned(TimeZone::UTC).date().to_string()
}

fn day_and_minute(time: jiff::Timestamp) -> String {
    minute(time).trim_end_matches(" UTC").to_owned()
}

/// None where nothing is missing.
pub(super) fn gaps(summary: &Summary) -> Option<Table> {
    let gaps = &summary.coverage.gaps;
    if gaps.is_empty() {
        return None;
    }
    let heads = [
        "User",
        "Missing from (UTC)",
        "Missing to (UTC)",
        "Reason",
        "Microsoft 365 said",
    ];
    let mut table = Table::new(
        "gaps",
        "What is not covered",
        heads.into_iter().map(texts).collect(),
    );
    table.filter = true;
    for missing in gaps.iter().take(GAPS_MAX) {
        table.row(gap(missing));
    }
    table.more = left_out(
        gaps.len(),
        GAPS_MAX,
        "gaps",
        "users with the most interactions",
    );
    Some(table)
}

fn gap(gap: &Gap) -> Vec<String> {
    vec![
        text(gap.user()),
        gap.from.map_or("the beginning".to_owned(), day_and_minute),
        day_and_minute(gap.to),
        text(&crate::coverage::reason(&gap.code)),
        optional(gap.error.as_deref()),
    ]
}

fn optional(value: Option<&str>) -> String {
    value.map(text).unwrap_or_default()
}
