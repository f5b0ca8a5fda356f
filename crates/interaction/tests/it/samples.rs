//! Items in the shape of real ones.

use hobbs_interaction::{AiInteraction, Page};
use serde_json::{Value, json};

pub const CARD_TYPE: &str = "application/vnd.microsoft.card.adaptive";
pub const ALICE: &str = "4db02e4b-d144-400e-b194-53253a34c5be";
pub const BOB: &str = "254efcd0-5094-4fc5-b2b3-1637629393e1";

pub fn prompt() -> Value {
    json!({
        "id": "1732148356886",
        "sessionId": "19:YzBP1kUdkNjFt@thread.v2",
        "requestId": "f128b7a9-657e-b420-201e-5602114a29f4",
        "appClass": "IPM.SkypeTeams.Message.Copilot.BizChat",
        "interactionType": "userPrompt",
        "conversationType": "bizchat",
        "etag": "1732148356999",
        "createdDateTime": "2024-11-21T00:19:16.886Z",
        "locale": "en-us",
        "contexts": [{
            "contextReference": "https://contoso.sharepoint.com/a.docx",
            "displayName": "a.docx",
            "contextType": "docx"
        }],
        "from": {
            "@odata.type": "#microsoft.graph.chatMessageFromIdentitySet",
            "application": null,
            "device": null,
            "user": {
                "@odata.type": "#microsoft.graph.teamworkUserIdentity",
                "id": ALICE,
                "displayName": format!("8:orgid:{ALICE}"),
                "userIdentityType": "aadUser",
                "tenantId": "061ea7c2-cc15-418b-bfc0-9f6a7d98011c"
            }
        },
        "body": { "contentType": "text", "content": "What should be on my radar?" },
        "attachments": [{
            "attachmentId": "a1",
            "contentType": "reference",
            "contentUrl": "https://contoso.sharepoint.com/a.docx",
            "content": null,
            "name": "a.docx"
        }],
        "links": [{
            "linkUrl": "https://contoso.sharepoint.com/b.pptx",
            "displayName": "b.pptx",
            "linkType": "File"
        }],
        "mentions": [{
            "mentionId": 0,
            "mentionText": "Bob",
            "mentioned": { "user": { "id": BOB, "displayName": "Bob" } }
        }]
    })
}

/// The card of a real answer: once with links, once with markers.
pub fn answer_card() -> Value {
    json!({
        "type": "AdaptiveCard",
        "version": "1.0",
        "body": [
            {
                "type": "TextBlock",
                "text": "There were no important emails.\n\nFrom your meetings:\n- **[Weekly](https://teams.example/l/meeting/details?eventId=AAMk%3d)**: send the reminder[1](https://teams.example/l/meeting/details?eventId=AAMk%3d).\n- **[Plan (draft)](https://contoso.example/Plan%20(draft).docx?web=1)**: read it[2](https://contoso.example/Plan%20(draft).docx?web=1).\n\nAnything else?",
                "wrap": true
            },
            {
                "type": "TextBlock",
                "id": "MessageTextField",
                "text": "There were no important emails.\n\nFrom your meetings:\n- **Weekly[3]**: send the reminder[^2^].\n- **Plan (draft)[3]**: read it[^3^].\n\nAnything else?",
                "wrap": true
            }
        ]
    })
}

pub fn response() -> Value {
    let mut item = prompt();
    item["id"] = json!("1732148357313");
    item["etag"] = json!("1732148357313");
    item["interactionType"] = json!("aiResponse");
    item["createdDateTime"] = json!("2024-11-21T00:19:17.313Z");
    item["from"] = json!({
        "device": null,
        "user": null,
        "application": {
            "id": "fb8d773d-7ef8-4ec0-a117-179f88add510",
            "displayName": "Microsoft 365 Chat",
            "applicationIdentityType": "bot"
        }
    });
    item["body"] =
        json!({ "contentType": "html", "content": "<attachment id=\"c1\"></attachment>" });
    item["attachments"] = json!([{
        "attachmentId": "c1",
        "contentType": CARD_TYPE,
        "contentUrl": null,
        "content": serde_json::to_string_pretty(&answer_card()).unwrap(),
        "name": null
    }]);
    item
}

/// One-shot actions have no session.
pub fn in_session(mut item: Value, session: Option<&str>, request: Option<&str>) -> Value {
    item["sessionId"] = json!(session);
    item["requestId"] = json!(request);
    item
}

pub fn by(mut prompt: Value, user: &str) -> Value {
    prompt["from"]["user"]["id"] = json!(user);
    prompt
}

pub fn page(items: &[Value]) -> Vec<u8> {
    serde_json::to_vec(&json!({ "value": items })).unwrap()
}

/// What is read of a page of these items.
pub fn read(items: &[Value]) -> Page<'static> {
    let bytes = page(items);
    let page = Page::read(&bytes).unwrap();
    let items = page.items.into_iter();
    Page {
        items: items.map(AiInteraction::into_owned).collect(),
        unkept: page.unkept,
        next_link: page.next_link,
    }
}
