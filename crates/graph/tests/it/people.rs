//! Users and licenses.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use serde_json::json;

use crate::script::*;

#[tokio::test(start_paused = true)]
async fn users_are_paged_with_their_managers() {
    let transport = script(|request| async move {
        assert_eq!(request.uri().path(), "/v1.0/users");
        if parameter(&request, "$skiptoken").is_some() {
            return Ok(answer(200, json!({"value": [null, {"displayName": "no id"}, {"id": "b", "userPrincipalName": "b@x"}]}).to_string()));
        }
        assert_eq!(parameter(&request, "$top").as_deref(), Some("999"));
        assert_eq!(
            parameter(&request, "$expand").as_deref(),
            Some("manager($select=id)")
        );
        Ok(answer(200, json!({
            "value": [{"id": "a", "department": "Sales", "manager": {"@odata.type": "#microsoft.graph.user", "id": "m"}}],
            "@odata.nextLink": format!("{GRAPH}/v1.0/users?$skiptoken=x")
        }).to_string()))
    });
    let client = builder(transport).build().unwrap();
    let users = client.users().await.unwrap();
    let ids: Vec<&str> = users.iter().map(|user| user.id.as_str()).collect();
    assert_eq!(ids, ["a", "b"]);
    assert_eq!(users[0].manager_id.as_deref(), Some("m"));
    assert_eq!(users[1].user_principal_name, "b@x");
}

#[tokio::test(start_paused = true)]
async fn a_tenant_that_refuses_the_managers_is_read_without() {
    let refused = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&refused);
    let transport = script(move |request| {
        let has_expand = parameter(&request, "$expand").is_some();
        seen.fetch_or(has_expand, SeqCst);
        async move {
            match (has_expand, request.uri().path().ends_with("/users")) {
                (true, _) => graph_error(400, "Request_UnsupportedQuery", "no expand"),
                (false, true) => Ok(answer(200, r#"{"value":[{"id":"a"}]}"#)),
                (false, false) => Ok(answer(200, r#"{"id":"a"}"#)),
            }
        }
    });
    let client = builder(transport).build().unwrap();
    assert_eq!(client.users().await.unwrap().len(), 1);
    assert_eq!(client.user("x@y").await.unwrap().id, "a");
    assert!(refused.load(SeqCst));
}

#[tokio::test(start_paused = true)]
async fn a_list_that_breaks_off_is_an_error_and_never_shorter() {
    for (link, code) in [
        (
            "https://evil.example/v1.0/users?$skiptoken=1".to_owned(),
            "foreign_next_link",
        ),
        (
            format!("{GRAPH}/v1.0/users?$skiptoken=1"),
            "looping_next_link",
        ),
    ] {
        let transport = script(move |_| {
            let page = json!({"value": [{"id": "a"}], "@odata.nextLink": link});
            async move { Ok(answer(200, page.to_string())) }
        });
        let client = builder(transport).build().unwrap();
        assert_eq!(client.users().await.unwrap_err().code(), code);
    }
}

#[tokio::test(start_paused = true)]
async fn a_user_principal_name_stays_one_segment() {
    let transport = script(|request| async move {
        assert_eq!(
            request.uri().path(),
            "/v1.0/users/a%23EXT%23%2F..%2Fgroups@x.com"
        );
        Ok(answer(200, r#"{"id":"a"}"#))
    });
    let client = builder(transport).build().unwrap();
    client.user("a#EXT#/../groups@x.com").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn subscriptions() {
    let transport = script(|_| async {
        Ok(answer(200, json!({"value": [
            {"skuId": "639DEC6B-bb19-468b-871c-c5c441c4b0cb", "skuPartNumber": "Microsoft_365_Copilot", "consumedUnits": 7,
             "prepaidUnits": {"enabled": 10, "suspended": 0, "warning": 1, "lockedOut": 0}, "servicePlans": null},
            {"skuId": "new", "servicePlans": [{"servicePlanId": "3f30311c-6b1e-48a4-ab79-725b469da960"}]},
            {"skuId": "e5"}, null, {}
        ]}).to_string()))
    });
    let skus = builder(transport)
        .build()
        .unwrap()
        .subscribed_skus()
        .await
        .unwrap();
    assert_eq!(skus.len(), 3);
    assert_eq!(
        (skus[0].enabled, skus[0].warning, skus[0].consumed),
        (10, 1, 7)
    );
    let copilot: Vec<bool> = skus
        .iter()
        .map(hobbs_graph::Sku::includes_copilot)
        .collect();
    assert_eq!(copilot, [true, true, false]);
}
