//! What an answer means: the first line is its status, the second a header (`Retry-After`, `Location` and `Date`
//! in one), the rest the body. The answer is given to a request of Graph and to one for a token.
#![no_main]

use std::sync::Arc;
use std::time::Duration;

use hobbs_fuzz::service::{Answer, NOW_MS, SECRET, Service, TOKEN, talk};
use hobbs_graph::answer::{Meaning, http_date_ms, meaning, retry_after};
use http::header::{DATE, LOCATION, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let mut lines = input.splitn(3, |byte| *byte == b'\n');
    let status = lines.next().unwrap_or_default();
    let header = lines.next().unwrap_or_default();
    let body = lines.next().unwrap_or_default();
    let Ok(status) = StatusCode::from_bytes(status) else {
        return;
    };
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_bytes(header) {
        headers.insert(RETRY_AFTER, value.clone());
        headers.insert(LOCATION, value.clone());
        headers.insert(DATE, value);
    }
    waiting(headers.clone());
    match meaning(status, &headers, body, NOW_MS) {
        Meaning::Fine => assert!(status.is_success()),
        Meaning::Redirected { host } => {
            assert!(
                !host.contains(['?', '\n']) && host.matches('/').count() <= 2,
                "{host}"
            );
        }
        Meaning::Refused(error) | Meaning::RenewToken(error) => {
            assert_eq!(error.status, status.as_u16());
            short_and_on_one_line(&error.code);
            short_and_on_one_line(&error.message);
        }
        Meaning::Wait { .. } | Meaning::Retry { .. } => assert!(!status.is_success()),
    }
    let answer = Answer {
        status,
        headers,
        ..Answer::good(body)
    };
    let service = Arc::new(Service::answering(vec![answer.clone(); 3]));
    let user = talk(&service, async |client| client.user("u").await);
    is_not_told(TOKEN, input, user.err());
    let service = Arc::new(Service::signing_in_with(answer));
    let signed_in = talk(&service, async |client| client.sign_in().await);
    is_not_told(SECRET, input, signed_in.err());
});

/// A date is a wait until then, and none where it is over; the later, the less. It counts from the answer's own date,
/// which here is the same.
fn waiting(mut headers: HeaderMap) {
    let at_once = retry_after(&headers, NOW_MS);
    let dated = headers.remove(DATE);
    let headers = &headers;
    let wait = retry_after(headers, NOW_MS);
    let date = dated.as_ref().and_then(|value| value.to_str().ok());
    match date.and_then(http_date_ms) {
        Some(_) => assert_eq!(at_once, Some(Duration::ZERO)),
        None => assert_eq!(at_once, wait),
    }
    let text = headers
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok());
    let Some(text) = text.map(str::trim) else {
        assert_eq!(wait, None);
        return;
    };
    if text.parse::<f64>().is_ok() {
        assert_eq!(retry_after(headers, NOW_MS + 60_000), wait);
    } else if let Some(date_ms) = http_date_ms(text) {
        let left_ms = u64::try_from(date_ms - NOW_MS).unwrap_or(0);
        assert_eq!(wait, Some(Duration::from_millis(left_ms)));
        assert_eq!(retry_after(headers, date_ms), Some(Duration::ZERO));
    } else {
        assert_eq!(wait, None);
    }
}

/// As [`hobbs_graph`] promises of every text from outside that enters an error.
fn short_and_on_one_line(text: &str) {
    assert!(text.chars().count() <= 401, "{text}");
    assert!(!text.contains(['\n', '\r']), "{text}");
    assert!(!text.to_ascii_lowercase().contains("skiptoken="), "{text}");
}

/// What was sent along is not told, nor a good part of it, even where the server repeats it in its words.
fn is_not_told(
    secret: &str,
    input: &[u8],
    error: Option<impl std::fmt::Display + std::fmt::Debug>,
) {
    let Some(error) = error else { return };
    let told = format!("{error} {error:?}");
    // The beginning of a secret is none where the server made it up; nor is the name of a host, which is lower case.
    let beginning = &secret[..16];
    let made_up = String::from_utf8_lossy(input).replace(secret, "");
    let is_made_up = made_up.to_ascii_lowercase().contains(beginning) || made_up.contains('\\');
    let is_a_host = told.contains("redirects to");
    assert!(
        is_made_up || is_a_host || !told.contains(beginning),
        "{told}"
    );
}
