//! What the tests of reports share: how a careful client reads them.

use std::collections::BTreeMap;

use bytes::Bytes;
use hobbs_tenant::{Limits, Tenant, TenantOptions};
use http::{Request, Response, StatusCode};
use serde_json::{Map, Value};

use crate::support::{GRAPH, Hands, get, whole};

pub const DETAIL: &str = "getMicrosoft365CopilotUsageUserDetail";
pub const SUMMARY: &str = "getMicrosoft365CopilotUserCountSummary";
pub const TREND: &str = "getMicrosoft365CopilotUserCountTrend";
pub const V1: [u16; 4] = [7, 30, 90, 180];
pub const V2: [u16; 4] = [7, 28, 90, 180];

/// A tenant in which much happens, and its clock.
pub fn tenant(options: TenantOptions) -> (Tenant, Hands) {
    let hands = Hands::new();
    (Tenant::new(options, hands.clock()).unwrap(), hands)
}

pub fn lively(seed: u64) -> TenantOptions {
    TenantOptions {
        users: 120,
        days_of_history: 60,
        limits: Limits::off(),
        // The clock moves by days.
        token_lifetime_s: 60 * 86_400,
        ..TenantOptions::seeded(seed)
    }
    .lively()
}

pub fn report_url(version: &str, function: &str, arguments: &str) -> String {
    format!("{GRAPH}/{version}/copilot/reports/{function}({arguments})")
}

pub async fn unauthorized(tenant: &Tenant, url: &str) -> Response<Bytes> {
    whole(
        tenant
            .answer(Request::get(url).body(Bytes::new()).unwrap())
            .await,
    )
}

/// Follows the redirect as a careful client does: without the token.
pub async fn csv(tenant: &Tenant, token: &str, url: &str) -> String {
    let response = get(tenant, token, url).await;
    let response = match response.status() {
        StatusCode::FOUND => {
            assert!(response.body().is_empty());
            let address = response.headers()["location"].to_str().unwrap().to_owned();
            unauthorized(tenant, &address).await
        }
        _ => response,
    };
    assert_eq!(response.status(), StatusCode::OK, "{url}: {response:?}");
    String::from_utf8(response.body().to_vec()).unwrap()
}

/// Reads RFC 4180 with a byte-order mark and CRLF, and nothing else.
pub fn table(text: &str) -> (Vec<String>, Vec<BTreeMap<String, String>>) {
    let text = text.strip_prefix('\u{feff}').expect("a byte-order mark");
    let mut lines = records(text).into_iter();
    let header = lines.next().unwrap();
    let rows = lines.map(|line| {
        assert_eq!(line.len(), header.len());
        header.iter().cloned().zip(line).collect()
    });
    let rows = rows.collect();
    (header, rows)
}

pub fn records(text: &str) -> Vec<Vec<String>> {
    let (mut records, mut record, mut field) = (Vec::new(), Vec::new(), String::new());
    let mut letters = text.chars().peekable();
    let mut quoted = false;
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => record.push(std::mem::take(&mut field)),
            '\r' if !quoted => {
                assert_eq!(letters.next(), Some('\n'), "a bare carriage return");
                record.push(std::mem::take(&mut field));
                records.push(std::mem::take(&mut record));
            }
            other => field.push(other),
        }
    }
    assert!(
        !quoted && record.is_empty() && field.is_empty(),
        "the last line has no end"
    );
    records
}

/// All entries of a report in JSON, over its pages.
pub async fn entries(tenant: &Tenant, token: &str, url: &str) -> Vec<Map<String, Value>> {
    let values = crate::support::all(tenant, token, url).await;
    values
        .into_iter()
        .map(|value| value.as_object().unwrap().clone())
        .collect()
}

pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A name in a CSV header as the JSON field is called: `Word Copilot Last Activity Date` → `wordcopilotlastactivitydate`.
pub fn folded(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    let folded = letters.collect::<String>().to_lowercase();
    match folded.as_str() {
        "promptssubmittedforallapps" => "promptssubmitted".to_owned(),
        "activeusagedaysforallapps" => "activeusagedays".to_owned(),
        _ => folded,
    }
}

/// JSON's entries and what they list, as rows.
pub fn flat(entries: &[Map<String, Value>]) -> Vec<BTreeMap<String, String>> {
    let mut rows = Vec::new();
    for entry in entries {
        let list = entry.values().find_map(Value::as_array).unwrap();
        for within in list {
            let fields = entry.iter().filter(|(_, value)| !value.is_array());
            let fields = fields.chain(within.as_object().unwrap());
            rows.push(
                fields
                    .map(|(name, value)| (folded(name), text(value)))
                    .collect(),
            );
        }
    }
    rows
}

pub fn folded_rows(rows: &[BTreeMap<String, String>]) -> Vec<BTreeMap<String, String>> {
    rows.iter()
        .map(|row| {
            row.iter()
                .map(|(name, value)| (folded(name), value.clone()))
                .collect()
        })
        .collect()
}
