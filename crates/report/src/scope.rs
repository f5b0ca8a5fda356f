//! What a report is asked about, and the condition that says so in SQL.

use jiff::Timestamp;

/// Which interactions a report is about. The default is all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// One tenant, or all that the lake holds.
    pub tenant_id: Option<String>,
    /// Object ids of users; empty means every user.
    pub users: Vec<String>,
    /// Inclusive, UTC milliseconds since 1970; None means since the beginning.
    pub from_ms: Option<i64>,
    /// Exclusive, UTC milliseconds since 1970; None means as far as has been read.
    pub to_ms: Option<i64>,
    /// Apps, each by its raw class or by the name that people call it; empty means every app.
    pub apps: Vec<String>,
}

impl Scope {
    /// The condition over `interactions`. Always a complete boolean expression.
    pub fn interactions(&self) -> String {
        self.events("created_at")
    }

    /// The condition over `exchanges`: those that began in the report's time.
    pub fn exchanges(&self) -> String {
        self.events("started_at")
    }

    fn events(&self, time: &str) -> String {
        let mut all = self.people_conditions();
        if let Some(from) = self.from_ms {
            all.push(format!("{time} >= {}", time_literal(from)));
        }
        if let Some(to) = self.to_ms {
            all.push(format!("{time} < {}", time_literal(to)));
        }
        if !self.apps.is_empty() {
            let apps = list(&self.apps);
            all.push(format!("(app_class IN ({apps}) OR app IN ({apps}))"));
        }
        conjunction(all)
    }

    /// The condition over `users_now` and `coverage`: tenant and users only.
    pub fn people(&self) -> String {
        conjunction(self.people_conditions())
    }

    /// The end of the report's time, as a literal.
    pub(crate) fn until(&self) -> String {
        // Later than whatever has ended: what holds now. DataFusion compares in nanoseconds, which
        // end in April 2262.
        const NO_END_MS: i64 = 9_214_646_400_000; // 1 January 2262
        time_literal(self.to_ms.unwrap_or(NO_END_MS))
    }

    fn people_conditions(&self) -> Vec<String> {
        let mut all = Vec::new();
        if let Some(tenant) = &self.tenant_id {
            all.push(format!("tenant_id = {}", text_literal(tenant)));
        }
        if !self.users.is_empty() {
            all.push(format!("user_id IN ({})", list(&self.users)));
        }
        all
    }
}

fn conjunction(conditions: Vec<String>) -> String {
    if conditions.is_empty() {
        return "TRUE".to_owned();
    }
    conditions.join(" AND ")
}

fn list(values: &[String]) -> String {
    let literals: Vec<String> = values.iter().map(|value| text_literal(value)).collect();
    literals.join(", ")
}

/// A text as a literal of standard SQL: between apostrophes, each inner one doubled. DataFusion
/// and DuckDB know no other escape, so nothing else in a text has a meaning.
pub fn text_literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A time as text, which every engine compares with a UTC column without casting that column (so
/// that files are still skipped by their statistics). Times outside of what SQL can say are cut.
pub(crate) fn time_literal(ms: i64) -> String {
    const FIRST_MS: i64 = -62_135_596_800_000; // 0001-01-01
    const LAST_MS: i64 = 253_402_207_200_000; // 9999-12-30T22:00, the last moment jiff knows
    let time =
        Timestamp::from_millisecond(ms.clamp(FIRST_MS, LAST_MS)).unwrap_or(Timestamp::UNIX_EPOCH);
    format!("'{time:.3}'")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn no_scope_is_a_condition_too() {
        assert_eq!(Scope::default().interactions(), "TRUE");
        assert_eq!(Scope::default().people(), "TRUE");
    }

    #[test]
    fn every_part_is_rendered() {
        let scope = Scope {
            tenant_id: Some("contoso".into()),
            users: vec!["u1".into(), "o'neill".into()],
            from_ms: Some(0),
            to_ms: Some(1_731_701_801_008),
            apps: vec!["Word".into()],
        };
        assert_eq!(
            scope.interactions(),
            "tenant_id = 'contoso' AND user_id IN ('u1', 'o''neill') \
             AND created_at >= '1970-01-01T00:00:00.000Z' AND created_at < '2024-11-15T20:16:41.008Z' \
             AND (app_class IN ('Word') OR app IN ('Word'))"
        );
        assert_eq!(
            scope.people(),
            "tenant_id = 'contoso' AND user_id IN ('u1', 'o''neill')"
        );
    }

    /// Reads one literal as an SQL engine does; None if the text ends it early or not at all.
    fn read_literal(sql: &str) -> Option<String> {
        let inner = sql.strip_prefix('\'')?.strip_suffix('\'')?;
        let mut text = String::new();
        let mut chars = inner.chars();
        while let Some(c) = chars.next() {
            if c == '\'' && chars.next() != Some('\'') {
                return None;
            }
            text.push(c);
        }
        Some(text)
    }

    proptest! {
        #[test]
        fn a_hostile_text_stays_inside_its_literal(text in "(?s)['\\\\;\\-/*\u{0}\n a-z]{0,40}|.{0,40}") {
            prop_assert_eq!(read_literal(&text_literal(&text)), Some(text));
        }

        #[test]
        fn any_time_has_a_literal(ms in any::<i64>()) {
            let literal = time_literal(ms);
            prop_assert!(literal.starts_with('\'') && literal.ends_with("Z'"), "{}", literal);
        }
    }
}
