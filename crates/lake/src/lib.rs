//! hobbs-lake
