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

use std::borrow::Cow;
use std::fmt;

/// An item that can be kept, in words borrowed from the page where they stand there as they are: it has an id and a
/// time, be it that of the id. Every other field may be missing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AiInteraction<'a> {
    /// Milliseconds since 1970 as text; unique inside one session of one user only.
    pub id: Cow<'a, str>,
    /// Like `id`, of the last change; the id where Graph gives none.
    pub etag: Cow<'a, str>,
    /// The thread; null for one-shot actions in Word and Excel.
    pub session_id: Option<Cow<'a, str>>,
    /// Ties a prompt to its responses; null in Cowork.
    pub request_id: Option<Cow<'a, str>>,
    /// For example `IPM.SkypeTeams.Message.Copilot.BizChat`; empty where Graph gives none.
    pub app_class: Cow<'a, str>,
    /// `userPrompt`, `aiResponse`, or a value still to come; empty where Graph gives none.
    pub interaction_type: Cow<'a, str>,
    /// `bizchat`, `appchat`, `webchat`, …
    pub conversation_type: Option<Cow<'a, str>>,
    /// `createdDateTime`, UTC milliseconds since 1970; where Graph gives none, what the id tells.
    pub created_at_ms: i64,
    /// Graph gave no `createdDateTime`, or none that is a time.
    pub is_timed_by_id: bool,
    /// The sender's locale, `en-us`.
    pub locale: Option<Cow<'a, str>>,
    /// Where it happened.
    pub contexts: Vec<Context<'a>>,
    /// The user's id for a prompt, the application's id for a response.
    pub from_id: Option<Cow<'a, str>>,
    /// Whether `from_id` is a person's Entra object id (`from.user`), not an application's or a
    /// device's.
    pub from_is_user: bool,
    /// The display name beside `from_id`.
    pub from_name: Option<Cow<'a, str>>,
    /// `text` or `html`.
    pub content_type: Option<Cow<'a, str>>,
    /// The body as Graph gives it; often just `<attachment id="…"></attachment>`.
    pub content: Cow<'a, str>,
    /// Attachments with their content.
    pub attachments: Vec<Attachment<'a>>,
    /// What the answer cites.
    pub links: Vec<Link<'a>>,
    /// Who or what is mentioned.
    pub mentions: Vec<Mention<'a>>,
}

impl AiInteraction<'_> {
    /// The Entra object id of the person who sent this (`from.user.id`): the owner of the history
    /// that a prompt is in. None for what an application sent, as responses are.
    pub fn prompt_author(&self) -> Option<&str> {
        self.from_id.as_deref().filter(|_| self.from_is_user)
    }

    /// The same in words of its own, to outlive what it was read from.
    pub fn into_owned(self) -> AiInteraction<'static> {
        AiInteraction {
            id: owned(self.id),
            etag: owned(self.etag),
            session_id: self.session_id.map(owned),
            request_id: self.request_id.map(owned),
            app_class: owned(self.app_class),
            interaction_type: owned(self.interaction_type),
            conversation_type: self.conversation_type.map(owned),
            created_at_ms: self.created_at_ms,
            is_timed_by_id: self.is_timed_by_id,
            locale: self.locale.map(owned),
            contexts: self.contexts.into_iter().map(Context::into_owned).collect(),
            from_id: self.from_id.map(owned),
            from_is_user: self.from_is_user,
            from_name: self.from_name.map(owned),
            content_type: self.content_type.map(owned),
            content: owned(self.content),
            attachments: self
                .attachments
                .into_iter()
                .map(Attachment::into_owned)
                .collect(),
            links: self.links.into_iter().map(Link::into_owned).collect(),
            mentions: self.mentions.into_iter().map(Mention::into_owned).collect(),
        }
    }
}

/// Where an interaction happened.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Context<'a> {
    /// A URL.
    pub reference: Option<Cow<'a, str>>,
    /// The name shown.
    pub display_name: Option<Cow<'a, str>>,
    /// `docx`, `TeamsMeeting`, …
    pub context_type: Option<Cow<'a, str>>,
}

/// An attachment. The lake keeps all of it but `content`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attachment<'a> {
    /// The id that the body's `<attachment id="…">` names.
    pub attachment_id: Option<Cow<'a, str>>,
    /// For example `application/vnd.microsoft.card.adaptive` or `reference`.
    pub content_type: Option<Cow<'a, str>>,
    /// Where the attachment's content is.
    pub content_url: Option<Cow<'a, str>>,
    /// For an adaptive card: its JSON as text.
    pub content: Option<Cow<'a, str>>,
    /// The name shown.
    pub name: Option<Cow<'a, str>>,
}

/// A source that an answer cites.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Link<'a> {
    /// A URL.
    pub url: Option<Cow<'a, str>>,
    /// The name shown.
    pub display_name: Option<Cow<'a, str>>,
    /// `File`, `Event`, `Meeting`, …
    pub link_type: Option<Cow<'a, str>>,
}

/// A mention.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mention<'a> {
    /// `mentionId`, as text.
    pub mention_id: Option<Cow<'a, str>>,
    /// `mentionText`.
    pub text: Option<Cow<'a, str>>,
    /// `mentioned`: an identity set, as compact JSON.
    pub mentioned: Option<Cow<'a, str>>,
}

impl Context<'_> {
    fn into_owned(self) -> Context<'static> {
        Context {
            reference: self.reference.map(owned),
            display_name: self.display_name.map(owned),
            context_type: self.context_type.map(owned),
        }
    }
}

impl Attachment<'_> {
    fn into_owned(self) -> Attachment<'static> {
        Attachment {
            attachment_id: self.attachment_id.map(owned),
            content_type: self.content_type.map(owned),
            content_url: self.content_url.map(owned),
            content: self.content.map(owned),
            name: self.name.map(owned),
        }
    }
}

impl Link<'_> {
    fn into_owned(self) -> Link<'static> {
        Link {
            url: self.url.map(owned),
            display_name: self.display_name.map(owned),
            link_type: self.link_type.map(owned),
        }
    }
}

impl Mention<'_> {
    fn into_owned(self) -> Mention<'static> {
        Mention {
            mention_id: self.mention_id.map(owned),
            text: self.text.map(owned),
            mentioned: self.mentioned.map(owned),
        }
    }
}

fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
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
    /// No `createdDateTime`, or not a time, and an id that tells none either.
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
pub struct Page<'a> {
    /// The items that can be kept, in the order of the answer.
    pub items: Vec<AiInteraction<'a>>,
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

impl Page<'_> {
    /// Reads the body of an answer of `getAllEnterpriseInteractions`.
    ///
    /// Errors: the bytes are cut off or not JSON, the next page's address is not text, or there is
    /// no array named `value`.
    pub fn read(bytes: &[u8]) -> Result<Page<'_>, NotAPage> {
        page::read(bytes)
    }
}
