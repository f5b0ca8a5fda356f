//! What goes wrong is said, and nothing is damaged.

use hobbs_lake::{LakeError, Location, Reader, Writer, status};

use crate::fixture::{Lake, files, row};

async fn open_writer(location: &Location) -> LakeError {
    Writer::open(location).await.err().unwrap()
}

async fn open_reader(location: &Location) -> LakeError {
    Reader::open(location).await.err().unwrap()
}

#[tokio::test]
async fn no_lake_is_said_and_none_is_made() {
    let lake = Lake::new();
    for _ in 0..2 {
        let error = open_reader(&lake.location).await;
        assert!(matches!(error, LakeError::Missing { .. }), "{error}");
        assert!(error.to_string().contains("hobbs sync"), "{error}");
        assert!(matches!(
            status(&lake.location).await,
            Err(LakeError::Missing { .. })
        ));
        assert!(files(lake.around()).is_empty());
        // The second time the folder is there, and empty.
        std::fs::create_dir_all(lake.path()).unwrap();
    }
    let elsewhere = Location::Folder(lake.around().to_owned());
    assert!(matches!(
        open_reader(&elsewhere).await,
        LakeError::Missing { .. }
    ));
}

#[tokio::test]
async fn a_lake_that_was_begun_is_completed() {
    let lake = Lake::new();
    drop(lake.writer().await);
    // As if the process had ended before all tables were there, in the middle of a file.
    for later in [
        "coverage",
        "exchanges",
        "conversations",
        "resources",
        "keys",
    ] {
        std::fs::remove_dir_all(lake.path().join(later)).unwrap();
    }
    std::fs::remove_file(&lake.log("runs")[0]).unwrap();
    std::fs::write(
        lake.path()
            .join("runs/_delta_log/00000000000000000000.json#77"),
        "{\"pro",
    )
    .unwrap();
    assert!(matches!(
        open_reader(&lake.location).await,
        LakeError::Missing { .. }
    ));
    lake.commit(&[row("ann", None, 1, 1)]).await;
    assert_eq!(lake.rows().await, 1);
}

#[tokio::test]
async fn one_writer_at_a_time_and_readers_besides() {
    let lake = Lake::new();
    lake.commit(&[row("ann", None, 1, 1)]).await;
    let first = lake.writer().await;
    let error = open_writer(&lake.location).await;
    assert!(matches!(error, LakeError::Busy { .. }), "{error}");
    assert!(error.to_string().contains("wait"), "{error}");
    assert_eq!(lake.rows().await, 1);
    drop(first);
    assert_eq!(lake.commit(&[row("ann", None, 2, 1)]).await.new, 1);
}

#[tokio::test]
async fn a_place_that_cannot_be_written() {
    let lake = Lake::new();
    let file = lake.around().join("file");
    std::fs::write(&file, "no folder").unwrap();
    let error = open_writer(&Location::Folder(file.join("lake"))).await;
    assert!(matches!(error, LakeError::Io { .. }), "{error:?}");
    assert!(error.to_string().contains("file/lake"), "{error}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "no folder");
}

/// Root may write everywhere: then there is nothing to test.
#[cfg(unix)]
#[tokio::test]
async fn a_folder_that_became_read_only_keeps_what_it_has() {
    use std::os::unix::fs::PermissionsExt;
    let lake = Lake::new();
    lake.commit(&[row("ann", None, 1, 1)]).await;
    let log = lake.path().join("interactions/_delta_log");
    let set = |mode| std::fs::set_permissions(&log, std::fs::Permissions::from_mode(mode)).unwrap();
    set(0o500);
    let is_root = std::fs::write(log.join("probe#1"), "").is_ok();
    if !is_root {
        let mut writer = lake.writer().await;
        let committed = writer
            .commit(
                &crate::fixture::run(),
                0,
                crate::fixture::rows_of(&[row("ann", None, 2, 1)]),
                Vec::new(),
            )
            .await;
        let error = committed.unwrap_err();
        assert!(
            matches!(&error, LakeError::Io { source, .. } if source.kind() == std::io::ErrorKind::PermissionDenied),
            "{error:?}"
        );
        drop(writer);
        assert_eq!(lake.rows().await, 1);
    }
    set(0o700);
    assert_eq!(lake.commit(&[row("ann", None, 2, 1)]).await.new, 1);
}

#[tokio::test]
async fn a_disk_that_fills_up_loses_nothing() {
    // A table whose folder is a file stands for a disk that takes no more: the write of its rows fails.
    let lake = Lake::new();
    lake.commit(&[row("ann", None, 1, 1)]).await;
    let mut writer = lake.writer().await;
    let (coverage, aside) = (lake.path().join("coverage"), lake.path().join("aside"));
    std::fs::rename(&coverage, &aside).unwrap();
    std::fs::write(&coverage, "").unwrap();
    let lines = vec![crate::fixture::line("ann", 0, 700)];
    let error = writer
        .commit(
            &crate::fixture::run(),
            0,
            crate::fixture::rows_of(&[row("ann", None, 2, 1)]),
            lines,
        )
        .await
        .unwrap_err();
    assert!(matches!(error, LakeError::Io { .. }), "{error:?}");
    drop(writer);
    std::fs::remove_file(&coverage).unwrap();
    std::fs::rename(&aside, &coverage).unwrap();
    let writer = lake.writer().await;
    assert_eq!(
        writer.repaired(),
        1,
        "the rows were in, their coverage follows"
    );
    assert_eq!(
        writer.read_of_users(crate::fixture::TENANT).await.unwrap()["ann"]
            .whole
            .to_ms,
        crate::fixture::START_MS
    );
    drop(writer);
    assert_eq!(lake.number("SELECT count(*) FROM coverage").await, 2);
    assert_eq!(lake.rows().await, 2);
}

#[tokio::test]
async fn a_run_whose_beginning_is_lost_does_not_end_in_silence() {
    use hobbs_lake::{RunCounts, RunStatus};
    let lake = Lake::new();
    let mut writer = lake.writer().await;
    let (run, counts) = (crate::fixture::run(), RunCounts::default());
    let ended = writer.end(&run, 0, RunStatus::Whole, counts, None, None);
    let error = ended.await.unwrap_err();
    assert!(
        matches!(&error, LakeError::NoRun { run_id } if *run_id == run.run_id),
        "{error:?}"
    );
}
