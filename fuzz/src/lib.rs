//! What the fuzz targets share.
//!
//! A target reads what the fuzzer made up through the crates' public API, and asserts what holds for every input,
//! not only that nothing panics. Inputs are texts as far as possible, so that a person can write a seed and read a
//! crash.

pub mod lake;
pub mod page;
pub mod rows;
pub mod service;
