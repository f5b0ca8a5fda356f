//! What was true when.

use std::collections::HashMap;
use std::sync::Arc;

use hobbs_tenant::{Access, Tenant, TrueItem};

use crate::clock::TenantClock;

/// What makes an interaction one: user, session (empty for none), id.
pub type Key = (String, String, String);

/// The key of an item.
pub fn key_of(item: &TrueItem) -> Key {
    (
        item.user_id.clone(),
        item.session_id.clone().unwrap_or_default(),
        item.id.clone(),
    )
}

/// A tenant that nobody reads, which tells the truth about any time until now.
pub struct Oracle {
    /// The tenant.
    pub tenant: Arc<Tenant>,
    /// Its clock.
    pub clock: TenantClock,
}

impl Oracle {
    /// What was true at a time, UTC milliseconds.
    pub fn at<T>(&self, at_ms: i64, ask: impl FnOnce(&Tenant) -> T) -> T {
        self.clock.hold(at_ms);
        let answer = ask(&self.tenant);
        self.clock.let_go();
        answer
    }

    /// The items of a user that could be seen at a time.
    pub fn items(&self, user_id: &str, at_ms: i64) -> Vec<TrueItem> {
        self.at(at_ms, |tenant| {
            let user = tenant.find_user(user_id);
            user.map_or_else(Vec::new, |user| tenant.truth_of(user))
        })
    }

    /// All items that can be seen now, whether hobbs may read them or not.
    pub fn all(&self) -> HashMap<Key, TrueItem> {
        let users = 0..self.tenant.user_count();
        let items = users.flat_map(|user| self.tenant.truth_of(user));
        items.map(|item| (key_of(&item), item)).collect()
    }

    /// Users of whom this is true now, by object id.
    pub fn users(&self, is_meant: impl Fn(u32, Access) -> bool) -> Vec<String> {
        (0..self.tenant.user_count())
            .map(|index| self.tenant.user_facts(index))
            .filter(|facts| is_meant(facts.index, facts.access))
            .map(|facts| facts.id)
            .collect()
    }
}
