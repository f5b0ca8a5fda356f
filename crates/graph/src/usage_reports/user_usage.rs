//! A row of getMicrosoft365CopilotUsageUserDetail.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::app_dates::{AppColumn, AppDates};
use super::cells::{count, date, days, is_concealed};
use super::columns::key;
use super::report::{Row, UnkeptReason};

/// What Microsoft says about one user in one period. Columns that the report does not have, and cells that are empty,
/// are None.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserUsage {
    /// `Report Refresh Date`.
    pub refresh_date: Option<Date>,
    /// `Report Period`, in days.
    pub period_days: Option<u32>,
    /// `User Principal Name`, or a hash in its place; never empty.
    pub user_principal_name: String,
    /// `Display Name`, or a hash in its place.
    pub display_name: Option<String>,
    /// `Last Activity Date` (UTC day).
    pub last_activity_date: Option<Date>,
    /// The last activity date of each app (UTC days).
    pub apps: AppDates,
    /// `Prompts submitted for all apps` (version 2).
    pub prompts_submitted: Option<i64>,
    /// `Prompts submitted for Copilot Chat (work)` (version 2).
    pub prompts_submitted_copilot_chat_work: Option<i64>,
    /// `Prompts submitted for Copilot Chat (web)` (version 2).
    pub prompts_submitted_copilot_chat_web: Option<i64>,
    /// `Active Usage Days for all apps` (version 2).
    pub active_usage_days: Option<i64>,
    /// Cells of columns that hobbs does not know, and cells that do not hold what their column is for, by Microsoft's
    /// name of the column.
    pub other_columns: BTreeMap<String, String>,
}

impl UserUsage {
    /// Whether the tenant conceals names: what stands here is no user principal name.
    pub fn is_concealed(&self) -> bool {
        is_concealed(&self.user_principal_name)
    }
}

/// A column of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UserColumn {
    RefreshDate,
    PeriodDays,
    UserPrincipalName,
    DisplayName,
    LastActivityDate,
    App(AppColumn),
    Prompts,
    PromptsInChatWork,
    PromptsInChatWeb,
    ActiveUsageDays,
}

impl Row for UserUsage {
    type Column = UserColumn;
    const LIST_IN_JSON: &'static str = "copilotactivityuserdetailsbyperiod";

    fn column(name: &str) -> Option<UserColumn> {
        let key_of_name = key(name);
        Some(match key_of_name.as_str() {
            "reportrefreshdate" => UserColumn::RefreshDate,
            "reportperiod" => UserColumn::PeriodDays,
            "userprincipalname" => UserColumn::UserPrincipalName,
            "displayname" => UserColumn::DisplayName,
            "lastactivitydate" => UserColumn::LastActivityDate,
            "promptssubmitted" | "promptssubmittedforallapps" => UserColumn::Prompts,
            "promptssubmittedforcopilotchatwork" => UserColumn::PromptsInChatWork,
            "promptssubmittedforcopilotchatweb" => UserColumn::PromptsInChatWeb,
            "activeusagedays" | "activeusagedaysforallapps" => UserColumn::ActiveUsageDays,
            _ => {
                let mut apps = AppColumn::ALL.into_iter();
                UserColumn::App(apps.find(|app| key(app.csv_name()) == key_of_name)?)
            }
        })
    }

    fn set(&mut self, column: &UserColumn, text: &str) -> bool {
        match column {
            UserColumn::RefreshDate => put(&mut self.refresh_date, date(text)),
            UserColumn::PeriodDays => put(&mut self.period_days, days(text)),
            UserColumn::UserPrincipalName => {
                text.trim().clone_into(&mut self.user_principal_name);
                true
            }
            UserColumn::DisplayName => put(&mut self.display_name, Some(text.to_owned())),
            UserColumn::LastActivityDate => put(&mut self.last_activity_date, date(text)),
            UserColumn::App(app) => match date(text) {
                Some(date) => {
                    self.apps.set(*app, date);
                    true
                }
                None => false,
            },
            UserColumn::Prompts => put(&mut self.prompts_submitted, count(text)),
            UserColumn::PromptsInChatWork => {
                put(&mut self.prompts_submitted_copilot_chat_work, count(text))
            }
            UserColumn::PromptsInChatWeb => {
                put(&mut self.prompts_submitted_copilot_chat_web, count(text))
            }
            UserColumn::ActiveUsageDays => put(&mut self.active_usage_days, count(text)),
        }
    }

    fn others(&mut self) -> &mut BTreeMap<String, String> {
        &mut self.other_columns
    }

    fn refresh_date(&self) -> Option<Date> {
        self.refresh_date
    }

    fn finished(self) -> Result<Self, UnkeptReason> {
        if self.user_principal_name.is_empty() {
            return Err(UnkeptReason::NoUserName);
        }
        Ok(self)
    }
}

/// Puts a value into its place, if there is one.
pub(super) fn put<T>(place: &mut Option<T>, value: Option<T>) -> bool {
    let is_there = value.is_some();
    if is_there {
        *place = value;
    }
    is_there
}
