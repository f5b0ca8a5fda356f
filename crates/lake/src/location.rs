//! Where a lake is.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use deltalake::logstore::object_store::ObjectStore;
use deltalake::logstore::{LogStoreRef, StorageConfig, default_logstore};
use url::Url;

use crate::error::LakeError;
use crate::folder;
use crate::remote::{Remote, StoreAccess};

/// A folder on this machine, an address in an object store, or a store that the caller brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// An absolute path.
    Folder(PathBuf),
    /// `abfss://…`, `az://…` or `s3://…`, with the way in.
    Address(Remote),
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
    /// Reads what a person configured: a path, relative to the current folder, or an address, which
    /// is reached by way of `access`. Nothing is asked of a store yet.
    ///
    /// # Errors
    /// The address is not one that this build can reach, or what is in `access` does not fit it.
    pub fn parse(text: &str, access: &StoreAccess) -> Result<Self, LakeError> {
        let refuse = |reason: &str| LakeError::Location {
            location: text.to_owned(),
            reason: reason.to_owned(),
        };
        if text.trim().is_empty() {
            return Err(refuse("it is empty"));
        }
        if text.contains("://") {
            return Remote::parse(text, access).map(Location::Address);
        }
        let path = std::path::absolute(text).map_err(|error| refuse(&error.to_string()))?;
        Ok(Location::Folder(without_parents(&path)))
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

    /// The log store of one table.
    pub(crate) fn table(&self, name: &'static str) -> Result<LogStoreRef, LakeError> {
        let refuse = |reason: String| LakeError::Location {
            location: self.to_string(),
            reason,
        };
        let (store, url): (Arc<dyn ObjectStore>, Url) = match self {
            Location::Folder(path) => folder::table(path, name).map_err(refuse)?,
            Location::Address(remote) => {
                let mut url = remote.url().clone();
                url.set_path(&format!("{}/{name}", url.path().trim_end_matches('/')));
                (remote.store(), url)
            }
            Location::Store(own) => {
                // deltalake wants an address; the scheme is the one that names no place.
                let url = Url::parse(&format!("memory:///{name}"));
                let url = url.map_err(|error| refuse(error.to_string()));
                (Arc::clone(&own.0), url?)
            }
        };
        // deltalake's own look-up knows only the schemes of the stores that it brings.
        let config = StorageConfig::default();
        let of_table = config.decorate_store(Arc::clone(&store), &url);
        let of_table = of_table.map_err(|error| LakeError::table(name, error))?;
        Ok(default_logstore(Arc::new(of_table), store, &url, &config))
    }
}

/// The same place without `..`, which the engine's paths do not know. Where a link leads, `..` is the
/// folder above its target, as everywhere in the system.
fn without_parents(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        if part == Component::ParentDir {
            // A folder that is not there yet is no link.
            plain = plain.canonicalize().unwrap_or(plain);
            plain.pop();
        } else {
            plain.push(part);
        }
    }
    plain
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Location::Folder(path) => path.display().fmt(f),
            Location::Address(remote) => remote.fmt(f),
            Location::Store(own) => own.0.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::remote::StoreOptions;

    fn parsed(text: &str) -> Result<Location, LakeError> {
        let options = StoreOptions::default()
            .or("azure_storage_account_key", "aGlkZGVu")
            .or("azure_storage_sas_token", "sig=hidden");
        let tokens = None;
        Location::parse(text, &StoreAccess { options, tokens })
    }

    #[test]
    fn reads_folders_and_addresses() {
        let folder = parsed("lake").unwrap();
        assert!(folder.folder().unwrap().is_absolute());
        assert!(parsed("").is_err());
        assert!(parsed("ftp://host/lake").is_err());
        assert_eq!(
            parsed("abfss://space@onelake.dfs.fabric.microsoft.com/house.Lakehouse/Tables/")
                .unwrap()
                .to_string(),
            "abfss://space@onelake.dfs.fabric.microsoft.com/house.Lakehouse/Tables"
        );
    }

    #[test]
    fn tables_lie_below_the_address_and_show_no_key() {
        for (text, table) in [
            (
                "abfss://lake@acme.dfs.core.usgovcloudapi.net/",
                "abfss://lake@acme.dfs.core.usgovcloudapi.net/runs/",
            ),
            (
                "abfss://lake@acme.dfs.core.chinacloudapi.cn/a%20b/hobbs",
                "abfss://lake@acme.dfs.core.chinacloudapi.cn/a%20b/hobbs/runs/",
            ),
        ] {
            let location = parsed(text).unwrap();
            let log = location.table("runs").unwrap();
            assert_eq!(log.root_url().as_str(), table);
            let shown = format!("{location:?} {log:?} {:?}", log.object_store(None));
            assert!(!shown.contains("104, 105, 100"), "{shown}");
            assert!(!shown.contains("hidden"), "{shown}");
        }
    }

    #[test]
    fn a_secret_in_an_address_is_refused_and_not_repeated() {
        for text in [
            "abfss://lake@acme.dfs.core.windows.net/hobbs?sv=1&sig=secret",
            "abfss://lake:secret@acme.dfs.core.windows.net/hobbs",
        ] {
            let error = parsed(text).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn plain_http_is_for_this_machine_alone() {
        let with = |endpoint: &str| {
            let options = StoreOptions::default()
                .or("azure_storage_account_name", "acme")
                .or("azure_storage_account_key", "aGlkZGVu")
                .or("azure_allow_http", "true")
                .or("azure_storage_endpoint", endpoint);
            let tokens = None;
            Location::parse("az://lake/hobbs", &StoreAccess { options, tokens })
        };
        with("http://127.0.0.1:10000/devstoreaccount1").unwrap();
        with("https://store.example.com").unwrap();
        with("http://10.0.0.1/devstoreaccount1").unwrap_err();
        with("http://store.example.com").unwrap_err();
    }

    #[test]
    fn a_lake_in_s3_is_a_bucket_and_a_folder() {
        let with = |text: &str, name: &str, value: &str| {
            let options = StoreOptions::default()
                .or("aws_access_key_id", "AKIAHIDDEN")
                .or("aws_secret_access_key", "hidden")
                .or(name, value);
            let tokens = None;
            Location::parse(text, &StoreAccess { options, tokens })
        };
        let location = with("s3://acme/hobbs/", "aws_region", "eu-central-1").unwrap();
        let log = location.table("runs").unwrap();
        assert_eq!(log.root_url().as_str(), "s3://acme/hobbs/runs/");
        let shown = format!("{location:?} {log:?} {:?}", log.object_store(None));
        assert!(!shown.to_lowercase().contains("hidden"), "{shown}");
        with(
            "s3://acme/hobbs",
            "aws_endpoint_url",
            "http://127.0.0.1:9000",
        )
        .unwrap();
        for (text, name, value) in [
            (
                "s3://acme/hobbs",
                "aws_endpoint_url",
                "http://10.0.0.1:9000",
            ),
            ("s3://acme/hobbs", "aws_conditional_put", "disabled"),
            ("s3://key:hidden@acme/hobbs", "aws_region", "eu-central-1"),
            ("s3:///hobbs", "aws_region", "eu-central-1"),
        ] {
            let error = with(text, name, value).unwrap_err().to_string();
            assert!(!error.to_lowercase().contains("hidden"), "{error}");
        }
    }

    #[test]
    fn a_profile_and_half_a_key_are_no_sign_in_to_s3() {
        let with = |options: &[(&str, &str)]| {
            let options = options.iter().fold(
                StoreOptions::default().or("aws_region", "eu-central-1"),
                |options, (name, value)| options.or(name, value),
            );
            let tokens = None;
            Location::parse("s3://acme/hobbs", &StoreAccess { options, tokens })
        };
        let (id, secret) = (("aws_access_key_id", "a"), ("aws_secret_access_key", "b"));
        let (token, role) = (
            ("aws_web_identity_token_file", "/token"),
            ("aws_role_arn", "arn:aws:iam::1:role/a"),
        );
        let profile = ("aws_profile", "work");
        for options in [
            vec![id],
            vec![secret],
            vec![token],
            vec![role],
            vec![profile],
        ] {
            let error = with(&options).unwrap_err().to_string();
            assert!(error.contains("AWS_"), "{options:?}: {error}");
        }
        for options in [
            vec![],
            vec![id, secret],
            vec![token, role],
            vec![profile, id, secret],
        ] {
            with(&options).unwrap();
        }
    }

    #[test]
    fn somebody_has_to_be_let_in() {
        let address = "abfss://lake@acme.dfs.core.windows.net/hobbs";
        let error = Location::parse(address, &StoreAccess::default()).unwrap_err();
        assert!(
            error.to_string().contains("AZURE_STORAGE_ACCOUNT_KEY"),
            "{error}"
        );
        let options = StoreOptions::default().or("azure_client_id", "of an app");
        let error = Location::parse(
            address,
            &StoreAccess {
                options,
                tokens: None,
            },
        )
        .unwrap_err();
        assert!(
            error.to_string().contains("AZURE_STORAGE_CLIENT_SECRET"),
            "{error}"
        );
    }

    #[test]
    fn tokens_are_wanted_where_no_option_is_a_way_in() {
        use crate::remote::wants_tokens;
        let none = StoreOptions::default();
        let of_retries = none.clone().or("max_retries", "2");
        assert!(wants_tokens(
            "abfss://a@b.dfs.core.windows.net/c",
            &of_retries
        ));
        assert!(wants_tokens(
            "https://onelake.dfs.fabric.microsoft.com/a/b",
            &none
        ));
        assert!(!wants_tokens("s3://bucket/lake", &none));
        assert!(!wants_tokens("lake", &none));
        for way_in in [
            "azure_storage_account_key",
            "azure_storage_sas_token",
            "azure_use_azure_cli",
        ] {
            let options = none.clone().or(way_in, "true");
            assert!(!wants_tokens("az://lake/hobbs", &options), "{way_in}");
        }
    }
}
