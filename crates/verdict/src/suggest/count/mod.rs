//! Counting a lake's exchanges into [`Usage`](super::Usage), in three passes and little memory.
//!
//! Most prompts are one person's own, so most groups are of one prompt; a lake of millions has as
//! many groups of each kind. None of them is kept:
//! 1. [`Frequencies`], in any order: a table of fixed size says of each group how many prompts it
//!    has at most.
//! 2. [`Rhythms`], by user and time: of the groups that may have enough, everything that has a
//!    fixed size, and what depends on the order.
//! 3. [`Details`], in any order: of the few that can still be found, what has none: different
//!    texts, the exact distances to the answers, apps, locales, examples.
//!
//! A group is left out only where [`suggest`](super::suggest()) would not find it, so that what is
//! suggested is the same as from the usages of all groups.

mod details;
mod frequencies;
mod rhythms;
mod tally;

pub use details::{Details, Use};
pub use frequencies::Frequencies;
pub use rhythms::{Beginning, Rhythms, Told};

use super::Kind;

/// The fingerprints of a prompt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Prints {
    /// `prompt_fingerprint`
    pub text: Option<i64>,
    /// `prompt_template`
    pub template: Option<i64>,
    /// `prompt_head`
    pub head: Option<i64>,
    /// `prompt_tail`
    pub tail: Option<i64>,
}

impl Prints {
    /// The groups that the prompt is in.
    fn groups(self) -> impl Iterator<Item = Group> {
        let one = |kind, fingerprint: Option<i64>| {
            fingerprint.map(|fingerprint| Group {
                kind,
                fingerprint,
                tail: None,
            })
        };
        let ends = self.head.zip(self.tail).map(|(head, tail)| Group {
            kind: Kind::Ends,
            fingerprint: head,
            tail: Some(tail),
        });
        [
            one(Kind::Text, self.text),
            one(Kind::Template, self.template),
            ends,
            one(Kind::Head, self.head),
            one(Kind::Tail, self.tail),
        ]
        .into_iter()
        .flatten()
    }
}

/// What prompts have in common. Ordered as usages are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Group {
    kind: Kind,
    fingerprint: i64,
    tail: Option<i64>,
}
