//! The rows of the queries in `sql/`, as the source answers them.

use jiff::{Timestamp, civil, tz::TimeZone};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::coverage::{Failure, Standing, time};
use crate::spans::Span;
use crate::summary::{AppFigures, Counts, DayFigures};

/// A time in a result: RFC 3339 text or UTC milliseconds, as UTC milliseconds.
pub(crate) fn time_ms<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    match Option::<Value>::deserialize(deserializer)? {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(ms)) => ms
            .as_i64()
            .map(Some)
            .ok_or_else(|| serde::de::Error::custom("a time that is not whole milliseconds")),
        Some(Value::String(text)) => parse_time_ms(&text)
            .map(Some)
            .map_err(serde::de::Error::custom),
        Some(other) => Err(serde::de::Error::custom(format!(
            "a time written as {other}"
        ))),
    }
}

fn parse_time_ms(text: &str) -> Result<i64, jiff::Error> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time.as_millisecond());
    }
    let civil: civil::DateTime = text.parse()?;
    Ok(civil.to_zoned(TimeZone::UTC)?.timestamp().as_millisecond())
}

#[derive(Deserialize)]
pub(crate) struct AppRow {
    #[serde(default)]
    pub(crate) app: String,
    #[serde(default)]
    pub(crate) app_class: String,
    #[serde(flatten)]
    pub(crate) counts: Counts,
    #[serde(default, deserialize_with = "time_ms")]
    pub(crate) first_at: Option<i64>,
    #[serde(default, deserialize_with = "time_ms")]
    pub(crate) last_at: Option<i64>,
}

impl AppRow {
    pub(crate) fn figures(self) -> AppFigures {
        AppFigures {
            app: self.app,
            app_class: self.app_class,
            counts: self.counts,
        }
    }
}

#[derive(Default, Deserialize)]
pub(crate) struct UserRow {
    pub(crate) user_id: String,
    #[serde(flatten)]
    pub(crate) counts: Counts,
    #[serde(default, deserialize_with = "time_ms")]
    pub(crate) first_at: Option<i64>,
    #[serde(default, deserialize_with = "time_ms")]
    pub(crate) last_at: Option<i64>,
    pub(crate) days_active: u64,
    pub(crate) days_prompting: u64,
}

#[derive(Deserialize)]
pub(crate) struct DayRow {
    #[serde(default, deserialize_with = "time_ms")]
    pub(crate) day_at: Option<i64>,
    #[serde(flatten)]
    pub(crate) counts: Counts,
    pub(crate) users: u64,
}

impl DayRow {
    pub(crate) fn figures(self) -> DayFigures {
        let day = time(self.day_at.unwrap_or(0))
            .to_zoned(TimeZone::UTC)
            .date();
        DayFigures {
            day,
            users: self.users,
            counts: self.counts,
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct AnswersRow {
    #[serde(default)]
    pub(crate) answers: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct PersonRow {
    pub(crate) user_id: String,
    pub(crate) user_principal_name: Option<String>,
    pub(crate) display_name: Option<String>,
    pub(crate) department: Option<String>,
    pub(crate) job_title: Option<String>,
    pub(crate) country: Option<String>,
    pub(crate) licensed: Option<bool>,
    pub(crate) state: Option<String>,
    #[serde(deserialize_with = "time_ms")]
    pub(crate) valid_from_at: Option<i64>,
}

impl PersonRow {
    pub(crate) fn standing(&self) -> Standing {
        if self.state.as_deref() == Some("left") {
            Standing::Left(self.valid_from_at)
        } else if self.licensed == Some(false) {
            Standing::NotLicensed(self.valid_from_at)
        } else {
            Standing::Readable
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct SpanRow {
    pub(crate) user_id: String,
    pub(crate) from_ms: i64,
    pub(crate) to_ms: i64,
}

#[derive(Deserialize)]
pub(crate) struct AppSpanRow {
    pub(crate) user_id: String,
    pub(crate) from_ms: i64,
    pub(crate) to_ms: i64,
    pub(crate) apps: Value,
}

impl AppSpanRow {
    /// The apps that were read.
    pub(crate) fn apps(&self) -> Vec<String> {
        match &self.apps {
            Value::Array(apps) => apps
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            Value::String(apps) => apps.split(',').map(|app| app.trim().to_owned()).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether each app asked for was among those read. The lake may give a list or one text with
    /// commas.
    pub(crate) fn covers(&self, asked: &[String]) -> bool {
        let read = self.apps();
        let bare = |app: &str| app.trim().rsplit('.').next().unwrap_or("").to_lowercase();
        asked
            .iter()
            .all(|app| read.iter().any(|read| bare(read) == bare(app)))
    }
}

#[derive(Deserialize)]
pub(crate) struct FailureRow {
    pub(crate) user_id: String,
    #[serde(default)]
    pub(crate) from_ms: Option<i64>,
    #[serde(default)]
    pub(crate) to_ms: Option<i64>,
    #[serde(default)]
    pub(crate) error_code: Option<String>,
    #[serde(default)]
    pub(crate) error: Option<String>,
}

impl FailureRow {
    pub(crate) fn keyed(self) -> (String, Failure) {
        let span = self
            .from_ms
            .zip(self.to_ms)
            .and_then(|(from, to)| Span::new(from, to));
        (
            self.user_id,
            Failure {
                span,
                code: self.error_code,
                error: self.error,
            },
        )
    }
}
