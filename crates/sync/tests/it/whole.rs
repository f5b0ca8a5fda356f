//! What there is to read is read: the first time, the next time, and what comes late.

use std::time::Duration;

use hobbs_sync::options::OVERLAP_MS;
use hobbs_tenant::{Access, Fault, Faults, TenantOptions, Volume};
use tokio::time::advance;

use crate::compare::{Scope, compare, compare_in};
use crate::in_process::{DAY_MS, World};

fn small() -> TenantOptions {
    TenantOptions {
        users: 40,
        volume: Volume::Monthly(40.0),
        ..TenantOptions::default()
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_sync_reads_all_and_the_second_nothing_new() {
    let world = World::new(small().frozen());
    let first = world.sync().await;
    assert_eq!(
        (first.status, &first.failed, first.repaired),
        ("whole", &vec![], 0)
    );
    let truth = world.tenant.truth().count() as u64;
    assert!(truth > 500, "{truth}");
    assert_eq!(
        (first.rows_new, first.rows_changed, first.rows_known),
        (truth, 0, 0)
    );
    compare(&world).await.assert_same();

    // Two runs in one second would meet the tenant's limit, of which the second knows nothing.
    advance(Duration::from_secs(60)).await;
    let before = world.history_requests();
    let second = world.sync().await;
    let readable = world
        .user_ids(|facts| facts.access == Access::Readable)
        .len() as u64;
    assert_eq!(
        (second.rows_new, second.rows_changed, second.status),
        (0, 0, "whole")
    );
    assert!(second.rows_known > 0, "the overlap is read again");
    let least = world.least_requests(first.started_at_ms - OVERLAP_MS);
    assert_eq!(
        (second.users_asked, world.history_requests() - before),
        (readable, least)
    );
    assert!(
        least <= readable + 1,
        "hardly anyone has more than 100 items in a day: {least}"
    );
    compare(&world).await.assert_same();
}

#[tokio::test(start_paused = true)]
async fn late_and_edited_items_are_in_after_the_next_sync() {
    let options = TenantOptions {
        edited_share: 0.2,
        faults: Faults::none().with(Fault::LateItems, 0.2),
        ..small()
    };
    let world = World::new(options);
    let mut changed = 0;
    for days in [0, 2, 1, 1] {
        advance(Duration::from_millis((days * DAY_MS) as u64)).await;
        let as_of_ms = world.now_ms() / 1000 * 1000 - 1;
        let summary = world.sync().await;
        assert_eq!(summary.status, "whole");
        changed += summary.rows_changed;
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
    assert!(changed > 3, "{changed} edited");
}
