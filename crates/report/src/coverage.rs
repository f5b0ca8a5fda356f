//! What a report does not cover: pure decisions from what has been read to what is missing.
//!
//! The rule for one user, with the window `[from, to)`:
//!
//! | user | missing is |
//! | --- | --- |
//! | licensed and present, or without a record | the window less what has been read whole |
//! | license taken away, or left, with a history in the lake | the same, but only until the record that says so began: after it Graph gives nothing |
//! | never licensed and never read | nothing, unless the report names the user |
//!
//! `whole` is true exactly if somebody was judged and nothing is missing from anybody.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::spans::{Span, Spans};
use crate::summary::Window;

/// What of a report's window has been read.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Coverage {
    /// Every user in scope has been read whole over the window.
    pub whole: bool,
    /// Users whose history the report should hold.
    pub users: u64,
    /// Those of them with a gap.
    pub users_with_gaps: u64,
    /// What is missing, by user and time.
    pub gaps: Vec<Gap>,
}

/// A stretch of time in which interactions of a user may be missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// The Entra object id.
    pub user_id: String,
    /// None where no record of the user is known.
    pub user_principal_name: Option<String>,
    /// None means since the beginning.
    pub from: Option<Timestamp>,
    /// Exclusive.
    pub to: Timestamp,
    /// Why: the code of the failed reading, or one of `never_read`, `not_read`, `not_licensed`,
    /// `left`.
    pub code: String,
    /// What Microsoft 365 said.
    pub error: Option<String>,
}

impl Gap {
    /// How the user is named: the principal name, or the id where none is known.
    pub fn user(&self) -> &str {
        self.user_principal_name.as_deref().unwrap_or(&self.user_id)
    }
}

/// Whether Graph answers for a user now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Licensed and present, or nothing known to the contrary.
    Readable,
    /// Known without a license since the moment given (UTC ms), if that is known.
    NotLicensed(Option<i64>),
    /// Known to have left since then.
    Left(Option<i64>),
}

/// One user, as far as coverage cares.
#[derive(Debug, Clone)]
pub(crate) struct Judged<'a> {
    pub user_id: &'a str,
    pub user_principal_name: Option<&'a str>,
    pub standing: Standing,
    /// Rows of the user stand in the report.
    pub has_rows: bool,
    /// The report was asked for by this user's name.
    pub named: bool,
}

/// The newest failed reading of a user.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub span: Option<Span>,
    pub code: Option<String>,
    pub error: Option<String>,
}

/// What the table `coverage` says, by user id.
#[derive(Debug, Clone, Default)]
pub(crate) struct Read {
    pub whole: HashMap<String, Spans>,
    pub failures: HashMap<String, Failure>,
}

impl Read {
    /// The time that a report is about: what was asked for, but never later than now, and where no
    /// end was asked for up to the end of the furthest reading.
    pub(crate) fn window(
        &self,
        from_ms: Option<i64>,
        to_ms: Option<i64>,
        now_ms: i64,
    ) -> (i64, i64) {
        let from = from_ms.unwrap_or(0);
        let furthest = self
            .whole
            .values()
            .filter_map(Spans::end_ms)
            .max()
            .filter(|end| *end > from);
        let to = to_ms.or(furthest).unwrap_or(now_ms).min(now_ms);
        (from, to.max(from))
    }

    /// The coverage of `window` over all of `people`.
    pub(crate) fn judge<'a>(
        &self,
        (from_ms, to_ms): (i64, i64),
        people: impl IntoIterator<Item = Judged<'a>>,
    ) -> Coverage {
        let mut coverage = Coverage {
            whole: false,
            users: 0,
            users_with_gaps: 0,
            gaps: Vec::new(),
        };
        for person in people {
            let Some(missing) = self.missing(from_ms, to_ms, &person) else {
                continue;
            };
            coverage.users += 1;
            coverage.users_with_gaps += u64::from(!missing.is_empty());
            coverage
                .gaps
                .extend(missing.iter().map(|span| self.gap(&person, span)));
        }
        coverage.whole = coverage.users > 0 && coverage.gaps.is_empty() && from_ms < to_ms;
        coverage
    }

    /// What is missing of one user; None if the report need not hold this user's history.
    fn missing(&self, from_ms: i64, to_ms: i64, person: &Judged<'_>) -> Option<Spans> {
        let read = self.whole.get(person.user_id);
        let frozen_ms = match person.standing {
            Standing::Readable => None,
            Standing::NotLicensed(since) | Standing::Left(since) => {
                if read.is_none() && !person.named && !person.has_rows {
                    return None;
                }
                read.and(since)
            }
        };
        let to_ms = frozen_ms.map_or(to_ms, |since| since.min(to_ms));
        let window = Span::new(from_ms, to_ms);
        let missing = match (window, read) {
            (None, _) => Spans::default(),
            (Some(window), Some(read)) => read.missing_from(window),
            (Some(window), None) => Spans::from_iter([window]),
        };
        Some(missing)
    }

    fn gap(&self, person: &Judged<'_>, missing: Span) -> Gap {
        let read_end_ms = self.whole.get(person.user_id).and_then(Spans::end_ms);
        let failure = self
            .failures
            .get(person.user_id)
            .filter(|failure| failure.span.is_none_or(|span| span.overlaps(missing)));
        let behind = read_end_ms.is_none_or(|end| missing.from_ms() >= end);
        let code = match (person.standing, failure) {
            (Standing::NotLicensed(_), _) if behind => "not_licensed",
            (Standing::Left(_), _) if behind => "left",
            (_, Some(failure)) => failure.code.as_deref().unwrap_or("failed"),
            (_, None) if read_end_ms.is_none() => "never_read",
            (_, None) => "not_read",
        };
        Gap {
            user_id: person.user_id.to_owned(),
            user_principal_name: person.user_principal_name.map(str::to_owned),
            from: (missing.from_ms() > 0).then(|| time(missing.from_ms())),
            to: time(missing.to_ms()),
            code: code.to_owned(),
            error: failure.and_then(|failure| failure.error.clone()),
        }
    }
}

/// A time that jiff can hold; times beyond its years are cut to them.
pub(crate) fn time(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or(if ms < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

/// The window as it is printed.
pub(crate) fn printed((from_ms, to_ms): (i64, i64)) -> Window {
    Window {
        from: (from_ms > 0).then(|| time(from_ms)),
        to: time(to_ms),
    }
}

/// The code of a gap in words.
pub(crate) fn reason(code: &str) -> String {
    let words = match code {
        "never_read" => "This user's history has never been read",
        "not_read" => "This time has not been read yet",
        "not_licensed" => "Without a license now, so nothing more can be read",
        "left" => "Has left, so nothing more can be read",
        other => return format!("Reading failed ({other})"),
    };
    format!("{words} ({code})")
}
