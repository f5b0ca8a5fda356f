//! What is counted of one group while its users pass by, in a fixed size.

use super::super::{Background, Thresholds, Usage, decide};
use super::{Group, Told};

const US_PER_SECOND: i64 = 1_000_000;
const US_PER_HOUR: i64 = 3_600 * US_PER_SECOND;
/// A beat may be off by so much.
const BEAT_US_OFF_MAX: i64 = 3 * US_PER_SECOND;
/// Fewer users than these say nothing, unless one of them uses it so often.
const USERS_MIN: u32 = 3;
const USES_OF_ONE_USER_MIN: u32 = 5;
/// Distances to the answer are first told apart by this.
const REPLY_STEP_MS: i32 = 250;
/// From 61 seconds on they are all alike: no machine's.
const REPLY_STEPS_MAX: i32 = 244;

/// A prompt with what its neighbours tell.
pub(super) struct Placed {
    pub(super) user_key: i64,
    pub(super) at_us: i64,
    pub(super) told: Told,
    pub(super) opens: bool,
    pub(super) bursts: bool,
}

/// A group that may be found.
pub(super) struct Possible {
    /// Without its details: as if all texts were different, and the replies as close together as
    /// they can be.
    pub(super) usage: Usage,
    /// Else their exact distances make no difference.
    pub(super) may_have_fixed_replies: bool,
}

/// Prompts of one group, counted in the order of user and time.
pub(super) struct Tally {
    users: u32,
    uses: u32,
    most_of_one_user: u32,
    /// The user who passes by now, when they used it last, and how often.
    user_key: i64,
    last_us: i64,
    uses_of_user: u32,
    words: i64,
    words_squared: i128,
    chars: i64,
    openings: u32,
    bursts: u32,
    beats: u32,
    replies: u32,
    styles: Counts,
    days: Counts,
    reply_steps: Counts,
}

impl Tally {
    pub(super) fn new() -> Self {
        Tally {
            users: 0,
            uses: 0,
            most_of_one_user: 0,
            user_key: 0,
            last_us: 0,
            uses_of_user: 0,
            words: 0,
            words_squared: 0,
            chars: 0,
            openings: 0,
            bursts: 0,
            beats: 0,
            replies: 0,
            styles: Counts::default(),
            days: Counts::default(),
            reply_steps: Counts::default(),
        }
    }

    pub(super) fn add(&mut self, placed: &Placed) {
        if self.uses == 0 || self.user_key != placed.user_key {
            self.users += 1;
            self.user_key = placed.user_key;
            self.uses_of_user = 0;
        } else if is_beat(placed.at_us.saturating_sub(self.last_us)) {
            self.beats += 1;
        }
        self.uses += 1;
        self.uses_of_user += 1;
        self.most_of_one_user = self.most_of_one_user.max(self.uses_of_user);
        self.last_us = placed.at_us;
        let told = &placed.told;
        self.words += i64::from(told.words);
        self.words_squared += i128::from(told.words).pow(2);
        self.chars += i64::from(told.chars);
        self.openings += u32::from(placed.opens);
        self.bursts += u32::from(placed.bursts);
        self.styles.add(told.style);
        self.days.add(told.day);
        if let Some(reply_ms) = told.reply_ms {
            self.replies += 1;
            let step = (reply_ms / REPLY_STEP_MS).clamp(0, REPLY_STEPS_MAX);
            self.reply_steps.add(step);
        }
    }

    /// The group, if it can be found at all, whatever its details are.
    pub(super) fn possible(
        &self,
        group: Group,
        background: Background,
        thresholds: &Thresholds,
    ) -> Option<Possible> {
        let says_something =
            self.users >= USERS_MIN || self.most_of_one_user >= USES_OF_ONE_USER_MIN;
        let usage = says_something.then(|| self.at_best(group))?;
        decide::is_found(&usage, background, thresholds).then(|| Possible {
            may_have_fixed_replies: decide::has_fixed_replies(&usage, thresholds),
            usage,
        })
    }

    fn at_best(&self, group: Group) -> Usage {
        let uses = f64::from(self.uses);
        let words = i128::from(self.words);
        let deviation = i128::from(self.uses) * self.words_squared - words * words;
        let (top_style, top_style_uses) = self.styles.top();
        let step = |place: usize| self.reply_steps.nth(place);
        let start_s = |step: i32| f64::from(step * REPLY_STEP_MS) / 1_000.0;
        let [p10, p50, p90] =
            [0.1, 0.5, 0.9].map(|part| step(place_of(part, self.replies as usize)));
        let reply_seconds_p10 = start_s(p10 + 1).min(start_s(p90));
        Usage {
            kind: group.kind,
            fingerprint: group.fingerprint,
            tail: group.tail,
            users: i64::from(self.users),
            uses: i64::from(self.uses),
            texts: i64::from(self.uses),
            days: self.days.different(),
            styles: self.styles.different(),
            top_style,
            top_style_uses,
            words_mean: self.words as f64 / uses,
            words_deviation: (deviation.max(0) as f64).sqrt() / uses,
            chars_mean: self.chars as f64 / uses,
            openings: i64::from(self.openings),
            bursts: i64::from(self.bursts),
            beats: i64::from(self.beats),
            replies: i64::from(self.replies),
            reply_seconds_p10,
            reply_seconds_p50: start_s(p50),
            reply_seconds_p90: start_s(p90),
            apps: Vec::new(),
            locales: Vec::new(),
            examples: Vec::new(),
        }
    }
}

/// Whole hours, at least one, to the second.
fn is_beat(distance_us: i64) -> bool {
    let off_us = distance_us
        .saturating_add(US_PER_HOUR / 2)
        .rem_euclid(US_PER_HOUR)
        - US_PER_HOUR / 2;
    distance_us >= US_PER_HOUR - BEAT_US_OFF_MAX && off_us.abs() <= BEAT_US_OFF_MAX
}

/// The place of a percentile among so many sorted numbers: the nearest.
pub(super) fn place_of(part: f64, count: usize) -> usize {
    (count.saturating_sub(1) as f64 * part).round() as usize
}

/// How often each of a few numbers came, sorted.
#[derive(Default)]
struct Counts(Vec<(i32, u32)>);

impl Counts {
    fn add(&mut self, number: i32) {
        match self.0.binary_search_by_key(&number, |(number, _)| *number) {
            Ok(place) => self.0[place].1 += 1,
            Err(place) => self.0.insert(place, (number, 1)),
        }
    }

    fn different(&self) -> i64 {
        self.0.len() as i64
    }

    /// The most frequent number, of several the least, and how often it came.
    fn top(&self) -> (i32, i64) {
        let top = self.0.iter().rev().max_by_key(|(_, count)| *count);
        top.map_or((0, 0), |(number, count)| (*number, i64::from(*count)))
    }

    /// The number at a place when all are sorted; 0 where there is none.
    fn nth(&self, place: usize) -> i32 {
        let mut before = 0;
        let found = self.0.iter().find(|(_, count)| {
            before += *count as usize;
            before > place
        });
        found.map_or(0, |(number, _)| *number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beat_is_whole_hours_to_the_second() {
        let of_seconds = |seconds: i64| is_beat(seconds * US_PER_SECOND);
        for seconds in [3_597, 3_600, 3_603, 86_400, 86_397, 7 * 86_400 + 3] {
            assert!(of_seconds(seconds), "{seconds}");
        }
        for seconds in [0, 3, 1_800, 3_596, 3_604, 86_396, 90_000 + 1_800] {
            assert!(!of_seconds(seconds), "{seconds}");
        }
    }

    #[test]
    fn numbers_are_counted_in_their_order() {
        let mut counts = Counts::default();
        [5, 3, 5, 9, 3, 7].into_iter().for_each(|it| counts.add(it));
        assert_eq!(counts.top(), (3, 2));
        assert_eq!(counts.different(), 4);
        let sorted: Vec<i32> = (0..6).map(|place| counts.nth(place)).collect();
        assert_eq!(sorted, [3, 3, 5, 5, 7, 9]);
        assert_eq!(counts.nth(6), 0);
    }
}
