//! JSON from outside, of which nothing is certain: not its shape, not even its characters.

use std::borrow::Cow;
use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

/// What one place of a document makes of the value that it finds there.
///
/// A shape that a reader does not ask for is read to its end and dropped: a wrong type costs the
/// field it stands in and nothing else.
pub(crate) trait Reader<'de>: Sized {
    /// What it makes.
    type Out;

    /// The answer to every shape that is not asked for.
    fn otherwise(self) -> Self::Out;

    fn null(self) -> Self::Out {
        self.otherwise()
    }

    fn truth(self, _: bool) -> Self::Out {
        self.otherwise()
    }

    fn number(self, _: impl fmt::Display) -> Self::Out {
        self.otherwise()
    }

    fn text(self, _: &str) -> Self::Out {
        self.otherwise()
    }

    /// Text that stands in the document as it is, without escapes.
    fn text_as_it_stands(self, text: &'de str) -> Self::Out {
        self.text(text)
    }

    fn list<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Out, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(self.otherwise())
    }

    fn object<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Out, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(self.otherwise())
    }
}

/// Makes a [`Reader`] readable by serde.
pub(crate) struct Any<R>(pub(crate) R);

impl<'de, R: Reader<'de>> DeserializeSeed<'de> for Any<R> {
    type Value = R::Out;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<R::Out, D::Error> {
        input.deserialize_any(self)
    }
}

impl<'de, R: Reader<'de>> Visitor<'de> for Any<R> {
    type Value = R::Out;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("any JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<R::Out, E> {
        Ok(self.0.null())
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<R::Out, E> {
        Ok(self.0.truth(truth))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<R::Out, E> {
        Ok(self.0.number(number))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<R::Out, E> {
        Ok(self.0.number(number))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<R::Out, E> {
        Ok(self.0.number(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<R::Out, E> {
        Ok(self.0.text(text))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<R::Out, E> {
        Ok(self.0.text_as_it_stands(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<R::Out, A::Error> {
        self.0.list(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<R::Out, A::Error> {
        self.0.object(object)
    }
}

/// Text, borrowed unless it holds escapes, or a number as text; None for anything else.
pub(crate) struct Text;

impl<'de> Reader<'de> for Text {
    type Out = Option<Cow<'de, str>>;

    fn otherwise(self) -> Self::Out {
        None
    }

    fn number(self, number: impl fmt::Display) -> Self::Out {
        Some(Cow::Owned(number.to_string()))
    }

    fn text(self, text: &str) -> Self::Out {
        Some(Cow::Owned(text.to_owned()))
    }

    fn text_as_it_stands(self, text: &'de str) -> Self::Out {
        Some(Cow::Borrowed(text))
    }
}

/// The name of an object's field, borrowed unless it holds escapes.
pub(crate) struct Name<'de>(pub(crate) Cow<'de, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Names;

        impl<'de> Visitor<'de> for Names {
            type Value = Name<'de>;

            fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                to.write_str("a field's name")
            }

            fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(name)))
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }

        input.deserialize_str(Names)
    }
}

/// Reads one whole JSON text.
pub(crate) fn read<'de, R: Reader<'de>>(text: &'de str, reader: R) -> serde_json::Result<R::Out> {
    whole(serde_json::Deserializer::from_str(text), reader)
}

/// Reads one whole JSON text that may not be UTF-8: then it is an error.
pub(crate) fn read_bytes<'de, R: Reader<'de>>(
    bytes: &'de [u8],
    reader: R,
) -> serde_json::Result<R::Out> {
    match std::str::from_utf8(bytes) {
        // Looked at once as a whole, which takes less than string by string.
        Ok(text) => read(text, reader),
        Err(_) => whole(serde_json::Deserializer::from_slice(bytes), reader),
    }
}

fn whole<'de, I: serde_json::de::Read<'de>, R: Reader<'de>>(
    mut input: serde_json::Deserializer<I>,
    reader: R,
) -> serde_json::Result<R::Out> {
    let out = Any(reader).deserialize(&mut input)?;
    input.end()?;
    Ok(out)
}

/// The same JSON with what makes parsers refuse all of it replaced: half a surrogate pair
/// (`\ud83d` alone, which a text cut in the middle of an emoji leaves) becomes U+FFFD, a bare
/// control character inside a string becomes its escape.
pub(crate) fn repaired(json: &str) -> String {
    let bytes = json.as_bytes();
    let mut out = String::with_capacity(json.len() + 16);
    let mut copied = 0;
    let mut at = 0;
    let mut in_string = false;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => in_string = !in_string,
            b'\\'
                if is_escape_of(bytes, at, is_leading)
                    && is_escape_of(bytes, at + 6, is_trailing) =>
            {
                at += 11;
            }
            b'\\' if is_escape_of(bytes, at, |unit| is_leading(unit) || is_trailing(unit)) => {
                out.push_str(&json[copied..at]);
                out.push_str("\\ufffd");
                at += 5;
                copied = at + 1;
            }
            b'\\' => at += 1,
            control @ 0..0x20 if in_string => {
                out.push_str(&json[copied..at]);
                out.push_str(&format!("\\u{control:04x}"));
                copied = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    out.push_str(&json[copied..]);
    out
}

/// Whether `\uXXXX` stands at `at`, and `wanted` says yes to its unit.
fn is_escape_of(bytes: &[u8], at: usize, wanted: impl Fn(u16) -> bool) -> bool {
    let Some([b'\\', b'u', digits @ ..]) = bytes.get(at..at + 6) else {
        return false;
    };
    let mut unit = 0;
    for digit in digits {
        let Some(value) = char::from(*digit).to_digit(16) else {
            return false;
        };
        unit = unit << 4 | value as u16;
    }
    wanted(unit)
}

fn is_leading(unit: u16) -> bool {
    (0xD800..0xDC00).contains(&unit)
}

fn is_trailing(unit: u16) -> bool {
    (0xDC00..0xE000).contains(&unit)
}

/// The same JSON without the spaces and line breaks between its parts, and readable by any parser
/// (see [`repaired`]).
pub(crate) fn compact(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut in_string = false;
    let mut escaped = false;
    for c in json.chars() {
        if in_string {
            in_string = escaped || c != '"';
            escaped = !escaped && c == '\\';
        } else if c.is_ascii_whitespace() {
            continue;
        } else {
            in_string = c == '"';
        }
        out.push(c);
    }
    if out.contains("\\u") {
        repaired(&out)
    } else {
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_pair_is_replaced_and_a_whole_one_stays() {
        let json = r#"{"a":"\ud83d","b":"\ud83d\ude00","c":"\ude00\ud83d","d":"\\ud83d"}"#;
        assert_eq!(
            repaired(json),
            r#"{"a":"\ufffd","b":"\ud83d\ude00","c":"\ufffd\ufffd","d":"\\ud83d"}"#
        );
    }

    #[test]
    fn a_leading_half_before_a_whole_pair_leaves_the_pair_whole() {
        assert_eq!(
            repaired(r#""\uD83D\uD83D\uDE00""#),
            r#""\ufffd\uD83D\uDE00""#
        );
    }

    #[test]
    fn controls_are_escaped_inside_strings_only() {
        assert_eq!(
            repaired("{\n\"a\":\"x\ny\0\"}"),
            "{\n\"a\":\"x\\u000ay\\u0000\"}"
        );
    }

    #[test]
    fn an_escape_cut_off_is_left_alone() {
        for json in ["\"\\", "\"\\u", "\"\\ud8", "\"\\ud83d\\u"] {
            let _ = repaired(json);
        }
    }

    #[test]
    fn compact_keeps_what_is_inside_strings() {
        assert_eq!(
            compact("{ \"a b\" : [ 1 ,\r\n\t\"x \\\" y\" ] }"),
            r#"{"a b":[1,"x \" y"]}"#
        );
    }
}
