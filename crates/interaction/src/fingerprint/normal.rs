//! The normal form of a text: what stays of it when it does not matter how it was typed.
//!
//! NFKC and lower case; runs of white space are one space; controls and characters without width
//! are gone; quotes, apostrophes and dashes have one form; quotes around the whole and the
//! punctuation at the end are dropped.
//!
//! **Fingerprints of texts that are no longer there depend on this form: it must not change.** A
//! test holds it.

use icu_normalizer::ComposingNormalizerBorrowed;

use super::plain::{self, Plain, ends_sentence, is_quote, plain};

const NFC: ComposingNormalizerBorrowed<'static> = ComposingNormalizerBorrowed::new_nfc();
const NFKC: ComposingNormalizerBorrowed<'static> = ComposingNormalizerBorrowed::new_nfkc();

/// Takes a normal form piece by piece. Pieces end between characters, and all but the last have
/// [`PIECE_BYTES`] at least.
pub(crate) trait Sink {
    /// The next piece.
    fn take(&mut self, piece: &[u8], is_last: bool);
    /// All pieces so far were wrong: it begins again.
    fn restart(&mut self);
}

/// A piece is handed on when it has grown to this size, so that a long text needs no memory of
/// its own length.
pub(crate) const PIECE_BYTES: usize = 4096;

/// The normal form of a text.
pub fn normal(text: &str) -> String {
    let mut whole = Whole(Vec::new());
    into(text, &mut whole);
    String::from_utf8(whole.0).unwrap_or_default()
}

struct Whole(Vec<u8>);

impl Sink for Whole {
    fn take(&mut self, piece: &[u8], _: bool) {
        self.0.extend_from_slice(piece);
    }

    fn restart(&mut self) {
        self.0.clear();
    }
}

/// Streams the normal form of a text.
pub(crate) fn into(text: &str, sink: &mut impl Sink) {
    if plainly(text, sink).is_none() {
        sink.restart();
        sink.take(by_the_tables(text).as_bytes(), true);
    }
}

/// The normal form of a text of plain characters that no quotes stand around; None for others.
fn plainly(text: &str, sink: &mut impl Sink) -> Option<()> {
    let text = without_ends(text);
    if let Some(first) = text.chars().next()
        && matches!(plain(first), Plain::Char(c) if is_quote(c))
    {
        return None;
    }
    let mut out = Pieces::new(text.len(), sink);
    let mut rest = text;
    while let Some(byte) = rest.as_bytes().first() {
        if byte.is_ascii() {
            let bytes = out.ascii(rest.as_bytes());
            rest = &rest[bytes..];
        } else {
            let mut chars = rest.chars();
            match plain(chars.next()?) {
                Plain::Char(c) => out.char(c),
                Plain::Ellipsis => out.bytes(b"..."),
                Plain::Space => out.space(),
                Plain::Nothing => {}
                Plain::Unknown => return None,
            }
            rest = chars.as_str();
        }
        out.hand_on();
    }
    out.finish();
    Some(())
}

/// Without what the normal form drops at the beginning and at the end, as far as it is plain.
fn without_ends(text: &str) -> &str {
    let is_blank = |c: char| matches!(plain(c), Plain::Space | Plain::Nothing);
    let ends = |c: char| match plain(c) {
        Plain::Char(c) => ends_sentence(c),
        Plain::Ellipsis | Plain::Space | Plain::Nothing => true,
        Plain::Unknown => false,
    };
    text.trim_start_matches(is_blank).trim_end_matches(ends)
}

/// A normal form in the making.
struct Pieces<'s, S> {
    piece: Vec<u8>,
    /// The last byte was a space.
    is_space: bool,
    sink: &'s mut S,
}

impl<'s, S: Sink> Pieces<'s, S> {
    fn new(text_bytes: usize, sink: &'s mut S) -> Pieces<'s, S> {
        // What is begun when a piece is nearly full is finished.
        let bytes = text_bytes.min(PIECE_BYTES) + 64;
        Pieces {
            piece: Vec::with_capacity(bytes),
            is_space: false,
            sink,
        }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.piece.extend_from_slice(bytes);
        self.is_space = false;
    }

    fn char(&mut self, c: char) {
        let mut utf8 = [0; 4];
        let bytes = c.encode_utf8(&mut utf8).len();
        // Four bytes at once are quicker than some.
        self.bytes(&utf8);
        self.piece.truncate(self.piece.len() - (4 - bytes));
    }

    fn space(&mut self) {
        if !self.is_space {
            self.piece.push(b' ');
            self.is_space = true;
        }
    }

    /// Takes the ASCII at the beginning of `bytes`, which is not empty, as far as there is room
    /// for it; gives how many bytes it took.
    fn ascii(&mut self, bytes: &[u8]) -> usize {
        let mut taken = 0;
        while self.piece.len() < PIECE_BYTES {
            let rest = &bytes[taken..];
            if self.chunk::<32>(rest) {
                taken += 32;
            } else if self.chunk::<8>(rest) {
                taken += 8;
            } else {
                for byte in rest.iter().take(8) {
                    match plain::ASCII[usize::from(*byte)] {
                        plain::NOT_ASCII => return taken,
                        plain::NOTHING => {}
                        b' ' => self.space(),
                        lower => {
                            self.piece.push(lower);
                            self.is_space = false;
                        }
                    }
                    taken += 1;
                }
            }
            if taken == bytes.len() {
                break;
            }
        }
        taken
    }

    fn chunk<const BYTES: usize>(&mut self, bytes: &[u8]) -> bool {
        let lower = bytes
            .first_chunk::<BYTES>()
            .and_then(|chunk| simple(chunk, self.is_space));
        if let Some(lower) = lower {
            self.piece.extend_from_slice(&lower);
            self.is_space = lower[BYTES - 1] == b' ';
        }
        lower.is_some()
    }

    fn hand_on(&mut self) {
        if self.piece.len() >= PIECE_BYTES {
            self.sink.take(&self.piece, false);
            self.piece.clear();
        }
    }

    fn finish(self) {
        self.sink.take(&self.piece, true);
    }
}

/// The normal form of a chunk of ASCII in which no two spaces meet and no controls are; None for
/// others. Written so that the compiler makes a few vector instructions of it.
fn simple<const BYTES: usize>(chunk: &[u8; BYTES], after_space: bool) -> Option<[u8; BYTES]> {
    let mut lower = [0; BYTES];
    let mut odd = 0;
    for place in 0..BYTES {
        let byte = chunk[place];
        let is_upper = byte.wrapping_sub(b'A') < 26;
        let is_space = byte.wrapping_sub(b'\t') < 5;
        let is_visible = byte.wrapping_sub(b' ') < 0x5F;
        odd |= u8::from(!is_visible & !is_space);
        lower[place] = if is_space {
            b' '
        } else {
            byte | u8::from(is_upper) << 5
        };
    }
    let mut before = [if after_space { b' ' } else { 0 }; BYTES];
    before[1..].copy_from_slice(&lower[..BYTES - 1]);
    for place in 0..BYTES {
        odd |= u8::from(lower[place] == b' ') & u8::from(before[place] == b' ');
    }
    (odd == 0).then_some(lower)
}

/// The normal form of any text.
fn by_the_tables(text: &str) -> String {
    let visible = text.chars().filter(|c| !plain::is_nothing(*c));
    let lower = NFKC
        .normalize_iter(visible)
        .map(plain::typographic)
        .flat_map(char::to_lowercase);
    let mut out = String::with_capacity(text.len());
    // Small letters join marks that capitals don't: ẖ has no capital of its own.
    for c in NFC.normalize_iter(lower) {
        match c.is_whitespace() {
            true if out.ends_with(' ') => {}
            true => out.push(' '),
            false => out.push(c),
        }
    }
    bare(&out).to_owned()
}

/// Without quotes around the whole and the punctuation at the end.
fn bare(text: &str) -> &str {
    let mut text = text.trim_start();
    loop {
        text = text.trim_end_matches(|c| c == ' ' || ends_sentence(c));
        match quoted(text) {
            Some(inside) => text = inside.trim_start(),
            None => return text,
        }
    }
}

/// What stands between the quotes around the whole, if they are the only ones. An apostrophe
/// between two letters is none.
fn quoted(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|c| is_quote(*c))?;
    let inside = text.strip_prefix(quote)?.strip_suffix(quote)?;
    let mut before = ' ';
    let mut chars = inside.chars().peekable();
    while let Some(c) = chars.next() {
        let is_inside_word =
            before.is_alphanumeric() && chars.peek().is_some_and(|after| after.is_alphanumeric());
        if c == quote && !(quote == '\'' && is_inside_word) {
            return None;
        }
        before = c;
    }
    Some(inside)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    use super::*;

    #[test]
    fn how_it_was_typed_does_not_matter() {
        for text in [
            "Summarize this email",
            "summarize this email.",
            "  SUMMARIZE\tthis\r\n\r\nemail !!! ",
            "“Summarize this email”",
            "'Summarize this email.'",
            "\"Summarize this email\".",
            "«\u{A0}Summarize this email\u{A0}»",
            "Summarize this email…",
            "Summarize\u{200B} this\u{AD} em\u{200D}ail:",
            "Ｓｕｍｍａｒｉｚｅ　ｔｈｉｓ　ｅｍａｉｌ！",
            "\u{FEFF}Summarize this email\u{0}",
        ] {
            assert_eq!(normal(text), "summarize this email", "{text:?}");
        }
        assert_eq!(normal("l’e\u{301}quipe"), normal("L'ÉQUIPE"));
        assert_eq!(normal("この会議を要約。"), normal("「この会議を要約」"));
        assert_eq!(normal("Re–draft"), "re-draft");
    }

    #[test]
    fn what_was_said_does() {
        for (text, expected) in [
            ("", ""),
            ("…", ""),
            (" \u{200B}\n", ""),
            ("\"\"", ""),
            ("'", "'"),
            ("Summarize \"a b\"", "summarize \"a b\""),
            ("\"a\" and \"b\"", "\"a\" and \"b\""),
            ("'the users' mail'", "'the users' mail'"),
            ("'the user's mail'", "the user's mail"),
            ("... and then", "... and then"),
            ("¿Qué hay de nuevo?", "¿qué hay de nuevo"),
            ("İstanbul", "i\u{307}stanbul"),
            ("H\u{331}", "ẖ"),
            ("½ ™ ﬁ", "1⁄2 tm fi"),
            ("ΟΔΟΣ", "οδοσ"),
        ] {
            assert_eq!(normal(text), expected, "{text:?}");
        }
    }

    #[test]
    fn the_fast_path_and_the_tables_agree_on_long_texts() {
        let mut text = String::new();
        for number in 0..4_000_u32 {
            text.push_str(
                [
                    "Word", " ", "  ", "\n", "É", "…", ".", "会议", "\u{200B}", "\t x",
                ][number.wrapping_mul(2_654_435_761) as usize >> 16 & 7],
            );
        }
        text.push('x');
        assert_eq!(normal(&text), by_the_tables(&text));
        assert!(text.len() > 2 * PIECE_BYTES);
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 4_000,
            rng_seed: RngSeed::Fixed(3),
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn the_fast_path_and_the_tables_agree(text in any_text()) {
            let mut whole = Whole(Vec::new());
            if plainly(&text, &mut whole).is_some() {
                prop_assert_eq!(String::from_utf8(whole.0), Ok(by_the_tables(&text)));
            }
        }

        #[test]
        fn a_normal_form_is_its_own(text in any_text()) {
            let once = normal(&text);
            prop_assert_eq!(normal(&once), once);
        }
    }

    fn any_text() -> impl Strategy<Value = String> {
        const PIECES: [&str; 36] = [
            "Word",
            "word, ",
            " ",
            "  ",
            "\n",
            ".",
            "!?",
            "…",
            "。",
            "\u{200B}",
            "\u{301}",
            "\u{331}",
            "H",
            "İ",
            "ß",
            "É",
            "e",
            "‼",
            "“",
            "”",
            "\"",
            "'",
            "«",
            "»",
            "「",
            "」",
            "会议",
            "カ",
            "\u{3099}",
            "가",
            "\u{11A8}",
            "½",
            "\u{FF02}",
            "\u{A0}",
            "😀",
            "l’été",
        ];
        let piece = prop_oneof![
            4 => prop::sample::select(&PIECES[..]).prop_map(str::to_owned),
            1 => any::<char>().prop_map(String::from),
            1 => "[ -~]{15,40}",
        ];
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }
}
