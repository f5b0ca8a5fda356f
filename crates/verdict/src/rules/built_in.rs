//! The rules that come with hobbs, one file for each idea.

use super::{RuleFile, Rules};

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../rules/", $name)))),*]
    };
}

/// Name and text of each file in `rules/`.
const FILES: &[(&str, &str)] = &files![
    "automatic.toml",
    "labels/chat.toml",
    "labels/office.toml",
    "labels/outlook.toml",
    "labels/teams.toml",
    "labels/word.toml",
    "noise.toml",
    "refusals.toml",
    "system.toml",
    "typed.toml",
];

pub(super) fn rules() -> Rules {
    let read = |(name, text): &(&str, &str)| {
        RuleFile::parse(&format!("built-in {name}"), text).unwrap_or_else(|error| {
            unreachable!("the tests read every file that is built in: {error}")
        })
    };
    Rules::of(FILES.iter().map(read))
        .unwrap_or_else(|error| unreachable!("the tests join all files that are built in: {error}"))
}
