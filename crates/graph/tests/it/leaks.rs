//! Secrets, tokens and skip tokens stay out of logs and errors, also where a server repeats them.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use hobbs_graph::{AppFilter, Budget, Format, Period, ReportVersion, TransportError, Window, each};
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use crate::script::*;

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Captured {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_leaks() {
    const SKIP_TOKEN: &str = "sk1p-that-must-not-leak";
    let captured = Captured::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(captured.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let mut texts = String::new();
    let echo = format!(
        "you sent {TOKEN}? see {GRAPH}/x?$skiptoken={SKIP_TOKEN} or $skiptoken={SKIP_TOKEN}"
    );
    let next = format!("{GRAPH}/v1.0/next?$skiptoken={SKIP_TOKEN}");
    for fate in 0..12 {
        // Tests beside this one, which have no log, may have told the macros that nobody listens.
        tracing::callsite::rebuild_interest_cache();
        let calls = AtomicU64::new(0);
        let (echo, next) = (echo.clone(), next.clone());
        let transport = script(move |_| {
            let is_first = calls.fetch_add(1, SeqCst) == 0;
            let (echo, next) = (echo.clone(), next.clone());
            async move {
                let page =
                    json!({"value": [item("1", "s", NOW_MS - 1000)], "@odata.nextLink": next});
                match (fate, is_first) {
                    (_, true) => Ok(answer(200, page.to_string())),
                    (0, _) => graph_error(400, TOKEN, &echo),
                    (1, _) => graph_error(401, TOKEN, &echo),
                    (2, _) => graph_error(403, "x", &echo),
                    (3, _) => graph_error(404, "x", &echo),
                    (4, _) => graph_error(500, "x", &echo),
                    (5, _) => graph_error(429, "x", &echo),
                    (6, _) => Ok(answer(200, echo)),
                    (7, _) => Err(TransportError::Cut),
                    (8, _) => Ok(answer(200, page.to_string())),
                    (9, _) => Ok(answer(200, json!({"value": [], "@odata.nextLink": format!("https://evil.example/{SKIP_TOKEN}?$skiptoken={SKIP_TOKEN}&t={TOKEN}")}).to_string())),
                    (10, _) => {
                        let mut reply = answer(302, "");
                        reply.headers_mut().insert("location", format!("https://evil.example/?t={TOKEN}").parse().unwrap());
                        Ok(reply)
                    }
                    _ => Ok(answer(503, echo)),
                }
            }
        });
        let client = builder(transport)
            .budget(Budget {
                attempts: 3,
                waits: 3,
                ..Budget::default()
            })
            .build()
            .unwrap();
        let history = client
            .read_history(
                "u",
                Window::all(),
                &AppFilter::all(),
                each(|item| item.id.into_owned()),
            )
            .await;
        let error = history.result.unwrap_err();
        texts.push_str(&format!(
            "{error}\n{error:?}\n{client:?}\n{:?}\n",
            client.sign_in().await
        ));
    }
    texts.push_str(&String::from_utf8(captured.0.lock().unwrap().clone()).unwrap());
    assert!(
        texts.contains("trying again") && texts.contains("signed in"),
        "the logs were captured"
    );
    for secret in [TOKEN, SECRET, SKIP_TOKEN] {
        let line = texts.lines().find(|line| line.contains(secret));
        assert_eq!(line, None);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_of_a_download_address_or_a_delta_link_leaks() {
    const SIGNATURE: &str = "s1g-that-must-not-leak";
    let captured = Captured::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(captured.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let mut texts = String::new();
    let address = format!("https://reports.example/{SIGNATURE}?sig={SIGNATURE}");
    let link = format!("{GRAPH}/v1.0/users/delta?$deltatoken={SIGNATURE}");
    for fate in 0..6 {
        let (address, link) = (address.clone(), link.clone());
        let transport = script(move |request| {
            let is_download = request.uri().host() == Some("reports.example");
            let is_report = request.uri().path().contains("/reports/");
            let mut redirect = answer(302, "");
            redirect
                .headers_mut()
                .insert("location", address.parse().unwrap());
            let page = json!({"value": [], "@odata.deltaLink": link}).to_string();
            std::future::ready(match (is_download, fate) {
                (false, _) if is_report => Ok(redirect),
                (false, 0) => Ok(answer(200, page)),
                (false, _) => graph_error(410, "syncStateNotFound", &format!("see {link}")),
                (true, 0) => Ok(answer(200, "Report Refresh Date,User Principal Name\n")),
                (true, 1) => Ok(redirect),
                (true, 2) => Ok(answer(403, address.clone())),
                (true, 3) => Err(TransportError::Cut),
                (true, 4) => Err(TransportError::TooLarge { limit_bytes: 1 }),
                (true, _) => Ok(answer(200, address.clone())),
            })
        });
        let client = builder(transport).build().unwrap();
        let report = client
            .user_detail(Period::all(ReportVersion::V2), Format::Csv)
            .await;
        let delta = client.people_delta(None, |_| {}).await;
        assert_eq!((report.is_ok(), delta.is_ok()), (fate == 0, fate == 0));
        if let Err(error) = &report {
            texts.push_str(&format!("{error}\n"));
        }
        if let Err(error) = &delta {
            texts.push_str(&format!("{error}\n"));
        }
        texts.push_str(&format!("{report:?}\n{delta:?}\n"));
    }
    texts.push_str(&String::from_utf8(captured.0.lock().unwrap().clone()).unwrap());
    assert!(texts.contains("download"), "the logs were captured");
    for secret in [TOKEN, SECRET, SIGNATURE] {
        let line = texts.lines().find(|line| line.contains(secret));
        assert_eq!(line, None);
    }
}
