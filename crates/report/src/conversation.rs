//! Which response answers which prompt. Pure.

use std::collections::HashMap;

use crate::source::{ReportRow, RowKind};

/// Rows without a session may lie months apart: by order they are joined only within this time.
const ONE_SHOT_MS: i64 = 10 * 60 * 1000;

/// How a response was found to answer its prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joined {
    /// Both bear the same request id.
    ByRequest,
    /// It follows the prompt, and neither has a partner by request id.
    ByOrder,
}

/// A prompt with one of its responses; a prompt or a response alone. Numbers are places in the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exchange {
    /// The prompt.
    pub prompt: Option<usize>,
    /// The response.
    pub response: Option<usize>,
    /// Which of the prompt's responses this is, from 1; 0 without a response.
    pub number: u32,
    /// How many responses the prompt has.
    pub of: u32,
    /// How the two were joined; None where one is alone.
    pub joined: Option<Joined>,
}

/// Pairs the rows of one session of one user, which stand in order of time. The exchanges come in
/// order of their first row; each prompt and each response stands in at least one, rows of other
/// kinds in none.
pub fn pair(rows: &[ReportRow]) -> Vec<Exchange> {
    let mut answers: HashMap<usize, Vec<(usize, Joined)>> = HashMap::new();
    let mut alone = Vec::new();

    let left_over = join_by_request(rows, &mut answers);
    join_by_order(rows, &left_over, &mut answers, &mut alone);

    let mut exchanges = Vec::with_capacity(rows.len());
    let mut alone = alone.into_iter().peekable();
    for (at, row) in rows.iter().enumerate() {
        if alone.next_if_eq(&at).is_some() {
            exchanges.push(Exchange {
                prompt: None,
                response: Some(at),
                number: 1,
                of: 1,
                joined: None,
            });
        }
        if row.kind != RowKind::Prompt {
            continue;
        }
        match answers.get_mut(&at) {
            None => exchanges.push(Exchange {
                prompt: Some(at),
                response: None,
                number: 0,
                of: 0,
                joined: None,
            }),
            Some(responses) => {
                responses.sort_unstable_by_key(|(response, _)| *response);
                let of = responses.len() as u32;
                exchanges.extend(
                    responses
                        .iter()
                        .zip(1..)
                        .map(|(&(response, joined), number)| Exchange {
                            prompt: Some(at),
                            response: Some(response),
                            number,
                            of,
                            joined: Some(joined),
                        }),
                );
            }
        }
    }
    exchanges
}

/// Gives each response to the latest prompt before it with its request id, or else to the first one
/// after it (times are not always in order). Returns the responses that have none.
fn join_by_request(
    rows: &[ReportRow],
    answers: &mut HashMap<usize, Vec<(usize, Joined)>>,
) -> Vec<usize> {
    let mut prompts: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, row) in rows.iter().enumerate() {
        if let (RowKind::Prompt, Some(request)) = (&row.kind, &row.request_id) {
            prompts.entry(request).or_default().push(at);
        }
    }
    let mut left_over = Vec::new();
    for (at, row) in rows
        .iter()
        .enumerate()
        .filter(|(_, row)| row.kind == RowKind::Response)
    {
        let same_request = row
            .request_id
            .as_deref()
            .and_then(|request| prompts.get(request));
        let prompt = same_request.and_then(|places| {
            let before = places.partition_point(|place| *place < at);
            places.get(before.saturating_sub(1))
        });
        match prompt {
            Some(prompt) => answers
                .entry(*prompt)
                .or_default()
                .push((at, Joined::ByRequest)),
            None => left_over.push(at),
        }
    }
    left_over
}

/// Gives each response that is left over to the latest prompt before it of the same app that has no
/// response by request id, if both have the same verdict: what nobody typed answers nobody.
fn join_by_order(
    rows: &[ReportRow],
    left_over: &[usize],
    answers: &mut HashMap<usize, Vec<(usize, Joined)>>,
    alone: &mut Vec<usize>,
) {
    let answered: Vec<usize> = answers.keys().copied().collect();
    let answered: std::collections::HashSet<usize> = answered.into_iter().collect();
    let mut latest: HashMap<&str, usize> = HashMap::new();
    let mut responses = left_over.iter().copied().peekable();
    for (at, row) in rows.iter().enumerate() {
        if row.kind == RowKind::Prompt {
            if answered.contains(&at) {
                latest.remove(row.app_class.as_str());
            } else {
                latest.insert(&row.app_class, at);
            }
        }
        if responses.next_if_eq(&at).is_none() {
            continue;
        }
        let prompt = latest
            .get(row.app_class.as_str())
            .copied()
            .filter(|prompt| {
                let prompt = &rows[*prompt];
                let near = row.session_id.is_some()
                    || row.created_at_ms - prompt.created_at_ms <= ONE_SHOT_MS;
                near && prompt.mark.is_some() == row.mark.is_some()
            });
        match prompt {
            Some(prompt) => answers
                .entry(prompt)
                .or_default()
                .push((at, Joined::ByOrder)),
            None => alone.push(at),
        }
    }
}

/// Collects rows into whole sessions, from a stream in conversation order.
#[derive(Debug, Default)]
pub struct Sessions {
    open: Vec<ReportRow>,
}

/// A session longer than this is paired in parts, so that memory stays flat.
pub const SESSION_ROWS_MAX: usize = 2_000;

impl Sessions {
    /// Takes the next row; returns the session before it, if that is now whole.
    pub fn push(&mut self, row: ReportRow) -> Option<Vec<ReportRow>> {
        let ends = self.open.last().is_some_and(|last| {
            last.user_id != row.user_id
                || last.session_id != row.session_id
                || self.open.len() >= SESSION_ROWS_MAX
        });
        let whole = ends.then(|| std::mem::take(&mut self.open));
        self.open.push(row);
        whole
    }

    /// The last session.
    pub fn finish(self) -> Vec<ReportRow> {
        self.open
    }
}
