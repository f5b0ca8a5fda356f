//! Character references of HTML: `&amp;`, `&#233;`, `&#xE9;`.

use std::borrow::Cow;

use html_escape::NAMED_ENTITIES;
use memchr::memchr;

/// The longest name is `CounterClockwiseContourIntegral`.
const NAME_BYTES_MAX: usize = 31;

/// What browsers make of the numbers 128 to 159: pages written on Windows mean its code page.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8D}', 'Ž', '\u{8F}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9D}', 'ž', 'Ÿ',
];

/// The text with its references decoded. What is none stays as it is (`AT&T`, `a & b`).
pub(super) fn decoded(text: &str) -> Cow<'_, str> {
    let Some(first) = memchr(b'&', text.as_bytes()) else {
        return Cow::Borrowed(text);
    };
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut next = Some(first);
    while let Some(at) = next {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let len = reference(&rest[1..], &mut out).map_or_else(
            || {
                out.push('&');
                1
            },
            |len| len + 1,
        );
        rest = &rest[len..];
        next = memchr(b'&', rest.as_bytes());
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Writes what the reference after an ampersand stands for, and gives its length.
fn reference(text: &str, out: &mut String) -> Option<usize> {
    match text.strip_prefix('#') {
        Some(number) => numeric(number, out).map(|len| len + 1),
        None => named(text, out),
    }
}

fn named(text: &str, out: &mut String) -> Option<usize> {
    let is_in_name = |byte: &u8| byte.is_ascii_alphanumeric();
    let bytes = text.as_bytes();
    let name_len = bytes
        .iter()
        .take(NAME_BYTES_MAX + 1)
        .take_while(|b| is_in_name(b))
        .count();
    let name = &bytes[..name_len];
    if bytes.get(name_len) == Some(&b';') {
        let found = NAMED_ENTITIES.binary_search_by_key(&name, |(name, _)| *name);
        out.push_str(NAMED_ENTITIES[found.ok()?].1);
        return Some(name_len + 1);
    }
    // Browsers also take these without the semicolon, as careless programs write them.
    let careless = match name {
        b"amp" => "&",
        b"lt" => "<",
        b"gt" => ">",
        b"quot" => "\"",
        b"nbsp" => "\u{A0}",
        _ => return None,
    };
    out.push_str(careless);
    Some(name_len)
}

fn numeric(text: &str, out: &mut String) -> Option<usize> {
    let hexadecimal = text.strip_prefix(['x', 'X']);
    let (digits, radix) = hexadecimal.map_or((text, 10), |digits| (digits, 16));
    let digits_len = digits
        .bytes()
        .take_while(|byte| char::from(*byte).is_digit(radix))
        .count();
    if digits_len == 0 {
        return None;
    }
    // A number too long for 32 bits is no character either way.
    let number = u32::from_str_radix(&digits[..digits_len], radix).unwrap_or(u32::MAX);
    out.push(match number {
        0 => char::REPLACEMENT_CHARACTER,
        128..160 => WINDOWS_1252[number as usize - 128],
        _ => char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER),
    });
    let semicolon = usize::from(digits[digits_len..].starts_with(';'));
    Some(text.len() - digits.len() + digits_len + semicolon)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_become_what_they_stand_for() {
        for (html, text) in [
            ("a &lt;b&gt; &amp;&quot;&apos;", "a <b> &\"'"),
            ("&eacute;&Eacute;&hellip;&copy;", "éÉ…©"),
            ("&CounterClockwiseContourIntegral;", "∳"),
            ("&NotEqualTilde;", "≂̸"),
            ("&#233;&#xE9;&#XE9;&#233", "éééé"),
            ("&#150;&#x92;", "–’"),
            (
                "&#0;&#xD800;&#x110000;&#99999999999;",
                "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}",
            ),
            ("a&nbsp;b&nbsp c", "a\u{A0}b\u{A0} c"),
            ("&amp;lt;", "&lt;"),
            ("&#x1F600;", "😀"),
        ] {
            assert_eq!(decoded(html), text, "{html}");
        }
    }

    #[test]
    fn an_ampersand_that_refers_to_nothing_stays() {
        for text in [
            "",
            "&",
            "&&",
            "AT&T",
            "a & b",
            "&;",
            "&#;",
            "&#x;",
            "&nosuch;",
            "&é;",
            "a&#",
            "x?lang=1&b=2",
        ] {
            assert_eq!(decoded(text), text);
        }
    }
}
