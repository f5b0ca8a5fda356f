//! Whether a lake is sound: every log read, every file decoded to its end, and what must hold between
//! the tables. Nothing is written.
//!
//! Cost is that of reading the lake once; memory stays flat, since files are decoded batch by batch
//! and groupings spill to disk.

mod aside;
pub(crate) mod file;
pub(crate) mod log;
mod repair;
mod rows;

use std::sync::Arc;

use deltalake::logstore::LogStoreRef;
use deltalake::logstore::object_store::path::Path;
use deltalake::logstore::object_store::{Error, ObjectStore};
use futures::TryStreamExt;
use serde::Serialize;

use crate::error::LakeError;
use crate::folder;
use crate::location::Location;
use crate::schema::TableName;
use crate::stored::NamedFile;
use crate::table::Table;
use aside::ASIDE;
use file::{Closeness, fault};
use log::{Log, LogFault, Part};
pub use repair::{Repaired, repair};

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// Whether nothing is damaged.
    pub sound: bool,
    /// The tables that are there.
    pub tables: Vec<TableChecked>,
    /// What is damaged, and what to do about it.
    pub damages: Vec<Damage>,
    /// What is worth knowing, and is no damage.
    pub notes: Vec<String>,
}

/// A table as it was found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TableChecked {
    /// The table.
    pub table: &'static str,
    /// Rows that were decoded.
    pub rows: u64,
    /// Files of the newest version.
    pub files: u64,
    /// Their size.
    pub bytes: u64,
    /// Files that older versions need, and readers of these for 7 days.
    pub files_of_older_versions: u64,
    /// Their size.
    pub bytes_of_older_versions: u64,
    /// Files that no version names: left by runs that were cut off.
    pub files_left_over: u64,
    /// Their size.
    pub bytes_left_over: u64,
    /// Files that a repair moved aside, which hobbs never deletes.
    pub files_aside: u64,
    /// Their size.
    pub bytes_aside: u64,
}

/// Something that is damaged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Damage {
    /// The table.
    pub table: &'static str,
    /// The file or folder; None where what is wrong lies in the rows.
    pub file: Option<String>,
    /// What is wrong with it.
    pub what: String,
    /// What is lost by it.
    pub lost: String,
    /// What to do.
    pub to_do: String,
}

/// Told to whoever waits: the table that is being read.
pub type Told<'a> = &'a mut (dyn FnMut(&'static str) + Send);

/// A table on its way through the check.
pub(crate) struct Opened {
    pub(crate) name: TableName,
    pub(crate) logs: LogStoreRef,
    pub(crate) log: Log,
    /// None where it is not there, or can't be read.
    pub(crate) table: Option<Table>,
    /// Files that are damaged.
    pub(crate) broken: Vec<(NamedFile, String)>,
    /// Why it can't be opened although its log seems whole.
    pub(crate) unreadable: Option<String>,
}

/// Reads the whole lake and says what is wrong with it.
///
/// # Errors
/// [`LakeError::Missing`] where there is no lake, [`LakeError::Newer`] and [`LakeError::Older`] where
/// it is of another version, [`LakeError::Io`] where the place can't be read at all. Damage is no
/// error, but what is asked for.
pub async fn check(location: &Location, told: Told<'_>) -> Result<Checked, LakeError> {
    let tables = open_all(location, told).await?;
    let mut checked = Checked {
        sound: true,
        tables: Vec::new(),
        damages: Vec::new(),
        notes: Vec::new(),
    };
    for opened in &tables {
        checked.tables.extend(seen(opened).await?);
        checked.damages.extend(log_damages(opened));
        checked.damages.extend(file_damages(opened).await?);
    }
    missing(&tables, &mut checked);
    told("rows");
    rows::between_tables(&tables, &mut checked).await?;
    notes(&mut checked);
    checked.sound = checked.damages.is_empty();
    Ok(checked)
}

/// All tables with what is damaged of each. Those that follow others come before these, so that a sync
/// that goes on meanwhile does not make them seem to be ahead.
pub(crate) async fn open_all(
    location: &Location,
    told: Told<'_>,
) -> Result<Vec<Opened>, LakeError> {
    location.refuse_missing_folder()?;
    let mut tables = Vec::new();
    for name in TableName::ALL.into_iter().rev() {
        told(name.as_str());
        tables.push(open(name, location.table(name.as_str())?).await?);
    }
    tables.reverse();
    if tables.iter().all(|opened| opened.log.is_empty()) {
        return Err(location.missing());
    }
    Ok(tables)
}

async fn open(name: TableName, logs: LogStoreRef) -> Result<Opened, LakeError> {
    let store = logs.object_store(None);
    let store_error = |error: Error| LakeError::table(name.as_str(), error.into());
    let log = Log::read(&store).await.map_err(store_error)?;
    let mut opened = Opened {
        name,
        logs: Arc::clone(&logs),
        log,
        table: None,
        broken: Vec::new(),
        unreadable: None,
    };
    if opened.log.needed_faults().next().is_some() {
        return Ok(opened);
    }
    match Table::open(name, logs).await {
        Ok(table) => opened.table = table,
        // What a store refuses to show is not damaged.
        Err(
            error @ (LakeError::Newer { .. } | LakeError::Older { .. } | LakeError::Store { .. }),
        ) => return Err(error),
        Err(error) => opened.unreadable = Some(file::first_line(error)),
    }
    for file in opened.files()? {
        if let Some(what) = fault(&store, &file, Closeness::Rows)
            .await
            .map_err(store_error)?
        {
            opened.broken.push((file, what));
        }
    }
    Ok(opened)
}

impl Log {
    fn is_empty(&self) -> bool {
        self.commits.is_empty() && self.checkpoints.is_empty()
    }
}

impl Opened {
    /// The files of the newest version.
    pub(crate) fn files(&self) -> Result<Vec<NamedFile>, LakeError> {
        self.table.as_ref().map_or(Ok(Vec::new()), files_of)
    }

    /// Whether the table and all of its rows can be read.
    fn is_whole(&self) -> bool {
        self.table.is_some() && self.broken.is_empty()
    }

    pub(crate) fn store(&self) -> Arc<dyn ObjectStore> {
        self.logs.object_store(None)
    }

    fn address(&self, path: &Path) -> String {
        address(&self.logs, path)
    }
}

/// The files of a table's newest version.
pub(crate) fn files_of(table: &Table) -> Result<Vec<NamedFile>, LakeError> {
    let snapshot = table.delta.snapshot().map_err(|error| table.error(error))?;
    let files = snapshot.log_data().into_iter();
    Ok(files.map(|file| NamedFile::of(&file)).collect())
}

/// A file as a person finds it: its path, or its address in an object store.
pub(crate) fn address(logs: &LogStoreRef, path: &Path) -> String {
    let root = logs.root_url();
    match folder::of(root) {
        Some(folder) => folder.join(path.as_ref()).display().to_string(),
        None => format!("{}/{path}", root.as_str().trim_end_matches('/')),
    }
}

/// Counts of a table, with the files that its newest version does not need.
async fn seen(opened: &Opened) -> Result<Option<TableChecked>, LakeError> {
    let Some(table) = &opened.table else {
        return Ok(None);
    };
    let files = opened.files()?;
    let is_broken = |file: &NamedFile| opened.broken.iter().any(|(is, _)| is.path == file.path);
    let mut seen = TableChecked {
        table: opened.name.as_str(),
        files: files.len() as u64,
        bytes: files.iter().map(|file| file.bytes).sum(),
        rows: files
            .iter()
            .filter(|file| !is_broken(file))
            .filter_map(|file| file.rows)
            .sum(),
        ..TableChecked::default()
    };
    let needed: std::collections::HashSet<&Path> = files.iter().map(|file| &file.path).collect();
    let store = opened.store();
    let mut there = store.list(None);
    let error = |error: Error| table.error(error.into());
    while let Some(file) = there.try_next().await.map_err(error)? {
        let is_log = file.location.as_ref().starts_with("_delta_log/");
        if is_log || needed.contains(&file.location) {
            continue;
        }
        if file.location.as_ref().starts_with(ASIDE) {
            seen.files_aside += 1;
            seen.bytes_aside += file.size;
        } else if opened.log.named.contains(file.location.as_ref()) {
            seen.files_of_older_versions += 1;
            seen.bytes_of_older_versions += file.size;
        } else {
            seen.files_left_over += 1;
            seen.bytes_left_over += file.size;
        }
    }
    Ok(Some(seen))
}

fn log_damages(opened: &Opened) -> impl Iterator<Item = Damage> {
    let table = opened.name;
    let faults = opened.log.faults.iter().map(move |fault| Damage {
        table: table.as_str(),
        file: Some(opened.address(&fault.path)),
        what: fault.what.clone(),
        lost: lost_with_log(opened, fault),
        to_do: advice(table),
    });
    let unreadable = opened.unreadable.iter().map(move |what| Damage {
        table: table.as_str(),
        file: Some(opened.address(&Path::from("_delta_log"))),
        what: what.clone(),
        lost: "this can't be told".to_owned(),
        to_do: advice(table),
    });
    faults.chain(unreadable)
}

fn lost_with_log(opened: &Opened, fault: &LogFault) -> String {
    let after = opened.log.commits.range(fault.version + 1..).count();
    match (fault.part, fault.version, after) {
        (Part::OldCommit, ..) => "nothing but what an older version was".to_owned(),
        (Part::CommitOfCheckpoint, ..) => "nothing: a checkpoint has what it brought".to_owned(),
        (Part::Checkpoint, ..) => "nothing, where the commits before it are still there".to_owned(),
        (Part::Commit, 0, _) => "what the table holds".to_owned(),
        (Part::Commit, version, 0) => format!("what commit {version} brought"),
        (Part::Commit, version, after) => {
            format!("what commit {version} and the {after} after it brought")
        }
    }
}

async fn file_damages(opened: &Opened) -> Result<Vec<Damage>, LakeError> {
    let mut damages = Vec::new();
    for (file, what) in &opened.broken {
        damages.push(Damage {
            table: opened.name.as_str(),
            file: Some(opened.address(&file.path)),
            what: what.clone(),
            lost: lost_with_file(opened, file).await?,
            to_do: advice(opened.name),
        });
    }
    Ok(damages)
}

/// How many rows, of when and of whom, by what the log says of a file.
async fn lost_with_file(opened: &Opened, file: &NamedFile) -> Result<String, LakeError> {
    let rows = match file.rows {
        Some(rows) => format!("at most {rows} rows"),
        None => "its rows".to_owned(),
    };
    let Some(table) = &opened.table else {
        return Ok(rows);
    };
    let column = match opened.name {
        TableName::Interactions => "created_at",
        _ => "started_at",
    };
    let mut text = rows;
    let statistics = table.statistics_of(&file.path)?;
    let span = statistics
        .as_ref()
        .and_then(|it| it.least(column).zip(it.greatest(column)));
    if let Some((from, to)) = span {
        let day = |time: &str| time.get(..10).unwrap_or(time).to_owned();
        text.push_str(&format!(" from {} to {}", day(from), day(to)));
    }
    if opened.name == TableName::Interactions {
        let added = opened.log.added(&opened.store(), &file.path).await;
        match added.map_err(|error| table.error(error.into()))? {
            Some(added) => text.push_str(&format!(", of {} users", added.users.len())),
            None => text.push_str(", of any user"),
        }
    }
    Ok(text)
}

/// What to do about damage to a table. Each of these is tried in the tests.
fn advice(table: TableName) -> String {
    if table == TableName::Keys {
        return "put a copy of its folder in its place, if there is one: without the key new texts can't be compared with old ones. Otherwise `hobbs lake check --repair`, which draws a new one".to_owned();
    }
    let then = match table {
        TableName::Interactions => {
            "then `hobbs sync`, which reads these users again as far as Microsoft still has their history"
        }
        TableName::Coverage => "then `hobbs sync`, which reads again whoever is not covered",
        TableName::Exchanges | TableName::Conversations | TableName::Resources => {
            "then `hobbs rules apply`, which derives all again from the interactions"
        }
        TableName::Keys
        | TableName::Users
        | TableName::Licenses
        | TableName::LicenseAssignments
        | TableName::UsageReports
        | TableName::UsageSummary
        | TableName::UsageTrend
        | TableName::Runs => {
            "then `hobbs sync`, which reads what is so now; what was so before is lost with it"
        }
    };
    format!("`hobbs lake check --repair` saves what can be read, {then}")
}

/// Tables are created in one order: one that is missing before one that is there was lost.
fn missing(tables: &[Opened], checked: &mut Checked) {
    let is_there = |opened: &Opened| !opened.log.is_empty();
    let last = tables.iter().rposition(is_there).unwrap_or(0);
    for opened in tables[..last].iter().filter(|opened| !is_there(opened)) {
        checked.damages.push(Damage {
            table: opened.name.as_str(),
            file: Some(opened.address(&Path::from("_delta_log"))),
            what: "it is missing".to_owned(),
            lost: "what the table held".to_owned(),
            to_do: advice(opened.name),
        });
    }
    if last + 1 < tables.len() {
        checked.notes.push(
            "the first sync was cut off before all tables were made; the next one makes them"
                .to_owned(),
        );
    }
}

fn notes(checked: &mut Checked) {
    let mut note = |of: fn(&TableChecked) -> (u64, u64), what: &str| {
        let counts = checked.tables.iter().map(of);
        let (files, bytes) = counts.fold((0, 0), |sum, it| (sum.0 + it.0, sum.1 + it.1));
        let noun = if files == 1 { "file" } else { "files" };
        if files > 0 {
            checked
                .notes
                .push(format!("{files} {noun} of {bytes} bytes {what}"));
        }
    };
    note(
        |table| (table.files_left_over, table.bytes_left_over),
        "that no version names, left by runs that were cut off: harmless; `hobbs lake optimize` deletes what is older than 7 days",
    );
    note(
        |table| (table.files_of_older_versions, table.bytes_of_older_versions),
        "of older versions: `hobbs lake optimize` deletes what is older than 7 days",
    );
    note(
        |table| (table.files_aside, table.bytes_aside),
        "that a repair moved aside, in the tables' folders _damaged: hobbs does not need them; delete them once nobody wants to look into them",
    );
}
