//! Interactions stand once, as they were written, and are all there.

use std::collections::HashMap;

use hobbs_interaction::ContentPolicy;
use hobbs_tenant::Access;

use super::{Broken, RunRecord, must};
use crate::oracle::{Key, Oracle, key_of};
use crate::tables::Rows;

/// A row of `interactions`.
#[derive(Debug)]
pub(super) struct Kept {
    etag: String,
    created_at_ms: i64,
    app_class: String,
    kind: String,
    content: Option<String>,
    pub(super) run_id: String,
}

impl Kept {
    pub(super) fn etag_number(&self) -> i64 {
        self.etag.parse().unwrap_or(0)
    }
}

/// The rows by their keys, none of which stands twice.
pub(super) fn once(rows: &Rows) -> Result<HashMap<Key, Kept>, Broken> {
    let text = |text: Option<String>| text.unwrap_or_default();
    let rows = rows.map(|row| {
        let key = (
            text(row.text("user_id")),
            text(row.text("session_id")),
            text(row.text("interaction_id")),
        );
        let kept = Kept {
            etag: text(row.text("etag")),
            created_at_ms: row.time_ms("created_at").unwrap_or(0),
            app_class: text(row.text("app_class")),
            kind: text(row.text("kind")),
            content: row.text("content"),
            run_id: text(row.text("run_id")),
        };
        (key, kept)
    });
    let mut kept = HashMap::with_capacity(rows.len());
    for (key, row) in rows {
        if let Some(other) = kept.insert(key.clone(), row) {
            return Err(Broken(format!(
                "an item stands twice: {key:?}, once as {other:?}"
            )));
        }
    }
    Ok(kept)
}

/// Every row is an item of the tenant, as it is or was before its change.
pub(super) fn true_to(
    kept: &HashMap<Key, Kept>,
    oracle: &Oracle,
    runs: &HashMap<String, RunRecord>,
) -> Result<(), Broken> {
    let truth = oracle.all();
    for (key, row) in kept {
        let item = truth
            .get(key)
            .ok_or_else(|| Broken(format!("a row is no item of the tenant: {key:?} {row:?}")))?;
        let is_newest = row.etag == item.etag;
        must(is_newest || row.etag == item.id, || {
            format!("the etag is not one that the item has or had: {row:?} of {item:?}")
        })?;
        let kind = match item.interaction_type {
            "userPrompt" => "prompt",
            "aiResponse" => "response",
            other => other,
        };
        let is_same = row.created_at_ms == item.created_at_ms
            && row.app_class == item.app_class
            && row.kind == kind;
        must(is_same, || {
            format!("a row differs from its item: {row:?} of {item:?}")
        })?;
        let run = runs
            .get(&row.run_id)
            .ok_or_else(|| Broken(format!("a row of a run that never was: {row:?}")))?;
        match (run.content, &row.content) {
            (ContentPolicy::None, Some(_)) => {
                return Err(Broken(format!(
                    "a text that was not to be kept: {row:?} of {key:?}"
                )));
            }
            // Excel's JSON is read where the kind is known to be a response.
            (ContentPolicy::Full, content) if is_newest && item.shape != "thoughts_json" => {
                must(content.as_deref() == Some(&item.text), || {
                    format!("a text differs: {row:?} of {item:?}")
                })?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Everything that could be seen of those who could be read when the run began is there, and as it
/// was then or later; of each user from where the reading was begun on, which a person may have chosen
/// (`--days`).
pub(super) fn whole(
    kept: &HashMap<Key, Kept>,
    oracle: &Oracle,
    run: &RunRecord,
    begun_ms: &HashMap<String, i64>,
) -> Result<(), Broken> {
    let readable = oracle.at(run.began_ms, |_| {
        oracle.users(|_, access| access == Access::Readable)
    });
    for user_id in readable {
        let begun_ms = begun_ms.get(&user_id).copied().unwrap_or(0);
        for item in oracle.items(&user_id, run.began_ms) {
            if item.created_at_ms < begun_ms {
                continue;
            }
            let key = key_of(&item);
            let row = kept
                .get(&key)
                .ok_or_else(|| Broken(format!("lost after a whole sync: {item:?}")))?;
            let etag = item.etag.parse().unwrap_or(0);
            must(row.etag_number() >= etag, || {
                format!("not the latest after a whole sync: {row:?} of {item:?}")
            })?;
        }
    }
    Ok(())
}
