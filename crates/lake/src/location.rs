//! Where a lake is.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use deltalake::logstore::LogStoreRef;
use deltalake::logstore::object_store::ObjectStore;
use deltalake::table::builder::DeltaTableBuilder;
use url::Url;

use crate::error::LakeError;
use crate::store::DurableFiles;

/// A folder on this machine, an address in an object store, or a store that the caller brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// An absolute path.
    Folder(PathBuf),
    /// `abfss://…`, `az://…` or `s3://…`, without a slash at the end.
    Address(Url),
    /// An object store as it is, for whoever knows better than an address where files go: tests that
    /// refuse writes, or programs with a store of their own.
    Store(OwnStore),
}

/// An object store that the caller brings; the tables are its top folders.
#[derive(Debug, Clone)]
pub struct OwnStore(Arc<dyn ObjectStore>);

impl OwnStore {
    /// Nobody but one writer may write to it at a time: no lock can be taken there.
    pub fn new(store: Arc<dyn ObjectStore>) -> Self {
        OwnStore(store)
    }
}

/// The same where it is the same object.
impl PartialEq for OwnStore {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for OwnStore {}

impl Location {
    /// Reads what a person configured: a path, relative to the current folder, or an address.
    ///
    /// # Errors
    /// The scheme is not one that this build can reach.
    pub fn parse(text: &str) -> Result<Self, LakeError> {
        let refuse = |reason: &str| LakeError::Location {
            location: text.to_owned(),
            reason: reason.to_owned(),
        };
        if text.trim().is_empty() {
            return Err(refuse("it is empty"));
        }
        let Some((scheme, _)) = text.split_once("://") else {
            let path = std::path::absolute(text).map_err(|error| refuse(&error.to_string()))?;
            return Ok(Location::Folder(path));
        };
        match scheme {
            "abfss" | "abfs" | "az" | "azure" if cfg!(feature = "azure") => {}
            "s3" | "s3a" if cfg!(feature = "s3") => {}
            "abfss" | "abfs" | "az" | "azure" => {
                return Err(refuse("this build lacks the feature `azure`"));
            }
            "s3" | "s3a" => return Err(refuse("this build lacks the feature `s3`")),
            _ => {
                return Err(refuse(
                    "the address begins neither with abfss:// nor with s3://",
                ));
            }
        }
        let url =
            Url::parse(text.trim_end_matches('/')).map_err(|error| refuse(&error.to_string()))?;
        Ok(Location::Address(url))
    }

    /// The folder, where the lake is one.
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Location::Folder(path) => Some(path),
            Location::Address(_) | Location::Store(_) => None,
        }
    }

    /// That there is no lake here.
    pub(crate) fn missing(&self) -> LakeError {
        LakeError::Missing {
            location: self.to_string(),
        }
    }

    /// An error where the lake would be a folder, and there is none.
    pub(crate) fn refuse_missing_folder(&self) -> Result<(), LakeError> {
        match self.folder() {
            Some(folder) if !folder.is_dir() => Err(self.missing()),
            _ => Ok(()),
        }
    }

    /// The log store of one table. `options` are those of object_store (`account_name`,
    /// `use_fabric_endpoint`, `bearer_token`, …) and are ignored for a folder.
    pub(crate) fn table(
        &self,
        name: &'static str,
        options: &HashMap<String, String>,
    ) -> Result<LogStoreRef, LakeError> {
        let builder = match self {
            Location::Folder(path) => {
                let url = Url::from_directory_path(path.join(name)).map_err(|()| {
                    LakeError::Location {
                        location: self.to_string(),
                        reason: "the path can't be written as an address".to_owned(),
                    }
                })?;
                DeltaTableBuilder::from_url(url.clone())
                    .map_err(|error| LakeError::table(name, error))?
                    .with_storage_backend(Arc::new(DurableFiles::new()), url)
            }
            Location::Address(base) => {
                let mut url = base.clone();
                url.set_path(&format!("{}/{name}", base.path().trim_end_matches('/')));
                DeltaTableBuilder::from_url(url)
                    .map_err(|error| LakeError::table(name, error))?
                    .with_storage_options(options.clone())
            }
            Location::Store(own) => {
                // deltalake wants an address; the scheme is the one that names no place.
                let url = Url::parse(&format!("memory:///{name}")).map_err(|error| {
                    LakeError::Location {
                        location: self.to_string(),
                        reason: error.to_string(),
                    }
                })?;
                DeltaTableBuilder::from_url(url.clone())
                    .map_err(|error| LakeError::table(name, error))?
                    .with_storage_backend(Arc::clone(&own.0), url)
            }
        };
        builder
            .build_storage()
            .map_err(|error| LakeError::table(name, error))
    }
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Location::Folder(path) => path.display().fmt(f),
            Location::Address(url) => url.fmt(f),
            Location::Store(own) => own.0.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn reads_folders_and_addresses() {
        assert!(
            Location::parse("lake")
                .unwrap()
                .folder()
                .unwrap()
                .is_absolute()
        );
        assert!(Location::parse("").is_err());
        assert!(Location::parse("ftp://host/lake").is_err());
        #[cfg(feature = "azure")]
        assert_eq!(
            Location::parse(
                "abfss://space@onelake.dfs.fabric.microsoft.com/house.Lakehouse/Tables/"
            )
            .unwrap()
            .to_string(),
            "abfss://space@onelake.dfs.fabric.microsoft.com/house.Lakehouse/Tables"
        );
    }
}
