//! The token: kept, renewed ahead of its end, and renewed once when Graph does not accept it any more.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use http::header::DATE;
use http::{HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};
use tracing::{debug, warn};
use zeroize::Zeroizing;

use super::credential::{Credential, TokenRequest};
use super::error::{SignInError, aadsts_number, without_trace};
use crate::answer::{Meaning, http_date_ms, meaning, without_mark};
use crate::clock::Clock;
use crate::cloud::Endpoints;
use crate::retry::{Jitter, backoff};
use crate::scrub::{outside_text, without_secret};
use crate::stats::Counters;
use crate::transport::{Transport, TransportError};
use crate::wipe;

const ATTEMPTS_MAX: u32 = 8;
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);
/// Longer waits than this end the sign-in: the run can be started again.
const HINT_MAX: Duration = Duration::from_secs(300);
/// Entra's usual lifetime, for an answer that does not name one.
const LIFETIME_DEFAULT_S: f64 = 3600.0;
/// After a renewal ahead of time failed, the old token serves and the next try waits.
const RENEW_AGAIN_AFTER: Duration = Duration::from_secs(30);

/// A token and when it ends, on tokio's clock.
#[derive(Clone)]
pub(crate) struct Token {
    value: SecretString,
    /// None where the value can't stand in a header.
    authorization: Option<HeaderValue>,
    generation: u64,
    renew_at: Instant,
    ends_at: Instant,
}

impl Token {
    /// The value of the Authorization header, marked as sensitive. All requests share it.
    pub(crate) fn authorization(&self) -> Option<HeaderValue> {
        self.authorization.clone()
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    pub(crate) fn secret(&self) -> &SecretString {
        &self.value
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({}, [secret])", self.generation)
    }
}

/// What signing in shares with the rest of the client.
pub(crate) struct Surroundings {
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) endpoints: Endpoints,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) jitter: Arc<Jitter>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) skew: Arc<Skew>,
}

/// Gets and keeps the token of one app in one tenant.
pub(crate) struct TokenSource {
    pub(crate) tenant: String,
    pub(crate) credential: Credential,
    shared: Surroundings,
    kept: Mutex<Kept>,
    renewal: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Kept {
    token: Option<Arc<Token>>,
    generation: u64,
}

impl TokenSource {
    pub(crate) fn new(tenant: String, credential: Credential, shared: Surroundings) -> Self {
        Self {
            tenant,
            credential,
            shared,
            kept: Mutex::default(),
            renewal: tokio::sync::Mutex::new(()),
        }
    }

    /// A token that is good at this moment. One caller at a time renews it; while the old one is good, the others
    /// go on with it.
    pub(crate) async fn token(&self) -> Result<Arc<Token>, SignInError> {
        if let Some(token) = self.good_token() {
            let is_fresh = Instant::now() < token.renew_at;
            if is_fresh {
                return Ok(token);
            }
            if let Ok(_alone) = self.renewal.try_lock() {
                return Ok(self.renew_ahead(token).await);
            }
            return Ok(token);
        }
        let _alone = self.renewal.lock().await;
        match self.good_token() {
            Some(renewed_meanwhile) => Ok(renewed_meanwhile),
            None => self.renew().await,
        }
    }

    /// Graph did not accept this token. Of many that hear so at once only the first drops it.
    pub(crate) fn invalidate(&self, generation: u64) {
        let mut kept = self.kept();
        if kept
            .token
            .as_ref()
            .is_some_and(|token| token.generation == generation)
        {
            kept.token = None;
        }
    }

    fn good_token(&self) -> Option<Arc<Token>> {
        let kept = self.kept();
        let token = kept.token.as_ref()?;
        (Instant::now() < token.ends_at).then(|| Arc::clone(token))
    }

    async fn renew_ahead(&self, old: Arc<Token>) -> Arc<Token> {
        match self.renew().await {
            Ok(token) => token,
            Err(error) => {
                warn!(%error, "the token could not be renewed ahead of its end; the old one serves for now");
                let put_off = Token {
                    renew_at: Instant::now() + RENEW_AGAIN_AFTER,
                    ..Token::clone(&old)
                };
                let mut kept = self.kept();
                if kept
                    .token
                    .as_ref()
                    .is_some_and(|token| token.generation == old.generation)
                {
                    kept.token = Some(Arc::new(put_off));
                }
                old
            }
        }
    }

    async fn renew(&self) -> Result<Arc<Token>, SignInError> {
        let mut stumbles = 0;
        loop {
            let asked_at = Instant::now();
            let request = self
                .credential
                .token_request(
                    &self.shared.endpoints,
                    &self.tenant,
                    self.shared.clock.now_ms(),
                )
                .await?;
            let TokenRequest {
                request,
                secrets,
                host,
            } = request;
            self.shared.counters.token_request();
            let answer = timeout(ATTEMPT_TIMEOUT, self.shared.transport.send(request))
                .await
                .unwrap_or(Err(TransportError::Timeout));
            let scrub = |text: &str| {
                secrets.iter().fold(outside_text(text), |text, secret| {
                    without_secret(&text, secret.expose_secret())
                })
            };
            let (last, hint) = match answer {
                Err(error) => (error.to_string(), None),
                Ok(answer) => {
                    let (parts, body) = answer.into_parts();
                    let now_ms = self.shared.clock.now_ms();
                    self.shared.skew.observe(&parts.headers, now_ms);
                    match meaning(parts.status, &parts.headers, &body, now_ms) {
                        Meaning::Fine => {
                            let kept = self.keep(&body, asked_at, host);
                            wipe::wipe(body);
                            return kept;
                        }
                        Meaning::Wait { hint } | Meaning::Retry { hint, .. } => {
                            (format!("status {}", parts.status.as_u16()), hint)
                        }
                        Meaning::RenewToken(_)
                        | Meaning::Refused(_)
                        | Meaning::Redirected { .. } => {
                            match self.refusal(parts.status.as_u16(), &body, &scrub) {
                                Ok(()) => ("temporarily unavailable".to_owned(), None),
                                Err(error) => return Err(error),
                            }
                        }
                    }
                }
            };
            stumbles += 1;
            let wait = backoff(stumbles, self.shared.jitter.draw()).max(hint.unwrap_or_default());
            if stumbles >= ATTEMPTS_MAX || wait > HINT_MAX {
                return Err(SignInError::Unreachable {
                    host,
                    attempts: stumbles,
                    last,
                });
            }
            debug!(
                last,
                attempt = stumbles,
                "signing in stumbled; trying again"
            );
            sleep(wait).await;
        }
    }

    /// Entra's refusal as an error with advice; Ok where Entra calls it temporary.
    fn refusal(
        &self,
        status: u16,
        body: &[u8],
        scrub: &dyn Fn(&str) -> String,
    ) -> Result<(), SignInError> {
        let json: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
        if json["error"] == "temporarily_unavailable" {
            return Ok(());
        }
        let text = [&json["error_description"], &json["error"]]
            .into_iter()
            .find_map(|text| text.as_str().filter(|text| !text.is_empty()))
            .unwrap_or("no reason given");
        let number = aadsts_number(text);
        Err(match number {
            Some(700_016) => SignInError::UnknownApp {
                client_id: self.credential.client_id().unwrap_or("(none)").to_owned(),
            },
            Some(number @ (90_002 | 900_023)) => SignInError::UnknownTenant {
                tenant: self.tenant.clone(),
                number,
            },
            Some(7_000_215) => SignInError::WrongSecret,
            Some(7_000_222) => SignInError::SecretExpired,
            Some(700_027) => SignInError::CertificateRefused,
            Some(700_024) => SignInError::ClockSkew {
                ahead_ms: self.shared.skew.ahead_ms(),
            },
            _ => SignInError::Refused {
                status,
                number,
                description: format!("{} (status {status})", scrub(without_trace(text))),
            },
        })
    }

    fn keep(
        &self,
        body: &[u8],
        asked_at: Instant,
        host: String,
    ) -> Result<Arc<Token>, SignInError> {
        let granted: Result<Granted, _> = serde_json::from_slice(without_mark(body));
        let granted = granted.ok().filter(|it| !it.access_token.0.is_empty());
        let Some(granted) = granted else {
            return Err(SignInError::NoToken { host });
        };
        // Managed identities write numbers as text.
        let expires_in = &granted.expires_in;
        let named_s = expires_in
            .as_f64()
            .or_else(|| expires_in.as_str()?.parse().ok());
        let lifetime = Duration::try_from_secs_f64(named_s.unwrap_or(LIFETIME_DEFAULT_S))
            .unwrap_or_default()
            .min(Duration::from_secs(7 * 86_400));
        let mut kept = self.kept();
        kept.generation += 1;
        let token = Arc::new(Token {
            authorization: bearer(&granted.access_token.0),
            value: SecretString::from(granted.access_token.0.as_str()),
            generation: kept.generation,
            renew_at: asked_at + renew_after(lifetime),
            ends_at: asked_at + lifetime,
        });
        kept.token = Some(Arc::clone(&token));
        debug!(lifetime_s = lifetime.as_secs(), "signed in");
        Ok(token)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// What is read of an answer with a token.
#[derive(Deserialize)]
struct Granted {
    access_token: Wiped,
    #[serde(default)]
    expires_in: Value,
}

struct Wiped(Zeroizing<String>);

impl<'de> Deserialize<'de> for Wiped {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        String::deserialize(input).map(|text| Wiped(Zeroizing::new(text)))
    }
}

fn bearer(token: &str) -> Option<HeaderValue> {
    const SCHEME: &[u8] = b"Bearer ";
    let mut text = Zeroizing::new(Vec::with_capacity(SCHEME.len() + token.len()));
    text.extend_from_slice(SCHEME);
    text.extend_from_slice(token.as_bytes());
    let mut value = HeaderValue::from_maybe_shared(wipe::shared(text)).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Renewed after four fifths of its life, and five minutes before its end at the latest (of a life that is long
/// enough for that).
fn renew_after(lifetime: Duration) -> Duration {
    const MARGIN: Duration = Duration::from_secs(300);
    let most = lifetime.mul_f64(0.8);
    if lifetime > 2 * MARGIN {
        most.min(lifetime.saturating_sub(MARGIN))
    } else {
        most
    }
}

/// By how much this machine's clock is ahead of the services', from the Date of their answers.
#[derive(Debug)]
pub(crate) struct Skew(AtomicI64);

const UNKNOWN: i64 = i64::MIN;

impl Skew {
    pub(crate) fn unknown() -> Self {
        Self(AtomicI64::new(UNKNOWN))
    }

    pub(crate) fn observe(&self, headers: &HeaderMap, now_ms: i64) {
        let date = headers.get(DATE).and_then(|value| value.to_str().ok());
        if let Some(date_ms) = date.and_then(http_date_ms) {
            // The date is cut to whole seconds: half a second is the best guess.
            self.0.store(now_ms.saturating_sub(date_ms + 500), Relaxed);
        }
    }

    pub(crate) fn ahead_ms(&self) -> Option<i64> {
        match self.0.load(Relaxed) {
            UNKNOWN => None,
            ahead_ms => Some(ahead_ms),
        }
    }
}
