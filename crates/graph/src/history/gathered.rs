//! What was read of one user so far, each item once.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher as _;

use foldhash::fast::RandomState;
use hobbs_interaction::{AiInteraction, Etag, Page, Unkept};

use super::filter::AppFilter;
use super::keep::Keep;
use super::order::Mixed;
use super::window::Window;

/// Session and id in one text; Graph's ids don't have what stands between the two.
type Key = Box<str>;

/// Items of one user without duplicates, each already turned into what the caller keeps.
pub(super) struct Gathered<'a, K: Keep> {
    window: Window,
    apps: &'a AppFilter,
    pub(super) keep: K,
    pub(super) items: Vec<K::Kept>,
    places: HashMap<Key, Place, RandomState>,
    /// The key being looked up, in memory that is used again.
    key: String,
    pub(super) unkept: Vec<(Unkept, u32)>,
    pub(super) timed_by_id: u32,
    pub(super) rows: u32,
}

/// Where an item stands among those kept.
struct Place {
    at: usize,
    etag: Etag<'static>,
}

/// What became of an item.
enum Seen {
    /// It is not wanted: outside the window, or of another app.
    Passed,
    /// It is new, or later than what was known of it; what is kept of it belongs there.
    Wanted { at: usize, is_new: bool },
    /// It is known.
    Known,
}

/// What one page said about order and time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct PageFacts {
    /// When its items were made, all that have a time.
    pub(super) moments_ms: Vec<i64>,
    /// Items not seen before.
    pub(super) new_items: u32,
    /// The newest of them.
    pub(super) newest_new_ms: Option<i64>,
    /// Whether the new items come newest first.
    pub(super) is_newest_first: bool,
    /// What of different kinds stands mixed among the new items.
    pub(super) mixed: Mixed,
}

/// The kinds of a page's items, in the order in which they come.
#[derive(Default)]
struct Kinds {
    sessions: Turns,
    apps: Turns,
    types: Turns,
}

impl Kinds {
    fn see(&mut self, item: &AiInteraction<'_>) {
        self.sessions.see(item.session_id.as_deref().unwrap_or(""));
        self.apps.see(&item.app_class);
        self.types.see(&item.interaction_type);
    }

    fn mixed(&self) -> Mixed {
        Mixed {
            sessions: self.sessions.something_came_back,
            apps: self.apps.something_came_back,
            types: self.types.something_came_back,
        }
    }
}

/// One value after the other.
#[derive(Default)]
struct Turns {
    now: Option<u64>,
    seen: HashSet<u64>,
    hasher: RandomState,
    /// Whether a value came again after another.
    something_came_back: bool,
}

impl Turns {
    fn see(&mut self, value: &str) {
        let value = self.hasher.hash_one(value);
        if self.something_came_back || self.now == Some(value) {
            return;
        }
        self.now = Some(value);
        self.something_came_back = !self.seen.insert(value);
    }
}

impl PageFacts {
    pub(super) fn newest_ms(&self) -> Option<i64> {
        self.moments_ms.iter().copied().max()
    }

    pub(super) fn oldest_ms(&self) -> Option<i64> {
        self.moments_ms.iter().copied().min()
    }

    /// Where the last tenth of them begins, counted from the newest.
    pub(super) fn last_tenth_ms(&self) -> Option<i64> {
        let mut newest_first = self.moments_ms.clone();
        newest_first.sort_unstable_by(|a, b| b.cmp(a));
        newest_first.get(newest_first.len() * 9 / 10).copied()
    }

    pub(super) fn rows(&self) -> u32 {
        u32::try_from(self.moments_ms.len()).unwrap_or(u32::MAX)
    }
}

impl<'a, K: Keep> Gathered<'a, K> {
    pub(super) fn new(window: Window, apps: &'a AppFilter, keep: K) -> Self {
        Self {
            window,
            apps,
            keep,
            items: Vec::new(),
            places: HashMap::default(),
            key: String::new(),
            unkept: Vec::new(),
            timed_by_id: 0,
            rows: 0,
        }
    }

    /// Takes a page in. Items outside the window or of other apps are passed over, but tell about order.
    pub(super) fn take(&mut self, page: Page<'_>) -> PageFacts {
        let mut facts = PageFacts {
            is_newest_first: true,
            ..PageFacts::default()
        };
        let has_items = !page.items.is_empty();
        let mut previous_ms = i64::MAX;
        let mut kinds = Kinds::default();
        let (mut wanted, mut places) = (Vec::with_capacity(page.items.len()), Vec::new());
        for item in page.items {
            let moment_ms = item.created_at_ms;
            facts.moments_ms.push(moment_ms);
            let seen = self.look_at(&item);
            if matches!(seen, Seen::Passed | Seen::Wanted { is_new: true, .. }) {
                facts.is_newest_first &= moment_ms <= previous_ms;
                previous_ms = moment_ms;
                facts.new_items += 1;
                facts.newest_new_ms = facts.newest_new_ms.max(Some(moment_ms));
                kinds.see(&item);
            }
            if let Seen::Wanted { at, .. } = seen {
                wanted.push(item);
                places.push(at);
            }
        }
        // A page of nothing but known items is one that is read again, and so is what it has of others.
        if facts.new_items > 0 || !has_items {
            self.count(page.unkept);
        }
        self.keep(wanted, &places);
        facts.mixed = kinds.mixed();
        facts
    }

    fn count(&mut self, unkept: Vec<Unkept>) {
        for unkept in unkept {
            match self.unkept.iter_mut().find(|(kind, _)| *kind == unkept) {
                Some((_, count)) => *count += 1,
                None => self.unkept.push((unkept, 1)),
            }
        }
    }

    fn look_at(&mut self, item: &AiInteraction<'_>) -> Seen {
        let is_wanted =
            self.window.contains(item.created_at_ms) && self.apps.keeps(&item.app_class);
        if !is_wanted {
            self.rows += 1;
            return Seen::Passed;
        }
        let etag = Etag::of(&item.etag);
        self.key.clear();
        self.key
            .push_str(item.session_id.as_deref().unwrap_or_default());
        self.key.push('\u{1f}');
        self.key.push_str(&item.id);
        if let Some(place) = self.places.get_mut(self.key.as_str()) {
            if !etag.is_later_than(&place.etag) {
                return Seen::Known;
            }
            place.etag = etag.into_owned();
            return Seen::Wanted {
                at: place.at,
                is_new: false,
            };
        }
        self.rows += 1;
        self.timed_by_id += u32::from(item.is_timed_by_id);
        let at = self.places.len();
        let etag = etag.into_owned();
        self.places
            .insert(self.key.as_str().into(), Place { at, etag });
        Seen::Wanted { at, is_new: true }
    }

    /// Puts what the caller keeps of these items into their places.
    fn keep(&mut self, wanted: Vec<AiInteraction<'_>>, places: &[usize]) {
        if wanted.is_empty() {
            return;
        }
        for (kept, at) in self.keep.keep(wanted).into_iter().zip(places) {
            match self.items.get_mut(*at) {
                Some(earlier) => *earlier = kept,
                None => self.items.push(kept),
            }
        }
    }
}
