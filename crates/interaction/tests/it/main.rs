//! The crate from outside: pages as Graph writes them, as it should never write them, and what
//! becomes of them.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod hostile;
mod page;
mod rows;
mod samples;
mod saved;
mod text;
