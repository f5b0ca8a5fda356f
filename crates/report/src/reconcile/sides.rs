//! Microsoft's counts that need no names, beside ours.

use std::collections::BTreeMap;

use hobbs_reconcile::Figures;
use hobbs_reconcile::columns::COLUMNS;
use hobbs_reconcile::days::{begin_ms, day_of, next};
use hobbs_reconcile::figures::ColumnFigures;
use jiff::civil::Date;

use super::answers::{OurDayRow, SummaryRow, TrendRow};
use super::walk::Walk;
use super::{DayBySide, SideBySide};
use crate::query::{query, select_with};
use crate::scope::{text_literal, time_literal};
use crate::source::SourceError;

impl Walk<'_> {
    /// Microsoft's counts by app, which are of everyone: beside some users they would say nothing.
    async fn summary(&self) -> Result<Vec<SummaryRow>, SourceError> {
        if self.is_of_some_users() {
            return Ok(Vec::new());
        }
        let report = self.report.condition();
        let places = [
            ("{people}", self.tenant.as_str()),
            ("{report}", report.as_str()),
        ];
        select_with(self.source, query!("reconcile_summary.sql"), &places).await
    }

    /// By app.
    pub(super) async fn apps(&self, figures: &Figures) -> Result<Vec<SideBySide>, SourceError> {
        let theirs = self.summary().await?;
        let beside = |name: &str, summary: Option<&str>| {
            let theirs = theirs.iter().find(|row| Some(row.app.as_str()) == summary);
            let ours = figures.columns.iter().find(|own| own.column == name);
            (theirs.is_some() || ours.is_some()).then(|| self.side_by_side(name, theirs, ours))
        };
        let known = COLUMNS
            .iter()
            .filter_map(|column| beside(&column.name, column.summary));
        let is_known = |name: &str| COLUMNS.iter().any(|column| column.name == name);
        let others = figures.columns.iter().filter(|own| !is_known(&own.column));
        let others = others.filter_map(|own| beside(&own.column, None));
        Ok(known.chain(others).collect())
    }

    /// Where Microsoft's summary is not there, its active users are counted from its rows by name.
    fn side_by_side(
        &self,
        name: &str,
        theirs: Option<&SummaryRow>,
        ours: Option<&ColumnFigures>,
    ) -> SideBySide {
        let counted = ours
            .filter(|_| !self.is_concealed())
            .map(|own| own.users_microsoft);
        SideBySide {
            app: name.to_owned(),
            microsoft_enabled: theirs.and_then(|row| row.enabled_users),
            microsoft_active: theirs.and_then(|row| row.active_users).or(counted),
            microsoft_prompts: theirs.and_then(|row| row.prompts_submitted),
            users_any: ours.map_or(0, |own| own.users_any),
            users_asked: ours.map_or(0, |own| own.users_asked),
            exchanges: ours.map(|own| own.exchanges).unwrap_or_default(),
        }
    }

    /// Microsoft's counts by day, which are of everyone: beside some users they would say nothing.
    async fn trend(&self, first: Date, last: Date) -> Result<Vec<TrendRow>, SourceError> {
        if self.is_of_some_users() {
            return Ok(Vec::new());
        }
        let report = format!(
            "report_refresh_date <= DATE '{last}' AND report_version = {} AND report_date >= DATE '{first}' AND report_date <= DATE '{last}'",
            text_literal(&self.report.report_version)
        );
        let places = [
            ("{people}", self.tenant.as_str()),
            ("{report}", report.as_str()),
        ];
        select_with(self.source, query!("reconcile_trend.sql"), &places).await
    }

    /// By UTC day, over all apps.
    pub(super) async fn days(&self) -> Result<Vec<DayBySide>, SourceError> {
        let (first, last) = (self.asked.first(), self.asked.refreshed);
        let mut days: BTreeMap<Date, DayBySide> = BTreeMap::new();
        for row in self.trend(first, last).await? {
            let day = days.entry(row.report_date).or_default();
            day.microsoft_active = row.active_users;
            day.microsoft_prompts = row.prompts_submitted;
        }
        let (from, to) = (
            time_literal(begin_ms(first)),
            time_literal(begin_ms(next(last))),
        );
        let places = [
            ("{people}", self.people.as_str()),
            ("{from}", from.as_str()),
            ("{to}", to.as_str()),
        ];
        let rows: Vec<OurDayRow> =
            select_with(self.source, query!("reconcile_our_days.sql"), &places).await?;
        for row in rows {
            let day = days.entry(day_of(row.day_at.unwrap_or(0))).or_default();
            (day.users_any, day.users_asked, day.asked) =
                (row.users_any, row.users_asked, row.asked);
        }
        let dated = days
            .into_iter()
            .map(|(date, day)| DayBySide { day: date, ..day });
        Ok(dated.collect())
    }
}
