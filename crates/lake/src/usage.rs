//! Microsoft's usage reports, one snapshot for each date on which they were refreshed.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use datafusion::prelude::{Expr, col, lit};
use deltalake::arrow::array::{ArrayRef, Float64Array, Int32Array, RecordBatch};
use futures::TryStreamExt;

use crate::cells::{Cells, days, flags, numbers, texts, times};
use crate::error::LakeError;
use crate::schema::TableName;
use crate::table::{Carried, Table};

/// A day, as days since 1970-01-01 (UTC).
pub type DayNumber = i32;

/// A column of the user detail that holds a last activity date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each is named as Microsoft names it")]
pub enum UsageColumn {
    LastActivity,
    CopilotChat,
    MicrosoftTeams,
    Word,
    Excel,
    PowerPoint,
    Outlook,
    OneNote,
    Loop,
    CopilotChatWork,
    CopilotChatWeb,
    Microsoft365Copilot,
    Edge,
    CopilotAgent,
}

impl UsageColumn {
    /// Every column, in the order of the table.
    pub const ALL: [Self; 14] = [
        Self::LastActivity,
        Self::CopilotChat,
        Self::MicrosoftTeams,
        Self::Word,
        Self::Excel,
        Self::PowerPoint,
        Self::Outlook,
        Self::OneNote,
        Self::Loop,
        Self::CopilotChatWork,
        Self::CopilotChatWeb,
        Self::Microsoft365Copilot,
        Self::Edge,
        Self::CopilotAgent,
    ];

    /// The column of `usage_reports`.
    pub fn name(self) -> &'static str {
        match self {
            Self::LastActivity => "last_activity_date",
            Self::CopilotChat => "copilot_chat_last_activity_date",
            Self::MicrosoftTeams => "microsoft_teams_copilot_last_activity_date",
            Self::Word => "word_copilot_last_activity_date",
            Self::Excel => "excel_copilot_last_activity_date",
            Self::PowerPoint => "powerpoint_copilot_last_activity_date",
            Self::Outlook => "outlook_copilot_last_activity_date",
            Self::OneNote => "onenote_copilot_last_activity_date",
            Self::Loop => "loop_copilot_last_activity_date",
            Self::CopilotChatWork => "copilot_chat_work_last_activity_date",
            Self::CopilotChatWeb => "copilot_chat_web_last_activity_date",
            Self::Microsoft365Copilot => "microsoft_365_copilot_last_activity_date",
            Self::Edge => "edge_last_activity_date",
            Self::CopilotAgent => "copilot_agent_last_activity_date",
        }
    }
}

/// Which report this is: one snapshot of it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UsageSnapshot {
    /// `Report Refresh Date`: complete up to the end of this day.
    pub refreshed: DayNumber,
    /// `Report Period`, in days.
    pub period_days: i32,
    /// `v1` or `v2`.
    pub version: &'static str,
}

/// How a user detail names users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// By their names.
    Shown,
    /// By hashes in place of them.
    Concealed,
}

/// What the user detail says of one user.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct UsageLine {
    /// The Entra object id, where the name is that of a user of the directory.
    pub user_id: Option<String>,
    /// `User Principal Name`; a hash where names are concealed.
    pub user_principal_name: String,
    /// `Display Name`; a hash where names are concealed.
    pub display_name: Option<String>,
    /// Whether names are concealed.
    pub concealed: bool,
    /// The last activity dates, in the order of [`UsageColumn::ALL`].
    pub dates: [Option<DayNumber>; 14],
    /// `Prompts submitted for all apps`.
    pub prompts_submitted: Option<i64>,
    /// `Prompts submitted for Copilot Chat (work)`.
    pub prompts_submitted_copilot_chat_work: Option<i64>,
    /// `Prompts submitted for Copilot Chat (web)`.
    pub prompts_submitted_copilot_chat_web: Option<i64>,
    /// `Active Usage Days for all apps`.
    pub active_usage_days: Option<i64>,
    /// Columns that hobbs does not know, as a JSON object.
    pub other_columns: Option<String>,
}

/// How many users an app had, in a period or on a day.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct UsageCount {
    /// As the report names it; `Any App` for all.
    pub app: String,
    /// Who could have used it.
    pub enabled_users: Option<i64>,
    /// Who did.
    pub active_users: Option<i64>,
    /// `Prompts submitted`, of all apps.
    pub prompts_submitted: Option<i64>,
    /// `Average prompts submitted`, of all apps.
    pub average_prompts: Option<f64>,
}

/// Days of the newest reports of a lake, among which that of a tenant is looked for first.
const RECENT_DAYS: i32 = 7;

/// When the newest report of a tenant was refreshed. A large tenant has a million lines a day of them, so that
/// those of years are looked at only where none of the last days is.
async fn newest_refresh(table: &Table, tenant_id: &str) -> Result<Option<DayNumber>, LakeError> {
    let newest_of_all = table
        .statistics()?
        .iter()
        .filter_map(|file| day_of_text(file.greatest("report_refresh_date")?))
        .max();
    let recent = newest_of_all.map(|day| day.saturating_sub(RECENT_DAYS));
    for since in recent.map(Some).into_iter().chain([None]) {
        let mut dates = table
            .scan(&["report_refresh_date"])
            .filter(col("tenant_id").eq(lit(tenant_id)));
        if let Some(since) = since {
            dates = dates.filter(col("report_refresh_date").gt_eq(date_literal(since)));
        }
        let mut newest = None;
        let mut stream = dates.stream().await?;
        while let Some(batch) = stream.try_next().await.map_err(LakeError::query)? {
            let cells = Cells { batch: &batch };
            let refreshed = cells.day("report_refresh_date");
            newest = newest.max((0..batch.num_rows()).filter_map(refreshed).max());
        }
        if newest.is_some() {
            return Ok(newest);
        }
    }
    Ok(None)
}

/// A date as the log writes it.
fn day_of_text(text: &str) -> Option<DayNumber> {
    let date: jiff::civil::Date = text.parse().ok()?;
    let since = date.since(jiff::civil::Date::constant(1970, 1, 1)).ok()?;
    Some(since.get_days())
}

/// What the newest report says of when users were last active.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastActivity {
    /// The report is complete up to the end of this day.
    pub refreshed: DayNumber,
    /// The last activity date of each user in it, by object id; None where there was never any.
    pub by_user: HashMap<String, Option<DayNumber>>,
}

/// Whose report, by which run, and when it was fetched (UTC milliseconds).
pub(crate) struct Fetched<'a> {
    pub(crate) tenant_id: &'a str,
    pub(crate) run_id: &'a str,
    pub(crate) at_ms: i64,
}

/// Keeps the user detail of one snapshot, in one commit; gives the rows written, 0 where it was kept
/// before.
pub(crate) async fn keep_report(
    table: &mut Table,
    fetched: &Fetched<'_>,
    snapshot: &UsageSnapshot,
    lines: &[UsageLine],
) -> Result<u64, LakeError> {
    if lines.is_empty() || is_kept(table, fetched.tenant_id, snapshot).await? {
        return Ok(0);
    }
    let same = |text: &str| texts(lines.iter().map(|_| Some(text)));
    let number =
        |field: fn(&UsageLine) -> Option<i64>| -> ArrayRef { numbers(lines.iter().map(field)) };
    let mut columns: Vec<ArrayRef> = vec![
        same(fetched.tenant_id),
        days(lines.iter().map(|_| Some(snapshot.refreshed))),
        Arc::new(Int32Array::from_value(snapshot.period_days, lines.len())),
        same(snapshot.version),
        texts(lines.iter().map(|line| line.user_id.as_deref())),
        texts(
            lines
                .iter()
                .map(|line| Some(line.user_principal_name.as_str())),
        ),
        texts(lines.iter().map(|line| line.display_name.as_deref())),
        flags(lines.iter().map(|line| Some(line.concealed))),
    ];
    for place in 0..UsageColumn::ALL.len() {
        columns.push(days(lines.iter().map(|line| line.dates[place])));
    }
    columns.extend([
        number(|line| line.prompts_submitted),
        number(|line| line.prompts_submitted_copilot_chat_work),
        number(|line| line.prompts_submitted_copilot_chat_web),
        number(|line| line.active_usage_days),
        texts(lines.iter().map(|line| line.other_columns.as_deref())),
        same(fetched.run_id),
        times(lines.iter().map(|_| Some(fetched.at_ms))),
    ]);
    append(table, TableName::UsageReports, columns).await?;
    Ok(lines.len() as u64)
}

/// Keeps the summary of one snapshot; gives the rows written, 0 where it was kept before.
pub(crate) async fn keep_summary(
    table: &mut Table,
    fetched: &Fetched<'_>,
    snapshot: &UsageSnapshot,
    counts: &[UsageCount],
) -> Result<u64, LakeError> {
    if counts.is_empty() || is_kept(table, fetched.tenant_id, snapshot).await? {
        return Ok(0);
    }
    let same = |text: &str| texts(counts.iter().map(|_| Some(text)));
    let average: Float64Array = counts.iter().map(|count| count.average_prompts).collect();
    let columns: Vec<ArrayRef> = vec![
        same(fetched.tenant_id),
        days(counts.iter().map(|_| Some(snapshot.refreshed))),
        Arc::new(Int32Array::from_value(snapshot.period_days, counts.len())),
        same(snapshot.version),
        texts(counts.iter().map(|count| Some(count.app.as_str()))),
        numbers(counts.iter().map(|count| count.enabled_users)),
        numbers(counts.iter().map(|count| count.active_users)),
        numbers(counts.iter().map(|count| count.prompts_submitted)),
        Arc::new(average),
        same(fetched.run_id),
        times(counts.iter().map(|_| Some(fetched.at_ms))),
    ];
    append(table, TableName::UsageSummary, columns).await?;
    Ok(counts.len() as u64)
}

/// Keeps the days of a trend that are not kept in the same words already: the last days of a trend
/// can still change from one refresh to the next, and each version is kept. Gives the rows written.
pub(crate) async fn keep_trend(
    table: &mut Table,
    fetched: &Fetched<'_>,
    refreshed: DayNumber,
    version: &str,
    counts: &[(DayNumber, UsageCount)],
) -> Result<u64, LakeError> {
    /// The report's refresh date; users enabled, users active, prompts.
    type Said = (DayNumber, [Option<i64>; 3]);
    let mut newest: HashMap<(DayNumber, String), Said> = HashMap::new();
    let names = [
        "report_refresh_date",
        "report_date",
        "app",
        "enabled_users",
        "active_users",
        "prompts_submitted",
    ];
    let batches = table
        .scan(&names)
        .filter(col("tenant_id").eq(lit(fetched.tenant_id)))
        .filter(col("report_version").eq(lit(version)))
        .collect()
        .await?;
    for batch in &batches {
        let cells = Cells { batch };
        let (refreshed, day, app) = (
            cells.day("report_refresh_date"),
            cells.day("report_date"),
            cells.text("app"),
        );
        let (enabled, active) = (cells.number("enabled_users"), cells.number("active_users"));
        let prompts = cells.number("prompts_submitted");
        for at in 0..batch.num_rows() {
            let (Some(refreshed), Some(day), Some(app)) = (refreshed(at), day(at), app(at)) else {
                continue;
            };
            let said = (refreshed, [enabled(at), active(at), prompts(at)]);
            let kept = newest.entry((day, app)).or_insert(said);
            if kept.0 < refreshed {
                *kept = said;
            }
        }
    }
    let is_new = |day: DayNumber, count: &UsageCount| {
        let says = [
            count.enabled_users,
            count.active_users,
            count.prompts_submitted,
        ];
        let kept = newest.get(&(day, count.app.clone()));
        kept.is_none_or(|(of, said)| *of < refreshed && *said != says)
    };
    let mut seen = HashSet::new();
    let fresh: Vec<&(DayNumber, UsageCount)> = counts
        .iter()
        .filter(|(day, count)| is_new(*day, count) && seen.insert((*day, count.app.as_str())))
        .collect();
    if fresh.is_empty() {
        return Ok(0);
    }
    let same = |text: &str| texts(fresh.iter().map(|_| Some(text)));
    let columns: Vec<ArrayRef> = vec![
        same(fetched.tenant_id),
        days(fresh.iter().map(|_| Some(refreshed))),
        days(fresh.iter().map(|(day, _)| Some(*day))),
        same(version),
        texts(fresh.iter().map(|(_, count)| Some(count.app.as_str()))),
        numbers(fresh.iter().map(|(_, count)| count.enabled_users)),
        numbers(fresh.iter().map(|(_, count)| count.active_users)),
        numbers(fresh.iter().map(|(_, count)| count.prompts_submitted)),
        same(fetched.run_id),
        times(fresh.iter().map(|_| Some(fetched.at_ms))),
    ];
    append(table, TableName::UsageTrend, columns).await?;
    Ok(fresh.len() as u64)
}

async fn append(
    table: &mut Table,
    name: TableName,
    columns: Vec<ArrayRef>,
) -> Result<(), LakeError> {
    let batch =
        RecordBatch::try_new(name.schema(), columns).map_err(|error| table.error(error.into()))?;
    table.append(batch, Carried::default()).await
}

fn is_of(tenant_id: &str, snapshot: &UsageSnapshot) -> Expr {
    let tenant = col("tenant_id").eq(lit(tenant_id));
    tenant
        .and(col("report_refresh_date").eq(date_literal(snapshot.refreshed)))
        .and(col("report_period").eq(lit(snapshot.period_days)))
        .and(col("report_version").eq(lit(snapshot.version)))
}

/// Whether a snapshot is in the table.
pub(crate) async fn is_kept(
    table: &Table,
    tenant_id: &str,
    snapshot: &UsageSnapshot,
) -> Result<bool, LakeError> {
    let batches = table
        .scan(&["report_refresh_date", "report_period", "report_version"])
        .filter(is_of(tenant_id, snapshot))
        .limit(1)
        .collect()
        .await?;
    Ok(batches.iter().any(|batch| batch.num_rows() > 0))
}

/// How the user detail of a snapshot names users; None where it is not in the table.
pub(crate) async fn names(
    table: &Table,
    tenant_id: &str,
    snapshot: &UsageSnapshot,
) -> Result<Option<Names>, LakeError> {
    let batches = table
        .scan(&["concealed"])
        .filter(is_of(tenant_id, snapshot))
        .limit(1)
        .collect()
        .await?;
    let mut kept = batches.iter().filter(|batch| batch.num_rows() > 0);
    Ok(kept
        .next()
        .map(|batch| match (Cells { batch }).flag("concealed")(0) {
            Some(true) => Names::Concealed,
            _ => Names::Shown,
        }))
}

/// When reports of a tenant were last fetched, UTC milliseconds.
pub(crate) async fn fetched_at_ms(
    table: &Table,
    tenant_id: &str,
) -> Result<Option<i64>, LakeError> {
    let batches = table
        .scan(&["fetched_at"])
        .filter(col("tenant_id").eq(lit(tenant_id)))
        .collect()
        .await?;
    let newest = batches.iter().filter_map(|batch| {
        let fetched_at_ms = Cells { batch }.time_ms("fetched_at");
        (0..batch.num_rows()).filter_map(fetched_at_ms).max()
    });
    Ok(newest.max())
}

fn date_literal(day: DayNumber) -> Expr {
    lit(datafusion::common::ScalarValue::Date32(Some(day)))
}

/// What the newest report says of when users were last active; None where there is none, or where it
/// conceals names: an older one with names tells of another time.
pub(crate) async fn last_activity(
    table: &Table,
    tenant_id: &str,
) -> Result<Option<LastActivity>, LakeError> {
    let Some(refreshed) = newest_refresh(table, tenant_id).await? else {
        return Ok(None);
    };
    let batches = table
        .scan(&["user_id", "last_activity_date"])
        .filter(col("tenant_id").eq(lit(tenant_id)))
        .filter(col("concealed").is_false())
        .filter(col("report_refresh_date").eq(date_literal(refreshed)))
        .collect()
        .await?;
    if batches.iter().all(|batch| batch.num_rows() == 0) {
        return Ok(None);
    }
    let mut by_user: HashMap<String, Option<DayNumber>> = HashMap::new();
    for batch in &batches {
        let cells = Cells { batch };
        let (user_id, last) = (cells.text("user_id"), cells.day("last_activity_date"));
        for at in 0..batch.num_rows() {
            if let Some(user_id) = user_id(at) {
                let newest = by_user.entry(user_id).or_default();
                *newest = (*newest).max(last(at));
            }
        }
    }
    Ok(Some(LastActivity { refreshed, by_user }))
}
