//! Reading pages.

use hobbs_interaction::{AiInteraction, Page, Unkept, wire::NotAPage};
use serde_json::{Value, json};

use crate::samples::{ALICE, BOB, page, prompt, read, response};

fn read_one(item: Value) -> AiInteraction<'static> {
    let page = read(&[item]);
    assert_eq!(page.unkept, []);
    page.items.into_iter().next().unwrap()
}

#[test]
fn every_field_arrives_under_its_name() {
    insta::assert_debug_snapshot!(read_one(prompt()));
}

#[test]
fn a_response_is_from_an_application() {
    let item = read_one(response());
    assert_eq!(item.from_name.as_deref(), Some("Microsoft 365 Chat"));
    assert_eq!(
        item.from_id.as_deref(),
        Some("fb8d773d-7ef8-4ec0-a117-179f88add510")
    );
    assert_eq!(item.prompt_author(), None);
    assert_eq!(read_one(prompt()).prompt_author(), Some(ALICE));
}

#[test]
fn a_device_may_send_and_a_user_goes_first() {
    let mut item = prompt();
    item["from"] = json!({ "device": { "id": "d", "displayName": "Room" } });
    let read = read_one(item.clone());
    assert_eq!(
        (read.from_id.as_deref(), read.from_name.as_deref()),
        (Some("d"), Some("Room"))
    );
    assert_eq!(read.prompt_author(), None);
    item["from"] =
        json!({ "application": { "id": "a" }, "user": { "id": ALICE }, "device": { "id": "d" } });
    assert_eq!(read_one(item).prompt_author(), Some(ALICE));
}

#[test]
fn the_next_link_is_kept() {
    let link = "https://graph.microsoft.com/v1.0/copilot/users/x/interactionHistory/y?$skiptoken=z";
    let body = json!({ "@odata.context": "c", "@odata.count": 2, "@odata.nextLink": link, "value": [prompt()] });
    assert_eq!(
        Page::read(body.to_string().as_bytes())
            .unwrap()
            .next_link
            .as_deref(),
        Some(link)
    );
    for none in [json!(null), json!("")] {
        let body = json!({ "@odata.nextLink": none, "value": [] });
        assert_eq!(
            Page::read(body.to_string().as_bytes()).unwrap(),
            Page::default()
        );
    }
    // Passing over a link that can't be read would make a part look whole.
    for odd in [json!({}), json!(["a"]), json!(7)] {
        let body = json!({ "value": [], "@odata.nextLink": odd });
        assert!(
            matches!(
                Page::read(body.to_string().as_bytes()),
                Err(NotAPage::Json(_))
            ),
            "{odd}"
        );
    }
}

#[test]
fn what_has_no_list_of_items_is_no_page() {
    for body in [
        r#"{"error":{"code":"Forbidden","message":"no license"}}"#,
        "{}",
        "null",
        "7",
        "\"value\"",
        "[]",
        r#"[{"value":[]}]"#,
        r#"{"value":null}"#,
        r#"{"value":{"id":"1"}}"#,
        r#"{"value":"x"}"#,
        r#"{"Value":[]}"#,
    ] {
        assert!(
            matches!(Page::read(body.as_bytes()), Err(NotAPage::NoValue)),
            "{body}"
        );
    }
    for body in [
        "",
        " ",
        "<html>502 Bad Gateway</html>",
        "{\"value\":[]} x",
        "{\"value\":[]}{\"value\":[]}",
        "{\"value\":[,]}",
    ] {
        assert!(
            matches!(Page::read(body.as_bytes()), Err(NotAPage::Json(_))),
            "{body}"
        );
    }
}

#[test]
fn a_page_cut_off_anywhere_is_an_error() {
    let whole = page(&[prompt(), json!(null), response()]);
    for len in 0..whole.len() {
        assert!(
            matches!(Page::read(&whole[..len]), Err(NotAPage::Json(_))),
            "{len}"
        );
    }
}

#[test]
fn what_cannot_be_kept_is_counted_and_costs_nothing_else() {
    let mut without_id = prompt();
    without_id["id"] = json!("");
    let mut without_time = prompt();
    without_time["createdDateTime"] = json!("yesterday");
    without_time["id"] = json!("7");
    let page = read(&[
        json!(null),
        prompt(),
        json!("x"),
        json!([prompt()]),
        without_id,
        json!(7),
        without_time,
        json!({}),
        response(),
        json!(null),
    ]);
    assert_eq!(page.items, [read_one(prompt()), read_one(response())]);
    assert_eq!(
        page.unkept,
        [
            Unkept::Null,
            Unkept::NotAnObject,
            Unkept::NotAnObject,
            Unkept::NoId,
            Unkept::NotAnObject,
            Unkept::NoTime,
            Unkept::NoId,
            Unkept::Null,
        ]
    );
}

#[test]
fn the_id_tells_the_time_where_nothing_else_does() {
    for time in [None, Some(json!(null)), Some(json!("yesterday"))] {
        let mut item = prompt();
        let whole = read_one(item.clone());
        assert!(!whole.is_timed_by_id);
        item["id"] = json!("1732148357000");
        item.as_object_mut().unwrap().remove("createdDateTime");
        if let Some(time) = time {
            item["createdDateTime"] = time;
        }
        let expected = AiInteraction {
            id: "1732148357000".into(),
            created_at_ms: 1_732_148_357_000,
            is_timed_by_id: true,
            ..whole
        };
        assert_eq!(read_one(item), expected);
    }
}

#[test]
fn an_id_that_is_no_time_of_an_interaction_tells_none() {
    for (id, is_time) in [
        ("1672531200000", true),
        ("4102444799999", true),
        // Before Copilot, and beyond whoever reads this.
        ("1672531199999", false),
        ("4102444800000", false),
        // Seconds, microseconds, and other ids.
        ("1732148357", false),
        ("1732148357000000", false),
        ("0", false),
        ("-1732148357000", false),
        ("1732148357000.5", false),
        ("99999999999999999999999", false),
        ("f1c9a6de-2d5b-4a8e-9b1d-1f4d6c2b7a90", false),
    ] {
        let mut item = prompt();
        item["id"] = json!(id);
        item["createdDateTime"] = json!(null);
        let page = read(&[item]);
        let expected: &[Unkept] = if is_time { &[] } else { &[Unkept::NoTime] };
        assert_eq!(page.unkept, expected, "{id}");
    }
}

#[test]
fn numbers_where_text_is_expected_are_text() {
    let mut item = prompt();
    item["id"] = json!(1_732_148_356_886_u64);
    item["etag"] = json!(-5);
    item["locale"] = json!(1.5);
    let item = read_one(item);
    assert_eq!(
        (&*item.id, &*item.etag, item.locale.as_deref()),
        ("1732148356886", "-5", Some("1.5"))
    );
}

#[test]
fn an_item_without_an_etag_has_its_id_as_one() {
    for etag in [json!(null), json!(""), json!({})] {
        let mut item = prompt();
        item["etag"] = etag;
        assert_eq!(read_one(item).etag, "1732148356886");
    }
}

/// `item` with what stands at `field` put back to nothing.
fn without<'a>(field: &str, mut item: AiInteraction<'a>) -> AiInteraction<'a> {
    match field {
        "etag" => item.etag = "".into(),
        "sessionId" => item.session_id = None,
        "requestId" => item.request_id = None,
        "appClass" => item.app_class = "".into(),
        "interactionType" => item.interaction_type = "".into(),
        "conversationType" => item.conversation_type = None,
        "createdDateTime" => {
            item.created_at_ms = 0;
            item.is_timed_by_id = false;
        }
        "locale" => item.locale = None,
        "contexts" => item.contexts.clear(),
        "attachments" => item.attachments.clear(),
        "links" => item.links.clear(),
        "mentions" => item.mentions.clear(),
        "from" => {
            item.from_id = None;
            item.from_name = None;
            item.from_is_user = false;
        }
        "body" => {
            item.content_type = None;
            item.content = "".into();
        }
        other => panic!("the sample has a field {other} that the test does not know"),
    }
    item
}

#[test]
fn a_field_missing_or_of_a_wrong_type_costs_no_other() {
    // The last can't be read by any number type: the page is read again, item by item.
    const HUGE: &str = "1e999";
    let odd_values = [
        "null",
        "7",
        "-1.5",
        "true",
        "\"x\"",
        "[]",
        "{}",
        "[null]",
        "[[]]",
        "[{}]",
        "[7,\"x\"]",
        "{\"a\":{\"b\":[1]}}",
        HUGE,
        "[1e999]",
        "{\"id\":1e999}",
    ];
    for whole in [prompt(), response()] {
        let expected = read_one(whole.clone());
        let fields = whole.as_object().unwrap();
        for field in fields.keys() {
            let mut lacking = whole.clone();
            lacking.as_object_mut().unwrap().remove(field);
            let page = read(&[lacking.clone(), whole.clone()]);
            assert_eq!(page.items.last(), Some(&expected), "{field}");
            match &**field {
                "id" => assert_eq!(page.unkept, [Unkept::NoId]),
                _ => assert_eq!(
                    without(field, page.items[0].clone()),
                    without(field, expected.clone())
                ),
            }
            for odd in odd_values {
                let lacking = lacking.to_string();
                let body = format!(
                    "{{\"value\":[{whole},{{{field:?}:{odd},{}]}}",
                    &lacking[1..]
                );
                let page = Page::read(body.as_bytes()).unwrap();
                assert_eq!(page.items.first(), Some(&expected), "{field}: {odd}");
                assert_eq!(page.items.len() + page.unkept.len(), 2, "{field}: {odd}");
                let id_is_kept = matches!(odd, "7" | "-1.5" | "\"x\"");
                match &**field {
                    "id" if id_is_kept => assert_eq!(page.unkept, []),
                    "id" => assert_eq!(page.unkept, [Unkept::NoId], "{odd}"),
                    _ => assert_eq!(
                        without(field, page.items[1].clone()),
                        without(field, expected.clone()),
                        "{field}: {odd}"
                    ),
                }
            }
        }
    }
}

#[test]
fn odd_elements_of_a_list_are_passed_over() {
    let mut item = prompt();
    item["links"] = json!([null, { "linkUrl": 7, "displayName": [], "linkType": "File" }, "x", []]);
    item["mentions"] = json!([{ "mentioned": null, "mentionId": "m" }, { "mentioned": [1, " "] }]);
    let item = read_one(item);
    assert_eq!(item.links.len(), 1);
    assert_eq!(item.links[0].url.as_deref(), Some("7"));
    assert_eq!(
        (
            &item.links[0].display_name,
            item.links[0].link_type.as_deref()
        ),
        (&None, Some("File"))
    );
    assert_eq!(
        (
            item.mentions[0].mention_id.as_deref(),
            &item.mentions[0].mentioned
        ),
        (Some("m"), &None)
    );
    assert_eq!(item.mentions[1].mentioned.as_deref(), Some("[1,\" \"]"));
}

#[test]
fn the_last_of_two_fields_with_one_name_counts() {
    let body = r#"{"value":[],"value":[{"id":"1","id":"2","createdDateTime":"2024-01-01T00:00:00Z","createdDateTime":"1970-01-01T00:00:01Z"}]}"#;
    let page = Page::read(body.as_bytes()).unwrap();
    assert_eq!(
        (&*page.items[0].id, page.items[0].created_at_ms),
        ("2", 1000)
    );
}

#[test]
fn half_an_emoji_costs_half_an_emoji() {
    let body = String::from_utf8(page(&[prompt(), response()])).unwrap();
    let body = body
        .replace("on my radar", r"on \ud83d my \ud83d\ude00 radar")
        .replace("Bob", r"B\udc00b");
    let page = Page::read(body.as_bytes()).unwrap();
    assert_eq!(
        page.items[0].content,
        "What should be on \u{FFFD} my 😀 radar?"
    );
    assert_eq!(
        page.items[0].mentions[0].text.as_deref(),
        Some("B\u{FFFD}b")
    );
    let mentioned: Value =
        serde_json::from_str(page.items[0].mentions[0].mentioned.as_deref().unwrap()).unwrap();
    assert_eq!(mentioned["user"]["displayName"], "B\u{FFFD}b");
    assert_eq!(mentioned["user"]["id"], BOB);
    assert_eq!(page.items[1].id, "1732148357313");
}

#[test]
fn bytes_that_are_no_utf_8_cost_themselves() {
    let mut body = page(&[prompt(), response()]);
    let at = body.windows(5).position(|bytes| bytes == b"radar").unwrap();
    body[at] = 0xFF;
    let page = Page::read(&body).unwrap();
    assert_eq!(page.items[0].content, "What should be on my \u{FFFD}adar?");
    assert_eq!(page.items.len(), 2);
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    let mut body = vec![0xEF, 0xBB, 0xBF];
    body.extend(page(&[prompt()]));
    assert_eq!(Page::read(&body).unwrap().items.len(), 1);
}

#[test]
fn depth_costs_neither_the_stack_nor_the_page() {
    let deep = format!("{}{}", "[".repeat(500_000), "]".repeat(500_000));
    for field in ["unknown", "body", "contexts", "mentioned", "id2"] {
        let item = prompt().to_string();
        let body = format!("{{\"value\":[{{{field:?}:{deep},{}]}}", &item[1..]);
        assert_eq!(
            Page::read(body.as_bytes()).unwrap().items.len(),
            1,
            "{field}"
        );
    }
    let body = format!("{{\"value\":{deep}}}");
    assert_eq!(
        Page::read(body.as_bytes()).unwrap().unkept,
        [Unkept::NotAnObject]
    );
    let body = format!(
        "{{\"value\":[{{\"mentions\":[{{\"mentioned\":{deep}}}],{}]}}",
        &prompt().to_string()[1..]
    );
    assert_eq!(Page::read(body.as_bytes()).unwrap().items.len(), 1);
    assert!(Page::read("[".repeat(500_000).as_bytes()).is_err());
}
