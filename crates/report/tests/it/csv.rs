use hobbs_interaction::wire::{Attachment, Context, Link, Mention};
use hobbs_report::{ReportRow, Scope, csv};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

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
    fn some<T: From<&'static str>>(text: &'static str) -> Option<T> {
        Some(text.into())
    }
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

/// Texts that a spreadsheet or a careless reader of CSV would make something else of; drawn at random alone, hardly
/// one would be.
fn odd_text() -> impl Strategy<Value = String> {
    let begins = prop::sample::select(vec![
        "",
        "=",
        "+",
        "-",
        "@",
        "\t",
        "\r",
        "\n",
        "\r\n",
        " =",
        "\u{a0}-",
        "\u{0}+",
        "＝",
        "−",
        "\u{feff}@",
        "\u{200b}\u{202e}=",
        "'",
        "\"",
        "\"=",
        ",",
        ";=",
        "\u{1b}=",
    ]);
    let ends = prop::sample::select(vec!["", "\"", "\r\n", ",", "\n=1+1", "\",=1"]);
    (begins, any::<String>(), ends).prop_map(|(begins, text, ends)| format!("{begins}{text}{ends}"))
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(20_261_123), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_comes_back_and_none_runs(texts in prop::collection::vec(odd_text(), 1..5)) {
        let rows: Vec<ReportRow> = texts
            .iter()
            .zip(0..)
            .map(|(text, second)| {
                let some = || Some(text.clone());
                let mut row = full_row();
                row.created_at_ms += second * 1_000;
                row.user_principal_name = some();
                row.department = some();
                row.session_id = some();
                row.request_id = some();
                row.app.clone_from(text);
                row.content = some();
                row.contexts[0].display_name = some().map(Into::into);
                row.links[0].url = some().map(Into::into);
                row.mentions[0].text = some().map(Into::into);
                row
            })
            .collect();
        let lines = read(&written(rows));
        prop_assert_eq!(lines.len(), 1 + texts.len());
        for (line, text) in lines[1..].iter().zip(&texts) {
            prop_assert_eq!(line.len(), lines[0].len());
            for cell in line {
                prop_assert!(!hobbs_report::cell::looks_like_formula(cell), "{:?}", cell);
                prop_assert!(!cell.trim_start().starts_with(['=', '+', '-', '@']), "{:?}", cell);
            }
            let clean = hobbs_report::cell::printable(text).into_owned();
            let marked = format!("'{clean}");
            for name in ["User", "Body", "Department", "ThreadId", "RequestId", "Copilot App"] {
                let at = lines[0].iter().position(|it| it == name).expect("the column");
                prop_assert!(line[at] == clean || line[at] == marked, "{}: {:?}", name, line[at]);
            }
        }
    }
}
