//! One Copilot interaction in its three forms: as Graph writes it ([`wire`]), as a person reads it
//! ([`text`], [`app`], [`mark`]) and as the lake keeps it ([`row`]). What can be told of a text later,
//! though it is not kept, is taken from it on the way ([`ingest`], [`fingerprint`], [`signs`], [`style`]).
//!
//! This crate does no I/O. It never fails on data from outside: what cannot be kept is returned as
//! [`wire::Unkept`], to be counted and shown.

pub mod app;
mod etag;
pub mod fingerprint;
pub mod ingest;
mod json;
pub mod mark;
pub mod row;
pub mod saved;
pub mod signs;
pub mod style;
pub mod text;
pub mod wire;

pub use app::{App, Surface};
pub use etag::Etag;
pub use fingerprint::FingerprintKey;
pub use ingest::Ingest;
pub use mark::Mark;
pub use row::{ContentPolicy, Interaction, Kind};
pub use saved::Saved;
pub use signs::{Sign, SignHow, SignOf, Signs, SignsError};
pub use wire::{AiInteraction, Page, Unkept};
