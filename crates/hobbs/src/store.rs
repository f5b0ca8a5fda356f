//! The way into an object store: options of the file and of the environment, and tokens of the
//! tenant's own app.

use async_trait::async_trait;
use hobbs_graph::ResourceTokens;
use hobbs_lake::{BearerTokens, TokenError};
use secrecy::SecretString;

/// What hobbs signs in to Graph with. It leads to the store through [`AppTokens`], with every kind of
/// credential, and so is no option of the store.
const SIGN_IN: [&str; 4] = [
    "AZURE_TENANT_ID",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_FEDERATED_TOKEN_FILE",
];

/// Variables that may be options of a store.
pub fn environment() -> impl Iterator<Item = (String, SecretString)> {
    let variables = std::env::vars_os().filter_map(|(name, value)| {
        let (name, value) = (name.into_string().ok()?, value.into_string().ok()?);
        Some((name, SecretString::from(value)))
    });
    variables.filter(|(name, _)| {
        let is_of_a_store = name.starts_with("AZURE_") || name.starts_with("AWS_");
        is_of_a_store && !SIGN_IN.contains(&name.as_str())
    })
}

/// Tokens for the lake's store, by the sign-in that is configured for Graph.
#[derive(Debug)]
pub struct AppTokens(pub ResourceTokens);

#[async_trait]
impl BearerTokens for AppTokens {
    async fn token(&self) -> Result<SecretString, TokenError> {
        let token = self.0.token().await;
        token.map_err(|error| TokenError(error.to_string()))
    }
}
