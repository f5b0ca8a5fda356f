//! A report's download address, and the pace of reports.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use hobbs_graph::answer::RetryReason;
use hobbs_graph::{
    BodyLimit, Client, Credential, Endpoints, Format, HttpTransport, Period, ReadError,
    ReportLimits, ReportVersion, Transport, TransportError,
};
use http::{Request, Response};
use tokio::time::Instant;

use crate::script::*;

const REPORT: &str = "\u{feff}Report Refresh Date,User Principal Name\r\n2026-11-20,a@x\r\n";
const SIGNATURE: &str = "s1g-that-must-not-leak";

fn redirect(to: &str) -> Response<Bytes> {
    let mut reply = answer(302, "");
    let headers = reply.headers_mut();
    headers.insert("location", to.parse().unwrap());
    headers.insert("set-cookie", "session=1".parse().unwrap());
    reply
}

fn download_address() -> String {
    format!("https://reports.example/files/1?sig={SIGNATURE}")
}

async fn detail(client: &Client) -> Result<u64, ReadError> {
    let period = Period::all(ReportVersion::V1);
    let detail = client.user_detail(period, Format::Csv).await?;
    Ok(detail.facts.kept)
}

/// What was asked of the download's host.
type Seen = Arc<Mutex<Vec<Request<Bytes>>>>;

/// Graph redirects every report to the download address, where these answers come in turn, then the report.
fn redirecting(answers: Vec<Answer>) -> (Arc<dyn Transport>, Seen) {
    let seen = Seen::default();
    let downloads = Arc::clone(&seen);
    let answers = Mutex::new(answers.into_iter());
    let transport = script(move |request: Request<Bytes>| {
        let is_download = request.uri().host() == Some("reports.example");
        std::future::ready(if is_download {
            downloads.lock().unwrap().push(request);
            let next = answers.lock().unwrap().next();
            next.unwrap_or_else(|| Ok(answer(200, REPORT)))
        } else {
            assert!(request.headers().contains_key("authorization"));
            Ok(redirect(&download_address()))
        })
    });
    (transport, seen)
}

#[tokio::test(start_paused = true)]
async fn a_redirect_of_a_report_is_followed_once_without_the_token() {
    let (transport, seen) = redirecting(vec![]);
    let client = builder(transport).build().unwrap();
    assert_eq!(detail(&client).await.unwrap(), 1);
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].uri().to_string(), download_address());
    assert!(seen[0].headers().is_empty(), "{:?}", seen[0].headers());
    assert!(seen[0].body().is_empty());
    // Large reports are allowed, and only they.
    assert!(seen[0].extensions().get::<BodyLimit>().unwrap().0 > 100_000_000);
}

#[tokio::test(start_paused = true)]
async fn what_the_download_brings_is_final_or_asked_for_anew() {
    for (stumble, reason) in [
        (Ok(answer(503, "")), RetryReason::ServerError),
        (Ok(answer(403, "expired")), RetryReason::ServerError),
        (Err(TransportError::Cut), RetryReason::Cut),
        (Err(TransportError::Timeout), RetryReason::Timeout),
        (Ok(answer(200, "<html>")), RetryReason::Unreadable),
    ] {
        let what = format!("{stumble:?}");
        let (transport, seen) = redirecting(vec![stumble]);
        let client = builder(transport).build().unwrap();
        assert_eq!(detail(&client).await.unwrap(), 1, "{what}");
        assert_eq!(seen.lock().unwrap().len(), 2, "{what}");
        assert_eq!(client.statistics().retries_for(reason), 1, "{what}");
        assert_eq!(client.statistics().requests, 2, "{what}");
    }
    for (fate, code) in [
        (Ok(redirect(&download_address())), "download"),
        (Ok(redirect("http://127.0.0.1:7777/v1.0/users")), "download"),
        (
            Err(TransportError::TooLarge { limit_bytes: 9 }),
            "too_large",
        ),
    ] {
        let (transport, seen) = redirecting(vec![fate]);
        let client = builder(transport).build().unwrap();
        let error = detail(&client).await.unwrap_err();
        assert_eq!(error.code(), code);
        assert!(error.is_permanent());
        assert_eq!(seen.lock().unwrap().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn the_download_address_stays_secret() {
    let hosts = [
        Ok(answer(500, SIGNATURE)),
        Ok(redirect(&download_address())),
    ];
    for fate in hosts {
        let (transport, _) = redirecting(vec![fate; 4]);
        let client = builder(transport).build().unwrap();
        let error = detail(&client).await.unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(
            !text.contains(SIGNATURE) && text.contains("reports.example"),
            "{text}"
        );
    }
    let transport = script(|_| {
        std::future::ready(Ok(redirect(&format!(
            "http://reports.example/?sig={SIGNATURE}"
        ))))
    });
    let client = builder(transport).build().unwrap();
    let error = detail(&client).await.unwrap_err();
    assert_eq!(error.code(), "download");
    assert!(!error.to_string().contains(SIGNATURE), "{error}");
    assert_eq!(client.statistics().requests, 1);
}

#[tokio::test(start_paused = true)]
async fn every_other_redirect_is_refused() {
    for status in [301, 303, 307, 308] {
        let transport = script(move |_| {
            let mut reply = redirect(&download_address());
            *reply.status_mut() = http::StatusCode::from_u16(status).unwrap();
            std::future::ready(Ok(reply))
        });
        let client = builder(transport).build().unwrap();
        assert_eq!(detail(&client).await.unwrap_err().code(), "redirected");
    }
    let (transport, seen) = redirecting(vec![]);
    let client = builder(transport).build().unwrap();
    let period = Period::all(ReportVersion::V1);
    let json = client.user_detail(period, Format::Json).await;
    assert_eq!(json.unwrap_err().code(), "redirected");
    assert_eq!(client.users().await.unwrap_err().code(), "redirected");
    assert_eq!(
        client.report_settings().await.unwrap_err().code(),
        "redirected"
    );
    assert!(seen.lock().unwrap().is_empty());
}

/// Serves one connection after the other on this machine; keeps the heads of requests.
fn serve(answers: impl Fn(&str) -> String + Send + 'static) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let heads = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&heads);
    thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection: TcpStream = connection.unwrap();
            let mut head = Vec::new();
            let mut byte = [0_u8];
            while !head.ends_with(b"\r\n\r\n") && connection.read(&mut byte).unwrap_or(0) == 1 {
                head.push(byte[0]);
            }
            let head = String::from_utf8_lossy(&head).to_lowercase();
            let reply = answers(&head);
            seen.lock().unwrap().push(head);
            let _ = connection.write_all(reply.as_bytes());
        }
    });
    (base, heads)
}

fn reply(status: &str, more: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\n{more}Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[tokio::test]
async fn over_real_http_no_token_and_no_cookie_goes_to_the_download() {
    let (elsewhere, downloads) = serve(|_| reply("200 OK", "", REPORT));
    let location = format!(
        "Location: {elsewhere}/files/1?sig={SIGNATURE}\r\nSet-Cookie: session=1; Path=/\r\n"
    );
    let (graph, asked) = serve(move |head| {
        if head.starts_with("post") {
            return reply(
                "200 OK",
                "",
                r#"{"access_token":"t0ken","expires_in":3600}"#,
            );
        }
        reply("302 Found", &location, "")
    });
    let credential = Credential::ClientSecret {
        client_id: "app".to_owned(),
        secret: SECRET.into(),
    };
    let endpoints =
        Endpoints::with_bases(hobbs_graph::Cloud::Global, Some(&graph), Some(&graph)).unwrap();
    let client = Client::builder("tenant", credential)
        .endpoints(endpoints)
        .build()
        .unwrap();
    assert_eq!(detail(&client).await.unwrap(), 1);
    assert_eq!(detail(&client).await.unwrap(), 1);
    let asked = asked.lock().unwrap();
    assert!(
        asked
            .last()
            .unwrap()
            .contains("authorization: bearer t0ken")
    );
    let downloads = downloads.lock().unwrap();
    assert_eq!(downloads.len(), 2);
    for head in downloads.iter() {
        assert!(
            head.starts_with(&format!("get /files/1?sig={SIGNATURE} ")),
            "{head}"
        );
        for forbidden in ["authorization", "cookie", "t0ken", "referer"] {
            assert!(!head.contains(forbidden), "{head}");
        }
    }
}

#[tokio::test]
async fn a_request_may_allow_a_larger_body() {
    let (base, _) = serve(|_| reply("200 OK", "", &"x".repeat(5_000)));
    for (limit, fits) in [(4_999, false), (5_000, true)] {
        let mut request = Request::get(&base).body(Bytes::new()).unwrap();
        request.extensions_mut().insert(BodyLimit(limit));
        let answer = HttpTransport::new().unwrap().send(request).await;
        match answer {
            Ok(answer) => assert!(fits && answer.body().len() == 5_000),
            Err(error) => {
                assert_eq!(error, TransportError::TooLarge { limit_bytes: limit });
                assert!(!fits);
            }
        }
    }
}

/// The times, in seconds since the beginning, at which so many reports were asked for.
async fn asked_at(limits: Option<ReportLimits>, format: Format, reports: usize) -> Vec<f64> {
    let began = Instant::now();
    let times = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&times);
    let transport = script(move |request: Request<Bytes>| {
        seen.lock().unwrap().push(began.elapsed().as_secs_f64());
        let is_json = request.uri().path().starts_with("/beta");
        let body = if is_json { r#"{"value":[]}"# } else { REPORT };
        std::future::ready(Ok(answer(200, body)))
    });
    let mut builder = builder(transport);
    if let Some(limits) = limits {
        builder = builder.report_limits(limits);
    }
    let client = builder.build().unwrap();
    let period = Period::all(ReportVersion::V1);
    futures::future::join_all((0..reports).map(|_| client.user_detail(period, format)))
        .await
        .into_iter()
        .for_each(|report| {
            report.unwrap();
        });
    times.lock().unwrap().clone()
}

#[tokio::test(start_paused = true)]
async fn fourteen_reports_as_csv_and_a_hundred_as_json_in_any_ten_minutes() {
    let few = ReportLimits {
        csv_per_ten_minutes: 3,
        json_per_ten_minutes: 5,
    };
    for (limits, format, allowed) in [
        (None, Format::Csv, 14),
        (None, Format::Json, 100),
        (Some(few), Format::Csv, 3),
        (Some(few), Format::Json, 5),
    ] {
        let times = asked_at(limits, format, 2 * allowed + 1).await;
        for pair in times.windows(allowed + 1) {
            let apart = pair[allowed] - pair[0];
            assert!((600.0..605.0).contains(&apart), "{allowed}: {apart} s");
        }
        assert!(times[allowed - 1] < 1.0, "no wait before the limit");
    }
}

#[tokio::test(start_paused = true)]
async fn a_throttled_report_waits_as_told_and_holds_up_nothing_else() {
    let calls = AtomicU64::new(0);
    let transport = script(move |request: Request<Bytes>| {
        let is_report = request.uri().path().contains("/reports/");
        let is_first = is_report && calls.fetch_add(1, SeqCst) == 0;
        std::future::ready(Ok(if is_first {
            let mut busy = answer(429, "");
            busy.headers_mut()
                .insert("retry-after", "300".parse().unwrap());
            busy
        } else if is_report {
            answer(200, REPORT)
        } else {
            answer(200, r#"{"value":[]}"#)
        }))
    });
    let client = builder(transport).build().unwrap();
    let began = Instant::now();
    let report = async {
        assert_eq!(detail(&client).await.unwrap(), 1);
        began.elapsed()
    };
    let users = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        client.users().await.unwrap();
        began.elapsed()
    };
    let (report_took, users_took) = tokio::join!(report, users);
    assert!(
        (300.0..330.0).contains(&report_took.as_secs_f64()),
        "{report_took:?}"
    );
    assert!(users_took.as_secs_f64() < 2.0, "{users_took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_wait_beyond_patience_is_an_error() {
    let transport = script(|_| {
        let mut busy = answer(429, "");
        busy.headers_mut()
            .insert("retry-after", "900".parse().unwrap());
        std::future::ready(Ok(busy))
    });
    let client = builder(transport).build().unwrap();
    assert_eq!(detail(&client).await.unwrap_err().code(), "throttled");
}

#[test]
fn limits_of_nothing_are_refused() {
    for (csv, json) in [(0, 1), (1, 0)] {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let _inside = runtime.enter();
        let transport = script(|_| std::future::ready(Ok(answer(200, ""))));
        let limits = ReportLimits {
            csv_per_ten_minutes: csv,
            json_per_ten_minutes: json,
        };
        assert!(builder(transport).report_limits(limits).build().is_err());
    }
}
