//! `$filter` of the interaction history: two exclusive bounds of `createdDateTime`, and `appClass eq '…'`.

use jiff::Timestamp;

/// `appClass` values that the documentation names for a filter.
const DOCUMENTED: [&str; 6] = ["Word", "Excel", "Teams", "BizChat", "WebChat", "CoworkChat"];

/// A filter that the service understands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    After(i64),
    Before(i64),
    App(String),
}

/// What a tenant is strict about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Strictness {
    pub(crate) refuse_fractions: bool,
    pub(crate) any_app: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token<'a> {
    Open,
    Close,
    Word(&'a str),
    Text(&'a str),
}

impl Filter {
    /// Reads a filter, or says what is wrong with it.
    pub(crate) fn parse(text: &str, strictness: Strictness) -> Result<Self, String> {
        let tokens = tokens(text)?;
        let mut parser = Parser {
            tokens: &tokens,
            strictness,
        };
        let filter = parser.any()?;
        if let Some(token) = parser.tokens.first() {
            return Err(format!("Syntax error in filter: unexpected {token:?}."));
        }
        let (mut after, mut before) = (0, 0);
        filter.visit(&mut |leaf| match leaf {
            Self::After(_) => after += 1,
            Self::Before(_) => before += 1,
            _ => {}
        });
        if (after > 0) != (before > 0) {
            return Err(
                "Both a lower and an upper bound of createdDateTime are required.".to_owned(),
            );
        }
        Ok(filter)
    }

    fn visit(&self, look: &mut impl FnMut(&Self)) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.visit(look)),
            leaf => look(leaf),
        }
    }

    /// Whether an item passes.
    pub(crate) fn passes(&self, created_ms: i64, app_class: &str) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.passes(created_ms, app_class)),
            Self::Any(parts) => parts.iter().any(|part| part.passes(created_ms, app_class)),
            Self::After(bound_ms) => created_ms > *bound_ms,
            Self::Before(bound_ms) => created_ms < *bound_ms,
            Self::App(class) => class.eq_ignore_ascii_case(app_class),
        }
    }

    /// The time outside which nothing passes: two exclusive bounds.
    pub(crate) fn window(&self) -> (i64, i64) {
        let whole = (i64::MIN, i64::MAX);
        match self {
            Self::After(bound_ms) => (*bound_ms, i64::MAX),
            Self::Before(bound_ms) => (i64::MIN, *bound_ms),
            Self::All(parts) => {
                let windows = parts.iter().map(Self::window);
                windows.fold(whole, |sum, part| (sum.0.max(part.0), sum.1.min(part.1)))
            }
            Self::Any(_) | Self::App(_) => whole,
        }
    }
}

fn tokens(text: &str) -> Result<Vec<Token<'_>>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        match first {
            '(' => {
                tokens.push(Token::Open);
                rest = &rest[1..];
            }
            ')' => {
                tokens.push(Token::Close);
                rest = &rest[1..];
            }
            '\'' => {
                let end = rest[1..]
                    .find('\'')
                    .ok_or("Syntax error in filter: a text has no closing quote.")?;
                tokens.push(Token::Text(&rest[1..=end]));
                rest = &rest[end + 2..];
            }
            _ => {
                let end = rest
                    .find(|letter: char| letter.is_whitespace() || "()'".contains(letter))
                    .unwrap_or(rest.len());
                tokens.push(Token::Word(&rest[..end]));
                rest = &rest[end..];
            }
        }
        rest = rest.trim_start();
    }
    Ok(tokens)
}

struct Parser<'t> {
    tokens: &'t [Token<'t>],
    strictness: Strictness,
}

impl<'t> Parser<'t> {
    fn next(&mut self) -> Option<&'t Token<'t>> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first)
    }

    fn word(&mut self, wanted: &str) -> bool {
        let found = matches!(self.tokens.first(), Some(Token::Word(word)) if word.eq_ignore_ascii_case(wanted));
        if found {
            self.tokens = &self.tokens[1..];
        }
        found
    }

    /// `and` binds tighter than `or`, as OData has it.
    fn any(&mut self) -> Result<Filter, String> {
        let mut parts = vec![self.all()?];
        while self.word("or") {
            parts.push(self.all()?);
        }
        Ok(if parts.len() == 1 {
            parts.remove(0)
        } else {
            Filter::Any(parts)
        })
    }

    fn all(&mut self) -> Result<Filter, String> {
        let mut parts = vec![self.one()?];
        while self.word("and") {
            parts.push(self.one()?);
        }
        Ok(if parts.len() == 1 {
            parts.remove(0)
        } else {
            Filter::All(parts)
        })
    }

    fn one(&mut self) -> Result<Filter, String> {
        match self.next() {
            Some(Token::Open) => {
                let inner = self.any()?;
                match self.next() {
                    Some(Token::Close) => Ok(inner),
                    _ => Err("Syntax error in filter: a parenthesis is not closed.".to_owned()),
                }
            }
            Some(Token::Word(property)) => self.comparison(property),
            other => Err(format!("Syntax error in filter: unexpected {other:?}.")),
        }
    }

    fn comparison(&mut self, property: &str) -> Result<Filter, String> {
        let operator = match self.next() {
            Some(Token::Word(operator)) => *operator,
            other => {
                return Err(format!(
                    "Syntax error in filter: an operator is expected after {property}, not {other:?}."
                ));
            }
        };
        let value = self.next();
        match (property, operator, value) {
            ("createdDateTime", "gt", Some(Token::Word(time))) => {
                Ok(Filter::After(self.time(time)?))
            }
            ("createdDateTime", "lt", Some(Token::Word(time))) => {
                Ok(Filter::Before(self.time(time)?))
            }
            ("appClass", "eq", Some(Token::Text(class))) => self.app(class),
            ("createdDateTime" | "appClass", ..) => Err(format!(
                "Operator '{operator}' is not supported for property '{property}' with this value."
            )),
            _ => Err(format!(
                "Filtering on property '{property}' is not supported."
            )),
        }
    }

    fn time(&self, text: &str) -> Result<i64, String> {
        let time: Timestamp = text
            .parse()
            .map_err(|_| format!("The value '{text}' is not a valid Edm.DateTimeOffset."))?;
        if self.strictness.refuse_fractions && text.contains('.') {
            return Err(format!(
                "The value '{text}' is not supported: fractions of a second."
            ));
        }
        Ok(time.as_millisecond())
    }

    fn app(&self, class: &str) -> Result<Filter, String> {
        let last = class
            .strip_prefix("IPM.SkypeTeams.Message.Copilot.")
            .unwrap_or("");
        if self.strictness.any_app
            || DOCUMENTED
                .iter()
                .any(|known| known.eq_ignore_ascii_case(last))
        {
            Ok(Filter::App(class.to_owned()))
        } else {
            Err(format!(
                "The value '{class}' is not supported for property 'appClass'."
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const STRICT: Strictness = Strictness {
        refuse_fractions: true,
        any_app: false,
    };
    const WORD: &str = "IPM.SkypeTeams.Message.Copilot.Word";
    const TEAMS: &str = "IPM.SkypeTeams.Message.Copilot.Teams";

    fn parse(text: &str) -> Result<Filter, String> {
        Filter::parse(text, STRICT)
    }

    #[test]
    fn bounds_are_exclusive_and_needed_together() {
        let filter = parse(
            "createdDateTime gt 1970-01-01T00:00:01Z and createdDateTime lt 1970-01-01T00:00:03Z",
        )
        .unwrap();
        assert_eq!(filter.window(), (1_000, 3_000));
        for (at_ms, passes) in [(1_000, false), (1_001, true), (2_999, true), (3_000, false)] {
            assert_eq!(filter.passes(at_ms, WORD), passes, "{at_ms}");
        }
        assert!(parse("createdDateTime gt 1970-01-01T00:00:01Z").is_err());
        assert!(parse("createdDateTime lt 1970-01-01T00:00:01Z").is_err());
        assert!(parse("createdDateTime ge 1970-01-01T00:00:01Z and createdDateTime lt 1970-01-01T00:00:03Z").is_err());
    }

    #[test]
    fn apps_are_joined_by_or_with_or_without_parentheses() {
        let bounds =
            "createdDateTime gt 1970-01-01T00:00:01Z and createdDateTime lt 1970-01-01T00:00:03Z";
        let apps = format!("appClass eq '{WORD}' or appClass eq '{TEAMS}'");
        for text in [
            &apps,
            &format!("({apps})"),
            &format!("{bounds} and ({apps})"),
            &format!("(({bounds}) and ({apps}))"),
        ] {
            let filter = parse(text).unwrap();
            assert!(
                filter.passes(2_000, WORD) && filter.passes(2_000, TEAMS),
                "{text}"
            );
            assert!(
                !filter.passes(2_000, "IPM.SkypeTeams.Message.Copilot.Excel"),
                "{text}"
            );
        }
        // Without parentheses the bounds hold for the first app only.
        let loose = parse(&format!("{bounds} and {apps}")).unwrap();
        assert!(!loose.passes(9_000, WORD) && loose.passes(9_000, TEAMS));
        assert_eq!(loose.window(), (i64::MIN, i64::MAX));
    }

    #[test]
    fn what_the_service_does_not_know_is_refused() {
        for text in [
            "",
            "appClass eq 'IPM.SkypeTeams.Message.Copilot.Loop'",
            "appClass eq 'Word'",
            "appClass eq Word",
            "appClass ne 'IPM.SkypeTeams.Message.Copilot.Word'",
            "locale eq 'en-us'",
            "appClass eq 'IPM.SkypeTeams.Message.Copilot.Word",
            "(appClass eq 'IPM.SkypeTeams.Message.Copilot.Word'",
            "appClass eq 'IPM.SkypeTeams.Message.Copilot.Word')",
            "createdDateTime gt yesterday and createdDateTime lt 1970-01-01T00:00:03Z",
            "createdDateTime gt 1970-01-01T00:00:01.5Z and createdDateTime lt 1970-01-01T00:00:03Z",
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn strictness_can_be_lowered() {
        let lax = Strictness {
            refuse_fractions: false,
            any_app: true,
        };
        assert!(Filter::parse("appClass eq 'IPM.SkypeTeams.Message.Copilot.Loop'", lax).is_ok());
        let text = "createdDateTime gt 1970-01-01T00:00:01.500Z and createdDateTime lt 1970-01-01T00:00:03Z";
        assert_eq!(Filter::parse(text, lax).unwrap().window(), (1_500, 3_000));
    }
}
