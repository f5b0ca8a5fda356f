//! Items as Graph writes them, straight into bytes: a tree of values for each item would cost more than all the rest.

use std::borrow::Cow;

use crate::answer::{uuid, write_uuid};
use crate::draw::{hash, mix};
use crate::json::{escape, quoted, quoted_bytes};
use crate::population::compose::{self, Citations, Source};
use crate::population::item::{App, Content, Item, Role, Shape};
use crate::population::texts::LANGUAGES;
use crate::time::write_iso;

const APPLICATION_ID: &str = "fb8d773d-7ef8-4ec0-a117-179f88add510";
/// One pixel.
const IMAGE: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/// Oddities of an item that a fault asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Oddity {
    /// `interactionType` is a value that nobody knows.
    pub(crate) unknown_kind: bool,
    /// Some fields have the wrong type, and some are new.
    pub(crate) odd_fields: bool,
    /// `id` is missing or null.
    pub(crate) no_id: bool,
    /// `createdDateTime` is missing or null.
    pub(crate) no_time: bool,
}

/// Writes the items of one user.
pub(crate) struct ItemWriter<'a> {
    tenant_id: &'a str,
    user_id: &'a str,
    text: String,
    card: Vec<u8>,
}

/// `appClass`.
pub(crate) fn app_class(item: &Item) -> Cow<'static, str> {
    match item.app {
        App::Connected => format!("{}{}", item.app.class(), uuid(item.session % 7)).into(),
        App::Studio => format!("{}agent_{:04x}", item.app.class(), item.session % 5 + 0x7a1).into(),
        app => app.class().into(),
    }
}

/// `sessionId`.
pub(crate) fn session_id(item: &Item) -> Option<String> {
    let mut text = Vec::with_capacity(60);
    (item.session != 0).then(|| {
        write_session(&mut text, item.session);
        String::from_utf8_lossy(&text).into_owned()
    })
}

/// `requestId`.
pub(crate) fn request_id(item: &Item) -> Option<String> {
    (item.request != 0).then(|| uuid(item.request))
}

/// `interactionType`.
pub(crate) fn interaction_type(item: &Item, oddity: Oddity) -> &'static str {
    match item.role {
        _ if oddity.unknown_kind => "systemNotice",
        Role::Prompt => "userPrompt",
        Role::Response => "aiResponse",
    }
}

fn write_session(out: &mut Vec<u8>, session: u64) {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    out.extend_from_slice(b"19:");
    for word in 0..4u64 {
        let bits = hash(&[session, word]);
        for place in 0..if word == 3 { 9 } else { 10 } {
            out.push(LETTERS[(bits >> (6 * place) & 63) as usize]);
        }
    }
    out.extend_from_slice(b"0MzA1@thread.v2");
}

fn number(out: &mut Vec<u8>, value: i64) {
    use std::io::Write;
    let _ = write!(out, "{value}");
}

fn raw(out: &mut Vec<u8>, json: &str) {
    out.extend_from_slice(json.as_bytes());
}

impl<'a> ItemWriter<'a> {
    pub(crate) fn new(tenant_id: &'a str, user_id: &'a str) -> Self {
        Self {
            tenant_id,
            user_id,
            text: String::new(),
            card: Vec::new(),
        }
    }

    /// Appends an item as it is at this time.
    pub(crate) fn write(&mut self, out: &mut Vec<u8>, item: &Item, now_ms: i64, oddity: Oddity) {
        raw(out, "{");
        if !oddity.no_id {
            raw(out, "\"id\":\"");
            number(out, item.id_ms);
            raw(out, "\",");
        } else if item.salt & 1 == 0 {
            raw(out, "\"id\":null,");
        }
        raw(out, "\"sessionId\":");
        if item.session == 0 {
            raw(out, "null");
        } else {
            out.push(b'"');
            write_session(out, item.session);
            out.push(b'"');
        }
        raw(out, ",\"requestId\":");
        if item.request == 0 {
            raw(out, "null");
        } else {
            out.push(b'"');
            write_uuid(out, item.request);
            out.push(b'"');
        }
        raw(out, ",\"appClass\":\"");
        raw(out, &app_class(item));
        raw(out, "\",\"interactionType\":\"");
        raw(out, interaction_type(item, oddity));
        raw(out, "\",\"conversationType\":\"");
        raw(out, item.app.conversation());
        raw(out, "\",\"etag\":\"");
        number(out, item.etag_ms(now_ms));
        raw(out, "\",");
        if !oddity.no_time {
            raw(out, "\"createdDateTime\":\"");
            write_iso(out, item.created_ms);
            raw(out, "\",");
        } else if item.salt & 2 == 0 {
            raw(out, "\"createdDateTime\":null,");
        }
        raw(out, "\"locale\":");
        if oddity.odd_fields {
            raw(
                out,
                "1033,\"riskScore\":{\"value\":0.5,\"of\":[1,null,\"x\"]}",
            );
        } else {
            out.push(b'"');
            raw(out, LANGUAGES[item.locale as usize].locale);
            out.push(b'"');
        }
        let place = compose::place(item);
        raw(out, ",\"contexts\":[");
        if let Some(place) = &place {
            raw(out, "{\"contextReference\":");
            quoted(out, &place.url);
            raw(out, ",\"displayName\":");
            quoted(out, &place.name);
            raw(out, ",\"contextType\":\"");
            raw(out, place.kind);
            raw(out, "\"}");
        }
        raw(out, "],\"from\":");
        self.write_from(out, item);
        compose::text(item, item.edited(now_ms), &mut self.text);
        self.write_body(out, item, place.as_ref());
        self.write_attachments(out, item, place.as_ref(), now_ms);
        raw(out, ",\"links\":[");
        self.write_links(out, item);
        raw(
            out,
            if oddity.odd_fields {
                "],\"mentions\":\"none\"}"
            } else {
                "],\"mentions\":["
            },
        );
        if !oddity.odd_fields {
            self.write_mentions(out, item);
            raw(out, "]}");
        }
    }

    fn write_from(&self, out: &mut Vec<u8>, item: &Item) {
        raw(
            out,
            "{\"@odata.type\":\"#microsoft.graph.chatMessageFromIdentitySet\",\"device\":null,",
        );
        match item.role {
            Role::Response => {
                raw(
                    out,
                    "\"user\":null,\"application\":{\"@odata.type\":\"#microsoft.graph.teamworkApplicationIdentity\",\"id\":\"",
                );
                raw(out, APPLICATION_ID);
                raw(out, "\",\"displayName\":\"");
                raw(out, item.app.speaker());
                raw(out, "\",\"applicationIdentityType\":\"bot\"}}");
            }
            Role::Prompt => {
                raw(
                    out,
                    "\"application\":null,\"user\":{\"@odata.type\":\"#microsoft.graph.teamworkUserIdentity\",\"id\":\"",
                );
                raw(out, self.user_id);
                raw(out, "\",\"displayName\":\"8:orgid:");
                raw(out, self.user_id);
                raw(out, "\",\"userIdentityType\":\"aadUser\",\"tenantId\":\"");
                raw(out, self.tenant_id);
                raw(out, "\"}}");
            }
        }
    }

    fn write_body(&mut self, out: &mut Vec<u8>, item: &Item, place: Option<&Source>) {
        let content_type = match item.shape {
            Shape::Html | Shape::Card | Shape::NestedCard | Shape::InlineImage => "html",
            _ => "text",
        };
        raw(out, ",\"body\":{\"contentType\":\"");
        raw(out, content_type);
        raw(out, "\",\"content\":\"");
        match item.shape {
            Shape::Text => escape(out, self.text.as_bytes()),
            Shape::TextWithReference => {
                escape(out, self.text.as_bytes());
                if let Some(place) = place {
                    raw(out, "<attachment id=\\\"");
                    escape(out, reference_id(item, place).as_bytes());
                    raw(out, "\\\"></attachment>");
                }
            }
            Shape::Html => {
                self.card.clear();
                write_html(
                    &mut self.card,
                    &self.text,
                    compose::mentions(item).then(|| compose::mentioned_name(item)),
                );
                escape(out, &self.card);
            }
            Shape::InlineImage => {
                self.card.clear();
                write_html(&mut self.card, &self.text, None);
                raw(&mut self.card, "<img alt=\"\" src=\"");
                raw(&mut self.card, IMAGE);
                raw(&mut self.card, "\">");
                escape(out, &self.card);
            }
            Shape::Card | Shape::NestedCard => {
                raw(out, "<attachment id=\\\"");
                write_card_id(out, item);
                raw(out, "\\\"></attachment>");
            }
            Shape::ThoughtsJson => {
                self.card.clear();
                raw(
                    &mut self.card,
                    "{\"thoughts\":\"The user asks about the selected range. I should read the headers first.\",\"finalResponse\":",
                );
                quoted(&mut self.card, &self.text);
                raw(&mut self.card, ",\"status\":\"done\"}");
                escape(out, &self.card);
            }
        }
        raw(out, "\"}");
    }

    fn write_attachments(
        &mut self,
        out: &mut Vec<u8>,
        item: &Item,
        place: Option<&Source>,
        now_ms: i64,
    ) {
        raw(out, ",\"attachments\":[");
        match (item.shape, place) {
            (Shape::TextWithReference, Some(place)) => {
                raw(out, "{\"attachmentId\":");
                quoted(out, &reference_id(item, place));
                raw(out, ",\"contentType\":\"reference\",\"contentUrl\":");
                quoted(out, &place.url);
                raw(out, ",\"content\":null,\"name\":");
                quoted(out, &place.name);
                raw(out, "}");
            }
            (Shape::Card | Shape::NestedCard, _) => {
                raw(out, "{\"attachmentId\":\"");
                write_card_id(out, item);
                raw(
                    out,
                    "\",\"contentType\":\"application/vnd.microsoft.card.adaptive\",\"contentUrl\":null,\"content\":",
                );
                self.card.clear();
                if item.shape == Shape::Card {
                    self.write_card(item, now_ms);
                } else {
                    self.write_nested_card(item);
                }
                quoted_bytes(out, &self.card);
                raw(out, ",\"name\":null}");
            }
            _ => {}
        }
        raw(out, "]");
    }

    /// The text twice: with links, and with marks in their place.
    fn write_card(&mut self, item: &Item, now_ms: i64) {
        let card = &mut self.card;
        raw(
            card,
            "{\r\n  \"type\": \"AdaptiveCard\",\r\n  \"version\": \"1.0\",\r\n  \"body\": [\r\n    {\r\n      \"type\": \"TextBlock\",\r\n      \"text\": ",
        );
        quoted(card, &self.text);
        compose::text_with(item, item.edited(now_ms), Citations::Marked, &mut self.text);
        raw(
            card,
            ",\r\n      \"wrap\": true\r\n    },\r\n    {\r\n      \"type\": \"TextBlock\",\r\n      \"id\": \"MessageTextField\",\r\n      \"text\": ",
        );
        quoted(card, &self.text);
        raw(card, ",\r\n      \"wrap\": true\r\n    }\r\n  ]\r\n}");
    }

    /// Paragraphs in containers and columns, in reading order.
    fn write_nested_card(&mut self, item: &Item) {
        let card = &mut self.card;
        raw(
            card,
            "{\"type\":\"AdaptiveCard\",\"$schema\":\"http://adaptivecards.io/schemas/adaptive-card.json\",\"version\":\"1.5\",\"body\":[{\"type\":\"Container\",\"items\":[",
        );
        let mut paragraphs = self.text.split("\n\n");
        raw(card, "{\"type\":\"TextBlock\",\"wrap\":true,\"text\":");
        quoted(card, paragraphs.next().unwrap_or(""));
        raw(card, "}]}");
        for paragraph in paragraphs {
            raw(
                card,
                ",{\"type\":\"ColumnSet\",\"columns\":[{\"type\":\"Column\",\"width\":\"stretch\",\"items\":[{\"type\":\"TextBlock\",\"size\":\"small\",\"text\":",
            );
            quoted(card, paragraph);
            raw(card, "}]}]}");
        }
        if item.content == Content::VisualTheming {
            raw(card, ",{\"type\":\"Image\",\"url\":\"");
            raw(card, IMAGE);
            raw(card, "\"}");
        }
        raw(
            card,
            "],\"actions\":[{\"type\":\"Action.Submit\",\"data\":{\"feedback\":\"like\"}}]}",
        );
    }

    fn write_links(&self, out: &mut Vec<u8>, item: &Item) {
        let count = if item.shape == Shape::Card {
            compose::source_count(item)
        } else {
            0
        };
        for place in 0..count {
            let source = compose::source(item, place);
            if place > 0 {
                out.push(b',');
            }
            let kinds: &[&str] = if source.kind == "Meeting" {
                &["Event", "Meeting"]
            } else {
                &["File"]
            };
            for (nth, kind) in kinds.iter().enumerate() {
                if nth > 0 {
                    out.push(b',');
                }
                raw(out, "{\"linkUrl\":\"");
                escape(out, source.url.as_bytes());
                if *kind != "Meeting" {
                    raw(out, "&EntityRepresentationId=");
                    write_uuid(out, hash(&[item.salt, place, 8]));
                }
                raw(out, "\",\"displayName\":");
                quoted(out, &source.name);
                raw(out, ",\"linkType\":\"");
                raw(out, kind);
                raw(out, "\"}");
            }
        }
    }

    fn write_mentions(&self, out: &mut Vec<u8>, item: &Item) {
        if !compose::mentions(item) {
            return;
        }
        raw(out, "{\"mentionId\":0,\"mentionText\":");
        quoted(out, compose::mentioned_name(item));
        raw(
            out,
            ",\"mentioned\":{\"@odata.type\":\"#microsoft.graph.aiInteractionMentionedIdentitySet\",\"application\":null,\"device\":null,\"conversation\":null,\"tag\":null,\"user\":{\"id\":\"",
        );
        write_uuid(out, mix(item.salt));
        raw(out, "\",\"displayName\":");
        quoted(out, compose::mentioned_name(item));
        raw(out, ",\"userIdentityType\":\"aadUser\"}}}");
    }
}

/// What the body calls the file or meeting.
fn reference_id(item: &Item, place: &Source) -> String {
    match place.url.rsplit_once("/threads/") {
        Some((_, thread)) if item.meeting => thread.to_owned(),
        _ => uuid(item.place),
    }
}

fn write_card_id(out: &mut Vec<u8>, item: &Item) {
    use std::io::Write;
    let _ = write!(out, "{:016x}{:016x}", mix(item.salt), mix(item.salt ^ 1));
}

/// Paragraphs; list entries and lines with breaks between.
fn write_html(out: &mut Vec<u8>, text: &str, mentioned: Option<&str>) {
    let mut text = text;
    for (nth, paragraph) in std::iter::from_fn(|| {
        if text.is_empty() {
            return None;
        }
        let (first, rest) = text.split_once("\n\n").unwrap_or((text, ""));
        text = rest;
        Some(first)
    })
    .enumerate()
    {
        raw(out, "<p>");
        let mut paragraph = paragraph;
        if let (0, Some(name)) = (nth, mentioned)
            && let Some(rest) = paragraph.strip_prefix(name)
        {
            raw(out, "<at id=\"0\">");
            write_markup(out, name);
            raw(out, "</at>");
            paragraph = rest;
        }
        write_markup(out, paragraph);
        raw(out, "</p>");
    }
}

fn write_markup(out: &mut Vec<u8>, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'&' => raw(out, "&amp;"),
            b'<' => raw(out, "&lt;"),
            b'>' => raw(out, "&gt;"),
            b'\n' => raw(out, "<br>"),
            _ => out.push(byte),
        }
    }
}
