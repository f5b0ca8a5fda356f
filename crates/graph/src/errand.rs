//! What a request is sent for decides how patient we are with it.

use std::time::Duration;

use http::HeaderValue;

use crate::transport::BodyLimit;

/// 350,000 users are 90 MB of CSV, and five times that with all periods.
const REPORT_LIMIT_BYTES: usize = 1 << 30;
/// Each attempt costs one of fourteen in ten minutes.
const REPORT_ATTEMPTS_MAX: u32 = 4;
/// A stumble or two are worth waiting for, a service that is not there is not.
const OPTIONAL_ATTEMPTS_MAX: u32 = 4;
/// A report takes longer than a page.
const REPORT_TIMEOUTS: u32 = 10;

/// What kind of request it is: whose pace it keeps, and what may come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Errand {
    /// A page of JSON.
    Page,
    /// A page of JSON that the directory's index has to answer: `ConsistencyLevel: eventual`.
    IndexedPage,
    /// A page of JSON that there is another way without.
    OptionalPage,
    /// A usage report as CSV, at once or at a download address.
    CsvReport,
    /// A page of a usage report as JSON.
    JsonReport,
}

impl Errand {
    pub(crate) fn is_report(self) -> bool {
        matches!(self, Self::CsvReport | Self::JsonReport)
    }

    /// How often it may stumble, given how often a page may.
    pub(crate) fn attempts_max(self, budget: u32) -> u32 {
        match self {
            Self::CsvReport | Self::JsonReport => budget.min(REPORT_ATTEMPTS_MAX),
            Self::OptionalPage => budget.min(OPTIONAL_ATTEMPTS_MAX),
            Self::Page | Self::IndexedPage => budget,
        }
    }

    /// How long one attempt may take, given how long a page may.
    pub(crate) fn timeout(self, page: Duration) -> Duration {
        if self.is_report() {
            page.saturating_mul(REPORT_TIMEOUTS)
        } else {
            page
        }
    }

    /// How large its answer may be, where that is more than the transport allows by itself.
    pub(crate) fn body_limit(self) -> Option<BodyLimit> {
        self.is_report().then_some(BodyLimit(REPORT_LIMIT_BYTES))
    }

    /// The media types to ask for.
    pub(crate) fn accepts(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::CsvReport => "*/*",
            _ => "application/json",
        })
    }
}
