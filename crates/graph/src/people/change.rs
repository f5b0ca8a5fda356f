//! What `users/delta` tells of one user: not the user but what changed, to be laid over what was known before. Pure.

use serde_json::Value;

use super::{AssignedLicense, AssignedPlan, Person, list, moment_ms, non_empty};

/// What became of a property.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Field<T> {
    /// Graph did not send it: it holds as before.
    #[default]
    AsBefore,
    /// Graph sent null, or an empty text: it has no value now.
    Cleared,
    /// Its value now.
    Is(T),
}

impl<T: Clone> Field<T> {
    /// The value now, given the one before.
    fn over(&self, before: Option<T>) -> Option<T> {
        match self {
            Self::AsBefore => before,
            Self::Cleared => None,
            Self::Is(value) => Some(value.clone()),
        }
    }
}

/// What became of one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PersonChange {
    /// New, or some properties changed.
    Changed {
        /// The object id.
        id: String,
        /// What changed.
        fields: Box<PersonFields>,
    },
    /// Gone from the directory.
    Removed {
        /// The object id.
        id: String,
        /// In which way.
        reason: RemovedReason,
    },
}

/// How a user went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RemovedReason {
    /// `changed`: deleted, and can be restored for 30 days.
    Restorable,
    /// `deleted`: for good.
    ForGood,
    /// A reason that hobbs does not know, as Graph wrote it; empty where it wrote none.
    Other(String),
}

/// The properties of a [`Person`], each as before, cleared, or with its value now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PersonFields {
    /// `userPrincipalName`.
    pub user_principal_name: Field<String>,
    /// `displayName`.
    pub display_name: Field<String>,
    /// `mail`.
    pub mail: Field<String>,
    /// `department`.
    pub department: Field<String>,
    /// `jobTitle`.
    pub job_title: Field<String>,
    /// `officeLocation`.
    pub office_location: Field<String>,
    /// `country`.
    pub country: Field<String>,
    /// `companyName`.
    pub company_name: Field<String>,
    /// `accountEnabled`.
    pub account_enabled: Field<bool>,
    /// `userType`.
    pub user_type: Field<String>,
    /// `createdDateTime`, in UTC milliseconds since 1970.
    pub created_at_ms: Field<i64>,
    /// `assignedLicenses`: all of them, not those that changed.
    pub assigned_licenses: Field<Vec<AssignedLicense>>,
    /// `assignedPlans`: all of them, not those that changed.
    pub assigned_plans: Field<Vec<AssignedPlan>>,
    /// `manager@delta`.
    pub manager: ManagerChange,
}

/// What became of the manager. A change of managers may come as one that goes and one that comes, in any order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ManagerChange {
    /// The manager now.
    pub is: Option<String>,
    /// Who is no longer the manager.
    pub no_longer: Vec<String>,
}

impl ManagerChange {
    fn read(json: &Value) -> Self {
        let mut change = Self::default();
        for entry in list(&json["manager@delta"]) {
            match (non_empty(&entry["id"]), entry.get("@removed").is_some()) {
                (Some(id), true) => change.no_longer.push(id),
                (Some(id), false) => change.is = Some(id),
                (None, _) => {}
            }
        }
        change
    }

    fn over(&self, before: Option<String>) -> Option<String> {
        let still = before.filter(|id| !self.no_longer.contains(id));
        self.is.clone().or(still)
    }
}

impl PersonFields {
    fn read(json: &Value) -> Self {
        Self {
            user_principal_name: text(json, "userPrincipalName"),
            display_name: text(json, "displayName"),
            mail: text(json, "mail"),
            department: text(json, "department"),
            job_title: text(json, "jobTitle"),
            office_location: text(json, "officeLocation"),
            country: text(json, "country"),
            company_name: text(json, "companyName"),
            account_enabled: field(json, "accountEnabled", Value::as_bool),
            user_type: text(json, "userType"),
            created_at_ms: field(json, "createdDateTime", moment_ms),
            assigned_licenses: field(json, "assignedLicenses", |value| {
                value.is_array().then(|| AssignedLicense::read_all(value))
            }),
            assigned_plans: field(json, "assignedPlans", |value| {
                value.is_array().then(|| AssignedPlan::read_all(value))
            }),
            manager: ManagerChange::read(json),
        }
    }
}

/// A property: missing, null, or readable. An unreadable value is no news.
fn field<T>(json: &Value, name: &str, read: impl Fn(&Value) -> Option<T>) -> Field<T> {
    match json.get(name) {
        None => Field::AsBefore,
        Some(Value::Null) => Field::Cleared,
        Some(value) => read(value).map_or(Field::AsBefore, Field::Is),
    }
}

fn text(json: &Value, name: &str) -> Field<String> {
    match json.get(name) {
        Some(Value::String(text)) if text.is_empty() => Field::Cleared,
        _ => field(json, name, non_empty),
    }
}

impl PersonChange {
    /// Reads an item of `users/delta` tolerantly; None without an id.
    pub fn read(json: &Value) -> Option<Self> {
        let id = non_empty(&json["id"])?;
        Some(match json.get("@removed") {
            Some(removed) => Self::Removed {
                id,
                reason: match removed["reason"].as_str().unwrap_or_default() {
                    "changed" => RemovedReason::Restorable,
                    "deleted" => RemovedReason::ForGood,
                    other => RemovedReason::Other(other.to_owned()),
                },
            },
            None => Self::Changed {
                id,
                fields: Box::new(PersonFields::read(json)),
            },
        })
    }

    /// The object id of the user it is about.
    pub fn id(&self) -> &str {
        match self {
            Self::Changed { id, .. } | Self::Removed { id, .. } => id,
        }
    }

    /// The user now, given the user before (None: not known yet); None where the user was removed. Changes of one
    /// user are applied in the order in which they came.
    pub fn apply(&self, before: Option<&Person>) -> Option<Person> {
        let Self::Changed { id, fields } = self else {
            return None;
        };
        let before = before.cloned().unwrap_or_default();
        Some(Person {
            id: id.clone(),
            user_principal_name: fields
                .user_principal_name
                .over(Some(before.user_principal_name))
                .unwrap_or_default(),
            display_name: fields.display_name.over(before.display_name),
            mail: fields.mail.over(before.mail),
            department: fields.department.over(before.department),
            job_title: fields.job_title.over(before.job_title),
            office_location: fields.office_location.over(before.office_location),
            country: fields.country.over(before.country),
            company_name: fields.company_name.over(before.company_name),
            manager_id: fields.manager.over(before.manager_id),
            account_enabled: fields.account_enabled.over(before.account_enabled),
            user_type: fields.user_type.over(before.user_type),
            created_at_ms: fields.created_at_ms.over(before.created_at_ms),
            assigned_licenses: fields
                .assigned_licenses
                .over(Some(before.assigned_licenses))
                .unwrap_or_default(),
            assigned_plans: fields
                .assigned_plans
                .over(Some(before.assigned_plans))
                .unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn full() -> Value {
        json!({"id": "u", "userPrincipalName": "u@x", "displayName": "U", "mail": "m", "department": "Sales",
            "jobTitle": "j", "officeLocation": "o", "country": "c", "companyName": "n", "accountEnabled": true,
            "userType": "Member", "createdDateTime": "2026-03-01T00:00:00Z",
            "assignedLicenses": [{"skuId": "s", "disabledPlans": ["p"]}],
            "assignedPlans": [{"servicePlanId": "p", "capabilityStatus": "Enabled", "assignedDateTime": "2026-03-01T00:00:01Z"}]})
    }

    fn change(json: Value) -> PersonChange {
        PersonChange::read(&json).unwrap()
    }

    #[test]
    fn a_new_user_is_read_as_the_full_listing_reads_it() {
        let mut listed = full();
        listed["manager"] = json!({"id": "boss"});
        let mut told = full();
        told["manager@delta"] = json!([{"@odata.type": "#microsoft.graph.user", "id": "boss"}]);
        let person = change(told).apply(None).unwrap();
        assert_eq!(person, Person::read(&listed).unwrap());
        assert_eq!(person.created_at_ms, Some(1_772_323_200_000));
        assert_eq!(
            person.assigned_plans[0].assigned_at_ms,
            Some(1_772_323_201_000)
        );
    }

    #[test]
    fn what_is_missing_stays_and_what_is_null_goes() {
        let before = Person {
            manager_id: Some("boss".to_owned()),
            ..Person::read(&full()).unwrap()
        };
        let nothing = change(json!({"id": "u"}));
        assert_eq!(nothing.apply(Some(&before)), Some(before.clone()));

        let names: Vec<String> = full().as_object().unwrap().keys().cloned().collect();
        for name in names.iter().filter(|name| *name != "id") {
            let mut expected = full();
            expected[name.as_str()] = Value::Null;
            let expected = Person {
                manager_id: Some("boss".to_owned()),
                ..Person::read(&expected).unwrap()
            };
            assert_ne!(expected, before, "{name}");
            let cleared = change(json!({"id": "u", name.as_str(): null}));
            assert_eq!(cleared.apply(Some(&before)), Some(expected), "{name}");
            let unreadable = change(json!({"id": "u", name.as_str(): {"odd": 1}}));
            assert_eq!(
                unreadable.apply(Some(&before)),
                Some(before.clone()),
                "{name}"
            );
        }
        let empty = change(json!({"id": "u", "department": "", "assignedPlans": []}));
        let after = empty.apply(Some(&before)).unwrap();
        assert_eq!(after.department, None);
        assert_eq!(after.assigned_plans, []);
        assert_eq!(after.assigned_licenses, before.assigned_licenses);
    }

    #[test]
    fn managers_come_and_go() {
        let gone = json!({"id": "old", "@removed": {"reason": "deleted"}});
        let come = json!({"@odata.type": "#microsoft.graph.user", "id": "new"});
        for (told, before, after) in [
            (json!([come]), Some("old"), Some("new")),
            (json!([come]), None, Some("new")),
            (json!([gone, come]), Some("old"), Some("new")),
            (json!([come, gone]), Some("old"), Some("new")),
            (json!([gone]), Some("old"), None),
            // Of somebody who was not the manager any more.
            (json!([gone]), Some("other"), Some("other")),
            (json!([]), Some("old"), Some("old")),
            (json!([null, {}, 7]), Some("old"), Some("old")),
            (Value::Null, Some("old"), Some("old")),
        ] {
            let before = Person {
                id: "u".to_owned(),
                manager_id: before.map(str::to_owned),
                ..Person::default()
            };
            let person = change(json!({"id": "u", "manager@delta": told.clone()}))
                .apply(Some(&before))
                .unwrap();
            assert_eq!(person.manager_id.as_deref(), after, "{told} {before:?}");
        }
    }

    #[test]
    fn who_is_removed_is_nobody() {
        let before = Person::read(&full()).unwrap();
        for (told, reason) in [
            (json!({"reason": "changed"}), RemovedReason::Restorable),
            (json!({"reason": "deleted"}), RemovedReason::ForGood),
            (
                json!({"reason": "moved"}),
                RemovedReason::Other("moved".to_owned()),
            ),
            (json!({}), RemovedReason::Other(String::new())),
        ] {
            let mut json = full();
            json["@removed"] = told;
            let removed = change(json);
            assert_eq!(
                removed,
                PersonChange::Removed {
                    id: "u".to_owned(),
                    reason
                }
            );
            assert_eq!(removed.apply(Some(&before)), None);
        }
        for nobody in [json!({}), json!(null), json!({"id": ""})] {
            assert_eq!(PersonChange::read(&nobody), None);
        }
    }
}
