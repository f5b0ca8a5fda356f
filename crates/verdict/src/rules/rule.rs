//! A rule, a sign.

use serde::{Deserialize, Serialize};

use super::condition::{Condition, Judges, Labels};
use crate::Verdict;

/// Whether a person stands behind a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// What it finds has its verdict.
    Accepted,
    /// What it finds is unknown until somebody accepts it.
    Suspected,
}

/// One rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Unique among all rules and signs.
    pub id: String,
    /// Counts the rule's own changes.
    pub version: u32,
    /// What it says of an exchange, if it is accepted.
    pub verdict: Verdict,
    /// How often it is right, 0 to 1.
    pub confidence: f64,
    /// What it says, in a sentence.
    pub says: String,
    /// Where its sign was seen.
    pub evidence: String,
    /// When, `YYYY-MM-DD`.
    pub seen: String,
    /// Accepted or suspected.
    pub status: Status,
    /// What it is asked about.
    pub judges: Judges,
    /// All of these have to hold.
    pub conditions: Vec<Condition>,
    /// The file that it stands in.
    pub file: String,
}

impl Rule {
    /// The verdict of what it finds: unknown while it is only suspected.
    pub const fn effective_verdict(&self) -> Verdict {
        match self.status {
            Status::Accepted => self.verdict,
            Status::Suspected => Verdict::Unknown,
        }
    }

    /// Its place among others that hold: the lower wins. The order of strength is system, noise,
    /// automatic, clicked, whatever is suspected, typed, unknown; then the surer rule, then the id.
    pub(crate) fn rank(&self) -> (u8, i64, &str) {
        let strength = match (self.status, self.verdict) {
            (Status::Suspected, _) => 4,
            (Status::Accepted, Verdict::System) => 0,
            (Status::Accepted, Verdict::Noise) => 1,
            (Status::Accepted, Verdict::Automatic) => 2,
            (Status::Accepted, Verdict::Clicked) => 3,
            (Status::Accepted, Verdict::Typed) => 5,
            (Status::Accepted, Verdict::Unknown) => 6,
        };
        (strength, -((self.confidence * 1e6) as i64), &self.id)
    }

    /// The apps that it holds for; empty for all.
    pub fn apps(&self) -> &[String] {
        let apps = self
            .conditions
            .iter()
            .find_map(|condition| match condition {
                Condition::Apps(apps) => Some(&**apps),
                _ => None,
            });
        apps.unwrap_or_default()
    }

    /// The locales that it has labels for, sorted; empty where it does not depend on words.
    pub fn locales(&self) -> Vec<&str> {
        let mut locales: Vec<&str> = self
            .labels()
            .flat_map(|labels| labels.keys())
            .map(|it| &**it)
            .collect();
        locales.sort_unstable();
        locales.dedup();
        locales
    }

    fn labels(&self) -> impl Iterator<Item = &Labels> {
        self.conditions
            .iter()
            .filter_map(|condition| match condition {
                Condition::PromptIs(labels) | Condition::PromptTemplate(labels) => Some(labels),
                _ => None,
            })
    }
}

/// In what a sign is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SignIn {
    /// Prompts.
    Prompt,
    /// Responses.
    Response,
    /// Either.
    Both,
}

/// What a sign says by itself, beside the rules that ask for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Means {
    /// The answer declines or fails: the exchange is `refused`.
    Refused,
}

/// Literal texts that are looked for at ingest; the row keeps the id.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleSign {
    /// Unique among all rules and signs.
    pub id: String,
    /// In what it is looked for.
    pub within: SignIn,
    /// What it says by itself.
    pub means: Option<Means>,
    /// The whole text is one of these.
    pub is: Labels,
    /// The text begins with one of these.
    pub begins: Labels,
    /// One of these stands anywhere in the text.
    pub contains: Labels,
    /// It counts in texts of at most so many characters alone.
    pub chars_max: Option<u32>,
    /// What it is, in a sentence.
    pub says: String,
    /// Where it was seen.
    pub evidence: String,
    /// When, `YYYY-MM-DD`.
    pub seen: String,
    /// The file that it stands in.
    pub file: String,
}
