//! Signing in without a person: client secret, certificate, workload identity, managed identity.

mod assertion;
pub mod certificate;
mod credential;
mod error;
mod resource;
mod token_source;

pub use certificate::{AppCertificate, CertificateError};
pub use credential::{Credential, IdentitySource};
pub use error::SignInError;
pub use resource::ResourceTokens;
pub(crate) use token_source::{Skew, Surroundings, Token, TokenSource};
