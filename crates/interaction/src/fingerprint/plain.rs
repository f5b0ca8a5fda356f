//! The characters whose normal form is known at a glance, and that no neighbour can change: nearly
//! all that people and models write in the languages of Europe and East Asia.
//!
//! For these, [`super::normal`] needs no tables of Unicode. A test compares every one with them.

/// What becomes of a character in the normal form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plain {
    /// This one.
    Char(char),
    /// Three full stops.
    Ellipsis,
    /// White space.
    Space,
    /// Nothing: it has no width.
    Nothing,
    /// Only Unicode's tables can say.
    Unknown,
}

pub(super) fn plain(c: char) -> Plain {
    let code = u32::from(c);
    match code {
        0..0x80 => ascii(c),
        // What is alike in both cases; the most frequent first.
        0x3041..=0x3096
        | 0x30A1..=0x30FC
        | 0x4E00..=0x9FFF
        | 0xAC00..=0xD7A3
        | 0xDF..=0xFF
        | 0xA1..=0xA7
        | 0xA9
        | 0xAC
        | 0xAE
        | 0xB0..=0xB1
        | 0xB6
        | 0xB7
        | 0xBF
        | 0xD7
        | 0x2022
        | 0x20AC
        | 0x2190..=0x2199
        | 0x2600..=0x26FF
        | 0x2701..=0x2767
        | 0x3001..=0x3002
        | 0x3008..=0x300B
        | 0x3010..=0x3011
        | 0x3400..=0x4DBF
        | 0x1F300..=0x1F64F
        | 0x1F680..=0x1F6FF
        | 0x1F900..=0x1F9FF => Plain::Char(c),
        0xC0..=0xDE | 0x391..=0x3A1 | 0x3A3..=0x3AB | 0x410..=0x42F => shifted(code, 32),
        0x400..=0x40F => shifted(code, 80),
        // Capitals are even here,
        0x100..=0x12F | 0x134..=0x137 | 0x14A..=0x177 | 0x218..=0x21B | 0x490..=0x491 => {
            shifted(code, 1 - code % 2)
        }
        // and odd here.
        0x139..=0x13E | 0x141..=0x148 | 0x179..=0x17E => shifted(code, code % 2),
        0x131 | 0x138 | 0x390 | 0x3AC..=0x3CE | 0x430..=0x45F => Plain::Char(c),
        0x85 | 0xA0 | 0x2002..=0x200A | 0x2028 | 0x2029 | 0x202F | 0x3000 => Plain::Space,
        0x2026 => Plain::Ellipsis,
        0x2010..=0x2015
        | 0x2018..=0x201F
        | 0xAB
        | 0xBB
        | 0x2212
        | 0x2039
        | 0x203A
        | 0x300C..=0x300F => Plain::Char(typographic(c)),
        0xFF01..=0xFF5E => char::from_u32(code - 0xFEE0).map_or(Plain::Unknown, ascii),
        _ if is_nothing(c) => Plain::Nothing,
        _ => Plain::Unknown,
    }
}

fn shifted(code: u32, by: u32) -> Plain {
    char::from_u32(code + by).map_or(Plain::Unknown, Plain::Char)
}

fn ascii(c: char) -> Plain {
    match ASCII[c as usize & 0xFF] {
        b' ' => Plain::Space,
        NOTHING => Plain::Nothing,
        lower => Plain::Char(char::from(lower)),
    }
}

pub(super) const NOTHING: u8 = 0;
pub(super) const NOT_ASCII: u8 = 0xFF;

/// For each byte of ASCII the one that it becomes.
pub(super) static ASCII: [u8; 256] = {
    let mut table = [NOT_ASCII; 256];
    let mut byte = 0_u8;
    while byte < 0x80 {
        table[byte as usize] = match byte {
            b'\t'..=b'\r' | b' ' => b' ',
            0..0x20 | 0x7F => NOTHING,
            _ => byte.to_ascii_lowercase(),
        };
        byte += 1;
    }
    table
};

/// Controls, and what has no width: joiners, marks of direction, variation selectors, tags.
pub(super) fn is_nothing(c: char) -> bool {
    match u32::from(c) {
        0xAD
        | 0x34F
        | 0x61C
        | 0x180B..=0x180E
        | 0x200B..=0x200F
        | 0x202A..=0x202E
        | 0x2060..=0x206F
        | 0xFE00..=0xFE0F
        | 0xFEFF
        | 0xFFF9..=0xFFFB
        | 0xE0000..=0xE0FFF => true,
        _ => c.is_control() && !c.is_whitespace(),
    }
}

/// Quotes, apostrophes and dashes in one form: which of them stands there is up to keyboards and
/// correction, not to who writes.
pub(super) fn typographic(c: char) -> char {
    match u32::from(c) {
        0x2018..=0x201B | 0x2032 | 0x2BC => '\'',
        0xAB | 0xBB | 0x201C..=0x201F | 0x2039 | 0x203A | 0x300C..=0x300F | 0x301D..=0x301F => '"',
        0x2010..=0x2015 | 0x2212 => '-',
        _ => c,
    }
}

/// What a sentence ends with, in a normal form.
pub(super) fn ends_sentence(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | ':' | '。' | '؟' | '।' | '۔')
}

pub(super) fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\'')
}

#[cfg(test)]
mod tests {
    use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

    use super::*;

    const NFKC: ComposingNormalizerBorrowed<'static> = ComposingNormalizerBorrowed::new_nfkc();

    fn every_char() -> impl Iterator<Item = char> {
        (0..=u32::from(char::MAX)).filter_map(char::from_u32)
    }

    #[test]
    fn every_plain_character_is_what_unicode_says() {
        for c in every_char() {
            let normal: String = NFKC.normalize(c.encode_utf8(&mut [0; 4])).into_owned();
            let lower: String = normal
                .chars()
                .map(typographic)
                .flat_map(char::to_lowercase)
                .collect();
            match plain(c) {
                Plain::Char(plain) => assert_eq!(plain.to_string(), lower, "{c:?}"),
                Plain::Ellipsis => assert_eq!("...", lower, "{c:?}"),
                Plain::Space => assert!(lower.chars().all(char::is_whitespace), "{c:?}"),
                Plain::Nothing => assert!(is_nothing(c), "{c:?}"),
                Plain::Unknown => {}
            }
        }
    }

    #[test]
    fn no_plain_character_joins_the_one_before_it() {
        let nfd = DecomposingNormalizerBorrowed::new_nfd();
        let mut joining = 0;
        for whole in every_char() {
            let parts = nfd.normalize(whole.encode_utf8(&mut [0; 4])).into_owned();
            for part in parts.chars().skip(1) {
                joining += 1;
                assert_eq!(plain(part), Plain::Unknown, "{part:?} of {whole:?}");
            }
        }
        assert!(joining > 2_000, "{joining}");
    }

    #[test]
    fn the_normal_form_of_a_plain_character_is_plain_and_stays() {
        for c in every_char() {
            if let Plain::Char(normal) = plain(c) {
                assert_eq!(plain(normal), Plain::Char(normal), "{c:?}");
            }
        }
    }
}
