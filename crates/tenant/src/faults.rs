//! What may go wrong on demand, each with a rate.
//!
//! Transient faults are drawn for each attempt at a request (a hash of seed, request and attempt), so the same run
//! meets the same faults however its tasks are scheduled, and a retry meets a new draw. Faults in the data are drawn
//! for each item and stay: a page read again shows the same junk. Faults of users are drawn for each user.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use crate::draw::{hash, hash_text, unit};

macro_rules! faults {
    ($($variant:ident $name:literal $kind:ident $doc:literal;)*) => {
        /// A thing that can go wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Fault { $(#[doc = $doc] $variant,)* }

        impl Fault {
            /// Every fault, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name used in `NAME=RATE`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What the rate counts.
            pub fn of(self) -> FaultOf {
                match self { $(Self::$variant => FaultOf::$kind,)* }
            }
        }
    };
}

/// What a fault's rate is a share of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultOf {
    /// Attempts at a Graph request; a retry may succeed.
    Attempt,
    /// Attempts at the token endpoint.
    TokenAttempt,
    /// Items of the interaction history; the same items always.
    Item,
    /// Ends of pages; the same ones always.
    PageEnd,
    /// Users; the same users always.
    User,
}

// What a fault strikes depends on its place here: new ones stand at the end.
faults! {
    ThrottleSeconds "throttle_seconds" Attempt "429 with Retry-After in seconds";
    ThrottleDate "throttle_date" Attempt "429 with Retry-After as a date";
    ThrottleBare "throttle_bare" Attempt "429 without Retry-After";
    Error500 "error_500" Attempt "500 with Graph's JSON";
    BadGatewayHtml "bad_gateway_html" Attempt "502 with an HTML body";
    Unavailable503 "unavailable_503" Attempt "503 with an empty body";
    Timeout504 "timeout_504" Attempt "504 with Graph's JSON";
    CutBody "cut_body" Attempt "the connection breaks in the middle of the body";
    TruncatedJson "truncated_json" Attempt "a whole HTTP answer whose JSON is cut";
    Reset "reset" Attempt "the connection breaks before any answer";
    Hang "hang" Attempt "no answer at all, the connection stays open";
    ExpiredToken "expired_token" Attempt "401 for a good token, on the first attempt at a request only";
    TokenUnavailable "token_unavailable" TokenAttempt "503 from the token endpoint";
    NullItem "null_item" Item "a null among value, besides the item";
    NoTime "no_time" Item "an item without createdDateTime whose id is no time either, besides the item";
    NoId "no_id" Item "an item without id, besides the item";
    RepeatedItem "repeated_item" PageEnd "the last item of a page again as the first of the next";
    LateItems "late_items" Item "the item becomes visible 1 to 20 hours after its time";
    UnknownKind "unknown_kind" Item "an interactionType that nobody knows yet";
    OddFields "odd_fields" Item "fields of the wrong type, and fields nobody knows";
    FilterRefused "filter_refused" User "400 to any $filter";
    ForeignNextLink "foreign_next_link" User "a nextLink to another host";
    LicenseRemoved "license_removed" User "403 from the second to fourth page request on";
    TimeInId "time_in_id" Item "no createdDateTime: the id alone tells the item's time";
}

/// How often each fault happens, 0 to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Faults {
    rates: [f64; Fault::ALL.len()],
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            rates: [0.0; Fault::ALL.len()],
        }
    }
}

impl Faults {
    /// Nothing goes wrong.
    pub fn none() -> Self {
        Self::default()
    }

    /// The same with this rate (kept between 0 and 1) for this fault.
    #[must_use]
    pub fn with(mut self, fault: Fault, rate: f64) -> Self {
        self.set(fault, rate);
        self
    }

    /// Sets a rate, kept between 0 and 1.
    pub fn set(&mut self, fault: Fault, rate: f64) {
        self.rates[fault as usize] = rate.clamp(0.0, 1.0);
    }

    /// The rate of a fault.
    pub fn rate(&self, fault: Fault) -> f64 {
        self.rates[fault as usize]
    }

    /// Whether anything of this kind may go wrong.
    pub fn any(&self, of: FaultOf) -> bool {
        Fault::ALL
            .iter()
            .any(|fault| fault.of() == of && self.rate(*fault) > 0.0)
    }

    /// The fault of this kind, if any, that the n-th attempt at a request meets. The kinds share one draw, so that
    /// each comes at its own rate and the sum of the rates is the share of attempts that fail.
    pub(crate) fn at_attempt(
        &self,
        of: FaultOf,
        seed: u64,
        key: u64,
        attempt: u32,
    ) -> Option<Fault> {
        let mut left = unit(hash(&[seed, key, u64::from(attempt), 0xfa01]));
        for fault in Fault::ALL.iter().copied().filter(|fault| fault.of() == of) {
            let rate = self.rate(fault);
            if left < rate {
                let only_first = fault == Fault::ExpiredToken;
                return (!only_first || attempt == 0).then_some(fault);
            }
            left -= rate;
        }
        None
    }

    /// Whether a thing (an item, a page's end, a user) has this fault.
    pub(crate) fn strikes(&self, fault: Fault, seed: u64, thing: u64) -> bool {
        let rate = self.rate(fault);
        rate > 0.0 && unit(hash(&[seed, thing, 0xfa02, fault as u64])) < rate
    }
}

/// One setting, written `NAME=RATE`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FaultRate {
    /// Which fault.
    pub fault: Fault,
    /// 0 to 1.
    pub rate: f64,
}

/// The text is not `NAME=RATE`.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FaultRateError {
    /// No `=`.
    #[error("{0:?} is not NAME=RATE, for example error_500=0.1")]
    NoEquals(String),
    /// The name is not known.
    #[error("{0:?} is no fault; the faults are {names}", names = names())]
    UnknownFault(String),
    /// The rate is not a number from 0 to 1.
    #[error("{0:?} is not a rate from 0 to 1")]
    BadRate(String),
}

fn names() -> String {
    Fault::ALL
        .iter()
        .map(|fault| fault.name())
        .collect::<Vec<_>>()
        .join(", ")
}

impl FromStr for Fault {
    type Err = FaultRateError;

    fn from_str(name: &str) -> Result<Self, FaultRateError> {
        let known = Self::ALL.iter().copied().find(|fault| fault.name() == name);
        known.ok_or_else(|| FaultRateError::UnknownFault(name.to_owned()))
    }
}

impl FromStr for FaultRate {
    type Err = FaultRateError;

    fn from_str(text: &str) -> Result<Self, FaultRateError> {
        let (name, rate) = text
            .split_once('=')
            .ok_or_else(|| FaultRateError::NoEquals(text.to_owned()))?;
        let parsed: f64 = rate
            .trim()
            .parse()
            .map_err(|_| FaultRateError::BadRate(rate.to_owned()))?;
        if !(0.0..=1.0).contains(&parsed) {
            return Err(FaultRateError::BadRate(rate.to_owned()));
        }
        Ok(Self {
            fault: name.trim().parse()?,
            rate: parsed,
        })
    }
}

impl fmt::Display for FaultRate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}={}", self.fault.name(), self.rate)
    }
}

impl FromIterator<FaultRate> for Faults {
    fn from_iter<I: IntoIterator<Item = FaultRate>>(settings: I) -> Self {
        settings.into_iter().fold(Self::none(), |faults, setting| {
            faults.with(setting.fault, setting.rate)
        })
    }
}

/// How often each request has been tried.
#[derive(Debug, Default)]
pub(crate) struct Attempts(Mutex<HashMap<u64, u32>>);

impl Attempts {
    /// Counts one more attempt at this request; gives how many came before.
    pub(crate) fn count(&self, key: u64) -> u32 {
        let mut attempts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = attempts.entry(key).or_default();
        *before += 1;
        *before - 1
    }
}

/// What makes two requests the same request: its method, path and query.
pub(crate) fn request_key(seed: u64, method: &http::Method, uri: &http::Uri) -> u64 {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    hash(&[hash_text(seed, method.as_str()), hash_text(seed, path)])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn settings_are_read_and_written() {
        for fault in Fault::ALL {
            let text = format!("{}=0.25", fault.name());
            let setting: FaultRate = text.parse().unwrap();
            assert_eq!(
                setting,
                FaultRate {
                    fault: *fault,
                    rate: 0.25
                }
            );
            assert_eq!(setting.to_string(), text);
        }
        assert!(matches!(
            "error_500".parse::<FaultRate>(),
            Err(FaultRateError::NoEquals(_))
        ));
        assert!(matches!(
            "error_501=1".parse::<FaultRate>(),
            Err(FaultRateError::UnknownFault(_))
        ));
        for rate in ["x", "1.1", "-0.1", "NaN"] {
            let setting = format!("hang={rate}").parse::<FaultRate>();
            assert!(matches!(setting, Err(FaultRateError::BadRate(_))), "{rate}");
        }
    }

    #[test]
    fn each_attempt_fault_comes_at_its_rate() {
        let faults = Faults::none()
            .with(Fault::Error500, 0.1)
            .with(Fault::Hang, 0.3);
        let mut counts: HashMap<Option<Fault>, u32> = HashMap::new();
        for key in 0..20_000 {
            *counts
                .entry(faults.at_attempt(FaultOf::Attempt, 1, hash(&[key]), 0))
                .or_default() += 1;
        }
        assert!(
            (1_850..2_150).contains(&counts[&Some(Fault::Error500)]),
            "{counts:?}"
        );
        assert!(
            (5_800..6_200).contains(&counts[&Some(Fault::Hang)]),
            "{counts:?}"
        );
        assert_eq!(counts.len(), 3);
    }

    #[test]
    fn no_request_fails_forever() {
        let faults = Faults::none().with(Fault::CutBody, 0.5);
        for key in 0..1_000 {
            let whole = (0..40).any(|attempt| {
                faults
                    .at_attempt(FaultOf::Attempt, 3, hash(&[key]), attempt)
                    .is_none()
            });
            assert!(whole, "request {key} never succeeds");
        }
    }

    #[test]
    fn a_good_token_is_refused_once_at_most() {
        let faults = Faults::none().with(Fault::ExpiredToken, 1.0);
        assert_eq!(
            faults.at_attempt(FaultOf::Attempt, 1, 9, 0),
            Some(Fault::ExpiredToken)
        );
        assert_eq!(faults.at_attempt(FaultOf::Attempt, 1, 9, 1), None);
    }
}
