//! A source in memory with Microsoft's report, licenses and exchanges: what the queries about these
//! ask for is reckoned from a list of events, without SQL.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use async_trait::async_trait;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use hobbs_report::{Derived, Lines, Order, ReportRow, Scope, Source, SourceError};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use serde_json::{Map, Value, json};

use crate::memory::Memory;
use crate::prompt;

#[derive(Clone)]
pub struct Event {
    pub user: &'static str,
    pub class: &'static str,
    pub verdict: &'static str,
    pub at: Timestamp,
}

impl Event {
    fn day(&self) -> Date {
        self.at.to_zoned(TimeZone::UTC).date()
    }

    /// In the tenant's time zone.
    fn local_day(&self) -> Date {
        self.at.to_zoned(Offset::constant(9).to_time_zone()).date()
    }
}

pub struct Told {
    /// Answers all that is asked of others.
    pub rest: Memory,
    pub events: Vec<Event>,
    pub reports: Vec<Value>,
    pub summary: Vec<Value>,
    pub trend: Vec<Value>,
    pub whole: Vec<Value>,
    pub failures: Vec<Value>,
    pub people: Vec<Value>,
    pub licenses: Vec<Value>,
    pub seats: Vec<Value>,
    pub not_judged: Vec<Value>,
    /// Tables that are not there.
    pub without: Vec<&'static str>,
    /// All that it was asked.
    pub asked: Mutex<Vec<String>>,
    /// Rows in the order of users come one by one, with nothing between them at times.
    pub torn: bool,
    /// Rows come from last to first.
    pub backward: bool,
}

impl Told {
    pub fn new() -> Told {
        let mut rest = Memory::of(vec![prompt(0, "a")]);
        rest.derived = Derived::All;
        Told {
            rest,
            events: Vec::new(),
            reports: Vec::new(),
            summary: Vec::new(),
            trend: Vec::new(),
            whole: Vec::new(),
            failures: Vec::new(),
            people: Vec::new(),
            licenses: Vec::new(),
            seats: Vec::new(),
            not_judged: Vec::new(),
            without: Vec::new(),
            asked: Mutex::default(),
            torn: false,
            backward: false,
        }
    }

    fn reports_there_are(&self) -> Vec<Value> {
        let mut counts: BTreeMap<String, (Value, u64)> = BTreeMap::new();
        for row in &self.reports {
            let key = json!({"tenant_id": "contoso", "report_refresh_date": row["report_refresh_date"], "report_period": row["report_period"], "report_version": row["report_version"]});
            let count = counts.entry(key.to_string()).or_insert((key, 0));
            count.1 += u64::from(row["concealed"] == true);
        }
        let rows = counts.into_values().map(|(mut key, concealed)| {
            key["concealed"] = concealed.into();
            key
        });
        rows.collect()
    }

    fn rows_of_report(&self, sql: &str) -> Vec<Value> {
        let nobody = sql.contains("user_id IS NULL");
        let date = between(sql, "report_refresh_date = DATE '", "'");
        let period: u64 = between(sql, "report_period = ", " ").parse().unwrap();
        let rows = self.reports.iter().filter(|row| {
            row["report_refresh_date"] == date
                && row["report_period"] == period
                && row["user_id"].is_null() == nobody
                && !(nobody && sql.contains("NOT concealed") && row["concealed"] == true)
        });
        rows.cloned().collect()
    }

    fn days(&self, sql: &str) -> Vec<Value> {
        let from: Timestamp = between(sql, "started_at >= '", "'").parse().unwrap();
        let mut groups: BTreeMap<_, BTreeMap<&str, u64>> = BTreeMap::new();
        for event in self.events.iter().filter(|event| event.at >= from) {
            let key = (event.user, event.class, event.day(), event.local_day());
            *groups
                .entry(key)
                .or_default()
                .entry(column(event.verdict))
                .or_default() += 1;
        }
        let rows = groups.into_iter().map(|((user, class, day, local), counts)| {
            let mut row = json!({"user_id": user, "app_class": class, "day_at": format!("{day}T00:00:00Z"), "local_day": format!("{local}T00:00:00")});
            for (name, count) in counts {
                row[name] = count.into();
            }
            row
        });
        rows.collect()
    }

    fn older(&self, sql: &str) -> Vec<Value> {
        let from: Timestamp = between(sql, "started_at < '", "'").parse().unwrap();
        let mut groups: BTreeMap<_, Value> = BTreeMap::new();
        let mut events: Vec<&Event> = self.events.iter().filter(|event| event.at < from).collect();
        events.sort_by_key(|event| event.at);
        for event in events {
            let row = groups
                .entry((event.user, event.class))
                .or_insert_with(|| json!({"user_id": event.user, "app_class": event.class}));
            row[format!("{}_at", column(event.verdict))] = event.at.as_millisecond().into();
            row[format!("{}_day", column(event.verdict))] = event.local_day().to_string().into();
        }
        groups.into_values().collect()
    }

    fn used(&self, sql: &str) -> Vec<Value> {
        let since_28: Timestamp = between(sql, "verdict = 'typed' AND started_at >= '", "'")
            .parse()
            .unwrap();
        let since_56 = since_28 - jiff::SignedDuration::from_hours(28 * 24);
        let mut groups: BTreeMap<&str, Value> = BTreeMap::new();
        let mut events = self.events.clone();
        events.sort_by_key(|event| event.at);
        for event in &events {
            let row = groups.entry(event.user).or_insert_with(|| json!({"user_id": event.user, "typed": 0, "typed_28": 0, "typed_28_before": 0, "interactions": 0}));
            let add = |row: &mut Value, name: &str, more: u64| {
                row[name] = (row[name].as_u64().unwrap() + more).into()
            };
            row["any_at"] = event.at.as_millisecond().into();
            row[format!("{}_at", column(event.verdict))] = event.at.as_millisecond().into();
            add(row, "interactions", 2);
            if event.verdict == "typed" {
                add(row, "typed", 1);
                add(row, "typed_28", u64::from(event.at >= since_28));
                add(
                    row,
                    "typed_28_before",
                    u64::from(event.at < since_28 && event.at >= since_56),
                );
            }
        }
        groups.into_values().collect()
    }

    fn our_days(&self, sql: &str) -> Vec<Value> {
        let from: Timestamp = between(sql, "started_at >= '", "'").parse().unwrap();
        let to: Timestamp = between(sql, "started_at < '", "'").parse().unwrap();
        let mut days: BTreeMap<Date, Vec<&Event>> = BTreeMap::new();
        for event in self
            .events
            .iter()
            .filter(|event| event.at >= from && event.at < to)
        {
            days.entry(event.day()).or_default().push(event);
        }
        let rows = days.into_iter().map(|(day, events)| {
            let asked = || events.iter().filter(|event| ["typed", "clicked"].contains(&event.verdict));
            let users: BTreeSet<&str> = events.iter().map(|event| event.user).collect();
            let asking: BTreeSet<&str> = asked().map(|event| event.user).collect();
            json!({"day_at": format!("{day}T00:00:00Z"), "users_any": users.len(), "users_asked": asking.len(), "asked": asked().count()})
        });
        rows.collect()
    }

    fn answer(&self, sql: &str) -> Option<Vec<Value>> {
        let first = sql.lines().next().unwrap_or_default();
        Some(match first {
            "-- Which usage reports there are, by refresh date, period and version." => {
                self.reports_there_are()
            }
            "-- The rows of one usage report." => self.rows_of_report(sql),
            "-- The rows of one usage report that belong to nobody known: because names are hidden, or otherwise." =>
            {
                let rows = self.rows_of_report(sql);
                let of = |concealed: bool| json!({"concealed": concealed, "users": rows.iter().filter(|row| (row["concealed"] == true) == concealed).count()});
                vec![of(true), of(false)]
            }
            "-- Exchanges by user, class and day, of the days that are compared one by one. Days are UTC days," => {
                self.days(sql)
            }
            "-- The same of older days, as far as the report names them." => {
                self.days("started_at >= '2000-01-01T00:00:00Z'")
            }
            "-- The last older day of each verdict, by user and class." => self.older(sql),
            "-- What has been read whole, for all apps, as few intervals as possible a user: intervals that touch" => {
                self.whole.clone()
            }
            "-- Failed readings, the newest first; those of one code together." => {
                self.failures.clone()
            }
            "-- Who everybody is, by the newest record." => self.people.clone(),
            "-- Who held which license when." => self.licenses.clone(),
            "-- The subscriptions with Copilot, as they were seen last." => self.seats.clone(),
            "-- What each user did, and when last." => self.used(sql),
            "-- Users with interactions that no exchange is derived from yet." => {
                assert_eq!(between(sql, "sequence > ", "\n"), "7");
                self.not_judged.clone()
            }
            "-- What Microsoft counts without names." => self.summary.clone(),
            "-- What Microsoft counts without names, by day." => self.trend.clone(),
            "-- The same here: users and what people asked for, by UTC day." => self.our_days(sql),
            _ if first.starts_with("SELECT 1 AS one FROM") => vec![json!({"one": 1})],
            _ => return None,
        })
    }
}

fn column(verdict: &str) -> &str {
    match verdict {
        "system" | "noise" => "system_or_noise",
        other => other,
    }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text
        .split_once(before)
        .unwrap_or_else(|| panic!("no {before} in {text}"));
    rest.split(after).next().unwrap()
}

#[async_trait]
impl Source for Told {
    async fn select(&self, sql: &str) -> Result<Vec<Map<String, Value>>, SourceError> {
        assert!(!sql.contains('{'), "a place is left open in {sql}");
        self.asked.lock().unwrap().push(sql.to_owned());
        let names = |table: &&str| {
            sql.split(|c: char| !c.is_alphanumeric() && c != '_')
                .any(|word| word == *table)
        };
        if self.without.iter().any(names) {
            return Ok(Vec::new());
        }
        match self.answer(sql) {
            Some(mut rows) => {
                if sql.contains("ORDER BY user_id") || sql.contains("ORDER BY e.user_id") {
                    rows.sort_by_key(|row| row["user_id"].as_str().map(str::to_owned));
                }
                if self.backward {
                    rows.reverse();
                }
                let rows = rows.iter();
                Ok(rows.filter_map(|row| row.as_object().cloned()).collect())
            }
            None => self.rest.select(sql).await,
        }
    }

    async fn sorted_lines(&self, sql: &str) -> Result<Lines, SourceError> {
        let whole = self.lines(sql).await?;
        if !self.torn {
            return Ok(whole);
        }
        let whole: Vec<Vec<u8>> = whole.try_collect().await?;
        let torn: Vec<Result<Vec<u8>, SourceError>> = whole
            .concat()
            .split_inclusive(|byte| *byte == b'\n')
            .flat_map(|line| [Ok(line.to_vec()), Ok(Vec::new())])
            .collect();
        Ok(stream::iter(torn).boxed())
    }

    async fn derived(&self) -> Result<Derived, SourceError> {
        Ok(self.rest.derived)
    }

    async fn rows(
        &self,
        scope: &Scope,
        order: Order,
    ) -> Result<BoxStream<'static, Result<Vec<ReportRow>, SourceError>>, SourceError> {
        self.rest.rows(scope, order).await
    }
}
