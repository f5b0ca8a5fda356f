//! The lake against the truth, row by row.

use std::collections::{BTreeSet, HashMap};

use futures::TryStreamExt;
use hobbs_lake::arrow::array::{Array, AsArray, RecordBatch};
use hobbs_lake::arrow::compute::cast;
use hobbs_lake::arrow::datatypes::{DataType, Int64Type};
use hobbs_tenant::{Access, TrueItem};

use crate::in_process::World;

type Key = (String, Option<String>, String);

/// A row of `interactions`, as far as the tenant can tell what it should be.
#[derive(Debug, PartialEq)]
struct Row {
    etag: String,
    created_at_ms: i64,
    app_class: String,
    kind: String,
    content: Option<String>,
    content_chars: i64,
}

/// What a comparison found.
#[derive(Debug, Default)]
pub struct Comparison {
    pub rows: usize,
    /// Rows that should be there and are not.
    pub lost: Vec<Key>,
    /// Rows that no user has.
    pub extra: Vec<Key>,
    /// Keys that stand twice.
    pub twice: Vec<Key>,
    /// Rows that differ: what the lake has, and what it should have.
    pub different: Vec<String>,
}

impl Comparison {
    #[track_caller]
    pub fn assert_same(&self) {
        let head = |keys: &[Key]| keys.iter().take(5).cloned().collect::<Vec<_>>();
        assert!(
            self.lost.is_empty()
                && self.extra.is_empty()
                && self.twice.is_empty()
                && self.different.is_empty(),
            "{} rows, {} lost {:?}, {} extra {:?}, {} twice {:?}, {} different {:#?}",
            self.rows,
            self.lost.len(),
            head(&self.lost),
            self.extra.len(),
            head(&self.extra),
            self.twice.len(),
            head(&self.twice),
            self.different.len(),
            self.different.iter().take(5).collect::<Vec<_>>(),
        );
    }
}

/// What was to be read, of a tenant that may have gone on since.
#[derive(Clone)]
pub struct Scope {
    /// What a sync that began here must have found; later items may be there or not.
    pub as_of_ms: i64,
    /// Items before are not asked for.
    pub from_ms: i64,
    /// Items from here on are not asked for.
    pub to_ms: i64,
    /// Users whose rows may be missing, but not wrong.
    pub unread: BTreeSet<String>,
}

impl Default for Scope {
    fn default() -> Self {
        Scope {
            as_of_ms: i64::MAX,
            from_ms: i64::MIN,
            to_ms: i64::MAX,
            unread: BTreeSet::new(),
        }
    }
}

/// All of a tenant that stands still.
pub async fn compare(world: &World) -> Comparison {
    compare_in(world, &Scope::default()).await
}

pub async fn compare_in(world: &World, scope: &Scope) -> Comparison {
    let mut comparison = Comparison::default();
    let mut rows: HashMap<Key, Row> = HashMap::new();
    for batch in batches(world).await {
        for (key, row) in rows_of(&batch) {
            comparison.rows += 1;
            if rows.insert(key.clone(), row).is_some() {
                comparison.twice.push(key);
            }
        }
    }
    for user in 0..world.tenant.user_count() {
        let is_read = world.tenant.user_facts(user).access == Access::Readable;
        for item in world.tenant.truth_of(user) {
            let key = (
                item.user_id.clone(),
                item.session_id.clone(),
                item.id.clone(),
            );
            let is_asked = (scope.from_ms..scope.to_ms).contains(&item.created_at_ms);
            match rows.remove(&key) {
                Some(_) if !is_asked => comparison.extra.push(key),
                Some(row) => comparison.different.extend(difference(&row, &item, scope)),
                None => {
                    let is_there = item.created_at_ms.max(item.visible_at_ms) <= scope.as_of_ms;
                    if is_read && is_asked && is_there && !scope.unread.contains(&item.user_id) {
                        comparison.lost.push(key);
                    }
                }
            }
        }
    }
    comparison.extra.extend(rows.into_keys());
    comparison
}

fn difference(row: &Row, item: &TrueItem, scope: &Scope) -> Option<String> {
    let changed_since = item
        .etag
        .parse::<i64>()
        .is_ok_and(|etag_ms| etag_ms > scope.as_of_ms);
    if changed_since {
        return None;
    }
    let kind = match item.interaction_type {
        "userPrompt" => "prompt",
        "aiResponse" => "response",
        other => other,
    };
    // Only what is known to be a response is read as one: in other kinds Excel's JSON stays as it is.
    let is_raw = item.shape == "thoughts_json" && kind != "response";
    let should = Row {
        etag: item.etag.clone(),
        created_at_ms: item.created_at_ms,
        app_class: item.app_class.clone(),
        kind: kind.to_owned(),
        content: if is_raw {
            row.content.clone()
        } else {
            Some(item.text.clone())
        },
        content_chars: if is_raw {
            row.content_chars
        } else {
            item.text.chars().count() as i64
        },
    };
    (*row != should).then(|| {
        format!(
            "{} of {}: {row:?} should be {should:?}",
            item.shape, item.user_id
        )
    })
}

async fn batches(world: &World) -> Vec<RecordBatch> {
    let sql = "SELECT user_id, session_id, interaction_id, etag, created_at, app_class, kind, content, content_chars \
               FROM interactions";
    world
        .reader()
        .await
        .query(sql)
        .await
        .unwrap()
        .try_collect()
        .await
        .unwrap()
}

fn rows_of(batch: &RecordBatch) -> Vec<(Key, Row)> {
    let texts = |column: usize| cast(batch.column(column), &DataType::Utf8).unwrap();
    let numbers = |column: usize| cast(batch.column(column), &DataType::Int64).unwrap();
    let columns: Vec<_> = [0, 1, 2, 3, 5, 6, 7].map(texts).into();
    let [users, sessions, ids, etags, classes, kinds, contents] = <[_; 7]>::try_from(
        columns
            .iter()
            .map(|column| column.as_string::<i32>())
            .collect::<Vec<_>>(),
    )
    .unwrap();
    let (created, chars) = (numbers(4), numbers(8));
    let (created, chars) = (
        created.as_primitive::<Int64Type>(),
        chars.as_primitive::<Int64Type>(),
    );
    (0..batch.num_rows())
        .map(|at| {
            let session = sessions.is_valid(at).then(|| sessions.value(at).to_owned());
            let key = (
                users.value(at).to_owned(),
                session,
                ids.value(at).to_owned(),
            );
            let row = Row {
                etag: etags.value(at).to_owned(),
                created_at_ms: created.value(at) / 1000,
                app_class: classes.value(at).to_owned(),
                kind: kinds.value(at).to_owned(),
                content: contents.is_valid(at).then(|| contents.value(at).to_owned()),
                content_chars: chars.value(at),
            };
            (key, row)
        })
        .collect()
}
