//! Who works here: everyone is a pure function of seed and index, so that 200,000 people cost nothing until asked.

use std::collections::HashMap;
use std::sync::RwLock;

use crate::answer::write_uuid_bits;
use crate::draw::{Draw, hash, mix, unit};
use crate::options::TenantOptions;
use crate::population::fate::Fate;
use crate::population::life::{License, LifeEvent};
use crate::population::names::{CULTURES, Culture, DEPARTMENTS, TITLES, in_address, shown};
use crate::time::DAY_MS;

/// Whether a user's history can be read, and if not, why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// A member with a Copilot license and the Copilot Chat plan.
    Readable,
    /// No Copilot license: 403.
    Unlicensed,
    /// A license with the Copilot Chat plan switched off, or suspended: 403.
    PlanDisabled,
    /// A guest: 404.
    Guest,
    /// Deleted, if only after the directory was listed, or not in it yet: 404.
    Deleted,
    /// The license was taken away: 403.
    LicenseRemoved,
}

/// One person, as the directory has them at some time.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) index: u32,
    pub(crate) id: String,
    pub(crate) culture: &'static Culture,
    pub(crate) given: &'static str,
    pub(crate) family: &'static str,
    pub(crate) upn: String,
    pub(crate) mail: String,
    pub(crate) department: &'static str,
    pub(crate) title: String,
    pub(crate) office: &'static str,
    pub(crate) enabled: bool,
    pub(crate) created_ms: i64,
    pub(crate) access: Access,
    pub(crate) manager: Option<u32>,
    /// When everything but Copilot was assigned.
    pub(crate) equipped_ms: i64,
    pub(crate) license: License,
    /// When the license was assigned.
    pub(crate) assigned_ms: i64,
    /// Whether the license is the second Copilot SKU.
    pub(crate) second_sku: bool,
}

impl Person {
    pub(crate) fn display_name(&self) -> String {
        let (given, family) = (shown(self.given), shown(self.family));
        if self.culture.family_first {
            format!("{family} {given}")
        } else {
            format!("{given} {family}")
        }
    }

    pub(crate) fn guest(&self) -> bool {
        self.access == Access::Guest
    }

    /// Whether a Copilot SKU is assigned, working plan or not.
    pub(crate) fn licensed(&self) -> bool {
        self.license.is_assigned()
    }
}

/// The people of a tenant.
#[derive(Debug)]
pub(crate) struct People {
    seed: u64,
    pub(crate) count: u32,
    domain: String,
    licensed: f64,
    plan_disabled: f64,
    guest: f64,
    disabled: f64,
    deleted: f64,
    start_ms: i64,
    stride: u64,
    offset: u64,
    pub(super) fate: Fate,
    /// What was done by hand: UTC milliseconds, in the order of time.
    pub(super) acts: RwLock<HashMap<u32, Vec<(i64, LifeEvent)>>>,
}

const GIVEN: u64 = 12;
const FAMILY: u64 = 12;
const COMBINATIONS: u64 = CULTURES.len() as u64 * GIVEN * FAMILY;
pub(super) const TOP_REPORTS: u32 = DEPARTMENTS.len() as u32;
const REPORTS: u32 = 7;

impl People {
    pub(crate) fn new(options: &TenantOptions, start_ms: i64) -> Self {
        // Any stride without a common factor walks through all names before one comes again.
        let mut stride = (hash(&[options.seed, 0x57]) % COMBINATIONS) | 1;
        while gcd(stride, COMBINATIONS) != 1 {
            stride += 2;
        }
        Self {
            seed: options.seed,
            count: options.users,
            domain: options.domain.to_lowercase(),
            licensed: options.licensed_share,
            plan_disabled: options.plan_disabled_share,
            guest: options.guest_share,
            disabled: options.disabled_share,
            deleted: options.deleted_share,
            start_ms,
            stride: stride % COMBINATIONS,
            offset: hash(&[options.seed, 0x0ff]) % COMBINATIONS,
            fate: Fate::new(options, start_ms),
            acts: RwLock::default(),
        }
    }

    /// Everything about one person as long as nothing happens to them.
    pub(super) fn unchanged(&self, index: u32) -> Person {
        let combination = self.combination(index);
        let culture = self.culture(index);
        let given = culture.given[(combination % GIVEN) as usize];
        let family = culture.family[(combination / GIVEN % FAMILY) as usize];
        let access = self.access(index);
        let namesakes_before = u64::from(index) / COMBINATIONS;
        let number = if namesakes_before > 0 {
            namesakes_before.to_string()
        } else {
            String::new()
        };
        let local = format!("{}.{}{number}", in_address(given), in_address(family));
        let (upn, mail) = if access == Access::Guest {
            let upn = format!("{local}_partner.example#EXT#@{}", self.domain);
            (upn, format!("{local}@partner.example"))
        } else {
            (
                format!("{local}@{}", self.domain),
                format!("{local}@{}", self.domain),
            )
        };
        let mut draw = Draw::of(&[self.seed, u64::from(index), 0x9e0]);
        let department = self.department(index);
        let title = if index == 0 {
            "Chief Executive Officer".to_owned()
        } else if index <= TOP_REPORTS {
            format!("Head of {department}")
        } else if self.leads(index) {
            format!("{department} Manager")
        } else {
            format!("{department} {}", draw.pick(&TITLES))
        };
        let office = draw.pick(&culture.offices);
        let created_ms =
            self.start_ms - draw.between(200, 4000) * DAY_MS - draw.between(0, 86_399) * 1000;
        Person {
            index,
            id: self.id(index),
            culture,
            given,
            family,
            upn,
            mail,
            department,
            title,
            office,
            enabled: self.leads(index) || !self.drawn(index, 1, self.disabled),
            created_ms,
            access,
            manager: self.manager(index),
            equipped_ms: created_ms + 30 * DAY_MS,
            license: License::of(access),
            assigned_ms: created_ms + 30 * DAY_MS,
            second_sku: draw.chance(0.1),
        }
    }

    /// Minutes that this person's local time is ahead of UTC.
    pub(crate) fn offset_min(&self, index: u32) -> i32 {
        self.culture(index).offset_min
    }

    /// Where this person comes from.
    pub(crate) fn culture(&self, index: u32) -> &'static Culture {
        &CULTURES[(self.combination(index) / (GIVEN * FAMILY)) as usize]
    }

    fn combination(&self, index: u32) -> u64 {
        (u64::from(index) * self.stride + self.offset) % COMBINATIONS
    }

    /// The object id: the index, scattered, in the first eight digits; drawn digits after them.
    pub(crate) fn id(&self, index: u32) -> String {
        let rest = hash(&[self.seed, u64::from(index), 0x1d]);
        let high = u64::from(scatter(index, self.seed)) << 32 | rest >> 32;
        let mut id = Vec::with_capacity(36);
        write_uuid_bits(&mut id, high, mix(rest));
        String::from_utf8_lossy(&id).into_owned()
    }

    /// Who has this object id or user principal name.
    pub(crate) fn find(&self, id_or_upn: &str) -> Option<u32> {
        if id_or_upn.contains('@') {
            self.find_upn(id_or_upn)
        } else {
            self.find_id(id_or_upn)
        }
    }

    fn find_id(&self, id: &str) -> Option<u32> {
        let first = u32::from_str_radix(id.get(..8)?, 16).ok()?;
        let index = gather(first, self.seed);
        (index < self.count && self.id(index).eq_ignore_ascii_case(id)).then_some(index)
    }

    fn find_upn(&self, upn: &str) -> Option<u32> {
        let upn = upn.to_lowercase();
        let (local, _) = upn.split_once('@')?;
        let local = local.split("_partner.example").next()?;
        let name = local.trim_end_matches(|letter: char| letter.is_ascii_digit());
        let namesakes_before: u64 = local[name.len()..].parse().unwrap_or(0);
        let (given, family) = name.split_once('.')?;
        let candidates = CULTURES.iter().enumerate().filter_map(|(place, culture)| {
            let given = culture
                .given
                .iter()
                .position(|name| in_address(name) == given)? as u64;
            let family = culture
                .family
                .iter()
                .position(|name| in_address(name) == family)? as u64;
            Some(place as u64 * GIVEN * FAMILY + family * GIVEN + given)
        });
        candidates
            .map(|combination| {
                let back = (combination + COMBINATIONS - self.offset) % COMBINATIONS;
                let place = (u128::from(back) * u128::from(inverse(self.stride, COMBINATIONS)))
                    % u128::from(COMBINATIONS);
                namesakes_before
                    .saturating_mul(COMBINATIONS)
                    .saturating_add(place as u64)
            })
            .filter_map(|index| u32::try_from(index).ok())
            .find(|index| *index < self.count && self.unchanged(*index).upn.to_lowercase() == upn)
    }

    /// Whose report this person is as long as nobody moves: ten heads under the first, then seven reports each.
    pub(crate) fn manager(&self, index: u32) -> Option<u32> {
        match index {
            0 => None,
            1..=TOP_REPORTS => Some(0),
            _ => Some(1 + (index - 1 - TOP_REPORTS) / REPORTS),
        }
    }

    pub(super) fn leads(&self, index: u32) -> bool {
        index == 0 || 1 + TOP_REPORTS + (index - 1).saturating_mul(REPORTS) < self.count
    }

    pub(super) fn department(&self, index: u32) -> &'static str {
        let mut at = index;
        while at > TOP_REPORTS {
            at = self.manager(at).unwrap_or(0);
        }
        if at == 0 {
            "Executive Office"
        } else {
            DEPARTMENTS[(at - 1) as usize]
        }
    }

    /// Whether this person is a guest, which never changes.
    pub(crate) fn is_guest(&self, index: u32) -> bool {
        self.access(index) == Access::Guest
    }

    fn drawn(&self, index: u32, what: u64, share: f64) -> bool {
        unit(hash(&[self.seed, u64::from(index), 0xacc, what])) < share
    }

    /// Whether this person's history can be read as long as nothing happens to them. People who lead others are no guests and are not deleted.
    pub(crate) fn access(&self, index: u32) -> Access {
        let leads = self.leads(index);
        if !leads && self.drawn(index, 2, self.guest) {
            Access::Guest
        } else if !self.drawn(index, 3, self.licensed) {
            Access::Unlicensed
        } else if self.drawn(index, 4, self.plan_disabled) {
            Access::PlanDisabled
        } else if !leads && self.drawn(index, 5, self.deleted) {
            Access::Deleted
        } else {
            Access::Readable
        }
    }
}

/// A bijection on 32 bits (four rounds of Feistel), so that ids do not show the index.
fn scatter(index: u32, seed: u64) -> u32 {
    let (mut left, mut right) = ((index >> 16) as u16, index as u16);
    for round in 0..4 {
        (left, right) = (right, left ^ round_function(right, seed, round));
    }
    u32::from(left) << 16 | u32::from(right)
}

fn gather(scattered: u32, seed: u64) -> u32 {
    let (mut left, mut right) = ((scattered >> 16) as u16, scattered as u16);
    for round in (0..4).rev() {
        (left, right) = (right ^ round_function(left, seed, round), left);
    }
    u32::from(left) << 16 | u32::from(right)
}

fn round_function(half: u16, seed: u64, round: u64) -> u16 {
    hash(&[seed, round, u64::from(half)]) as u16
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The number that undoes a multiplication by `value` modulo `modulus`.
fn inverse(value: u64, modulus: u64) -> u64 {
    let (mut old, mut new) = ((value as i128, 1i128), (modulus as i128, 0i128));
    while new.0 != 0 {
        let quotient = old.0 / new.0;
        (old, new) = (new, (old.0 - quotient * new.0, old.1 - quotient * new.1));
    }
    old.1.rem_euclid(modulus as i128) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(users: u32) -> People {
        People::new(
            &TenantOptions {
                users,
                ..TenantOptions::default()
            },
            1_780_000_000_000,
        )
    }

    #[test]
    fn everyone_is_found_by_id_and_by_name() {
        let people = people(200_000);
        for index in (0..200_000).step_by(997) {
            let person = people.unchanged(index);
            assert_eq!(people.find(&person.id), Some(index));
            assert_eq!(people.find(&person.id.to_uppercase()), Some(index));
            assert_eq!(people.find(&person.upn), Some(index), "{}", person.upn);
            assert_eq!(people.find(&person.upn.to_uppercase()), Some(index));
        }
        assert_eq!(people.find("nobody@example.com"), None);
        assert_eq!(people.find("00000000-0000-4000-8000-000000000000"), None);
        assert_eq!(people.find("é"), None);
        assert_eq!(people.find(""), None);
    }

    #[test]
    fn managers_form_one_tree_with_departments() {
        let people = people(2_000);
        for index in 1..2_000 {
            let manager = people.manager(index).unwrap_or(index);
            assert!(manager < index);
            assert!(people.leads(manager));
            assert_ne!(people.access(manager), Access::Guest);
            if index > 10 {
                assert_eq!(
                    people.unchanged(index).department,
                    people.unchanged(manager).department
                );
            }
        }
        assert_eq!(people.manager(0), None);
    }

    #[test]
    fn shares_are_kept() {
        let people = people(20_000);
        let count = |access| {
            (0..20_000)
                .filter(|index| people.access(*index) == access)
                .count()
        };
        assert!(
            (15_000..16_000).contains(&count(Access::Readable)),
            "{}",
            count(Access::Readable)
        );
        assert!((200..450).contains(&count(Access::Guest)));
        assert!((220..420).contains(&count(Access::PlanDisabled)));
        assert!((3_600..4_200).contains(&count(Access::Unlicensed)));
    }
}
