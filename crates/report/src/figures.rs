//! From a source to a [`Summary`]: eight small queries, grouped where the data lies.

use std::collections::HashMap;

use jiff::{Timestamp, civil, tz::TimeZone};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

use crate::coverage::{Failure, Judged, Read, Standing, printed, time};
use crate::scope::Scope;
use crate::source::{Source, SourceError};
use crate::spans::{Span, Spans};
use crate::summary::{
    AppFigures, Counts, DayFigures, DepartmentFigures, MarkFigures, Rows, Summary, UserFigures,
    VERSION,
};

/// What counts as automatic, in SQL over `interactions`.
const AUTOMATIC: &str = "mark IS NOT NULL";

/// One of the files in `sql/`, with its name for messages.
struct Query {
    name: &'static str,
    text: &'static str,
}

macro_rules! query {
    ($name:literal) => {
        Query {
            name: $name,
            text: include_str!(concat!("../sql/", $name)),
        }
    };
}

/// The figures of `scope`, as of `now`.
///
/// Costs a handful of scans over the columns needed; memory grows with the users, apps and days,
/// not with the interactions.
pub async fn summarize(
    source: &dyn Source,
    scope: &Scope,
    now: Timestamp,
) -> Result<Summary, SourceError> {
    let read = what_was_read(source, scope).await?;
    let window_ms = read.window(scope.from_ms, scope.to_ms, now.as_millisecond());

    let apps: Vec<AppRow> = select(source, scope, query!("apps.sql")).await?;
    let users: Vec<UserRow> = select(source, scope, query!("users.sql")).await?;
    let days: Vec<DayRow> = select(source, scope, query!("days.sql")).await?;
    let marks: Vec<MarkFigures> = select(source, scope, query!("marks.sql")).await?;
    let answers: Vec<AnswersRow> = select(source, scope, query!("answers.sql")).await?;
    let people: Vec<PersonRow> = select(source, scope, query!("people.sql")).await?;

    let mut counts = Counts::default();
    for app in &apps {
        counts.add(&app.counts);
    }
    let rows = Rows {
        counts,
        responses_to_prompts: answers.first().and_then(|row| row.answers).unwrap_or(0),
        users: users.len() as u64,
        first: apps.iter().filter_map(|app| app.first_at).min().map(time),
        last: apps.iter().filter_map(|app| app.last_at).max().map(time),
    };
    let people = everybody(scope, people, users, &read);
    let coverage = read.judge(window_ms, people.iter().map(|person| person.judged(scope)));
    let users: Vec<UserFigures> = people.into_iter().map(|person| person.figures).collect();

    Ok(Summary {
        version: VERSION,
        generated_at: now,
        tenant_id: scope.tenant_id.clone(),
        window: printed(window_ms),
        apps_asked: scope.apps.clone(),
        coverage,
        rows,
        apps: apps.into_iter().map(AppRow::figures).collect(),
        departments: departments(&users),
        users,
        days: days.into_iter().map(DayRow::figures).collect(),
        marks,
    })
}

async fn select<T: DeserializeOwned>(
    source: &dyn Source,
    scope: &Scope,
    query: Query,
) -> Result<Vec<T>, SourceError> {
    // Conditions go in last, so that a brace in a tenant's text is never taken for a place.
    let mut sql = String::with_capacity(query.text.len() + 256);
    let mut rest = query.text.replace("{automatic}", AUTOMATIC);
    while let Some(at) = rest.find('{') {
        let end = rest[at..]
            .find('}')
            .map_or(rest.len(), |length| at + length + 1);
        sql.push_str(&rest[..at]);
        match &rest[at..end] {
            "{scope}" => sql.push_str(&scope.interactions()),
            "{people}" => sql.push_str(&scope.people()),
            other => sql.push_str(other),
        }
        rest = rest.split_off(end);
    }
    sql.push_str(&rest);

    let rows = source.select(&sql).await?;
    rows.into_iter()
        .map(|row| serde_json::from_value(Value::Object(row)))
        .collect::<Result<_, _>>()
        .map_err(|source| SourceError::Shape {
            query: query.name,
            source,
        })
}

async fn what_was_read(source: &dyn Source, scope: &Scope) -> Result<Read, SourceError> {
    let mut spans: HashMap<String, Vec<Span>> = HashMap::new();
    let whole: Vec<SpanRow> = select(source, scope, query!("coverage_whole.sql")).await?;
    for row in whole {
        spans
            .entry(row.user_id)
            .or_default()
            .extend(Span::new(row.from_ms, row.to_ms));
    }
    if !scope.apps.is_empty() {
        let partial: Vec<AppSpanRow> = select(source, scope, query!("coverage_apps.sql")).await?;
        for row in partial.into_iter().filter(|row| row.covers(&scope.apps)) {
            spans
                .entry(row.user_id)
                .or_default()
                .extend(Span::new(row.from_ms, row.to_ms));
        }
    }
    let failures: Vec<FailureRow> = select(source, scope, query!("coverage_failures.sql")).await?;
    Ok(Read {
        whole: spans
            .into_iter()
            .map(|(user, spans)| (user, Spans::from_iter(spans)))
            .collect(),
        failures: failures.into_iter().map(FailureRow::keyed).collect(),
    })
}

/// A user's figures beside what only coverage needs.
struct Person {
    figures: UserFigures,
    standing: Standing,
}

impl Person {
    fn judged<'a>(&'a self, scope: &Scope) -> Judged<'a> {
        Judged {
            user_id: &self.figures.user_id,
            user_principal_name: self.figures.user_principal_name.as_deref(),
            standing: self.standing,
            has_rows: self.figures.counts.total > 0,
            named: scope.users.contains(&self.figures.user_id),
        }
    }
}

/// All that the report is about: who has rows, who has been read, who is licensed, who was named.
/// The largest first; among equals by name.
fn everybody(
    scope: &Scope,
    records: Vec<PersonRow>,
    users: Vec<UserRow>,
    read: &Read,
) -> Vec<Person> {
    let mut counted: HashMap<String, UserRow> = users
        .into_iter()
        .map(|user| (user.user_id.clone(), user))
        .collect();
    let mut people = Vec::with_capacity(records.len());
    let mut recorded = std::collections::HashSet::new();
    for record in records {
        recorded.insert(record.user_id.clone());
        let counts = counted.remove(&record.user_id);
        let concerned = record.standing() == Standing::Readable
            || counts.is_some()
            || read.whole.contains_key(&record.user_id)
            || scope.users.contains(&record.user_id);
        if concerned {
            people.push(Person {
                standing: record.standing(),
                figures: figures(record, counts, read),
            });
        }
    }
    let unrecorded = read
        .whole
        .keys()
        .chain(read.failures.keys())
        .chain(&scope.users);
    let missing: Vec<String> = unrecorded
        .filter(|id| !counted.contains_key(*id) && !recorded.contains(*id))
        .cloned()
        .collect();
    for user_id in counted
        .keys()
        .cloned()
        .collect::<Vec<_>>()
        .into_iter()
        .chain(missing)
    {
        if recorded.insert(user_id.clone()) {
            let counts = counted.remove(&user_id);
            let record = PersonRow {
                user_id,
                ..PersonRow::default()
            };
            people.push(Person {
                standing: record.standing(),
                figures: figures(record, counts, read),
            });
        }
    }
    people.sort_unstable_by(|a, b| {
        let (a, b) = (&a.figures, &b.figures);
        let by_size = b.counts.total.cmp(&a.counts.total);
        by_size
            .then_with(|| a.name().cmp(b.name()))
            .then_with(|| a.user_id.cmp(&b.user_id))
    });
    people
}

fn figures(record: PersonRow, counts: Option<UserRow>, read: &Read) -> UserFigures {
    let read_until = read
        .whole
        .get(&record.user_id)
        .and_then(Spans::end_ms)
        .map(time);
    let counts = counts.unwrap_or_default();
    UserFigures {
        user_id: record.user_id,
        user_principal_name: record.user_principal_name,
        display_name: record.display_name,
        department: record.department,
        job_title: record.job_title,
        country: record.country,
        licensed: record.licensed,
        state: record.state,
        read_until,
        counts: counts.counts,
        first: counts.first_at.map(time),
        last: counts.last_at.map(time),
        days_active: counts.days_active,
        days_prompting: counts.days_prompting,
    }
}

fn departments(users: &[UserFigures]) -> Vec<DepartmentFigures> {
    let mut by_name: HashMap<Option<&str>, DepartmentFigures> = HashMap::new();
    for user in users {
        let name = user.department.as_deref().filter(|name| !name.is_empty());
        let department = by_name.entry(name).or_insert_with(|| DepartmentFigures {
            department: name.map(str::to_owned),
            users: 0,
            users_active: 0,
            counts: Counts::default(),
        });
        department.users += 1;
        department.users_active += u64::from(user.counts.total > 0);
        department.counts.add(&user.counts);
    }
    let mut departments: Vec<DepartmentFigures> = by_name.into_values().collect();
    departments.sort_unstable_by(|a, b| {
        b.counts
            .total
            .cmp(&a.counts.total)
            .then_with(|| a.department.cmp(&b.department))
    });
    departments
}

/// A time in a result: RFC 3339 text or UTC milliseconds, as UTC milliseconds.
fn time_ms<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    match Option::<Value>::deserialize(deserializer)? {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(ms)) => ms
            .as_i64()
            .map(Some)
            .ok_or_else(|| serde::de::Error::custom("a time that is not whole milliseconds")),
        Some(Value::String(text)) => parse_time_ms(&text)
            .map(Some)
            .map_err(serde::de::Error::custom),
        Some(other) => Err(serde::de::Error::custom(format!(
            "a time written as {other}"
        ))),
    }
}

fn parse_time_ms(text: &str) -> Result<i64, jiff::Error> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time.as_millisecond());
    }
    let civil: civil::DateTime = text.parse()?;
    Ok(civil.to_zoned(TimeZone::UTC)?.timestamp().as_millisecond())
}

#[derive(Deserialize)]
struct AppRow {
    #[serde(default)]
    app: String,
    #[serde(default)]
    app_class: String,
    #[serde(flatten)]
    counts: Counts,
    #[serde(default, deserialize_with = "time_ms")]
    first_at: Option<i64>,
    #[serde(default, deserialize_with = "time_ms")]
    last_at: Option<i64>,
}

impl AppRow {
    fn figures(self) -> AppFigures {
        AppFigures {
            app: self.app,
            app_class: self.app_class,
            counts: self.counts,
        }
    }
}

#[derive(Default, Deserialize)]
struct UserRow {
    user_id: String,
    #[serde(flatten)]
    counts: Counts,
    #[serde(default, deserialize_with = "time_ms")]
    first_at: Option<i64>,
    #[serde(default, deserialize_with = "time_ms")]
    last_at: Option<i64>,
    days_active: u64,
    days_prompting: u64,
}

#[derive(Deserialize)]
struct DayRow {
    #[serde(default, deserialize_with = "time_ms")]
    day_at: Option<i64>,
    #[serde(flatten)]
    counts: Counts,
    users: u64,
}

impl DayRow {
    fn figures(self) -> DayFigures {
        let day = time(self.day_at.unwrap_or(0))
            .to_zoned(TimeZone::UTC)
            .date();
        DayFigures {
            day,
            users: self.users,
            counts: self.counts,
        }
    }
}

#[derive(Deserialize)]
struct AnswersRow {
    #[serde(default)]
    answers: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PersonRow {
    user_id: String,
    user_principal_name: Option<String>,
    display_name: Option<String>,
    department: Option<String>,
    job_title: Option<String>,
    country: Option<String>,
    licensed: Option<bool>,
    state: Option<String>,
    #[serde(deserialize_with = "time_ms")]
    valid_from_at: Option<i64>,
}

impl PersonRow {
    fn standing(&self) -> Standing {
        if self.state.as_deref() == Some("left") {
            Standing::Left(self.valid_from_at)
        } else if self.licensed == Some(false) {
            Standing::NotLicensed(self.valid_from_at)
        } else {
            Standing::Readable
        }
    }
}

#[derive(Deserialize)]
struct SpanRow {
    user_id: String,
    from_ms: i64,
    to_ms: i64,
}

#[derive(Deserialize)]
struct AppSpanRow {
    user_id: String,
    from_ms: i64,
    to_ms: i64,
    apps: Value,
}

impl AppSpanRow {
    /// Whether each app asked for was among those read. The lake may give a list or one text with
    /// commas.
    fn covers(&self, asked: &[String]) -> bool {
        let read: Vec<&str> = match &self.apps {
            Value::Array(apps) => apps.iter().filter_map(Value::as_str).collect(),
            Value::String(apps) => apps.split(',').collect(),
            _ => return false,
        };
        let bare = |app: &str| app.trim().rsplit('.').next().unwrap_or("").to_lowercase();
        asked
            .iter()
            .all(|app| read.iter().any(|read| bare(read) == bare(app)))
    }
}

#[derive(Deserialize)]
struct FailureRow {
    user_id: String,
    #[serde(default)]
    from_ms: Option<i64>,
    #[serde(default)]
    to_ms: Option<i64>,
    #[serde(default)]
    error_code: Option<String>,
    #[serde(default)]
    error: Option<String>,
}

impl FailureRow {
    fn keyed(self) -> (String, Failure) {
        let span = self
            .from_ms
            .zip(self.to_ms)
            .and_then(|(from, to)| Span::new(from, to));
        (
            self.user_id,
            Failure {
                span,
                code: self.error_code,
                error: self.error,
            },
        )
    }
}
