//! The figures by verdict, out of the metrics.

use std::collections::{BTreeMap, HashMap};

use hobbs_metrics::{Parameters, Slice, Window};
use jiff::civil::{Date, Weekday};
use jiff::{Span, tz::TimeZone};
use serde::{Deserialize, Deserializer};

use crate::coverage::time;
use crate::query::{metric, query, select};
use crate::scope::Scope;
use crate::source::{Source, SourceError};
use crate::verdicts::{
    AppVerdicts, ByVerdict, Cohort, DayVerdicts, Headline, UserVerdicts, VerdictFigures,
    WeekVerdicts,
};

/// Days of a metric's window at most; what is older is left out of weeks and cohorts.
const DAYS_MAX: i32 = 7_300;

/// The figures of `scope`, over the window given in UTC milliseconds. None if the lake has derived
/// no exchanges.
pub(crate) async fn figures(
    source: &dyn Source,
    scope: &Scope,
    window_ms: (i64, i64),
) -> Result<Option<VerdictFigures>, SourceError> {
    let Some(not_judged) = source.derived().await?.not_judged() else {
        return Ok(None);
    };
    let derived: Vec<DerivedRow> = select(source, scope, query!("derived.sql")).await?;
    let asked = Asked::of(source, scope, window_ms, &derived);
    let rules: Vec<&str> = derived
        .iter()
        .filter_map(|row| row.rules.as_deref())
        .collect();
    let mut headline: Vec<Headline> = asked.metric("headline").await?;
    let mut apps: Vec<AppVerdicts> = asked.metric("apps").await?;
    apps.sort_by(|a, b| {
        let by_size = b.exchanges.total().cmp(&a.exchanges.total());
        by_size.then_with(|| a.app.cmp(&b.app))
    });
    Ok(Some(VerdictFigures {
        rules: rules.join(", "),
        not_judged,
        headline: headline.pop().unwrap_or_default(),
        weeks: asked.weeks().await?,
        days: asked.days().await?,
        apps,
        users: asked.users().await?,
        tiers: asked.metric("intensity_tiers").await?,
        hours: asked.metric("hours").await?,
        retention: asked.retention().await?,
    }))
}

/// What is asked of the metrics of one report.
struct Asked<'a> {
    source: &'a dyn Source,
    scope: &'a Scope,
    parameters: Parameters,
}

impl<'a> Asked<'a> {
    /// The metrics' window is of whole days of the tenant's time zone, which is not known here: it
    /// holds the days that the exchanges themselves name, and those of the report's window in UTC.
    /// Which exchanges count is said by their times.
    fn of(
        source: &'a dyn Source,
        scope: &'a Scope,
        (from_ms, to_ms): (i64, i64),
        derived: &[DerivedRow],
    ) -> Self {
        let last_ms = to_ms.saturating_sub(1).max(from_ms);
        let last = derived.iter().filter_map(|row| row.last_day).max();
        let last = last.map_or(day(last_ms), |last| last.max(day(last_ms)));
        let first = derived.iter().filter_map(|row| row.first_day).min();
        let first = match (scope.from_ms, first) {
            (Some(from_ms), Some(first)) => first.min(day(from_ms)),
            (Some(from_ms), None) => day(from_ms),
            (None, first) => first.unwrap_or(last),
        };
        let oldest = last.saturating_sub(Span::new().days(DAYS_MAX));
        let first = first.max(oldest).min(last);
        let window = Window::new(first, last).unwrap_or_else(|_| one_day());
        let mut parameters = Parameters::of(window);
        parameters.tenant_id.clone_from(&scope.tenant_id);
        Asked {
            source,
            scope,
            parameters,
        }
    }

    async fn metric<T: serde::de::DeserializeOwned + Send>(
        &self,
        name: &'static str,
    ) -> Result<Vec<T>, SourceError> {
        metric(self.source, name, &self.parameters, &self.scope.exchanges()).await
    }

    async fn by<T: serde::de::DeserializeOwned + Send>(
        &self,
        name: &'static str,
        slice: Slice,
    ) -> Result<Vec<T>, SourceError> {
        let parameters = self.parameters.clone().by(slice);
        metric(self.source, name, &parameters, &self.scope.exchanges()).await
    }

    async fn weeks(&self) -> Result<Vec<WeekVerdicts>, SourceError> {
        let mut exchanges = by_day(self.by("verdicts", Slice::Week).await?);
        let active: Vec<ActiveRow> = self.metric("active_users_by_week").await?;
        let mut weeks: Vec<WeekVerdicts> = active
            .into_iter()
            .map(|row| WeekVerdicts {
                week: row.first_day,
                users_any: row.users_any,
                users_asked: row.users_asked,
                users_typed: row.users_typed,
                exchanges: exchanges.remove(&row.first_day).unwrap_or_default(),
            })
            .collect();
        weeks.sort_by_key(|week| week.week);
        Ok(weeks)
    }

    async fn days(&self) -> Result<Vec<DayVerdicts>, SourceError> {
        let mut exchanges = by_day(self.by("verdicts", Slice::Day).await?);
        let active: Vec<ActiveRow> = self.metric("active_users_by_day").await?;
        let mut days: Vec<DayVerdicts> = active
            .into_iter()
            .map(|row| DayVerdicts {
                day: row.first_day,
                users_any: row.users_any,
                users_asked: row.users_asked,
                users_typed: row.users_typed,
                exchanges: exchanges.remove(&row.first_day).unwrap_or_default(),
            })
            .collect();
        days.sort_by_key(|day| day.day);
        Ok(days)
    }

    async fn users(&self) -> Result<Vec<UserVerdicts>, SourceError> {
        let keys: Vec<KeyRow> = select(self.source, self.scope, query!("user_keys.sql")).await?;
        let mut ids: HashMap<i64, String> = keys
            .into_iter()
            .map(|row| (row.user_key, row.user_id))
            .collect();
        let rows: Vec<UserRow> = self.metric("users").await?;
        let mut users: Vec<UserVerdicts> = rows
            .into_iter()
            .filter_map(|row| {
                Some(UserVerdicts {
                    user_id: ids.remove(&row.user_key)?,
                    exchanges: row.exchanges,
                    days_any: row.days_any,
                    days_asked: row.days_asked,
                })
            })
            .collect();
        users.sort_unstable_by(|a, b| a.user_id.cmp(&b.user_id));
        Ok(users)
    }

    /// Cohorts are made by the first week of all, so here the report's beginning does not count, and
    /// its first week counts whole.
    async fn retention(&self) -> Result<Vec<Cohort>, SourceError> {
        let to_date = Scope {
            from_ms: None,
            ..self.scope.clone()
        };
        let window = self.parameters.window;
        let mut parameters = self.parameters.clone();
        parameters.window = Window::new(monday(window.first()), window.last()).unwrap_or(window);
        let exchanges = to_date.exchanges();
        let rows: Vec<CohortRow> =
            metric(self.source, "retention", &parameters, &exchanges).await?;
        Ok(cohorts(
            rows,
            last_whole_week(self.parameters.window.last()),
        ))
    }
}

/// A cohort for each first week, with a number for each week since; weeks in which nobody came back
/// have no row.
fn cohorts(rows: Vec<CohortRow>, last_week: Date) -> Vec<Cohort> {
    let mut cohorts: BTreeMap<Date, Cohort> = BTreeMap::new();
    for row in rows {
        let weeks = (last_week - row.cohort_week).get_days() / 7 + 1;
        let cohort = cohorts.entry(row.cohort_week).or_insert_with(|| Cohort {
            week: row.cohort_week,
            users: row.cohort_users,
            returned: vec![0; usize::try_from(weeks).unwrap_or(0)],
        });
        if let Some(returned) = cohort.returned.get_mut(row.weeks_later) {
            *returned = row.users;
        }
    }
    cohorts.into_values().collect()
}

/// The Monday of the last week that ends on this day or before it.
fn last_whole_week(day: Date) -> Date {
    match day.weekday() {
        Weekday::Sunday => monday(day),
        _ => monday(day).saturating_sub(Span::new().days(7)),
    }
}

/// The Monday of a day's week.
fn monday(day: Date) -> Date {
    let since = i32::from(day.weekday().to_monday_zero_offset());
    day.saturating_sub(Span::new().days(since))
}

fn day(ms: i64) -> Date {
    time(ms).to_zoned(TimeZone::UTC).date()
}

/// A window that can always be asked for.
fn one_day() -> Window {
    let day = jiff::civil::date(2026, 1, 1);
    Window::new(day, day).expect("a day is a window")
}

/// Exchanges by the day or week that the metric `verdicts` was divided by.
fn by_day(rows: Vec<VerdictRow>) -> BTreeMap<Date, ByVerdict> {
    let mut days: BTreeMap<Date, ByVerdict> = BTreeMap::new();
    for row in rows {
        days.entry(row.slice)
            .or_default()
            .set(&row.verdict, row.exchanges);
    }
    days
}

#[derive(Deserialize)]
struct DerivedRow {
    #[serde(default)]
    rules: Option<String>,
    #[serde(default, deserialize_with = "optional_date")]
    first_day: Option<Date>,
    #[serde(default, deserialize_with = "optional_date")]
    last_day: Option<Date>,
}

#[derive(Deserialize)]
struct KeyRow {
    user_key: i64,
    user_id: String,
}

#[derive(Deserialize)]
struct VerdictRow {
    #[serde(deserialize_with = "date")]
    slice: Date,
    verdict: String,
    exchanges: u64,
}

#[derive(Deserialize)]
struct ActiveRow {
    #[serde(alias = "week", alias = "day", deserialize_with = "date")]
    first_day: Date,
    users_any: u64,
    users_asked: u64,
    users_typed: u64,
}

#[derive(Deserialize)]
struct UserRow {
    user_key: i64,
    #[serde(flatten)]
    exchanges: ByVerdict,
    days_any: u64,
    days_asked: u64,
}

#[derive(Deserialize)]
struct CohortRow {
    #[serde(deserialize_with = "date")]
    cohort_week: Date,
    weeks_later: usize,
    cohort_users: u64,
    users: u64,
}

/// A day as an engine prints it: the date, with or without a time behind it.
pub(crate) fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.get(..10)
        .unwrap_or(&text)
        .parse()
        .map_err(serde::de::Error::custom)
}

pub(crate) fn optional_date<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Date>, D::Error> {
    #[derive(Deserialize)]
    struct Day(#[serde(deserialize_with = "date")] Date);
    Ok(Option::<Day>::deserialize(deserializer)?.map(|Day(day)| day))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_last_whole_week_ends_on_a_sunday() {
        let monday = date(2026, 11, 16);
        assert_eq!(last_whole_week(date(2026, 11, 22)), monday);
        assert_eq!(last_whole_week(date(2026, 11, 23)), monday);
        assert_eq!(last_whole_week(date(2026, 11, 21)), date(2026, 11, 9));
    }

    #[test]
    fn weeks_without_anybody_are_zero() {
        let row = |weeks_later, users| CohortRow {
            cohort_week: date(2026, 10, 26),
            weeks_later,
            cohort_users: 9,
            users,
        };
        let cohorts = cohorts(vec![row(0, 9), row(2, 4)], date(2026, 11, 16));
        assert_eq!(cohorts.len(), 1);
        assert_eq!(cohorts[0].returned, [9, 0, 4, 0]);
    }
}
