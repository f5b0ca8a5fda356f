//! Tokens: asked for as the contract wants it, kept, renewed in time and once.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use hobbs_graph::sign_in::IdentitySource;
use hobbs_graph::{Client, Credential, ReadError, SignInError, Transport, TransportError};
use http::Request;
use secrecy::ExposeSecret;
use serde_json::json;
use tokio::time::sleep;

use crate::script::*;

/// An authority and a Graph that knows which token is good.
struct Tenant {
    lifetime_s: u64,
    issued: AtomicU64,
    /// Tokens before this one are not accepted.
    good_from: AtomicU64,
    token_requests: Mutex<Vec<Request<Bytes>>>,
    token_answers: Mutex<Vec<Answer>>,
}

impl Tenant {
    fn new(lifetime_s: u64) -> Arc<Self> {
        Arc::new(Self {
            lifetime_s,
            issued: AtomicU64::new(0),
            good_from: AtomicU64::new(0),
            token_requests: Mutex::default(),
            token_answers: Mutex::default(),
        })
    }

    fn asked(&self) -> usize {
        self.token_requests.lock().unwrap().len()
    }

    fn forms(&self) -> Vec<Vec<(String, String)>> {
        let requests = self.token_requests.lock().unwrap();
        requests
            .iter()
            .map(|request| {
                url::form_urlencoded::parse(request.body())
                    .into_owned()
                    .collect()
            })
            .collect()
    }
}

#[async_trait]
impl Transport for Tenant {
    async fn send(&self, request: Request<Bytes>) -> Answer {
        sleep(Duration::from_millis(100)).await;
        if request.headers().get("authorization").is_none() {
            self.token_requests.lock().unwrap().push(request);
            let scripted = self.token_answers.lock().unwrap().pop();
            return scripted.unwrap_or_else(|| {
                token_answer(
                    &format!("t{}", self.issued.fetch_add(1, SeqCst)),
                    self.lifetime_s,
                )
            });
        }
        let token = request.headers()["authorization"]
            .to_str()
            .unwrap()
            .strip_prefix("Bearer t")
            .unwrap();
        let is_good = token.parse::<u64>().unwrap() >= self.good_from.load(SeqCst);
        if is_good {
            Ok(answer(200, r#"{"id":"u"}"#))
        } else {
            graph_error(401, "InvalidAuthenticationToken", "expired")
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_form_of_a_secret() {
    let tenant = Tenant::new(3600);
    let client = builder(tenant.clone()).build().unwrap();
    client.user("u").await.unwrap();
    client.user("u").await.unwrap();
    assert_eq!(
        tenant.forms(),
        [vec![
            ("client_id".to_owned(), "app".to_owned()),
            (
                "scope".to_owned(),
                "https://graph.microsoft.com/.default".to_owned()
            ),
            ("grant_type".to_owned(), "client_credentials".to_owned()),
            ("client_secret".to_owned(), SECRET.to_owned()),
        ]]
    );
    let request = tenant.token_requests.lock().unwrap().remove(0);
    assert_eq!(request.method(), "POST");
    assert_eq!(
        request.uri(),
        "http://127.0.0.1:7778/tenant/oauth2/v2.0/token"
    );
    assert_eq!(
        request.headers()["content-type"],
        "application/x-www-form-urlencoded"
    );
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_ahead_of_its_end() {
    let tenant = Tenant::new(3600);
    let client = builder(tenant.clone()).build().unwrap();
    client.user("u").await.unwrap();
    sleep(Duration::from_secs(2_800)).await;
    client.user("u").await.unwrap();
    assert_eq!(tenant.asked(), 1);
    sleep(Duration::from_secs(200)).await;
    // Four fifths are over. Of many at once, one renews.
    let many = (0..20).map(|_| client.user("u"));
    for outcome in futures::future::join_all(many).await {
        outcome.unwrap();
    }
    assert_eq!(tenant.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn while_the_authority_is_down_the_old_token_serves() {
    let tenant = Tenant::new(3600);
    let client = builder(tenant.clone()).build().unwrap();
    client.user("u").await.unwrap();
    sleep(Duration::from_secs(3_000)).await;
    for _ in 0..8 {
        tenant
            .token_answers
            .lock()
            .unwrap()
            .push(Ok(answer(503, "")));
    }
    client.user("u").await.unwrap();
    assert_eq!(client.statistics().token_requests, 9);
}

#[tokio::test(start_paused = true)]
async fn many_401s_at_once_lead_to_one_renewal() {
    let tenant = Tenant::new(3600);
    let client = builder(tenant.clone()).build().unwrap();
    client.user("u").await.unwrap();
    tenant.good_from.store(1, SeqCst);
    let many = (0..20).map(|_| client.user("u"));
    for outcome in futures::future::join_all(many).await {
        outcome.unwrap();
    }
    assert_eq!(tenant.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_fresh_token_that_is_refused_is_an_error_for_everyone() {
    let tenant = Tenant::new(3600);
    tenant.good_from.store(99, SeqCst);
    let client = builder(tenant.clone()).build().unwrap();
    let error = client.user("u").await.unwrap_err();
    assert_eq!(
        (error.code(), error.concerns_everyone()),
        ("token_refused", true)
    );
    assert_eq!(tenant.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_stray_401_is_not_the_end() {
    // Every third answer is 401 though the token is good: a gateway's mood.
    let calls = AtomicU64::new(0);
    let transport = script(move |_| {
        let n = calls.fetch_add(1, SeqCst);
        async move {
            if !n.is_multiple_of(3) {
                graph_error(401, "x", "y")
            } else {
                Ok(answer(200, r#"{"id":"u"}"#))
            }
        }
    });
    let client = builder(transport).build().unwrap();
    for _ in 0..20 {
        client.user("u").await.unwrap();
    }
}

fn refusal(description: &str) -> Answer {
    Ok(answer(
        400,
        json!({"error": "invalid_client", "error_description": description}).to_string(),
    ))
}

#[tokio::test(start_paused = true)]
async fn refusals_say_what_to_do() {
    let mut texts = String::new();
    for description in [
        "AADSTS700016: Application with identifier 'app' was not found in the directory 'x'. Trace ID: 1 Correlation ID: 2",
        "AADSTS90002: Tenant 'tenant' not found.",
        "AADSTS7000215: Invalid client secret provided.",
        "AADSTS7000222: The provided client secret keys for app 'app' are expired.",
        "AADSTS700027: The certificate with identifier used to sign the client assertion is not registered on application.",
        "AADSTS700024: Client assertion is not within its valid time range.",
        "AADSTS50059: No tenant-identifying information found.\r\nTrace ID: 94b9a8a1 Correlation ID: 2 Timestamp: 3",
        "You sent s3cret-that-must-not-leak, which is wrong",
        "",
    ] {
        let tenant = Tenant::new(3600);
        let mut reply = refusal(description).unwrap();
        reply
            .headers_mut()
            .insert("date", "Sun, 01 Mar 2026 00:10:00 GMT".parse().unwrap());
        tenant.token_answers.lock().unwrap().push(Ok(reply));
        let client = builder(tenant.clone()).build().unwrap();
        let error = client.user("u").await.unwrap_err();
        assert!(error.is_permanent() && error.concerns_everyone());
        assert_eq!(tenant.asked(), 1, "{description}");
        texts.push_str(&format!("{error}\n"));
    }
    insta::assert_snapshot!(texts);
}

/// Some gateways put a byte-order mark before JSON.
#[tokio::test(start_paused = true)]
async fn a_byte_order_mark_is_passed_over() {
    let tenant = Tenant::new(3600);
    let marked = "\u{FEFF}{\"access_token\":\"marked\",\"expires_in\":3600}";
    tenant
        .token_answers
        .lock()
        .unwrap()
        .push(Ok(answer(200, marked)));
    let client = builder(tenant.clone()).build().unwrap();
    client.sign_in().await.unwrap();
    assert_eq!(tenant.asked(), 1);
    let transport = script(|_| async { Ok(answer(200, "\u{FEFF}{\"id\":\"u\"}")) });
    let client = builder(transport).build().unwrap();
    assert_eq!(client.user("u").await.unwrap().id, "u");
}

#[tokio::test(start_paused = true)]
async fn signing_in_is_tried_again_where_that_helps() {
    let tenant = Tenant::new(3600);
    let stumbles: Vec<Answer> = vec![
        Ok(answer(500, "")),
        Ok(answer(429, "")),
        Err(TransportError::Cut),
        Ok(answer(503, "<html>")),
        Ok(answer(400, r#"{"error":"temporarily_unavailable"}"#)),
    ];
    tenant.token_answers.lock().unwrap().extend(stumbles);
    let client = builder(tenant.clone()).build().unwrap();
    client.user("u").await.unwrap();
    assert_eq!(tenant.asked(), 6);
}

#[tokio::test(start_paused = true)]
async fn an_authority_that_does_not_answer_is_a_temporary_error() {
    let tenant = Tenant::new(3600);
    tenant
        .token_answers
        .lock()
        .unwrap()
        .extend((0..8).map(|_| Err(TransportError::Connect("refused".to_owned()))));
    let client = builder(tenant).build().unwrap();
    let error = client.user("u").await.unwrap_err();
    assert!(
        matches!(
            error,
            ReadError::SignIn(SignInError::Unreachable { attempts: 8, .. })
        ),
        "{error}"
    );
    assert!(!error.is_permanent());
}

#[tokio::test(start_paused = true)]
async fn workload_identity_reads_its_file_for_every_request() {
    let folder = tempfile::tempdir().unwrap();
    let token_file = folder.path().join("token");
    std::fs::write(&token_file, "first\n").unwrap();
    let tenant = Tenant::new(100);
    let credential = Credential::WorkloadIdentity {
        client_id: "app".to_owned(),
        token_file: token_file.clone(),
    };
    let client = with(tenant.clone(), credential);
    client.user("u").await.unwrap();
    std::fs::write(&token_file, "second").unwrap();
    sleep(Duration::from_secs(200)).await;
    client.user("u").await.unwrap();
    let assertions: Vec<String> = tenant
        .forms()
        .iter()
        .map(|form| {
            form.iter()
                .find(|(name, _)| name == "client_assertion")
                .unwrap()
                .1
                .clone()
        })
        .collect();
    assert_eq!(assertions, ["first", "second"]);
    std::fs::remove_file(&token_file).unwrap();
    sleep(Duration::from_secs(200)).await;
    let error = client.user("u").await.unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("cannot read the federated token file"),
        "{error}"
    );
}

fn with(transport: Arc<dyn Transport>, credential: Credential) -> Client {
    Client::builder("tenant", credential)
        .endpoints(
            hobbs_graph::Endpoints::with_bases(
                hobbs_graph::Cloud::Global,
                Some(GRAPH),
                Some("http://127.0.0.1:7778/"),
            )
            .unwrap(),
        )
        .transport(transport)
        .clock(Arc::new(hobbs_graph::TokioClock::starting_at_ms(NOW_MS)))
        .build()
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn tokens_for_another_service_are_its_own_and_renewed_ahead() {
    const SCOPE: &str = "https://storage.azure.com/.default";
    let tenant = Tenant::new(3600);
    let credential = Credential::ClientSecret {
        client_id: "app".to_owned(),
        secret: "hush".into(),
    };
    let client = with(tenant.clone(), credential);
    client.user("u").await.unwrap();
    let tokens = client.tokens_for(SCOPE);
    let value = async || tokens.token().await.unwrap().expose_secret().to_owned();
    assert_eq!(value().await, "t1");
    assert_eq!(value().await, "t1", "it is kept");
    sleep(Duration::from_secs(3000)).await;
    assert_eq!(value().await, "t2", "it is renewed ahead of its end");
    let scopes: Vec<String> = tenant
        .forms()
        .into_iter()
        .flat_map(|form| form.into_iter().filter(|(name, _)| name == "scope"))
        .map(|(_, scope)| scope)
        .collect();
    let graph = "https://graph.microsoft.com/.default";
    assert_eq!(scopes, [graph, SCOPE, SCOPE]);
    assert!(!format!("{tokens:?}").contains("hush"));
}

#[tokio::test(start_paused = true)]
async fn a_managed_identity_asks_for_another_service_by_its_name() {
    let tenant = Tenant::new(3600);
    let credential = Credential::ManagedIdentity {
        client_id: None,
        source: IdentitySource::from_values(None, None),
    };
    let client = with(tenant.clone(), credential);
    let tokens = client.tokens_for("https://storage.azure.com/.default");
    tokens.token().await.unwrap();
    let requests = tenant.token_requests.lock().unwrap();
    let asked = requests[0].uri().to_string();
    assert!(
        asked.ends_with("resource=https%3A%2F%2Fstorage.azure.com"),
        "{asked}"
    );
}

#[tokio::test(start_paused = true)]
async fn managed_identity_of_both_kinds() {
    let app_service = |endpoint: &str| {
        IdentitySource::from_values(Some(endpoint.to_owned()), Some("hush".into()))
    };
    for (source, client_id, expected) in [
        (
            IdentitySource::from_values(None, None),
            None,
            "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fgraph.microsoft.com",
        ),
        (
            app_service("http://127.0.0.1:41/msi/token"),
            Some("me".to_owned()),
            "http://127.0.0.1:41/msi/token?api-version=2019-08-01&resource=https%3A%2F%2Fgraph.microsoft.com&client_id=me",
        ),
    ] {
        let tenant = Tenant::new(3600);
        tenant.token_answers.lock().unwrap().push(Ok(answer(
            200,
            r#"{"access_token":"t0","expires_in":"3599","token_type":"Bearer"}"#,
        )));
        let client = with(
            tenant.clone(),
            Credential::ManagedIdentity { client_id, source },
        );
        client.user("u").await.unwrap();
        let request = tenant.token_requests.lock().unwrap().remove(0);
        assert_eq!(request.method(), "GET");
        assert_eq!(request.uri(), expected);
        let header = |name: &str| {
            request
                .headers()
                .get(name)
                .map(|value| value.to_str().unwrap().to_owned())
        };
        match header("metadata") {
            Some(value) => assert_eq!(
                (value.as_str(), header("x-identity-header")),
                ("true", None)
            ),
            None => assert_eq!(header("x-identity-header").as_deref(), Some("hush")),
        }
    }
    let tenant = Tenant::new(3600);
    let client = with(
        tenant.clone(),
        Credential::ManagedIdentity {
            client_id: None,
            source: app_service("http://evil.example/token"),
        },
    );
    assert!(matches!(
        client.sign_in().await,
        Err(SignInError::IdentityEndpoint { .. })
    ));
    assert_eq!(tenant.asked(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_a_token_says_about_itself() {
    use base64::Engine as _;
    let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .encode(json!({"roles": ["User.Read.All"], "tid": "x"}).to_string());
    for (token, expected) in [
        (format!("h.{payload}.s"), Some(true)),
        ("opaque".to_owned(), None),
    ] {
        let tenant = Tenant::new(3600);
        let mut reply = token_answer(&token, 3600).unwrap();
        reply
            .headers_mut()
            .insert("date", "Sun, 01 Mar 2026 00:10:00 GMT".parse().unwrap());
        tenant.token_answers.lock().unwrap().push(Ok(reply));
        let client = builder(tenant).build().unwrap();
        assert_eq!(client.clock_ahead_ms(), None);
        let signed_in = client.sign_in().await.unwrap();
        assert_eq!(signed_in.has("User.Read.All"), expected);
        assert_eq!(signed_in.has("Reports.Read.All"), expected.map(|_| false));
        assert_eq!(client.clock_ahead_ms().unwrap() / 1000, -600);
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_without_a_token_is_an_error() {
    for body in [
        "{}",
        "",
        "<html>",
        r#"{"access_token":""}"#,
        r#"{"access_token":5}"#,
    ] {
        let tenant = Tenant::new(3600);
        tenant
            .token_answers
            .lock()
            .unwrap()
            .push(Ok(answer(200, body)));
        let client = builder(tenant).build().unwrap();
        assert!(
            matches!(client.sign_in().await, Err(SignInError::NoToken { .. })),
            "{body}"
        );
    }
}
