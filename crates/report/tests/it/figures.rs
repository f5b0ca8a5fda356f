//! JSON and table.

use hobbs_report::{RowKind, Scope, Style, Summary, summarize, table};
use serde_json::json;

use crate::memory::Memory;
use crate::{now, population, prompt, response};

fn report(memory: &Memory) -> Summary {
    futures::executor::block_on(summarize(memory, &Scope::default(), now())).unwrap()
}

/// One user, one day: four prompts (one automatic), four responses (one automatic, one of a
/// request without a prompt), and something new.
fn one_user() -> Memory {
    let mark = |mut row: hobbs_report::ReportRow| {
        row.mark = Some("auto_generated".into());
        row
    };
    let mut new = prompt(900, "");
    new.kind = RowKind::Other("userReaction".into());
    let mut elsewhere = response(860, "e");
    elsewhere.app = "Teams".into();
    elsewhere.app_class = "IPM.SkypeTeams.Message.Copilot.Teams".into();
    let mut memory = Memory::of(vec![
        prompt(0, "a"),
        response(4, "a"),
        response(5, "a"),
        prompt(60, "b"),
        mark(prompt(120, "c")),
        mark(response(121, "c")),
        prompt(800, "d"),
        elsewhere,
        new,
    ]);
    memory.people = vec![json!({
        "user_id": "u1", "user_principal_name": "adele@contoso.com", "display_name": "Adele Vance",
        "department": "Finance", "licensed": true, "state": "present",
    })];
    memory.whole = vec![json!({"user_id": "u1", "from_ms": 0, "to_ms": 1_795_348_800_000_i64})];
    memory
}

#[test]
fn json_of_one_user() {
    insta::assert_json_snapshot!(report(&one_user()));
}

#[test]
fn table_of_one_user() {
    insta::assert_snapshot!(table::render(&report(&one_user()), Style::default()));
}

#[test]
fn table_of_many_users() {
    let text = table::render(&report(&population::source(6_000, 60, 0)), Style::default());
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    insta::assert_snapshot!(text);
}

#[test]
fn no_interactions_is_not_a_division() {
    let mut memory = Memory::of(Vec::new());
    memory.people = one_user().people;
    memory.whole = one_user().whole;
    insta::assert_snapshot!(table::render(&report(&memory), Style::default()), @r"
    Copilot interactions of adele@contoso.com
    Whole: every licensed user from the beginning to 2026-11-22 12:00 UTC

    no interactions
    ");
}

#[test]
fn a_terminal_obeys_nothing_that_a_tenant_says() {
    let mut memory = one_user();
    memory.people[0]["user_principal_name"] = json!("\u{1b}]0;owned\u{7}\u{202e}eve@contoso.com\n");
    memory.people[0]["department"] = json!("\u{1b}[31mred");
    memory.failures = vec![
        json!({"user_id": "u1", "error_code": "\u{1b}[2J", "error": "\u{9b}31m\r\n\u{2066}x"}),
    ];
    memory.whole.clear();
    let text = table::render(&report(&memory), Style::default());
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text}");
    assert!(!text.contains(['\u{202e}', '\u{2066}']));
    assert!(text.contains("␛]0;owned␇eve@contoso.com␊"));
}

#[test]
fn color_is_only_added() {
    let summary = report(&one_user());
    let plain = table::render(&summary, Style::default());
    let colored = table::render(
        &summary,
        Style {
            color: true,
            width: 80,
        },
    );
    assert!(colored.contains("\u{1b}[32m"));
    let stripped = colored
        .replace("\u{1b}[32m", "")
        .replace("\u{1b}[1m", "")
        .replace("\u{1b}[0m", "");
    assert_eq!(stripped, plain);
}

#[test]
fn counts_add_up() {
    let summary = report(&population::source(5_000, 40, 0));
    let rows = summary.rows.counts;
    assert_eq!(rows.total, 5_000);
    assert_eq!(rows.prompts + rows.responses + rows.other, rows.total);
    let by = |totals: Vec<u64>| assert_eq!(totals.iter().sum::<u64>(), rows.total);
    by(summary.apps.iter().map(|app| app.counts.total).collect());
    by(summary.users.iter().map(|user| user.counts.total).collect());
    by(summary
        .departments
        .iter()
        .map(|department| department.counts.total)
        .collect());
    by(summary.days.iter().map(|day| day.counts.total).collect());
    assert_eq!(
        summary.marks.iter().map(|mark| mark.total).sum::<u64>(),
        rows.marked_automatic
    );
    assert_eq!(summary.users.last().map(|user| user.counts.total), Some(0));
}
