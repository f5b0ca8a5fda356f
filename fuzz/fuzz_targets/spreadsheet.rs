//! Texts of a tenant in the cells of a spreadsheet, and on a terminal. Lines of `%%` stand between them.
#![no_main]

use hobbs_fuzz::lake::Lake;
use hobbs_report::cell::{self, CELL_UNITS_MAX};
use hobbs_report::{Scope, visible};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    let texts: Vec<&str> = input.split("\n%%\n").take(16).collect();
    for text in &texts {
        cells(text);
        let shown = visible(text);
        assert!(!shown.contains(
            |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202e}')
        ));
        assert_eq!(visible(&shown), shown);
    }
    let mut out = Vec::new();
    let lake = Lake::of(&texts);
    let scope = Scope::default();
    let writing = hobbs_report::csv::write(&lake, &scope, &mut out);
    let written = futures::executor::block_on(writing).expect("into memory");
    assert_eq!(written, 2 * texts.len() as u64);
    let text = out
        .strip_prefix("\u{feff}".as_bytes())
        .expect("a byte-order mark");
    let mut lines = csv::Reader::from_reader(text);
    let columns = lines.headers().expect("a header").len();
    let mut rows = 0;
    for line in lines.records() {
        let line = line.expect("a line of as many cells as the header");
        assert_eq!(line.len(), columns);
        line.iter().for_each(harmless);
        rows += 1;
    }
    assert_eq!(rows, written);
});

fn cells(text: &str) {
    let printable = cell::printable(text);
    assert_eq!(cell::printable(&printable), printable);
    harmless(&cell::as_text(&printable));
    harmless(&cell::as_text(text));
    let (fits, was_cut) = cell::fitting(text);
    assert!(fits.encode_utf16().count() <= CELL_UNITS_MAX);
    assert_eq!(was_cut, text.encode_utf16().count() > CELL_UNITS_MAX);
}

/// Nothing that Excel, LibreOffice or Google Sheets would run, white space at the beginning aside.
fn harmless(cell: &str) {
    assert!(
        !cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']),
        "{cell:?}"
    );
    assert!(
        !cell.trim_start().starts_with(['=', '+', '-', '@']),
        "{cell:?}"
    );
}
