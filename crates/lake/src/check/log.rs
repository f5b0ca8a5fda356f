//! A table's log, file by file, without the engine: it stops at the first thing that it can't read,
//! and does not say where that was.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use deltalake::logstore::object_store::path::Path;
use deltalake::logstore::object_store::{Error, ObjectMeta, ObjectStore, ObjectStoreExt};
use futures::TryStreamExt;
use serde_json::Value;

use super::file::{Closeness, fault};
use crate::stored::NamedFile;
use crate::table::{APPLICATION, END};

const FOLDER: &str = "_delta_log";

/// What there is of a log.
#[derive(Default)]
pub(crate) struct Log {
    /// Commits by version.
    pub(crate) commits: BTreeMap<u64, Path>,
    /// Checkpoints by version.
    pub(crate) checkpoints: BTreeMap<u64, Path>,
    /// What is wrong, in the order of the versions.
    pub(crate) faults: Vec<LogFault>,
    /// Data files that some commit names.
    pub(crate) named: HashSet<String>,
}

/// Something wrong with a log.
pub(crate) struct LogFault {
    /// The version that can't be read.
    pub(crate) version: u64,
    /// The file, also where it is missing.
    pub(crate) path: Path,
    pub(crate) part: Part,
    pub(crate) what: String,
}

/// Which part of a log is damaged or missing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Checkpoint,
    Commit,
    /// The newest commit, where a checkpoint has all that it brought: the table can be read without it,
    /// but nothing can be written.
    CommitOfCheckpoint,
    /// A commit that older versions alone need.
    OldCommit,
}

impl LogFault {
    /// Whether the newest version can't be read or written without it.
    pub(crate) fn is_needed(&self) -> bool {
        self.part != Part::OldCommit
    }
}

/// Who a data file was read from: the users that its commit covers.
pub(crate) struct Added {
    pub(crate) users: HashSet<String>,
}

impl Log {
    /// Reads all of it.
    pub(crate) async fn read(store: &Arc<dyn ObjectStore>) -> Result<Self, Error> {
        let mut log = Log::default();
        let mut sizes = BTreeMap::new();
        let mut files = store.list(Some(&Path::from(FOLDER)));
        while let Some(file) = files.try_next().await? {
            log.take(file, &mut sizes);
        }
        let mut checkpoint = None;
        for (version, path) in log.checkpoints.iter().rev() {
            let file = NamedFile {
                path: path.clone(),
                bytes: sizes[version],
                rows: None,
            };
            match fault(store, &file, Closeness::Rows).await? {
                None => {
                    checkpoint = Some(*version);
                    break;
                }
                // The engine takes the newest, and asks no older one.
                Some(what) => log.faults.push(LogFault {
                    version: *version,
                    path: path.clone(),
                    part: Part::Checkpoint,
                    what,
                }),
            }
        }
        log.faults.reverse();
        log.read_commits(store, checkpoint).await?;
        Ok(log)
    }

    fn take(&mut self, file: ObjectMeta, sizes: &mut BTreeMap<u64, u64>) {
        match version(&file.location) {
            Some((version, ".json")) => {
                self.commits.insert(version, file.location);
            }
            Some((version, ".checkpoint.parquet")) => {
                sizes.insert(version, file.size);
                self.checkpoints.insert(version, file.location);
            }
            _ => {}
        }
    }

    async fn read_commits(
        &mut self,
        store: &Arc<dyn ObjectStore>,
        checkpoint: Option<u64>,
    ) -> Result<(), Error> {
        let is_needed = |version: u64| checkpoint.is_none_or(|checkpoint| version > checkpoint);
        let first_needed = checkpoint.map_or(0, |checkpoint| checkpoint + 1);
        let mut next = first_needed;
        for (&version, path) in &self.commits {
            if is_needed(version) && next < version {
                self.faults.push(LogFault {
                    version: next,
                    path: commit_path(next),
                    part: Part::Commit,
                    what: match version - next {
                        1 => "it is missing".to_owned(),
                        more => format!("it is missing, with {} more after it", more - 1),
                    },
                });
            }
            next = next.max(version + 1);
            let bytes = store.get(path).await?.bytes().await?;
            match actions(&bytes) {
                Ok(actions) => self.named.extend(
                    actions
                        .iter()
                        .filter_map(|action| action["add"]["path"].as_str().map(decoded)),
                ),
                Err(what) => self.faults.push(LogFault {
                    version,
                    path: path.clone(),
                    part: match is_needed(version) {
                        true => Part::Commit,
                        false => Part::OldCommit,
                    },
                    what,
                }),
            }
        }
        if let Some(checkpoint) = checkpoint
            && self.commits.range(checkpoint..).next().is_none()
        {
            self.faults.push(LogFault {
                version: checkpoint,
                path: commit_path(checkpoint),
                part: Part::CommitOfCheckpoint,
                what: "it is missing, so that nothing can be written after it".to_owned(),
            });
        }
        if self.commits.is_empty() && checkpoint.is_none() && !self.checkpoints.is_empty() {
            self.faults.push(LogFault {
                version: 0,
                path: Path::from(FOLDER),
                part: Part::Commit,
                what: "it has no commits".to_owned(),
            });
        }
        Ok(())
    }

    /// What the newest version can't be read without, and is damaged or missing.
    pub(crate) fn needed_faults(&self) -> impl Iterator<Item = &LogFault> {
        self.faults.iter().filter(|fault| fault.is_needed())
    }

    /// The first of these.
    pub(crate) fn first_needed_fault(&self) -> Option<(u64, Part)> {
        let fault = self.needed_faults().next();
        fault.map(|fault| (fault.version, fault.part))
    }

    /// Damaged files that older versions alone need.
    pub(crate) fn old_faults(&self) -> HashSet<Path> {
        let old = self.faults.iter().filter(|fault| !fault.is_needed());
        old.map(|fault| fault.path.clone()).collect()
    }

    /// Whose history the commit covers that brought a data file; None where none says so, for
    /// example since the file came out of a compaction.
    pub(crate) async fn added(
        &self,
        store: &Arc<dyn ObjectStore>,
        file: &Path,
    ) -> Result<Option<Added>, Error> {
        for path in self.commits.values() {
            let bytes = store.get(path).await?.bytes().await?;
            let Ok(actions) = actions(&bytes) else {
                continue;
            };
            let brings = |action: &Value| {
                let path = action["add"]["path"].as_str().map(decoded);
                path.as_deref() == Some(file.as_ref())
            };
            if !actions.iter().any(brings) {
                continue;
            }
            // A change rewrites rows of other commits too.
            if actions.iter().any(|action| !action["remove"].is_null()) {
                return Ok(None);
            }
            let lines = actions
                .iter()
                .find_map(|action| action["commitInfo"][APPLICATION]["lines"].as_array());
            let users = lines.into_iter().flatten();
            let users: HashSet<String> = users
                .filter_map(|line| line["user_id"].as_str().map(str::to_owned))
                .collect();
            return Ok((!users.is_empty()).then_some(Added { users }));
        }
        Ok(None)
    }
}

/// Where a commit is.
pub(crate) fn commit_path(version: u64) -> Path {
    Path::from(format!("{FOLDER}/{version:020}.json"))
}

/// The version of a file of a log, and what follows it in the name.
pub(crate) fn version(path: &Path) -> Option<(u64, &str)> {
    let name = path.as_ref().strip_prefix(FOLDER)?.strip_prefix('/')?;
    let (digits, rest) = name.split_at_checked(20)?;
    Some((digits.parse().ok()?, rest))
}

/// The actions of a commit.
pub(crate) fn actions(bytes: &[u8]) -> Result<Vec<Value>, String> {
    let Ok(text) = str::from_utf8(bytes) else {
        return Err("it is no text".to_owned());
    };
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let actions: Result<Vec<Value>, serde_json::Error> = lines.map(serde_json::from_str).collect();
    let actions = actions.map_err(|error| format!("it is no JSON: {error}"))?;
    if actions.is_empty() {
        return Err("it is empty".to_owned());
    }
    if !actions.iter().all(Value::is_object) {
        return Err("it is no commit".to_owned());
    }
    let says_so = |action: &Value| action["commitInfo"][END] == true;
    let ends = |action: &Value| action["txn"].is_object();
    let has_end = !actions.iter().any(says_so) || actions.last().is_some_and(ends);
    if !has_end || !joins_what_it_says(&actions) {
        return Err("its end is missing".to_owned());
    }
    Ok(actions)
}

/// A commit in which deltalake joins files says how many, and into how many. Other programs call these numbers by
/// other names, or give none.
fn joins_what_it_says(actions: &[Value]) -> bool {
    let said = |name: &str| {
        let mut metrics = actions
            .iter()
            .map(|it| &it["commitInfo"]["operationMetrics"]);
        metrics.find_map(|metrics| metrics[name].as_u64())
    };
    [("numFilesAdded", "add"), ("numFilesRemoved", "remove")]
        .into_iter()
        .all(|(name, kind)| {
            let count = actions.iter().filter(|it| it[kind].is_object()).count();
            said(name).is_none_or(|said| said == count as u64)
        })
}

/// A path in a log is written as an address is.
fn decoded(path: &str) -> String {
    match Path::from_url_path(path) {
        Ok(path) => path.to_string(),
        Err(_) => path.to_owned(),
    }
}
