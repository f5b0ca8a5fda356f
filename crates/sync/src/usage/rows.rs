//! Rows of Microsoft's usage reports, from Graph's form into the lake's. Pure.

use std::collections::HashMap;

use hobbs_graph::usage_reports::{AppColumn, AppCount, ReportVersion, UserUsage};
use hobbs_lake::{DayNumber, UsageColumn, UsageCount, UsageLine, UsageSnapshot};
use jiff::civil::Date;

pub(super) fn snapshot(refreshed: Date, period_days: u32, version: ReportVersion) -> UsageSnapshot {
    UsageSnapshot {
        refreshed: day_number(refreshed),
        period_days: i32::try_from(period_days).unwrap_or(i32::MAX),
        version: version.name(),
    }
}

/// Days since 1970-01-01.
pub(super) fn day_number(date: Date) -> DayNumber {
    let epoch = jiff::civil::date(1970, 1, 1);
    (date - epoch).get_days()
}

/// Counts of prompts are of all apps, and stand with them.
pub(super) fn counts(
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
pub(super) fn line(
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
            // A report without this column still says when each app was last used.
            None => row.last_activity_date.or_else(|| row.apps.latest()),
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
pub(super) fn app_column(column: UsageColumn) -> Option<AppColumn> {
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
