//! A client for the Microsoft Graph services that Copilot usage comes from: HTTP in, nothing of storage.
//!
//! One [`Client`] stands for one app in one tenant. It signs in ([`sign_in`]), keeps the pace that Microsoft
//! asks for ([`pace`]), gives each answer its meaning ([`answer`]), tries again where that helps ([`retry`])
//! and reads users ([`people`]), groups ([`groups`]), licenses ([`licenses`]), interactions ([`history`]) and
//! Microsoft's own usage reports ([`usage_reports`]).
//!
//! Three ideas stand apart and do no I/O, so that they can be tested without a network and without sleeping:
//! what an answer means (`answer`), when the next request may go out (`pace::limiter`, `pace::concurrency`),
//! and how a long window is cut (`history::cut`).
//!
//! What never happens here: a token leaves for another host than the configured Graph (one for another service is
//! handed to whoever asked for it, [`ResourceTokens`]); a redirect is followed
//! with a token (that of a report to its download address is followed without one, once); a secret, a token or the query of an address reaches a log or an error; anything is printed.

pub mod address;
pub mod answer;
pub mod client;
pub mod clock;
pub mod cloud;
mod download;
mod errand;
pub mod error;
pub mod groups;
pub mod history;
pub mod http_transport;
pub mod licenses;
pub mod next_link;
pub mod pace;
pub mod people;
pub mod probe;
pub mod report_settings;
mod request;
pub mod retry;
mod scrub;
pub mod sign_in;
pub mod stats;
pub mod transport;
pub mod usage_reports;
mod wipe;

pub use address::{BadBaseUrl, BaseUrl};
pub use client::{BuildError, Client, ClientBuilder};
pub use clock::{Clock, SystemClock, TokioClock};
pub use cloud::{Cloud, Endpoints};
pub use error::{GraphError, ReadError};
pub use groups::{Group, GroupError};
pub use history::{AppFilter, History, Keep, Window, each};
pub use http_transport::HttpTransport;
pub use licenses::Sku;
pub use pace::{Limits, PaceSnapshot, ReportLimits};
pub use people::{DeltaError, DeltaLink, Person, PersonChange};
pub use report_settings::ReportSettings;
pub use retry::Budget;
pub use sign_in::{Credential, ResourceTokens, SignInError};
pub use stats::Statistics;
pub use transport::{BodyLimit, Transport, TransportError};
pub use usage_reports::{Format, Period, ReportVersion, Span, UserUsage};
