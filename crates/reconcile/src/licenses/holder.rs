//! Whether the holder of a license uses it.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

const DAY_MS: i64 = 86_400_000;

/// By what holders are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// The moment that everything is reckoned from, UTC milliseconds.
    pub now_ms: i64,
    /// Who asked for nothing in so many days is idle.
    pub idle_days: u32,
    /// Who is licensed for fewer days is new.
    pub new_days: u32,
    /// A history that was read whole up to so many days ago still tells: nobody is asked more often
    /// than the sync's bound.
    pub late_days: u32,
}

impl Terms {
    /// 30 days each to be idle and to be new, read within the last 7.
    pub fn at(now_ms: i64) -> Terms {
        Terms {
            now_ms,
            idle_days: 30,
            new_days: 30,
            late_days: 7,
        }
    }

    /// Since when somebody must have asked for something, UTC milliseconds.
    pub fn idle_since_ms(&self) -> i64 {
        self.now_ms
            .saturating_sub(i64::from(self.idle_days) * DAY_MS)
    }
}

/// A license of one product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Held {
    /// The product.
    pub sku_id: String,
    /// `enabled`, `warning`, `suspended` or `disabled`.
    pub status: String,
    /// Since when: the plan's date of assignment, or since when hobbs knows of it.
    pub since: Option<Timestamp>,
}

/// What is known of who holds a license.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HolderFacts {
    /// The Entra object id.
    pub user_id: String,
    /// The name.
    pub user_principal_name: Option<String>,
    /// The name shown.
    pub display_name: Option<String>,
    /// As of now.
    pub department: Option<String>,
    /// As in Entra.
    pub account_enabled: Option<bool>,
    /// The directory no longer lists the user.
    pub left: bool,
    /// Named in the list of those on leave.
    pub on_leave: bool,
    /// What they hold; never empty.
    pub held: Vec<Held>,
    /// The last exchange that they typed.
    pub last_typed: Option<Timestamp>,
    /// The last that they clicked.
    pub last_clicked: Option<Timestamp>,
    /// The last of any kind.
    pub last_any: Option<Timestamp>,
    /// The last of which no rule says who asked.
    pub last_unknown: Option<Timestamp>,
    /// The last that was automatic.
    pub last_automatic: Option<Timestamp>,
    /// Typed in the last 28 days.
    pub typed_28: u64,
    /// Typed in the 28 days before these.
    pub typed_28_before: u64,
    /// Typed at any time.
    pub typed: u64,
    /// Interactions of theirs that nobody has judged yet, and that none of these figures holds.
    pub not_judged: u64,
    /// The history is whole from the first of the days that count, up to a reading that is late by
    /// no more than the terms allow.
    pub whole: bool,
    /// The history is whole since the license began, or since the beginning.
    pub whole_since_licensed: bool,
    /// Up to when it has been read.
    pub read_until: Option<Timestamp>,
}

/// What is to be thought of a license.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The account is disabled, or the user has left.
    AccountDisabled,
    /// Nothing asked for since it is held.
    NeverUsed,
    /// Nothing asked for of late.
    Idle,
    /// Of late there are automatic exchanges alone.
    AutomaticOnly,
    /// On leave, as the caller says.
    OnLeave,
    /// Held for a short time.
    New,
    /// The history is not whole or not judged, or no rule says who asked.
    Unknown,
    /// Typed or clicked of late.
    InUse,
}

impl Verdict {
    /// All, those worth moving first.
    pub const ALL: [Verdict; 8] = [
        Verdict::AccountDisabled,
        Verdict::NeverUsed,
        Verdict::Idle,
        Verdict::AutomaticOnly,
        Verdict::OnLeave,
        Verdict::New,
        Verdict::Unknown,
        Verdict::InUse,
    ];

    /// As it stands in JSON and CSV.
    pub fn id(self) -> &'static str {
        match self {
            Verdict::AccountDisabled => "account_disabled",
            Verdict::NeverUsed => "never_used",
            Verdict::Idle => "idle",
            Verdict::AutomaticOnly => "automatic_only",
            Verdict::OnLeave => "on_leave",
            Verdict::New => "new",
            Verdict::Unknown => "unknown",
            Verdict::InUse => "in_use",
        }
    }

    /// What it means, in a few words.
    pub fn says(self) -> &'static str {
        match self {
            Verdict::AccountDisabled => "the account is disabled or has left",
            Verdict::NeverUsed => "nothing typed or clicked since it is held",
            Verdict::Idle => "nothing typed or clicked of late",
            Verdict::AutomaticOnly => "automatic exchanges alone of late",
            Verdict::OnLeave => "on leave",
            Verdict::New => "held for a short time",
            Verdict::Unknown => "not known well enough to say",
            Verdict::InUse => "typed or clicked of late",
        }
    }

    /// Whether the license would serve somebody else better.
    pub fn is_worth_moving(self) -> bool {
        matches!(
            self,
            Verdict::AccountDisabled | Verdict::NeverUsed | Verdict::Idle | Verdict::AutomaticOnly
        )
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.pad(self.id())
    }
}

/// A holder with the verdict and what it rests on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Holder {
    /// The Entra object id.
    pub user_id: String,
    /// The name.
    pub user_principal_name: Option<String>,
    /// The name shown.
    pub display_name: Option<String>,
    /// As of now.
    pub department: Option<String>,
    /// As in Entra.
    pub account_enabled: Option<bool>,
    /// What they hold.
    pub held: Vec<Held>,
    /// Whole days since the earliest of these began, where that is known.
    pub tenure_days: Option<i64>,
    /// The last exchange that they typed.
    pub last_typed: Option<Timestamp>,
    /// The last of any kind.
    pub last_any: Option<Timestamp>,
    /// Typed in the last 28 days.
    pub typed_28: u64,
    /// Typed in the 28 days before these.
    pub typed_28_before: u64,
    /// The history is whole over the days that count.
    pub history_whole: bool,
    /// Up to when it has been read.
    pub read_until: Option<Timestamp>,
    /// What is to be thought of the license.
    pub verdict: Verdict,
    /// Why, in words.
    pub says: String,
}

impl Holder {
    /// How the user is named: the principal name, or the id where none is known.
    pub fn name(&self) -> &str {
        self.user_principal_name.as_deref().unwrap_or(&self.user_id)
    }

    /// More or less typed than in the 28 days before.
    pub fn trend(&self) -> &'static str {
        match self.typed_28.cmp(&self.typed_28_before) {
            std::cmp::Ordering::Greater => "up",
            std::cmp::Ordering::Equal => "level",
            std::cmp::Ordering::Less => "down",
        }
    }
}

/// Judges a holder. What is decided first: the account, leave, use of late, a short time, whether
/// the history tells at all, and only then whether the license is idle.
pub fn judge(facts: HolderFacts, terms: &Terms) -> Holder {
    let since = facts.held.iter().filter_map(|held| held.since).min();
    let tenure_days = since.map(|since| (terms.now_ms - since.as_millisecond()).div_euclid(DAY_MS));
    let (verdict, says) = verdict(&facts, tenure_days, terms);
    Holder {
        user_id: facts.user_id,
        user_principal_name: facts.user_principal_name,
        display_name: facts.display_name,
        department: facts.department,
        account_enabled: facts.account_enabled,
        held: facts.held,
        tenure_days,
        last_typed: facts.last_typed,
        last_any: facts.last_any,
        typed_28: facts.typed_28,
        typed_28_before: facts.typed_28_before,
        history_whole: facts.whole,
        read_until: facts.read_until,
        verdict,
        says,
    }
}

fn verdict(facts: &HolderFacts, tenure_days: Option<i64>, terms: &Terms) -> (Verdict, String) {
    let idle_days = terms.idle_days;
    let lately = |time: Option<Timestamp>| {
        time.filter(|time| time.as_millisecond() >= terms.idle_since_ms())
    };
    let day = |time: Timestamp| time.strftime("%Y-%m-%d").to_string();
    if facts.left {
        return (
            Verdict::AccountDisabled,
            "The directory no longer lists the user.".to_owned(),
        );
    }
    if facts.account_enabled == Some(false) {
        return (
            Verdict::AccountDisabled,
            "The account is disabled.".to_owned(),
        );
    }
    if facts.on_leave {
        return (Verdict::OnLeave, "On leave, by the list given.".to_owned());
    }
    if let Some(time) = lately(facts.last_typed) {
        return (
            Verdict::InUse,
            format!(
                "Typed last on {}; {} typed in the last 28 days, {} in the 28 before.",
                day(time),
                facts.typed_28,
                facts.typed_28_before
            ),
        );
    }
    if let Some(time) = lately(facts.last_clicked) {
        return (
            Verdict::InUse,
            format!(
                "Pressed a ready-made prompt last on {}; typed nothing in the last {idle_days} days.",
                day(time)
            ),
        );
    }
    if let Some(days) = tenure_days.filter(|days| *days < i64::from(terms.new_days)) {
        return (
            Verdict::New,
            format!("Held for {days} days, fewer than {}.", terms.new_days),
        );
    }
    if !facts.whole {
        let until = facts.read_until.map_or("never read".to_owned(), |time| {
            format!("read until {}", day(time))
        });
        return (
            Verdict::Unknown,
            format!(
                "The history of the last {idle_days} days is not whole ({until}), so nobody can say that the license is idle."
            ),
        );
    }
    if facts.not_judged > 0 {
        return (
            Verdict::Unknown,
            format!(
                "Interactions of theirs are not judged yet ({}), so nobody can say that the license is idle.",
                facts.not_judged
            ),
        );
    }
    if let Some(time) = lately(facts.last_unknown) {
        return (
            Verdict::Unknown,
            format!(
                "No accepted rule says who asked for what there is of {}.",
                day(time)
            ),
        );
    }
    let before = match facts.last_typed.max(facts.last_clicked) {
        Some(time) => format!("the last typed or clicked is of {}", day(time)),
        None => "nothing typed or clicked is known at all".to_owned(),
    };
    if let Some(time) = lately(facts.last_automatic) {
        return (
            Verdict::AutomaticOnly,
            format!(
                "Automatic exchanges alone in the last {idle_days} days, the last on {}; {before}.",
                day(time)
            ),
        );
    }
    if facts.last_typed.is_none()
        && facts.last_clicked.is_none()
        && facts.last_unknown.is_none()
        && facts.whole_since_licensed
    {
        let held = tenure_days.map_or(String::new(), |days| format!(", held for {days} days"));
        return (
            Verdict::NeverUsed,
            format!("Nothing typed or clicked since the license is held{held}."),
        );
    }
    (
        Verdict::Idle,
        format!("Nothing typed or clicked in the last {idle_days} days: {before}."),
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    const NOW_MS: i64 = 1_795_348_800_000;

    fn ago(days: i64) -> Option<Timestamp> {
        Some(Timestamp::from_millisecond(NOW_MS - days * DAY_MS).unwrap())
    }

    fn holder() -> HolderFacts {
        HolderFacts {
            user_id: "u".into(),
            account_enabled: Some(true),
            held: vec![Held {
                sku_id: "s".into(),
                status: "enabled".into(),
                since: ago(200),
            }],
            whole: true,
            whole_since_licensed: true,
            read_until: ago(0),
            ..HolderFacts::default()
        }
    }

    fn said(facts: HolderFacts) -> Verdict {
        judge(facts, &Terms::at(NOW_MS)).verdict
    }

    #[test]
    fn each_verdict_has_its_facts() {
        assert_eq!(
            said(HolderFacts {
                last_typed: ago(29),
                ..holder()
            }),
            Verdict::InUse
        );
        assert_eq!(
            said(HolderFacts {
                last_clicked: ago(1),
                ..holder()
            }),
            Verdict::InUse
        );
        assert_eq!(
            said(HolderFacts {
                last_typed: ago(31),
                ..holder()
            }),
            Verdict::Idle
        );
        assert_eq!(said(holder()), Verdict::NeverUsed);
        assert_eq!(
            said(HolderFacts {
                whole_since_licensed: false,
                ..holder()
            }),
            Verdict::Idle
        );
        assert_eq!(
            said(HolderFacts {
                last_automatic: ago(2),
                last_typed: ago(90),
                ..holder()
            }),
            Verdict::AutomaticOnly
        );
        assert_eq!(
            said(HolderFacts {
                last_unknown: ago(2),
                ..holder()
            }),
            Verdict::Unknown
        );
        assert_eq!(
            said(HolderFacts {
                whole: false,
                ..holder()
            }),
            Verdict::Unknown
        );
        assert_eq!(
            said(HolderFacts {
                not_judged: 1,
                ..holder()
            }),
            Verdict::Unknown
        );
        assert_eq!(
            said(HolderFacts {
                not_judged: 1,
                last_typed: ago(29),
                ..holder()
            }),
            Verdict::InUse
        );
        assert_eq!(
            said(HolderFacts {
                on_leave: true,
                ..holder()
            }),
            Verdict::OnLeave
        );
        assert_eq!(
            said(HolderFacts {
                account_enabled: Some(false),
                last_typed: ago(0),
                ..holder()
            }),
            Verdict::AccountDisabled
        );
        let mut new = holder();
        new.held[0].since = ago(29);
        assert_eq!(said(new.clone()), Verdict::New);
        new.held[0].since = ago(30);
        assert_eq!(said(new), Verdict::NeverUsed);
    }

    proptest! {
        #[test]
        fn nobody_is_idle_without_proof(
            typed in prop::option::of(0i64..120), clicked in prop::option::of(0i64..120),
            automatic in prop::option::of(0i64..120), unknown in prop::option::of(0i64..120),
            since in prop::option::of(0i64..400), whole: bool, on_leave: bool, not_judged in 0u64..2,
            idle_days in 1u32..90, new_days in 0u32..90,
        ) {
            let at = |days: Option<i64>| days.and_then(ago);
            let mut facts = HolderFacts {
                last_typed: at(typed), last_clicked: at(clicked), last_automatic: at(automatic),
                last_unknown: at(unknown), whole, on_leave, not_judged, ..holder()
            };
            facts.held[0].since = at(since);
            let terms = Terms { idle_days, new_days, ..Terms::at(NOW_MS) };
            let judged = judge(facts, &terms);
            let recent = |days: Option<i64>| days.is_some_and(|days| days <= i64::from(idle_days));
            if judged.verdict.is_worth_moving() {
                prop_assert!(whole && !on_leave && not_judged == 0 && !recent(typed) && !recent(clicked) && !recent(unknown));
                prop_assert!(since.is_none_or(|days| days >= i64::from(new_days)));
            }
            if judged.verdict == Verdict::AutomaticOnly { prop_assert!(recent(automatic)); }
            if judged.verdict == Verdict::NeverUsed { prop_assert!(typed.is_none() && clicked.is_none()); }
            if judged.verdict == Verdict::InUse { prop_assert!(recent(typed) || recent(clicked)); }
        }
    }
}
