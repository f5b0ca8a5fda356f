//! A lake of a few rows in memory, in which every text that a tenant gives is the fuzzer's.

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use hobbs_interaction::wire::{Attachment, Context, Link, Mention};
use hobbs_report::{
    Derived, Order, ReportRow, RowKind, Scope, Source, SourceError, Summary, summarize,
};
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// 2026-11-02T09:00:00Z.
pub const AT_MS: i64 = 1_793_610_000_000;

/// The lake.
pub struct Lake {
    rows: Vec<ReportRow>,
    texts: Vec<String>,
}

impl Lake {
    /// A lake in which these texts stand wherever a text from outside can stand.
    pub fn of(texts: &[&str]) -> Lake {
        Lake {
            rows: rows(texts),
            texts: texts.iter().map(|text| (*text).to_owned()).collect(),
        }
    }

    /// The n-th text, from the first again after the last; empty where there are none.
    fn text(&self, n: usize) -> &str {
        let texts = &self.texts;
        texts.get(n % texts.len().max(1)).map_or("", |text| text)
    }
}

/// A prompt and a response for each text.
pub fn rows(texts: &[&str]) -> Vec<ReportRow> {
    let numbered = texts.iter().zip(0_i64..);
    numbered
        .flat_map(|(text, at)| {
            [
                row(text, RowKind::Prompt, 2 * at),
                row(text, RowKind::Response, 2 * at + 1),
            ]
        })
        .collect()
}

fn row(text: &str, kind: RowKind, second: i64) -> ReportRow {
    let some = || Some(text.to_owned());
    let attached = || some().map(Cow::Owned);
    ReportRow {
        user_id: text.to_owned(),
        user_principal_name: some().filter(|_| second % 4 < 2),
        department: some(),
        session_id: some(),
        interaction_id: second.to_string(),
        request_id: some(),
        created_at_ms: AT_MS + second * 1000,
        app: text.to_owned(),
        app_class: text.to_owned(),
        surface: some(),
        kind,
        content: some(),
        content_chars: 1,
        mark: some(),
        contexts: vec![Context {
            reference: attached(),
            display_name: attached(),
            context_type: attached(),
        }],
        links: vec![
            Link {
                url: attached(),
                display_name: attached(),
                link_type: attached(),
            },
            Link {
                url: attached(),
                ..Link::default()
            },
        ],
        attachments: vec![Attachment {
            content_type: attached(),
            content_url: attached(),
            name: attached(),
            ..Attachment::default()
        }],
        mentions: vec![Mention {
            mention_id: attached(),
            text: attached(),
            mentioned: attached(),
        }],
        from_id: some(),
        from_name: some(),
    }
}

/// What a report says of this lake, asked for the app `text`.
pub fn summary(lake: &Lake, text: &str) -> Summary {
    let scope = Scope {
        apps: vec![text.to_owned()],
        ..Scope::default()
    };
    let now = jiff::Timestamp::from_millisecond(AT_MS + 86_400_000).expect("a time");
    futures::executor::block_on(summarize(lake, &scope, now)).expect("a summary")
}

#[async_trait]
impl Source for Lake {
    async fn select(&self, sql: &str) -> Result<Vec<Map<String, Value>>, SourceError> {
        if ["usage_reports", "license_assignments"]
            .iter()
            .any(|it| sql.contains(it))
        {
            return Ok(Vec::new());
        }
        let counts = json!({
            "total": 3, "prompts": 2, "responses": 1, "other": 0, "marked_automatic": 1,
            "prompts_marked_automatic": 1, "first_at": AT_MS, "last_at": AT_MS + 1000,
            "days_active": 1, "days_prompting": 1, "users": 1,
        });
        let with_counts = |names: Value| {
            let mut row = names;
            if let (Value::Object(row), Value::Object(counts)) = (&mut row, &counts) {
                row.extend(counts.clone());
            }
            row
        };
        let first_line = sql.lines().next().unwrap_or_default();
        let is = |words: &str| first_line.contains(words);
        let rows = match () {
            () if is("by app") => vec![with_counts(
                json!({"app": self.text(0), "app_class": self.text(1)}),
            )],
            () if is("by user") => vec![with_counts(json!({"user_id": self.text(0)}))],
            () if is("by UTC day") => vec![with_counts(
                json!({"day_at": AT_MS.div_euclid(86_400_000) * 86_400_000}),
            )],
            () if is("signs") => vec![with_counts(json!({"mark": self.text(2)}))],
            () if is("Responses to prompts") => vec![json!({"answers": 1})],
            () if is("Who is in scope") => vec![
                json!({
                    "user_id": self.text(0), "user_principal_name": self.text(1),
                    "display_name": self.text(2), "department": self.text(3), "job_title": self.text(4),
                    "country": self.text(5), "state": self.text(6), "licensed": true,
                }),
                json!({"user_id": "u2", "display_name": self.text(1), "licensed": true}),
            ],
            () if is("newest failure") => vec![json!({
                "user_id": self.text(0), "error_code": self.text(1), "error": self.text(2),
            })],
            () => Vec::new(),
        };
        let objects = rows.into_iter().filter_map(|row| match row {
            Value::Object(row) => Some(row),
            _ => None,
        });
        Ok(objects.collect())
    }

    async fn derived(&self) -> Result<Derived, SourceError> {
        Ok(Derived::Nothing)
    }

    async fn rows(
        &self,
        _: &Scope,
        _: Order,
    ) -> Result<BoxStream<'static, Result<Vec<ReportRow>, SourceError>>, SourceError> {
        Ok(stream::iter([Ok(self.rows.clone())]).boxed())
    }
}
