//! People and licenses, from Graph's form into the lake's.

use std::collections::{BTreeSet, HashMap, HashSet};

use hobbs_graph::people::{
    AssignedLicense, AssignedPlan, COPILOT_PLAN, COPILOT_SKUS, DeltaLink, Field, PersonChange,
};
use hobbs_graph::{Client, Person, ReadError, Sku};
use hobbs_lake::{Assignment, AssignmentStatus, KnownUser, LicenseRecord, UserRecord};

use crate::options::Who;
use crate::summary::FailedUser;

/// The SKU of a license whose plan a user has, and which no license of theirs is known to contain.
const UNKNOWN_SKU: &str = "unknown";

/// The people of a tenant as they are now.
pub(crate) struct Directory {
    pub(crate) users: Vec<UserRecord>,
    pub(crate) assignments: Vec<Assignment>,
    /// Users who were named and not found.
    pub(crate) missing: Vec<FailedUser>,
    /// Whether this is everyone.
    pub(crate) whole: bool,
    /// From where on changes can be read the next time.
    pub(crate) link: Option<String>,
}

/// What the lake knows of the people of a tenant, and from where on changes can be read.
pub(crate) struct Before {
    pub(crate) link: String,
    pub(crate) users: HashMap<String, KnownUser>,
    pub(crate) assigned: HashMap<String, Vec<Assignment>>,
}

/// The SKUs that contain Copilot: those that the tenant has now, as far as that is known, and those of before.
pub(crate) struct CopilotSkus {
    pub(crate) all: Vec<String>,
    /// Whether one of them is not among those of before.
    pub(crate) has_new: bool,
}

impl CopilotSkus {
    pub(crate) fn of(now: &[Sku], before: BTreeSet<String>) -> Self {
        let now = now.iter().filter(|sku| sku.includes_copilot());
        let is_new = |sku: &&Sku| !before.contains(&sku.sku_id);
        let new: Vec<String> = now.filter(is_new).map(|sku| sku.sku_id.clone()).collect();
        let has_new = !new.is_empty();
        let all = before.into_iter().chain(new).collect();
        CopilotSkus { all, has_new }
    }
}

/// Whether anybody holds a license of which nobody knew the SKU.
pub(crate) fn any_unknown(assigned: &HashMap<String, Vec<Assignment>>) -> bool {
    let mut held = assigned.values().flatten();
    held.any(|it| it.sku_id == UNKNOWN_SKU)
}

impl Directory {
    /// Reads everyone, or the users asked for. Where the lake knows everyone already, only what has
    /// changed since is read.
    pub(crate) async fn read(
        client: &Client,
        who: &Who,
        copilot_skus: &[String],
        before: Option<Before>,
        found_so_far: impl FnMut(u64),
    ) -> Result<Self, ReadError> {
        match who {
            Who::Only(names) => Self::of_named(client, names, copilot_skus).await,
            Who::Everyone => {
                if let Some(before) = before
                    && let Some(directory) = Self::changed(client, before, copilot_skus).await?
                {
                    return Ok(directory);
                }
                Self::listed(client, copilot_skus, found_so_far).await
            }
        }
    }

    async fn listed(
        client: &Client,
        copilot_skus: &[String],
        mut found_so_far: impl FnMut(u64),
    ) -> Result<Self, ReadError> {
        // Before the listing: what changes while it runs comes with the next changes.
        let link = match client.delta_link_of_now().await {
            Ok(link) => Some(link.as_str().to_owned()),
            Err(error) if error.concerns_everyone() => return Err(error),
            Err(error) => {
                tracing::info!(%error, "changes of users can't be followed; all are listed each time");
                None
            }
        };
        let mut directory = Directory::empty(true, link);
        client
            .users_by_page(|people| {
                directory.extend(people, copilot_skus);
                found_so_far(directory.users.len() as u64);
            })
            .await?;
        Ok(directory.without_repetitions())
    }

    /// None where the changes can't be told, so that everyone has to be listed.
    async fn changed(
        client: &Client,
        before: Before,
        copilot_skus: &[String],
    ) -> Result<Option<Self>, ReadError> {
        let Ok(link) = DeltaLink::check(&before.link, &client.endpoints().graph) else {
            return Ok(None);
        };
        let mut people: HashMap<String, Person> = before
            .users
            .into_iter()
            .filter(|(_, user)| user.present)
            .map(|(id, user)| {
                let held = before.assigned.get(&id).map(Vec::as_slice);
                let person = as_person(user.record, held.unwrap_or_default());
                (id, person)
            })
            .collect();
        let take = |changes: Vec<PersonChange>| {
            for change in changes {
                let change = with_plans_of_new_licenses(change);
                match change.apply(people.get(change.id())) {
                    Some(person) => drop(people.insert(person.id.clone(), person)),
                    None => drop(people.remove(change.id())),
                }
            }
        };
        let link = match client.people_delta(Some(&link), take).await {
            Ok(link) => link,
            Err(hobbs_graph::people::DeltaError::Read(error)) if error.concerns_everyone() => {
                return Err(error);
            }
            Err(error) => {
                tracing::info!(%error, "changes of users can't be told; all are listed");
                return Ok(None);
            }
        };
        let mut directory = Directory::empty(true, Some(link.as_str().to_owned()));
        directory.extend(people.into_values(), copilot_skus);
        Ok(Some(directory.without_repetitions()))
    }

    async fn of_named(
        client: &Client,
        names: &[String],
        copilot_skus: &[String],
    ) -> Result<Self, ReadError> {
        let mut directory = Directory::empty(false, None);
        for name in names {
            match client.user(name).await {
                Ok(person) => directory.extend([person], copilot_skus),
                Err(error) if error.concerns_everyone() => return Err(error),
                Err(error) => directory.missing.push(FailedUser {
                    user_id: name.clone(),
                    user_principal_name: name.contains('@').then(|| name.clone()),
                    code: error.code().to_owned(),
                    message: error.to_string(),
                }),
            }
        }
        Ok(directory.without_repetitions())
    }

    fn empty(whole: bool, link: Option<String>) -> Self {
        Directory {
            users: Vec::new(),
            assignments: Vec::new(),
            missing: Vec::new(),
            whole,
            link,
        }
    }

    fn extend(&mut self, people: impl IntoIterator<Item = Person>, copilot_skus: &[String]) {
        for person in people {
            self.assignments.extend(assignments(&person, copilot_skus));
            self.users.push(record(person, copilot_skus));
        }
    }

    /// A page that came twice, or a user named twice, must not be asked twice.
    fn without_repetitions(mut self) -> Self {
        self.users.sort_by(|a, b| a.user_id.cmp(&b.user_id));
        self.users.dedup_by(|a, b| a.user_id == b.user_id);
        let key = |it: &Assignment| (it.user_id.clone(), it.sku_id.clone());
        self.assignments.sort_by_key(key);
        self.assignments.dedup_by_key(|it| key(it));
        self
    }

    /// The users of the directory, by object id.
    pub(crate) fn ids(&self) -> HashSet<String> {
        self.users.iter().map(|user| user.user_id.clone()).collect()
    }

    /// Users whose license works, and will not for long: the account is disabled, or the subscription
    /// has ended.
    pub(crate) fn ending(&self) -> HashSet<String> {
        let disabled = self
            .users
            .iter()
            .filter(|user| user.licensed && user.account_enabled == Some(false))
            .map(|user| &user.user_id);
        let warned = self
            .assignments
            .iter()
            .filter(|it| it.status == AssignmentStatus::Warning)
            .map(|it| &it.user_id);
        disabled.chain(warned).cloned().collect()
    }
}

/// Changes give licenses and plans apart. Where licenses are new and no plan comes with them, the
/// plans known before say nothing of them, and the SKUs decide.
fn with_plans_of_new_licenses(mut change: PersonChange) -> PersonChange {
    if let PersonChange::Changed { fields, .. } = &mut change
        && fields.assigned_licenses != Field::AsBefore
        && fields.assigned_plans == Field::AsBefore
    {
        fields.assigned_plans = Field::Cleared;
    }
    change
}

fn assignments(person: &Person, copilot_skus: &[String]) -> Vec<Assignment> {
    let is_copilot = |sku: &str| {
        let known = COPILOT_SKUS.into_iter();
        let mut skus = known.chain(copilot_skus.iter().map(String::as_str));
        skus.any(|known| known.eq_ignore_ascii_case(sku))
    };
    let plan = person
        .assigned_plans
        .iter()
        .filter(|plan| plan.service_plan_id.eq_ignore_ascii_case(COPILOT_PLAN))
        .min_by_key(|plan| status_of_plan(&plan.capability_status) as u8);
    let assignment = |sku_id: &str, status| Assignment {
        user_id: person.id.clone(),
        sku_id: sku_id.to_owned(),
        status,
        assigned_at_ms: plan.and_then(|plan| plan.assigned_at_ms),
    };
    let held: Vec<Assignment> = person
        .assigned_licenses
        .iter()
        .filter(|license| is_copilot(&license.sku_id))
        .map(|license| assignment(&license.sku_id, status(license, plan, person)))
        .collect();
    if held.is_empty() && person.is_licensed_by(copilot_skus) {
        let status = plan.map_or(AssignmentStatus::Enabled, |plan| {
            status_of_plan(&plan.capability_status)
        });
        return vec![assignment(UNKNOWN_SKU, status)];
    }
    held
}

fn status(
    license: &AssignedLicense,
    plan: Option<&AssignedPlan>,
    person: &Person,
) -> AssignmentStatus {
    let switched_off = license
        .disabled_plans
        .iter()
        .any(|plan| plan.eq_ignore_ascii_case(COPILOT_PLAN));
    match plan {
        _ if switched_off => AssignmentStatus::Disabled,
        Some(plan) => status_of_plan(&plan.capability_status),
        // Where no plan at all is told, the license decides.
        None if person.assigned_plans.is_empty() => AssignmentStatus::Enabled,
        None => AssignmentStatus::Disabled,
    }
}

/// `capabilityStatus`.
fn status_of_plan(status: &str) -> AssignmentStatus {
    match status.to_ascii_lowercase().as_str() {
        "enabled" => AssignmentStatus::Enabled,
        "warning" => AssignmentStatus::Warning,
        "deleted" => AssignmentStatus::Disabled,
        // Suspended and LockedOut.
        _ => AssignmentStatus::Suspended,
    }
}

fn record(person: Person, copilot_skus: &[String]) -> UserRecord {
    let licensed = person.is_licensed_by(copilot_skus);
    UserRecord {
        user_id: person.id,
        user_principal_name: Some(person.user_principal_name).filter(|name| !name.is_empty()),
        display_name: person.display_name,
        mail: person.mail,
        department: person.department,
        job_title: person.job_title,
        office_location: person.office_location,
        country: person.country,
        company_name: person.company_name,
        manager_id: person.manager_id,
        account_enabled: person.account_enabled,
        user_type: person.user_type,
        created_at_ms: person.created_at_ms,
        licensed,
    }
}

/// A user of the lake as Graph would show them, as far as the lake keeps it.
fn as_person(record: UserRecord, held: &[Assignment]) -> Person {
    let license = |it: &Assignment| AssignedLicense {
        sku_id: it.sku_id.clone(),
        disabled_plans: match it.status {
            AssignmentStatus::Disabled => vec![COPILOT_PLAN.to_owned()],
            _ => Vec::new(),
        },
    };
    let plan = |it: &Assignment| AssignedPlan {
        service_plan_id: COPILOT_PLAN.to_owned(),
        capability_status: match it.status {
            AssignmentStatus::Enabled => "Enabled",
            AssignmentStatus::Warning => "Warning",
            AssignmentStatus::Suspended => "Suspended",
            AssignmentStatus::Disabled | AssignmentStatus::Removed => "Deleted",
        }
        .to_owned(),
        assigned_at_ms: it.assigned_at_ms,
    };
    Person {
        id: record.user_id,
        user_principal_name: record.user_principal_name.unwrap_or_default(),
        display_name: record.display_name,
        mail: record.mail,
        department: record.department,
        job_title: record.job_title,
        office_location: record.office_location,
        country: record.country,
        company_name: record.company_name,
        manager_id: record.manager_id,
        account_enabled: record.account_enabled,
        user_type: record.user_type,
        created_at_ms: record.created_at_ms,
        assigned_licenses: held
            .iter()
            .filter(|it| it.sku_id != UNKNOWN_SKU)
            .map(license)
            .collect(),
        assigned_plans: held.iter().map(plan).collect(),
    }
}

pub(crate) fn license(sku: &Sku) -> LicenseRecord {
    LicenseRecord {
        sku_id: sku.sku_id.clone(),
        sku_part_number: Some(sku.sku_part_number.clone()).filter(|name| !name.is_empty()),
        has_copilot_chat: sku.includes_copilot(),
        enabled: sku.enabled,
        suspended: sku.suspended,
        warning: sku.warning,
        locked_out: sku.locked_out,
        consumed: sku.consumed,
        service_plan_ids: sku.service_plan_ids.clone(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::{Value, json};

    fn person(licenses: Value, plans: Value) -> Person {
        Person::read(&json!({"id": "u", "userPrincipalName": "u@x", "department": "Sales",
            "manager": {"id": "m"}, "accountEnabled": true, "assignedLicenses": licenses, "assignedPlans": plans}))
        .unwrap()
    }

    fn plan(status: &str) -> Value {
        json!([{"servicePlanId": COPILOT_PLAN, "capabilityStatus": status, "assignedDateTime": "2026-03-01T00:00:00Z"}])
    }

    #[test]
    fn what_the_lake_keeps_of_a_person_says_the_same_of_the_license() {
        let sku = json!([{"skuId": COPILOT_SKUS[0], "disabledPlans": []}]);
        let without = json!([{"skuId": COPILOT_SKUS[0], "disabledPlans": [COPILOT_PLAN]}]);
        for (licenses, plans) in [
            (json!([]), json!([])),
            (sku.clone(), plan("Enabled")),
            (sku.clone(), plan("Warning")),
            (sku.clone(), plan("Suspended")),
            (sku.clone(), json!([])),
            (without, plan("Deleted")),
            (json!([]), plan("Enabled")),
        ] {
            let read = person(licenses.clone(), plans.clone());
            let held = assignments(&read, &[]);
            let kept = as_person(record(read.clone(), &[]), &held);
            assert_eq!(
                record(kept.clone(), &[]),
                record(read, &[]),
                "{licenses} {plans}"
            );
            assert_eq!(assignments(&kept, &[]), held, "{licenses} {plans}");
        }
    }

    #[test]
    fn a_license_that_comes_without_plans_is_believed() {
        let change = PersonChange::read(
            &json!({"id": "u", "assignedLicenses": [{"skuId": COPILOT_SKUS[1], "disabledPlans": []}]}),
        );
        let before = person(
            json!([]),
            json!([{"servicePlanId": "x", "capabilityStatus": "Enabled"}]),
        );
        let change = with_plans_of_new_licenses(change.unwrap());
        assert!(change.apply(Some(&before)).unwrap().is_licensed());
    }
}
