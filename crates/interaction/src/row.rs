//! The form in which the lake keeps an interaction.

use serde::{Deserialize, Serialize};

use crate::wire::{Attachment, Context, Link, Mention};
use crate::{Mark, Surface};

/// How much of a text is kept. Lengths and marks are computed before it is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ContentPolicy {
    /// Nothing.
    #[default]
    None,
    /// The first 100 characters.
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

/// One row of the table `interactions`. The key is (tenant_id, user_id, session_id, interaction_id).
#[derive(Debug, Clone, PartialEq)]
pub struct Interaction {
    /// The tenant's id, as configured.
    pub tenant_id: String,
    /// The Entra object id of the user whose history this is.
    pub user_id: String,
    /// The thread; None for one-shot actions.
    pub session_id: Option<String>,
    /// Graph's `id`.
    pub interaction_id: String,
    /// Ties a prompt to its responses.
    pub request_id: Option<String>,
    /// Of the last change; a later one replaces an earlier one.
    pub etag: String,
    /// UTC milliseconds since 1970.
    pub created_at_ms: i64,
    /// Graph's class, raw.
    pub app_class: String,
    /// What people call the app.
    pub app: String,
    /// `bizchat`, `appchat`, …
    pub conversation_type: Option<String>,
    /// Work, web, temporary or app.
    pub surface: Surface,
    /// Prompt, response, or the raw value.
    pub kind: Kind,
    /// Who sent it.
    pub from_id: Option<String>,
    /// The sender's display name.
    pub from_name: Option<String>,
    /// The sender's locale.
    pub locale: Option<String>,
    /// `text` or `html`.
    pub content_type: Option<String>,
    /// The text as a person reads it, as far as the policy keeps it.
    pub content: Option<String>,
    /// Characters (Unicode scalar values) of the whole text.
    pub content_chars: u32,
    /// Words of the whole text.
    pub content_words: u32,
    /// Why this row counts as automatic.
    pub mark: Option<Mark>,
    /// Where it happened.
    pub contexts: Vec<Context>,
    /// What it cites.
    pub links: Vec<Link>,
    /// Attachments; `content` is always None here.
    pub attachments: Vec<Attachment>,
    /// Mentions.
    pub mentions: Vec<Mention>,
}
