//! What a request for a report asks: which report, in which version, for which period, in which form.

use crate::answer::GraphError;
use crate::paging;

/// Which of the three reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    UserDetail,
    CountSummary,
    CountTrend,
}

/// A report, not yet its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Called {
    pub(crate) kind: Kind,
    pub(crate) beta: bool,
    /// What stands between the parentheses, in lower case.
    arguments: String,
}

/// Version 2 counts prompts and days besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    V1,
    V2,
}

/// The form of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Csv,
    Json,
}

/// The periods of a version, in days. `ALL` means each of them, not all time.
const PERIODS_V1: [u16; 4] = [7, 30, 90, 180];
const PERIODS_V2: [u16; 4] = [7, 28, 90, 180];

/// A report with its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) kind: Kind,
    pub(crate) version: Version,
    /// The place among the version's periods; each of them where None.
    period: Option<u8>,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::UserDetail, Self::CountSummary, Self::CountTrend];

    /// The function's name, in lower case.
    fn function(self) -> &'static str {
        match self {
            Self::UserDetail => "getmicrosoft365copilotusageuserdetail",
            Self::CountSummary => "getmicrosoft365copilotusercountsummary",
            Self::CountTrend => "getmicrosoft365copilotusercounttrend",
        }
    }
}

impl Called {
    /// Reads the last segment of the path, in lower case.
    pub(crate) fn of(beta: bool, segment: &str) -> Option<Self> {
        let (name, rest) = segment.split_once('(').unwrap_or((segment, ")"));
        let arguments = rest.strip_suffix(')')?.to_owned();
        let kind = Kind::ALL.into_iter().find(|kind| kind.function() == name)?;
        Some(Self {
            kind,
            beta,
            arguments,
        })
    }

    /// The form that the request wants: v1.0 gives CSV and beta JSON unless `$format` says otherwise.
    pub(crate) fn form(&self, query: Option<&str>) -> Result<Form, GraphError> {
        let parameters = paging::parameters(query);
        match paging::parameter(&parameters, "format") {
            None if self.beta => Ok(Form::Json),
            None | Some("text/csv") => Ok(Form::Csv),
            Some("application/json") => Ok(Form::Json),
            Some(other) => Err(GraphError::bad_request(format!(
                "The format '{other}' is not supported. The supported values are: text/csv, application/json."
            ))),
        }
    }

    /// Reads the arguments: `period='D7',version='v2'`, in any order and case; version 1 where none is named.
    pub(crate) fn question(&self) -> Result<Question, GraphError> {
        let (mut period, mut version) = (None, Version::V1);
        for argument in self.arguments.split(',').map(str::trim) {
            match argument.split_once('=') {
                Some(("period", value)) => period = Some(value.trim().trim_matches('\'')),
                Some(("version", "'v1'")) => version = Version::V1,
                Some(("version", "'v2'")) => version = Version::V2,
                _ if argument.is_empty() => {}
                _ => {
                    let message = format!("Invalid function argument: {argument}.");
                    return Err(GraphError::bad_request(message));
                }
            }
        }
        let Some(period) = period else {
            return Err(GraphError::bad_request(
                "The parameter 'period' is missing.",
            ));
        };
        Question::new(self.kind, version, period).ok_or_else(|| {
            let days = version.periods().map(|days| format!("D{days}")).join(", ");
            GraphError::bad_request(format!(
                "Invalid period value specified: {}. The supported values are: {days}, ALL.",
                period.to_uppercase()
            ))
        })
    }
}

impl Form {
    /// The name under which requests are counted.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }
}

impl Version {
    /// The periods, in days.
    pub(crate) fn periods(self) -> [u16; 4] {
        match self {
            Self::V1 => PERIODS_V1,
            Self::V2 => PERIODS_V2,
        }
    }
}

impl Question {
    fn new(kind: Kind, version: Version, period: &str) -> Option<Self> {
        let period = if period == "all" {
            None
        } else {
            let days: u16 = period.strip_prefix('d')?.parse().ok()?;
            let place = version.periods().iter().position(|known| *known == days)?;
            Some(place as u8)
        };
        Some(Self {
            kind,
            version,
            period,
        })
    }

    /// The periods asked for, in days.
    pub(crate) fn periods(self) -> Vec<u16> {
        match self.period {
            Some(place) => vec![self.version.periods()[usize::from(place)]],
            None => self.version.periods().to_vec(),
        }
    }

    /// A number that says it all: see [`Question::numbered`].
    pub(crate) fn number(self) -> u64 {
        let period = self.period.map_or(0, |place| u64::from(place) + 1);
        self.kind as u64 | (self.version as u64) << 8 | period << 16
    }

    pub(crate) fn numbered(number: u64) -> Option<Self> {
        let version = [Version::V1, Version::V2];
        Some(Self {
            kind: *Kind::ALL.get((number & 0xff) as usize)?,
            version: *version.get((number >> 8 & 0xff) as usize)?,
            period: match (number >> 16) as u8 {
                0 => None,
                place @ 1..=4 => Some(place - 1),
                _ => return None,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn question(segment: &str) -> Result<Question, GraphError> {
        Called::of(false, &segment.to_lowercase())
            .unwrap()
            .question()
    }

    #[test]
    fn arguments_are_read_in_any_order() {
        let function = "getMicrosoft365CopilotUserCountTrend";
        let both = question(&format!("{function}(period='D28',version='v2')")).unwrap();
        assert_eq!(
            both,
            question(&format!("{function}(version='v2', period='d28')")).unwrap()
        );
        assert_eq!(both.periods(), [28]);
        assert_eq!(Question::numbered(both.number()), Some(both));
        let all = question(&format!("{function}(period='ALL')")).unwrap();
        assert_eq!(all.periods(), [7, 30, 90, 180]);
        assert_eq!(Question::numbered(all.number()), Some(all));
    }

    #[test]
    fn a_version_has_its_own_periods() {
        for (arguments, good) in [
            ("period='D30'", true),
            ("period='D28'", false),
            ("period='D28',version='v2'", true),
            ("period='D30',version='v2'", false),
            ("period='D8'", false),
            ("period='D7',version='v3'", false),
            ("version='v2'", false),
            ("", false),
        ] {
            let segment = format!("getMicrosoft365CopilotUsageUserDetail({arguments})");
            assert_eq!(question(&segment).is_ok(), good, "{arguments}");
        }
        assert_eq!(Called::of(true, "getmicrosoft365copilotusageuser"), None);
    }
}
