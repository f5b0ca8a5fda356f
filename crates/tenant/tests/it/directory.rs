//! Users, licenses, organization.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use hobbs_tenant::{Access, COPILOT_CHAT_PLAN, COPILOT_SKU, SECOND_COPILOT_SKU, TenantOptions};
use http::StatusCode;
use serde_json::Value;

use crate::support::{GRAPH, all, get, get_json, json, pages, tenant, token};

const SELECT: &str = "$select=id,displayName,userPrincipalName,department,jobTitle,country,accountEnabled,userType,assignedLicenses,assignedPlans&$expand=manager($select=id)";

fn chat_plan_works(user: &Value) -> bool {
    let plans = user["assignedPlans"].as_array().unwrap();
    plans.iter().any(|plan| {
        plan["servicePlanId"] == COPILOT_CHAT_PLAN && plan["capabilityStatus"] == "Enabled"
    })
}

fn has_sku(user: &Value, sku: &str) -> bool {
    user["assignedLicenses"]
        .as_array()
        .unwrap()
        .iter()
        .any(|license| license["skuId"] == sku)
}

#[tokio::test]
async fn everyone_is_listed_once_with_what_decides() {
    let tenant = tenant(TenantOptions {
        users: 1_500,
        deleted_share: 0.01,
        ..TenantOptions::default()
    });
    let token = token(&tenant).await;
    let pages = pages(
        &tenant,
        &token,
        &format!("{GRAPH}/v1.0/users?{SELECT}&$top=999"),
    )
    .await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [999, 501]);
    let users = pages.concat();
    let ids: HashSet<&str> = users
        .iter()
        .map(|user| user["id"].as_str().unwrap())
        .collect();
    let names: HashSet<&str> = users
        .iter()
        .map(|user| user["userPrincipalName"].as_str().unwrap())
        .collect();
    assert_eq!((ids.len(), names.len()), (1_500, 1_500));
    let mut counts: HashMap<Access, u32> = HashMap::new();
    for (index, user) in users.iter().enumerate() {
        let facts = tenant.user_facts(index as u32);
        assert_eq!(user["id"], facts.id.as_str());
        assert_eq!(user["manager"]["id"].as_str(), facts.manager_id.as_deref());
        let works = matches!(facts.access, Access::Readable | Access::Deleted);
        assert_eq!(chat_plan_works(user), works, "{facts:?}");
        assert_eq!(
            has_sku(user, COPILOT_SKU) || has_sku(user, SECOND_COPILOT_SKU),
            works || facts.access == Access::PlanDisabled
        );
        assert_eq!(user["userType"] == "Guest", facts.access == Access::Guest);
        assert_eq!(user["accountEnabled"], facts.enabled);
        *counts.entry(facts.access).or_default() += 1;
    }
    assert_eq!(counts.len(), 5, "every kind of access occurs: {counts:?}");
    let second = users
        .iter()
        .filter(|user| has_sku(user, SECOND_COPILOT_SKU))
        .count();
    assert!((60..180).contains(&second), "{second}");
    assert!(users.iter().any(|user| user["accountEnabled"] == false));
    let departments: HashSet<&str> = users
        .iter()
        .filter_map(|user| user["department"].as_str())
        .collect();
    assert!(departments.len() >= 10, "{departments:?}");
}

#[tokio::test]
async fn users_are_found_by_filter_id_and_name() {
    let tenant = tenant(TenantOptions {
        users: 400,
        deleted_share: 0.02,
        ..TenantOptions::default()
    });
    let token = token(&tenant).await;
    for sku in [COPILOT_SKU, SECOND_COPILOT_SKU] {
        let found = all(
            &tenant,
            &token,
            &format!(
                "{GRAPH}/v1.0/users?{SELECT}&$filter=assignedLicenses/any(l:l/skuId eq {sku})"
            ),
        )
        .await;
        let everyone = all(&tenant, &token, &format!("{GRAPH}/v1.0/users?{SELECT}")).await;
        let with_sku: Vec<&Value> = everyone.iter().filter(|user| has_sku(user, sku)).collect();
        assert!(!found.is_empty());
        assert_eq!(found.iter().collect::<Vec<_>>(), with_sku);
    }
    let facts = (0..400)
        .map(|index| tenant.user_facts(index))
        .find(|facts| facts.index > 10 && facts.access == Access::Readable)
        .unwrap();
    let upn = &facts.user_principal_name;
    let found = all(
        &tenant,
        &token,
        &format!("{GRAPH}/v1.0/users?$filter=userPrincipalName eq '{upn}'"),
    )
    .await;
    assert_eq!(found.len(), 1);
    for name in [&facts.id, upn] {
        let user = get_json(
            &tenant,
            &token,
            &format!("{GRAPH}/v1.0/users/{name}?$select=id"),
        )
        .await;
        assert_eq!(user["id"], facts.id.as_str());
        assert_eq!(
            user.as_object().unwrap().len(),
            2,
            "the id and the context: {user}"
        );
        let manager = get_json(
            &tenant,
            &token,
            &format!("{GRAPH}/v1.0/users/{name}/manager?$select=id"),
        )
        .await;
        assert_eq!(manager["id"].as_str(), facts.manager_id.as_deref());
    }
    let ceo = tenant.user_facts(0).id;
    assert_eq!(
        get(
            &tenant,
            &token,
            &format!("{GRAPH}/v1.0/users/{ceo}/manager")
        )
        .await
        .status(),
        StatusCode::NOT_FOUND
    );
    let deleted = (0..400)
        .map(|index| tenant.user_facts(index))
        .find(|facts| facts.access == Access::Deleted)
        .unwrap();
    for id in [
        deleted.id.as_str(),
        "00000000-0000-4000-8000-000000000000",
        "nobody@example.com",
    ] {
        let response = get(&tenant, &token, &format!("{GRAPH}/v1.0/users/{id}")).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        let error = &json(&response)["error"];
        assert_eq!(error["code"], "Request_ResourceNotFound");
        assert!(error["innerError"]["request-id"].is_string());
    }
    for query in ["$filter=city eq 'x'", "$top=0", "$top=x", "$skiptoken=abc"] {
        assert_eq!(
            get(&tenant, &token, &format!("{GRAPH}/v1.0/users?{query}"))
                .await
                .status(),
            StatusCode::BAD_REQUEST,
            "{query}"
        );
    }
}

#[tokio::test]
async fn licenses_add_up() {
    let tenant = tenant(TenantOptions {
        users: 800,
        ..TenantOptions::default()
    });
    let token = token(&tenant).await;
    let users = all(
        &tenant,
        &token,
        &format!("{GRAPH}/v1.0/users?{SELECT}&$top=999"),
    )
    .await;
    let skus = all(&tenant, &token, &format!("{GRAPH}/v1.0/subscribedSkus")).await;
    assert_eq!(skus.len(), 3);
    for sku in skus {
        let holders = users
            .iter()
            .filter(|user| has_sku(user, sku["skuId"].as_str().unwrap()))
            .count();
        assert_eq!(sku["consumedUnits"], holders, "{sku}");
        assert!(sku["prepaidUnits"]["enabled"].as_u64().unwrap() >= holders as u64);
    }
    let organization = all(&tenant, &token, &format!("{GRAPH}/v1.0/organization")).await;
    assert_eq!(organization[0]["id"], tenant.options().tenant_id.as_str());
    assert_eq!(
        organization[0]["verifiedDomains"][0]["name"],
        tenant.options().domain.as_str()
    );
}

#[tokio::test]
async fn what_does_not_exist_is_said_so_and_what_is_not_allowed_too() {
    let tenant = tenant(TenantOptions::default());
    let token = token(&tenant).await;
    let response = get(&tenant, &token, &format!("{GRAPH}/v1.0/nothing")).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(
        json(&response)["error"]["message"],
        "Resource not found for the segment 'nothing'."
    );
    let request = http::Request::delete(format!("{GRAPH}/v1.0/users"))
        .header("authorization", format!("Bearer {token}"));
    let answer = tenant
        .answer(request.body(bytes::Bytes::new()).unwrap())
        .await;
    assert_eq!(answer.status(), Some(StatusCode::METHOD_NOT_ALLOWED));
}

#[tokio::test]
async fn two_hundred_thousand_users_are_listed_without_being_kept() {
    let begun = Instant::now();
    let tenant = tenant(TenantOptions {
        users: 200_000,
        ..TenantOptions::default()
    });
    let made = begun.elapsed();
    assert!(made.as_millis() < 500, "making it took {made:?}");
    let token = token(&tenant).await;
    let mut next = Some(format!("{GRAPH}/v1.0/users?$select=id&$top=999"));
    let mut ids = HashSet::new();
    while let Some(url) = next {
        let page = get_json(&tenant, &token, &url).await;
        ids.extend(
            page["value"]
                .as_array()
                .unwrap()
                .iter()
                .map(|user| user["id"].as_str().unwrap().to_owned()),
        );
        next = page["@odata.nextLink"].as_str().map(str::to_owned);
    }
    assert_eq!(ids.len(), 200_000);
    assert_eq!(tenant.statistics().requests("users"), 201);
}
