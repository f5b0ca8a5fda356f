//! Slots: what varies between texts that one template made.
//!
//! Known by their form are quoted strings, file names, addresses, numbers and dates in figures;
//! known by the row that a text stands in are the names of its files, meetings and people. Names
//! without a mark of their own can't be seen; for those there are the text's [ends](super::ends).

use super::ends::lacks_spaces;

/// Stands for a slot. No normal form holds a control character, so no text can pretend to it.
const SLOT: char = '\u{1}';
const SLOT_TEXT: &str = "\u{1}";
/// Longer texts are nobody's template, and cost time.
const TEXT_BYTES_MAX: usize = 4_000;
const QUOTED_CHARS_MAX: usize = 200;
/// Shorter names stand in many words.
const NAME_CHARS_MIN: usize = 3;
const NAMES_MAX: usize = 16;

const FILE_ENDINGS: [&str; 54] = [
    "aspx",
    "bmp",
    "csv",
    "doc",
    "docm",
    "docx",
    "dotx",
    "eml",
    "fluid",
    "gif",
    "htm",
    "html",
    "ics",
    "jpeg",
    "jpg",
    "json",
    "log",
    "loop",
    "m4a",
    "md",
    "mp3",
    "mp4",
    "mpp",
    "msg",
    "odp",
    "ods",
    "odt",
    "one",
    "page",
    "pdf",
    "png",
    "pot",
    "potx",
    "pps",
    "ppsx",
    "ppt",
    "pptm",
    "pptx",
    "pst",
    "rtf",
    "svg",
    "tsv",
    "txt",
    "vsdx",
    "whiteboard",
    "xls",
    "xlsb",
    "xlsm",
    "xlsx",
    "xltx",
    "xml",
    "yaml",
    "yml",
    "zip",
];

/// The names that stand in a row beside its text, in normal form, the longest first.
#[derive(Default)]
pub(crate) struct Names(Vec<String>);

impl Names {
    /// Of the names as Graph wrote them.
    pub(crate) fn of<'n>(names: impl Iterator<Item = &'n str>) -> Names {
        let mut all = Vec::new();
        for name in names.take(NAMES_MAX) {
            let name = super::normal(name);
            if let Some((stem, ending)) = name.rsplit_once('.')
                && is_file_ending(ending)
            {
                all.push(stem.to_owned());
            }
            all.push(name);
        }
        all.retain(|name| name.chars().count() >= NAME_CHARS_MIN && name.len() <= TEXT_BYTES_MAX);
        all.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        all.dedup();
        Names(all)
    }
}

/// The template of a normal form, with [`SLOT`] in place of each slot; None where there is none,
/// or nothing besides.
pub(crate) fn template(text: &str, names: &Names) -> Option<String> {
    if text.len() > TEXT_BYTES_MAX || (names.0.is_empty() && !may_have_slot(text)) {
        return None;
    }
    let mut template = text.to_owned();
    for name in &names.0 {
        if let Some(replaced) = without_name(&template, name) {
            template = replaced;
        }
    }
    finished(&template)
}

/// The template that a label stands for, its slots written `{}`.
pub(super) fn template_of_label(label: &str) -> Option<String> {
    finished(&label.replace("{}", SLOT_TEXT))
}

fn finished(text: &str) -> Option<String> {
    let template = joined(&without_tokens(&without_quoted(text)));
    let has_words = template.chars().any(char::is_alphanumeric);
    (has_words && template.contains(SLOT)).then_some(template)
}

/// Without a figure, a quote, an at sign, a colon or a full stop there is no slot. Most prompts
/// end here.
fn may_have_slot(text: &str) -> bool {
    text.bytes()
        .any(|byte| matches!(byte, b'0'..=b'9' | b'"' | b'\'' | b'@' | b':' | b'.'))
        || !text.is_ascii() && text.chars().any(char::is_numeric)
}

/// None where the name is not there as a word or words of its own.
fn without_name(text: &str, name: &str) -> Option<String> {
    let mut out = String::new();
    let mut copied = 0;
    for (start, _) in text.match_indices(name) {
        let end = start + name.len();
        // A mention may be written with its sign.
        let before = text[..start].trim_end_matches(['@', '/']);
        let is_own = !continues(before.chars().next_back(), text[start..].chars().next())
            && !continues(text[..end].chars().next_back(), text[end..].chars().next());
        if is_own && before.len() >= copied {
            out.push_str(&text[copied..before.len()]);
            out.push(SLOT);
            copied = end;
        }
    }
    if copied == 0 {
        return None;
    }
    out.push_str(&text[copied..]);
    Some(out)
}

/// Whether two neighbours belong to one word.
fn continues(one: Option<char>, other: Option<char>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => is_spaced_letter(one) && is_spaced_letter(other),
        _ => false,
    }
}

/// Letters and figures of scripts that put spaces between words.
fn is_spaced_letter(c: char) -> bool {
    c.is_alphanumeric() && !lacks_spaces(u32::from(c))
}

/// With a slot in place of what stands between two quotes; an apostrophe is one only at the edge
/// of a word.
fn without_quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut before = ' ';
    while let Some(c) = rest.chars().next() {
        if let Some(end) = quoted_end(rest, c, before) {
            out.push(SLOT);
            rest = &rest[end..];
            before = SLOT;
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
            before = c;
        }
    }
    out
}

/// Where the quoted string ends that `rest` begins with, if it begins with one.
fn quoted_end(rest: &str, quote: char, before: char) -> Option<usize> {
    if !super::plain::is_quote(quote) || quote == '\'' && before.is_alphanumeric() {
        return None;
    }
    let mut chars = rest
        .char_indices()
        .skip(1)
        .take(QUOTED_CHARS_MAX)
        .peekable();
    while let Some((at, c)) = chars.next() {
        let is_end = c == quote
            && (quote == '"'
                || !chars
                    .peek()
                    .is_some_and(|(_, after)| after.is_alphanumeric()));
        if is_end && at > 1 {
            return Some(at + c.len_utf8());
        }
    }
    None
}

/// With a slot in place of each address, file name and number.
fn without_tokens(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (place, token) in text.split(' ').enumerate() {
        if place > 0 {
            out.push(' ');
        }
        let start = token.trim_start_matches(|c: char| {
            !c.is_alphanumeric() && c != SLOT && c != '/' && c != '@'
        });
        let inner = start.trim_end_matches(|c: char| !c.is_alphanumeric() && c != SLOT && c != '/');
        let (before, after) = (&token[..token.len() - start.len()], &start[inner.len()..]);
        out.push_str(before);
        push_without_slots(inner, &mut out);
        out.push_str(after);
    }
    out
}

fn push_without_slots(token: &str, out: &mut String) {
    if is_address(token) {
        out.push(SLOT);
    } else if let Some((prose, rest)) = around_file_name(token) {
        push_without_numbers(prose, out);
        out.push(SLOT);
        push_without_slots(rest, out);
    } else {
        push_without_numbers(token, out);
    }
}

fn is_address(token: &str) -> bool {
    let is_mail = || {
        token.split_once('@').is_some_and(|(name, host)| {
            !name.is_empty()
                && host
                    .split_once('.')
                    .is_some_and(|(host, _)| !host.is_empty())
        })
    };
    token.contains("://") || token.starts_with("www.") || is_mail()
}

/// What stands before and after a file name: without spaces, prose runs into it.
fn around_file_name(token: &str) -> Option<(&str, &str)> {
    let mut places = token.match_indices('.');
    let (stem, after) = places.find_map(|(at, dot)| {
        let (stem, after) = (&token[..at], &token[at + dot.len()..]);
        let ending_bytes = after.bytes().take_while(u8::is_ascii_alphanumeric).count();
        let (ending, after) = after.split_at(ending_bytes);
        let is_whole = !after.chars().next().is_some_and(is_spaced_letter);
        (is_file_ending(ending) && is_whole).then_some((stem, after))
    })?;
    let last = stem.chars().next_back()?;
    let has_spaces = !lacks_spaces(u32::from(last));
    let is_name = |c: char| has_spaces && !lacks_spaces(u32::from(c));
    let name_bytes: usize = stem
        .chars()
        .rev()
        .take_while(|c| is_name(*c))
        .map(char::len_utf8)
        .sum();
    let prose_bytes = if name_bytes > 0 {
        stem.len() - name_bytes
    } else {
        0
    };
    Some((&stem[..prose_bytes], after))
}

fn is_file_ending(ending: &str) -> bool {
    FILE_ENDINGS.binary_search(&ending).is_ok()
}

/// A number is a run of figures with what may stand between them (`1,250.50`, `2026-08-01`,
/// `14:30`) and letters right behind it (`10am`, `3rd`); figures behind a letter (`q3`) are a
/// word's.
fn push_without_numbers(token: &str, out: &mut String) {
    let mut before = None;
    let mut chars = token.chars().peekable();
    while let Some(c) = chars.next() {
        if !c.is_numeric() || lacks_spaces(u32::from(c)) || before.is_some_and(is_spaced_letter) {
            out.push(c);
            before = Some(c);
            continue;
        }
        out.push(SLOT);
        before = Some(SLOT);
        while let Some(next) = chars.peek() {
            let is_more =
                is_spaced_letter(*next) || is_between_figures(*next, chars.clone().nth(1));
            if !is_more {
                break;
            }
            chars.next();
        }
    }
}

fn is_between_figures(c: char, after: Option<char>) -> bool {
    matches!(c, '.' | ',' | ':' | '/' | '-' | '\'' | '⁄') && after.is_some_and(char::is_numeric)
}

/// One slot in place of several that only spaces and commas part.
fn joined(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(SLOT) {
        let is_same_slot = out.ends_with(SLOT) && before.chars().all(|c| matches!(c, ' ' | ','));
        if !is_same_slot {
            out.push_str(before);
            out.push(SLOT);
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fingerprint::normal;

    /// With `{}` for each slot.
    fn shown(text: &str, names: &[&str]) -> Option<String> {
        let template = template(&normal(text), &Names::of(names.iter().copied()));
        template.map(|template| template.replace(SLOT, "{}"))
    }

    #[test]
    fn what_has_a_form_of_its_own_is_a_slot() {
        for (text, expected) in [
            ("Summarize report.docx", "summarize {}"),
            ("Summarize /Q3-report_v2.docx.", "summarize {}"),
            ("Fasse „Budget 2026“ zusammen", "fasse {} zusammen"),
            (
                "Compare 'plan a' with 'the user's plan', please",
                "compare {} with {}, please",
            ),
            ("What is at https://contoso.com/a?b=1#c?", "what is at {}"),
            ("Mail anna.k@contoso.com about it", "mail {} about it"),
            (
                "What happened on 2026-08-01 at 14:30?",
                "what happened on {} at {}",
            ),
            (
                "Give me 3 bullets, 1,250.50 each",
                "give me {} bullets, {} each",
            ),
            ("Remind me at 10am", "remind me at {}"),
            ("Rows 1, 2 3", "rows {}"),
            ("总结report.docx的内容", "总结{}的内容"),
            ("「予算案」を要約", "{}を要約"),
            ("2024年11月の会議", "{}年{}月の会議"),
        ] {
            assert_eq!(shown(text, &[]).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_has_none_is_not() {
        for text in [
            "",
            "Summarize this email",
            "What's new since Q3?",
            "the users' and the team's mail",
            "42",
            "\"Budget\"",
            "report.docx",
            "e.g. node.js: a \" b",
            &"2 words ".repeat(1_000),
        ] {
            assert_eq!(shown(text, &[]), None, "{text}");
        }
    }

    #[test]
    fn names_of_the_row_are_slots() {
        let names = ["Quarterly report final.docx", "Anna Kowalska", "Al", "plan"];
        for (text, expected) in [
            (
                "Summarize Quarterly Report final.docx for me",
                "summarize {} for me",
            ),
            ("Summarize /Quarterly report final", "summarize {}"),
            ("What did @Anna Kowalska say?", "what did {} say"),
            ("Explain the plan, Anna Kowalska", "explain the {}"),
            ("Explain the plan to Anna Kowalska", "explain the {} to {}"),
        ] {
            assert_eq!(shown(text, &names).as_deref(), Some(expected), "{text}");
        }
        for text in ["All planning", "Explain the planet", "Al"] {
            assert_eq!(shown(text, &names), None, "{text}");
        }
        assert_eq!(
            shown("予算案を要約", &["予算案"]).as_deref(),
            Some("{}を要約")
        );
    }

    #[test]
    fn a_label_means_the_texts_that_it_made() {
        for (label, text) in [
            ("Summarize {}", "Summarize report.docx"),
            ("Fasse „{}“ zusammen", "Fasse „Budget 2026“ zusammen"),
            ("Give me 3 ideas about {}", "Give me 5 ideas about a.pdf"),
        ] {
            let label = template_of_label(&normal(label));
            assert_eq!(label, template(&normal(text), &Names::default()), "{text}");
            assert!(label.is_some());
        }
        assert_eq!(template_of_label("{}"), None);
        assert_eq!(template_of_label("no slot"), None);
    }

    #[test]
    fn endings_can_be_searched() {
        assert!(FILE_ENDINGS.is_sorted());
    }
}
