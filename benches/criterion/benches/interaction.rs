//! From the bytes of a page to rows, as a whole and by its parts.

use std::hash::Hasher;

use criterion::Criterion;
use hobbs_benches::page::{self, ITEMS};
use hobbs_benches::{Bench, Dice, run};
use hobbs_interaction::{
    AiInteraction, ContentPolicy, FingerprintKey, Ingest, Interaction, Mark, Page, Sign, SignHow,
    SignOf, Signs, text,
};
use serde::Deserialize;
use serde_json::Value;

const KEY: [u8; 16] = [7; 16];

fn main() {
    run(&[page_to_rows, cards, html, words, marks, fingerprints]);
}

/// The fields that a row keeps, in the structs that serde derives: what any reader of the same has to do.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "read, and dropped")]
struct Item {
    id: String,
    etag: Option<String>,
    session_id: Option<String>,
    request_id: Option<String>,
    app_class: Option<String>,
    interaction_type: Option<String>,
    conversation_type: Option<String>,
    created_date_time: Option<String>,
    locale: Option<String>,
    contexts: Vec<Context>,
    from: Option<From>,
    body: Option<Body>,
    attachments: Vec<Attachment>,
    links: Vec<Link>,
    mentions: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "read, and dropped")]
struct Context {
    context_reference: Option<String>,
    display_name: Option<String>,
    context_type: Option<String>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "read, and dropped")]
struct From {
    user: Option<Identity>,
    application: Option<Identity>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "read, and dropped")]
struct Identity {
    id: Option<String>,
    display_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "read, and dropped")]
struct Body {
    content_type: Option<String>,
    content: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "read, and dropped")]
struct Attachment {
    attachment_id: Option<String>,
    content_type: Option<String>,
    content_url: Option<String>,
    content: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "read, and dropped")]
struct Link {
    link_url: Option<String>,
    display_name: Option<String>,
    link_type: Option<String>,
}

#[derive(Deserialize)]
struct Items {
    value: Vec<Item>,
}

/// The floor is serde_json reading the same bytes into any JSON; into structs it is less, and no text is looked at.
fn page_to_rows(criterion: &mut Criterion) -> Vec<String> {
    let page = page::page(&mut Dice(7));
    let ingest =
        |policy, signs| Ingest::new("contoso", policy, FingerprintKey::from_bytes(KEY), signs);
    let unsearched = ingest(ContentPolicy::None, Signs::default());
    let none = ingest(ContentPolicy::None, signs(200));
    let excerpt = ingest(ContentPolicy::Excerpt, signs(200));
    let full = ingest(ContentPolicy::Full, signs(200));
    Bench::new(criterion, "page", ITEMS, "item")
        .measure("floor: serde_json to Value", || {
            serde_json::from_slice::<Value>(&page).is_ok()
        })
        .measure("serde_json to structs", || {
            let items = serde_json::from_slice::<Items>(&page);
            items.map(|items| items.value.len()).ok()
        })
        .measure("Page::read", || Page::read(&page).is_ok())
        .measure("to rows, none, no signs", || rows(&page, &unsearched))
        .measure("to rows, none, 200 signs", || rows(&page, &none))
        .measure("to rows, excerpt, 200 signs", || rows(&page, &excerpt))
        .measure("to rows, full, 200 signs", || rows(&page, &full))
        .lines()
}

fn rows<'a>(page: &'a [u8], ingest: &Ingest) -> Vec<Interaction<'a>> {
    let items = Page::read(page).map(|page| page.items).unwrap_or_default();
    let row = |item| ingest.row("4db02e4b", item);
    items.into_iter().map(row).collect()
}

/// An answer whose text is in a card.
fn cards(criterion: &mut Criterion) -> Vec<String> {
    let mut dice = Dice(7);
    let cards: Vec<String> = (0..ITEMS).map(|_| page::card(&mut dice)).collect();
    let items: Vec<AiInteraction<'_>> = cards
        .iter()
        .map(|card| AiInteraction {
            content_type: Some("html".into()),
            content: "<attachment id=\"1\"></attachment>".into(),
            attachments: vec![hobbs_interaction::wire::Attachment {
                attachment_id: Some("1".into()),
                content_type: Some("application/vnd.microsoft.card.adaptive".into()),
                content: Some(card.into()),
                ..Default::default()
            }],
            ..AiInteraction::default()
        })
        .collect();
    Bench::new(criterion, "card", ITEMS, "card")
        .measure("floor: serde_json to Value", || {
            let read = |card: &String| serde_json::from_str::<Value>(card).is_ok();
            cards.iter().filter(|card| read(card)).count()
        })
        .measure("text of it", || length_of_texts(&items))
        .lines()
}

/// An answer in HTML.
fn html(criterion: &mut Criterion) -> Vec<String> {
    let mut dice = Dice(7);
    let items: Vec<AiInteraction<'_>> = (0..ITEMS)
        .map(|_| AiInteraction {
            content_type: Some("html".into()),
            content: page::html(&mut dice).into(),
            ..AiInteraction::default()
        })
        .collect();
    Bench::new(criterion, "html", ITEMS, "body")
        .measure("floor: copied character by character", || {
            let copied = |item: &AiInteraction<'_>| item.content.chars().collect::<String>().len();
            items.iter().map(copied).sum::<usize>()
        })
        .measure("text of it", || length_of_texts(&items))
        .lines()
}

fn length_of_texts(items: &[AiInteraction<'_>]) -> usize {
    items.iter().map(|item| text::of(item).len()).sum()
}

fn words(criterion: &mut Criterion) -> Vec<String> {
    let texts = texts();
    Bench::new(criterion, "words", ITEMS, "text")
        .measure("floor: split at white space, counted", || {
            let words = |text: &String| text.split_whitespace().count();
            texts.iter().map(words).sum::<usize>()
        })
        .measure("words of it", || {
            texts.iter().map(|text| text::words(text)).sum::<u32>()
        })
        .lines()
}

/// Of Outlook, where most signs are looked for anywhere in body and card.
fn marks(criterion: &mut Criterion) -> Vec<String> {
    let items: Vec<AiInteraction<'_>> = texts()
        .into_iter()
        .map(|content| AiInteraction {
            app_class: "IPM.SkypeTeams.Message.Copilot.Outlook".into(),
            interaction_type: "aiResponse".into(),
            content: content.into(),
            ..AiInteraction::default()
        })
        .collect();
    Bench::new(criterion, "mark", ITEMS, "text")
        .measure("floor: each byte of the text looked at", || {
            let sum = |item: &AiInteraction<'_>| {
                let bytes = item.content.bytes().map(u64::from);
                bytes.sum::<u64>()
            };
            items.iter().map(sum).sum::<u64>()
        })
        .measure("mark of it", || {
            let mark = |item: &AiInteraction<'_>| Mark::of(item, &item.content).is_some();
            items.iter().filter(|item| mark(item)).count()
        })
        .lines()
}

fn fingerprints(criterion: &mut Criterion) -> Vec<String> {
    let texts = texts();
    let key = FingerprintKey::from_bytes(KEY);
    Bench::new(criterion, "fingerprint", ITEMS, "text")
        .measure("floor: SipHash of the same bytes", || {
            let hash = |text: &String| {
                let mut hash = siphasher::sip::SipHasher24::new_with_key(&KEY);
                hash.write(text.as_bytes());
                hash.finish()
            };
            texts.iter().fold(0, |sum, text| sum ^ hash(text))
        })
        .measure("fingerprint of the normal form", || {
            let hash = |text: &String| key.fingerprint(text).unwrap_or_default();
            texts.iter().fold(0, |sum, text| sum ^ hash(text))
        })
        .lines()
}

fn texts() -> Vec<String> {
    let mut dice = Dice(7);
    (0..ITEMS).map(|_| dice.words(500)).collect()
}

/// As many as there may be in twenty languages: of five, one may stand anywhere.
fn signs(count: u64) -> Signs {
    let mut dice = Dice(1);
    let signs: Vec<Sign> = (0..count)
        .map(|n| Sign {
            id: format!("sign{}", n % 7),
            of: SignOf::Response,
            how: match n % 5 {
                0 => SignHow::Contains,
                1 => SignHow::Is,
                _ => SignHow::Begins,
            },
            text: format!("sorry {n}, {}", dice.words(12)),
            chars_max: (n % 10 == 5).then_some(200),
        })
        .collect();
    Signs::new(&signs).unwrap_or_default()
}
