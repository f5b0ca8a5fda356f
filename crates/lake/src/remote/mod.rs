//! Lakes in object stores: where they are, who lets us in, and what their answers mean.
//!
//! Azure's storage and OneLake are reached with tokens that whoever opens the lake gives
//! ([`BearerTokens`]), or with the options of object_store where these name another way in.

mod address;
mod azure;
mod guarded;
mod options;
mod probe;
mod s3;
mod tokens;
pub(crate) mod trouble;

use std::fmt;
use std::sync::Arc;

use deltalake::logstore::object_store::ObjectStore;
use url::{Host, Url};

use crate::error::LakeError;
pub use options::StoreOptions;
pub use probe::probe;
pub use tokens::{AZURE_STORAGE_SCOPE, BearerTokens, TokenError};
pub use trouble::StoreTrouble;

/// How to get into an object store.
#[derive(Debug, Clone, Default)]
pub struct StoreAccess {
    /// Options by name; one that is a way in stands above `tokens`.
    pub options: StoreOptions,
    /// Tokens for Azure's storage.
    pub tokens: Option<Arc<dyn BearerTokens>>,
}

/// A folder of an object store. Nothing was asked of the store yet.
#[derive(Clone)]
pub struct Remote {
    url: Url,
    store: Arc<dyn ObjectStore>,
}

/// Which kind of store an address names.
enum Kind {
    Azure,
    S3,
}

impl Kind {
    fn of(address: &str) -> Option<Self> {
        let (scheme, rest) = address.split_once("://")?;
        match scheme {
            "abfss" | "abfs" | "az" | "azure" => Some(Kind::Azure),
            // As the portals show it. Other hosts are refused where the address is read.
            "https" => {
                let host = rest.split('/').next().unwrap_or_default();
                (host.contains(".dfs.") || host.contains(".blob.")).then_some(Kind::Azure)
            }
            "s3" | "s3a" => Some(Kind::S3),
            _ => None,
        }
    }
}

/// Whether a lake at `address` needs tokens: it is in Azure's storage or OneLake, and no option is
/// another way in.
pub fn wants_tokens(address: &str, options: &StoreOptions) -> bool {
    matches!(Kind::of(address), Some(Kind::Azure)) && !options.let_into_azure()
}

impl Remote {
    /// # Errors
    /// The address is not one that this build can reach, or the options do not fit it.
    pub(crate) fn parse(address: &str, access: &StoreAccess) -> Result<Self, LakeError> {
        let address = address.trim_end_matches('/');
        let refuse = |reason: String| LakeError::Location {
            location: shown(address).to_owned(),
            reason,
        };
        if address.contains(['?', '#']) {
            return Err(refuse(
                "an address has neither query nor fragment; a shared access signature belongs into the environment, as AZURE_STORAGE_SAS_TOKEN".to_owned(),
            ));
        }
        match Kind::of(address) {
            Some(Kind::Azure) => azure::remote(address, access).map_err(refuse),
            Some(Kind::S3) => s3::remote(address, access).map_err(refuse),
            None => Err(refuse(
                "the address begins neither with abfss:// nor with s3://".to_owned(),
            )),
        }
    }

    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// The whole container or bucket; paths in it are those of addresses.
    pub(crate) fn store(&self) -> Arc<dyn ObjectStore> {
        Arc::clone(&self.store)
    }
}

/// The same where the address is the same.
impl PartialEq for Remote {
    fn eq(&self, other: &Self) -> bool {
        self.url == other.url
    }
}

impl Eq for Remote {}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Remote({})", self.url)
    }
}

impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.url.fmt(f)
    }
}

/// An address as a message may show it: without what might be a secret.
fn shown(address: &str) -> &str {
    let address = address.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) = address.split_once("://").unwrap_or(("", address));
    let authority = rest.split('/').next().unwrap_or_default();
    match authority.rsplit_once('@') {
        Some((user, _)) if user.contains(':') => scheme,
        _ => address,
    }
}

/// Keys and texts travel in the clear over plain http, so that it is for this machine alone.
fn refuse_plain_http(endpoint: &Url) -> Result<(), String> {
    let is_here = match endpoint.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    match endpoint.scheme() {
        "https" => Ok(()),
        "http" if is_here => Ok(()),
        "http" => Err(format!(
            "plain http is accepted for this machine alone (127.0.0.1, ::1, localhost), not for {}; use https",
            endpoint.host_str().unwrap_or_default()
        )),
        other => Err(format!("the endpoint begins with {other}://; use https")),
    }
}
