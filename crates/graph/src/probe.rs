//! What `hobbs doctor` wants to know about signing in.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::ExposeSecret;
use serde_json::Value;

use crate::client::Client;
use crate::people::list;
use crate::sign_in::{AppCertificate, SignInError};

/// What a token says about itself. Read without checking its signature, for advice only.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SignedIn {
    /// The application permissions granted (`roles`); None where the token is opaque.
    pub permissions: Option<Vec<String>>,
    /// The tenant that the token is for (`tid`).
    pub tenant_id: Option<String>,
    /// The app's display name (`app_displayname`).
    pub app_name: Option<String>,
}

impl SignedIn {
    /// Whether a permission is granted; None where that cannot be told.
    pub fn has(&self, permission: &str) -> Option<bool> {
        let granted = self.permissions.as_ref()?;
        Some(granted.iter().any(|name| name == permission))
    }
}

impl Client {
    /// Signs in, if that has not happened yet, and tells what the token grants.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn sign_in(&self) -> Result<SignedIn, SignInError> {
        let token = self.inner.tokens.token().await?;
        Ok(claims(token.secret().expose_secret())
            .map(|claims| signed_in(&claims))
            .unwrap_or_default())
    }

    /// By how many milliseconds this machine's clock is ahead of Microsoft's (negative: behind), from the last
    /// answer that told its time; exact to about half a second. None before the first.
    pub fn clock_ahead_ms(&self) -> Option<i64> {
        self.inner.skew.ahead_ms()
    }

    /// The certificate that signs in, where one does.
    pub fn certificate(&self) -> Option<&AppCertificate> {
        self.inner.tokens.credential.certificate()
    }
}

fn claims(token: &str) -> Option<Value> {
    let mut parts = token.split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    let json = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    let claims: Value = serde_json::from_slice(&json).ok()?;
    claims.is_object().then_some(claims)
}

fn signed_in(claims: &Value) -> SignedIn {
    let text = |name: &str| claims[name].as_str().map(str::to_owned);
    let roles = list(&claims["roles"]).filter_map(|role| role.as_str().map(str::to_owned));
    SignedIn {
        permissions: Some(roles.collect()),
        tenant_id: text("tid"),
        app_name: text("app_displayname"),
    }
}
