//! The form in which the lake keeps an interaction.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ingest::Traces;
use crate::wire::{AiInteraction, Attachment, Context, Link, Mention};
use crate::{App, Mark, Surface, text};

/// Characters that [`ContentPolicy::Excerpt`] keeps.
pub const EXCERPT_CHARS: usize = 100;

/// How much of a text is kept. Lengths and marks are computed before it is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ContentPolicy {
    /// Nothing.
    #[default]
    None,
    /// The first [`EXCERPT_CHARS`] characters.
    Excerpt,
    /// All of it.
    Full,
}

/// What an interaction is; a value that we don't know stays as Graph wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// `userPrompt`.
    Prompt,
    /// `aiResponse`.
    Response,
    /// Any other value, raw.
    Other(String),
}

impl Kind {
    /// The kind of an `interactionType`. Upper and lower case are the same.
    pub fn of(interaction_type: &str) -> Kind {
        match () {
            () if interaction_type.eq_ignore_ascii_case("userPrompt") => Kind::Prompt,
            () if interaction_type.eq_ignore_ascii_case("aiResponse") => Kind::Response,
            () => Kind::Other(interaction_type.to_owned()),
        }
    }

    /// As the lake writes it: `prompt`, `response`, or the raw value.
    pub fn as_str(&self) -> &str {
        match self {
            Kind::Prompt => "prompt",
            Kind::Response => "response",
            Kind::Other(raw) => raw,
        }
    }
}

/// One row of the table `interactions`. The key is (tenant_id, user_id, session_id, interaction_id).
#[derive(Debug, Clone, PartialEq)]
pub struct Interaction<'a> {
    /// The tenant's id, as configured.
    pub tenant_id: Arc<str>,
    /// The Entra object id of the user whose history this is.
    pub user_id: Arc<str>,
    /// The thread; None for one-shot actions.
    pub session_id: Option<Cow<'a, str>>,
    /// Graph's `id`.
    pub interaction_id: Cow<'a, str>,
    /// Ties a prompt to its responses.
    pub request_id: Option<Cow<'a, str>>,
    /// Of the last change; a later one replaces an earlier one.
    pub etag: Cow<'a, str>,
    /// UTC milliseconds since 1970.
    pub created_at_ms: i64,
    /// Graph's class, raw.
    pub app_class: Cow<'a, str>,
    /// What people call the app.
    pub app: Cow<'a, str>,
    /// `bizchat`, `appchat`, …
    pub conversation_type: Option<Cow<'a, str>>,
    /// Work, web, temporary or app.
    pub surface: Surface,
    /// Prompt, response, or the raw value.
    pub kind: Kind,
    /// Who sent it.
    pub from_id: Option<Cow<'a, str>>,
    /// The sender's display name.
    pub from_name: Option<Cow<'a, str>>,
    /// The sender's locale.
    pub locale: Option<Cow<'a, str>>,
    /// `text` or `html`.
    pub content_type: Option<Cow<'a, str>>,
    /// The text as a person reads it, as far as the policy keeps it.
    pub content: Option<String>,
    /// Characters (Unicode scalar values) of the whole text.
    pub content_chars: u32,
    /// Words of the whole text.
    pub content_words: u32,
    /// Keyed fingerprint of the text's [normal form](crate::fingerprint::normal()); None where nothing
    /// is left of it there.
    pub text_fingerprint: Option<i64>,
    /// Of a prompt with slots (quoted strings, names, addresses, numbers): the fingerprint of what
    /// is left around them.
    pub text_template: Option<i64>,
    /// Of a prompt of more than three words (in scripts without spaces, six characters): the
    /// fingerprint of the first three (six).
    pub text_head: Option<i64>,
    /// As `text_head`, of the last.
    pub text_tail: Option<i64>,
    /// Of a prompt: how it is written, see [`crate::style::of`].
    pub text_style: Option<i32>,
    /// Ids of the [signs](crate::signs) in the text, in order, joined by commas.
    pub signs: Option<String>,
    /// Why this row counts as automatic.
    pub mark: Option<Mark>,
    /// Where it happened.
    pub contexts: Vec<Context<'a>>,
    /// What it cites.
    pub links: Vec<Link<'a>>,
    /// Attachments; `content` is always None here.
    pub attachments: Vec<Attachment<'a>>,
    /// Mentions.
    pub mentions: Vec<Mention<'a>>,
}

impl<'a> Interaction<'a> {
    /// The row of an item, see [`Ingest::row`](crate::Ingest::row); `traces` takes from its whole
    /// text what is kept whatever the policy.
    pub(crate) fn with(
        tenant_id: &Arc<str>,
        user_id: Arc<str>,
        item: AiInteraction<'a>,
        policy: ContentPolicy,
        traces: impl FnOnce(&AiInteraction<'a>, &str) -> Traces,
    ) -> Self {
        let text = text::of(&item);
        let content_chars = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
        let content_words = text::words(&text);
        let mark = Mark::of(&item, &text);
        let traces = traces(&item, &text);
        let content = match policy {
            ContentPolicy::None => None,
            ContentPolicy::Excerpt => Some(text::excerpt(&text, EXCERPT_CHARS).to_owned()),
            ContentPolicy::Full => Some(text.into_owned()),
        };
        Interaction {
            tenant_id: Arc::clone(tenant_id),
            user_id,
            app: App::name_to_keep(&item.app_class),
            surface: Surface::of(&item.app_class, item.conversation_type.as_deref()),
            kind: Kind::of(&item.interaction_type),
            content,
            content_chars,
            content_words,
            text_fingerprint: traces.fingerprint,
            text_template: traces.template,
            text_head: traces.head,
            text_tail: traces.tail,
            text_style: traces.style,
            signs: traces.signs,
            mark,
            session_id: item.session_id,
            interaction_id: item.id,
            request_id: item.request_id,
            etag: item.etag,
            created_at_ms: item.created_at_ms,
            app_class: item.app_class,
            conversation_type: item.conversation_type,
            from_id: item.from_id,
            from_name: item.from_name,
            locale: item.locale,
            content_type: item.content_type,
            contexts: item.contexts,
            links: item.links,
            attachments: item.attachments.into_iter().map(without_content).collect(),
            mentions: item.mentions,
        }
    }
}

fn without_content(attachment: Attachment<'_>) -> Attachment<'_> {
    let holds_content = |url: &Cow<'_, str>| {
        let scheme = url.trim_start().as_bytes().get(..5);
        scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"data:"))
    };
    Attachment {
        content: None,
        content_url: attachment.content_url.filter(|url| !holds_content(url)),
        ..attachment
    }
}
