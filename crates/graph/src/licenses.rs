//! The tenant's subscriptions: what was bought, and how much of it is assigned.

use serde_json::Value;

use crate::client::Client;
use crate::error::ReadError;
use crate::people::{COPILOT_PLAN, COPILOT_SKUS, list, non_empty};

/// One subscribed SKU. Counts that Graph leaves out are 0.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sku {
    /// `skuId`.
    pub sku_id: String,
    /// `skuPartNumber`, for example `Microsoft_365_Copilot`.
    pub sku_part_number: String,
    /// `capabilityStatus`.
    pub capability_status: Option<String>,
    /// `prepaidUnits.enabled`.
    pub enabled: i64,
    /// `prepaidUnits.warning`.
    pub warning: i64,
    /// `prepaidUnits.suspended`.
    pub suspended: i64,
    /// `prepaidUnits.lockedOut`.
    pub locked_out: i64,
    /// `consumedUnits`.
    pub consumed: i64,
    /// `servicePlans[].servicePlanId`.
    pub service_plan_ids: Vec<String>,
}

impl Sku {
    /// Reads a SKU tolerantly; None without an id.
    pub fn read(json: &Value) -> Option<Self> {
        let units = |name: &str| json["prepaidUnits"][name].as_i64().unwrap_or(0);
        Some(Self {
            sku_id: non_empty(&json["skuId"])?,
            sku_part_number: non_empty(&json["skuPartNumber"]).unwrap_or_default(),
            capability_status: non_empty(&json["capabilityStatus"]),
            enabled: units("enabled"),
            warning: units("warning"),
            suspended: units("suspended"),
            locked_out: units("lockedOut"),
            consumed: json["consumedUnits"].as_i64().unwrap_or(0),
            service_plan_ids: list(&json["servicePlans"])
                .filter_map(|plan| non_empty(&plan["servicePlanId"]))
                .collect(),
        })
    }

    /// Whether it contains the Copilot plan, or is known to where its plans are not told.
    pub fn includes_copilot(&self) -> bool {
        let has_plan = self
            .service_plan_ids
            .iter()
            .any(|plan| plan.eq_ignore_ascii_case(COPILOT_PLAN));
        let is_known = COPILOT_SKUS
            .iter()
            .any(|sku| sku.eq_ignore_ascii_case(&self.sku_id));
        has_plan || is_known
    }
}

impl Client {
    /// The tenant's subscriptions. Graph gives them on one page.
    ///
    /// # Errors
    /// [`ReadError::Forbidden`] without Organization.Read.All or LicenseAssignment.Read.All.
    pub async fn subscribed_skus(&self) -> Result<Vec<Sku>, ReadError> {
        let url = self
            .inner
            .endpoints
            .graph
            .at(&["v1.0", "subscribedSkus"], &[]);
        let page = self.listing("subscribed SKUs", &url).await?;
        Ok(page.values.iter().filter_map(Sku::read).collect())
    }
}
