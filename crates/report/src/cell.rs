//! Text from a tenant in a cell of a spreadsheet: shown, never run, never too long.

use std::borrow::Cow;

/// The most UTF-16 units that Excel keeps in one cell.
pub const CELL_UNITS_MAX: usize = 32_767;

/// Whether a spreadsheet could take the text for a formula: it begins with `=`, `+`, `-` or `@`
/// (also full width, also after white space or invisible characters), or with a tab, a carriage
/// return or a line feed, which some programs strip before they look.
pub fn looks_like_formula(text: &str) -> bool {
    if text.starts_with(['\t', '\r', '\n']) {
        return true;
    }
    let first = text
        .chars()
        .find(|c| !c.is_whitespace() && !c.is_control() && !invisible(*c));
    matches!(
        first,
        Some('=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠' | '﹦' | '﹢' | '﹣' | '﹫' | '−')
    )
}

fn invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// The text with an apostrophe before it if it looks like a formula: the sign by which spreadsheets
/// know that what follows is text.
pub fn as_text(text: &str) -> Cow<'_, str> {
    if looks_like_formula(text) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The text without what neither XML nor a spreadsheet can hold: control characters become visible
/// symbols, line ends become line feeds.
pub fn printable(text: &str) -> Cow<'_, str> {
    let fine = |c: char| !c.is_control() && c != '\u{fffe}' && c != '\u{ffff}';
    if text.chars().all(|c| fine(c) || c == '\n' || c == '\t') {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\t' | '\n' => clean.push(c),
            '\r' if chars.peek() == Some(&'\n') => {}
            '\r' => clean.push('\n'),
            '\u{0}'..='\u{1f}' => {
                clean.push(char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'))
            }
            '\u{7f}' => clean.push('\u{2421}'),
            c if fine(c) => clean.push(c),
            _ => clean.push('\u{fffd}'),
        }
    }
    Cow::Owned(clean)
}

/// The text as far as a cell of Excel holds it. What is longer ends with "… [cut, N characters]",
/// N being the characters of the whole; the flag says that something was cut.
pub fn fitting(text: &str) -> (Cow<'_, str>, bool) {
    // A text has never more UTF-16 units than bytes.
    if text.len() <= CELL_UNITS_MAX || text.encode_utf16().count() <= CELL_UNITS_MAX {
        return (Cow::Borrowed(text), false);
    }
    let note = format!("… [cut, {} characters]", text.chars().count());
    let room = CELL_UNITS_MAX - note.encode_utf16().count();
    let mut units = 0;
    let end = text
        .char_indices()
        .find(|(_, c)| {
            units += c.len_utf16();
            units > room
        })
        .map_or(text.len(), |(at, _)| at);
    (Cow::Owned(format!("{}{note}", &text[..end])), true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_way_to_begin_a_formula_is_seen() {
        for text in [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "\nx",
            "  =1",
            "\u{a0}=1",
            "＝1",
            "＠SUM",
            "\u{feff}=1",
            "\u{200b}+1",
            "\u{0}=1",
        ] {
            assert!(looks_like_formula(text), "{text:?}");
            assert!(as_text(text).starts_with('\''), "{text:?}");
        }
    }

    #[test]
    fn other_texts_stay_as_they_are() {
        for text in [
            "",
            "a=1",
            "1-1",
            "'=1",
            "Summarize this",
            "日本",
            " plain",
            "(=1)",
        ] {
            assert_eq!(as_text(text), text);
        }
    }

    #[test]
    fn a_long_text_says_how_long_it_was() {
        let long = "é".repeat(40_000);
        let (text, cut) = fitting(&long);
        assert!(cut);
        assert!(text.ends_with("é… [cut, 40000 characters]"));
        assert_eq!(text.encode_utf16().count(), CELL_UNITS_MAX);
        let full = "x".repeat(CELL_UNITS_MAX);
        assert_eq!(fitting(&full), (Cow::Borrowed(full.as_str()), false));
    }

    #[test]
    fn control_characters_become_visible() {
        assert_eq!(
            printable("a\u{0}b\r\nc\rd\te\u{7f}\u{85}\u{ffff}"),
            "a␀b\nc\nd\te␡\u{fffd}\u{fffd}"
        );
    }

    proptest! {
        #[test]
        fn no_cell_is_too_long_or_broken(text in "\\PC{0,40}", times in prop::sample::select(vec![0usize, 1, 400, 1600])) {
            let long = text.repeat(times);
            let (fits, cut) = fitting(&long);
            prop_assert!(fits.encode_utf16().count() <= CELL_UNITS_MAX);
            prop_assert_eq!(cut, long.encode_utf16().count() > CELL_UNITS_MAX);
        }

        #[test]
        fn what_is_marked_as_text_keeps_its_text(text in any::<String>()) {
            let marked = as_text(&text);
            let apostrophe = format!("'{text}");
            prop_assert!(*marked == text || *marked == apostrophe);
            prop_assert!(!looks_like_formula(&marked));
        }

        #[test]
        fn printable_text_is_what_xml_can_hold(text in any::<String>()) {
            let clean = printable(&text).into_owned();
            prop_assert!(clean.chars().all(|c| c == '\n' || c == '\t' || !c.is_control()));
        }
    }
}
