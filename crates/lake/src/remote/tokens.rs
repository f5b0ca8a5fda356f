//! Tokens for a store, from whoever can sign in.

use std::fmt;

use async_trait::async_trait;
use secrecy::SecretString;

/// What a token for Azure's storage and OneLake is asked for; the same in every cloud
/// (<https://learn.microsoft.com/azure/storage/blobs/authorize-access-azure-active-directory>).
pub const AZURE_STORAGE_SCOPE: &str = "https://storage.azure.com/.default";

/// Whoever can sign in. Nothing of a token may be in what `Debug` shows.
#[async_trait]
pub trait BearerTokens: fmt::Debug + Send + Sync {
    /// A token that is good at this moment and for some minutes more. Asked before each request, so
    /// it should be kept until it is about to end.
    ///
    /// # Errors
    /// There is none.
    async fn token(&self) -> Result<SecretString, TokenError>;
}

/// Why there is no token, in words that say what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TokenError(pub String);
