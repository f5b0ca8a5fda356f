//! The second pass: who used a group when, and what stands beside it.

use std::collections::{HashMap, HashSet};

use super::super::{Background, Thresholds};
use super::frequencies::Frequent;
use super::tally::{Placed, Tally};
use super::{Details, Group, Prints};

/// Exchanges that begin so close to each other in two conversations are a burst.
const BURST_US_MAX: i64 = 5_000_000;

/// An exchange of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beginning {
    /// Whose.
    pub user_key: i64,
    /// In which conversation.
    pub conversation_key: i64,
    /// When it began, in microseconds.
    pub at_us: i64,
    /// Its prompt, if it has one and no rule explains it.
    pub unexplained: Option<Told>,
}

/// What is told of a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// Its fingerprints.
    pub prints: Prints,
    /// `prompt_style & 127`
    pub style: i32,
    /// Words.
    pub words: i32,
    /// Characters.
    pub chars: i32,
    /// The number of its day.
    pub day: i32,
    /// Milliseconds until the first response.
    pub reply_ms: Option<i32>,
}

/// Counts the groups that are large enough, user by user.
pub struct Rhythms {
    frequent: Frequent,
    background: Background,
    thresholds: Thresholds,
    tallies: HashMap<Group, Tally>,
    /// Those of the user who passes by.
    conversations: HashSet<i64>,
    /// What follows may make it part of a burst.
    last: Option<Last>,
}

struct Last {
    beginning: Beginning,
    opens: bool,
    bursts: bool,
}

impl Rhythms {
    pub(super) fn of(frequent: Frequent, background: Background, thresholds: Thresholds) -> Self {
        Rhythms {
            frequent,
            background,
            thresholds,
            tallies: HashMap::new(),
            conversations: HashSet::new(),
            last: None,
        }
    }

    /// Takes an exchange, with or without a prompt: all of a user together, in the order of time.
    pub fn add(&mut self, beginning: Beginning) {
        let before = self.last.take();
        let of_user = before.filter(|last| {
            let is_same = last.beginning.user_key == beginning.user_key;
            if !is_same {
                self.conversations.clear();
                count(&self.frequent, &mut self.tallies, last);
            }
            is_same
        });
        let opens = self.conversations.insert(beginning.conversation_key);
        let mut bursts = false;
        if let Some(mut last) = of_user {
            let distance_us = beginning.at_us.saturating_sub(last.beginning.at_us);
            bursts = last.beginning.conversation_key != beginning.conversation_key
                && distance_us <= BURST_US_MAX;
            last.bursts |= bursts;
            count(&self.frequent, &mut self.tallies, &last);
        }
        self.last = Some(Last {
            beginning,
            opens,
            bursts,
        });
    }

    /// Goes on to the third pass with the groups that can still be found.
    pub fn details(mut self) -> Details {
        if let Some(last) = self.last.take() {
            count(&self.frequent, &mut self.tallies, &last);
        }
        let possible = self.tallies.into_iter().filter_map(|(group, tally)| {
            let possible = tally.possible(group, self.background, &self.thresholds);
            possible.map(|possible| (group, possible))
        });
        Details::of(possible)
    }
}

fn count(frequent: &Frequent, tallies: &mut HashMap<Group, Tally>, last: &Last) {
    let Some(told) = last.beginning.unexplained else {
        return;
    };
    let placed = Placed {
        user_key: last.beginning.user_key,
        at_us: last.beginning.at_us,
        told,
        opens: last.opens,
        bursts: last.bursts,
    };
    for group in told.prints.groups().filter(|group| frequent.has(*group)) {
        let tally = tallies.entry(group).or_insert_with(Tally::new);
        tally.add(&placed);
    }
}
