//! The data that is built in.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use hobbs_interaction::fingerprint;
use hobbs_verdict::rules::{Condition, Status};
use hobbs_verdict::{RuleFile, Rules, Verdict};

const LOCALES: [&str; 20] = [
    "cs", "da", "de", "en", "en-gb", "es", "fi", "fr", "it", "ja", "ko", "nb", "nl", "pl", "pt-br",
    "pt-pt", "sv", "tr", "zh-cn", "zh-tw",
];

fn files(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|it| it == "toml") {
            found.push((
                path.display().to_string(),
                std::fs::read_to_string(&path).unwrap(),
            ));
        }
    }
}

#[test]
fn every_file_of_the_folder_is_built_in() {
    let mut found = Vec::new();
    files(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("rules"),
        &mut found,
    );
    let mut ids = BTreeSet::new();
    for (name, text) in &found {
        ids.extend(
            RuleFile::parse(name, text)
                .unwrap()
                .rules
                .into_iter()
                .map(|rule| rule.id),
        );
    }
    let built_in: BTreeSet<String> = Rules::built_in()
        .iter()
        .map(|rule| rule.id.clone())
        .collect();
    assert_eq!(ids, built_in);
    assert!(found.len() >= 10);
}

#[test]
fn the_version_changes_with_the_rules_only_on_purpose() {
    // A new version of the data: say so in the changelog, and count up BUILT_IN_VERSION at a release.
    insta::assert_snapshot!(Rules::built_in().version());
}

#[test]
fn every_rule_says_what_it_knows() {
    for rule in Rules::built_in().iter() {
        assert!(
            rule.says.ends_with('.') && rule.says.len() > 20,
            "{}",
            rule.id
        );
        assert!(rule.evidence.ends_with('.'), "{}", rule.id);
        let is_suspected = rule.status == Status::Suspected;
        assert_eq!(
            is_suspected,
            rule.id == "automatic.no-prompt",
            "{}",
            rule.id
        );
        assert!(rule.confidence > 0.3, "{}", rule.id);
        if rule.evidence.contains("not yet seen in a product") {
            assert!(
                rule.confidence <= 0.85,
                "{}: a translation is never sure",
                rule.id
            );
        }
    }
}

#[test]
fn labels_are_there_in_all_languages_and_in_normal_form_apart() {
    let rules = Rules::built_in();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for rule in rules.iter().filter(|rule| rule.verdict == Verdict::Clicked) {
        for condition in &rule.conditions {
            let (Condition::PromptIs(labels) | Condition::PromptTemplate(labels)) = condition
            else {
                continue;
            };
            for (locale, texts) in labels {
                *counts.entry(locale).or_default() += texts.len();
                let normal: BTreeSet<String> =
                    texts.iter().map(|text| fingerprint::normal(text)).collect();
                assert_eq!(normal.len(), texts.len(), "{} {locale}: {texts:?}", rule.id);
            }
        }
    }
    for locale in LOCALES {
        assert!(
            counts.get(locale).copied().unwrap_or_default() >= 15,
            "{locale}: {counts:?}"
        );
    }
}

#[test]
fn no_label_is_what_people_say() {
    // Words that many people type as they are. A label like these would take their prompts away.
    let said = [
        "thanks",
        "thank you",
        "ok",
        "yes",
        "no",
        "hello",
        "hi",
        "continue",
        "go on",
        "more",
        "help",
        "test",
        "shorter",
        "make it shorter",
        "translate",
        "danke",
        "ja",
        "nein",
        "hallo",
        "weiter",
        "merci",
        "oui",
        "bonjour",
        "gracias",
        "sí",
        "hola",
        "grazie",
        "ciao",
        "obrigado",
        "olá",
        "dank je",
        "dziękuję",
        "cześć",
        "tack",
        "hej",
        "tak",
        "takk",
        "kiitos",
        "děkuji",
        "ahoj",
        "teşekkürler",
        "merhaba",
        "ありがとう",
        "はい",
        "감사합니다",
        "谢谢",
        "你好",
        "謝謝",
        "what's new",
        "was gibt es neues",
    ];
    let said: BTreeSet<String> = said.into_iter().map(fingerprint::normal).collect();
    for rule in Rules::built_in().iter() {
        for condition in &rule.conditions {
            if let Condition::PromptIs(labels) = condition {
                for text in labels.values().flatten() {
                    assert!(
                        !said.contains(&fingerprint::normal(text)),
                        "{}: {text}",
                        rule.id
                    );
                }
            }
        }
    }
}
