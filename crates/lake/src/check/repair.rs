//! Making a damaged lake readable again: what can be read is saved, what can't is taken out, and
//! whatever was lost is no longer said to have been read, so that the next sync reads it again.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::prelude::{col, lit};
use deltalake::kernel::Action;
use deltalake::kernel::transaction::CommitBuilder;
use deltalake::logstore::object_store::path::Path;
use deltalake::logstore::object_store::{Error, ObjectMeta, ObjectStoreExt};
use deltalake::protocol::DeltaOperation;
use deltalake::writer::{DeltaWriter, RecordBatchWriter};
use futures::TryStreamExt;
use serde::Serialize;

use super::file::readable;
use super::log::{self, Log};
use super::{Opened, Told, open, open_all};
use crate::coverage::ROWS_LOST;
use crate::error::LakeError;
use crate::keys::fingerprint_key;
use crate::location::Location;
use crate::lock::WriteLock;
use crate::schema::TableName;
use crate::store::create_private_folder;
use crate::stored::NamedFile;
use crate::table::{Carried, Table, writer_properties};

/// Where files go that can't be read; readers and vacuum pass over names that begin so.
const ASIDE: &str = "_damaged";

/// What a repair did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Repaired {
    /// Each step, for people.
    pub done: Vec<String>,
}

/// Whose interactions were lost.
enum Lost {
    Nobodys,
    Of(HashSet<String>),
    Anybodys,
}

/// Takes what is damaged out of the lake, and saves of it what can be read. No file is deleted: what
/// can't be read of a log is moved into the table's folder `_damaged`.
///
/// # Errors
/// [`LakeError::Busy`] where another process writes; otherwise as [`super::check`] and where the
/// lake can't be written.
pub async fn repair(location: &Location, told: Told<'_>) -> Result<Repaired, LakeError> {
    let _lock = location.folder().map(WriteLock::take).transpose()?;
    let mut repaired = Repaired::default();
    let mut tables = Vec::new();
    for opened in open_all(location, told).await? {
        let (name, logs) = (opened.name, Arc::clone(&opened.logs));
        let mut opened = match make_log_readable(opened, &mut repaired).await? {
            Some(as_it_was) => as_it_was,
            None => open(name, Arc::clone(&logs)).await?,
        };
        if opened.table.is_none() {
            opened.table = Some(Table::create(name, logs).await?);
            let done = format!("{}: made again, empty", name.as_str());
            repaired.done.push(done);
        }
        tables.push(opened);
    }
    let mut lost = Lost::Nobodys;
    let mut derives_again = false;
    for opened in &mut tables {
        if opened.broken.is_empty() {
            continue;
        }
        if opened.name == TableName::Interactions {
            lost = whose(opened).await?;
        }
        derives_again |= opened.name.is_derived();
        take_out(opened, &mut repaired).await?;
    }
    let keys = tables
        .iter_mut()
        .find(|opened| opened.name == TableName::Keys);
    if let Some(keys) = keys.and_then(|opened| opened.table.as_mut()) {
        fingerprint_key(keys).await?;
    }
    let ahead = follow(&mut tables, lost, &mut repaired).await?;
    if derives_again || ahead {
        for opened in &mut tables {
            let is_derived = opened.name.is_derived();
            if let Some(table) = opened.table.as_mut().filter(|_| is_derived) {
                table.clear().await?;
            }
        }
        repaired.done.push(
            "exchanges, conversations and resources were emptied, to be derived again".to_owned(),
        );
    }
    Ok(repaired)
}

/// Moves aside what keeps a log from being read. Gives the table back where there is nothing to move.
async fn make_log_readable(
    mut opened: Opened,
    repaired: &mut Repaired,
) -> Result<Option<Opened>, LakeError> {
    let name = opened.name;
    let steps = repaired.done.len();
    let error = |error: Error| LakeError::table(name.as_str(), error.into());
    // Each round moves something aside, so there is an end.
    while let Some((version, is_checkpoint)) = opened.log.first_needed_fault() {
        let has_base = opened.log.commits.range(..version).next().is_some()
            || opened.log.checkpoints.range(..version).next().is_some();
        let text = if is_checkpoint {
            move_aside(&opened, |_, found| found == Some((version, true))).await?;
            format!("checkpoint {version} of the log")
        } else if has_base {
            move_aside(&opened, |_, found| {
                found.is_some_and(|(found, _)| found >= version)
            })
            .await?;
            format!("the log from commit {version} on")
        } else {
            move_aside(&opened, |_, _| true).await?;
            "all files".to_owned()
        };
        repaired.done.push(format!(
            "{}: {text} moved to its folder {ASIDE}",
            name.as_str()
        ));
        opened.log = Log::read(&opened.store()).await.map_err(error)?;
    }
    if opened.unreadable.is_some() {
        move_aside(&opened, |_, _| true).await?;
        repaired.done.push(format!(
            "{}: all files moved to its folder {ASIDE}",
            name.as_str()
        ));
    }
    Ok((repaired.done.len() == steps).then_some(opened))
}

/// Moves those files aside for which `which` holds, by path and, for files of the log, by version and
/// whether it is a checkpoint. The hint at the newest checkpoint goes with any of the log.
async fn move_aside(
    opened: &Opened,
    which: impl Fn(&Path, Option<(u64, bool)>) -> bool,
) -> Result<(), LakeError> {
    let table = opened.name.as_str();
    let error = |error: Error| LakeError::table(table, error.into());
    let store = opened.store();
    let files: Vec<ObjectMeta> = store.list(None).try_collect().await.map_err(error)?;
    for ObjectMeta { location: path, .. } in files {
        let is_hint = path.as_ref() == "_delta_log/_last_checkpoint";
        let found = log::version(&path).map(|(version, rest)| (version, rest != ".json"));
        if path.as_ref().starts_with(ASIDE) || !(is_hint || which(&path, found)) {
            continue;
        }
        let to = Path::from(format!("{ASIDE}/{path}"));
        let root = opened.logs.root_url();
        if root.scheme() == "file"
            && let Ok(folder) = root.to_file_path()
            && let Some(folder) = folder.join(to.as_ref()).parent()
        {
            create_private_folder(folder)
                .map_err(|error| LakeError::io("create the folder", folder, error))?;
        }
        store.rename(&path, &to).await.map_err(error)?;
    }
    Ok(())
}

/// Whose interactions the broken files hold.
async fn whose(opened: &Opened) -> Result<Lost, LakeError> {
    let table = opened.name.as_str();
    let mut users = HashSet::new();
    for (file, _) in &opened.broken {
        let added = opened.log.added(&opened.store(), &file.path).await;
        match added.map_err(|error| LakeError::table(table, error.into()))? {
            Some(added) => users.extend(added.users),
            None => return Ok(Lost::Anybodys),
        }
    }
    Ok(Lost::Of(users))
}

/// Takes broken files out of a table, and puts what can be read of them in their place, in one
/// commit.
async fn take_out(opened: &mut Opened, repaired: &mut Repaired) -> Result<(), LakeError> {
    let (name, store) = (opened.name, opened.store());
    let Some(table) = &mut opened.table else {
        return Ok(());
    };
    let error = |error| LakeError::table(name.as_str(), error);
    let mut actions = Vec::new();
    let mut writer = RecordBatchWriter::for_table(&table.delta)
        .map_err(error)?
        .with_writer_properties(writer_properties());
    for (file, what) in &opened.broken {
        let mut saved = 0;
        let mut group = 0;
        let of_store = |trouble: Error| LakeError::table(name.as_str(), trouble.into());
        while let Some(batches) = readable(&store, file, group, &name.schema())
            .await
            .map_err(of_store)?
        {
            for batch in batches {
                saved += batch.num_rows();
                writer.write(batch).await.map_err(error)?;
            }
            // A group at a time, so that memory stays flat.
            actions.extend(
                writer
                    .flush()
                    .await
                    .map_err(error)?
                    .into_iter()
                    .map(Action::Add),
            );
            group += 1;
        }
        let rows = file
            .rows
            .map_or_else(String::new, |rows| format!(" of {rows}"));
        repaired.done.push(format!(
            "{}: {} taken out, since {what}; {saved}{rows} rows saved",
            name.as_str(),
            file.path
        ));
    }
    actions.extend(removes(table, &opened.broken)?);
    let operation = DeltaOperation::Delete { predicate: None };
    let carried = Carried {
        note: Some(serde_json::json!({ ROWS_LOST: true })),
        ..Carried::default()
    };
    let committed = CommitBuilder::from(carried.properties())
        .with_actions(actions)
        .build(
            Some(table.delta.snapshot().map_err(error)?),
            table.delta.log_store(),
            operation,
        )
        .await
        .map_err(error)?;
    table.delta.state = Some(committed.snapshot());
    Ok(())
}

fn removes(table: &Table, broken: &[(NamedFile, String)]) -> Result<Vec<Action>, LakeError> {
    let snapshot = table.delta.snapshot().map_err(|error| table.error(error))?;
    let is_broken = |path: &Path| broken.iter().any(|(file, _)| file.path == *path);
    let removes = snapshot
        .log_data()
        .into_iter()
        .filter(|file| is_broken(&file.object_store_path()))
        .map(|file| Action::Remove(file.remove_action(true)));
    Ok(removes.collect())
}

/// Takes back the coverage of what was lost. Says whether derived tables have to follow.
async fn follow(
    tables: &mut [Opened],
    lost: Lost,
    repaired: &mut Repaired,
) -> Result<bool, LakeError> {
    let mut newest = 0;
    let mut furthest = 0;
    for opened in tables.iter() {
        let Some(table) = &opened.table else {
            continue;
        };
        match opened.name {
            TableName::Interactions => newest = table.sequence().await?,
            name if name.follows_interactions() => {
                furthest = furthest.max(table.sequence().await?);
            }
            _ => {}
        }
    }
    let commits_lost = furthest > newest;
    let coverage = tables
        .iter_mut()
        .find(|opened| opened.name == TableName::Coverage)
        .and_then(|opened| opened.table.as_mut());
    let Some(coverage) = coverage else {
        return Ok(commits_lost || !matches!(lost, Lost::Nobodys));
    };
    match lost {
        Lost::Nobodys if commits_lost => {
            // Opened the next time, it is completed from the commits that are left.
            coverage.clear().await?;
            repaired.done.push(
                "coverage was emptied, to be completed from the commits that are left; the next sync reads the rest again".to_owned(),
            );
        }
        Lost::Nobodys => return Ok(false),
        Lost::Of(users) if !commits_lost => {
            let names = users.iter().map(|user| lit(user.as_str())).collect();
            let deleted = coverage
                .delta
                .clone()
                .delete()
                .with_predicate(col("user_id").in_list(names, false))
                .with_writer_properties(writer_properties())
                .with_commit_properties(Carried::default().properties())
                .await;
            coverage.delta = deleted.map_err(|error| coverage.error(error))?.0;
            repaired.done.push(format!(
                "coverage of {} users was taken back: the next sync reads them again",
                users.len()
            ));
        }
        Lost::Of(_) | Lost::Anybodys => {
            coverage.clear().await?;
            // What the commits that are left cover may be what was lost.
            coverage.mark(Carried::of(newest)).await?;
            repaired.done.push(
                "coverage of all users was taken back: the next sync reads them again".to_owned(),
            );
        }
    }
    Ok(true)
}
