//! A sync that ends at any moment loses nothing: the next one brings the rest, and no row twice.
//!
//! Each killed sync runs in a runtime of its own, which is dropped with all its tasks: whatever
//! waits is never woken again, as if the process had ended between two awaits.

use std::collections::BTreeMap;
use std::future::{Future, pending};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hobbs_tenant::{Fault, Faults, TenantOptions, Volume};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::sync::oneshot;

use crate::compare::{Scope, compare_in};
use crate::in_process::{DAY_MS, START_MS, World};

/// Slow and uneven, so that a sync commits several times.
fn slow(seed: u64) -> TenantOptions {
    TenantOptions {
        seed,
        users: 12,
        volume: Volume::Monthly(40.0),
        latency_ms: 500..=40_000,
        edited_share: 0.2,
        faults: Faults::none()
            .with(Fault::LateItems, 0.1)
            .with(Fault::Error500, 0.05),
        ..TenantOptions::default()
    }
}

fn in_own_runtime<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(work)
}

/// Syncs until `kill`; true where the sync was killed.
async fn sync_until(world: &World, kill: impl Future<Output = ()>) -> bool {
    let (client, options) = (world.client(), world.options());
    tokio::select! {
        biased;
        () = kill => true,
        summary = world.sync_with(&client, &options, pending()) => {
            summary.unwrap();
            false
        }
    }
}

/// One whole sync, after which the lake holds the truth, and says so. Gives the commits whose coverage was repaired.
async fn sync_and_compare(world: &World) -> u64 {
    let as_of_ms = world.now_ms() / 1000 * 1000 - 1;
    let summary = world.sync().await;
    assert_eq!((summary.status, &summary.failed), ("whole", &vec![]));
    compare_in(
        world,
        &Scope {
            as_of_ms,
            ..Scope::default()
        },
    )
    .await
    .assert_same();
    let sql = "SELECT count(DISTINCT user_id) AS users FROM coverage WHERE whole AND from_ms = 0";
    assert_eq!(world.number(sql).await, summary.users_asked);
    summary.repaired
}

/// When a sync is killed.
enum Kill {
    /// At a moment of virtual time: while it waits for the tenant.
    AtVirtual(Duration),
    /// At a moment of real time: also while it writes.
    AtReal(Duration),
    /// So long after a file has appeared.
    After(PathBuf, Duration),
}

impl Kill {
    #[expect(
        clippy::disallowed_methods,
        reason = "files are written in real time, whatever tokio's clock says"
    )]
    async fn come(self) {
        match self {
            Kill::AtVirtual(when) => tokio::time::sleep(when).await,
            Kill::AtReal(when) => on_a_thread(move |_| std::thread::sleep(when)).await,
            Kill::After(file, wait) => {
                on_a_thread(move |given_up| {
                    while !file.exists() && !given_up.load(Ordering::Relaxed) {
                        std::thread::yield_now();
                    }
                    std::thread::sleep(wait);
                })
                .await;
            }
        }
    }
}

/// Waits for another thread, which is told when nobody waits any more.
async fn on_a_thread(work: impl FnOnce(&AtomicBool) + Send + 'static) {
    struct GivenUp(Arc<AtomicBool>);
    impl Drop for GivenUp {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let given_up = GivenUp(Arc::default());
    let (done, wait) = oneshot::channel();
    let flag = Arc::clone(&given_up.0);
    std::thread::spawn(move || {
        work(&flag);
        let _ = done.send(());
    });
    wait.await.unwrap();
}

fn data_commit(lake: &Path, version: u64) -> PathBuf {
    lake.join(format!("interactions/_delta_log/{version:020}.json"))
}

/// Days on each of which a sync is killed. HOBBS_TEST_KILL_DAYS asks for more.
fn days() -> i64 {
    std::env::var("HOBBS_TEST_KILL_DAYS")
        .ok()
        .and_then(|days| days.parse().ok())
        .unwrap_or(2)
}

/// Kills the first sync into a new lake, and one on each of the following days.
fn kill_and_go_on(
    seed: u64,
    draw: impl Fn(&mut StdRng, &Path) -> Kill,
) -> BTreeMap<&'static str, u64> {
    let mut random = StdRng::seed_from_u64(seed);
    let folder = tempfile::tempdir().unwrap();
    let lake = folder.path().join("lake");
    let mut counts = BTreeMap::new();
    for day in 0..days() {
        let now_ms = START_MS + day * DAY_MS;
        let kill = draw(&mut random, &lake);
        let killed = in_own_runtime(async {
            sync_until(&World::at(&lake, slow(seed), now_ms), kill.come()).await
        });
        *counts.entry("killed").or_default() += u64::from(killed);
        let repaired = in_own_runtime(async {
            sync_and_compare(&World::at(&lake, slow(seed), now_ms + DAY_MS / 2)).await
        });
        *counts.entry("repaired").or_default() += repaired;
    }
    counts
}

#[test]
fn killed_while_it_waits_for_the_tenant() {
    let mut killed = 0;
    for seed in 0..6 {
        let counts = kill_and_go_on(seed, |random, _| {
            Kill::AtVirtual(Duration::from_millis(random.random_range(0..60_000)))
        });
        killed += counts["killed"];
    }
    assert!(killed >= 6, "{killed}");
}

#[test]
fn killed_at_any_moment() {
    let mut killed = 0;
    for seed in 10..16 {
        let counts = kill_and_go_on(seed, |random, _| {
            Kill::AtReal(Duration::from_micros(random.random_range(0..700_000)))
        });
        killed += counts["killed"];
    }
    assert!(killed >= 4, "{killed}");
}

#[test]
fn killed_between_the_rows_and_their_coverage() {
    let (mut killed, mut repaired) = (0, 0);
    for seed in 20..24 {
        let counts = kill_and_go_on(seed, |random, lake| {
            let next = (0..)
                .find(|version| !data_commit(lake, *version).exists())
                .unwrap();
            // The first version of a new lake is the empty table.
            let version = next.max(1) + random.random_range(0..2);
            Kill::After(
                data_commit(lake, version),
                Duration::from_micros(random.random_range(0..1_500)),
            )
        });
        killed += counts["killed"];
        repaired += counts["repaired"];
    }
    assert!(killed >= 3, "{killed}");
    assert!(
        repaired >= 1,
        "no kill hit the moment between two commits, of {killed}"
    );
}
