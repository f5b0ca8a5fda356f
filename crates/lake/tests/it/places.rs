//! Folders of any name hold a lake.

use hobbs_lake::{Location, Reader, StoreAccess, Writer, check, repair, status};
use tempfile::TempDir;

use crate::fixture::{START_MS, line, row, rows_of, run};

async fn holds_a_lake(place: &str) {
    let location = Location::parse(place, &StoreAccess::default()).unwrap();
    let mut writer = Writer::open(&location).await.unwrap();
    for n in 0..3 {
        let rows = rows_of(&[row("ann", Some("s"), n, 1)]);
        let lines = vec![line("ann", 0, START_MS)];
        let kept = writer.commit(&run(), START_MS, rows, lines).await;
        kept.unwrap();
    }
    writer.optimize().await.unwrap();
    drop(writer);
    let reader = Reader::open(&location).await.unwrap();
    let found = reader
        .select("SELECT count(*) AS n FROM interactions")
        .await;
    assert_eq!(found.unwrap()[0]["n"], 3, "{place}");
    let table = &status(&location).await.unwrap()[0];
    assert_eq!((table.files, table.rows), (1, Some(3)), "{place}");
    repair(&location, &mut |_| ()).await.unwrap();
    let checked = check(&location, &mut |_| ()).await.unwrap();
    assert!(checked.sound, "{place}: {checked:?}");
}

/// `%` and `\` mean something in an address; `..` is no part of one.
#[tokio::test]
async fn a_folder_may_have_any_name() {
    let dir = TempDir::new().unwrap();
    let names = match cfg!(windows) {
        true => ["a%20b", "50%", "a b", "ü#?x", "a"].as_slice(),
        false => &["a%20b", "50%", "a%2Fb", r"a\b", "a b", "ü#?*x", "../a"],
    };
    std::fs::create_dir(dir.path().join("beside")).unwrap();
    for name in names {
        let place = dir.path().join("beside").join(name);
        holds_a_lake(place.to_str().unwrap()).await;
        assert!(place.join("interactions/_delta_log").is_dir(), "{name}");
    }
}

/// The engine looks where a link leads.
#[cfg(unix)]
#[tokio::test]
async fn a_link_may_lead_to_any_name() {
    let dir = TempDir::new().unwrap();
    std::fs::create_dir(dir.path().join("50%")).unwrap();
    std::os::unix::fs::symlink(dir.path().join("50%"), dir.path().join("link")).unwrap();
    holds_a_lake(dir.path().join("link").to_str().unwrap()).await;
    assert!(dir.path().join("50%/interactions").is_dir());
}

#[cfg(unix)]
#[tokio::test]
async fn above_a_link_is_above_its_target() {
    let dir = TempDir::new().unwrap();
    std::fs::create_dir_all(dir.path().join("far/away")).unwrap();
    std::os::unix::fs::symlink(dir.path().join("far/away"), dir.path().join("link")).unwrap();
    let place = dir.path().join("link/../lake");
    holds_a_lake(place.to_str().unwrap()).await;
    assert!(dir.path().join("far/lake/interactions").is_dir());
    assert!(!dir.path().join("lake").exists());
}

/// A file that is damaged is named by its path on this machine.
#[tokio::test]
async fn a_damaged_file_is_named_as_it_is_called_here() {
    let dir = TempDir::new().unwrap();
    let place = dir.path().join("50%");
    holds_a_lake(place.to_str().unwrap()).await;
    let table = place.join("interactions");
    let files = std::fs::read_dir(&table)
        .unwrap()
        .map(|file| file.unwrap().path());
    let files: Vec<_> = files.filter(|file| file.is_file()).collect();
    for file in &files {
        std::fs::write(file, "no Parquet").unwrap();
    }
    let location = Location::parse(place.to_str().unwrap(), &StoreAccess::default()).unwrap();
    let checked = check(&location, &mut |_| ()).await.unwrap();
    let named = checked.damages[0].file.as_deref();
    assert!(files.iter().any(|file| file.to_str() == named), "{named:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn what_no_address_can_say_is_refused() {
    let dir = TempDir::new().unwrap();
    let folder = dir.path().join("a\tb");
    std::fs::create_dir(&folder).unwrap();
    let location = Location::Folder(folder);
    let error = status(&location).await.unwrap_err();
    assert!(error.to_string().contains("control character"), "{error}");
}
