//! Real HTTP, by reqwest: rustls with the platform's certificate verifier (many companies inspect TLS with a
//! root of their own), no redirects, gzip, a limit on the size of a body.

use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};

use crate::transport::{BodyLimit, Transport, TransportError};

/// A page of 100 interactions is about 1 MB; a page of 999 users less. 64 MiB is far beyond both. A
/// report is larger, and its request says so ([`BodyLimit`]).
const BODY_LIMIT_BYTES: usize = 64 * 1024 * 1024;
/// The memory that a body begins with where its length is not told, as of one that is compressed.
const USUAL_BODY_BYTES: usize = 128 * 1024;
/// No more is made ready because a server says so.
const TOLD_BODY_BYTES_MAX: usize = 4 * 1024 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// As many connections as requests may be in flight; HTTP/1.1 needs one for each.
const IDLE_CONNECTIONS_MAX: usize = 200;

/// The transport that production uses.
#[derive(Debug, Clone)]
pub struct HttpTransport {
    https: reqwest::Client,
    /// Plain http is for loopback and the metadata services of Azure. It never goes through a proxy, which would
    /// read the token.
    plain: reqwest::Client,
}

impl HttpTransport {
    /// Proxies for https come from the environment (`HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`).
    ///
    /// # Errors
    /// [`TransportError::Other`] when TLS cannot be set up on this machine.
    pub fn new() -> Result<Self, TransportError> {
        let build = |builder: reqwest::ClientBuilder| {
            builder
                .build()
                .map_err(|error| TransportError::Other(text_of(&error)))
        };
        Ok(Self {
            https: build(basis().https_only(true))?,
            plain: build(basis().no_proxy())?,
        })
    }
}

fn basis() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(concat!("hobbs/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
        .tcp_nodelay(true)
        .gzip(true)
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, TransportError> {
        let is_plain = request.uri().scheme() == Some(&http::uri::Scheme::HTTP);
        let client = if is_plain { &self.plain } else { &self.https };
        let limit_bytes = request
            .extensions()
            .get::<BodyLimit>()
            .map_or(BODY_LIMIT_BYTES, |limit| limit.0);
        let request = reqwest::Request::try_from(request).map_err(|e| meaning_of(&e))?;
        let mut answer = client.execute(request).await.map_err(|e| meaning_of(&e))?;

        let mut whole = http::Response::builder().status(answer.status());
        if let Some(headers) = whole.headers_mut() {
            headers.extend(
                answer
                    .headers()
                    .iter()
                    .map(|(name, value)| (name.clone(), value.clone())),
            );
        }
        let mut body = BytesMut::with_capacity(room_for(&answer));
        // Copied at once: hyper reads the next chunk into the same memory when the last one is let go of.
        while let Some(chunk) = answer.chunk().await.map_err(|e| meaning_of_body(&e))? {
            if body.len() + chunk.len() > limit_bytes {
                return Err(TransportError::TooLarge { limit_bytes });
            }
            body.extend_from_slice(&chunk);
        }
        whole
            .body(body.freeze())
            .map_err(|error| TransportError::Other(error.to_string()))
    }
}

/// Memory for a body, as far as its length is told and believable.
fn room_for(answer: &reqwest::Response) -> usize {
    let told = answer
        .content_length()
        .and_then(|bytes| usize::try_from(bytes).ok());
    told.unwrap_or(USUAL_BODY_BYTES).min(TOLD_BODY_BYTES_MAX)
}

fn meaning_of(error: &reqwest::Error) -> TransportError {
    if error.is_timeout() && !error.is_connect() {
        TransportError::Timeout
    } else if error.is_connect() {
        TransportError::Connect(text_of(error))
    } else if error.is_body() || error.is_decode() || was_cut(error) {
        TransportError::Cut
    } else {
        TransportError::Other(text_of(error))
    }
}

/// Whatever goes wrong once the head of the answer is in leaves half an answer.
fn meaning_of_body(error: &reqwest::Error) -> TransportError {
    if error.is_timeout() {
        TransportError::Timeout
    } else {
        TransportError::Cut
    }
}

fn was_cut(error: &reqwest::Error) -> bool {
    let chain = text_of(error);
    ["reset", "closed", "broken pipe", "incomplete", "eof"]
        .iter()
        .any(|sign| chain.to_lowercase().contains(sign))
}

/// The causes from the outermost in, without the address: reqwest prints it whole otherwise, with its query.
fn text_of(error: &reqwest::Error) -> String {
    let mut text = if error.is_connect() {
        "connection failed".to_owned()
    } else {
        "no answer".to_owned()
    };
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let words = inner.to_string();
        if !words.contains("://") && !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = inner.source();
    }
    text
}
