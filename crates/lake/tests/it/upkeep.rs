//! Compaction keeps every row, and what the lake says of itself is so.

use hobbs_interaction::Interaction;
use hobbs_lake::{check, status};

use crate::fixture::{Lake, line, row};

/// The commit of joined files is damage wherever it is cut, and none where it is whole.
#[tokio::test]
async fn a_lake_of_joined_files_is_sound_and_a_cut_of_their_commit_is_named() {
    let lake = Lake::new();
    for minute in 0..4 {
        let rows = [row("ann", None, minute, 1)];
        lake.commit_with(&rows, vec![line("ann", 0, i64::from(minute) + 1)])
            .await;
    }
    lake.writer().await.optimize().await.unwrap();
    let found = check(&lake.location, &mut |_| {}).await.unwrap();
    assert!(found.sound, "{:#?}", found.damages);
    let joined = lake.log("interactions").pop().unwrap();
    let whole = std::fs::read_to_string(&joined).unwrap();
    assert!(whole.contains("OPTIMIZE"), "{whole}");
    let lines: Vec<&str> = whole.lines().collect();
    for kept in 1..lines.len() {
        std::fs::write(&joined, lines[..kept].join("\n")).unwrap();
        let found = check(&lake.location, &mut |_| {}).await.unwrap();
        assert!(!found.sound, "{kept} of {} lines", lines.len());
    }
}

#[tokio::test]
async fn optimize_keeps_all_rows_in_fewer_files() {
    let lake = Lake::new();
    for commit in 0..6_u32 {
        let rows: Vec<Interaction<'static>> = (0..50)
            .map(|id| row("ann", None, commit * 50 + id, 1))
            .collect();
        lake.commit_with(&rows, vec![line("ann", 0, i64::from(commit) + 1)])
            .await;
    }
    lake.commit(&[row("ann", None, 7, 2)]).await;
    let sql =
        "SELECT interaction_id, etag, content, links FROM interactions ORDER BY interaction_id";
    let before = lake.select(sql).await;
    assert_eq!(before.len(), 300);
    let reader = lake.reader().await;
    let mut writer = lake.writer().await;
    let optimized = writer.optimize().await.unwrap();
    let interactions = optimized
        .iter()
        .find(|table| table.table == "interactions")
        .unwrap();
    assert!(
        interactions.files_before >= 6 && interactions.files_after == 1,
        "{interactions:?}"
    );
    // The same writer goes on: it knows what is there, and writes what is not.
    let rows = [
        row("ann", None, 7, 2),
        row("ann", None, 8, 3),
        row("bob", None, 8, 1),
    ];
    let kept = writer
        .commit(
            &crate::fixture::run(),
            0,
            crate::fixture::rows_of(&rows),
            vec![line("ann", 0, 99)],
        )
        .await
        .unwrap();
    assert_eq!((kept.new, kept.changed, kept.known), (1, 1, 1));
    drop(writer);
    assert_eq!(
        reader.select(sql).await.unwrap(),
        before,
        "who was reading reads on"
    );
    assert_eq!(lake.rows().await, 301);
    let again = lake.writer().await.optimize().await.unwrap();
    assert!(
        again
            .iter()
            .all(|table| table.files_after <= 1 && table.files_vacuumed == 0),
        "{again:?}"
    );
    assert_eq!(lake.rows().await, 301);
}

#[tokio::test]
async fn many_small_files_are_joined_and_few_are_left() {
    let lake = Lake::new();
    let files = async || {
        let tables = status(&lake.location).await.unwrap();
        (tables[0].files, tables[8].files)
    };
    let commit = async |from: u32, to: u32| {
        for at in from..to {
            let lines = vec![line("ann", i64::from(at), i64::from(at) + 1)];
            lake.commit_with(&[row("ann", None, at, 1)], lines).await;
        }
    };
    commit(0, 20).await;
    assert_eq!(lake.writer().await.tidy().await.unwrap(), 0);
    assert_eq!(files().await, (20, 20));
    commit(20, 30).await;
    let mut writer = lake.writer().await;
    assert_eq!(writer.tidy().await.unwrap(), 2);
    assert_eq!(files().await, (1, 1));
    // The same writer goes on, and knows what is there.
    let rows = [row("ann", None, 3, 2), row("ann", None, 40, 1)];
    let kept = writer
        .commit(
            &crate::fixture::run(),
            0,
            crate::fixture::rows_of(&rows),
            Vec::new(),
        )
        .await
        .unwrap();
    assert_eq!((kept.new, kept.changed), (1, 1));
    assert_eq!(writer.tidy().await.unwrap(), 0);
    drop(writer);
    assert_eq!(lake.rows().await, 31);
    let whole = "SELECT count(*) FROM coverage WHERE whole AND to_ms = from_ms + 1";
    assert_eq!(lake.number(whole).await, 30);
}

/// A first sync brings users one after the other, each with all of the past.
#[tokio::test]
async fn files_of_the_same_times_are_sorted_by_time_when_they_are_joined_and_once() {
    let lake = Lake::new();
    for user in 0..6_u32 {
        let rows: Vec<Interaction<'static>> = (0..500)
            .map(|id| row("ann", None, id * 10 + user, 1))
            .collect();
        lake.commit_with(&rows, vec![line("ann", 0, i64::from(user) + 1)])
            .await;
    }
    let sql = "SELECT interaction_id, created_at, contexts, content FROM interactions ORDER BY 1";
    let before = lake.select(sql).await;
    lake.writer().await.optimize().await.unwrap();
    assert_eq!(lake.select(sql).await, before);
    let found = check(&lake.location, &mut |_| {}).await.unwrap();
    assert!(found.sound, "{:#?}", found.damages);
    // As they stand in the file.
    let stands = lake.select("SELECT created_at FROM interactions").await;
    let times: Vec<&str> = stands
        .iter()
        .map(|row| row["created_at"].as_str().unwrap())
        .collect();
    assert!(times.len() == 3_000 && times.is_sorted());
    let commits = lake.log("interactions").len();
    lake.writer().await.optimize().await.unwrap();
    let log = lake.log("interactions");
    let since = log[commits..]
        .iter()
        .map(|commit| std::fs::read_to_string(commit).unwrap());
    assert!(
        !since.collect::<String>().contains("\"add\""),
        "nothing is sorted again"
    );
}

/// Delta keeps the log of 30 days. Looking for what is older takes a listing of it, so that commits leave that to
/// the end of a sync.
#[tokio::test]
async fn an_old_log_is_shortened_at_the_end_and_not_with_each_commit() {
    let lake = Lake::new();
    for at in 0..12 {
        lake.commit(&[row("ann", None, at, 1)]).await;
    }
    let forty_days_ago = std::time::SystemTime::now() - std::time::Duration::from_hours(40 * 24);
    for file in crate::fixture::files(&lake.path().join("interactions/_delta_log")) {
        let file = std::fs::File::options().append(true).open(file).unwrap();
        file.set_modified(forty_days_ago).unwrap();
    }
    let mut writer = lake.writer().await;
    let commit = async |writer: &mut hobbs_lake::Writer, at: u32| {
        let rows = crate::fixture::rows_of(&[row("ann", None, at, 1)]);
        let lines = vec![line("ann", i64::from(at), i64::from(at) + 1)];
        let run = crate::fixture::run();
        writer.commit(&run, 0, rows, lines).await.unwrap();
    };
    for at in 12..20 {
        commit(&mut writer, at).await;
    }
    assert_eq!(lake.log("interactions").len(), 21);
    writer.tidy().await.unwrap();
    let log = lake.log("interactions");
    assert!(
        log[0].ends_with("00000000000000000009.json"),
        "the checkpoint of version 9 has what came before: {log:?}"
    );
    assert_eq!(log.len(), 12);
    // The same writer goes on, and so do others.
    commit(&mut writer, 20).await;
    drop(writer);
    lake.commit(&[row("ann", None, 21, 1), row("ann", None, 3, 1)])
        .await;
    assert_eq!(lake.rows().await, 22);
}

#[tokio::test]
async fn status_counts_rows_and_files() {
    let lake = Lake::new();
    lake.commit(&[row("ann", None, 1, 1), row("ann", None, 2, 1)])
        .await;
    let tables = status(&lake.location).await.unwrap();
    let names: Vec<&str> = tables.iter().map(|table| table.table).collect();
    assert_eq!(
        names,
        [
            "interactions",
            "users",
            "licenses",
            "license_assignments",
            "usage_reports",
            "usage_summary",
            "usage_trend",
            "runs",
            "coverage",
            "exchanges",
            "conversations",
            "resources"
        ]
    );
    assert_eq!(
        (tables[0].rows, tables[0].files, tables[0].version),
        (Some(2), 1, 1)
    );
    assert!(tables[0].bytes > 1_000);
    assert_eq!((tables[1].rows, tables[1].files), (Some(0), 0));
    assert_eq!(tables[8].rows, Some(1));
}

#[tokio::test]
async fn a_commit_of_new_rows_reads_and_rewrites_no_old_file() {
    let lake = Lake::new();
    for day in 0..4_u32 {
        let rows: Vec<Interaction<'static>> = (0..20)
            .map(|id| row("ann", None, day * 1_440 + id, 1))
            .collect();
        lake.commit(&rows).await;
    }
    // Files of other days are not looked into: they may as well be gone.
    let days: Vec<_> = crate::fixture::files(&lake.path().join("interactions"))
        .into_iter()
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "parquet")
        })
        .collect();
    assert_eq!(days.len(), 4);
    let newest = days
        .iter()
        .max_by_key(|path| std::fs::metadata(path).unwrap().modified().unwrap())
        .unwrap();
    for day in days.iter().filter(|day| *day != newest) {
        std::fs::rename(day, day.with_extension("aside")).unwrap();
    }
    let rows = [
        row("ann", None, 3 * 1_440 + 5, 9),
        row("ann", None, 3 * 1_440 + 500, 1),
    ];
    let kept = lake.commit(&rows).await;
    assert_eq!((kept.new, kept.changed), (1, 1));
    for day in days.iter().filter(|day| *day != newest) {
        std::fs::rename(day.with_extension("aside"), day).unwrap();
    }
    assert_eq!(lake.rows().await, 81);
}

#[tokio::test]
async fn optimize_deletes_what_killed_processes_left() {
    let lake = Lake::new();
    lake.commit(&[row("ann", None, 1, 1)]).await;
    let log = lake.path().join("interactions/_delta_log");
    let staged = log.join("00000000000000000002.json#77");
    std::fs::write(&staged, "{\"ad").unwrap();
    // A data file without its commit: a week old, and of this moment.
    let (old, fresh) = (
        lake.path().join("interactions/part-old.parquet"),
        lake.path().join("interactions/part-fresh.parquet"),
    );
    for path in [&old, &fresh] {
        std::fs::write(path, "half").unwrap();
    }
    let week_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(8 * 86_400);
    let file = std::fs::File::options().write(true).open(&old).unwrap();
    file.set_modified(week_ago).unwrap();
    lake.writer().await.optimize().await.unwrap();
    assert!(!staged.exists() && !old.exists(), "left over");
    assert!(fresh.exists(), "it may be of a commit that is being made");
    assert_eq!(lake.rows().await, 1);
    let found = check(&lake.location, &mut |_| {}).await.unwrap();
    assert!(found.sound, "{:#?}", found.damages);
}
