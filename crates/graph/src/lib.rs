//! A client for the Microsoft Graph services that Copilot usage comes from: HTTP in, nothing of storage.
//!
//! One [`Client`] stands for one app in one tenant. It signs in ([`sign_in`]), keeps the pace that Microsoft
//! asks for ([`pace`]), gives each answer its meaning ([`answer`]), tries again where that helps ([`retry`])
//! and reads users ([`people`]), licenses ([`licenses`]) and interactions ([`history`]).
//!
//! Three ideas stand apart and do no I/O, so that they can be tested without a network and without sleeping:
//! what an answer means (`answer`), when the next request may go out (`pace::limiter`, `pace::concurrency`),
//! and how a long window is cut (`history::cut`).
//!
//! What never happens here: a token leaves for another host than the configured Graph; a redirect is followed
//! with a token; a secret, a token or the query of an address reaches a log or an error; anything is printed.

pub mod address;
pub mod answer;
pub mod client;
pub mod clock;
pub mod cloud;
pub mod error;
pub mod history;
pub mod http_transport;
pub mod licenses;
pub mod next_link;
pub mod pace;
pub mod people;
pub mod probe;
mod request;
pub mod retry;
mod scrub;
pub mod sign_in;
pub mod stats;
pub mod transport;

pub use address::{BadBaseUrl, BaseUrl};
pub use client::{BuildError, Client, ClientBuilder};
pub use clock::{Clock, SystemClock, TokioClock};
pub use cloud::{Cloud, Endpoints};
pub use error::{GraphError, ReadError};
pub use history::{AppFilter, History, Window};
pub use http_transport::HttpTransport;
pub use licenses::Sku;
pub use pace::{Limits, PaceSnapshot};
pub use people::Person;
pub use retry::Budget;
pub use sign_in::{Credential, SignInError};
pub use stats::Statistics;
pub use transport::{Transport, TransportError};
