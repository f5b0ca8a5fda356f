//! The first pass: which groups are large enough to be looked at.

use std::collections::HashSet;

use super::super::decide::uses_min;
use super::super::{Background, Kind, Thresholds};
use super::{Group, Prints, Rhythms};

/// Places in the table for each prompt: about two for each of its groups, most of which are of one
/// prompt.
const SLOTS_PER_PROMPT: u64 = 10;
/// A byte each.
const SLOTS_MIN: u64 = 1 << 16;
const SLOTS_MAX: u64 = 1 << 26;

/// How many prompts each group has at most, and of what the groups are a part.
///
/// A count-min sketch: each group has two places in a table, which it shares with others; each of
/// its prompts raises the lower of the two. So the lower is never less than the number of its
/// prompts (up to 255), and seldom much more.
pub struct Frequencies {
    slots: Vec<u8>,
    users: HashSet<i64>,
    prompts: i64,
}

impl Frequencies {
    /// A table for about so many prompts; of at most 64 MiB. With more prompts, groups that are too
    /// small are looked at in vain more often, and nothing else changes.
    pub fn for_prompts(prompts: u64) -> Self {
        let slots = prompts
            .saturating_mul(SLOTS_PER_PROMPT)
            .clamp(SLOTS_MIN, SLOTS_MAX)
            .next_power_of_two();
        Frequencies {
            slots: vec![0; slots as usize],
            users: HashSet::new(),
            prompts: 0,
        }
    }

    /// Takes a prompt, in any order: whose it is, and its fingerprints where no rule explains it.
    pub fn add(&mut self, user_key: i64, unexplained: Option<Prints>) {
        self.users.insert(user_key);
        self.prompts += 1;
        for group in unexplained.into_iter().flat_map(Prints::groups) {
            let [one, other] = self.places(group);
            let more = self.at_most(group).saturating_add(1);
            self.slots[one] = self.slots[one].max(more);
            self.slots[other] = self.slots[other].max(more);
        }
    }

    /// All prompts, and who sent them.
    pub fn background(&self) -> Background {
        Background {
            users: self.users.len() as i64,
            uses: self.prompts,
        }
    }

    /// Goes on to the second pass.
    pub fn rhythms(self, thresholds: Thresholds) -> Rhythms {
        let background = self.background();
        Rhythms::of(
            Frequent::new(self, background, &thresholds),
            background,
            thresholds,
        )
    }

    fn at_most(&self, group: Group) -> u8 {
        let [one, other] = self.places(group);
        self.slots[one].min(self.slots[other])
    }

    fn places(&self, group: Group) -> [usize; 2] {
        let mask = self.slots.len() - 1;
        let hash = mixed(
            group.fingerprint.cast_unsigned()
                ^ mixed(group.tail.map_or(0, i64::cast_unsigned) ^ (group.kind as u64 + 1)),
        );
        [hash as usize & mask, (hash >> 32) as usize & mask]
    }
}

/// The finalizer of SplitMix64: each bit of the number changes half of the result's.
fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

/// Says of a group whether it may have as many prompts as are needed at least.
pub(super) struct Frequent {
    table: Frequencies,
    /// By kind, in the order of [`Kind`].
    uses_min: [u8; 5],
}

impl Frequent {
    fn new(table: Frequencies, background: Background, thresholds: &Thresholds) -> Self {
        let kinds = [
            Kind::Text,
            Kind::Template,
            Kind::Ends,
            Kind::Head,
            Kind::Tail,
        ];
        let uses_min = kinds.map(|kind| {
            let uses = uses_min(kind, background, thresholds);
            uses.clamp(0, i64::from(u8::MAX)) as u8
        });
        Frequent { table, uses_min }
    }

    pub(super) fn has(&self, group: Group) -> bool {
        self.table.at_most(group) >= self.uses_min[group.kind as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(fingerprint: i64) -> Group {
        Group {
            kind: Kind::Text,
            fingerprint,
            tail: None,
        }
    }

    fn text(fingerprint: i64) -> Option<Prints> {
        Some(Prints {
            text: Some(fingerprint),
            ..Prints::default()
        })
    }

    #[test]
    fn no_group_is_counted_short_however_full_the_table() {
        let mut frequencies = Frequencies::for_prompts(0);
        for round in 0..7 {
            for fingerprint in 0..100_000_i64 {
                if fingerprint % 7 >= round {
                    frequencies.add(fingerprint % 90, text(fingerprint));
                }
            }
        }
        for fingerprint in 0..100_000 {
            let true_uses = fingerprint % 7 + 1;
            assert!(i64::from(frequencies.at_most(group(fingerprint))) >= true_uses);
        }
        assert_eq!(frequencies.background().users, 90);
    }

    #[test]
    fn in_a_table_that_is_large_enough_few_are_counted_long() {
        let mut frequencies = Frequencies::for_prompts(100_000);
        (0..100_000).for_each(|fingerprint| frequencies.add(1, text(fingerprint)));
        let long = (0..100_000).filter(|it| frequencies.at_most(group(*it)) > 2);
        assert!(long.count() < 100);
    }

    #[test]
    fn a_count_that_is_full_stays_full() {
        let mut frequencies = Frequencies::for_prompts(10);
        (0..1_000).for_each(|_| frequencies.add(1, text(5)));
        assert_eq!(frequencies.at_most(group(5)), u8::MAX);
    }
}
