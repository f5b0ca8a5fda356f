//! What is said of an exchange.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// A person wrote it.
    Typed,
    /// A person pressed a ready-made prompt.
    Clicked,
    /// Nobody asked.
    Automatic,
    /// A class of the service or of administration.
    System,
    /// Without meaning: warm-ups, "Searching…", empty parts, repeats.
    Noise,
    /// Nothing is known, or only suspected.
    Unknown,
}

impl Verdict {
    /// Every verdict, from what a person did to what nobody knows.
    pub const ALL: [Verdict; 6] = [
        Verdict::Typed,
        Verdict::Clicked,
        Verdict::Automatic,
        Verdict::System,
        Verdict::Noise,
        Verdict::Unknown,
    ];

    /// As the lake writes it: `typed`, …
    pub const fn as_str(self) -> &'static str {
        match self {
            Verdict::Typed => "typed",
            Verdict::Clicked => "clicked",
            Verdict::Automatic => "automatic",
            Verdict::System => "system",
            Verdict::Noise => "noise",
            Verdict::Unknown => "unknown",
        }
    }

    /// The place in [`Verdict::ALL`].
    pub const fn place(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.pad(self.as_str())
    }
}

/// A text that is no verdict's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no verdict; the verdicts are {names}", names = Verdict::ALL.map(Verdict::as_str).join(", "))]
pub struct UnknownVerdict(pub String);

impl FromStr for Verdict {
    type Err = UnknownVerdict;

    fn from_str(name: &str) -> Result<Verdict, UnknownVerdict> {
        let verdict = Verdict::ALL.into_iter().find(|it| it.as_str() == name);
        verdict.ok_or_else(|| UnknownVerdict(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_there_and_back() {
        for (place, verdict) in Verdict::ALL.into_iter().enumerate() {
            assert_eq!(verdict.as_str().parse(), Ok(verdict));
            assert_eq!(verdict.place(), place);
        }
        let error = "Typed".parse::<Verdict>().expect_err("no name");
        insta::assert_snapshot!(error, @r#""Typed" is no verdict; the verdicts are typed, clicked, automatic, system, noise, unknown"#);
    }
}
