//! Microsoft's usage reports, read into the lake.
//!
//! Where a plan needs them they are read before it, and it waits for a while only; else, and whatever did
//! not come in that while, after the histories, which are what a sync is for.

mod rows;

use std::collections::HashMap;
use std::time::Duration;

use hobbs_graph::usage_reports::{
    CountSummary, Format, Period, ReportFacts, ReportVersion, Span, TrendRow,
};
use hobbs_graph::{Client, ReadError};
use hobbs_lake::{
    DayNumber, LakeError, Names, Run, UsageColumn, UsageCount, UsageLine, UserRecord, Writer,
};
use jiff::civil::Date;
use serde::Serialize;
use tokio::time::{Instant, timeout_at};

use crate::summary::{SyncSummary, Unkept, add_unkept};
use rows::{app_column, counts, day_number, line, snapshot};

/// Reports change once a day, and their requests are few: they are not asked for again within this
/// time.
const ASK_EVERY_MS: i64 = 60 * 60 * 1000;

/// The longest trend there is: what it says of a day is kept once.
const TREND_DAYS: u16 = 180;

/// How long a plan waits: no longer than the requests take that the report spares.
pub(crate) const BEFORE_A_PLAN: Duration = Duration::from_secs(2 * 60);

/// How long a sync waits whose histories are in the lake: a limit's ten minutes, and some.
pub(crate) const AFTER_HISTORIES: Duration = Duration::from_secs(15 * 60);

/// What to do about concealed names (learn.microsoft.com, "Microsoft 365 reports in the admin center").
const CONCEALED: &str = "the usage reports conceal names, so that they can't be compared person by person: in the Microsoft 365 admin center, under Settings, Org settings, Reports, turn off \"Display concealed user, group, and site names in all reports\"";

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
    pub unkept: Vec<Unkept>,
}

impl UsageRead {
    /// What a later reading brought besides.
    pub(crate) fn add(&mut self, later: UsageRead) {
        self.rows_new += later.rows_new;
        self.concealed |= later.concealed;
        for unkept in later.unkept {
            add_unkept(&mut self.unkept, unkept.reason, unkept.count);
        }
        if !later.report_version.is_empty() {
            self.report_version = later.report_version;
            self.report_refresh_date = later.report_refresh_date;
        }
    }
}

/// What became of the reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// They are in the lake, or asking again in this run would not help.
    Over,
    /// They did not come in the time given.
    NotInTime,
}

/// Why the reports are not in the lake.
#[derive(Debug, thiserror::Error)]
enum UsageError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Lake(#[from] LakeError),
    #[error("they did not come in time")]
    NotInTime,
}

/// Reads the reports that the lake does not have yet.
pub(crate) struct UsageReading<'a> {
    pub(crate) client: &'a Client,
    pub(crate) run: &'a Run,
    pub(crate) now_ms: i64,
    pub(crate) format: Format,
    /// Object ids by user principal name, in lower case.
    pub(crate) ids: HashMap<String, String>,
}

/// Object ids by user principal name.
pub(crate) fn ids<'a>(users: impl IntoIterator<Item = &'a UserRecord>) -> HashMap<String, String> {
    let named = users.into_iter().filter_map(|user| {
        let name = user.user_principal_name.as_ref()?;
        Some((name.to_lowercase(), user.user_id.clone()))
    });
    named.collect()
}

impl UsageReading<'_> {
    /// Reads what comes within `patience`, and says in the summary what was read and what was not. That
    /// the reports can't be read is no failure of a sync.
    ///
    /// # Errors
    /// The lake can't be read or written.
    pub(crate) async fn read(
        &self,
        writer: &mut Writer,
        patience: Duration,
        summary: &mut SyncSummary,
    ) -> Result<Outcome, LakeError> {
        let fetched_at_ms = writer.usage_fetched_at_ms(self.run).await?;
        if fetched_at_ms.is_some_and(|at_ms| (at_ms..at_ms + ASK_EVERY_MS).contains(&self.now_ms)) {
            return Ok(Outcome::Over);
        }
        let mut asking = Asking {
            reading: self,
            writer,
            until: Instant::now() + patience,
            read: UsageRead::default(),
            names_nobody: false,
            settings_say: None,
        };
        let outcome = asking.read_newest_version().await;
        if asking.names_nobody {
            summary.warnings.push(asking.names_nobody_says());
        }
        summary.add_usage(asking.read);
        match outcome {
            Ok(()) => {}
            Err(UsageError::Lake(error)) => return Err(error),
            Err(UsageError::NotInTime) => return Ok(Outcome::NotInTime),
            Err(UsageError::Read(error)) => {
                let warning = format!("Microsoft's usage reports could not be read: {error}");
                summary.warnings.push(warning);
            }
        }
        if summary
            .usage_reports
            .as_ref()
            .is_some_and(|read| read.concealed)
        {
            summary.warnings.push(CONCEALED.to_owned());
        }
        Ok(Outcome::Over)
    }
}

/// What to say of reports that never came.
pub(crate) fn left_out(patience: Duration) -> String {
    let minutes = patience.as_secs() / 60;
    format!(
        "Microsoft's usage reports did not come within {minutes} minutes, and were left out; the next sync asks for them again"
    )
}

/// One reading, up to its end or to the time given.
struct Asking<'a> {
    reading: &'a UsageReading<'a>,
    writer: &'a mut Writer,
    until: Instant,
    read: UsageRead,
    /// A report names users, and nobody in the directory has one of the names.
    names_nobody: bool,
    /// Whether the tenant's settings conceal names, once they were asked for.
    settings_say: Option<Option<bool>>,
}

impl Asking<'_> {
    fn names_nobody_says(&self) -> String {
        let settings = match self.settings_say.flatten() {
            Some(_) => "the tenant's settings say that they are shown",
            None => {
                "with the permission ReportSettings.Read.All hobbs could tell whether they are concealed"
            }
        };
        format!(
            "Microsoft's usage report names users, none of whom the directory knows, so that they can't be compared person by person; {settings}"
        )
    }

    async fn read_newest_version(&mut self) -> Result<(), UsageError> {
        match self.read_version(ReportVersion::V2).await {
            Err(UsageError::Read(error)) if is_unknown_there(&error) => {
                self.read_version(ReportVersion::V1).await
            }
            other => other,
        }
    }

    async fn read_version(&mut self, version: ReportVersion) -> Result<(), UsageError> {
        let UsageReading { client, format, .. } = *self.reading;
        let all = Period::all(version);
        let summary = self.asked(client.user_count_summary(all, format)).await?;
        self.read.report_version = version.name();
        let Some(refreshed) = summary.facts.refresh_date else {
            self.note_unkept(&summary.facts);
            self.add_unkept("no_refresh_date", summary.facts.kept);
            return Ok(());
        };
        self.read.report_refresh_date = Some(refreshed.to_string());
        for days in version.days() {
            self.read_users(version, days, refreshed).await?;
        }
        self.read_trend(version).await?;
        // Last: that a summary is kept says that the rest of this refresh date is.
        self.keep_summary(version, &summary).await
    }

    /// What an answer brings, if it comes in time.
    async fn asked<T>(
        &self,
        request: impl Future<Output = Result<T, ReadError>>,
    ) -> Result<T, UsageError> {
        let answer = timeout_at(self.until, request);
        Ok(answer.await.map_err(|_| UsageError::NotInTime)??)
    }

    async fn keep_summary(
        &mut self,
        version: ReportVersion,
        summary: &CountSummary,
    ) -> Result<(), UsageError> {
        self.note_unkept(&summary.facts);
        for row in &summary.rows {
            let Some(refreshed) = row.refresh_date else {
                self.add_unkept("no_refresh_date", 1);
                continue;
            };
            let Some(period_days) = row.period_days else {
                self.add_unkept("no_period_in_days", 1);
                continue;
            };
            let snapshot = snapshot(refreshed, period_days, version);
            let counts = counts(&row.apps, row.prompts_submitted, row.average_prompts);
            let UsageReading { run, now_ms, .. } = *self.reading;
            let kept = self
                .writer
                .keep_usage_summary(run, now_ms, &snapshot, &counts);
            self.read.rows_new += kept.await?;
        }
        Ok(())
    }

    async fn read_users(
        &mut self,
        version: ReportVersion,
        days: u16,
        refreshed: Date,
    ) -> Result<(), UsageError> {
        let UsageReading {
            client,
            run,
            now_ms,
            format,
            ..
        } = *self.reading;
        let wanted = snapshot(refreshed, u32::from(days), version);
        if let Some(names) = self.writer.usage_report_names(run, &wanted).await? {
            self.read.concealed |= names == Names::Concealed;
            return Ok(());
        }
        let Ok(period) = Period::new(version, Span::Days(days)) else {
            return Ok(());
        };
        let mut lines = Vec::new();
        let (ids, apps) = (&self.reading.ids, UsageColumn::ALL.map(app_column));
        let take = |row| lines.push(line(row, ids, &apps));
        let facts = self
            .asked(client.user_detail_by_row(period, format, take))
            .await?;
        self.note_unkept(&facts);
        self.look_at_names(&mut lines).await?;
        // It may have been refreshed since the summary was read.
        let refreshed = facts.refresh_date.unwrap_or(refreshed);
        let snapshot = snapshot(refreshed, u32::from(days), version);
        let kept = self
            .writer
            .keep_usage_report(run, now_ms, &snapshot, &lines);
        self.read.rows_new += kept.await?;
        Ok(())
    }

    /// Where nobody in the directory has one of the names, they may be concealed in a form that nobody knows.
    async fn look_at_names(&mut self, lines: &mut [UsageLine]) -> Result<(), UsageError> {
        let is_concealed = |lines: &[UsageLine]| lines.iter().all(|line| line.concealed);
        if lines.is_empty() || lines.iter().any(|line| line.user_id.is_some()) {
            return Ok(());
        }
        if !is_concealed(lines) && self.conceals_names().await? == Some(true) {
            lines.iter_mut().for_each(|line| line.concealed = true);
        }
        self.read.concealed |= is_concealed(lines);
        self.names_nobody |= !is_concealed(lines);
        Ok(())
    }

    /// What the tenant's settings say; None where they can't be read.
    async fn conceals_names(&mut self) -> Result<Option<bool>, UsageError> {
        if let Some(said) = self.settings_say {
            return Ok(said);
        }
        let said = match self.asked(self.reading.client.report_settings()).await {
            Ok(settings) => settings.display_concealed_names,
            Err(UsageError::Read(_)) => None,
            Err(error) => return Err(error),
        };
        self.settings_say = Some(said);
        Ok(said)
    }

    async fn read_trend(&mut self, version: ReportVersion) -> Result<(), UsageError> {
        let UsageReading {
            client,
            run,
            now_ms,
            format,
            ..
        } = *self.reading;
        let Ok(period) = Period::new(version, Span::Days(TREND_DAYS)) else {
            return Ok(());
        };
        let trend = self.asked(client.user_count_trend(period, format)).await?;
        self.note_unkept(&trend.facts);
        let Some(refreshed) = trend.facts.refresh_date else {
            self.add_unkept("no_refresh_date", trend.facts.kept);
            return Ok(());
        };
        let of_day = |row: &TrendRow| {
            let counts = counts(&row.apps, row.prompts_submitted, None).into_iter();
            let day = day_number(row.report_date);
            counts.map(|count| (day, count)).collect::<Vec<_>>()
        };
        let days: Vec<(DayNumber, UsageCount)> = trend.rows.iter().flat_map(of_day).collect();
        let refreshed = day_number(refreshed);
        let kept = self
            .writer
            .keep_usage_trend(run, now_ms, refreshed, version.name(), &days);
        self.read.rows_new += kept.await?;
        Ok(())
    }

    fn note_unkept(&mut self, facts: &ReportFacts) {
        for (reason, count) in &facts.unkept {
            self.add_unkept(reason.code(), *count);
        }
    }

    fn add_unkept(&mut self, code: &str, count: u64) {
        if count > 0 {
            let reason = format!("row of a usage report ({code})");
            add_unkept(&mut self.read.unkept, reason, count);
        }
    }
}

/// Whether the service does not know this version of a report. Version 2 came in 2026, not to every
/// tenant at once; which status says so differs.
fn is_unknown_there(error: &ReadError) -> bool {
    let status = error.graph_error().map(|error| error.status);
    matches!(status, Some(400 | 404 | 410 | 501))
}
