//! Making a damaged log readable: what can't be read of it is moved aside.

use deltalake::logstore::object_store::path::Path;
use deltalake::logstore::object_store::{
    Error, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload,
};
use futures::TryStreamExt;

use super::Opened;
use super::log::{self, Log, Part, commit_path};
use super::repair::Repaired;
use crate::error::LakeError;
use crate::folder;
use crate::store::create_private_folder;

/// Where files go that can't be read; readers and vacuum pass over names that begin so. Where a file of the
/// same name is there from an earlier repair, the folder has a number.
pub(super) const ASIDE: &str = "_damaged";

/// Moves aside what keeps a log from being read. Gives the table back where there is nothing to move.
pub(super) async fn make_log_readable(
    mut opened: Opened,
    repaired: &mut Repaired,
) -> Result<Option<Opened>, LakeError> {
    let name = opened.name;
    let steps = repaired.done.len();
    let error = |error: Error| LakeError::table(name.as_str(), error.into());
    let old = opened.log.old_faults();
    if !old.is_empty() {
        move_aside(&opened, |path, _| old.contains(path)).await?;
        let done = format!(
            "{}: {} commits that older versions alone need",
            name.as_str(),
            old.len()
        );
        repaired
            .done
            .push(format!("{done} moved to its folder {ASIDE}"));
        opened.log = Log::read(&opened.store()).await.map_err(error)?;
    }
    // Each round moves something aside or mends what is there, so there is an end.
    while let Some((version, part)) = opened.log.first_needed_fault() {
        let has_base = opened.log.commits.range(..version).next().is_some()
            || opened.log.checkpoints.range(..version).next().is_some();
        let done = match part {
            Part::Checkpoint => {
                move_aside(&opened, |_, found| found == Some((version, true))).await?;
                format!("checkpoint {version} of the log moved to its folder {ASIDE}")
            }
            Part::CommitOfCheckpoint => {
                commit_nothing(&opened, version + 1).await?;
                format!("an empty commit written after checkpoint {version}")
            }
            Part::Commit | Part::OldCommit if has_base => {
                move_aside(&opened, |_, found| {
                    found.is_some_and(|(found, _)| found >= version)
                })
                .await?;
                format!("the log from commit {version} on moved to its folder {ASIDE}")
            }
            Part::Commit | Part::OldCommit => {
                move_aside(&opened, |_, _| true).await?;
                format!("all files moved to its folder {ASIDE}")
            }
        };
        repaired.done.push(format!("{}: {done}", name.as_str()));
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

/// Writes a commit that changes nothing: the engine writes none after one that is missing.
async fn commit_nothing(opened: &Opened, version: u64) -> Result<(), LakeError> {
    let commit = PutPayload::from_static(br#"{"commitInfo":{"operation":"REPAIR"}}"#);
    let options = PutOptions::from(PutMode::Create);
    let put = opened.store();
    let put = put.put_opts(&commit_path(version), commit, options).await;
    put.map(drop)
        .map_err(|error| LakeError::table(opened.name.as_str(), error.into()))
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
    for path in files.iter().map(|file| file.location.clone()) {
        let is_hint = path.as_ref() == "_delta_log/_last_checkpoint";
        let found = log::version(&path).map(|(version, rest)| (version, rest != ".json"));
        if path.as_ref().starts_with(ASIDE) || !(is_hint || which(&path, found)) {
            continue;
        }
        let to = aside(&path, &files);
        if let Some(folder) = folder::of(opened.logs.root_url())
            && let Some(folder) = folder.join(to.as_ref()).parent()
        {
            create_private_folder(folder)
                .map_err(|error| LakeError::io("create the folder", folder, error))?;
        }
        store.rename(&path, &to).await.map_err(error)?;
    }
    Ok(())
}

/// Where a file goes, beside those that earlier repairs moved.
fn aside(path: &Path, files: &[ObjectMeta]) -> Path {
    let mut to = Path::from(format!("{ASIDE}/{path}"));
    let mut repairs = 1;
    while files.iter().any(|file| file.location == to) {
        repairs += 1;
        to = Path::from(format!("{ASIDE}-{repairs}/{path}"));
    }
    to
}
