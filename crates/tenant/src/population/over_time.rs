//! People as they are at a time: what is drawn of them, and what has happened to them since.

use std::sync::PoisonError;

use crate::population::fate::Fated;
use crate::population::life::{License, Life, LifeEvent};
use crate::population::names::DEPARTMENTS;
use crate::population::people::{Access, People, Person, TOP_REPORTS};

impl People {
    /// What happens to a person; None to whom nothing ever does.
    pub(crate) fn life(&self, index: u32) -> Option<Life> {
        let acts = self.acts.read().unwrap_or_else(PoisonError::into_inner);
        let acts = acts.get(&index);
        if self.fate.is_quiet() && acts.is_none() {
            return None;
        }
        let partner = Some(index ^ 1).filter(|partner| *partner < self.count);
        let partner = partner.map(|partner| self.fated(partner));
        let life = self.fate.life(self.fated(index), partner);
        Some(life.and(acts.map_or(&[], Vec::as_slice)))
    }

    fn fated(&self, index: u32) -> Fated {
        Fated {
            index,
            access: self.access(index),
            // The heads of departments stay, even where nobody reports to them.
            leads: self.leads(index) || index <= TOP_REPORTS,
            department: self.department(index),
            departments: self.departments().len(),
        }
    }

    /// The departments that have a head.
    fn departments(&self) -> &'static [&'static str] {
        &DEPARTMENTS[..DEPARTMENTS.len().min(self.count.saturating_sub(1) as usize)]
    }

    /// A department that people can move to.
    pub(crate) fn department_named(&self, name: &str) -> Option<&'static str> {
        let mut departments = self.departments().iter().copied();
        departments.find(|department| *department == name)
    }

    /// Does something to a person by hand.
    pub(crate) fn act(&self, index: u32, at_ms: i64, event: LifeEvent) {
        let mut acts = self.acts.write().unwrap_or_else(PoisonError::into_inner);
        acts.entry(index).or_default().push((at_ms, event));
    }

    fn is_acted_on(&self, index: u32) -> bool {
        let acts = self.acts.read().unwrap_or_else(PoisonError::into_inner);
        acts.contains_key(&index)
    }

    /// Whether this person's history could be read at a time.
    pub(crate) fn access_at(&self, index: u32, at_ms: i64) -> Access {
        let access = self.access(index);
        let Some(life) = self.life(index) else {
            return access;
        };
        let state = life.at(at_ms);
        match access {
            _ if !state.exists => Access::Deleted,
            Access::Guest | Access::Deleted => access,
            _ => state.license.access(),
        }
    }

    /// Whether a Copilot license was assigned to this person at a time, working plan or not.
    pub(crate) fn is_licensed_at(&self, index: u32, at_ms: i64) -> bool {
        let license = match self.life(index) {
            Some(life) => life.at(at_ms).license,
            None => License::of(self.access(index)),
        };
        license.is_assigned()
    }

    /// Whether this person was in the directory at a time.
    pub(crate) fn exists_at(&self, index: u32, at_ms: i64) -> bool {
        self.life(index).is_none_or(|life| life.at(at_ms).exists)
    }

    /// Whether this person is on a long leave at a time.
    pub(crate) fn is_on_leave_at(&self, index: u32, at_ms: i64) -> bool {
        self.life(index).is_some_and(|life| life.at(at_ms).on_leave)
    }

    /// Where this person works at a time.
    pub(crate) fn department_at(&self, index: u32, at_ms: i64) -> &'static str {
        let moved = self.life(index).and_then(|life| life.at(at_ms).department);
        moved.unwrap_or_else(|| self.department(index))
    }

    /// Whether this person's manager is deleted after a time and until another. Only by hand are people deleted who
    /// lead others.
    pub(crate) fn manager_goes(&self, index: u32, after_ms: i64, until_ms: i64) -> bool {
        if self
            .acts
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .is_empty()
        {
            return false;
        }
        let manager = self.person_at(index, after_ms).manager;
        manager.is_some_and(|manager| !self.exists_at(manager, until_ms))
    }

    /// Everything about one person at a time, even if they were not in the directory then.
    pub(crate) fn person_at(&self, index: u32, at_ms: i64) -> Person {
        let mut person = self.unchanged(index);
        if let Some(life) = self.life(index) {
            let state = life.at(at_ms);
            person.access = match person.access {
                _ if !state.exists => Access::Deleted,
                Access::Guest | Access::Deleted => person.access,
                _ => state.license.access(),
            };
            person.enabled &= !state.disabled;
            if let Some(joined_ms) = state.joined_ms {
                person.created_ms = joined_ms;
                person.equipped_ms = joined_ms;
            }
            person.license = state.license;
            person.assigned_ms = state.assigned_ms.unwrap_or(person.assigned_ms);
            if let Some(department) = state.department {
                self.transfer(&mut person, department);
            }
        }
        // Only by hand are people deleted who lead others.
        person.manager = person
            .manager
            .filter(|manager| !self.is_acted_on(*manager) || self.exists_at(*manager, at_ms));
        person
    }

    fn transfer(&self, person: &mut Person, department: &'static str) {
        person.title = person.title.replace(person.department, department);
        person.department = department;
        let offices = &person.culture.offices;
        let place = offices.iter().position(|office| *office == person.office);
        person.office = offices[place.map_or(0, |place| (place + 1) % offices.len())];
        let head = DEPARTMENTS.iter().position(|name| *name == department);
        let head = head.map(|place| place as u32 + 1);
        person.manager = head.filter(|head| *head != person.index).or(Some(0));
    }
}
