//! One HTML tag, told from a lone `<`.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

use super::entity;

/// A tag like `<p class="x">` or `</p>`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tag<'a> {
    pub(super) name: &'a str,
    pub(super) closes: bool,
    /// Where the text goes on.
    pub(super) end: usize,
    attributes: &'a str,
}

impl<'a> Tag<'a> {
    /// The tag that begins at `at`, where a `<` stands.
    ///
    /// None if it is just a `<`: no letter follows (`a < b`), or another `<`, or the end of the
    /// text, comes before the `>`. A `>` inside quotes does not count, unless the quotes never end.
    pub(super) fn at(html: &'a str, at: usize) -> Option<Tag<'a>> {
        let inside = html.get(at + 1..)?;
        let closes = inside.starts_with('/');
        let inside = inside.strip_prefix('/').unwrap_or(inside);
        if !inside.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return None;
        }
        let len = len_outside_quotes(inside.as_bytes()).or_else(|| closed_at(inside.as_bytes()))?;
        let name_len = inside[..len]
            .find(|c: char| c.is_ascii_whitespace() || c == '/')
            .unwrap_or(len);
        Some(Tag {
            name: &inside[..name_len],
            closes,
            end: html.len() - inside.len() + len + 1,
            attributes: &inside[name_len..len],
        })
    }

    /// Whether it has this name, in upper or lower case.
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// The value of the first attribute with this name, its entities decoded.
    pub(super) fn attribute(&self, wanted: &str) -> Option<Cow<'a, str>> {
        let is_separator = |c: char| c.is_ascii_whitespace() || c == '/';
        let mut rest = self.attributes.trim_start_matches(is_separator);
        while !rest.is_empty() {
            let name_len = rest
                .find(|c: char| c.is_ascii_whitespace() || c == '=' || c == '/')
                .unwrap_or(rest.len());
            let (name, after_name) = rest.split_at(name_len);
            let value_or_next = after_name.trim_ascii_start();
            let mut value = "";
            rest = match value_or_next.strip_prefix('=') {
                None => value_or_next,
                Some(after_equals) => {
                    let (found, after_value) = attribute_value(after_equals.trim_ascii_start());
                    value = found;
                    after_value
                }
            };
            if name.eq_ignore_ascii_case(wanted) {
                return Some(entity::decoded(value));
            }
            rest = rest.trim_start_matches(is_separator);
        }
        None
    }
}

/// A value and what follows it. Quotes that never end reach to the tag's end.
fn attribute_value(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(inside) = text.strip_prefix(quote) {
            return inside.split_once(quote).unwrap_or((inside, ""));
        }
    }
    let end = text.find(|c: char| c.is_ascii_whitespace());
    text.split_at(end.unwrap_or(text.len()))
}

/// How long the tag is up to its `>`, with quoted values skipped.
fn len_outside_quotes(inside: &[u8]) -> Option<usize> {
    let mut at = 0;
    let mut after_equals = false;
    loop {
        match *inside.get(at)? {
            b'>' => return Some(at),
            b'<' => return None,
            quote @ (b'"' | b'\'') if after_equals => {
                at += 1 + memchr(quote, &inside[at + 1..])?;
                after_equals = false;
            }
            b'=' => after_equals = true,
            byte => after_equals &= byte.is_ascii_whitespace(),
        }
        at += 1;
    }
}

/// The same with quotes taken for any other character.
fn closed_at(inside: &[u8]) -> Option<usize> {
    let end = memchr2(b'<', b'>', inside)?;
    (inside[end] == b'>').then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(html: &str) -> Option<(&str, bool, usize)> {
        Tag::at(html, 0).map(|tag| (tag.name, tag.closes, tag.end))
    }

    #[test]
    fn a_tag_has_a_letter_after_its_bracket_and_an_end() {
        assert_eq!(tag("<p>x"), Some(("p", false, 3)));
        assert_eq!(tag("</P >x"), Some(("P", true, 5)));
        assert_eq!(tag("<br/>"), Some(("br", false, 5)));
        assert_eq!(tag("<o:p>"), Some(("o:p", false, 5)));
        assert_eq!(tag("<a title=\"1 > 0\">x"), Some(("a", false, 17)));
        assert_eq!(tag("<a title=\"1 > 0>x"), Some(("a", false, 13)));
        assert_eq!(tag("<a title=it's>x"), Some(("a", false, 14)));
        for html in [
            "<",
            "< p>",
            "<3",
            "<p",
            "<é>",
            "<b and <i>",
            "</",
            "</ p>",
            "<>",
            "<<p>",
        ] {
            assert_eq!(tag(html), None, "{html}");
        }
    }

    #[test]
    fn attributes_may_be_written_in_any_way() {
        for html in [
            "<attachment id=\"a&amp;b\">",
            "<attachment x id='a&amp;b' y>",
            "<attachment ID = a&b>",
            "<attachment a=1 id=a&b />",
            "<attachment data-id=\"no\" id=\"a&b\" id=\"second\">",
        ] {
            let tag = Tag::at(html, 0).expect(html);
            assert_eq!(tag.attribute("id").as_deref(), Some("a&b"), "{html}");
        }
        for html in [
            "<attachment>",
            "<attachment i=\"id=x\">",
            "<attachment ==>",
            "<attachment \"id\">",
        ] {
            let tag = Tag::at(html, 0).expect(html);
            assert_eq!(tag.attribute("id"), None, "{html}");
        }
    }
}
