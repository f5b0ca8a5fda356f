//! The history of people: a line in `users` for each change, with the time in which it held.

use std::collections::{HashMap, HashSet};

use datafusion::prelude::{col, lit};
use deltalake::arrow::array::{ArrayRef, RecordBatch};
use deltalake::arrow::error::ArrowError;

use crate::cells::{Cells, flags, numbers, texts, times};
use crate::error::LakeError;
use crate::history;
use crate::schema::TableName;
use crate::table::Table;

/// What the directory says of a user.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserRecord {
    /// The Entra object id.
    pub user_id: String,
    /// `userPrincipalName`.
    pub user_principal_name: Option<String>,
    /// `displayName`.
    pub display_name: Option<String>,
    /// `mail`.
    pub mail: Option<String>,
    /// `department`.
    pub department: Option<String>,
    /// `jobTitle`.
    pub job_title: Option<String>,
    /// `officeLocation`.
    pub office_location: Option<String>,
    /// `country`.
    pub country: Option<String>,
    /// `companyName`.
    pub company_name: Option<String>,
    /// The manager's object id.
    pub manager_id: Option<String>,
    /// `accountEnabled`.
    pub account_enabled: Option<bool>,
    /// `userType`: Member or Guest.
    pub user_type: Option<String>,
    /// `createdDateTime`, UTC milliseconds.
    pub created_at_ms: Option<i64>,
    /// Holds a license whose Copilot Chat service plan is on.
    pub licensed: bool,
}

/// Whether the directory still lists a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Present,
    Left,
}

impl State {
    fn as_str(self) -> &'static str {
        match self {
            State::Present => "present",
            State::Left => "left",
        }
    }
}

/// A user as the lake knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownUser {
    /// The newest record.
    pub record: UserRecord,
    /// False once the directory no longer lists them; their history is kept.
    pub present: bool,
    /// Since when the record holds, UTC milliseconds.
    pub valid_from_ms: i64,
}

impl KnownUser {
    fn state(&self) -> State {
        if self.present {
            State::Present
        } else {
            State::Left
        }
    }
}

/// What a comparison with the directory changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PeopleChanges {
    /// Users seen for the first time, or changed.
    pub changed: u64,
    /// Users that the directory no longer lists.
    pub left: u64,
}

/// The record of each user of a tenant that holds now.
pub(crate) async fn known(
    table: &Table,
    tenant_id: &str,
) -> Result<HashMap<String, KnownUser>, LakeError> {
    let schema = TableName::Users.schema();
    let columns: Vec<&str> = schema
        .fields()
        .iter()
        .map(|it| it.name().as_str())
        .collect();
    let batches = table
        .scan(&columns)
        .filter(col("tenant_id").eq(lit(tenant_id)))
        .filter(col("valid_to").is_null())
        .collect()
        .await?;
    Ok(batches
        .iter()
        .flat_map(lines)
        .map(|user| (user.record.user_id.clone(), user))
        .collect())
}

/// The lines of a batch with the columns of `users`.
fn lines(batch: &RecordBatch) -> impl Iterator<Item = KnownUser> {
    let cells = Cells { batch };
    let user_id = cells.text("user_id");
    let user_principal_name = cells.text("user_principal_name");
    let display_name = cells.text("display_name");
    let mail = cells.text("mail");
    let department = cells.text("department");
    let job_title = cells.text("job_title");
    let office_location = cells.text("office_location");
    let country = cells.text("country");
    let company_name = cells.text("company_name");
    let manager_id = cells.text("manager_id");
    let account_enabled = cells.flag("account_enabled");
    let user_type = cells.text("user_type");
    let created_at_ms = cells.time_ms("created_at");
    let licensed = cells.flag("licensed");
    let state = cells.text("state");
    let valid_from_ms = cells.time_ms("valid_from");
    (0..batch.num_rows()).map(move |at| KnownUser {
        record: UserRecord {
            user_id: user_id(at).unwrap_or_default(),
            user_principal_name: user_principal_name(at),
            display_name: display_name(at),
            mail: mail(at),
            department: department(at),
            job_title: job_title(at),
            office_location: office_location(at),
            country: country(at),
            company_name: company_name(at),
            manager_id: manager_id(at),
            account_enabled: account_enabled(at),
            user_type: user_type(at),
            created_at_ms: created_at_ms(at),
            licensed: licensed(at).unwrap_or(false),
        },
        present: state(at).as_deref() != Some(State::Left.as_str()),
        valid_from_ms: valid_from_ms(at).unwrap_or(0),
    })
}

/// One line of the table.
struct Line<'a> {
    record: &'a UserRecord,
    state: State,
    valid_from_ms: i64,
    valid_to_ms: Option<i64>,
}

/// Keeps what has changed since the last comparison. `whole` says that `listed` is the whole
/// directory, so that who is missing has left.
pub(crate) async fn keep(
    table: &mut Table,
    tenant_id: &str,
    run_id: &str,
    now_ms: i64,
    listed: &[UserRecord],
    whole: bool,
) -> Result<PeopleChanges, LakeError> {
    let known = known(table, tenant_id).await?;
    let is_new = |record: &UserRecord| {
        let known = known.get(&record.user_id);
        known.is_none_or(|user| !user.present || user.record != *record)
    };
    let mut changes: Vec<(&UserRecord, State)> = listed
        .iter()
        .filter(|record| is_new(record))
        .map(|record| (record, State::Present))
        .collect();
    let changed = changes.len() as u64;
    if whole {
        let ids: HashSet<&str> = listed
            .iter()
            .map(|record| record.user_id.as_str())
            .collect();
        let gone = known
            .values()
            .filter(|user| user.present && !ids.contains(user.record.user_id.as_str()));
        changes.extend(gone.map(|user| (&user.record, State::Left)));
    }
    let left = changes.len() as u64 - changed;
    let mut lines = Vec::with_capacity(changes.len());
    let mut ended = Vec::new();
    for (record, state) in changes {
        let before = known.get(&record.user_id);
        let valid_from_ms = history::begin_ms(now_ms, before.map(|user| user.valid_from_ms));
        if let Some(before) = before {
            ended.push(Line {
                record: &before.record,
                state: before.state(),
                valid_from_ms: before.valid_from_ms,
                valid_to_ms: Some(valid_from_ms),
            });
        }
        lines.push(Line {
            record,
            state,
            valid_from_ms,
            valid_to_ms: None,
        });
    }
    let batch = |lines: &[Line<'_>]| {
        batch(lines, tenant_id, run_id).map_err(|error| table.error(error.into()))
    };
    let (ended, begun) = (batch(&ended)?, batch(&lines)?);
    let key = ["tenant_id", "user_id", "valid_from"];
    history::keep(table, &key, ended, begun).await?;
    Ok(PeopleChanges { changed, left })
}

fn batch(lines: &[Line<'_>], tenant_id: &str, run_id: &str) -> Result<RecordBatch, ArrowError> {
    let same = |text: &str| texts(lines.iter().map(|_| Some(text)));
    let text = |field: fn(&UserRecord) -> &Option<String>| -> ArrayRef {
        texts(lines.iter().map(|line| field(line.record).as_deref()))
    };
    let user_key = |line: &Line<'_>| hobbs_verdict::user_key(tenant_id, &line.record.user_id);
    let columns: Vec<ArrayRef> = vec![
        same(tenant_id),
        texts(lines.iter().map(|line| Some(line.record.user_id.as_str()))),
        numbers(lines.iter().map(|line| Some(user_key(line)))),
        text(|record| &record.user_principal_name),
        text(|record| &record.display_name),
        text(|record| &record.mail),
        text(|record| &record.department),
        text(|record| &record.job_title),
        text(|record| &record.office_location),
        text(|record| &record.country),
        text(|record| &record.company_name),
        text(|record| &record.manager_id),
        flags(lines.iter().map(|line| line.record.account_enabled)),
        text(|record| &record.user_type),
        times(lines.iter().map(|line| line.record.created_at_ms)),
        // Who has left holds no license, whatever the last record said.
        flags(
            lines
                .iter()
                .map(|line| Some(line.record.licensed && line.state == State::Present)),
        ),
        texts(lines.iter().map(|line| Some(line.state.as_str()))),
        same(run_id),
        times(lines.iter().map(|line| Some(line.valid_from_ms))),
        times(lines.iter().map(|line| line.valid_to_ms)),
    ];
    RecordBatch::try_new(TableName::Users.schema(), columns)
}
