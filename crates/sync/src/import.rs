//! Pages of interactions saved to files, with no tenant at hand.

use hobbs_interaction::{AiInteraction, ContentPolicy, Ingest, saved};
use hobbs_lake::{LakeError, Location, Rows, Run, RunCounts, RunStatus, UserRecord, Writer};
use serde::Serialize;

use crate::judgment::Judgment;
use crate::summary::add_unkept;
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
    /// Whose history the items are in: an object id, or the principal name of a user whom the lake knows;
    /// None: the items say.
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
    /// Items without a time of their own, kept with that of their id.
    pub timed_by_id: u64,
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

/// Why an import failed.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Whose history it is was said by a name that the lake does not know. Under the name itself it would be
    /// another person's than under the object id, once the directory tells it.
    #[error(
        "the lake knows no user {0}: give the object id as in Entra, or run `hobbs sync` first, which reads who is who"
    )]
    UnknownUser(String),
    /// The lake can't be read or written.
    #[error(transparent)]
    Lake(#[from] LakeError),
}

/// Brings saved pages into the lake, each item once. Imports write no coverage: nobody says that a
/// file holds all of a window.
///
/// # Errors
/// The lake can't be written: files before the one that failed are in. Or it does not know the user, and
/// nothing is.
pub async fn import(
    options: &ImportOptions,
    files: impl IntoIterator<Item = SavedFile>,
    now_ms: i64,
) -> Result<ImportSummary, ImportError> {
    let mut writer = Writer::open(&options.lake).await?;
    let run = Run {
        run_id: options.run_id.clone(),
        tenant_id: options.tenant_id.clone(),
    };
    let user = match &options.user {
        Some(name) => Some(user_named(name, &writer, &run).await?),
        None => None,
    };
    writer.begin(&run, "import", now_ms).await?;
    let mut summary = ImportSummary {
        run_id: run.run_id.clone(),
        tenant_id: run.tenant_id.clone(),
        files: Vec::new(),
    };
    let importing = Importing {
        options,
        run: &run,
        user,
        now_ms,
    };
    let imported = importing.all(&mut writer, files, &mut summary).await;
    let status = match &imported {
        Err(_) => RunStatus::Failed,
        Ok(()) if summary.is_whole() => RunStatus::Whole,
        Ok(()) => RunStatus::Partial,
    };
    let error = imported.as_ref().err().map(ToString::to_string);
    let counts = counts(&summary);
    let ended = writer.end(&run, now_ms, status, counts, None, error.as_deref());
    let ended = ended.await;
    imported?;
    ended?;
    tidy(&mut writer).await;
    Ok(summary)
}

/// One import.
struct Importing<'a> {
    options: &'a ImportOptions,
    run: &'a Run,
    /// The object id of whom all items are; None: the items say.
    user: Option<String>,
    now_ms: i64,
}

impl Importing<'_> {
    async fn all(
        &self,
        writer: &mut Writer,
        files: impl IntoIterator<Item = SavedFile>,
        summary: &mut ImportSummary,
    ) -> Result<(), LakeError> {
        let (judgment, key) = (&self.options.judgment, writer.fingerprint_key().clone());
        let ingest = judgment.ingest(&self.run.tenant_id, self.options.content, &key);
        for file in files {
            summary.files.push(self.file(writer, &ingest, file).await?);
        }
        writer.derive(&judgment.derivation(&key)).await?;
        Ok(())
    }

    async fn file(
        &self,
        writer: &mut Writer,
        ingest: &Ingest,
        file: SavedFile,
    ) -> Result<ImportedFile, LakeError> {
        let saved = saved::read(&file.bytes);
        drop(file.bytes);
        let mut imported = ImportedFile {
            name: file.name,
            goes_on: saved.next_link.is_some(),
            ..ImportedFile::default()
        };
        let timed_by_id = saved.items.iter().filter(|item| item.is_timed_by_id);
        imported.timed_by_id = timed_by_id.count() as u64;
        for unkept in saved.unkept {
            add_unkept(&mut imported.unkept, unkept.to_string(), 1);
        }
        let owners = match &self.user {
            Some(user) => vec![Some(user.clone()); saved.items.len()],
            None => saved::owners(&saved.items),
        };
        imported.rows_without_user = owners.iter().filter(|owner| owner.is_none()).count() as u64;
        let row = |(item, owner): (AiInteraction<'static>, Option<String>)| {
            let user_id = owner.as_deref().unwrap_or(UNKNOWN_USER);
            ingest.row(user_id, item)
        };
        let rows: Rows = saved.items.into_iter().zip(owners).map(row).collect();
        let kept = writer.commit(self.run, self.now_ms, rows, Vec::new());
        let kept = kept.await?;
        writer.look_up_in_newest();
        (
            imported.rows_new,
            imported.rows_changed,
            imported.rows_known,
        ) = (kept.new, kept.changed, kept.known);
        Ok(imported)
    }
}

/// The object id of the user named: as the lake knows it, or the id itself.
async fn user_named(name: &str, writer: &Writer, run: &Run) -> Result<String, ImportError> {
    let known = writer.known_users(&run.tenant_id).await?;
    let is_named = |record: &UserRecord| {
        let mut names = [Some(&record.user_id), record.user_principal_name.as_ref()]
            .into_iter()
            .flatten();
        names.any(|of_record| of_record.eq_ignore_ascii_case(name))
    };
    // Of two who had a name one after the other, the one who has it.
    let named = known.into_values().filter(|user| is_named(&user.record));
    if let Some(user) = named.max_by_key(|user| (user.present, user.valid_from_ms)) {
        return Ok(user.record.user_id);
    }
    match uuid::Uuid::parse_str(name) {
        // As Graph writes it.
        Ok(id) => Ok(id.to_string()),
        Err(_) if name.contains('@') || name.trim().is_empty() => {
            Err(ImportError::UnknownUser(name.to_owned()))
        }
        Err(_) => Ok(name.to_owned()),
    }
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
