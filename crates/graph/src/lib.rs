//! hobbs-graph
