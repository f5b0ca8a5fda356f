//! Exchanges, conversations and resources, kept up with `interactions`.
//!
//! Each commit to `interactions` has a number, which its rows carry; the derived tables carry the
//! number up to which they are derived, in the log of each. What came since is read, the threads
//! that it touches are derived again as a whole, and what differs from the rows kept is written.
//! So a derivation that was cut off is made good by the next, a second one changes nothing, and
//! all can be rebuilt from `interactions` alone with the same result. A rebuild goes thread by
//! thread, since the rows of a commit may lie in any file by then.
//!
//! A thread is a session of a user; rows without a session are one for each request, or where that can't be
//! trusted for each day ([`Lone`](hobbs_verdict::Lone)). What is derived of a thread depends on that thread alone
//! (crate `hobbs-verdict`), and which thread a row is in is told by the row: by what no later version of it changes,
//! as which are taken what makes it one, its time, and where it has no session its app and its request.

mod commits;
pub(crate) mod evidence;
mod fresh;
mod known;
mod rebuild;
mod replace;
mod rows;
mod spans;

use std::collections::{HashMap, HashSet};
use std::ops::RangeInclusive;

use commits::CommitSizes;
use datafusion::prelude::{Expr, col, lit};
use deltalake::arrow::array::RecordBatch;
use futures::TryStreamExt;
use hobbs_verdict::Compiled;
use jiff::tz::TimeZone;

use crate::error::LakeError;
use crate::position::Position;
use crate::table::{Carried, Table};
pub use evidence::Threads;
pub(crate) use fresh::Fresh;
use replace::replace;
use spans::{Spans, Times};

/// By which rules, and in whose time, exchanges are judged.
#[derive(Clone)]
pub struct Derivation {
    /// The rules, compiled with the lake's key.
    pub rules: Compiled,
    /// In whose days and hours exchanges are counted.
    pub zone: TimeZone,
}

impl Derivation {
    /// A number that changes with the rules and with the zone.
    fn number(&self) -> i64 {
        let zone = self.zone.iana_name().unwrap_or("fixed");
        hobbs_verdict::key(&[self.rules.version(), zone])
    }
}

/// What a derivation changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rederived {
    /// Exchanges written, new or changed.
    pub written: u64,
    /// Exchanges taken out, since their rows belong to others now.
    pub removed: u64,
}

impl std::ops::AddAssign for Rederived {
    fn add_assign(&mut self, other: Self) {
        self.written += other.written;
        self.removed += other.removed;
    }
}

/// Threads that have rows in the derived tables, and from when to when.
pub(crate) type Known = HashMap<i64, Times>;

/// The derived tables.
pub(crate) struct DerivedTables {
    pub(crate) exchanges: Table,
    pub(crate) conversations: Table,
    pub(crate) resources: Table,
}

impl DerivedTables {
    pub(crate) fn all_mut(&mut self) -> [&mut Table; 3] {
        [
            &mut self.exchanges,
            &mut self.conversations,
            &mut self.resources,
        ]
    }

    /// The numbers of the commits up to which all three are derived by these rules, and up to which
    /// at least one is; None where one was derived by others, or has rows of a rebuild that was cut
    /// off.
    async fn derived_to(&self, by: i64) -> Result<Option<RangeInclusive<i64>>, LakeError> {
        let (mut least, mut most) = (i64::MAX, 0);
        for table in [&self.exchanges, &self.conversations, &self.resources] {
            let sequence = table.position().await?.sequence;
            let is_usable = match sequence {
                0 => table.is_empty()?,
                _ => table.derived_by().await? == by,
            };
            if !is_usable {
                return Ok(None);
            }
            least = least.min(sequence);
            most = most.max(sequence);
        }
        Ok(Some(least..=most))
    }

    /// Which of the threads of these rows, which are about to be written, have rows already; None where it takes
    /// a look later.
    pub(crate) async fn known_of(&self, rows: &RecordBatch) -> Option<Known> {
        if rows.num_rows() > LOOKED_UP_ROWS_MAX {
            return None;
        }
        let threads = evidence::thread_keys(&evidence::of(rows).ok()?);
        let threads = threads.into_iter().collect();
        // Who derives looks again, and says what is wrong.
        self.known_threads(&threads, false).await.ok()
    }

    /// Which of these threads any of the tables has rows of, and from when to when. Where all are
    /// derived to the same commit, the conversations know it alone. A derivation that was cut off
    /// between two tables leaves threads in one that the others don't know.
    async fn known_threads(
        &self,
        touched: &HashSet<i64>,
        was_cut_off: bool,
    ) -> Result<Known, LakeError> {
        let mut known = known::times_of(&self.conversations, Some("ended_at"), touched).await?;
        if was_cut_off {
            for (table, ended_at) in [
                (&self.exchanges, Some("last_response_at")),
                (&self.resources, None),
            ] {
                for (thread, times) in known::times_of(table, ended_at, touched).await? {
                    let known = known.entry(thread).or_insert(times);
                    *known = known.with(times);
                }
            }
        }
        Ok(known)
    }
}

/// Rows derived at once where they are read back, without their texts.
const ROWS_AT_ONCE: usize = 50_000;

/// So many rows at most come with a look for what is known of their threads while they are written. More come from
/// a first sync, whose threads are new; they are looked for together when they are derived.
const LOOKED_UP_ROWS_MAX: usize = 8_192;

/// Derives what `interactions` has and the derived tables have not.
pub(crate) async fn derive(
    interactions: &Table,
    mut fresh: Fresh,
    derived: &mut DerivedTables,
    derivation: &Derivation,
    newest: Position,
) -> Result<Rederived, LakeError> {
    let by = derivation.number();
    let (mut done, furthest) = match derived.derived_to(by).await? {
        Some(derived_to) => derived_to.into_inner(),
        None => {
            for table in derived.all_mut() {
                table.clear(newest).await?;
            }
            (0, 0)
        }
    };
    // Only of what is read back: they are counted.
    let mut sizes: Option<CommitSizes> = None;
    let mut all = Rederived::default();
    while done < newest.sequence {
        let was_cut_off = done < furthest;
        let (until, rows, known) = match fresh.take_after(done) {
            Some(written) => written,
            None if furthest == 0 && done == 0 => {
                all += rebuild::rebuild(interactions, derived, derivation, newest).await?;
                break;
            }
            None => {
                let sizes = match &mut sizes {
                    Some(sizes) => sizes,
                    none => {
                        none.insert(CommitSizes::of(interactions, done, newest.sequence).await?)
                    }
                };
                let until = sizes.some_after(done);
                (until, rows_of(interactions, (done, until)).await?, None)
            }
        };
        let threads = Threads::of(rows);
        let known = match known {
            Some(known) if !was_cut_off => known,
            _ => {
                let touched = threads.keys().collect();
                derived.known_threads(&touched, was_cut_off).await?
            }
        };
        let carried = || Carried {
            derived_by: Some(by),
            ..Carried::of(newest.at(until))
        };
        all += step(interactions, threads, known, derived, derivation, carried).await?;
        done = until;
    }
    Ok(all)
}

/// The rows of the commits after the first number, up to the second.
async fn rows_of(
    interactions: &Table,
    (done, until): (i64, i64),
) -> Result<Vec<RecordBatch>, LakeError> {
    interactions
        .scan(&evidence::COLUMNS)
        .filter(col("sequence").gt(lit(done)))
        .filter(col("sequence").lt_eq(lit(until)))
        .collect()
        .await
}

/// Derives these threads, which some commits touch; of those known already, rows that came before are
/// read too.
async fn step(
    interactions: &Table,
    mut threads_touched: Threads,
    known: Known,
    derived: &mut DerivedTables,
    derivation: &Derivation,
    carried: impl Fn() -> Carried,
) -> Result<Rederived, LakeError> {
    if !known.is_empty() {
        let spans = threads_touched.spans_with(&known);
        let mut condition = spans.hold(&col("created_at"));
        if known.len() <= NAMED_MAX {
            condition = condition.and(threads_touched.may_be_of(&known));
        }
        let whole = rows_where(interactions, condition, &known).await?;
        threads_touched.replace(whole, &known);
    }
    // Rows kept of these threads lie where the threads lay.
    let kept_within: Spans = known.values().copied().collect();
    let batches = rows::derive(&threads_touched, derivation)
        .map_err(|error| LakeError::Query(error.to_string()))?;
    // Writing takes memory of its own.
    drop(threads_touched);
    let threads: HashSet<i64> = known.keys().copied().collect();
    // Conversations last: they tell which threads are known, unless this is cut off here.
    let changed = replace(
        &mut derived.exchanges,
        batches.exchanges,
        &threads,
        &kept_within,
        carried(),
    )
    .await?;
    for (table, rows) in [
        (&mut derived.resources, batches.resources),
        (&mut derived.conversations, batches.conversations),
    ] {
        replace(table, rows, &threads, &kept_within, carried()).await?;
    }
    Ok(changed)
}

/// Beyond so many threads rows are held against their times alone before they are read whole.
pub(super) const NAMED_MAX: usize = 4_096;

/// All rows of these threads, for which this condition holds.
async fn rows_where(
    interactions: &Table,
    condition: Expr,
    threads: &Known,
) -> Result<Vec<RecordBatch>, LakeError> {
    let mut stream = interactions
        .scan(&evidence::COLUMNS)
        .filter(condition)
        .stream()
        .await?;
    let mut rows = Vec::new();
    while let Some(batch) = stream.try_next().await.map_err(LakeError::query)? {
        rows.extend(
            evidence::only(&batch, threads).map_err(|error| interactions.error(error.into()))?,
        );
    }
    Ok(rows)
}
