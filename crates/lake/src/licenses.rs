//! Licenses: a line in `licenses` for each subscription and sync, and in `license_assignments` the
//! history of who held which.

use std::collections::{BTreeSet, HashMap, HashSet};

use datafusion::prelude::{col, lit};
use deltalake::arrow::array::{ArrayRef, RecordBatch};
use deltalake::arrow::error::ArrowError;

use crate::cells::{Cells, flags, numbers, texts, times};
use crate::error::LakeError;
use crate::history;
use crate::schema::TableName;
use crate::table::{Carried, Table};

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
    /// `servicePlans[].servicePlanId`.
    pub service_plan_ids: Vec<String>,
}

/// How a user holds a license.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AssignmentStatus {
    /// The Copilot Chat plan works.
    Enabled,
    /// It works, and will not for long: the subscription has ended.
    Warning,
    /// It does not work: the subscription has ended.
    Suspended,
    /// The plan is switched off for this user.
    Disabled,
    /// The license was taken away.
    Removed,
}

impl AssignmentStatus {
    /// Every status.
    pub const ALL: [Self; 5] = [
        Self::Enabled,
        Self::Warning,
        Self::Suspended,
        Self::Disabled,
        Self::Removed,
    ];

    /// As the table writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Warning => "warning",
            Self::Suspended => "suspended",
            Self::Disabled => "disabled",
            Self::Removed => "removed",
        }
    }

    /// Whether the history of such a user can be read.
    pub fn is_licensed(self) -> bool {
        matches!(self, Self::Enabled | Self::Warning)
    }

    fn read(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// A license with Copilot that a user holds, or held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The Entra object id.
    pub user_id: String,
    /// The SKU.
    pub sku_id: String,
    /// How.
    pub status: AssignmentStatus,
    /// `assignedDateTime` of the Copilot Chat plan, UTC milliseconds.
    pub assigned_at_ms: Option<i64>,
}

/// What a comparison with the directory changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AssignmentChanges {
    /// Licenses given, or held in another way than before.
    pub changed: u64,
    /// Licenses taken away.
    pub removed: u64,
}

/// Keeps one line for each subscription.
pub(crate) async fn keep(
    table: &mut Table,
    tenant_id: &str,
    run_id: &str,
    now_ms: i64,
    licenses: &[LicenseRecord],
) -> Result<(), LakeError> {
    if licenses.is_empty() {
        return Ok(());
    }
    let same = |text: &str| texts(licenses.iter().map(|_| Some(text)));
    let number = |field: fn(&LicenseRecord) -> i64| -> ArrayRef {
        numbers(licenses.iter().map(|license| Some(field(license))))
    };
    let plans: Vec<String> = licenses
        .iter()
        .map(|license| license.service_plan_ids.join(","))
        .collect();
    let columns: Vec<ArrayRef> = vec![
        same(tenant_id),
        same(run_id),
        times(licenses.iter().map(|_| Some(now_ms))),
        texts(licenses.iter().map(|license| Some(license.sku_id.as_str()))),
        texts(
            licenses
                .iter()
                .map(|license| license.sku_part_number.as_deref()),
        ),
        flags(
            licenses
                .iter()
                .map(|license| Some(license.has_copilot_chat)),
        ),
        number(|license| license.enabled),
        number(|license| license.suspended),
        number(|license| license.warning),
        number(|license| license.locked_out),
        number(|license| license.consumed),
        texts(plans.iter().map(|plans| Some(plans.as_str()))),
    ];
    let batch = RecordBatch::try_new(TableName::Licenses.schema(), columns)
        .map_err(|error| table.error(error.into()))?;
    table.append(batch, Carried::default()).await
}

/// The SKUs with Copilot that a tenant has or had.
pub(crate) async fn copilot_skus(
    table: &Table,
    tenant_id: &str,
) -> Result<BTreeSet<String>, LakeError> {
    let batches = table
        .scan(&["sku_id"])
        .filter(col("tenant_id").eq(lit(tenant_id)))
        .filter(col("has_copilot_chat").is_true())
        .collect()
        .await?;
    let skus = batches.iter().flat_map(|batch| {
        let sku_id = Cells { batch }.text("sku_id");
        (0..batch.num_rows()).filter_map(sku_id)
    });
    Ok(skus.collect())
}

/// An assignment that holds now, and since when, UTC milliseconds.
struct Held {
    assignment: Assignment,
    valid_from_ms: i64,
}

async fn held(table: &Table, tenant_id: &str) -> Result<Vec<Held>, LakeError> {
    let columns = ["user_id", "sku_id", "status", "assigned_at", "valid_from"];
    let batches = table
        .scan(&columns)
        .filter(col("tenant_id").eq(lit(tenant_id)))
        .filter(col("valid_to").is_null())
        .collect()
        .await?;
    Ok(batches.iter().flat_map(lines).collect())
}

fn lines(batch: &RecordBatch) -> impl Iterator<Item = Held> {
    let cells = Cells { batch };
    let (user_id, sku_id) = (cells.text("user_id"), cells.text("sku_id"));
    let (status, assigned_at_ms) = (cells.text("status"), cells.time_ms("assigned_at"));
    let valid_from_ms = cells.time_ms("valid_from");
    (0..batch.num_rows()).map(move |at| Held {
        assignment: Assignment {
            user_id: user_id(at).unwrap_or_default(),
            sku_id: sku_id(at).unwrap_or_default(),
            status: status(at)
                .and_then(|text| AssignmentStatus::read(&text))
                .unwrap_or(AssignmentStatus::Removed),
            assigned_at_ms: assigned_at_ms(at),
        },
        valid_from_ms: valid_from_ms(at).unwrap_or(0),
    })
}

/// The licenses that users hold now, by user; those taken away are not among them.
pub(crate) async fn assigned(
    table: &Table,
    tenant_id: &str,
) -> Result<HashMap<String, Vec<Assignment>>, LakeError> {
    let mut by_user: HashMap<String, Vec<Assignment>> = HashMap::new();
    for held in held(table, tenant_id).await? {
        if held.assignment.status != AssignmentStatus::Removed {
            let of_user = by_user.entry(held.assignment.user_id.clone()).or_default();
            of_user.push(held.assignment);
        }
    }
    Ok(by_user)
}

/// One line of the table.
struct Line<'a> {
    assignment: &'a Assignment,
    status: AssignmentStatus,
    valid_from_ms: i64,
    valid_to_ms: Option<i64>,
}

/// Keeps what has changed since the last comparison. `listed` has all that the users in `of_users`
/// hold now; what they held and do not hold any more was taken away. `of_users` None says that the
/// whole directory was looked at.
pub(crate) async fn keep_assignments(
    table: &mut Table,
    tenant_id: &str,
    run_id: &str,
    now_ms: i64,
    listed: &[Assignment],
    of_users: Option<&HashSet<String>>,
) -> Result<AssignmentChanges, LakeError> {
    let held = held(table, tenant_id).await?;
    let key = |assignment: &Assignment| (assignment.user_id.clone(), assignment.sku_id.clone());
    let by_key: HashMap<_, &Held> = held.iter().map(|it| (key(&it.assignment), it)).collect();
    let listed_keys: HashSet<_> = listed.iter().map(key).collect();
    let given = listed
        .iter()
        .map(|assignment| (assignment, assignment.status, by_key.get(&key(assignment))))
        .filter(|(assignment, _, before)| before.is_none_or(|it| it.assignment != **assignment));
    let is_gone = |it: &Held| {
        it.assignment.status != AssignmentStatus::Removed
            && of_users.is_none_or(|users| users.contains(&it.assignment.user_id))
            && !listed_keys.contains(&key(&it.assignment))
    };
    let gone: Vec<&Held> = held.iter().filter(|it| is_gone(it)).collect();
    let taken = gone
        .iter()
        .map(|it| (&it.assignment, AssignmentStatus::Removed, Some(it)));
    let (mut ended, mut begun) = (Vec::new(), Vec::new());
    for (assignment, status, before) in given.chain(taken) {
        let valid_from_ms = history::begin_ms(now_ms, before.map(|it| it.valid_from_ms));
        if let Some(before) = before {
            ended.push(Line {
                assignment: &before.assignment,
                status: before.assignment.status,
                valid_from_ms: before.valid_from_ms,
                valid_to_ms: Some(valid_from_ms),
            });
        }
        begun.push(Line {
            assignment,
            status,
            valid_from_ms,
            valid_to_ms: None,
        });
    }
    let changes = AssignmentChanges {
        changed: (begun.len() - gone.len()) as u64,
        removed: gone.len() as u64,
    };
    let batch = |lines: &[Line<'_>]| {
        batch(lines, tenant_id, run_id).map_err(|error| table.error(error.into()))
    };
    let (ended, begun) = (batch(&ended)?, batch(&begun)?);
    let key = ["tenant_id", "user_id", "sku_id", "valid_from"];
    history::keep(table, &key, ended, begun).await?;
    Ok(changes)
}

fn batch(lines: &[Line<'_>], tenant_id: &str, run_id: &str) -> Result<RecordBatch, ArrowError> {
    let same = |text: &str| texts(lines.iter().map(|_| Some(text)));
    let columns: Vec<ArrayRef> = vec![
        same(tenant_id),
        texts(
            lines
                .iter()
                .map(|line| Some(line.assignment.user_id.as_str())),
        ),
        texts(
            lines
                .iter()
                .map(|line| Some(line.assignment.sku_id.as_str())),
        ),
        flags(lines.iter().map(|line| Some(line.status.is_licensed()))),
        texts(lines.iter().map(|line| Some(line.status.as_str()))),
        times(lines.iter().map(|line| line.assignment.assigned_at_ms)),
        same(run_id),
        times(lines.iter().map(|line| Some(line.valid_from_ms))),
        times(lines.iter().map(|line| line.valid_to_ms)),
    ];
    RecordBatch::try_new(TableName::LicenseAssignments.schema(), columns)
}
