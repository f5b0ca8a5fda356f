//! Each item stands once, with its latest etag, however it comes.

use std::collections::BTreeMap;

use hobbs_interaction::Interaction;
use hobbs_lake::Kept;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use crate::fixture::{Lake, line, row, run};

fn kept(new: u64, changed: u64, known: u64) -> Kept {
    Kept {
        new,
        changed,
        known,
    }
}

async fn etags(lake: &Lake) -> Vec<(String, Option<String>, String, String)> {
    let sql = "SELECT user_id, session_id, interaction_id, etag FROM interactions ORDER BY 1, 2 NULLS FIRST, 3";
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let rows = lake.select(sql).await;
    rows.iter()
        .map(|row| {
            let must = |name: &str| text(row.get(name)).unwrap();
            (
                must("user_id"),
                text(row.get("session_id")),
                must("interaction_id"),
                must("etag"),
            )
        })
        .collect()
}

#[tokio::test]
async fn rows_that_come_again_stand_once() {
    let lake = Lake::new();
    let mut rows: Vec<Interaction<'static>> =
        (0..500).map(|id| row("ann", Some("s"), id, 1)).collect();
    assert_eq!(lake.commit(&rows).await, kept(500, 0, 0));
    let commits = lake.log("interactions").len();
    rows.reverse();
    assert_eq!(lake.commit(&rows).await, kept(0, 0, 500));
    assert_eq!(
        lake.log("interactions").len(),
        commits,
        "nothing new, no commit"
    );
    rows.push(row("ann", Some("s"), 900, 1));
    rows.push(row("ann", Some("s"), 900, 1));
    assert_eq!(lake.commit(&rows).await, kept(1, 0, 501));
    assert_eq!(lake.rows().await, 501);
}

#[tokio::test]
async fn users_of_whom_a_row_has_changed_are_given_back_whole() {
    let lake = Lake::new();
    let before = [row("ann", None, 1, 1), row("bob", None, 1, 1)];
    lake.commit(&before).await;
    let rows = vec![
        row("ann", None, 1, 1),
        row("bob", None, 1, 2),
        row("bob", None, 2, 1),
        row("cat", None, 1, 1),
        row("cat", None, 1, 1),
        row("ann", None, 2, 1),
    ];
    let lines = ["ann", "bob", "cat"].map(|user| line(user, 0, 5)).to_vec();
    let mut writer = lake.writer().await;
    let (committed, held_back) = writer
        .commit_unless_changed(&run(), 0, crate::fixture::rows_of(&rows), lines)
        .await
        .unwrap();
    assert_eq!(committed, kept(2, 0, 2));
    assert_eq!(held_back.rows.len(), 2);
    let lines = held_back.lines.iter().map(|line| line.user_id.as_str());
    assert_eq!(lines.collect::<Vec<_>>(), ["bob"]);
    // What is not kept is not claimed.
    let of_bob = "SELECT count(*) FROM coverage WHERE user_id = 'bob'";
    assert_eq!((lake.rows().await, lake.number(of_bob).await), (4, 0));
    let (rows, lines) = (held_back.rows, held_back.lines);
    let later = writer.commit(&run(), 0, rows, lines).await.unwrap();
    assert_eq!(later, kept(1, 1, 0));
    assert_eq!((lake.rows().await, lake.number(of_bob).await), (5, 1));
}

#[tokio::test]
async fn the_latest_etag_stays() {
    let lake = Lake::new();
    // Of three versions in one batch the latest counts; as numbers, 1000 is later than 999.
    let versions = [
        row("ann", None, 1, 999),
        row("ann", None, 1, 1000),
        row("ann", None, 1, 7),
    ];
    assert_eq!(lake.commit(&versions).await, kept(1, 0, 2));
    assert_eq!(
        lake.commit(&[row("ann", None, 1, 999)]).await,
        kept(0, 0, 1)
    );
    assert_eq!(
        etags(&lake).await,
        [("ann".to_owned(), None, "1".to_owned(), "1000".to_owned())]
    );
    let batch = [
        row("ann", None, 1, 1001),
        row("ann", None, 2, 1),
        row("ann", None, 3, 1),
    ];
    assert_eq!(lake.commit(&batch).await, kept(2, 1, 0));
    let texts = lake
        .select("SELECT content FROM interactions WHERE interaction_id = '1'")
        .await;
    assert_eq!(texts.len(), 1);
    assert_eq!(texts[0]["content"], "text of etag 1001, with ünïcode 🛩");
}

#[tokio::test]
async fn a_change_touches_nobody_else() {
    let lake = Lake::new();
    let other_tenant = Interaction {
        tenant_id: "other".into(),
        ..row("ann", Some("s"), 5, 1)
    };
    let others = [
        row("ann", None, 5, 1),
        row("ann", Some("t"), 5, 1),
        row("bob", Some("s"), 5, 1),
        row("bob", None, 5, 1),
        row("ann", Some("s"), 6, 1),
    ];
    let first = [others.as_slice(), &[row("ann", Some("s"), 5, 1)]].concat();
    assert_eq!(lake.commit(&first).await, kept(6, 0, 0));
    let mut writer = lake.writer().await;
    let other_run = hobbs_lake::Run {
        tenant_id: "other".to_owned(),
        ..run()
    };
    writer
        .commit(
            &other_run,
            0,
            crate::fixture::rows_of(&[other_tenant]),
            vec![line("ann", 0, 1)],
        )
        .await
        .unwrap();
    drop(writer);
    assert_eq!(
        lake.commit(&[row("ann", Some("s"), 5, 2)]).await,
        kept(0, 1, 0)
    );
    let rows = lake
        .select("SELECT tenant_id, user_id, session_id FROM interactions WHERE etag = '2'")
        .await;
    assert_eq!(
        Value::from(rows),
        json!([{"tenant_id": "tenant", "user_id": "ann", "session_id": "s"}])
    );
    assert_eq!(lake.commit(&[row("ann", None, 5, 3)]).await, kept(0, 1, 0));
    let rows = lake
        .select("SELECT user_id, session_id FROM interactions WHERE etag = '3'")
        .await;
    assert_eq!(Value::from(rows), json!([{"user_id": "ann"}]));
    assert_eq!(lake.rows().await, 7);
}

#[tokio::test]
async fn all_columns_survive_a_change() {
    let lake = Lake::new();
    let rows: Vec<Interaction<'static>> = (0..6).map(|id| row("ann", Some("s"), id, 1)).collect();
    lake.commit(&rows).await;
    let columns = "tenant_id, user_id, session_id, interaction_id, request_id, created_at, app_class, app, \
                   conversation_type, surface, kind, from_id, from_name, locale, content_type, content_chars, \
                   content_words, mark, contexts, attachments, mentions";
    let sql = format!("SELECT {columns} FROM interactions ORDER BY interaction_id");
    let before = lake.select(&sql).await;
    let links = "SELECT links FROM interactions ORDER BY interaction_id";
    let links_before = lake.select(links).await;
    lake.commit(&[row("ann", Some("s"), 5, 2)]).await;
    assert_eq!(lake.select(&sql).await, before);
    let after = lake.select(links).await;
    assert_eq!(after[..5], links_before[..5]);
    let link =
        |at: u8| json!({"link_url": format!("https://x/2/{at}"), "display_name": "A \"link\""});
    assert_eq!(after[5]["links"], json!([link(0), link(1)]));
    assert_eq!(
        before[0]["contexts"],
        json!([{"context_reference": "https://x/1", "context_type": "docx"}])
    );
    assert_eq!(
        before[0]["mentions"],
        json!([{"mention_id": "0", "mention_text": "Bob"}])
    );
    assert_eq!(before[0]["created_at"], "2026-06-01T00:00:00Z");
}

/// Rows drawn at random, commit after commit, against a map that keeps the latest of each key.
#[tokio::test]
async fn any_sequence_of_commits_keeps_the_latest_of_each() {
    let mut random = StdRng::seed_from_u64(11);
    let mut below = |limit: u32| random.random_range(0..limit);
    let lake = Lake::new();
    let mut latest: BTreeMap<(String, Option<String>, String), u64> = BTreeMap::new();
    for _ in 0..16 {
        let count = 1 + below(12);
        let rows: Vec<Interaction<'static>> = (0..count)
            .map(|_| {
                let user = ["ann", "bob"][below(2) as usize];
                let session = [None, Some("s"), Some("t")][below(3) as usize];
                row(user, session, below(8), u64::from(below(2_000)))
            })
            .collect();
        for row in &rows {
            let key = (
                row.user_id.to_string(),
                row.session_id.as_deref().map(str::to_owned),
                row.interaction_id.to_string(),
            );
            let etag = latest.entry(key).or_default();
            *etag = (*etag).max(row.etag.parse().unwrap());
        }
        lake.commit(&rows).await;
        let expected: Vec<_> = latest
            .iter()
            .map(|((user, session, id), etag)| {
                (user.clone(), session.clone(), id.clone(), etag.to_string())
            })
            .collect();
        assert_eq!(etags(&lake).await, expected);
    }
}
