//! Azure's storage and OneLake, over their blob endpoint.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use deltalake::logstore::StorageConfig;
use deltalake::logstore::object_store::azure::{
    AzureConfigKey, AzureCredential, MicrosoftAzureBuilder,
};
use deltalake::logstore::object_store::client::{ClientConfigKey, CredentialProvider};
use deltalake::logstore::object_store::{Error, Result as StoreResult};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::address::AzureAddress;
use super::guarded::Guarded;
use super::tokens::BearerTokens;
use super::{Remote, StoreAccess, StoreOptions, refuse_plain_http};

/// What the errors of object_store call it.
const STORE: &str = "MicrosoftAzure";

/// The store that an address names. Nothing is asked of it.
pub(super) fn remote(address: &str, access: &StoreAccess) -> Result<Remote, String> {
    let address = AzureAddress::parse(address)?;
    let mut builder = MicrosoftAzureBuilder::new();
    for (key, value) in keys(&access.options) {
        builder = builder.with_config(key, value);
    }
    let config = StorageConfig::parse_options(access.options.of_retries())
        .map_err(|error| error.to_string())?;
    builder = builder
        .with_retry(config.retry)
        .with_container_name(address.container);
    if let Some(account) = address.account {
        builder = builder.with_account(account);
    }
    if builder
        .get_config_value(&AzureConfigKey::AccountName)
        .is_none()
    {
        return Err(
            "which storage account? Write abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/FOLDER, or set azure_storage_account_name under [store] or AZURE_STORAGE_ACCOUNT_NAME".to_owned(),
        );
    }
    let endpoint = match builder.get_config_value(&AzureConfigKey::Endpoint) {
        Some(text) => Some(Url::parse(&text).map_err(|_| format!("\"{text}\" is no endpoint"))?),
        None => address.endpoint,
    };
    if let Some(endpoint) = endpoint {
        refuse_plain_http(&endpoint)?;
        builder = builder
            .with_allow_http(endpoint.scheme() == "http")
            .with_endpoint(endpoint.as_str().trim_end_matches('/').to_owned());
    }
    if keys(&access.options).any(|(key, _)| key == AzureConfigKey::UseEmulator) {
        return Err(
            "for an emulator set azure_storage_endpoint (as in http://127.0.0.1:10000/devstoreaccount1), azure_storage_account_name and azure_storage_account_key, and leave azure_storage_use_emulator out".to_owned(),
        );
    }
    match (has_way_in(&access.options), &access.tokens) {
        (true, _) => {}
        (false, _) if has_app_without_secret(&access.options) => {
            return Err(
                "azure_client_id and azure_tenant_id under [store] name an app without its secret. Leave them out, and hobbs signs in to the store as it does to Graph; or set AZURE_STORAGE_CLIENT_SECRET".to_owned(),
            );
        }
        (false, Some(tokens)) => {
            builder = builder.with_credentials(Arc::new(Tokens::of(Arc::clone(tokens))));
        }
        (false, None) => {
            return Err(
                "nothing to sign in to the store with: configure the tenant's app, or set AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_SAS_TOKEN".to_owned(),
            );
        }
    }
    let store = builder.build().map_err(|error| error.to_string())?;
    Ok(Remote {
        store: Arc::new(Guarded::new(store)),
        url: address.url,
    })
}

/// Whether object_store has an option of this name. Of its short names (`token`, `endpoint`) nobody could tell
/// which store they are for.
pub(super) fn is_option(name: &str) -> bool {
    name.starts_with("azure_") && AzureConfigKey::from_str(name).is_ok()
}

fn keys(options: &StoreOptions) -> impl Iterator<Item = (AzureConfigKey, &str)> {
    let options = options.exposed();
    let options = options.filter(|(name, _)| is_option(name));
    options.filter_map(|(name, value)| {
        let key = AzureConfigKey::from_str(name).ok()?;
        // Which endpoints may be plain is not for an option to say.
        let is_ours = matches!(key, AzureConfigKey::Client(ClientConfigKey::AllowHttp));
        (!is_ours).then_some((key, value))
    })
}

/// Whether an option is a way in of its own, with which object_store gets along alone.
pub(super) fn has_way_in(options: &StoreOptions) -> bool {
    keys(options).any(|(key, _)| {
        matches!(
            key,
            AzureConfigKey::AccessKey
                | AzureConfigKey::SasKey
                | AzureConfigKey::Token
                | AzureConfigKey::ClientSecret
                | AzureConfigKey::FederatedTokenFile
                | AzureConfigKey::UseAzureCli
                | AzureConfigKey::SkipSignature
                | AzureConfigKey::UseEmulator
                | AzureConfigKey::MsiEndpoint
                | AzureConfigKey::ObjectId
                | AzureConfigKey::MsiResourceId
                | AzureConfigKey::FabricSessionToken
        )
    })
}

fn has_app_without_secret(options: &StoreOptions) -> bool {
    keys(options)
        .any(|(key, _)| matches!(key, AzureConfigKey::ClientId | AzureConfigKey::AuthorityId))
}

/// Tokens in the form that object_store takes.
struct Tokens {
    source: Arc<dyn BearerTokens>,
    /// The newest, in both forms, so that not each request makes another copy of it.
    newest: Mutex<Option<(SecretString, Arc<AzureCredential>)>>,
}

impl Tokens {
    fn of(source: Arc<dyn BearerTokens>) -> Self {
        Tokens {
            source,
            newest: Mutex::new(None),
        }
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tokens").field(&self.source).finish()
    }
}

#[async_trait]
impl CredentialProvider for Tokens {
    type Credential = AzureCredential;

    async fn get_credential(&self) -> StoreResult<Arc<AzureCredential>> {
        let token = self.source.token().await.map_err(|error| Error::Generic {
            store: STORE,
            source: Box::new(error),
        })?;
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        match &*newest {
            Some((same, credential)) if same.expose_secret() == token.expose_secret() => {
                Ok(Arc::clone(credential))
            }
            _ => {
                let bearer = AzureCredential::BearerToken(token.expose_secret().to_owned());
                let credential = Arc::new(bearer);
                *newest = Some((token, Arc::clone(&credential)));
                Ok(credential)
            }
        }
    }
}
