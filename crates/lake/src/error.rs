//! What can go wrong with a lake, and what to do about it.

use deltalake::logstore::object_store::Error as StoreError;

use crate::remote::StoreTrouble;

/// A failed operation on the lake.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// Nothing was written here yet.
    #[error(
        "there is no lake at {location} yet: run `hobbs sync` or `hobbs import` first, or name another with --lake"
    )]
    Missing {
        /// Where it was looked for.
        location: String,
    },
    /// The location is neither a folder nor an address that this build can reach.
    #[error("{location} is not a place for a lake: {reason}")]
    Location {
        /// As configured.
        location: String,
        /// Why not.
        reason: String,
    },
    /// An option of a store that no store has.
    #[error(
        "\"{name}\" under [store] is no option of a store that hobbs knows: docs/configuration.md lists them"
    )]
    StoreOption {
        /// As written.
        name: String,
    },
    /// An object store refuses, or can't be reached.
    #[error("the table {table}: {trouble}")]
    Store {
        /// The table that was to be read or written.
        table: &'static str,
        /// Why.
        trouble: StoreTrouble,
    },
    /// A store was tried out, and failed.
    #[error("hobbs can't {step} {location}: {trouble}")]
    Probe {
        /// The lake.
        location: String,
        /// What was tried.
        step: &'static str,
        /// Why it failed.
        trouble: StoreTrouble,
    },
    /// A store does not refuse a second object under one name.
    #[error(
        "the store at {location} let a second writer write over a file: two syncs at once would damage a lake there. Take a store that keeps to If-None-Match"
    )]
    Overwrites {
        /// The lake.
        location: String,
    },
    /// Another process is writing.
    #[error(
        "another hobbs{holder} is writing to the lake at {location}: wait until it has ended, or stop it with Ctrl-C or SIGTERM (what is whole is kept); nothing was changed by this command"
    )]
    Busy {
        /// The lake.
        location: String,
        /// Which, in parentheses, after a space; empty where that can't be told.
        holder: String,
    },
    /// Another process committed between our reading and our writing.
    #[error(
        "another writer committed to the table {table} at the same time; nothing of this commit was kept: run the command again"
    )]
    Conflict {
        /// The table.
        table: &'static str,
    },
    /// The lake was written by a newer hobbs.
    #[error(
        "the table {table} is of lake version {found}, this hobbs knows up to {known}: install a newer hobbs; the lake was left untouched"
    )]
    Newer {
        /// The table.
        table: &'static str,
        /// The version found.
        found: String,
        /// The newest version that this program can write.
        known: u32,
    },
    /// The lake was written by a version that was never released.
    #[error(
        "the table {table} is of lake version {found}, older than this hobbs can read: make a new lake with `hobbs sync --full`; this one was left untouched"
    )]
    Older {
        /// The table.
        table: &'static str,
        /// The version found.
        found: u32,
    },
    /// A file of the lake is damaged or missing.
    #[error(
        "the table {table} is damaged: {file}: {what}. Nothing was changed there; `hobbs lake check` says what is lost and what can be saved"
    )]
    Damaged {
        /// The table.
        table: &'static str,
        /// The file or folder.
        file: String,
        /// What is wrong with it.
        what: String,
    },
    /// The key of the lake's fingerprints is no key.
    #[error(
        "the table keys holds no valid key of fingerprints (32 hexadecimal digits): restore its folder from a copy; new texts can't be compared with old ones without it"
    )]
    Key,
    /// The diary of runs has lost the line of a run while it went on.
    #[error(
        "the run {run_id} is no longer in the table runs, so that its end could not be noted there; what it read is in the lake. Something else has changed that table: `hobbs lake check` looks at it"
    )]
    NoRun {
        /// The run.
        run_id: String,
    },
    /// The folder or its files could not be written or read.
    #[error("cannot {action} {path}: {source}{}", advice(source))]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// The file or folder.
        path: String,
        /// The system's answer.
        source: std::io::Error,
    },
    /// A query is not one that reads.
    #[error("only queries that read are allowed: {0}")]
    NotAQuery(String),
    /// A query failed.
    #[error("{0}")]
    Query(String),
    /// What does not fit in memory can't be put aside.
    #[error(
        "what does not fit in memory is kept in the temporary folder {folder} meanwhile, and nothing more can be written there ({source}): make room, or name another folder in {variable}"
    )]
    Spill {
        /// The temporary folder.
        folder: String,
        /// The system's answer.
        source: std::io::Error,
        /// The environment variable that names the folder.
        variable: &'static str,
    },
    /// The table format's own error.
    #[error(
        "table {table}: {message}. Nothing was lost by this; `hobbs lake check` says whether a file is damaged"
    )]
    Table {
        /// The table.
        table: &'static str,
        /// What the engine says.
        message: String,
    },
    /// A commit carries coverage that this program can't read.
    #[error(
        "commit {version} of interactions carries coverage that can't be read ({message}); `hobbs sync --full` reads all again"
    )]
    Carried {
        /// The commit's version.
        version: u64,
        /// What is wrong.
        message: String,
    },
}

fn advice(source: &std::io::Error) -> &'static str {
    use std::io::ErrorKind;
    match source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            ". What was committed before is whole; free some space and run the command again"
        }
        ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => {
            ". Nothing was lost; make the folder writable for this user, or name another with --lake"
        }
        _ => "",
    }
}

impl LakeError {
    pub(crate) fn io(action: &'static str, path: &std::path::Path, source: std::io::Error) -> Self {
        LakeError::Io {
            action,
            path: path.display().to_string(),
            source,
        }
    }

    /// From the engine, with the system's own error brought to light where there is one.
    pub(crate) fn table(table: &'static str, error: deltalake::DeltaTableError) -> Self {
        use deltalake::DeltaTableError;
        use deltalake::kernel::transaction::TransactionError;
        let conflict = matches!(
            &error,
            DeltaTableError::Transaction {
                source: TransactionError::CommitConflict(_)
                    | TransactionError::VersionAlreadyExists(_)
                    | TransactionError::MaxCommitAttempts(_)
            }
        );
        if conflict {
            return LakeError::Conflict { table };
        }
        if let Some(trouble) = StoreTrouble::of(&error) {
            return LakeError::Store { table, trouble };
        }
        if let Some(io) = system_error(&error) {
            return LakeError::Io {
                action: "write or read the table",
                path: table.to_owned(),
                source: std::io::Error::new(io.kind(), io.to_string()),
            };
        }
        LakeError::Table {
            table,
            message: message(&error.to_string()),
        }
    }

    pub(crate) fn query(error: datafusion::error::DataFusionError) -> Self {
        use datafusion::error::DataFusionError;
        if let Some(trouble) = StoreTrouble::of(&error) {
            return LakeError::Query(trouble.to_string());
        }
        if let Some(error) = spilling(&error) {
            return LakeError::Spill {
                folder: std::env::temp_dir().display().to_string(),
                source: std::io::Error::new(error.kind(), error.to_string()),
                variable: if cfg!(windows) { "TMP" } else { "TMPDIR" },
            };
        }
        match error {
            DataFusionError::External(error) => match error.downcast::<LakeError>() {
                Ok(error) => *error,
                Err(error) => LakeError::Query(error.to_string()),
            },
            error => LakeError::Query(error.find_root().to_string()),
        }
    }
}

/// Of a stream of rows ([`crate::SendableRecordBatchStream`]).
impl From<datafusion::error::DataFusionError> for LakeError {
    fn from(error: datafusion::error::DataFusionError) -> Self {
        LakeError::query(error)
    }
}

/// What the engine says, without the frames of its calls that follow where a backtrace was asked for.
fn message(text: &str) -> String {
    let is_frame = |line: &str| {
        let (number, _) = line.trim_start().split_once(": ").unwrap_or_default();
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    };
    let lines: Vec<&str> = text.lines().take_while(|line| !is_frame(line)).collect();
    lines.join("\n")
}

/// The system's error where one was met while rows were put aside: files of the lake are read through
/// a store, whose errors are of another kind.
fn spilling(error: &datafusion::error::DataFusionError) -> Option<&std::io::Error> {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = next {
        if error.is::<StoreError>() || error.is::<LakeError>() {
            return None;
        }
        next = error.source();
    }
    system_error(error)
}

/// The `std::io::Error` at the root of an error, if there is one: the engine wraps it in others.
pub(crate) fn system_error<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> Option<&'a std::io::Error> {
    let mut next = Some(error);
    let mut found = None;
    while let Some(error) = next {
        found = error.downcast_ref::<std::io::Error>().or(found);
        next = error.source();
    }
    found
}

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind};

    use datafusion::error::DataFusionError;
    use deltalake::arrow::error::ArrowError;

    use super::*;

    #[test]
    fn a_full_temporary_folder_is_named() {
        let full = || Error::new(ErrorKind::StorageFull, "No space left on device");
        for error in [
            DataFusionError::IoError(full()),
            DataFusionError::ArrowError(
                Box::new(ArrowError::IoError("IO error".to_owned(), full())),
                None,
            ),
        ] {
            let told = LakeError::query(error.context("while sorting")).to_string();
            let folder = std::env::temp_dir().display().to_string();
            assert!(told.contains(&folder), "{told}");
            assert!(told.contains("No space left on device"), "{told}");
        }
    }

    #[test]
    fn a_file_of_the_lake_is_not_taken_for_the_temporary_folder() {
        let error = StoreError::Generic {
            store: "LocalFileSystem",
            source: Box::new(Error::new(ErrorKind::PermissionDenied, "denied")),
        };
        let told = LakeError::query(DataFusionError::ObjectStore(Box::new(error)));
        assert!(matches!(told, LakeError::Query(_)), "{told}");
    }
}
