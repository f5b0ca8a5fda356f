//! Pages of users, of changes of users, of subscriptions and of groups.
#![no_main]

use std::sync::Arc;

use hobbs_fuzz::service::{Answer, Service, bodies, talk};
use hobbs_graph::{Person, PersonChange};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|input: &[u8]| {
    let bodies = bodies(input);
    let service = || {
        let answers = bodies.iter().map(|body| Answer::good(body)).collect();
        Arc::new(Service::answering(answers))
    };
    let mut told = Vec::new();
    let link = talk(&service(), async |client| {
        client.people_delta(None, |page| told.extend(page)).await
    });
    if let Ok(link) = link {
        let graph = hobbs_graph::BaseUrl::parse(hobbs_fuzz::service::GRAPH).expect("an address");
        let again = hobbs_graph::DeltaLink::check(link.as_str(), &graph);
        assert_eq!(
            again.expect("a link that was given is good").as_str(),
            link.as_str()
        );
    }
    let mut known: Option<Person> = None;
    for change in &told {
        known = applied(change, known);
    }
    let people = talk(&service(), async |client| client.users().await);
    for person in people.unwrap_or_default() {
        assert!(!person.id.is_empty());
        let _ = person.is_licensed();
    }
    for sku in talk(&service(), async |client| client.subscribed_skus().await).unwrap_or_default() {
        assert!(!sku.sku_id.is_empty());
        let _ = sku.includes_copilot();
    }
    let _ = talk(&service(), async |client| client.group("a 'group'").await);
    let members = talk(&service(), async |client| client.group_members("g").await);
    assert!(!members.unwrap_or_default().contains(""));
    let _ = talk(&service(), async |client| client.report_settings().await);
    let page = serde_json::from_slice::<Value>(bodies[0]).unwrap_or_default();
    let values = page["value"].as_array().into_iter().flatten();
    values.for_each(read_both_ways);
});

/// The user after a change. What is told twice changes nothing the second time.
fn applied(change: &PersonChange, before: Option<Person>) -> Option<Person> {
    assert!(!change.id().is_empty());
    let after = change.apply(before.as_ref());
    assert_eq!(
        after.is_none(),
        matches!(change, PersonChange::Removed { .. })
    );
    if let Some(after) = &after {
        assert_eq!(after.id, change.id());
        assert_eq!(change.apply(Some(after)).as_ref(), Some(after));
    }
    after
}

/// Of a user nobody knew before, a change tells what a listing tells; the manager alone is told in another way.
fn read_both_ways(json: &Value) {
    let listed = Person::read(json);
    let changed = PersonChange::read(json);
    assert_eq!(listed.is_some(), changed.is_some());
    if let (Some(listed), Some(change @ PersonChange::Changed { .. })) = (listed, changed) {
        let told = change.apply(None).expect("a user");
        let manager_id = told.manager_id.clone();
        assert_eq!(
            told,
            Person {
                manager_id,
                ..listed
            }
        );
    }
}
