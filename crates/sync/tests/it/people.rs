//! People and licenses over time: what changed is followed, and no history is lost when a license goes.

use std::collections::BTreeSet;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use hobbs_graph::people::COPILOT_SKUS;
use hobbs_graph::{Transport, TransportError};
use hobbs_sync::{PeopleScope, SyncError, SyncOptions};
use hobbs_tenant::{Access, Answer, TenantOptions, Turnover, Volume};
use http::{Request, Response};
use serde_json::Value;
use tokio::time::advance;

use crate::in_process::{InProcess, World, failed_ids};

fn lively(users: u32) -> TenantOptions {
    TenantOptions {
        users,
        volume: Volume::Monthly(20.0),
        days_of_history: 60,
        turnover: Turnover {
            leavers: 0.2,
            joiners: 0.2,
            movers: 0.3,
            license_removed: 0.2,
            licensed_late: 0.2,
            ..Turnover::lively()
        },
        ..TenantOptions::default()
    }
}

async fn days(days: u64) {
    advance(Duration::from_secs(days * 86_400)).await;
}

/// Who the tenant has now, and how the lake must show them.
fn truth(world: &World) -> BTreeSet<(String, String, bool)> {
    let now_ms = world.now_ms();
    (0..world.tenant.user_count())
        .filter(|user| world.tenant.exists_at(*user, now_ms))
        .map(|user| {
            let facts = world.tenant.user_facts(user);
            let department = match facts.access {
                Access::Guest => String::new(),
                _ => facts.department.to_owned(),
            };
            (facts.id, department, facts.access == Access::Readable)
        })
        .collect()
}

async fn shown(world: &World) -> BTreeSet<(String, String, bool)> {
    let rows = world
        .select("SELECT user_id, department, licensed FROM users_now WHERE state = 'present'")
        .await;
    rows.iter()
        .map(|row| {
            let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
            (
                text("user_id").to_owned(),
                text("department").to_owned(),
                row["licensed"] == true,
            )
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn changes_are_followed_without_listing_everyone_again() {
    let world = World::new(lively(150));
    world.sync().await;
    assert_eq!(shown(&world).await, truth(&world));
    let listings = || world.tenant.statistics().requests("users");
    let listed = listings();
    let mut seen = vec![truth(&world)];
    for _ in 0..6 {
        days(4).await;
        world.sync().await;
        let now = truth(&world);
        assert_eq!(shown(&world).await, now);
        seen.push(now);
    }
    assert!(
        seen.windows(2).filter(|pair| pair[0] != pair[1]).count() >= 4,
        "a lively tenant"
    );
    assert_eq!(listings(), listed, "nobody was listed a second time");
    // Each user has one record that holds, and records without gap or overlap before it.
    let broken = world
        .number(
            "SELECT count(*) FROM (SELECT valid_to, lead(valid_from) OVER (PARTITION BY user_id ORDER BY valid_from) AS next FROM users) AS spans WHERE valid_to IS DISTINCT FROM next",
        )
        .await;
    assert_eq!(broken, 0);
    assert!(
        world
            .number("SELECT count(*) FROM users WHERE valid_to IS NOT NULL")
            .await
            > 10
    );
}

#[tokio::test(start_paused = true)]
async fn after_a_long_time_the_link_is_too_old_and_everyone_is_listed() {
    let world = World::new(lively(60));
    world.sync().await;
    let listed = world.tenant.statistics().requests("users");
    days(20).await;
    let summary = world.sync().await;
    assert_eq!(shown(&world).await, truth(&world));
    assert!(world.tenant.statistics().requests("users") > listed);
    assert_eq!(summary.warnings, Vec::<String>::new());
}

/// The lake keeps the whole history up to the removal, as far as it was ever read.
#[tokio::test(start_paused = true)]
async fn a_license_that_goes_between_two_syncs_freezes_the_history() {
    let world = World::new(TenantOptions {
        users: 24,
        volume: Volume::Monthly(60.0),
        ..TenantOptions::default()
    });
    world.sync().await;
    let readable: Vec<u32> = (0..world.tenant.user_count())
        .filter(|user| world.tenant.user_facts(*user).access == Access::Readable)
        .collect();
    let (removed, deleted) = (readable[2], readable[readable.len() - 1]);
    let rows_of = async |id: &str| {
        let sql = format!("SELECT count(*) FROM interactions WHERE user_id = '{id}'");
        world.number(&sql).await
    };
    let ids = [removed, deleted].map(|user| world.tenant.user_facts(user).id);
    let before = [rows_of(&ids[0]).await, rows_of(&ids[1]).await];
    days(2).await;
    world.tenant.remove_license(removed);
    world.tenant.delete_user(deleted);
    // A plan keeps the people too, and takes nothing away from the sync that follows.
    for _ in 0..2 {
        let gone: BTreeSet<String> = planned(&world)
            .await
            .asks
            .into_iter()
            .filter(|ask| ask.due == hobbs_sync::Due::LicenseGone)
            .map(|ask| ask.user_id)
            .collect();
        assert_eq!(gone, ids.iter().cloned().collect());
    }
    let summary = world.sync().await;
    let frozen: BTreeSet<&str> = summary
        .frozen
        .iter()
        .map(|user| user.user_id.as_str())
        .collect();
    assert_eq!(
        frozen,
        ids.iter().map(String::as_str).collect::<BTreeSet<_>>()
    );
    assert_eq!(summary.status, "whole", "{:?}", summary.failed);
    assert_eq!(
        [rows_of(&ids[0]).await, rows_of(&ids[1]).await],
        before,
        "what was read stays"
    );
    // Nobody is asked for ever who can't be read.
    days(1).await;
    let summary = world.sync().await;
    assert_eq!((summary.frozen.len(), summary.status), (0, "whole"));
    // One that comes back is read on from where it ended.
    world.tenant.give_license_back(removed);
    days(1).await;
    let summary = world.sync().await;
    assert_eq!(summary.status, "whole");
    let truth = world.tenant.truth_of(removed).len() as u64;
    assert_eq!(rows_of(&ids[0]).await, truth);
    let statuses = world
        .select(&format!(
            "SELECT status FROM license_assignments WHERE user_id = '{}' ORDER BY valid_from",
            ids[0]
        ))
        .await;
    let statuses: Vec<&str> = statuses
        .iter()
        .filter_map(|row| row["status"].as_str())
        .collect();
    assert_eq!(statuses, ["enabled", "removed", "enabled"]);
}

async fn planned(world: &World) -> hobbs_sync::Plan {
    let clock = std::sync::Arc::new(world.clock);
    let (client, options) = (world.client(), world.options());
    let planned = hobbs_sync::planned(&client, clock, &options, &mut hobbs_sync::Silent).await;
    planned.unwrap().1
}

/// Denies this app every history, in words that say nothing of a license, and lets all else through.
struct Denying(Arc<hobbs_tenant::Tenant>);

#[async_trait]
impl Transport for Denying {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        if request.uri().path().contains("interactionHistory") {
            let body = r#"{"error":{"code":"Forbidden","message":"Insufficient privileges."}}"#;
            let denied = Response::builder().status(403).body(body.into());
            return Ok(denied.unwrap());
        }
        let Answer::Whole(response) = self.0.answer(request).await else {
            panic!("this tenant has no faults");
        };
        Ok(response)
    }
}

/// A day without consent must not cost the last reading of those whose license went on that day.
#[tokio::test(start_paused = true)]
async fn who_leaves_while_the_app_is_denied_everything_is_read_later() {
    let world = World::new(TenantOptions {
        users: 24,
        volume: Volume::Monthly(60.0),
        ..TenantOptions::default()
    });
    world.sync().await;
    let leaver = (0..world.tenant.user_count())
        .find(|user| world.tenant.user_facts(*user).access == Access::Readable)
        .unwrap();
    let id = world.tenant.user_facts(leaver).id;
    days(2).await;
    world.tenant.remove_license(leaver);
    let denied = world
        .builder()
        .transport(Arc::new(Denying(Arc::clone(&world.tenant))));
    let (client, options) = (denied.build().unwrap(), world.options());
    let summary = world.sync_with(&client, &options, pending()).await.unwrap();
    assert!(summary.frozen.is_empty() && summary.failed.iter().any(|user| user.user_id == id));
    days(1).await;
    let summary = world.sync().await;
    let frozen: Vec<&str> = summary
        .frozen
        .iter()
        .map(|user| user.user_id.as_str())
        .collect();
    assert_eq!(
        (frozen.as_slice(), summary.status),
        ([id.as_str()].as_slice(), "whole")
    );
}

/// Who is out of scope and was never read is not read because the license goes.
#[tokio::test(start_paused = true)]
async fn a_license_that_goes_out_of_scope_is_nobodys_business() {
    let world = World::new(TenantOptions {
        users: 80,
        volume: Volume::Monthly(10.0),
        ..TenantOptions::default()
    });
    let options = SyncOptions {
        scope: PeopleScope {
            departments: vec!["Sales".to_owned()],
            ..PeopleScope::default()
        },
        ..world.options()
    };
    let client = world.client();
    let sync = || world.sync_with(&client, &options, std::future::pending());
    sync().await.unwrap();
    let elsewhere = (0..world.tenant.user_count()).find(|user| {
        let facts = world.tenant.user_facts(*user);
        facts.access == Access::Readable && facts.department != "Sales"
    });
    let elsewhere = elsewhere.unwrap();
    days(1).await;
    world.tenant.remove_license(elsewhere);
    let summary = sync().await.unwrap();
    assert_eq!((summary.frozen.len(), summary.status), (0, "whole"));
    let id = world.tenant.user_facts(elsewhere).id;
    let lines = format!("SELECT count(*) FROM coverage WHERE user_id = '{id}'");
    assert_eq!(world.number(&lines).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_disabled_account_is_read_first() {
    let world = World::new(TenantOptions {
        users: 40,
        ..TenantOptions::default()
    });
    world.sync().await;
    let last = world
        .user_ids(|facts| facts.access == Access::Readable)
        .pop_last()
        .unwrap();
    world
        .tenant
        .disable_account(world.tenant.find_user(&last).unwrap());
    days(1).await;
    let plan = planned(&world).await;
    let ending: Vec<&str> = plan
        .asks
        .iter()
        .take_while(|ask| ask.due == hobbs_sync::Due::LicenseEnding)
        .map(|ask| ask.user_id.as_str())
        .collect();
    assert!(ending.contains(&last.as_str()), "{ending:?}");
    assert!(plan.asks.len() > ending.len());
}

#[tokio::test(start_paused = true)]
async fn only_some_groups_and_departments() {
    let world = World::new(TenantOptions {
        users: 80,
        volume: Volume::Monthly(10.0),
        ..TenantOptions::default()
    });
    let run = async |scope: PeopleScope| {
        let options = SyncOptions {
            scope,
            ..world.options()
        };
        world
            .sync_with(&world.client(), &options, std::future::pending())
            .await
    };
    let list =
        |names: &[&str]| -> Vec<String> { names.iter().map(|name| (*name).to_owned()).collect() };
    let summary = run(PeopleScope {
        groups: list(&["Department Sales"]),
        ..PeopleScope::default()
    })
    .await
    .unwrap();
    let sales =
        world.user_ids(|facts| facts.department == "Sales" && facts.access == Access::Readable);
    assert!(!sales.is_empty());
    assert_eq!(
        (summary.users_asked, failed_ids(&summary)),
        (sales.len() as u64, BTreeSet::new())
    );
    let read: BTreeSet<String> = world
        .select("SELECT DISTINCT user_id FROM coverage")
        .await
        .iter()
        .filter_map(|row| row["user_id"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(read, sales);
    assert_eq!(
        world.number("SELECT count(*) FROM users_now").await,
        u64::from(world.tenant.user_count()),
        "people are kept whole whatever the scope"
    );
    let ambiguous = run(PeopleScope {
        groups: list(&["Duplicates"]),
        ..PeopleScope::default()
    })
    .await;
    assert!(
        matches!(ambiguous, Err(SyncError::Scope(_))),
        "{ambiguous:?}"
    );
    let nobody = run(PeopleScope {
        departments: list(&["No such department"]),
        ..PeopleScope::default()
    })
    .await
    .unwrap();
    assert_eq!(nobody.users_asked, 0);
}

const THIRD_SKU: &str = "33333333-3333-3333-3333-333333333333";

/// A tenant whose second Copilot license is one that nobody knows yet, and whose subscriptions can't be
/// read at times.
struct ThirdSku {
    inner: InProcess,
    refuses: Arc<AtomicBool>,
}

#[async_trait]
impl Transport for ThirdSku {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let is_refused = request.uri().path().ends_with("/subscribedSkus");
        if is_refused && self.refuses.load(Relaxed) {
            let answer = Response::builder().status(403).body(Bytes::new());
            return Ok(answer.unwrap());
        }
        let answer = self.inner.send(request).await?;
        Ok(answer.map(|body| match std::str::from_utf8(&body) {
            Ok(text) => text.replace(COPILOT_SKUS[1], THIRD_SKU).into(),
            Err(_) => body,
        }))
    }
}

#[tokio::test(start_paused = true)]
async fn a_license_whose_product_was_not_known_is_settled_once_it_is() {
    let world = World::new(TenantOptions {
        users: 60,
        volume: Volume::Monthly(5.0),
        ..TenantOptions::default()
    });
    let refuses = Arc::new(AtomicBool::new(true));
    let client = {
        let (inner, refuses) = (world.transport(), Arc::clone(&refuses));
        let transport = ThirdSku { inner, refuses };
        world.builder().transport(Arc::new(transport)).build()
    };
    let client = client.unwrap();
    let sync = async |options: &SyncOptions| {
        let synced = world.sync_with(&client, options, std::future::pending());
        synced.await.unwrap()
    };
    let holders = async |sku: &str| {
        let sql = format!(
            "SELECT count(*) FROM license_assignments WHERE valid_to IS NULL AND licensed AND sku_id = '{sku}'"
        );
        world.number(&sql).await
    };
    let everyone = world.options();
    let first = sync(&everyone).await;
    assert_eq!(first.warnings.len(), 1, "{:?}", first.warnings);
    let unknown = holders("unknown").await;
    assert!(unknown > 0 && holders(THIRD_SKU).await == 0);
    // One user's sync sees the subscriptions, and leaves the others to the next sync of everyone.
    refuses.store(false, Relaxed);
    let of_one = SyncOptions {
        who: hobbs_sync::Who::Only(vec![world.tenant.user_facts(0).id]),
        ..world.options()
    };
    sync(&of_one).await;
    sync(&everyone).await;
    assert_eq!(
        (holders("unknown").await, holders(THIRD_SKU).await),
        (0, unknown)
    );
    // From now on it is known, whether the subscriptions can be read or not, and nobody is listed again.
    let listings = || world.tenant.statistics().requests("users");
    let listed = listings();
    refuses.store(true, Relaxed);
    sync(&everyone).await;
    refuses.store(false, Relaxed);
    sync(&everyone).await;
    assert_eq!(
        (holders("unknown").await, holders(THIRD_SKU).await),
        (0, unknown)
    );
    assert_eq!(listings(), listed);
}
