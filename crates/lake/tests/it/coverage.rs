//! What was read of whom, and what happens where a run ended between rows and coverage.

use std::collections::HashMap;

use hobbs_lake::{CoverageLine, Read, Span};

use crate::fixture::{Lake, START_MS, TENANT, failed_line, line, row, run};

async fn read_of_users(lake: &Lake) -> HashMap<String, Read> {
    lake.writer().await.read_of_users(TENANT).await.unwrap()
}

fn read(from_ms: i64, to_ms: i64) -> Option<Read> {
    Some(Read {
        whole: Span { from_ms, to_ms },
    })
}

#[tokio::test]
async fn only_whole_windows_over_all_apps_count_as_read() {
    let lake = Lake::new();
    let word = CoverageLine {
        apps: Some("Word".to_owned()),
        ..line("ann", 0, 900)
    };
    let lines = vec![
        line("ann", 0, 100),
        failed_line("ann", 90, 200),
        word,
        failed_line("bob", 0, 100),
    ];
    lake.commit_with(&[], lines).await;
    let users = read_of_users(&lake).await;
    assert_eq!(
        (users.get("ann").copied(), users.get("bob")),
        (read(0, 100), None)
    );
    lake.commit_with(
        &[],
        vec![
            line("ann", 90, 250),
            line("bob", 50, 60),
            line("bob", 10, 40),
        ],
    )
    .await;
    let users = read_of_users(&lake).await;
    assert_eq!(
        (users.get("ann").copied(), users.get("bob").copied()),
        (read(0, 250), read(10, 40))
    );
    assert!(
        lake.writer()
            .await
            .read_of_users("other")
            .await
            .unwrap()
            .is_empty()
    );
}

/// As if the process had ended between the two commits: the newest commits of coverage are gone.
fn lose_coverage(lake: &Lake, commits: usize) {
    let log = lake.log("coverage");
    for commit in &log[log.len() - commits..] {
        std::fs::remove_file(commit).unwrap();
    }
}

const LINES: &str = "SELECT user_id, from_ms, to_ms, apps, whole, rows, pages, error_code, error, run_id, recorded_at FROM coverage ORDER BY 1, 2, 3";

#[tokio::test]
async fn lost_coverage_is_written_again_from_the_rows_commits() {
    for lost in [1, 2, 3] {
        let lake = Lake::new();
        for commit in 0..4 {
            let lines = vec![
                line("ann", 0, 100 * i64::from(commit + 1)),
                failed_line("bob", 0, i64::from(commit) + 1),
            ];
            lake.commit_with(&[row("ann", None, commit, 1)], lines)
                .await;
        }
        let before = lake.select(LINES).await;
        assert_eq!(before.len(), 8);
        lose_coverage(&lake, lost);
        assert_eq!(lake.select(LINES).await.len(), 8 - 2 * lost);
        assert_eq!(lake.writer().await.repaired(), lost);
        assert_eq!(lake.select(LINES).await, before);
        assert_eq!(lake.writer().await.repaired(), 0);
        assert_eq!(lake.select(LINES).await, before);
    }
}

#[tokio::test]
async fn coverage_is_repaired_beyond_checkpoints_changes_and_compaction() {
    let lake = Lake::new();
    for commit in 0..13_u32 {
        // Every other commit rewrites a row, which is another way to commit.
        let rows = [
            row("ann", None, commit, 1),
            row("ann", None, commit / 2, 2 + u64::from(commit)),
        ];
        lake.commit_with(&rows, vec![line("ann", 0, i64::from(commit + 1))])
            .await;
    }
    let before = lake.select(LINES).await;
    lose_coverage(&lake, 2);
    // Commits without a note of ours stand between: those of the compaction.
    let mut writer = lake.writer().await;
    assert_eq!(writer.repaired(), 2);
    writer.optimize().await.unwrap();
    drop(writer);
    assert_eq!(lake.select(LINES).await, before);
    assert_eq!(lake.writer().await.repaired(), 0);
    lake.commit_with(&[row("ann", None, 99, 1)], vec![line("ann", 0, 99)])
        .await;
    lose_coverage(&lake, 1);
    assert_eq!(lake.writer().await.repaired(), 1);
    assert_eq!(read_of_users(&lake).await.get("ann").copied(), read(0, 99));
}

#[tokio::test]
async fn commits_that_cover_nothing_are_nothing_to_repair() {
    let lake = Lake::new();
    // An import writes rows and no coverage.
    for id in 0..3 {
        lake.commit_with(&[row("ann", None, id, 1)], Vec::new())
            .await;
        assert_eq!(lake.writer().await.repaired(), 0, "nothing was lost");
    }
    lake.commit_with(&[row("ann", None, 8, 1)], vec![line("ann", 0, 9)])
        .await;
    lake.commit_with(&[row("ann", None, 9, 1)], Vec::new())
        .await;
    lose_coverage(&lake, lake.log("coverage").len() - 1);
    lake.writer().await;
    assert_eq!(read_of_users(&lake).await.get("ann").copied(), read(0, 9));
}

#[tokio::test]
async fn a_table_of_many_lines_is_made_short_and_says_the_same() {
    let lake = Lake::new();
    let mut lines = Vec::new();
    for user in 0..100 {
        let user = format!("user {user}");
        for day in 0..200 {
            lines.push(line(&user, (day * 100 - 24).max(0), day * 100 + 100));
        }
        lines.push(line(&user, 30_000, 30_100));
        // One failure that a later sync made good, and one that stands.
        lines.push(failed_line(&user, 5_000, 5_100));
        lines.push(failed_line(&user, 30_050, 30_200));
        lines.push(CoverageLine {
            apps: Some("Word".to_owned()),
            ..line(&user, 0, 50_000)
        });
    }
    lake.commit_with(&[row("user 1", None, 1, 1)], lines).await;
    let before = read_of_users(&lake).await;
    assert_eq!(
        (before.len(), before.get("user 7").copied()),
        (100, read(0, 20_000))
    );

    let mut writer = lake.writer().await;
    writer.begin(&run(), "sync", START_MS).await.unwrap();
    let (status, counts) = (
        hobbs_lake::RunStatus::Whole,
        hobbs_lake::RunCounts::default(),
    );
    writer
        .end(&run(), START_MS, status, counts, None, None)
        .await
        .unwrap();
    drop(writer);
    assert_eq!(lake.number("SELECT count(*) FROM coverage").await, 400);
    let sql = "SELECT from_ms, to_ms, apps, whole, rows, error_code FROM coverage WHERE user_id = 'user 7' ORDER BY 1, 2, 3";
    assert_eq!(
        serde_json::Value::from(lake.select(sql).await),
        serde_json::json!([
            {"from_ms": 0, "to_ms": 20_000, "whole": true, "rows": 200},
            {"from_ms": 0, "to_ms": 50_000, "apps": "Word", "whole": true, "rows": 1},
            {"from_ms": 30_000, "to_ms": 30_100, "whole": true, "rows": 1},
            {"from_ms": 30_050, "to_ms": 30_200, "whole": false, "rows": 1, "error_code": "not_licensed"},
        ])
    );
    // It goes on as if nothing had been: opened, read, written and repaired.
    assert_eq!(read_of_users(&lake).await, before);
    lake.commit_with(
        &[row("user 1", None, 2, 1)],
        vec![line("user 1", 20_000, 30_000)],
    )
    .await;
    lose_coverage(&lake, 1);
    assert_eq!(lake.writer().await.repaired(), 1);
    assert_eq!(
        read_of_users(&lake).await.get("user 1").copied(),
        read(0, 30_100)
    );
    crate::format::assert_protocol(&lake);
}
