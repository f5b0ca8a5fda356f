//! What a plan saves in a large tenant, in virtual time: a sync a day, a part of the people active each day, once
//! asking as few as the usage report allows, and for comparison everyone.
//!
//! `cargo run --release -p hobbs-sync --example large_tenant -- [USERS [DAYS]]`
//! prints, for each day, users asked, requests for interactions, hours at the tenant's pace, and the age of the oldest
//! reading; and at the end whether anything is missing.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "a program for whoever measures"
)]

#[allow(dead_code, reason = "tests use more of it")]
#[path = "../tests/it/compare.rs"]
mod compare;
#[allow(dead_code, reason = "tests use more of it")]
#[path = "../tests/it/in_process.rs"]
mod in_process;

use std::collections::HashMap;
use std::future::pending;
use std::time::Duration;

use compare::{Scope, compare_in};
use hobbs_interaction::ContentPolicy;
use hobbs_sync::{Asking, SyncOptions};
use hobbs_tenant::{TenantOptions, Volume};
use in_process::{DAY_MS, HOUR_MS, World};
use tokio::time::advance;

const BOUND_DAYS: i64 = 7;

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    let numbers: Vec<u32> = std::env::args()
        .skip(1)
        .filter_map(|it| it.parse().ok())
        .collect();
    let users = numbers.first().copied().unwrap_or(200_000);
    let days = numbers.get(1).copied().unwrap_or(12);
    let world = World::new(
        TenantOptions {
            users,
            days_of_history: 7,
            volume: Volume::Monthly(12.0),
            active_share: Some(0.2),
            ..TenantOptions::default()
        }
        .everyone_licensed(),
    );
    let options = |asking| SyncOptions {
        asking,
        content: ContentPolicy::None,
        ..SyncOptions::new(world.lake.clone())
    };
    let few = options(Asking::Sparing {
        max_staleness_ms: BOUND_DAYS * DAY_MS,
    });
    let mut read_ms: HashMap<String, i64> = HashMap::new();
    let mut last_ms = world.now_ms();
    let (mut asked_in_all, mut active_in_all) = (0, 0);
    println!(
        "day  active since  asked  requests  requests/active  hours  oldest reading before (days)  real s"
    );
    for day in 0..=days {
        let began = std::time::Instant::now();
        let begins_ms = world.now_ms();
        let oldest_ms = read_ms.values().min().map_or(0, |ms| begins_ms - ms);
        let active = (0..users)
            .filter(|user| {
                !world
                    .tenant
                    .active_days_of(*user, last_ms, begins_ms)
                    .is_empty()
            })
            .count() as u64;
        let requests = world.history_requests();
        let summary = world
            .sync_with(&world.client(), &few, pending())
            .await
            .unwrap();
        assert_eq!(summary.status, "whole", "{:?}", summary.warnings);
        for row in world
            .select(
                "SELECT user_id, max(to_ms) AS to_ms FROM coverage WHERE whole GROUP BY user_id",
            )
            .await
        {
            read_ms.insert(
                row["user_id"].as_str().unwrap().to_owned(),
                row["to_ms"].as_i64().unwrap(),
            );
        }
        let requests = world.history_requests() - requests;
        if day > BOUND_DAYS as u32 {
            asked_in_all += requests;
            active_in_all += active;
        }
        println!(
            "{day:>3}  {active:>12}  {:>6}  {requests:>8}  {:>15.2}  {:>5.2}  {:>28.2}  {:>6.0}",
            summary.users_asked,
            requests as f64 / active.max(1) as f64,
            (summary.ended_at_ms - summary.started_at_ms) as f64 / HOUR_MS as f64,
            oldest_ms as f64 / DAY_MS as f64,
            began.elapsed().as_secs_f64(),
        );
        last_ms = begins_ms;
        let took_ms = world.now_ms() - begins_ms;
        let rest_ms = u64::try_from(DAY_MS - took_ms).unwrap_or(0);
        advance(Duration::from_millis(rest_ms)).await;
    }
    println!(
        "requests for each user active since the last sync, after {BOUND_DAYS} days: {:.2}",
        asked_in_all as f64 / active_in_all.max(1) as f64
    );
    let requests = world.history_requests();
    let as_of_ms = world.now_ms() / 1000 * 1000 - 1;
    let summary = world
        .sync_with(&world.client(), &options(Asking::Everyone), pending())
        .await
        .unwrap();
    println!(
        "everyone: {} requests, {:.2} hours, {} rows new to the lake",
        world.history_requests() - requests,
        (summary.ended_at_ms - summary.started_at_ms) as f64 / HOUR_MS as f64,
        summary.rows_new,
    );
    let found = compare_in(
        &world,
        &Scope {
            as_of_ms,
            ..Scope::default()
        },
    )
    .await;
    println!(
        "against the truth: {} rows, {} lost, {} extra, {} twice",
        found.rows,
        found.lost.len(),
        found.extra.len(),
        found.twice.len()
    );
}
