//! The whole sync (plan, fetch, commit, watermark, derivation) against the simulated tenant: one
//! process, one stopped clock, one seed.
//!
//! A seed decides everything ([`choices`]): people and their items, what goes wrong, how slow answers
//! and disk are, what is asked for, how wrong the machine's clock is, and at which write or moment a
//! run is cut off. After each run the lake is read without hobbs' own code ([`tables`]) and compared
//! with what the tenant knows to be true ([`invariants`]).
//!
//! The lake's files are in memory, so that nothing depends on how fast a disk is. Not decided by the
//! seed are the names of files, and the order in which a query's parts end; neither shows in the rows.

pub mod acts;
pub mod chance;
pub mod choices;
pub mod clock;
pub mod disk;
pub mod invariants;
pub mod network;
pub mod oracle;
pub mod simulation;
pub mod tables;

pub use invariants::Broken;
pub use simulation::{Story, simulate};
