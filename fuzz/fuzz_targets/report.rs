//! The report as a page and as a workbook, with texts of a tenant in every place. Lines of `%%` stand between them.
#![no_main]

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use futures::executor::block_on;
use hobbs_fuzz::lake::{AT_MS, Lake};
use hobbs_fuzz::page::tags;
use hobbs_report::{Scope, Style, Summary, html, summarize, table, workbook};
use libfuzzer_sys::fuzz_target;
use quick_xml::events::Event;

fuzz_target!(|input: &str| {
    let texts: Vec<&str> = input.split("\n%%\n").take(8).collect();
    let lake = Lake::of(&texts);
    let summary = Arc::new(summary(&lake, texts[0]));
    no_script_breaks_out(&html::render(&summary).expect("a page"));
    let table = table::render(&summary, Style::default());
    assert!(!table.contains(|c: char| c.is_control() && c != '\n'));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("report.xlsx");
    let scope = Scope::default();
    let writing = workbook::write(&lake, &scope, Arc::clone(&summary), &path);
    let written = block_on(writing).expect("a workbook");
    assert_eq!(written.interactions, 2 * texts.len() as u64);
    no_cell_is_a_formula(&path);
});

fn summary(lake: &Lake, text: &str) -> Summary {
    let scope = Scope {
        apps: vec![text.to_owned()],
        ..Scope::default()
    };
    let now = jiff::Timestamp::from_millisecond(AT_MS + 86_400_000).expect("a time");
    block_on(summarize(lake, &scope, now)).expect("a summary")
}

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

/// Every part is well-formed XML, of characters that XML has, without formulas and links.
fn no_cell_is_a_formula(path: &Path) {
    let mut archive = zip::ZipArchive::new(File::open(path).expect("a file")).expect("an archive");
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).expect("a part");
        let name = part.name().expect("a name").into_owned();
        if !name.ends_with(".xml") && !name.ends_with(".rels") {
            continue;
        }
        let mut xml = String::new();
        part.read_to_string(&mut xml).expect("UTF-8");
        let is_xml = |c: char| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..);
        assert!(xml.chars().all(is_xml), "{name}");
        let is_sheet = name.starts_with("xl/worksheets/");
        let mut reader = quick_xml::Reader::from_str(&xml);
        reader.config_mut().check_end_names = true;
        let mut depth = 0_u32;
        loop {
            let event = reader
                .read_event()
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            match event {
                Event::Start(tag) => {
                    depth += 1;
                    tag.attributes()
                        .for_each(|it| drop(it.expect("an attribute")));
                    let runs = ["f", "hyperlink"].contains(&tag.name().as_ref());
                    assert!(!is_sheet || !runs, "{name}");
                }
                Event::Empty(tag) => {
                    tag.attributes()
                        .for_each(|it| drop(it.expect("an attribute")));
                    assert!(!is_sheet || tag.name().as_ref() != "hyperlink", "{name}");
                }
                Event::End(_) => depth -= 1,
                Event::GeneralRef(reference) => {
                    let known = reference.is_char_ref()
                        || ["amp", "lt", "gt", "quot", "apos"].contains(&reference.as_ref());
                    assert!(known, "{name}");
                }
                Event::Eof => break,
                _ => {}
            }
        }
        assert_eq!(depth, 0, "{name}");
    }
}
