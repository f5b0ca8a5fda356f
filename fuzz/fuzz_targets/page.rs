//! A page of interactions, all the way: items, rows under every content policy, evidence, verdicts.
#![no_main]

use std::borrow::Cow;

use hobbs_fuzz::rows;
use hobbs_interaction::text;
use hobbs_interaction::{AiInteraction, ContentPolicy, Interaction, Page};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

/// The characters that the policy `excerpt` keeps.
const EXCERPT_CHARS: usize = 100;
/// 0000-01-01 and the last day that jiff knows, UTC milliseconds since 1970: years of four digits.
const YEARS_OF_FOUR_DIGITS_MS: std::ops::Range<i64> = -62_167_219_200_000..253_402_207_200_000;

fuzz_target!(|bytes: &[u8]| {
    let page = Page::read(bytes);
    count_as_another_reader_does(bytes, page.as_ref().ok());
    let Ok(page) = page else { return };
    for item in &page.items {
        assert!(!item.id.is_empty() && !item.etag.is_empty());
        comes_back(item);
    }
    let rows: Vec<Interaction<'_>> = page.items.into_iter().map(row_under_every_policy).collect();
    let (rules, compiled) = rows::built_in();
    rows::derive_and_check(rules, compiled, &rows, true);
    rows::derive_and_check(rules, compiled, &rows, false);
});

/// Where serde_json reads a page too, no item is missing and none is made up.
fn count_as_another_reader_does(bytes: &[u8], page: Option<&Page<'_>>) {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let Ok(json) = serde_json::from_slice::<Value>(bytes) else {
        return;
    };
    match (json["value"].as_array(), page) {
        (Some(items), Some(page)) => {
            assert_eq!(page.items.len() + page.unkept.len(), items.len());
            assert_eq!(
                page.unkept.contains(&hobbs_interaction::Unkept::Null),
                items.contains(&Value::Null)
            );
        }
        // A link to the next page that is no text is an error.
        (Some(_), None) => assert!(!json["@odata.nextLink"].is_null()),
        (None, page) => assert!(page.is_none()),
    }
}

/// An item written as Graph writes it is read as the same item.
fn comes_back(item: &AiInteraction<'_>) {
    if !YEARS_OF_FOUR_DIGITS_MS.contains(&item.created_at_ms) {
        return;
    }
    let written = written(item);
    let again = Page::read(written.as_bytes()).expect("a page");
    assert_eq!(again.items, [item.clone()], "{written}");
}

fn written(item: &AiInteraction<'_>) -> String {
    let at = jiff::Timestamp::from_millisecond(item.created_at_ms).expect("a time");
    let at = (!item.is_timed_by_id).then(|| at.to_string().into());
    let text = |text: &str| Value::from(text).to_string();
    let optional = |text: &Option<Cow<'_, str>>| Value::from(text.as_deref()).to_string();
    let list = |objects: Vec<String>| format!("[{}]", objects.join(","));
    let contexts = item.contexts.iter().map(|it| {
        format!(
            r#"{{"contextReference":{},"displayName":{},"contextType":{}}}"#,
            optional(&it.reference),
            optional(&it.display_name),
            optional(&it.context_type)
        )
    });
    let attachments = item.attachments.iter().map(|it| {
        format!(
            r#"{{"attachmentId":{},"contentType":{},"contentUrl":{},"content":{},"name":{}}}"#,
            optional(&it.attachment_id),
            optional(&it.content_type),
            optional(&it.content_url),
            optional(&it.content),
            optional(&it.name)
        )
    });
    let links = item.links.iter().map(|it| {
        format!(
            r#"{{"linkUrl":{},"displayName":{},"linkType":{}}}"#,
            optional(&it.url),
            optional(&it.display_name),
            optional(&it.link_type)
        )
    });
    let mentions = item.mentions.iter().map(|it| {
        format!(
            r#"{{"mentionId":{},"mentionText":{},"mentioned":{}}}"#,
            optional(&it.mention_id),
            optional(&it.text),
            it.mentioned.as_deref().unwrap_or("null")
        )
    });
    let sender = format!(
        r#"{{"id":{},"displayName":{}}}"#,
        optional(&item.from_id),
        optional(&item.from_name)
    );
    let sends = if item.from_is_user {
        "user"
    } else {
        "application"
    };
    format!(
        r#"{{"value":[{{"id":{},"etag":{},"sessionId":{},"requestId":{},"appClass":{},"interactionType":{},"conversationType":{},"createdDateTime":{},"locale":{},"contexts":{},"from":{{"{sends}":{sender}}},"body":{{"contentType":{},"content":{}}},"attachments":{},"links":{},"mentions":{}}}]}}"#,
        text(&item.id),
        text(&item.etag),
        optional(&item.session_id),
        optional(&item.request_id),
        text(&item.app_class),
        text(&item.interaction_type),
        optional(&item.conversation_type),
        optional(&at),
        optional(&item.locale),
        list(contexts.collect()),
        optional(&item.content_type),
        text(&item.content),
        list(attachments.collect()),
        list(links.collect()),
        list(mentions.collect()),
    )
}

/// The row that keeps all; the others differ from it in the text alone.
fn row_under_every_policy<'a>(item: AiInteraction<'a>) -> Interaction<'a> {
    let (rules, _) = rows::built_in();
    let row = |policy| rows::ingest(policy, rules.signs()).row("u", item.clone());
    let [none, excerpt, full] = [
        row(ContentPolicy::None),
        row(ContentPolicy::Excerpt),
        row(ContentPolicy::Full),
    ];
    let whole = full.content.clone().expect("all of the text");
    assert_eq!(whole, text::of(&item));
    assert_eq!(none.content, None);
    let kept = excerpt.content.clone().expect("some of the text");
    assert!(whole.starts_with(&kept));
    let chars = whole.chars().count();
    assert_eq!(kept.chars().count(), chars.min(EXCERPT_CHARS));
    assert_eq!(full.content_chars as usize, chars);
    assert!(full.content_words <= full.content_chars);
    assert_eq!(full.text_fingerprint, rows::key().fingerprint(&whole));
    for attachment in &full.attachments {
        assert_eq!(attachment.content, None);
        let url = attachment.content_url.as_deref().unwrap_or_default();
        assert!(!url.trim_start().to_ascii_lowercase().starts_with("data:"));
    }
    let textless = |row: Interaction<'a>| Interaction {
        content: None,
        ..row
    };
    assert_eq!(none, textless(full.clone()));
    assert_eq!(textless(excerpt), none);
    full
}
