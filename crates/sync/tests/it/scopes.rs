//! Who, which time, which apps; a sync that is stopped, throttled, or not alone.

use std::collections::BTreeSet;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use hobbs_graph::AppFilter;
use hobbs_lake::LakeError;
use hobbs_sync::options::Apps;
use hobbs_sync::{Period, Progress, Stage, SyncError, SyncOptions, Who, sync};
use hobbs_tenant::{Access, Fault, Faults, TenantOptions, Volume};
use tokio::time::{advance, sleep};

use crate::compare::{Scope, compare, compare_in};
use crate::in_process::{DAY_MS, START_MS, World, failed_ids};

fn small() -> TenantOptions {
    TenantOptions {
        users: 24,
        volume: Volume::Monthly(40.0),
        ..TenantOptions::default()
    }
    .frozen()
}

async fn run(world: &World, options: &SyncOptions) -> hobbs_sync::SyncSummary {
    world
        .sync_with(&world.client(), options, pending())
        .await
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn only_some_users() {
    let world = World::new(small());
    let readable = world.user_ids(|facts| facts.access == Access::Readable);
    let unlicensed = world.user_ids(|facts| facts.access == Access::Unlicensed);
    let (by_id, by_name) = (readable.first().unwrap(), readable.last().unwrap());
    let name = world
        .tenant
        .user_facts(world.tenant.find_user(by_name).unwrap())
        .user_principal_name;
    let stranger = unlicensed.first().unwrap();
    let who = [
        by_id.as_str(),
        &name,
        &name.to_uppercase(),
        "nobody@contoso.example",
        stranger,
    ]
    .map(str::to_owned);
    let options = SyncOptions {
        who: Who::Only(who.into()),
        ..world.options()
    };
    let summary = run(&world, &options).await;
    assert_eq!(
        (summary.status, summary.users_asked),
        ("partial", 3),
        "one user named twice is asked once"
    );
    let failed: Vec<_> = summary
        .failed
        .iter()
        .map(|user| (user.user_id.as_str(), user.code.as_str()))
        .collect();
    assert_eq!(
        failed.iter().copied().collect::<BTreeSet<_>>(),
        BTreeSet::from([
            ("nobody@contoso.example", "not_found"),
            (stranger.as_str(), "not_licensed")
        ])
    );
    let asked = BTreeSet::from([by_id.clone(), by_name.clone()]);
    let unread = readable.difference(&asked).cloned().collect();
    compare_in(
        &world,
        &Scope {
            unread,
            ..Scope::default()
        },
    )
    .await
    .assert_same();
    let users = world
        .select("SELECT DISTINCT user_id FROM interactions")
        .await;
    assert!(
        users
            .iter()
            .all(|row| asked.contains(row["user_id"].as_str().unwrap()))
    );
    // Nobody has left because three were asked for.
    assert_eq!(
        world
            .number("SELECT count(*) FROM users_now WHERE state = 'left'")
            .await,
        0
    );
    assert_eq!(run(&world, &world.options()).await.status, "whole");
    compare(&world).await.assert_same();
}

#[tokio::test(start_paused = true)]
async fn only_some_time() {
    let world = World::new(small());
    let (from_ms, to_ms) = (START_MS - 9 * DAY_MS, START_MS - 4 * DAY_MS + 500);
    run(
        &world,
        &SyncOptions {
            period: Period::Between(from_ms, to_ms),
            ..world.options()
        },
    )
    .await;
    let between = Scope {
        from_ms,
        to_ms,
        ..Scope::default()
    };
    let comparison = compare_in(&world, &between).await;
    comparison.assert_same();
    assert!(comparison.rows > 30, "{}", comparison.rows);

    run(
        &world,
        &SyncOptions {
            period: Period::Since(from_ms),
            ..world.options()
        },
    )
    .await;
    compare_in(
        &world,
        &Scope {
            from_ms,
            ..Scope::default()
        },
    )
    .await
    .assert_same();
    // What is new begins where something was read before: what lies before is never claimed.
    run(&world, &world.options()).await;
    compare_in(
        &world,
        &Scope {
            from_ms,
            ..Scope::default()
        },
    )
    .await
    .assert_same();
    assert_eq!(
        world.number("SELECT min(from_ms) FROM coverage").await,
        from_ms as u64
    );

    let all = run(
        &world,
        &SyncOptions {
            period: Period::All,
            ..world.options()
        },
    )
    .await;
    assert_eq!((all.status, all.rows_changed), ("whole", 0));
    compare(&world).await.assert_same();
    let again = run(
        &world,
        &SyncOptions {
            period: Period::All,
            ..world.options()
        },
    )
    .await;
    assert_eq!(
        (again.rows_new, again.rows_known),
        (0, world.tenant.truth().count() as u64)
    );
    compare(&world).await.assert_same();
}

/// A hole that was left on purpose is filled by the next sync of everything new.
#[tokio::test(start_paused = true)]
async fn a_hole_is_filled() {
    let world = World::new(small());
    let part = |period| SyncOptions {
        period,
        ..world.options()
    };
    run(&world, &part(Period::Between(0, START_MS - 20 * DAY_MS))).await;
    run(&world, &part(Period::Since(START_MS - 3 * DAY_MS))).await;
    let missing = world.tenant.truth().count() as u64
        - world.number("SELECT count(*) FROM interactions").await;
    assert!(missing > 100, "{missing}");
    let summary = run(&world, &world.options()).await;
    assert_eq!((summary.status, summary.rows_new), ("whole", missing));
    compare(&world).await.assert_same();
    assert_eq!(
        run(&world, &world.options()).await.pages,
        summary.users_asked,
        "then only what is new is read"
    );
}

#[tokio::test(start_paused = true)]
async fn only_some_apps() {
    let world = World::new(small());
    let word = "IPM.SkypeTeams.Message.Copilot.Word";
    for values in [vec![word.to_owned()], vec![]] {
        let filter = AppFilter::only(values, move |class| class == word);
        let apps = Some(Apps {
            names: vec!["Word".to_owned()],
            filter,
        });
        let summary = run(
            &world,
            &SyncOptions {
                apps,
                ..world.options()
            },
        )
        .await;
        assert_eq!(summary.status, "whole");
        let truth = world
            .tenant
            .truth()
            .filter(|item| item.app_class == word)
            .count() as u64;
        assert!(truth > 10);
        assert_eq!(
            world.number("SELECT count(*) FROM interactions").await,
            truth
        );
    }
    let sql = "SELECT DISTINCT apps, whole FROM coverage";
    let lines = world.select(sql).await;
    assert_eq!((lines.len(), lines[0]["apps"].as_str()), (1, Some("Word")));
    // That Word was read does not count as having read the users.
    run(&world, &world.options()).await;
    compare(&world).await.assert_same();
}

#[tokio::test(start_paused = true)]
async fn a_stopped_sync_says_so_and_the_next_one_completes_it() {
    let slow = || {
        World::new(TenantOptions {
            latency_ms: 1_000..=60_000,
            ..small()
        })
    };
    let summary = slow().sync().await;
    let takes_ms = u64::try_from(summary.ended_at_ms - summary.started_at_ms).unwrap();
    let mut stopped_amid_users = 0;
    // From the sign-in to the last users.
    for part in [0, 1, 40, 70, 80, 90, 95] {
        let world = slow();
        let stop = sleep(Duration::from_millis(takes_ms * part / 100));
        let client = world.client();
        let mut runs = vec!["whole"];
        match world.sync_with(&client, &world.options(), stop).await {
            // Nothing was begun, not even the run.
            Err(SyncError::Stopped) => assert!(part < 40, "{part} %"),
            Err(error) => panic!("{part} %: {error}"),
            Ok(summary) => {
                runs.insert(0, "partial");
                is_partial(&world, &summary).await;
                stopped_amid_users += usize::from(summary.users_asked > 0);
            }
        }
        advance(Duration::from_secs(1)).await;
        let next = world.sync().await;
        assert_eq!((next.status, next.repaired), ("whole", 0));
        compare(&world).await.assert_same();
        let statuses = world
            .select("SELECT status FROM runs ORDER BY started_at")
            .await;
        let statuses: Vec<&str> = statuses
            .iter()
            .map(|run| run["status"].as_str().unwrap())
            .collect();
        assert_eq!(statuses, runs, "{part} %");
    }
    assert!(stopped_amid_users >= 2, "{stopped_amid_users}");
}

/// Ends the sync once all is read, when small files may be joined.
struct EndAtTidying(tokio::sync::watch::Sender<bool>);

impl Progress for EndAtTidying {
    fn show(&mut self, stage: &Stage) {
        self.0.send_replace(*stage == Stage::Tidying);
    }
}

#[tokio::test(start_paused = true)]
async fn who_asks_for_an_end_does_not_wait_for_small_files_to_be_joined() {
    let world = World::new(small());
    let (tidying, mut is_tidying) = tokio::sync::watch::channel(false);
    let mut progress = EndAtTidying(tidying);
    let stop = async move {
        let _ = is_tidying.wait_for(|is_tidying| *is_tidying).await;
    };
    let clock = Arc::new(world.clock);
    let summary = sync(
        &world.client(),
        clock,
        &world.options(),
        &mut progress,
        stop,
    )
    .await
    .unwrap();
    assert_eq!((summary.status, summary.ended_early), ("whole", None));
    assert!(*progress.0.borrow(), "joining was the last that was shown");
    compare(&world).await.assert_same();
}

/// Each user who was asked is whole or named, and what the lake has is right.
async fn is_partial(world: &World, summary: &hobbs_sync::SyncSummary) {
    assert_eq!(
        (summary.status, summary.ended_early.as_deref()),
        ("partial", Some("stopped"))
    );
    assert!(summary.failed.iter().all(|user| user.code == "stopped"));
    let whole = world
        .number("SELECT count(*) FROM coverage WHERE whole")
        .await;
    assert_eq!(whole + summary.failed.len() as u64, summary.users_asked);
    let unread = if summary.users_asked == 0 {
        world.user_ids(|facts| facts.access == Access::Readable)
    } else {
        failed_ids(summary)
    };
    compare_in(
        world,
        &Scope {
            unread,
            ..Scope::default()
        },
    )
    .await
    .assert_same();
}

#[tokio::test(start_paused = true)]
async fn the_second_of_two_syncs_at_once_is_turned_away() {
    let world = World::new(TenantOptions {
        latency_ms: 5_000..=9_000,
        ..small()
    });
    let (first, second) = tokio::join!(world.sync(), async {
        sleep(Duration::from_secs(6)).await;
        world
            .sync_with(&world.client(), &world.options(), pending())
            .await
    });
    let error = second.unwrap_err();
    assert!(
        matches!(error, SyncError::Lake(LakeError::Busy { .. })),
        "{error}"
    );
    assert_eq!(first.status, "whole");
    compare(&world).await.assert_same();
    assert_eq!(world.sync().await.status, "whole");
    assert_eq!(world.number("SELECT count(*) FROM runs").await, 2);
}

#[tokio::test(start_paused = true)]
async fn a_wait_longer_than_patience_ends_the_run_and_names_all_who_were_not_asked() {
    let faults = Faults::none().with(Fault::ThrottleSeconds, 0.2);
    let world = World::new(TenantOptions {
        faults,
        users: 200,
        volume: Volume::Total(600),
        latency_ms: 200..=900,
        ..small()
    });
    let client = world
        .builder()
        .patience(Duration::from_millis(500))
        .build()
        .unwrap();
    // The directory is throttled as well: then there is no run at all, and it is tried again.
    let mut summary = None;
    for _ in 0..5 {
        match world
            .sync_with(
                &client,
                &SyncOptions {
                    run_id: uuid(),
                    ..world.options()
                },
                pending(),
            )
            .await
        {
            Ok(partial) => {
                summary = Some(partial);
                break;
            }
            Err(error) => assert!(matches!(error, SyncError::Users(_)), "{error}"),
        }
        advance(Duration::from_secs(10)).await;
    }
    let summary = summary.unwrap();
    assert_eq!(summary.status, "partial");
    assert!(
        summary
            .ended_early
            .as_ref()
            .is_some_and(|text| text.contains("wait")),
        "{summary:?}"
    );
    assert!(summary.failed.iter().all(|user| user.code == "throttled"));
    let whole = world
        .number(&format!(
            "SELECT count(*) FROM coverage WHERE whole AND run_id = '{}'",
            summary.run_id
        ))
        .await;
    assert_eq!(whole + summary.failed.len() as u64, summary.users_asked);
    let unasked = summary
        .failed
        .iter()
        .filter(|user| user.message.starts_with("not asked"))
        .count();
    assert!(unasked > 0, "{:?}", summary.failed);
    compare_in(
        &world,
        &Scope {
            unread: failed_ids(&summary),
            ..Scope::default()
        },
    )
    .await
    .assert_same();
    advance(Duration::from_secs(60)).await;
    assert_eq!(world.sync().await.status, "whole");
    compare(&world).await.assert_same();
}

fn uuid() -> String {
    SyncOptions::new(hobbs_lake::Location::Folder("lake".into())).run_id
}

#[tokio::test(start_paused = true)]
async fn who_loses_the_license_keeps_the_history_and_who_gets_it_back_goes_on() {
    let world = World::new(TenantOptions {
        live: true,
        ..small()
    });
    world.sync().await;
    let index = (0..24).find(|user| {
        world.tenant.user_facts(*user).access == Access::Readable
            && world.tenant.count_of(*user) > 20
    });
    let index = index.unwrap();
    let id = world.tenant.user_facts(index).id;
    let count = format!("SELECT count(*) FROM interactions WHERE user_id = '{id}'");
    let before = world.number(&count).await;
    advance(Duration::from_millis(2 * DAY_MS as u64)).await;
    world.tenant.remove_license(index);
    let summary = world.sync().await;
    // The directory may still list the license, or not: nobody is lost either way, and nothing claimed.
    assert!(
        summary
            .failed
            .iter()
            .all(|user| user.user_id == id && user.code == "not_licensed"),
        "{:?}",
        summary.failed
    );
    assert_eq!(world.number(&count).await, before);
    let covered = format!("SELECT max(to_ms) FROM coverage WHERE whole AND user_id = '{id}'");
    assert!(world.number(&covered).await < (START_MS + DAY_MS) as u64);
    let licensed = world
        .select(&format!(
            "SELECT licensed, state FROM users_now WHERE user_id = '{id}'"
        ))
        .await;
    assert_eq!(licensed[0]["state"], "present");
    advance(Duration::from_millis(2 * DAY_MS as u64)).await;
    world.tenant.give_license_back(index);
    let as_of_ms = world.now_ms() / 1000 * 1000 - 1;
    assert_eq!(world.sync().await.status, "whole");
    compare_in(
        &world,
        &Scope {
            as_of_ms,
            ..Scope::default()
        },
    )
    .await
    .assert_same();
}

#[tokio::test(start_paused = true)]
async fn a_lake_that_cannot_be_written_ends_the_run_and_loses_nothing() {
    let world = World::new(TenantOptions {
        latency_ms: 1_000..=60_000,
        ..small()
    });
    let lake = world.lake.folder().unwrap();
    // A file in the place of a table's folder stands for a disk that takes no more.
    for table in ["interactions", "coverage"] {
        let (folder, aside) = (lake.join(table), lake.join("aside"));
        let (client, options) = (
            world.client(),
            SyncOptions {
                period: Period::All,
                ..world.options()
            },
        );
        let (result, ()) = tokio::join!(world.sync_with(&client, &options, pending()), async {
            sleep(Duration::from_secs(15)).await;
            std::fs::rename(&folder, &aside).unwrap();
            std::fs::write(&folder, "").unwrap();
        });
        let result = result.map(|summary| (summary.status, summary.rows_new));
        std::fs::remove_file(&folder).unwrap();
        std::fs::rename(&aside, &folder).unwrap();
        assert!(
            matches!(result, Err(SyncError::Lake(LakeError::Io { .. }))),
            "{table}: {result:?}"
        );
        let runs = world
            .select("SELECT status, error FROM runs ORDER BY started_at DESC LIMIT 1")
            .await;
        assert_eq!(runs[0]["status"], "failed");
        assert!(
            runs[0]["error"].as_str().unwrap().contains("cannot"),
            "{runs:?}"
        );
        advance(Duration::from_secs(60)).await;
    }
    let unread = world.user_ids(|_| true);
    compare_in(
        &world,
        &Scope {
            unread,
            ..Scope::default()
        },
    )
    .await
    .assert_same();
    assert_eq!(world.sync().await.status, "whole");
    compare(&world).await.assert_same();
}
