//! Units bought and held as licenses come and go.

use std::time::Instant;

use hobbs_tenant::{COPILOT_SKU, SECOND_COPILOT_SKU, Tenant, TenantOptions};
use serde_json::Value;

use crate::life::{DAY_MS, lively};
use crate::support::{GRAPH, Hands, all, token};

async fn skus(tenant: &Tenant) -> Vec<Value> {
    let token = token(tenant).await;
    all(tenant, &token, &format!("{GRAPH}/v1.0/subscribedSkus")).await
}

fn units(skus: &[Value], sku: &str, path: &str) -> u64 {
    let found = skus.iter().find(|entry| entry["skuId"] == sku).unwrap();
    found.pointer(path).unwrap().as_u64().unwrap()
}

#[tokio::test]
async fn held_units_follow_the_assignments_and_bought_ones_stay() {
    let hands = Hands::new();
    let tenant = Tenant::new(lively(600), hands.clock()).unwrap();
    let mut held = Vec::new();
    let bought = units(&skus(&tenant).await, COPILOT_SKU, "/prepaidUnits/enabled");
    for _ in 0..5 {
        let skus = skus(&tenant).await;
        let token = token(&tenant).await;
        for sku in [COPILOT_SKU, SECOND_COPILOT_SKU] {
            let filter = format!("$filter=assignedLicenses/any(l:l/skuId eq {sku})");
            let url = format!("{GRAPH}/v1.0/users?{filter}&$select=id&$top=999");
            let holders = all(&tenant, &token, &url).await.len() as u64;
            assert_eq!(units(&skus, sku, "/consumedUnits"), holders);
        }
        assert_eq!(units(&skus, COPILOT_SKU, "/prepaidUnits/enabled"), bought);
        held.push(units(&skus, COPILOT_SKU, "/consumedUnits"));
        hands.advance(20 * DAY_MS);
    }
    assert!(held.iter().all(|held| *held < bought), "{held:?} {bought}");
    assert!(held.iter().any(|other| *other != held[0]), "{held:?}");
}

#[tokio::test]
async fn units_may_be_suspended_or_in_grace() {
    let tenant = crate::support::tenant(TenantOptions {
        units_suspended: 7,
        units_warning: 3,
        ..TenantOptions::default()
    });
    let skus = skus(&tenant).await;
    assert_eq!(units(&skus, COPILOT_SKU, "/prepaidUnits/suspended"), 7);
    assert_eq!(units(&skus, COPILOT_SKU, "/prepaidUnits/warning"), 3);
    assert_eq!(
        units(&skus, SECOND_COPILOT_SKU, "/prepaidUnits/suspended"),
        0
    );
}

#[tokio::test]
async fn units_of_two_hundred_thousand_are_counted_soon() {
    let tenant = crate::support::tenant(lively(200_000));
    let begun = Instant::now();
    let skus = skus(&tenant).await;
    let took = begun.elapsed();
    println!("units counted in {took:?}");
    assert!(units(&skus, COPILOT_SKU, "/consumedUnits") > 100_000);
    let begun = Instant::now();
    let members = tenant.members_of("Copilot Users").len();
    println!("{members} members found in {:?}", begun.elapsed());
    assert!(took.as_secs() < 60, "{took:?}");
}
