//! Microsoft's counts of prompts and active days beside ours.
//!
//! What Microsoft counts lies between what people asked for here (typed and clicked) and that with
//! all automatic exchanges: it counts those of them that the user viewed.

use jiff::civil::Date;

use crate::columns::Feeds;
use crate::days::{Calendar, Tally, begin_ms, next};
use crate::facts::{Asked, Seen, UserFacts};
use crate::reason::{Outside, Reason};
use crate::spans::Span;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Prompts,
    Days,
}

/// How many there are here, as far as one side may count them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Bounds {
    typed: u64,
    asked: u64,
    with_automatic: u64,
    with_unknown: u64,
}

impl Bounds {
    fn of(unit: Unit, days: impl Iterator<Item = (Date, Tally)>) -> Bounds {
        let mut bounds = Bounds::default();
        for (_, tally) in days {
            let counts = [
                tally.typed,
                tally.asked(),
                tally.asked() + tally.automatic,
                tally.countable(),
            ];
            let [typed, asked, with_automatic, with_unknown] = match unit {
                Unit::Prompts => counts,
                Unit::Days => counts.map(|count| u64::from(count > 0)),
            };
            bounds.typed += typed;
            bounds.asked += asked;
            bounds.with_automatic += with_automatic;
            bounds.with_unknown += with_unknown;
        }
        bounds
    }

    fn hold(&self, count: u64) -> bool {
        self.asked <= count && count <= self.with_unknown
    }
}

/// The reasons for which a count is not that of what people asked for here; empty where it is.
/// `without` holds the classes without a column, where these may count.
pub(crate) fn of(
    facts: &UserFacts,
    asked: &Asked,
    unit: Unit,
    count: u64,
    (seen, feeds): (&Seen, &dyn Fn(&str) -> bool),
    without: Option<&Seen>,
) -> Option<Reason> {
    let (first, last) = (asked.first(), asked.refreshed);
    let bounds = |days: &Calendar| Bounds::of(unit, days.between(first, last));
    let ours = bounds(&seen.utc);
    if count == ours.asked {
        return (ours.typed == 0 && count > 0).then_some(Reason::ClickedOnly);
    }
    if ours.hold(count) {
        let automatic = count <= ours.with_automatic;
        return Some(if automatic {
            Reason::AutomaticOnly
        } else {
            Reason::Undecided
        });
    }
    let by_zone = || {
        let zone = bounds(&seen.local).hold(count);
        zone.then_some(Reason::OutsideWindow(Outside::TimeZone))
    };
    let reason = if count < ours.asked {
        fewer(facts, asked, unit, count, seen).or_else(by_zone)
    } else {
        without
            .and_then(|without| in_other_apps(facts, unit, count, (first, last), seen, without))
            .or_else(|| facts.absence(asked.span()?, feeds))
            .or_else(|| without.and_then(|_| in_other_columns(facts, asked)))
            .or_else(by_zone)
    };
    Some(reason.unwrap_or(Reason::Unexplained))
}

/// Microsoft does not count what a user did without a license.
fn fewer(facts: &UserFacts, asked: &Asked, unit: Unit, count: u64, seen: &Seen) -> Option<Reason> {
    let in_period = |(day, _): &(Date, Tally)| {
        let span = Span::new(begin_ms(*day), begin_ms(next(*day)));
        span.is_some_and(|span| {
            facts
                .licensing
                .without(|without| without.overlaps(span))
                .is_some()
        })
    };
    let days = || seen.utc.between(asked.first(), asked.refreshed);
    let unlicensed: Vec<Date> = days().filter(in_period).map(|(day, _)| day).collect();
    let licensed = Bounds::of(unit, days().filter(|day| !in_period(day)));
    // Of a day on which the license began or ended, a part may count.
    if unlicensed.is_empty() || count < licensed.asked {
        return None;
    }
    facts.unlicensed_on(&unlicensed, asked.first())
}

fn in_other_apps(
    facts: &UserFacts,
    unit: Unit,
    count: u64,
    (first, last): (Date, Date),
    seen: &Seen,
    without: &Seen,
) -> Option<Reason> {
    let mut both = seen.utc.clone();
    for (day, tally) in without.utc.between(first, last) {
        both.add(day, &tally);
    }
    if count > Bounds::of(unit, both.between(first, last)).with_unknown {
        return None;
    }
    let row = facts.report.as_ref()?;
    let app = facts.app_of_last(|class| !row.columns().any(|(column, _)| column.is_fed_by(class)));
    app.map(Reason::AppWithoutColumn)
}

fn in_other_columns(facts: &UserFacts, asked: &Asked) -> Option<Reason> {
    let mut columns = facts.report.as_ref()?.columns();
    let (column, _) = columns.find(|(column, date)| {
        column.feeds == Feeds::Nothing && date.is_some_and(|date| asked.holds(date))
    })?;
    Some(Reason::NoCounterpart(column.name.clone().into_owned()))
}
