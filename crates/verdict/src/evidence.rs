//! What the lake keeps of a row, as far as verdicts depend on it. Nothing is copied: texts are
//! borrowed from wherever the rows lie.

/// A conversation of one user, or all that happened outside of conversations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thread<'a> {
    /// The tenant.
    pub tenant_id: &'a str,
    /// The user whose history it is.
    pub user_id: &'a str,
    /// None for rows without a session.
    pub session_id: Option<&'a str>,
}

/// What makes rows without a session a thread of their user's: one-shot actions (contract, section 2).
///
/// A prompt and its answer may stand on both sides of midnight, so that their request ties them together; a cut
/// anywhere in time would part some. Where there is no request to be trusted, order decides, and order needs a
/// stretch of time: the day. Both are told by the row alone, so that new rows touch their own thread and no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lone<'a> {
    /// All rows of a requestId.
    Request(&'a str),
    /// The other rows of a day, UTC, as days since 1970-01-01.
    Day(i64),
}

impl<'a> Lone<'a> {
    /// Of a row; the fields as in [`Evidence`].
    pub fn of(app: &str, request_id: Option<&'a str>, created_at_us: i64) -> Lone<'a> {
        let request_id = request_id.filter(|id| !id.is_empty() && !is_unstable(app));
        request_id.map_or_else(
            || Lone::Day(created_at_us.div_euclid(86_400_000_000)),
            Lone::Request,
        )
    }
}

/// Names of the apps whose requestIds don't hold still (contract, section 2).
pub const UNSTABLE_APPS: [&str; 2] = ["Excel", "PowerPoint"];

pub(crate) fn is_unstable(app: &str) -> bool {
    UNSTABLE_APPS.contains(&app)
}

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// `prompt`.
    Prompt,
    /// `response`.
    Response,
    /// Any other kind.
    Other,
}

impl Part {
    /// Of the lake's `kind`.
    pub fn of(kind: &str) -> Part {
        match kind {
            "prompt" => Part::Prompt,
            "response" => Part::Response,
            _ => Part::Other,
        }
    }

    /// As people read it: `prompt`, `response`, `other`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Part::Prompt => "prompt",
            Part::Response => "response",
            Part::Other => "other",
        }
    }
}

/// One row of `interactions`; fields as the columns of the same names.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence<'a> {
    /// Unique in its thread.
    pub interaction_id: &'a str,
    /// Ties a prompt to its responses, where it can be trusted.
    pub request_id: Option<&'a str>,
    /// UTC microseconds since 1970.
    pub created_at_us: i64,
    /// Prompt, response or something else.
    pub part: Part,
    /// Graph's class, raw.
    pub app_class: &'a str,
    /// What people call the app.
    pub app: &'a str,
    /// `work`, `web`, `temporary`, `app`.
    pub surface: &'a str,
    /// The sender's.
    pub locale: Option<&'a str>,
    /// Characters of the whole text.
    pub content_chars: i32,
    /// Words of the whole text.
    pub content_words: i32,
    /// Why it counts as automatic.
    pub mark: Option<&'a str>,
    /// Of the whole text.
    pub text_fingerprint: Option<i64>,
    /// Of the text without its slots.
    pub text_template: Option<i64>,
    /// Of the first words.
    pub text_head: Option<i64>,
    /// Of the last words.
    pub text_tail: Option<i64>,
    /// How it is written.
    pub text_style: Option<i32>,
    /// Ids of signs, joined by commas.
    pub signs: Option<&'a str>,
    /// Contexts, links and attachments, in the order of the row.
    pub attached: Vec<Attached<'a>>,
}

impl<'a> Evidence<'a> {
    /// The thread that the row is in where it has no session.
    pub(crate) fn lone(&self) -> Lone<'a> {
        Lone::of(self.app, self.request_id, self.created_at_us)
    }

    /// The ids of the signs in its text.
    pub fn signs(&self) -> impl Iterator<Item = &str> {
        self.signs.into_iter().flat_map(|signs| signs.split(','))
    }
}

/// In what way a thing belongs to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Where it happened: a file, a meeting.
    Context,
    /// What an answer cites.
    Link,
    /// What hangs on it.
    Attachment,
}

impl Role {
    /// As the lake writes it: `context`, `link`, `attachment`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::Context => "context",
            Role::Link => "link",
            Role::Attachment => "attachment",
        }
    }
}

/// A context, a link or an attachment of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attached<'a> {
    /// Which of the three.
    pub role: Role,
    /// `context_type`, `link_type` or `content_type`.
    pub kind: Option<&'a str>,
    /// `context_reference`, `link_url` or `content_url`.
    pub address: Option<&'a str>,
}

impl Attached<'_> {
    /// Whether it is the answer itself, in the form of a card, and no thing of its own.
    pub(crate) fn is_card(&self) -> bool {
        const CARDS: &str = "application/vnd.microsoft.card.";
        self.role == Role::Attachment
            && self.kind.is_some_and(|kind| {
                let start = kind.get(..CARDS.len());
                start.is_some_and(|start| start.eq_ignore_ascii_case(CARDS))
            })
    }
}
