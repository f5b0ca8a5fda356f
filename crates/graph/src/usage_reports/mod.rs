//! Microsoft's own usage reports: who was last active in which app, and how many were active.
//!
//! Two ways lead to the same rows: CSV (v1.0, one document, perhaps at a download address) and JSON (beta, pages).
//! Both are read by the names of their columns, so that a column more, a column less or another order is no error:
//! what is missing is None, what is unknown is kept under Microsoft's name. A row that cannot be kept is counted by
//! its reason.
//!
//! Permission: Reports.Read.All. The reports exist in the global cloud alone
//! ([`Cloud::has_usage_reports`](crate::Cloud::has_usage_reports)), are up to 72 hours late, and have limits of their
//! own, which [`ReportLimits`](crate::ReportLimits) keeps.

mod app_counts;
mod app_dates;
mod cells;
mod columns;
mod counts;
mod period;
mod report;
mod table;
mod user_usage;

use bytes::Bytes;
use url::Url;

pub use app_counts::AppCount;
pub use app_dates::{AppColumn, AppDates};
pub use counts::{SummaryRow, TrendRow};
pub use period::{BadPeriod, Format, Period, ReportVersion, Span};
pub use report::{Report, ReportFacts, UnkeptReason};
pub use user_usage::UserUsage;

use crate::address::BaseUrl;
use crate::client::{Client, uncounted};
use crate::errand::Errand;
use crate::error::ReadError;
use crate::next_link::Trail;
use crate::people::Listing;
use crate::request::What;
use columns::Columns;
use report::Row;

/// A row for each user (with [`Span::All`], for each user and period).
pub type UserDetail = Report<UserUsage>;
/// A row for each period.
pub type CountSummary = Report<SummaryRow>;
/// A row for each day.
pub type CountTrend = Report<TrendRow>;

/// One of Microsoft's reports.
struct Kind {
    what: What,
    function: &'static str,
}

const USER_DETAIL: Kind = Kind {
    what: "usage report of users",
    function: "getMicrosoft365CopilotUsageUserDetail",
};
const SUMMARY: Kind = Kind {
    what: "usage summary",
    function: "getMicrosoft365CopilotUserCountSummary",
};
const TREND: Kind = Kind {
    what: "usage trend",
    function: "getMicrosoft365CopilotUserCountTrend",
};

/// Where a report is as CSV.
pub(crate) fn address(graph: &BaseUrl, call: &str) -> Url {
    graph.at(&["v1.0", "copilot", "reports", call], &[])
}

impl Client {
    /// When each licensed user was last active in which app, and in version 2 how much.
    ///
    /// # Errors
    /// [`ReadError::Forbidden`] without Reports.Read.All; [`ReadError::BadRequest`] where the service does not know
    /// the version or the period (then ask for the other version: nothing falls back by itself); others as ever.
    pub async fn user_detail(
        &self,
        period: Period,
        format: Format,
    ) -> Result<UserDetail, ReadError> {
        self.whole_report(&USER_DETAIL, period, format).await
    }

    /// The same, row by row: beside the report as it came, no second copy is made in memory.
    ///
    /// # Errors
    /// As [`user_detail`](Self::user_detail). A CSV is given whole or not at all; of JSON, pages given before the
    /// error are good.
    pub async fn user_detail_by_row(
        &self,
        period: Period,
        format: Format,
        take: impl FnMut(UserUsage),
    ) -> Result<ReportFacts, ReadError> {
        self.report(&USER_DETAIL, period, format, take).await
    }

    /// How many users could use each app, and how many did, over the period.
    ///
    /// # Errors
    /// As [`user_detail`](Self::user_detail).
    pub async fn user_count_summary(
        &self,
        period: Period,
        format: Format,
    ) -> Result<CountSummary, ReadError> {
        self.whole_report(&SUMMARY, period, format).await
    }

    /// The same for each day of the period.
    ///
    /// # Errors
    /// As [`user_detail`](Self::user_detail).
    pub async fn user_count_trend(
        &self,
        period: Period,
        format: Format,
    ) -> Result<CountTrend, ReadError> {
        self.whole_report(&TREND, period, format).await
    }

    async fn whole_report<R: Row>(
        &self,
        kind: &Kind,
        period: Period,
        format: Format,
    ) -> Result<Report<R>, ReadError> {
        let mut rows = Vec::new();
        let facts = self
            .report(kind, period, format, |row| rows.push(row))
            .await?;
        Ok(Report { rows, facts })
    }

    async fn report<R: Row>(
        &self,
        kind: &Kind,
        period: Period,
        format: Format,
        take: impl FnMut(R),
    ) -> Result<ReportFacts, ReadError> {
        let call = format!("{}{}", kind.function, period.arguments());
        match format {
            Format::Csv => self.csv_report(kind.what, &call, take).await,
            Format::Json => self.json_report(kind.what, &call, take).await,
        }
    }

    async fn csv_report<R: Row>(
        &self,
        what: What,
        call: &str,
        take: impl FnMut(R),
    ) -> Result<ReportFacts, ReadError> {
        let graph = &self.inner.endpoints.graph;
        let url = address(graph, call);
        let whole = |body: &Bytes| match table::is_report::<R>(body) {
            true => Ok(body.clone()),
            false => {
                Err("the answer is no report: its first line names no column of one".to_owned())
            }
        };
        let body = self
            .run(Errand::CsvReport, what, &url, &uncounted(), whole)
            .await?;
        Ok(table::read_csv(&body, take))
    }

    async fn json_report<R: Row>(
        &self,
        what: What,
        call: &str,
        mut take: impl FnMut(R),
    ) -> Result<ReportFacts, ReadError> {
        let graph = &self.inner.endpoints.graph;
        let mut url = graph.at(&["beta", "copilot", "reports", call], &[]);
        let mut columns = Columns::new();
        let mut facts = ReportFacts::default();
        let mut trail = Trail::default();
        loop {
            let page = self
                .run(Errand::JsonReport, what, &url, &uncounted(), |body| {
                    Listing::read(body)
                })
                .await?;
            table::read_json(&page.values, &mut columns, &mut facts, &mut take);
            let Some(text) = page.next_link else {
                facts.unknown_columns = columns.unknown();
                return Ok(facts);
            };
            url = trail.next(&text, graph)?.url().clone();
        }
    }
}
