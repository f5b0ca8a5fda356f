//! Exchanges, conversations and resources follow the interactions, whatever the order in which
//! these come.

use std::collections::HashSet;

use hobbs_interaction::{Interaction, Kind};
use hobbs_lake::{Derivation, Derived, Writer};
use hobbs_verdict::{RuleFile, Rules};
use jiff::tz::TimeZone;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Map, Value};

use crate::fixture::{Lake, row, run};

fn derivation(writer: &Writer, rules: &Rules) -> Derivation {
    Derivation {
        rules: rules.compile(writer.fingerprint_key()),
        zone: TimeZone::get("Europe/Berlin").unwrap(),
    }
}

/// Commits rows and derives.
async fn keep(lake: &Lake, rows: &[Interaction<'_>]) {
    let mut writer = lake.writer().await;
    let rows = crate::fixture::rows_of(rows);
    writer.commit(&run(), 0, rows, Vec::new()).await.unwrap();
    let derivation = derivation(&writer, &Rules::built_in());
    writer.derive(&derivation).await.unwrap();
}

async fn derive_all_again(lake: &Lake) {
    let mut writer = lake.writer().await;
    let derivation = derivation(&writer, &Rules::built_in());
    writer.derive_all_again(&derivation).await.unwrap();
}

/// All rows of the derived tables, in an order of their own.
async fn derived(lake: &Lake) -> Vec<Vec<Map<String, Value>>> {
    let mut tables = Vec::new();
    for (table, key) in [
        ("exchanges", "thread_key, first_id"),
        ("conversations", "thread_key, conversation_key"),
        ("resources", "thread_key, first_id, ordinal"),
    ] {
        let sql = format!("SELECT * FROM {table} ORDER BY {key}");
        tables.push(lake.select(&sql).await);
    }
    tables
}

fn part(kind: Kind, session: Option<&str>, request: &str, id: u32) -> Interaction<'static> {
    Interaction {
        kind,
        request_id: Some(request.to_owned().into()),
        ..row("ann", session, id, 1)
    }
}

/// A derivation writes three tables, one after the other. Each cut is tried by taking back what the
/// last commits wrote, as if the process had ended before them.
#[tokio::test]
async fn a_derivation_that_was_cut_off_is_made_good() {
    let parts = |request: &str, first: u32| {
        [
            part(Kind::Prompt, Some("s"), request, first),
            part(Kind::Response, Some("s"), request, first + 1),
            part(Kind::Prompt, None, "alone", first + 2),
        ]
    };
    for before in [false, true] {
        for cut in [&["conversations"][..], &["conversations", "resources"]] {
            let lake = Lake::new();
            if before {
                keep(&lake, &parts("r0", 1)).await;
            }
            keep(&lake, &parts("r1", 11)).await;
            for table in cut {
                std::fs::remove_file(lake.log(table).last().unwrap()).unwrap();
            }
            // More comes before anybody derives again, and nothing.
            keep(&lake, &parts("r2", 21)).await;
            keep(&lake, &[]).await;
            let kept = derived(&lake).await;
            derive_all_again(&lake).await;
            assert_eq!(kept, derived(&lake).await, "{cut:?} {before}");
        }
    }
}

#[tokio::test]
async fn a_late_response_joins_its_prompt() {
    let lake = Lake::new();
    keep(&lake, &[part(Kind::Prompt, Some("s"), "r1", 1)]).await;
    assert_eq!(
        lake.number("SELECT count(*) FROM exchanges WHERE responses = 0")
            .await,
        1
    );
    keep(&lake, &[part(Kind::Response, Some("s"), "r1", 3)]).await;
    let exchanges = lake.select("SELECT * FROM exchanges").await;
    assert_eq!(exchanges.len(), 1, "{exchanges:?}");
    assert_eq!(exchanges[0]["responses"], 1);
    assert_eq!(exchanges[0]["reply_seconds"], 120.0);
    assert_eq!(exchanges[0]["reply_ms"], 120_000);
    assert_eq!(lake.number("SELECT turns FROM conversations").await, 1);
    assert_eq!(
        lake.number("SELECT count(*) FROM resources WHERE role = 'context'")
            .await,
        1,
        "the document in which both stand"
    );
}

#[tokio::test]
async fn what_was_derived_is_not_written_again() {
    let lake = Lake::new();
    keep(&lake, &[part(Kind::Prompt, Some("s"), "r1", 1)]).await;
    let commits = lake.log("exchanges").len();
    let mut writer = lake.writer().await;
    let derivation = derivation(&writer, &Rules::built_in());
    let again = writer.derive(&derivation).await.unwrap();
    assert_eq!((again.written, again.removed), (0, 0));
    assert_eq!(lake.log("exchanges").len(), commits);
}

#[tokio::test]
async fn a_day_is_the_tenants_day() {
    let lake = Lake::new();
    // 1 June 2026, 22:30 UTC is past midnight in Berlin.
    keep(&lake, &[part(Kind::Prompt, Some("s"), "r1", 22 * 60 + 30)]).await;
    let exchanges = lake
        .select("SELECT day, week, month, hour, weekday FROM exchanges")
        .await;
    let expected = serde_json::json!({
        "day": "2026-06-02", "week": "2026-06-01", "month": "2026-06-01", "hour": 0, "weekday": 2
    });
    assert_eq!(Value::Object(exchanges[0].clone()), expected);
}

/// Rows of a few users in a few sessions and in none, several of them ahead of their time or late,
/// some changed later.
fn commits(seed: u64) -> Vec<Vec<Interaction<'static>>> {
    let mut draw = StdRng::seed_from_u64(seed);
    let mut rows = Vec::new();
    for id in 0..400_u32 {
        let user = ["ann", "bob", "eve"][draw.random_range(0..3)];
        let session = [None, Some("s1"), Some("s2"), Some("s3")][draw.random_range(0..4)];
        let request = format!("r{}", id / 3 + draw.random_range(0..2));
        let kind = match draw.random_range(0..10) {
            0..5 => Kind::Prompt,
            5..9 => Kind::Response,
            _ => Kind::Other("thinking".to_owned()),
        };
        let app = ["Word", "Excel"][draw.random_range(0..2)];
        rows.push(Interaction {
            kind,
            app: app.into(),
            app_class: format!("IPM.SkypeTeams.Message.Copilot.{app}").into(),
            request_id: draw.random_bool(0.8).then_some(request.into()),
            text_fingerprint: Some(draw.random_range(0..40)),
            content_chars: draw.random_range(0..200),
            ..row(user, session, id * 20, 1)
        });
    }
    let mut commits: Vec<Vec<Interaction<'static>>> = vec![Vec::new(); 20];
    for (at, row) in rows.into_iter().enumerate() {
        let late = if draw.random_bool(0.1) {
            draw.random_range(1..6)
        } else {
            0
        };
        let commit = (at / 20 + late).min(19);
        if draw.random_bool(0.1) {
            let later = draw.random_range(commit..20);
            // Without a session the request says which thread a row is in, and stays.
            let moved = row.session_id.as_ref().map(|_| "moved".into());
            commits[later].push(Interaction {
                etag: "2".into(),
                content_chars: 7,
                request_id: moved.or(row.request_id.clone()),
                ..row.clone()
            });
        }
        commits[commit].push(row);
    }
    commits
}

#[tokio::test]
async fn twenty_syncs_derive_what_a_rebuild_derives() {
    for seed in [1] {
        let lake = Lake::new();
        for rows in commits(seed) {
            keep(&lake, &rows).await;
        }
        let incremental = derived(&lake).await;
        assert!(incremental.iter().all(|table| table.len() > 50));
        derive_all_again(&lake).await;
        let rebuilt = derived(&lake).await;
        for (incremental, rebuilt) in incremental.iter().zip(&rebuilt) {
            assert_eq!(incremental.len(), rebuilt.len(), "seed {seed}");
            for (a, b) in incremental.iter().zip(rebuilt) {
                assert_eq!(a, b, "seed {seed}");
            }
        }
        let rows = lake.rows().await;
        assert_eq!(
            lake.number("SELECT sum(parts) FROM exchanges").await,
            rows,
            "each interaction is in one exchange"
        );
    }
}

#[tokio::test]
async fn what_interrupted_runs_left_is_derived_by_the_next() {
    for derived_before in [0, 1] {
        let lake = Lake::new();
        for (rows, number) in commits(3).into_iter().zip(0..) {
            if number < derived_before {
                keep(&lake, &rows).await;
            } else {
                // Killed before it derived.
                lake.commit_with(&rows, Vec::new()).await;
            }
        }
        // Those that came, or changed, since.
        let since = commits(3).into_iter().skip(1).flatten();
        let since: HashSet<_> = since.map(|row| row.interaction_id.into_owned()).collect();
        let told = lake.reader().await.derived().await.unwrap();
        match derived_before {
            0 => assert_eq!(told, Derived::Nothing),
            _ => assert!(
                matches!(told, Derived::AllBut { interactions, .. } if interactions == since.len() as u64),
                "{told:?}"
            ),
        }
        keep(&lake, &[]).await;
        let found = derived(&lake).await;
        derive_all_again(&lake).await;
        assert_eq!(found, derived(&lake).await);
        assert_eq!(
            lake.number("SELECT sum(parts) FROM exchanges").await,
            lake.rows().await
        );
    }
}

/// Each cut is so many commits that were not made to each table, as if the process had ended before
/// them.
#[tokio::test]
async fn a_rebuild_that_was_cut_off_is_made_good() {
    for cut in [[0, 0, 1], [0, 1, 1], [1, 1, 1], [1, 2, 1], [1, 2, 2]] {
        let lake = Lake::new();
        for rows in commits(5).into_iter().take(3) {
            keep(&lake, &rows).await;
        }
        let whole = derived(&lake).await;
        derive_all_again(&lake).await;
        let tables = ["exchanges", "conversations", "resources"];
        for (table, not_made) in tables.into_iter().zip(cut) {
            for commit in lake.log(table).iter().rev().take(not_made) {
                std::fs::remove_file(commit).unwrap();
            }
        }
        keep(&lake, &[]).await;
        assert_eq!(whole, derived(&lake).await, "{cut:?}");
    }
}

#[tokio::test]
async fn an_answer_after_midnight_joins_its_prompt_without_a_session_too() {
    let lake = Lake::new();
    let midnight = 24 * 60;
    keep(&lake, &[part(Kind::Prompt, None, "r1", midnight - 1)]).await;
    let rows = [
        part(Kind::Response, None, "r1", midnight + 1),
        part(Kind::Prompt, None, "r2", midnight + 2),
    ];
    keep(&lake, &rows).await;
    let kept = derived(&lake).await;
    let parts: Vec<_> = kept[0].iter().map(|it| it["parts"].as_u64()).collect();
    assert_eq!(parts.iter().flatten().sum::<u64>(), 3);
    assert_eq!(parts.len(), 2);
    derive_all_again(&lake).await;
    assert_eq!(kept, derived(&lake).await);
}

#[tokio::test]
async fn rows_of_no_session_are_rebuilt_by_request_and_day() {
    let lake = Lake::new();
    // Without a session, and with one that has no name, in turn, over four days.
    for day in 0..4 {
        let rows: Vec<_> = (1..7)
            .map(|at| {
                let session = (at % 2 == 0).then_some("");
                let request = ["", "r1", "r2"][at as usize % 3];
                part(Kind::Prompt, session, request, day * 1440 + at)
            })
            .collect();
        keep(&lake, &rows).await;
    }
    let kept = derived(&lake).await;
    derive_all_again(&lake).await;
    assert_eq!(kept, derived(&lake).await);
}

#[tokio::test]
async fn other_rules_judge_everything_again() {
    let lake = Lake::new();
    keep(&lake, &[part(Kind::Prompt, Some("s"), "r1", 1)]).await;
    let before = lake.select("SELECT rules, verdict FROM exchanges").await;
    let own = "[[rule]]\nid = \"own.word\"\nversion = 1\nverdict = \"automatic\"\nconfidence = 0.9\nsays = \"All of Word\"\nevidence = \"a test\"\nseen = \"2026-01-01\"\napps = [\"Word\"]\nhas_prompt = true\n";
    let rules = Rules::built_in();
    let rules = rules
        .with(RuleFile::parse("own.toml", own).unwrap())
        .unwrap();
    let mut writer = lake.writer().await;
    let derivation = derivation(&writer, &rules);
    writer.derive(&derivation).await.unwrap();
    drop(writer);
    let after = lake.select("SELECT rules, verdict FROM exchanges").await;
    assert_ne!(before[0]["rules"], after[0]["rules"]);
    assert_eq!(
        (&before[0]["verdict"], &after[0]["verdict"]),
        (&Value::from("typed"), &Value::from("automatic"))
    );
}
