//! Reports from outside: over a source in memory, read back with other code than what wrote them.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod beside;
mod conversation;
mod coverage;
mod csv;
mod drawn;
mod exchanges;
mod figures;
mod memory;
mod page;
mod population;
mod told;
mod verdicts;
mod workbook;

use hobbs_report::{ReportRow, RowKind};

/// 2026-11-22T12:30:00Z.
pub fn now() -> jiff::Timestamp {
    "2026-11-22T12:30:00Z".parse().unwrap()
}

/// A prompt of user "u1" in session "s1", made at `second` past 2026-11-02T09:00:00Z.
pub fn prompt(second: i64, request: &str) -> ReportRow {
    let created_at_ms = 1_793_610_000_000 + second * 1000;
    ReportRow {
        user_id: "u1".into(),
        user_principal_name: Some("adele@contoso.com".into()),
        department: Some("Finance".into()),
        session_id: Some("s1".into()),
        interaction_id: created_at_ms.to_string(),
        request_id: (!request.is_empty()).then(|| request.to_owned()),
        created_at_ms,
        app: "Word".into(),
        app_class: "IPM.SkypeTeams.Message.Copilot.Word".into(),
        surface: Some("app".into()),
        kind: RowKind::Prompt,
        content: Some(format!("prompt {second}")),
        content_chars: 9,
        mark: None,
        contexts: vec![],
        links: vec![],
        attachments: vec![],
        mentions: vec![],
        from_id: Some("u1".into()),
        from_name: None,
    }
}

/// A response of "Copilot in Word", otherwise like [`prompt`].
pub fn response(second: i64, request: &str) -> ReportRow {
    ReportRow {
        kind: RowKind::Response,
        content: Some(format!("response {second}")),
        from_id: Some("copilot-in-word".into()),
        from_name: Some("Copilot in Word".into()),
        ..prompt(second, request)
    }
}
