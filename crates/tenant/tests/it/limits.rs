//! Limits, in simulated time.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hobbs_tenant::{Limits, Tenant, TenantOptions, Volume};
use http::{Request, StatusCode};
use serde_json::json;
use tokio::time::Instant;

use crate::support::{
    GRAPH, Hands, START_MS, get, get_json, history_url, json as body, small, token, whole,
};

fn limited() -> TenantOptions {
    TenantOptions {
        limits: Limits::default(),
        volume: Volume::Exactly(5),
        ..small()
    }
}

#[tokio::test(start_paused = true)]
async fn more_than_thirty_in_a_second_are_refused_with_the_time_to_wait() {
    let tenant = crate::support::tenant(limited());
    let token = token(&tenant).await;
    let url = history_url(&tenant.user_facts(0).id, "");
    let mut statuses = Vec::new();
    for _ in 0..35 {
        statuses.push(get(&tenant, &token, &url).await.status());
    }
    assert_eq!(statuses[..30], vec![StatusCode::OK; 30]);
    assert_eq!(statuses[30..], vec![StatusCode::TOO_MANY_REQUESTS; 5]);
    let refused = get(&tenant, &token, &url).await;
    assert_eq!(refused.headers()["retry-after"], "1");
    assert_eq!(body(&refused)["error"]["code"], "TooManyRequests");
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(get(&tenant, &token, &url).await.status(), StatusCode::OK);
    let statistics = tenant.statistics();
    assert_eq!(statistics.refused_by_limits, 6);
    assert_eq!(statistics.answers(429), 6);
    assert_eq!(statistics.peaks.in_a_second, 36);
}

#[tokio::test(start_paused = true)]
async fn who_keeps_to_twenty_five_a_second_is_never_refused() {
    let begun = Instant::now();
    let clock = Arc::new(move || START_MS + begun.elapsed().as_millis() as i64);
    let tenant = Tenant::new(
        TenantOptions {
            latency_ms: 0..=0,
            ..limited()
        },
        clock,
    )
    .unwrap();
    let token = token(&tenant).await;
    let url = history_url(&tenant.user_facts(0).id, "");
    for _ in 0..1_000 {
        assert_eq!(get(&tenant, &token, &url).await.status(), StatusCode::OK);
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
    assert!(tenant.statistics().peaks.in_a_second <= 26);
    assert!(begun.elapsed() >= Duration::from_secs(40));
}

#[tokio::test(start_paused = true)]
async fn pages_take_the_time_they_are_given() {
    let tenant = crate::support::tenant(TenantOptions {
        latency_ms: 300..=2_000,
        ..limited()
    });
    let token = token(&tenant).await;
    let mut spent = Vec::new();
    for index in 0..30 {
        let begun = Instant::now();
        get(
            &tenant,
            &token,
            &history_url(&tenant.user_facts(index).id, ""),
        )
        .await;
        spent.push(begun.elapsed().as_millis());
    }
    assert!(
        spent.iter().all(|ms| (300..=2_001).contains(ms)),
        "{spent:?}"
    );
    assert!(
        spent.iter().max().unwrap() - spent.iter().min().unwrap() > 800,
        "{spent:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn each_part_of_a_batch_counts() {
    let tenant = Tenant::new(limited(), Hands::new().clock()).unwrap();
    let token = token(&tenant).await;
    let part = |nth: u32| {
        let id = tenant.user_facts(nth).id;
        json!({"id": nth.to_string(), "method": "GET", "url": format!("/copilot/users/{id}/interactionHistory/getAllEnterpriseInteractions?$top=100")})
    };
    let send = async |parts: Vec<serde_json::Value>| {
        let request = Request::post(format!("{GRAPH}/v1.0/$batch"))
            .header("authorization", format!("Bearer {token}"));
        let body = Bytes::from(json!({ "requests": parts }).to_string());
        whole(tenant.answer(request.body(body).unwrap()).await)
    };
    let first = body(&send((0..20).map(part).collect()).await);
    let statuses = |answer: &serde_json::Value| -> Vec<u64> {
        answer["responses"]
            .as_array()
            .unwrap()
            .iter()
            .map(|part| part["status"].as_u64().unwrap())
            .collect()
    };
    assert_eq!(statuses(&first), vec![200; 20]);
    assert_eq!(
        first["responses"][3]["body"]["value"]
            .as_array()
            .unwrap()
            .len(),
        5
    );
    let second = body(&send((0..20).map(part).collect()).await);
    assert_eq!(statuses(&second), [vec![200; 10], vec![429; 10]].concat());
    assert_eq!(second["responses"][15]["headers"]["retry-after"], "1");
    assert_eq!(
        send((0..21).map(part).collect()).await.status(),
        StatusCode::BAD_REQUEST
    );
    // The directory has room of its own.
    get_json(&tenant, &token, &format!("{GRAPH}/v1.0/users")).await;
}
