//! Text from a tenant on a terminal: shown, never obeyed.

use std::borrow::Cow;

/// `text` on one line, with each control character as a visible symbol and without the characters
/// that turn the direction of writing. So an escape sequence in a user's name stays a name, and
/// nothing in it can hide or reorder what stands around it.
pub fn visible(text: &str) -> Cow<'_, str> {
    if text
        .chars()
        .all(|c| !c.is_control() && !turns_direction(c) && !breaks_line(c))
    {
        return Cow::Borrowed(text);
    }
    Cow::Owned(
        text.chars()
            .filter(|c| !turns_direction(*c))
            .map(symbol)
            .collect(),
    )
}

fn symbol(c: char) -> char {
    match c {
        '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        '\u{80}'..='\u{9f}' => '\u{fffd}',
        c if breaks_line(c) => '\u{240a}',
        c => c,
    }
}

fn turns_direction(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn breaks_line(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_escape_sequence_is_shown() {
        assert_eq!(visible("\u{1b}[2Jgone\r\n"), "␛[2Jgone␍␊");
    }

    #[test]
    fn a_direction_override_is_removed() {
        assert_eq!(visible("exe\u{202e}gpj.\u{2066}x"), "exegpj.x");
    }

    #[test]
    fn other_scripts_and_emoji_stay() {
        assert_eq!(visible("Zoë 👩‍🚀 日本 مرحبا"), "Zoë 👩‍🚀 日本 مرحبا");
    }

    proptest! {
        #[test]
        fn nothing_that_a_terminal_obeys_is_left(text in any::<String>()) {
            let shown = visible(&text);
            prop_assert!(shown.chars().all(|c| !c.is_control() && !turns_direction(c) && !breaks_line(c)));
        }
    }
}
