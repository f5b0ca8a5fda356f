//! Licenses and service plans, as Graph's directory shows them.

use std::collections::HashMap;

use bytes::Bytes;
use http::Response;
use serde_json::{Value, json};

use crate::answer::{Asked, uuid};
use crate::draw::hash_text;
use crate::population::life::License;
use crate::population::people::Person;
use crate::tenant::Tenant;
use crate::time::iso_seconds;

/// SKU of Microsoft 365 Copilot.
pub const COPILOT_SKU: &str = "639dec6b-bb19-468b-871c-c5c441c4b0cb";
/// The second Copilot SKU, since 2026.
pub const SECOND_COPILOT_SKU: &str = "ea2d19f9-23bc-4f7f-9c12-a677b26a8e2a";
/// The service plan that decides: Microsoft 365 Copilot Chat.
pub const COPILOT_CHAT_PLAN: &str = "3f30311c-6b1e-48a4-ab79-725b469da960";
/// Microsoft 365 E5, which everyone but guests has.
const E5_SKU: &str = "06ebc4ee-1bb5-47dd-8120-11324bc54e06";

const COPILOT_PLANS: [(&str, &str, &str); 7] = [
    (
        COPILOT_CHAT_PLAN,
        "M365_COPILOT_BUSINESS_CHAT",
        "M365CopilotBusinessChat",
    ),
    (
        "b95945de-b3bd-46db-8437-f2beb6ea2347",
        "M365_COPILOT_TEAMS",
        "TeamspaceAPI",
    ),
    (
        "a62f8878-de10-42f3-b68f-6149a25ceb97",
        "M365_COPILOT_APPS",
        "MicrosoftOffice",
    ),
    (
        "82d30987-df9b-4486-b146-198b21d164c7",
        "GRAPH_CONNECTORS_COPILOT",
        "M365CopilotConnectors",
    ),
    (
        "931e4a88-a67f-48b5-814f-16a5f1e6028d",
        "M365_COPILOT_INTELLIGENT_SEARCH",
        "IntelligentSearch",
    ),
    (
        "89f1c4c8-0878-40f7-804d-869c9128ab5d",
        "M365_COPILOT_CONNECTORS",
        "PowerPlatform",
    ),
    (
        "fe6c28b3-d468-44ea-bbd0-a10a5167435c",
        "COPILOT_STUDIO_IN_COPILOT_FOR_M365",
        "CopilotStudio",
    ),
];
const E5_PLANS: [(&str, &str, &str); 2] = [
    (
        "efb87545-963c-4e0d-99df-69c6916d9eb0",
        "EXCHANGE_S_ENTERPRISE",
        "exchange",
    ),
    (
        "57ff2da0-773e-42df-b2af-ffb7a2317929",
        "TEAMS1",
        "TeamspaceAPI",
    ),
];

/// How many of a SKU's units are assigned, and how many people they were bought for.
#[derive(Debug, Clone, Copy, Default)]
struct Units {
    held: u64,
    bought: u64,
}

impl Tenant {
    /// What is assigned to a person.
    pub(crate) fn skus(&self, person: &Person) -> Vec<&'static str> {
        let mut skus = Vec::new();
        if !person.guest() {
            skus.push(E5_SKU);
        }
        if person.licensed() {
            skus.push(if person.second_sku {
                SECOND_COPILOT_SKU
            } else {
                COPILOT_SKU
            });
        }
        skus
    }

    pub(crate) fn assigned_licenses(&self, person: &Person) -> Value {
        let licenses = self.skus(person).into_iter().map(|sku| {
            let disabled: &[&str] = if person.license == License::PlanOff && sku != E5_SKU {
                &[COPILOT_CHAT_PLAN]
            } else {
                &[]
            };
            json!({"disabledPlans": disabled, "skuId": sku})
        });
        licenses.collect()
    }

    pub(crate) fn assigned_plans(&self, person: &Person) -> Value {
        let plan = |(id, _, service): &(&str, &str, &str), assigned_ms: i64, status: &str| json!({"assignedDateTime": iso_seconds(assigned_ms), "capabilityStatus": status, "service": service, "servicePlanId": id});
        let mut plans = Vec::new();
        if !person.guest() {
            plans.extend(
                E5_PLANS
                    .iter()
                    .map(|entry| plan(entry, person.equipped_ms, "Enabled")),
            );
        }
        let status = |id: &str| match person.license {
            License::Never => None,
            License::PlanOff if id == COPILOT_CHAT_PLAN => Some("Deleted"),
            License::Enabled | License::PlanOff => Some("Enabled"),
            License::Warning => Some("Warning"),
            License::Suspended => Some("Suspended"),
            License::Removed => Some("Deleted"),
        };
        plans.extend(
            COPILOT_PLANS
                .iter()
                .filter_map(|entry| Some(plan(entry, person.assigned_ms, status(entry.0)?))),
        );
        plans.into()
    }

    /// The units of each SKU at a time.
    fn units_at(&self, at_ms: i64) -> HashMap<&'static str, Units> {
        let mut units = HashMap::from(
            [E5_SKU, COPILOT_SKU, SECOND_COPILOT_SKU].map(|sku| (sku, Units::default())),
        );
        for index in 0..self.people.count {
            let person = self.people.person_at(index, at_ms);
            if self.people.exists_at(index, at_ms) {
                for sku in self.skus(&person) {
                    units.entry(sku).or_default().held += 1;
                }
            }
            // What was bought does not change as licenses come and go.
            let meant = Person {
                license: License::of(self.people.access(index)),
                ..person
            };
            for sku in self.skus(&meant) {
                units.entry(sku).or_default().bought += 1;
            }
        }
        units
    }

    /// `GET /subscribedSkus`.
    pub(crate) fn subscribed_skus(&self, asked: &Asked) -> Response<Bytes> {
        let units = self.units_at(asked.now_ms);
        let sku = |id: &str, name: &str, plans: &[(&str, &str, &str)]| {
            let Units { held, bought } = units[id];
            let (suspended, warning) = if id == COPILOT_SKU {
                (self.options.units_suspended, self.options.units_warning)
            } else {
                (0, 0)
            };
            json!({
                "accountName": self.options.organization, "accountId": self.options.tenant_id, "appliesTo": "User",
                "capabilityStatus": "Enabled", "consumedUnits": held,
                "id": format!("{}_{id}", self.options.tenant_id), "skuId": id, "skuPartNumber": name,
                "subscriptionIds": [uuid(hash_text(self.options.seed, id))],
                "prepaidUnits": {"enabled": held.max(bought + bought / 10 + 5), "suspended": suspended, "warning": warning, "lockedOut": 0},
                "servicePlans": plans.iter().map(|(id, name, _)| json!({
                    "servicePlanId": id, "servicePlanName": name, "provisioningStatus": "Success", "appliesTo": "User",
                })).collect::<Vec<_>>(),
            })
        };
        let body = json!({
            "@odata.context": format!("{}/v1.0/$metadata#subscribedSkus", asked.base),
            "value": [
                sku(E5_SKU, "SPE_E5", &E5_PLANS),
                sku(COPILOT_SKU, "Microsoft_365_Copilot", &COPILOT_PLANS),
                sku(SECOND_COPILOT_SKU, "Microsoft_365_Copilot_2", &COPILOT_PLANS),
            ],
        });
        asked.json(body.to_string())
    }
}
