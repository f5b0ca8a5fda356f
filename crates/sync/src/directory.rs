//! People and licenses, from Graph's form into the lake's.

use hobbs_graph::{Client, Person, ReadError, Sku};
use hobbs_lake::{LicenseRecord, UserRecord};

use crate::options::Who;
use crate::summary::FailedUser;

/// Who was found, and who was not.
pub(crate) struct Found {
    pub(crate) users: Vec<UserRecord>,
    pub(crate) missing: Vec<FailedUser>,
    /// Whether this is the whole directory.
    pub(crate) whole: bool,
}

/// Reads the directory, or the users asked for.
pub(crate) async fn find(
    client: &Client,
    who: &Who,
    skus: &[Sku],
    mut found_so_far: impl FnMut(u64),
) -> Result<Found, ReadError> {
    let copilot_skus: Vec<String> = skus
        .iter()
        .filter(|sku| sku.includes_copilot())
        .map(|sku| sku.sku_id.clone())
        .collect();
    let mut found = Found {
        users: Vec::new(),
        missing: Vec::new(),
        whole: *who == Who::Everyone,
    };
    match who {
        Who::Everyone => {
            let take = |people: Vec<Person>| {
                found.users.extend(
                    people
                        .into_iter()
                        .map(|person| record(person, &copilot_skus)),
                );
                found_so_far(found.users.len() as u64);
            };
            client.users_by_page(take).await?;
        }
        Who::Only(names) => {
            for name in names {
                match client.user(name).await {
                    Ok(person) => found.users.push(record(person, &copilot_skus)),
                    Err(error) if error.concerns_everyone() => return Err(error),
                    Err(error) => found.missing.push(FailedUser {
                        user_id: name.clone(),
                        user_principal_name: name.contains('@').then(|| name.clone()),
                        code: error.code().to_owned(),
                        message: error.to_string(),
                    }),
                }
            }
        }
    }
    // A page that came twice, or a user named twice, must not be asked twice.
    found.users.sort_by(|a, b| a.user_id.cmp(&b.user_id));
    found.users.dedup_by(|a, b| a.user_id == b.user_id);
    Ok(found)
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
        licensed,
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
    }
}
