//! Changes of users since a link was given, and groups.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use hobbs_graph::{Budget, Client, DeltaError, DeltaLink, Group, GroupError, Person, PersonChange};
use serde_json::{Value, json};

use crate::script::*;

fn delta_text(token: &str) -> String {
    format!("{GRAPH}/v1.0/users/delta?$deltatoken={token}")
}

async fn changes(
    client: &Client,
    link: Option<&DeltaLink>,
) -> (Vec<PersonChange>, Result<DeltaLink, DeltaError>) {
    let mut all = Vec::new();
    let link = client.people_delta(link, |page| all.extend(page)).await;
    (all, link)
}

#[tokio::test(start_paused = true)]
async fn changes_follow_one_another_from_link_to_link() {
    let transport = script(|request| async move {
        assert_eq!(request.uri().path(), "/v1.0/users/delta");
        let page = match (
            parameter(&request, "$deltatoken"),
            parameter(&request, "$skiptoken"),
        ) {
            (None, None) => {
                let select = parameter(&request, "$select").unwrap();
                for property in ["manager", "createdDateTime", "assignedPlans", "department"] {
                    assert!(select.split(',').any(|name| name == property), "{select}");
                }
                json!({"value": [{"id": "a", "userPrincipalName": "a@x", "department": "Sales", "manager@delta": [{"id": "m"}]}, null, {"department": "no id"}],
                    "@odata.nextLink": format!("{GRAPH}/v1.0/users/delta?$skiptoken=s")})
            }
            (None, Some(_)) => {
                json!({"value": [{"id": "b", "userPrincipalName": "b@x"}], "@odata.deltaLink": delta_text("d1")})
            }
            (Some(token), _) => {
                assert_eq!(token, "d1");
                json!({"value": [{"id": "a", "department": null}, {"id": "b", "@removed": {"reason": "changed"}}, {"id": "a", "mail": "a@mail"}],
                    "@odata.deltaLink": delta_text("d2")})
            }
        };
        Ok(answer(200, page.to_string()))
    });
    let client = builder(transport).build().unwrap();
    let mut people: BTreeMap<String, Person> = BTreeMap::new();
    let mut lay_over = |changes: Vec<PersonChange>| {
        for change in changes {
            match change.apply(people.get(change.id())) {
                Some(person) => people.insert(person.id.clone(), person),
                None => people.remove(change.id()),
            };
        }
        people.clone()
    };
    let (first, link) = changes(&client, None).await;
    assert_eq!(lay_over(first).len(), 2);
    // The link is stored as text, and taken from there.
    let stored = link.unwrap().as_str().to_owned();
    let link = DeltaLink::check(&stored, &client.endpoints().graph).unwrap();
    let (second, link) = changes(&client, Some(&link)).await;
    let people = lay_over(second);
    assert_eq!(link.unwrap().as_str(), delta_text("d2"));
    assert_eq!(
        people.into_values().collect::<Vec<_>>(),
        [Person {
            id: "a".to_owned(),
            user_principal_name: "a@x".to_owned(),
            mail: Some("a@mail".to_owned()),
            manager_id: Some("m".to_owned()),
            ..Person::default()
        }]
    );
}

#[tokio::test(start_paused = true)]
async fn a_link_that_is_no_longer_good_says_to_list_again() {
    for (status, code, lists_again) in [
        (410, "syncStateNotFound", true),
        (410, "resyncRequired", true),
        (400, "Directory_ExpiredPageToken", true),
        (404, "Request_ResourceNotFound", false),
        (403, "Authorization_RequestDenied", false),
    ] {
        for breaks_at in ["d1", "s"] {
            let transport = script(move |request| async move {
                let token =
                    parameter(&request, "$deltatoken").or(parameter(&request, "$skiptoken"));
                if token.as_deref() == Some(breaks_at) {
                    return graph_error(status, code, "The token is gone.");
                }
                let next = format!("{GRAPH}/v1.0/users/delta?$skiptoken=s");
                Ok(answer(
                    200,
                    json!({"value": [{"id": "a"}], "@odata.nextLink": next}).to_string(),
                ))
            });
            let client = builder(transport.clone()).build().unwrap();
            let link = DeltaLink::check(&delta_text("d1"), &client.endpoints().graph).unwrap();
            let (_, result) = changes(&client, Some(&link)).await;
            let error = result.unwrap_err();
            assert_eq!(
                matches!(error, DeltaError::ListAgain(_)),
                lists_again,
                "{error}"
            );
            assert_eq!(
                error.to_string().contains("list all users again"),
                lists_again
            );
            assert!(error.to_string().contains(code), "{error}");
        }
    }
    // Without a link, 400 says that the request is wrong, and listing again would not help.
    let transport = script(|_| std::future::ready(graph_error(400, "BadRequest", "no manager")));
    let client = builder(transport).build().unwrap();
    let (_, result) = changes(&client, None).await;
    assert!(matches!(result, Err(DeltaError::Read(_))));
}

#[tokio::test(start_paused = true)]
async fn a_link_of_now_lists_nobody() {
    let transport = script(|request| async move {
        assert_eq!(request.uri().path(), "/v1.0/users/delta");
        assert_eq!(
            parameter(&request, "$deltatoken").as_deref(),
            Some("latest")
        );
        assert!(parameter(&request, "$select").unwrap().contains("manager"));
        Ok(answer(
            200,
            json!({"value": [], "@odata.deltaLink": delta_text("now")}).to_string(),
        ))
    });
    let client = builder(transport.clone()).build().unwrap();
    let link = client.delta_link_of_now().await.unwrap();
    assert_eq!(link.as_str(), delta_text("now"));
    assert_eq!(format!("{link:?}"), "DeltaLink(…)");
    assert_eq!(transport.requests.load(SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn links_elsewhere_in_circles_or_missing_are_errors() {
    let page = |name: &str, link: &str| json!({"value": [{"id": "a"}], name: link}).to_string();
    let evil = "https://evil.example/v1.0/users/delta?$deltatoken=t";
    let circle = format!("{GRAPH}/v1.0/users/delta?$skiptoken=s");
    for (body, code) in [
        (page("@odata.deltaLink", evil), "foreign_next_link"),
        (page("@odata.nextLink", evil), "foreign_next_link"),
        (page("@odata.nextLink", &circle), "looping_next_link"),
        (json!({"value": []}).to_string(), "retries_exhausted"),
    ] {
        let transport = script(move |_| std::future::ready(Ok(answer(200, body.clone()))));
        let client = builder(transport).build().unwrap();
        let (_, result) = changes(&client, None).await;
        match result.unwrap_err() {
            DeltaError::Read(error) => assert_eq!(error.code(), code),
            other => panic!("{other}"),
        }
        assert_eq!(client.delta_link_of_now().await.unwrap_err().code(), code);
    }
    let client = builder(script(|_| std::future::ready(Ok(answer(200, "")))))
        .build()
        .unwrap();
    assert!(DeltaLink::check(evil, &client.endpoints().graph).is_err());
}

const ID: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";

fn groups(found: Value) -> (Client, Arc<std::sync::Mutex<Vec<String>>>) {
    let filters = Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = Arc::clone(&filters);
    let transport = script(move |request| {
        let path = request.uri().path().to_owned();
        let reply = if path == format!("/v1.0/groups/{ID}") {
            Ok(answer(
                200,
                json!({"id": ID, "displayName": "By id"}).to_string(),
            ))
        } else if path == "/v1.0/groups" {
            seen.lock().unwrap().extend(parameter(&request, "$filter"));
            Ok(answer(200, json!({"value": found}).to_string()))
        } else {
            graph_error(404, "Request_ResourceNotFound", "no such group")
        };
        std::future::ready(reply)
    });
    (builder(transport).build().unwrap(), filters)
}

#[tokio::test(start_paused = true)]
async fn a_group_is_found_by_id_or_by_its_one_name() {
    let (client, filters) = groups(json!([{"id": "g", "displayName": "Sales' best"}]));
    assert_eq!(client.group(ID).await.unwrap().display_name, "By id");
    assert!(filters.lock().unwrap().is_empty());
    let found = client.group(" Sales' best ").await.unwrap();
    assert_eq!(
        found,
        Group {
            id: "g".to_owned(),
            display_name: "Sales' best".to_owned()
        }
    );
    assert_eq!(*filters.lock().unwrap(), ["displayName eq 'Sales'' best'"]);

    let unknown_id = "00000000-d9cb-469f-a165-70867728950e";
    let error = client.group(unknown_id).await.unwrap_err();
    assert!(matches!(error, GroupError::NotFound { .. }), "{error}");

    let (client, _) = groups(json!([]));
    let error = client.group("Sales").await.unwrap_err();
    assert!(matches!(&error, GroupError::NotFound { wanted } if wanted == "Sales"));
    assert!(error.to_string().contains("object id"), "{error}");

    let (client, _) =
        groups(json!([{"id": "g1", "displayName": "Sales"}, {"id": "g2", "displayName": "SALES"}]));
    let error = client.group("Sales").await.unwrap_err();
    assert!(matches!(&error, GroupError::Several { groups, .. } if groups.len() == 2));
    assert_eq!(
        error.to_string(),
        "2 groups are called \"Sales\"; give the object id of one of them: g1, g2"
    );
}

#[tokio::test(start_paused = true)]
async fn members_are_users_of_groups_within_groups() {
    let transport = script(|request| async move {
        assert_eq!(
            request.uri().path(),
            format!("/v1.0/groups/{ID}/transitiveMembers/microsoft.graph.user")
        );
        // An advanced query, on every page.
        assert_eq!(request.headers()["consistencylevel"], "eventual");
        if parameter(&request, "$skiptoken").is_some() {
            return Ok(answer(
                200,
                json!({"value": [{"id": "a"}, {"id": "c"}, null, {}]}).to_string(),
            ));
        }
        assert_eq!(parameter(&request, "$select").as_deref(), Some("id"));
        assert_eq!(parameter(&request, "$top").as_deref(), Some("999"));
        assert_eq!(parameter(&request, "$count").as_deref(), Some("true"));
        let next = format!("{GRAPH}{}?$skiptoken=2", request.uri().path());
        Ok(answer(
            200,
            json!({"value": [{"id": "b"}, {"id": "a"}], "@odata.nextLink": next}).to_string(),
        ))
    });
    let client = builder(transport).build().unwrap();
    let members = client.group_members(ID).await.unwrap();
    assert_eq!(members.into_iter().collect::<Vec<_>>(), ["a", "b", "c"]);
}

#[tokio::test(start_paused = true)]
async fn groups_that_may_not_be_read_name_the_permission() {
    let transport = script(|_| {
        std::future::ready(graph_error(
            403,
            "Authorization_RequestDenied",
            "Insufficient privileges",
        ))
    });
    let client = builder(transport).build().unwrap();
    let errors = [
        client.group("Sales").await.unwrap_err(),
        client.group(ID).await.unwrap_err(),
        client.group_members(ID).await.unwrap_err(),
    ];
    for error in errors {
        assert!(matches!(error, GroupError::Forbidden(_)));
        assert!(
            error.to_string().contains("GroupMember.Read.All"),
            "{error}"
        );
    }
    let page = json!({"value": [], "@odata.nextLink": "https://evil.example/x"}).to_string();
    let transport = script(move |_| std::future::ready(Ok(answer(200, page.clone()))));
    let client = builder(transport).build().unwrap();
    let error = client.group_members(ID).await.unwrap_err();
    assert!(matches!(error, GroupError::Read(error) if error.code() == "foreign_next_link"));
}

/// A hotel's network may answer with anything that is JSON.
#[tokio::test(start_paused = true)]
async fn an_answer_that_is_no_object_is_asked_for_again() {
    for body in [
        "\"ok\"",
        "7",
        "true",
        "null",
        "[]",
        "[{\"value\":[]}]",
        "{}",
    ] {
        let client = builder(script(move |_| async move { Ok(answer(200, body)) }))
            .budget(Budget {
                attempts: 2,
                ..Budget::default()
            })
            .build()
            .unwrap();
        let error = client.users().await.unwrap_err();
        assert_eq!(error.code(), "retries_exhausted", "{body}");
        let error = client.people_delta(None, |_| {}).await.unwrap_err();
        assert!(error.to_string().contains("value"), "{body}: {error}");
    }
}
