//! Workbooks, read back with calamine and as XML.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use calamine::{Data, Range, Reader, Xlsx, open_workbook};
use hobbs_report::workbook::{self, SHEET_ROWS_MAX, Written};
use hobbs_report::{ReportError, ReportRow, Scope, summarize};

use crate::memory::Memory;
use crate::{now, population, prompt, response};

fn write(memory: &Memory, path: &Path, rows_max: u32) -> Result<Written, ReportError> {
    futures::executor::block_on(async {
        let summary = Arc::new(summarize(memory, &Scope::default(), now()).await?);
        workbook::write_with(memory, &Scope::default(), summary, path, rows_max).await
    })
}

fn sheet(path: &Path, name: &str) -> Range<Data> {
    let mut book: Xlsx<_> = open_workbook(path).unwrap();
    book.worksheet_range(name).unwrap()
}

fn part(path: &Path, name: &str) -> String {
    let mut archive = zip::ZipArchive::new(std::fs::File::open(path).unwrap()).unwrap();
    let mut text = String::new();
    archive
        .by_name(name)
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    text
}

/// The column under `header`, header included.
fn column(range: &Range<Data>, header: &str) -> Vec<Data> {
    let at = range
        .rows()
        .next()
        .unwrap()
        .iter()
        .position(|cell| *cell == Data::String(header.into()))
        .unwrap();
    range.rows().map(|row| row[at].clone()).collect()
}

#[test]
fn hostile_texts_are_texts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.xlsx");
    let long = "é".repeat(40_000);
    let texts = [
        "=1+1",
        "@SUM(A1)",
        "\t=1",
        "https://evil.example",
        "👩‍🚀 日本",
        "a\u{0}b\u{b}",
        "_x0041_<&>\"",
        &long,
    ];
    let rows: Vec<ReportRow> = texts
        .iter()
        .zip(0..)
        .map(|(text, second)| {
            let mut row = prompt(second, "");
            row.content = Some((*text).to_owned());
            row.department = Some((*text).chars().take(200).collect());
            row
        })
        .collect();
    let mut memory = Memory::of(rows);
    memory.people = vec![serde_json::json!({
        "user_id": "u1", "user_principal_name": "=HYPERLINK(\"https://evil.example\")", "department": "+1",
    })];
    let written = write(&memory, &path, SHEET_ROWS_MAX).unwrap();
    assert_eq!(
        (written.interactions, written.exchanges, written.cells_cut),
        (8, 8, 2)
    );

    let bodies = column(&sheet(&path, "Interactions"), "Body");
    let cut = format!("{}… [cut, 40000 characters]", "é".repeat(32_767 - 25));
    let shown = [
        "Body",
        "=1+1",
        "@SUM(A1)",
        "\t=1",
        "https://evil.example",
        "👩‍🚀 日本",
        "a␀b␋",
        "_x0041_<&>\"",
        &cut,
    ];
    assert_eq!(bodies, shown.map(|text| Data::String(text.to_owned())));

    let mut book: Xlsx<_> = open_workbook(&path).unwrap();
    assert_eq!(
        book.sheet_names(),
        [
            "Summary",
            "Conversations",
            "Interactions",
            "People",
            "Coverage"
        ]
    );
    for name in book.sheet_names() {
        assert!(
            book.worksheet_formula(&name).unwrap().is_empty(),
            "a formula in {name}"
        );
    }
    for number in 1..=5 {
        let xml = part(&path, &format!("xl/worksheets/sheet{number}.xml"));
        assert!(
            !xml.contains("<f>") && !xml.contains("<hyperlink"),
            "sheet {number}"
        );
    }
}

#[test]
fn names_in_lists_are_texts_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.xlsx");
    let text = "=HYPERLINK(\"https://evil.example\")\u{0}";
    let (memory, scope) = (Memory::of(Vec::new()), Scope::default());
    let summary = Arc::new(crate::page::hostile(text));
    let writing = workbook::write_with(&memory, &scope, summary, &path, SHEET_ROWS_MAX);
    futures::executor::block_on(writing).unwrap();
    let mut book: Xlsx<_> = open_workbook(&path).unwrap();
    let mut shown = 0;
    for name in book.sheet_names() {
        let formulas = book.worksheet_formula(&name).unwrap();
        assert!(formulas.is_empty(), "a formula in {name}");
        let range = book.worksheet_range(&name).unwrap();
        shown += range
            .used_cells()
            .filter(|cell| cell.2.to_string().contains("evil.example"))
            .count();
    }
    assert!(shown >= 10, "{shown} cells show it");
}

#[test]
fn the_table_spans_all_rows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.xlsx");
    let memory = population::source(1_000, 10, 0);
    write(&memory, &path, SHEET_ROWS_MAX).unwrap();
    let range = sheet(&path, "Interactions");
    assert_eq!(range.height(), 1_001);
    let tables: String = (1..=4)
        .map(|number| part(&path, &format!("xl/tables/table{number}.xml")))
        .collect();
    for reference in ["A1:M501", "A1:Q1001", "A1:P12", "A4:I15"] {
        assert_eq!(
            tables.matches(&format!("ref=\"{reference}\"")).count(),
            2,
            "{reference} in {tables}"
        );
    }
    let times = column(&range, "Timestamp");
    let Data::DateTime(time) = &times[1] else {
        panic!("{:?}", times[1])
    };
    let serial = population::row(0, 1_000, 10, 0).created_at_ms as f64 / 86_400_000.0 + 25_569.0;
    assert!((time.as_f64() - serial).abs() < 1e-8);
}

#[test]
fn prompt_and_response_stand_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.xlsx");
    let rows = vec![
        prompt(0, "a"),
        response(4, "a"),
        response(9, "a"),
        prompt(60, "b"),
        response(99, "lost"),
    ];
    write(&Memory::of(rows), &path, SHEET_ROWS_MAX).unwrap();
    let range = sheet(&path, "Conversations");
    let text = |text: &str| Data::String(text.to_owned());
    let none = Data::Empty;
    assert_eq!(
        column(&range, "Prompt"),
        [
            text("Prompt"),
            text("prompt 0"),
            none.clone(),
            text("prompt 60")
        ]
    );
    assert_eq!(
        column(&range, "Response"),
        [
            text("Response"),
            text("response 4"),
            text("response 9"),
            text("response 99")
        ]
    );
    assert_eq!(
        column(&range, "Seconds to reply")[1..],
        [Data::Float(4.0), Data::Float(9.0), Data::Float(39.0)]
    );
    assert_eq!(
        column(&range, "Answer")[1..],
        [text("1 of 2"), text("2 of 2"), none]
    );
    assert_eq!(
        column(&range, "Joined by")[1..],
        [text("request"), text("request"), text("order")]
    );
}

#[test]
fn a_full_sheet_continues_on_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.xlsx");
    let memory = population::source(250, 10, 0);
    write(&memory, &path, 101).unwrap();
    let mut book: Xlsx<_> = open_workbook(&path).unwrap();
    let names = book.sheet_names();
    assert_eq!(
        names,
        [
            "Summary",
            "Conversations",
            "Conversations 2",
            "Interactions",
            "Interactions 2",
            "Interactions 3",
            "People",
            "Coverage"
        ]
    );
    let heights: Vec<usize> = names[1..6]
        .iter()
        .map(|name| book.worksheet_range(name).unwrap().height())
        .collect();
    assert_eq!(heights, [101, 26, 101, 101, 51]);
    let ids: Vec<Data> = ["Interactions", "Interactions 2", "Interactions 3"]
        .iter()
        .flat_map(|name| column(&sheet(&path, name), "InteractionId").split_off(1))
        .collect();
    let expected: Vec<Data> = (0..250)
        .map(|at| Data::String(population::row(at, 250, 10, 0).interaction_id))
        .collect();
    assert_eq!(ids, expected);
}

#[test]
fn coverage_names_who_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.xlsx");
    write(&population::source(100, 10, 0), &path, SHEET_ROWS_MAX).unwrap();
    let range = sheet(&path, "Coverage");
    let line = |row: usize| {
        range
            .rows()
            .nth(row)
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("|")
    };
    assert!(
        line(0).starts_with("PARTIAL: 1 of 11 users is not covered"),
        "{}",
        line(0)
    );
    assert_eq!(
        line(4),
        "user00010@contoso.com|Finance|yes|never|no|the beginning|46348.5|Reading failed (forbidden)|403: the user does not have a valid license for Microsoft 365 Copilot"
    );
    assert!(line(5).contains("|whole|"));
}

#[test]
fn the_same_data_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let [first, second] = ["a.xlsx", "b.xlsx"].map(|name| folder.path().join(name));
    let memory = population::source(500, 10, 50);
    write(&memory, &first, SHEET_ROWS_MAX).unwrap();
    write(&memory, &second, SHEET_ROWS_MAX).unwrap();
    assert_eq!(
        std::fs::read(first).unwrap(),
        std::fs::read(second).unwrap()
    );
}

#[test]
fn an_empty_report_is_a_workbook_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.xlsx");
    let written = write(&Memory::of(Vec::new()), &path, SHEET_ROWS_MAX).unwrap();
    assert_eq!(
        written,
        Written {
            interactions: 0,
            exchanges: 0,
            cells_cut: 0
        }
    );
    assert!(
        column(
            &sheet(&path, "Summary"),
            "Microsoft 365 Copilot interactions"
        )
        .contains(&Data::String("no interactions".into()))
    );
}

#[test]
fn rows_that_break_off_leave_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.xlsx");
    std::fs::write(&path, "yesterday's").unwrap();
    let mut memory = population::source(20_000, 10, 0);
    memory.breaks_after = Some(3);
    let error = write(&memory, &path, SHEET_ROWS_MAX).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the lake could not answer: the disk was pulled out"
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "yesterday's");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_folder_that_is_not_there_is_an_error() {
    let path = Path::new("/no/such/folder/report.xlsx");
    let error = write(&population::source(10, 1, 0), path, SHEET_ROWS_MAX).unwrap_err();
    assert!(error.to_string().contains("/no/such/folder"), "{error}");
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.xlsx");
    write(&population::source(10, 1, 0), &path, SHEET_ROWS_MAX).unwrap();
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
}
