//! The seam between the client and the network. The same client runs over real HTTP
//! ([`HttpTransport`](crate::HttpTransport)) and, in tests, over a tenant in the same process.

use async_trait::async_trait;
use bytes::Bytes;

/// Carries one request to its host and brings the whole answer back.
///
/// An implementation follows no redirect, retries nothing, and returns [`TransportError::Cut`] when a body ends
/// before its declared length.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends a request whose URI is absolute. Its extensions may hold a [`BodyLimit`].
    async fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, TransportError>;
}

/// How large the body of an answer may become, in bytes: an extension of a request. Without it, the transport's own
/// limit for a page holds; reports are far larger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyLimit(pub usize);

/// No answer arrived, or not a whole one. The texts carry no address and no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// Nothing came within the time allowed.
    #[error("no answer within the time allowed")]
    Timeout,
    /// The host could not be reached: name, route, proxy or TLS.
    #[error("the host cannot be reached: {0}")]
    Connect(String),
    /// The connection ended in the middle of the answer.
    #[error("the connection was cut in the middle of the answer")]
    Cut,
    /// The answer is larger than this client accepts.
    #[error("the answer is larger than {limit_bytes} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit_bytes: usize,
    },
    /// Anything else.
    #[error("the request failed: {0}")]
    Other(String),
}
