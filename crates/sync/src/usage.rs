//! Microsoft's usage reports, from Graph's form into the lake's.

use std::collections::HashMap;

use hobbs_graph::usage_reports::{
    AppColumn, AppCount, Format, Period, ReportFacts, ReportVersion, Span, SummaryRow, UserUsage,
};
use hobbs_graph::{Client, ReadError};
use hobbs_lake::{
    DayNumber, LakeError, Run, UsageColumn, UsageCount, UsageLine, UsageSnapshot, UserRecord,
    Writer,
};
use jiff::civil::Date;
use serde::Serialize;

/// Reports change once a day, and their requests are few: they are not asked for again within this
/// time.
const ASK_EVERY_MS: i64 = 60 * 60 * 1000;

/// The longest trend there is: what it says of a day is kept once.
const TREND_DAYS: u16 = 180;

/// What was read of the usage reports.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct UsageRead {
    /// The day (UTC) up to whose end the report is complete.
    pub report_refresh_date: Option<String>,
    /// `v1` or `v2`.
    pub report_version: &'static str,
    /// Rows written: none where the lake had this report.
    pub rows_new: u64,
    /// Whether the tenant conceals names in its reports.
    pub concealed: bool,
    /// Rows that could not be kept, by reason.
    pub unkept: Vec<crate::summary::Unkept>,
}

/// Why the reports are not in the lake.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UsageError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Lake(#[from] LakeError),
}

/// Reads the reports that the lake does not have yet.
pub(crate) struct UsageReading<'a> {
    pub(crate) client: &'a Client,
    pub(crate) writer: &'a mut Writer,
    pub(crate) run: &'a Run,
    pub(crate) now_ms: i64,
    pub(crate) format: Format,
    /// Object ids by user principal name, in lower case.
    pub(crate) ids: HashMap<String, String>,
}

/// Object ids by user principal name.
pub(crate) fn ids(users: &[UserRecord]) -> HashMap<String, String> {
    let named = users.iter().filter_map(|user| {
        let name = user.user_principal_name.as_ref()?;
        Some((name.to_lowercase(), user.user_id.clone()))
    });
    named.collect()
}

impl UsageReading<'_> {
    /// None where the reports were asked for a moment ago.
    pub(crate) async fn read(&mut self) -> Result<Option<UsageRead>, UsageError> {
        let fetched_at_ms = self.writer.usage_fetched_at_ms(self.run).await?;
        if fetched_at_ms.is_some_and(|at_ms| (at_ms..at_ms + ASK_EVERY_MS).contains(&self.now_ms)) {
            return Ok(None);
        }
        match self.read_version(ReportVersion::V2).await {
            // Version 2 came in 2026, not to every tenant at once.
            Err(UsageError::Read(ReadError::BadRequest(_))) => {
                self.read_version(ReportVersion::V1).await.map(Some)
            }
            other => other.map(Some),
        }
    }

    async fn read_version(&mut self, version: ReportVersion) -> Result<UsageRead, UsageError> {
        let all = Period::all(version);
        let summary = self.client.user_count_summary(all, self.format).await?;
        let mut read = UsageRead {
            report_version: version.name(),
            report_refresh_date: summary.facts.refresh_date.map(|date| date.to_string()),
            ..UsageRead::default()
        };
        read.note_unkept(&summary.facts);
        let Some(refreshed) = summary.facts.refresh_date else {
            return Ok(read);
        };
        for days in version.days() {
            self.read_users(version, days, refreshed, &mut read).await?;
        }
        read.rows_new += self.read_trend(version).await?;
        // Last: that a summary is kept says that the rest of this refresh date is.
        for row in &summary.rows {
            read.rows_new += self.keep_summary(version, row).await?;
        }
        Ok(read)
    }

    async fn keep_summary(
        &mut self,
        version: ReportVersion,
        row: &SummaryRow,
    ) -> Result<u64, UsageError> {
        let (Some(refreshed), Some(period_days)) = (row.refresh_date, row.period_days) else {
            return Ok(0);
        };
        let snapshot = snapshot(refreshed, period_days, version);
        let counts = counts(&row.apps, row.prompts_submitted, row.average_prompts);
        let kept = self
            .writer
            .keep_usage_summary(self.run, self.now_ms, &snapshot, &counts);
        Ok(kept.await?)
    }

    async fn read_users(
        &mut self,
        version: ReportVersion,
        days: u16,
        refreshed: Date,
        read: &mut UsageRead,
    ) -> Result<(), UsageError> {
        let wanted = snapshot(refreshed, u32::from(days), version);
        if self.writer.has_usage_report(self.run, &wanted).await? {
            return Ok(());
        }
        let Ok(period) = Period::new(version, Span::Days(days)) else {
            return Ok(());
        };
        let mut lines = Vec::new();
        let (ids, apps) = (&self.ids, UsageColumn::ALL.map(app_column));
        let facts = self
            .client
            .user_detail_by_row(period, self.format, |row| lines.push(line(row, ids, &apps)))
            .await?;
        read.note_unkept(&facts);
        read.concealed |= lines.iter().any(|line: &UsageLine| line.concealed);
        // It may have been refreshed since the summary was read.
        let refreshed = facts.refresh_date.unwrap_or(refreshed);
        let snapshot = snapshot(refreshed, u32::from(days), version);
        let kept = self
            .writer
            .keep_usage_report(self.run, self.now_ms, &snapshot, &lines);
        read.rows_new += kept.await?;
        Ok(())
    }

    async fn read_trend(&mut self, version: ReportVersion) -> Result<u64, UsageError> {
        let Ok(period) = Period::new(version, Span::Days(TREND_DAYS)) else {
            return Ok(0);
        };
        let trend = self.client.user_count_trend(period, self.format).await?;
        let Some(refreshed) = trend.facts.refresh_date else {
            return Ok(0);
        };
        let days: Vec<(DayNumber, UsageCount)> = trend
            .rows
            .iter()
            .flat_map(|row| {
                let counts = counts(&row.apps, row.prompts_submitted, None);
                counts
                    .into_iter()
                    .map(|count| (day_number(row.report_date), count))
            })
            .collect();
        let kept = self.writer.keep_usage_trend(
            self.run,
            self.now_ms,
            day_number(refreshed),
            version.name(),
            &days,
        );
        Ok(kept.await?)
    }
}

impl UsageRead {
    fn note_unkept(&mut self, facts: &ReportFacts) {
        for (reason, count) in &facts.unkept {
            let reason = format!("row of a usage report ({})", reason.code());
            crate::summary::add_unkept(&mut self.unkept, reason, *count);
        }
    }
}

fn snapshot(refreshed: Date, period_days: u32, version: ReportVersion) -> UsageSnapshot {
    UsageSnapshot {
        refreshed: day_number(refreshed),
        period_days: i32::try_from(period_days).unwrap_or(i32::MAX),
        version: version.name(),
    }
}

/// Days since 1970-01-01.
fn day_number(date: Date) -> DayNumber {
    let epoch = jiff::civil::date(1970, 1, 1);
    (date - epoch).get_days()
}

/// Counts of prompts are of all apps, and stand with them.
fn counts(
    apps: &[AppCount],
    prompts_submitted: Option<i64>,
    average_prompts: Option<f64>,
) -> Vec<UsageCount> {
    const ALL_APPS: &str = "Any App";
    let count = |app: &AppCount| UsageCount {
        app: app.app.clone(),
        enabled_users: app.enabled,
        active_users: app.active,
        prompts_submitted: prompts_submitted.filter(|_| app.app == ALL_APPS),
        average_prompts: average_prompts.filter(|_| app.app == ALL_APPS),
    };
    apps.iter().map(count).collect()
}

/// `apps` are those of the lake's columns, in their order.
fn line(
    row: UserUsage,
    ids: &HashMap<String, String>,
    apps: &[Option<AppColumn>; UsageColumn::ALL.len()],
) -> UsageLine {
    let concealed = row.is_concealed();
    let others = (!row.other_columns.is_empty())
        .then(|| serde_json::to_string(&row.other_columns).ok())
        .flatten();
    let dates = apps.map(|app| {
        let date = match app {
            Some(app) => row.apps.get(app),
            None => row.last_activity_date,
        };
        date.map(day_number)
    });
    UsageLine {
        user_id: ids.get(&row.user_principal_name.to_lowercase()).cloned(),
        user_principal_name: row.user_principal_name,
        display_name: row.display_name,
        concealed,
        dates,
        prompts_submitted: row.prompts_submitted,
        prompts_submitted_copilot_chat_work: row.prompts_submitted_copilot_chat_work,
        prompts_submitted_copilot_chat_web: row.prompts_submitted_copilot_chat_web,
        active_usage_days: row.active_usage_days,
        other_columns: others,
    }
}

/// The app of a column; None for the last activity of all.
fn app_column(column: UsageColumn) -> Option<AppColumn> {
    AppColumn::ALL
        .into_iter()
        .find(|app| app.name() == column.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_of_the_lake_but_one_is_a_column_of_the_report() {
        let without: Vec<UsageColumn> = UsageColumn::ALL
            .into_iter()
            .filter(|column| app_column(*column).is_none())
            .collect();
        assert_eq!(without, [UsageColumn::LastActivity]);
        assert_eq!(AppColumn::ALL.len() + 1, UsageColumn::ALL.len());
    }

    #[test]
    fn days_are_counted_from_1970() {
        assert_eq!(day_number(jiff::civil::date(1970, 1, 2)), 1);
        assert_eq!(day_number(jiff::civil::date(2026, 6, 1)), 20_605);
    }
}
