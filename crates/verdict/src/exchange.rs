//! What is derived: exchanges, conversations, and what they were about. Fields as the lake's
//! columns of the same names; `rules` is the same for all and stands in
//! [`Compiled::version`](crate::Compiled::version).

use crate::evidence::Role;
use crate::{Thread, Verdict};

/// One prompt with its responses; or either alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchange<'a> {
    /// Tenant, user and session.
    pub thread: Thread<'a>,
    /// 63-bit hash of tenant and user.
    pub user_key: i64,
    /// 63-bit hash of the conversation.
    pub conversation_key: i64,
    /// Of its first row that has one.
    pub request_id: Option<&'a str>,
    /// `interaction_id` of its first row. With thread and, where there is no session, what makes rows one
    /// ([`Lone`](crate::Lone)), its key.
    pub first_id: &'a str,
    /// `interaction_id` of the prompt that was answered.
    pub prompt_id: Option<&'a str>,
    /// When its first row was made, UTC microseconds since 1970.
    pub started_at_us: i64,
    /// The first response that is no noise.
    pub first_response_at_us: Option<i64>,
    /// The last response that is no noise.
    pub last_response_at_us: Option<i64>,
    /// From the prompt to the first response, in seconds. None where one is missing, or where the
    /// response is stamped before the prompt.
    pub reply_seconds: Option<f64>,
    /// All rows.
    pub parts: i32,
    /// Rows that are prompts.
    pub prompts: i32,
    /// Rows that are responses.
    pub responses: i32,
    /// Rows of other kinds.
    pub others: i32,
    /// Rows that are noise, whichever kind.
    pub noise_parts: i32,
    /// Of the prompt, or else of the first row.
    pub app: &'a str,
    /// Of the same row.
    pub app_class: &'a str,
    /// Of the same row.
    pub surface: &'a str,
    /// Of the same row, or else of the first that has one.
    pub locale: Option<&'a str>,
    /// Who asked.
    pub verdict: Verdict,
    /// The id of the rule that said so; `none` where none did.
    pub rule: &'a str,
    /// The rule's, 0 to 1.
    pub confidence: f64,
    /// Characters of the prompt.
    pub prompt_chars: i32,
    /// Words of the prompt.
    pub prompt_words: i32,
    /// Characters of all responses that are no noise.
    pub response_chars: i32,
    /// Distinct contexts.
    pub contexts: i32,
    /// Distinct links.
    pub links: i32,
    /// Distinct attachments, cards not counted.
    pub attachments: i32,
    /// Kinds of these, sorted, joined by commas.
    pub resource_kinds: Option<String>,
    /// A response cites something.
    pub grounded: bool,
    /// The last answer declines or fails.
    pub refused: bool,
    /// The day in the tenant's time zone, as days since 1970-01-01.
    pub day: i32,
    /// The Monday of that day's week, likewise.
    pub week: i32,
    /// 0 to 23, in the tenant's time zone.
    pub hour: i32,
    /// 1 (Monday) to 7.
    pub weekday: i32,
}

/// The exchanges of one session; or one exchange outside of sessions.
#[derive(Debug, Clone, PartialEq)]
pub struct Conversation<'a> {
    /// Tenant, user and session.
    pub thread: Thread<'a>,
    /// 63-bit hash of tenant and user.
    pub user_key: i64,
    /// 63-bit hash of the conversation.
    pub conversation_key: i64,
    /// Its first row, UTC microseconds since 1970.
    pub started_at_us: i64,
    /// Its last row.
    pub ended_at_us: i64,
    /// Between the two.
    pub span_seconds: f64,
    /// Exchanges.
    pub turns: i32,
    /// Exchanges of each verdict, in the order of [`Verdict::ALL`].
    pub verdicts: [i32; Verdict::ALL.len()],
    /// Names of its apps, sorted, joined by commas.
    pub apps: String,
    /// App of the first exchange.
    pub app: &'a str,
    /// Surface of the first exchange.
    pub surface: &'a str,
    /// The day of its first row, as of an exchange.
    pub day: i32,
    /// The Monday of that day's week.
    pub week: i32,
}

/// What an exchange was about: a thing, never its whole address.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource<'a> {
    /// 63-bit hash of tenant and user.
    pub user_key: i64,
    /// 63-bit hash of the conversation.
    pub conversation_key: i64,
    /// The exchange's.
    pub first_id: &'a str,
    /// 0, 1, … within the exchange.
    pub ordinal: i32,
    /// The exchange's.
    pub started_at_us: i64,
    /// The exchange's.
    pub day: i32,
    /// The exchange's.
    pub app: &'a str,
    /// The exchange's.
    pub verdict: Verdict,
    /// In what way it belongs there.
    pub role: Role,
    /// As Graph wrote it: `docx`, `File`, `TeamsMeeting`, …
    pub kind: Option<&'a str>,
    /// The address's host, lower case.
    pub host: Option<String>,
    /// Host and `/sites/x`, `/teams/x` or `/personal/x`, of SharePoint.
    pub site: Option<String>,
}
