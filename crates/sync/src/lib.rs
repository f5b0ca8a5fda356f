//! hobbs-sync
