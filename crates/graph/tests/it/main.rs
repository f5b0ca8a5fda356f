//! The client from outside, over scripted transports under tokio's paused clock.
#![allow(clippy::unwrap_used, missing_docs)]

mod certificate;
mod directory;
mod downloads;
mod history;
mod http;
mod leaks;
mod pacing;
mod people;
mod properties;
mod reports;
mod retries;
mod script;
mod sign_in;
mod speed;
mod wiped;
