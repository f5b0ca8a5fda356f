//! What is in scope, as plain SQL before the metric's own.

use crate::calendar;
use crate::metric::Metric;
use crate::parameters::{Parameters, Slice};
use crate::unsliced::unsliced;

/// The whole SQL of a metric.
pub(crate) fn whole(metric: &Metric, parameters: &Parameters) -> String {
    let body = match parameters.slice {
        Some(_) => metric.body.clone(),
        None => unsliced(&metric.body).unwrap_or_else(|_| metric.body.clone()),
    };
    let mut named = before(&body, parameters);
    named.push(("metric", indented(&body)));
    let parts: Vec<String> = named
        .iter()
        .map(|(name, sql)| format!("{name} AS (\n{sql}\n)"))
        .collect();
    format!("WITH\n{}\n{}", parts.join(",\n"), shown(metric, parameters))
}

/// The named parts that the body asks for, each after what it asks for itself.
fn before(body: &str, parameters: &Parameters) -> Vec<(&'static str, String)> {
    let asks = |name: &str| reads(body, name);
    let by_department = parameters.slice == Some(Slice::Department);
    let rows = [
        ("exchanges_in_scope", "exchanges", Days::Window),
        ("exchanges_to_date", "exchanges", Days::ToDate),
        ("conversations_in_scope", "conversations", Days::Window),
        ("resources_in_scope", "resources", Days::Window),
    ];
    let mut named = Vec::new();
    if asks("parameters") {
        named.push(("parameters", calendar::parameters(parameters)));
    }
    if asks("weeks") {
        named.push(("weeks", calendar::weeks(parameters.window)));
    }
    if asks("periods") {
        named.push(("periods", calendar::periods(parameters.window)));
    }
    let by_user = parameters.slice == Some(Slice::User);
    if asks("people") || asks("everyone") || by_department || by_user {
        named.push(("people", people(parameters)));
    }
    for (name, table, days) in rows {
        if asks(name) {
            named.push((
                name,
                in_scope(table, days, has_word(body, "period"), parameters),
            ));
        }
    }
    if asks("everyone") {
        named.push(("everyone", everyone(parameters)));
    }
    named
}

/// Which days of a table.
#[derive(Clone, Copy)]
enum Days {
    Window,
    /// All up to the window's last.
    ToDate,
}

fn in_scope(table: &str, days: Days, with_period: bool, parameters: &Parameters) -> String {
    // A letter for the table, so that lines stay short: e, c, r.
    let letter = &table[..1];
    let window = parameters.window;
    let mut columns = format!("{letter}.*");
    if with_period {
        columns += &format!(
            ",\n        {} AS period",
            calendar::period_of(letter, window)
        );
    }
    match parameters.slice {
        None => {}
        Some(Slice::User) => columns += &format!(",\n        {letter}.user_key AS slice"),
        Some(Slice::Department) => {
            columns += ",\n        coalesce(people.department, '(none)') AS slice";
        }
        Some(slice) => columns += &format!(",\n        {letter}.{slice} AS slice"),
    }
    let join = match parameters.slice {
        Some(Slice::Department) => {
            format!("\n    LEFT JOIN people ON people.user_key = {letter}.user_key")
        }
        _ => String::new(),
    };
    let scope = in_days(letter, days, parameters);
    format!("    SELECT\n        {columns}\n    FROM {table} AS {letter}{join}\n    WHERE {scope}")
}

/// The condition on days and tenant.
fn in_days(table: &str, days: Days, parameters: &Parameters) -> String {
    let (first, last) = (parameters.window.first(), parameters.window.last());
    let days = match days {
        Days::Window => format!("{table}.day BETWEEN DATE '{first}' AND DATE '{last}'"),
        Days::ToDate => format!("{table}.day <= DATE '{last}'"),
    };
    match &parameters.tenant_id {
        Some(tenant) => format!(
            "{days}\n        AND {table}.tenant_id = {}",
            literal(tenant)
        ),
        None => days,
    }
}

/// The record of each user that held at the end of the window, so that last quarter's figures have
/// last quarter's departments; where none is known so early, the first one. By a join, since
/// DataFusion takes twice the time to number the records; grouped, so that two records of one moment
/// are one person.
fn people(parameters: &Parameters) -> String {
    // As text, which every engine compares with a UTC time without casting the column. The day ends
    // in UTC here, whatever the tenant's time zone.
    let last = parameters.window.last();
    let end = last.tomorrow().unwrap_or(last);
    let tenant = match &parameters.tenant_id {
        Some(tenant) => format!("\n    WHERE u.tenant_id = {}", literal(tenant)),
        None => String::new(),
    };
    format!(
        "    SELECT\n        \
             u.user_key,\n        \
             max(coalesce(u.user_principal_name, u.user_id)) AS user_name,\n        \
             max(coalesce(u.department, '(none)')) AS department,\n        \
             max(u.licensed) AS licensed\n    \
         FROM users AS u\n    \
         JOIN (\n        \
             SELECT user_key, min(valid_from) AS valid_from\n        \
             FROM users\n        \
             WHERE valid_to IS NULL OR valid_to > '{end}T00:00:00Z'\n        \
             GROUP BY user_key\n    \
         ) AS held ON held.user_key = u.user_key AND held.valid_from = u.valid_from{tenant}\n    \
         GROUP BY u.user_key"
    )
}

/// Whoever is licensed now, and whoever ever used Copilot. Reads `exchanges` by itself: what two
/// parts ask for, DuckDB keeps whole, with all columns.
fn everyone(parameters: &Parameters) -> String {
    let (of_people, slice, join) = match parameters.slice {
        None => ("user_key", "", ""),
        Some(Slice::Department) => (
            "department AS slice, user_key",
            "coalesce(people.department, '(none)') AS slice, ",
            "\n    LEFT JOIN people ON people.user_key = e.user_key",
        ),
        Some(_) => ("user_key AS slice, user_key", "e.user_key AS slice, ", ""),
    };
    let scope = in_days("e", Days::ToDate, parameters);
    format!(
        "    SELECT {of_people} FROM people WHERE licensed\n    \
             UNION\n    \
             SELECT {slice}e.user_key\n    \
             FROM exchanges AS e{join}\n    \
             WHERE {scope}"
    )
}

/// The columns by name, in an order that does not change.
fn shown(metric: &Metric, parameters: &Parameters) -> String {
    let columns = metric.columns(parameters.slice);
    let of_grain = metric.grain.len() - usize::from(parameters.slice.is_none());
    let by_user = parameters.slice == Some(Slice::User);
    let selected: Vec<String> = columns
        .iter()
        .map(|column| match *column {
            // Users are grouped by number, and named at the end.
            "slice" if by_user => {
                "coalesce(people.user_name, concat('user ', metric.slice)) AS slice".to_owned()
            }
            column => format!("metric.{column}"),
        })
        .collect();
    let join = if by_user {
        "\nLEFT JOIN people ON people.user_key = metric.slice"
    } else {
        ""
    };
    // By position: where users are named at the end, a name would mean two columns.
    let order: Vec<String> = (1..=of_grain)
        .map(|at| format!("{at} NULLS FIRST"))
        .collect();
    let order = match order.join(", ") {
        none if none.is_empty() => none,
        order => format!("\nORDER BY {order}"),
    };
    format!(
        "SELECT\n    {}\nFROM metric{join}{order}\n",
        selected.join(",\n    ")
    )
}

fn indented(sql: &str) -> String {
    let lines: Vec<String> = sql
        .lines()
        .map(|line| {
            if line.is_empty() {
                String::new()
            } else {
                format!("    {line}")
            }
        })
        .collect();
    lines.join("\n")
}

/// A text as SQL writes it. Spark reads a backslash as an escape, so what holds one is put
/// together of its letters' numbers.
fn literal(text: &str) -> String {
    let quoted = |part: &str| format!("'{}'", part.replace('\'', "''"));
    if !text.contains('\\') {
        return quoted(text);
    }
    let parts: Vec<String> = text.split('\\').map(quoted).collect();
    format!("concat({})", parts.join(", chr(92), "))
}

/// It stands after FROM or JOIN.
fn reads(sql: &str, name: &str) -> bool {
    let words: Vec<&str> = words(sql).collect();
    words
        .windows(2)
        .any(|pair| matches!(pair[0], "FROM" | "JOIN") && pair[1] == name)
}

fn words(sql: &str) -> impl Iterator<Item = &str> {
    sql.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
}

fn has_word(text: &str, word: &str) -> bool {
    words(text).any(|other| other == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_end_where_they_end() {
        assert_eq!(literal("plain"), "'plain'");
        assert_eq!(
            literal("O'Neill'; DROP TABLE x; --"),
            "'O''Neill''; DROP TABLE x; --'"
        );
        assert_eq!(literal("a\\' OR 1=1"), "concat('a', chr(92), ''' OR 1=1')");
    }

    #[test]
    fn words_are_whole() {
        assert!(has_word("x AS period,", "period"));
        assert!(!has_word("x AS periods,", "period"));
        assert!(reads("FROM a\nJOIN weeks ON 1", "weeks"));
        assert!(!reads("SELECT weeks FROM user_weeks", "weeks"));
    }
}
