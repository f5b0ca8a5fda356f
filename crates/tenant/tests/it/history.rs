//! The interaction history API: pages, filters, who may be read.

use std::collections::HashSet;

use hobbs_tenant::{Access, Tenant, TenantOptions, Volume};
use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{
    GRAPH, HOUR_MS, Hands, all, get, get_json, history_url, json as body, pages, read_everyone,
    small, tenant, token,
};

fn created(item: &Value) -> &str {
    item["createdDateTime"].as_str().unwrap()
}

fn exactly(rows: u64) -> TenantOptions {
    TenantOptions {
        users: 8,
        volume: Volume::Exactly(rows),
        ..small()
    }
}

#[tokio::test]
async fn a_naive_reading_finds_exactly_the_truth() {
    let tenant = tenant(small());
    let token = token(&tenant).await;
    let found = read_everyone(&tenant, &token).await;
    let truth: Vec<_> = tenant.truth().collect();
    assert!(truth.len() > 1_000, "{}", truth.len());
    assert_eq!(found.len(), truth.len());
    for item in truth {
        let found = &found[&(item.user_id, item.session_id, item.id)];
        assert_eq!(found["etag"], item.etag.as_str());
        assert_eq!(found["appClass"], item.app_class.as_str());
        assert_eq!(found["interactionType"], item.interaction_type);
        assert_eq!(found["requestId"].as_str(), item.request_id.as_deref());
        assert_eq!(found["locale"], item.locale);
        let body = found["body"]["content"].as_str().unwrap();
        match item.shape {
            "text" => assert_eq!(body, item.text),
            "reference" => assert!(
                body.starts_with(&item.text) && body.ends_with("</attachment>"),
                "{body}"
            ),
            "card" => {
                let card: Value =
                    serde_json::from_str(found["attachments"][0]["content"].as_str().unwrap())
                        .unwrap();
                assert_eq!(card["body"][0]["text"], item.text.as_str());
                assert_eq!(card["body"][1]["id"], "MessageTextField");
                let id = found["attachments"][0]["attachmentId"].as_str().unwrap();
                assert_eq!(body, format!("<attachment id=\"{id}\"></attachment>"));
            }
            "thoughts_json" => {
                let answer: Value = serde_json::from_str(body).unwrap();
                assert_eq!(answer["finalResponse"], item.text.as_str());
            }
            _ => assert_eq!(found["body"]["contentType"], "html"),
        }
    }
}

#[tokio::test]
async fn items_have_all_the_fields_of_a_real_one() {
    let tenant = tenant(small());
    let token = token(&tenant).await;
    let fields = [
        "id",
        "sessionId",
        "requestId",
        "appClass",
        "interactionType",
        "conversationType",
        "etag",
        "createdDateTime",
        "locale",
        "contexts",
        "from",
        "body",
        "attachments",
        "links",
        "mentions",
    ];
    for item in read_everyone(&tenant, &token).await.into_values() {
        let known: HashSet<&str> = item
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(known, HashSet::from(fields), "{item}");
        assert_eq!(
            item["from"]["@odata.type"],
            "#microsoft.graph.chatMessageFromIdentitySet"
        );
        let (someone, nobody) = if item["interactionType"] == "userPrompt" {
            ("user", "application")
        } else {
            ("application", "user")
        };
        assert!(
            item["from"][someone]["id"].is_string() && item["from"][nobody].is_null(),
            "{item}"
        );
        for link in item["links"].as_array().unwrap() {
            assert!(link["linkUrl"].as_str().unwrap().starts_with("https://"));
            assert!(["File", "Event", "Meeting"].contains(&link["linkType"].as_str().unwrap()));
        }
    }
}

#[tokio::test]
async fn pages_hold_ten_or_what_is_asked_but_never_more_than_a_hundred() {
    let tenant = tenant(exactly(250));
    let token = token(&tenant).await;
    let id = tenant.user_facts(0).id;
    let sizes = async |query: &str| {
        pages(&tenant, &token, &history_url(&id, query))
            .await
            .iter()
            .map(Vec::len)
            .collect::<Vec<_>>()
    };
    assert_eq!(sizes("").await, vec![10; 25]);
    assert_eq!(sizes("$top=100").await, [100, 100, 50]);
    assert_eq!(sizes("$top=5000").await, [100, 100, 50]);
    assert_eq!(sizes("$top=125").await, [100, 100, 50]);
    assert_eq!(sizes("$top=50").await, vec![50; 5]);
    for query in ["$top=0", "$top=-1", "$top=x"] {
        assert_eq!(
            get(&tenant, &token, &history_url(&id, query))
                .await
                .status(),
            StatusCode::BAD_REQUEST
        );
    }
}

#[tokio::test]
async fn the_path_may_be_written_in_any_way() {
    let tenant = tenant(exactly(5));
    let token = token(&tenant).await;
    let facts = tenant.user_facts(3);
    for path in [
        format!(
            "/v1.0/copilot/users/{}/interactionHistory/getAllEnterpriseInteractions",
            facts.id.to_uppercase()
        ),
        format!(
            "/beta/copilot/users/{}/interactionHistory/getAllEnterpriseInteractions()",
            facts.user_principal_name
        ),
        format!(
            "/V1.0/COPILOT/Users/{}/interactionhistory/GETALLENTERPRISEINTERACTIONS",
            facts.id
        ),
    ] {
        assert_eq!(
            all(&tenant, &token, &format!("{GRAPH}{path}")).await.len(),
            5,
            "{path}"
        );
    }
}

#[tokio::test]
async fn newest_first_and_both_bounds_exclusive() {
    let tenant = tenant(exactly(300));
    let token = token(&tenant).await;
    let id = tenant.user_facts(0).id;
    let items = all(&tenant, &token, &history_url(&id, "$top=100")).await;
    assert!(
        items
            .windows(2)
            .all(|pair| created(&pair[0]) >= created(&pair[1]))
    );
    let second = |item: &Value| format!("{}Z", &created(item)[..19]);
    let (from, to) = (second(&items[200]), second(&items[50]));
    let window = async |from: &str, to: &str| {
        all(
            &tenant,
            &token,
            &history_url(
                &id,
                &format!("$top=100&$filter=createdDateTime gt {from} and createdDateTime lt {to}"),
            ),
        )
        .await
    };
    let inside: Vec<Value> = items
        .iter()
        .filter(|item| {
            created(item) > from.replace('Z', ".000Z").as_str()
                && created(item) < to.replace('Z', ".000Z").as_str()
        })
        .cloned()
        .collect();
    assert!(inside.len() > 100);
    assert_eq!(window(&from, &to).await, inside);
    assert_eq!(window(&to, &from).await, Vec::<Value>::new());
}

#[tokio::test]
async fn an_item_at_a_bound_is_in_neither_window() {
    let lax = TenantOptions {
        refuse_fractions: false,
        ..exactly(40)
    };
    let tenant = tenant(lax);
    let token = token(&tenant).await;
    let id = tenant.user_facts(0).id;
    let items = all(&tenant, &token, &history_url(&id, "$top=100")).await;
    let at = created(&items[20]);
    let count = async |from: &str, to: &str| {
        all(
            &tenant,
            &token,
            &history_url(
                &id,
                &format!("$filter=createdDateTime gt {from} and createdDateTime lt {to}"),
            ),
        )
        .await
        .len()
    };
    let equal = items.iter().filter(|item| created(item) == at).count();
    let below = count("2020-01-01T00:00:00Z", at).await;
    let above = count(at, "2030-01-01T00:00:00Z").await;
    assert_eq!(below + above + equal, 40);
}

#[tokio::test]
async fn filters_that_the_service_does_not_take_are_answered_with_400() {
    let tenant = tenant(exactly(40));
    let token = token(&tenant).await;
    let id = tenant.user_facts(0).id;
    for filter in [
        "createdDateTime gt 2026-01-01T00:00:00Z",
        "createdDateTime lt 2026-01-01T00:00:00Z",
        "createdDateTime gt 2026-01-01T00:00:00.5Z and createdDateTime lt 2026-02-01T00:00:00Z",
        "appClass eq 'IPM.SkypeTeams.Message.Copilot.Outlook'",
        "interactionType eq 'userPrompt'",
    ] {
        let response = get(
            &tenant,
            &token,
            &history_url(&id, &format!("$filter={filter}")),
        )
        .await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{filter}");
        assert_eq!(body(&response)["error"]["code"], "BadRequest");
    }
    let word = "IPM.SkypeTeams.Message.Copilot.Word";
    let chat = "IPM.SkypeTeams.Message.Copilot.BizChat";
    let everything = all(&tenant, &token, &history_url(&id, "$top=100")).await;
    let wanted: Vec<Value> = everything
        .into_iter()
        .filter(|item| item["appClass"] == word || item["appClass"] == chat)
        .collect();
    let found = all(
        &tenant,
        &token,
        &history_url(
            &id,
            &format!("$filter=appClass eq '{word}' or appClass eq '{chat}'"),
        ),
    )
    .await;
    assert!(!found.is_empty());
    assert_eq!(found, wanted);
}

#[tokio::test]
async fn tokens_of_pages_are_good_for_their_question_only() {
    let tenant = tenant(exactly(40));
    let token = token(&tenant).await;
    let (one, other) = (tenant.user_facts(0).id, tenant.user_facts(1).id);
    let page = get_json(&tenant, &token, &history_url(&one, "$top=10")).await;
    let next = page["@odata.nextLink"].as_str().unwrap();
    assert!(
        next.starts_with(&format!("{GRAPH}/v1.0/copilot/users/{one}/")),
        "{next}"
    );
    assert_eq!(
        get(&tenant, &token, &next.replace(&one, &other))
            .await
            .status(),
        StatusCode::BAD_REQUEST
    );
    assert_eq!(
        get(&tenant, &token, &format!("{next}x")).await.status(),
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn pages_stay_whole_while_new_items_arrive() {
    let hands = Hands::new();
    let tenant = Tenant::new(
        TenantOptions {
            users: 1,
            ..exactly(400)
        },
        hands.clock(),
    )
    .unwrap();
    let token = token(&tenant).await;
    let id = tenant.user_facts(0).id;
    let before: Vec<Value> = all(&tenant, &token, &history_url(&id, "$top=100")).await;
    let mut seen = Vec::new();
    let mut next = Some(history_url(&id, "$top=7"));
    while let Some(url) = next {
        let page = get_json(&tenant, &token, &url).await;
        seen.extend(page["value"].as_array().unwrap().clone());
        next = page["@odata.nextLink"].as_str().map(str::to_owned);
        hands.advance(HOUR_MS / 60);
    }
    let keys = |items: &[Value]| {
        items
            .iter()
            .map(|item| (item["sessionId"].clone(), item["id"].clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(keys(&seen), keys(&before));
    let after = all(&tenant, &token, &history_url(&id, "$top=100")).await;
    assert!(after.len() >= before.len());
}

#[tokio::test]
async fn the_day_goes_on_and_items_change() {
    let hands = Hands::new();
    let tenant = Tenant::new(
        TenantOptions {
            users: 40,
            ..small()
        },
        hands.clock(),
    )
    .unwrap();
    let token = token(&tenant).await;
    let first = read_everyone(&tenant, &token).await;
    hands.advance(72 * HOUR_MS);
    let token = crate::support::token(&tenant).await;
    let later = read_everyone(&tenant, &token).await;
    assert!(
        later.len() > first.len() + 20,
        "{} after {}",
        later.len(),
        first.len()
    );
    let mut changed = 0;
    for (key, old) in &first {
        let new = &later[key];
        assert_eq!(new["createdDateTime"], old["createdDateTime"]);
        if new["etag"] != old["etag"] {
            assert!(new["etag"].as_str() > old["etag"].as_str());
            changed += 1;
        } else {
            assert_eq!(new, old);
        }
    }
    assert!(changed > 0);
    assert_eq!(later.len(), tenant.truth().count());
}

#[tokio::test]
async fn a_frozen_tenant_stays_as_it_is() {
    for volume in [Volume::Monthly(80.0), Volume::Exactly(50)] {
        let hands = Hands::new();
        let options = TenantOptions {
            volume,
            edited_share: 0.0,
            ..small()
        }
        .frozen();
        let tenant = Tenant::new(options, hands.clock()).unwrap();
        hands.advance(HOUR_MS);
        let first: Vec<_> = tenant.truth().collect();
        hands.advance(100 * HOUR_MS);
        assert!(tenant.truth().eq(first), "{volume:?}");
    }
}

#[tokio::test]
async fn users_fail_one_by_one_each_in_their_way() {
    let tenant = tenant(
        TenantOptions {
            users: 600,
            deleted_share: 0.02,
            ..TenantOptions::default()
        }
        .unthrottled(),
    );
    let token = token(&tenant).await;
    let mut seen = HashSet::new();
    for index in 0..600 {
        let facts = tenant.user_facts(index);
        let response = get(&tenant, &token, &history_url(&facts.id, "$top=1")).await;
        let (status, code) = match facts.access {
            Access::Readable => (StatusCode::OK, Value::Null),
            Access::Unlicensed | Access::PlanDisabled | Access::LicenseRemoved => {
                (StatusCode::FORBIDDEN, json!("Forbidden"))
            }
            Access::Guest | Access::Deleted => {
                (StatusCode::NOT_FOUND, json!("Request_ResourceNotFound"))
            }
        };
        assert_eq!(response.status(), status, "{facts:?}");
        assert_eq!(body(&response)["error"]["code"], code, "{facts:?}");
        seen.insert(facts.access);
    }
    assert_eq!(seen.len(), 5);
    let nobody = get(&tenant, &token, &history_url("nobody@example.com", "")).await;
    assert_eq!(nobody.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_license_can_be_taken_away_and_given_back() {
    let tenant = tenant(exactly(20));
    let token = token(&tenant).await;
    let id = tenant.user_facts(2).id;
    let status = async || get(&tenant, &token, &history_url(&id, "")).await.status();
    let plans = async || {
        get_json(
            &tenant,
            &token,
            &format!("{GRAPH}/v1.0/users/{id}?$select=assignedLicenses"),
        )
        .await
    };
    let before = plans().await;
    assert_eq!(tenant.truth().filter(|item| item.user_id == id).count(), 20);
    tenant.remove_license(2);
    assert_eq!(status().await, StatusCode::FORBIDDEN);
    assert_ne!(plans().await, before);
    assert_eq!(tenant.truth().filter(|item| item.user_id == id).count(), 0);
    tenant.give_license_back(2);
    assert_eq!(status().await, StatusCode::OK);
    assert_eq!(plans().await, before);
}
