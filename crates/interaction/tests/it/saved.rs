//! Files that people saved.

use hobbs_interaction::{Unkept, saved};
use serde_json::{Value, json};

use crate::samples::{ALICE, BOB, by, in_session, page, prompt, response};

const IDS: [&str; 2] = ["1732148356886", "1732148357313"];

fn ids(bytes: &[u8]) -> Vec<String> {
    let saved = saved::read(bytes);
    assert_eq!(saved.unkept, [], "{}", String::from_utf8_lossy(bytes));
    let items = saved.items.into_iter();
    items.map(|item| item.id.into_owned()).collect()
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap()
}

/// Two items in each form that files have.
fn files() -> Vec<String> {
    let (one, two) = (prompt(), response());
    let page = json!({ "@odata.context": "x", "value": [one, two] });
    let (left, right) = (json!({ "value": [one] }), json!({ "value": [two] }));
    vec![
        page.to_string(),
        pretty(&page),
        json!([one, two]).to_string(),
        pretty(&json!([one, two])),
        format!("{one}\n{two}\n"),
        format!("{one}\r\n\r\n{two}"),
        format!("{left}\n{right}\n"),
        format!("{left}{right}"),
        format!("{}\n{}", pretty(&left), pretty(&right)),
        format!("{}\u{FEFF}{}", pretty(&one), pretty(&two)),
        format!("[{one}]\n{right}"),
        format!("{one},\n{two},\n"),
        format!("\u{1E}{one}\n\u{1E}{two}\n"),
    ]
}

#[test]
fn every_form_gives_the_same_items() {
    for file in files() {
        assert_eq!(ids(file.as_bytes()), IDS, "{file}");
    }
}

#[test]
fn every_encoding_gives_the_same_items() {
    for file in files() {
        let file = file.replace("radar", "radar 😀ü");
        let units: Vec<u16> = file.encode_utf16().collect();
        let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        let marked = |mark: &[u8], text: &[u8]| [mark, text].concat();
        for bytes in [
            marked(b"\xEF\xBB\xBF", file.as_bytes()),
            marked(b"\xFF\xFE", &little),
            marked(b"\xFE\xFF", &big),
        ] {
            assert_eq!(ids(&bytes), IDS);
            let saved = saved::read(&bytes);
            assert_eq!(saved.items[0].content, "What should be on my radar 😀ü?");
        }
        if file.starts_with(['{', '[']) {
            assert_eq!(ids(&little), IDS);
            assert_eq!(ids(&big), IDS);
        }
    }
}

#[test]
fn the_link_to_more_pages_is_told() {
    let first = json!({ "value": [], "@odata.nextLink": "https://graph.microsoft.com/more" });
    let last = json!({ "value": [] });
    assert_eq!(
        saved::read(first.to_string().as_bytes())
            .next_link
            .as_deref(),
        Some("https://graph.microsoft.com/more")
    );
    assert_eq!(
        saved::read(format!("{first}\n{last}").as_bytes()).next_link,
        None
    );
}

#[test]
fn bad_lines_are_counted_and_cost_only_themselves() {
    let (one, two) = (prompt(), response());
    let cut = &one.to_string()[..200];
    for bad in [
        "oops",
        cut,
        "{\"id\":\"7\"",
        "}{",
        "{\"a\":[",
        "id,time",
        "[1,",
        "{\"a\" 1}",
        "'x'",
    ] {
        let saved = saved::read(format!("{one}\n{bad}\n{two}\n{bad}").as_bytes());
        let ids: Vec<_> = saved.items.iter().map(|item| &*item.id).collect();
        assert_eq!(ids, IDS, "{bad}");
        let expected = if bad.starts_with('}') { 1 } else { 2 };
        assert_eq!(saved.unkept, vec![Unkept::NotJson; expected], "{bad}");
    }
}

#[test]
fn json_that_is_no_item_is_counted_by_its_reason() {
    let error = json!({ "error": { "code": "Forbidden" } });
    let file = format!(
        "{}\nnull\n7\n\"x\"\n{error}\n{}\n[null, {}]",
        prompt(),
        json!({ "id": "1" }),
        prompt()
    );
    let saved = saved::read(file.as_bytes());
    assert_eq!(saved.items.len(), 2);
    assert_eq!(
        saved.unkept,
        [
            Unkept::Null,
            Unkept::NotAnObject,
            Unkept::NotAnObject,
            Unkept::NoId,
            Unkept::NoTime,
            Unkept::Null
        ]
    );
}

#[test]
fn of_a_page_cut_off_the_whole_items_are_kept() {
    let page = json!({ "@odata.context": "x", "value": [prompt(), response(), prompt()] });
    for whole in [
        page.to_string(),
        pretty(&page),
        json!([prompt(), response(), prompt()]).to_string(),
    ] {
        let last = whole.rfind("\"conversationType\"").unwrap();
        let saved = saved::read(&whole.as_bytes()[..last]);
        let ids: Vec<_> = saved.items.iter().map(|item| &*item.id).collect();
        assert_eq!(ids, IDS, "{whole}");
        assert_eq!(saved.unkept, [Unkept::NotJson], "{whole}");
    }
}

#[test]
fn an_empty_file_is_an_empty_file() {
    for file in [
        b"".as_slice(),
        b"\n",
        b"\xEF\xBB\xBF",
        b"\xFF\xFE",
        b" \r\n ",
        b"{\"value\":[]}",
        b"[]",
    ] {
        assert_eq!(saved::read(file), saved::Saved::default());
    }
}

#[test]
fn hostile_files_take_no_longer_than_others() {
    // Quadratic work on any of these would take minutes.
    for line in [
        "[",
        "{",
        "[1,",
        "{\"value\":[",
        "\"",
        "[\"a\",\n",
        "{\"a\":",
        "x",
    ] {
        saved::read(format!("{line}\n").repeat(100_000).as_bytes());
        saved::read(line.repeat(100_000).as_bytes());
    }
}

fn owners(items: &[Value]) -> Vec<Option<String>> {
    let saved = saved::read(&page(items));
    assert_eq!(saved.items.len(), items.len());
    saved::owners(&saved.items)
}

fn owned_by<const N: usize>(users: [Option<&str>; N]) -> Vec<Option<String>> {
    users.map(|user| user.map(str::to_owned)).to_vec()
}

#[test]
fn a_response_belongs_to_whoever_sent_its_prompt() {
    // A meeting: both ask in one session.
    let (s, r) = (Some("meeting"), Some("r"));
    let items = [
        in_session(response(), s, Some("r2")),
        in_session(by(prompt(), ALICE), s, r),
        in_session(response(), s, r),
        in_session(by(prompt(), BOB), s, Some("r2")),
        in_session(response(), s, Some("r3")),
        in_session(response(), s, None),
        // The same request in another session is another request.
        in_session(response(), Some("other"), r),
    ];
    assert_eq!(
        owners(&items),
        owned_by([
            Some(BOB),
            Some(ALICE),
            Some(ALICE),
            Some(BOB),
            None,
            None,
            None
        ])
    );
}

#[test]
fn else_to_the_only_one_in_the_session() {
    let items = [
        in_session(by(prompt(), ALICE), Some("a"), Some("1")),
        in_session(by(prompt(), BOB), Some("b"), None),
        in_session(response(), Some("a"), Some("2")),
        in_session(response(), Some("b"), None),
        in_session(response(), None, None),
    ];
    assert_eq!(
        owners(&items),
        owned_by([Some(ALICE), Some(BOB), Some(ALICE), Some(BOB), None])
    );
}

#[test]
fn else_to_the_only_one_in_the_file() {
    let items = [
        in_session(response(), Some("x"), Some("1")),
        in_session(prompt(), Some("a"), Some("1")),
        in_session(response(), None, None),
    ];
    assert_eq!(owners(&items), owned_by([Some(ALICE); 3]));
}

#[test]
fn without_a_session_the_request_tells() {
    let items = [
        in_session(by(prompt(), ALICE), None, Some("1")),
        in_session(by(prompt(), BOB), None, Some("2")),
        in_session(response(), None, Some("2")),
        in_session(response(), None, Some("3")),
    ];
    assert_eq!(
        owners(&items),
        owned_by([Some(ALICE), Some(BOB), Some(BOB), None])
    );
}

#[test]
fn nobody_is_guessed() {
    assert_eq!(owners(&[response(), response()]), owned_by([None, None]));
    assert_eq!(owners(&[]), owned_by([]));
    // Two prompts under one request by two people.
    let (s, r) = (Some("s"), Some("r"));
    let items = [
        in_session(by(prompt(), ALICE), s, r),
        in_session(by(prompt(), BOB), s, r),
        in_session(response(), s, r),
    ];
    assert_eq!(owners(&items), owned_by([Some(ALICE), Some(BOB), None]));
}
