//! How the tenant shows its usage reports.

use crate::client::{Client, uncounted};
use crate::error::ReadError;

/// The tenant's settings for reports, as far as Graph tells them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReportSettings {
    /// Whether reports show hashes in place of the names of users, groups and sites. It is changed in the Microsoft
    /// 365 admin center, Settings, Org settings, Reports.
    pub display_concealed_names: Option<bool>,
}

impl Client {
    /// Whether usage reports conceal names.
    ///
    /// # Errors
    /// [`ReadError::Forbidden`] without ReportSettings.Read.All. A report tells it by itself too
    /// ([`UserUsage::is_concealed`](crate::usage_reports::UserUsage::is_concealed)).
    pub async fn report_settings(&self) -> Result<ReportSettings, ReadError> {
        let graph = &self.inner.endpoints.graph;
        let url = graph.at(&["v1.0", "admin", "reportSettings"], &[]);
        self.get("report settings", &url, &uncounted(), |body| {
            let json: serde_json::Value =
                serde_json::from_slice(body).map_err(|error| error.to_string())?;
            Ok(ReportSettings {
                display_concealed_names: json["displayConcealedNames"].as_bool(),
            })
        })
        .await
    }
}
