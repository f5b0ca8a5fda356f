//! The files in `sql/` and the metrics, asked of a source.

use futures::TryStreamExt;
use hobbs_metrics::{Metric, Parameters};
use serde::de::DeserializeOwned;
use serde_json::Deserializer;

use crate::scope::Scope;
use crate::source::{Source, SourceError};

/// What counts as automatic, in SQL over `interactions`.
const AUTOMATIC: &str = "mark IS NOT NULL";

/// One of the files in `sql/`, with its name for messages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Query {
    pub name: &'static str,
    pub text: &'static str,
}

macro_rules! query {
    ($name:literal) => {
        $crate::query::Query {
            name: $name,
            text: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/", $name)),
        }
    };
}
pub(crate) use query;

/// The rows of a file, over what the report is about.
pub(crate) async fn select<T: DeserializeOwned + Send>(
    source: &dyn Source,
    scope: &Scope,
    query: Query,
) -> Result<Vec<T>, SourceError> {
    rows(source, query.name, &filled(query, scope)).await
}

/// The file with what the report is about put in.
fn filled(query: Query, scope: &Scope) -> String {
    fill(query.text, |place| {
        Some(match place {
            "{automatic}" => AUTOMATIC.to_owned(),
            "{scope}" => scope.interactions(),
            "{exchanges}" => scope.exchanges(),
            "{people}" => scope.people(),
            "{until}" => scope.until(),
            _ => return None,
        })
    })
}

/// The rows of a file whose places are given one by one.
pub(crate) async fn select_with<T: DeserializeOwned + Send>(
    source: &dyn Source,
    query: Query,
    places: &[(&str, &str)],
) -> Result<Vec<T>, SourceError> {
    rows(source, query.name, &query.with(places)).await
}

impl Query {
    /// The file with its places filled.
    pub(crate) fn with(self, places: &[(&str, &str)]) -> String {
        fill(self.text, |place| {
            let named = places.iter().find(|(name, _)| *name == place);
            named.map(|(_, condition)| (*condition).to_owned())
        })
    }
}

/// A text with its places filled, each once: a brace in what is put in is never taken for a place.
fn fill(text: &str, put: impl Fn(&str) -> Option<String>) -> String {
    let mut sql = String::with_capacity(text.len() + 256);
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        let end = rest[at..]
            .find('}')
            .map_or(rest.len(), |length| at + length + 1);
        sql.push_str(&rest[..at]);
        let place = &rest[at..end];
        sql.push_str(&put(place).unwrap_or_else(|| place.to_owned()));
        rest = &rest[end..];
    }
    sql.push_str(rest);
    sql
}

/// The rows of a metric, over the exchanges that a condition lets through.
///
/// A metric asks for days and a tenant alone. What a report asks besides (users, apps, hours) is
/// laid before it: under the name of the table stands the part of the table that the report is
/// about. The metric's own SQL stays as it is.
pub(crate) async fn metric<T: DeserializeOwned + Send>(
    source: &dyn Source,
    name: &'static str,
    parameters: &Parameters,
    exchanges: &str,
) -> Result<Vec<T>, SourceError> {
    let sql = Metric::named(name)
        .map_err(SourceError::lake)?
        .sql(parameters)
        .map_err(SourceError::lake)?;
    let sql = match sql.strip_prefix("WITH\n") {
        Some(rest) => format!(
            "WITH\nexchanges AS (\n    SELECT *\n    FROM exchanges\n    WHERE {exchanges}\n),\n{rest}"
        ),
        None => {
            return Err(SourceError::lake(format!(
                "the metric {name} can't be narrowed"
            )));
        }
    };
    rows(source, name, &sql).await
}

async fn rows<T: DeserializeOwned + Send>(
    source: &dyn Source,
    name: &'static str,
    sql: &str,
) -> Result<Vec<T>, SourceError> {
    let mut lines = source.lines(sql).await?;
    let mut rows = Vec::new();
    while let Some(some) = lines.try_next().await? {
        for row in Deserializer::from_slice(&some).into_iter() {
            rows.push(row.map_err(|source| SourceError::Shape {
                query: name,
                source,
            })?);
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Query; 12] = [
        query!("answers.sql"),
        query!("answers_of_exchanges.sql"),
        query!("apps.sql"),
        query!("coverage_apps.sql"),
        query!("coverage_failures.sql"),
        query!("coverage_whole.sql"),
        query!("days.sql"),
        query!("derived.sql"),
        query!("marks.sql"),
        query!("people.sql"),
        query!("user_keys.sql"),
        query!("users.sql"),
    ];

    /// Those whose places are given one by one.
    const OTHERS: [Query; 14] = [
        query!("holders.sql"),
        query!("license_history.sql"),
        query!("license_seats.sql"),
        query!("license_use.sql"),
        query!("reconcile_days.sql"),
        query!("reconcile_failures.sql"),
        query!("reconcile_named_days.sql"),
        query!("reconcile_nobody.sql"),
        query!("reconcile_older.sql"),
        query!("reconcile_our_days.sql"),
        query!("reconcile_reports.sql"),
        query!("reconcile_rows.sql"),
        query!("reconcile_summary.sql"),
        query!("reconcile_trend.sql"),
    ];

    #[test]
    fn no_comment_holds_a_place() {
        // A line end in a text would end the comment, and the rest of the text be SQL.
        for query in ALL.into_iter().chain(OTHERS) {
            for line in query.text.lines() {
                let comment = line.split_once("--").map_or("", |(_, comment)| comment);
                assert!(!comment.contains('{'), "{}: {line}", query.name);
            }
        }
    }

    #[test]
    fn every_place_is_filled_and_no_text_is_taken_for_one() {
        let scope = Scope {
            users: vec!["{people}\n{scope}".into()],
            ..Scope::default()
        };
        let literal = "'{people}\n{scope}'";
        for query in ALL {
            let sql = filled(query, &scope).replace(literal, "");
            assert!(!sql.contains('{'), "{}: {sql}", query.name);
        }
    }
}
