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
    let mut count = Count::default();
    let mut rest = text;
    while !rest.is_empty() {
        if rest.as_bytes()[0].is_ascii() {
            rest = &rest[count.ascii(rest.as_bytes())..];
            continue;
        }
        let mut chars = rest.chars();
        if let Some(c) = chars.next() {
            count.any(script_of(c));
        }
        rest = chars.as_str();
    }
    count.end_letters();
    u32::try_from(count.words).unwrap_or(u32::MAX)
}

/// As [`char::is_whitespace`], which takes the vertical tab too.
const fn is_ascii_space(byte: u8) -> bool {
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

/// The words up to some place in a text.
#[derive(Default)]
struct Count {
    words: u64,
    is_in_word: bool,
    is_in_katakana: bool,
    letters_without_spaces: u64,
}

impl Count {
    /// Takes the ASCII at the beginning; gives how many bytes that were.
    fn ascii(&mut self, bytes: &[u8]) -> usize {
        let end = bytes
            .iter()
            .position(|byte| !byte.is_ascii())
            .unwrap_or(bytes.len());
        self.is_in_katakana &= end == 0;
        if self.letters_without_spaces > 0 && bytes[..end].iter().any(|byte| is_ascii_space(*byte))
        {
            self.end_letters();
        }
        let mut words = 0;
        let mut is_in_word = u8::from(self.is_in_word);
        for byte in &bytes[..end] {
            // What is neither letter nor space does not end a word. Without branches: where words
            // begin nobody can predict.
            let [is_letter, is_space] = LETTER_OR_SPACE[usize::from(byte & 0x7F)];
            words += u64::from(is_letter & !is_in_word);
            is_in_word = is_letter | is_in_word & !is_space;
        }
        self.words += words;
        self.is_in_word = is_in_word == 1;
        end
    }

    fn any(&mut self, script: Script) {
        match script {
            Script::Spaced => {
                self.words += u64::from(!self.is_in_word);
                self.is_in_word = true;
            }
            Script::None => {}
            Script::Space => {
                self.end_letters();
                self.is_in_word = false;
            }
            Script::Ideographs => {
                self.words += 1;
                self.is_in_word = false;
            }
            Script::Katakana => {
                self.words += u64::from(!self.is_in_katakana);
                self.is_in_word = false;
            }
            Script::WithoutSpaces => {
                self.letters_without_spaces += 1;
                self.is_in_word = false;
            }
        }
        self.is_in_katakana = script == Script::Katakana;
    }

    fn end_letters(&mut self) {
        self.words += u64::div_ceil(self.letters_without_spaces, LETTERS_A_WORD);
        self.letters_without_spaces = 0;
    }
}

static LETTER_OR_SPACE: [[u8; 2]; 0x80] = {
    let mut table = [[0; 2]; 0x80];
    let mut byte = 0_u8;
    while byte < 0x80 {
        table[byte as usize] = [
            byte.is_ascii_alphanumeric() as u8,
            is_ascii_space(byte) as u8,
        ];
        byte += 1;
    }
    table
};

static ASCII: [Script; 0x80] = {
    let mut table = [Script::None; 0x80];
    let mut byte = 0_u8;
    while byte < 0x80 {
        if byte.is_ascii_alphanumeric() {
            table[byte as usize] = Script::Spaced;
        } else if is_ascii_space(byte) {
            table[byte as usize] = Script::Space;
        }
        byte += 1;
    }
    table
};

fn script_of(c: char) -> Script {
    match u32::from(c) {
        0..0x80 => ASCII[c as usize & 0x7F],
        // Latin, Cyrillic, Hangul: all letters, so that nothing needs to be looked up.
        0xC0..=0xD6 | 0xD8..=0xF6 | 0xF8..=0x24F | 0x400..=0x481 | 0xAC00..=0xD7A3 => {
            Script::Spaced
        }
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
            ("ไทยa ไ", 3),
            ("コ-コ コ", 3),
        ] {
            assert_eq!(words(text), count, "{text}");
        }
    }

    #[test]
    fn letters_that_are_not_looked_up_are_letters() {
        for c in ['\u{C0}'..='\u{24F}', '\u{400}'..='\u{481}', '가'..='힣']
            .into_iter()
            .flatten()
        {
            assert_eq!(
                words(&c.to_string()),
                u32::from(c.is_alphanumeric()),
                "{c:?}"
            );
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
