//! Graph as the fuzzer would have it: a transport that answers with what it is given, in order.

use std::sync::Arc;
use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;
use hobbs_graph::{Client, Cloud, Credential, Endpoints, TokioClock, Transport, TransportError};
use http::header::AUTHORIZATION;
use http::{HeaderMap, Request, Response, StatusCode};

/// Where Graph is, in a target.
pub const GRAPH: &str = "http://127.0.0.1:7777";
/// Where tokens come from.
pub const AUTHORITY: &str = "http://127.0.0.1:7778";
/// The token, which must go nowhere but to Graph, and into no message.
pub const TOKEN: &str = "tok3n-that-must-not-leak";
/// The client secret, likewise.
pub const SECRET: &str = "s3cret-that-must-not-leak";
/// 2026-03-01T00:00:00Z.
pub const NOW_MS: i64 = 1_772_323_200_000;
/// What stands between two bodies in an input.
const BETWEEN_BODIES: &[u8] = b"\n%%\n";

/// One answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// A good answer with this body.
    pub fn good(body: &[u8]) -> Answer {
        Answer {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: Bytes::copy_from_slice(body),
        }
    }
}

/// The bodies of an input: lines of `%%` stand between them.
pub fn bodies(input: &[u8]) -> Vec<&[u8]> {
    let mut bodies = Vec::new();
    let mut rest = input;
    let length = BETWEEN_BODIES.len();
    while let Some(at) = rest.windows(length).position(|it| it == BETWEEN_BODIES) {
        bodies.push(&rest[..at]);
        rest = &rest[at + length..];
    }
    bodies.push(rest);
    bodies
}

/// What a client is told, request by request; after that, 404.
#[derive(Default)]
pub struct Service {
    graph: Vec<Answer>,
    /// In place of a token.
    sign_in: Option<Answer>,
    told: Mutex<Told>,
}

#[derive(Debug, Default, Clone)]
struct Told {
    requests: Vec<String>,
}

impl Service {
    /// Graph gives these answers, one after the other.
    pub fn answering(graph: Vec<Answer>) -> Service {
        Service {
            graph,
            ..Service::default()
        }
    }

    /// Signing in gets this answer, again and again.
    pub fn signing_in_with(answer: Answer) -> Service {
        Service {
            sign_in: Some(answer),
            ..Service::default()
        }
    }

    /// The addresses that were asked for, sign-in aside.
    pub fn requests(&self) -> Vec<String> {
        self.told
            .lock()
            .map(|told| told.requests.clone())
            .unwrap_or_default()
    }
}

#[async_trait]
impl Transport for Service {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let address = request.uri().to_string();
        if address.starts_with(AUTHORITY) {
            let token = format!(r#"{{"access_token":"{TOKEN}","expires_in":3600}}"#);
            let answer = self.sign_in.clone();
            return Ok(response(
                answer.unwrap_or_else(|| Answer::good(token.as_bytes())),
            ));
        }
        let is_graph = address
            .strip_prefix(GRAPH)
            .is_some_and(|it| it.starts_with('/'));
        let has_token = request.headers().contains_key(AUTHORIZATION);
        assert!(is_graph || !has_token, "a token left for {address}");
        assert!(
            is_graph || request.headers().is_empty(),
            "headers left for {address}"
        );
        let number = match self.told.lock() {
            Ok(mut told) => {
                told.requests.push(address);
                told.requests.len() - 1
            }
            Err(_) => usize::MAX,
        };
        match self.graph.get(number) {
            Some(answer) => Ok(response(answer.clone())),
            None => Ok(response(Answer {
                status: StatusCode::NOT_FOUND,
                ..Answer::good(b"")
            })),
        }
    }
}

fn response(answer: Answer) -> Response<Bytes> {
    let mut response = Response::new(answer.body);
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    response
}

/// Lets a client talk to `service` under a stopped clock.
pub fn talk<T>(service: &Arc<Service>, with: impl AsyncFnOnce(Client) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime of one thread");
    runtime.block_on(async {
        let credential = Credential::ClientSecret {
            client_id: "app".to_owned(),
            secret: SECRET.into(),
        };
        let endpoints = Endpoints::with_bases(Cloud::Global, Some(GRAPH), Some(AUTHORITY))
            .expect("addresses on this machine");
        let transport: Arc<dyn Transport> = Arc::clone(service) as Arc<dyn Transport>;
        let client = Client::builder("tenant", credential)
            .endpoints(endpoints)
            .transport(transport)
            .clock(Arc::new(TokioClock::starting_at_ms(NOW_MS)))
            .seed(7)
            .build()
            .expect("a client");
        with(client).await
    })
}
