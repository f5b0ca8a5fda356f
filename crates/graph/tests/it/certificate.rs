//! Certificates of every form that people have, and the assertion they sign.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hobbs_graph::sign_in::{AppCertificate, CertificateError};
use hobbs_graph::{Client, Cloud, Credential, Endpoints, TokioClock};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::script::*;

struct Made {
    key: KeyPair,
    certificate: rcgen::Certificate,
}

fn make() -> Made {
    let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
    let certificate = CertificateParams::new(vec!["hobbs".to_owned()])
        .unwrap()
        .self_signed(&key)
        .unwrap();
    Made { key, certificate }
}

impl Made {
    fn pem(&self) -> String {
        format!(
            "Bag Attributes\n  friendlyName: x\n{}{}",
            self.key.serialize_pem(),
            self.certificate.pem()
        )
    }

    fn thumbprint(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.certificate.der()))
    }

    fn pfx(&self, algorithm: p12_keystore::EncryptionAlgorithm, password: &str) -> Vec<u8> {
        let key = p12_keystore::PrivateKey::from_der(&self.key.serialize_der()).unwrap();
        let certificate = p12_keystore::Certificate::from_der(self.certificate.der()).unwrap();
        let chain = p12_keystore::PrivateKeyChain::new(vec![1, 2, 3], key, [certificate]);
        let mut store = p12_keystore::KeyStore::new();
        store.add_entry("app", p12_keystore::KeyStoreEntry::PrivateKeyChain(chain));
        store
            .writer(password)
            .encryption_algorithm(algorithm)
            .write()
            .unwrap()
    }
}

#[test]
fn pem_and_pfx_old_and_new() {
    let made = make();
    let read = |content: &[u8], password: Option<&str>| {
        AppCertificate::read(content, password.map(Into::into).as_ref())
    };
    let thumbprint =
        |read: Result<AppCertificate, CertificateError>| read.unwrap().thumbprint().to_owned();
    assert_eq!(
        thumbprint(read(made.pem().as_bytes(), None)),
        made.thumbprint()
    );
    for algorithm in [
        p12_keystore::EncryptionAlgorithm::PbeWithHmacSha256AndAes256,
        p12_keystore::EncryptionAlgorithm::PbeWithShaAnd3KeyTripleDesCbc,
        p12_keystore::EncryptionAlgorithm::PbeWithShaAnd40BitRc4Cbc,
    ] {
        let pfx = made.pfx(algorithm, "pässword");
        assert_eq!(thumbprint(read(&pfx, Some("pässword"))), made.thumbprint());
        assert!(matches!(
            read(&pfx, Some("wrong")),
            Err(CertificateError::Pfx(_))
        ));
        assert!(matches!(read(&pfx, None), Err(CertificateError::Pfx(_))));
    }

    let other = make();
    let chain = format!("{}{}", other.certificate.pem(), made.pem());
    assert_eq!(
        thumbprint(read(chain.as_bytes(), None)),
        made.thumbprint(),
        "the key's own certificate, not the first"
    );
    let strangers = format!("{}{}", other.certificate.pem(), made.key.serialize_pem());
    let elliptic = KeyPair::generate().unwrap().serialize_pem() + &made.certificate.pem();
    let encrypted =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let encrypted_pkcs1 = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: X\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
    for (content, expected) in [
        (made.key.serialize_pem(), CertificateError::NoCertificate),
        (made.certificate.pem(), CertificateError::NoKey),
        (strangers, CertificateError::Mismatch),
        (elliptic, CertificateError::NotRsa),
        (encrypted.to_owned(), CertificateError::EncryptedPem),
        (encrypted_pkcs1.to_owned(), CertificateError::EncryptedPem),
        ("hello".to_owned(), CertificateError::UnknownFormat),
        (String::new(), CertificateError::UnknownFormat),
    ] {
        assert_eq!(read(content.as_bytes(), None).unwrap_err(), expected);
    }
}

/// A PKCS#1 key is the inside of a PKCS#8 one.
#[test]
fn a_pkcs1_key() {
    let made = make();
    let pkcs8 = made.key.serialize_der();
    let header = pkcs8
        .windows(2)
        .skip(20)
        .position(|window| window == [0x30, 0x82])
        .unwrap()
        + 20;
    let base64 = base64::engine::general_purpose::STANDARD.encode(&pkcs8[header..]);
    let pem = format!(
        "-----BEGIN RSA PRIVATE KEY-----\r\n{base64}\r\n-----END RSA PRIVATE KEY-----\r\n{}",
        made.certificate.pem()
    );
    assert_eq!(
        AppCertificate::read(pem.as_bytes(), None)
            .unwrap()
            .thumbprint(),
        made.thumbprint()
    );
}

#[tokio::test(start_paused = true)]
async fn the_assertion_is_as_entra_wants_it_and_good_once() {
    let made = make();
    let certificate = AppCertificate::read(made.pem().as_bytes(), None).unwrap();
    assert!(certificate.not_after_ms() > NOW_MS && certificate.not_before_ms() < NOW_MS);
    let forms = Arc::new(Mutex::new(Vec::<Value>::new()));

    struct Authority(Arc<Mutex<Vec<Value>>>);
    #[async_trait::async_trait]
    impl hobbs_graph::Transport for Authority {
        async fn send(&self, request: http::Request<bytes::Bytes>) -> Answer {
            if request.uri().path() != "/prefix/tenant/oauth2/v2.0/token" {
                return Ok(answer(200, r#"{"id":"u"}"#));
            }
            let form: std::collections::HashMap<String, String> =
                url::form_urlencoded::parse(request.body())
                    .into_owned()
                    .collect();
            self.0
                .lock()
                .unwrap()
                .push(serde_json::to_value(form).unwrap());
            token_answer("t", 10)
        }
    }
    let credential = Credential::Certificate {
        client_id: "app".to_owned(),
        certificate,
    };
    let client = Client::builder("tenant", credential)
        .endpoints(
            Endpoints::with_bases(
                Cloud::Global,
                Some(GRAPH),
                Some("http://127.0.0.1:7778/prefix/"),
            )
            .unwrap(),
        )
        .transport(Arc::new(Authority(Arc::clone(&forms))))
        .clock(Arc::new(TokioClock::starting_at_ms(NOW_MS)))
        .build()
        .unwrap();
    client.user("u").await.unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    client.user("u").await.unwrap();

    let spki = made.key.public_key_raw();
    let key = DecodingKey::from_rsa_der(spki);
    let mut validation = Validation::new(Algorithm::PS256);
    validation.set_audience(&["http://127.0.0.1:7778/prefix/tenant/oauth2/v2.0/token"]);
    validation.validate_exp = false;
    let mut ids = Vec::new();
    for (form, at_s) in forms
        .lock()
        .unwrap()
        .iter()
        .zip([NOW_MS / 1000, NOW_MS / 1000 + 60])
    {
        assert_eq!(
            form["client_assertion_type"],
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        );
        assert_eq!(form["grant_type"], "client_credentials");
        assert_eq!(form.get("client_secret"), None);
        let jwt = form["client_assertion"].as_str().unwrap();
        let decoded = jsonwebtoken::decode::<Value>(jwt, &key, &validation).unwrap();
        assert_eq!(decoded.header.x5t_s256, Some(made.thumbprint()));
        assert_eq!(decoded.header.typ.as_deref(), Some("JWT"));
        let claims = decoded.claims;
        assert_eq!(
            (claims["iss"].as_str(), claims["sub"].as_str()),
            (Some("app"), Some("app"))
        );
        assert_eq!(
            (
                claims["nbf"].as_i64(),
                claims["iat"].as_i64(),
                claims["exp"].as_i64()
            ),
            (Some(at_s), Some(at_s), Some(at_s + 600))
        );
        ids.push(claims["jti"].as_str().unwrap().to_owned());
    }
    assert_eq!(ids.len(), 2);
    assert_ne!(ids[0], ids[1]);
}
