//! hobbs-tenant
