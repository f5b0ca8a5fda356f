//! The text of items.

use hobbs_interaction::text;
use serde_json::{Value, json};

use crate::samples::{CARD_TYPE, prompt, read, response};

fn text_of(item: Value) -> String {
    text::of(&read(&[item]).items[0]).into_owned()
}

fn card(text: &str) -> String {
    json!({ "type": "AdaptiveCard", "body": [{ "type": "TextBlock", "text": text }] }).to_string()
}

fn with(content_type: &str, body: &str, attachments: &[(&str, &str, &str)]) -> Value {
    let mut item = response();
    item["body"] = json!({ "contentType": content_type, "content": body });
    item["attachments"] = attachments
        .iter()
        .map(|(id, content_type, content)| {
            json!({ "attachmentId": id, "contentType": content_type, "content": content })
        })
        .collect();
    item
}

#[test]
fn an_answer_that_the_card_holds_twice_is_read_once() {
    insta::assert_snapshot!(text_of(response()), @r"
    There were no important emails.

    From your meetings:
    - **[Weekly](https://teams.example/l/meeting/details?eventId=AAMk%3d)**: send the reminder[1](https://teams.example/l/meeting/details?eventId=AAMk%3d).
    - **[Plan (draft)](https://contoso.example/Plan%20(draft).docx?web=1)**: read it[2](https://contoso.example/Plan%20(draft).docx?web=1).

    Anything else?
    ");
}

#[test]
fn plain_text_is_as_it_is() {
    let body = "  1 < 2 && <b>not html</b>\r\n&amp; <attachments> \u{200F}\u{0} ";
    assert_eq!(text_of(with("text", body, &[])), body);
    assert_eq!(text_of(with("", body, &[])), body);
    assert_eq!(text_of(prompt()), "What should be on my radar?");
}

#[test]
fn a_meeting_leaves_nothing_in_its_place() {
    let id = "19:meeting_YjQ4NThl@thread.v2";
    let body = format!("Please try again in a few minutes.<attachment id=\"{id}\"></attachment>");
    for content_type in ["text", "html"] {
        let item = with(content_type, &body, &[(id, "reference", "not read")]);
        assert_eq!(text_of(item), "Please try again in a few minutes.");
    }
}

#[test]
fn cards_stand_where_the_body_asks_for_them() {
    let (one, two) = (card("card one"), card("card two"));
    let attachments = [("1", CARD_TYPE, &*one), ("&2", CARD_TYPE, &*two)];
    for (content_type, body) in [
        (
            "text",
            "before <ATTACHMENT ID='&2'></ATTACHMENT> between <attachment id=1></attachment>after",
        ),
        (
            "text",
            "before\n\n<attachment id=\"&amp;2\"/>\nbetween<attachment x y=z id=\"1\"></attachment>\n after",
        ),
        (
            "HTML",
            "<p>before<attachment id=\"&amp;2\"></attachment>between</p><attachment id=\"1\"></attachment><br>after",
        ),
    ] {
        assert_eq!(
            text_of(with(content_type, body, &attachments)),
            "before\n\ncard two\n\nbetween\n\ncard one\n\nafter",
            "{body}"
        );
    }
}

#[test]
fn a_card_is_read_once_however_often_it_is_asked_for() {
    let card = card(&"x".repeat(1000));
    let body = "<attachment id=\"1\"></attachment>".repeat(1000);
    for content_type in ["text", "html"] {
        assert_eq!(
            text_of(with(content_type, &body, &[("1", CARD_TYPE, &card)])).len(),
            1000
        );
    }
}

#[test]
fn cards_that_nobody_asks_for_speak_for_an_empty_body_only() {
    let (one, two) = (card("one"), card("two"));
    let attachments = [
        ("1", CARD_TYPE, &*one),
        ("x", "reference", "no"),
        ("2", CARD_TYPE, &*two),
    ];
    for body in [
        "",
        "  ",
        "<div> </div>",
        "<attachment id=\"unknown\"></attachment>",
    ] {
        assert_eq!(
            text_of(with("html", body, &attachments)),
            "one\n\ntwo",
            "{body}"
        );
    }
    assert_eq!(text_of(with("html", "own", &attachments)), "own");
    assert_eq!(
        text_of(with(
            "html",
            "<attachment id=\"x\"></attachment>",
            &attachments
        )),
        ""
    );
    assert_eq!(
        text_of(with(
            "html",
            "<attachment id=\"2\"></attachment>",
            &attachments
        )),
        "two"
    );
}

#[test]
fn a_card_that_is_none_costs_only_itself() {
    let deep = format!(
        "{}{}{}",
        "{\"items\":[".repeat(200),
        r#"{"type":"TextBlock","text":"deep"}"#,
        "]}".repeat(200)
    );
    for content in ["", "null", "not json", &deep] {
        let body = "Here: <attachment id=\"1\"></attachment>";
        assert_eq!(
            text_of(with("html", body, &[("1", CARD_TYPE, content)])),
            "Here:",
            "{content}"
        );
    }
}

#[test]
fn an_excerpt_is_counted_in_characters() {
    let text = "äöü€😀e\u{301}汉字";
    assert_eq!(text::excerpt(text, 0), "");
    assert_eq!(text::excerpt(text, 3), "äöü");
    assert_eq!(text::excerpt(text, 5), "äöü€😀");
    assert_eq!(text::excerpt(text, 9), text);
    assert_eq!(text::excerpt(text, 100), text);
}
