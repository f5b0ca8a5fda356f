//! Download addresses: a report by an unguessable link that needs no token and lives for some minutes.

use http::{HeaderMap, StatusCode};

use crate::answer::GraphError;
use crate::draw::hash_text;
use crate::paging;
use crate::reports::question::Question;
use crate::tenant::header;
use crate::time::MINUTE_MS;

/// How long an address can be used.
const LIFETIME_MS: i64 = 5 * MINUTE_MS;
/// Room for a question's number below the refresh date.
const QUESTION_BITS: u32 = 32;

/// The address of a report.
pub(crate) fn address(
    seed: u64,
    base: &str,
    asked_ms: i64,
    refresh: i64,
    question: Question,
) -> String {
    let second = (refresh as u64) << QUESTION_BITS | question.number();
    let token = paging::seal(seed, purpose(), asked_ms + LIFETIME_MS, second);
    format!("{base}/data/v1.0/download?token={token}")
}

/// The report that an address leads to: its refresh date and what was asked.
///
/// # Errors
/// 400 for whoever brings a token that has no business here, 404 for an address that was never given, 403 for one that
/// has run out.
pub(crate) fn open(
    seed: u64,
    headers: &HeaderMap,
    query: Option<&str>,
    now_ms: i64,
) -> Result<(i64, Question), GraphError> {
    if header(headers, "authorization").is_some() {
        let message = "An Authorization header must not be sent to a pre-authenticated address.";
        return Err(GraphError::bad_request(message));
    }
    let parameters = paging::parameters(query);
    let opened = paging::parameter(&parameters, "token")
        .and_then(|token| paging::open(seed, purpose(), token))
        .and_then(|(expires_ms, second)| {
            let question = Question::numbered(second & ((1 << QUESTION_BITS) - 1))?;
            Some((expires_ms, (second >> QUESTION_BITS) as i64, question))
        });
    let Some((expires_ms, refresh, question)) = opened else {
        return Err(GraphError::no_such_resource("download"));
    };
    if now_ms > expires_ms {
        return Err(GraphError::new(
            StatusCode::FORBIDDEN,
            "AuthenticationFailed",
            "The download address has expired.",
        ));
    }
    Ok((refresh, question))
}

fn purpose() -> u64 {
    hash_text(0, "report download")
}
