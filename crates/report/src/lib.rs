//! hobbs-report
