//! A plan that asks as few as the facts allow, over weeks of virtual time.

use std::collections::BTreeMap;
use std::time::Duration;

use hobbs_sync::{Asking, SyncOptions};
use hobbs_tenant::{TenantOptions, Volume};
use tokio::time::advance;

use crate::compare::compare;
use crate::in_process::{DAY_MS, World};

const BOUND_MS: i64 = 7 * DAY_MS;

/// A fifth of the people active each day, a sync a day.
#[tokio::test(start_paused = true)]
async fn few_are_asked_nobody_waits_longer_than_the_bound_and_nothing_is_lost() {
    let world = World::new(
        TenantOptions {
            users: 400,
            days_of_history: 10,
            volume: Volume::Monthly(20.0),
            active_share: Some(0.2),
            ..TenantOptions::default()
        }
        .everyone_licensed(),
    );
    let options = SyncOptions {
        asking: Asking::Sparing {
            max_staleness_ms: BOUND_MS,
        },
        ..world.options()
    };
    let sync = async || {
        let client = world.client();
        let summary = world.sync_with(&client, &options, std::future::pending());
        summary.await.unwrap()
    };
    sync().await;
    let mut last_ms = world.now_ms();
    let (mut asked, mut active) = (0, 0);
    let mut read_ms: BTreeMap<u32, i64> = (0..400).map(|user| (user, last_ms)).collect();
    for day in 0..20 {
        advance(Duration::from_secs(86_400)).await;
        let requests = world.history_requests();
        let summary = sync().await;
        assert_eq!(summary.status, "whole");
        let now_ms = world.now_ms();
        let ends = world
            .select("SELECT user_id, max(to_ms) AS to_ms FROM coverage GROUP BY user_id")
            .await;
        for row in &ends {
            let user = world
                .tenant
                .find_user(row["user_id"].as_str().unwrap())
                .unwrap();
            read_ms.insert(user, row["to_ms"].as_i64().unwrap());
        }
        let oldest_ms = now_ms - read_ms.values().min().unwrap();
        assert!(oldest_ms <= BOUND_MS, "{} days", oldest_ms / DAY_MS);
        // After the first days, in which everyone was read at once.
        if day >= 8 {
            asked += world.history_requests() - requests;
            active += (0..400)
                .filter(|user| {
                    !world
                        .tenant
                        .active_days_of(*user, last_ms, now_ms)
                        .is_empty()
                })
                .count() as u64;
        }
        last_ms = now_ms;
    }
    assert!(active > 500, "{active}");
    let ratio = asked as f64 / active as f64;
    assert!(
        ratio <= 1.3,
        "{ratio:.2} requests for each user active since the last sync"
    );
    // Whoever was not asked has it all there: one sync of everyone finds nothing but what is young.
    let everyone = SyncOptions {
        asking: Asking::Everyone,
        ..world.options()
    };
    let client = world.client();
    world
        .sync_with(&client, &everyone, std::future::pending())
        .await
        .unwrap();
    compare(&world).await.assert_same();
}
