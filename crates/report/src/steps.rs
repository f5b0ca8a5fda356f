//! How many users ask how much, as it is shown.

use crate::verdicts::{Tier, VerdictFigures};
use crate::words::thousands;

/// How many users ask how much, over all users of a report: first those who have nothing at all.
pub(crate) fn steps(verdicts: &VerdictFigures, users: usize) -> Vec<Step> {
    let idle = (users as u64).saturating_sub(verdicts.headline.users_any);
    let nothing = Step {
        name: "no interaction".to_owned(),
        says: "nothing at all".to_owned(),
        kind: StepKind::Nothing,
        users: idle,
    };
    std::iter::once(nothing)
        .chain(verdicts.tiers.iter().map(Step::of))
        .collect()
}

/// A tier as it is shown, or the users who have nothing at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    pub name: String,
    /// What makes it, in words.
    pub says: String,
    pub kind: StepKind,
    pub users: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StepKind {
    /// Without any interaction.
    Nothing,
    /// Active as Microsoft counts, with nothing that they asked for.
    NotAsked,
    /// With something that they asked for.
    Asked,
}

impl Step {
    fn of(tier: &Tier) -> Self {
        let (from, to) = (thousands(tier.at_least), thousands(tier.below));
        let (kind, says) = match (tier.at_least, tier.below) {
            (0, 0) => (
                StepKind::NotAsked,
                "active only as Microsoft counts".to_owned(),
            ),
            (0, _) => (
                StepKind::Asked,
                format!("fewer than {to} in a working week"),
            ),
            (_, OPEN_END..) => (
                StepKind::Asked,
                format!("{from} and more in a working week"),
            ),
            _ => (
                StepKind::Asked,
                format!("{from} to fewer than {to} in a working week"),
            ),
        };
        Step {
            name: tier.name.clone(),
            says,
            kind,
            users: tier.users,
        }
    }
}

/// From here on a tier's upper end stands for no end.
const OPEN_END: u64 = 1_000_000;
