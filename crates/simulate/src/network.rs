//! The way between client and tenant: slow, uneven, and watched.

use std::collections::{BTreeSet, HashMap};
use std::future::pending;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use hobbs_graph::{Clock as _, TokioClock, Transport, TransportError};
use hobbs_tenant::{Answer, Tenant};
use http::header::AUTHORIZATION;
use http::{Request, Response};

use crate::chance::hash;

/// What was seen on the way, since a process began.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Requests sent.
    pub requests: u64,
    /// When each user's history was first asked for, by object id; true UTC milliseconds.
    pub asked_ms: HashMap<String, i64>,
    /// Hosts that were sent to.
    pub hosts: BTreeSet<String>,
    /// Hosts that a token or a secret went to.
    pub trusted: BTreeSet<String>,
    /// A number that differs where anything was sent in another order or at another time.
    pub trace: u64,
}

/// Carries requests to the tenant.
pub struct Network {
    /// Whom it leads to.
    pub tenant: Arc<Tenant>,
    /// The true time.
    pub truth: TokioClock,
    /// The longest way of an answer, in milliseconds; each is drawn, so that they overtake each other.
    pub answer_ms: u64,
    /// Share of the requests that never arrive, or whose answer never does.
    pub lost: f64,
    /// What the draws are made of.
    pub salt: u64,
    /// What was seen.
    pub seen: Arc<Mutex<Seen>>,
}

/// Requests may arrive that much later than they left, and the client knows.
const WAY_THERE_MS: u64 = 40;

impl Network {
    fn note(&self, request: &Request<Bytes>) -> u64 {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let uri = request.uri();
        let host = uri.host().unwrap_or_default().to_owned();
        let is_sign_in = uri.path().ends_with("/token");
        if request.headers().contains_key(AUTHORIZATION) || is_sign_in {
            seen.trusted.insert(host.clone());
        }
        seen.hosts.insert(host);
        let now_ms = self.truth.now_ms();
        if let Some(user_id) = user_of(uri.path()) {
            seen.asked_ms.entry(user_id.to_owned()).or_insert(now_ms);
        }
        seen.requests += 1;
        let text = uri.path_and_query().map_or("", |path| path.as_str());
        let text = text.bytes().fold(0, |all, byte| hash(&[all, byte.into()]));
        seen.trace = hash(&[seen.trace, now_ms.cast_unsigned(), text]);
        seen.requests
    }
}

/// Whose history a path asks for.
fn user_of(path: &str) -> Option<&str> {
    let (_, rest) = path.split_once("/copilot/users/")?;
    let (user_id, rest) = rest.split_once('/')?;
    rest.starts_with("interactionHistory").then_some(user_id)
}

#[async_trait]
impl Transport for Network {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let number = self.note(&request);
        let draw = |what: u64| hash(&[self.salt, number, what]);
        let wait = |most_ms: u64, what| Duration::from_millis(draw(what) % (most_ms + 1));
        let unit = (draw(1) >> 11) as f64 / (1_u64 << 53) as f64;
        tokio::time::sleep(wait(WAY_THERE_MS, 2)).await;
        if unit < self.lost / 2.0 {
            return Err(TransportError::Connect("no route to the host".to_owned()));
        }
        let answer = self.tenant.answer(request).await;
        tokio::time::sleep(wait(self.answer_ms, 3)).await;
        match answer {
            _ if unit < self.lost => Err(TransportError::Cut),
            Answer::Whole(response) => Ok(response),
            Answer::Cut { .. } | Answer::Reset => Err(TransportError::Cut),
            Answer::Hang => pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::user_of;

    #[test]
    fn only_histories_are_of_a_user() {
        let path = "/v1.0/copilot/users/u-1/interactionHistory/getAllEnterpriseInteractions";
        assert_eq!(user_of(path), Some("u-1"));
        assert_eq!(user_of("/v1.0/users/u-1"), None);
        assert_eq!(user_of("/v1.0/copilot/reports/x"), None);
    }
}
