//! Groups and who belongs to them.

use std::collections::BTreeSet;

use hobbs_tenant::{LifeEvent, Tenant, TenantOptions};
use http::StatusCode;
use serde_json::Value;

use crate::life::{DAY_MS, lively};
use crate::support::{GRAPH, Hands, all, get, get_json, json, pages, tenant, token};

async fn named(tenant: &Tenant, name: &str) -> Vec<Value> {
    let token = token(tenant).await;
    let url = format!("{GRAPH}/v1.0/groups?$filter=displayName eq '{name}'&$select=id,displayName");
    all(tenant, &token, &url).await
}

async fn members(tenant: &Tenant, name: &str, path: &str) -> Vec<Value> {
    let groups = named(tenant, name).await;
    assert_eq!(groups.len(), 1, "{name}");
    let id = groups[0]["id"].as_str().unwrap();
    let token = token(tenant).await;
    all(tenant, &token, &format!("{GRAPH}/v1.0/groups/{id}/{path}")).await
}

fn ids(users: &[Value]) -> BTreeSet<String> {
    let ids = users
        .iter()
        .map(|user| user["id"].as_str().unwrap().to_owned());
    ids.collect()
}

#[tokio::test]
async fn departments_and_the_licensed_have_groups() {
    let tenant = tenant(TenantOptions {
        users: 400,
        ..TenantOptions::default()
    });
    let token = token(&tenant).await;
    let url = format!("{GRAPH}/v1.0/users?$select=id,department,assignedLicenses&$top=999");
    let users = all(&tenant, &token, &url).await;
    let within = |what: &dyn Fn(&Value) -> bool| {
        ids(&users
            .iter()
            .filter(|user| what(user))
            .cloned()
            .collect::<Vec<_>>())
    };
    let path = "transitiveMembers/microsoft.graph.user?$select=id,displayName&$top=17";
    for department in ["Sales", "Research & Development", "Executive Office"] {
        let name = format!("Department {department}").replace('&', "%26");
        let found = members(&tenant, &name, path).await;
        assert!(!found.is_empty());
        assert!(found[0]["displayName"].is_string() && found[0]["@odata.type"].is_null());
        assert_eq!(
            ids(&found),
            within(&|user| user["department"] == department)
        );
    }
    let licensed = members(&tenant, "copilot users", path).await;
    let expected = within(&|user| user["assignedLicenses"].as_array().unwrap().len() == 2);
    assert_eq!(ids(&licensed), expected);
    assert_eq!(licensed.len(), expected.len(), "nobody twice");
    assert_eq!(
        tenant
            .members_of("Copilot Users")
            .into_iter()
            .collect::<BTreeSet<_>>(),
        expected
    );
}

#[tokio::test]
async fn a_group_in_a_group_shows_its_members_only_to_who_asks_for_all() {
    let tenant = tenant(TenantOptions {
        users: 400,
        ..TenantOptions::default()
    });
    let deputies = members(&tenant, "Works Council Deputies", "members").await;
    let direct = members(&tenant, "Works Council", "members").await;
    let transitive = members(&tenant, "Works Council", "transitiveMembers").await;
    let of_type = |values: &[Value], kind: &str| -> Vec<Value> {
        let kind = format!("#microsoft.graph.{kind}");
        let found = values
            .iter()
            .filter(|value| value["@odata.type"] == kind.as_str());
        found.cloned().collect()
    };
    assert_eq!(of_type(&direct, "group").len(), 1);
    assert_eq!(
        of_type(&direct, "group")[0]["displayName"],
        "Works Council Deputies"
    );
    let council = ids(&of_type(&direct, "user"));
    let deputies = ids(&deputies);
    assert!(council.len() > 5 && deputies.len() > 5);
    assert!(council.is_disjoint(&deputies));
    let both: BTreeSet<String> = council.union(&deputies).cloned().collect();
    assert_eq!(ids(&of_type(&transitive, "user")), both);
    let users = members(
        &tenant,
        "Works Council",
        "transitiveMembers/microsoft.graph.user",
    )
    .await;
    assert_eq!(ids(&users), both);
    let users = members(&tenant, "Works Council", "members/microsoft.graph.user").await;
    assert_eq!(ids(&users), council);
}

#[tokio::test]
async fn groups_are_found_by_name_and_id() {
    let tenant = tenant(TenantOptions::default());
    let token = token(&tenant).await;
    let everything = pages(&tenant, &token, &format!("{GRAPH}/v1.0/groups?$top=6")).await;
    assert_eq!(
        everything.iter().map(Vec::len).collect::<Vec<_>>(),
        [6, 6, 5]
    );
    let everything = everything.concat();
    assert_eq!(ids(&everything).len(), 17);
    let twice = named(&tenant, "Duplicates").await;
    assert_eq!(ids(&twice).len(), 2);
    assert_eq!(named(&tenant, "Nobody''s").await, Vec::<Value>::new());
    for group in &everything {
        let id = group["id"].as_str().unwrap();
        let found = get_json(&tenant, &token, &format!("{GRAPH}/beta/groups/{id}")).await;
        assert_eq!(found["displayName"], group["displayName"]);
    }
    let nowhere = "00000000-0000-4000-8000-000000000000";
    for path in ["", "/members", "/transitiveMembers/microsoft.graph.user"] {
        let url = format!("{GRAPH}/v1.0/groups/{nowhere}{path}");
        assert_eq!(
            get(&tenant, &token, &url).await.status(),
            StatusCode::NOT_FOUND
        );
    }
    for query in [
        "$filter=mail eq 'x'",
        "$filter=displayName eq 'a'b'",
        "$skiptoken=x",
    ] {
        let url = format!("{GRAPH}/v1.0/groups?{query}");
        assert_eq!(
            get(&tenant, &token, &url).await.status(),
            StatusCode::BAD_REQUEST
        );
    }
    tenant.grant_roles(vec!["User.Read.All".to_owned()]);
    let token = crate::support::token(&tenant).await;
    let refused = get(&tenant, &token, &format!("{GRAPH}/v1.0/groups")).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert_eq!(
        json(&refused)["error"]["code"],
        "Authorization_RequestDenied"
    );
}

#[tokio::test]
async fn members_change_with_time() {
    let hands = Hands::new();
    let tenant = Tenant::new(lively(500), hands.clock()).unwrap();
    let on_leave = |tenant: &Tenant| -> BTreeSet<String> {
        let now_ms = tenant.now_ms();
        let users = (0..500).filter(|user| {
            let events = tenant.events_of(*user);
            let past = events.iter().filter(|(at_ms, _)| *at_ms <= now_ms);
            past.fold(false, |away, (_, event)| match event {
                LifeEvent::LeaveBegan => true,
                LifeEvent::LeaveEnded => false,
                _ => away,
            }) && tenant.exists_at(*user, now_ms)
        });
        users.map(|user| tenant.user_facts(user).id).collect()
    };
    let mut seen = BTreeSet::new();
    for _ in 0..6 {
        let found = ids(&members(&tenant, "On Leave", "transitiveMembers").await);
        assert_eq!(found, on_leave(&tenant));
        seen.extend(found);
        hands.advance(30 * DAY_MS);
    }
    assert!(seen.len() > 5, "{seen:?}");
    let user = (20..500)
        .find(|user| tenant.user_facts(*user).department == "Sales")
        .unwrap();
    let id = tenant.user_facts(user).id;
    assert!(tenant.members_of("Department Sales").contains(&id));
    tenant.move_department(user, "IT");
    assert!(!tenant.members_of("Department Sales").contains(&id));
    assert!(tenant.members_of("Department IT").contains(&id));
}
