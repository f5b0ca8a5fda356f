//! What the client is given or gets to sign in with is wiped: once the client is gone, a look
//! through the whole memory of the process does not find it.
//!
//! The looking is done by a process of its own, the test binary begun once more: it gets the
//! secrets in files, in disguise, so that none is in its memory but through the client.
#![cfg(target_os = "linux")]

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use hobbs_graph::{Client, Cloud, Credential, Endpoints, TokioClock, Transport};
use http::Request;
use memchr::memmem;
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::script::{Answer, NOW_MS, answer};

/// Set in the process that looks: the folder with what it needs.
const FOLDER: &str = "HOBBS_TEST_WIPED";
/// Added to each byte. Twice the disguise is not the thing itself, so that what is read of the
/// disguised parts is not taken for the secret.
const DISGUISE: u8 = 0x35;
/// Long enough to be nowhere by chance. The first bytes of a block that was freed are overwritten
/// by the allocator, and others later: what is looked for is cut out of the middle, in three places.
const PART_BYTES: usize = 24;

/// In place of Entra and Graph: gives the token that a file holds, forgets what it was asked.
struct Services(PathBuf);

#[async_trait]
impl Transport for Services {
    async fn send(&self, request: Request<Bytes>) -> Answer {
        if request.headers().contains_key("authorization") {
            return Ok(answer(200, r#"{"id":"u","value":[]}"#));
        }
        let token = undisguised(&self.0);
        let mut body = Vec::with_capacity(token.len() + 100);
        body.extend_from_slice(
            b"{\"token_type\":\"Bearer\",\"expires_in\":3600,\"access_token\":\"",
        );
        body.extend_from_slice(&token);
        body.extend_from_slice(b"\"}");
        Ok(answer(200, Bytes::from(body)))
    }
}

fn disguised(path: &Path, secret: &[u8]) {
    let bytes: Vec<u8> = secret
        .iter()
        .map(|byte| byte.wrapping_add(DISGUISE))
        .collect();
    std::fs::write(path, bytes).unwrap();
}

fn undisguised(path: &Path) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(std::fs::read(path).unwrap());
    for byte in bytes.iter_mut() {
        *byte = byte.wrapping_sub(DISGUISE);
    }
    bytes
}

fn text(path: &Path) -> Zeroizing<String> {
    Zeroizing::new(std::str::from_utf8(&undisguised(path)).unwrap().to_owned())
}

/// Looks through the memory of this process. Whatever it needs it has before the secrets come, so
/// that looking does not overwrite what was freed.
struct Search {
    parts: Vec<(&'static str, Vec<u8>)>,
    maps: Vec<u8>,
    memory: File,
    piece: Vec<u8>,
}

impl Search {
    const PIECE_BYTES: usize = 1 << 20;

    fn new(folder: &Path, names: &[&'static str]) -> Search {
        let mut parts = Vec::new();
        for name in names {
            let bytes = std::fs::read(folder.join(name)).unwrap();
            for quarter in 1..4 {
                let start = (bytes.len() - PART_BYTES) * quarter / 4;
                parts.push((*name, bytes[start..start + PART_BYTES].to_vec()));
            }
        }
        Search {
            parts,
            maps: vec![0; 1 << 20],
            memory: File::open("/proc/self/mem").unwrap(),
            piece: vec![0; Self::PIECE_BYTES],
        }
    }

    /// The secrets of which a part stands anywhere in the memory that can be written to.
    fn found(&mut self) -> Vec<&'static str> {
        let mut length = 0;
        let mut maps = File::open("/proc/self/maps").unwrap();
        loop {
            match maps.read(&mut self.maps[length..]).unwrap() {
                0 => break,
                read => length += read,
            }
        }
        let maps = std::str::from_utf8(&self.maps[..length]).unwrap();
        let mut found = vec![false; self.parts.len()];
        for line in maps.lines() {
            let (range, rest) = line.split_once(' ').unwrap();
            let (from, to) = range.split_once('-').unwrap();
            let hex = |text| u64::from_str_radix(text, 16).unwrap();
            let (mut from, to) = (hex(from), hex(to));
            while rest.starts_with("rw") && from < to {
                // What cannot be read (memory of a device) holds nothing of ours.
                let Ok(read) = self.memory.read_at(&mut self.piece, from) else {
                    break;
                };
                let piece = &mut self.piece[..read];
                // In disguise as soon as it is read, so that the search does not find itself.
                for byte in piece.iter_mut() {
                    *byte = byte.wrapping_add(DISGUISE);
                }
                for (found, (_, part)) in found.iter_mut().zip(&self.parts) {
                    *found |= memmem::find(piece, part).is_some();
                }
                let next = read.saturating_sub(PART_BYTES).max(1);
                from += u64::try_from(next).unwrap();
            }
        }
        let parts = self.parts.iter().zip(found);
        let mut names: Vec<_> = parts
            .filter_map(|((name, _), found)| found.then_some(*name))
            .collect();
        names.dedup();
        names
    }
}

async fn sign_in_and_ask(credential: Credential, token: PathBuf) {
    let endpoints = Endpoints::with_bases(
        Cloud::Global,
        Some("http://127.0.0.1:7777"),
        Some("http://127.0.0.1:7778"),
    );
    let client = Client::builder("tenant", credential)
        .endpoints(endpoints.unwrap())
        .transport(Arc::new(Services(token)))
        .clock(Arc::new(TokioClock::starting_at_ms(NOW_MS)))
        .build()
        .unwrap();
    client.report_settings().await.unwrap();
}

/// The process that looks; in an ordinary run of the tests it does nothing.
#[tokio::test]
async fn looks_through_its_memory() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else {
        return;
    };
    let file = |name: &str| folder.join(name);
    let mut search = Search::new(
        &folder,
        &["secret", "token", "key", "federated in disguise"],
    );
    let secret = Credential::ClientSecret {
        client_id: "app".to_owned(),
        secret: text(&file("secret")).as_str().into(),
    };
    assert_eq!(search.found(), ["secret"], "the search finds what is there");
    sign_in_and_ask(secret, file("token")).await;
    assert_eq!(search.found(), [""; 0], "with a client secret");
    let certificate = || Credential::certificate_file("app", &file("app.pem"), None).unwrap();
    let held = certificate();
    assert_eq!(search.found(), ["key"], "the search finds what is there");
    drop(held);
    assert_eq!(search.found(), [""; 0], "once a certificate was read");
    sign_in_and_ask(certificate(), file("token")).await;
    assert_eq!(search.found(), [""; 0], "with a certificate");
    let federated = Credential::WorkloadIdentity {
        client_id: "app".to_owned(),
        token_file: file("federated"),
    };
    sign_in_and_ask(federated, file("token")).await;
    assert_eq!(search.found(), [""; 0], "with a federated token");
}

#[test]
fn nothing_secret_is_left_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let random = |pieces: usize| -> String {
        (0..pieces)
            .map(|_| Uuid::new_v4().simple().to_string())
            .collect()
    };
    disguised(&file("secret"), random(2).as_bytes());
    disguised(&file("token"), random(50).as_bytes());
    let federated = random(60);
    std::fs::write(file("federated"), &federated).unwrap();
    disguised(&file("federated in disguise"), federated.as_bytes());
    let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
    let certificate = CertificateParams::new(vec!["hobbs".to_owned()])
        .unwrap()
        .self_signed(&key)
        .unwrap();
    std::fs::write(file("app.pem"), key.serialize_pem() + &certificate.pem()).unwrap();
    disguised(&file("key"), &key.serialize_der());

    let looking = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "wiped::looks_through_its_memory", "--nocapture"])
        .env(FOLDER, folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&looking.stdout) + String::from_utf8_lossy(&looking.stderr);
    assert!(looking.status.success(), "{said}");
    assert!(said.contains("1 passed"), "{said}");
}
