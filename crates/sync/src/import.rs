//! Pages of interactions saved to files, with no tenant at hand.

use hobbs_interaction::{AiInteraction, ContentPolicy, Ingest, saved};
use hobbs_lake::{Kept, LakeError, Location, Rows, Run, RunCounts, RunStatus, UserRecord, Writer};
use serde::Serialize;

use crate::judgment::Judgment;
use crate::sync::tidy;

/// The user of items of whom nobody says whose history they are in.
pub const UNKNOWN_USER: &str = "unknown";

/// What an import is asked to do.
#[derive(Clone)]
pub struct ImportOptions {
    /// Where the lake is.
    pub lake: Location,
    /// The tenant that the items are of.
    pub tenant_id: String,
    /// Whose history the items are in: a user principal name or an object id; None: the items say.
    pub user: Option<String>,
    /// How much of the texts is kept.
    pub content: ContentPolicy,
    /// By which rules, and in whose time.
    pub judgment: Judgment,
    /// The run's id, fresh for each run.
    pub run_id: String,
}

/// A file's bytes, unpacked, under the name to show.
pub struct SavedFile {
    /// The file's name.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct ImportSummary {
    /// As in the lake's `runs`.
    pub run_id: String,
    /// As in the lake.
    pub tenant_id: String,
    /// What became of each file.
    pub files: Vec<ImportedFile>,
}

/// What became of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct ImportedFile {
    /// The file's name.
    pub name: String,
    /// Rows that were not in the lake.
    pub rows_new: u64,
    /// Rows replaced by a later etag.
    pub rows_changed: u64,
    /// Rows that were there already.
    pub rows_known: u64,
    /// Items of whom nobody says whose history they are in; kept under `unknown`.
    pub rows_without_user: u64,
    /// Items that could not be kept, by reason.
    pub unkept: Vec<crate::summary::Unkept>,
    /// The file ends with a link to a further page that is not in it.
    pub goes_on: bool,
}

impl ImportSummary {
    /// Whether every item of every file is in the lake.
    pub fn is_whole(&self) -> bool {
        self.files
            .iter()
            .all(|file| file.unkept.is_empty() && !file.goes_on)
    }
}

/// Brings saved pages into the lake, each item once. Imports write no coverage: nobody says that a
/// file holds all of a window.
///
/// # Errors
/// The lake can't be written. Files before the one that failed are in.
pub async fn import(
    options: &ImportOptions,
    files: impl IntoIterator<Item = SavedFile>,
    now_ms: i64,
) -> Result<ImportSummary, LakeError> {
    let mut writer = Writer::open(&options.lake).await?;
    let run = Run {
        run_id: options.run_id.clone(),
        tenant_id: options.tenant_id.clone(),
    };
    writer.begin(&run, "import", now_ms).await?;
    let key = writer.fingerprint_key().clone();
    let ingest = options
        .judgment
        .ingest(&run.tenant_id, options.content, &key);
    let named = named_user(&mut writer, &run, options, now_ms).await?;
    let mut summary = ImportSummary {
        run_id: run.run_id.clone(),
        tenant_id: run.tenant_id.clone(),
        files: Vec::new(),
    };
    for file in files {
        let imported =
            import_file(&mut writer, &run, &ingest, named.as_deref(), file, now_ms).await;
        match imported {
            Ok(imported) => summary.files.push(imported),
            Err(error) => {
                let text = error.to_string();
                writer
                    .end(
                        &run,
                        now_ms,
                        RunStatus::Failed,
                        counts(&summary),
                        None,
                        Some(&text),
                    )
                    .await?;
                return Err(error);
            }
        }
    }
    writer.derive(&options.judgment.derivation(&key)).await?;
    let status = if summary.is_whole() {
        RunStatus::Whole
    } else {
        RunStatus::Partial
    };
    writer
        .end(&run, now_ms, status, counts(&summary), None, None)
        .await?;
    tidy(&mut writer).await;
    Ok(summary)
}

async fn import_file(
    writer: &mut Writer,
    run: &Run,
    ingest: &Ingest,
    user: Option<&str>,
    file: SavedFile,
    now_ms: i64,
) -> Result<ImportedFile, LakeError> {
    let saved = saved::read(&file.bytes);
    drop(file.bytes);
    let mut imported = ImportedFile {
        name: file.name,
        goes_on: saved.next_link.is_some(),
        ..ImportedFile::default()
    };
    for unkept in saved.unkept {
        let reason = unkept.to_string();
        match imported
            .unkept
            .iter_mut()
            .find(|counted| counted.reason == reason)
        {
            Some(counted) => counted.count += 1,
            None => imported
                .unkept
                .push(crate::summary::Unkept { reason, count: 1 }),
        }
    }
    let owners = match user {
        Some(user) => vec![Some(user.to_owned()); saved.items.len()],
        None => saved::owners(&saved.items),
    };
    imported.rows_without_user = owners.iter().filter(|owner| owner.is_none()).count() as u64;
    let row = |(item, owner): (AiInteraction<'static>, Option<String>)| {
        let user_id = owner.as_deref().unwrap_or(UNKNOWN_USER);
        ingest.row(user_id, item)
    };
    let rows: Rows = saved.items.into_iter().zip(owners).map(row).collect();
    let kept: Kept = writer.commit(run, now_ms, rows, Vec::new()).await?;
    writer.look_up_in_newest();
    (
        imported.rows_new,
        imported.rows_changed,
        imported.rows_known,
    ) = (kept.new, kept.changed, kept.known);
    Ok(imported)
}

/// The object id of the user named, where the lake knows it; else the name itself.
async fn named_user(
    writer: &mut Writer,
    run: &Run,
    options: &ImportOptions,
    now_ms: i64,
) -> Result<Option<String>, LakeError> {
    let Some(name) = &options.user else {
        return Ok(None);
    };
    let known = writer.known_users(&run.tenant_id).await?;
    let is_named = |record: &UserRecord| {
        let principal = record.user_principal_name.as_deref().unwrap_or_default();
        principal.eq_ignore_ascii_case(name) || record.user_id.eq_ignore_ascii_case(name)
    };
    if let Some(user) = known.values().find(|user| is_named(&user.record)) {
        return Ok(Some(user.record.user_id.clone()));
    }
    if name.contains('@') {
        let record = UserRecord {
            user_id: name.clone(),
            user_principal_name: Some(name.clone()),
            ..UserRecord::default()
        };
        writer.keep_users(run, now_ms, &[record], false).await?;
    }
    Ok(Some(name.clone()))
}

fn counts(summary: &ImportSummary) -> RunCounts {
    let sum = |count: fn(&ImportedFile) -> u64| summary.files.iter().map(count).sum();
    RunCounts {
        rows_new: sum(|file| file.rows_new),
        rows_changed: sum(|file| file.rows_changed),
        unkept: sum(|file| file.unkept.iter().map(|unkept| unkept.count).sum()),
        ..RunCounts::default()
    }
}
