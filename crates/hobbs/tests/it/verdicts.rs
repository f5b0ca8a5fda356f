//! Who really asked, from the command line.

use std::collections::BTreeMap;

use hobbs_tenant::{Limits, TenantOptions, Volume};
use serde_json::Value;

use crate::simulated::{Simulated, json, text};

fn simulated() -> Simulated {
    Simulated::start(
        TenantOptions {
            users: 40,
            volume: Volume::Monthly(60.0),
            limits: Limits::off(),
            ..TenantOptions::default()
        }
        .everyone_licensed()
        .frozen(),
    )
}

fn run(simulated: &Simulated, arguments: &[&str]) -> Value {
    let output = simulated.hobbs(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    json(&output)
}

/// Judges all by a rule of one's own too; returns what `rules diff` said of it before.
fn diff_and_apply(simulated: &Simulated, own: &str) -> Value {
    let file = simulated.folder.path().join("own.toml");
    std::fs::write(&file, own).unwrap();
    let file = file.to_str().unwrap();
    let difference = run(simulated, &["rules", "diff", file, "--json"]);
    let applied = simulated
        .hobbs(&["rules", "apply", "--json"])
        .env("HOBBS_RULES", file)
        .output()
        .unwrap();
    assert_eq!(applied.status.code(), Some(0), "{}", text(&applied.stderr));
    difference
}

#[test]
fn verdicts_are_counted_explained_and_changed() {
    let simulated = simulated();
    run(&simulated, &["sync", "--json"]);

    let headline = run(
        &simulated,
        &["metrics", "run", "headline", "--days", "60", "--json"],
    );
    let row = &headline["rows"][0];
    let verdicts = [
        "typed",
        "clicked",
        "automatic",
        "system",
        "noise",
        "unknown",
    ];
    let sum: u64 = verdicts.iter().filter_map(|it| row[*it].as_u64()).sum();
    assert_eq!(Some(sum), row["exchanges"].as_u64(), "{row}");
    assert_eq!(
        row["interactions"],
        simulated.tenant.truth().count() as u64,
        "each interaction is in an exchange"
    );

    // Those of whom the tenant knows that they never wrote nor pressed anything.
    let mut asked: BTreeMap<String, bool> = BTreeMap::new();
    for item in simulated.tenant.truth() {
        let by_person = matches!(format!("{:?}", item.verdict).as_str(), "Typed" | "Clicked");
        *asked.entry(item.user_id.clone()).or_default() |= by_person;
    }
    let never = asked.values().filter(|asked| !**asked).count() as u64;
    assert!(never > 0, "some are active only as Microsoft counts");
    assert_eq!(row["users_any"].as_u64(), Some(asked.len() as u64));
    let not_asked = row["users_not_asked"].as_u64().unwrap();
    let undecided = row["users_undecided"].as_u64().unwrap();
    assert!(
        not_asked <= never && never <= not_asked + undecided + 1,
        "{never} of the truth: {row}"
    );

    let found = run(
        &simulated,
        &[
            "query",
            "SELECT user_id, prompt_id FROM exchanges WHERE rule = 'automatic.auto-generated' AND prompt_id IS NOT NULL LIMIT 1",
            "--json",
        ],
    );
    let (user, prompt) = (
        found[0]["user_id"].as_str().unwrap(),
        found[0]["prompt_id"].as_str().unwrap(),
    );
    let explanations = run(&simulated, &["rules", "explain", user, prompt, "--json"]);
    assert_eq!(explanations[0]["verdict"], "automatic");
    let looks = explanations[0]["looks"].as_array().unwrap();
    let won: Vec<&Value> = looks.iter().filter(|look| look["won"] == true).collect();
    assert_eq!(won.len(), 1);
    assert_eq!(won[0]["rule"], "automatic.auto-generated");

    // A rule of one's own: what it would move is what it moves.
    let own = "[[rule]]\nid = \"own.word\"\nversion = 1\nverdict = \"system\"\nconfidence = 0.9\nsays = \"All of Word.\"\nevidence = \"a test\"\nseen = \"2026-01-01\"\napps = [\"Word\"]\n";
    let difference = diff_and_apply(&simulated, own);
    let moved = difference["moved"].as_u64().unwrap();
    assert!(moved > 10, "{difference}");
    let by_own = run(
        &simulated,
        &[
            "query",
            "SELECT count(*) AS n FROM exchanges WHERE rule = 'own.word'",
            "--json",
        ],
    );
    assert!(by_own[0]["n"].as_u64().unwrap() >= moved, "{by_own}");
}

#[test]
fn rules_that_join_rows_in_another_way_are_compared_exchange_by_exchange() {
    let simulated = simulated();
    run(&simulated, &["sync", "--json"]);
    let exchanges = |simulated: &Simulated| -> BTreeMap<String, String> {
        let sql = "SELECT thread_key, first_id, verdict FROM exchanges";
        let rows = run(simulated, &["query", sql, "--json"]);
        let row = |row: &Value| {
            let key = format!("{} {}", row["thread_key"], row["first_id"]);
            (key, row["verdict"].to_string())
        };
        rows.as_array().unwrap().iter().map(row).collect()
    };
    let now = exchanges(&simulated);

    // What repeats a text after a longer time joins it too.
    let own = "[[rule]]\nid = \"own.repeat\"\nversion = 1\nverdict = \"noise\"\nconfidence = 0.95\nsays = \"The same text within an hour.\"\nevidence = \"a test\"\nseen = \"2026-01-01\"\njudges = \"part\"\nrepeat_within_seconds = 3600\n";
    let difference = diff_and_apply(&simulated, own);

    let then = exchanges(&simulated);
    let moved = now.iter().filter(|(key, verdict)| {
        let then = then.get(*key);
        then.is_some_and(|then| then != *verdict)
    });
    let moved = moved.count();
    let only_now = now.keys().filter(|key| !then.contains_key(*key)).count();
    let only_then = then.keys().filter(|key| !now.contains_key(*key)).count();
    assert!(only_now > 0, "the tenant repeats texts: {difference}");
    let counts = ["exchanges", "moved", "only_now", "only_then"].map(|it| &difference[it]);
    assert_eq!(
        counts,
        [now.len(), moved, only_now, only_then]
            .map(Value::from)
            .each_ref()
    );
}

#[test]
fn a_metric_that_is_misspelled_names_the_nearest() {
    let simulated = simulated();
    let output = simulated
        .hobbs(&["metrics", "show", "headlin"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("headline"));
}
