//! Tokens of the same app for another service of Microsoft's than Graph, for whoever talks to that one.

use std::fmt;

use secrecy::SecretString;

use super::error::SignInError;
use super::token_source::TokenSource;

/// Gets tokens for one service, keeps the newest, and renews it ahead of its end. This crate sends them nowhere.
pub struct ResourceTokens(TokenSource);

impl ResourceTokens {
    pub(crate) fn new(source: TokenSource) -> Self {
        Self(source)
    }

    /// A token that is good at this moment.
    ///
    /// # Errors
    /// Entra can't be reached, or refuses.
    pub async fn token(&self) -> Result<SecretString, SignInError> {
        Ok(self.0.token().await?.secret().clone())
    }
}

impl fmt::Debug for ResourceTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ResourceTokens")
            .field(&self.0.credential)
            .finish()
    }
}
