//! How a window is cut into windows that are read side by side: a pure plan.
//!
//! The pages read so far tell how much time a page covers; they come newest first. Where older items are known
//! to exist, what lies between is full and is cut evenly. Where nobody knows how far back the history goes, the
//! pieces grow with the distance (half of all histories that reach back d pages reach back 2 d), so that few of
//! them are empty.

use super::rhythm::Rhythm;
use super::window::Window;

/// The least time that a page is believed to cover: a page of one busy minute says nothing about the year.
const PAGE_MIN_MS: f64 = 900_000.0;

/// What a piece should hold. Its last page is half empty on average, so shorter pieces cost more requests; longer
/// ones take longer.
const PAGES_A_PIECE: f64 = 3.0;
/// Fewer pages than that are read one after the other.
const PAGES_MIN: f64 = 2.4;
/// Beyond that many pages it is not believed that a user was there for the whole of a window.
const PAGES_BELIEVED: f64 = 64.0;
/// How far the growing pieces reach: so many pages at least,
const REACH_PAGES: f64 = 64.0;
/// and so many times what is read already. A last piece takes the rest.
const REACH_TIMES: f64 = 2.6;
const DOUBT: f64 = 1.4;
/// To reach that far from the first page, so many growing pieces are needed.
const GROWING_PIECES_MIN: usize = 8;

/// Where the reading of one window stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// The window's beginning; None: open.
    pub from_ms: Option<i64>,
    /// The newest item read of this window.
    pub newest_ms: i64,
    /// The oldest item read of this window: all that is newer has been read, nothing that is older.
    pub oldest_ms: i64,
    /// Pages read between the two.
    pub pages: u32,
    /// The newest item of the whole history.
    pub history_newest_ms: i64,
    /// When this user works, as far as it was read.
    pub rhythm: Rhythm,
    /// What is known about the time up to the window's beginning.
    pub extent: Extent,
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

    fn is_full(&self, pages: f64) -> bool {
        match self.extent {
            Extent::Full => true,
            Extent::Asked => pages <= PAGES_BELIEVED,
            Extent::Unknown => false,
        }
    }
}

/// How many pages remain to be read of a window, as far as one can tell.
pub fn remaining_pages(progress: &Progress) -> f64 {
    let near = progress.distance_pages();
    match progress.pages_to_the_beginning() {
        Some(pages) if progress.is_full(pages) => pages,
        Some(pages) => expected_between(near, near + pages),
        None => expected_between(near, reach(near)) + near,
    }
}

fn reach(near: f64) -> f64 {
    REACH_PAGES.max(near * REACH_TIMES)
}

/// Pages expected between two distances, of which only the first is known to be reached.
fn expected_between(near: f64, far: f64) -> f64 {
    near * (far / near).max(1.0).ln()
}

/// Cuts what remains into at most `windows_max` windows, newest first. They touch without a gap, and the first
/// includes the oldest item read, whose neighbors may share its instant. Empty: not worth a cut.
pub fn plan(progress: &Progress, windows_max: usize) -> Vec<Piece> {
    let expected = remaining_pages(progress);
    if windows_max < 2 || expected < PAGES_MIN {
        return Vec::new();
    }
    let full = progress
        .pages_to_the_beginning()
        .filter(|pages| progress.is_full(*pages));
    let sizes = match full {
        Some(pages) => {
            let wanted = (pages / PAGES_A_PIECE).ceil() as usize;
            let pieces = wanted.clamp(2, windows_max);
            vec![pages / pieces as f64; pieces - 1]
        }
        None => growing_sizes(progress, windows_max),
    };
    let pieces = lay_out(progress, &sizes);
    if pieces.len() < 2 { Vec::new() } else { pieces }
}

/// Sizes of pieces that are all expected to hold about the same: the further away, the longer.
fn growing_sizes(progress: &Progress, windows_max: usize) -> Vec<f64> {
    let near = progress.distance_pages();
    let beginning = progress
        .pages_to_the_beginning()
        .map_or(f64::INFINITY, |pages| near + pages);
    let far = reach(near).min(beginning);
    // A piece that may be empty is worth more pages than one that is not.
    let wanted = (expected_between(near, far) / (PAGES_A_PIECE * DOUBT)).ceil() as usize;
    let least = if progress.extent == Extent::Asked {
        GROWING_PIECES_MIN
    } else {
        1
    };
    let pieces = wanted.max(least).min(windows_max - 1);
    let ratio = (far / near).powf(1.0 / pieces as f64);
    let mut sizes = Vec::with_capacity(pieces);
    let mut at = near;
    while sizes.len() < pieces && at < far {
        let size = (at * (ratio - 1.0)).max(PAGES_A_PIECE);
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
    let mut expected_left = remaining_pages(progress);
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
