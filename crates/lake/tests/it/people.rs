//! The history of people: a line for each change.

use hobbs_lake::{PeopleChanges, UserRecord};
use serde_json::{Value, json};

use crate::fixture::{Lake, START_MS, TENANT, run};

fn user(id: &str, department: &str, licensed: bool) -> UserRecord {
    UserRecord {
        user_id: id.to_owned(),
        user_principal_name: Some(format!("{id}@contoso.example")),
        department: Some(department.to_owned()),
        licensed,
        account_enabled: Some(true),
        ..UserRecord::default()
    }
}

async fn keep(lake: &Lake, minute: i64, listed: &[UserRecord], whole: bool) -> (u64, u64) {
    let mut writer = lake.writer().await;
    let PeopleChanges { changed, left, .. } = writer
        .keep_users(&run(), START_MS + minute * 60_000, listed, whole)
        .await
        .unwrap();
    (changed, left)
}

#[tokio::test]
async fn changes_leaving_and_coming_back() {
    let lake = Lake::new();
    let (ann, bob) = (user("ann", "Sales", true), user("bob", "Sales", true));
    assert_eq!(
        keep(&lake, 0, &[ann.clone(), bob.clone()], true).await,
        (2, 0)
    );
    let commits = lake.log("users").len();
    assert_eq!(
        keep(&lake, 1, &[bob.clone(), ann.clone()], true).await,
        (0, 0)
    );
    assert_eq!(lake.log("users").len(), commits, "no change, no commit");
    assert_eq!(
        keep(&lake, 2, &[user("ann", "Legal", true), bob.clone()], true).await,
        (1, 0)
    );
    assert_eq!(
        keep(&lake, 3, &[user("ann", "Legal", false), bob], true).await,
        (1, 0)
    );
    // Asked for one alone: the others have not left.
    assert_eq!(
        keep(&lake, 4, &[user("ann", "Legal", false)], false).await,
        (0, 0)
    );
    assert_eq!(
        keep(&lake, 5, &[user("ann", "Legal", false)], true).await,
        (0, 1)
    );
    assert_eq!(
        keep(&lake, 6, &[user("ann", "Legal", false)], true).await,
        (0, 0),
        "who has left leaves once"
    );
    let known = lake.writer().await.known_users(TENANT).await.unwrap();
    assert_eq!(
        (known["bob"].present, known["ann"].record.clone()),
        (false, user("ann", "Legal", false))
    );
    let now =
        "SELECT user_id, department, licensed, state, valid_from FROM users_now ORDER BY user_id";
    assert_eq!(
        Value::from(lake.select(now).await),
        json!([
            {"user_id": "ann", "department": "Legal", "licensed": false, "state": "present", "valid_from": "2026-06-01T00:03:00Z"},
            {"user_id": "bob", "department": "Sales", "licensed": false, "state": "left", "valid_from": "2026-06-01T00:05:00Z"},
        ])
    );
    assert_eq!(
        keep(
            &lake,
            7,
            &[user("ann", "Legal", false), user("bob", "Sales", true)],
            true
        )
        .await,
        (1, 0)
    );
    let history = lake
        .select("SELECT licensed, state FROM users WHERE user_id = 'bob' ORDER BY valid_from")
        .await;
    assert_eq!(
        Value::from(history),
        json!([
            {"licensed": true, "state": "present"},
            {"licensed": false, "state": "left"},
            {"licensed": true, "state": "present"},
        ])
    );
    assert_eq!(lake.number("SELECT count(*) FROM users").await, 6);
    // Each record ends where the next begins; the last one holds.
    let spans = "SELECT valid_from, valid_to FROM users WHERE user_id = 'bob' ORDER BY valid_from";
    assert_eq!(
        Value::from(lake.select(spans).await),
        json!([
            {"valid_from": "2026-06-01T00:00:00Z", "valid_to": "2026-06-01T00:05:00Z"},
            {"valid_from": "2026-06-01T00:05:00Z", "valid_to": "2026-06-01T00:07:00Z"},
            {"valid_from": "2026-06-01T00:07:00Z"},
        ])
    );
}

#[tokio::test]
async fn last_quarters_departments_can_be_asked_for() {
    let lake = Lake::new();
    keep(&lake, 0, &[user("ann", "Sales", true)], true).await;
    keep(&lake, 10, &[user("ann", "Legal", true)], true).await;
    let at = |minute: u32| {
        format!(
            "SELECT department FROM users WHERE user_id = 'ann' AND valid_from <= TIMESTAMP '2026-06-01T00:{minute:02}:00Z' AND (valid_to IS NULL OR valid_to > TIMESTAMP '2026-06-01T00:{minute:02}:00Z')"
        )
    };
    for (minute, department) in [(0, "Sales"), (9, "Sales"), (10, "Legal"), (59, "Legal")] {
        let rows = Value::from(lake.select(&at(minute)).await);
        assert_eq!(rows, json!([{"department": department}]), "minute {minute}");
    }
}

#[tokio::test]
async fn a_clock_that_stands_still_still_makes_a_history() {
    let lake = Lake::new();
    for department in ["Sales", "Legal", "Sales"] {
        keep(&lake, 0, &[user("ann", department, true)], true).await;
    }
    assert_eq!(lake.number("SELECT count(*) FROM users").await, 3);
    assert_eq!(
        lake.number("SELECT count(*) FROM users WHERE valid_to IS NULL")
            .await,
        1
    );
}

#[tokio::test]
async fn tenants_do_not_mix() {
    let lake = Lake::new();
    keep(&lake, 0, &[user("ann", "Sales", true)], true).await;
    let mut writer = lake.writer().await;
    let other = hobbs_lake::Run {
        tenant_id: "other".to_owned(),
        ..run()
    };
    let changes = writer
        .keep_users(&other, START_MS, &[user("bob", "Sales", true)], true)
        .await
        .unwrap();
    assert_eq!((changes.changed, changes.left), (1, 0));
    assert!(writer.known_users(TENANT).await.unwrap()["ann"].present);
}
