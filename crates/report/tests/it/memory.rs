//! A source in memory: rows by number, and the figures reckoned from them without SQL.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use hobbs_report::{Derived, Order, ReportRow, RowKind, Scope, Source, SourceError};
use serde_json::{Map, Value, json};

use crate::exchanges;

pub type Rows = Arc<dyn Fn(u64) -> ReportRow + Send + Sync>;

const DAY_MS: i64 = 86_400_000;
const CHUNK: u64 = 4_096;

/// Rows in conversation order, and what the other tables say.
pub struct Memory {
    pub count: u64,
    pub row: Rows,
    pub people: Vec<Value>,
    pub whole: Vec<Value>,
    pub failures: Vec<Value>,
    /// How far the lake has derived exchanges.
    pub derived: Derived,
    /// Breaks the stream of rows after this chunk.
    pub breaks_after: Option<u64>,
}

impl Memory {
    pub fn of(rows: Vec<ReportRow>) -> Self {
        let count = rows.len() as u64;
        Memory::generated(count, Arc::new(move |at| rows[at as usize].clone()))
    }

    pub fn generated(count: u64, row: Rows) -> Self {
        Memory {
            count,
            row,
            people: Vec::new(),
            whole: Vec::new(),
            failures: Vec::new(),
            derived: Derived::Nothing,
            breaks_after: None,
        }
    }

    fn all(&self) -> impl Iterator<Item = ReportRow> + '_ {
        (0..self.count).map(|at| (self.row)(at))
    }

    /// Groups rows and counts them as the queries do.
    fn grouped<K: Ord>(&self, key: impl Fn(&ReportRow) -> Option<(K, Value)>) -> Vec<Value> {
        let mut groups: BTreeMap<K, (Value, Group)> = BTreeMap::new();
        for row in self.all() {
            if let Some((key, names)) = key(&row) {
                groups
                    .entry(key)
                    .or_insert_with(|| (names, Group::default()))
                    .1
                    .add(&row);
            }
        }
        let mut groups: Vec<Value> = groups
            .into_values()
            .map(|(mut value, group)| {
                if let (Value::Object(all), Value::Object(counts)) = (&mut value, group.json()) {
                    all.extend(counts);
                }
                value
            })
            .collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group["total"].as_u64()));
        groups
    }

    fn answers(&self) -> u64 {
        let mut requests: BTreeMap<_, (u64, u64)> = BTreeMap::new();
        for row in self.all().filter(|row| row.request_id.is_some()) {
            let key = (
                row.user_id.clone(),
                row.session_id.clone(),
                row.request_id.clone(),
            );
            let (prompts, responses) = requests.entry(key).or_default();
            *prompts += u64::from(row.kind == RowKind::Prompt);
            *responses += u64::from(row.kind == RowKind::Response && row.mark.is_none());
        }
        requests
            .values()
            .filter(|(prompts, _)| *prompts > 0)
            .map(|(_, responses)| responses)
            .sum()
    }
}

#[derive(Default)]
struct Group {
    prompts: u64,
    responses: u64,
    other: u64,
    marked: u64,
    prompts_marked: u64,
    times_ms: Option<(i64, i64)>,
    days: BTreeSet<i64>,
    days_prompting: BTreeSet<i64>,
    users: BTreeSet<String>,
}

impl Group {
    fn add(&mut self, row: &ReportRow) {
        let marked = row.mark.is_some();
        let day = row.created_at_ms.div_euclid(DAY_MS);
        match row.kind {
            RowKind::Prompt => self.prompts += 1,
            RowKind::Response => self.responses += 1,
            RowKind::Other(_) => self.other += 1,
        }
        self.marked += u64::from(marked);
        self.prompts_marked += u64::from(marked && row.kind == RowKind::Prompt);
        let (first, last) = self
            .times_ms
            .unwrap_or((row.created_at_ms, row.created_at_ms));
        self.times_ms = Some((first.min(row.created_at_ms), last.max(row.created_at_ms)));
        self.days.insert(day);
        if row.kind == RowKind::Prompt && !marked {
            self.days_prompting.insert(day);
        }
        if !self.users.contains(&row.user_id) {
            self.users.insert(row.user_id.clone());
        }
    }

    fn json(&self) -> Value {
        let (first, last) = self.times_ms.unwrap_or_default();
        json!({
            "total": self.prompts + self.responses + self.other,
            "prompts": self.prompts,
            "responses": self.responses,
            "other": self.other,
            "marked_automatic": self.marked,
            "prompts_marked_automatic": self.prompts_marked,
            "first_at": first,
            "last_at": jiff::Timestamp::from_millisecond(last).expect("a time").to_string(),
            "days_active": self.days.len(),
            "days_prompting": self.days_prompting.len(),
            "users": self.users.len(),
        })
    }
}

#[async_trait]
impl Source for Memory {
    async fn select(&self, sql: &str) -> Result<Vec<Map<String, Value>>, SourceError> {
        for place in ["{scope}", "{exchanges}", "{people}", "{automatic}"] {
            assert!(!sql.contains(place), "a place is left open in {sql}");
        }
        if ["usage_reports", "license_assignments"]
            .iter()
            .any(|it| sql.contains(it))
        {
            return Ok(Vec::new());
        }
        if sql.contains("exchanges") {
            assert_ne!(
                self.derived,
                Derived::Nothing,
                "nothing is known of exchanges"
            );
            let exchanges = exchanges::of(self.all());
            let rows = exchanges::answer(&exchanges, sql).expect("a query over exchanges");
            return Ok(rows
                .into_iter()
                .filter_map(|row| row.as_object().cloned())
                .collect());
        }
        let first_line = sql.lines().next().unwrap_or_default();
        let rows = if first_line.contains("by app") {
            self.grouped(|row| {
                let key = (row.app.clone(), row.app_class.clone());
                Some((key, json!({"app": row.app, "app_class": row.app_class})))
            })
        } else if first_line.contains("by user") {
            self.grouped(|row| Some((row.user_id.clone(), json!({"user_id": row.user_id}))))
        } else if first_line.contains("by UTC day") {
            let day = |row: &ReportRow| row.created_at_ms.div_euclid(DAY_MS);
            let mut days =
                self.grouped(|row| Some((day(row), json!({"day_at": day(row) * DAY_MS}))));
            days.sort_by_key(|day| day["day_at"].as_i64());
            days
        } else if first_line.contains("signs") {
            self.grouped(|row| {
                row.mark
                    .clone()
                    .map(|mark| (mark.clone(), json!({"mark": mark})))
            })
        } else if first_line.contains("Responses to prompts") {
            vec![json!({"answers": self.answers()})]
        } else if first_line.contains("Who is in scope") {
            self.people.clone()
        } else if first_line.contains("read whole, for all apps") {
            self.whole.clone()
        } else if first_line.contains("newest failure") {
            self.failures.clone()
        } else {
            Vec::new()
        };
        Ok(rows
            .into_iter()
            .filter_map(|row| row.as_object().cloned())
            .collect())
    }

    async fn derived(&self) -> Result<Derived, SourceError> {
        Ok(self.derived)
    }

    async fn rows(
        &self,
        _scope: &Scope,
        order: Order,
    ) -> Result<BoxStream<'static, Result<Vec<ReportRow>, SourceError>>, SourceError> {
        let (count, row, breaks_after) = (self.count, self.row.clone(), self.breaks_after);
        if order == Order::Time {
            let mut rows: Vec<ReportRow> = self.all().collect();
            rows.sort_by_key(|row| row.created_at_ms);
            return Ok(stream::iter([Ok(rows)]).boxed());
        }
        let chunks = (0..count.div_ceil(CHUNK)).map(move |chunk| {
            if breaks_after.is_some_and(|last| chunk >= last) {
                return Err(SourceError::lake("the disk was pulled out"));
            }
            Ok((chunk * CHUNK..count.min((chunk + 1) * CHUNK))
                .map(|at| row(at))
                .collect())
        });
        Ok(stream::iter(chunks).boxed())
    }
}
