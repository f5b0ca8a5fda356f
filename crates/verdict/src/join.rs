//! Which rows belong to one exchange.
//!
//! A requestId ties a prompt to its responses. Cowork gives none, and in Excel and PowerPoint it
//! does not hold still (contract, section 2); there, what follows a prompt belongs to it, whatever
//! its id. The same
//! text again within seconds under a new id is the same thing again, and joins the first.
//!
//! Only rows of one thread decide, so that an exchange derived from new rows and the rest of its
//! session equals one derived from everything.

use crate::Map;
use crate::evidence::{Evidence, Part, is_unstable};

/// Counted up where the same rows come into other exchanges than before, or into other threads, so that lakes
/// are derived anew.
pub(crate) const VERSION: u32 = 2;

/// What comes later than this after a prompt, and is tied to it by order alone, is something else.
const AFTER_PROMPT_US: i64 = 24 * 3_600 * 1_000_000;
/// The same after a row that no prompt stands before.
const AFTER_RESPONSE_US: i64 = 5 * 60 * 1_000_000;

/// The rows of one exchange, as places in the thread's rows, in order.
#[derive(Debug)]
pub(crate) struct Joined {
    pub(crate) rows: Vec<usize>,
    has_prompt: bool,
    last_us: i64,
}

/// Rows brought in order, and what was found while joining them.
pub(crate) struct Threaded {
    pub(crate) exchanges: Vec<Joined>,
    /// For each row the microseconds since the same text before it, where it is a repeat.
    pub(crate) repeats_us: Vec<Option<i64>>,
}

/// In the order of time; of rows of one moment, prompts first. Ids are numbers as a rule.
pub(crate) fn sort(rows: &mut [Evidence<'_>]) {
    rows.sort_by(|one, other| {
        let time = one.created_at_us.cmp(&other.created_at_us);
        let part = one.part.cmp(&other.part);
        let id = || one.interaction_id.cmp(other.interaction_id);
        let length = one.interaction_id.len().cmp(&other.interaction_id.len());
        time.then(part).then(length).then_with(id)
    });
}

/// Joins the rows of a thread, which are [sorted](sort). `repeat_us`: how long after a text the
/// same one is a repeat.
pub(crate) fn join(rows: &[Evidence<'_>], repeat_us: i64) -> Threaded {
    let mut joining = Joining {
        rows,
        repeat_us,
        exchanges: Vec::new(),
        by_request: Map::default(),
        by_text: Map::default(),
        open: Map::default(),
    };
    let repeats_us = (0..rows.len()).map(|place| joining.take(place)).collect();
    Threaded {
        exchanges: joining.exchanges,
        repeats_us,
    }
}

struct Joining<'r, 'a> {
    rows: &'r [Evidence<'a>],
    repeat_us: i64,
    exchanges: Vec<Joined>,
    by_request: Map<&'a str, usize>,
    /// The last row of each text.
    by_text: Map<(Part, i64), Said>,
    /// The exchange that what follows belongs to, for each class.
    open: Map<&'a str, usize>,
}

#[derive(Clone, Copy)]
struct Said {
    at_us: i64,
    exchange: usize,
}

impl<'a> Joining<'_, 'a> {
    /// Puts a row into its exchange; gives how long after the same text it stands, if it repeats it.
    fn take(&mut self, place: usize) -> Option<i64> {
        let row = &self.rows[place];
        let request = row.request_id.filter(|id| !id.is_empty());
        let is_stable = request.is_some() && !is_unstable(row.app);
        let same_request = request.and_then(|id| self.by_request.get(id).copied());
        let own = same_request.filter(|_| is_stable);
        let repeated = self.repeated(row);
        // With a prompt or a response of its own kind under its id, a like text is chance.
        let repeated = repeated.filter(|said| own.is_none_or(|own| own == said.exchange));
        let exchange = own
            .or(repeated.map(|said| said.exchange))
            .or_else(|| if is_stable { None } else { self.followed(row) })
            // Where order says nothing, an id that can't be trusted is better than none.
            .or_else(|| same_request.filter(|_| row.part != Part::Prompt))
            .unwrap_or_else(|| self.begin());
        let joined = &mut self.exchanges[exchange];
        joined.rows.push(place);
        joined.has_prompt |= row.part == Part::Prompt;
        joined.last_us = row.created_at_us;
        if let Some(id) = request {
            // An unstable id means the last prompt that had it.
            if is_stable || row.part == Part::Prompt {
                self.by_request.insert(id, exchange);
            } else {
                self.by_request.entry(id).or_insert(exchange);
            }
        }
        if row.part == Part::Prompt || !is_stable {
            self.open.insert(row.app_class, exchange);
        }
        if let Some(text) = row.text_fingerprint {
            let said = Said {
                at_us: row.created_at_us,
                exchange,
            };
            self.by_text.insert((row.part, text), said);
        }
        repeated.map(|said| row.created_at_us - said.at_us)
    }

    /// What said the same shortly before.
    fn repeated(&self, row: &Evidence<'a>) -> Option<Said> {
        let said = self.by_text.get(&(row.part, row.text_fingerprint?))?;
        (row.created_at_us - said.at_us <= self.repeat_us).then_some(*said)
    }

    /// The exchange that a row belongs to by order alone.
    fn followed(&self, row: &Evidence<'a>) -> Option<usize> {
        if row.part == Part::Prompt {
            return None;
        }
        let exchange = *self.open.get(row.app_class)?;
        let joined = &self.exchanges[exchange];
        let within_us = if joined.has_prompt {
            AFTER_PROMPT_US
        } else {
            AFTER_RESPONSE_US
        };
        (row.created_at_us - joined.last_us <= within_us).then_some(exchange)
    }

    fn begin(&mut self) -> usize {
        self.exchanges.push(Joined {
            rows: Vec::new(),
            has_prompt: false,
            last_us: 0,
        });
        self.exchanges.len() - 1
    }
}
