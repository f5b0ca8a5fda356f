//! The signs that nobody asked for an interaction.
