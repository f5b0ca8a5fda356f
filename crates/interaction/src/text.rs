//! The text that a person read.
