//! Interactions drawn from a number, in conversation order: 40 users' worth of work, again and
//! again. `benches/workbook_xlsxwriter.py` draws the same.

use std::sync::Arc;

use hobbs_interaction::wire::{Context, Link};
use hobbs_report::{ReportRow, RowKind};
use serde_json::{Value, json};

use crate::memory::Memory;

const APPS: [(&str, &str); 6] = [
    ("Microsoft 365 Copilot Chat (work)", "BizChat"),
    ("Teams", "Teams"),
    ("Word", "Word"),
    ("Outlook", "Outlook"),
    ("Excel", "Excel"),
    ("PowerPoint", "PowerPoint"),
];
const DEPARTMENTS: [&str; 5] = [
    "Finance",
    "Sales",
    "Research & Development",
    "Legal",
    "People",
];
const WORDS: [&str; 16] = [
    "summarize",
    "the",
    "quarterly",
    "report",
    "for",
    "our",
    "customers",
    "in",
    "northern",
    "Europe",
    "and",
    "list",
    "open",
    "risks",
    "with",
    "owners",
];
/// 2026-09-01T08:00:00Z.
const START_MS: i64 = 1_788_249_600_000;
const ROWS_PER_SESSION: u64 = 8;

/// A number that looks random, from one that does not.
pub fn scatter(number: u64) -> u64 {
    (number.wrapping_mul(2_654_435_761) ^ (number >> 3)) % 4_294_967_291
}

pub fn row(at: u64, count: u64, users: u64, body_chars: usize) -> ReportRow {
    let rows_per_user = count.div_ceil(users).next_multiple_of(ROWS_PER_SESSION);
    let user = at / rows_per_user;
    let session = at / ROWS_PER_SESSION;
    let exchange = at / 2;
    let prompt = at.is_multiple_of(2);
    let (app, class) = APPS[(scatter(session) % 17 % 6) as usize];
    // 60 workdays, four sessions' worth of minutes a day, prompts a few minutes apart.
    let day = (session % 60) as i64;
    let asked_ms = START_MS
        + (day / 5 * 7 + day % 5) * 86_400_000
        + (scatter(session) % 28_800_000) as i64
        + (exchange % 4) as i64 * 180_000;
    let created_at_ms = if prompt {
        asked_ms
    } else {
        asked_ms + 1_500 + (scatter(exchange) % 20_000) as i64
    };
    let automatic = scatter(exchange).is_multiple_of(7);
    let link = !prompt && scatter(at).is_multiple_of(3);
    ReportRow {
        user_id: format!("00000000-0000-4000-8000-{user:012}"),
        user_principal_name: Some(format!("user{user:05}@contoso.com")),
        department: Some(DEPARTMENTS[(user % 5) as usize].to_owned()),
        session_id: Some(format!(
            "19:{:08x}{session:08x}@thread.v2",
            scatter(session)
        )),
        interaction_id: created_at_ms.to_string(),
        request_id: Some(format!(
            "{:08x}-0000-4000-8000-{exchange:012x}",
            scatter(exchange)
        )),
        created_at_ms,
        app: app.to_owned(),
        app_class: format!("IPM.SkypeTeams.Message.Copilot.{class}"),
        surface: Some("work".to_owned()),
        kind: if prompt {
            RowKind::Prompt
        } else {
            RowKind::Response
        },
        content: (body_chars > 0).then(|| body(at, body_chars)),
        content_chars: 40 + (scatter(at) % 600) as u32,
        mark: automatic.then(|| "auto_generated".to_owned()),
        contexts: vec![Context {
            reference: Some(
                format!("https://contoso.sharepoint.com/{}", scatter(at) % 5_000).into(),
            ),
            display_name: Some(format!("Document {}.docx", scatter(at) % 5_000).into()),
            context_type: Some("docx".into()),
        }],
        links: if link {
            vec![Link {
                url: Some(format!("https://contoso.sharepoint.com/{}", scatter(at) % 9_000).into()),
                display_name: Some(format!("Source {}", scatter(at) % 9_000).into()),
                link_type: Some("File".into()),
            }]
        } else {
            Vec::new()
        },
        attachments: Vec::new(),
        mentions: Vec::new(),
        from_id: Some(if prompt {
            format!("user-{user}")
        } else {
            format!("fb8d773d-{class}")
        }),
        from_name: None,
    }
}

fn body(at: u64, chars: usize) -> String {
    let mut text = String::with_capacity(chars + 16);
    let mut word = at;
    while text.len() < chars {
        text.push_str(WORDS[(scatter(word) % 16) as usize]);
        text.push(' ');
        word += 1;
    }
    text.truncate(chars);
    text
}

/// A source of `count` rows of `users` users. One user more has no interaction; the last one was
/// refused; all were read up to 2026-11-22T12:00Z.
pub fn source(count: u64, users: u64, body_chars: usize) -> Memory {
    let mut memory =
        Memory::generated(count, Arc::new(move |at| row(at, count, users, body_chars)));
    let id = |user: u64| format!("00000000-0000-4000-8000-{user:012}");
    memory.people = (0..=users)
        .map(|user| -> Value {
            json!({
                "user_id": id(user),
                "user_principal_name": format!("user{user:05}@contoso.com"),
                "display_name": format!("User {user}"),
                "department": DEPARTMENTS[(user % 5) as usize],
                "job_title": "Analyst",
                "country": "Norway",
                "licensed": true,
                "state": "present",
                "valid_from_at": "2026-08-01T00:00:00Z",
            })
        })
        .collect();
    let read = |user| json!({"user_id": id(user), "from_ms": 0, "to_ms": 1_795_348_800_000_i64});
    memory.whole = (0..users).map(read).collect();
    memory.failures = vec![json!({
        "user_id": id(users),
        "from_ms": 0,
        "to_ms": 1_795_348_800_000_i64,
        "error_code": "forbidden",
        "error": "403: the user does not have a valid license for Microsoft 365 Copilot",
    })];
    memory
}
