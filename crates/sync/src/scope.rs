//! Which of the people of a tenant a sync is for.

use std::collections::HashSet;

use hobbs_graph::Client;
use hobbs_graph::groups::GroupError;
use hobbs_lake::UserRecord;

use crate::options::PeopleScope;

/// The object ids of the users in scope; None for everyone.
///
/// # Errors
/// A group can't be read: who is in it can't be guessed.
pub(crate) async fn in_scope(
    client: &Client,
    scope: &PeopleScope,
    users: &[UserRecord],
) -> Result<Option<HashSet<String>>, GroupError> {
    if scope.is_everyone() {
        return Ok(None);
    }
    let mut members = HashSet::new();
    for name in &scope.groups {
        let group = client.group(name).await?;
        members.extend(client.group_members(&group.id).await?);
    }
    Ok(Some(narrowed(scope, &members, users)))
}

/// `members` are the users of the groups of `scope`.
fn narrowed(
    scope: &PeopleScope,
    members: &HashSet<String>,
    users: &[UserRecord],
) -> HashSet<String> {
    let is_in_group =
        |user: &UserRecord| scope.groups.is_empty() || members.contains(&user.user_id);
    let is_in_department = |user: &UserRecord| {
        let department = user.department.as_deref().unwrap_or_default();
        let mut departments = scope.departments.iter();
        scope.departments.is_empty()
            || departments.any(|name| name.to_lowercase() == department.to_lowercase())
    };
    // Who is included is added to groups and departments; where neither is named, they are all.
    let only_included =
        scope.groups.is_empty() && scope.departments.is_empty() && !scope.include.is_empty();
    users
        .iter()
        .filter(|user| !is_named(&scope.exclude, user))
        .filter(|user| {
            is_named(&scope.include, user)
                || !only_included && is_in_group(user) && is_in_department(user)
        })
        .map(|user| user.user_id.clone())
        .collect()
}

fn is_named(names: &[String], user: &UserRecord) -> bool {
    let principal = user.user_principal_name.as_deref();
    let mut names = names.iter();
    names.any(|name| is_called(name, &user.user_id, principal))
}

/// Whether somebody is meant by a name.
pub(crate) fn is_called(name: &str, user_id: &str, principal: Option<&str>) -> bool {
    name.eq_ignore_ascii_case(user_id)
        || principal.is_some_and(|principal| name.eq_ignore_ascii_case(principal))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_narrows_and_names_stand_above_both() {
        let users = [
            ("ann", "Sales"),
            ("bob", "Sales"),
            ("eve", "Legal"),
            ("joe", "Legal"),
        ]
        .map(|(id, department)| UserRecord {
            user_id: id.to_owned(),
            user_principal_name: Some(format!("{id}@x.example")),
            department: Some(department.to_owned()),
            ..UserRecord::default()
        });
        let members = HashSet::from(["ann".to_owned(), "eve".to_owned()]);
        let list = |names: &[&str]| -> Vec<String> {
            names.iter().map(|name| (*name).to_owned()).collect()
        };
        for (groups, departments, include, exclude, expected) in [
            (&["g"][..], &[][..], &[][..], &[][..], &["ann", "eve"][..]),
            (&[], &["sales"], &[], &[], &["ann", "bob"]),
            (&["g"], &["LEGAL"], &[], &[], &["eve"]),
            (&["g"], &["Legal"], &["JOE@x.example"], &[], &["eve", "joe"]),
            (&[], &[], &["ann"], &[], &["ann"]),
            (&[], &[], &[], &["ann"], &["bob", "eve", "joe"]),
            (&["g"], &[], &["ann"], &["ann"], &["eve"]),
        ] {
            let scope = PeopleScope {
                groups: list(groups),
                departments: list(departments),
                include: list(include),
                exclude: list(exclude),
            };
            let expected: HashSet<String> = list(expected).into_iter().collect();
            assert_eq!(narrowed(&scope, &members, &users), expected, "{scope:?}");
        }
    }
}
