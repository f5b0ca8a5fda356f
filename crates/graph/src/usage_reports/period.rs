//! Which report is asked for: version, period, format.

use std::fmt;

/// The version of a report: what its columns are and which periods it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ReportVersion {
    /// Last activity dates. Periods of 7, 30, 90 and 180 days.
    V1,
    /// Besides: prompts submitted, active usage days, and dates of Edge, agents and both kinds of chat. Periods of 7,
    /// 28, 90 and 180 days.
    V2,
}

impl ReportVersion {
    /// `v1`, `v2`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
        }
    }

    /// The periods of this version, in days, besides all of them at once.
    pub const fn days(self) -> [u16; 4] {
        match self {
            Self::V1 => [7, 30, 90, 180],
            Self::V2 => [7, 28, 90, 180],
        }
    }
}

impl fmt::Display for ReportVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How far back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Span {
    /// So many days, up to the report's refresh date.
    Days(u16),
    /// Every period of the version, each with rows of its own.
    All,
}

/// A period of a version: the service would answer 400 to any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Period {
    version: ReportVersion,
    span: Span,
}

/// The version has no such period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("reports of version {version} have no period of {days} days; use one of {:?}, or all", version.days())]
pub struct BadPeriod {
    /// The version.
    pub version: ReportVersion,
    /// The days asked for.
    pub days: u16,
}

impl Period {
    /// A period of this version.
    ///
    /// # Errors
    /// [`BadPeriod`] where the version has none of that length.
    pub fn new(version: ReportVersion, span: Span) -> Result<Self, BadPeriod> {
        match span {
            Span::Days(days) if !version.days().contains(&days) => Err(BadPeriod { version, days }),
            _ => Ok(Self { version, span }),
        }
    }

    /// Every period of the version in one report.
    pub const fn all(version: ReportVersion) -> Self {
        Self {
            version,
            span: Span::All,
        }
    }

    /// The version.
    pub const fn version(self) -> ReportVersion {
        self.version
    }

    /// The span.
    pub const fn span(self) -> Span {
        self.span
    }

    /// The span in days; None for all periods at once.
    pub const fn days(self) -> Option<u16> {
        match self.span {
            Span::Days(days) => Some(days),
            Span::All => None,
        }
    }

    /// `(period='D28',version='v2')`. Version 1 is the default, and services that know no other know no parameter.
    pub(super) fn arguments(self) -> String {
        match self.version {
            ReportVersion::V1 => format!("(period='{self}')"),
            ReportVersion::V2 => format!("(period='{self}',version='v2')"),
        }
    }
}

/// As Microsoft writes it: `D28`, `ALL`.
impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.span {
            Span::Days(days) => write!(f, "D{days}"),
            Span::All => f.write_str("ALL"),
        }
    }
}

/// In which form a report comes. Both give the same rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Format {
    /// v1.0: one document. 14 requests in ten minutes.
    #[default]
    Csv,
    /// beta, which Microsoft may change: pages. 100 requests in ten minutes.
    Json,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_version_has_its_own_periods_alone() {
        for version in [ReportVersion::V1, ReportVersion::V2] {
            for days in 0..400 {
                let period = Period::new(version, Span::Days(days));
                assert_eq!(period.is_ok(), version.days().contains(&days), "{days}");
            }
        }
        let error = Period::new(ReportVersion::V2, Span::Days(30)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "reports of version v2 have no period of 30 days; use one of [7, 28, 90, 180], or all"
        );
        let month = Period::new(ReportVersion::V2, Span::Days(28)).unwrap();
        assert_eq!(month.arguments(), "(period='D28',version='v2')");
        assert_eq!(Period::all(ReportVersion::V1).arguments(), "(period='ALL')");
    }
}
