//! The third pass: what has no fixed size, of the few groups that can still be found.

use std::collections::{BTreeMap, HashMap, HashSet};

use hobbs_interaction::app;

use super::super::{Example, Kind, Usage};
use super::tally::{Possible, place_of};
use super::{Group, Prints};

/// Apps, locales and examples that are told.
const APPS_MAX: usize = 5;
const LOCALES_MAX: usize = 5;
const EXAMPLES_MAX: usize = 3;

/// A prompt that no rule explains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Use<'a> {
    /// Its fingerprints.
    pub prints: Prints,
    /// Whose.
    pub user_id: &'a str,
    /// In which session.
    pub session_id: Option<&'a str>,
    /// Its id.
    pub prompt_id: &'a str,
    /// When its exchange began, in microseconds.
    pub at_us: i64,
    /// Its class.
    pub app_class: &'a str,
    /// Its locale.
    pub locale: Option<&'a str>,
    /// Milliseconds until the first response.
    pub reply_ms: Option<i32>,
}

/// Counts the rest.
pub struct Details {
    groups: HashMap<Group, Detail>,
}

struct Detail {
    usage: Usage,
    texts: HashSet<i64>,
    /// Milliseconds, where they may tell a machine.
    replies: Option<BTreeMap<i32, u32>>,
    apps: HashMap<String, i64>,
    locales: HashMap<String, i64>,
    examples: Examples,
}

impl Details {
    pub(super) fn of(possible: impl Iterator<Item = (Group, Possible)>) -> Self {
        let detail = |possible: Possible| Detail {
            replies: possible.may_have_fixed_replies.then(BTreeMap::new),
            usage: possible.usage,
            texts: HashSet::new(),
            apps: HashMap::new(),
            locales: HashMap::new(),
            examples: Examples::default(),
        };
        Details {
            groups: possible
                .map(|(group, possible)| (group, detail(possible)))
                .collect(),
        }
    }

    /// Takes a prompt, in any order.
    pub fn add(&mut self, one: &Use<'_>) {
        for group in one.prints.groups() {
            if let Some(detail) = self.groups.get_mut(&group) {
                detail.add(one);
            }
        }
    }

    /// The usages of all groups that can be found, by kind and fingerprint. Where replies are too
    /// far apart to be a machine's, their distances are told to a quarter of a second.
    pub fn usages(self) -> Vec<Usage> {
        let mut groups: Vec<(Group, Detail)> = self.groups.into_iter().collect();
        groups.sort_unstable_by_key(|(group, _)| *group);
        groups
            .into_iter()
            .map(|(_, detail)| detail.usage())
            .collect()
    }
}

impl Detail {
    fn add(&mut self, one: &Use<'_>) {
        if self.usage.kind != Kind::Text || self.texts.is_empty() {
            self.texts.extend(one.prints.text);
        }
        if let Some((replies, reply_ms)) = self.replies.as_mut().zip(one.reply_ms) {
            *replies.entry(reply_ms).or_default() += 1;
        }
        count(&mut self.apps, app::after_prefix(one.app_class));
        count(&mut self.locales, one.locale.unwrap_or_default());
        self.examples.add(one);
    }

    fn usage(mut self) -> Usage {
        if let Some(replies) = &self.replies {
            let seconds = |part| f64::from(percentile(replies, part).unwrap_or_default()) / 1_000.0;
            self.usage.reply_seconds_p10 = seconds(0.1);
            self.usage.reply_seconds_p50 = seconds(0.5);
            self.usage.reply_seconds_p90 = seconds(0.9);
        }
        Usage {
            texts: self.texts.len() as i64,
            apps: most_frequent(self.apps, APPS_MAX),
            locales: most_frequent(self.locales, LOCALES_MAX),
            examples: self.examples.chosen(),
            ..self.usage
        }
    }
}

fn count(counts: &mut HashMap<String, i64>, name: &str) {
    match counts.get_mut(name) {
        Some(count) => *count += 1,
        None => {
            counts.insert(name.to_owned(), 1);
        }
    }
}

fn most_frequent(counts: HashMap<String, i64>, names_max: usize) -> Vec<(String, i64)> {
    let mut counts: Vec<(String, i64)> = counts.into_iter().collect();
    counts.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    counts.truncate(names_max);
    counts
}

fn percentile(numbers: &BTreeMap<i32, u32>, part: f64) -> Option<i32> {
    let all: usize = numbers.values().map(|count| *count as usize).sum();
    let place = place_of(part, all);
    let mut before = 0;
    let found = numbers.iter().find(|(_, count)| {
        before += **count as usize;
        before > place
    });
    found.map(|(number, _)| *number)
}

/// The earliest uses of the first users by id: all that examples are chosen from.
#[derive(Default)]
struct Examples(Vec<(String, Vec<Early>)>);

struct Early {
    at_us: i64,
    prompt_id: String,
    session_id: Option<String>,
}

impl Examples {
    fn add(&mut self, one: &Use<'_>) {
        let of_user = self
            .0
            .binary_search_by(|(user_id, _)| user_id.as_str().cmp(one.user_id));
        let place = match of_user {
            Ok(place) => place,
            Err(EXAMPLES_MAX) => return,
            Err(place) => {
                self.0.truncate(EXAMPLES_MAX - 1);
                self.0.insert(place, (one.user_id.to_owned(), Vec::new()));
                place
            }
        };
        let uses = &mut self.0[place].1;
        let when = (one.at_us, one.prompt_id);
        let nth = uses.partition_point(|it| (it.at_us, it.prompt_id.as_str()) <= when);
        if nth < EXAMPLES_MAX {
            uses.truncate(EXAMPLES_MAX - 1);
            let early = Early {
                at_us: one.at_us,
                prompt_id: one.prompt_id.to_owned(),
                session_id: one.session_id.map(str::to_owned),
            };
            uses.insert(nth, early);
        }
    }

    /// By different users where there are; else one's first, then the second uses.
    fn chosen(self) -> Vec<Example> {
        let mut all: Vec<(usize, Example)> = Vec::new();
        for (user_id, uses) in self.0 {
            for (nth, early) in uses.into_iter().enumerate() {
                let example = Example {
                    user_id: user_id.clone(),
                    session_id: early.session_id,
                    interaction_id: early.prompt_id,
                    text: None,
                };
                all.push((nth, example));
            }
        }
        // Stable: users stay in their order.
        all.sort_by_key(|(nth, _)| *nth);
        all.truncate(EXAMPLES_MAX);
        all.into_iter().map(|(_, example)| example).collect()
    }
}
