//! A window that is read by following its links.

use std::collections::HashSet;

use url::Url;

use super::allowance::{EXPECTED_COST, EXPECTED_COST_BEYOND};
use super::cut::{Extent, Piece};
use super::gathered::PageFacts;
use super::window::Window;
use crate::client::Client;
use crate::error::{GraphError, ReadError};
use crate::next_link::NextLink;

/// Pages of one chain. A user with ten million interactions would come near.
const PAGES_MAX: u32 = 100_000;
/// Pages in a row without a new item before we call it a circle. Empty pages with a link are legal.
const BARREN_PAGES_MAX: u32 = 1_000;
/// What a page holds at most.
pub(super) const PAGE_SIZE: u32 = 100;

/// What pieces of a fan are expected to hold: what a heavy user's do. A light user's are read by then.
const PAGES_OF_A_FAN_PIECE: f64 = 4.0;

/// A window, and how far it is read.
pub(super) struct Chain {
    pub(super) window: Window,
    /// Whether the service may be asked to filter; if not, all is read from the newest on.
    pub(super) filtered: bool,
    pub(super) extent: Extent,
    /// Pages still to come, as far as one can tell.
    pub(super) expected_pages: f64,
    /// Whether it may lie beyond the end of the history, as far as was known when it was cut.
    may_be_empty: bool,
    pub(super) pages: u32,
    rows: u32,
    barren_pages: u32,
    pub(super) newest_ms: Option<i64>,
    pub(super) oldest_ms: Option<i64>,
    /// Where the last tenth of the last page begins, counted from the newest.
    pub(super) last_tenth_ms: Option<i64>,
    pub(super) is_second_look: bool,
    followed: HashSet<u64>,
    was_begun_anew: bool,
    /// The address of the next page; None before the first.
    pub(super) next: Option<Url>,
}

impl Chain {
    pub(super) fn whole(window: Window, filtered: bool) -> Self {
        Self {
            window,
            filtered,
            extent: Extent::Asked,
            expected_pages: 1.0,
            may_be_empty: false,
            pages: 0,
            rows: 0,
            barren_pages: 0,
            newest_ms: None,
            oldest_ms: None,
            last_tenth_ms: None,
            is_second_look: false,
            followed: HashSet::new(),
            was_begun_anew: false,
            next: None,
        }
    }

    /// A piece of a window that was cut.
    pub(super) fn piece(piece: Piece, may_be_empty: bool) -> Self {
        Self {
            extent: Extent::Unknown,
            expected_pages: piece.pages,
            may_be_empty,
            ..Self::whole(piece.window, true)
        }
    }

    /// A piece of a window that was cut before anything was known.
    pub(super) fn piece_of_a_fan(window: Window) -> Self {
        let piece = Piece {
            window,
            pages: PAGES_OF_A_FAN_PIECE,
        };
        Self::piece(piece, true)
    }

    /// Takes in what a page said.
    pub(super) fn note(&mut self, facts: &PageFacts) {
        self.pages += 1;
        self.rows += facts.rows();
        self.barren_pages = if facts.new_items == 0 {
            self.barren_pages + 1
        } else {
            0
        };
        self.newest_ms = self.newest_ms.or(facts.newest_ms());
        self.oldest_ms = earliest(self.oldest_ms, facts.oldest_ms());
        self.last_tenth_ms = facts.last_tenth_ms().or(self.last_tenth_ms);
    }

    /// What has to be read again when it is cut where it stands: the part of its window that seems to be read, so that
    /// nothing is lost where what would have come next is not older. A little less than was read, as the filter lets
    /// in a little more: so it is as many pages.
    pub(super) fn second_look(&self) -> Option<Self> {
        let from_ms = Some(self.last_tenth_ms?);
        let window = Window {
            from_ms,
            to_ms: self.window.to_ms,
        };
        Some(Self {
            extent: Extent::Full,
            expected_pages: f64::from(self.pages),
            is_second_look: true,
            ..Self::whole(window, true)
        })
    }

    /// Whether it may be cut: by a filter, and not a second time.
    pub(super) fn may_be_cut(&self) -> bool {
        self.filtered && !self.is_second_look && self.has_full_pages()
    }

    /// Whether the service fills its pages. Where it gives few rows and a link, it works in a way that we don't
    /// know, and cuts would be guesses.
    fn has_full_pages(&self) -> bool {
        self.rows >= self.pages * PAGE_SIZE / 2
    }

    /// What it is expected to cost beyond the pages in it.
    pub(super) fn expected_cost(&self) -> f64 {
        if self.is_second_look {
            self.expected_pages
        } else if self.may_be_empty && self.pages == 0 {
            EXPECTED_COST_BEYOND
        } else {
            EXPECTED_COST
        }
    }

    /// What it did cost, once it is read to its end.
    pub(super) fn cost(&self) -> f64 {
        if self.is_second_look {
            return f64::from(self.pages);
        }
        f64::from(self.pages) - f64::from(self.rows) / f64::from(PAGE_SIZE)
    }

    /// Begins again with the first page, since the link was refused: links can run out, and the first page tells
    /// whether it is the user who may not be read. Not a second time.
    pub(super) fn begin_anew(mut self, refusal: GraphError) -> Result<Self, ReadError> {
        if self.was_begun_anew {
            return Err(ReadError::LinkRefused(refusal));
        }
        self.was_begun_anew = true;
        self.followed.clear();
        self.oldest_ms = None;
        self.next = None;
        Ok(self)
    }

    /// Finds the address of the next page, or says what is wrong with it.
    pub(super) fn follow(&mut self, client: &Client, text: &str) -> Result<(), ReadError> {
        let link = NextLink::check(text, &client.inner.endpoints.graph)?;
        let is_circle = !self.followed.insert(link.fingerprint());
        if is_circle || self.pages >= PAGES_MAX || self.barren_pages >= BARREN_PAGES_MAX {
            return Err(ReadError::LoopingNextLink { pages: self.pages });
        }
        self.next = Some(link.url().clone());
        Ok(())
    }
}

pub(super) fn earliest(one_ms: Option<i64>, other_ms: Option<i64>) -> Option<i64> {
    one_ms.into_iter().chain(other_ms).min()
}
