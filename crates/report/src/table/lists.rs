//! The lists of the text report. Where the lake has verdicts they count exchanges by verdict, where
//! it has none interactions.

use comfy_table::{Cell, CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};

use super::{SHOWN, Style, and_more, cut, width};
use crate::apps::{apps, share_head};
use crate::steps::steps;
use crate::summary::{Counts, Summary};
use crate::terminal::visible;
use crate::verdicts::{ByVerdict, VerdictFigures};
use crate::words::{percent, plural, thousands};

/// Days shown, the latest.
const DAYS_SHOWN: usize = 31;
/// Weeks shown, the latest.
const WEEKS_SHOWN: usize = 13;

pub(super) fn all(text: &mut String, summary: &Summary, style: Style) {
    by_app(text, summary, style);
    if summary.rows.users > 1 {
        users(text, summary, style);
        departments(text, summary, style);
    }
    if let Some(verdicts) = &summary.verdicts {
        distribution(text, summary, verdicts, style);
        weeks(text, verdicts, style);
    }
    days(text, summary, style);
    marks(text, summary, style);
}

/// What is counted of a name, and its columns.
enum Tally {
    Interactions(Counts),
    Exchanges(ByVerdict),
}

impl Tally {
    const INTERACTIONS: [&str; 4] = ["Prompts", "Responses", "Automatic", "Total"];
    const EXCHANGES: [&str; 4] = ["Typed", "Clicked", "Automatic", "Other"];

    fn heads(summary: &Summary) -> [&'static str; 4] {
        match summary.verdicts {
            Some(_) => Tally::EXCHANGES,
            None => Tally::INTERACTIONS,
        }
    }

    fn numbers(&self) -> [u64; 4] {
        match self {
            Tally::Interactions(counts) => [
                counts.prompts,
                counts.responses,
                counts.marked_automatic,
                counts.total,
            ],
            Tally::Exchanges(exchanges) => [
                exchanges.typed,
                exchanges.clicked,
                exchanges.automatic,
                exchanges.total() - exchanges.asked() - exchanges.automatic,
            ],
        }
    }
}

fn by_app(text: &mut String, summary: &Summary, style: Style) {
    let mut table = table("App", Tally::heads(summary), &[share_head(summary)], style);
    for app in apps(summary) {
        let tally = match app.exchanges {
            Some(exchanges) => Tally::Exchanges(exchanges),
            None => Tally::Interactions(app.counts),
        };
        let (own, all) = app.share(summary);
        table.add_row(row(app.app, &tally, [percent(own, all)]));
    }
    print(text, table);
}

fn users(text: &mut String, summary: &Summary, style: Style) {
    let days: &[&str] = match summary.verdicts {
        Some(_) => &["Days", "Asking"],
        None => &["Days"],
    };
    let mut table = table("User", Tally::heads(summary), days, style);
    let active: Vec<_> = summary
        .users
        .iter()
        .filter(|user| user.counts.total > 0)
        .collect();
    for user in active.iter().take(SHOWN) {
        match &summary.verdicts {
            Some(verdicts) => {
                let own = verdicts.user(&user.user_id);
                let tally = Tally::Exchanges(own.map(|own| own.exchanges).unwrap_or_default());
                let days = own.map_or([0, 0], |own| [own.days_any, own.days_asked]);
                table.add_row(row(user.name(), &tally, days.map(|days| days.to_string())));
            }
            None => {
                let days = user.days_active.to_string();
                table.add_row(row(user.name(), &Tally::Interactions(user.counts), [days]));
            }
        }
    }
    print(text, table);
    and_more(text, active.len(), SHOWN, ("user", "users"));
    let idle = summary.users.len() - active.len();
    if idle > 0 {
        let verb = plural(idle as u64, "user has", "users have");
        text.push_str(&format!(
            " {} {verb} no interaction\n",
            thousands(idle as u64)
        ));
    }
}

fn departments(text: &mut String, summary: &Summary, style: Style) {
    if summary
        .departments
        .iter()
        .all(|department| department.department.is_none())
    {
        return;
    }
    let by_name = summary
        .verdicts
        .as_ref()
        .map(|verdicts| verdicts.by_department(&summary.users));
    let last: &[&str] = match by_name {
        Some(_) => &["Users", "Asking"],
        None => &["Users"],
    };
    let mut table = table("Department", Tally::heads(summary), last, style);
    for department in summary.departments.iter().take(SHOWN) {
        let users = format!("{} of {}", department.users_active, department.users);
        let name = department.department.as_deref();
        let shown = name.unwrap_or("(none)");
        match &by_name {
            Some(by_name) => {
                let own = by_name.get(&name).copied().unwrap_or_default();
                let asking = own.users_asked.to_string();
                table.add_row(row(
                    shown,
                    &Tally::Exchanges(own.exchanges),
                    [users, asking],
                ));
            }
            None => {
                table.add_row(row(shown, &Tally::Interactions(department.counts), [users]));
            }
        }
    }
    print(text, table);
    and_more(
        text,
        summary.departments.len(),
        SHOWN,
        ("department", "departments"),
    );
}

fn distribution(text: &mut String, summary: &Summary, verdicts: &VerdictFigures, style: Style) {
    let steps = steps(verdicts, summary.users.len());
    let all: u64 = steps.iter().map(|step| step.users).sum();
    if all < 2 {
        return;
    }
    let mut table = bare("Typed or clicked", &["Users", "Of users"], style);
    for step in steps {
        table.add_row(vec![
            Cell::new(format!("{}: {}", visible(&step.name), step.says)),
            Cell::new(thousands(step.users)),
            Cell::new(percent(step.users, all)),
        ]);
    }
    print(text, table);
}

fn weeks(text: &mut String, verdicts: &VerdictFigures, style: Style) {
    if verdicts.weeks.len() < 2 {
        return;
    }
    let mut table = table("Week of", Tally::EXCHANGES, &["Users", "Asking"], style);
    let earlier = verdicts.weeks.len().saturating_sub(WEEKS_SHOWN);
    for week in &verdicts.weeks[earlier..] {
        let users = [week.users_any, week.users_asked].map(|users| users.to_string());
        table.add_row(row(
            &week.week.to_string(),
            &Tally::Exchanges(week.exchanges),
            users,
        ));
    }
    print(text, table);
    and_earlier(text, earlier, "week", "weeks");
}

fn days(text: &mut String, summary: &Summary, style: Style) {
    let earlier;
    let mut table;
    if let Some(verdicts) = &summary.verdicts {
        earlier = verdicts.days.len().saturating_sub(DAYS_SHOWN);
        table = self::table("Day", Tally::EXCHANGES, &["Users", "Asking"], style);
        for day in &verdicts.days[earlier..] {
            let users = [day.users_any, day.users_asked].map(|users| users.to_string());
            table.add_row(row(
                &day.day.to_string(),
                &Tally::Exchanges(day.exchanges),
                users,
            ));
        }
    } else {
        earlier = summary.days.len().saturating_sub(DAYS_SHOWN);
        table = self::table("Day (UTC)", Tally::INTERACTIONS, &["Users"], style);
        for day in &summary.days[earlier..] {
            let users = day.users.to_string();
            table.add_row(row(
                &day.day.to_string(),
                &Tally::Interactions(day.counts),
                [users],
            ));
        }
    }
    print(text, table);
    and_earlier(text, earlier, "day", "days");
}

fn marks(text: &mut String, summary: &Summary, style: Style) {
    if summary.marks.is_empty() {
        return;
    }
    let mut table = bare("Why automatic", &["Prompts", "Responses", "Total"], style);
    for mark in &summary.marks {
        table.add_row(vec![
            Cell::new(visible(&mark.mark)),
            Cell::new(thousands(mark.prompts)),
            Cell::new(thousands(mark.responses)),
            Cell::new(thousands(mark.total)),
        ]);
    }
    print(text, table);
}

fn row<const N: usize>(name: &str, tally: &Tally, last: [String; N]) -> Vec<Cell> {
    let mut cells = vec![Cell::new(visible(&cut(name)))];
    cells.extend(tally.numbers().map(thousands).map(Cell::new));
    cells.extend(last.map(Cell::new));
    cells
}

/// One line under the header, and none elsewhere.
pub const LINES: TableStyle = TableStyle::new().header_separator(
    LineStyle::none()
        .fill('─')
        .junction('─')
        .left('─')
        .right('─'),
);

fn table(name: &str, tally: [&str; 4], last: &[&str], style: Style) -> Table {
    let heads: Vec<&str> = tally.into_iter().chain(last.iter().copied()).collect();
    bare(name, &heads, style)
}

/// A table of numbers beside names.
pub(super) fn bare(name: &str, heads: &[&str], style: Style) -> Table {
    let mut header = vec![name];
    header.extend(heads);
    let mut table = Table::new();
    table
        .load_style(LINES)
        .force_no_tty()
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width(style) as u16)
        .set_header(header);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

pub(super) fn print(text: &mut String, table: Table) {
    text.push('\n');
    for line in table.lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
}

fn and_earlier(text: &mut String, earlier: usize, one: &'static str, many: &'static str) {
    if earlier > 0 {
        text.push_str(&format!(
            " and {} earlier {}\n",
            thousands(earlier as u64),
            plural(earlier as u64, one, many)
        ));
    }
}
