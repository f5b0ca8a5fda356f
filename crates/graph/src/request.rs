//! One request until it has an outcome: token, pace, transport, meaning, and again within the budget.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH};
use http::response::Parts;
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use secrecy::ExposeSecret;
use tokio::time::{Instant, sleep, timeout};
use tracing::{debug, trace};
use url::Url;

use crate::answer::{Meaning, RetryReason, meaning, without_mark};
use crate::client::Client;
use crate::download::DownloadAddress;
use crate::errand::Errand;
use crate::error::{GraphError, ReadError};
use crate::pace::{Pace, Pass, TooLong};
use crate::retry::backoff;
use crate::scrub::without_secret;
use crate::sign_in::Token;
use crate::transport::TransportError;

/// What a request is for: its name in logs, where no address stands.
pub(crate) type What = &'static str;

/// A 401 is answered with a fresh token. Where Graph accepted tokens of this app before, more than one is a gateway's
/// mood; where it never did, the second counts.
const UNACCEPTED_MAX: u32 = 4;

/// What one attempt brought.
enum Attempt<T> {
    Done(T),
    Final(ReadError),
    /// 401; the error is the outcome if a fresh token fares no better.
    TokenNotAccepted(GraphError),
    /// The service asks everyone to wait.
    Wait,
    Stumbled(RetryReason, String),
}

impl Client {
    /// Gets an address of Graph and reads the body of a good answer. `read` says what is wrong with a body that
    /// is not whole; then the request is sent again. `attempts` counts what was sent.
    pub(crate) async fn get<T>(
        &self,
        what: What,
        url: &Url,
        attempts: &AtomicU32,
        read: impl Fn(&[u8]) -> Result<T, String>,
    ) -> Result<T, ReadError> {
        self.run(Errand::Page, what, url, attempts, |body| read(body))
            .await
    }

    /// The same for any errand. `read` gets the body shared, so that a large one need not be copied.
    pub(crate) async fn run<T>(
        &self,
        errand: Errand,
        what: What,
        url: &Url,
        attempts: &AtomicU32,
        read: impl Fn(&Bytes) -> Result<T, String>,
    ) -> Result<T, ReadError> {
        let began = Instant::now();
        let (mut stumbles, mut waits, mut unaccepted) = (0_u32, 0_u32, 0_u32);
        loop {
            let token = self.inner.tokens.token().await?;
            let attempt = self
                .attempt(errand, what, url, &token, attempts, &read)
                .await;
            let (reason, last) = match attempt {
                Attempt::Done(value) => return Ok(value),
                Attempt::Final(error) => return Err(error),
                Attempt::TokenNotAccepted(error) => {
                    let was_accepted = self.inner.accepted_generation.load(Relaxed);
                    let is_good_elsewhere = was_accepted >= token.generation();
                    let patience = if was_accepted == 0 { 1 } else { UNACCEPTED_MAX };
                    if unaccepted >= patience {
                        let is_good = is_good_elsewhere || self.is_good(&token).await;
                        return Err(match is_good {
                            true => ReadError::Refused(error),
                            false => ReadError::TokenRefused(error),
                        });
                    }
                    // It may have run out since it was accepted; a fresh one has not.
                    if unaccepted == 0 || !is_good_elsewhere {
                        self.inner.tokens.invalidate(token.generation());
                    }
                    self.inner.counters.retry(RetryReason::TokenExpired);
                    unaccepted += 1;
                    if unaccepted == 1 {
                        continue;
                    }
                    stumbles += 1;
                    (RetryReason::TokenExpired, error.to_string())
                }
                Attempt::Wait => {
                    waits += 1;
                    self.inner.counters.retry(RetryReason::TooManyRequests);
                    (RetryReason::TooManyRequests, "429".to_owned())
                }
                Attempt::Stumbled(reason, last) => {
                    stumbles += 1;
                    self.inner.counters.retry(reason);
                    (reason, last)
                }
            };
            let budget = self.inner.budget;
            let spent = stumbles >= errand.attempts_max(budget.attempts)
                || waits >= budget.waits
                || began.elapsed() >= budget.total;
            if spent {
                return Err(ReadError::RetriesExhausted {
                    attempts: stumbles + waits,
                    last,
                });
            }
            debug!(
                what,
                reason = reason.code(),
                stumbles,
                waits,
                "trying again"
            );
            // A wait that the service asked for is the gate's business; the own backoff keeps requests that were
            // sent together from returning together.
            let in_a_row = if reason == RetryReason::TooManyRequests {
                waits
            } else {
                stumbles
            };
            sleep(backoff(in_a_row, self.inner.jitter.draw())).await;
        }
    }

    /// Whether Graph accepts this token for anything: where it does not accept it for one user, that is this user's
    /// outcome, and not the end of the run.
    async fn is_good(&self, token: &Token) -> bool {
        let query = [("$select", "id"), ("$top", "1")];
        let url = self.inner.endpoints.graph.at(&["v1.0", "users"], &query);
        let attempts = AtomicU32::new(0);
        let attempt = self
            .attempt(
                Errand::Page,
                "a token's trial",
                &url,
                token,
                &attempts,
                &|_| Ok(()),
            )
            .await;
        match attempt {
            Attempt::Done(()) => true,
            Attempt::Final(error) => error.graph_error().is_some(),
            Attempt::TokenNotAccepted(_) | Attempt::Wait | Attempt::Stumbled(..) => false,
        }
    }

    async fn attempt<T>(
        &self,
        errand: Errand,
        what: What,
        url: &Url,
        token: &Token,
        attempts: &AtomicU32,
        read: &impl Fn(&Bytes) -> Result<T, String>,
    ) -> Attempt<T> {
        let request = match authorized(errand, url, token) {
            Ok(request) => request,
            Err(error) => return Attempt::Final(error),
        };
        let pass = match self.pace_of(errand).enter(self.inner.patience).await {
            Ok(pass) => pass,
            Err(TooLong { wait }) => {
                return Attempt::Final(ReadError::Throttled { retry_after: wait });
            }
        };
        attempts.fetch_add(1, Relaxed);
        self.inner.counters.request();
        let answer = match self.send(errand, request).await {
            Ok(answer) => answer,
            Err(TransportError::TooLarge { limit_bytes }) if errand.is_report() => {
                pass.answered();
                return Attempt::Final(ReadError::TooLarge { limit_bytes });
            }
            Err(error) => return stumble(pass, &error),
        };
        let (parts, body) = answer.into_parts();
        self.inner.counters.received(body.len());
        trace!(
            what,
            status = parts.status.as_u16(),
            bytes = body.len(),
            "answer"
        );
        if is_cut(&parts.headers, &body) {
            return stumble(pass, &TransportError::Cut);
        }
        if errand == Errand::CsvReport && parts.status == StatusCode::FOUND {
            pass.answered();
            self.accepted(token);
            return match DownloadAddress::named_in(&parts.headers, &self.inner.endpoints.graph) {
                Ok(address) => self.download(what, &address, read).await,
                Err(error) => Attempt::Final(error),
            };
        }
        let body = body.slice_ref(without_mark(&body));
        self.outcome(&parts, &body, token, pass, read)
    }

    /// Gets a report from its download address: one request, without the token. If it stumbles, the report has to
    /// be asked for again, since the address may have run out.
    async fn download<T>(
        &self,
        what: What,
        address: &DownloadAddress,
        read: &impl Fn(&Bytes) -> Result<T, String>,
    ) -> Attempt<T> {
        let request = match address.request() {
            Ok(request) => request,
            Err(error) => return Attempt::Final(error),
        };
        let answer = match self.send(Errand::CsvReport, request).await {
            Ok(answer) => answer,
            Err(TransportError::TooLarge { limit_bytes }) => {
                return Attempt::Final(ReadError::TooLarge { limit_bytes });
            }
            Err(error) => {
                let last = format!("download from {}: {error}", address.place());
                return Attempt::Stumbled(reason_of(&error), last);
            }
        };
        let (parts, body) = answer.into_parts();
        self.inner.counters.received(body.len());
        let status = parts.status.as_u16();
        trace!(what, status, bytes = body.len(), "download");
        match status {
            200..=299 if is_cut(&parts.headers, &body) => {
                Attempt::Stumbled(RetryReason::Cut, TransportError::Cut.to_string())
            }
            200..=299 => done(read(&body)),
            300..=399 => Attempt::Final(ReadError::Download {
                problem: format!("{} redirects once more ({status})", address.place()),
            }),
            _ => Attempt::Stumbled(
                RetryReason::ServerError,
                format!("download from {}: status {status}", address.place()),
            ),
        }
    }

    async fn send(
        &self,
        errand: Errand,
        mut request: Request<Bytes>,
    ) -> Result<http::Response<Bytes>, TransportError> {
        let allowed = errand.timeout(self.inner.request_timeout);
        if let Some(limit) = errand.body_limit() {
            request.extensions_mut().insert(limit);
        }
        timeout(allowed, self.inner.transport.send(request))
            .await
            .unwrap_or(Err(TransportError::Timeout))
    }

    fn pace_of(&self, errand: Errand) -> &Pace {
        match errand {
            Errand::Page | Errand::IndexedPage | Errand::OptionalPage => &self.inner.pace,
            Errand::CsvReport => &self.inner.csv_reports,
            Errand::JsonReport => &self.inner.json_reports,
        }
    }

    fn accepted(&self, token: &Token) {
        self.inner
            .accepted_generation
            .fetch_max(token.generation(), Relaxed);
    }

    fn outcome<T>(
        &self,
        parts: &Parts,
        body: &Bytes,
        token: &Token,
        pass: Pass<'_>,
        read: &impl Fn(&Bytes) -> Result<T, String>,
    ) -> Attempt<T> {
        let now_ms = self.inner.clock.now_ms();
        self.inner.skew.observe(&parts.headers, now_ms);
        let scrub = |error: GraphError| without_token(error, token);
        match meaning(parts.status, &parts.headers, body, now_ms) {
            Meaning::Fine => {
                pass.answered();
                self.accepted(token);
                done(read(body))
            }
            Meaning::RenewToken(error) => {
                pass.answered();
                Attempt::TokenNotAccepted(scrub(error))
            }
            Meaning::Wait { hint } => {
                pass.throttled(hint);
                Attempt::Wait
            }
            Meaning::Retry { reason, hint } => {
                pass.overloaded(hint);
                Attempt::Stumbled(reason, format!("status {}", parts.status.as_u16()))
            }
            Meaning::Redirected { host } => {
                pass.answered();
                Attempt::Final(ReadError::Redirected {
                    status: parts.status.as_u16(),
                    host,
                })
            }
            Meaning::Refused(error) => {
                pass.answered();
                Attempt::Final(ReadError::refused(scrub(error)))
            }
        }
    }
}

fn stumble<T>(pass: Pass<'_>, error: &TransportError) -> Attempt<T> {
    let reason = reason_of(error);
    if reason == RetryReason::Timeout {
        pass.overloaded(None);
    } else {
        pass.answered();
    }
    Attempt::Stumbled(reason, error.to_string())
}

fn reason_of(error: &TransportError) -> RetryReason {
    match error {
        TransportError::Timeout => RetryReason::Timeout,
        TransportError::Connect(_) => RetryReason::Connect,
        TransportError::Cut => RetryReason::Cut,
        TransportError::TooLarge { .. } | TransportError::Other(_) => RetryReason::Unreadable,
    }
}

fn done<T>(read: Result<T, String>) -> Attempt<T> {
    match read {
        Ok(value) => Attempt::Done(value),
        Err(problem) => Attempt::Stumbled(RetryReason::Unreadable, problem),
    }
}

fn authorized(errand: Errand, url: &Url, token: &Token) -> Result<Request<Bytes>, ReadError> {
    let unusable = |problem: &str| {
        ReadError::BadRequest(GraphError {
            status: 0,
            code: "unusable_request".to_owned(),
            message: problem.to_owned(),
        })
    };
    let mut request = Request::new(Bytes::new());
    *request.uri_mut() = url
        .as_str()
        .parse()
        .map_err(|_| unusable("the address cannot be sent"))?;
    let authorization = token
        .authorization()
        .ok_or_else(|| unusable("the token cannot be sent"))?;
    let headers = request.headers_mut();
    headers.insert(AUTHORIZATION, authorization);
    headers.insert(ACCEPT, errand.accepts());
    if errand == Errand::IndexedPage {
        headers.insert("consistencylevel", HeaderValue::from_static("eventual"));
    }
    Ok(request)
}

/// Whether less came than was announced. (An unpacked body has another length than the packed one announced.)
fn is_cut(headers: &HeaderMap, body: &[u8]) -> bool {
    let announced = headers
        .get(CONTENT_LENGTH)
        .filter(|_| !headers.contains_key(CONTENT_ENCODING))
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    announced.is_some_and(|length| body.len() < length)
}

fn without_token(mut error: GraphError, token: &Token) -> GraphError {
    let secret = token.secret().expose_secret();
    error.message = without_secret(&error.message, secret);
    error.code = without_secret(&error.code, secret);
    error
}
