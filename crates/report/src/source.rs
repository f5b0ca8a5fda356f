//! Where a report's data comes from.

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use hobbs_interaction::wire::{Attachment, Context, Link, Mention};
use serde_json::{Map, Value};

use crate::scope::Scope;

/// The result of a query, some rows after the other: a JSON object each, which a line end ends.
pub type Lines = BoxStream<'static, Result<Vec<u8>, SourceError>>;

/// A lake that can be asked. The binary implements it; tests answer from memory.
#[async_trait]
pub trait Source: Send + Sync {
    /// Runs one query with a small result, one JSON object a row.
    ///
    /// Names of columns are as the query writes them; a null may be null or missing. A time is
    /// RFC 3339 text (a missing zone means UTC) or an integer of UTC milliseconds since 1970:
    /// both are understood. Counts are integers.
    ///
    /// Tables are those of a lake; one that nothing was written into is empty. A date is text that
    /// begins with `2026-11-22`. The dialect is what DataFusion, DuckDB and Spark share.
    async fn select(&self, sql: &str) -> Result<Vec<Map<String, Value>>, SourceError>;

    /// As [`Source::select`], as it comes: a source that has many rows need not hold all at once.
    async fn lines(&self, sql: &str) -> Result<Lines, SourceError> {
        let rows = self.select(sql).await?;
        let lines = rows.into_iter().flat_map(|row| {
            let line = Value::Object(row).to_string();
            [line.into_bytes(), b"\n".to_vec()]
        });
        Ok(stream::iter([Ok(lines.flatten().collect())]).boxed())
    }

    /// As [`Source::lines`], of a query with as many rows as it likes that sorts them: it takes
    /// little memory, and more time.
    async fn sorted_lines(&self, sql: &str) -> Result<Lines, SourceError> {
        self.lines(sql).await
    }

    /// How far `exchanges`, and with them verdicts, are derived from `interactions`.
    async fn derived(&self) -> Result<Derived, SourceError>;

    /// All rows of `scope`, in chunks of a few thousand, in the order asked.
    async fn rows(
        &self,
        scope: &Scope,
        order: Order,
    ) -> Result<BoxStream<'static, Result<Vec<ReportRow>, SourceError>>, SourceError>;
}

/// How far exchanges are derived from interactions. They follow a sync's commits at some distance,
/// and stay behind where it is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Derived {
    /// From all of them.
    All,
    /// From all but some, which came or changed since.
    AllBut {
        /// So many.
        interactions: u64,
        /// Their `sequence` is greater than this.
        after: i64,
    },
    /// From none of them, or all are being derived anew.
    Nothing,
}

impl Derived {
    /// Interactions that figures by verdict lack; None where there can be no such figures.
    pub(crate) fn not_judged(self) -> Option<u64> {
        match self {
            Derived::All => Some(0),
            Derived::AllBut { interactions, .. } => Some(interactions),
            Derived::Nothing => None,
        }
    }
}

/// The order of [`Source::rows`]. Each ends with the row's key, so that the same lake gives the
/// same bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// By time, then by user, session and interaction.
    Time,
    /// By user, session (rows without one together), time, and interaction.
    Conversation,
}

impl Order {
    /// What stands behind `ORDER BY`, over the table `interactions`.
    pub fn sql(self) -> &'static str {
        match self {
            Order::Time => "created_at, user_id, session_id, interaction_id",
            Order::Conversation => "user_id, session_id, created_at, interaction_id",
        }
    }
}

/// What an interaction is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowKind {
    /// A person's (or a machine's) question.
    Prompt,
    /// Copilot's answer.
    Response,
    /// A value that Graph added later, as Graph writes it.
    Other(String),
}

impl RowKind {
    /// From the lake's column `kind`: `prompt`, `response`, or Graph's raw value.
    pub fn from_lake(kind: &str) -> Self {
        match kind {
            "prompt" => RowKind::Prompt,
            "response" => RowKind::Response,
            other => RowKind::Other(other.to_owned()),
        }
    }

    /// Graph's `interactionType`.
    pub fn graph_name(&self) -> &str {
        match self {
            RowKind::Prompt => "userPrompt",
            RowKind::Response => "aiResponse",
            RowKind::Other(raw) => raw,
        }
    }
}

/// One interaction as the reports print it.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportRow {
    /// The Entra object id of the user whose history this is.
    pub user_id: String,
    /// From the user's newest record; None where no record is known.
    pub user_principal_name: Option<String>,
    /// From the user's newest record.
    pub department: Option<String>,
    /// The thread; None for one-shot actions.
    pub session_id: Option<String>,
    /// Unique inside one session of one user.
    pub interaction_id: String,
    /// Ties a prompt to its responses.
    pub request_id: Option<String>,
    /// UTC milliseconds since 1970.
    pub created_at_ms: i64,
    /// What people call the app.
    pub app: String,
    /// Graph's class, raw.
    pub app_class: String,
    /// `work`, `web`, `temporary` or `app`.
    pub surface: Option<String>,
    /// Prompt, response, or another.
    pub kind: RowKind,
    /// The text, as far as the lake's policy keeps it.
    pub content: Option<String>,
    /// Characters of the whole text, whatever is kept of it.
    pub content_chars: u32,
    /// The name of the sign that nobody typed this; None where there is none.
    pub mark: Option<String>,
    /// Where it happened.
    pub contexts: Vec<Context<'static>>,
    /// What it cites.
    pub links: Vec<Link<'static>>,
    /// Attachments, without their content.
    pub attachments: Vec<Attachment<'static>>,
    /// Mentions.
    pub mentions: Vec<Mention<'static>>,
    /// The sender: the user's id for a prompt, the application's id for a response.
    pub from_id: Option<String>,
    /// The sender's display name.
    pub from_name: Option<String>,
}

impl ReportRow {
    /// How the user is named in reports: the principal name, or the id where none is known.
    pub fn user(&self) -> &str {
        self.user_principal_name.as_deref().unwrap_or(&self.user_id)
    }
}

/// The source gave no usable answer.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Rows came in another order than the query asked for, so that some would be taken for nobody's.
    #[error("the lake's answer to {query} is not in the order of its users")]
    Unordered {
        /// The name of the query's file.
        query: &'static str,
    },
    /// The query or the scan failed.
    #[error("the lake could not answer: {0}")]
    Lake(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A row of a result lacks a column or has it in another type: lake and report are of
    /// different versions.
    #[error(
        "the lake's answer to {query} has another shape than expected ({source}): is the lake of a newer version of hobbs?"
    )]
    Shape {
        /// The name of the query's file.
        query: &'static str,
        /// What does not fit.
        source: serde_json::Error,
    },
}

impl SourceError {
    /// Wraps whatever the lake says.
    pub fn lake(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        SourceError::Lake(error.into())
    }
}
