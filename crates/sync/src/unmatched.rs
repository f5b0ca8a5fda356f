//! Names of a scope that nobody has: misspelled, most likely, and then somebody is read who should not
//! be, or is not who should.

use crate::options::PeopleScope;
use crate::scope::is_called;
use crate::sync::SyncError;

/// Names in a [`PeopleScope`] of which nobody has been seen yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unmatched {
    /// Of departments.
    pub departments: Vec<String>,
    /// Of people who are read besides.
    pub include: Vec<String>,
    /// Of people who are never read.
    pub exclude: Vec<String>,
}

impl Unmatched {
    /// All names, before anybody is seen.
    pub fn of(scope: &PeopleScope) -> Self {
        Unmatched {
            departments: scope.departments.clone(),
            include: scope.include.clone(),
            exclude: scope.exclude.clone(),
        }
    }

    /// Somebody whom the directory lists.
    pub fn see(&mut self, user_id: &str, principal: Option<&str>, department: Option<&str>) {
        let department = department.unwrap_or_default().to_lowercase();
        self.departments
            .retain(|name| name.to_lowercase() != department);
        self.see_earlier(user_id, principal);
    }

    /// Somebody whom the lake knows from earlier: a name of who has left is not misspelled.
    pub fn see_earlier(&mut self, user_id: &str, principal: Option<&str>) {
        for names in [&mut self.include, &mut self.exclude] {
            names.retain(|name| !is_called(name, user_id, principal));
        }
    }

    /// Whether a name of a person is left.
    pub fn names_people(&self) -> bool {
        !self.include.is_empty() || !self.exclude.is_empty()
    }

    /// What is said of those that a sync goes on without.
    pub fn warnings(&self) -> Vec<String> {
        let departments = self.departments.iter().map(|name| {
            format!("[scope] departments: nobody in the directory is of \"{name}\"; it is a department as Entra spells it")
        });
        let include = self.include.iter().map(|name| {
            format!("[scope] include: nobody is called \"{name}\", so nobody is read for it; give a user principal name or an object id")
        });
        departments.chain(include).collect()
    }

    /// An error where it is not known who is never to be read.
    ///
    /// # Errors
    /// [`SyncError::ExcludesNobody`].
    pub fn refuse_excluded(&self) -> Result<(), SyncError> {
        match self.exclude.as_slice() {
            [] => Ok(()),
            names => Err(SyncError::ExcludesNobody(names.join("\", \""))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_seen_is_no_slip_of_the_pen_and_who_has_left_neither() {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let scope = PeopleScope {
            groups: Vec::new(),
            departments: names(&["Sales", "Legal"]),
            include: names(&["ANN@x.example", "id-2", "joe@x.example"]),
            exclude: names(&["bob@x.example", "gone@x.example"]),
        };
        let mut unmatched = Unmatched::of(&scope);
        unmatched.see("id-1", Some("ann@x.example"), Some("SALES"));
        unmatched.see("id-2", Some("bob@x.example"), None);
        assert!(unmatched.refuse_excluded().is_err());
        unmatched.see_earlier("id-3", Some("gone@x.example"));
        assert!(unmatched.refuse_excluded().is_ok());
        assert_eq!(unmatched.departments, ["Legal"]);
        assert_eq!(unmatched.include, ["joe@x.example"]);
        assert_eq!(unmatched.warnings().len(), 2);
    }
}
