//! A client that trusts everything and knows nothing of the crate's inside.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bytes::Bytes;
use hobbs_tenant::{Answer, Clock, Tenant, TenantOptions};
use http::{Request, Response, StatusCode};
use serde_json::Value;

/// Wednesday, 3 June 2026, 15:00 UTC.
pub const START_MS: i64 = 1_780_498_800_000;
pub const HOUR_MS: i64 = 3_600_000;
pub const GRAPH: &str = "https://graph.microsoft.com";

/// A clock that tests move.
#[derive(Clone)]
pub struct Hands(Arc<AtomicI64>);

impl Hands {
    pub fn new() -> Self {
        Self(Arc::new(AtomicI64::new(START_MS)))
    }

    pub fn clock(&self) -> Clock {
        let hands = Arc::clone(&self.0);
        Arc::new(move || hands.load(Ordering::Relaxed))
    }

    pub fn advance(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::Relaxed);
    }
}

pub fn tenant(options: TenantOptions) -> Tenant {
    Tenant::new(options, Hands::new().clock()).unwrap()
}

/// A small tenant whose users can all be read.
pub fn small() -> TenantOptions {
    TenantOptions {
        users: 30,
        ..TenantOptions::default()
    }
    .everyone_licensed()
    .unthrottled()
}

pub fn whole(answer: Answer) -> Response<Bytes> {
    match answer {
        Answer::Whole(response) => response,
        other => panic!("not a whole answer: {other:?}"),
    }
}

pub fn json(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body())
        .unwrap_or_else(|error| panic!("{error}: {:?}", response.body()))
}

pub async fn post_form(tenant: &Tenant, url: &str, fields: &[(&str, &str)]) -> Response<Bytes> {
    let form = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    whole(
        tenant
            .answer(Request::post(url).body(Bytes::from(form)).unwrap())
            .await,
    )
}

pub fn token_url(tenant: &Tenant) -> String {
    format!(
        "https://login.microsoftonline.com/{}/oauth2/v2.0/token",
        tenant.options().tenant_id
    )
}

pub async fn token(tenant: &Tenant) -> String {
    token_for(tenant, "https://graph.microsoft.com/.default").await
}

pub async fn token_for(tenant: &Tenant, scope: &str) -> String {
    let options = tenant.options();
    let fields = [
        ("client_id", options.client_id.as_str()),
        ("client_secret", options.secret.as_deref().unwrap()),
        ("grant_type", "client_credentials"),
        ("scope", scope),
    ];
    let response = post_form(tenant, &token_url(tenant), &fields).await;
    json(&response)["access_token"]
        .as_str()
        .unwrap_or_else(|| panic!("{response:?}"))
        .to_owned()
}

pub async fn try_get(tenant: &Tenant, token: &str, url: &str) -> Answer {
    let url = url.replace(' ', "%20");
    let request = Request::get(url)
        .header("authorization", format!("Bearer {token}"))
        .body(Bytes::new())
        .unwrap();
    tenant.answer(request).await
}

pub async fn get(tenant: &Tenant, token: &str, url: &str) -> Response<Bytes> {
    whole(try_get(tenant, token, url).await)
}

pub async fn get_json(tenant: &Tenant, token: &str, url: &str) -> Value {
    let response = get(tenant, token, url).await;
    assert_eq!(
        response.status(),
        StatusCode::OK,
        "{url}: {:?}",
        response.body()
    );
    json(&response)
}

pub fn history_url(id: &str, query: &str) -> String {
    format!(
        "{GRAPH}/v1.0/copilot/users/{id}/interactionHistory/getAllEnterpriseInteractions?{query}"
    )
}

/// Follows nextLinks; gives the pages.
pub async fn pages(tenant: &Tenant, token: &str, url: &str) -> Vec<Vec<Value>> {
    let mut pages = Vec::new();
    let mut next = Some(url.to_owned());
    while let Some(url) = next {
        let page = get_json(tenant, token, &url).await;
        pages.push(page["value"].as_array().unwrap().clone());
        next = page["@odata.nextLink"].as_str().map(str::to_owned);
        assert!(pages.len() < 10_000, "paging does not end");
    }
    pages
}

pub async fn all(tenant: &Tenant, token: &str, url: &str) -> Vec<Value> {
    pages(tenant, token, url).await.concat()
}

/// Everything that users without an error give, by key: (user, session, id) → item.
pub async fn read_everyone(
    tenant: &Tenant,
    token: &str,
) -> BTreeMap<(String, Option<String>, String), Value> {
    let mut found = BTreeMap::new();
    for index in 0..tenant.user_count() {
        let id = tenant.user_facts(index).id;
        for item in all(tenant, token, &history_url(&id, "$top=100")).await {
            let key = (
                id.clone(),
                item["sessionId"].as_str().map(str::to_owned),
                item["id"].as_str().unwrap().to_owned(),
            );
            assert!(found.insert(key, item).is_none(), "a key twice");
        }
    }
    found
}
