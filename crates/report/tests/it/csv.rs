use hobbs_interaction::wire::{Attachment, Context, Link, Mention};
use hobbs_report::{ReportRow, Scope, csv};
use proptest::prelude::*;

use crate::memory::Memory;
use crate::{prompt, response};

fn written(rows: Vec<ReportRow>) -> Vec<u8> {
    let mut out = Vec::new();
    let count = rows.len() as u64;
    let memory = Memory::of(rows);
    assert_eq!(
        futures::executor::block_on(csv::write(&memory, &Scope::default(), &mut out)).unwrap(),
        count
    );
    out
}

fn read(bytes: &[u8]) -> Vec<Vec<String>> {
    let text = bytes
        .strip_prefix("\u{feff}".as_bytes())
        .expect("a byte-order mark");
    let mut reader = ::csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text);
    reader
        .records()
        .map(|record| record.unwrap().iter().map(str::to_owned).collect())
        .collect()
}

fn full_row() -> ReportRow {
    let some = |text: &str| Some(text.to_owned());
    let mut row = response(1, "r1");
    row.mark = some("auto_generated");
    row.contexts = vec![
        Context {
            reference: some("https://x/1"),
            display_name: some("Weekly sync"),
            context_type: some("TeamsMeeting"),
        },
        Context {
            reference: some("https://x/2"),
            display_name: None,
            context_type: None,
        },
    ];
    row.links = vec![
        Link {
            url: some("https://x/3"),
            display_name: some("Plan"),
            link_type: some("File"),
        },
        Link {
            url: some("https://x/4"),
            display_name: None,
            link_type: None,
        },
    ];
    row.attachments = vec![Attachment {
        content_type: some("reference"),
        name: some("a.docx"),
        ..Attachment::default()
    }];
    row.mentions = vec![Mention {
        text: some("Alex"),
        ..Mention::default()
    }];
    row
}

#[test]
fn the_file_as_it_is() {
    insta::assert_snapshot!(
        String::from_utf8(written(vec![prompt(0, "r1"), full_row()]))
            .unwrap()
            .replace('\r', "␍")
    );
}

#[test]
fn no_cell_runs_as_a_formula() {
    for text in [
        "=1+1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        " =1",
        "＝1",
        "+1",
        "-1",
        "\u{feff}=cmd",
    ] {
        let mut row = prompt(0, text);
        row.content = Some(text.into());
        row.user_principal_name = Some(text.into());
        row.department = Some(text.into());
        for cell in &read(&written(vec![row]))[1] {
            assert!(
                !hobbs_report::cell::looks_like_formula(cell),
                "{cell:?} of {text:?}"
            );
        }
    }
}

#[test]
fn without_text_the_body_is_empty() {
    let mut row = prompt(0, "r");
    row.content = None;
    let rows = read(&written(vec![row]));
    let body = rows[0]
        .iter()
        .position(|name| name == "Body")
        .expect("a column Body");
    assert_eq!(rows[1][body], "");
}

proptest! {
    #[test]
    fn any_text_comes_back(text in any::<String>()) {
        let mut row = prompt(0, "r");
        row.content = Some(text.clone());
        let bytes = written(vec![row]);
        let body = &read(&bytes)[1][7];
        let clean = hobbs_report::cell::printable(&text).into_owned();
        let apostrophe = format!("'{clean}");
        prop_assert!(*body == clean || *body == apostrophe);
    }
}
