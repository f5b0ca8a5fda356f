//! The token endpoint: client credentials, with a secret or with an assertion that is really verified.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::{Response, StatusCode};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;
use serde_json::json;

use crate::TenantError;
use crate::answer::{Asked, uuid};
use crate::assertion::{Registered, SKEW_MS};
use crate::draw::{hash, hash_text};
use crate::options::TenantOptions;
use crate::time::entra as entra_time;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Graph hosts of the clouds, and of nobody else.
const GRAPH_HOSTS: [&str; 4] = [
    "graph.microsoft.com",
    "graph.microsoft.us",
    "dod-graph.microsoft.us",
    "microsoftgraph.chinacloudapi.cn",
];

/// The audience of Azure's storage services, the same in every cloud
/// (<https://learn.microsoft.com/azure/storage/blobs/authorize-access-azure-active-directory>).
const STORAGE_HOST: &str = "storage.azure.com";

/// An error as Entra writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EntraError {
    pub(crate) status: StatusCode,
    pub(crate) error: &'static str,
    pub(crate) number: u32,
    pub(crate) message: String,
}

impl EntraError {
    /// The client did not prove who it is: 401.
    pub(crate) fn invalid_client(number: u32, message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            error: "invalid_client",
            number,
            message: message.into(),
        }
    }

    /// The request is wrong: 400.
    fn invalid_request(error: &'static str, number: u32, message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            error,
            number,
            message: message.into(),
        }
    }

    fn respond(&self, asked: &Asked) -> Response<Bytes> {
        let trace_id = asked.request_id();
        let correlation_id = uuid(asked.salt ^ 1);
        let timestamp = entra_time(asked.now_ms);
        let description = format!(
            "AADSTS{}: {}\r\nTrace ID: {trace_id}\r\nCorrelation ID: {correlation_id}\r\nTimestamp: {timestamp}",
            self.number, self.message
        );
        let body = json!({
            "error": self.error,
            "error_description": description,
            "error_codes": [self.number],
            "timestamp": timestamp,
            "trace_id": trace_id,
            "correlation_id": correlation_id,
            "error_uri": format!("https://login.microsoftonline.com/error?code={}", self.number),
        });
        asked.respond(
            self.status,
            "application/json; charset=utf-8",
            body.to_string().into(),
        )
    }
}

/// A token that was handed out.
#[derive(Debug, Clone)]
struct Issued {
    expires_ms: i64,
    roles: Vec<String>,
    is_for_graph: bool,
}

/// Why a bearer token is not good enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadToken {
    Missing,
    Unknown,
    Expired,
}

#[derive(Serialize)]
struct AccessClaims<'a> {
    aud: &'a str,
    iss: String,
    iat: i64,
    nbf: i64,
    exp: i64,
    appid: &'a str,
    appidacr: &'a str,
    idtyp: &'a str,
    oid: String,
    roles: &'a [String],
    sub: String,
    tid: &'a str,
    uti: String,
    ver: &'a str,
}

/// Entra ID for one tenant with one application.
#[derive(Debug)]
pub(crate) struct Entra {
    seed: u64,
    tenant_id: String,
    domain: String,
    client_id: String,
    secret: Option<String>,
    secret_expires_ms: Option<i64>,
    certificates: Vec<Registered>,
    roles: Mutex<Vec<String>>,
    lifetime_s: u64,
    issued: Mutex<HashMap<String, Issued>>,
    seen_jti: Mutex<HashMap<String, i64>>,
    count: AtomicU64,
}

impl Entra {
    pub(crate) fn new(options: &TenantOptions) -> Result<Self, TenantError> {
        let certificates = options
            .certificates
            .iter()
            .map(|der| Registered::from_der(der))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            seed: options.seed,
            tenant_id: options.tenant_id.to_lowercase(),
            domain: options.domain.to_lowercase(),
            client_id: options.client_id.to_lowercase(),
            secret: options.secret.clone(),
            secret_expires_ms: options.secret_expires_ms,
            certificates,
            roles: Mutex::new(options.roles.clone()),
            lifetime_s: options.token_lifetime_s,
            issued: Mutex::default(),
            seen_jti: Mutex::default(),
            count: AtomicU64::default(),
        })
    }

    /// Answers `POST /{tenant}/oauth2/v2.0/token`.
    pub(crate) fn answer(&self, tenant: &str, form: &[u8], asked: &Asked) -> Response<Bytes> {
        let fields: HashMap<String, String> =
            url::form_urlencoded::parse(form).into_owned().collect();
        match self.check(tenant, &fields, asked) {
            Ok(audience) => self.issue(&audience, asked),
            Err(error) => error.respond(asked),
        }
    }

    /// Who has it may do what the token says. `needed`: any one of these roles.
    pub(crate) fn roles_of(
        &self,
        bearer: Option<&str>,
        now_ms: i64,
    ) -> Result<Vec<String>, BadToken> {
        let token = bearer.ok_or(BadToken::Missing)?;
        let issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        let found = issued.get(token).filter(|issued| issued.is_for_graph);
        let found = found.ok_or(BadToken::Unknown)?;
        if now_ms >= found.expires_ms {
            return Err(BadToken::Expired);
        }
        Ok(found.roles.clone())
    }

    /// All tokens handed out so far stop working.
    pub(crate) fn revoke_all(&self) {
        self.issued
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// Tokens handed out from now on carry these roles.
    pub(crate) fn grant(&self, roles: Vec<String>) {
        *self.roles.lock().unwrap_or_else(PoisonError::into_inner) = roles;
    }

    /// Checks a request in the order that Entra does; gives the audience that the scope asks for.
    fn check(
        &self,
        tenant: &str,
        fields: &HashMap<String, String>,
        asked: &Asked,
    ) -> Result<String, EntraError> {
        let tenant = tenant.to_lowercase();
        if tenant != self.tenant_id && tenant != self.domain {
            let message = format!(
                "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant."
            );
            return Err(EntraError::invalid_request(
                "invalid_request",
                90_002,
                message,
            ));
        }
        let field = |name: &str| {
            fields
                .get(name)
                .filter(|value| !value.is_empty())
                .map(String::as_str)
                .ok_or_else(|| {
                    let message =
                        format!("The request body must contain the following parameter: '{name}'.");
                    EntraError::invalid_request("invalid_request", 900_144, message)
                })
        };
        let grant = field("grant_type")?;
        if grant != "client_credentials" {
            let message = format!("The app returned an unsupported grant type '{grant}'.");
            return Err(EntraError::invalid_request(
                "unsupported_grant_type",
                70_003,
                message,
            ));
        }
        let client_id = field("client_id")?;
        if client_id.to_lowercase() != self.client_id {
            let message = format!(
                "Application with identifier '{client_id}' was not found in the directory '{}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.",
                self.domain
            );
            return Err(EntraError::invalid_request(
                "unauthorized_client",
                700_016,
                message,
            ));
        }
        let audience = audience_of(field("scope")?)?;
        match (fields.get("client_assertion"), fields.get("client_secret")) {
            (Some(assertion), _) => {
                let kind = fields
                    .get("client_assertion_type")
                    .map_or("", String::as_str);
                if kind != ASSERTION_TYPE {
                    let message =
                        "The value of parameter 'client_assertion_type' is not supported.";
                    return Err(EntraError::invalid_request(
                        "invalid_request",
                        900_144,
                        message,
                    ));
                }
                self.check_assertion(assertion, &tenant, asked)?;
            }
            (None, Some(secret)) => self.check_secret(secret, asked.now_ms)?,
            (None, None) => {
                let message = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.";
                return Err(EntraError::invalid_client(7_000_218, message));
            }
        }
        Ok(audience)
    }

    fn check_secret(&self, secret: &str, now_ms: i64) -> Result<(), EntraError> {
        let app = &self.client_id;
        if self.secret.as_deref() != Some(secret) {
            let message = format!(
                "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{app}'."
            );
            return Err(EntraError::invalid_client(7_000_215, message));
        }
        if self.secret_expires_ms.is_some_and(|end| now_ms >= end) {
            let message = format!("The provided client secret keys for app '{app}' are expired.");
            return Err(EntraError::invalid_client(7_000_222, message));
        }
        Ok(())
    }

    fn check_assertion(
        &self,
        assertion: &str,
        tenant: &str,
        asked: &Asked,
    ) -> Result<(), EntraError> {
        let endpoint =
            |authority: &str, tenant: &str| format!("{authority}/{tenant}/oauth2/v2.0/token");
        let mut audiences = Vec::new();
        let clouds = [
            "microsoftonline.com",
            "microsoftonline.us",
            "chinacloudapi.cn",
        ];
        let authorities = clouds
            .iter()
            .map(|host| format!("https://login.{host}"))
            .chain([asked.base.clone()]);
        for authority in authorities {
            for name in [tenant, &self.tenant_id, &self.domain] {
                audiences.push(endpoint(&authority, name));
            }
        }
        let proven = Registered::verify(
            &self.certificates,
            assertion,
            &self.client_id,
            &audiences,
            asked.now_ms,
        )?;
        let mut seen = self.seen_jti.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|_, expires_ms| *expires_ms + SKEW_MS > asked.now_ms);
        if seen.insert(proven.jti, proven.expires_ms).is_some() {
            let message =
                "Invalid JWT token. The client assertion with this 'jti' has been used before.";
            return Err(EntraError::invalid_client(50_027, message));
        }
        Ok(())
    }

    fn issue(&self, audience: &str, asked: &Asked) -> Response<Bytes> {
        let now_s = asked.now_ms.div_euclid(1000);
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let roles = self
            .roles
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let service_principal = uuid(hash_text(self.seed, &self.client_id));
        let claims = AccessClaims {
            aud: audience,
            iss: format!("https://sts.windows.net/{}/", self.tenant_id),
            iat: now_s,
            nbf: now_s,
            exp: now_s + self.lifetime_s as i64,
            appid: &self.client_id,
            appidacr: "2",
            idtyp: "app",
            oid: service_principal.clone(),
            roles: &roles,
            sub: service_principal,
            tid: &self.tenant_id,
            uti: uuid(hash(&[self.seed, count, 0x70_6b])),
            ver: "1.0",
        };
        let key = EncodingKey::from_secret(&hash(&[self.seed, 0x6b_65_79]).to_le_bytes().repeat(4));
        let Ok(token) = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key) else {
            let failed = EntraError::invalid_request(
                "temporarily_unavailable",
                90_033,
                "A transient error has occurred.",
            );
            return failed.respond(asked);
        };
        let expires_ms = asked.now_ms + self.lifetime_s as i64 * 1000;
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        issued.retain(|_, old| old.expires_ms + 24 * 3_600_000 > asked.now_ms);
        let issue = Issued {
            expires_ms,
            roles,
            is_for_graph: !audience.ends_with(STORAGE_HOST),
        };
        issued.insert(token.clone(), issue);
        let body = json!({
            "token_type": "Bearer",
            "expires_in": self.lifetime_s,
            "ext_expires_in": self.lifetime_s,
            "access_token": token,
        });
        asked.respond(
            StatusCode::OK,
            "application/json; charset=utf-8",
            body.to_string().into(),
        )
    }
}

/// The resource that a scope names: `.default` of a Graph host or of Azure's storage.
fn audience_of(scope: &str) -> Result<String, EntraError> {
    let known = GRAPH_HOSTS
        .iter()
        .chain([&STORAGE_HOST])
        .find(|host| scope == format!("https://{host}/.default"));
    known.map(|host| format!("https://{host}")).ok_or_else(|| {
        let message = format!("The provided value for the input parameter 'scope' is not valid. The scope {scope} is not valid.");
        EntraError::invalid_request("invalid_scope", 70_011, message)
    })
}
