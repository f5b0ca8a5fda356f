//! The history of who held which license.

use std::collections::HashSet;

use hobbs_lake::{Assignment, AssignmentChanges, AssignmentStatus};
use serde_json::{Value, json};

use crate::fixture::{Lake, START_MS, TENANT, run};

fn holds(user: &str, sku: &str, status: AssignmentStatus) -> Assignment {
    Assignment {
        user_id: user.to_owned(),
        sku_id: sku.to_owned(),
        status,
        assigned_at_ms: Some(START_MS - 1000),
    }
}

async fn keep(
    lake: &Lake,
    minute: i64,
    listed: &[Assignment],
    of_users: Option<&[&str]>,
) -> AssignmentChanges {
    let of_users: Option<HashSet<String>> =
        of_users.map(|users| users.iter().map(|user| (*user).to_owned()).collect());
    let at_ms = START_MS + minute * 60_000;
    let mut writer = lake.writer().await;
    writer
        .keep_assignments(&run(), at_ms, listed, of_users.as_ref())
        .await
        .unwrap()
}

#[tokio::test]
async fn licenses_are_given_changed_taken_away_and_given_again() {
    use AssignmentStatus::{Disabled, Enabled, Warning};
    let lake = Lake::new();
    let (ann, bob) = (
        holds("ann", "copilot", Enabled),
        holds("bob", "copilot", Enabled),
    );
    let changes = |changed, removed| AssignmentChanges { changed, removed };
    assert_eq!(
        keep(&lake, 0, &[ann.clone(), bob.clone()], None).await,
        changes(2, 0)
    );
    assert_eq!(
        keep(&lake, 1, &[bob.clone(), ann.clone()], None).await,
        changes(0, 0)
    );
    let ending = holds("ann", "copilot", Warning);
    assert_eq!(
        keep(&lake, 2, &[ending.clone(), bob.clone()], None).await,
        changes(1, 0)
    );
    // Ann alone was looked at: of bob nothing is known.
    assert_eq!(keep(&lake, 3, &[], Some(&["ann"])).await, changes(0, 1));
    assert_eq!(
        keep(&lake, 4, std::slice::from_ref(&bob), None).await,
        changes(0, 0)
    );
    let assigned = lake.writer().await.assigned(TENANT).await.unwrap();
    assert_eq!(assigned.len(), 1);
    assert_eq!(assigned["bob"], [bob]);
    let off = holds("ann", "other", Disabled);
    assert_eq!(keep(&lake, 5, &[ann, off], None).await, changes(2, 1));
    let history = lake
        .select("SELECT user_id, sku_id, status, licensed, valid_from, valid_to FROM license_assignments ORDER BY 1, 2, 5")
        .await;
    let line = |user: &str, sku: &str, status: &str, licensed: bool, from: u32, to: Option<u32>| {
        let at = |minute: u32| format!("2026-06-01T00:{minute:02}:00Z");
        let mut line = json!({"user_id": user, "sku_id": sku, "status": status, "licensed": licensed, "valid_from": at(from)});
        if let Some(to) = to {
            line["valid_to"] = at(to).into();
        }
        line
    };
    assert_eq!(
        Value::from(history),
        json!([
            line("ann", "copilot", "enabled", true, 0, Some(2)),
            line("ann", "copilot", "warning", true, 2, Some(3)),
            line("ann", "copilot", "removed", false, 3, Some(5)),
            line("ann", "copilot", "enabled", true, 5, None),
            line("ann", "other", "disabled", false, 5, None),
            line("bob", "copilot", "enabled", true, 0, Some(5)),
            line("bob", "copilot", "removed", false, 5, None),
        ])
    );
}
