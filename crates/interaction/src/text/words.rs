//! How many words a text has.

/// Letters that make a word in the scripts of South East Asia, which are written without spaces:
/// an estimate, since where a word ends only a dictionary tells.
const LETTERS_A_WORD: u64 = 5;

/// Counts words: what stands between spaces and holds a letter or a digit.
///
/// Scripts without spaces are counted as word processors do: each Chinese or Japanese character is
/// a word, a run of Katakana is one. Thai, Lao, Khmer and Burmese are estimated by their letters.
/// (The rules of Unicode's annex 29 would say much the same, but take each Thai letter for a word.)
pub fn words(text: &str) -> u32 {
    let count = match text.is_ascii() {
        true => ascii_words(text.as_bytes()),
        false => words_of_any_script(text),
    };
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn ascii_words(text: &[u8]) -> u64 {
    let mut count = 0;
    let mut is_in_word = false;
    for byte in text {
        // As in the other scripts, what is neither letter nor space does not end a word.
        let begins = !is_in_word && byte.is_ascii_alphanumeric();
        is_in_word = begins || is_in_word && !is_ascii_space(*byte);
        count += u64::from(begins);
    }
    count
}

/// As [`char::is_whitespace`], which takes the vertical tab too.
fn is_ascii_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

#[derive(Clone, Copy, PartialEq)]
enum Script {
    /// Each character is a word.
    Ideographs,
    /// A run is a word.
    Katakana,
    /// Some characters are a word.
    WithoutSpaces,
    /// Between two spaces, or two of the above, is a word.
    Spaced,
    /// Ends a word.
    Space,
    /// Neither: a hyphen or an apostrophe does not end a word.
    None,
}

fn words_of_any_script(text: &str) -> u64 {
    let mut count = 0;
    let mut letters_without_spaces = 0;
    let mut is_in_word = false;
    let mut last = Script::Space;
    for c in text.chars() {
        let script = script_of(c);
        match script {
            Script::Spaced => {
                count += u64::from(!is_in_word);
                is_in_word = true;
            }
            Script::None => {}
            Script::Space => {
                count += u64::div_ceil(letters_without_spaces, LETTERS_A_WORD);
                letters_without_spaces = 0;
                is_in_word = false;
            }
            Script::Ideographs => {
                count += 1;
                is_in_word = false;
            }
            Script::Katakana => {
                count += u64::from(last != Script::Katakana);
                is_in_word = false;
            }
            Script::WithoutSpaces => {
                letters_without_spaces += 1;
                is_in_word = false;
            }
        }
        last = script;
    }
    count + u64::div_ceil(letters_without_spaces, LETTERS_A_WORD)
}

fn script_of(c: char) -> Script {
    match u32::from(c) {
        0..0x80 if c.is_ascii_alphanumeric() => Script::Spaced,
        0..0x80 if is_ascii_space(c as u8) => Script::Space,
        0..0x80 => Script::None,
        // Hiragana; Han with its extensions and compatibility forms.
        0x3041..=0x309F
        | 0x3005..=0x3007
        | 0x3400..=0x4DBF
        | 0x4E00..=0x9FFF
        | 0xF900..=0xFAFF
        | 0x20000..=0x3FFFF => Script::Ideographs,
        0x30A1..=0x30FA | 0x30FC..=0x30FF | 0x31F0..=0x31FF | 0xFF66..=0xFF9F => Script::Katakana,
        // Thai and Lao; Burmese; Khmer.
        0x0E01..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF if c.is_alphabetic() => {
            Script::WithoutSpaces
        }
        _ if c.is_alphanumeric() => Script::Spaced,
        _ if c.is_whitespace() => Script::Space,
        _ => Script::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_between_spaces() {
        for (text, count) in [
            ("", 0),
            (" \n\t", 0),
            ("one", 1),
            ("  one\ttwo\x0Bthree\nfour ", 4),
            ("state-of-the-art don't", 2),
            ("- * ** — … !!! 😀", 0),
            ("**bold** [1] 3.14", 3),
            ("Größe über naïve café", 4),
            ("один два", 2),
            ("한국어 단어", 2),
            ("שלום עולם", 2),
            ("a\u{A0}b\u{3000}c", 3),
        ] {
            assert_eq!(words(text), count, "{text}");
        }
    }

    #[test]
    fn scripts_without_spaces_have_words_too() {
        for (text, count) in [
            ("会议记录", 4),
            ("会议，记录。", 4),
            ("Excelのデータを見る", 6),
            ("コーヒー", 1),
            ("コーヒー・ケーキ", 2),
            ("2024年11月", 4),
            ("สวัสดีครับ", 2),
            ("hello 世界", 3),
        ] {
            assert_eq!(words(text), count, "{text}");
        }
    }

    #[test]
    fn the_fast_path_counts_like_the_other() {
        for text in [
            "one two",
            "a-b  c",
            "\x0B\x0Cx\ry",
            "",
            "1,000 [x](y z)",
            "\0 \x1F a",
        ] {
            assert_eq!(words(text), words(&format!("{text} é")) - 1, "{text:?}");
        }
    }
}
