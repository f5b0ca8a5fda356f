//! The client from outside, over scripted transports under tokio's paused clock.
#![allow(clippy::unwrap_used, missing_docs)]

mod certificate;
mod history;
mod http;
mod leaks;
mod pacing;
mod people;
mod retries;
mod script;
mod sign_in;
mod speed;
