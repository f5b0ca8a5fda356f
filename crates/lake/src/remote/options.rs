//! Options of an object store, by the names that object_store gives them. Any value may be a secret.

use std::collections::BTreeMap;
use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use crate::error::LakeError;

/// Options by name, in small letters: `azure_storage_account_key`, `aws_region`, …
#[derive(Clone, Default)]
pub struct StoreOptions(BTreeMap<String, SecretString>);

/// Of how requests are tried again, as deltalake calls them.
const OF_RETRIES: [&str; 5] = [
    "max_retries",
    "retry_timeout",
    "backoff_config.init_backoff",
    "backoff_config.max_backoff",
    "backoff_config.base",
];

impl StoreOptions {
    /// Those that a person wrote down.
    ///
    /// # Errors
    /// A name is not known: a misspelled one would silently have no effect.
    pub fn written(
        options: impl IntoIterator<Item = (String, SecretString)>,
    ) -> Result<Self, LakeError> {
        let mut written = BTreeMap::new();
        for (name, value) in options {
            let name = name.to_ascii_lowercase();
            if !is_known(&name) {
                return Err(LakeError::StoreOption { name });
            }
            written.insert(name, value);
        }
        Ok(StoreOptions(written))
    }

    /// Those of the environment above them, as far as a store knows them: other programs have
    /// variables there too.
    #[must_use]
    pub fn under(mut self, environment: impl IntoIterator<Item = (String, SecretString)>) -> Self {
        for (name, value) in environment {
            let name = name.to_ascii_lowercase();
            if is_known(&name) && !value.expose_secret().is_empty() {
                self.0.insert(name, value);
            }
        }
        self
    }

    /// With a value for an option that has none yet.
    #[must_use]
    pub fn or(mut self, name: &str, value: &str) -> Self {
        self.0
            .entry(name.to_owned())
            .or_insert_with(|| SecretString::from(value));
        self
    }

    /// Whether one of them is a way into Azure's storage of its own.
    pub(super) fn let_into_azure(&self) -> bool {
        super::azure::has_way_in(self)
    }

    /// All of them, for whoever makes the store.
    pub(super) fn exposed(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.0.iter();
        pairs.map(|(name, value)| (name.as_str(), value.expose_secret()))
    }

    /// How requests are tried again.
    pub(super) fn of_retries(&self) -> impl Iterator<Item = (&str, &str)> {
        self.exposed().filter(|(name, _)| OF_RETRIES.contains(name))
    }
}

fn is_known(name: &str) -> bool {
    super::azure::is_option(name) || super::s3::is_option(name) || OF_RETRIES.contains(&name)
}

impl fmt::Debug for StoreOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, SecretString)> {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| ((*name).to_owned(), SecretString::from(*value)))
            .collect()
    }

    #[test]
    fn the_environment_stands_above_the_file_and_may_hold_anything() {
        let options = StoreOptions::written(pairs(&[
            ("azure_storage_account_name", "file"),
            ("aws_region", "file"),
        ]))
        .unwrap()
        .under(pairs(&[
            ("AZURE_STORAGE_ACCOUNT_NAME", "environment"),
            ("AZURE_CONFIG_DIR", "of the Azure CLI"),
            ("AWS_REGION", ""),
        ]));
        assert_eq!(
            options.exposed().collect::<Vec<_>>(),
            [
                ("aws_region", "file"),
                ("azure_storage_account_name", "environment")
            ]
        );
    }

    #[test]
    fn a_misspelled_name_is_refused() {
        for name in ["azure_storage_acount_key", "aws_secret_acces_key"] {
            let error = StoreOptions::written(pairs(&[(name, "hidden")]));
            let error = error.unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
            assert!(!error.contains("hidden"), "{error}");
        }
    }

    #[test]
    fn values_are_not_shown() {
        let options = StoreOptions::default().or("azure_storage_account_key", "hidden");
        assert_eq!(format!("{options:?}"), "{\"azure_storage_account_key\"}");
    }
}
