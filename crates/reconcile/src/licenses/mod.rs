//! Licenses worth moving: who holds one and does not use it, who has none and would, seats, cost,
//! and histories that can no longer be read.
//!
//! Nothing here changes a tenant, and nobody is called idle whose history is not whole.

mod cost;
mod holder;
mod seats;

pub use cost::{Cost, Price};
pub use holder::{Held, Holder, HolderFacts, Terms, Verdict, judge};
pub use seats::{Action, Candidate, Frozen, Move, Seats, by_verdict, moves, rank};
