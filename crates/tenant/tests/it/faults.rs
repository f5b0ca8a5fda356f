//! Each thing that can go wrong does, at about its rate.

use std::collections::{BTreeMap, HashSet};

use hobbs_tenant::{
    Access, Answer, Fault, FaultOf, Faults, Tenant, TenantOptions, UserFacts, Volume,
};
use http::StatusCode;
use serde_json::Value;

use crate::support::{
    GRAPH, HOUR_MS, Hands, get, get_json, history_url, json, pages, small, tenant, token,
    token_url, try_get,
};

fn with(fault: Fault, rate: f64) -> TenantOptions {
    TenantOptions {
        faults: Faults::none().with(fault, rate),
        volume: Volume::Exactly(230),
        ..small()
    }
}

/// A tenant with its token, and the tests' usual walk over its users.
struct World {
    tenant: Tenant,
    token: String,
}

impl World {
    async fn new(options: TenantOptions) -> Self {
        let tenant = tenant(options);
        let token = token(&tenant).await;
        Self { tenant, token }
    }

    fn users(&self) -> impl Iterator<Item = UserFacts> + '_ {
        (0..self.tenant.user_count()).map(|index| self.tenant.user_facts(index))
    }

    async fn status(&self, url: &str) -> StatusCode {
        get(&self.tenant, &self.token, url).await.status()
    }

    async fn pages(&self, url: &str) -> Vec<Vec<Value>> {
        pages(&self.tenant, &self.token, url).await
    }

    /// All that a user's history gives.
    async fn history(&self, user: &UserFacts) -> Vec<Value> {
        self.pages(&history_url(&user.id, "$top=100"))
            .await
            .concat()
    }
}

/// Five people with a thousand rows each.
fn some(faults: Faults) -> TenantOptions {
    TenantOptions {
        faults,
        users: 5,
        volume: Volume::Exactly(1_000),
        ..small()
    }
}

/// What makes an item that item.
fn keys(items: &[Value]) -> HashSet<String> {
    items
        .iter()
        .map(|item| format!("{}{}", item["sessionId"], item["id"]))
        .collect()
}

/// What kind of trouble an answer is.
fn symptom(answer: &Answer) -> String {
    match answer {
        Answer::Hang => "hang".to_owned(),
        Answer::Reset => "reset".to_owned(),
        Answer::Cut {
            response,
            keep_bytes,
        } => {
            assert!(*keep_bytes < response.body().len());
            assert!(serde_json::from_slice::<Value>(response.body()).is_ok());
            "cut".to_owned()
        }
        Answer::Whole(response) => {
            let readable = serde_json::from_slice::<Value>(response.body()).is_ok();
            let html = response.body().starts_with(b"<html>");
            let retry = response
                .headers()
                .get("retry-after")
                .map(|value| value.to_str().unwrap().to_owned());
            let retry = retry.map_or("none", |value| {
                if value.parse::<u32>().is_ok() {
                    "seconds"
                } else {
                    "date"
                }
            });
            format!(
                "{} json={readable} html={html} retry={retry}",
                response.status().as_u16()
            )
        }
    }
}

#[tokio::test]
async fn attempts_fail_at_their_rate_and_as_they_should() {
    let fine = "200 json=true html=false retry=none";
    for (fault, wanted) in [
        (
            Fault::ThrottleSeconds,
            "429 json=true html=false retry=seconds",
        ),
        (Fault::ThrottleDate, "429 json=true html=false retry=date"),
        (Fault::ThrottleBare, "429 json=true html=false retry=none"),
        (Fault::Error500, "500 json=true html=false retry=none"),
        (Fault::BadGatewayHtml, "502 json=false html=true retry=none"),
        (
            Fault::Unavailable503,
            "503 json=false html=false retry=none",
        ),
        (Fault::Timeout504, "504 json=true html=false retry=none"),
        (Fault::CutBody, "cut"),
        (Fault::TruncatedJson, "200 json=false html=false retry=none"),
        (Fault::Reset, "reset"),
        (Fault::Hang, "hang"),
        (Fault::ExpiredToken, "401 json=true html=false retry=none"),
    ] {
        let world = World::new(TenantOptions {
            users: 600,
            volume: Volume::Exactly(1),
            ..with(fault, 0.2)
        })
        .await;
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        for user in world.users() {
            let url = history_url(&user.id, "");
            let answer = try_get(&world.tenant, &world.token, &url).await;
            *counts.entry(symptom(&answer)).or_default() += 1;
        }
        let struck = counts.get(wanted).copied().unwrap_or(0);
        assert!((85..=155).contains(&struck), "{fault:?}: {counts:?}");
        assert_eq!(counts.len(), 2, "{fault:?}: {counts:?}");
        assert!(counts.contains_key(fine), "{fault:?}: {counts:?}");
        assert_eq!(world.tenant.statistics().struck(fault), u64::from(struck));
    }
}

#[tokio::test]
async fn every_request_succeeds_in_the_end() {
    let mut faults = Faults::none();
    for fault in Fault::ALL
        .iter()
        .filter(|fault| fault.of() == FaultOf::Attempt)
    {
        faults.set(*fault, 0.05);
    }
    let world = World::new(TenantOptions {
        faults,
        users: 60,
        volume: Volume::Exactly(5),
        ..small()
    })
    .await;
    for user in world.users() {
        let url = history_url(&user.id, "");
        let mut tries = 0;
        while symptom(&try_get(&world.tenant, &world.token, &url).await)
            != "200 json=true html=false retry=none"
        {
            tries += 1;
            assert!(tries < 30, "user {} never succeeds", user.index);
        }
    }
}

#[tokio::test]
async fn the_token_endpoint_can_fail_too() {
    let tenant = tenant(with(Fault::TokenUnavailable, 1.0));
    let response = crate::support::post_form(&tenant, &token_url(&tenant), &[]).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn junk_stands_beside_the_items_and_stays_the_same() {
    let faults = Faults::none()
        .with(Fault::NullItem, 0.1)
        .with(Fault::NoTime, 0.1)
        .with(Fault::NoId, 0.1);
    let world = World::new(some(faults)).await;
    let mut counts = (0, 0, 0, 0);
    for user in world.users() {
        let pages = world.pages(&history_url(&user.id, "$top=100")).await;
        assert!(pages.iter().all(|page| page.len() <= 100));
        let items = pages.concat();
        assert_eq!(items, world.history(&user).await);
        let usable: Vec<Value> = items
            .iter()
            .filter(|item| item["id"].is_string() && item["createdDateTime"].is_string())
            .cloned()
            .collect();
        assert_eq!((usable.len(), keys(&usable).len()), (1_000, 1_000));
        counts.0 += usable.len();
        counts.1 += items.iter().filter(|item| item.is_null()).count();
        counts.2 += items
            .iter()
            .filter(|item| item["id"].is_string() && !item["createdDateTime"].is_string())
            .count();
        counts.3 += items
            .iter()
            .filter(|item| item.is_object() && !item["id"].is_string())
            .count();
    }
    let junk = world.tenant.junk_count();
    assert_eq!(
        counts,
        (
            5_000,
            junk.null_items as usize,
            junk.no_time as usize,
            junk.no_id as usize
        )
    );
    for count in [junk.null_items, junk.no_time, junk.no_id] {
        assert!((430..570).contains(&count), "{junk:?}");
    }
}

#[tokio::test]
async fn items_whose_id_alone_tells_the_time_are_true_items() {
    let world = World::new(with(Fault::TimeInId, 0.2)).await;
    let (mut all, mut timed_by_id) = (0, 0);
    for user in world.users() {
        let items = world.history(&user).await;
        let truth = world.tenant.truth_of(user.index);
        assert_eq!(items.len(), truth.len());
        for (item, truth) in items.iter().rev().zip(&truth) {
            assert_eq!(item["id"], *truth.id);
            all += 1;
            if !item["createdDateTime"].is_string() {
                timed_by_id += 1;
                assert_eq!(truth.id, truth.created_at_ms.to_string());
            }
        }
    }
    let share = f64::from(timed_by_id) / f64::from(all);
    assert!((0.15..0.25).contains(&share), "{timed_by_id} of {all}");
    assert_eq!(world.tenant.junk_count().no_time, 0);
}

#[tokio::test]
async fn items_come_twice_on_neighboring_pages() {
    let world = World::new(with(Fault::RepeatedItem, 0.5)).await;
    let (mut ends, mut repeated) = (0, 0);
    for user in world.users() {
        let pages = world.pages(&history_url(&user.id, "$top=20")).await;
        for pair in pages.windows(2) {
            ends += 1;
            repeated += u32::from(pair[0].last() == pair[1].first());
        }
        assert_eq!(keys(&pages.concat()).len(), 230);
    }
    let share = f64::from(repeated) / f64::from(ends);
    assert!((0.4..0.6).contains(&share), "{repeated} of {ends}");
    assert_eq!(
        world.tenant.statistics().struck(Fault::RepeatedItem),
        u64::from(repeated)
    );
}

#[tokio::test]
async fn late_items_show_up_hours_after_their_time() {
    let hands = Hands::new();
    let options = with(Fault::LateItems, 0.2).frozen();
    let tenant = Tenant::new(options, hands.clock()).unwrap();
    let before = tenant.truth().count();
    hands.advance(21 * HOUR_MS);
    let late: Vec<_> = tenant
        .truth()
        .filter(|item| item.visible_at_ms - item.created_at_ms >= HOUR_MS)
        .collect();
    let after = tenant.truth().count();
    assert_eq!(after, 30 * 230);
    assert!(before < after, "some were not visible at first");
    let share = late.len() as f64 / after as f64;
    assert!((0.18..0.22).contains(&share), "{share}");
    assert!(
        late.iter()
            .all(|item| item.visible_at_ms - item.created_at_ms <= 20 * HOUR_MS)
    );
}

#[tokio::test]
async fn some_kinds_and_fields_are_new() {
    let faults = Faults::none()
        .with(Fault::UnknownKind, 0.1)
        .with(Fault::OddFields, 0.1);
    let world = World::new(some(faults)).await;
    let (mut unknown, mut odd) = (0, 0);
    for user in world.users() {
        for item in world.history(&user).await {
            unknown += u32::from(
                !["userPrompt", "aiResponse"].contains(&item["interactionType"].as_str().unwrap()),
            );
            odd += u32::from(
                item["locale"].is_number()
                    && item["mentions"].is_string()
                    && item["riskScore"].is_object(),
            );
        }
    }
    assert!(
        (430..570).contains(&unknown) && (430..570).contains(&odd),
        "{unknown}, {odd}"
    );
    assert_eq!(
        world
            .tenant
            .truth()
            .filter(|item| item.interaction_type == "systemNotice")
            .count(),
        unknown as usize
    );
}

#[tokio::test]
async fn some_users_refuse_filters() {
    let world = World::new(TenantOptions {
        users: 200,
        ..with(Fault::FilterRefused, 0.3)
    })
    .await;
    let mut refused = 0;
    for user in world.users() {
        let filtered = history_url(
            &user.id,
            "$filter=createdDateTime gt 2026-01-01T00:00:00Z and createdDateTime lt 2027-01-01T00:00:00Z",
        );
        let status = world.status(&filtered).await;
        assert_eq!(status == StatusCode::BAD_REQUEST, user.filter_refused);
        refused += u32::from(user.filter_refused);
        let unfiltered = history_url(&user.id, "");
        assert_eq!(world.status(&unfiltered).await, StatusCode::OK);
    }
    assert!((40..80).contains(&refused), "{refused}");
}

#[tokio::test]
async fn some_links_lead_elsewhere() {
    let world = World::new(TenantOptions {
        users: 100,
        ..with(Fault::ForeignNextLink, 0.3)
    })
    .await;
    let mut foreign = 0;
    for user in world.users() {
        let url = history_url(&user.id, "$top=100");
        let page = get_json(&world.tenant, &world.token, &url).await;
        let next = page["@odata.nextLink"].as_str().unwrap();
        assert_eq!(
            !next.starts_with(&format!("{GRAPH}/")),
            user.foreign_next_link,
            "{next}"
        );
        foreign += u32::from(user.foreign_next_link);
    }
    assert!((18..45).contains(&foreign), "{foreign}");
}

#[tokio::test]
async fn licenses_go_away_in_the_middle() {
    let world = World::new(TenantOptions {
        users: 100,
        ..with(Fault::LicenseRemoved, 0.3)
    })
    .await;
    let mut lost = 0;
    for user in world.users() {
        assert_eq!(user.access, Access::Readable);
        let url = history_url(&user.id, "$top=10");
        let mut statuses = Vec::new();
        for _ in 0..5 {
            statuses.push(world.status(&url).await);
        }
        let good = statuses
            .iter()
            .filter(|status| **status == StatusCode::OK)
            .count();
        if user.loses_license {
            assert!((1..=3).contains(&good), "{statuses:?}");
            assert!(
                statuses[good..]
                    .iter()
                    .all(|status| *status == StatusCode::FORBIDDEN)
            );
            let after = world.tenant.user_facts(user.index).access;
            assert_eq!(after, Access::LicenseRemoved);
            lost += 1;
        } else {
            assert_eq!(good, 5);
        }
    }
    assert!((18..45).contains(&lost), "{lost}");
    assert_eq!(
        world.tenant.statistics().struck(Fault::LicenseRemoved),
        lost
    );
}

#[tokio::test]
async fn errors_look_like_graphs_own() {
    let tenant = tenant(with(Fault::Error500, 1.0));
    let token = token(&tenant).await;
    let request = http::Request::get(format!("{GRAPH}/v1.0/users"))
        .header("authorization", format!("Bearer {token}"))
        .header("client-request-id", "my-own-id")
        .body(bytes::Bytes::new())
        .unwrap();
    let response = crate::support::whole(tenant.answer(request).await);
    let error = json(&response)["error"].clone();
    assert_eq!(error["code"], "InternalServerError");
    assert_eq!(error["innerError"]["client-request-id"], "my-own-id");
    assert_eq!(error["innerError"]["date"], "2026-06-03T15:00:00");
    assert_eq!(
        response.headers()["request-id"],
        error["innerError"]["request-id"].as_str().unwrap()
    );
    assert_eq!(response.headers()["date"], "Wed, 03 Jun 2026 15:00:00 GMT");
}
