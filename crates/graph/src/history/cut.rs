//! How a window is cut into windows that are read side by side: a pure plan.
//!
//! The pages read so far tell how much time a page covers; they come newest first as a rule, and since nobody promises
//! it, what was read before a cut is read again where that is doubtful. Where older items are known
//! to exist, what lies between is full and is cut evenly. Where nobody knows how far back the history goes, the
//! pieces grow with the distance (half of all histories that reach back d pages reach back 2 d), so that few of
//! them are empty. How many pieces there are is decided by [`pieces_each`]: as many as the pace can carry at once,
//! since more would only wait, and what waits can be cut better once more is known.

use super::allowance::{EXPECTED_COST, EXPECTED_COST_BEYOND};
use super::rhythm::Rhythm;
use super::window::Window;

/// The least time that a page is believed to cover: a page of one busy minute says nothing about the year.
const PAGE_MIN_MS: f64 = 900_000.0;

/// A piece that is expected to hold less is not worth its request. It may be less than a page: what is expected is
/// wrong by a half, and a page more is a round trip more.
const PAGES_A_PIECE_MIN: f64 = 0.6;
/// The first of the pieces that grow.
const PAGES_A_GROWING_PIECE_MIN: f64 = 1.0;
/// Beyond that many pages it is not believed that a user was there for the whole of a window.
const PAGES_BELIEVED: f64 = 64.0;
/// How far the growing pieces reach: so many pages at least,
const REACH_PAGES: f64 = 64.0;
/// and so many times what is read already. A last piece takes the rest.
const REACH_TIMES: f64 = 2.6;

/// Where nothing is read yet, the first piece is a day long,
const FAN_FIRST_MS: f64 = 86_400_000.0;
/// each one longer than the one before,
const FAN_GROWTH: f64 = 1.5;
/// and they are so many at most: thirteen reach back more than a year.
const FAN_PIECES_MAX: usize = 14;
/// A window of less than two weeks is read from its first page on.
const FAN_WINDOW_MIN_MS: i64 = 14 * 86_400_000;

/// Where the reading of one window stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// The window's beginning; None: open.
    pub from_ms: Option<i64>,
    /// The newest item read of this window.
    pub newest_ms: i64,
    /// Down to where this window is read, as far as one can tell: pieces cover what is older, and this instant.
    pub oldest_ms: i64,
    /// Pages read between the two.
    pub pages: u32,
    /// The newest item of the whole history.
    pub history_newest_ms: i64,
    /// When this user works, as far as it was read.
    pub rhythm: Rhythm,
    /// What is known about the time up to the window's beginning.
    pub extent: Extent,
    /// Whether what was read has to be read again if the window is cut.
    pub is_doubtful: bool,
}

/// Whether the history reaches back to a window's beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Older items are known.
    Full,
    /// Nothing is known but the window that was asked for; people mostly ask for what is there.
    Asked,
    /// Nothing is known.
    Unknown,
}

/// A window to be read by itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Piece {
    /// The window.
    pub window: Window,
    /// Pages that it is expected to hold.
    pub pages: f64,
}

impl Progress {
    /// Working time that a page of this window covers: between what its own pages say (they are near, but one page
    /// is a small sample) and what the whole history says.
    fn page_ms(&self) -> f64 {
        let read = self.rhythm.working_ms(self.oldest_ms, self.newest_ms);
        let here = (read / f64::from(self.pages.max(1))).max(PAGE_MIN_MS);
        let usual = self
            .rhythm
            .usual_page_ms()
            .map(|usual| usual.max(PAGE_MIN_MS));
        usual.map_or(here, |usual| (here * usual).sqrt())
    }

    /// Pages between the newest item of the history and the oldest read here, if all is as dense as here.
    fn distance_pages(&self) -> f64 {
        let distance = self
            .rhythm
            .working_ms(self.oldest_ms, self.history_newest_ms)
            / self.page_ms();
        distance.max(f64::from(self.pages)).max(1.0)
    }

    /// Pages to the window's beginning, if it is full up to there.
    fn pages_to_the_beginning(&self) -> Option<f64> {
        let from_ms = self.from_ms?;
        Some(self.rhythm.working_ms(from_ms, self.oldest_ms) / self.page_ms())
    }

    /// The same, where one may believe that it is.
    fn pages_if_full(&self) -> Option<f64> {
        let pages = self.pages_to_the_beginning()?;
        let is_full = match self.extent {
            Extent::Full => true,
            Extent::Asked => pages <= PAGES_BELIEVED,
            Extent::Unknown => false,
        };
        is_full.then_some(pages)
    }

    /// What a cut of what remains would be about.
    pub fn remainder(&self) -> Remainder {
        let cost_a_piece = if self.may_be_empty() {
            EXPECTED_COST_BEYOND
        } else {
            EXPECTED_COST
        };
        Remainder {
            pages: self.remaining_pages(),
            cost_a_piece,
            pages_again: if self.is_doubtful { self.pages } else { 0 },
        }
    }

    /// Whether pieces of what remains may lie beyond the end of the history.
    pub fn may_be_empty(&self) -> bool {
        self.pages_if_full().is_none()
    }

    /// How many pages remain to be read, as far as one can tell.
    pub fn remaining_pages(&self) -> f64 {
        let near = self.distance_pages();
        match (self.pages_if_full(), self.pages_to_the_beginning()) {
            (Some(pages), _) => pages,
            (None, Some(pages)) => expected_between(near, near + pages),
            (None, None) => expected_between(near, reach(near)) + near,
        }
    }
}

fn reach(near: f64) -> f64 {
    REACH_PAGES.max(near * REACH_TIMES)
}

/// Pages expected between two distances, of which only the first is known to be reached.
fn expected_between(near: f64, far: f64) -> f64 {
    near * (far / near).max(1.0).ln()
}

/// What remains of one window, and what each piece of it beyond the first costs.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Remainder {
    /// Pages expected.
    pub pages: f64,
    /// Requests beyond the pages in it.
    pub cost_a_piece: f64,
    /// Pages that a cut makes us read again.
    pub pages_again: u32,
}

/// Into how many pieces each of these should be cut, if there are to be `more` more windows at most and they may cost
/// `to_spend`: the next one always goes to whose pieces are the longest. What is read again is a window besides.
pub fn pieces_each(remainders: &[Remainder], mut more: usize, mut to_spend: f64) -> Vec<usize> {
    let mut pieces = vec![1_usize; remainders.len()];
    loop {
        let pages_a_piece = |at: &usize| remainders[*at].pages / pieces[*at] as f64;
        let longest =
            (0..remainders.len()).max_by(|a, b| pages_a_piece(a).total_cmp(&pages_a_piece(b)));
        let Some(longest) = longest else { break };
        let remainder = remainders[longest];
        let again = if pieces[longest] == 1 {
            remainder.pages_again
        } else {
            0
        };
        let windows = 1 + usize::from(again > 0);
        let cost = remainder.cost_a_piece + f64::from(again);
        let is_too_short = pages_a_piece(&longest) < PAGES_A_PIECE_MIN + f64::from(again);
        if is_too_short || windows > more || cost > to_spend {
            break;
        }
        pieces[longest] += 1;
        more -= windows;
        to_spend -= cost;
    }
    pieces
}

/// Cuts what remains into at most `pieces_max` windows, newest first. They touch without a gap, and the first
/// includes the instant down to which it is read, which more items may share. Empty: there is nothing to cut.
pub fn plan(progress: &Progress, pieces_max: usize) -> Vec<Piece> {
    if pieces_max < 2 {
        return Vec::new();
    }
    let sizes = match progress.pages_if_full() {
        Some(pages) => vec![pages / pieces_max as f64; pieces_max - 1],
        None => growing_sizes(progress, pieces_max),
    };
    let pieces = lay_out(progress, &sizes);
    if pieces.len() < 2 { Vec::new() } else { pieces }
}

/// Sizes of all pieces but the last, which are all expected to hold about the same: the further away, the longer.
fn growing_sizes(progress: &Progress, pieces_max: usize) -> Vec<f64> {
    let near = progress.distance_pages();
    let beginning = progress.pages_to_the_beginning().map(|pages| near + pages);
    let reach = reach(near);
    // The last piece ends at the beginning, or else begins where the others reach to.
    let (far, growing) = match beginning {
        Some(beginning) if beginning <= reach => (beginning, pieces_max),
        _ => (reach, pieces_max - 1),
    };
    let ratio = (far / near).powf(1.0 / growing as f64);
    let mut sizes = Vec::with_capacity(pieces_max - 1);
    let mut at = near;
    while sizes.len() < pieces_max - 1 && at < far {
        let size = (at * (ratio - 1.0)).max(PAGES_A_GROWING_PIECE_MIN);
        sizes.push(size);
        at += size;
    }
    sizes
}

/// Lays pieces of these sizes (in pages) from the oldest item read backwards; a last one takes the rest.
fn lay_out(progress: &Progress, sizes: &[f64]) -> Vec<Piece> {
    let page_ms = progress.page_ms();
    let mut pieces = Vec::with_capacity(sizes.len() + 1);
    let mut to_ms = progress.oldest_ms.saturating_add(1);
    let mut expected_left = progress.remaining_pages();
    for pages in sizes {
        let from_ms = progress.rhythm.earlier(to_ms, pages * page_ms);
        let reaches_the_beginning = progress
            .from_ms
            .is_some_and(|beginning_ms| from_ms <= beginning_ms);
        if reaches_the_beginning {
            break;
        }
        let share = pages.min(expected_left);
        expected_left -= share;
        pieces.push(Piece {
            window: Window::between(from_ms, to_ms),
            pages: share,
        });
        to_ms = from_ms;
    }
    let rest = Window {
        from_ms: progress.from_ms,
        to_ms: Some(to_ms),
    };
    pieces.push(Piece {
        window: rest,
        pages: expected_left,
    });
    pieces
}

/// Cuts a window of which nothing is read yet, for a user who is read alone: its pieces tell at once how far back
/// the history goes and how dense it is where. The last one takes the rest. Empty: not worth a cut.
pub fn fan(window: Window, now_ms: i64) -> Vec<Window> {
    let end_ms = window.to_ms.unwrap_or(now_ms);
    let is_inside = |moment_ms: i64| window.from_ms.is_none_or(|from_ms| from_ms < moment_ms);
    if !is_inside(end_ms.saturating_sub(FAN_WINDOW_MIN_MS)) {
        return Vec::new();
    }
    let mut pieces = Vec::with_capacity(FAN_PIECES_MAX);
    let (mut to_ms, mut began_ms, mut length_ms) = (window.to_ms, end_ms, FAN_FIRST_MS);
    while pieces.len() < FAN_PIECES_MAX - 1 {
        began_ms = began_ms.saturating_sub(length_ms as i64).div_euclid(1000) * 1000;
        if !is_inside(began_ms) {
            break;
        }
        pieces.push(Window {
            from_ms: Some(began_ms),
            to_ms,
        });
        to_ms = Some(began_ms);
        length_ms *= FAN_GROWTH;
    }
    pieces.push(Window {
        from_ms: window.from_ms,
        to_ms,
    });
    pieces
}
