//! `/users/delta`: what a client knows that applies every page is what a full listing says.

use std::collections::BTreeMap;
use std::time::Instant;

use bytes::Bytes;
use hobbs_tenant::{LifeEvent, Tenant, TenantOptions};
use http::{Request, Response, StatusCode};
use serde_json::{Map, Value, json};

use crate::life::{DAY_MS, lively};
use crate::support::{GRAPH, Hands, all, json as body, small, token, whole};

const SELECT: &str = "id,displayName,userPrincipalName,department,jobTitle,officeLocation,mobilePhone,accountEnabled,userType,createdDateTime,assignedLicenses,assignedPlans";

async fn get(tenant: &Tenant, url: &str, prefer: Option<&str>) -> Response<Bytes> {
    let token = token(tenant).await;
    let mut request = Request::get(url).header("authorization", format!("Bearer {token}"));
    if let Some(prefer) = prefer {
        request = request.header("prefer", prefer);
    }
    whole(tenant.answer(request.body(Bytes::new()).unwrap()).await)
}

/// Follows the pages; gives the entries and the link for the next time.
async fn round(tenant: &Tenant, url: &str, prefer: Option<&str>) -> (Vec<Value>, String) {
    let mut url = url.to_owned();
    let mut entries = Vec::new();
    loop {
        let response = get(tenant, &url, prefer).await;
        assert_eq!(response.status(), StatusCode::OK, "{url}: {response:?}");
        let page = body(&response);
        entries.extend(page["value"].as_array().unwrap().clone());
        match (&page["@odata.nextLink"], &page["@odata.deltaLink"]) {
            (Value::String(next), Value::Null) => url = next.clone(),
            (Value::Null, Value::String(link)) => return (entries, link.clone()),
            other => panic!("{other:?}"),
        }
    }
}

/// What a client knows: users by id, their properties and under `manager` their manager's id.
type Known = BTreeMap<String, Map<String, Value>>;

fn apply(known: &mut Known, entries: Vec<Value>) {
    for entry in entries {
        let Value::Object(mut entry) = entry else {
            panic!("{entry}");
        };
        let id = entry["id"].as_str().unwrap().to_owned();
        if let Some(removed) = entry.get("@removed") {
            assert!(removed["reason"] == "changed" || removed["reason"] == "deleted");
            known.remove(&id);
            continue;
        }
        let user = known.entry(id).or_default();
        for reference in entry
            .remove("manager@delta")
            .iter()
            .flat_map(|list| list.as_array().unwrap())
        {
            if reference["@removed"].is_object() {
                // What was told before may be told again.
                if user.get("manager") == Some(&reference["id"]) {
                    user.remove("manager");
                }
            } else {
                user.insert("manager".to_owned(), reference["id"].clone());
            }
        }
        user.extend(entry);
        user.retain(|_, value| !value.is_null());
    }
}

async fn listed(tenant: &Tenant) -> Known {
    let token = token(tenant).await;
    let url = format!("{GRAPH}/v1.0/users?$select={SELECT}&$expand=manager($select=id)&$top=999");
    let users = all(tenant, &token, &url).await;
    let users = users.into_iter().map(|user| {
        let Value::Object(mut user) = user else {
            panic!("{user}");
        };
        if let Some(manager) = user.remove("manager") {
            user.insert("manager".to_owned(), manager["id"].clone());
        }
        user.retain(|_, value| !value.is_null());
        (user["id"].as_str().unwrap().to_owned(), user)
    });
    users.collect()
}

fn start() -> String {
    format!("{GRAPH}/v1.0/users/delta?$select={SELECT},manager")
}

#[tokio::test]
async fn deltas_applied_to_the_first_listing_give_the_last() {
    for prefer in [None, Some("return=minimal, odata.maxpagesize=7")] {
        let hands = Hands::new();
        let tenant = Tenant::new(lively(700), hands.clock()).unwrap();
        let mut known = Known::new();
        let (entries, mut link) = round(&tenant, &start(), prefer).await;
        assert!(entries.len() > 600);
        apply(&mut known, entries);
        assert_eq!(known, listed(&tenant).await);
        let mut told = 0;
        for step in 0..10 {
            hands.advance(6 * DAY_MS + 12_345);
            // One day's hands: two people and one whose reports lose their manager.
            if step == 4 {
                tenant.disable_account(300);
                tenant.delete_user(20);
                tenant.move_department(301, "Legal");
                tenant.remove_license(302);
            }
            let (entries, next) = round(&tenant, &link, prefer).await;
            assert!(entries.len() < 120, "{}", entries.len());
            told += entries.len();
            apply(&mut known, entries);
            let listed = listed(&tenant).await;
            assert_eq!(known.len(), listed.len());
            for (id, user) in &listed {
                assert_eq!(&known[id], user);
            }
            link = next;
        }
        assert!(told > 60, "{told}");
        assert!(tenant.statistics().requests("users_delta") >= 11);
    }
}

#[tokio::test]
async fn only_what_changed_is_told_where_that_is_preferred() {
    let hands = Hands::new();
    let tenant = Tenant::new(small(), hands.clock()).unwrap();
    let (_, link) = round(&tenant, &start(), None).await;
    hands.advance(1_000);
    assert_eq!(round(&tenant, &link, None).await.0, Vec::<Value>::new());
    let id = tenant.user_facts(25).id;
    tenant.disable_account(25);
    let (minimal, _) = round(&tenant, &link, Some("return=minimal")).await;
    assert_eq!(minimal, [json!({"id": id, "accountEnabled": false})]);
    let (entries, _) = round(&tenant, &link, None).await;
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0]["accountEnabled"], false);
    assert!(entries[0]["department"].is_string());
    assert!(
        entries[0].get("mobilePhone").is_none(),
        "what is not set is left out"
    );
    assert!(
        entries[0].get("manager@delta").is_none(),
        "nor a manager who stays"
    );
    // A property that is not tracked changes nothing.
    let (_, names) = round(
        &tenant,
        &format!("{GRAPH}/beta/users/delta?$select=displayName"),
        None,
    )
    .await;
    assert!(
        names.starts_with(&format!("{GRAPH}/beta/users/delta?$deltatoken=")),
        "{names}"
    );
    hands.advance(1_000);
    tenant.disable_account(26);
    assert_eq!(round(&tenant, &names, None).await.0, Vec::<Value>::new());
}

#[tokio::test]
async fn who_left_is_told_twice() {
    let hands = Hands::new();
    let options = TenantOptions {
        delta_token_days: 40,
        ..small()
    };
    let tenant = Tenant::new(options, hands.clock()).unwrap();
    let (_, link) = round(&tenant, &start(), None).await;
    hands.advance(DAY_MS);
    let id = tenant.user_facts(25).id;
    tenant.delete_user(25);
    hands.advance(DAY_MS);
    let (entries, next) = round(&tenant, &link, None).await;
    assert_eq!(
        entries,
        [json!({"id": id, "@removed": {"reason": "changed"}})]
    );
    hands.advance(20 * DAY_MS);
    let (entries, next) = round(&tenant, &next, None).await;
    assert_eq!(entries, Vec::<Value>::new());
    hands.advance(10 * DAY_MS);
    let (entries, _) = round(&tenant, &next, None).await;
    assert_eq!(
        entries,
        [json!({"id": id, "@removed": {"reason": "deleted"}})]
    );
}

#[tokio::test]
async fn tokens_grow_old_and_belong_to_one_tenant() {
    let hands = Hands::new();
    let tenant = Tenant::new(small(), hands.clock()).unwrap();
    let other = Tenant::new(TenantOptions { seed: 9, ..small() }, hands.clock()).unwrap();
    let latest =
        format!("{GRAPH}/v1.0/users/delta?$deltatoken=latest&$select=displayName,accountEnabled");
    let (entries, link) = round(&tenant, &latest, None).await;
    assert_eq!(entries, Vec::<Value>::new());
    let gone = async |tenant: &Tenant, link: &str| {
        let response = get(tenant, link, None).await;
        assert_eq!(response.status(), StatusCode::GONE);
        assert_eq!(body(&response)["error"]["code"], "syncStateNotFound");
        let again = response.headers()["location"].to_str().unwrap().to_owned();
        assert_eq!(round(tenant, &again, None).await.0.len(), 30);
    };
    gone(&other, &link).await;
    gone(
        &tenant,
        &format!("{GRAPH}/v1.0/users/delta?$deltatoken=nonsense"),
    )
    .await;
    hands.advance(DAY_MS);
    tenant.disable_account(20);
    hands.advance(6 * DAY_MS - 1);
    let (entries, _) = round(&tenant, &link, None).await;
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].as_object().unwrap().len(), 3, "{entries:?}");
    hands.advance(DAY_MS);
    gone(&tenant, &link).await;
    for query in [
        "$expand=manager",
        "$filter=accountEnabled eq true",
        "$orderby=displayName",
        "$skiptoken=x",
    ] {
        let query = query.replace(' ', "%20");
        let response = get(&tenant, &format!("{GRAPH}/v1.0/users/delta?{query}"), None).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{query}");
    }
}

#[tokio::test]
async fn pages_of_a_round_speak_of_one_moment() {
    let hands = Hands::new();
    let tenant = Tenant::new(lively(300), hands.clock()).unwrap();
    let before = listed(&tenant).await;
    let mut url = format!("{}&$top=50", start());
    let mut known = Known::new();
    let link = loop {
        let page = body(&get(&tenant, &url, None).await);
        apply(&mut known, page["value"].as_array().unwrap().clone());
        hands.advance(DAY_MS);
        match page["@odata.nextLink"].as_str() {
            Some(next) => url = next.to_owned(),
            None => break page["@odata.deltaLink"].as_str().unwrap().to_owned(),
        }
    };
    assert_eq!(known, before);
    apply(&mut known, round(&tenant, &link, None).await.0);
    assert_eq!(known, listed(&tenant).await);
    assert_ne!(known, before);
}

#[tokio::test]
async fn changes_among_two_hundred_thousand_are_found_soon() {
    let hands = Hands::new();
    let tenant = Tenant::new(lively(200_000), hands.clock()).unwrap();
    let latest = format!("{}&$deltatoken=latest", start());
    let (_, link) = round(&tenant, &latest, None).await;
    hands.advance(DAY_MS);
    let begun = Instant::now();
    let (entries, _) = round(&tenant, &format!("{link}&$top=999"), None).await;
    let took = begun.elapsed();
    println!("{} changes in {took:?}", entries.len());
    let changes = (0..200_000)
        .flat_map(|user| tenant.events_of(user))
        .filter(|(at_ms, event)| {
            let since_ms = tenant.now_ms() - DAY_MS;
            (since_ms..=tenant.now_ms()).contains(at_ms)
                && !matches!(event, LifeEvent::LeaveBegan | LifeEvent::LeaveEnded)
        });
    assert!(entries.len() > 100 && entries.len() <= changes.count() + 100);
    assert!(took.as_secs() < 60, "{took:?}");
}
