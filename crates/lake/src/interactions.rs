//! Committing interactions so that each stands once, with its latest etag.
//!
//! Known rows are found by reading the keys of files whose statistics overlap the batch's times,
//! not by a merge over the table: a sync costs what its new rows cost. Only where an etag has
//! changed are files rewritten, and then only those that hold the changed rows.

use std::cell::Cell;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use datafusion::prelude::{col, lit};
use deltalake::arrow::array::RecordBatch;
use deltalake::arrow::error::ArrowError;
use foldhash::fast::RandomState;
use futures::TryStreamExt;
use hobbs_interaction::Etag;

use crate::error::LakeError;
use crate::merge::{Key, target};
use crate::rows::{Identity, Pages, Place, identities};
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

/// What makes an interaction one inside a tenant: user, session and id.
type RowKey<'a> = (&'a str, &'a str, &'a str);

impl<'a> Identity<'a> {
    fn key(&self) -> RowKey<'a> {
        (self.user_id, self.session_id, self.interaction_id)
    }
}

/// The rows of a batch that have to be written.
pub(crate) struct Changes {
    /// Rows that are not in the lake.
    new: Vec<Place>,
    /// Rows whose etag in the lake is older.
    changed: Vec<Place>,
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
    pub(crate) fn users_changed(&self, rows: &Pages) -> HashSet<String> {
        let changed = self.changed.iter();
        changed
            .map(|place| rows.user_id(*place).to_owned())
            .collect()
    }

    /// The rows to be written, sorted by where they came; None where all are known.
    pub(crate) fn rows_to_write(
        self,
        rows: Pages,
        run_id: &str,
        now_ms: i64,
        sequence: i64,
    ) -> Result<Option<ToWrite>, ArrowError> {
        let mut order = [self.new, self.changed].concat();
        if order.is_empty() {
            return Ok(None);
        }
        order.sort_unstable();
        Ok(Some(ToWrite {
            rows: rows.to_commit(&order, run_id, now_ms, sequence)?,
            replaced_us: self.replaced_us,
        }))
    }

    /// What is left of it without these users, who are those of whom rows have changed.
    pub(crate) fn without(mut self, users: &HashSet<String>, rows: &Pages) -> Self {
        self.new
            .retain(|place| !users.contains(rows.user_id(*place)));
        let left = rows.identities();
        let left = left.filter(|(_, row)| !users.contains(row.user_id)).count();
        Changes {
            known: (left - self.new.len()) as u64,
            new: self.new,
            changed: Vec::new(),
            replaced_us: None,
        }
    }
}

/// Rows that the lake lacks, new or changed.
pub(crate) struct ToWrite {
    pub(crate) rows: RecordBatch,
    /// The times at which the rows to be replaced stand in the lake, in microseconds.
    replaced_us: Option<(i64, i64)>,
}

/// Commits the changes that the rows of one tenant make, in one commit.
pub(crate) async fn commit(
    table: &mut Table,
    written: &ToWrite,
    carried: Carried,
) -> Result<(), LakeError> {
    let rows = written.rows.clone();
    match written.replaced_us {
        None => table.append(rows, carried).await,
        Some(times) => replace(table, rows, times, carried).await,
    }
}

/// The latest version of a row in a batch.
struct Latest<'a> {
    place: Place,
    etag: Etag<'a>,
    in_lake: Cell<InLake>,
}

/// What the lake has of a row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum InLake {
    Nothing,
    AnOlderVersion,
    ThisOrALaterOne,
}

/// The latest version of each row, and how many others there are.
fn latest(rows: &Pages) -> (HashMap<RowKey<'_>, Latest<'_>, RandomState>, u64) {
    let mut latest: HashMap<RowKey<'_>, Latest<'_>, RandomState> = HashMap::default();
    let mut repeated = 0;
    for (place, identity) in rows.identities() {
        let this = Latest {
            place,
            etag: Etag::of(identity.etag),
            in_lake: Cell::new(InLake::Nothing),
        };
        match latest.entry(identity.key()) {
            Entry::Vacant(vacant) => {
                vacant.insert(this);
            }
            Entry::Occupied(mut kept) => {
                repeated += 1;
                if this.etag.is_later_than(&kept.get().etag) {
                    kept.insert(this);
                }
            }
        }
    }
    (latest, repeated)
}

/// What the rows of one tenant change. `known_as_of` is the version in which known rows are looked up:
/// the start of the run, where each user comes once a run, or the newest.
pub(crate) async fn compare(known_as_of: &Table, rows: &Pages) -> Result<Changes, LakeError> {
    let (latest, repeated) = latest(rows);
    let mut changes = Changes {
        new: Vec::new(),
        changed: Vec::new(),
        replaced_us: None,
        known: repeated,
    };
    let Some((tenant_id, (first, last))) = rows.tenant_id().zip(times(rows)) else {
        return Ok(changes);
    };
    let mut stream = known_rows(known_as_of, tenant_id, first, last).await?;
    while let Some(known) = stream.try_next().await.map_err(LakeError::query)? {
        for identity in identities(&known) {
            let Some(row) = found(&latest, &identity) else {
                continue;
            };
            let is_later = || row.etag.is_later_than(&Etag::of(identity.etag));
            if row.in_lake.get() == InLake::Nothing && is_later() {
                row.in_lake.set(InLake::AnOlderVersion);
                let us = identity.created_us;
                let (from, to) = changes.replaced_us.unwrap_or((us, us));
                changes.replaced_us = Some((from.min(us), to.max(us)));
            } else if row.in_lake.get() == InLake::Nothing {
                row.in_lake.set(InLake::ThisOrALaterOne);
            }
        }
    }
    for row in latest.into_values() {
        match row.in_lake.get() {
            InLake::Nothing => changes.new.push(row.place),
            InLake::AnOlderVersion => changes.changed.push(row.place),
            InLake::ThisOrALaterOne => changes.known += 1,
        }
    }
    Ok(changes)
}

fn found<'l>(
    latest: &'l HashMap<RowKey<'l>, Latest<'l>, RandomState>,
    identity: &Identity<'l>,
) -> Option<&'l Latest<'l>> {
    latest.get(&identity.key())
}

fn times(rows: &Pages) -> Option<(i64, i64)> {
    let times = || rows.identities().map(|(_, row)| row.created_us);
    times().min().zip(times().max())
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
