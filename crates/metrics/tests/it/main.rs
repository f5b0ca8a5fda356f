//! What the metrics give: their SQL, seen from outside. That it runs, and that engines agree about
//! it, is shown by `.ci/metrics_check.py` over a lake.

#![allow(clippy::unwrap_used)]

use std::collections::HashSet;

use hobbs_metrics::{Metric, NotKnown, NotSliced, Parameters, Slice, Window};
use jiff::civil::date;

fn november() -> Parameters {
    Parameters::of(Window::ending(date(2026, 11, 22), 28).unwrap())
}

fn sql(name: &str, parameters: &Parameters) -> String {
    Metric::named(name).unwrap().sql(parameters).unwrap()
}

/// Words of SQL outside of texts and comments.
fn words(sql: &str) -> Vec<String> {
    let code: String = sql
        .lines()
        .map(|line| line.split("--").next().unwrap())
        .collect::<Vec<_>>()
        .join("\n");
    let outside_of_texts: Vec<&str> = code.split('\'').step_by(2).collect();
    outside_of_texts
        .join(" ")
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

fn every_sql() -> impl Iterator<Item = (&'static Metric, Option<Slice>, String)> {
    Metric::all().iter().flat_map(|metric| {
        let slices = metric.slices().iter().copied().map(Some);
        std::iter::once(None).chain(slices).map(move |slice| {
            let parameters = Parameters {
                slice,
                ..november()
            };
            (metric, slice, metric.sql(&parameters).unwrap())
        })
    })
}

#[test]
fn undivided_there_is_no_slice() {
    insta::assert_snapshot!(sql("headline", &november()));
}

#[test]
fn by_user_people_are_named_at_the_end() {
    insta::assert_snapshot!(sql("breadth", &november().by(Slice::User)));
}

#[test]
fn by_department_of_a_tenant_with_quotes_in_its_name() {
    let parameters = Parameters {
        tenant_id: Some("O'Neill's".to_owned()),
        ..november().by(Slice::Department)
    };
    insta::assert_snapshot!(sql("lifecycle_by_28_days", &parameters));
}

#[test]
fn weeks_begin_eleven_before_the_window() {
    insta::assert_snapshot!(sql("segments", &november()));
}

#[test]
fn metrics_are_known_by_their_names() {
    let names: Vec<&str> = Metric::all().iter().map(Metric::name).collect();
    assert!(names.is_sorted());
    for name in names {
        assert_eq!(Metric::named(name).unwrap().name(), name);
    }
    let nearest = Some("headline");
    let name = "headlines".to_owned();
    assert_eq!(Metric::named("headlines"), Err(NotKnown { name, nearest }));
    assert_eq!(
        Metric::named("headlines").unwrap_err().to_string(),
        "there is no metric \"headlines\"; did you mean headline?"
    );
}

#[test]
fn a_metric_without_meaning_by_a_slice_is_refused() {
    let refused = Metric::named("retention")
        .unwrap()
        .sql(&november().by(Slice::Day));
    assert_eq!(
        refused,
        Err(NotSliced {
            metric: "retention".to_owned(),
            by: Slice::Day,
            allowed: "app, user, department".to_owned()
        })
    );
}

#[test]
fn what_looks_back_is_not_divided_by_time() {
    for metric in Metric::all() {
        let looks_back = [
            "exchanges_to_date",
            "everyone",
            "working_days",
            "working_day",
        ]
        .iter()
        .any(|part| words(metric.body()).iter().any(|word| word == part));
        let by_time = [Slice::Day, Slice::Week, Slice::Month]
            .iter()
            .any(|slice| metric.slices().contains(slice));
        assert!(!(looks_back && by_time), "{}", metric.name());
    }
}

#[test]
fn the_slice_is_there_exactly_where_it_is_asked_for() {
    for (metric, slice, sql) in every_sql() {
        let found = words(&sql).iter().any(|word| word == "slice");
        assert_eq!(found, slice.is_some(), "{} by {slice:?}", metric.name());
        let columns = metric.columns(slice);
        assert_eq!(columns.contains(&"slice"), slice.is_some());
        assert_eq!(
            columns.iter().collect::<HashSet<_>>().len(),
            columns.len(),
            "{}",
            metric.name()
        );
    }
}

/// What the three engines do not share, or share with different meanings.
#[test]
fn only_what_engines_share_is_written() {
    let forbidden: HashSet<&str> = [
        "date_trunc",
        "date_diff",
        "datediff",
        "date_part",
        "extract",
        "interval",
        "generate_series",
        "unnest",
        "approx_percentile_cont",
        "approx_quantile",
        "approx_distinct",
        "median",
        "percentile_cont",
        "quantile_cont",
        "avg",
        "qualify",
        "ilike",
        "varchar",
        "text",
        "exclude",
        "except",
        "using",
        "anti",
        "semi",
        "any_value",
        "arg_max",
        "max_by",
        "limit",
        "recursive",
        "lateral",
        "array_agg",
        "string_agg",
        "now",
        "current_date",
    ]
    .into();
    for (metric, slice, sql) in every_sql() {
        // `median` is a column's name here, and a function where a parenthesis follows.
        let called = sql.contains("median(");
        let found: Vec<String> = words(&sql.to_lowercase())
            .into_iter()
            .filter(|word| forbidden.contains(word.as_str()) && word != "median")
            .collect();
        assert!(
            found.is_empty() && !called,
            "{} by {slice:?}: {found:?}",
            metric.name()
        );
    }
}

/// Integers divide with a rest in some engines and without in others.
#[test]
fn only_doubles_are_divided() {
    for metric in Metric::all() {
        for line in metric.body().lines().filter(|line| line.contains(" / ")) {
            assert!(line.contains("AS DOUBLE) /"), "{}: {line}", metric.name());
        }
    }
}

/// DuckDB keeps whole, with all columns, what is read twice.
#[test]
fn what_is_in_scope_is_read_once() {
    for (metric, _, sql) in every_sql() {
        for part in [
            "exchanges_in_scope",
            "exchanges_to_date",
            "conversations_in_scope",
            "resources_in_scope",
        ] {
            let read = words(&sql)
                .windows(2)
                .filter(|pair| pair[0] == "FROM" && pair[1] == part)
                .count();
            assert!(read <= 1, "{} reads {part} {read} times", metric.name());
        }
    }
}

#[test]
fn the_headline_names_every_verdict() {
    let columns = Metric::named("headline").unwrap().columns(None);
    for verdict in [
        "typed",
        "clicked",
        "automatic",
        "system",
        "noise",
        "unknown",
    ] {
        assert!(columns.contains(&verdict));
    }
}

#[test]
fn estimates_are_shown_on_request_only() {
    let on_request: Vec<&str> = Metric::all()
        .iter()
        .filter(|metric| metric.on_request())
        .map(Metric::name)
        .collect();
    assert_eq!(on_request, ["assisted_hours"]);
}
