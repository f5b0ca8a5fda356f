//! In which order a service lists a history. The contract promises none (`graph-contract`, section 2): newest first is
//! what is seen as a rule, but one may as well list app by app or session by session, and each part of such a list
//! looks as if it were newest first. Whoever leaves out what follows must have seen more than that.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::chain::Chain;
use super::gathered::PageFacts;

/// A list that is to speak for others has so many steps from a page down to the next.
const STEPS_TO_THE_END_MIN: u32 = 3;

/// What the pages of one user have shown so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Order {
    is_broken: bool,
    /// Pages that were older than the one before them.
    steps: u32,
    mixed: Mixed,
}

/// By what a list is not sorted first: on one page something else stood between two items of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Mixed {
    pub(super) sessions: bool,
    pub(super) apps: bool,
    /// Prompts and responses.
    pub(super) types: bool,
}

impl Order {
    /// Takes in what a page said that came next in this chain.
    pub(super) fn note(&mut self, facts: &PageFacts, chain: &Chain) {
        self.is_broken |= !facts.is_newest_first;
        // What a second look finds in its window was missed at the first.
        self.is_broken |= chain.is_second_look && facts.newest_new_ms >= chain.window.from_ms;
        if let (Some(newest_ms), Some(before_ms)) = (facts.newest_new_ms, chain.oldest_ms) {
            self.is_broken |= newest_ms > before_ms;
            self.steps += u32::from(newest_ms < before_ms);
        }
        self.mixed.sessions |= facts.mixed.sessions;
        self.mixed.apps |= facts.mixed.apps;
        self.mixed.types |= facts.mixed.types;
    }

    /// Whether some page was not newest first, or not older than the one before it.
    pub(super) fn is_broken(self) -> bool {
        self.is_broken
    }

    /// Whether what is listed later is older, as far as one can see: no page spoke against it, one spoke for it at least,
    /// and the list is sorted by nothing else first.
    pub(super) fn is_newest_first(self) -> bool {
        !self.is_broken && self.steps > 0 && self.is_mixed()
    }

    /// Whether the list is sorted neither by session, nor by app, nor by type before it is by time.
    pub(super) fn is_mixed(self) -> bool {
        self.mixed.sessions && self.mixed.apps && self.mixed.types
    }
}

/// What the lists that were read to their ends without a filter have shown in this run.
#[derive(Debug, Default)]
pub(crate) struct OrderMemory {
    held: AtomicBool,
    broke: AtomicBool,
}

impl OrderMemory {
    /// A list was read to its end.
    pub(super) fn learn(&self, order: Order) {
        if order.is_broken() {
            self.broke.store(true, Relaxed);
        } else if order.steps >= STEPS_TO_THE_END_MIN && order.is_newest_first() {
            self.held.store(true, Relaxed);
        }
    }

    /// Whether one was newest first up to its end, and none was not.
    pub(super) fn hold_to_the_end(&self) -> bool {
        self.held.load(Relaxed) && !self.broke.load(Relaxed)
    }
}
