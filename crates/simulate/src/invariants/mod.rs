//! What must be true of the lake whenever no process is writing to it.

mod history;
mod interactions;
mod people;
mod runs;
mod usage;

use std::collections::{HashMap, HashSet};

use hobbs_interaction::ContentPolicy;
use hobbs_sync::SyncSummary;

use crate::choices::RunChoice;
use crate::disk::Disk;
use crate::oracle::{Key, Oracle};
use crate::tables::{Rows, Unreadable};

/// An invariant that does not hold, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Broken(pub String);

impl From<Unreadable> for Broken {
    fn from(error: Unreadable) -> Self {
        Broken(error.to_string())
    }
}

/// Fails with a text unless something holds.
pub(crate) fn must(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), Broken> {
    if holds {
        Ok(())
    } else {
        Err(Broken(otherwise()))
    }
}

/// What is known from outside of one run.
#[derive(Debug, Clone)]
pub struct RunRecord {
    /// Its id.
    pub run_id: String,
    /// When it began, in true UTC milliseconds.
    pub began_ms: i64,
    /// When each user's history was first asked for, in true UTC milliseconds.
    pub asked_ms: HashMap<String, i64>,
    /// How much of the texts it was to keep.
    pub content: ContentPolicy,
    /// The latest that its machine's clock can have shown, UTC milliseconds.
    pub latest_ms: i64,
    /// What it said at its end; None where it was killed, or failed.
    pub summary: Option<SyncSummary>,
}

/// What the lake must hold, by all that was seen so far.
#[derive(Debug, Default)]
pub struct Promises {
    /// Rows that a whole window has covered, and the least etag that they may have.
    items: HashMap<Key, i64>,
    /// Lines of coverage that were compared with the truth already.
    lines: HashSet<String>,
    /// Every run so far.
    runs: HashMap<String, RunRecord>,
}

impl Promises {
    /// Whatever holds after every run, however it ended.
    ///
    /// # Errors
    /// [`Broken`] with the first invariant that does not hold.
    pub async fn check(
        &mut self,
        disk: &Disk,
        oracle: &Oracle,
        record: RunRecord,
        choice: &RunChoice,
    ) -> Result<(), Broken> {
        let run_id = record.run_id.clone();
        self.runs.insert(run_id.clone(), record);
        let rows = Rows::read(disk, "interactions").await?;
        let coverage = Rows::read(disk, "coverage").await?;
        let lines = runs::lines(&coverage);
        self.believe(&lines, oracle)?;
        let kept = interactions::once(&rows)?;
        interactions::true_to(&kept, oracle, &self.runs)?;
        self.kept_in(&kept)?;
        for (table, keys) in [
            ("users", &["tenant_id", "user_id"][..]),
            ("license_assignments", &["tenant_id", "user_id", "sku_id"]),
        ] {
            history::without_gaps(&Rows::read(disk, table).await?, table, keys)?;
        }
        usage::once(disk).await?;
        let diary = Rows::read(disk, "runs").await?;
        runs::diary(&diary, &lines, &self.runs)?;
        let Some(summary) = self.runs.get(&run_id).and_then(|run| run.summary.as_ref()) else {
            return Ok(());
        };
        runs::accounted_for(summary, &lines, &kept)?;
        let users = Rows::read(disk, "users").await?;
        runs::nobody_waits_too_long(summary, choice, &lines, &users)
    }

    /// Each line of coverage that says that a window is whole is a promise: whatever could be seen
    /// in it when it was asked for is in the lake from now on.
    fn believe(&mut self, lines: &[runs::Line], oracle: &Oracle) -> Result<(), Broken> {
        for line in lines.iter().filter(|line| line.whole) {
            if !self.lines.insert(format!("{line:?}")) {
                continue;
            }
            let run = self.runs.get(&line.run_id);
            let run =
                run.ok_or_else(|| Broken(format!("coverage of a run that never was: {line:?}")))?;
            let asked_ms = run.asked_ms.get(&line.user_id);
            let asked_ms = *asked_ms.ok_or_else(|| {
                Broken(format!(
                    "coverage says whole of a user who was never asked for: {line:?}"
                ))
            })?;
            must(line.to_ms <= run.latest_ms, || {
                format!("coverage reaches into the future: {line:?}")
            })?;
            for item in oracle.items(&line.user_id, asked_ms) {
                let is_inside = (line.from_ms..line.to_ms).contains(&item.created_at_ms);
                let is_of_app = line
                    .apps
                    .as_ref()
                    .is_none_or(|app| item.app_class.ends_with(&format!(".{app}")));
                if is_inside && is_of_app {
                    let etag = item.etag.parse().unwrap_or(0);
                    let least = self.items.entry(crate::oracle::key_of(&item)).or_default();
                    *least = etag.max(*least);
                }
            }
        }
        Ok(())
    }

    fn kept_in(&self, kept: &HashMap<Key, interactions::Kept>) -> Result<(), Broken> {
        for (key, etag) in &self.items {
            let row = kept.get(key).ok_or_else(|| {
                Broken(format!(
                    "coverage says whole, and an item of the window is not there: {key:?}"
                ))
            })?;
            must(row.etag_number() >= *etag, || {
                format!("a later etag {etag} could be seen, and the lake has {row:?} of {key:?}")
            })?;
        }
        Ok(())
    }

    /// What holds after a last whole sync of everyone.
    ///
    /// # Errors
    /// As [`Promises::check`].
    pub async fn check_end(
        &self,
        disk: &Disk,
        oracle: &Oracle,
        run_id: &str,
    ) -> Result<(), Broken> {
        let run = &self.runs[run_id];
        let kept = interactions::once(&Rows::read(disk, "interactions").await?)?;
        let lines = runs::lines(&Rows::read(disk, "coverage").await?);
        interactions::whole(&kept, oracle, run, &runs::begun_ms(&lines))?;
        people::as_they_are(disk, oracle, run).await
    }
}
