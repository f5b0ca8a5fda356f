//! What a card says twice.
//!
//! Copilot's cards hold an answer once with its sources as links and once more, in a block with the
//! id `MessageTextField`, with markers like `[^1^]` in their place. A person sees one of the two.

use std::collections::HashSet;

use memchr::memchr;

use super::card::Block;

/// Shorter than this, the same words in two cells of a table or in two columns are no echo.
const GRID_ECHO_BYTES_MIN: usize = 40;

/// Removes each block that says what an earlier one says, sources, brackets and spaces aside.
pub(super) fn without(blocks: &mut Vec<Block>) {
    if blocks.len() < 2 {
        return;
    }
    let mut seen = HashSet::new();
    blocks.retain(|block| {
        let said = without_sources(&block.text);
        let is_just_a_cell = block.is_in_grid && said.len() < GRID_ECHO_BYTES_MIN;
        said.is_empty() || seen.insert(said) || is_just_a_cell
    });
}

/// A text by which two tellings of one answer are equal: `[text](address)` is `text`; `[1]`,
/// `[^1^]` and `[1](address)` are nothing, and so are spaces and brackets.
fn without_sources(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'[' => at += marker_len(&bytes[at..]).unwrap_or(1),
            b']' => at += 1 + address_len(&bytes[at + 1..]).unwrap_or(0),
            byte if byte.is_ascii_whitespace() => at += 1,
            _ => {
                let is_special =
                    |byte: &u8| matches!(byte, b'[' | b']') || byte.is_ascii_whitespace();
                let len = bytes[at..].iter().position(is_special);
                let end = len.map_or(bytes.len(), |len| at + len);
                out.push_str(&text[at..end]);
                at = end;
            }
        }
    }
    out
}

/// The length of `[1]`, `[^1^]`, `[1](address)` and the like at the beginning.
fn marker_len(bytes: &[u8]) -> Option<usize> {
    const MARKER_BYTES_MAX: usize = 12;
    let end = memchr(b']', &bytes[..bytes.len().min(MARKER_BYTES_MAX)])?;
    let number = &bytes[1..end];
    let number = number.strip_prefix(b"^").unwrap_or(number);
    let number = number.strip_suffix(b"^").unwrap_or(number);
    let is_number = !number.is_empty() && number.iter().all(u8::is_ascii_digit);
    is_number.then(|| end + 1 + address_len(&bytes[end + 1..]).unwrap_or(0))
}

/// The length of `(address)` at the beginning. Round brackets inside an address come in pairs, and
/// square ones are encoded: so no stretch is searched twice.
fn address_len(bytes: &[u8]) -> Option<usize> {
    let mut open = 0;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'(' => open += 1,
            b')' => open -= 1,
            b'[' | b']' => return None,
            _ => {}
        }
        match open {
            0 if at == 0 => return None,
            0 => return Some(at + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(texts: &[&str], is_in_grid: bool) -> Vec<String> {
        let block = |text: &&str| Block {
            text: (*text).to_owned(),
            is_in_grid,
        };
        let mut blocks: Vec<Block> = texts.iter().map(block).collect();
        without(&mut blocks);
        blocks.into_iter().map(|block| block.text).collect()
    }

    #[test]
    fn the_same_answer_with_other_sources_is_an_echo() {
        let first = "You met:\n- **[Weekly (team)](https://t.example/a_(b)?x=1)**: plans[1](https://t.example/1).\n";
        for again in [
            first,
            "You met:\n- **Weekly (team)[3]**: plans[^2^].",
            "You met:  - **Weekly (team)** : plans [12] .",
            "You met: - **[Weekly (team)](x)**: plans.",
        ] {
            assert_eq!(kept(&[first, again], false), [first], "{again}");
        }
    }

    #[test]
    fn another_answer_is_none() {
        for (first, second) in [
            ("Take 3 of them", "Take 4 of them"),
            ("see [a]", "see [b]"),
            ("see [1st]", "see [2nd]"),
            ("yes", "yes!"),
            ("[1]", "[2]"),
            ("f(x)", "f(y)"),
            ("[^^]", "[^]"),
        ] {
            assert_eq!(kept(&[first, second], false), [first, second]);
        }
    }

    #[test]
    fn cells_may_repeat_a_word_but_not_an_answer() {
        assert_eq!(kept(&["yes", "no", "yes"], true), ["yes", "no", "yes"]);
        assert_eq!(kept(&["yes", "no", "yes"], false), ["yes", "no"]);
        let answer = "An answer of a length that no two cells of a table share by chance.";
        assert_eq!(kept(&[answer, answer], true), [answer]);
    }

    #[test]
    fn hostile_brackets_take_no_longer_than_others() {
        for piece in ["[", "](", "[1](", "]((", "[^", "[1]"] {
            without_sources(&piece.repeat(100_000));
        }
    }
}
