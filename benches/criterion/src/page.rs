//! A page of Graph's answer, drawn: of the sizes and shapes that pages have.

use serde_json::{Value, json};

use crate::Dice;

/// Items of a page.
pub const ITEMS: usize = 100;

impl Dice {
    /// Words of at least so many bytes together, now and then with a line break.
    pub fn words(&mut self, bytes: usize) -> String {
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
        while text.len() < bytes {
            text.push_str(WORDS[self.below(16) as usize]);
            text.push(if self.below(12) == 0 { '\n' } else { ' ' });
        }
        text
    }
}

/// A third prompts; of the responses most have a card, some are HTML, a few plain text.
pub fn page(dice: &mut Dice) -> Vec<u8> {
    let items: Vec<Value> = (0..ITEMS as u64).map(|n| item(n, dice)).collect();
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
        1..3 => ("html", html(dice), json!([])),
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
pub fn card(dice: &mut Dice) -> String {
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

/// A paragraph and a list.
pub fn html(dice: &mut Dice) -> String {
    format!(
        "<div><p>{}</p><ul><li>{}</li><li>a &amp; b</li></ul></div>",
        dice.words(200),
        dice.words(100)
    )
}
