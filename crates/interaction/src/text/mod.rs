//! The text that a person read.
//!
//! A body is plain text or HTML, and often holds no more than a placeholder,
//! `<attachment id="…"></attachment>`, for an adaptive card that has the answer. What else hangs on
//! an item (a meeting, a file) is not text and leaves nothing in the placeholder's place.

mod answer;
mod card;
mod echo;
mod entity;
mod html;
mod tag;
mod words;

use std::borrow::Cow;
use std::collections::BTreeMap;

use memchr::memchr_iter;

use crate::wire::{AiInteraction, Attachment};
use tag::Tag;
pub use words::words;

const ADAPTIVE_CARD: &str = "application/vnd.microsoft.card.adaptive";

/// The whole text of an item as a person reads it: the body, without tags if it is HTML, with the
/// text of the cards in the places where the body asks for them. Markdown stays as it is.
///
/// Cards that no placeholder asks for are read if the body says nothing by itself. Of Excel's
/// answers in JSON, the final response is the text.
pub fn of<'a>(item: &'a AiInteraction<'_>) -> Cow<'a, str> {
    let text = written(item);
    match answer::final_response(item, &text) {
        Some(answer) => Cow::Owned(answer),
        None => text,
    }
}

fn written<'a>(item: &'a AiInteraction<'_>) -> Cow<'a, str> {
    let mut cards = Cards::of(&item.attachments);
    let is_html = item
        .content_type
        .as_deref()
        .is_some_and(|it| it.eq_ignore_ascii_case("html"));
    let body = match is_html {
        true => Cow::Owned(html::read(&item.content, &mut cards)),
        false => plain(&item.content, &mut cards),
    };
    if cards.were_asked_for || !is_blank(&body) {
        return body;
    }
    let texts = item.attachments.iter().filter_map(card_text);
    Cow::Owned(texts.collect::<Vec<_>>().join("\n\n"))
}

/// The first `chars_max` characters (Unicode scalar values) of a text, or all of it.
pub fn excerpt(text: &str, chars_max: usize) -> &str {
    match text.char_indices().nth(chars_max) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

/// The attachments that placeholders may ask for. Each is handed out once, so that a body which
/// asks for one card a thousand times does not become a thousand cards.
struct Cards<'a> {
    by_id: BTreeMap<&'a str, &'a Attachment<'a>>,
    were_asked_for: bool,
}

impl<'a> Cards<'a> {
    fn of(attachments: &'a [Attachment<'a>]) -> Cards<'a> {
        let with_id = attachments.iter();
        Cards {
            by_id: with_id
                .rev()
                .filter_map(|it| Some((it.attachment_id.as_deref()?, it)))
                .collect(),
            were_asked_for: false,
        }
    }

    /// The text for a placeholder with this id, if there is any.
    fn take(&mut self, id: &str) -> Option<String> {
        let attachment = self.by_id.remove(id)?;
        self.were_asked_for = true;
        card_text(attachment)
    }
}

fn card_text(attachment: &Attachment<'_>) -> Option<String> {
    let content_type = attachment.content_type.as_deref()?;
    if !content_type.eq_ignore_ascii_case(ADAPTIVE_CARD) {
        return None;
    }
    let text = card::read(attachment.content.as_deref()?);
    (!text.is_empty()).then_some(text)
}

/// Text as it is, but for the placeholders.
fn plain<'a>(body: &'a str, cards: &mut Cards<'_>) -> Cow<'a, str> {
    let mut plain = Plain::default();
    let mut copied = 0;
    for at in memchr_iter(b'<', body.as_bytes()) {
        if at < copied {
            continue;
        }
        let Some(tag) = Tag::at(body, at).filter(|tag| tag.is("attachment")) else {
            continue;
        };
        plain.add(&body[copied..at]);
        copied = tag.end;
        if let Some(card) = tag.attribute("id").and_then(|id| cards.take(&id)) {
            plain.add_card(card);
        }
    }
    // A tag ends after it begins, so nothing copied means that there was none.
    if copied == 0 {
        return Cow::Borrowed(body);
    }
    plain.add(&body[copied..]);
    Cow::Owned(plain.out)
}

/// Plain text in the making: the body's own text verbatim, a blank line around each card.
#[derive(Default)]
struct Plain {
    out: String,
    ends_with_card: bool,
}

impl Plain {
    fn add(&mut self, text: &str) {
        if !self.ends_with_card {
            self.out.push_str(text);
        } else if !is_blank(text) {
            self.out.push_str("\n\n");
            self.out.push_str(text.trim_start());
            self.ends_with_card = false;
        }
    }

    fn add_card(&mut self, card: String) {
        self.ends_with_card = true;
        self.out.truncate(self.out.trim_end().len());
        if self.out.is_empty() {
            self.out = card;
        } else {
            self.out.push_str("\n\n");
            self.out.push_str(&card);
        }
    }
}

fn is_blank(text: &str) -> bool {
    text.chars().all(char::is_whitespace)
}
