//! Committing interactions so that each stands once, with its latest etag.
//!
//! Known rows are found by reading the keys of files whose statistics overlap the batch's times,
//! not by a merge over the table: a sync costs what its new rows cost. Only where an etag has
//! changed are files rewritten, and then only those that hold the changed rows.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use datafusion::prelude::{col, lit};
use deltalake::arrow::array::{Array, AsArray, RecordBatch};
use deltalake::arrow::datatypes::TimestampMicrosecondType;
use futures::TryStreamExt;
use hobbs_interaction::Interaction;

use crate::cells::micros;
use crate::error::LakeError;
use crate::merge::{Key, target};
use crate::rows::batch;
use crate::scan::time_literal;
use crate::table::{Carried, Table};

/// What a commit did with the rows given to it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kept {
    /// Rows that were not there.
    pub new: u64,
    /// Rows whose etag was older in the lake.
    pub changed: u64,
    /// Rows that were there already.
    pub known: u64,
}

impl std::ops::AddAssign for Kept {
    fn add_assign(&mut self, other: Self) {
        self.new += other.new;
        self.changed += other.changed;
        self.known += other.known;
    }
}

/// What makes an interaction one inside a tenant. The parts are held apart by a character that
/// Graph's ids do not have; no session and an empty one are the same.
fn key(user_id: &str, session_id: Option<&str>, interaction_id: &str) -> String {
    [user_id, session_id.unwrap_or_default(), interaction_id].join("\u{1f}")
}

/// The rows of a batch that have to be written.
pub(crate) struct Changes {
    /// Indexes of rows that are not in the lake.
    new: Vec<usize>,
    /// Indexes of rows whose etag in the lake is older.
    changed: Vec<usize>,
    /// The times at which the rows to be replaced stand in the lake, in microseconds.
    replaced_us: Option<(i64, i64)>,
    /// Rows that are in the lake already, or twice in the batch.
    known: u64,
}

impl Changes {
    pub(crate) fn kept(&self) -> Kept {
        Kept {
            new: self.new.len() as u64,
            changed: self.changed.len() as u64,
            known: self.known,
        }
    }

    /// The users of whom a row has changed.
    pub(crate) fn users_changed(&self, rows: &[Interaction]) -> HashSet<String> {
        let changed = self.changed.iter();
        changed.map(|&index| rows[index].user_id.clone()).collect()
    }

    /// What is left of it, and of the rows, without the users of whom rows have changed; and their
    /// rows.
    pub(crate) fn without(
        self,
        users: &HashSet<String>,
        rows: Vec<Interaction>,
    ) -> (Self, Vec<Interaction>, Vec<Interaction>) {
        let mut is_new = vec![false; rows.len()];
        for index in self.new {
            is_new[index] = true;
        }
        let (mut rest, mut held_back, mut new) = (Vec::new(), Vec::new(), Vec::new());
        for (row, is_new) in rows.into_iter().zip(is_new) {
            if users.contains(&row.user_id) {
                held_back.push(row);
            } else {
                new.extend(is_new.then_some(rest.len()));
                rest.push(row);
            }
        }
        let changes = Changes {
            known: (rest.len() - new.len()) as u64,
            new,
            changed: Vec::new(),
            replaced_us: None,
        };
        (changes, rest, held_back)
    }
}

/// Commits the changes that the rows of one tenant make, in one commit; none where all are known.
/// Gives what it wrote.
pub(crate) async fn commit(
    table: &mut Table,
    rows: &[Interaction],
    changes: &Changes,
    run_id: &str,
    now_ms: i64,
    sequence: i64,
    carried: impl FnOnce() -> Carried,
) -> Result<Option<RecordBatch>, LakeError> {
    let mut order = [changes.new.as_slice(), changes.changed.as_slice()].concat();
    if order.is_empty() {
        return Ok(None);
    }
    order.sort_by_key(|&index| rows[index].created_at_ms);
    let batch =
        batch(rows, &order, run_id, now_ms, sequence).map_err(|error| table.error(error.into()))?;
    match changes.replaced_us {
        None => table.append(batch.clone(), carried()).await?,
        Some(times) => replace(table, batch.clone(), times, carried()).await?,
    }
    Ok(Some(batch))
}

/// True where `a` is of a later change than `b`: etags are milliseconds as text, compared as
/// numbers where both are.
fn is_later(a: &str, b: &str) -> bool {
    let order = match (a.parse::<u64>(), b.parse::<u64>()) {
        (Ok(a), Ok(b)) => a.cmp(&b),
        _ => a.cmp(b),
    };
    order == Ordering::Greater
}

/// What the rows of one tenant change. `known_as_of` is the version in which known rows are looked up:
/// the start of the run, where each user comes once a run, or the newest.
pub(crate) async fn compare(
    known_as_of: &Table,
    rows: &[Interaction],
) -> Result<Changes, LakeError> {
    let mut latest: HashMap<String, usize> = HashMap::with_capacity(rows.len());
    let mut repeated = 0;
    for (index, row) in rows.iter().enumerate() {
        latest
            .entry(key(
                &row.user_id,
                row.session_id.as_deref(),
                &row.interaction_id,
            ))
            .and_modify(|kept| {
                repeated += 1;
                if is_later(&row.etag, &rows[*kept].etag) {
                    *kept = index;
                }
            })
            .or_insert(index);
    }
    let mut changes = Changes {
        new: Vec::new(),
        changed: Vec::new(),
        replaced_us: None,
        known: repeated,
    };
    let Some((first, last)) = times(rows) else {
        return Ok(changes);
    };
    let tenant_id = &rows[0].tenant_id;
    let mut stream = known_rows(known_as_of, tenant_id, first, last).await?;
    while let Some(known) = stream.try_next().await.map_err(LakeError::query)? {
        let (users, sessions) = (
            known.column(0).as_string::<i32>(),
            known.column(1).as_string::<i32>(),
        );
        let (ids, etags) = (
            known.column(2).as_string::<i32>(),
            known.column(3).as_string::<i32>(),
        );
        let created = known.column(4).as_primitive::<TimestampMicrosecondType>();
        for at in 0..known.num_rows() {
            let session_id = sessions.is_valid(at).then(|| sessions.value(at));
            let key = key(users.value(at), session_id, ids.value(at));
            let Some(index) = latest.remove(&key) else {
                continue;
            };
            if is_later(&rows[index].etag, etags.value(at)) {
                changes.changed.push(index);
                let us = created.value(at);
                let (from, to) = changes.replaced_us.unwrap_or((us, us));
                changes.replaced_us = Some((from.min(us), to.max(us)));
            } else {
                changes.known += 1;
            }
        }
    }
    changes.new = latest.into_values().collect();
    Ok(changes)
}

fn times(rows: &[Interaction]) -> Option<(i64, i64)> {
    let first = rows.iter().map(|row| row.created_at_ms).min()?;
    let last = rows.iter().map(|row| row.created_at_ms).max()?;
    Some((micros(first), micros(last)))
}

/// The keys, etags and times of one tenant's rows between two times, both included.
async fn known_rows(
    table: &Table,
    tenant_id: &str,
    first_us: i64,
    last_us: i64,
) -> Result<datafusion::execution::SendableRecordBatchStream, LakeError> {
    table
        .scan(&[
            "user_id",
            "session_id",
            "interaction_id",
            "etag",
            "created_at",
        ])
        .filter(col("created_at").gt_eq(time_literal(first_us)))
        .filter(col("created_at").lt_eq(time_literal(last_us)))
        .filter(col("tenant_id").eq(lit(tenant_id)))
        .stream()
        .await
}

/// Writes new rows and replaces changed ones in one commit. Only files whose times overlap those
/// of the rows to be replaced are looked into.
async fn replace(
    table: &mut Table,
    rows: RecordBatch,
    (first_us, last_us): (i64, i64),
    carried: Carried,
) -> Result<(), LakeError> {
    let created_at = || target("created_at");
    let since = created_at().gt_eq(time_literal(first_us));
    let key = Key {
        columns: &["tenant_id", "user_id", "session_id", "interaction_id"],
        within: Some(since.and(created_at().lt_eq(time_literal(last_us)))),
    };
    table.merge(rows, key, None, carried).await
}

#[cfg(test)]
mod tests {
    use super::is_later;

    #[test]
    fn etags_are_compared_as_numbers_where_they_are_numbers() {
        assert!(is_later("1000", "999"));
        assert!(!is_later("999", "1000"));
        assert!(!is_later("1000", "1000"));
        assert!(is_later("b", "a"));
    }
}
