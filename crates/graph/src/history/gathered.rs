//! What was read of one user so far, each item once.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use hobbs_interaction::{AiInteraction, Page, Unkept};

use super::filter::AppFilter;
use super::window::Window;

/// Session and id in one text; Graph's ids don't have what stands between the two.
type Key = Box<str>;

/// Items of one user without duplicates, each already turned into what the caller keeps.
pub(super) struct Gathered<'a, T, K> {
    window: Window,
    apps: &'a AppFilter,
    keep: K,
    pub(super) items: Vec<T>,
    places: HashMap<Key, Place, RandomState>,
    /// The key being looked up, in memory that is used again.
    key: String,
    pub(super) unkept: Vec<(Unkept, u32)>,
    pub(super) rows: u32,
}

struct Place {
    at: usize,
    etag: Etag,
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
}

impl PageFacts {
    pub(super) fn newest_ms(&self) -> Option<i64> {
        self.moments_ms.iter().copied().max()
    }

    pub(super) fn oldest_ms(&self) -> Option<i64> {
        self.moments_ms.iter().copied().min()
    }

    pub(super) fn rows(&self) -> u32 {
        u32::try_from(self.moments_ms.len()).unwrap_or(u32::MAX)
    }
}

impl<'a, T, K: FnMut(AiInteraction) -> T> Gathered<'a, T, K> {
    pub(super) fn new(window: Window, apps: &'a AppFilter, keep: K) -> Self {
        Self {
            window,
            apps,
            keep,
            items: Vec::new(),
            places: HashMap::default(),
            key: String::new(),
            unkept: Vec::new(),
            rows: 0,
        }
    }

    /// Takes a page in. Items outside the window or of other apps are passed over, but tell about order.
    pub(super) fn take(&mut self, page: Page) -> PageFacts {
        let mut facts = PageFacts {
            is_newest_first: true,
            ..PageFacts::default()
        };
        for unkept in page.unkept {
            match self.unkept.iter_mut().find(|(kind, _)| *kind == unkept) {
                Some((_, count)) => *count += 1,
                None => self.unkept.push((unkept, 1)),
            }
        }
        let mut previous_ms = i64::MAX;
        for item in page.items {
            let moment_ms = item.created_at_ms;
            facts.moments_ms.push(moment_ms);
            if self.take_item(item) {
                facts.is_newest_first &= moment_ms <= previous_ms;
                previous_ms = moment_ms;
                facts.new_items += 1;
                facts.newest_new_ms = facts.newest_new_ms.max(Some(moment_ms));
            }
        }
        facts
    }

    /// Whether the item was not seen before.
    fn take_item(&mut self, item: AiInteraction) -> bool {
        let is_wanted =
            self.window.contains(item.created_at_ms) && self.apps.keeps(&item.app_class);
        self.rows += 1;
        if !is_wanted {
            return true;
        }
        let etag = Etag::of(&item.etag);
        self.key.clear();
        self.key
            .push_str(item.session_id.as_deref().unwrap_or_default());
        self.key.push('\u{1f}');
        self.key.push_str(&item.id);
        if let Some(place) = self.places.get_mut(self.key.as_str()) {
            if etag.is_later_than(&place.etag) {
                place.etag = etag;
                self.items[place.at] = (self.keep)(item);
            }
            self.rows -= 1;
            return false;
        }
        let at = self.items.len();
        self.places
            .insert(self.key.as_str().into(), Place { at, etag });
        self.items.push((self.keep)(item));
        true
    }
}

/// Etags are milliseconds as text, so far; should they become something else, their text decides.
enum Etag {
    Number(u64),
    Text(Box<str>),
}

impl Etag {
    fn of(text: &str) -> Self {
        match text.parse() {
            Ok(number) => Self::Number(number),
            Err(_) => Self::Text(text.into()),
        }
    }

    fn is_later_than(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Number(one), Self::Number(other)) => one > other,
            (Self::Text(one), Self::Text(other)) => one > other,
            (Self::Number(one), Self::Text(other)) => *one.to_string() > **other,
            (Self::Text(one), Self::Number(other)) => **one > *other.to_string(),
        }
    }
}
