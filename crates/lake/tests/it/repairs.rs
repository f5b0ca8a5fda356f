//! Lakes that are damaged, repaired and damaged again, what the repair wrote included: whoever is covered has
//! their rows, or the check says that something is wrong.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use hobbs_interaction::Interaction;
use hobbs_lake::{Derivation, LakeError, Reader, Writer, check, repair};
use hobbs_verdict::Rules;
use jiff::tz::TimeZone;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::fixture::{Lake, START_MS, TENANT, line, row, rows_of, run};

/// Each has an interaction every so many minutes; the last had some at the beginning alone, so that most of
/// what is read of them brings no row.
const USERS: [(&str, u32); 3] = [("ann", 2), ("bob", 3), ("eve", 1)];
const EVE_UNTIL: u32 = 8;
/// Read again of what was read before, in minutes.
const OVERLAP: u32 = 3;

/// Lives of a lake in each run of the tests. Change it to try more.
const SEEDS: u64 = 3;

/// What happens to a file.
type Damage = fn(&Path);

/// The minutes in which a user has an interaction.
fn minutes(user: &str, from: u32, to: u32) -> impl Iterator<Item = u32> {
    let (_, every) = USERS.into_iter().find(|(name, _)| *name == user).unwrap();
    let until = if user == "eve" { to.min(EVE_UNTIL) } else { to };
    (from..until).filter(move |minute| minute % every == 0)
}

fn at(minute: u32) -> i64 {
    START_MS + i64::from(minute) * 60_000
}

fn minute(ms: i64) -> u32 {
    u32::try_from((ms - START_MS).max(0) / 60_000).unwrap()
}

fn items(user: &str, from: u32, to: u32) -> Vec<Interaction<'static>> {
    let items = minutes(user, from, to).map(|minute| row(user, Some("s"), minute, 1));
    items.collect()
}

/// Reads everybody from where they are covered to `now`, in so many commits, as far as these go.
async fn sync(lake: &Lake, now: u32, commits_max: usize) -> Result<(), LakeError> {
    let mut writer = Writer::open(&lake.location).await?;
    let read = writer.read_of_users(TENANT).await?;
    for (user, _) in USERS.into_iter().take(commits_max) {
        let from = read.get(user).map_or(0, |read| minute(read.whole.to_ms));
        let from = from.saturating_sub(OVERLAP);
        let from_ms = if from == 0 { 0 } else { at(from) };
        let lines = vec![line(user, from_ms, at(now))];
        let rows = rows_of(&items(user, from, now));
        writer.commit(&run(), at(now), rows, lines).await?;
    }
    Ok(())
}

async fn derive(lake: &Lake) -> Result<(), LakeError> {
    let mut writer = Writer::open(&lake.location).await?;
    let derivation = Derivation {
        rules: Rules::built_in().compile(writer.fingerprint_key()),
        zone: TimeZone::UTC,
    };
    writer.derive(&derivation).await?;
    Ok(())
}

async fn join_files(lake: &Lake) -> Result<(), LakeError> {
    let mut writer = Writer::open(&lake.location).await?;
    writer.optimize().await.map(drop)
}

async fn is_sound(lake: &Lake) -> bool {
    check(&lake.location, &mut |_| {}).await.unwrap().sound
}

async fn repaired(lake: &Lake) {
    let done = repair(&lake.location, &mut |_| {}).await.unwrap().done;
    let found = check(&lake.location, &mut |_| {}).await.unwrap();
    assert!(found.sound, "{:#?} after {done:#?}", found.damages);
}

/// Each line of coverage has its rows, and no row is there twice.
async fn assert_honest(lake: &Lake, story: &str) {
    let mut there = HashSet::new();
    for row in lake
        .select("SELECT user_id, interaction_id FROM interactions")
        .await
    {
        let (user, id) = (row["user_id"].as_str(), row["interaction_id"].as_str());
        let key = (user.unwrap().to_owned(), id.unwrap().parse().unwrap());
        assert!(there.insert(key), "{row:?} is there twice after {story}");
    }
    for line in lake
        .select("SELECT user_id, from_ms, to_ms FROM coverage WHERE whole")
        .await
    {
        let user = line["user_id"].as_str().unwrap();
        let ms = |name: &str| minute(line[name].as_i64().unwrap());
        for minute in minutes(user, ms("from_ms"), ms("to_ms")) {
            let is_there = there.contains(&(user.to_owned(), minute));
            assert!(is_there, "{user} is covered without {minute} after {story}");
        }
    }
}

/// A sync after the last repair makes all of it good.
async fn assert_made_good(lake: &Lake, now: u32, story: &str) {
    sync(lake, now, USERS.len())
        .await
        .unwrap_or_else(|error| panic!("{error} after {story}"));
    derive(lake).await.unwrap();
    assert!(is_sound(lake).await, "after {story}");
    assert_honest(lake, story).await;
    let rows: usize = USERS
        .into_iter()
        .map(|(user, _)| items(user, 0, now).len())
        .sum();
    assert_eq!(lake.rows().await, rows as u64, "after {story}");
    let parts = lake.number("SELECT sum(parts) FROM exchanges").await;
    assert_eq!(parts, rows as u64, "after {story}");
}

/// The Parquet file that was written last into a folder of a table.
fn newest(lake: &Lake, table: &str, folder: &str) -> Option<PathBuf> {
    let folder = lake.path().join(table).join(folder);
    let entries = std::fs::read_dir(folder).ok()?;
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|it| it == "parquet"));
    files.sort_by_key(|path| std::fs::metadata(path).unwrap().modified().unwrap());
    files.pop()
}

fn remove(path: &Path) {
    std::fs::remove_file(path).unwrap();
}

fn cut(path: &Path) {
    let bytes = std::fs::read(path).unwrap();
    std::fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
}

fn without_last_line(path: &Path) {
    let text = std::fs::read_to_string(path).unwrap();
    let (before, _) = text.trim_end().rsplit_once('\n').unwrap_or_default();
    std::fs::write(path, before).unwrap();
}

/// Three users, read and derived; then a file of the interactions is lost and a repair takes it out.
async fn repaired_once() -> Lake {
    let lake = Lake::new();
    for now in [10, 20] {
        sync(&lake, now, USERS.len()).await.unwrap();
        derive(&lake).await.unwrap();
    }
    remove(&newest(&lake, "interactions", "").unwrap());
    repaired(&lake).await;
    lake
}

/// Of each table that the repair wrote to, its newest commit is damaged.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_repair_wrote_is_damaged_too() {
    let base = repaired_once().await;
    let damages: [(&str, Damage); 7] = [
        ("coverage", remove),
        ("coverage", cut),
        ("coverage", without_last_line),
        ("interactions", remove),
        ("interactions", without_last_line),
        ("exchanges", remove),
        ("conversations", without_last_line),
    ];
    for (table, damage) in damages {
        let lake = base.copied();
        damage(&lake.log(table).pop().unwrap());
        let story = format!("damage to what the repair wrote into {table}");
        assert!(!is_sound(&lake).await, "{story} is not seen");
        let read = Reader::open(&lake.location).await.map(drop);
        let error = read.expect_err(&story).to_string();
        assert!(error.contains("`hobbs lake check`"), "{error}");
        assert!(sync(&lake, 20, 1).await.is_err(), "{story}: a sync goes on");
        repaired(&lake).await;
        assert_made_good(&lake, 30, &story).await;
    }
}

/// The numbers of commits that were lost are given again, and then it is lost that these were.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn coverage_of_commits_that_were_lost_does_not_pass_for_that_of_later_ones() {
    let lake = Lake::new();
    // So few commits that no checkpoint is made.
    sync(&lake, 10, 3).await.unwrap();
    sync(&lake, 20, 2).await.unwrap();
    let before = lake.log("coverage").len();
    remove(&lake.log("interactions").pop().unwrap());
    repaired(&lake).await;
    // As many commits as were lost, of other users.
    let mut writer = lake.writer().await;
    let rows = rows_of(&items("bob", 0, 10));
    let lines = vec![line("bob", 0, at(10))];
    writer.commit(&run(), at(20), rows, lines).await.unwrap();
    drop(writer);
    for commit in &lake.log("coverage")[before..] {
        remove(commit);
    }
    assert!(!is_sound(&lake).await);
    repaired(&lake).await;
    assert_made_good(&lake, 20, "coverage of a lost commit").await;
}

/// What befalls a lake: reading and deriving, damage to whatever was written last, repairs.
async fn befall(lake: &Lake, chance: &mut StdRng, now: &mut u32, story: &mut String) {
    match chance.random_range(0..12) {
        0..3 => {
            *now += chance.random_range(0..8);
            let commits_max = chance.random_range(1..5);
            let synced = sync(lake, *now, commits_max).await;
            *story += &format!("a sync to {now}: {:?}, ", synced.err());
        }
        3 => *story += &format!("deriving: {:?}, ", derive(lake).await.err()),
        4 => {
            repaired(lake).await;
            *story += "a repair, ";
        }
        5 => {
            let joined = join_files(lake).await;
            *story += &format!("joining files: {:?}, ", joined.err());
        }
        _ => {
            let tables = ["interactions", "coverage", "exchanges", "conversations"];
            let table = tables[chance.random_range(0..tables.len())];
            let (how, damage): (&str, Damage) = match chance.random_range(0..4) {
                0 | 1 => ("gone", remove),
                2 => ("cut", cut),
                _ => ("without its last line", without_last_line),
            };
            let mut log = lake.log(table);
            let file = match chance.random_range(0..6) {
                0 => newest(lake, table, ""),
                1 => newest(lake, table, "_delta_log"),
                2 => log.drain(..).rev().nth(1),
                _ => log.pop(),
            };
            let Some(file) = file else { return };
            let is_parquet = file.extension().is_some_and(|it| it == "parquet");
            if is_parquet {
                cut(&file)
            } else {
                damage(&file)
            }
            *story += &format!("{table}: {:?} {how}, ", file.file_name().unwrap());
        }
    }
}

/// Whenever a check says that a lake is sound, whoever is covered has their rows; and after a repair one sync
/// makes all good.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_and_repair_in_any_order() {
    let base = repaired_once().await;
    for seed in 0..SEEDS {
        let (lake, mut now) = (base.copied(), 20);
        let mut chance = StdRng::seed_from_u64(seed);
        let mut story = format!("seed {seed}: ");
        for _ in 0..8 {
            befall(&lake, &mut chance, &mut now, &mut story).await;
            if is_sound(&lake).await {
                assert_honest(&lake, &story).await;
            }
        }
        repaired(&lake).await;
        assert_made_good(&lake, now + 5, &story).await;
    }
}
