//! Tokens are given to those who prove who they are.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use hobbs_tenant::{Tenant, TenantOptions};
use http::{Request, Response, StatusCode};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use serde_json::{Value, json};

use crate::support::{
    GRAPH, Hands, START_MS, get, history_url, json, post_form, small, token, token_for, token_url,
    whole,
};

struct Certificate {
    der: Vec<u8>,
    key: EncodingKey,
}

fn certificate() -> Certificate {
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
    let der = CertificateParams::new(Vec::new())
        .unwrap()
        .self_signed(&key)
        .unwrap()
        .der()
        .to_vec();
    Certificate {
        der,
        key: EncodingKey::from_rsa_pem(key.serialize_pem().as_bytes()).unwrap(),
    }
}

fn s256(der: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(<sha2::Sha256 as sha2::Digest>::digest(der))
}

fn header(certificate: &Certificate, algorithm: Algorithm) -> Header {
    Header {
        x5t_s256: Some(s256(&certificate.der)),
        ..Header::new(algorithm)
    }
}

fn claims(tenant: &Tenant, jti: &str) -> Value {
    let now_s = START_MS / 1000;
    json!({
        "aud": token_url(tenant), "iss": tenant.options().client_id, "sub": tenant.options().client_id, "jti": jti,
        "nbf": now_s, "iat": now_s, "exp": now_s + 600,
    })
}

fn sign(header: &Header, claims: &Value, certificate: &Certificate) -> String {
    jsonwebtoken::encode(header, claims, &certificate.key).unwrap()
}

async fn present(tenant: &Tenant, assertion: &str) -> Response<Bytes> {
    let fields = [
        ("client_id", tenant.options().client_id.as_str()),
        (
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ),
        ("client_assertion", assertion),
        ("grant_type", "client_credentials"),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    post_form(tenant, &token_url(tenant), &fields).await
}

fn assert_refused(response: &Response<Bytes>, status: StatusCode, error: &str, number: u64) {
    let body = json(response);
    assert_eq!(response.status(), status, "{body}");
    assert_eq!(body["error"], error, "{body}");
    assert_eq!(body["error_codes"], json!([number]), "{body}");
    let description = body["error_description"].as_str().unwrap();
    assert!(
        description.starts_with(&format!("AADSTS{number}: ")),
        "{description}"
    );
    assert!(description.contains("\r\nTrace ID: "), "{description}");
    for field in ["timestamp", "trace_id", "correlation_id", "error_uri"] {
        assert!(body[field].is_string(), "{field}");
    }
}

#[tokio::test]
async fn a_token_for_storage_says_so_and_opens_nothing_of_graph() {
    let tenant = crate::support::tenant(small());
    let token = token_for(&tenant, "https://storage.azure.com/.default").await;
    let payload = URL_SAFE_NO_PAD
        .decode(token.split('.').nth(1).unwrap())
        .unwrap();
    let claims: Value = serde_json::from_slice(&payload).unwrap();
    assert_eq!(claims["aud"], "https://storage.azure.com");
    let answer = get(&tenant, &token, &format!("{GRAPH}/v1.0/users")).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_secret_gives_a_token_that_graph_takes() {
    let tenant = crate::support::tenant(small());
    let token = token(&tenant).await;
    let payload = URL_SAFE_NO_PAD
        .decode(token.split('.').nth(1).unwrap())
        .unwrap();
    let claims: Value = serde_json::from_slice(&payload).unwrap();
    assert_eq!(claims["aud"], GRAPH);
    assert_eq!(claims["tid"], tenant.options().tenant_id.as_str());
    assert_eq!(claims["appid"], tenant.options().client_id.as_str());
    assert_eq!(claims["exp"].as_i64().unwrap(), START_MS / 1000 + 3_599);
    assert!(
        claims["roles"]
            .as_array()
            .unwrap()
            .contains(&json!("AiEnterpriseInteraction.Read.All"))
    );
    let response = get(&tenant, &token, &format!("{GRAPH}/v1.0/users")).await;
    assert_eq!(response.status(), StatusCode::OK);
}

#[tokio::test]
async fn each_wrong_field_has_its_number() {
    let tenant = crate::support::tenant(TenantOptions {
        secret_expires_ms: None,
        ..small()
    });
    let right = [
        ("client_id", tenant.options().client_id.as_str()),
        ("client_secret", "simulated-secret"),
        ("grant_type", "client_credentials"),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    let with = |name: &'static str, value: &'static str| {
        right
            .iter()
            .map(|(known, old)| (*known, if *known == name { value } else { old }))
            .collect::<Vec<_>>()
    };
    let without = |name: &str| {
        right
            .iter()
            .copied()
            .filter(|(known, _)| *known != name)
            .collect::<Vec<_>>()
    };
    let bad = StatusCode::BAD_REQUEST;
    let unknown_app = "11111111-1111-4111-8111-111111111111";
    for (fields, status, error, number) in [
        (
            with("client_id", unknown_app),
            bad,
            "unauthorized_client",
            700_016,
        ),
        (
            with("client_secret", "wrong"),
            StatusCode::UNAUTHORIZED,
            "invalid_client",
            7_000_215,
        ),
        (
            with("grant_type", "password"),
            bad,
            "unsupported_grant_type",
            70_003,
        ),
        (
            with("scope", "https://graph.microsoft.com/User.Read"),
            bad,
            "invalid_scope",
            70_011,
        ),
        (
            with("scope", "https://graph.microsoft.com.evil.example/.default"),
            bad,
            "invalid_scope",
            70_011,
        ),
        (
            without("client_secret"),
            StatusCode::UNAUTHORIZED,
            "invalid_client",
            7_000_218,
        ),
        (without("grant_type"), bad, "invalid_request", 900_144),
        (without("client_id"), bad, "invalid_request", 900_144),
        (without("scope"), bad, "invalid_request", 900_144),
    ] {
        assert_refused(
            &post_form(&tenant, &token_url(&tenant), &fields).await,
            status,
            error,
            number,
        );
    }
    let elsewhere =
        "https://login.microsoftonline.com/99999999-1111-4111-8111-111111111111/oauth2/v2.0/token";
    assert_refused(
        &post_form(&tenant, elsewhere, &right).await,
        bad,
        "invalid_request",
        90_002,
    );
    let by_domain = format!(
        "https://login.microsoftonline.com/{}/oauth2/v2.0/token",
        tenant.options().domain.to_uppercase()
    );
    assert_eq!(
        post_form(&tenant, &by_domain, &right).await.status(),
        StatusCode::OK
    );
}

#[tokio::test]
async fn an_expired_secret_is_named_as_such() {
    let tenant = crate::support::tenant(TenantOptions {
        secret_expires_ms: Some(START_MS),
        ..small()
    });
    let fields = [
        ("client_id", tenant.options().client_id.as_str()),
        ("client_secret", "simulated-secret"),
        ("grant_type", "client_credentials"),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    let response = post_form(&tenant, &token_url(&tenant), &fields).await;
    assert_refused(
        &response,
        StatusCode::UNAUTHORIZED,
        "invalid_client",
        7_000_222,
    );
}

#[tokio::test]
async fn assertions_are_really_verified() {
    let (ours, other) = (certificate(), certificate());
    let tenant = crate::support::tenant(TenantOptions {
        certificates: vec![ours.der.clone()],
        secret: None,
        ..small()
    });
    let unauthorized = StatusCode::UNAUTHORIZED;
    let right = header(&ours, Algorithm::PS256);

    let good = sign(&right, &claims(&tenant, "1"), &ours);
    assert_eq!(present(&tenant, &good).await.status(), StatusCode::OK);
    assert_refused(
        &present(&tenant, &good).await,
        unauthorized,
        "invalid_client",
        50_027,
    );

    let old_style = sign(
        &header(&ours, Algorithm::RS256),
        &claims(&tenant, "2"),
        &ours,
    );
    assert_eq!(present(&tenant, &old_style).await.status(), StatusCode::OK);
    let sha1 = URL_SAFE_NO_PAD.encode(<sha1::Sha1 as sha1::Digest>::digest(&ours.der));
    let by_x5t = Header {
        x5t: Some(sha1),
        x5t_s256: None,
        ..right.clone()
    };
    assert_eq!(
        present(&tenant, &sign(&by_x5t, &claims(&tenant, "3"), &ours))
            .await
            .status(),
        StatusCode::OK
    );

    let not_registered = sign(
        &header(&other, Algorithm::PS256),
        &claims(&tenant, "4"),
        &other,
    );
    assert_refused(
        &present(&tenant, &not_registered).await,
        unauthorized,
        "invalid_client",
        700_027,
    );
    let wrong_key = sign(&right, &claims(&tenant, "5"), &other);
    assert_refused(
        &present(&tenant, &wrong_key).await,
        unauthorized,
        "invalid_client",
        700_027,
    );
    let no_thumbprint = sign(&Header::new(Algorithm::PS256), &claims(&tenant, "6"), &ours);
    assert_refused(
        &present(&tenant, &no_thumbprint).await,
        unauthorized,
        "invalid_client",
        700_027,
    );
    let mut parts: Vec<String> = sign(&right, &claims(&tenant, "7"), &ours)
        .split('.')
        .map(str::to_owned)
        .collect();
    parts[1] = URL_SAFE_NO_PAD.encode(claims(&tenant, "8").to_string());
    assert_refused(
        &present(&tenant, &parts.join(".")).await,
        unauthorized,
        "invalid_client",
        700_027,
    );
    assert_refused(
        &present(&tenant, "no.jwt.atall").await,
        unauthorized,
        "invalid_client",
        50_027,
    );

    let now_s = START_MS / 1000;
    for (nth, (field, value, number)) in [
        ("aud", json!("https://graph.microsoft.com"), 700_023),
        (
            "aud",
            json!("https://login.evil.example/x/oauth2/v2.0/token"),
            700_023,
        ),
        ("iss", json!("someone"), 700_021),
        ("sub", json!("someone"), 700_021),
        ("exp", json!(now_s - 301), 700_024),
        ("nbf", json!(now_s + 301), 700_024),
        ("exp", json!(now_s + 901), 700_024),
        ("exp", json!(null), 700_024),
        ("nbf", json!(null), 700_024),
        ("jti", json!(""), 50_027),
        ("jti", json!(null), 50_027),
    ]
    .into_iter()
    .enumerate()
    {
        let mut wrong = claims(&tenant, &format!("wrong {nth}"));
        wrong[field] = value.clone();
        if field == "nbf" && value.is_i64() {
            wrong["exp"] = json!(now_s + 600);
        }
        let response = present(&tenant, &sign(&right, &wrong, &ours)).await;
        assert_refused(&response, unauthorized, "invalid_client", number);
    }
    let mut slow_clock = claims(&tenant, "skewed");
    slow_clock["nbf"] = json!(now_s - 899);
    slow_clock["exp"] = json!(now_s - 299);
    assert_eq!(
        present(&tenant, &sign(&right, &slow_clock, &ours))
            .await
            .status(),
        StatusCode::OK
    );
}

#[tokio::test]
async fn the_audience_may_be_the_address_that_the_client_uses() {
    let ours = certificate();
    let tenant = crate::support::tenant(TenantOptions {
        certificates: vec![ours.der.clone()],
        ..small()
    });
    let path = format!("/{}/oauth2/v2.0/token", tenant.options().tenant_id);
    let mut claims = claims(&tenant, "loopback");
    claims["aud"] = json!(format!("http://127.0.0.1:8080{path}"));
    let assertion = sign(&header(&ours, Algorithm::PS256), &claims, &ours);
    let form = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("client_id", tenant.options().client_id.as_str()),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", &assertion),
            ("grant_type", "client_credentials"),
            ("scope", "https://graph.microsoft.com/.default"),
        ])
        .finish();
    let ask = |host: &str| {
        Request::post(&path)
            .header("host", host)
            .body(Bytes::from(form.clone()))
            .unwrap()
    };
    assert_refused(
        &whole(tenant.answer(ask("127.0.0.1:9999")).await),
        StatusCode::UNAUTHORIZED,
        "invalid_client",
        700_023,
    );
    assert_eq!(
        whole(tenant.answer(ask("127.0.0.1:8080")).await).status(),
        StatusCode::OK
    );
}

#[test]
fn a_certificate_without_an_rsa_key_is_refused() {
    let key = KeyPair::generate().unwrap();
    let der = CertificateParams::new(Vec::new())
        .unwrap()
        .self_signed(&key)
        .unwrap()
        .der()
        .to_vec();
    for (der, wanted) in [(der, "no RSA key"), (vec![1, 2, 3], "cannot be read")] {
        let options = TenantOptions {
            certificates: vec![der],
            ..small()
        };
        let error = Tenant::new(options, Hands::new().clock()).unwrap_err();
        assert!(error.to_string().contains(wanted), "{error}");
    }
}

#[tokio::test]
async fn graph_wants_a_token_that_is_ours_fresh_and_strong_enough() {
    let hands = Hands::new();
    let tenant = Tenant::new(small(), hands.clock()).unwrap();
    let users = format!("{GRAPH}/v1.0/users");
    let first = token(&tenant).await;

    let refused = get(&tenant, "eyJ0eXAiOiJKV1QifQ.e30.c2ln", &users).await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(
        json(&refused)["error"]["code"],
        "InvalidAuthenticationToken"
    );
    assert!(refused.headers().contains_key("www-authenticate"));
    let without = tenant
        .answer(Request::get(&users).body(Bytes::new()).unwrap())
        .await;
    assert_eq!(whole(without).status(), StatusCode::UNAUTHORIZED);

    hands.advance(3_598_999);
    assert_eq!(get(&tenant, &first, &users).await.status(), StatusCode::OK);
    hands.advance(1);
    assert_eq!(
        get(&tenant, &first, &users).await.status(),
        StatusCode::UNAUTHORIZED
    );

    tenant.grant_roles(vec!["User.Read.All".to_owned()]);
    let weak = token(&tenant).await;
    assert_eq!(get(&tenant, &weak, &users).await.status(), StatusCode::OK);
    let id = tenant.user_facts(0).id;
    let refused = get(&tenant, &weak, &history_url(&id, "")).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert_eq!(
        json(&refused)["error"]["code"],
        "Authorization_RequestDenied"
    );
    let refused = get(&tenant, &weak, &format!("{GRAPH}/v1.0/subscribedSkus")).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);

    tenant.revoke_tokens();
    assert_eq!(
        get(&tenant, &weak, &users).await.status(),
        StatusCode::UNAUTHORIZED
    );
}
