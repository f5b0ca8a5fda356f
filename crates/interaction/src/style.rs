//! How a prompt is written, apart from what it says: the same words come from people in many
//! styles ("Thanks", "thanks!", "THANKS"), from a button in one.

/// The bits of [`of`] that do not depend on what fills a template's slots.
pub const FRAME: i32 = 0x7F;

/// The bits for the case of the first letter.
pub const FIRST_LETTER: i32 = 3;
/// The bit for white space at the ends, doubled or a line break.
pub const SPACING: i32 = IS_UNEVEN;

const FIRST_IS_LOWER: i32 = 1;
const FIRST_IS_UPPER: i32 = 2;
/// Times one of the endings, 0 to 7.
const ENDING: i32 = 4;
const IS_UNEVEN: i32 = 32;
const IS_QUOTED: i32 = 64;
const HAS_CAPITALS: i32 = 128;
const IS_IN_CAPITALS: i32 = 256;
const IS_TYPOGRAPHIC: i32 = 512;

/// The style of a text as a number; equal numbers are one style. Of [`FRAME`]: the case of the
/// first letter, how it ends (nothing, full stop, exclamation mark, question mark, ellipsis, colon,
/// several), whether there is white space at its ends, doubled or a line break, whether quotes
/// stand around it. Besides: further capitals (some, all), typographic quotes or dashes.
pub fn of(text: &str) -> i32 {
    let trimmed = text.trim();
    let mut style = ENDING * ending(trimmed);
    let mut letters = trimmed
        .chars()
        .filter(|c| c.is_lowercase() || c.is_uppercase());
    if let Some(first) = letters.next() {
        style |= if first.is_uppercase() {
            FIRST_IS_UPPER
        } else {
            FIRST_IS_LOWER
        };
        let (mut lower, mut upper) = (first.is_lowercase(), false);
        for c in letters {
            lower |= c.is_lowercase();
            upper |= c.is_uppercase();
        }
        if upper {
            style |= if lower { HAS_CAPITALS } else { IS_IN_CAPITALS };
        }
    }
    let is = |condition: bool, bit: i32| if condition { bit } else { 0 };
    style
        | is(trimmed.len() < text.len() || is_uneven(trimmed), IS_UNEVEN)
        | is(is_quoted(trimmed), IS_QUOTED)
        | is(trimmed.chars().any(is_typographic), IS_TYPOGRAPHIC)
}

fn ending(text: &str) -> i32 {
    let is_mark = |c: char| matches!(c, '.' | '!' | '?' | ':' | '…' | '。' | '！' | '？' | '：');
    let marks = &text[text.trim_end_matches(is_mark).len()..];
    match marks {
        "" => 0,
        "." | "。" => 1,
        "!" | "！" => 2,
        "?" | "？" => 3,
        "…" | "..." => 4,
        ":" | "：" => 5,
        _ => 6,
    }
}

fn is_uneven(text: &str) -> bool {
    let mut was_space = false;
    text.chars().any(|c| {
        let is_space = c.is_whitespace();
        let is_uneven = is_space && (was_space || c != ' ' && c != '\u{3000}');
        was_space = is_space;
        is_uneven
    })
}

fn is_quoted(text: &str) -> bool {
    let is_quote = |c: char| {
        matches!(
            c,
            '"' | '\'' | '“' | '”' | '„' | '«' | '»' | '‘' | '’' | '「' | '『'
        )
    };
    text.chars().next().is_some_and(is_quote)
}

fn is_typographic(c: char) -> bool {
    matches!(c, '\u{2010}'..='\u{2015}' | '\u{2018}'..='\u{201F}')
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::fingerprint::normal;

    #[test]
    fn people_write_one_text_in_many_styles() {
        let texts = [
            "let's go on",
            "Let's go on",
            "let’s go on",
            "LET'S GO ON",
            "Let's Go on",
            "Let's go on.",
            "Let's go on!",
            "Let's go on…",
            "Let's go on?",
            "Let's go on:",
            "Let's go on!!",
            " Let's go on",
            "Let's  go on",
            "Let's go\non",
            "'Let's go on'",
        ];
        let styles: BTreeSet<i32> = texts.map(of).into();
        // A space before, two spaces and a line break are one style.
        assert_eq!(styles.len(), texts.len() - 2);
        let normal: BTreeSet<String> = texts.map(normal).into();
        assert_eq!(normal.len(), 1);
    }

    #[test]
    fn what_fills_a_slot_does_not_change_the_frame() {
        let frame = |text| of(text) & FRAME;
        assert_eq!(
            frame("Summarize report.docx."),
            frame("Summarize Q3 – PLAN.docx.")
        );
        assert_ne!(
            frame("Summarize report.docx."),
            frame("summarize report.docx.")
        );
        assert_eq!(of("总结"), 0);
    }
}
