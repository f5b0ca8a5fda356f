//! Rows of getMicrosoft365CopilotUserCountSummary and …UserCountTrend.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::app_counts::{self, AppCount, AppCountColumn};
use super::cells::{count, date, days, number};
use super::columns::key;
use super::report::{Row, UnkeptReason};
use super::user_usage::put;

/// How many users were active over one period.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SummaryRow {
    /// `Report Refresh Date`.
    pub refresh_date: Option<Date>,
    /// `Report Period`, in days.
    pub period_days: Option<u32>,
    /// A pair of counts for each app, in the report's order.
    pub apps: Vec<AppCount>,
    /// `Total prompts submitted` (version 2).
    pub prompts_submitted: Option<i64>,
    /// `Average prompts submitted`, for each active user (version 2).
    pub average_prompts: Option<f64>,
    /// Cells of columns that hobbs does not know, and cells that do not hold what their column is for.
    pub other_columns: BTreeMap<String, String>,
}

/// How many users were active on one day.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TrendRow {
    /// `Report Refresh Date`.
    pub refresh_date: Option<Date>,
    /// `Report Date`: the day (UTC).
    pub report_date: Date,
    /// `Report Period`, in days.
    pub period_days: Option<u32>,
    /// A pair of counts for each app, in the report's order.
    pub apps: Vec<AppCount>,
    /// `Prompts submitted` (version 2).
    pub prompts_submitted: Option<i64>,
    /// Cells of columns that hobbs does not know, and cells that do not hold what their column is for.
    pub other_columns: BTreeMap<String, String>,
}

/// A column of either report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CountColumn {
    RefreshDate,
    ReportDate,
    PeriodDays,
    Users(AppCountColumn),
    Prompts,
    AveragePrompts,
}

impl CountColumn {
    fn named(name: &str) -> Option<Self> {
        Some(match key(name).as_str() {
            "reportrefreshdate" => Self::RefreshDate,
            "reportdate" => Self::ReportDate,
            "reportperiod" => Self::PeriodDays,
            "promptssubmitted" | "totalpromptssubmitted" => Self::Prompts,
            "averagepromptssubmitted" => Self::AveragePrompts,
            _ => Self::Users(AppCountColumn::named(name)?),
        })
    }
}

impl Row for SummaryRow {
    type Column = CountColumn;
    const LIST_IN_JSON: &'static str = "adoptionbyproduct";

    fn column(name: &str) -> Option<CountColumn> {
        CountColumn::named(name).filter(|column| *column != CountColumn::ReportDate)
    }

    fn set(&mut self, column: &CountColumn, text: &str) -> bool {
        match column {
            CountColumn::RefreshDate => put(&mut self.refresh_date, date(text)),
            CountColumn::PeriodDays => put(&mut self.period_days, days(text)),
            CountColumn::Users(users) => app_counts::set(&mut self.apps, users, text),
            CountColumn::Prompts => put(&mut self.prompts_submitted, count(text)),
            CountColumn::AveragePrompts => put(&mut self.average_prompts, number(text)),
            CountColumn::ReportDate => false,
        }
    }

    fn others(&mut self) -> &mut BTreeMap<String, String> {
        &mut self.other_columns
    }

    fn refresh_date(&self) -> Option<Date> {
        self.refresh_date
    }

    fn finished(mut self) -> Result<Self, UnkeptReason> {
        app_counts::in_order(&mut self.apps);
        Ok(self)
    }
}

impl Row for TrendRow {
    type Column = CountColumn;
    const LIST_IN_JSON: &'static str = "adoptionbydate";

    fn column(name: &str) -> Option<CountColumn> {
        CountColumn::named(name).filter(|column| *column != CountColumn::AveragePrompts)
    }

    fn set(&mut self, column: &CountColumn, text: &str) -> bool {
        match column {
            CountColumn::RefreshDate => put(&mut self.refresh_date, date(text)),
            CountColumn::ReportDate => match date(text) {
                Some(date) => {
                    self.report_date = date;
                    true
                }
                None => false,
            },
            CountColumn::PeriodDays => put(&mut self.period_days, days(text)),
            CountColumn::Users(users) => app_counts::set(&mut self.apps, users, text),
            CountColumn::Prompts => put(&mut self.prompts_submitted, count(text)),
            CountColumn::AveragePrompts => false,
        }
    }

    fn others(&mut self) -> &mut BTreeMap<String, String> {
        &mut self.other_columns
    }

    fn refresh_date(&self) -> Option<Date> {
        self.refresh_date
    }

    fn finished(mut self) -> Result<Self, UnkeptReason> {
        if self.report_date == Date::default() {
            return Err(UnkeptReason::NoDate);
        }
        app_counts::in_order(&mut self.apps);
        Ok(self)
    }
}
