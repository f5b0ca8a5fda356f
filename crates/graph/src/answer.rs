//! What an answer means: one pure function from status, headers and body. Nothing else in this crate decides
//! whether to try again.

use std::time::Duration;

use http::header::{DATE, LOCATION, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use jiff::civil::DateTime;
use jiff::fmt::strtime;
use jiff::{Timestamp, tz::TimeZone};
use serde_json::Value;
use url::Url;

use crate::error::GraphError;
use crate::next_link::place;

/// The meaning of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Meaning {
    /// 2xx: read the body.
    Fine,
    /// 401: get a new token and ask once more.
    RenewToken(GraphError),
    /// 429 or 509: too many requests. Everyone under this limit waits.
    Wait {
        /// What the service asks for; None when it does not say.
        hint: Option<Duration>,
    },
    /// The service or something before it stumbled: ask again.
    Retry {
        /// Which way it stumbled.
        reason: RetryReason,
        /// What the service asks for. If it says so, everyone waits.
        hint: Option<Duration>,
    },
    /// 3xx: never followed, as the token would go along.
    Redirected {
        /// The place it leads to, without path and query.
        host: String,
    },
    /// The outcome of this request: asking again would give the same.
    Refused(GraphError),
}

/// Why a request is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RetryReason {
    /// 429, 509.
    TooManyRequests,
    /// 5xx, 408.
    ServerError,
    /// No answer in time.
    Timeout,
    /// The host could not be reached.
    Connect,
    /// Cut in the middle of the answer.
    Cut,
    /// Whole, but not what it should be: truncated JSON, an HTML page with status 200.
    Unreadable,
    /// The token had run out.
    TokenExpired,
}

impl RetryReason {
    /// All of them, in the order of [`Statistics`](crate::Statistics).
    pub const ALL: [Self; 7] = [
        Self::TooManyRequests,
        Self::ServerError,
        Self::Timeout,
        Self::Connect,
        Self::Cut,
        Self::Unreadable,
        Self::TokenExpired,
    ];

    /// A stable name for machines.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooManyRequests => "too_many_requests",
            Self::ServerError => "server_error",
            Self::Timeout => "timeout",
            Self::Connect => "connect",
            Self::Cut => "cut",
            Self::Unreadable => "unreadable",
            Self::TokenExpired => "token_expired",
        }
    }
}

/// Gives an answer its meaning. `now_ms` (UTC milliseconds) turns a `Retry-After` date into a wait where the answer
/// itself has no `Date`.
pub fn meaning(status: StatusCode, headers: &HeaderMap, body: &[u8], now_ms: i64) -> Meaning {
    let hint = || retry_after(headers, now_ms);
    match status.as_u16() {
        200..=299 => Meaning::Fine,
        300..=399 => Meaning::Redirected {
            host: redirect_target(headers),
        },
        401 => Meaning::RenewToken(GraphError::read(status, body)),
        429 | 509 => Meaning::Wait { hint: hint() },
        // The form of the request itself is not understood: it will not be better understood the next time.
        501 | 505 => Meaning::Refused(GraphError::read(status, body)),
        408 | 500..=599 => Meaning::Retry {
            reason: RetryReason::ServerError,
            hint: hint(),
        },
        _ => Meaning::Refused(GraphError::read(status, body)),
    }
}

/// A body without the byte-order mark that some servers and gateways put before JSON.
pub(crate) fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body)
}

fn redirect_target(headers: &HeaderMap) -> String {
    let location = headers.get(LOCATION).and_then(|value| value.to_str().ok());
    match location.map(Url::parse) {
        Some(Ok(url)) => place(&url),
        Some(Err(_)) => "a relative address".to_owned(),
        None => "an address not named".to_owned(),
    }
}

/// `Retry-After` as seconds (fractions too, as some gateways send them) or as one of the three date forms of
/// RFC 9110, section 5.6.7. None where it is missing or unreadable. A date counts from the answer's own `Date`, as this
/// machine's clock may be wrong. A date in the past is no wait.
pub fn retry_after(headers: &HeaderMap, now_ms: i64) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let answered = headers.get(DATE).and_then(|date| date.to_str().ok());
    let answered_ms = answered.and_then(http_date_ms).unwrap_or(now_ms);
    let wait_ms = http_date_ms(text)?.saturating_sub(answered_ms);
    Some(Duration::from_millis(u64::try_from(wait_ms).unwrap_or(0)))
}

/// An HTTP date in UTC milliseconds since 1970.
pub fn http_date_ms(text: &str) -> Option<i64> {
    let modern = jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(text)
        .map(Timestamp::as_millisecond);
    modern
        .ok()
        .or_else(|| civil(text, "%A, %d-%b-%y %H:%M:%S GMT"))
        .or_else(|| civil(text, "%a %b %e %H:%M:%S %Y"))
}

fn civil(text: &str, format: &str) -> Option<i64> {
    let time: DateTime = strtime::parse(format, text).ok()?.to_datetime().ok()?;
    let zoned = time.to_zoned(TimeZone::UTC).ok()?;
    Some(zoned.timestamp().as_millisecond())
}

impl GraphError {
    /// Reads an error body as Graph writes it: `{"error": {"code", "message"}}`. Gateways before Graph answer in
    /// HTML or not at all; then the status speaks.
    pub fn read(status: StatusCode, body: &[u8]) -> Self {
        let json: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
        let text = |value: &Value| {
            value
                .as_str()
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        let error = &json["error"];
        let code = text(&error["code"]).or_else(|| text(error));
        let message = text(&error["message"])
            .or_else(|| text(&json["error_description"]))
            .or_else(|| text(&json["message"]));
        let standard = status.canonical_reason().unwrap_or("no reason given");
        Self {
            status: status.as_u16(),
            code: code.map_or_else(
                || format!("http{}", status.as_u16()),
                |code| crate::scrub::outside_text(&code),
            ),
            message: crate::scrub::outside_text(message.as_deref().unwrap_or(standard)),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::fmt::Write as _;

    const NOW_MS: i64 = 784_111_777_000; // Sun, 06 Nov 1994 08:49:37 GMT

    fn with(value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, value.parse().unwrap());
        headers
    }

    #[test]
    fn retry_after_in_all_its_forms() {
        let wait = |text: &str| retry_after(&with(text), NOW_MS);
        assert_eq!(wait("7"), Some(Duration::from_secs(7)));
        assert_eq!(wait("0"), Some(Duration::ZERO));
        assert_eq!(wait(" 1.5 "), Some(Duration::from_millis(1500)));
        assert_eq!(wait("86400"), Some(Duration::from_secs(86_400)));
        for date in [
            "Sun, 06 Nov 1994 08:49:47 GMT",
            "Sunday, 06-Nov-94 08:49:47 GMT",
            "Sun Nov  6 08:49:47 1994",
        ] {
            assert_eq!(wait(date), Some(Duration::from_secs(10)), "{date}");
        }
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:00 GMT"), Some(Duration::ZERO));
        for nothing in ["", "soon", "-3", "NaN", "inf", "1e400"] {
            assert_eq!(wait(nothing), None, "{nothing:?}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), NOW_MS), None);
        let mut by_their_clock = with("Sun, 06 Nov 1994 08:49:47 GMT");
        by_their_clock.insert(DATE, "Sun, 06 Nov 1994 08:49:42 GMT".parse().unwrap());
        assert_eq!(
            retry_after(&by_their_clock, NOW_MS - 3_600_000),
            Some(Duration::from_secs(5)),
            "this machine's clock is an hour behind"
        );
    }

    #[test]
    fn what_a_server_calls_a_code_is_short_and_on_one_line_too() {
        let long = format!("a\\nb https://h/x?$skiptoken=hush {}", "c".repeat(10_000));
        for body in [
            format!(r#"{{"error":"{long}"}}"#),
            format!(r#"{{"error":{{"code":"{long}"}}}}"#),
        ] {
            let error = GraphError::read(StatusCode::BAD_REQUEST, body.as_bytes());
            let beginning = "a b https://h/x?… ccc";
            assert!(error.code.starts_with(beginning), "{}", error.code);
            assert!(error.code.chars().count() <= 401);
        }
    }

    /// Every status with every kind of body, and with and without a hint: runs of statuses that mean the same
    /// stand in one line.
    #[test]
    fn the_whole_table() {
        let bodies: [(&str, &[u8]); 4] = [
            ("graph", br#"{"error":{"code":"TheCode","message":"The message.","innerError":{"date":"2026"}}}"#),
            ("html", b"<html><body>502 Bad Gateway</body></html>"),
            ("empty", b""),
            ("cut", br#"{"error":{"code":"The"#),
        ];
        let mut table = String::new();
        for (kind, body) in bodies {
            let mut runs: Vec<(u16, u16, String)> = Vec::new();
            for number in 100..=599_u16 {
                let status = StatusCode::from_u16(number).unwrap();
                let plain = meaning(status, &HeaderMap::new(), body, NOW_MS);
                let hinted = meaning(status, &with("7"), body, NOW_MS);
                let mut text = short(&plain);
                if hinted != plain {
                    text = format!("{text}; with Retry-After: {}", short(&hinted));
                }
                match runs.last_mut() {
                    Some((_, last, same)) if *same == text => *last = number,
                    _ => runs.push((number, number, text)),
                }
            }
            writeln!(table, "body: {kind}").unwrap();
            for (first, last, text) in runs {
                writeln!(table, "  {first}-{last}  {text}").unwrap();
            }
        }
        insta::assert_snapshot!(table);
    }

    fn short(meaning: &Meaning) -> String {
        match meaning {
            Meaning::Refused(e) if e.code == format!("http{}", e.status) => {
                "refused (status speaks)".to_owned()
            }
            Meaning::Refused(e) => format!("refused ({}: {})", e.code, e.message),
            Meaning::RenewToken(_) => "renew the token".to_owned(),
            Meaning::Redirected { .. } => "redirected: refused".to_owned(),
            Meaning::Fine => "fine".to_owned(),
            Meaning::Wait { hint } => format!("everyone waits {hint:?}"),
            Meaning::Retry { reason, hint } => format!("retry ({}) {hint:?}", reason.code()),
        }
    }
}
