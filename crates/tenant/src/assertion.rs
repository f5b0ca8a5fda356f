//! Client assertions: a JWT signed with the private key of a registered certificate.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use sha1::Digest;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::TenantError;
use crate::entra::EntraError;

/// How far clocks may be apart.
pub(crate) const SKEW_MS: i64 = 5 * 60_000;
/// The longest life of an assertion, in seconds. Microsoft asks for 5 to 10 minutes; some slack for skew.
const LIFETIME_MAX_S: i64 = 15 * 60;

/// A certificate that the application has registered.
pub(crate) struct Registered {
    x5t: String,
    x5t_s256: String,
    key: DecodingKey,
}

impl std::fmt::Debug for Registered {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Registered")
            .field("x5t_s256", &self.x5t_s256)
            .finish_non_exhaustive()
    }
}

/// What a good assertion proves.
#[derive(Debug)]
pub(crate) struct Proven {
    pub(crate) jti: String,
    pub(crate) expires_ms: i64,
}

#[derive(Debug, Deserialize)]
struct Claims {
    aud: Option<String>,
    iss: Option<String>,
    sub: Option<String>,
    jti: Option<String>,
    nbf: Option<i64>,
    exp: Option<i64>,
}

impl Registered {
    /// Reads a certificate with an RSA key; Entra takes no other.
    pub(crate) fn from_der(der: &[u8]) -> Result<Self, TenantError> {
        let (_, certificate) = X509Certificate::from_der(der)
            .map_err(|error| TenantError::Certificate(error.to_string()))?;
        let public_key = certificate.public_key();
        if !matches!(
            public_key.parsed(),
            Ok(x509_parser::public_key::PublicKey::RSA(_))
        ) {
            return Err(TenantError::NotRsa);
        }
        Ok(Self {
            x5t: URL_SAFE_NO_PAD.encode(sha1::Sha1::digest(der)),
            x5t_s256: URL_SAFE_NO_PAD.encode(<sha2::Sha256 as sha2::Digest>::digest(der)),
            key: DecodingKey::from_rsa_der(&public_key.subject_public_key.data),
        })
    }

    /// Verifies an assertion: thumbprint, signature, audience, names, time window.
    pub(crate) fn verify(
        registered: &[Self],
        assertion: &str,
        client_id: &str,
        audiences: &[String],
        now_ms: i64,
    ) -> Result<Proven, EntraError> {
        let malformed =
            |what: &str| EntraError::invalid_client(50_027, format!("Invalid JWT token. {what}"));
        let header = jsonwebtoken::decode_header(assertion)
            .map_err(|_| malformed("The token is malformed."))?;
        if header
            .typ
            .as_deref()
            .is_some_and(|typ| !typ.eq_ignore_ascii_case("JWT"))
        {
            return Err(malformed("The header's 'typ' is not JWT."));
        }
        if !matches!(header.alg, Algorithm::PS256 | Algorithm::RS256) {
            return Err(malformed("The signing algorithm is not supported."));
        }
        let certificate = registered
            .iter()
            .find(|known| match (&header.x5t_s256, &header.x5t) {
                (Some(thumbprint), _) => *thumbprint == known.x5t_s256,
                (None, Some(thumbprint)) => *thumbprint == known.x5t,
                (None, None) => false,
            });
        let Some(certificate) = certificate else {
            let thumbprint = header.x5t_s256.or(header.x5t).unwrap_or_default();
            let message = format!(
                "The certificate with identifier used to sign the client assertion is not registered on application. [Reason - The key was not found., Thumbprint of key used by client: '{thumbprint}']"
            );
            return Err(EntraError::invalid_client(700_027, message));
        };
        let mut rules = Validation::new(header.alg);
        rules.required_spec_claims.clear();
        rules.validate_exp = false;
        rules.validate_nbf = false;
        rules.validate_aud = false;
        let claims = jsonwebtoken::decode::<Claims>(assertion, &certificate.key, &rules)
            .map_err(|error| match error.kind() {
                jsonwebtoken::errors::ErrorKind::InvalidSignature => {
                    let message = "Client assertion failed signature validation. [Reason - The key was used but signature validation failed.]";
                    EntraError::invalid_client(700_027, message)
                }
                _ => malformed("Its claims cannot be read."),
            })?
            .claims;
        claims.check(client_id, audiences, now_ms)
    }
}

impl Claims {
    fn check(
        self,
        client_id: &str,
        audiences: &[String],
        now_ms: i64,
    ) -> Result<Proven, EntraError> {
        let same = |name: &Option<String>| {
            name.as_deref()
                .is_some_and(|name| name.eq_ignore_ascii_case(client_id))
        };
        if !same(&self.iss) || !same(&self.sub) {
            let message = "Client assertion application identifier doesn't match 'client_id' parameter. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials .";
            return Err(EntraError::invalid_client(700_021, message));
        }
        let audience = self.aud.unwrap_or_default();
        if !audiences
            .iter()
            .any(|allowed| allowed.eq_ignore_ascii_case(&audience))
        {
            let message = format!(
                "Client assertion audience claim does not match Realm issuer. Audience: '{audience}'."
            );
            return Err(EntraError::invalid_client(700_023, message));
        }
        let outside = |what: &str| {
            let message = format!(
                "Client assertion is not within its valid time range. {what} Current time: {}.",
                crate::time::iso_seconds(now_ms)
            );
            EntraError::invalid_client(700_024, message)
        };
        let (Some(exp), Some(nbf)) = (self.exp, self.nbf) else {
            return Err(outside("Claims 'nbf' and 'exp' are needed."));
        };
        if exp.saturating_sub(nbf) > LIFETIME_MAX_S {
            return Err(outside("Its lifetime is too long."));
        }
        if now_ms + SKEW_MS < nbf.saturating_mul(1000) {
            return Err(outside("It is not valid yet."));
        }
        if now_ms - SKEW_MS >= exp.saturating_mul(1000) {
            return Err(outside("It has expired."));
        }
        let jti = self.jti.filter(|jti| !jti.is_empty());
        let jti = jti.ok_or_else(|| {
            EntraError::invalid_client(50_027, "Invalid JWT token. Claim 'jti' is missing.")
        })?;
        Ok(Proven {
            jti,
            expires_ms: exp.saturating_mul(1000),
        })
    }
}
