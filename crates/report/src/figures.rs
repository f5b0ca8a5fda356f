//! From a source to a [`Summary`]: small queries, grouped where the data lies.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

use crate::answers::{
    AnswersRow, AppRow, AppSpanRow, DayRow, FailureRow, PersonRow, SpanRow, UserRow,
};
use crate::coverage::{Coverage, Judged, Read, Standing, printed, time};
use crate::licenses::{self, Licenses};
use crate::metrics;
use crate::query::{query, select};
use crate::reconcile::{self, Answer, Reconciliation};
use crate::scope::Scope;
use crate::source::{Source, SourceError};
use crate::spans::{Span, Spans};
use crate::summary::{
    Counts, DepartmentFigures, MarkFigures, Rows, Summary, UserFigures, VERSION, Window,
};

/// The figures of `scope`, as of `now`.
///
/// Costs a handful of scans over the columns needed; memory grows with the users, apps and days,
/// not with the interactions.
pub async fn summarize(
    source: &dyn Source,
    scope: &Scope,
    now: Timestamp,
) -> Result<Summary, SourceError> {
    summarize_with(source, scope, &licenses::Query::default(), now).await
}

/// The same, with what licenses cost and who is on leave; the tenant is that of `scope`.
///
/// # Errors
/// The source's.
pub async fn summarize_with(
    source: &dyn Source,
    scope: &Scope,
    terms: &licenses::Query,
    now: Timestamp,
) -> Result<Summary, SourceError> {
    let read = what_was_read(source, scope).await?;
    let window_ms = read.window(scope.from_ms, scope.to_ms, now.as_millisecond());

    let apps: Vec<AppRow> = select(source, scope, query!("apps.sql")).await?;
    let users: Vec<UserRow> = select(source, scope, query!("users.sql")).await?;
    let days: Vec<DayRow> = select(source, scope, query!("days.sql")).await?;
    let marks: Vec<MarkFigures> = select(source, scope, query!("marks.sql")).await?;
    let people: Vec<PersonRow> = select(source, scope, query!("people.sql")).await?;

    let mut counts = Counts::default();
    for app in &apps {
        counts.add(&app.counts);
    }
    let verdicts = metrics::figures(source, scope, window_ms).await?;
    // The exchanges know it for little; out of the interactions themselves it takes hundreds of
    // megabytes for a million rows.
    let answers: Vec<AnswersRow> = match verdicts {
        Some(_) => select(source, scope, query!("answers_of_exchanges.sql")).await?,
        None => select(source, scope, query!("answers.sql")).await?,
    };
    let rows = Rows {
        counts,
        responses_to_prompts: answers.first().and_then(|row| row.answers).unwrap_or(0),
        users: users.len() as u64,
        first: apps.iter().filter_map(|app| app.first_at).min().map(time),
        last: apps.iter().filter_map(|app| app.last_at).max().map(time),
    };
    let people = everybody(scope, people, users, &read);
    let coverage = judged(&read, window_ms, &people, scope);
    let users: Vec<UserFigures> = people.into_iter().map(|person| person.figures).collect();

    Ok(Summary {
        version: VERSION,
        generated_at: now,
        tenant_id: scope.tenant_id.clone(),
        window: printed(window_ms),
        apps_asked: scope.apps.clone(),
        coverage,
        verdicts,
        rows,
        apps: apps.into_iter().map(AppRow::figures).collect(),
        departments: departments(&users),
        users,
        days: days.into_iter().map(DayRow::figures).collect(),
        marks,
        reconciliation: reconciliation(source, scope, now).await?,
        licenses: license_figures(source, scope, terms, now).await?,
    })
}

/// What a report of `scope` covers, for whoever takes the rows alone.
///
/// # Errors
/// The source's.
pub async fn coverage(
    source: &dyn Source,
    scope: &Scope,
    now: Timestamp,
) -> Result<(Coverage, Window), SourceError> {
    let read = what_was_read(source, scope).await?;
    let window_ms = read.window(scope.from_ms, scope.to_ms, now.as_millisecond());
    let users: Vec<UserRow> = select(source, scope, query!("users.sql")).await?;
    let people: Vec<PersonRow> = select(source, scope, query!("people.sql")).await?;
    let people = everybody(scope, people, users, &read);
    Ok((judged(&read, window_ms, &people, scope), printed(window_ms)))
}

fn judged(read: &Read, window_ms: (i64, i64), people: &[Person], scope: &Scope) -> Coverage {
    read.judge(window_ms, people.iter().map(|person| person.judged(scope)))
}

/// Microsoft's report beside the interactions of the users in scope.
async fn reconciliation(
    source: &dyn Source,
    scope: &Scope,
    now: Timestamp,
) -> Result<Answer<Reconciliation>, SourceError> {
    let query = reconcile::Query {
        tenant_id: scope.tenant_id.clone(),
        users: scope.users.clone(),
        ..reconcile::Query::default()
    };
    reconcile::reconcile(source, &query, now).await
}

/// The licenses of the tenant; not told where the report is about single users.
async fn license_figures(
    source: &dyn Source,
    scope: &Scope,
    terms: &licenses::Query,
    now: Timestamp,
) -> Result<Answer<Licenses>, SourceError> {
    if !scope.users.is_empty() {
        return Ok(Answer::missing(
            "A report about single users tells nothing of the tenant's licenses: see `hobbs licenses`.",
        ));
    }
    let query = licenses::Query {
        tenant_id: scope.tenant_id.clone(),
        ..terms.clone()
    };
    licenses::licenses(source, &query, now).await
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
