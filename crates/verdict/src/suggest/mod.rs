//! Rules that nobody has written yet: ready-made and automatic prompts that show by their structure
//! alone, in any language, and without a text.
//!
//! Exchanges are counted ([`count`], into [`Usage`]), this module decides ([`suggest()`]), and
//! people accept. What is found is only suspected until then.
//!
//! What tells a button from people:
//! - **Many users, one text.** The longer a text, the fewer people write it by chance.
//! - **One style.** People write one text with and without a capital, a full stop, a "please";
//!   a button sends the same each time. Where a script has no capitals this says less, and more
//!   users are asked for.
//! - **A template.** Its slot varies, the words around it, their style and their number do not.
//! - **A machine's clock.** The same distance to the answer each time, exact intervals, several
//!   conversations of one user begun at once as a document opens.
//!
//! Thanks, greetings and "go on" are sent by many as well: they are short, come in many styles, and
//! stand inside of conversations.

pub mod count;
mod decide;
mod print;

use crate::Rule;

pub use decide::suggest;
pub use print::to_toml;

/// What a group of prompts has in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// The whole text: `text_fingerprint`.
    Text,
    /// All but the slots: `text_template`.
    Template,
    /// The first and the last words: `text_head` and `text_tail`.
    Ends,
    /// The first words: `text_head`.
    Head,
    /// The last words: `text_tail`.
    Tail,
}

/// A group of prompts, counted over those that no accepted rule explains. A prompt is one row; its
/// exchange is the one that it belongs to.
#[derive(Debug, Clone, PartialEq)]
pub struct Usage {
    /// What they have in common.
    pub kind: Kind,
    /// Its fingerprint; of [`Kind::Ends`] the head's.
    pub fingerprint: i64,
    /// Of [`Kind::Ends`], the tail's.
    pub tail: Option<i64>,
    /// Distinct users.
    pub users: i64,
    /// Prompts.
    pub uses: i64,
    /// Distinct `text_fingerprint`.
    pub texts: i64,
    /// Distinct days.
    pub days: i64,
    /// Distinct `text_style & 127` ([`hobbs_interaction::style::FRAME`]).
    pub styles: i64,
    /// The most frequent of these.
    pub top_style: i32,
    /// Prompts in that style.
    pub top_style_uses: i64,
    /// Mean of `content_words`.
    pub words_mean: f64,
    /// Standard deviation (of the population) of `content_words`.
    pub words_deviation: f64,
    /// Mean of `content_chars`.
    pub chars_mean: f64,
    /// Prompts whose exchange is the first of its conversation.
    pub openings: i64,
    /// Prompts beside which the same user began an exchange in another conversation, at most 5
    /// seconds before or after.
    pub bursts: i64,
    /// Prompts whose distance to the same user's previous one of the group is a whole number of
    /// hours, at least one, give or take 3 seconds: what runs on a schedule keeps the minute, over
    /// nights and weekends too.
    pub beats: i64,
    /// Exchanges with a `reply_seconds`.
    pub replies: i64,
    /// The tenth, the fiftieth and the ninetieth percentile of `reply_seconds`; 0 without replies.
    pub reply_seconds_p10: f64,
    /// See [`Usage::reply_seconds_p10`].
    pub reply_seconds_p50: f64,
    /// See [`Usage::reply_seconds_p10`].
    pub reply_seconds_p90: f64,
    /// Classes without their prefix, with their prompts, the most frequent first; some.
    pub apps: Vec<(String, i64)>,
    /// Locales with their prompts, the most frequent first; some.
    pub locales: Vec<(String, i64)>,
    /// Some of the prompts.
    pub examples: Vec<Example>,
}

/// A prompt to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// Whose history it is in.
    pub user_id: String,
    /// Its session.
    pub session_id: Option<String>,
    /// Its id.
    pub interaction_id: String,
    /// Its text, where the lake keeps it whole.
    pub text: Option<String>,
}

/// Of what the groups are a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Background {
    /// Users with a prompt.
    pub users: i64,
    /// Prompts.
    pub uses: i64,
}

/// How much evidence is asked for. Numbers of users hold for scripts with capitals; without, half
/// as many more are asked for, since one style says less there. They hold for tenants of up to 500
/// users with a prompt; for each ten times as many, as many again are asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// Users of a long text (from 30 characters on).
    pub users_min: i64,
    /// Users of a text of middle length (16 to 29 characters).
    pub users_of_middle_text_min: i64,
    /// Users of a short text (9 to 15 characters). Shorter ones are never suspected.
    pub users_of_short_text_min: i64,
    /// Users of a template.
    pub users_of_template_min: i64,
    /// Users of fixed first and last words, or of one of them.
    pub users_of_ends_min: i64,
    /// Part of the prompts in one style, 0 to 1.
    pub style_share_min: f64,
    /// Part of the prompts that begin a conversation, 0 to 1: what people say alike is said inside
    /// of conversations as a rule.
    pub opening_share_min: f64,
    /// Days on which it was used: a course with a handout is over after one.
    pub days_min: i64,
    /// Prompts that a clock is read from.
    pub timed_uses_min: i64,
    /// Part of the prompts that lie on a beat or in a burst, 0 to 1.
    pub timed_share_min: f64,
    /// The ninetieth percentile of the distance to the answer less the tenth: what a machine needs
    /// at most.
    pub reply_spread_seconds_max: f64,
}

impl Default for Thresholds {
    fn default() -> Thresholds {
        Thresholds {
            users_min: 3,
            users_of_middle_text_min: 4,
            users_of_short_text_min: 8,
            users_of_template_min: 6,
            users_of_ends_min: 8,
            style_share_min: 0.95,
            opening_share_min: 0.5,
            days_min: 2,
            timed_uses_min: 8,
            timed_share_min: 0.6,
            reply_spread_seconds_max: 0.4,
        }
    }
}

/// A rule that may be one.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The rule, suspected.
    pub rule: Rule,
    /// Why, a sentence each.
    pub reasons: Vec<String>,
    /// How much evidence there is; more is more.
    pub weight: f64,
    /// Its place among the usages.
    pub usage: usize,
}
