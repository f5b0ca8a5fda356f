//! Rules as they are written: TOML in, rules out, every mistake named by file and id.

use std::fmt;

use hobbs_interaction::{Mark, fingerprint};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use toml::{Table, Value};

use super::condition::{Condition, Judges, Labels};
use super::error::RuleError;
use super::rule::{Means, Rule, RuleSign, SignIn, Status};
use crate::Verdict;

/// The rules of one file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RuleFile {
    /// Its name, for messages.
    pub name: String,
    /// Ids of rules and signs of other files that shall not hold.
    pub off: Vec<String>,
    /// Its signs.
    pub signs: Vec<RuleSign>,
    /// Its rules.
    pub rules: Vec<Rule>,
}

impl RuleFile {
    /// Reads a file. `name` is for messages.
    ///
    /// # Errors
    /// What is no TOML; keys that mean nothing; values that can't be. Ids that are taken are found
    /// when files come together.
    pub fn parse(name: &str, text: &str) -> Result<RuleFile, RuleError> {
        let table: Table = text
            .parse()
            .map_err(|error: toml::de::Error| RuleError::Toml {
                file: name.to_owned(),
                message: error.to_string().trim_end().to_owned(),
            })?;
        let mut file = RuleFile {
            name: name.to_owned(),
            ..RuleFile::default()
        };
        for (key, value) in table {
            match &*key {
                "off" => {
                    file.off = Vec::deserialize(value).map_err(|_| RuleError::Off {
                        file: name.to_owned(),
                    })?;
                }
                "sign" => {
                    for (id, value) in entries(value) {
                        let sign: SignText = file.entry("sign", &id, value)?;
                        let sign = sign
                            .read(name)
                            .map_err(|problem| file.error("sign", &id, problem))?;
                        file.signs.push(sign);
                    }
                }
                "rule" => {
                    for (id, value) in entries(value) {
                        let rule: RuleText = file.entry("rule", &id, value)?;
                        let rule = rule
                            .read(name)
                            .map_err(|problem| file.error("rule", &id, problem))?;
                        file.rules.push(rule);
                    }
                }
                _ => {
                    return Err(RuleError::Top {
                        file: name.to_owned(),
                        key,
                    });
                }
            }
        }
        Ok(file)
    }

    fn entry<T: for<'de> Deserialize<'de>>(
        &self,
        what: &'static str,
        id: &str,
        value: Value,
    ) -> Result<T, RuleError> {
        T::deserialize(value)
            .map_err(|error| self.error(what, id, error.message().trim().to_owned()))
    }

    fn error(&self, what: &'static str, id: &str, problem: String) -> RuleError {
        RuleError::Entry {
            file: self.name.clone(),
            what,
            id: id.to_owned(),
            problem,
        }
    }
}

/// The tables of a list, each with its id, or its place where it has none. What is no list stays
/// as it is, to be refused.
fn entries(value: Value) -> Vec<(String, Value)> {
    let values = match value {
        Value::Array(values) => values,
        other => vec![other],
    };
    let id = |place: usize, value: &Value| match value.get("id").and_then(Value::as_str) {
        Some(id) => id.to_owned(),
        None => format!("number {}", place + 1),
    };
    let numbered = values.into_iter().enumerate();
    numbered
        .map(|(place, value)| (id(place, &value), value))
        .collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignText {
    id: String,
    r#in: SignIn,
    means: Option<Means>,
    chars_max: Option<u32>,
    #[serde(default, deserialize_with = "labels")]
    is: Labels,
    #[serde(default, deserialize_with = "labels")]
    begins: Labels,
    #[serde(default, deserialize_with = "labels")]
    contains: Labels,
    says: String,
    evidence: String,
    seen: String,
}

impl SignText {
    fn read(self, file: &str) -> Result<RuleSign, String> {
        good_id(&self.id)?;
        good_date(&self.seen)?;
        for labels in [&self.is, &self.begins, &self.contains] {
            good_labels(labels)?;
        }
        if [&self.is, &self.begins, &self.contains]
            .iter()
            .all(|it| it.is_empty())
        {
            return Err(
                "it has neither is, begins nor contains: there is nothing to look for".to_owned(),
            );
        }
        Ok(RuleSign {
            id: self.id,
            within: self.r#in,
            means: self.means,
            chars_max: self.chars_max,
            is: self.is,
            begins: self.begins,
            contains: self.contains,
            says: self.says,
            evidence: self.evidence,
            seen: self.seen,
            file: file.to_owned(),
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleText {
    id: String,
    version: u32,
    verdict: Verdict,
    confidence: f64,
    says: String,
    evidence: String,
    seen: String,
    #[serde(default = "accepted")]
    status: Status,
    #[serde(default = "exchange")]
    judges: Judges,
    apps: Option<Vec<String>>,
    classes: Option<Vec<String>>,
    #[serde(default, deserialize_with = "some_labels")]
    prompt_is: Option<Labels>,
    #[serde(default, deserialize_with = "some_labels")]
    prompt_template: Option<Labels>,
    as_written: Option<bool>,
    prompt_fingerprint: Option<Vec<String>>,
    prompt_template_fingerprint: Option<Vec<String>>,
    prompt_head_fingerprint: Option<Vec<String>>,
    prompt_tail_fingerprint: Option<Vec<String>>,
    prompt_words: Option<[i32; 2]>,
    prompt_styles: Option<Vec<i32>>,
    marks: Option<Vec<Mark>>,
    prompt_signs: Option<Vec<String>>,
    response_signs: Option<Vec<String>>,
    has_prompt: Option<bool>,
    has_response: Option<bool>,
    prompt_empty: Option<bool>,
    empty: Option<bool>,
    repeat_within_seconds: Option<f64>,
    followed_by_response: Option<bool>,
}

fn accepted() -> Status {
    Status::Accepted
}

fn exchange() -> Judges {
    Judges::Exchange
}

impl RuleText {
    fn read(self, file: &str) -> Result<Rule, String> {
        good_id(&self.id)?;
        good_date(&self.seen)?;
        if !(0.0..=1.0).contains(&self.confidence) {
            return Err(format!(
                "confidence = {}: it goes from 0 to 1",
                self.confidence
            ));
        }
        if self.judges == Judges::Part && self.verdict != Verdict::Noise {
            return Err(format!(
                "judges = \"part\": of one row only noise can be said, not {}",
                self.verdict
            ));
        }
        let rule = Rule {
            id: self.id.clone(),
            version: self.version,
            verdict: self.verdict,
            confidence: self.confidence,
            says: self.says.clone(),
            evidence: self.evidence.clone(),
            seen: self.seen.clone(),
            status: self.status,
            judges: self.judges,
            conditions: self.conditions()?,
            file: file.to_owned(),
        };
        if let Some(odd) = rule.conditions.iter().find(|it| !it.suits(rule.judges)) {
            let other = if rule.judges == Judges::Part {
                "exchange"
            } else {
                "part"
            };
            return Err(format!("{} asks for judges = {other:?}", odd.name()));
        }
        Ok(rule)
    }

    fn conditions(self) -> Result<Vec<Condition>, String> {
        for labels in [&self.prompt_is, &self.prompt_template]
            .into_iter()
            .flatten()
        {
            good_labels(labels)?;
        }
        for template in self
            .prompt_template
            .iter()
            .flat_map(|labels| labels.values().flatten())
        {
            let is_good = template.contains("{}")
                && !fingerprint::normal(&template.replace("{}", "")).is_empty();
            if !is_good {
                return Err(format!(
                    "prompt_template: {template:?} needs a slot, written {{}}, and words besides"
                ));
            }
        }
        if self.as_written.is_some() && self.prompt_is.is_none() && self.prompt_template.is_none() {
            return Err(
                "as_written: there is no prompt_is or prompt_template whose labels it could mean"
                    .to_owned(),
            );
        }
        if let Some([min, max]) = self.prompt_words
            && (min < 0 || max < min)
        {
            return Err(format!(
                "prompt_words = [{min}, {max}]: it is [least, most]"
            ));
        }
        if let Some(seconds) = self.repeat_within_seconds
            && !(0.0..=REPEAT_SECONDS_MAX).contains(&seconds)
        {
            return Err(format!(
                "repeat_within_seconds = {seconds}: it goes from 0 to {REPEAT_SECONDS_MAX}"
            ));
        }
        let conditions = [
            self.apps.map(Condition::Apps),
            self.classes.map(Condition::Classes),
            self.prompt_is.map(Condition::PromptIs),
            self.prompt_template.map(Condition::PromptTemplate),
            self.as_written.map(Condition::AsWritten),
            fingerprints("prompt_fingerprint", self.prompt_fingerprint)?
                .map(Condition::PromptFingerprint),
            fingerprints(
                "prompt_template_fingerprint",
                self.prompt_template_fingerprint,
            )?
            .map(Condition::PromptTemplateFingerprint),
            fingerprints("prompt_head_fingerprint", self.prompt_head_fingerprint)?
                .map(Condition::PromptHeadFingerprint),
            fingerprints("prompt_tail_fingerprint", self.prompt_tail_fingerprint)?
                .map(Condition::PromptTailFingerprint),
            self.prompt_words.map(Condition::PromptWords),
            self.prompt_styles.map(Condition::PromptStyles),
            self.marks.map(Condition::Marks),
            self.prompt_signs.map(Condition::PromptSigns),
            self.response_signs.map(Condition::ResponseSigns),
            self.has_prompt.map(Condition::HasPrompt),
            self.has_response.map(Condition::HasResponse),
            self.prompt_empty.map(Condition::PromptEmpty),
            self.empty.map(Condition::Empty),
            self.repeat_within_seconds
                .map(Condition::RepeatWithinSeconds),
            self.followed_by_response.map(Condition::FollowedByResponse),
        ];
        let conditions: Vec<Condition> = conditions.into_iter().flatten().collect();
        if conditions.is_empty() {
            return Err("it has no condition: it would judge everything".to_owned());
        }
        Ok(conditions)
    }
}

/// Rows of a session are compared with those of so many seconds before at most.
const REPEAT_SECONDS_MAX: f64 = 3_600.0;

fn fingerprints(name: &str, hex: Option<Vec<String>>) -> Result<Option<Vec<i64>>, String> {
    let one = |hex: String| {
        let is_good = hex.len() == 16 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u64::from_str_radix(&hex, 16).ok().filter(|_| is_good);
        let fingerprint = number.map(u64::cast_signed);
        fingerprint
            .ok_or_else(|| format!("{name}: {hex:?} is no fingerprint of 16 hexadecimal digits"))
    };
    hex.map(|hex| hex.into_iter().map(one).collect())
        .transpose()
}

fn good_id(id: &str) -> Result<(), String> {
    let is_good = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'_')
    };
    match !id.is_empty() && id.bytes().all(is_good) {
        true => Ok(()),
        false => Err(
            "an id has lower case letters a to z, digits, full stops, hyphens and underscores"
                .to_owned(),
        ),
    }
}

fn good_date(date: &str) -> Result<(), String> {
    let parsed: Result<jiff::civil::Date, _> = date.parse();
    match parsed.is_ok_and(|parsed| parsed.to_string() == date) {
        true => Ok(()),
        false => Err(format!("seen = {date:?}: it is a date, YYYY-MM-DD")),
    }
}

fn good_labels(labels: &Labels) -> Result<(), String> {
    for (locale, texts) in labels {
        let is_tag = locale.split('-').all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        if !is_tag && locale != "*" {
            return Err(format!(
                "{locale:?} is no locale; write en, en-gb, … or \"*\" for all"
            ));
        }
        if let Some(blank) = texts
            .iter()
            .find(|text| fingerprint::normal(text).is_empty())
        {
            return Err(format!(
                "{locale}: {blank:?} has nothing but punctuation and spaces"
            ));
        }
    }
    Ok(())
}

fn some_labels<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Labels>, D::Error> {
    labels(from).map(Some)
}

/// A list, for all locales, or a table of lists by locale.
fn labels<'de, D: Deserializer<'de>>(from: D) -> Result<Labels, D::Error> {
    struct Either;

    impl<'de> Visitor<'de> for Either {
        type Value = Labels;

        fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
            to.write_str("a list of texts, or a table with a list for each locale")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Labels, A::Error> {
            let mut texts = Vec::new();
            while let Some(text) = list.next_element()? {
                texts.push(text);
            }
            Ok(Labels::from([("*".to_owned(), texts)]))
        }

        fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<Labels, A::Error> {
            let mut labels = Labels::new();
            while let Some((locale, texts)) = table.next_entry()? {
                labels.insert(locale, texts);
            }
            Ok(labels)
        }
    }

    from.deserialize_any(Either)
}
