//! Errors of signing in, and what to do about each
//! (<https://learn.microsoft.com/entra/identity-platform/reference-error-codes>).

use std::path::PathBuf;

/// Why there is no token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// AADSTS700016.
    #[error(
        "Entra does not know the app {client_id} in this tenant (AADSTS700016); check AZURE_CLIENT_ID, and that the app is registered in this tenant"
    )]
    UnknownApp {
        /// The client id.
        client_id: String,
    },
    /// AADSTS90002, 900023.
    #[error(
        "Entra does not know the tenant {tenant} (AADSTS{number}); check AZURE_TENANT_ID and the cloud"
    )]
    UnknownTenant {
        /// The tenant, as configured.
        tenant: String,
        /// 90002, or 900023 where the text is no tenant at all.
        number: u32,
    },
    /// AADSTS7000215.
    #[error("the client secret is wrong (AADSTS7000215); give the secret's value, not its id")]
    WrongSecret,
    /// AADSTS7000222.
    #[error(
        "the client secret has expired (AADSTS7000222); make a new one in Entra, or better use a certificate"
    )]
    SecretExpired,
    /// AADSTS700027.
    #[error(
        "Entra does not accept the certificate (AADSTS700027); upload the public part of this very certificate to the app, and check that it has not expired"
    )]
    CertificateRefused,
    /// AADSTS700024.
    #[error("the clocks disagree (AADSTS700024){}; set this machine's clock", skew_text(*ahead_ms))]
    ClockSkew {
        /// By how much this machine's clock is ahead of Entra's, in milliseconds, if Entra told its time.
        ahead_ms: Option<i64>,
    },
    /// Any other refusal.
    #[error("Entra refuses to sign in the app: {description}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// The AADSTS number, where there is one.
        number: Option<u32>,
        /// Entra's words without trace ids.
        description: String,
    },
    /// The authority could not be reached, or stumbled at every attempt.
    #[error("cannot reach {host} to sign in after {attempts} attempts; the last: {last}")]
    Unreachable {
        /// The host.
        host: String,
        /// How often we tried.
        attempts: u32,
        /// What became of the last attempt.
        last: String,
    },
    /// 2xx without a token.
    #[error("{host} answered without a usable token; is it an Entra token endpoint?")]
    NoToken {
        /// The host.
        host: String,
    },
    /// A certificate, its key or its password is not usable.
    #[error(transparent)]
    Certificate(#[from] super::certificate::CertificateError),
    /// The assertion could not be signed.
    #[error("the private key cannot sign: {0}")]
    Signing(String),
    /// Workload identity: the token file.
    #[error("cannot read the federated token file {}: {problem}", path.display())]
    TokenFile {
        /// AZURE_FEDERATED_TOKEN_FILE.
        path: PathBuf,
        /// What the system says.
        problem: String,
    },
    /// Managed identity: an address that must not get the identity header.
    #[error(
        "the managed identity address {host} is neither on this machine nor link-local, nor https; it gets no identity header"
    )]
    IdentityEndpoint {
        /// The host.
        host: String,
    },
}

impl SignInError {
    /// Whether trying again a little later cannot help.
    pub const fn is_permanent(&self) -> bool {
        !matches!(self, Self::Unreachable { .. })
    }
}

fn skew_text(ahead_ms: Option<i64>) -> String {
    match ahead_ms {
        Some(ms) if ms >= 0 => format!(": this machine is {} s ahead of Entra", ms / 1000),
        Some(ms) => format!(": this machine is {} s behind Entra", -ms / 1000),
        None => String::new(),
    }
}

/// The number in `AADSTS700016: …`.
pub(super) fn aadsts_number(description: &str) -> Option<u32> {
    let (_, after) = description.split_once("AADSTS")?;
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// Entra's words up to the trace ids, which say nothing to a person.
pub(super) fn without_trace(description: &str) -> &str {
    description
        .split_once("Trace ID:")
        .map_or(description, |(before, _)| before)
        .trim()
}
