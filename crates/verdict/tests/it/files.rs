//! Files of rules: what they may say, and what they are told when they may not.

use hobbs_verdict::{RuleFile, Rules};

const RULE: &str = r#"
[[rule]]
id = "mine"
version = 1
verdict = "clicked"
confidence = 0.5
says = "x"
evidence = "x"
seen = "2026-08-01"
prompt_is = ["Give me the gist"]
"#;

fn error(text: &str) -> String {
    RuleFile::parse("mine.toml", text).unwrap_err().to_string()
}

fn with(from: &str, to: &str) -> String {
    assert!(RULE.contains(from), "{from}");
    error(&RULE.replace(from, to))
}

#[test]
fn mistakes_are_named_by_file_and_id() {
    let errors = [
        error("[[rule]\n"),
        error("[rules]\nx = 1"),
        error("[[rule]]\nversion = 1"),
        with("prompt_is", "promt_is"),
        with("confidence = 0.5", "confidence = 1.5"),
        with("\"clicked\"", "\"pressed\""),
        with("\"2026-08-01\"", "\"August\""),
        with("id = \"mine\"", "id = \"Mine!\""),
        with("prompt_is = [\"Give me the gist\"]", ""),
        with("[\"Give me the gist\"]", "[\"…\"]"),
        with(
            "[\"Give me the gist\"]",
            "{ english = [\"a\"], \"not a locale\" = [\"b\"] }",
        ),
        with("[\"Give me the gist\"]", "\"Give me the gist\""),
        with(
            "prompt_is = [\"Give me the gist\"]",
            "prompt_template = [\"no slot\"]",
        ),
        with(
            "prompt_is = [\"Give me the gist\"]",
            "prompt_fingerprint = [\"12\"]",
        ),
        with(
            "prompt_is = [\"Give me the gist\"]",
            "prompt_words = [5, 2]",
        ),
        with("prompt_is = [\"Give me the gist\"]", "marks = [\"warm\"]"),
        with(
            "prompt_is = [\"Give me the gist\"]",
            "as_written = true\nhas_prompt = true",
        ),
        with("prompt_is = [\"Give me the gist\"]", "empty = true"),
        with("prompt_is", "judges = \"part\"\nprompt_is"),
        error(
            "[[sign]]\nid = \"s\"\nin = \"response\"\nsays = \"\"\nevidence = \"\"\nseen = \"2026-08-01\"",
        ),
        error("[[sign]]\nid = \"s\"\nin = \"answers\""),
        error("off = \"mine\""),
    ];
    insta::assert_snapshot!(errors.join("\n---\n"));
}

#[test]
fn files_that_do_not_fit_together_say_so() {
    let mine = || RuleFile::parse("mine.toml", RULE).unwrap();
    let twice = RuleFile::parse("twice.toml", &format!("{RULE}{RULE}")).unwrap();
    let off = |id: &str| RuleFile::parse("mine.toml", &format!("off = [\"{id}\"]")).unwrap();
    let asks = RuleFile::parse(
        "asks.toml",
        &RULE.replace(
            "prompt_is = [\"Give me the gist\"]",
            "response_signs = [\"nowhere\"]",
        ),
    )
    .unwrap();
    let errors = [
        Rules::of([twice]).map(drop),
        Rules::of([mine(), mine()]).map(drop),
        Rules::built_in().with(off("no.such-rule")).map(drop),
        Rules::built_in().with(off("searching")).map(drop),
        Rules::built_in().with(asks).map(drop),
        Rules::built_in()
            .without("hobbs.toml", &["nothing"])
            .map(drop),
    ];
    let errors: Vec<String> = errors
        .into_iter()
        .map(|it| it.unwrap_err().to_string())
        .collect();
    insta::assert_snapshot!(errors.join("\n---\n"));
}

#[test]
fn a_users_file_turns_off_and_takes_over() {
    let text = format!(
        "off = [\"outlook.summarize\"]\n{}",
        RULE.replace("\"mine\"", "\"outlook.summarize\"")
    );
    let rules = Rules::built_in()
        .with(RuleFile::parse("mine.toml", &text).unwrap())
        .unwrap();
    assert_eq!(rules.get("outlook.summarize").unwrap().file, "mine.toml");
    assert_ne!(rules.version(), Rules::built_in().version());
    assert!(rules.version().starts_with("1.local+"));
}

#[test]
fn the_version_is_of_what_decides() {
    let of = |text: &str| {
        let rules = Rules::of([RuleFile::parse("a file", text).unwrap()]).unwrap();
        rules.version().to_owned()
    };
    let version = of(RULE);
    assert_eq!(
        of(&RULE.replace("says = \"x\"", "says = \"y\" # and more")),
        version
    );
    for change in [
        ("0.5", "0.6"),
        ("clicked", "automatic"),
        ("the gist", "the core"),
        ("version = 1", "version = 2"),
        ("\"mine\"", "\"other\""),
    ] {
        assert_ne!(of(&RULE.replace(change.0, change.1)), version, "{change:?}");
    }
    let sign = "[[sign]]\nid = \"s\"\nin = \"response\"\nsays = \"\"\nevidence = \"\"\nseen = \"2026-08-01\"\nis = [\"No\"]\n";
    let with_sign = of(sign);
    for change in [
        ("No", "Not"),
        ("response", "both"),
        ("is =", "chars_max = 5\nis ="),
        ("is =", "means = \"refused\"\nis ="),
    ] {
        assert_ne!(
            of(&sign.replace(change.0, change.1)),
            with_sign,
            "{change:?}"
        );
    }
    assert_eq!(
        Rules::built_in()
            .without("x", &[] as &[&str])
            .unwrap()
            .version(),
        Rules::built_in().version()
    );
}

#[test]
fn labels_may_be_a_list_or_stand_by_locale() {
    let one = RuleFile::parse("a", RULE).unwrap();
    let by_locale = RULE.replace(
        "[\"Give me the gist\"]",
        "{ \"*\" = [\"Give me the gist\"] }",
    );
    let other = RuleFile::parse("a", &by_locale).unwrap();
    assert_eq!(one, other);
}
