//! The tenant's subscriptions: what was bought, and how much of it is assigned.

use serde_json::Value;

use crate::client::Client;
use crate::error::ReadError;
use crate::people::{COPILOT_PLAN, COPILOT_SKUS, list, non_empty};

/// A service plan of the Microsoft 365 Copilot bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopilotPlan {
    /// `servicePlanId`.
    pub id: &'static str,
    /// What Microsoft calls it.
    pub name: &'static str,
}

/// The plans of the bundle (Microsoft's list of product names and service plan identifiers). Only the first opens
/// the interaction history ([`COPILOT_PLAN`]). More may come.
pub const COPILOT_PLANS: [CopilotPlan; 8] = [
    plan(COPILOT_PLAN, "Microsoft 365 Copilot Chat"),
    plan(
        "b95945de-b3bd-46db-8437-f2beb6ea2347",
        "Microsoft 365 Copilot in Microsoft Teams",
    ),
    plan(
        "a62f8878-de10-42f3-b68f-6149a25ceb97",
        "Microsoft 365 Copilot in productivity apps",
    ),
    plan(
        "0aedf20c-091d-420b-aadf-30c042609612",
        "Microsoft 365 Copilot for SharePoint",
    ),
    plan(
        "82d30987-df9b-4486-b146-198b21d164c7",
        "Microsoft 365 Copilot connectors",
    ),
    plan("931e4a88-a67f-48b5-814f-16a5f1e6028d", "Intelligent search"),
    plan(
        "89f1c4c8-0878-40f7-804d-869c9128ab5d",
        "Power Platform connectors in Microsoft 365 Copilot",
    ),
    plan(
        "fe6c28b3-d468-44ea-bbd0-a10a5167435c",
        "Copilot Studio in Microsoft 365 Copilot",
    ),
];

const fn plan(id: &'static str, name: &'static str) -> CopilotPlan {
    CopilotPlan { id, name }
}

/// Whether a service plan is one of the Microsoft 365 Copilot bundle.
pub fn is_copilot_plan(plan_id: &str) -> bool {
    COPILOT_PLANS
        .iter()
        .any(|plan| plan.id.eq_ignore_ascii_case(plan_id))
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plans_of_the_bundle_are_known_in_any_case() {
        for plan in COPILOT_PLANS {
            assert!(is_copilot_plan(plan.id) && is_copilot_plan(&plan.id.to_uppercase()));
            let same = COPILOT_PLANS.iter().filter(|other| other.id == plan.id);
            assert_eq!(same.count(), 1, "{}", plan.name);
        }
        // Free Copilot Chat is another plan.
        assert!(!is_copilot_plan("0d0c0d31-fae7-41f2-b909-eaf4d7f26dba"));
        assert!(!is_copilot_plan(""));
    }
}
