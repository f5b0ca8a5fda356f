//! Scripted services: a few lines each, no tenant.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use hobbs_graph::{
    Client, ClientBuilder, Credential, Endpoints, TokioClock, Transport, TransportError,
};
use http::{Request, Response};
use serde_json::{Value, json};
use tokio::time::sleep;

pub type Answer = Result<Response<Bytes>, TransportError>;

/// 2026-03-01T00:00:00Z, a Sunday.
pub const NOW_MS: i64 = 1_772_323_200_000;
pub const TOKEN: &str = "tok3n-that-must-not-leak";
pub const SECRET: &str = "s3cret-that-must-not-leak";
pub const GRAPH: &str = "http://127.0.0.1:7777";

/// A transport made of a function for Graph; sign-in always works. Requests to Graph are counted.
pub struct Script<F> {
    graph: F,
    pub requests: AtomicU64,
}

#[async_trait]
impl<F, R> Transport for Script<F>
where
    F: Fn(Request<Bytes>) -> R + Send + Sync,
    R: Future<Output = Answer> + Send,
{
    async fn send(&self, request: Request<Bytes>) -> Answer {
        if request.uri().path().ends_with("/oauth2/v2.0/token") {
            return token_answer(TOKEN, 3600);
        }
        self.requests.fetch_add(1, SeqCst);
        (self.graph)(request).await
    }
}

pub fn script<F, R>(graph: F) -> Arc<Script<F>>
where
    F: Fn(Request<Bytes>) -> R + Send + Sync,
    R: Future<Output = Answer> + Send,
{
    Arc::new(Script {
        graph,
        requests: AtomicU64::new(0),
    })
}

pub fn builder(transport: Arc<dyn Transport>) -> ClientBuilder {
    let credential = Credential::ClientSecret {
        client_id: "app".to_owned(),
        secret: SECRET.into(),
    };
    Client::builder("tenant", credential)
        .endpoints(
            Endpoints::with_bases(
                hobbs_graph::Cloud::Global,
                Some(GRAPH),
                Some("http://127.0.0.1:7778"),
            )
            .unwrap(),
        )
        .transport(transport)
        .clock(Arc::new(TokioClock::starting_at_ms(NOW_MS)))
        .seed(7)
}

pub fn answer(status: u16, body: impl Into<Bytes>) -> Response<Bytes> {
    Response::builder()
        .status(status)
        .body(body.into())
        .unwrap()
}

pub fn token_answer(token: &str, expires_in: u64) -> Answer {
    Ok(answer(
        200,
        json!({"access_token": token, "expires_in": expires_in, "token_type": "Bearer"})
            .to_string(),
    ))
}

pub fn graph_error(status: u16, code: &str, message: &str) -> Answer {
    Ok(answer(
        status,
        json!({"error": {"code": code, "message": message}}).to_string(),
    ))
}

/// A query parameter, decoded.
pub fn parameter(request: &Request<Bytes>, name: &str) -> Option<String> {
    let query = request.uri().query().unwrap_or("");
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

pub fn item(id: &str, session: &str, created_at_ms: i64) -> Value {
    let created = jiff::Timestamp::from_millisecond(created_at_ms).unwrap();
    json!({"id": id, "etag": id, "sessionId": session, "createdDateTime": created.to_string(),
        "appClass": "IPM.SkypeTeams.Message.Copilot.BizChat", "interactionType": "userPrompt",
        "body": {"contentType": "text", "content": "x"}})
}

/// The exclusive bounds of a filter, in milliseconds.
pub fn bounds_ms(filter: &str) -> (i64, i64) {
    let bound = |operator: &str| {
        let text = filter
            .split(&format!("createdDateTime {operator} "))
            .nth(1)?;
        let literal = text.split(' ').next()?;
        Some(literal.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    };
    (
        bound("gt").unwrap_or(i64::MIN),
        bound("lt").unwrap_or(i64::MAX),
    )
}

/// An item of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Listed {
    pub at_ms: i64,
    pub app: &'static str,
    pub session: i64,
    pub is_prompt: bool,
}

impl Listed {
    /// One made at this moment: apps, sessions and types stand mixed.
    pub fn at(at_ms: i64) -> Self {
        Self {
            at_ms,
            app: ["BizChat", "Word", "Excel"][at_ms.rem_euclid(3) as usize],
            session: at_ms.rem_euclid(5),
            is_prompt: at_ms.rem_euclid(2) == 0,
        }
    }

    fn json(&self) -> Value {
        let mut item = item(
            &self.at_ms.to_string(),
            &self.session.to_string(),
            self.at_ms,
        );
        item["appClass"] = json!(format!("IPM.SkypeTeams.Message.Copilot.{}", self.app));
        if !self.is_prompt {
            item["interactionType"] = json!("aiResponse");
        }
        item
    }
}

/// A user's history as Graph serves it: pages of 100, filtered by exclusive bounds; newest first as a rule.
pub struct HistoryServer {
    /// In the order in which it is served.
    pub listing: Vec<Listed>,
    pub page_size: usize,
    pub latency: Duration,
}

impl HistoryServer {
    pub fn new(mut moments_ms: Vec<i64>, latency_ms: u64) -> Arc<Self> {
        moments_ms.sort_unstable_by(|a, b| b.cmp(a));
        let listing = moments_ms.into_iter().map(Listed::at).collect();
        Arc::new(Self {
            listing,
            page_size: 100,
            latency: Duration::from_millis(latency_ms),
        })
    }

    pub async fn serve(&self, request: Request<Bytes>) -> Answer {
        sleep(self.latency).await;
        let (after_ms, before_ms, offset) = match parameter(&request, "$skiptoken") {
            Some(token) => {
                let parts: Vec<i64> = token.split('_').map(|part| part.parse().unwrap()).collect();
                (parts[0], parts[1], parts[2] as usize)
            }
            None => {
                let (after_ms, before_ms) =
                    bounds_ms(&parameter(&request, "$filter").unwrap_or_default());
                (after_ms, before_ms, 0)
            }
        };
        let inside: Vec<&Listed> = self
            .listing
            .iter()
            .filter(|item| after_ms < item.at_ms && item.at_ms < before_ms)
            .collect();
        let page = inside.iter().skip(offset).take(self.page_size);
        let mut body = json!({"value": page.map(|item| item.json()).collect::<Vec<_>>()});
        let read = offset + self.page_size;
        if inside.len() > read {
            let next = format!(
                "{GRAPH}{}?$top=100&$skiptoken={after_ms}_{before_ms}_{read}",
                request.uri().path(),
            );
            body["@odata.nextLink"] = json!(next);
        }
        Ok(answer(200, body.to_string()))
    }
}
