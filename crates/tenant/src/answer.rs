//! Answers, and errors as Graph writes them.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, DATE, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};
use serde_json::json;

use crate::draw::mix;
use crate::time::{http_date, iso_seconds};

/// What comes back for a request.
#[derive(Debug)]
pub enum Answer {
    /// A whole HTTP answer (its body may still be nonsense).
    Whole(Response<Bytes>),
    /// The head promises the whole body, then the connection breaks.
    Cut {
        /// Head and the whole body.
        response: Response<Bytes>,
        /// How much of the body arrives, in bytes; fewer than it has.
        keep_bytes: usize,
    },
    /// The connection breaks before any answer.
    Reset,
    /// No answer, ever; the connection stays open.
    Hang,
}

impl Answer {
    /// The head's status, where there is a head.
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Whole(response) | Self::Cut { response, .. } => Some(response.status()),
            Self::Reset | Self::Hang => None,
        }
    }
}

/// An error of Graph: status, code, message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GraphError {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl GraphError {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
        }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequest", message)
    }

    pub(crate) fn no_such_resource(id: &str) -> Self {
        let message = format!(
            "Resource '{id}' does not exist or one of its queried reference-property objects are not present."
        );
        Self::new(StatusCode::NOT_FOUND, "Request_ResourceNotFound", message)
    }
}

/// What an answer needs to know of its request.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// Now, UTC milliseconds.
    pub(crate) now_ms: i64,
    /// Identifies this attempt at this request; `request-id` is drawn from it.
    pub(crate) salt: u64,
    /// Scheme and authority that the client used, for nextLinks: `http://127.0.0.1:8080`.
    pub(crate) base: String,
    /// The client's own `client-request-id`.
    pub(crate) client_request_id: Option<String>,
}

impl Asked {
    /// `request-id`.
    pub(crate) fn request_id(&self) -> String {
        uuid(self.salt)
    }

    /// 200 with JSON.
    pub(crate) fn json(&self, body: impl Into<Bytes>) -> Response<Bytes> {
        let content_type = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8";
        self.respond(StatusCode::OK, content_type, body.into())
    }

    /// An error as Graph writes it.
    pub(crate) fn error(&self, error: &GraphError) -> Response<Bytes> {
        let request_id = self.request_id();
        let body = json!({"error": {"code": error.code, "message": error.message, "innerError": {
            "date": iso_seconds(self.now_ms).trim_end_matches('Z'),
            "request-id": request_id,
            "client-request-id": self.client_request_id.as_ref().unwrap_or(&request_id),
        }}});
        let mut response = self.respond(error.status, "application/json", body.to_string().into());
        if error.status == StatusCode::UNAUTHORIZED {
            let challenge = "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", client_id=\"00000003-0000-0000-c000-000000000000\"";
            response.headers_mut().insert(
                http::header::WWW_AUTHENTICATE,
                HeaderValue::from_static(challenge),
            );
        }
        response
    }

    /// 429 with this `Retry-After`, if any.
    pub(crate) fn too_many(&self, retry_after: Option<&str>) -> Response<Bytes> {
        let error = GraphError::new(
            StatusCode::TOO_MANY_REQUESTS,
            "TooManyRequests",
            "Too many requests",
        );
        let mut response = self.error(&error);
        if let Some(value) = retry_after.and_then(|value| HeaderValue::from_str(value).ok()) {
            response.headers_mut().insert(RETRY_AFTER, value);
        }
        response
    }

    /// Any answer, with the headers that all of them carry.
    pub(crate) fn respond(
        &self,
        status: StatusCode,
        content_type: &'static str,
        body: Bytes,
    ) -> Response<Bytes> {
        let mut response = Response::new(body);
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        let texts = [
            (DATE, http_date(self.now_ms)),
            (
                http::HeaderName::from_static("request-id"),
                self.request_id(),
            ),
            (
                http::HeaderName::from_static("client-request-id"),
                self.client_request_id
                    .clone()
                    .unwrap_or_else(|| self.request_id()),
            ),
        ];
        for (name, text) in texts {
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.insert(name, value);
            }
        }
        response
    }
}

/// A GUID that looks like any other, drawn from a hash.
pub(crate) fn uuid(salt: u64) -> String {
    let mut text = Vec::with_capacity(36);
    write_uuid(&mut text, salt);
    String::from_utf8_lossy(&text).into_owned()
}

/// Appends the GUID drawn from a hash.
pub(crate) fn write_uuid(out: &mut Vec<u8>, salt: u64) {
    write_uuid_bits(out, mix(salt), mix(salt ^ 0x7575_6964));
}

/// Appends 128 bits as a GUID of version 4.
pub(crate) fn write_uuid_bits(out: &mut Vec<u8>, high: u64, low: u64) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let high = high & !0xf000 | 0x4000;
    let low = low & !(0b11 << 62) | 0b10 << 62;
    let mut digits = [0u8; 32];
    for (place, digit) in digits.iter_mut().enumerate() {
        let word = if place < 16 { high } else { low };
        *digit = HEX[(word >> (60 - 4 * (place % 16)) & 0xf) as usize];
    }
    for (start, end) in [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)] {
        if start > 0 {
            out.push(b'-');
        }
        out.extend_from_slice(&digits[start..end]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_look_like_guids() {
        let id = uuid(7);
        assert_eq!(id.len(), 36);
        assert_eq!(&id[14..15], "4");
        assert!("89ab".contains(&id[19..20]));
        assert_ne!(id, uuid(8));
    }
}
