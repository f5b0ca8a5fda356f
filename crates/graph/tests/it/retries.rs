//! Answers that stumble, in the right measure; answers that are final, at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use bytes::Bytes;
use hobbs_graph::answer::RetryReason;
use hobbs_graph::{Budget, TransportError, each};
use tokio::time::{Instant, sleep};

use crate::script::*;

/// Answers in turn, then well.
fn in_turn(
    answers: Vec<Answer>,
) -> Arc<Script<impl Fn(http::Request<Bytes>) -> std::future::Ready<Answer> + Send + Sync>> {
    let answers = std::sync::Mutex::new(answers.into_iter());
    script(move |_| {
        let next = answers.lock().unwrap().next();
        std::future::ready(next.unwrap_or_else(|| Ok(answer(200, r#"{"id":"u"}"#))))
    })
}

#[tokio::test(start_paused = true)]
async fn everything_that_may_pass_is_tried_again() {
    let mut too_short = answer(200, r#"{"id":"u"}"#);
    too_short
        .headers_mut()
        .insert("content-length", "999".parse().unwrap());
    let stumbles: Vec<(Answer, RetryReason)> = vec![
        (Ok(answer(500, "")), RetryReason::ServerError),
        (
            Ok(answer(502, "<html>Bad Gateway</html>")),
            RetryReason::ServerError,
        ),
        (
            graph_error(503, "serviceNotAvailable", "later"),
            RetryReason::ServerError,
        ),
        (Ok(answer(504, "")), RetryReason::ServerError),
        (Ok(answer(408, "")), RetryReason::ServerError),
        (Err(TransportError::Cut), RetryReason::Cut),
        (Ok(too_short), RetryReason::Cut),
        (Err(TransportError::Timeout), RetryReason::Timeout),
        (
            Err(TransportError::Connect("refused".to_owned())),
            RetryReason::Connect,
        ),
        (Ok(answer(200, r#"{"id":"u"#)), RetryReason::Unreadable),
        (
            Ok(answer(200, "<html>welcome to the hotel's wifi</html>")),
            RetryReason::Unreadable,
        ),
        (Ok(answer(429, "")), RetryReason::TooManyRequests),
        (Ok(answer(509, "")), RetryReason::TooManyRequests),
    ];
    for (stumble, reason) in stumbles {
        let what = format!("{stumble:?}");
        let transport = in_turn(vec![stumble]);
        let client = builder(transport.clone()).build().unwrap();
        client.user("u").await.unwrap();
        assert_eq!(transport.requests.load(SeqCst), 2, "{what}");
        assert_eq!(client.statistics().retries_for(reason), 1, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_final_is_asked_once() {
    for (status, code) in [
        (400, "bad_request"),
        (403, "forbidden"),
        (404, "not_found"),
        (405, "refused"),
        (409, "refused"),
        (410, "not_found"),
        (423, "refused"),
        (501, "refused"),
    ] {
        let transport = in_turn(vec![
            graph_error(status, "SomeCode", "Some words."),
            graph_error(status, "SomeCode", "Some words."),
        ]);
        let client = builder(transport.clone()).build().unwrap();
        let history = client
            .read_history(
                "u",
                hobbs_graph::Window::all(),
                &hobbs_graph::AppFilter::all(),
                each(|item| item.id.into_owned()),
            )
            .await;
        let error = history.result.unwrap_err();
        assert_eq!(error.code(), code, "{status}");
        assert!(error.is_permanent() && !error.concerns_everyone());
        assert!(
            error.to_string().contains("SomeCode: Some words."),
            "{error}"
        );
        assert_eq!(transport.requests.load(SeqCst), 1, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_403_that_speaks_of_a_license_says_so() {
    let transport = in_turn(vec![graph_error(
        403,
        "Forbidden",
        "User does not have a valid Copilot license.",
    )]);
    let client = builder(transport).build().unwrap();
    let history = client
        .read_history(
            "u",
            hobbs_graph::Window::all(),
            &hobbs_graph::AppFilter::all(),
            each(|item| item.id.into_owned()),
        )
        .await;
    assert_eq!(history.result.unwrap_err().code(), "not_licensed");
}

#[tokio::test(start_paused = true)]
async fn the_budget_ends_it() {
    let transport = script(|_| async { Ok(answer(502, "<html>")) });
    let budget = Budget {
        attempts: 4,
        ..Budget::default()
    };
    let client = builder(transport.clone()).budget(budget).build().unwrap();
    let error = client.user("u").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "4 attempts failed; the last: status 502; run again later"
    );
    assert!(!error.is_permanent());
    assert_eq!(transport.requests.load(SeqCst), 4);
}

#[tokio::test(start_paused = true)]
async fn a_hanging_server_is_given_up_after_the_timeout() {
    let calls = Arc::new(AtomicU64::new(0));
    let transport = script(move |_| {
        let hangs = calls.fetch_add(1, SeqCst) == 0;
        async move {
            if hangs {
                sleep(Duration::from_secs(1_000_000)).await;
            }
            Ok(answer(200, r#"{"id":"u"}"#))
        }
    });
    let client = builder(transport)
        .request_timeout(Duration::from_secs(5))
        .build()
        .unwrap();
    let began = Instant::now();
    client.user("u").await.unwrap();
    assert!((5.0..6.0).contains(&began.elapsed().as_secs_f64()));
    assert_eq!(client.pace().in_flight, 0);
}

#[tokio::test(start_paused = true)]
async fn a_503_with_retry_after_is_obeyed() {
    let mut reply = answer(503, "");
    reply
        .headers_mut()
        .insert("retry-after", "30".parse().unwrap());
    let client = builder(in_turn(vec![Ok(reply)])).build().unwrap();
    let began = Instant::now();
    client.user("u").await.unwrap();
    assert!(
        (30.0..31.0).contains(&began.elapsed().as_secs_f64()),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_redirect_is_reported_and_not_followed() {
    let mut reply = answer(302, "");
    reply.headers_mut().insert(
        "location",
        "https://evil.example/x?token=1".parse().unwrap(),
    );
    let transport = in_turn(vec![Ok(reply)]);
    let client = builder(transport.clone()).build().unwrap();
    let error = client.user("u").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "Graph redirects to https://evil.example (302); hobbs does not follow with a token"
    );
    assert_eq!(transport.requests.load(SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn requests_given_up_give_their_permit_back() {
    let transport = script(|_| async {
        sleep(Duration::from_secs(30)).await;
        Ok(answer(200, r#"{"id":"u"}"#))
    });
    let client = builder(transport).build().unwrap();
    for _ in 0..20 {
        let _ = tokio::time::timeout(Duration::from_millis(50), client.user("u")).await;
    }
    let pace = client.pace();
    assert_eq!((pace.in_flight, pace.waiting), (0, 0));
}
