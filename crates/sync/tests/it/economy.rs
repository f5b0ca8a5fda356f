//! Requests are the scarce good: how many a sync takes, how fast, and within which limits.

use std::future::pending;
use std::time::Duration;

use hobbs_tenant::{Access, Statistics, TenantOptions, Volume};

use crate::compare::compare;
use crate::in_process::{World, failed_ids};

/// The figures are printed: `cargo test --workspace --test it_sync economy -- --nocapture`.
#[expect(clippy::print_stderr, reason = "figures for whoever asks for them")]
fn print(line: String) {
    eprintln!("{line}");
}

fn assert_within_limits(statistics: &Statistics) {
    assert!(
        statistics.peaks.in_a_second <= 30 && statistics.peaks.in_a_window <= 250,
        "{:?}",
        statistics.peaks
    );
}

#[tokio::test(start_paused = true)]
async fn three_hundred_users_with_twenty_thousand_rows() {
    let options = TenantOptions {
        users: 300,
        volume: Volume::Total(20_000),
        latency_ms: 300..=2_000,
        ..TenantOptions::default()
    };
    let world = World::new(options.frozen());
    let first = world.sync().await;
    assert_eq!((first.status, failed_ids(&first).len()), ("whole", 0));
    let comparison = compare(&world).await;
    comparison.assert_same();
    let (requests, least) = (world.history_requests(), world.least_requests(i64::MIN));
    let statistics = world.tenant.statistics();
    print(format!(
        "{} rows of {} users: {requests} requests, {least} the least possible ({:.3} times), {} answers 429, most in a second {}, in ten {}, {} virtual ms",
        comparison.rows,
        first.users_asked,
        requests as f64 / least as f64,
        statistics.answers(429),
        statistics.peaks.in_a_second,
        statistics.peaks.in_a_window,
        first.ended_at_ms - first.started_at_ms,
    ));
    assert!(
        requests as f64 <= 1.1 * least as f64,
        "{requests} requests, {least} would do"
    );
    assert_within_limits(&statistics);
    assert_eq!(statistics.answers(429), 0);

    let second = world.sync().await;
    let again = world.history_requests() - requests;
    let readable = world
        .user_ids(|facts| facts.access == Access::Readable)
        .len() as u64;
    let least = world.least_requests(first.started_at_ms - hobbs_sync::options::OVERLAP_MS);
    print(format!(
        "the second sync: {again} requests for {readable} users, {least} the least possible, {} new rows",
        second.rows_new
    ));
    assert_eq!((second.rows_new, second.rows_changed), (0, 0));
    assert!(
        again <= least + least / 100,
        "{again} requests, {least} would do"
    );
}

/// The service counts what the first has sent with what the second sends.
#[tokio::test(start_paused = true)]
async fn a_sync_at_once_after_another_keeps_within_the_limits() {
    let options = TenantOptions {
        users: 90,
        volume: Volume::Exactly(20),
        latency_ms: 1..=5,
        ..TenantOptions::default()
    };
    let world = World::new(options.everyone_licensed().frozen());
    let first = world.sync().await;
    let second = world.sync().await;
    assert_eq!((first.status, second.status), ("whole", "whole"));
    let statistics = world.tenant.statistics();
    assert_within_limits(&statistics);
    assert_eq!(statistics.answers(429), 0);
}

#[tokio::test(start_paused = true)]
async fn the_pace_over_two_minutes() {
    let options = TenantOptions {
        users: 400,
        volume: Volume::Exactly(950),
        latency_ms: 300..=2_000,
        ..TenantOptions::default()
    };
    let world = World::new(options.everyone_licensed().frozen());
    let client = world.client();
    // Begun and stopped: the first seconds count too, the texts do not.
    let options = hobbs_sync::SyncOptions {
        content: hobbs_interaction::ContentPolicy::None,
        ..world.options()
    };
    let watch = async {
        while world.history_requests() == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        tokio::time::sleep(Duration::from_secs(120)).await;
        let statistics = world.tenant.statistics();
        (statistics.requests("history"), statistics)
    };
    let mut sync = std::pin::pin!(world.sync_with(&client, &options, pending()));
    let (requests, statistics) = tokio::select! {
        watched = watch => watched,
        summary = &mut sync => panic!("over too soon: {:?}", summary.map(|summary| summary.requests)),
    };
    let answers: u64 = statistics.answers_by_status.values().sum();
    let rate = requests as f64 / 120.0;
    print(format!(
        "{rate:.2} requests a second over two minutes ({:.1} % of 25), {} of {answers} answers 429, most in a second {}, in ten {}",
        rate * 4.0,
        statistics.answers(429),
        statistics.peaks.in_a_second,
        statistics.peaks.in_a_window,
    ));
    assert!(rate >= 0.97 * 25.0, "{rate}");
    assert!(
        statistics.answers(429) as f64 <= 0.005 * answers as f64,
        "{:?}",
        statistics.answers_by_status
    );
    assert_within_limits(&statistics);
}
