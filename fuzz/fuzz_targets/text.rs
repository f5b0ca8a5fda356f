//! What is told of a text that is not kept: fingerprints, signs, style. The first line is a sign, the rest the text.
#![no_main]

use hobbs_fuzz::rows;
use hobbs_interaction::{ContentPolicy, Sign, SignHow, SignOf, Signs, fingerprint};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    let (sign, text) = input.split_once('\n').unwrap_or(("", input));
    let normal = fingerprint::normal(text);
    let key = rows::key();
    assert_eq!(key.fingerprint(text).is_none(), normal.is_empty());
    let _ = key.template_fingerprint(text);
    let _ = key.ends_fingerprints(text);

    let sign_normal = fingerprint::normal(sign);
    let named = |id: &str, how, chars_max| Sign {
        id: id.to_owned(),
        of: SignOf::Both,
        how,
        text: sign.to_owned(),
        chars_max,
    };
    let chars_max = 40;
    let signs = Signs::new(&[
        named("begins", SignHow::Begins, None),
        named("contains", SignHow::Contains, None),
        named("is", SignHow::Is, None),
        named("short", SignHow::Contains, Some(chars_max)),
    ]);
    let Ok(signs) = signs else {
        assert!(sign_normal.is_empty() || sign_normal.len() > 4096);
        return;
    };
    let contains = normal.contains(&sign_normal);
    let is_short = normal.chars().count() <= chars_max as usize;
    let expected = [
        (normal.starts_with(&sign_normal), "begins"),
        (contains, "contains"),
        (normal == sign_normal, "is"),
        (contains && is_short, "short"),
    ];
    let expected: Vec<&str> = expected
        .into_iter()
        .filter_map(|(is_so, id)| is_so.then_some(id))
        .collect();
    let expected = (!expected.is_empty()).then(|| expected.join(","));
    // Prompts and responses are read in two ways, and told alike.
    for interaction_type in ["userPrompt", "aiResponse"] {
        let ingest = rows::ingest(ContentPolicy::None, signs.clone());
        let row = ingest.row("u", rows::item(interaction_type, text));
        assert_eq!(row.text_fingerprint, key.fingerprint(text));
        assert_eq!(
            row.signs, expected,
            "{interaction_type}: {sign_normal:?} in {normal:?}"
        );
    }
});
