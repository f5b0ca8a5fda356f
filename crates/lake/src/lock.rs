//! One writer at a time for a lake in a folder.
//!
//! In an object store there is no lock: there the log's own rule (a version is written once, and a
//! sequence number of ours that two writers can't both take) turns the second writer away with
//! [`LakeError::Conflict`].

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
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
        options.create(true).truncate(false).read(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options
            .open(&path)
            .map_err(|error| LakeError::io("write", &path, error))?;
        match file.try_lock() {
            Ok(()) => {
                name_holder(&mut file);
                Ok(WriteLock { _file: file })
            }
            Err(TryLockError::WouldBlock) => Err(LakeError::Busy {
                location: folder.display().to_string(),
                holder: holder(&mut file),
            }),
            Err(TryLockError::Error(error)) => Err(LakeError::io("lock", &path, error)),
        }
    }
}

/// Says in the file who holds it. It is for people alone, so a full disk is no reason to fail.
fn name_holder(file: &mut File) {
    let written = file
        .set_len(0)
        .and_then(|()| write!(file, "process {}", std::process::id()));
    if let Err(error) = written {
        tracing::debug!(%error, "the lock does not say who holds it");
    }
}

/// Who holds the lock, where it can be read (Windows lets nobody read a locked file).
fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.take(64).read_to_string(&mut text);
    let is_number = |number: &str| number.parse::<u32>().is_ok();
    match text
        .strip_prefix("process ")
        .filter(|number| is_number(number))
    {
        Some(_) if read.is_ok() => format!(" ({text})"),
        _ => String::new(),
    }
}
