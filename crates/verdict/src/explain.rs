//! Why an exchange has its verdict: every rule that looked, what it saw, which won.

use jiff::tz::TimeZone;

use crate::Compiled;
use crate::case::Case;
use crate::compiled::CompiledRule;
use crate::derive::judge_all;
use crate::evidence::{Evidence, Part, Thread};
use crate::exchange::Exchange;
use crate::join::sort;
use crate::rules::{Judges, Rule};
use crate::test::Test;

/// The reasons of one exchange.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation<'a> {
    /// The exchange.
    pub exchange: Exchange<'a>,
    /// Its rows, in order.
    pub parts: Vec<PartSeen<'a>>,
    /// The rules that looked at the exchange: those for its app. The strongest first.
    pub looks: Vec<Look<'a>>,
}

/// A row of the exchange.
#[derive(Debug, Clone, PartialEq)]
pub struct PartSeen<'a> {
    /// Which.
    pub interaction_id: &'a str,
    /// Prompt, response or other.
    pub part: Part,
    /// UTC microseconds since 1970.
    pub created_at_us: i64,
    /// The rule that calls it noise.
    pub noise: Option<&'a Rule>,
    /// The rules that looked at the row by itself.
    pub looks: Vec<Look<'a>>,
}

/// One rule's look.
#[derive(Debug, Clone, PartialEq)]
pub struct Look<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// Its conditions, in the order of the file's documentation.
    pub saw: Vec<Saw>,
    /// All of them hold.
    pub holds: bool,
    /// It is the strongest of those that hold.
    pub won: bool,
}

/// One condition of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saw {
    /// Its name, as in a file of rules.
    pub condition: &'static str,
    /// What it asks for.
    pub wanted: String,
    /// What there is.
    pub seen: String,
    /// Whether that is it.
    pub holds: bool,
}

/// Explains the exchange that a row belongs to; None where the row is not among `rows`, which are
/// those that [`derive`](crate::derive()) takes.
pub fn explain<'a>(
    rules: &'a Compiled,
    zone: &TimeZone,
    thread: Thread<'a>,
    mut rows: Vec<Evidence<'a>>,
    interaction_id: &str,
) -> Option<Explanation<'a>> {
    sort(&mut rows);
    if thread.session_id.is_none() {
        let row = rows
            .iter()
            .find(|row| row.interaction_id == interaction_id)?;
        let lone = row.lone();
        rows.retain(|row| row.lone() == lone);
    }
    let judged = judge_all(rules, zone, thread, &rows)
        .into_iter()
        .find(|judged| {
            judged
                .parts
                .iter()
                .any(|place| rows[*place].interaction_id == interaction_id)
        })?;
    let parts = judged.parts.iter().zip(&judged.noise).zip(&judged.alone);
    let parts = parts.map(|((place, noise), alone)| {
        let row = &rows[*place];
        let case = Case {
            rows: &rows,
            parts: std::slice::from_ref(place),
            lead: row,
            alone: Some(*alone),
        };
        PartSeen {
            interaction_id: row.interaction_id,
            part: row.part,
            created_at_us: row.created_at_us,
            noise: noise.map(|place| rules.rule(place)),
            looks: looks(rules, Judges::Part, &case, *noise),
        }
    });
    let case = Case {
        rows: &rows,
        parts: &judged.parts,
        lead: &rows[judged.lead],
        alone: None,
    };
    Some(Explanation {
        parts: parts.collect(),
        looks: looks(rules, Judges::Exchange, &case, judged.won),
        exchange: judged.exchange,
    })
}

fn looks<'a>(
    rules: &'a Compiled,
    judges: Judges,
    case: &Case<'_, '_>,
    won: Option<usize>,
) -> Vec<Look<'a>> {
    let all = rules.rules().iter().enumerate();
    let asked = all.filter(|(_, it)| it.rule.judges == judges && is_for_app(it, case));
    asked
        .map(|(place, compiled)| {
            let saw = |test: &Test| Saw {
                condition: test.name(),
                wanted: test.wanted(),
                seen: test.seen(case),
                holds: test.holds(case),
            };
            Look {
                rule: &compiled.rule,
                saw: compiled.tests.iter().map(saw).collect(),
                holds: compiled.holds(case),
                won: won == Some(place),
            }
        })
        .collect()
}

fn is_for_app(compiled: &CompiledRule, case: &Case<'_, '_>) -> bool {
    compiled.tests.iter().all(|test| match test {
        Test::Apps(_) | Test::Classes(_) => test.holds(case),
        _ => true,
    })
}
