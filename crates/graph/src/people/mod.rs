//! Users: who they are, whom they report to, and whether they hold a Copilot license.

mod change;
mod delta;

use jiff::Timestamp;
use serde_json::Value;

use crate::client::{Client, uncounted};
use crate::error::ReadError;
use crate::next_link::Trail;

pub use change::{Field, ManagerChange, PersonChange, PersonFields, RemovedReason};
pub use delta::{DeltaError, DeltaLink};

/// The service plan that decides: Microsoft 365 Copilot Chat. The interaction history wants it.
pub const COPILOT_PLAN: &str = "3f30311c-6b1e-48a4-ab79-725b469da960";
/// SKUs known to contain that plan, for tenants where `assignedPlans` does not come. More will come.
pub const COPILOT_SKUS: [&str; 2] = [
    "639dec6b-bb19-468b-871c-c5c441c4b0cb", // Microsoft 365 Copilot
    "ea2d19f9-23bc-4f7f-9c12-a677b26a8e2a", // a second one, since 2026
];

const SELECT: &str = "id,userPrincipalName,displayName,mail,department,jobTitle,officeLocation,country,companyName,accountEnabled,userType,createdDateTime,assignedLicenses,assignedPlans";

/// A user as Entra knows them. Whatever Graph leaves out is None or empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Person {
    /// The object id.
    pub id: String,
    /// `userPrincipalName`; empty where Graph gives none.
    pub user_principal_name: String,
    /// `displayName`.
    pub display_name: Option<String>,
    /// `mail`.
    pub mail: Option<String>,
    /// `department`.
    pub department: Option<String>,
    /// `jobTitle`.
    pub job_title: Option<String>,
    /// `officeLocation`.
    pub office_location: Option<String>,
    /// `country`.
    pub country: Option<String>,
    /// `companyName`.
    pub company_name: Option<String>,
    /// The manager's object id.
    pub manager_id: Option<String>,
    /// `accountEnabled`.
    pub account_enabled: Option<bool>,
    /// `Member` or `Guest`.
    pub user_type: Option<String>,
    /// `createdDateTime`, in UTC milliseconds since 1970.
    pub created_at_ms: Option<i64>,
    /// `assignedLicenses`.
    pub assigned_licenses: Vec<AssignedLicense>,
    /// `assignedPlans`.
    pub assigned_plans: Vec<AssignedPlan>,
}

/// One of a user's licenses.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AssignedLicense {
    /// The SKU.
    pub sku_id: String,
    /// Plans of the SKU that are switched off for this user.
    pub disabled_plans: Vec<String>,
}

/// One of a user's service plans.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AssignedPlan {
    /// The plan.
    pub service_plan_id: String,
    /// `Enabled`, `Warning`, `Suspended`, `LockedOut`, `Deleted`.
    pub capability_status: String,
    /// `assignedDateTime`, in UTC milliseconds since 1970: since when the user has had the plan in this state.
    pub assigned_at_ms: Option<i64>,
}

impl Person {
    /// Reads a user tolerantly; None without an id.
    pub fn read(json: &Value) -> Option<Self> {
        let text = |name: &str| non_empty(&json[name]);
        Some(Self {
            id: text("id")?,
            user_principal_name: text("userPrincipalName").unwrap_or_default(),
            display_name: text("displayName"),
            mail: text("mail"),
            department: text("department"),
            job_title: text("jobTitle"),
            office_location: text("officeLocation"),
            country: text("country"),
            company_name: text("companyName"),
            manager_id: non_empty(&json["manager"]["id"]),
            account_enabled: json["accountEnabled"].as_bool(),
            user_type: text("userType"),
            created_at_ms: moment_ms(&json["createdDateTime"]),
            assigned_licenses: AssignedLicense::read_all(&json["assignedLicenses"]),
            assigned_plans: AssignedPlan::read_all(&json["assignedPlans"]),
        })
    }

    /// Whether this user holds the Copilot plan at this time, so that the history can be read. The plan decides;
    /// where Graph gives no plans at all, the known SKUs do.
    pub fn is_licensed(&self) -> bool {
        self.is_licensed_by(&[])
    }

    /// The same, with SKUs that the tenant's `subscribedSkus` show to contain the plan
    /// ([`Sku::includes_copilot`](crate::Sku::includes_copilot)).
    pub fn is_licensed_by(&self, more_skus: &[String]) -> bool {
        if self.assigned_plans.is_empty() {
            return self.assigned_licenses.iter().any(|license| {
                let is_copilot = COPILOT_SKUS
                    .into_iter()
                    .chain(more_skus.iter().map(String::as_str))
                    .any(|sku| sku.eq_ignore_ascii_case(&license.sku_id));
                let switched_off = license
                    .disabled_plans
                    .iter()
                    .any(|plan| plan.eq_ignore_ascii_case(COPILOT_PLAN));
                is_copilot && !switched_off
            });
        }
        self.assigned_plans.iter().any(|plan| {
            plan.service_plan_id.eq_ignore_ascii_case(COPILOT_PLAN)
                && ["Enabled", "Warning"]
                    .iter()
                    .any(|status| status.eq_ignore_ascii_case(&plan.capability_status))
        })
    }
}

impl AssignedLicense {
    fn read_all(json: &Value) -> Vec<Self> {
        list(json).filter_map(Self::read).collect()
    }

    fn read(json: &Value) -> Option<Self> {
        Some(Self {
            sku_id: non_empty(&json["skuId"])?,
            disabled_plans: list(&json["disabledPlans"]).filter_map(non_empty).collect(),
        })
    }
}

impl AssignedPlan {
    fn read_all(json: &Value) -> Vec<Self> {
        list(json).filter_map(Self::read).collect()
    }

    fn read(json: &Value) -> Option<Self> {
        Some(Self {
            service_plan_id: non_empty(&json["servicePlanId"])?,
            capability_status: non_empty(&json["capabilityStatus"]).unwrap_or_default(),
            assigned_at_ms: moment_ms(&json["assignedDateTime"]),
        })
    }
}

/// A moment as Graph writes it (`2026-03-01T00:00:00Z`), in UTC milliseconds since 1970.
fn moment_ms(json: &Value) -> Option<i64> {
    let moment: Timestamp = json.as_str()?.parse().ok()?;
    Some(moment.as_millisecond())
}

pub(crate) fn non_empty(json: &Value) -> Option<String> {
    json.as_str()
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

pub(crate) fn list(json: &Value) -> impl Iterator<Item = &Value> {
    json.as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
        .iter()
}

/// A page of a collection whose items are small: users, SKUs.
pub(crate) struct Listing {
    pub(crate) values: Vec<Value>,
    pub(crate) next_link: Option<String>,
    pub(crate) delta_link: Option<String>,
}

impl Listing {
    pub(crate) fn read(body: &[u8]) -> Result<Self, String> {
        let mut json: Value =
            serde_json::from_slice(body).map_err(|error| format!("not whole JSON: {error}"))?;
        // By `get_mut`: an index into what is no object would panic.
        let Some(Value::Array(values)) = json.get_mut("value").map(Value::take) else {
            return Err("the answer has no array named \"value\"".to_owned());
        };
        Ok(Self {
            values,
            next_link: non_empty(&json["@odata.nextLink"]),
            delta_link: non_empty(&json["@odata.deltaLink"]),
        })
    }
}

impl Client {
    /// All users of the tenant, with the ids of their managers.
    ///
    /// # Errors
    /// [`ReadError`]; a list that breaks off is an error, never a shorter list.
    pub async fn users(&self) -> Result<Vec<Person>, ReadError> {
        let mut people = Vec::new();
        self.users_by_page(|page| people.extend(page)).await?;
        Ok(people)
    }

    /// All users, page by page (999 at most), for tenants too large to hold in memory.
    ///
    /// # Errors
    /// As [`users`](Self::users); pages given before the error are good.
    pub async fn users_by_page(&self, mut take: impl FnMut(Vec<Person>)) -> Result<(), ReadError> {
        let graph = &self.inner.endpoints.graph;
        let with_managers = [
            ("$select", SELECT),
            ("$expand", "manager($select=id)"),
            ("$top", "999"),
        ];
        let without_managers = [("$select", SELECT), ("$top", "999")];
        let first = graph.at(&["v1.0", "users"], &with_managers);
        let mut page = match self.listing("users", &first).await {
            Err(ReadError::BadRequest(_)) => {
                let plain = graph.at(&["v1.0", "users"], &without_managers);
                self.listing("users", &plain).await?
            }
            other => other?,
        };
        let mut trail = Trail::default();
        loop {
            take(page.values.iter().filter_map(Person::read).collect());
            let Some(text) = page.next_link else {
                return Ok(());
            };
            let link = trail.next(&text, graph)?;
            page = self.listing("users", link.url()).await?;
        }
    }

    /// One user, by object id or user principal name.
    ///
    /// # Errors
    /// [`ReadError::NotFound`] where there is none; others as ever.
    pub async fn user(&self, id_or_upn: &str) -> Result<Person, ReadError> {
        let graph = &self.inner.endpoints.graph;
        let path = ["v1.0", "users", id_or_upn];
        let full = graph.at(
            &path,
            &[("$select", SELECT), ("$expand", "manager($select=id)")],
        );
        match self.one_user(&full).await {
            Err(ReadError::BadRequest(_)) => {
                self.one_user(&graph.at(&path, &[("$select", SELECT)]))
                    .await
            }
            other => other,
        }
    }

    async fn one_user(&self, url: &url::Url) -> Result<Person, ReadError> {
        self.get("user", url, &uncounted(), |body| {
            let json = serde_json::from_slice(body).map_err(|error| error.to_string())?;
            Person::read(&json).ok_or_else(|| "the answer has no id".to_owned())
        })
        .await
    }

    pub(crate) async fn listing(
        &self,
        what: crate::request::What,
        url: &url::Url,
    ) -> Result<Listing, ReadError> {
        self.get(what, url, &uncounted(), Listing::read).await
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn person(licenses: Value, plans: Value) -> Person {
        Person::read(&json!({"id": "u", "assignedLicenses": licenses, "assignedPlans": plans}))
            .unwrap()
    }

    #[test]
    fn the_plan_decides_and_the_sku_only_where_no_plan_is_told() {
        let sku = json!([{"skuId": COPILOT_SKUS[0], "disabledPlans": []}]);
        let without =
            json!([{"skuId": COPILOT_SKUS[0].to_uppercase(), "disabledPlans": [COPILOT_PLAN]}]);
        let plan =
            |status: &str| json!([{"servicePlanId": COPILOT_PLAN, "capabilityStatus": status}]);
        let other = json!([{"servicePlanId": "x", "capabilityStatus": "Enabled"}]);
        for (licenses, plans, expected) in [
            (json!([]), plan("Enabled"), true),
            (json!([]), plan("Warning"), true),
            (sku.clone(), plan("Suspended"), false),
            (sku.clone(), plan("Deleted"), false),
            (sku.clone(), other, false),
            (sku.clone(), json!([]), true),
            (sku, Value::Null, true),
            (without, Value::Null, false),
            (
                json!([{"skuId": "f30db892-07e9-47e9-837c-80727f46fd3d"}]),
                json!([]),
                false,
            ),
            (Value::Null, Value::Null, false),
        ] {
            assert_eq!(
                person(licenses.clone(), plans.clone()).is_licensed(),
                expected,
                "{licenses} {plans}"
            );
        }
        let new_sku = person(json!([{"skuId": "new"}]), json!([]));
        assert!(!new_sku.is_licensed());
        assert!(new_sku.is_licensed_by(&["NEW".to_owned()]));
    }

    #[test]
    fn odd_users_are_read_as_far_as_they_go() {
        let odd = json!({"id": "u", "department": null, "mail": 7, "manager": [], "accountEnabled": "yes",
            "assignedLicenses": [null, {}, {"skuId": "s", "disabledPlans": [null, "p"]}], "assignedPlans": {}, "new": 1});
        let read = Person::read(&odd).unwrap();
        assert_eq!(
            read.assigned_licenses,
            [AssignedLicense {
                sku_id: "s".to_owned(),
                disabled_plans: vec!["p".to_owned()]
            }]
        );
        assert_eq!(
            (read.mail, read.manager_id, read.account_enabled),
            (None, None, None)
        );
        for nobody in [
            json!({}),
            json!(null),
            json!([]),
            json!({"id": ""}),
            json!({"id": 5}),
        ] {
            assert_eq!(Person::read(&nobody), None);
        }
    }
}
