//! Who really asked: from rows to exchanges, from exchanges to verdicts, each with its reason.
//!
//! [`derive()`] joins the rows of a thread into exchanges and lets the [`Rules`] judge them;
//! [`explain()`] says why. Rules are data. What a verdict says depends on what the lake keeps of a
//! row ([`Evidence`]), never on its text, so that it is the same under every content policy, and
//! on rows of the same thread only, so that new rows touch nothing else.
//!
//! This crate does no I/O and knows no engine.

mod address;
mod case;
mod compiled;
mod derive;
mod evidence;
mod exchange;
pub mod explain;
mod join;
mod key;
pub mod rules;
pub mod suggest;
mod test;
mod verdict;

/// Quick to ask, and seeded, so that no text from outside can make it slow.
type Map<K, V> = std::collections::HashMap<K, V, foldhash::fast::RandomState>;

pub use compiled::Compiled;
pub use derive::{Derived, derive};
pub use evidence::{Attached, Evidence, Lone, Part, Role, Thread, UNSTABLE_APPS};
pub use exchange::{Conversation, Exchange, Resource};
pub use explain::{Explanation, explain};
pub use key::{key, user_key};
pub use rules::{Rule, RuleError, RuleFile, Rules};
pub use verdict::{UnknownVerdict, Verdict};
