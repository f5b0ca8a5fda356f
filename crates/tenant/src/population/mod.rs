//! Who works here and what they do with Copilot: pure functions of the seed, the user and the day.

mod activities;
pub(crate) mod compose;
pub(crate) mod day;
pub(crate) mod fate;
pub(crate) mod habits;
pub(crate) mod history;
pub(crate) mod item;
pub(crate) mod life;
pub(crate) mod names;
mod occasions;
mod over_time;
pub(crate) mod people;
mod phrases;
mod speak;
pub(crate) mod texts;
pub(crate) mod write;
