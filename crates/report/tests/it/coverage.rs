//! What a report says it does not cover.

use hobbs_report::{Scope, Summary, summarize};
use serde_json::{Value, json};

use crate::memory::Memory;
use crate::{now, prompt};

const DAY: i64 = 86_400_000;
/// 2026-11-22T12:00:00Z.
const READ: i64 = 1_795_348_800_000;

fn person(id: &str, licensed: bool, state: &str, since_ms: i64) -> Value {
    json!({
        "user_id": id, "user_principal_name": format!("{id}@contoso.com"), "licensed": licensed, "state": state,
        "valid_from_at": since_ms, "department": null,
    })
}

fn whole(id: &str, from_ms: i64, to_ms: i64) -> Value {
    json!({"user_id": id, "from_ms": from_ms, "to_ms": to_ms})
}

/// A lake of nobody's rows.
fn lake(people: Vec<Value>, whole: Vec<Value>) -> Memory {
    let mut memory = Memory::of(Vec::new());
    memory.people = people;
    memory.whole = whole;
    memory
}

fn report(memory: &Memory, scope: &Scope) -> Summary {
    futures::executor::block_on(summarize(memory, scope, now())).unwrap()
}

/// Each gap as "user from-to code", in days before [`READ`]; the beginning is "start".
fn gaps(summary: &Summary) -> Vec<String> {
    let days = |time: jiff::Timestamp| (READ - time.as_millisecond()) as f64 / DAY as f64;
    let gap = |gap: &hobbs_report::coverage::Gap| {
        let from = gap
            .from
            .map_or("start".to_owned(), |from| format!("{}d", days(from)));
        format!("{} {from}..{}d {}", gap.user_id, days(gap.to), gap.code)
    };
    summary.coverage.gaps.iter().map(gap).collect()
}

#[test]
fn everybody_read_to_the_same_moment_is_whole() {
    let memory = lake(
        vec![
            person("a", true, "present", 0),
            person("b", true, "present", 0),
        ],
        vec![whole("a", 0, READ), whole("b", 0, READ)],
    );
    let summary = report(&memory, &Scope::default());
    assert!(summary.coverage.whole);
    assert_eq!(gaps(&summary), [""; 0]);
    assert_eq!(summary.window.from, None);
    assert_eq!(summary.window.to.as_millisecond(), READ);
}

#[test]
fn a_licensed_user_never_asked_is_a_gap() {
    let memory = lake(
        vec![
            person("a", true, "present", 0),
            person("b", true, "present", 0),
        ],
        vec![whole("a", 0, READ)],
    );
    let summary = report(&memory, &Scope::default());
    assert!(!summary.coverage.whole);
    assert_eq!(gaps(&summary), ["b start..0d never_read"]);
    assert_eq!(
        (summary.coverage.users, summary.coverage.users_with_gaps),
        (2, 1)
    );
}

#[test]
fn a_failed_reading_says_why_and_only_where_it_failed() {
    let mut memory = lake(
        vec![
            person("a", true, "present", 0),
            person("b", true, "present", 0),
        ],
        vec![
            whole("a", 0, READ),
            whole("b", 0, READ - 9 * DAY),
            whole("b", READ - 8 * DAY, READ - 2 * DAY),
        ],
    );
    memory.failures = vec![json!({
        "user_id": "b", "from_ms": READ - 3 * DAY, "to_ms": READ, "error_code": "throttled", "error": "429",
    })];
    let summary = report(&memory, &Scope::default());
    assert_eq!(gaps(&summary), ["b 9d..8d not_read", "b 2d..0d throttled"]);
    assert_eq!(summary.coverage.gaps[1].error.as_deref(), Some("429"));
    assert_eq!(summary.coverage.users_with_gaps, 1);
}

#[test]
fn a_user_behind_the_others_is_a_gap_unless_the_window_ends_earlier() {
    let memory = lake(
        vec![
            person("a", true, "present", 0),
            person("b", true, "present", 0),
        ],
        vec![whole("a", 0, READ), whole("b", 0, READ - DAY)],
    );
    assert_eq!(
        gaps(&report(&memory, &Scope::default())),
        ["b 1d..0d not_read"]
    );
    let scope = Scope {
        to_ms: Some(READ - DAY),
        ..Scope::default()
    };
    assert!(report(&memory, &scope).coverage.whole);
}

#[test]
fn history_of_a_lost_license_is_missing_only_until_it_was_known_lost() {
    let people = vec![
        person("a", true, "present", 0),
        person("b", false, "present", READ - 5 * DAY),
    ];
    let memory = lake(
        people.clone(),
        vec![whole("a", 0, READ), whole("b", 0, READ - 6 * DAY)],
    );
    let summary = report(&memory, &Scope::default());
    assert_eq!(gaps(&summary), ["b 6d..5d not_licensed"]);
    // A week that begins after that is whole.
    let scope = Scope {
        from_ms: Some(READ - 4 * DAY),
        ..Scope::default()
    };
    assert!(report(&memory, &scope).coverage.whole);
    // So is everything where the license went after the last reading.
    let memory = lake(
        people,
        vec![whole("a", 0, READ), whole("b", 0, READ - 5 * DAY)],
    );
    assert!(report(&memory, &Scope::default()).coverage.whole);
}

#[test]
fn who_left_is_said_to_have_left() {
    let memory = lake(
        vec![
            person("a", true, "present", 0),
            person("b", true, "left", READ - DAY),
        ],
        vec![whole("a", 0, READ), whole("b", 0, READ - 2 * DAY)],
    );
    assert_eq!(gaps(&report(&memory, &Scope::default())), ["b 2d..1d left"]);
}

#[test]
fn who_never_had_a_license_is_nobodys_gap_unless_named() {
    let memory = lake(
        vec![
            person("a", true, "present", 0),
            person("guest", false, "present", 0),
        ],
        vec![whole("a", 0, READ)],
    );
    let summary = report(&memory, &Scope::default());
    assert!(summary.coverage.whole);
    assert_eq!(summary.users.len(), 1);
    let named = Scope {
        users: vec!["guest".into()],
        ..Scope::default()
    };
    assert_eq!(
        gaps(&report(&memory, &named)),
        ["guest start..0d not_licensed"]
    );
}

#[test]
fn rows_of_somebody_unknown_are_covered_by_nothing() {
    let mut row = prompt(0, "a");
    row.user_id = "imported".into();
    let mut memory = Memory::of(vec![row]);
    memory.people = vec![person("a", true, "present", 0)];
    memory.whole = vec![whole("a", 0, READ)];
    assert_eq!(
        gaps(&report(&memory, &Scope::default())),
        ["imported start..0d never_read"]
    );
}

#[test]
fn an_empty_lake_is_not_whole() {
    let summary = report(&lake(vec![], vec![]), &Scope::default());
    assert!(!summary.coverage.whole);
    assert_eq!(summary.window.to, now());
}

#[test]
fn a_window_never_ends_after_now() {
    let memory = lake(
        vec![person("a", true, "present", 0)],
        vec![whole("a", 0, READ)],
    );
    let scope = Scope {
        to_ms: Some(READ + 30 * DAY),
        ..Scope::default()
    };
    let summary = report(&memory, &scope);
    assert_eq!(summary.window.to, now());
    assert_eq!(summary.coverage.gaps.len(), 1);
    // Read last a month ago, asked for the last week: nothing of that is covered.
    let late = lake(
        vec![person("a", true, "present", 0)],
        vec![whole("a", 0, READ - 30 * DAY)],
    );
    let scope = Scope {
        from_ms: Some(READ - 7 * DAY),
        ..Scope::default()
    };
    let summary = report(&late, &scope);
    assert!(!summary.coverage.whole);
    assert_eq!((summary.coverage.gaps.len(), summary.window.to), (1, now()));
}
