//! How a window is cut into windows that are read side by side: a pure plan.
//!
//! The pages read so far tell how much time a page covers; they come newest first. Where the window's beginning
//! is known and not too many pages away, what remains is cut evenly. Where it is open or far, nobody knows how far
//! back the history goes: the pieces grow with the distance, so that few of them are empty.

use super::window::Window;

const DAY_MS: i64 = 86_400_000;
/// 1970-01-01 was a Thursday; days are counted from a Monday.
const MONDAY_MS: i64 = 4 * DAY_MS;
/// How much a Saturday or Sunday weighs: people work on weekdays, mostly.
const WEEKEND_WEIGHT: f64 = 0.15;

/// What a piece should hold: long enough that its half-empty last page is a small part.
const PAGES_A_PIECE: f64 = 3.0;
/// Fewer pages than that are quicker read one after the other.
const PAGES_MIN: f64 = 2.5;
/// An estimate beyond that is not trusted: the pages read so far may lie in a busy hour.
const PAGES_TRUSTED: f64 = 64.0;
const FIRST_PIECE_PAGES: f64 = 2.0;
const GROWTH: f64 = 1.6;

/// Where the reading of one window stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// The window's beginning; None: open.
    pub from_ms: Option<i64>,
    /// The newest item read.
    pub newest_ms: i64,
    /// The oldest item read: all that is newer has been read, nothing that is older.
    pub oldest_ms: i64,
    /// Pages read between the two.
    pub pages: u32,
}

/// Cuts what remains into at most `windows_max` windows, newest first. They touch without a gap, and the first
/// includes the oldest item read, whose neighbours may share its instant. Empty: not worth a cut.
pub fn plan(progress: Progress, windows_max: usize) -> Vec<Window> {
    if windows_max < 2 {
        return Vec::new();
    }
    let end_ms = progress.oldest_ms.saturating_add(1);
    let read = working_ms(progress.oldest_ms, progress.newest_ms);
    // Pages of one busy minute say little; an hour a page is the least believed.
    let page = (read / f64::from(progress.pages.max(1))).max(3_600_000.0 * 0.25);
    let remaining_pages = progress
        .from_ms
        .map(|from_ms| working_ms(from_ms, end_ms) / page);
    let sizes: Vec<f64> = match remaining_pages {
        Some(pages) if pages < PAGES_MIN => return Vec::new(),
        Some(pages) if pages <= PAGES_TRUSTED => {
            let pieces = ((pages / PAGES_A_PIECE).ceil() as usize).clamp(1, windows_max);
            vec![pages / pieces as f64; pieces - 1]
        }
        _ => {
            let growing =
                std::iter::successors(Some(FIRST_PIECE_PAGES), |pages| Some(pages * GROWTH));
            growing.take((windows_max - 1).min(10)).collect()
        }
    };
    let mut windows = Vec::with_capacity(sizes.len() + 1);
    let mut to_ms = end_ms;
    for pages in sizes {
        let from_ms = earlier(to_ms, pages * page);
        let reaches_the_beginning = progress
            .from_ms
            .is_some_and(|beginning_ms| from_ms <= beginning_ms);
        if reaches_the_beginning {
            break;
        }
        windows.push(Window::between(from_ms, to_ms));
        to_ms = from_ms;
    }
    windows.push(Window {
        from_ms: progress.from_ms,
        to_ms: Some(to_ms),
    });
    if windows.len() < 2 {
        Vec::new()
    } else {
        windows
    }
}

/// Working time between two moments: weekdays whole, weekends a little, in UTC.
fn working_ms(from_ms: i64, to_ms: i64) -> f64 {
    (working_ms_since_monday_one(to_ms) - working_ms_since_monday_one(from_ms)).max(0.0)
}

const WEEK_WORKING_MS: f64 = (5.0 + 2.0 * WEEKEND_WEIGHT) * DAY_MS as f64;

fn working_ms_since_monday_one(moment_ms: i64) -> f64 {
    let since_ms = moment_ms.saturating_sub(MONDAY_MS);
    let weeks = since_ms.div_euclid(7 * DAY_MS) as f64;
    let into_week_ms = since_ms.rem_euclid(7 * DAY_MS);
    let weekdays_ms = into_week_ms.min(5 * DAY_MS) as f64;
    let weekend_ms = (into_week_ms - 5 * DAY_MS).max(0) as f64;
    weeks * WEEK_WORKING_MS + weekdays_ms + weekend_ms * WEEKEND_WEIGHT
}

/// The moment, in whole seconds, from which `working` milliseconds of working time lead to `to_ms`.
fn earlier(to_ms: i64, working: f64) -> i64 {
    let target = working_ms_since_monday_one(to_ms) - working;
    let weeks = (target / WEEK_WORKING_MS).floor();
    let rest = target - weeks * WEEK_WORKING_MS;
    let weekdays = rest.min(5.0 * DAY_MS as f64);
    let weekend = (rest - weekdays) / WEEKEND_WEIGHT;
    let moment = weeks * 7.0 * DAY_MS as f64 + weekdays + weekend + MONDAY_MS as f64;
    let second_ms = (moment / 1000.0).floor() * 1000.0;
    (second_ms as i64).min(to_ms.saturating_sub(1000))
}
