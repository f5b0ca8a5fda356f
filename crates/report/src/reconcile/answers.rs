//! The rows of the queries behind a reconciliation, as the source answers them.

use hobbs_reconcile::columns::{COLUMNS, Column};
use hobbs_reconcile::days::{Tally, day_of};
use hobbs_reconcile::facts::LicenseRow;
use hobbs_reconcile::spans::Span;
use hobbs_reconcile::{DayTally, ReportRow};
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::answers::time_ms;
use crate::metrics::{date, optional_date};
use crate::scope::text_literal;

/// One of the reports that there are.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Report {
    #[serde(default)]
    pub tenant_id: Option<String>,
    #[serde(deserialize_with = "date")]
    pub report_refresh_date: Date,
    pub report_period: u32,
    pub report_version: String,
    #[serde(default)]
    pub concealed: Option<u64>,
}

impl Report {
    /// The condition for what is of this report.
    pub fn condition(&self) -> String {
        format!(
            "report_refresh_date = DATE '{}' AND report_period = {} AND report_version = {}",
            self.report_refresh_date,
            self.report_period,
            text_literal(&self.report_version)
        )
    }
}

/// A row of the report.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Record {
    #[serde(default)]
    pub user_principal_name: Option<String>,
    #[serde(default)]
    prompts_submitted: Option<u64>,
    #[serde(default)]
    prompts_submitted_copilot_chat_work: Option<u64>,
    #[serde(default)]
    prompts_submitted_copilot_chat_web: Option<u64>,
    #[serde(default)]
    active_usage_days: Option<u64>,
    #[serde(default)]
    other_columns: Option<String>,
    #[serde(flatten)]
    dates: Map<String, Value>,
}

impl Record {
    pub(super) fn row(&self) -> ReportRow {
        let mut row = ReportRow {
            other: self.other(),
            prompts: self.prompts_submitted,
            prompts_work: self.prompts_submitted_copilot_chat_work,
            prompts_web: self.prompts_submitted_copilot_chat_web,
            active_days: self.active_usage_days,
            ..ReportRow::default()
        };
        for (column, date) in COLUMNS.iter().zip(&mut row.dates) {
            *date = column.lake.and_then(|name| day(self.dates.get(name)?));
        }
        row
    }

    /// Columns that hobbs does not know and that name an app's last day.
    fn other(&self) -> Vec<(Column, Option<Date>)> {
        let text = self.other_columns.as_deref().unwrap_or("{}");
        let columns: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
        let named = columns
            .iter()
            .filter_map(|(name, value)| Some((Column::unknown(name)?, day(value))));
        named.collect()
    }
}

/// A date as an engine or Microsoft writes it; None where there is none.
fn day(value: &Value) -> Option<Date> {
    let text = value.as_str()?;
    text.get(..10)?.parse().ok()
}

#[derive(Deserialize)]
pub(super) struct NobodyRow {
    #[serde(default)]
    pub concealed: Option<bool>,
    pub users: u64,
}

#[derive(Deserialize)]
pub(super) struct DayRow {
    #[serde(default)]
    pub app_class: String,
    #[serde(default, deserialize_with = "time_ms")]
    day_at: Option<i64>,
    #[serde(default, deserialize_with = "optional_date")]
    local_day: Option<Date>,
    #[serde(flatten)]
    tally: Tally,
}

impl DayRow {
    pub(super) fn entry(&self) -> DayTally {
        let day = day_of(self.day_at.unwrap_or(0));
        DayTally {
            day,
            local_day: self.local_day.unwrap_or(day),
            tally: self.tally,
        }
    }
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(super) struct OlderRow {
    pub app_class: String,
    #[serde(deserialize_with = "time_ms")]
    typed_at: Option<i64>,
    #[serde(deserialize_with = "optional_date")]
    typed_day: Option<Date>,
    #[serde(deserialize_with = "time_ms")]
    clicked_at: Option<i64>,
    #[serde(deserialize_with = "optional_date")]
    clicked_day: Option<Date>,
    #[serde(deserialize_with = "time_ms")]
    automatic_at: Option<i64>,
    #[serde(deserialize_with = "optional_date")]
    automatic_day: Option<Date>,
    #[serde(deserialize_with = "time_ms")]
    system_or_noise_at: Option<i64>,
    #[serde(deserialize_with = "optional_date")]
    system_or_noise_day: Option<Date>,
    #[serde(deserialize_with = "time_ms")]
    unknown_at: Option<i64>,
    #[serde(deserialize_with = "optional_date")]
    unknown_day: Option<Date>,
}

impl OlderRow {
    /// One exchange on each of the last days.
    pub(super) fn entries(&self) -> impl Iterator<Item = DayTally> {
        let one = |tally: fn(&mut Tally) -> &mut u64| {
            let mut own = Tally::default();
            *tally(&mut own) = 1;
            own
        };
        [
            (self.typed_at, self.typed_day, one(|tally| &mut tally.typed)),
            (
                self.clicked_at,
                self.clicked_day,
                one(|tally| &mut tally.clicked),
            ),
            (
                self.automatic_at,
                self.automatic_day,
                one(|tally| &mut tally.automatic),
            ),
            (
                self.system_or_noise_at,
                self.system_or_noise_day,
                one(|tally| &mut tally.system_or_noise),
            ),
            (
                self.unknown_at,
                self.unknown_day,
                one(|tally| &mut tally.unknown),
            ),
        ]
        .into_iter()
        .filter_map(|(at, local, tally)| {
            let day = day_of(at?);
            Some(DayTally {
                day,
                local_day: local.unwrap_or(day),
                tally,
            })
        })
    }
}

#[derive(Deserialize)]
pub(super) struct FailedRow {
    pub error_code: String,
    #[serde(default)]
    pub from_ms: Option<i64>,
    #[serde(default)]
    pub to_ms: Option<i64>,
}

impl FailedRow {
    pub(super) fn span(&self) -> Option<Span> {
        Span::new(self.from_ms?, self.to_ms?)
    }
}

/// A row of `license_assignments`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct LicenseHistory {
    #[serde(default)]
    pub sku_id: String,
    #[serde(default)]
    pub licensed: bool,
    #[serde(default)]
    pub status: String,
    #[serde(default, deserialize_with = "time_ms")]
    pub assigned_at: Option<i64>,
    #[serde(default, deserialize_with = "time_ms")]
    pub valid_from_at: Option<i64>,
    #[serde(default, deserialize_with = "time_ms")]
    pub valid_to_at: Option<i64>,
}

impl LicenseHistory {
    pub(super) fn row(&self) -> LicenseRow {
        LicenseRow {
            licensed: self.licensed,
            assigned_ms: self.assigned_at,
            from_ms: self.valid_from_at.unwrap_or(0),
            to_ms: self.valid_to_at,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct SummaryRow {
    pub app: String,
    #[serde(default)]
    pub enabled_users: Option<u64>,
    #[serde(default)]
    pub active_users: Option<u64>,
    #[serde(default)]
    pub prompts_submitted: Option<u64>,
}

#[derive(Deserialize)]
pub(super) struct TrendRow {
    #[serde(deserialize_with = "date")]
    pub report_date: Date,
    #[serde(default)]
    pub active_users: Option<u64>,
    #[serde(default)]
    pub prompts_submitted: Option<u64>,
}

#[derive(Deserialize)]
pub(super) struct OurDayRow {
    #[serde(default, deserialize_with = "time_ms")]
    pub day_at: Option<i64>,
    pub users_any: u64,
    pub users_asked: u64,
    pub asked: u64,
}
