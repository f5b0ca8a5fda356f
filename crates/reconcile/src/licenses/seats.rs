//! Seats, who would use one, and the moves that follow.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::holder::{Holder, Verdict};

/// The seats of one product, as last seen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Seats {
    /// The product.
    pub sku_id: String,
    /// Its short name.
    pub sku_part_number: Option<String>,
    /// Units bought that can be assigned.
    pub bought: u64,
    /// Units assigned.
    pub assigned: u64,
    /// Units that can still be assigned.
    pub free: u64,
    /// Units suspended.
    pub suspended: u64,
    /// Units in the time of grace after their end.
    pub warning: u64,
    /// Units locked.
    pub locked_out: u64,
}

impl Seats {
    /// With the units that are free: bought or in grace, less those assigned.
    pub fn with_free(mut self) -> Seats {
        self.free = (self.bought + self.warning).saturating_sub(self.assigned);
        self
    }
}

/// Somebody without a license who has used Copilot all the same: before it was taken away, or in the
/// chat that needs none.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Candidate {
    /// 1 is who would use one most.
    pub rank: u64,
    /// The Entra object id.
    pub user_id: String,
    /// The name.
    pub user_principal_name: Option<String>,
    /// The name shown.
    pub display_name: Option<String>,
    /// As of now.
    pub department: Option<String>,
    /// Typed in the last 28 days.
    pub typed_28: u64,
    /// Typed at any time.
    pub typed: u64,
    /// The last exchange that they typed.
    pub last_typed: Option<Timestamp>,
    /// The last of any kind.
    pub last_any: Option<Timestamp>,
    /// Why they would use one, in words.
    pub says: String,
}

impl Candidate {
    /// How the user is named: the principal name, or the id where none is known.
    pub fn name(&self) -> &str {
        self.user_principal_name.as_deref().unwrap_or(&self.user_id)
    }
}

/// Those who typed, the most and latest first, with their rank; what they already say of themselves
/// stays in front.
pub fn rank(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    candidates.retain(|candidate| candidate.typed > 0);
    candidates.sort_by(|a, b| {
        let by_use = (b.typed_28, b.last_typed, b.typed).cmp(&(a.typed_28, a.last_typed, a.typed));
        by_use.then_with(|| a.user_id.cmp(&b.user_id))
    });
    for (candidate, rank) in candidates.iter_mut().zip(1..) {
        candidate.rank = rank;
        let last = candidate.last_typed.map_or_else(String::new, |time| {
            format!(", last on {}", time.strftime("%Y-%m-%d"))
        });
        candidate.says = format!(
            "{}Typed {} times without a license now{last}; {} of them in the last 28 days.",
            candidate.says, candidate.typed, candidate.typed_28
        );
    }
    candidates
}

/// What is to be done with a license.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Take it away.
    Remove,
    /// Give one.
    Assign,
    /// Leave it.
    Keep,
}

impl Action {
    /// As it stands in the CSV.
    pub fn id(self) -> &'static str {
        match self {
            Action::Remove => "remove",
            Action::Assign => "assign",
            Action::Keep => "keep",
        }
    }
}

/// One line of a bulk license change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Move<'a> {
    /// The name.
    pub user_principal_name: Option<&'a str>,
    /// The Entra object id.
    pub user_id: &'a str,
    /// The product.
    pub sku_id: &'a str,
    /// What to do.
    pub action: Action,
    /// Why.
    pub reason: &'a str,
}

/// The moves: licenses worth moving are taken away, the others kept, and those who would use one
/// get what is free then, by rank.
pub fn moves<'a>(
    holders: &'a [Holder],
    candidates: &'a [Candidate],
    seats: &'a [Seats],
) -> Vec<Move<'a>> {
    let mut free: BTreeMap<&str, u64> = seats
        .iter()
        .map(|seats| (seats.sku_id.as_str(), seats.free))
        .collect();
    let (mut removed, mut kept) = (Vec::new(), Vec::new());
    for holder in holders {
        for held in &holder.held {
            let worth_moving = holder.verdict.is_worth_moving();
            let line = Move {
                user_principal_name: holder.user_principal_name.as_deref(),
                user_id: &holder.user_id,
                sku_id: &held.sku_id,
                action: if worth_moving {
                    Action::Remove
                } else {
                    Action::Keep
                },
                reason: &holder.says,
            };
            if worth_moving {
                // Where the seat itself is suspended nothing becomes free to be given.
                *free.entry(&held.sku_id).or_default() += u64::from(held.status != "suspended");
                removed.push(line);
            } else {
                kept.push(line);
            }
        }
    }
    let mut candidates = candidates.iter();
    for (sku_id, seats) in free {
        let given = candidates
            .by_ref()
            .take(usize::try_from(seats).unwrap_or(usize::MAX));
        removed.extend(given.map(|candidate| Move {
            user_principal_name: candidate.user_principal_name.as_deref(),
            user_id: &candidate.user_id,
            sku_id,
            action: Action::Assign,
            reason: &candidate.says,
        }));
    }
    removed.extend(kept);
    removed
}

/// A history that is kept and can no longer be read on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Frozen {
    /// The Entra object id.
    pub user_id: String,
    /// The name.
    pub user_principal_name: Option<String>,
    /// `not_licensed` or `left`.
    pub cause: String,
    /// Since when that is known.
    pub since: Option<Timestamp>,
    /// From when the history is frozen: the end of what was read whole. None: never read.
    pub frozen_from: Option<Timestamp>,
    /// Interactions that are kept.
    pub rows: u64,
    /// The last of them.
    pub last_row: Option<Timestamp>,
}

/// Holders by verdict, those worth moving first; every verdict is there.
pub fn by_verdict(holders: &[Holder]) -> BTreeMap<Verdict, u64> {
    let mut counts: BTreeMap<Verdict, u64> = Verdict::ALL
        .into_iter()
        .map(|verdict| (verdict, 0))
        .collect();
    for holder in holders {
        *counts.entry(holder.verdict).or_default() += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(user: &str, says: &str) -> Candidate {
        Candidate {
            rank: 0,
            user_id: user.to_owned(),
            user_principal_name: None,
            display_name: None,
            department: None,
            typed_28: 1,
            typed: 3,
            last_typed: None,
            last_any: None,
            says: says.to_owned(),
        }
    }

    #[test]
    fn a_license_for_a_guest_is_proposed_as_one_for_a_guest() {
        let candidates = rank(vec![candidate("a", "A guest. "), candidate("b", "")]);
        let seats = [Seats {
            free: 2,
            ..Seats::default()
        }];
        let reasons: Vec<&str> = moves(&[], &candidates, &seats)
            .iter()
            .map(|line| line.reason)
            .collect();
        let typed = "Typed 3 times without a license now; 1 of them in the last 28 days.";
        assert_eq!(reasons, [&format!("A guest. {typed}"), typed]);
    }
}
