//! What happens to people over time, and what follows from it.

use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

use hobbs_tenant::{Access, LifeEvent, Maker, Tenant, TenantOptions, Turnover, Volume};
use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{
    GRAPH, Hands, START_MS, all, get, get_json, history_url, small, tenant, token,
};

pub const DAY_MS: i64 = 86_400_000;
const HISTORY_MS: i64 = 90 * DAY_MS;

pub fn lively(users: u32) -> TenantOptions {
    TenantOptions {
        users,
        days_of_history: 90,
        ..TenantOptions::default()
    }
    .lively()
    .unthrottled()
}

/// Only this happens, and to many.
fn often(turnover: Turnover) -> TenantOptions {
    TenantOptions {
        users: 60,
        days_of_history: 90,
        turnover,
        ..small()
    }
}

fn kind(event: LifeEvent) -> &'static str {
    match event {
        LifeEvent::Joined => "joined",
        LifeEvent::LicenseAssigned => "assigned",
        LifeEvent::LicenseWarned => "warned",
        LifeEvent::LicenseSuspended => "suspended",
        LifeEvent::LicenseRemoved => "removed",
        LifeEvent::PlanSwitchedOff => "off",
        LifeEvent::PlanSwitchedOn => "on",
        LifeEvent::AccountDisabled => "disabled",
        LifeEvent::Left => "left",
        LifeEvent::Moved { .. } => "moved",
        LifeEvent::LeaveBegan => "began",
        LifeEvent::LeaveEnded => "ended",
    }
}

/// The first user to whom this happens within these days after the start, and when.
fn whom(tenant: &Tenant, event: LifeEvent, days: std::ops::Range<i64>) -> (u32, i64) {
    let found = (0..tenant.user_count()).find_map(|user| {
        let events = tenant.events_of(user);
        let at_ms = events.iter().find(|(_, other)| *other == event)?.0;
        days.contains(&(at_ms - START_MS).div_euclid(DAY_MS))
            .then_some((user, at_ms))
    });
    found.unwrap_or_else(|| panic!("{event:?} happens to nobody"))
}

async fn user(tenant: &Tenant, id: &str) -> Value {
    let token = token(tenant).await;
    let select = "$select=id,accountEnabled,createdDateTime,department,officeLocation,jobTitle,assignedLicenses,assignedPlans&$expand=manager($select=id)";
    get_json(tenant, &token, &format!("{GRAPH}/v1.0/users/{id}?{select}")).await
}

async fn status(tenant: &Tenant, url: &str) -> StatusCode {
    let token = token(tenant).await;
    get(tenant, &token, url).await.status()
}

fn chat_plan(user: &Value) -> &Value {
    let plans = user["assignedPlans"].as_array().unwrap();
    plans
        .iter()
        .find(|plan| plan["servicePlanId"] == hobbs_tenant::COPILOT_CHAT_PLAN)
        .unwrap_or(&Value::Null)
}

#[tokio::test]
async fn nothing_happens_unless_asked_for() {
    let tenant = tenant(TenantOptions::default());
    assert!((0..300).all(|user| tenant.events_of(user).is_empty()));
    assert!((0..300).all(|user| tenant.exists_at(user, 0)));
}

#[tokio::test]
async fn events_come_as_often_as_they_should_and_say_what_is_true() {
    let tenant = tenant(lively(6_000));
    let readable = (0..6_000)
        .filter(|user| tenant.events_of(*user).is_empty())
        .count();
    assert!(readable > 2_500, "{readable} stay as they are in 455 days");
    let mut in_history: HashMap<&str, u32> = HashMap::new();
    for user in 0..6_000 {
        let events = tenant.events_of(user);
        assert!(events.is_sorted_by_key(|(at_ms, _)| *at_ms));
        for (at_ms, event) in &events {
            if (START_MS - HISTORY_MS..START_MS).contains(at_ms) {
                *in_history.entry(kind(*event)).or_default() += 1;
            }
            let (before, after) = (at_ms - 1, *at_ms);
            match event {
                LifeEvent::Joined => {
                    assert!(!tenant.exists_at(user, before) && tenant.exists_at(user, after));
                    assert_eq!(tenant.access_at(user, before), Access::Deleted);
                }
                LifeEvent::Left => {
                    assert!(tenant.exists_at(user, before) && !tenant.exists_at(user, after));
                    assert_eq!(tenant.access_at(user, after), Access::Deleted);
                    assert!(!tenant.is_licensed_at(user, after));
                }
                LifeEvent::LicenseAssigned => {
                    assert!(!tenant.is_licensed_at(user, before));
                    assert_ne!(tenant.access_at(user, before), Access::Readable);
                    assert_eq!(tenant.access_at(user, after), Access::Readable);
                }
                LifeEvent::LicenseRemoved => {
                    assert!(tenant.is_licensed_at(user, before));
                    assert_eq!(tenant.access_at(user, after), Access::LicenseRemoved);
                    assert!(!tenant.is_licensed_at(user, after));
                }
                LifeEvent::LicenseWarned => {
                    assert_eq!(tenant.access_at(user, after), Access::Readable);
                }
                LifeEvent::LicenseSuspended | LifeEvent::PlanSwitchedOff => {
                    assert_eq!(tenant.access_at(user, before), Access::Readable);
                    assert_eq!(tenant.access_at(user, after), Access::PlanDisabled);
                    assert!(tenant.is_licensed_at(user, after));
                }
                LifeEvent::PlanSwitchedOn => {
                    assert_eq!(tenant.access_at(user, after), Access::Readable);
                }
                LifeEvent::AccountDisabled
                | LifeEvent::Moved { .. }
                | LifeEvent::LeaveBegan
                | LifeEvent::LeaveEnded => {}
            }
        }
    }
    let count = |kind: &str| in_history.get(kind).copied().unwrap_or_default();
    // Of 6,000: 2 % of everyone, 2 % of about 4,650 who can be read, 5 % of those who lead nobody.
    assert!((70..150).contains(&count("left")), "{in_history:?}");
    assert!((70..150).contains(&count("joined")), "{in_history:?}");
    assert!((190..300).contains(&count("moved")), "{in_history:?}");
    assert!((80..180).contains(&count("removed")), "{in_history:?}");
    assert!((150..320).contains(&count("assigned")), "{in_history:?}");
    assert!((25..70).contains(&count("off")), "{in_history:?}");
    assert!(count("warned") > 20 && count("suspended") > 20 && count("ended") > 50);
    // The account of who leaves is disabled some days before.
    for user in 0..6_000 {
        let events = tenant.events_of(user);
        let at = |kind_: &str| events.iter().find(|(_, event)| kind(*event) == kind_);
        if let Some((left_ms, _)) = at("left") {
            let (disabled_ms, _) = at("disabled").unwrap();
            assert!((3..=20).contains(&((left_ms - disabled_ms) / DAY_MS)));
        }
    }
}

#[tokio::test]
async fn a_license_moves_from_one_to_another_in_one_moment() {
    let tenant = tenant(often(Turnover {
        license_moved: 0.1,
        ..Turnover::default()
    }));
    let mut moved = 0;
    for user in 0..60 {
        let events = tenant.events_of(user);
        assert!(events.len() < 2, "{events:?}");
        let Some((at_ms, event)) = events.first() else {
            continue;
        };
        let other = tenant.events_of(user ^ 1);
        assert_eq!(other[0].0, *at_ms);
        assert_ne!(other[0].1, *event);
        let held =
            |at_ms: i64| [user, user ^ 1].map(|user| u32::from(tenant.is_licensed_at(user, at_ms)));
        assert_eq!(held(at_ms - 1).iter().sum::<u32>(), 1);
        assert_eq!(held(*at_ms).iter().sum::<u32>(), 1);
        assert_ne!(held(at_ms - 1), held(*at_ms));
        moved += 1;
    }
    assert!(moved > 10, "{moved}");
}

#[tokio::test]
async fn histories_hold_only_what_somebody_could_do() {
    for volume in [Volume::Monthly(60.0), Volume::Exactly(90)] {
        let hands = Hands::new();
        let options = TenantOptions {
            volume,
            users: 300,
            ..lively(0)
        };
        let tenant = Tenant::new(options, hands.clock()).unwrap();
        hands.advance(60 * DAY_MS);
        let (mut items, mut changed, mut cut) = (0, 0, 0);
        for user in 0..300 {
            let events = tenant.events_of(user);
            let truth = tenant.truth_of(user);
            items += truth.len();
            for item in &truth {
                let at_ms = item.created_at_ms;
                let working = tenant.access_at(user, at_ms) == Access::Readable;
                assert!(working, "{:?} {at_ms}", events);
                let past = events.iter().filter(|(event_ms, _)| *event_ms <= at_ms);
                let away = past.fold(false, |away, (_, event)| match event {
                    LifeEvent::LeaveBegan | LifeEvent::AccountDisabled => true,
                    LifeEvent::LeaveEnded => false,
                    _ => away,
                });
                assert!(!away, "{events:?} {at_ms}");
            }
            let open_all = !events.is_empty()
                && (0..90)
                    .all(|day| tenant.access_at(user, START_MS - day * DAY_MS) == Access::Readable);
            changed += usize::from(!events.is_empty() && !truth.is_empty());
            cut += usize::from(!events.is_empty() && !open_all && !truth.is_empty());
        }
        assert!(
            items > 5_000 && changed > 50 && cut > 10,
            "{items} {changed} {cut}"
        );
    }
}

#[tokio::test]
async fn who_gets_the_license_late_has_no_past_and_rows_after_their_time() {
    let options = TenantOptions {
        volume: Volume::Exactly(900),
        ..often(Turnover {
            licensed_late: 0.2,
            ..Turnover::default()
        })
    };
    let tenant = tenant(options);
    let (user, at_ms) = whom(&tenant, LifeEvent::LicenseAssigned, -60..-25);
    let truth = tenant.truth_of(user);
    assert!(truth.iter().all(|item| item.created_at_ms >= at_ms));
    let share = (START_MS - at_ms) as f64 / HISTORY_MS as f64;
    let expected = 900.0 * share;
    assert!(
        (0.5 * expected..1.5 * expected).contains(&(truth.len() as f64)),
        "{} of {expected}",
        truth.len()
    );
    let id = tenant.user_facts(user).id;
    let shown = self::user(&tenant, &id).await;
    assert_eq!(chat_plan(&shown)["capabilityStatus"], "Enabled");
    let assigned = chat_plan(&shown)["assignedDateTime"].as_str().unwrap();
    let assigned: jiff::Timestamp = assigned.parse().unwrap();
    assert_eq!(assigned.as_millisecond(), at_ms);
}

#[tokio::test]
async fn who_loses_the_license_is_refused_and_who_gets_it_back_shows_the_past_again() {
    let hands = Hands::new();
    let options = often(Turnover {
        license_removed: 0.2,
        license_warned: 1.0,
        license_returned: 1.0,
        ..Turnover::default()
    });
    let tenant = Tenant::new(options, hands.clock()).unwrap();
    let found = (0..60).find(|user| {
        let events = tenant.events_of(*user);
        events.len() == 4 && events[0].0 > START_MS + DAY_MS && tenant.count_of(*user) > 100
    });
    let user = found.unwrap();
    let events = tenant.events_of(user);
    let id = tenant.user_facts(user).id;
    let url = history_url(&id, "$top=100");
    let before = {
        let token = token(&tenant).await;
        all(&tenant, &token, &url).await.len()
    };
    let to = |at_ms: i64| hands.advance(at_ms - tenant.now_ms());
    let expected = [
        (LifeEvent::LicenseWarned, "Warning", StatusCode::OK, 1),
        (
            LifeEvent::LicenseSuspended,
            "Suspended",
            StatusCode::FORBIDDEN,
            1,
        ),
        (
            LifeEvent::LicenseRemoved,
            "Deleted",
            StatusCode::FORBIDDEN,
            0,
        ),
        (LifeEvent::LicenseAssigned, "Enabled", StatusCode::OK, 1),
    ];
    for ((at_ms, event), (expected, capability, code, copilot)) in events.iter().zip(expected) {
        assert_eq!(*event, expected);
        to(*at_ms);
        assert_eq!(status(&tenant, &url).await, code, "{event:?}");
        let shown = self::user(&tenant, &id).await;
        assert_eq!(chat_plan(&shown)["capabilityStatus"], capability);
        let licenses = shown["assignedLicenses"].as_array().unwrap();
        assert_eq!(licenses.len(), 1 + copilot, "{event:?}");
    }
    to(events[3].0 + 40 * DAY_MS);
    let token = token(&tenant).await;
    let items = all(&tenant, &token, &url).await;
    assert!(items.len() > before, "{} after {before}", items.len());
    let dark = events[1].0..events[3].0;
    let truth = tenant.truth_of(user);
    assert_eq!(truth.len(), items.len());
    assert!(truth.iter().all(|item| !dark.contains(&item.created_at_ms)));
    assert!(truth.iter().any(|item| item.created_at_ms >= dark.end));
}

#[tokio::test]
async fn a_plan_is_switched_off_and_on() {
    let hands = Hands::new();
    let options = often(Turnover {
        plan_switched: 0.2,
        ..Turnover::default()
    });
    let tenant = Tenant::new(options, hands.clock()).unwrap();
    let (user, off_ms) = whom(&tenant, LifeEvent::PlanSwitchedOff, 1..300);
    let (_, on_ms) = whom(&tenant, LifeEvent::PlanSwitchedOn, 1..360);
    let on_ms = tenant
        .events_of(user)
        .last()
        .map_or(on_ms, |(at_ms, _)| *at_ms);
    let id = tenant.user_facts(user).id;
    let url = history_url(&id, "$top=1");
    hands.advance(off_ms - START_MS);
    assert_eq!(status(&tenant, &url).await, StatusCode::FORBIDDEN);
    let shown = self::user(&tenant, &id).await;
    assert_eq!(chat_plan(&shown)["capabilityStatus"], "Deleted");
    let disabled = &shown["assignedLicenses"][1]["disabledPlans"];
    assert_eq!(disabled, &json!([hobbs_tenant::COPILOT_CHAT_PLAN]));
    hands.advance(on_ms - off_ms);
    assert_eq!(status(&tenant, &url).await, StatusCode::OK);
    let shown = self::user(&tenant, &id).await;
    assert_eq!(shown["assignedLicenses"][1]["disabledPlans"], json!([]));
}

#[tokio::test]
async fn leavers_go_and_joiners_come() {
    let hands = Hands::new();
    let options = often(Turnover {
        leavers: 0.1,
        joiners: 0.1,
        ..Turnover::default()
    });
    let tenant = Tenant::new(options, hands.clock()).unwrap();
    let listed = async || {
        let token = token(&tenant).await;
        let users = all(&tenant, &token, &format!("{GRAPH}/v1.0/users?$select=id")).await;
        let ids = users
            .iter()
            .map(|user| user["id"].as_str().unwrap().to_owned());
        ids.collect::<BTreeSet<_>>()
    };
    let (leaver, left_ms) = whom(&tenant, LifeEvent::Left, 25..300);
    let (joiner, joined_ms) = whom(&tenant, LifeEvent::Joined, 25..300);
    let ids = [leaver, joiner].map(|user| tenant.user_facts(user).id);
    let shown = |id: &str| format!("{GRAPH}/v1.0/users/{id}");
    let both = async || {
        let listed = listed().await;
        let mut all = Vec::new();
        for id in &ids {
            all.push((
                listed.contains(id),
                status(&tenant, &shown(id)).await.as_u16(),
                status(&tenant, &history_url(id, "")).await.as_u16(),
            ));
        }
        [all[0], all[1]]
    };
    assert_eq!(both().await, [(true, 200, 200), (false, 404, 404)]);
    assert_eq!(tenant.count_of(joiner), 0);
    let mut moments = [left_ms - 1, left_ms, joined_ms];
    moments.sort_unstable();
    for at_ms in moments {
        hands.advance(at_ms - tenant.now_ms());
        let [left, joined] = both().await;
        let there = at_ms < left_ms;
        assert_eq!(left.0, there);
        assert_eq!(
            [left.1, left.2],
            if there { [200, 200] } else { [404, 404] }
        );
        assert_eq!(
            (joined.0, joined.1),
            if at_ms < joined_ms {
                (false, 404)
            } else {
                (true, 200)
            }
        );
        if at_ms == left_ms - 1 {
            assert_eq!(self::user(&tenant, &ids[0]).await["accountEnabled"], false);
        }
    }
    let created = self::user(&tenant, &ids[1]).await["createdDateTime"].clone();
    let created: jiff::Timestamp = created.as_str().unwrap().parse().unwrap();
    assert_eq!(created.as_millisecond(), joined_ms);
    hands.advance(joined_ms + 5 * DAY_MS - tenant.now_ms().min(joined_ms));
    assert_eq!(
        status(&tenant, &history_url(&ids[1], "")).await,
        StatusCode::OK
    );
}

#[tokio::test]
async fn people_move_to_another_department_manager_and_office() {
    let hands = Hands::new();
    let tenant = Tenant::new(
        often(Turnover {
            movers: 0.1,
            ..Turnover::default()
        }),
        hands.clock(),
    )
    .unwrap();
    let moves = (0..60).find_map(|user| match tenant.events_of(user)[..] {
        [(at_ms, LifeEvent::Moved { department })] if at_ms > START_MS => {
            Some((user, at_ms, department))
        }
        _ => None,
    });
    let (index, at_ms, department) = moves.unwrap();
    let before = tenant.user_facts(index);
    let old = user(&tenant, &before.id).await;
    hands.advance(at_ms - START_MS);
    let new = user(&tenant, &before.id).await;
    assert_ne!(before.department, department);
    assert_eq!(old["department"], before.department);
    assert_eq!(new["department"], department);
    assert_eq!(tenant.user_facts(index).department, department);
    assert_ne!(old["officeLocation"], new["officeLocation"]);
    let title = new["jobTitle"].as_str().unwrap();
    assert!(title.starts_with(department), "{title}");
    let manager = new["manager"]["id"].as_str().unwrap();
    assert_ne!(old["manager"]["id"], manager);
    let manager = tenant.user_facts(tenant.find_user(manager).unwrap());
    assert_eq!(manager.department, department);
}

#[tokio::test]
async fn what_is_done_by_hand_holds_from_now_on() {
    let hands = Hands::new();
    let tenant = Tenant::new(
        TenantOptions {
            volume: Volume::Exactly(300),
            ..small()
        },
        hands.clock(),
    )
    .unwrap();
    let members: Vec<u32> = (20..24).collect();
    let ids: Vec<String> = (0..30).map(|user| tenant.user_facts(user).id).collect();
    let at_ms = tenant.now_ms();
    tenant.disable_account(members[0]);
    tenant.delete_user(members[1]);
    let elsewhere = if tenant.user_facts(members[2]).department == "Legal" {
        "Finance"
    } else {
        "Legal"
    };
    assert!(tenant.move_department(members[2], elsewhere));
    assert!(!tenant.move_department(members[2], "Nowhere"));
    tenant.remove_license(members[3]);
    hands.advance(20 * DAY_MS);
    let shown = user(&tenant, &ids[20]).await;
    assert_eq!(shown["accountEnabled"], false);
    let statuses = [
        status(&tenant, &history_url(&ids[20], "")).await,
        status(&tenant, &history_url(&ids[21], "")).await,
        status(&tenant, &history_url(&ids[22], "")).await,
        status(&tenant, &history_url(&ids[23], "")).await,
    ];
    assert_eq!(statuses.map(|status| status.as_u16()), [200, 404, 200, 403]);
    assert_eq!(user(&tenant, &ids[22]).await["department"], elsewhere);
    for user in [20, 21, 23] {
        let truth = tenant.truth_of(user);
        assert_eq!(truth.len(), 300, "{user}");
        assert!(truth.iter().all(|item| item.created_at_ms <= at_ms));
    }
    assert!(tenant.truth_of(22).len() > 300);
    tenant.give_license_back(23);
    hands.advance(20 * DAY_MS);
    let truth = tenant.truth_of(23);
    assert!(truth.len() > 300);
    let back_ms = at_ms + 20 * DAY_MS;
    let dark = at_ms + 1..back_ms;
    assert!(truth.iter().all(|item| !dark.contains(&item.created_at_ms)));
    // Whoever reported to somebody who is deleted has no manager.
    let manager = (0..30).find_map(|user| tenant.user_facts(user).manager_id);
    let manager = manager.and_then(|id| tenant.find_user(&id)).unwrap();
    let report = (0..30).find(|user| {
        tenant.user_facts(*user).manager_id.as_deref() == Some(ids[manager as usize].as_str())
    });
    let report = report.unwrap();
    tenant.delete_user(manager);
    assert_eq!(tenant.user_facts(report).manager_id, None);
}

#[tokio::test]
async fn a_share_of_the_users_is_active_each_day_each_day_others() {
    let hands = Hands::new();
    let options = TenantOptions {
        users: 400,
        active_share: Some(0.2),
        ..small()
    };
    let tenant = Tenant::new(options, hands.clock()).unwrap();
    hands.advance(5 * DAY_MS);
    let midnight_ms = START_MS.div_euclid(DAY_MS) * DAY_MS;
    let (from_ms, to_ms) = (midnight_ms - 20 * DAY_MS, midnight_ms + 5 * DAY_MS);
    let mut by_day: HashMap<i64, u32> = HashMap::new();
    for user in 0..400 {
        let active = tenant.active_days_of(user, from_ms, to_ms);
        let truth = tenant.truth_of(user);
        let days: BTreeSet<i64> = truth
            .iter()
            .filter(|item| (from_ms..to_ms).contains(&item.created_at_ms))
            .map(|item| item.created_at_ms.div_euclid(DAY_MS))
            .collect();
        assert_eq!(active, days);
        for day in active {
            *by_day.entry(day).or_default() += 1;
        }
    }
    assert_eq!(by_day.len(), 25);
    assert!(
        by_day.values().all(|count| (50..115).contains(count)),
        "{by_day:?}"
    );
    let mean = f64::from(by_day.values().sum::<u32>()) / 25.0;
    assert!((74.0..86.0).contains(&mean), "{mean}");
}

#[tokio::test]
async fn the_days_of_any_user_are_known_without_the_history() {
    for volume in [Volume::Monthly(60.0), Volume::Total(8_000)] {
        let options = TenantOptions {
            volume,
            ..lively(120)
        };
        let tenant = tenant(options.frozen());
        let (from_ms, to_ms) = (START_MS - 33 * DAY_MS, START_MS + 3 * DAY_MS);
        let mut days = 0;
        for user in 0..120 {
            let truth = tenant.truth_of(user);
            let expected: BTreeSet<i64> = truth
                .iter()
                .filter(|item| item.created_at_ms >= from_ms)
                .map(|item| item.created_at_ms.div_euclid(DAY_MS))
                .collect();
            days += expected.len();
            let active = tenant.active_days_of(user, from_ms, to_ms);
            assert_eq!(active, expected, "{user} {volume:?}");
        }
        assert!(days > 200, "{days}");
    }
}

#[tokio::test]
async fn of_two_hundred_thousand_the_active_are_known_at_once() {
    let tenant = tenant(TenantOptions {
        active_share: Some(0.2),
        ..lively(200_000)
    });
    let begun = Instant::now();
    let day_ms = START_MS.div_euclid(DAY_MS) * DAY_MS;
    let active = (0..200_000).filter(|user| {
        !tenant
            .active_days_of(*user, day_ms - DAY_MS, day_ms)
            .is_empty()
    });
    let count = active.count();
    let readable = (0..200_000)
        .filter(|user| tenant.access_at(*user, day_ms) == Access::Readable)
        .count();
    let took = begun.elapsed();
    println!("{count} active, known in {took:?}");
    let share = count as f64 / readable as f64;
    assert!((0.18..0.21).contains(&share), "{share} of {readable}");
    assert!(took.as_secs() < 60, "{took:?}");
}

#[tokio::test]
async fn as_many_look_on_as_asked_for() {
    let tenant = tenant(TenantOptions {
        users: 200,
        automatic_only_share: Some(0.3),
        ..small()
    });
    let mut count = 0;
    for user in 0..200 {
        let facts = tenant.user_facts(user);
        let truth = tenant.truth_of(user);
        let own = |maker: Maker| matches!(maker, Maker::Typed | Maker::Clicked);
        let does_something = truth.iter().any(|item| own(item.maker));
        assert!(!(facts.automatic_only && does_something), "{user}");
        count += usize::from(facts.automatic_only);
    }
    assert!((42..80).contains(&count), "{count}");
}
