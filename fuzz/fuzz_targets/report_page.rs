//! The report as a page, and as a table on the terminal, with texts of a tenant in every place. Lines of `%%` stand
//! between them.
#![no_main]

use std::collections::BTreeSet;
use std::sync::OnceLock;

use hobbs_fuzz::lake::{Lake, summary};
use hobbs_fuzz::page::tags;
use hobbs_report::{Style, html, table};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    let texts: Vec<&str> = input.split("\n%%\n").take(8).collect();
    let summary = summary(&Lake::of(&texts), texts[0]);
    no_script_breaks_out(&html::render(&summary).expect("a page"));
    let table = table::render(&summary, Style::default());
    assert!(!table.contains(|c: char| c.is_control() && c != '\n'));
});

/// The page is made of the tags and attributes that harmless texts give, with one script.
fn no_script_breaks_out(page: &str) {
    static HARMLESS: OnceLock<BTreeSet<String>> = OnceLock::new();
    let harmless = HARMLESS.get_or_init(|| {
        let lake = Lake::of(&["one", "two", "three", "four", "five", "six", "seven"]);
        let page = html::render(&summary(&lake, "one")).expect("a page");
        tags(&page).expect("a page of tags").0
    });
    let (tags, scripts) = tags(page).expect("each tag ends");
    let strange: Vec<&String> = tags.difference(harmless).collect();
    assert!(strange.is_empty(), "{strange:?}");
    assert_eq!(scripts, 1);
    assert!(!page.contains(|c: char| c.is_control() && c != '\n'));
}
