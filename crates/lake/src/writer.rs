//! The one who may write to a lake.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use hobbs_interaction::FingerprintKey;

use crate::coverage::{self, CoverageLine, Note, Read};
use crate::damage::{lost_table, refuse_lost_commits};
use crate::derive::{self, Derivation, DerivedTables, Fresh, Rederived};
use crate::error::LakeError;
use crate::interactions::{self, Changes, Kept};
use crate::keys;
use crate::leavers;
use crate::licenses::{self, Assignment, AssignmentChanges, LicenseRecord};
use crate::location::Location;
use crate::lock::WriteLock;
use crate::maintain::{self, TableOptimized, TableStatus};
use crate::people::{self, KnownUser, PeopleChanges, UserRecord};
use crate::position::Position;
use crate::rows::{Pages, Rows};
use crate::runs::{self, NewestRun, RunCounts, RunStatus};
use crate::schema::TableName;
use crate::table::{Carried, Table};
use crate::usage::{
    self, DayNumber, Fetched, LastActivity, Names, UsageCount, UsageLine, UsageSnapshot,
};

/// Whose commits these are.
#[derive(Debug, Clone)]
pub struct Run {
    /// Fresh for each run.
    pub run_id: String,
    /// The tenant, as configured.
    pub tenant_id: String,
}

/// Users of whom a row has changed, with all that was read of them.
#[derive(Debug, Default)]
pub struct HeldBack {
    /// Their rows.
    pub rows: Rows,
    /// What the rows cover.
    pub lines: Vec<CoverageLine>,
}

/// A lake opened for writing. While it lives, no other process writes to the same folder.
pub struct Writer {
    interactions: Table,
    /// `interactions` as of the start: where rows of an earlier run are looked up.
    baseline: Table,
    users: Table,
    licenses: Table,
    license_assignments: Table,
    usage_reports: Table,
    usage_summary: Table,
    usage_trend: Table,
    runs: Table,
    coverage: Table,
    derived: DerivedTables,
    /// What was written since the last derivation.
    fresh: Fresh,
    key: FingerprintKey,
    position: Position,
    repaired: usize,
    _lock: Option<WriteLock>,
}

/// Tables created side by side.
const CREATED_AT_ONCE: usize = 4;

impl Writer {
    /// Opens the lake, creates what is missing of it, and repairs its coverage.
    ///
    /// # Errors
    /// [`LakeError::Busy`] where another process writes, [`LakeError::Newer`] where the lake is of
    /// a later version, [`LakeError::Io`] where the folder can't be written.
    pub async fn open(location: &Location) -> Result<Self, LakeError> {
        let lock = location.folder().map(WriteLock::take).transpose()?;
        // All are opened before one is created, so that a newer lake is left untouched.
        let tables = Table::open_all(location, TableName::ALL).await?;
        let [interactions, followers @ ..] = tables.as_slice() else {
            unreachable!("one table for each name");
        };
        let followers = followers.iter().flatten();
        let followers = followers.filter(|table| table.name.follows_interactions());
        refuse_lost_commits(location, interactions.as_ref(), followers).await?;
        // Some side by side, since each waits for the disk, and not all, since each takes threads. If the program
        // ends in between, the next run creates those that are missing.
        let tables = std::iter::zip(TableName::ALL, tables);
        let opened = tables.map(async |(name, table)| match table {
            Some(table) => Ok(table),
            None => Table::create(name, location.table(name.as_str())?).await,
        });
        let opened: Vec<Table> = stream::iter(opened)
            .buffered(CREATED_AT_ONCE)
            .try_collect()
            .await?;
        let Ok(
            [
                interactions,
                users,
                licenses,
                license_assignments,
                usage_reports,
                usage_summary,
                usage_trend,
                runs,
                mut coverage,
                exchanges,
                conversations,
                resources,
                mut keys,
            ],
        ) = <[Table; 13]>::try_from(opened)
        else {
            unreachable!("one table for each name");
        };
        let key = keys::fingerprint_key(&mut keys).await?;
        let position = interactions.position().await?;
        let repaired = coverage::complete(&interactions, position, &mut coverage).await?;
        let baseline = interactions.clone();
        Ok(Writer {
            interactions,
            baseline,
            users,
            licenses,
            license_assignments,
            usage_reports,
            usage_summary,
            usage_trend,
            runs,
            coverage,
            derived: DerivedTables {
                exchanges,
                conversations,
                resources,
            },
            fresh: Fresh::default(),
            key,
            position,
            repaired,
            _lock: lock,
        })
    }

    /// The key of the fingerprints of this lake's texts.
    pub fn fingerprint_key(&self) -> &FingerprintKey {
        &self.key
    }

    /// Derives exchanges, conversations and resources of all rows that came since the last time,
    /// by anybody; of all rows, where the last time was by other rules.
    ///
    /// # Errors
    /// A table can't be read or written. What was not derived is derived the next time.
    pub async fn derive(&mut self, derivation: &Derivation) -> Result<Rederived, LakeError> {
        let fresh = std::mem::take(&mut self.fresh);
        derive::derive(
            &self.interactions,
            fresh,
            &mut self.derived,
            derivation,
            self.position,
        )
        .await
    }

    /// Derives all again from `interactions` alone. Until it has ended, the derived tables lack what
    /// is not derived yet.
    ///
    /// # Errors
    /// As [`Writer::derive`].
    pub async fn derive_all_again(
        &mut self,
        derivation: &Derivation,
    ) -> Result<Rederived, LakeError> {
        for table in self.derived.all_mut() {
            table.clear(self.position).await?;
        }
        self.derive(derivation).await
    }

    /// Data commits whose coverage was written again when the lake was opened.
    pub fn repaired(&self) -> usize {
        self.repaired
    }

    /// Writes the beginning of a run into the diary.
    ///
    /// # Errors
    /// The table can't be written.
    pub async fn begin(
        &mut self,
        run: &Run,
        command: &str,
        started_at_ms: i64,
    ) -> Result<(), LakeError> {
        runs::begin(
            &mut self.runs,
            &run.run_id,
            &run.tenant_id,
            command,
            started_at_ms,
        )
        .await
    }

    /// Writes the end of a run into the diary, and keeps the coverage table short. `directory_link`
    /// is where the directory was read to, where it was read.
    ///
    /// # Errors
    /// A table can't be written.
    pub async fn end(
        &mut self,
        run: &Run,
        ended_at_ms: i64,
        status: RunStatus,
        counts: RunCounts,
        directory_link: Option<&str>,
        error: Option<&str>,
    ) -> Result<(), LakeError> {
        runs::end(
            &mut self.runs,
            &run.run_id,
            ended_at_ms,
            status,
            counts,
            directory_link,
            error,
        )
        .await?;
        // The run is in the diary and its rows are in: that the table stays long until the next
        // run is no failure of this one.
        if let Err(error) = coverage::compact(&mut self.coverage).await {
            tracing::warn!(%error, "the coverage table could not be made shorter");
        }
        Ok(())
    }

    /// How far each user's history has been read.
    ///
    /// # Errors
    /// The table can't be read.
    pub async fn read_of_users(&self, tenant_id: &str) -> Result<HashMap<String, Read>, LakeError> {
        coverage::read_of_users(&self.coverage, tenant_id).await
    }

    /// The newest record of each user.
    ///
    /// # Errors
    /// The table can't be read.
    pub async fn known_users(
        &self,
        tenant_id: &str,
    ) -> Result<HashMap<String, KnownUser>, LakeError> {
        people::known(&self.users, tenant_id).await
    }

    /// Users whose license has gone, or who have left, and whose history was not asked for since to an
    /// end: read whole, or refused with one of `final_codes`.
    ///
    /// # Errors
    /// A table can't be read.
    pub async fn last_reading_due(
        &self,
        tenant_id: &str,
        final_codes: &[&str],
    ) -> Result<HashSet<String>, LakeError> {
        leavers::last_reading_due(&self.users, &self.coverage, tenant_id, final_codes).await
    }

    /// Keeps what changed in the directory. `whole` says that `listed` is all of it, so that who
    /// is missing has left.
    ///
    /// # Errors
    /// The table can't be written.
    pub async fn keep_users(
        &mut self,
        run: &Run,
        now_ms: i64,
        listed: &[UserRecord],
        whole: bool,
    ) -> Result<PeopleChanges, LakeError> {
        people::keep(
            &mut self.users,
            &run.tenant_id,
            &run.run_id,
            now_ms,
            listed,
            whole,
        )
        .await
    }

    /// Keeps the subscriptions as they are now.
    ///
    /// # Errors
    /// The table can't be written.
    pub async fn keep_licenses(
        &mut self,
        run: &Run,
        now_ms: i64,
        licenses: &[LicenseRecord],
    ) -> Result<(), LakeError> {
        licenses::keep(
            &mut self.licenses,
            &run.tenant_id,
            &run.run_id,
            now_ms,
            licenses,
        )
        .await
    }

    /// The licenses with Copilot that users hold now, by user.
    ///
    /// # Errors
    /// The table can't be read.
    pub async fn assigned(
        &self,
        tenant_id: &str,
    ) -> Result<HashMap<String, Vec<Assignment>>, LakeError> {
        licenses::assigned(&self.license_assignments, tenant_id).await
    }

    /// The SKUs with Copilot that a tenant has, or had at an earlier sync.
    ///
    /// # Errors
    /// The table can't be read.
    pub async fn copilot_skus(&self, tenant_id: &str) -> Result<BTreeSet<String>, LakeError> {
        licenses::copilot_skus(&self.licenses, tenant_id).await
    }

    /// Keeps what changed in who holds which license. `listed` has all that the users in `of_users`
    /// hold now (None: all users of the directory); what is missing there was taken away.
    ///
    /// # Errors
    /// The table can't be written.
    pub async fn keep_assignments(
        &mut self,
        run: &Run,
        now_ms: i64,
        listed: &[Assignment],
        of_users: Option<&HashSet<String>>,
    ) -> Result<AssignmentChanges, LakeError> {
        licenses::keep_assignments(
            &mut self.license_assignments,
            &run.tenant_id,
            &run.run_id,
            now_ms,
            listed,
            of_users,
        )
        .await
    }

    /// Keeps a usage report's lines, once; gives the rows written, 0 where this snapshot was kept
    /// before.
    ///
    /// # Errors
    /// The table can't be written.
    pub async fn keep_usage_report(
        &mut self,
        run: &Run,
        fetched_at_ms: i64,
        snapshot: &UsageSnapshot,
        lines: &[UsageLine],
    ) -> Result<u64, LakeError> {
        let fetched = fetched(run, fetched_at_ms);
        usage::keep_report(&mut self.usage_reports, &fetched, snapshot, lines).await
    }

    /// How the user detail of this snapshot names users; None where it is not kept.
    ///
    /// # Errors
    /// The table can't be read.
    pub async fn usage_report_names(
        &self,
        run: &Run,
        snapshot: &UsageSnapshot,
    ) -> Result<Option<Names>, LakeError> {
        usage::names(&self.usage_reports, &run.tenant_id, snapshot).await
    }

    /// When usage reports were last fetched, UTC milliseconds.
    ///
    /// # Errors
    /// The table can't be read.
    pub async fn usage_fetched_at_ms(&self, run: &Run) -> Result<Option<i64>, LakeError> {
        usage::fetched_at_ms(&self.usage_summary, &run.tenant_id).await
    }

    /// Keeps a usage summary, once; gives the rows written.
    ///
    /// # Errors
    /// The table can't be written.
    pub async fn keep_usage_summary(
        &mut self,
        run: &Run,
        fetched_at_ms: i64,
        snapshot: &UsageSnapshot,
        counts: &[UsageCount],
    ) -> Result<u64, LakeError> {
        let fetched = fetched(run, fetched_at_ms);
        usage::keep_summary(&mut self.usage_summary, &fetched, snapshot, counts).await
    }

    /// Keeps the days of a usage trend that say something new; gives the rows written.
    ///
    /// # Errors
    /// The table can't be written.
    pub async fn keep_usage_trend(
        &mut self,
        run: &Run,
        fetched_at_ms: i64,
        refreshed: DayNumber,
        version: &str,
        counts: &[(DayNumber, UsageCount)],
    ) -> Result<u64, LakeError> {
        let fetched = fetched(run, fetched_at_ms);
        usage::keep_trend(&mut self.usage_trend, &fetched, refreshed, version, counts).await
    }

    /// What the newest usage report says of when users were last active; None where there is none, or
    /// where it conceals names.
    ///
    /// # Errors
    /// The table can't be read.
    pub async fn last_activity(&self, tenant_id: &str) -> Result<Option<LastActivity>, LakeError> {
        usage::last_activity(&self.usage_reports, tenant_id).await
    }

    /// The tenant's run that began last.
    ///
    /// # Errors
    /// The table can't be read.
    pub async fn newest_run(&self, tenant_id: &str) -> Result<Option<NewestRun>, LakeError> {
        runs::newest(&self.runs, tenant_id).await
    }

    /// Where the directory was last read to, for reading what changed since.
    ///
    /// # Errors
    /// The table can't be read.
    pub async fn directory_link(&self, tenant_id: &str) -> Result<Option<String>, LakeError> {
        runs::directory_link(&self.runs, tenant_id).await
    }

    /// Commits rows of one tenant and what they cover. Each user's rows of a run come in one call.
    ///
    /// # Errors
    /// [`LakeError::Conflict`] where another writer came between; then nothing was kept.
    pub async fn commit(
        &mut self,
        run: &Run,
        now_ms: i64,
        rows: Rows,
        lines: Vec<CoverageLine>,
    ) -> Result<Kept, LakeError> {
        let rows = rows.into_pages();
        let changes = interactions::compare(&self.baseline, &rows).await?;
        self.commit_changes(run, now_ms, rows, changes, lines).await
    }

    /// As [`Writer::commit`], but for users of whom a row has changed: these are given back, rows and
    /// lines, and nothing of them is kept. A changed row makes all files be written again that hold
    /// one, so that the users of many commits are better committed together.
    ///
    /// # Errors
    /// As [`Writer::commit`].
    pub async fn commit_unless_changed(
        &mut self,
        run: &Run,
        now_ms: i64,
        rows: Rows,
        lines: Vec<CoverageLine>,
    ) -> Result<(Kept, HeldBack), LakeError> {
        let rows = rows.into_pages();
        let mut changes = interactions::compare(&self.baseline, &rows).await?;
        let users = changes.users_changed(&rows);
        let (held_lines, lines) = lines
            .into_iter()
            .partition(|line| users.contains(&line.user_id));
        let mut held_back = HeldBack {
            rows: Rows::default(),
            lines: held_lines,
        };
        if !users.is_empty() {
            held_back.rows = rows.rows_where(|row| users.contains(row.user_id));
            changes = changes.without(&users, &rows);
        }
        let kept = self
            .commit_changes(run, now_ms, rows, changes, lines)
            .await?;
        Ok((kept, held_back))
    }

    async fn commit_changes(
        &mut self,
        run: &Run,
        now_ms: i64,
        rows: Pages,
        changes: Changes,
        lines: Vec<CoverageLine>,
    ) -> Result<Kept, LakeError> {
        let sequence = self.position.sequence + 1;
        let position = self.position.at(sequence);
        let note = Note {
            sequence,
            tenant_id: run.tenant_id.clone(),
            run_id: run.run_id.clone(),
            recorded_at_ms: now_ms,
            lines,
        };
        let kept = changes.kept();
        let table = &mut self.interactions;
        let written = changes
            .rows_to_write(rows, &run.run_id, now_ms, sequence)
            .map_err(|error| table.error(error.into()))?;
        if let Some(written) = written {
            // Rows without it would stand under no coverage, if the run ended here.
            let noted = serde_json::to_value(&note).map_err(|json_err| {
                table.error(deltalake::DeltaTableError::SerializeLogJson { json_err })
            })?;
            let carried = Carried {
                note: Some(noted),
                ..Carried::of(position)
            };
            // Neither waits for the other, and the one waits for the disk.
            let (committed, known) = tokio::join!(
                interactions::commit(table, &written, carried),
                self.derived.known_of(&written.rows)
            );
            committed?;
            self.position = position;
            self.fresh.add(sequence, &written.rows, kept.changed, known);
        }
        coverage::append(&mut self.coverage, &note, self.position).await?;
        Ok(kept)
    }

    /// From here on rows of earlier commits of this run are looked up too: for imports, where a
    /// user's rows may come in several calls.
    pub fn look_up_in_newest(&mut self) {
        self.baseline = self.interactions.clone();
    }

    /// Joins small files and deletes those that no version of the last 7 days needs.
    ///
    /// # Errors
    /// A table can't be written.
    pub async fn optimize(&mut self) -> Result<Vec<TableOptimized>, LakeError> {
        let mut optimized = Vec::new();
        for table in self.tables_mut() {
            optimized.push(maintain::optimize(table).await?);
        }
        self.baseline = self.interactions.clone();
        Ok(optimized)
    }

    /// Joins small files of those tables that have many; gives the number of these tables. What a
    /// sync costs by and by depends on it, so that each sync ends with it.
    ///
    /// # Errors
    /// A table can't be written. No row is lost by that.
    pub async fn tidy(&mut self) -> Result<usize, LakeError> {
        let mut tidied = 0;
        for table in self.tables_mut() {
            tidied += usize::from(maintain::tidy(table).await?);
        }
        self.baseline = self.interactions.clone();
        Ok(tidied)
    }

    /// All but the keys, which are a handful of rows.
    fn tables_mut(&mut self) -> [&mut Table; 12] {
        let [exchanges, conversations, resources] = self.derived.all_mut();
        [
            &mut self.interactions,
            &mut self.users,
            &mut self.licenses,
            &mut self.license_assignments,
            &mut self.usage_reports,
            &mut self.usage_summary,
            &mut self.usage_trend,
            &mut self.runs,
            &mut self.coverage,
            exchanges,
            conversations,
            resources,
        ]
    }
}

fn fetched(run: &Run, at_ms: i64) -> Fetched<'_> {
    Fetched {
        tenant_id: &run.tenant_id,
        run_id: &run.run_id,
        at_ms,
    }
}

/// The tables of a lake as they are now.
///
/// # Errors
/// [`LakeError::Missing`] where there is no lake.
pub async fn status(location: &Location) -> Result<Vec<TableStatus>, LakeError> {
    location.refuse_missing_folder()?;
    let mut tables = Vec::new();
    let mut lost = None;
    for name in TableName::all_to_query() {
        let log = location.table(name.as_str())?;
        match (Table::open(name, Arc::clone(&log)).await?, lost.take()) {
            (Some(table), None) => tables.push(maintain::status(&table)?),
            // Tables are created in one order, so that this one was there.
            (Some(_), Some(lost)) => return Err(lost),
            (None, earlier) => lost = Some(earlier.unwrap_or_else(|| lost_table(name, &log))),
        }
    }
    match lost {
        None => Ok(tables),
        Some(_) => Err(location.missing()),
    }
}
