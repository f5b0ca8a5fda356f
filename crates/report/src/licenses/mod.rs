//! Licenses worth moving: `hobbs licenses`, and the part of the report that says the same.
//!
//! What is thought of a license is decided in [`hobbs_reconcile::licenses`]; here it is asked of the
//! lake, one user after the other, and printed. Memory grows with the users, not with their interactions.

mod files;
mod walk;

use std::collections::BTreeMap;

use hobbs_reconcile::facts::LicenseRow;
use hobbs_reconcile::licenses::{
    Candidate, Cost, Frozen, Holder, Move, Seats, Terms, Verdict, moves,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::answers::time_ms;
use crate::reconcile::Answer;
use crate::source::{Source, SourceError};
use crate::words::{plural, thousands};

pub use files::{MOVE_COLUMNS, write_csv};
pub use hobbs_reconcile::licenses::Price;

/// The version of the JSON's shape.
pub const VERSION: u32 = 1;

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// One tenant, or all that the lake holds.
    pub tenant_id: Option<String>,
    /// Who asked for nothing in so many days is idle.
    pub idle_days: u32,
    /// Who is licensed for fewer days is new.
    pub new_days: u32,
    /// A history read whole up to so many days ago still tells: the sync's longest time between two
    /// readings of one user.
    pub late_days: u32,
    /// Who is on leave: principal names or object ids, in upper or lower case.
    pub on_leave: Vec<String>,
    /// What a seat costs.
    pub price: Option<Price>,
}

impl Default for Query {
    /// Everybody; 30 days each, read within 7; no price.
    fn default() -> Self {
        let terms = Terms::at(0);
        Query {
            tenant_id: None,
            idle_days: terms.idle_days,
            new_days: terms.new_days,
            late_days: terms.late_days,
            on_leave: Vec::new(),
            price: None,
        }
    }
}

/// What hobbs does about all this: nothing.
pub const READS_ONLY: &str = "hobbs only reads: no license has been changed. The CSV of `hobbs licenses --format csv` is a proposal for whoever changes them.";

/// The figures of licenses.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Licenses {
    /// [`VERSION`].
    pub version: u32,
    /// When they were made; everything is reckoned from here.
    pub generated_at: Timestamp,
    /// [`READS_ONLY`].
    pub note: &'static str,
    /// Interactions of the lake that no exchange is derived from yet: who is idle may have used them.
    pub not_judged: u64,
    /// Who asked for nothing in so many days is idle.
    pub idle_days: u32,
    /// Who is licensed for fewer days is new.
    pub new_days: u32,
    /// Holders by verdict; every verdict is there.
    pub verdicts: BTreeMap<Verdict, u64>,
    /// Holders whose license is worth moving.
    pub worth_moving: u64,
    /// The subscriptions with Copilot.
    pub seats: Vec<Seats>,
    /// What they cost; None without a price.
    pub cost: Option<Cost>,
    /// Everybody who holds a license: those worth moving first, then by name.
    pub holders: Vec<Holder>,
    /// Who has none and would use one, by rank.
    pub candidates: Vec<Candidate>,
    /// Histories that are kept and can no longer be read on, by name.
    pub frozen: Vec<Frozen>,
}

impl Licenses {
    /// What could be changed.
    pub fn moves(&self) -> Vec<Move<'_>> {
        moves(&self.holders, &self.candidates, &self.seats)
    }

    /// The sentence that leads.
    pub fn headline(&self) -> String {
        let holders = self.holders.len() as u64;
        let of = |verdict: Verdict| self.verdicts.get(&verdict).copied().unwrap_or(0);
        let parts: Vec<String> = [
            Verdict::NeverUsed,
            Verdict::Idle,
            Verdict::AutomaticOnly,
            Verdict::AccountDisabled,
        ]
        .into_iter()
        .map(|verdict| format!("{} {}", thousands(of(verdict)), verdict.id()))
        .collect();
        let free: u64 = self.seats.iter().map(|seats| seats.free).sum();
        format!(
            "{} of {} {} {} worth moving ({}); {} {} free, and {} {} without a license would use one.",
            thousands(self.worth_moving),
            thousands(holders),
            plural(holders, "license", "licenses"),
            plural(self.worth_moving, "is", "are"),
            parts.join(", "),
            thousands(free),
            plural(free, "seat is", "seats are"),
            thousands(self.candidates.len() as u64),
            plural(self.candidates.len() as u64, "person", "people"),
        )
    }

    /// What they cost, in words.
    pub(crate) fn cost_says(&self) -> Option<String> {
        let cost = self.cost.as_ref()?;
        let currency = &cost.price.currency;
        let each = cost
            .per_typed_exchange
            .map_or("nothing was typed".to_owned(), |each| {
                format!("a typed exchange costs {each:.2} {currency}")
            });
        let bought = cost
            .bought
            .zip(cost.bought_per_month)
            .map(|(bought, per_month)| {
                format!(
                    "{} {} bought, for {per_month:.2} {currency} a month; ",
                    thousands(bought),
                    plural(bought, "seat is", "seats are"),
                )
            });
        Some(format!(
            "{}{} {} held, for {:.2} {currency} a month, of which {:.2} {currency} for those worth moving; {each} ({} typed in 28 days).",
            bought.unwrap_or_default(),
            thousands(cost.seats),
            plural(cost.seats, "seat is", "seats are"),
            cost.per_month,
            cost.worth_moving_per_month,
            thousands(cost.typed_28),
        ))
    }
}

/// Licenses as of `now`.
pub async fn licenses(
    source: &dyn Source,
    query: &Query,
    now: Timestamp,
) -> Result<Answer<Licenses>, SourceError> {
    walk::licenses(source, query, now).await
}

/// A user's newest record.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PersonRow {
    pub user_id: String,
    pub user_principal_name: Option<String>,
    pub display_name: Option<String>,
    pub department: Option<String>,
    pub account_enabled: Option<bool>,
    pub user_type: Option<String>,
    pub licensed: Option<bool>,
    pub state: Option<String>,
    #[serde(deserialize_with = "time_ms")]
    pub valid_from_at: Option<i64>,
}

impl PersonRow {
    pub(crate) fn has_left(&self) -> bool {
        self.state.as_deref() == Some("left")
    }

    /// What the record alone says of a license, where the lake keeps no history of licenses.
    pub(crate) fn license(&self) -> Vec<LicenseRow> {
        let licensed = self.licensed.map(|licensed| licensed && !self.has_left());
        let row = licensed
            .zip(self.valid_from_at)
            .map(|(licensed, from_ms)| LicenseRow {
                licensed,
                assigned_ms: None,
                from_ms,
                to_ms: None,
            });
        row.into_iter().collect()
    }
}
