//! Takes the column `slice` out of a metric that is not divided by anything.
//!
//! A constant in its place would do in DuckDB, but costs DataFusion four to ten times the time: it
//! takes rows that share a constant as sorted by it and groups them as such.

/// The SQL without the column, or the text around a place where it can't be left out.
pub(crate) fn unsliced(sql: &str) -> Result<String, String> {
    let mut rest = sql;
    let mut without = String::with_capacity(sql.len());
    while let Some(at) = next(rest) {
        let before = qualified(&rest[..at]);
        let after = &rest[at + WORD.len()..];
        without.push_str(before);
        rest = if let Some(after) = after.strip_prefix(',') {
            // First of a list: the list goes on with the next.
            after.trim_start()
        } else if let Some(after) = joined(after) {
            after
        } else if let Some(kept) = without.strip_suffix("PARTITION BY ") {
            // Alone: the window is the whole.
            without.truncate(kept.len());
            after.trim_start_matches(' ')
        } else if let Some(kept) = without.strip_suffix("GROUP BY ")
            && (after.is_empty() || after.starts_with(['\n', ')']))
        {
            // Alone: the group is the whole.
            let end = kept.trim_end().len();
            without.truncate(end);
            after
        } else {
            let from = floor(rest, at.saturating_sub(20));
            let to = floor(rest, at + WORD.len() + 20);
            return Err(rest[from..to].trim().to_owned());
        };
    }
    without.push_str(rest);
    Ok(without)
}

const WORD: &str = "slice";

/// Where the word stands next, as a word of its own.
fn next(text: &str) -> Option<usize> {
    let inside =
        |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let bytes = text.as_bytes();
    text.match_indices(WORD).map(|(at, _)| at).find(|at| {
        !inside(at.checked_sub(1).and_then(|before| bytes.get(before)))
            && !inside(bytes.get(at + WORD.len()))
    })
}

/// What stands before the word, without a table's name and the dot.
fn qualified(before: &str) -> &str {
    match before.strip_suffix('.') {
        Some(table) => table.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '_'),
        None => before,
    }
}

/// What follows " = b.slice AND ".
fn joined(after: &str) -> Option<&str> {
    let (table, after) = after.strip_prefix(" = ")?.split_once(".slice AND ")?;
    table
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        .then_some(after)
}

fn floor(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn same(sliced: &str, without: &str) {
        assert_eq!(unsliced(sliced).as_deref(), Ok(without));
    }

    #[test]
    fn it_goes_from_lists() {
        same(
            "SELECT\n    slice,\n    app\nFROM x",
            "SELECT\n    app\nFROM x",
        );
        same("SELECT x.slice, app FROM x", "SELECT app FROM x");
        same("GROUP BY slice, app", "GROUP BY app");
        same(
            "PARTITION BY slice, user_key ORDER BY day",
            "PARTITION BY user_key ORDER BY day",
        );
    }

    #[test]
    fn alone_it_takes_its_clause_along() {
        same(
            "OVER (PARTITION BY slice ORDER BY n ROWS)",
            "OVER (ORDER BY n ROWS)",
        );
        same(
            "sum(n) OVER (PARTITION BY slice) AS t",
            "sum(n) OVER () AS t",
        );
        same("FROM x\nGROUP BY slice\n) AS y", "FROM x\n) AS y");
        same("FROM x GROUP BY slice) AS y", "FROM x) AS y");
        same("FROM x\nGROUP BY slice", "FROM x");
    }

    #[test]
    fn it_goes_from_joins() {
        same(
            "JOIN b ON a.slice = b.slice AND a.k = b.k",
            "JOIN b ON a.k = b.k",
        );
    }

    #[test]
    fn other_words_stay() {
        same(
            "SELECT slices, my_slice, slice_2 FROM sliced",
            "SELECT slices, my_slice, slice_2 FROM sliced",
        );
    }

    #[test]
    fn elsewhere_it_is_refused() {
        for sql in [
            "SELECT app, slice FROM x",
            "WHERE slice = 1",
            "ON a.slice = b.slice",
            "ORDER BY slice",
        ] {
            assert!(unsliced(sql).is_err(), "{sql}");
        }
    }
}
