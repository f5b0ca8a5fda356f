//! How a text begins and ends: of a template whose slot nobody can see, that is what stays.

/// Words at each end.
const WORDS: usize = 3;
/// Characters at each end of a text in a script without spaces.
const CHARS: usize = 6;

/// The first and the last words of a normal form; None where it has no more than one end's.
pub(crate) fn ends(text: &str) -> Option<(&str, &str)> {
    match is_without_spaces(text) {
        true => ends_by_chars(text),
        false => ends_by_words(text),
    }
}

fn ends_by_words(text: &str) -> Option<(&str, &str)> {
    let (head_end, _) = text.match_indices(' ').nth(WORDS - 1)?;
    let (tail_start, _) = text.rmatch_indices(' ').nth(WORDS - 1)?;
    Some((&text[..head_end], &text[tail_start + 1..]))
}

fn ends_by_chars(text: &str) -> Option<(&str, &str)> {
    let (head_end, _) = text.char_indices().nth(CHARS)?;
    let (tail_start, _) = text.char_indices().rev().nth(CHARS - 1)?;
    Some((&text[..head_end], &text[tail_start..]))
}

/// Whether most letters are of a script that puts no spaces between words.
fn is_without_spaces(text: &str) -> bool {
    if text.is_ascii() {
        return false;
    }
    let mut with = 0_u32;
    let mut without = 0_u32;
    for c in text.chars() {
        match u32::from(c) {
            0..0x80 => with += u32::from(c.is_ascii_alphanumeric()),
            code if lacks_spaces(code) => without += 1,
            _ => with += u32::from(c.is_alphanumeric()),
        }
    }
    // An ideograph says as much as two or three letters.
    2 * without > with
}

/// Ideographs, kana, Thai, Lao, Burmese, Khmer.
pub(super) fn lacks_spaces(code: u32) -> bool {
    matches!(code,
        0x0E01..=0x0EFF
        | 0x1000..=0x109F
        | 0x1780..=0x17FF
        | 0x3005..=0x3007
        | 0x3041..=0x30FF
        | 0x31F0..=0x31FF
        | 0x3400..=0x4DBF
        | 0x4E00..=0x9FFF
        | 0xF900..=0xFAFF
        | 0x20000..=0x3FFFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_three_words_or_six_characters() {
        for (text, expected) in [
            ("", None),
            ("list action items", None),
            (
                "draft a short reply",
                Some(("draft a short", "a short reply")),
            ),
            (
                "what did anna say about the budget",
                Some(("what did anna", "about the budget")),
            ),
            (
                "이 회의를 요약해 주세요",
                Some(("이 회의를 요약해", "회의를 요약해 주세요")),
            ),
            ("この会議を要", None),
            ("この会議を要約して", Some(("この会議を要", "議を要約して"))),
            ("总结 project x 的会议", Some(("总结 pro", " x 的会议"))),
        ] {
            assert_eq!(ends(text), expected, "{text}");
        }
    }
}
