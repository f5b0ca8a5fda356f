//! Histories of the users who were asked for last, so that their next page costs nothing; memory stays bounded.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::population::history::Histories;
use crate::population::item::Item;
use crate::population::people::People;

/// Items kept, about 140 bytes each, however many users they belong to. The latest user's are kept in any case.
const ITEMS_MAX: usize = 400_000;

#[derive(Debug)]
struct Kept {
    last_day: i64,
    used: u64,
    items: Arc<Vec<Item>>,
}

#[derive(Debug, Default)]
struct State {
    kept: HashMap<u32, Kept>,
    items: usize,
    clock: u64,
}

/// The histories, each until the end of the current day.
#[derive(Debug, Default)]
pub(crate) struct Cache(Mutex<State>);

impl Cache {
    /// A user's items until the end of their current day, oldest first.
    pub(crate) fn history(
        &self,
        histories: &Histories,
        people: &People,
        user: u32,
        now_ms: i64,
    ) -> Arc<Vec<Item>> {
        let last_day = histories.last_day(histories.offset_min(people, user), now_ms);
        if let Some(items) = self.find(user, last_day) {
            return items;
        }
        // Drawn outside the lock: two tasks may do it twice, none waits for another's user.
        let items = Arc::new(histories.until(people, user, last_day));
        self.keep(user, last_day, &items);
        items
    }

    /// Draws a user's history anew as it is asked for again.
    pub(crate) fn forget(&self, user: u32) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = state.kept.remove(&user) {
            state.items -= kept.items.len();
        }
    }

    fn find(&self, user: u32, last_day: i64) -> Option<Arc<Vec<Item>>> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.clock += 1;
        let clock = state.clock;
        let kept = state
            .kept
            .get_mut(&user)
            .filter(|kept| kept.last_day == last_day)?;
        kept.used = clock;
        Some(Arc::clone(&kept.items))
    }

    fn keep(&self, user: u32, last_day: i64, items: &Arc<Vec<Item>>) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let used = state.clock;
        state.items += items.len();
        if let Some(old) = state.kept.insert(
            user,
            Kept {
                last_day,
                used,
                items: Arc::clone(items),
            },
        ) {
            state.items -= old.items.len();
        }
        if state.items > ITEMS_MAX {
            state.forget_oldest(user);
        }
    }
}

impl State {
    /// Forgets those not used for long until a quarter of the room is free.
    fn forget_oldest(&mut self, but: u32) {
        let mut users: Vec<(u64, u32)> = self
            .kept
            .iter()
            .map(|(user, kept)| (kept.used, *user))
            .collect();
        users.sort_unstable();
        for (_, user) in users.into_iter().filter(|(_, user)| *user != but) {
            if self.items <= ITEMS_MAX * 3 / 4 {
                return;
            }
            if let Some(kept) = self.kept.remove(&user) {
                self.items -= kept.items.len();
            }
        }
    }
}
