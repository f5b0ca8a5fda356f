//! A simulated Microsoft 365 tenant: Entra ID's token endpoint and Graph, drawn from a seed.
//!
//! It knows nothing of the client that reads it, and shares no code with it, so that the two cannot share a mistake.
//! [`Tenant::answer`] takes a request and gives what Microsoft would, in the same process and on tokio's clock, paused
//! or not; [`server::serve`] puts the same behind real HTTP. [`Tenant::truth`] tells what a client should have found.
//!
//! The population costs nothing until asked: users, what happens to them, days and items are pure functions of the
//! seed. Only what a test does by hand ([`Tenant::delete_user`] and its like) is kept.

pub mod server;
pub mod truth;

mod answer;
mod assertion;
mod batch;
mod cache;
mod delta;
mod directory;
mod draw;
mod entra;
mod faults;
mod filter;
mod groups;
mod json;
mod licenses;
mod limits;
mod options;
mod pages;
mod paging;
mod population;
mod reports;
mod route;
mod spoil;
mod statistics;
mod tenant;
mod time;
mod turnover;

pub use answer::Answer;
pub use faults::{Fault, FaultOf, FaultRate, FaultRateError, Faults};
pub use licenses::{COPILOT_CHAT_PLAN, COPILOT_SKU, SECOND_COPILOT_SKU};
pub use limits::{Limits, Peaks};
pub use options::{Corpus, TenantOptions, UnknownCorpus, Volume};
pub use population::item::Maker;
pub use population::life::LifeEvent;
pub use population::people::Access;
pub use reports::apps::UsageApp;
pub use reports::options::{ReportDelivery, ReportOddity};
pub use reports::usage::{Barred, LastDays, TrueApp, TruePeriod, TrueReason, TrueUsage};
pub use statistics::Statistics;
pub use tenant::{Clock, Tenant, TenantError, UserFacts};
pub use truth::{JunkCount, TrueItem};
pub use turnover::Turnover;
