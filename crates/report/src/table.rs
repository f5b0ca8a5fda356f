//! The figures as text for a terminal of 80 columns or more.

use std::fmt::Write as _;

use comfy_table::{Cell, CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};

use crate::coverage::Gap;
use crate::summary::{Counts, Summary};
use crate::terminal::visible;
use crate::words::{minute, percent, plural};

/// How a table may look. The caller decides from the terminal, `NO_COLOR` and flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Escape sequences for color and weight may be used. No meaning rests on them alone.
    pub color: bool,
    /// Columns of the terminal; less than 60 counts as 60.
    pub width: u16,
}

impl Default for Style {
    /// Plain text, 80 columns.
    fn default() -> Self {
        Style {
            color: false,
            width: 80,
        }
    }
}

/// Users, departments and gaps shown before "and N more".
const SHOWN: usize = 20;
/// Days shown, the latest.
const DAYS_SHOWN: usize = 31;
/// Users named in the coverage line.
const NAMED: usize = 3;
/// Characters of a name in a table.
const NAME_CHARS: usize = 40;

/// The report as text, with a line feed at its end.
pub fn render(summary: &Summary, style: Style) -> String {
    let mut text = String::new();
    heading(&mut text, summary, style);
    if summary.rows.counts.total == 0 {
        text.push_str("no interactions\n");
        return text;
    }
    sentences(&mut text, summary);
    apps(&mut text, summary, style);
    if summary.rows.users > 1 {
        users(&mut text, summary, style);
        departments(&mut text, summary, style);
    }
    days(&mut text, summary, style);
    marks(&mut text, summary, style);
    footnote(&mut text, summary, style);
    text
}

/// The one line that says whether the report can be trusted to be complete.
pub fn coverage_line(summary: &Summary) -> String {
    let coverage = &summary.coverage;
    let to = minute(summary.window.to);
    let window = match summary.window.from {
        Some(from) => format!("from {} to {to}", minute(from)),
        None => format!("from the beginning to {to}"),
    };
    if coverage.whole {
        return format!("Whole: every licensed user {window}");
    }
    if coverage.users == 0 {
        return format!("PARTIAL: no user has been read {window}");
    }
    if coverage.gaps.is_empty() {
        return "PARTIAL: nothing can have been read of a time that is still to come".to_owned();
    }
    // The gaps of one user stand together: the last of them says why nothing newer is there.
    let users: Vec<&[Gap]> = coverage
        .gaps
        .chunk_by(|a, b| a.user_id == b.user_id)
        .collect();
    let named: Vec<String> = users
        .iter()
        .take(NAMED)
        .filter_map(|gaps| gaps.last())
        .map(|gap| format!("{} ({})", visible(&cut(gap.user())), visible(&gap.code)))
        .collect();
    let more = match users.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let verb = if coverage.users_with_gaps == 1 {
        "is"
    } else {
        "are"
    };
    format!(
        "PARTIAL: {} of {} {} {verb} not covered {window}: {}{more}",
        coverage.users_with_gaps,
        coverage.users,
        plural(coverage.users, "user", "users"),
        named.join(", "),
    )
}

/// The sentences that administrators know from their own scripts. Empty without interactions.
pub(crate) fn sentence_lines(summary: &Summary) -> Vec<String> {
    let rows = &summary.rows;
    let Counts {
        total,
        prompts,
        marked_automatic,
        prompts_marked_automatic,
        other,
        ..
    } = rows.counts;
    if total == 0 {
        return Vec::new();
    }
    let automatic_prompts = match prompts_marked_automatic {
        0 => String::new(),
        n => format!(", {n} of them automatic"),
    };
    let mut lines = vec![
        format!(
            "{marked_automatic} of the {total} interactions are automatic ({})",
            percent(marked_automatic, total)
        ),
        format!(
            "{prompts} of the interactions are user prompts ({}){automatic_prompts}",
            percent(prompts, total)
        ),
        format!(
            "{} of the interactions are Copilot responses to user prompts ({}) [1]",
            percent(rows.responses_to_prompts, total),
            rows.responses_to_prompts
        ),
    ];
    if other > 0 {
        lines.push(format!(
            "{other} of the interactions are of another kind ({})",
            percent(other, total)
        ));
    }
    lines
}

fn heading(text: &mut String, summary: &Summary, style: Style) {
    let title = match summary.users.as_slice() {
        [one] => format!("Copilot interactions of {}", visible(&cut(one.name()))),
        many => format!(
            "Copilot interactions of {} users, {} of them with any",
            many.len(),
            summary.rows.users
        ),
    };
    let _ = writeln!(text, "{}", paint(&title, "1", style));
    let tone = if summary.coverage.whole { "32" } else { "1;33" };
    for line in wrap(&coverage_line(summary), width(style)) {
        let _ = writeln!(text, "{}", paint(&line, tone, style));
    }
    if !summary.apps_asked.is_empty() {
        let apps: Vec<_> = summary.apps_asked.iter().map(|app| visible(app)).collect();
        let _ = writeln!(text, "Apps: {}", apps.join(", "));
    }
    text.push('\n');
}

fn sentences(text: &mut String, summary: &Summary) {
    for line in sentence_lines(summary) {
        let _ = writeln!(text, "{line}");
    }
    if let (Some(first), Some(last)) = (summary.rows.first, summary.rows.last) {
        let _ = writeln!(
            text,
            "The first is of {}, the last of {}",
            minute(first),
            minute(last)
        );
    }
}

fn apps(text: &mut String, summary: &Summary, style: Style) {
    let mut table = table(
        &["App", "Prompts", "Responses", "Automatic", "Total", "Share"],
        1,
        style,
    );
    for app in &summary.apps {
        let share = percent(app.counts.total, summary.rows.counts.total);
        table.add_row(row(&app.app, &app.counts, [share]));
    }
    print(text, table);
}

fn users(text: &mut String, summary: &Summary, style: Style) {
    let mut table = table(
        &["User", "Prompts", "Responses", "Automatic", "Total", "Days"],
        1,
        style,
    );
    let active: Vec<_> = summary
        .users
        .iter()
        .filter(|user| user.counts.total > 0)
        .collect();
    for user in active.iter().take(SHOWN) {
        table.add_row(row(
            user.name(),
            &user.counts,
            [user.days_active.to_string()],
        ));
    }
    print(text, table);
    and_more(text, active.len(), SHOWN, "users");
    let idle = summary.users.len() - active.len();
    if idle > 0 {
        let verb = if idle == 1 { "user has" } else { "users have" };
        let _ = writeln!(text, " {idle} {verb} no interaction");
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
    let mut table = table(
        &[
            "Department",
            "Prompts",
            "Responses",
            "Automatic",
            "Total",
            "Users",
        ],
        1,
        style,
    );
    for department in summary.departments.iter().take(SHOWN) {
        let users = format!("{} of {}", department.users_active, department.users);
        let name = department.department.as_deref().unwrap_or("(none)");
        table.add_row(row(name, &department.counts, [users]));
    }
    print(text, table);
    and_more(text, summary.departments.len(), SHOWN, "departments");
}

fn days(text: &mut String, summary: &Summary, style: Style) {
    let mut table = table(
        &[
            "Day (UTC)",
            "Prompts",
            "Responses",
            "Automatic",
            "Total",
            "Users",
        ],
        1,
        style,
    );
    let earlier = summary.days.len().saturating_sub(DAYS_SHOWN);
    for day in &summary.days[earlier..] {
        table.add_row(row(
            &day.day.to_string(),
            &day.counts,
            [day.users.to_string()],
        ));
    }
    print(text, table);
    if earlier > 0 {
        let _ = writeln!(
            text,
            " and {earlier} earlier {}",
            plural(earlier as u64, "day", "days")
        );
    }
}

fn marks(text: &mut String, summary: &Summary, style: Style) {
    if summary.marks.is_empty() {
        return;
    }
    let mut table = table(
        &["Why automatic", "Prompts", "Responses", "Total"],
        1,
        style,
    );
    for mark in &summary.marks {
        table.add_row(vec![
            Cell::new(visible(&mark.mark)),
            Cell::new(mark.prompts),
            Cell::new(mark.responses),
            Cell::new(mark.total),
        ]);
    }
    print(text, table);
}

fn footnote(text: &mut String, summary: &Summary, style: Style) {
    text.push_str(
        "\n[1] Responses that are not automatic and have a prompt with the same request\n    \
         id in their session. Prompts and responses are counted under their app.\n",
    );
    if !summary.coverage.gaps.is_empty() {
        text.push_str("\nNot covered:\n");
        let width = width(style).saturating_sub(4);
        for gap in summary.coverage.gaps.iter().take(SHOWN) {
            let from = gap.from.map_or("the beginning".to_owned(), minute);
            let error = gap
                .error
                .as_deref()
                .map(|error| format!(": {}", visible(error)))
                .unwrap_or_default();
            let (user, code) = (cut(gap.user()), visible(&gap.code));
            let line = format!(
                "{}, {from} to {}, {code}{error}",
                visible(&user),
                minute(gap.to)
            );
            for (at, part) in wrap(&line, width).iter().enumerate() {
                let _ = writeln!(text, "{}{part}", if at == 0 { "  " } else { "    " });
            }
        }
        and_more(text, summary.coverage.gaps.len(), SHOWN, "gaps");
    }
}

fn row<const N: usize>(name: &str, counts: &Counts, last: [String; N]) -> Vec<Cell> {
    let mut cells = vec![Cell::new(visible(&cut(name)))];
    for number in [
        counts.prompts,
        counts.responses,
        counts.marked_automatic,
        counts.total,
    ] {
        cells.push(Cell::new(number));
    }
    cells.extend(last.into_iter().map(Cell::new));
    cells
}

const LINES: TableStyle = TableStyle::new().header_separator(
    LineStyle::none()
        .fill('─')
        .junction('─')
        .left('─')
        .right('─'),
);

fn table(header: &[&str], left_aligned: usize, style: Style) -> Table {
    let mut table = Table::new();
    table
        .load_style(LINES)
        .force_no_tty()
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width(style) as u16)
        .set_header(header.to_vec());
    for column in table.column_iter_mut().skip(left_aligned) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn print(text: &mut String, table: Table) {
    text.push('\n');
    for line in table.lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
}

fn and_more(text: &mut String, all: usize, shown: usize, what: &str) {
    if all > shown {
        let _ = writeln!(text, " and {} more {what}", all - shown);
    }
}

fn cut(name: &str) -> String {
    let mut chars = name.chars();
    let head: String = chars.by_ref().take(NAME_CHARS).collect();
    if chars.next().is_some() {
        format!("{head}…")
    } else {
        head
    }
}

fn width(style: Style) -> usize {
    usize::from(style.width.max(60))
}

fn paint(text: &str, codes: &str, style: Style) -> String {
    if style.color {
        format!("\u{1b}[{codes}m{text}\u{1b}[0m")
    } else {
        text.to_owned()
    }
}

fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.len() - 1;
        if !lines[last].is_empty() && lines[last].chars().count() + 1 + word.chars().count() > width
        {
            lines.push(word.to_owned());
        } else {
            let line = &mut lines[last];
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}
