//! What a lake would derive from the rows in memory, and what the metrics say of it, reckoned
//! without SQL. Days are UTC days.

use std::collections::{BTreeMap, BTreeSet};

use hobbs_report::{ReportRow, RowKind};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::{Map, Value, json};

const VERDICTS: [&str; 6] = [
    "typed",
    "clicked",
    "automatic",
    "system",
    "noise",
    "unknown",
];
const TIERS: [(&str, u64, u64); 5] = [
    ("none", 0, 0),
    ("light", 0, 5),
    ("moderate", 5, 15),
    ("heavy", 15, 50),
    ("very heavy", 50, 1_000_000),
];

/// A prompt with its responses, or a row alone.
pub struct Exchange {
    user_id: String,
    app: String,
    day: Date,
    hour: i8,
    parts: u64,
    responses: u64,
    prompts: u64,
    verdict: &'static str,
}

impl Exchange {
    fn week(&self) -> Date {
        self.day - i32::from(self.day.weekday().to_monday_zero_offset()).days()
    }

    fn asked(&self) -> bool {
        ["typed", "clicked"].contains(&self.verdict)
    }
}

/// Rows with a mark are automatic, those of Excel clicked, the others typed; rows that are neither
/// prompt nor response are unknown. Rows of one request in one session make an exchange.
pub fn of(rows: impl Iterator<Item = ReportRow>) -> Vec<Exchange> {
    let mut places: BTreeMap<(String, Option<String>, String), usize> = BTreeMap::new();
    let mut exchanges: Vec<Exchange> = Vec::new();
    for row in rows {
        let request = row.request_id.clone().unwrap_or(row.interaction_id.clone());
        let key = (row.user_id.clone(), row.session_id.clone(), request);
        let at = *places.entry(key).or_insert_with(|| {
            exchanges.push(begun(&row));
            exchanges.len() - 1
        });
        exchanges[at].parts += 1;
        exchanges[at].prompts += u64::from(row.kind == RowKind::Prompt);
        exchanges[at].responses += u64::from(row.kind == RowKind::Response);
    }
    exchanges
}

fn begun(row: &ReportRow) -> Exchange {
    let time = Timestamp::from_millisecond(row.created_at_ms)
        .expect("a time")
        .to_zoned(TimeZone::UTC);
    let verdict = match (&row.mark, row.app.as_str(), &row.kind) {
        (Some(_), ..) => "automatic",
        (_, _, RowKind::Other(_)) => "unknown",
        (_, "Excel", _) => "clicked",
        _ => "typed",
    };
    Exchange {
        user_id: row.user_id.clone(),
        app: row.app.clone(),
        day: time.date(),
        hour: time.hour(),
        parts: 0,
        responses: 0,
        prompts: 0,
        verdict,
    }
}

/// The answer to a query over exchanges; None if it is about something else.
pub fn answer(exchanges: &[Exchange], sql: &str) -> Option<Vec<Value>> {
    let asks = |column: &str| sql.contains(&format!("metric.{column}"));
    if sql.contains("WHERE FALSE") {
        return Some(Vec::new());
    }
    if sql.starts_with("-- Which rules") {
        let days = || exchanges.iter().map(|exchange| exchange.day);
        let row =
            json!({"rules": "1 (0f3a9c)", "first_day": days().min()?, "last_day": days().max()?});
        return Some(vec![row]);
    }
    if sql.starts_with("-- Whose numbers") {
        let users: BTreeSet<&str> = exchanges
            .iter()
            .map(|exchange| exchange.user_id.as_str())
            .collect();
        return Some(
            users
                .into_iter()
                .map(|user| json!({"user_key": key(user), "user_id": user}))
                .collect(),
        );
    }
    if sql.starts_with("-- Responses to prompts that somebody") {
        let asked = exchanges.iter().filter(|exchange| {
            exchange.prompts > 0 && (exchange.asked() || exchange.verdict == "unknown")
        });
        return Some(vec![
            json!({"answers": asked.map(|exchange| exchange.responses).sum::<u64>()}),
        ]);
    }
    if !sql.starts_with("WITH\nexchanges AS (\n    SELECT *\n    FROM exchanges\n    WHERE ") {
        return None;
    }
    Some(if asks("users_undecided") {
        vec![headline(exchanges)]
    } else if asks("noise_parts") {
        by_slice(exchanges, sql)
    } else if asks("users_typed") && asks("week") {
        active(exchanges, "week", Exchange::week)
    } else if asks("users_typed") {
        active(exchanges, "day", |exchange| exchange.day)
    } else if asks("app") {
        grouped(exchanges, |exchange| exchange.app.clone())
            .into_iter()
            .map(|(app, own)| with(json!({"app": app, "users_any": users(&own, |_| true), "users_asked": users(&own, |e| e.asked())}), &own))
            .collect()
    } else if asks("days_asked") {
        grouped(exchanges, |exchange| exchange.user_id.clone())
            .into_iter()
            .map(|(user, own)| with(json!({"user_key": key(&user), "user_name": user, "days_any": days(&own, |_| true), "days_asked": days(&own, |e| e.asked())}), &own))
            .collect()
    } else if asks("tier") {
        tiers(exchanges)
    } else if asks("weeks_later") {
        retention(exchanges)
    } else if asks("hour") {
        grouped(exchanges, |exchange| {
            (exchange.day.weekday().to_monday_one_offset(), exchange.hour)
        })
        .into_iter()
        .map(|((weekday, hour), own)| {
            let mut row = with(json!({"weekday": weekday, "hour": hour}), &own);
            row["exchanges"] = own.len().into();
            row
        })
        .collect()
    } else {
        panic!("a metric that nobody answers: {sql}")
    })
}

fn key(user: &str) -> i64 {
    user.bytes()
        .fold(7, |key: i64, byte| {
            key.wrapping_mul(31).wrapping_add(i64::from(byte))
        })
        .abs()
}

fn grouped<K: Ord>(
    exchanges: &[Exchange],
    by: impl Fn(&Exchange) -> K,
) -> BTreeMap<K, Vec<&Exchange>> {
    let mut groups: BTreeMap<K, Vec<&Exchange>> = BTreeMap::new();
    for exchange in exchanges {
        groups.entry(by(exchange)).or_default().push(exchange);
    }
    groups
}

fn with(mut row: Value, own: &[&Exchange]) -> Value {
    for verdict in VERDICTS {
        row[verdict] = own
            .iter()
            .filter(|exchange| exchange.verdict == verdict)
            .count()
            .into();
    }
    row
}

fn users(own: &[&Exchange], counts: impl Fn(&Exchange) -> bool) -> usize {
    let users: BTreeSet<&str> = own
        .iter()
        .filter(|exchange| counts(exchange))
        .map(|exchange| exchange.user_id.as_str())
        .collect();
    users.len()
}

fn days(own: &[&Exchange], counts: impl Fn(&Exchange) -> bool) -> usize {
    let days: BTreeSet<Date> = own
        .iter()
        .filter(|exchange| counts(exchange))
        .map(|exchange| exchange.day)
        .collect();
    days.len()
}

fn headline(exchanges: &[Exchange]) -> Value {
    let all: Vec<&Exchange> = exchanges.iter().collect();
    let (any, asked) = (users(&all, |_| true), users(&all, Exchange::asked));
    let by_user = grouped(exchanges, |exchange| exchange.user_id.clone());
    let undecided = by_user
        .values()
        .filter(|own| !own.iter().any(|e| e.asked()) && own.iter().any(|e| e.verdict == "unknown"));
    let row = json!({
        "users_any": any, "users_asked": asked, "users_not_asked": any - asked,
        "users_undecided": undecided.count(),
        "interactions": exchanges.iter().map(|exchange| exchange.parts).sum::<u64>(),
        "exchanges": exchanges.len(),
    });
    with(row, &all)
}

fn by_slice(exchanges: &[Exchange], sql: &str) -> Vec<Value> {
    let week = sql.contains("e.week AS slice");
    let slice = |exchange: &Exchange| if week { exchange.week() } else { exchange.day };
    let groups = grouped(exchanges, |exchange| (slice(exchange), exchange.verdict));
    groups
        .into_iter()
        .map(|((slice, verdict), own)| json!({"slice": slice, "verdict": verdict, "exchanges": own.len()}))
        .collect()
}

fn active(exchanges: &[Exchange], name: &str, by: impl Fn(&Exchange) -> Date) -> Vec<Value> {
    let rows = grouped(exchanges, by).into_iter().map(|(date, own)| {
        let typed = grouped_refs(&own)
            .values()
            .filter(|own| own.iter().filter(|e| e.verdict == "typed").count() >= 3)
            .count();
        let mut row = Map::new();
        row.insert(name.to_owned(), json!(date));
        row.insert("users_any".to_owned(), users(&own, |_| true).into());
        row.insert(
            "users_asked".to_owned(),
            users(&own, Exchange::asked).into(),
        );
        row.insert("users_typed".to_owned(), typed.into());
        Value::Object(row)
    });
    rows.collect()
}

fn grouped_refs<'a>(own: &[&'a Exchange]) -> BTreeMap<&'a str, Vec<&'a Exchange>> {
    let mut groups: BTreeMap<&str, Vec<&Exchange>> = BTreeMap::new();
    for exchange in own {
        groups.entry(&exchange.user_id).or_default().push(exchange);
    }
    groups
}

fn tiers(exchanges: &[Exchange]) -> Vec<Value> {
    let (Some(first), Some(last)) = (
        exchanges.iter().map(|e| e.day).min(),
        exchanges.iter().map(|e| e.day).max(),
    ) else {
        return Vec::new();
    };
    let mut working_days = 0;
    let mut day = first;
    while day <= last {
        working_days += u64::from(day.weekday().to_monday_one_offset() <= 5);
        day = day.tomorrow().expect("a day");
    }
    let mut tiers = Vec::new();
    for (tier, (name, at_least, below)) in TIERS.into_iter().enumerate() {
        let inside = |asked: u64| match tier {
            0 => asked == 0,
            _ => {
                asked > 0
                    && asked * 5 >= at_least * working_days
                    && asked * 5 < below * working_days
            }
        };
        let users = grouped(exchanges, |exchange| exchange.user_id.clone());
        let users = users
            .values()
            .filter(|own| inside(own.iter().filter(|e| e.asked()).count() as u64))
            .count();
        if users > 0 {
            tiers.push(json!({"tier": tier, "name": name, "at_least": at_least, "below": below, "users": users}));
        }
    }
    tiers
}

fn retention(exchanges: &[Exchange]) -> Vec<Value> {
    let asked: BTreeMap<&str, BTreeSet<Date>> =
        exchanges
            .iter()
            .filter(|e| e.asked())
            .fold(BTreeMap::new(), |mut users, exchange| {
                users
                    .entry(exchange.user_id.as_str())
                    .or_insert_with(BTreeSet::new)
                    .insert(exchange.week());
                users
            });
    let mut cells: BTreeMap<(Date, i32), u64> = BTreeMap::new();
    for weeks in asked.values() {
        let first = *weeks.first().expect("a week");
        for week in weeks {
            *cells
                .entry((first, (*week - first).get_days() / 7))
                .or_default() += 1;
        }
    }
    let size = |first: Date| cells[&(first, 0)];
    cells
        .iter()
        .map(|((first, later), users)| json!({"cohort_week": first, "weeks_later": later, "cohort_users": size(*first), "users": users}))
        .collect()
}
