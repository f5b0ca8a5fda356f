//! Errors of reading from Graph. Each says what happened and what to do, has a stable [`code`](ReadError::code),
//! and knows whether asking again later may help. One user's error is that user's outcome, not the run's.

use std::time::Duration;

use crate::next_link::ForeignNextLink;
use crate::sign_in::SignInError;

/// An error as Graph writes it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{status} {code}: {message}")]
pub struct GraphError {
    /// HTTP status.
    pub status: u16,
    /// Graph's `error.code`, or `http…` where the body has none.
    pub code: String,
    /// Graph's `error.message`, shortened, without the queries of addresses.
    pub message: String,
}

impl GraphError {
    /// Whether it says that somebody lacks a license. A permission may have the word in its name.
    fn speaks_of_a_license(&self) -> bool {
        let text = format!("{} {}", self.code, self.message).to_ascii_lowercase();
        let is_permission = |word: &&str| word.contains(".read");
        let words: Vec<&str> = text
            .split_whitespace()
            .filter(|word| !is_permission(word))
            .collect();
        let text = words.join(" ");
        ["licen", "service plan", "serviceplan"]
            .iter()
            .any(|sign| text.contains(sign))
    }
}

/// Why something could not be read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReadError {
    /// No token.
    #[error(transparent)]
    SignIn(#[from] SignInError),
    /// A refusal of a history, as a rule 403, that speaks of a license: the user holds no Microsoft 365 Copilot license at
    /// this time.
    #[error(
        "no Microsoft 365 Copilot license at this time ({0}); history can be read only while the user holds one"
    )]
    NotLicensed(GraphError),
    /// 403.
    #[error("access denied ({0}); check the app's permissions and their admin consent in Entra")]
    Forbidden(GraphError),
    /// 404, 410: nobody there.
    #[error("not found ({0})")]
    NotFound(GraphError),
    /// 400.
    #[error("Graph does not accept the request ({0})")]
    BadRequest(GraphError),
    /// 401, and again with a fresh token, which fares no better elsewhere.
    #[error(
        "Graph does not accept a fresh token ({0}); check that tenant, app and cloud belong together"
    )]
    TokenRefused(GraphError),
    /// Any other answer that asking again would not change.
    #[error("Graph refuses the request ({0})")]
    Refused(GraphError),
    /// A refusal of a link to the next page, and again after the list was begun anew.
    #[error("Graph refuses its own link to the next page ({0}); run again later")]
    LinkRefused(GraphError),
    /// 3xx. Not followed, as the token would go along.
    #[error("Graph redirects to {host} ({status}); hobbs does not follow with a token")]
    Redirected {
        /// HTTP status.
        status: u16,
        /// The place it leads to.
        host: String,
    },
    /// A report's download address that cannot be used, or that leads on to another.
    #[error(
        "the report's download address cannot be used: {problem}; if a proxy stands between, let it pass the answer as it is"
    )]
    Download {
        /// What is wrong with it, without the address.
        problem: String,
    },
    /// A report beyond what this client takes into memory.
    #[error("the answer is larger than {limit_bytes} bytes; ask for one period at a time")]
    TooLarge {
        /// The limit, in bytes.
        limit_bytes: usize,
    },
    /// A link to the next page that leads to another host.
    #[error(transparent)]
    ForeignNextLink(#[from] ForeignNextLink),
    /// The pages do not end.
    #[error("the pages do not end: after {pages} pages the server sends us in circles")]
    LoopingNextLink {
        /// Pages read before we gave up.
        pages: u32,
    },
    /// The service asks for a longer wait than this run is patient for.
    #[error("Graph asks to wait {} s, longer than this run is patient for; run again later", retry_after.as_secs())]
    Throttled {
        /// How long it asks to wait.
        retry_after: Duration,
    },
    /// Every attempt failed.
    #[error("{attempts} attempts failed; the last: {last}; run again later")]
    RetriesExhausted {
        /// How many.
        attempts: u32,
        /// What became of the last one.
        last: String,
    },
}

impl ReadError {
    /// From an answer that is the outcome.
    pub(crate) fn refused(error: GraphError) -> Self {
        match error.status {
            400 => Self::BadRequest(error),
            401 => Self::TokenRefused(error),
            403 => Self::Forbidden(error),
            404 | 410 => Self::NotFound(error),
            _ => Self::Refused(error),
        }
    }

    /// The same for the first page of somebody's history, where a license may be what is missing.
    pub(crate) fn of_a_history(self) -> Self {
        match self {
            Self::BadRequest(error)
            | Self::Forbidden(error)
            | Self::NotFound(error)
            | Self::Refused(error)
                if error.speaks_of_a_license() =>
            {
                Self::NotLicensed(error)
            }
            other => other,
        }
    }

    /// A name for machines that does not change.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::SignIn(_) => "sign_in",
            Self::NotLicensed(_) => "not_licensed",
            Self::Forbidden(_) => "forbidden",
            Self::NotFound(_) => "not_found",
            Self::BadRequest(_) => "bad_request",
            Self::TokenRefused(_) => "token_refused",
            Self::Refused(_) => "refused",
            Self::LinkRefused(_) => "link_refused",
            Self::Redirected { .. } => "redirected",
            Self::Download { .. } => "download",
            Self::TooLarge { .. } => "too_large",
            Self::ForeignNextLink(_) => "foreign_next_link",
            Self::LoopingNextLink { .. } => "looping_next_link",
            Self::Throttled { .. } => "throttled",
            Self::RetriesExhausted { .. } => "retries_exhausted",
        }
    }

    /// Whether the same request would fail again a little later. (A license can still be assigned, a permission
    /// granted: "permanent" means that waiting alone does not help.)
    pub const fn is_permanent(&self) -> bool {
        match self {
            Self::SignIn(error) => error.is_permanent(),
            Self::Throttled { .. } | Self::RetriesExhausted { .. } | Self::LinkRefused(_) => false,
            _ => true,
        }
    }

    /// Whether this is about the whole run rather than about one user: there is no point in asking for the next
    /// user.
    pub const fn concerns_everyone(&self) -> bool {
        matches!(
            self,
            Self::SignIn(_) | Self::TokenRefused(_) | Self::Throttled { .. }
        )
    }

    /// What Graph said, where it is Graph's refusal of what was asked.
    pub const fn graph_error(&self) -> Option<&GraphError> {
        match self {
            Self::NotLicensed(error)
            | Self::Forbidden(error)
            | Self::NotFound(error)
            | Self::BadRequest(error)
            | Self::TokenRefused(error)
            | Self::Refused(error) => Some(error),
            _ => None,
        }
    }
}
