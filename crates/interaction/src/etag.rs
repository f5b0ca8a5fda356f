//! Which of two versions of an item is the later one.

use std::borrow::Cow;

/// An item's etag. Etags are milliseconds as text, so far, be they written as HTTP writes them (`W/"1000"`); should
/// they become something else, their text decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Etag<'a> {
    /// The text of a number.
    Number(u64),
    /// Any other text.
    Text(Cow<'a, str>),
}

impl<'a> Etag<'a> {
    /// As it is written.
    pub fn of(text: &'a str) -> Self {
        match bare(text).parse() {
            Ok(number) => Etag::Number(number),
            Err(_) => Etag::Text(Cow::Borrowed(text)),
        }
    }

    /// With a text of its own.
    pub fn into_owned(self) -> Etag<'static> {
        match self {
            Etag::Number(number) => Etag::Number(number),
            Etag::Text(text) => Etag::Text(Cow::Owned(text.into_owned())),
        }
    }

    /// Whether it is of a later change. No order: where numbers and texts meet, it need not be transitive.
    pub fn is_later_than(&self, other: &Etag<'_>) -> bool {
        match (self, other) {
            (Etag::Number(one), Etag::Number(other)) => one > other,
            (Etag::Text(one), Etag::Text(other)) => one > other,
            (Etag::Number(one), Etag::Text(other)) => *one.to_string() > **other,
            (Etag::Text(one), Etag::Number(other)) => **one > *other.to_string(),
        }
    }
}

/// Without the mark of a weak etag and the quotes of any, where they stand there.
fn bare(text: &str) -> &str {
    let text = text.strip_prefix("W/").unwrap_or(text);
    let quoted = text.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
    quoted.unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn etags_are_compared_as_numbers_where_they_are_numbers() {
        let is_later = |one, other| Etag::of(one).is_later_than(&Etag::of(other));
        assert!(is_later("1000", "999"));
        assert!(!is_later("999", "1000"));
        assert!(!is_later("1000", "1000"));
        assert!(is_later("b", "a"));
        assert!(is_later("b", "1000") && !is_later("1000", "b"));
    }

    #[test]
    fn what_http_puts_around_a_number_does_not_count() {
        let is_later = |one, other| Etag::of(one).is_later_than(&Etag::of(other));
        for (one, other) in [
            (r#"W/"1000""#, r#"W/"999""#),
            (r#""1000""#, r#""999""#),
            (r#"W/"1000""#, "999"),
            ("1000", r#""999""#),
        ] {
            assert!(
                is_later(one, other) && !is_later(other, one),
                "{one} {other}"
            );
        }
        assert!(!is_later(r#"W/"1000""#, "1000") && !is_later("1000", r#"W/"1000""#));
        // Half of it is no such thing, and then the text decides.
        assert!(is_later(r#"W/"999"#, r#"W/"1000"#));
    }
}
