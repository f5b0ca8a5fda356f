//! The text of an adaptive card.
#![no_main]

use hobbs_fuzz::rows;
use hobbs_interaction::wire::Attachment;
use hobbs_interaction::{AiInteraction, text};
use libfuzzer_sys::fuzz_target;

/// A number is text, and `1e308` is written out: no input of a byte becomes more than so many.
const GROWTH_MAX: usize = 64;

fuzz_target!(|card: &str| {
    let asked_for = "<attachment id=\"1\"></attachment>";
    let read = |content_type: &str, body: &str| {
        let item = AiInteraction {
            content_type: Some(content_type.into()),
            attachments: vec![Attachment {
                attachment_id: Some("1".into()),
                content_type: Some("application/vnd.microsoft.card.adaptive".into()),
                content: Some(card.into()),
                ..Attachment::default()
            }],
            ..rows::item("aiResponse", body)
        };
        text::of(&item).into_owned()
    };
    let text = read("text", asked_for);
    // A card says the same wherever it is asked for, and if nobody asks.
    assert_eq!(read("html", asked_for), text);
    assert_eq!(read("text", ""), text);
    assert_eq!(text.trim(), text);
    assert!(text.len() <= GROWTH_MAX * card.len());
    // Only three elements have a text to read.
    let lower = card.to_ascii_lowercase();
    let has_element = lower.contains("block") || lower.contains("factset") || lower.contains('\\');
    assert!(has_element || text.is_empty(), "{text:?}");
});
