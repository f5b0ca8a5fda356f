//! What can be wrong with rules, named by file and id.

use hobbs_interaction::SignsError;

/// Why rules are refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RuleError {
    /// The file is no TOML.
    #[error("{file} is no TOML: {message}")]
    Toml {
        /// The file.
        file: String,
        /// What the parser says, with line and column.
        message: String,
    },
    /// A key at the top of the file that means nothing.
    #[error(
        "{file}: there is no {key:?} at the top of a file of rules; there are off, [[sign]] and [[rule]]"
    )]
    Top {
        /// The file.
        file: String,
        /// The key.
        key: String,
    },
    /// `off` is no list of texts.
    #[error("{file}: off is a list of ids: off = [\"teams.recap\", \"word.rewrite\"]")]
    Off {
        /// The file.
        file: String,
    },
    /// A sign or rule that can't be understood.
    #[error("{file}: {what} {id:?}: {problem}")]
    Entry {
        /// The file.
        file: String,
        /// `sign` or `rule`.
        what: &'static str,
        /// Its id, or its place in the file where it has none.
        id: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Two entries have one id.
    #[error(
        "{file}: the id {id:?} is taken by a {what} in {other}; turn that one off and choose another id"
    )]
    Duplicate {
        /// The file of the later one.
        file: String,
        /// The id.
        id: String,
        /// `sign` or `rule`.
        what: &'static str,
        /// The file of the earlier one.
        other: String,
    },
    /// What is to be turned off isn't there.
    #[error("{file}: off: there is no rule or sign {id:?}; `hobbs rules list` shows all ids")]
    NothingToTurnOff {
        /// Where it is turned off.
        file: String,
        /// The id.
        id: String,
    },
    /// A rule asks for a sign that nobody looks for.
    #[error("{file}: rule {id:?} asks for the sign {sign:?}, but there is none of that id")]
    NoSuchSign {
        /// The rule's file.
        file: String,
        /// The rule.
        id: String,
        /// The sign.
        sign: String,
    },
    /// The signs can't be searched for.
    #[error("the signs of the rules can't be searched for: {0}")]
    Signs(#[from] SignsError),
}
