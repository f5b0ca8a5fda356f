//! Lakes that are no folders: who is let in, what a refusal is said to mean, and two writers at once,
//! where no lock keeps the second away.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use hobbs_lake::object_store::memory::InMemory;
use hobbs_lake::{
    BearerTokens, LakeError, Location, OwnStore, Reader, Run, RunCounts, RunStatus, StoreAccess,
    StoreOptions, StoreTrouble, TokenError, UserRecord, Writer, check, probe, repair, status,
};
use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::fixture::{START_MS, TENANT, line, row};

/// A storage account in which there is nothing, or one that refuses everything.
struct Account {
    endpoint: String,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Account {
    /// Lists nothing, has no object, and takes each that is put, also over another.
    async fn empty() -> Self {
        Account::answering(|head| match head.split(' ').next() {
            Some("GET") if head.contains("comp=list") => (200, EMPTY.to_owned()),
            Some("GET" | "HEAD") => (404, refusal("BlobNotFound")),
            Some("PUT") => (201, String::new()),
            _ => (400, refusal("InvalidHeaderValue")),
        })
        .await
    }

    async fn refusing(status: u16, code: &'static str) -> Self {
        Account::answering(move |_| (status, refusal(code))).await
    }

    async fn answering(answer: impl Fn(&str) -> (u16, String) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}/acme", listener.local_addr().unwrap());
        let heads = Arc::new(Mutex::new(Vec::new()));
        let asked = Arc::clone(&heads);
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await.unwrap());
                }
                let head = String::from_utf8(head).unwrap();
                let length = head
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
                let mut body = vec![0; length.unwrap_or(0)];
                stream.read_exact(&mut body).await.unwrap();
                let (status, body) = answer(&head);
                asked.lock().unwrap().push(head);
                let answer = format!(
                    "HTTP/1.1 {status} Said\r\ncontent-length: {}\r\nconnection: close\r\netag: \"1\"\r\nlast-modified: Sat, 28 Nov 2026 00:00:00 GMT\r\n\r\n{body}",
                    body.len()
                );
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        Account { endpoint, heads }
    }

    fn lake(&self, tokens: Arc<dyn BearerTokens>) -> Location {
        let options = StoreOptions::default()
            .or("azure_storage_account_name", "acme")
            .or("azure_storage_endpoint", &self.endpoint)
            .or("max_retries", "1");
        let tokens = Some(tokens);
        Location::parse("az://lake/hobbs", &StoreAccess { options, tokens }).unwrap()
    }

    fn authorizations(&self) -> Vec<String> {
        let heads = self.heads.lock().unwrap();
        let lines = heads.iter().flat_map(|head| head.lines());
        lines
            .filter_map(|line| line.strip_prefix("authorization: ").map(str::to_owned))
            .collect()
    }
}

const EMPTY: &str =
    "<?xml version=\"1.0\"?><EnumerationResults><Blobs /><NextMarker /></EnumerationResults>";

fn refusal(code: &str) -> String {
    format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>Words.</Message></Error>")
}

/// Gives `secret-1`, `secret-2`, …, a new one every second time.
#[derive(Debug, Default)]
struct Numbered(AtomicU64);

#[async_trait]
impl BearerTokens for Numbered {
    async fn token(&self) -> Result<SecretString, TokenError> {
        let asked = self.0.fetch_add(1, Ordering::SeqCst);
        Ok(SecretString::from(format!("secret-{}", asked / 2 + 1)))
    }
}

#[tokio::test]
async fn each_request_carries_the_token_of_its_moment() {
    let account = Account::empty().await;
    let lake = account.lake(Arc::new(Numbered::default()));
    for _ in 0..2 {
        let error = Reader::open(&lake).await.err().unwrap();
        assert!(matches!(error, LakeError::Missing { .. }), "{error}");
    }
    let used = account.authorizations();
    assert!(used.len() >= 3, "{used:?}");
    for (at, authorization) in used.iter().enumerate() {
        assert_eq!(*authorization, format!("Bearer secret-{}", at / 2 + 1));
    }
}

#[derive(Debug)]
struct Refused;

#[async_trait]
impl BearerTokens for Refused {
    async fn token(&self) -> Result<SecretString, TokenError> {
        Err(TokenError("the certificate has ended".to_owned()))
    }
}

#[tokio::test]
async fn who_has_no_token_asks_for_nothing_and_says_why() {
    let account = Account::empty().await;
    let lake = account.lake(Arc::new(Refused));
    for error in [
        Reader::open(&lake).await.err().unwrap(),
        Writer::open(&lake).await.err().unwrap(),
        status(&lake).await.err().unwrap(),
        check(&lake, &mut |_| {}).await.err().unwrap(),
        repair(&lake, &mut |_| {}).await.err().unwrap(),
        probe(&lake).await.err().unwrap(),
    ] {
        assert!(
            error.to_string().contains("the certificate has ended"),
            "{error}"
        );
    }
    assert!(account.heads.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_refusal_is_said_in_words_and_shows_no_token() {
    for (http, code, words) in [
        (
            403,
            "AuthorizationPermissionMismatch",
            "Storage Blob Data Contributor",
        ),
        (403, "AuthenticationFailed", "does not accept the sign-in"),
        (
            401,
            "InvalidAuthenticationInfo",
            "does not accept the sign-in",
        ),
        (404, "ContainerNotFound", "make it"),
    ] {
        let account = Account::refusing(http, code).await;
        let lake = account.lake(Arc::new(Numbered::default()));
        for error in [
            Reader::open(&lake).await.err().unwrap(),
            Writer::open(&lake).await.err().unwrap(),
            // That nothing can be seen is no damage, and no reason to move anything aside.
            repair(&lake, &mut |_| {}).await.err().unwrap(),
            probe(&lake).await.err().unwrap(),
        ] {
            let said = error.to_string();
            assert!(said.contains(words) && said.contains(code), "{said}");
            assert!(!format!("{said} {error:?}").contains("secret"), "{error:?}");
        }
        let heads = account.heads.lock().unwrap();
        assert!(
            heads.iter().all(|head| head.starts_with("GET ")),
            "{heads:?}"
        );
    }
}

#[tokio::test]
async fn a_store_that_writes_over_files_is_found_out() {
    let account = Account::empty().await;
    let probed = probe(&account.lake(Arc::new(Numbered::default()))).await;
    assert!(
        matches!(probed, Err(LakeError::Overwrites { .. })),
        "{probed:?}"
    );
    let heads = account.heads.lock().unwrap();
    let puts: Vec<_> = heads
        .iter()
        .filter(|head| head.starts_with("PUT "))
        .collect();
    assert_eq!(puts.len(), 2, "{heads:?}");
    assert!(
        puts.iter().all(|head| head.contains("if-none-match: *")),
        "{puts:?}"
    );
}

fn in_memory() -> Location {
    Location::Store(OwnStore::new(Arc::new(InMemory::new())))
}

fn run_named(name: &str) -> Run {
    Run {
        run_id: name.to_owned(),
        tenant_id: TENANT.to_owned(),
    }
}

fn is_conflict<T>(result: Result<T, LakeError>) -> bool {
    matches!(result, Err(LakeError::Conflict { .. }))
}

#[tokio::test]
async fn of_two_writers_the_later_one_is_refused() {
    let lake = in_memory();
    drop(Writer::open(&lake).await.unwrap());
    let (mut first, mut second) = (
        Writer::open(&lake).await.unwrap(),
        Writer::open(&lake).await.unwrap(),
    );
    let (ann, bob) = (run_named("first"), run_named("second"));
    // Both may say in the diary that they began: that is about nobody else.
    first.begin(&ann, "sync", START_MS).await.unwrap();
    second.begin(&bob, "sync", START_MS).await.unwrap();

    let people = [UserRecord {
        user_id: "ann".to_owned(),
        ..UserRecord::default()
    }];
    first
        .keep_users(&ann, START_MS, &people, true)
        .await
        .unwrap();
    assert!(is_conflict(
        second.keep_users(&bob, START_MS, &people, true).await
    ));

    let rows = [row("ann", None, 1, 1)];
    let lines = || vec![line("ann", 0, START_MS)];
    first
        .commit(&ann, START_MS, crate::fixture::rows_of(&rows), lines())
        .await
        .unwrap();
    assert!(is_conflict(
        second
            .commit(&bob, START_MS, crate::fixture::rows_of(&rows), lines())
            .await
    ));

    let counts = RunCounts::default();
    for (writer, run) in [(&mut second, &bob), (&mut first, &ann)] {
        writer
            .end(run, START_MS, RunStatus::Whole, counts, None, None)
            .await
            .unwrap();
    }
    let reader = Reader::open(&lake).await.unwrap();
    for (table, rows) in [
        ("users", 1),
        ("interactions", 1),
        ("coverage", 1),
        ("runs", 2),
    ] {
        let sql = format!("SELECT count(*) AS rows FROM {table}");
        let found = reader.select(&sql).await.unwrap();
        assert_eq!(found[0]["rows"], rows, "{table}");
    }
    assert!(check(&lake, &mut |_| {}).await.unwrap().sound);

    // Run again, it goes on from what the first one left.
    let mut again = Writer::open(&lake).await.unwrap();
    let kept = again
        .commit(&bob, START_MS, crate::fixture::rows_of(&rows), lines())
        .await
        .unwrap();
    assert_eq!((kept.new, kept.known), (0, 1));
}

#[tokio::test]
async fn of_two_who_make_a_lake_one_is_refused() {
    let lake = in_memory();
    let (first, second) = tokio::join!(Writer::open(&lake), Writer::open(&lake));
    for error in [first.err(), second.err()].into_iter().flatten() {
        assert!(matches!(error, LakeError::Conflict { .. }), "{error}");
    }
    Writer::open(&lake).await.unwrap();
    let reader = Reader::open(&lake).await.unwrap();
    // Two keys would make fingerprints that can't be compared.
    assert_eq!(
        reader
            .select("SELECT count(*) AS rows FROM runs")
            .await
            .unwrap()[0]["rows"],
        0
    );
    let checked = check(&lake, &mut |_| {}).await.unwrap();
    assert!(checked.sound, "{checked:?}");
}

#[test]
fn a_trouble_names_what_to_do() {
    let trouble = StoreTrouble::NotAllowed("AccessDenied".to_owned()).to_string();
    for word in [
        "Storage Blob Data Contributor",
        "Contributor in the workspace",
        "s3:PutObject",
    ] {
        assert!(trouble.contains(word), "{trouble}");
    }
}
