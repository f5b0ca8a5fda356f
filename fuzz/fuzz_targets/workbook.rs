//! The report as a workbook, with texts of a tenant in every place. Lines of `%%` stand between them.
#![no_main]

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use futures::executor::block_on;
use hobbs_fuzz::lake::{Lake, summary};
use hobbs_report::{Scope, workbook};
use libfuzzer_sys::fuzz_target;
use quick_xml::events::Event;

fuzz_target!(|input: &str| {
    let texts: Vec<&str> = input.split("\n%%\n").take(8).collect();
    let lake = Lake::of(&texts);
    let summary = Arc::new(summary(&lake, texts[0]));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("report.xlsx");
    let scope = Scope::default();
    let writing = workbook::write(&lake, &scope, summary, &path);
    let written = block_on(writing).expect("a workbook");
    assert_eq!(written.interactions, 2 * texts.len() as u64);
    no_cell_is_a_formula(&path);
});

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
