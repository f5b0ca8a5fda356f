//! Who signs in, and the request that each kind of credential makes.
//!
//! Microsoft's own `azure_identity` was looked at (1.0 and 1.1 beta) and left: its certificate credential wants
//! OpenSSL, PKCS#12 and signs RS256 with SHA-1; every credential refuses an authority on loopback, so that none
//! could be tested against a simulated tenant; it reads its configuration from the process environment and brings
//! an HTTP pipeline with retries of its own. What is left of managed and workload identity is below.

use std::fmt;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Request};
use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url, form_urlencoded};
use zeroize::Zeroizing;

use super::assertion;
use super::certificate::AppCertificate;
use super::error::SignInError;
use crate::cloud::Endpoints;
use crate::next_link::place;
use crate::wipe;

/// The instance metadata service of Azure's virtual machines and Kubernetes nodes.
const IMDS: &str = "http://169.254.169.254/metadata/identity/oauth2/token";

/// How the app proves who it is.
#[derive(Clone)]
pub enum Credential {
    /// A client secret.
    ClientSecret {
        /// The app's client id.
        client_id: String,
        /// The secret's value.
        secret: SecretString,
    },
    /// A certificate whose public part is registered with the app.
    Certificate {
        /// The app's client id.
        client_id: String,
        /// Certificate and key.
        certificate: AppCertificate,
    },
    /// Workload identity federation: a token that Kubernetes or a CI service writes to a file, and renews.
    WorkloadIdentity {
        /// The app's client id.
        client_id: String,
        /// AZURE_FEDERATED_TOKEN_FILE. Read for every token request.
        token_file: PathBuf,
    },
    /// The managed identity of the machine or container that hobbs runs on.
    ManagedIdentity {
        /// Of a user-assigned identity; None for the system-assigned one.
        client_id: Option<String>,
        /// Who gives the token.
        source: IdentitySource,
    },
}

/// Who gives tokens to a managed identity.
#[derive(Clone)]
pub enum IdentitySource {
    /// The metadata service of a virtual machine.
    Imds,
    /// App Service, Functions, Container Apps.
    AppService {
        /// IDENTITY_ENDPOINT.
        endpoint: String,
        /// IDENTITY_HEADER.
        header: SecretString,
    },
}

impl IdentitySource {
    /// From the environment's IDENTITY_ENDPOINT and IDENTITY_HEADER: App Service where both are set, else IMDS.
    pub fn from_values(endpoint: Option<String>, header: Option<SecretString>) -> Self {
        match (endpoint, header) {
            (Some(endpoint), Some(header)) => Self::AppService { endpoint, header },
            _ => Self::Imds,
        }
    }
}

impl Credential {
    /// Reads a certificate file (PEM or PFX).
    ///
    /// # Errors
    /// The file cannot be read (`io::Error` as text) or holds no usable certificate.
    pub fn certificate_file(
        client_id: impl Into<String>,
        path: &Path,
        password: Option<&SecretString>,
    ) -> Result<Self, SignInError> {
        let content = std::fs::read(path)
            .map(zeroize::Zeroizing::new)
            .map_err(|error| {
                super::certificate::CertificateError::Broken(format!("{}: {error}", path.display()))
            })?;
        Ok(Self::Certificate {
            client_id: client_id.into(),
            certificate: AppCertificate::read(&content, password)?,
        })
    }

    /// The client id, as far as the credential names one.
    pub fn client_id(&self) -> Option<&str> {
        match self {
            Self::ClientSecret { client_id, .. }
            | Self::Certificate { client_id, .. }
            | Self::WorkloadIdentity { client_id, .. } => Some(client_id),
            Self::ManagedIdentity { client_id, .. } => client_id.as_deref(),
        }
    }

    /// The certificate, where the credential is one.
    pub const fn certificate(&self) -> Option<&AppCertificate> {
        match self {
            Self::Certificate { certificate, .. } => Some(certificate),
            _ => None,
        }
    }

    /// `secret`, `certificate`, `workload identity` or `managed identity`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::ClientSecret { .. } => "secret",
            Self::Certificate { .. } => "certificate",
            Self::WorkloadIdentity { .. } => "workload identity",
            Self::ManagedIdentity { .. } => "managed identity",
        }
    }

    /// The request that asks for a token. Made anew for each attempt: an assertion is good once.
    pub(super) async fn token_request(
        &self,
        endpoints: &Endpoints,
        tenant: &str,
        now_ms: i64,
    ) -> Result<TokenRequest, SignInError> {
        let token_endpoint = endpoints
            .authority
            .at(&[tenant, "oauth2", "v2.0", "token"], &[]);
        let post = |client_id: &str, proof: &[(&str, &SecretString)]| {
            TokenRequest::post(&token_endpoint, client_id, &endpoints.scope, proof)
        };
        match self {
            Self::ClientSecret { client_id, secret } => {
                Ok(post(client_id, &[("client_secret", secret)]))
            }
            Self::Certificate {
                client_id,
                certificate,
            } => {
                let assertion =
                    assertion::sign(certificate, client_id, token_endpoint.as_str(), now_ms)?;
                Ok(post(client_id, &[("client_assertion", &assertion)]))
            }
            Self::WorkloadIdentity {
                client_id,
                token_file,
            } => {
                let assertion = read_token_file(token_file).await?;
                Ok(post(client_id, &[("client_assertion", &assertion)]))
            }
            Self::ManagedIdentity { client_id, source } => {
                TokenRequest::managed(source, endpoints.resource(), client_id.as_deref())
            }
        }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({}, {:?})", self.kind(), self.client_id())
    }
}

async fn read_token_file(path: &Path) -> Result<SecretString, SignInError> {
    let read = tokio::fs::read_to_string(path).await;
    let token = read.map(Zeroizing::new);
    let token = token.map_err(|error| SignInError::TokenFile {
        path: path.to_owned(),
        problem: error.to_string(),
    })?;
    Ok(SecretString::from(token.trim()))
}

/// A request for a token, with the secrets it carries, so that they can be kept out of whatever comes back.
pub(super) struct TokenRequest {
    pub(super) request: Request<Bytes>,
    pub(super) secrets: Vec<SecretString>,
    pub(super) host: String,
}

impl TokenRequest {
    fn post(endpoint: &Url, client_id: &str, scope: &str, proof: &[(&str, &SecretString)]) -> Self {
        // Never grown, since what is outgrown is not wiped: encoded, a byte takes three at most.
        let proof_bytes = proof.iter().map(|(_, value)| value.expose_secret().len());
        let encoded_bytes = 3 * (client_id.len() + scope.len() + proof_bytes.sum::<usize>());
        let form = String::with_capacity(256 + encoded_bytes);
        let mut form = form_urlencoded::Serializer::new(form);
        form.append_pair("client_id", client_id)
            .append_pair("scope", scope)
            .append_pair("grant_type", "client_credentials");
        for (name, value) in proof {
            if *name == "client_assertion" {
                form.append_pair(
                    "client_assertion_type",
                    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                );
            }
            form.append_pair(name, value.expose_secret());
        }
        let form = Zeroizing::new(form.finish().into_bytes());
        let mut request = Request::new(wipe::shared(form));
        *request.method_mut() = http::Method::POST;
        set_address(&mut request, endpoint);
        request.headers_mut().insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        Self {
            request,
            secrets: proof.iter().map(|(_, value)| (*value).clone()).collect(),
            host: place(endpoint),
        }
    }

    fn managed(
        source: &IdentitySource,
        resource: &str,
        client_id: Option<&str>,
    ) -> Result<Self, SignInError> {
        let (endpoint, api_version) = match source {
            IdentitySource::Imds => (IMDS, "2018-02-01"),
            IdentitySource::AppService { endpoint, .. } => (endpoint.as_str(), "2019-08-01"),
        };
        let refused = |host: String| SignInError::IdentityEndpoint { host };
        let mut url = Url::parse(endpoint).map_err(|_| refused("(no address)".to_owned()))?;
        if !may_get_identity_header(&url) {
            return Err(refused(place(&url)));
        }
        url.query_pairs_mut()
            .append_pair("api-version", api_version)
            .append_pair("resource", resource);
        if let Some(client_id) = client_id {
            url.query_pairs_mut().append_pair("client_id", client_id);
        }
        let mut request = Request::new(Bytes::new());
        set_address(&mut request, &url);
        let mut secrets = Vec::new();
        match source {
            IdentitySource::Imds => {
                request
                    .headers_mut()
                    .insert("metadata", HeaderValue::from_static("true"));
            }
            IdentitySource::AppService { header, .. } => {
                let mut value = HeaderValue::from_str(header.expose_secret())
                    .map_err(|_| refused("IDENTITY_HEADER is no header value".to_owned()))?;
                value.set_sensitive(true);
                request.headers_mut().insert("x-identity-header", value);
                secrets.push(header.clone());
            }
        }
        Ok(Self {
            request,
            secrets,
            host: place(&url),
        })
    }
}

fn set_address(request: &mut Request<Bytes>, url: &Url) {
    // An address that the `url` crate made is one for the `http` crate too.
    if let Ok(uri) = url.as_str().parse() {
        *request.uri_mut() = uri;
    }
    request
        .headers_mut()
        .insert(ACCEPT, HeaderValue::from_static("application/json"));
}

/// Azure serves managed identities over plain http, on this machine or on a link-local address: the one
/// exception to the rule of https.
fn may_get_identity_header(url: &Url) -> bool {
    let is_near = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback() || address.is_link_local(),
        Some(Host::Ipv6(address)) => address.is_loopback() || address.is_unicast_link_local(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    match url.scheme() {
        "https" => true,
        "http" => is_near,
        _ => false,
    }
}
