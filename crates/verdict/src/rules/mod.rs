//! The rules: data that says what an exchange is, and why.
//!
//! They stand in TOML files in `rules/`, built in; a user's own file comes on top, and each rule
//! can be turned off. The format is described in `rules/README.md`.

mod built_in;
mod condition;
mod error;
mod file;
mod rule;

use std::collections::BTreeMap;

use hobbs_interaction::{Sign, SignHow, SignOf, Signs};
use serde::Serialize;
use sha2::{Digest, Sha256};

pub use condition::{Condition, Judges, Labels};
pub use error::RuleError;
pub use file::RuleFile;
pub use rule::{Means, Rule, RuleSign, SignIn, Status};

use crate::Verdict;

/// The readable part of the version of the rules that are built in.
pub const BUILT_IN_VERSION: &str = "1";

/// A set of rules, with the signs that they ask for.
#[derive(Debug, Clone)]
pub struct Rules {
    rules: BTreeMap<String, Rule>,
    signs: BTreeMap<String, RuleSign>,
    searched: Signs,
    version: String,
    is_local: bool,
}

impl Rules {
    /// The rules that come with hobbs.
    pub fn built_in() -> Rules {
        built_in::rules()
    }

    /// The rules of some files alone.
    ///
    /// # Errors
    /// Ids that are taken, signs that are missing.
    pub fn of(files: impl IntoIterator<Item = RuleFile>) -> Result<Rules, RuleError> {
        let mut rules = Rules {
            rules: BTreeMap::new(),
            signs: BTreeMap::new(),
            searched: Signs::default(),
            version: String::new(),
            is_local: false,
        };
        for file in files {
            rules.take(file)?;
        }
        rules.finished()
    }

    /// These rules with a user's file on top: first turns off what the file wants off, then adds
    /// what it has.
    ///
    /// # Errors
    /// Ids that are taken, signs that are missing, nothing to turn off.
    pub fn with(mut self, file: RuleFile) -> Result<Rules, RuleError> {
        self.is_local = true;
        self.take(file)?;
        self.finished()
    }

    /// These rules without some, named by the ids of rules or signs. `by` says in messages where
    /// they are turned off.
    ///
    /// # Errors
    /// An id that isn't there; a sign that a rule still asks for.
    pub fn without(mut self, by: &str, ids: &[impl AsRef<str>]) -> Result<Rules, RuleError> {
        self.is_local |= !ids.is_empty();
        for id in ids {
            self.turn_off(by, id.as_ref())?;
        }
        self.finished()
    }

    /// What each derived row carries: a readable version, `.local` where a user changed something,
    /// and a short hash of all that verdicts depend on. Equal versions give equal verdicts.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The signs to look for at ingest.
    pub fn signs(&self) -> Signs {
        self.searched.clone()
    }

    /// The signs as they are written, by id.
    pub fn sign_list(&self) -> impl Iterator<Item = &RuleSign> {
        self.signs.values()
    }

    /// All rules, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.rules.values()
    }

    /// The rule of an id.
    pub fn get(&self, id: &str) -> Option<&Rule> {
        self.rules.get(id)
    }

    fn take(&mut self, file: RuleFile) -> Result<(), RuleError> {
        for id in &file.off {
            self.turn_off(&file.name, id)?;
        }
        for sign in file.signs {
            self.refuse_taken(&sign.id, &sign.file)?;
            self.signs.insert(sign.id.clone(), sign);
        }
        for rule in file.rules {
            self.refuse_taken(&rule.id, &rule.file)?;
            self.rules.insert(rule.id.clone(), rule);
        }
        Ok(())
    }

    fn turn_off(&mut self, file: &str, id: &str) -> Result<(), RuleError> {
        let was_there = self.rules.remove(id).is_some() | self.signs.remove(id).is_some();
        match was_there {
            true => Ok(()),
            false => Err(RuleError::NothingToTurnOff {
                file: file.to_owned(),
                id: id.to_owned(),
            }),
        }
    }

    fn refuse_taken(&self, id: &str, file: &str) -> Result<(), RuleError> {
        let rule = self.rules.get(id).map(|rule| ("rule", &rule.file));
        let sign = self.signs.get(id).map(|sign| ("sign", &sign.file));
        match rule.or(sign) {
            None => Ok(()),
            Some((what, other)) => Err(RuleError::Duplicate {
                file: file.to_owned(),
                id: id.to_owned(),
                what,
                other: other.clone(),
            }),
        }
    }

    fn finished(mut self) -> Result<Rules, RuleError> {
        for rule in self.rules.values() {
            let mut asked = rule.conditions.iter().flat_map(Condition::signs);
            if let Some(sign) = asked.find(|sign| !self.signs.contains_key(*sign)) {
                return Err(RuleError::NoSuchSign {
                    file: rule.file.clone(),
                    id: rule.id.clone(),
                    sign: sign.clone(),
                });
            }
        }
        self.searched = Signs::new(&self.literal_signs())?;
        let local = if self.is_local { ".local" } else { "" };
        self.version = format!("{BUILT_IN_VERSION}{local}+{}", self.content_hash());
        Ok(self)
    }

    fn literal_signs(&self) -> Vec<Sign> {
        let mut signs = Vec::new();
        for sign in self.signs.values() {
            let of = match sign.within {
                SignIn::Prompt => SignOf::Prompt,
                SignIn::Response => SignOf::Response,
                SignIn::Both => SignOf::Both,
            };
            for (how, labels) in [
                (SignHow::Is, &sign.is),
                (SignHow::Begins, &sign.begins),
                (SignHow::Contains, &sign.contains),
            ] {
                signs.extend(labels.values().flatten().map(|text| Sign {
                    id: sign.id.clone(),
                    of,
                    how,
                    text: text.clone(),
                    chars_max: sign.chars_max,
                }));
            }
        }
        signs
    }

    /// Eight hexadecimal digits of all that verdicts depend on, in order; not of what is only said
    /// about it.
    fn content_hash(&self) -> String {
        #[derive(Serialize)]
        struct Content<'r> {
            join: u32,
            rule: Vec<RuleContent<'r>>,
            sign: Vec<SignContent<'r>>,
        }
        #[derive(Serialize)]
        struct RuleContent<'r> {
            id: &'r str,
            version: u32,
            verdict: Verdict,
            confidence: f64,
            status: Status,
            judges: Judges,
            conditions: &'r [Condition],
        }
        #[derive(Serialize)]
        struct SignContent<'r> {
            id: &'r str,
            within: SignIn,
            means: Option<Means>,
            #[serde(skip_serializing_if = "Option::is_none")]
            chars_max: Option<u32>,
            is: &'r Labels,
            begins: &'r Labels,
            contains: &'r Labels,
        }
        let content = Content {
            join: crate::join::VERSION,
            rule: self
                .rules
                .values()
                .map(|rule| RuleContent {
                    id: &rule.id,
                    version: rule.version,
                    verdict: rule.verdict,
                    confidence: rule.confidence,
                    status: rule.status,
                    judges: rule.judges,
                    conditions: &rule.conditions,
                })
                .collect(),
            sign: self
                .signs
                .values()
                .map(|sign| SignContent {
                    id: &sign.id,
                    within: sign.within,
                    means: sign.means,
                    chars_max: sign.chars_max,
                    is: &sign.is,
                    begins: &sign.begins,
                    contains: &sign.contains,
                })
                .collect(),
        };
        // All of it can be written as TOML; what could not would still have its ids hashed.
        let text =
            toml::to_string(&content).unwrap_or_else(|_| self.rules.keys().cloned().collect());
        let hash = Sha256::digest(text);
        hash.iter()
            .take(4)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}
