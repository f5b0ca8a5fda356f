//! The real program killed, stopped and hindered at any moment, over real HTTP; and what the lake
//! holds afterwards.
#![allow(
    clippy::disallowed_methods,
    reason = "another process lives by the real clock"
)]

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Output, Stdio};
use std::time::{Duration, Instant};

use hobbs_tenant::{TenantOptions, Volume};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use crate::simulated::{Simulated, json as json_of, text};

/// Kills in one run of the tests; as many as wanted with HOBBS_TEST_KILLS.
const KILLS: u32 = 20;

/// Histories of several pages, so that there is something to be in the middle of.
pub fn tenant() -> TenantOptions {
    TenantOptions {
        users: 24,
        volume: Volume::Exactly(120),
        ..TenantOptions::seeded(41)
    }
    .everyone_licensed()
    .frozen()
    .unthrottled()
}

/// How often each interaction stands in the lake, by its key.
fn kept(simulated: &Simulated) -> BTreeMap<String, usize> {
    let sql = "SELECT user_id, session_id, interaction_id, etag FROM interactions";
    let rows = simulated
        .hobbs(&["query", sql, "--format", "ndjson"])
        .output()
        .unwrap();
    assert_eq!(rows.status.code(), Some(0), "{}", text(&rows.stderr));
    let mut kept = BTreeMap::new();
    for line in text(&rows.stdout).lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let etag = row["etag"].as_str().unwrap_or_default().to_owned();
        *kept
            .entry(key(
                &row["user_id"],
                &row["session_id"],
                &row["interaction_id"],
                &etag,
            ))
            .or_default() += 1;
    }
    kept
}

fn key(user: &Value, session: &Value, id: &Value, etag: &str) -> String {
    format!("{user} {session} {id} {etag}")
}

/// Nothing is lost, nothing is extra, nothing stands twice.
#[track_caller]
pub fn assert_true(simulated: &Simulated) {
    let truth: BTreeMap<String, usize> = simulated
        .tenant
        .truth()
        .map(|item| {
            let (user, session, id) = (json!(item.user_id), json!(item.session_id), json!(item.id));
            (key(&user, &session, &id, &item.etag), 1)
        })
        .collect();
    let kept = kept(simulated);
    let lost = truth.keys().filter(|key| !kept.contains_key(*key)).count();
    let extra = kept.keys().filter(|key| !truth.contains_key(*key)).count();
    let twice = kept.values().filter(|times| **times > 1).count();
    assert_eq!(
        (lost, extra, twice),
        (0, 0, 0),
        "lost, extra, twice of {}",
        truth.len()
    );
}

/// `hobbs lake check` finds nothing wrong.
#[track_caller]
pub fn assert_sound(simulated: &Simulated) {
    if commits(&lake(simulated)) == 0 {
        return; // killed before there was a lake
    }
    let check = simulated.hobbs(&["lake", "check"]).output().unwrap();
    assert_eq!(
        check.status.code(),
        Some(0),
        "{}{}",
        text(&check.stdout),
        text(&check.stderr)
    );
}

fn start(simulated: &Simulated, arguments: &[&str]) -> Child {
    simulated
        .process(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn signal(child: &Child, name: &str) {
    let sent = std::process::Command::new("kill")
        .args([format!("-{name}"), child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
}

/// Waits until something holds, but not beyond the end of the process.
fn wait_until(child: &mut Child, holds: impl Fn() -> bool) -> bool {
    let patience = Instant::now() + Duration::from_secs(60);
    while !holds() {
        if child.try_wait().unwrap().is_some() || Instant::now() > patience {
            return false;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    true
}

/// Commits in a lake, of all its tables.
fn commits(lake: &Path) -> usize {
    let tables = std::fs::read_dir(lake).into_iter().flatten().flatten();
    tables.map(|table| logs(&table.path()).len()).sum()
}

/// The commits of a table, oldest first.
fn logs(table: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(table.join("_delta_log"))
        .into_iter()
        .flatten()
        .flatten();
    let mut logs: Vec<PathBuf> = files
        .map(|file| file.path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    logs.sort();
    logs
}

fn lake(simulated: &Simulated) -> PathBuf {
    simulated.folder.path().join("hobbs-lake")
}

/// The last line of the diary.
fn last_run(simulated: &Simulated) -> Value {
    let sql = "SELECT status, error, users_failed, rows_new, ended_at FROM runs ORDER BY started_at DESC LIMIT 1";
    json_of(&simulated.hobbs(&["query", sql, "--json"]).output().unwrap())[0].clone()
}

#[track_caller]
pub fn assert_whole(sync: &Output) {
    assert_eq!(sync.status.code(), Some(0), "{}", text(&sync.stderr));
    assert_eq!(json_of(sync)["status"], "whole");
}

#[test]
fn killed_at_any_moment_the_next_sync_makes_it_whole() {
    let kills = std::env::var("HOBBS_TEST_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let simulated = Simulated::start(TenantOptions {
        latency_ms: 5..=25,
        ..tenant()
    });
    let users: Vec<String> = (0..simulated.tenant.user_count())
        .map(|index| simulated.tenant.user_facts(index).id)
        .collect();
    let mut chance = StdRng::seed_from_u64(20_261_123);
    let mut ended = 0;
    for kill in 0..kills {
        // Different users each time, so that there is something new to commit until the last.
        let mut arguments = vec!["sync", "--quiet", "--full"];
        if kill % 4 != 3 {
            for _ in 0..3 {
                arguments.extend(["--user", &users[chance.random_range(0..users.len())]]);
            }
        }
        let mut child = start(&simulated, &arguments);
        // By the clock, and by what has been committed: little time passes between two commits.
        if kill % 2 == 0 {
            let before = commits(&lake(&simulated));
            let more = if before < 13 { 1..24 } else { 1..14 };
            let more = chance.random_range(more);
            wait_until(&mut child, || commits(&lake(&simulated)) >= before + more);
            std::thread::sleep(Duration::from_millis(chance.random_range(0..30)));
        } else {
            std::thread::sleep(Duration::from_millis(chance.random_range(0..1600)));
        }
        ended += u32::from(child.try_wait().unwrap().is_some());
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(
        ended * 2 < kills,
        "{ended} of {kills} ended before they were killed"
    );
    let sync = simulated.hobbs(&["sync", "--json"]).output().unwrap();
    assert_whole(&sync);
    assert_true(&simulated);
    assert_sound(&simulated);
}

/// Stops a sync at a moment, and finds it ended in order within 5 s; gives its summary.
#[track_caller]
fn stopped(simulated: &Simulated, name: &str, moment: impl Fn() -> bool) -> Value {
    let mut child = start(simulated, &["sync", "--json"]);
    assert!(wait_until(&mut child, moment), "the moment came");
    let sent = Instant::now();
    signal(&child, name);
    let output = child.wait_with_output().unwrap();
    let waited = sent.elapsed();
    assert_eq!(
        output.status.code(),
        Some(3),
        "{:?} {}",
        output.status,
        text(&output.stderr)
    );
    assert!(waited < Duration::from_secs(5), "{waited:?}");
    let summary = json_of(&output);
    assert_eq!(summary["status"], "partial");
    assert_eq!(summary["ended_early"], "stopped");
    summary
}

#[test]
fn a_signal_while_histories_are_read_ends_the_sync_in_order() {
    for name in ["TERM", "INT"] {
        let simulated = Simulated::start(TenantOptions {
            volume: Volume::Exactly(80), // a page each
            latency_ms: 5..=2000,
            ..tenant()
        });
        let before = OnceCell::new();
        let summary = stopped(&simulated, name, || {
            let statistics = simulated.tenant.statistics();
            let answers = statistics.answers(200);
            statistics.requests("history") > 0 && answers >= before.get_or_init(|| answers) + 8
        });
        let run = last_run(&simulated);
        assert_eq!(run["status"], "partial", "{run}");
        assert_eq!(run["error"], "stopped", "{run}");
        assert!(run["ended_at"].is_string(), "{run}");
        let failed = summary["failed"].as_array().unwrap().len();
        assert_eq!(run["users_failed"], failed);
        assert!(
            0 < failed && failed < 24,
            "some were read, some were not: {failed}"
        );
        // What is whole is kept: all rows of those who are not named.
        let kept = kept(&simulated);
        let named = |id: &str| {
            let failed = summary["failed"].as_array().unwrap();
            failed.iter().any(|user| user["user_id"] == id)
        };
        let whole = simulated
            .tenant
            .truth()
            .filter(|item| !named(&item.user_id))
            .count();
        assert_eq!(kept.len(), whole);
        assert_whole(&simulated.hobbs(&["sync", "--json"]).output().unwrap());
        assert_true(&simulated);
    }
}

#[test]
fn a_signal_before_histories_are_read_ends_the_sync_in_order() {
    let simulated = Simulated::start(TenantOptions {
        directory_latency_ms: 800..=800,
        ..tenant()
    });
    stopped(&simulated, "TERM", || {
        let statistics = simulated.tenant.statistics();
        statistics.requests("users") + statistics.requests("users_delta") > 0
    });
    let run = last_run(&simulated);
    assert_eq!(
        (&run["status"], &run["error"]),
        (&json!("partial"), &json!("stopped")),
        "{run}"
    );
    assert_whole(&simulated.hobbs(&["sync", "--json"]).output().unwrap());
    assert_true(&simulated);
}

#[test]
fn a_signal_before_anything_is_opened_ends_the_sync_as_partial() {
    let simulated = Simulated::start(tenant());
    // Whoever answers no sign-in: a listener that takes no connection.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", silent.local_addr().unwrap());
    let mut child = simulated
        .process(&["sync"])
        .env("HOBBS_AUTHORITY_URL", &address)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _connection = silent.accept().unwrap();
    signal(&child, "INT");
    let sent = Instant::now();
    assert_eq!(child.wait().unwrap().code(), Some(3));
    assert!(sent.elapsed() < Duration::from_secs(5));
    assert!(!lake(&simulated).exists());
}

#[test]
fn a_signal_while_exchanges_are_derived_ends_the_sync_in_order() {
    let simulated = Simulated::start(tenant());
    let (interactions, exchanges) = (
        lake(&simulated).join("interactions"),
        lake(&simulated).join("exchanges"),
    );
    stopped(&simulated, "TERM", || {
        logs(&interactions).len() > 1 && logs(&exchanges).len() == 1
    });
    assert_eq!(last_run(&simulated)["status"], "partial");
    assert_whole(&simulated.hobbs(&["sync", "--json"]).output().unwrap());
    assert_true(&simulated);
    let sql = "SELECT (SELECT count(*) FROM interactions) - (SELECT sum(parts) FROM exchanges) AS missing";
    let rows = json_of(&simulated.hobbs(&["query", sql, "--json"]).output().unwrap());
    assert_eq!(rows[0]["missing"], 0, "each interaction is in one exchange");
}

#[test]
fn the_second_of_two_writers_is_turned_away_and_the_first_is_unharmed() {
    let simulated = Simulated::start(TenantOptions {
        latency_ms: 300..=300,
        ..tenant()
    });
    let mut first = start(&simulated, &["sync", "--json"]);
    assert!(wait_until(&mut first, || simulated
        .tenant
        .statistics()
        .requests("history")
        > 0));
    for arguments in [&["sync"][..], &["lake", "optimize"], &["rules", "apply"]] {
        let asked = Instant::now();
        let second = simulated.hobbs(arguments).output().unwrap();
        let said = text(&second.stderr);
        assert_eq!(second.status.code(), Some(1), "{said}");
        assert!(asked.elapsed() < Duration::from_secs(5), "at once");
        let holder = format!("process {}", first.id());
        for words in [&holder, "hobbs-lake", "wait"] {
            assert!(said.contains(words), "{words:?} in {said}");
        }
    }
    assert!(first.try_wait().unwrap().is_none(), "the first goes on");
    assert_whole(&first.wait_with_output().unwrap());
    assert_true(&simulated);
}

#[test]
fn a_sync_goes_on_where_nobody_reads_its_talk() {
    let simulated = Simulated::start(tenant());
    let mut child = start(&simulated, &["sync", "-vv", "--json"]);
    drop(child.stderr.take());
    assert_whole(&child.wait_with_output().unwrap());
    assert_true(&simulated);
}

/// Each file of the lake but the lock, with its bytes.
fn bytes(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(bytes(&path));
        } else if !path.ends_with(".hobbs.lock") {
            found.insert(path.clone(), std::fs::read(path).unwrap());
        }
    }
    found
}

#[test]
fn a_lake_of_a_newer_version_is_left_alone_by_every_command() {
    let simulated = Simulated::start(tenant());
    simulated.hobbs(&["sync", "--quiet"]).assert().success();
    let log = lake(&simulated).join("runs/_delta_log/00000000000000000000.json");
    let now = std::fs::read_to_string(&log).unwrap();
    let newer = now.replace(r#""hobbs.lakeVersion":"3""#, r#""hobbs.lakeVersion":"99""#);
    assert_ne!(now, newer);
    std::fs::write(&log, newer).unwrap();
    let before = bytes(&lake(&simulated));
    for arguments in [
        &["sync"][..],
        &["report"],
        &["query", "SELECT 1"],
        &["lake", "status"],
        &["lake", "check"],
        &["lake", "check", "--repair"],
        &["lake", "optimize"],
        &["rules", "apply", "--full"],
    ] {
        let output = simulated.hobbs(arguments).output().unwrap();
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(
            said.contains("99") && said.contains("newer hobbs"),
            "{arguments:?}: {said}"
        );
    }
    assert_eq!(bytes(&lake(&simulated)), before);
}

#[test]
fn after_damage_the_commands_that_are_named_make_all_good() {
    let simulated = Simulated::start(tenant());
    simulated.hobbs(&["sync", "--quiet"]).assert().success();
    let interactions = lake(&simulated).join("interactions");
    let data: Vec<PathBuf> = bytes(&interactions)
        .into_keys()
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "parquet")
        })
        .collect();
    // A data file with scrambled rows, then none at all, then a commit that a power cut left empty.
    let mut scrambled = std::fs::read(&data[0]).unwrap();
    let end = scrambled.len() - 300;
    scrambled[4..end]
        .iter_mut()
        .step_by(7)
        .for_each(|byte| *byte ^= 0xff);
    let damages: [&dyn Fn() -> PathBuf; 3] = [
        &|| {
            std::fs::write(&data[0], &scrambled).unwrap();
            data[0].clone()
        },
        &|| {
            let newest = logs(&interactions).pop().unwrap();
            std::fs::write(&newest, "").unwrap();
            newest
        },
        &|| {
            let newest = logs(&interactions).pop().unwrap();
            std::fs::remove_file(&newest).unwrap();
            interactions.join("_delta_log")
        },
    ];
    for damage in damages {
        let damaged = damage();
        let before = bytes(&lake(&simulated));
        for (arguments, code) in [
            (&["report"][..], 1),
            (&["query", "SELECT * FROM interactions"], 1),
            (&["lake", "check"], 4),
        ] {
            let output = simulated.hobbs(arguments).output().unwrap();
            let said = text(&output.stderr) + &text(&output.stdout);
            assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
            let file = damaged.parent().unwrap().display().to_string();
            assert!(said.contains(&file), "{arguments:?} names {file}: {said}");
            assert!(said.contains("hobbs lake check"), "{arguments:?}: {said}");
            assert!(!said.contains("panicked"), "{said}");
        }
        assert_eq!(bytes(&lake(&simulated)), before, "nothing is written");
        simulated
            .hobbs(&["lake", "check", "--repair"])
            .assert()
            .code(0);
        assert_whole(&simulated.hobbs(&["sync", "--json"]).output().unwrap());
        assert_true(&simulated);
        assert_sound(&simulated);
    }
}
