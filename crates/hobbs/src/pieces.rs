//! A lake's interactions in pieces of about a size, to be looked at one after the other.

use futures::TryStreamExt;
use hobbs_lake::{LakeError, Reader};
use hobbs_report::scope::text_literal;
use serde::Deserialize;
use serde_json::Deserializer;

/// What is never cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// A user's rows.
    User,
    /// An hour's rows.
    Hour,
}

impl Key {
    /// The column that it is of, and the key itself, in SQL.
    const fn sql(self) -> (&'static str, &'static str) {
        match self {
            Key::User => ("user_id", "user_id"),
            Key::Hour => ("created_at", "date_trunc('hour', created_at)"),
        }
    }
}

/// Conditions that cut the interactions for which `condition` holds into pieces of about
/// `rows_max` rows, in the order of the keys.
///
/// # Errors
/// As [`Reader::lines`].
pub async fn pieces(
    reader: &Reader,
    key: Key,
    condition: &str,
    rows_max: u64,
) -> Result<Vec<String>, LakeError> {
    let (column, key) = key.sql();
    let sql = format!(
        "SELECT {key} AS key, count(*) AS n FROM interactions WHERE {condition} GROUP BY {key} ORDER BY {key}"
    );
    let mut cuts = Cuts::of(rows_max);
    let mut lines = reader.lines(&sql).await?;
    while let Some(some) = lines.try_next().await? {
        for count in Deserializer::from_slice(&some).into_iter::<Count>() {
            let Count { key, n } = count.map_err(|error| LakeError::Query(error.to_string()))?;
            cuts.add(key, n);
        }
    }
    Ok(cuts.conditions(column))
}

/// Rows of one user, or of one hour.
#[derive(Deserialize)]
struct Count {
    key: String,
    n: u64,
}

/// Where the rows are cut into pieces.
struct Cuts {
    rows_max: u64,
    /// The first key of each piece but the first.
    at: Vec<String>,
    /// Rows of the last piece.
    rows: u64,
}

impl Cuts {
    fn of(rows_max: u64) -> Self {
        Cuts {
            rows_max,
            at: Vec::new(),
            rows: 0,
        }
    }

    /// Takes the next key and how many rows it has. Rows of one key stay together.
    fn add(&mut self, key: String, rows: u64) {
        if self.rows > 0 && self.rows + rows > self.rows_max {
            self.at.push(key);
            self.rows = 0;
        }
        self.rows += rows;
    }

    /// A condition for each piece, which together hold of every row once.
    fn conditions(&self, column: &str) -> Vec<String> {
        let cuts = || self.at.iter().map(|key| Some(text_literal(key)));
        let from = std::iter::once(None).chain(cuts());
        let to = cuts().chain(std::iter::once(None));
        from.zip(to)
            .map(|ends| match ends {
                (None, None) => "TRUE".to_owned(),
                (Some(from), None) => format!("{column} >= {from}"),
                (None, Some(to)) => format!("{column} < {to}"),
                (Some(from), Some(to)) => format!("{column} >= {from} AND {column} < {to}"),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conditions(rows_max: u64, counts: &[(&str, u64)]) -> Vec<String> {
        let mut cuts = Cuts::of(rows_max);
        for (key, rows) in counts {
            cuts.add((*key).to_owned(), *rows);
        }
        cuts.conditions("user_id")
    }

    #[test]
    fn rows_that_fit_are_one_piece() {
        assert_eq!(conditions(10, &[]), ["TRUE"]);
        assert_eq!(conditions(10, &[("a", 4), ("b", 6)]), ["TRUE"]);
    }

    #[test]
    fn pieces_meet_and_no_key_is_cut() {
        let counts = [("a", 25), ("b", 4), ("c", 6), ("o'neill", 1), ("z", 10)];
        assert_eq!(
            conditions(10, &counts),
            [
                "user_id < 'b'",
                "user_id >= 'b' AND user_id < 'o''neill'",
                "user_id >= 'o''neill' AND user_id < 'z'",
                "user_id >= 'z'",
            ]
        );
    }
}
