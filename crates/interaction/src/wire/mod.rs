//! A page of interactions as Graph writes it (`aiInteraction`), read tolerantly.
//!
//! One pass reads the page straight into the types below. A field of a wrong type is None, a
//! collection that is none is empty, an item that can't be kept is counted as [`Unkept`]; an unknown
//! field is skipped. A page that this pass refuses (half an emoji, bytes that are not UTF-8, a
//! number beyond all bounds) is repaired and read again, item by item and if need be field by field,
//! so that the damage costs the field that it is in. Only a page that is cut off or that has no
//! `value` is no page.

mod item;
mod page;
mod time;

pub(crate) use item::read as read_item;

use std::fmt;

/// An item that can be kept: it has an id and a time. Every other field may be missing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AiInteraction {
    /// Milliseconds since 1970 as text; unique inside one session of one user only.
    pub id: String,
    /// Like `id`, of the last change; the id where Graph gives none.
    pub etag: String,
    /// The thread; null for one-shot actions in Word and Excel.
    pub session_id: Option<String>,
    /// Ties a prompt to its responses; null in Cowork.
    pub request_id: Option<String>,
    /// For example `IPM.SkypeTeams.Message.Copilot.BizChat`; empty where Graph gives none.
    pub app_class: String,
    /// `userPrompt`, `aiResponse`, or a value still to come; empty where Graph gives none.
    pub interaction_type: String,
    /// `bizchat`, `appchat`, `webchat`, …
    pub conversation_type: Option<String>,
    /// `createdDateTime`, UTC milliseconds since 1970.
    pub created_at_ms: i64,
    /// The sender's locale, `en-us`.
    pub locale: Option<String>,
    /// Where it happened.
    pub contexts: Vec<Context>,
    /// The user's id for a prompt, the application's id for a response.
    pub from_id: Option<String>,
    /// Whether `from_id` is a person's Entra object id (`from.user`), not an application's or a
    /// device's.
    pub from_is_user: bool,
    /// The display name beside `from_id`.
    pub from_name: Option<String>,
    /// `text` or `html`.
    pub content_type: Option<String>,
    /// The body as Graph gives it; often just `<attachment id="…"></attachment>`.
    pub content: String,
    /// Attachments with their content.
    pub attachments: Vec<Attachment>,
    /// What the answer cites.
    pub links: Vec<Link>,
    /// Who or what is mentioned.
    pub mentions: Vec<Mention>,
}

impl AiInteraction {
    /// The Entra object id of the person who sent this (`from.user.id`): the owner of the history
    /// that a prompt is in. None for what an application sent, as responses are.
    pub fn prompt_author(&self) -> Option<&str> {
        self.from_id.as_deref().filter(|_| self.from_is_user)
    }
}

/// Where an interaction happened.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Context {
    /// A URL.
    pub reference: Option<String>,
    /// The name shown.
    pub display_name: Option<String>,
    /// `docx`, `TeamsMeeting`, …
    pub context_type: Option<String>,
}

/// An attachment. The lake keeps all of it but `content`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attachment {
    /// The id that the body's `<attachment id="…">` names.
    pub attachment_id: Option<String>,
    /// For example `application/vnd.microsoft.card.adaptive` or `reference`.
    pub content_type: Option<String>,
    /// Where the attachment's content is.
    pub content_url: Option<String>,
    /// For an adaptive card: its JSON as text.
    pub content: Option<String>,
    /// The name shown.
    pub name: Option<String>,
}

/// A source that an answer cites.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Link {
    /// A URL.
    pub url: Option<String>,
    /// The name shown.
    pub display_name: Option<String>,
    /// `File`, `Event`, `Meeting`, …
    pub link_type: Option<String>,
}

/// A mention.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mention {
    /// `mentionId`, as text.
    pub mention_id: Option<String>,
    /// `mentionText`.
    pub text: Option<String>,
    /// `mentioned`: an identity set, as compact JSON.
    pub mentioned: Option<String>,
}

/// An item that cannot be kept, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unkept {
    /// `null` among `value`.
    Null,
    /// Not a JSON object.
    NotAnObject,
    /// No usable `id`.
    NoId,
    /// No `createdDateTime`, or not a time.
    NoTime,
    /// A line or stretch of a saved file that is not JSON ([`crate::saved`] alone counts these).
    NotJson,
}

impl fmt::Display for Unkept {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(match self {
            Unkept::Null => "null in place of an item",
            Unkept::NotAnObject => "an item that is not an object",
            Unkept::NoId => "an item without an id",
            Unkept::NoTime => "an item without a time",
            Unkept::NotJson => "a line that is not JSON",
        })
    }
}

/// One page of an answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Page {
    /// The items that can be kept, in the order of the answer.
    pub items: Vec<AiInteraction>,
    /// The others.
    pub unkept: Vec<Unkept>,
    /// `@odata.nextLink`.
    pub next_link: Option<String>,
}

/// The bytes are not a page at all.
#[derive(Debug, thiserror::Error)]
pub enum NotAPage {
    /// Cut off or not JSON.
    #[error("the answer is not whole JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// JSON, but without an array named `value`.
    #[error("the answer has no array named \"value\"")]
    NoValue,
}

impl Page {
    /// Reads the body of an answer of `getAllEnterpriseInteractions`.
    ///
    /// Errors: the bytes are cut off or not JSON, the next page's address is not text, or there is
    /// no array named `value`.
    pub fn read(bytes: &[u8]) -> Result<Page, NotAPage> {
        page::read(bytes)
    }
}
