//! A lake whose files are damaged: the file is named, nothing is made worse, a repair saves what can
//! be read, and what was lost is read again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use futures::TryStreamExt;
use hobbs_interaction::Interaction;
use hobbs_lake::{Checked, Derivation, LakeError, Reader, RunCounts, RunStatus, Writer};
use hobbs_lake::{check, repair};
use hobbs_verdict::Rules;
use jiff::tz::TimeZone;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::fixture::{Lake, START_MS, TENANT, files, line, row, run};

/// What happens to a file, in words and in deed.
type Kind = (&'static str, fn(&Path));

const USERS: [&str; 2] = ["ann", "bob"];
const TO_MS: i64 = START_MS + 86_400_000;

/// All that the service has: a few rows for each user, the first of ann's changed once.
fn truth(user: &str) -> Vec<Interaction<'static>> {
    let rows = (0..40).map(|id| row(user, Some("s"), id, if id == 0 { 2 } else { 1 }));
    rows.collect()
}

/// Reads whoever is not covered, as a sync does, and derives.
async fn sync(lake: &Lake) {
    let mut writer = lake.writer().await;
    writer.begin(&run(), "sync", START_MS).await.unwrap();
    let read = writer.read_of_users(TENANT).await.unwrap();
    for user in USERS {
        if read.get(user).is_none_or(|read| read.whole.to_ms < TO_MS) {
            let lines = vec![line(user, 0, TO_MS)];
            let committed = writer
                .commit(
                    &run(),
                    START_MS,
                    crate::fixture::rows_of(&truth(user)),
                    lines,
                )
                .await;
            committed.unwrap();
        }
    }
    let derivation = Derivation {
        rules: Rules::built_in().compile(writer.fingerprint_key()),
        zone: TimeZone::UTC,
    };
    writer.derive(&derivation).await.unwrap();
    let (status, counts) = (RunStatus::Whole, RunCounts::default());
    let run = run();
    let ended = writer.end(&run, START_MS, status, counts, None, None);
    ended.await.unwrap();
}

/// A lake with a checkpoint, a row that was replaced, and everything derived.
async fn base() -> Lake {
    let lake = Lake::new();
    for part in 0..9_u32 {
        let rows: Vec<_> = (0..2)
            .map(|id| row("ann", Some("s"), part * 2 + id, 1))
            .collect();
        let lines = vec![line("ann", 0, START_MS + i64::from(part))];
        lake.commit_with(&rows, lines).await;
    }
    sync(&lake).await;
    let logs = lake.path().join("interactions/_delta_log");
    let is_checkpoint = |path: &PathBuf| path.to_string_lossy().ends_with(".checkpoint.parquet");
    assert!(
        files(&logs).iter().any(is_checkpoint),
        "there is a checkpoint"
    );
    assert_truth(&lake).await;
    lake
}

async fn assert_truth(lake: &Lake) {
    let sql = "SELECT user_id, interaction_id, etag, count(*) AS times FROM interactions \
        GROUP BY user_id, interaction_id, etag";
    let mut found: Vec<String> = Vec::new();
    for row in lake.select(sql).await {
        assert_eq!(row["times"], 1, "{row:?}");
        let cell = |name: &str| row[name].as_str().unwrap().to_owned();
        found.push([cell("user_id"), cell("interaction_id"), cell("etag")].join(" "));
    }
    let mut expected: Vec<String> = Vec::new();
    for item in USERS.iter().flat_map(|user| truth(user)) {
        expected.push([&*item.user_id, &item.interaction_id, &item.etag].join(" "));
    }
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
    let parts = lake.number("SELECT sum(parts) FROM exchanges").await;
    assert_eq!(parts, expected.len() as u64);
}

fn bytes(lake: &Lake) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = files(lake.path()).into_iter();
    files
        .map(|file| (file.clone(), std::fs::read(file).unwrap()))
        .collect()
}

async fn checked(lake: &Lake) -> Checked {
    check(&lake.location, &mut |_| {}).await.unwrap()
}

/// Reads every column of a table.
async fn read(lake: &Lake, table: &str) -> Result<(), LakeError> {
    let reader = Reader::open(&lake.location).await?;
    let rows = reader.rows(&format!("SELECT * FROM {table}")).await?;
    let read: Result<Vec<_>, _> = rows.try_collect().await;
    read.map(drop)
        .map_err(|error| LakeError::Query(error.to_string()))
}

/// A damaged lake is named, not touched, repaired, completed.
async fn goes_on(lake: &Lake, table: &str, damaged: &Path, how: &str) {
    let what = format!("{table}, {how}");
    let name = damaged.file_name().unwrap().to_str().unwrap();
    let before = bytes(lake);

    let found = checked(lake).await;
    assert!(!found.sound, "{what}");
    let is_named = found.damages.iter().any(|damage| {
        let file = damage.file.as_deref().unwrap_or_default();
        damage.table == table && (file.contains(name) || file.ends_with("_delta_log"))
    });
    assert!(is_named, "{what}: {name} in {:#?}", found.damages);
    assert!(
        found
            .damages
            .iter()
            .all(|damage| !damage.lost.is_empty() && !damage.to_do.is_empty())
    );

    // The keys are no table to ask, but nothing can be asked without them.
    let asked = if table == "keys" {
        "interactions"
    } else {
        table
    };
    let error = read(lake, asked).await.expect_err(&what).to_string();
    assert!(
        error.contains(name) || error.contains("_delta_log"),
        "{what}: {error}"
    );
    assert!(error.contains("`hobbs lake check`"), "{what}: {error}");
    assert_eq!(bytes(lake), before, "{what}: nothing is written by reading");

    // Whatever a sync can do with it, it takes nothing away.
    let whole = lake.copied();
    if let Ok(mut writer) = Writer::open(&whole.location).await {
        let lines = vec![line("eve", 0, TO_MS)];
        let rows = [row("eve", None, 1, 1)];
        let _ = writer
            .commit(&run(), START_MS, crate::fixture::rows_of(&rows), lines)
            .await;
    }
    for (path, bytes) in &before {
        let path = whole.path().join(path.strip_prefix(lake.path()).unwrap());
        if !path.ends_with("_last_checkpoint") && !path.ends_with(".hobbs.lock") {
            assert_eq!(&std::fs::read(&path).unwrap(), bytes, "{what}: {path:?}");
        }
    }

    let repaired = repair(&lake.location, &mut |_| {}).await;
    let repaired = repaired.unwrap_or_else(|error| panic!("{what}: {error}"));
    assert!(!repaired.done.is_empty(), "{what}");
    let found = checked(lake).await;
    assert!(
        found.sound,
        "{what}: {:#?} after {:#?}",
        found.damages, repaired.done
    );
    sync(lake).await;
    assert_truth(lake).await;
}

/// A data file of a table's newest version: the largest, so that it is one with rows.
fn data_file(lake: &Lake, table: &str) -> PathBuf {
    let mut data = files(&lake.path().join(table));
    data.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "parquet")
            && !path.to_string_lossy().contains("_delta_log")
    });
    // The newest belongs to the newest version, whatever was replaced before.
    data.sort_by_key(|path| std::fs::metadata(path).unwrap().modified().unwrap());
    data.pop().unwrap()
}

fn scrambled(path: &Path, every: usize, until: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    let end = bytes.len() - until;
    for at in (4..end).step_by(every) {
        bytes[at] ^= 0xff;
    }
    std::fs::write(path, bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damaged_data_files() {
    let base = base().await;
    let damages: [Kind; 4] = [
        ("missing", |path| std::fs::remove_file(path).unwrap()),
        ("cut short", |path| {
            let bytes = std::fs::read(path).unwrap();
            std::fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
        }),
        ("with a scrambled footer", |path| {
            let mut bytes = std::fs::read(path).unwrap();
            let footer = bytes.len() - 40;
            bytes[footer..]
                .iter_mut()
                .take(24)
                .for_each(|byte| *byte ^= 0xff);
            std::fs::write(path, bytes).unwrap();
        }),
        ("with scrambled rows", |path| scrambled(path, 7, 300)),
    ];
    // All kinds for interactions, one for each of the others.
    let of_others = [("coverage", 3), ("exchanges", 0), ("runs", 1), ("keys", 2)];
    let cases = (0..4).map(|which| ("interactions", which)).chain(of_others);
    for (table, which) in cases {
        let (how, damage) = damages[which];
        let lake = base.copied();
        // Copies are as old as each other: the file is chosen where it was written.
        let file = data_file(&base, table);
        let file = lake.path().join(file.strip_prefix(base.path()).unwrap());
        damage(&file);
        goes_on(&lake, table, &file, how).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damaged_logs() {
    let base = base().await;
    let damages: [Kind; 4] = [
        ("empty", |path| std::fs::write(path, "").unwrap()),
        ("garbage", |path| {
            std::fs::write(path, [0, 159, 146, 150]).unwrap()
        }),
        ("without its last line", |path| {
            let text = std::fs::read_to_string(path).unwrap();
            std::fs::write(path, text.trim_end().rsplit_once('\n').unwrap().0).unwrap();
        }),
        ("missing", |path| std::fs::remove_file(path).unwrap()),
    ];
    for (how, damage) in damages {
        let lake = base.copied();
        let newest = lake.log("interactions").pop().unwrap();
        damage(&newest);
        goes_on(
            &lake,
            "interactions",
            &newest,
            &format!("newest commit {how}"),
        )
        .await;
    }
    let lake = base.copied();
    let newest = lake.log("exchanges").pop().unwrap();
    let bytes = std::fs::read(&newest).unwrap();
    std::fs::write(&newest, &bytes[..bytes.len() / 2]).unwrap();
    goes_on(&lake, "exchanges", &newest, "newest commit cut short").await;
    let lake = base.copied();
    let logs = lake.log("interactions");
    let middle = logs[logs.len() - 2].clone();
    std::fs::remove_file(&middle).unwrap();
    goes_on(&lake, "interactions", &middle, "a commit missing").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_checkpoint_and_a_lost_table() {
    let base = base().await;
    let lake = base.copied();
    let logs = lake.path().join("interactions/_delta_log");
    let mut checkpoints = files(&logs);
    checkpoints.retain(|path| path.to_string_lossy().ends_with(".checkpoint.parquet"));
    let checkpoint = checkpoints.pop().unwrap();
    scrambled(&checkpoint, 7, 0);
    goes_on(&lake, "interactions", &checkpoint, "checkpoint scrambled").await;

    let lake = base.copied();
    let logs = lake.path().join("interactions/_delta_log");
    std::fs::remove_dir_all(&logs).unwrap();
    goes_on(&lake, "interactions", &logs, "log gone").await;

    let lake = base.copied();
    std::fs::remove_dir_all(lake.path().join("users")).unwrap();
    let log = lake.path().join("users/_delta_log");
    goes_on(&lake, "users", &log, "table gone").await;
}

/// What a repair moved aside is no leftover, which `optimize` would delete.
#[tokio::test]
async fn what_was_moved_aside_is_counted_as_that() {
    let lake = base().await;
    std::fs::write(lake.log("interactions").pop().unwrap(), "garbage").unwrap();
    repair(&lake.location, &mut |_| {}).await.unwrap();
    let found = checked(&lake).await;
    let table = &found.tables[0];
    // The rows of the commit that nobody can read any more are left over.
    assert_eq!((table.table, table.files_left_over), ("interactions", 1));
    let aside = files(&lake.path().join("interactions/_damaged"));
    assert_eq!(table.files_aside, aside.len() as u64);
    assert!(table.files_aside > 0 && table.bytes_aside > 0, "{table:?}");
    let notes = found.notes.join("\n");
    assert!(notes.contains("_damaged"), "{notes}");
}

/// Of a file of several groups the groups that can be read are saved, and only the users of the
/// file's commit are read again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_be_read_of_a_file_is_saved() {
    let lake = Lake::new();
    let many: Vec<_> = (0..40_000).map(|id| row("eve", None, id, 1)).collect();
    lake.commit_with(&many, vec![line("eve", 0, TO_MS)]).await;
    let file = data_file(&lake, "interactions");
    lake.commit_with(&truth("ann"), vec![line("ann", 0, TO_MS)])
        .await;
    let mut bytes = std::fs::read(&file).unwrap();
    // Somewhere in the second group: its first 32,768 rows take the first four fifths.
    let (from, to) = (bytes.len() * 17 / 20, bytes.len() * 18 / 20);
    bytes[from..to].iter_mut().for_each(|byte| *byte ^= 0xff);
    std::fs::write(&file, bytes).unwrap();
    let found = checked(&lake).await;
    assert_eq!(found.damages.len(), 1, "{:#?}", found.damages);
    assert!(
        found.damages[0].lost.contains("40000 rows"),
        "{:?}",
        found.damages[0]
    );
    assert!(
        found.damages[0].lost.contains("of 1 users"),
        "{:?}",
        found.damages[0]
    );
    repair(&lake.location, &mut |_| {}).await.unwrap();
    let saved = lake
        .number("SELECT count(*) FROM interactions WHERE user_id = 'eve'")
        .await;
    assert!((32_768..40_000).contains(&saved), "{saved}");
    assert_eq!(
        lake.number(
            "SELECT count(DISTINCT interaction_id) FROM interactions WHERE user_id = 'eve'"
        )
        .await,
        saved
    );
    let read = lake.writer().await.read_of_users(TENANT).await.unwrap();
    assert!(
        read.contains_key("ann") && !read.contains_key("eve"),
        "{read:?}"
    );
    let kept = lake.commit_with(&many, vec![line("eve", 0, TO_MS)]).await;
    assert_eq!((kept.new, kept.known), (40_000 - saved, saved));
}

#[tokio::test]
async fn a_sound_lake_is_said_to_be_sound_with_what_is_worth_knowing() {
    let lake = Lake::new();
    let missing = check(&lake.location, &mut |_| {}).await;
    assert!(matches!(missing, Err(LakeError::Missing { .. })));
    lake.commit(&truth("ann")).await;
    std::fs::write(
        lake.path().join("interactions/part-left-over.parquet"),
        "half",
    )
    .unwrap();
    let before = bytes(&lake);
    let found = checked(&lake).await;
    assert!(found.sound, "{:#?}", found.damages);
    assert_eq!(
        (found.tables[0].table, found.tables[0].rows),
        ("interactions", 40)
    );
    assert_eq!(
        (
            found.tables[0].files_left_over,
            found.tables[0].bytes_left_over
        ),
        (1, 4)
    );
    let notes = found.notes.join("\n");
    assert!(notes.contains("lake optimize"), "{notes}");
    assert!(notes.contains("exchanges is 1 commits behind"), "{notes}");
    assert_eq!(bytes(&lake), before);
    // Nothing to repair, nothing done.
    let repaired = repair(&lake.location, &mut |_| {}).await.unwrap();
    assert_eq!(repaired.done, Vec::<String>::new());
    assert_eq!(lake.rows().await, 40);
}

/// Any one bit of a data file: it is found or it is not, but the check comes to its end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flipped_bit_never_keeps_a_check_from_its_end() {
    let lake = Lake::new();
    lake.commit(&truth("ann")).await;
    let file = data_file(&lake, "interactions");
    let whole = std::fs::read(&file).unwrap();
    let mut chance = StdRng::seed_from_u64(3);
    let mut found = 0;
    for _ in 0..24 {
        let mut bytes = whole.clone();
        let at = chance.random_range(0..bytes.len());
        bytes[at] ^= 1 << chance.random_range(0..8);
        std::fs::write(&file, bytes).unwrap();
        found += u32::from(!checked(&lake).await.sound);
    }
    assert!(found > 0);
}

/// Rows that can't be decoded are found in the middle of a query.
#[tokio::test]
async fn whoever_reads_is_told_which_file_is_damaged() {
    let lake = Lake::new();
    lake.commit(&truth("ann")).await;
    let file = data_file(&lake, "interactions");
    let whole = std::fs::read(&file).unwrap();
    let mut named = 0;
    // Page by page of the columns; the footer at the end, and the magic in front, stay as they are.
    for from in (4..whole.len() / 2).step_by(97) {
        let mut bytes = whole.clone();
        for byte in &mut bytes[from..from + 24] {
            *byte ^= 0x5a;
        }
        std::fs::write(&file, bytes).unwrap();
        let reader = lake.reader().await;
        for error in [
            reader.select("SELECT max(content) AS a, max(mark) AS b, max(session_id) AS c FROM interactions").await.err(),
            read(&lake, "interactions").await.err(),
        ]
        .into_iter()
        .flatten()
        {
            let error = error.to_string();
            assert!(error.contains(file.to_str().unwrap()), "{from}: {error}");
            assert!(error.contains("`hobbs lake check`"), "{from}: {error}");
            named += 1;
        }
    }
    assert!(named > 0);
}
