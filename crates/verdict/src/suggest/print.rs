//! Candidates as TOML, ready to be kept.

use std::fmt::Write;

use toml::Value;

use super::{Candidate, Usage};
use crate::rules::{Condition, Labels};

/// The candidates as a file of rules, each with what it was seen by and examples to look at.
/// `today` is the day on which they are seen, `YYYY-MM-DD`.
pub fn to_toml(candidates: &[Candidate], usages: &[Usage], today: &str) -> String {
    let mut out = String::from(
        "# Found by structure. What these rules find is unknown until you look at the examples\n\
         # (`hobbs rules explain USER INTERACTION`) and write status = \"accepted\".\n\
         # Fingerprints hold in this lake alone.\n",
    );
    for candidate in candidates {
        rule(&mut out, candidate, usages.get(candidate.usage), today);
    }
    out
}

/// Writing to a String can't fail.
fn rule(out: &mut String, candidate: &Candidate, usage: Option<&Usage>, today: &str) {
    let rule = &candidate.rule;
    out.push('\n');
    for example in usage.map_or(&[][..], |usage| &usage.examples) {
        let _ = writeln!(
            out,
            "# {} {}",
            one_line(&example.user_id),
            one_line(&example.interaction_id)
        );
        if let Some(text) = &example.text {
            let _ = writeln!(out, "#     {}", one_line(text));
        }
    }
    if let Some(usage) = usage {
        let _ = writeln!(
            out,
            "# apps: {}; locales: {}",
            counted(&usage.apps),
            counted(&usage.locales)
        );
    }
    let _ = writeln!(out, "[[rule]]");
    let _ = writeln!(out, "id = {}", text(&rule.id));
    let _ = writeln!(out, "version = {}", rule.version);
    let _ = writeln!(out, "verdict = {}", text(rule.verdict.as_str()));
    let _ = writeln!(out, "confidence = {:?}", rule.confidence);
    let _ = writeln!(out, "says = {}", text(&rule.says));
    let _ = writeln!(out, "evidence = {}", text(&rule.evidence));
    let _ = writeln!(out, "seen = {}", text(today));
    let _ = writeln!(out, "status = \"suspected\"");
    for condition in &rule.conditions {
        let _ = writeln!(out, "{} = {}", condition.name(), value(condition));
    }
}

fn value(condition: &Condition) -> Value {
    let texts = |texts: &[String]| Value::from(texts.to_vec());
    let numbers = |numbers: &[i64]| {
        let hex = numbers.iter().map(|number| format!("{number:016x}"));
        Value::from(hex.collect::<Vec<_>>())
    };
    let labels = |labels: &Labels| {
        let table = labels
            .iter()
            .map(|(locale, labels)| (locale.clone(), texts(labels)));
        Value::Table(table.collect())
    };
    match condition {
        Condition::Apps(list)
        | Condition::Classes(list)
        | Condition::PromptSigns(list)
        | Condition::ResponseSigns(list) => texts(list),
        Condition::PromptIs(by_locale) | Condition::PromptTemplate(by_locale) => labels(by_locale),
        Condition::PromptFingerprint(list)
        | Condition::PromptTemplateFingerprint(list)
        | Condition::PromptHeadFingerprint(list)
        | Condition::PromptTailFingerprint(list) => numbers(list),
        Condition::PromptWords(range) => Value::from(range.map(Value::from).to_vec()),
        Condition::PromptStyles(styles) => Value::from(styles.clone()),
        Condition::Marks(marks) => texts(
            &marks
                .iter()
                .map(|mark| mark.to_string())
                .collect::<Vec<_>>(),
        ),
        Condition::AsWritten(yes)
        | Condition::HasPrompt(yes)
        | Condition::HasResponse(yes)
        | Condition::PromptEmpty(yes)
        | Condition::Empty(yes)
        | Condition::FollowedByResponse(yes) => Value::from(*yes),
        Condition::RepeatWithinSeconds(seconds) => Value::from(*seconds),
    }
}

fn text(text: &str) -> Value {
    Value::from(text)
}

fn counted(counts: &[(String, i64)]) -> String {
    let shown: Vec<String> = counts
        .iter()
        .map(|(name, count)| format!("{} {count}", one_line(name)))
        .collect();
    if shown.is_empty() {
        "-".to_owned()
    } else {
        shown.join(", ")
    }
}

/// What comes from the tenant stays in its comment, and can't steer a terminal.
fn one_line(text: &str) -> String {
    const CHARS_MAX: usize = 200;
    let visible = |c: char| {
        if c.is_control()
            || ('\u{202A}'..='\u{202E}').contains(&c)
            || c == '\u{2028}'
            || c == '\u{2029}'
        {
            ' '
        } else {
            c
        }
    };
    text.chars().take(CHARS_MAX).map(visible).collect()
}
