//! Whatever goes wrong on the way, the rows are the same, and who can't be read is named.

use std::collections::BTreeSet;

use hobbs_tenant::{Access, Fault, FaultOf, Faults, TenantOptions, Volume};

use crate::compare::{Scope, compare, compare_in};
use crate::in_process::{World, failed_ids};

fn with(fault: Fault, rate: f64) -> TenantOptions {
    TenantOptions {
        users: 20,
        volume: Volume::Total(900),
        faults: Faults::none().with(fault, rate),
        ..TenantOptions::default()
    }
    .frozen()
}

/// One sync, in which this fault strikes, brings everything.
async fn still_whole(fault: Fault, rate: f64) {
    let world = World::new(with(fault, rate));
    let summary = world.sync().await;
    // The tenant does not count how items are written.
    let is_counted = !matches!(
        fault,
        Fault::TimeInId | Fault::UnknownKind | Fault::OddFields
    );
    assert!(
        !is_counted || world.tenant.statistics().struck(fault) > 2,
        "{fault:?} {:?}",
        world.tenant.statistics()
    );
    assert_eq!(
        (summary.status, &summary.failed),
        ("whole", &vec![]),
        "{fault:?}"
    );
    compare(&world).await.assert_same();
    let junk = world.tenant.junk_count();
    let unkept: u64 = summary.unkept.iter().map(|unkept| unkept.count).sum();
    assert_eq!(
        summary.timed_by_id > 0,
        fault == Fault::TimeInId,
        "{fault:?}"
    );
    // Windows of one user overlap by a second, so that junk can be met twice.
    let unkept_least = junk.null_items + junk.no_time + junk.no_id;
    assert!(
        (unkept_least..=unkept_least + unkept_least / 4).contains(&unkept),
        "{fault:?}: {unkept} of {junk:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn throttling_of_each_kind() {
    for (fault, rate) in [
        (Fault::ThrottleSeconds, 0.3),
        (Fault::ThrottleDate, 0.2),
        (Fault::ThrottleBare, 0.3),
        (Fault::ExpiredToken, 0.3),
    ] {
        still_whole(fault, rate).await;
    }
}

#[tokio::test(start_paused = true)]
async fn server_errors_of_each_kind() {
    for fault in [
        Fault::Error500,
        Fault::BadGatewayHtml,
        Fault::Unavailable503,
        Fault::Timeout504,
    ] {
        still_whole(fault, 0.3).await;
    }
}

#[tokio::test(start_paused = true)]
async fn broken_answers_of_each_kind() {
    for fault in [
        Fault::CutBody,
        Fault::TruncatedJson,
        Fault::Reset,
        Fault::Hang,
    ] {
        still_whole(fault, 0.25).await;
    }
}

#[tokio::test(start_paused = true)]
async fn odd_items_of_each_kind() {
    for (fault, rate) in [
        (Fault::NullItem, 0.3),
        (Fault::NoTime, 0.2),
        (Fault::TimeInId, 0.2),
        (Fault::NoId, 0.1),
        (Fault::UnknownKind, 0.05),
        (Fault::OddFields, 0.3),
    ] {
        still_whole(fault, rate).await;
    }
}

#[tokio::test(start_paused = true)]
async fn items_that_come_twice_and_filters_that_are_refused() {
    let options = TenantOptions {
        volume: Volume::Exactly(230),
        ..with(Fault::RepeatedItem, 0.3)
    };
    let world = World::new(options);
    world.sync().await;
    assert!(world.tenant.statistics().struck(Fault::RepeatedItem) > 2);
    compare(&world).await.assert_same();

    still_whole(Fault::FilterRefused, 0.3).await;
    // Refused to all: after the first few nobody is asked with a filter any more.
    let world = World::new(with(Fault::FilterRefused, 1.0));
    assert_eq!(world.sync().await.status, "whole");
    compare(&world).await.assert_same();
    let second = world.sync().await;
    assert_eq!(
        (second.rows_new, second.users_unfiltered),
        (0, second.users_asked)
    );
    compare(&world).await.assert_same();
}

#[tokio::test(start_paused = true)]
async fn a_token_endpoint_that_stumbles() {
    for seed in 0..3 {
        let world = World::new(TenantOptions {
            seed,
            users: 3,
            ..with(Fault::TokenUnavailable, 0.3)
        });
        assert_eq!(world.sync().await.status, "whole");
        compare(&world).await.assert_same();
    }
}

/// Those who fail are named under this code in the summary and in the lake; all others are whole.
async fn named(world: &World, expected: &[(&str, BTreeSet<String>)]) {
    let summary = world.sync().await;
    let expected_ids: BTreeSet<String> = expected.iter().flat_map(|(_, ids)| ids.clone()).collect();
    assert!(!expected_ids.is_empty());
    assert_eq!(failed_ids(&summary), expected_ids);
    assert_eq!(
        (summary.status, summary.ended_early.as_deref()),
        ("partial", None)
    );
    for (code, ids) in expected {
        let of_code = summary.failed.iter().filter(|user| user.code == *code);
        assert_eq!(
            &of_code
                .map(|user| user.user_id.clone())
                .collect::<BTreeSet<_>>(),
            ids,
            "{code}"
        );
    }
    assert!(
        summary
            .failed
            .iter()
            .all(|user| user.user_principal_name.is_some() && user.message.len() > 20)
    );
    let lines = world
        .select("SELECT user_id, whole, error_code FROM coverage")
        .await;
    assert_eq!(lines.len() as u64, summary.users_asked);
    for line in lines {
        let id = line["user_id"].as_str().unwrap();
        let code = line.get("error_code").and_then(|code| code.as_str());
        let expected_code = expected
            .iter()
            .find(|(_, ids)| ids.contains(id))
            .map(|(code, _)| *code);
        assert_eq!(
            (line["whole"].as_bool(), code),
            (Some(expected_code.is_none()), expected_code)
        );
    }
    let runs = world.select("SELECT status, users_failed FROM runs").await;
    assert_eq!(
        (runs[0]["status"].as_str(), runs[0]["users_failed"].as_u64()),
        (Some("partial"), Some(expected_ids.len() as u64))
    );
    compare_in(
        world,
        &Scope {
            unread: expected_ids,
            ..Scope::default()
        },
    )
    .await
    .assert_same();
}

#[tokio::test(start_paused = true)]
async fn links_to_another_host_are_not_followed() {
    let options = TenantOptions {
        volume: Volume::Exactly(150),
        ..with(Fault::ForeignNextLink, 0.3)
    };
    let world = World::new(options.everyone_licensed());
    let foreign = world.user_ids(|facts| facts.foreign_next_link);
    named(&world, &[("foreign_next_link", foreign)]).await;
    let hosts: Vec<String> = world.hosts.lock().unwrap().iter().cloned().collect();
    assert_eq!(hosts, ["graph.microsoft.com", "login.microsoftonline.com"]);
    // Their first page is in the lake all the same.
    assert!(
        world
            .number("SELECT count(DISTINCT user_id) FROM interactions")
            .await
            == 20
    );
}

#[tokio::test(start_paused = true)]
async fn licenses_taken_away_and_people_deleted_in_mid_run() {
    let options = TenantOptions {
        volume: Volume::Exactly(430),
        ..with(Fault::LicenseRemoved, 0.3)
    };
    let world = World::new(TenantOptions {
        deleted_share: 0.2,
        ..options.everyone_licensed()
    });
    let deleted = world.user_ids(|facts| facts.access == Access::Deleted);
    let removed = world.user_ids(|facts| facts.loses_license && facts.access == Access::Readable);
    assert!(
        !deleted.is_empty() && !removed.is_empty(),
        "{deleted:?} {removed:?}"
    );
    named(&world, &[("not_found", deleted), ("not_licensed", removed)]).await;
}

#[tokio::test(start_paused = true)]
async fn everything_at_once() {
    for seed in [3, 4] {
        let mut faults = Faults::none();
        for fault in Fault::ALL {
            faults.set(
                *fault,
                if fault.of() == FaultOf::User {
                    0.2
                } else {
                    0.05
                },
            );
        }
        let options = TenantOptions {
            seed,
            faults,
            users: 40,
            volume: Volume::Total(5_000),
            deleted_share: 0.05,
            ..TenantOptions::default()
        };
        let world = World::new(options.frozen());
        let mut unread = BTreeSet::new();
        for _ in 0..2 {
            let summary = world.sync().await;
            assert_eq!((summary.status, &summary.ended_early), ("partial", &None));
            for user in &summary.failed {
                let facts = world
                    .tenant
                    .user_facts(world.tenant.find_user(&user.user_id).unwrap());
                let expected = match user.code.as_str() {
                    "foreign_next_link" => facts.foreign_next_link,
                    // "forbidden" where another fault has spoiled the body that says why.
                    "not_licensed" | "forbidden" => facts.access == Access::LicenseRemoved,
                    "not_found" => facts.access == Access::Deleted,
                    other => panic!("{other}: {}", user.message),
                };
                assert!(expected, "{user:?} {facts:?}");
            }
            unread = failed_ids(&summary);
            compare_in(
                &world,
                &Scope {
                    unread: unread.clone(),
                    ..Scope::default()
                },
            )
            .await
            .assert_same();
        }
        assert!(!unread.is_empty(), "{unread:?}");
        let struck: Vec<Fault> = Fault::ALL
            .iter()
            .copied()
            .filter(|fault| world.tenant.statistics().struck(*fault) > 0)
            .collect();
        assert!(struck.len() > 15, "{struck:?}");
    }
}
