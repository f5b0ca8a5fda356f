//! The history of people and licenses: one line in `users` for each change, one in `licenses` for
//! each SKU and sync.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use datafusion::prelude::{col, lit};
use deltalake::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use deltalake::arrow::datatypes::TimestampMicrosecondType;

use crate::error::LakeError;
use crate::rows::micros;
use crate::schema::TableName;
use crate::table::{Carried, Table};

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
}

/// A subscription of the tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LicenseRecord {
    /// `skuId`.
    pub sku_id: String,
    /// `skuPartNumber`.
    pub sku_part_number: Option<String>,
    /// Holds the service plan Microsoft 365 Copilot Chat.
    pub has_copilot_chat: bool,
    /// `prepaidUnits.enabled`.
    pub enabled: i64,
    /// `prepaidUnits.suspended`.
    pub suspended: i64,
    /// `prepaidUnits.warning`.
    pub warning: i64,
    /// `prepaidUnits.lockedOut`.
    pub locked_out: i64,
    /// `consumedUnits`.
    pub consumed: i64,
}

/// What a comparison with the directory changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PeopleChanges {
    /// Users seen for the first time, or changed.
    pub changed: u64,
    /// Users that the directory no longer lists.
    pub left: u64,
}

/// The newest record of each user of a tenant.
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
        .collect()
        .await?;
    let mut newest: HashMap<String, (i64, KnownUser)> = HashMap::new();
    for batch in &batches {
        for (valid_from, user) in lines(batch) {
            match newest.get(&user.record.user_id) {
                Some((other, _)) if *other > valid_from => {}
                _ => drop(newest.insert(user.record.user_id.clone(), (valid_from, user))),
            }
        }
    }
    Ok(newest
        .into_iter()
        .map(|(id, (_, user))| (id, user))
        .collect())
}

/// The lines of a batch with the columns of `users`, each with its `valid_from` in microseconds.
fn lines(batch: &RecordBatch) -> impl Iterator<Item = (i64, KnownUser)> {
    let column = |name: &str| {
        TableName::Users
            .schema()
            .index_of(name)
            .map(|at| batch.column(at).clone())
            .ok()
    };
    let texts = move |name: &'static str| {
        let column = column(name);
        move |at: usize| {
            let cells = column.as_ref()?.as_string_opt::<i32>()?;
            cells.is_valid(at).then(|| cells.value(at).to_owned())
        }
    };
    let flags = move |name: &'static str| {
        let column = column(name);
        move |at: usize| {
            let cells = column.as_ref()?.as_boolean_opt()?;
            cells.is_valid(at).then(|| cells.value(at))
        }
    };
    let user_id = texts("user_id");
    let user_principal_name = texts("user_principal_name");
    let display_name = texts("display_name");
    let mail = texts("mail");
    let department = texts("department");
    let job_title = texts("job_title");
    let office_location = texts("office_location");
    let country = texts("country");
    let company_name = texts("company_name");
    let manager_id = texts("manager_id");
    let account_enabled = flags("account_enabled");
    let user_type = texts("user_type");
    let licensed = flags("licensed");
    let state = texts("state");
    let valid_from = column("valid_from");
    (0..batch.num_rows()).map(move |at| {
        let record = UserRecord {
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
            licensed: licensed(at).unwrap_or(false),
        };
        let since = valid_from
            .as_ref()
            .and_then(|column| column.as_primitive_opt::<TimestampMicrosecondType>())
            .map_or(0, |cells| cells.value(at));
        (
            since,
            KnownUser {
                record,
                present: state(at).as_deref() != Some(State::Left.as_str()),
            },
        )
    })
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
    let mut lines: Vec<(&UserRecord, State)> = listed
        .iter()
        .filter(|record| {
            known
                .get(&record.user_id)
                .is_none_or(|user| !user.present || user.record != **record)
        })
        .map(|record| (record, State::Present))
        .collect();
    let changed = lines.len() as u64;
    if whole {
        let ids: HashSet<&str> = listed
            .iter()
            .map(|record| record.user_id.as_str())
            .collect();
        let gone = known
            .values()
            .filter(|user| user.present && !ids.contains(user.record.user_id.as_str()));
        lines.extend(gone.map(|user| (&user.record, State::Left)));
    }
    let left = lines.len() as u64 - changed;
    if !lines.is_empty() {
        let batch =
            users(&lines, tenant_id, run_id, now_ms).map_err(|error| table.error(error.into()))?;
        table.append(batch, Carried::default()).await?;
    }
    Ok(PeopleChanges { changed, left })
}

fn users(
    lines: &[(&UserRecord, State)],
    tenant_id: &str,
    run_id: &str,
    now_ms: i64,
) -> Result<RecordBatch, deltalake::arrow::error::ArrowError> {
    let same = |text: &str| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(lines.iter().map(|_| text)))
    };
    let text = |field: fn(&UserRecord) -> &Option<String>| -> ArrayRef {
        Arc::new(
            lines
                .iter()
                .map(|(record, _)| field(record).as_deref())
                .collect::<StringArray>(),
        )
    };
    let columns: Vec<ArrayRef> = vec![
        same(tenant_id),
        Arc::new(StringArray::from_iter_values(
            lines.iter().map(|(record, _)| &record.user_id),
        )),
        Arc::new(Int64Array::from_iter_values(lines.iter().map(
            |(record, _)| hobbs_verdict::user_key(tenant_id, &record.user_id),
        ))),
        text(|record| &record.user_principal_name),
        text(|record| &record.display_name),
        text(|record| &record.mail),
        text(|record| &record.department),
        text(|record| &record.job_title),
        text(|record| &record.office_location),
        text(|record| &record.country),
        text(|record| &record.company_name),
        text(|record| &record.manager_id),
        Arc::new(
            lines
                .iter()
                .map(|(record, _)| record.account_enabled)
                .collect::<BooleanArray>(),
        ),
        text(|record| &record.user_type),
        // Who has left holds no license, whatever the last record said.
        Arc::new(
            lines
                .iter()
                .map(|(record, state)| Some(record.licensed && *state == State::Present))
                .collect::<BooleanArray>(),
        ),
        Arc::new(StringArray::from_iter_values(
            lines.iter().map(|(_, state)| state.as_str()),
        )),
        same(run_id),
        Arc::new(
            TimestampMicrosecondArray::from_iter_values(lines.iter().map(|_| micros(now_ms)))
                .with_timezone("UTC"),
        ),
    ];
    RecordBatch::try_new(TableName::Users.schema(), columns)
}

/// Keeps one line for each subscription.
pub(crate) async fn keep_licenses(
    table: &mut Table,
    tenant_id: &str,
    run_id: &str,
    now_ms: i64,
    licenses: &[LicenseRecord],
) -> Result<(), LakeError> {
    if licenses.is_empty() {
        return Ok(());
    }
    let same = |text: &str| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(licenses.iter().map(|_| text)))
    };
    let number = |field: fn(&LicenseRecord) -> i64| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(licenses.iter().map(field)))
    };
    let columns: Vec<ArrayRef> = vec![
        same(tenant_id),
        same(run_id),
        Arc::new(
            TimestampMicrosecondArray::from_iter_values(licenses.iter().map(|_| micros(now_ms)))
                .with_timezone("UTC"),
        ),
        Arc::new(StringArray::from_iter_values(
            licenses.iter().map(|license| &license.sku_id),
        )),
        Arc::new(
            licenses
                .iter()
                .map(|license| license.sku_part_number.as_deref())
                .collect::<StringArray>(),
        ),
        Arc::new(
            licenses
                .iter()
                .map(|license| Some(license.has_copilot_chat))
                .collect::<BooleanArray>(),
        ),
        number(|license| license.enabled),
        number(|license| license.suspended),
        number(|license| license.warning),
        number(|license| license.locked_out),
        number(|license| license.consumed),
    ];
    let batch = RecordBatch::try_new(TableName::Licenses.schema(), columns)
        .map_err(|error| table.error(error.into()))?;
    table.append(batch, Carried::default()).await
}
