//! From a source to a [`Summary`]: nine small queries at most, grouped where the data lies.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::answers::{
    AnswersRow, AppRow, AppSpanRow, DayRow, FailureRow, PersonRow, SpanRow, UserRow,
};
use crate::coverage::{Judged, Read, Standing, printed, time};
use crate::scope::Scope;
use crate::source::{Source, SourceError};
use crate::spans::{Span, Spans};
use crate::summary::{Counts, DepartmentFigures, MarkFigures, Rows, Summary, UserFigures, VERSION};

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
        verdicts: None,
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
    let records = with_unrecorded(scope, records, &counted, read);
    let mut people = Vec::with_capacity(records.len());
    for record in records {
        let counts = counted.remove(&record.user_id);
        let standing = record.standing();
        let concerned = standing == Standing::Readable
            || counts.is_some()
            || read.whole.contains_key(&record.user_id)
            || scope.users.contains(&record.user_id);
        if concerned {
            let figures = figures(record, counts, read);
            people.push(Person { figures, standing });
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

/// The records, and an empty one for each user who has none: known by rows that were imported, by a
/// reading, or by name.
fn with_unrecorded(
    scope: &Scope,
    mut records: Vec<PersonRow>,
    counted: &HashMap<String, UserRow>,
    read: &Read,
) -> Vec<PersonRow> {
    let mut unrecorded: BTreeSet<&String> = counted
        .keys()
        .chain(read.whole.keys())
        .chain(read.failures.keys())
        .chain(&scope.users)
        .collect();
    for record in &records {
        unrecorded.remove(&record.user_id);
    }
    records.extend(unrecorded.into_iter().map(|user_id| PersonRow {
        user_id: user_id.clone(),
        ..PersonRow::default()
    }));
    records
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
