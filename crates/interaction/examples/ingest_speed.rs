//! How fast pages become rows, beside the least that any reader of the same bytes must do.
//!
//! ```text
//! cargo run --release -p hobbs-interaction --example ingest_speed [SEED]
//! ```
#![expect(clippy::print_stdout, reason = "an example speaks to whoever runs it")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use hobbs_interaction::{
    ContentPolicy, FingerprintKey, Ingest, Interaction, Page, Sign, SignHow, SignOf, Signs, text,
};
use serde::de::IgnoredAny;
use serde_json::{Value, json};

const ITEMS: u32 = 100;
const ROUNDS: u32 = 400;

fn main() {
    let seed = std::env::args().nth(1).and_then(|seed| seed.parse().ok());
    let page = page(&mut Dice(seed.unwrap_or(7)));
    let bytes = page.len();
    println!("a page of {ITEMS} items, {bytes} bytes; the best of {ROUNDS} rounds");

    let ignore = best(|| serde_json::from_slice::<IgnoredAny>(&page).is_ok());
    let read = best(|| Page::read(&page).is_ok());
    let unsearched = ingest(Signs::default());
    let searched = ingest(signs(200));
    let fingerprinted = best(|| rows(&page, &unsearched));
    let rows = best(|| rows(&page, &searched));
    let items = Page::read(&page).map(|page| page.items).unwrap_or_default();
    let texts = best(|| items.iter().map(|item| text::of(item).len()).sum::<usize>());

    for (what, time) in [
        ("serde_json, all ignored", ignore),
        ("Page::read", read),
        ("text::of", texts),
        ("bytes to rows, no signs", fingerprinted),
        ("bytes to rows", rows),
    ] {
        let item_us = time.as_secs_f64() * 1e6 / f64::from(ITEMS);
        let items_s = f64::from(ITEMS) / time.as_secs_f64();
        let ratio = time.as_secs_f64() / ignore.as_secs_f64();
        println!(
            "{what:<24} {item_us:>6.2} µs an item {items_s:>10.0} items/s {ratio:>6.2} times ignoring"
        );
    }
}

fn rows(page: &[u8], ingest: &Ingest) -> Vec<Interaction> {
    let items = Page::read(page).map(|page| page.items).unwrap_or_default();
    let row = |item| ingest.row("4db02e4b", item);
    items.into_iter().map(row).collect()
}

fn ingest(signs: Signs) -> Ingest {
    let key = FingerprintKey::from_bytes([7; 16]);
    Ingest::new("contoso", ContentPolicy::None, key, signs)
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

fn best<T>(mut work: impl FnMut() -> T) -> Duration {
    let time = |_| {
        let start = Instant::now();
        black_box(work());
        start.elapsed()
    };
    (0..ROUNDS).map(time).min().unwrap_or_default()
}

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound
    }

    fn words(&mut self, chars: usize) -> String {
        const WORDS: [&str; 16] = [
            "the",
            "summary",
            "of",
            "meeting",
            "budget",
            "review",
            "and",
            "next",
            "**steps**",
            "für",
            "document",
            "with",
            "please",
            "Überblick",
            "a",
            "quarter",
        ];
        let mut text = String::new();
        while text.len() < chars {
            text.push_str(WORDS[self.below(16) as usize]);
            text.push(if self.below(12) == 0 { '\n' } else { ' ' });
        }
        text
    }
}

/// A third prompts; of the responses most have a card, some are HTML, a few plain text.
fn page(dice: &mut Dice) -> Vec<u8> {
    let items: Vec<Value> = (0..u64::from(ITEMS)).map(|n| item(n, dice)).collect();
    let page =
        json!({ "@odata.context": "https://graph.microsoft.com/v1.0/$metadata", "value": items });
    page.to_string().into_bytes()
}

fn item(n: u64, dice: &mut Dice) -> Value {
    let is_prompt = n.is_multiple_of(3);
    let id = (1_732_148_356_886 + n * 1000).to_string();
    let app = ["BizChat", "Word", "Teams", "Outlook", "Excel"][dice.below(5) as usize];
    let attachment_id = format!("{:016x}{:016x}", dice.below(u64::MAX), dice.below(u64::MAX));
    let (content_type, content, attachments) = match dice.below(10) {
        _ if is_prompt => ("text", dice.words(60), json!([])),
        0 => ("text", dice.words(300), json!([])),
        1..3 => {
            let html = format!(
                "<div><p>{}</p><ul><li>{}</li><li>a &amp; b</li></ul></div>",
                dice.words(200),
                dice.words(100)
            );
            ("html", html, json!([]))
        }
        _ => (
            "html",
            format!("<attachment id=\"{attachment_id}\"></attachment>"),
            json!([{
                "attachmentId": attachment_id, "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": null, "name": null, "content": card(dice)
            }]),
        ),
    };
    let identity = json!({
        "@odata.type": "#microsoft.graph.teamworkUserIdentity",
        "id": "4db02e4b-d144-400e-b194-53253a34c5be",
        "displayName": "8:orgid:4db02e4b-d144-400e-b194-53253a34c5be",
        "userIdentityType": "aadUser",
    });
    let (user, application) = match is_prompt {
        true => (identity, Value::Null),
        false => (Value::Null, identity),
    };
    let links: Vec<Value> = (0..dice.below(3))
        .map(|n| json!({
            "linkUrl": format!("https://contoso.sharepoint.com/sites/x/Documents/{n}.docx?web=1"),
            "displayName": format!("Document {n}"), "linkType": "File"
        }))
        .collect();
    json!({
        "id": id, "etag": id,
        "sessionId": "19:YzBP1kUdkNjFtJnketPYT8kQdQ3A08Y51rDTxE_ENIk1@thread.v2",
        "requestId": "f128b7a9-657e-b420-201e-5602114a29f4",
        "appClass": format!("IPM.SkypeTeams.Message.Copilot.{app}"),
        "interactionType": if is_prompt { "userPrompt" } else { "aiResponse" },
        "conversationType": "bizchat",
        "createdDateTime": "2024-11-21T00:19:17.313Z",
        "locale": "en-us",
        "contexts": [],
        "from": { "device": null, "user": user, "application": application },
        "body": { "contentType": content_type, "content": content },
        "attachments": attachments, "links": if is_prompt { json!([]) } else { json!(links) }, "mentions": []
    })
}

/// About 600 characters; one in four says them twice, as Copilot Chat's do.
fn card(dice: &mut Dice) -> String {
    let text = dice.words(500);
    let linked = format!("{text}[1](https://contoso.sharepoint.com/sites/x/1.docx).");
    let mut body = vec![json!({ "type": "TextBlock", "text": linked, "wrap": true })];
    if dice.below(4) == 0 {
        let marked = format!("{text}[^1^].");
        body.push(
            json!({ "type": "TextBlock", "id": "MessageTextField", "text": marked, "wrap": true }),
        );
    }
    let card = json!({ "type": "AdaptiveCard", "version": "1.0", "body": body });
    serde_json::to_string_pretty(&card).unwrap_or_default()
}
