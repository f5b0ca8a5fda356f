//! The figures as text for a terminal of 80 columns or more.

mod licenses;
mod lists;
mod reconcile;

use std::fmt::Write as _;

pub use licenses::licenses;
pub use lists::LINES;
pub use reconcile::reconciliation;

use crate::coverage::{Coverage, Gap};
use crate::summary::{Counts, Summary, Window};
use crate::terminal::visible;
use crate::verdicts::{Verdict, VerdictFigures};
use crate::words::{
    NO_VERDICTS, minute, not_judged, own_will, percent, plural, responses_to_prompts, thousands,
};

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
/// Users named in the coverage line.
const NAMED: usize = 3;
/// Characters of a name in a table.
const NAME_CHARS: usize = 40;

/// The report as text, with a line feed at its end. Its first lines say how much was typed, clicked
/// and automatic, where the lake knows.
pub fn render(summary: &Summary, style: Style) -> String {
    let mut text = String::new();
    if let Some(verdicts) = &summary.verdicts {
        lead(&mut text, verdicts, style);
    }
    heading(&mut text, summary, style);
    if summary.rows.counts.total == 0 {
        text.push_str("no interactions\n");
        return text;
    }
    if summary.verdicts.is_none() {
        paragraph(&mut text, NO_VERDICTS, style);
        text.push('\n');
    }
    sentences(&mut text, summary);
    lists::all(&mut text, summary, style);
    footnote(&mut text, summary, style);
    text
}

/// The one line that says whether the report can be trusted to be complete.
pub fn coverage_line(summary: &Summary) -> String {
    covered(&summary.coverage, &summary.window)
}

/// The same of rows without figures.
pub fn covered(coverage: &Coverage, window: &Window) -> String {
    let to = minute(window.to);
    let window = match window.from {
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
        more => format!(" and {} more", thousands(more as u64)),
    };
    let verb = if coverage.users_with_gaps == 1 {
        "is"
    } else {
        "are"
    };
    format!(
        "PARTIAL: {} of {} {} {verb} not covered {window}: {}{more}",
        thousands(coverage.users_with_gaps),
        thousands(coverage.users),
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
        n => format!(", {} of them automatic", thousands(n)),
    };
    // Beside verdicts, what bears a literal sign must not be taken for all that nobody asked for.
    let automatic = match summary.verdicts {
        Some(_) => "automatic by a literal sign",
        None => "automatic",
    };
    let mut lines = vec![
        format!(
            "{} of the {} interactions are {automatic} ({})",
            thousands(marked_automatic),
            thousands(total),
            percent(marked_automatic, total)
        ),
        format!(
            "{} of the interactions are user prompts ({}){automatic_prompts}",
            thousands(prompts),
            percent(prompts, total)
        ),
        format!(
            "{} of the interactions are Copilot responses to user prompts ({}) [1]",
            percent(rows.responses_to_prompts, total),
            thousands(rows.responses_to_prompts)
        ),
    ];
    if other > 0 {
        lines.push(format!(
            "{} of the interactions are of another kind ({})",
            thousands(other),
            percent(other, total)
        ));
    }
    lines
}

/// Typed, clicked and automatic, a line each; the other verdicts on one line; and how many users
/// did nothing by their own will.
fn lead(text: &mut String, verdicts: &VerdictFigures, style: Style) {
    let counts = Verdict::LEADING.map(|verdict| thousands(verdicts.headline.exchanges.of(verdict)));
    let width = counts.iter().map(String::len).max().unwrap_or(0);
    let total = verdicts.headline.exchanges.total();
    for (verdict, count) in Verdict::LEADING.into_iter().zip(&counts) {
        let line = format!(
            "{:<9} {count:>width$} {:>7}",
            verdict.name(),
            percent(verdicts.headline.exchanges.of(verdict), total)
        );
        let _ = writeln!(text, "{}  {}", paint(&line, "1", style), verdict.says());
    }
    let others: Vec<String> = Verdict::ALL[Verdict::LEADING.len()..]
        .iter()
        .map(|verdict| {
            format!(
                "{} {}",
                verdict.id(),
                thousands(verdicts.headline.exchanges.of(*verdict))
            )
        })
        .collect();
    let exchanges = plural(total, "exchange", "exchanges");
    paragraph(
        text,
        &format!("of {} {exchanges}; {}", thousands(total), others.join(", ")),
        style,
    );
    paragraph(text, &own_will(verdicts), style);
    warning(text, not_judged(verdicts.not_judged), style);
    text.push('\n');
}

fn paragraph(text: &mut String, words: &str, style: Style) {
    for line in wrap(words, width(style)) {
        let _ = writeln!(text, "{line}");
    }
}

/// What must not be overlooked, where there is something.
fn warning(text: &mut String, words: Option<String>, style: Style) {
    for line in words.iter().flat_map(|words| wrap(words, width(style))) {
        let _ = writeln!(text, "{}", paint(&line, "1;33", style));
    }
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

fn footnote(text: &mut String, summary: &Summary, style: Style) {
    let note = format!(
        "[1] {} Prompts and responses are counted under their app.",
        responses_to_prompts(summary)
    );
    text.push('\n');
    for (at, line) in wrap(&note, width(style) - 4).iter().enumerate() {
        let _ = writeln!(text, "{}{line}", if at == 0 { "" } else { "    " });
    }
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
        and_more(text, summary.coverage.gaps.len(), SHOWN, ("gap", "gaps"));
    }
}

fn and_more(
    text: &mut String,
    all: usize,
    shown: usize,
    (one, many): (&'static str, &'static str),
) {
    if all > shown {
        let more = (all - shown) as u64;
        let noun = plural(more, one, many);
        let _ = writeln!(text, " and {} more {noun}", thousands(more));
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
