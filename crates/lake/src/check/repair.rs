//! Making a damaged lake readable again: what can be read is saved, what can't is taken out, and
//! whatever was lost is no longer said to have been read, so that the next sync reads it again.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::prelude::{col, lit};
use deltalake::kernel::Action;
use deltalake::logstore::object_store::path::Path;
use deltalake::logstore::object_store::{Error, ObjectStore};
use deltalake::protocol::DeltaOperation;
use deltalake::writer::DeltaWriter;
use serde::Serialize;

use super::aside::make_log_readable;
use super::file::{groups, readable};
use super::{Opened, Told, open, open_all};
use crate::coverage::ROWS_LOST;
use crate::error::LakeError;
use crate::keys::fingerprint_key;
use crate::location::Location;
use crate::lock::WriteLock;
use crate::position::{Position, Standing};
use crate::schema::TableName;
use crate::stored::NamedFile;
use crate::table::{Carried, Table, commit, writer_of, writer_properties};

/// What a repair did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Repaired {
    /// Each step, for people.
    pub done: Vec<String>,
}

/// What the interactions have lost.
enum Lost {
    Nothing,
    /// Rows of these users; whatever is said of others stands.
    RowsOf(HashSet<String>),
    /// Rows of anybody.
    Rows,
    /// Whole commits, the last ones; the rows of the others are there.
    Commits,
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
    let lost = lost(&tables).await?;
    let position = position_after(&tables, &lost).await?;
    let derives_again = tables
        .iter()
        .any(|opened| opened.name.is_derived() && !opened.broken.is_empty());
    for opened in &mut tables {
        match opened.name {
            TableName::Interactions => write_down(opened, &lost, position, &mut repaired).await?,
            _ => take_out(opened, Carried::default(), &mut repaired).await?,
        }
        match (opened.name, &mut opened.table) {
            (TableName::Keys, Some(keys)) => drop(fingerprint_key(keys).await?),
            (TableName::Coverage, Some(coverage)) => {
                take_back(coverage, &lost, position, &mut repaired).await?;
            }
            _ => {}
        }
    }
    empty_derived(&mut tables, derives_again, position, &mut repaired).await?;
    Ok(repaired)
}

/// What the interactions have lost: by their own files, and by what other tables know of them.
async fn lost(tables: &[Opened]) -> Result<Lost, LakeError> {
    let Some((opened, interactions)) = of(tables, TableName::Interactions) else {
        return Ok(Lost::Nothing);
    };
    let newest = interactions.position().await?;
    let mut commits_are_lost = false;
    for follower in followers(tables) {
        commits_are_lost |= follower.standing(newest).await? == Standing::Ahead;
    }
    if opened.broken.is_empty() {
        return Ok(match commits_are_lost {
            true => Lost::Commits,
            false => Lost::Nothing,
        });
    }
    // Coverage that lacks commits, or what an earlier repair wrote, is not put right by taking lines out.
    let coverage = match of(tables, TableName::Coverage) {
        Some((_, coverage)) => Some(coverage.position().await?),
        None => None,
    };
    if commits_are_lost || coverage != Some(newest) {
        return Ok(Lost::Rows);
    }
    let whose = whose(opened).await?;
    Ok(whose.map_or(Lost::Rows, Lost::RowsOf))
}

/// Where the interactions are when the repair has ended: it is one more where something is lost.
async fn position_after(tables: &[Opened], lost: &Lost) -> Result<Position, LakeError> {
    let mut position = match of(tables, TableName::Interactions) {
        Some((_, interactions)) => interactions.position().await?,
        None => Position::default(),
    };
    if !matches!(lost, Lost::Nothing) {
        for follower in followers(tables) {
            let known = follower.position().await?;
            position.repairs = position.repairs.max(known.repairs);
        }
        position.repairs += 1;
    }
    Ok(position)
}

fn of(tables: &[Opened], name: TableName) -> Option<(&Opened, &Table)> {
    let opened = tables.iter().find(|opened| opened.name == name)?;
    opened.table.as_ref().map(|table| (opened, table))
}

/// The tables that follow the interactions.
fn followers(tables: &[Opened]) -> impl Iterator<Item = &Table> {
    let follow = |opened: &&Opened| opened.name.follows_interactions();
    let tables = tables.iter().filter(follow);
    tables.filter_map(|opened| opened.table.as_ref())
}

/// Whose interactions the broken files hold; None where nothing says so.
async fn whose(opened: &Opened) -> Result<Option<HashSet<String>>, LakeError> {
    let table = opened.name.as_str();
    let mut users = HashSet::new();
    for (file, _) in &opened.broken {
        let added = opened.log.added(&opened.store(), &file.path).await;
        match added.map_err(|error| LakeError::table(table, error.into()))? {
            Some(added) => users.extend(added.users),
            None => return Ok(None),
        }
    }
    Ok(Some(users))
}

/// Takes what is broken out of the interactions. Their commit says which repair that was, so that a table
/// is known that does not have what the repair wrote into it.
async fn write_down(
    opened: &mut Opened,
    lost: &Lost,
    position: Position,
    repaired: &mut Repaired,
) -> Result<(), LakeError> {
    let carried = Carried::of(position);
    match (lost, &mut opened.table) {
        (Lost::RowsOf(_) | Lost::Rows, _) => {
            let note = Some(serde_json::json!({ ROWS_LOST: true }));
            take_out(opened, Carried { note, ..carried }, repaired).await
        }
        (Lost::Commits, Some(interactions)) => interactions.mark(carried).await,
        _ => Ok(()),
    }
}

/// Takes broken files out of a table, and puts what can be read of them in their place, in one
/// commit.
async fn take_out(
    opened: &mut Opened,
    carried: Carried,
    repaired: &mut Repaired,
) -> Result<(), LakeError> {
    let (name, store) = (opened.name, opened.store());
    let Some(table) = opened.table.as_mut().filter(|_| !opened.broken.is_empty()) else {
        return Ok(());
    };
    let mut actions = Vec::new();
    for (file, what) in &opened.broken {
        let (added, saved) = save_rows(table, &store, file).await?;
        actions.extend(added);
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
    commit(&mut table.delta, actions, operation, carried)
        .await
        .map_err(|error| table.error(error))
}

/// Writes what can be read of a broken file into new ones; returns these, and how many rows they have.
async fn save_rows(
    table: &Table,
    store: &Arc<dyn ObjectStore>,
    file: &NamedFile,
) -> Result<(Vec<Action>, usize), LakeError> {
    let of_table = |error| table.error(error);
    let of_store = |trouble: Error| table.error(trouble.into());
    let mut writer = writer_of(&table.delta).map_err(of_table)?;
    let (mut added, mut saved) = (Vec::new(), 0);
    // A group at a time, so that memory stays flat.
    for group in 0..groups(store, file).await.map_err(of_store)? {
        let batches = readable(store, file, group, &table.name.schema()).await;
        for batch in batches.map_err(of_store)? {
            saved += batch.num_rows();
            writer.write(batch).await.map_err(of_table)?;
        }
        let files = writer.flush().await.map_err(of_table)?;
        added.extend(files.into_iter().map(Action::Add));
    }
    Ok((added, saved))
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

/// Takes back the coverage of what was lost, by this repair or by one whose own commit was lost.
async fn take_back(
    coverage: &mut Table,
    lost: &Lost,
    position: Position,
    repaired: &mut Repaired,
) -> Result<(), LakeError> {
    if let Lost::RowsOf(users) = lost {
        let names = users.iter().map(|user| lit(user.as_str())).collect();
        let deleted = coverage
            .delta
            .clone()
            .delete()
            .with_predicate(col("user_id").in_list(names, false))
            .with_writer_properties(writer_properties())
            .with_commit_properties(Carried::of(position).properties())
            .await;
        coverage.delta = deleted.map_err(|error| coverage.error(error))?.0;
        if coverage.position().await? != position {
            // deltalake commits nothing where there is nothing to delete.
            coverage.mark(Carried::of(position)).await?;
        }
        repaired.done.push(format!(
            "coverage of {} users was taken back: the next sync reads them again",
            users.len()
        ));
    } else if coverage.standing(position).await? == Standing::Unrepaired {
        coverage.clear(position).await?;
        repaired.done.push(
            "coverage was emptied, to be completed from the commits whose rows are left; the next sync reads the rest again".to_owned(),
        );
    }
    Ok(())
}

/// Empties the derived tables where one was damaged or has what a repair took out of the interactions.
async fn empty_derived(
    tables: &mut [Opened],
    mut derives_again: bool,
    position: Position,
    repaired: &mut Repaired,
) -> Result<(), LakeError> {
    let derived = tables.iter_mut().filter(|opened| opened.name.is_derived());
    let mut derived: Vec<&mut Table> = derived.filter_map(|it| it.table.as_mut()).collect();
    for table in &derived {
        derives_again |= table.standing(position).await? == Standing::Unrepaired;
    }
    if derives_again {
        for table in &mut derived {
            table.clear(position).await?;
        }
        repaired.done.push(
            "exchanges, conversations and resources were emptied, to be derived again".to_owned(),
        );
    }
    Ok(())
}
