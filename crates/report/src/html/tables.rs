//! Tables of the page: cells are text of ours or of the tenant, escaped by the template.

use std::collections::HashMap;

use crate::apps::{App, share_head};
use crate::summary::{Counts, DepartmentFigures, Summary};
use crate::terminal::visible;
use crate::verdicts::{ByVerdict, DepartmentVerdicts, Verdict};
use crate::words::{percent, thousands};

use super::DEPARTMENTS_MAX;

/// A column.
pub(super) struct Head {
    pub name: &'static str,
    pub kind: Kind,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Texts of any length.
    Texts,
    /// Sentences, which take more room.
    Sentences,
    /// Texts that stay on one line.
    Short,
    /// Numbers, which stand at the right.
    Numbers,
}

impl Kind {
    /// The class of the column's cells, as an attribute.
    pub(super) fn class(self) -> &'static str {
        match self {
            Kind::Texts => "",
            Kind::Sentences => " class=\"w\"",
            Kind::Short => " class=\"s\"",
            Kind::Numbers => " class=\"n\"",
        }
    }
}

/// What stands in a cell.
pub(super) struct Cell {
    pub text: String,
    /// Small, beneath.
    pub small: String,
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Cell {
            text,
            small: String::new(),
        }
    }
}

/// A table with a name of its own.
pub(super) struct Table {
    /// Unique in the page.
    pub id: &'static str,
    /// Read out before the table.
    pub caption: &'static str,
    pub heads: Vec<Head>,
    pub rows: Vec<Vec<Cell>>,
    /// What is not here, and where it is.
    pub more: Option<String>,
    /// Long enough to be searched.
    pub filter: bool,
}

impl Table {
    pub(super) fn new(id: &'static str, caption: &'static str, heads: Vec<Head>) -> Self {
        Table {
            id,
            caption,
            heads,
            rows: Vec::new(),
            more: None,
            filter: false,
        }
    }

    pub(super) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells.into_iter().map(Cell::from).collect());
    }
}

fn head(name: &'static str, kind: Kind) -> Head {
    Head { name, kind }
}

pub(super) fn texts(name: &'static str) -> Head {
    head(name, Kind::Texts)
}

pub(super) fn sentences(name: &'static str) -> Head {
    head(name, Kind::Sentences)
}

pub(super) fn short(name: &'static str) -> Head {
    head(name, Kind::Short)
}

pub(super) fn numbers(name: &'static str) -> Head {
    head(name, Kind::Numbers)
}

/// A text of the tenant: no control characters, nothing that turns the direction of writing.
pub(super) fn text(text: &str) -> String {
    visible(text).into_owned()
}

/// The columns of [`verdict_cells`].
pub(super) fn verdict_heads() -> impl Iterator<Item = Head> {
    Verdict::ALL
        .into_iter()
        .map(|verdict| numbers(verdict.name()))
}

pub(super) fn verdict_cells(exchanges: &ByVerdict) -> impl Iterator<Item = String> {
    exchanges.all().into_iter().map(thousands)
}

/// Beside verdicts the interactions are told in short: the workbook has them in full.
fn count_heads(short: bool) -> Vec<Head> {
    let names: &[&str] = match short {
        true => &["Interactions"],
        false => &[
            "Prompts",
            "Responses",
            "Other",
            "Marked automatic",
            "Interactions",
        ],
    };
    names.iter().copied().map(numbers).collect()
}

fn count_cells(counts: &Counts, short: bool) -> Vec<String> {
    let all = [
        counts.prompts,
        counts.responses,
        counts.other,
        counts.marked_automatic,
        counts.total,
    ];
    let from = if short { all.len() - 1 } else { 0 };
    all[from..].iter().copied().map(thousands).collect()
}

pub(super) fn apps(summary: &Summary, apps: &[App<'_>]) -> Table {
    let short = summary.verdicts.is_some();
    let mut heads = vec![texts("App")];
    if short {
        heads.extend(verdict_heads());
    }
    heads.extend(count_heads(short));
    heads.push(numbers(share_head(summary)));
    let mut table = Table::new("apps", "By app", heads);
    for app in apps {
        let name = Cell {
            text: text(app.app),
            small: text(&app.classes()),
        };
        let mut cells: Vec<String> = app.exchanges.iter().flat_map(verdict_cells).collect();
        cells.extend(count_cells(&app.counts, short));
        let (own, all) = app.share(summary);
        cells.push(percent(own, all));
        let cells = cells.into_iter().map(Cell::from);
        table
            .rows
            .push(std::iter::once(name).chain(cells).collect());
    }
    table
}

/// None where no user has a department.
pub(super) fn departments(summary: &Summary) -> Option<Table> {
    if summary
        .departments
        .iter()
        .all(|department| department.department.is_none())
    {
        return None;
    }
    let by_name = summary
        .verdicts
        .as_ref()
        .map(|verdicts| verdicts.by_department(&summary.users));
    let mut heads = vec![
        texts("Department"),
        numbers("Users"),
        numbers("With any interaction"),
    ];
    if by_name.is_some() {
        heads.push(numbers("By own will"));
        heads.extend(verdict_heads());
    }
    heads.extend(count_heads(by_name.is_some()));
    let mut table = Table::new("departments", "By department", heads);
    for department in summary.departments.iter().take(DEPARTMENTS_MAX) {
        table.row(department_row(department, by_name.as_ref()));
    }
    table.more = left_out(
        summary.departments.len(),
        DEPARTMENTS_MAX,
        "departments",
        "most interactions",
    );
    Some(table)
}

fn department_row(
    department: &DepartmentFigures,
    by_name: Option<&HashMap<Option<&str>, DepartmentVerdicts>>,
) -> Vec<String> {
    let name = department.department.as_deref();
    let mut row = vec![
        text(name.unwrap_or("(none)")),
        thousands(department.users),
        thousands(department.users_active),
    ];
    if let Some(by_name) = by_name {
        let own = by_name.get(&name).copied().unwrap_or_default();
        row.push(thousands(own.users_asked));
        row.extend(verdict_cells(&own.exchanges));
    }
    row.extend(count_cells(&department.counts, by_name.is_some()));
    row
}

pub(super) fn days(summary: &Summary) -> Table {
    let Some(verdicts) = &summary.verdicts else {
        let mut heads = vec![texts("Day (UTC)"), numbers("Users")];
        heads.extend(count_heads(false));
        let mut table = Table::new("days", "By day", heads);
        for day in summary.days.iter().rev() {
            let mut row = vec![day.day.to_string(), thousands(day.users)];
            row.extend(count_cells(&day.counts, false));
            table.row(row);
        }
        return table;
    };
    let mut heads = vec![texts("Day"), numbers("Users"), numbers("By own will")];
    heads.extend(verdict_heads());
    let mut table = Table::new("days", "By day", heads);
    for day in verdicts.days.iter().rev() {
        let mut row = vec![
            day.day.to_string(),
            thousands(day.users_any),
            thousands(day.users_asked),
        ];
        row.extend(verdict_cells(&day.exchanges));
        table.row(row);
    }
    table
}

/// None where no interaction bears a mark.
pub(super) fn marks(summary: &Summary) -> Option<Table> {
    if summary.marks.is_empty() {
        return None;
    }
    let heads = vec![
        texts("Mark"),
        numbers("Prompts"),
        numbers("Responses"),
        numbers("Interactions"),
    ];
    let mut table = Table::new(
        "marks",
        "Why automatic: literal signs in the interactions",
        heads,
    );
    for mark in &summary.marks {
        table.row(vec![
            text(&mark.mark),
            thousands(mark.prompts),
            thousands(mark.responses),
            thousands(mark.total),
        ]);
    }
    Some(table)
}

/// Says what a list leaves out, and where it stands.
pub(super) fn left_out(all: usize, shown: usize, what: &str, largest: &str) -> Option<String> {
    (all > shown).then(|| {
        format!(
            "Here are {} of {} {what}, those with the {largest}. The other {} stand in the workbook (--format xlsx) and in --format json.",
            thousands(shown as u64),
            thousands(all as u64),
            thousands((all - shown) as u64),
        )
    })
}
