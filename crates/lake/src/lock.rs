//! One writer at a time for a lake in a folder.
//!
//! In an object store there is no lock: there the log's own rule (a version is written once, and a
//! sequence number of ours that two writers can't both take) turns the second writer away with
//! [`LakeError::Conflict`].

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use crate::error::LakeError;
use crate::store::create_private_folder;

/// Held while this process writes; the system lets go of it even when the process is killed.
#[derive(Debug)]
pub(crate) struct WriteLock {
    _file: File,
}

impl WriteLock {
    /// Creates the folder where it is missing, and takes its lock.
    pub(crate) fn take(folder: &Path) -> Result<Self, LakeError> {
        if !folder.is_dir() {
            create_private_folder(folder)
                .map_err(|error| LakeError::io("create the folder", folder, error))?;
        }
        let path = folder.join(".hobbs.lock");
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options
            .open(&path)
            .map_err(|error| LakeError::io("write", &path, error))?;
        match file.try_lock() {
            Ok(()) => Ok(WriteLock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(LakeError::Busy {
                location: folder.display().to_string(),
            }),
            Err(TryLockError::Error(error)) => Err(LakeError::io("lock", &path, error)),
        }
    }
}
