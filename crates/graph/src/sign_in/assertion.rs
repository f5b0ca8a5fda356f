//! The client assertion: a JWT that proves possession of the certificate's private key
//! (<https://learn.microsoft.com/entra/identity-platform/certificate-credentials>).

use jsonwebtoken::{Algorithm, Header};
use secrecy::SecretString;
use serde::Serialize;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::certificate::AppCertificate;
use super::error::SignInError;

const LIFETIME_S: i64 = 600;

#[derive(Serialize)]
struct Claims<'a> {
    aud: &'a str,
    iss: &'a str,
    sub: &'a str,
    jti: String,
    nbf: i64,
    iat: i64,
    exp: i64,
}

/// Signs an assertion for one token request; its `jti` is fresh, so it is good once.
pub(super) fn sign(
    certificate: &AppCertificate,
    client_id: &str,
    token_endpoint: &str,
    now_ms: i64,
) -> Result<SecretString, SignInError> {
    let mut header = Header::new(Algorithm::PS256);
    header.x5t_s256 = Some(certificate.thumbprint().to_owned());
    let now_s = now_ms.div_euclid(1000);
    let claims = Claims {
        aud: token_endpoint,
        iss: client_id,
        sub: client_id,
        jti: Uuid::new_v4().to_string(),
        nbf: now_s,
        iat: now_s,
        exp: now_s + LIFETIME_S,
    };
    jsonwebtoken::encode(&header, &claims, certificate.key())
        .map(Zeroizing::new)
        .map(|jwt| SecretString::from(jwt.as_str()))
        .map_err(|error| SignInError::Signing(error.to_string()))
}
