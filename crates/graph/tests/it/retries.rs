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

async fn read_everything(client: &hobbs_graph::Client) -> hobbs_graph::History<String> {
    let (window, apps) = (hobbs_graph::Window::all(), hobbs_graph::AppFilter::all());
    let keep = each(|item: hobbs_interaction::AiInteraction<'_>| item.id.into_owned());
    client.read_history("u", window, &apps, keep).await
}

/// 403 as a rule, and whatever else says it.
#[tokio::test(start_paused = true)]
async fn a_refusal_that_speaks_of_a_license_says_so() {
    for (status, message, code) in [
        (
            403,
            "User does not have a valid Copilot license.",
            "not_licensed",
        ),
        (
            403,
            "The user lacks the Copilot Chat service plan.",
            "not_licensed",
        ),
        (400, "User is not licensed.", "not_licensed"),
        (402, "License required", "not_licensed"),
        (404, "No license for this user", "not_licensed"),
        (409, "The license was removed", "not_licensed"),
        (
            403,
            "Missing application permission: AiEnterpriseInteraction.Read.All or LicenseAssignment.Read.All",
            "forbidden",
        ),
    ] {
        let transport = in_turn(vec![graph_error(status, "SomeCode", message)]);
        let client = builder(transport.clone()).build().unwrap();
        let error = read_everything(&client).await.result.unwrap_err();
        assert_eq!(error.code(), code, "{status} {message}");
        assert_eq!(transport.requests.load(SeqCst), 1);
    }
}

/// Elsewhere a license may be another one: of Entra ID for groups, for example.
#[tokio::test(start_paused = true)]
async fn a_license_that_is_missing_elsewhere_is_not_called_copilots() {
    let refusal = graph_error(403, "Forbidden", "The tenant has no premium license.");
    let client = builder(in_turn(vec![refusal])).build().unwrap();
    assert_eq!(client.user("u").await.unwrap_err().code(), "forbidden");
}

/// Three pages; links to the third are refused at first.
fn with_links_that_run_out(refusals: u64, status: u16) -> (hobbs_graph::Client, Arc<AtomicU64>) {
    let (refused, first_pages) = (AtomicU64::new(0), Arc::new(AtomicU64::new(0)));
    let counted = Arc::clone(&first_pages);
    let transport = script(move |request| {
        let page = parameter(&request, "$skiptoken").map_or(1, |token| token.parse().unwrap());
        counted.fetch_add(u64::from(page == 1), SeqCst);
        let is_refused = page == 3 && refused.fetch_add(1, SeqCst) < refusals;
        async move {
            if is_refused {
                return graph_error(status, "SkipTokenExpired", "The link has run out.");
            }
            let mut body =
                serde_json::json!({"value": [item(&page.to_string(), "s", NOW_MS - page * 1000)]});
            if page < 3 {
                body["@odata.nextLink"] =
                    serde_json::json!(format!("{GRAPH}/v1.0/x?$skiptoken={}", page + 1));
            }
            Ok(answer(200, body.to_string()))
        }
    });
    (builder(transport).build().unwrap(), first_pages)
}

/// A link that is refused is no word about the user: the list is begun anew, once.
#[tokio::test(start_paused = true)]
async fn a_link_that_ran_out_is_not_the_users_end() {
    for status in [400, 404, 409, 410] {
        let (client, first_pages) = with_links_that_run_out(1, status);
        let history = read_everything(&client).await;
        history.result.unwrap();
        assert_eq!(history.items, ["1", "2", "3"], "{status}");
        assert_eq!(first_pages.load(SeqCst), 2);
        let (client, first_pages) = with_links_that_run_out(9, status);
        let history = read_everything(&client).await;
        let error = history.result.unwrap_err();
        assert_eq!(error.code(), "link_refused", "{status}");
        assert!(!error.is_permanent() && error.graph_error().is_none());
        assert_eq!(history.items, ["1", "2"]);
        assert_eq!(first_pages.load(SeqCst), 2);
    }
}

/// A license that goes between two pages shows on the first, which is asked for again.
#[tokio::test(start_paused = true)]
async fn a_license_that_goes_between_two_pages() {
    let asked = AtomicU64::new(0);
    let transport = script(move |_| {
        let is_first = asked.fetch_add(1, SeqCst) == 0;
        async move {
            if !is_first {
                return graph_error(403, "Forbidden", "No license.");
            }
            let link = format!("{GRAPH}/v1.0/x?$skiptoken=2");
            let body = serde_json::json!({"value": [item("1", "s", NOW_MS - 1000)], "@odata.nextLink": link});
            Ok(answer(200, body.to_string()))
        }
    });
    let history = read_everything(&builder(transport).build().unwrap()).await;
    assert_eq!(history.result.unwrap_err().code(), "not_licensed");
    assert_eq!(history.items, ["1"]);
}

/// 401 for one user while the token is good for others is that user's outcome, and costs few sign-ins.
#[tokio::test(start_paused = true)]
async fn a_401_for_one_user_is_not_the_end_of_the_run() {
    for others_first in [false, true] {
        let transport = script(|request| async move {
            if request.uri().path().contains("/copilot/users/u/") {
                return graph_error(401, "UnknownError", "");
            }
            Ok(answer(200, r#"{"id":"v","value":[]}"#))
        });
        let client = builder(transport.clone()).build().unwrap();
        if others_first {
            client.user("v").await.unwrap();
        }
        let error = read_everything(&client).await.result.unwrap_err();
        assert_eq!(
            (error.code(), error.concerns_everyone()),
            ("refused", false)
        );
        assert!(transport.requests.load(SeqCst) <= 7);
        client.user("v").await.unwrap();
    }
}

/// What there is another way without is not waited for.
#[tokio::test(start_paused = true)]
async fn a_tenant_without_changes_of_users_is_known_within_seconds() {
    let transport = script(|_| async { Ok(answer(500, "")) });
    let client = builder(transport.clone()).build().unwrap();
    let began = Instant::now();
    client.delta_link_of_now().await.unwrap_err();
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(transport.requests.load(SeqCst), 4);
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
