//! Microsoft's last activity date beside our days.

use jiff::civil::Date;

use crate::columns::{Column, Feeds};
use crate::days::{Best, Calendar, begin_ms, next};
use crate::facts::{Asked, Seen, UserFacts};
use crate::reason::{Outside, Reason};
use crate::spans::Span;

/// What of a date is the same and what is not, before any reason is looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Difference {
    /// What the two sides' days themselves prove.
    proved: Vec<Reason>,
    /// Microsoft's day, on which nothing countable is here.
    missing: Option<Date>,
    /// Days after Microsoft's, up to the refresh, on which somebody asked for something.
    extra: Vec<Date>,
}

impl Difference {
    /// Nothing is left to be explained.
    fn is_proved(&self) -> bool {
        self.missing.is_none() && self.extra.is_empty()
    }

    fn of(microsoft: Option<Date>, ours: &Calendar, asked: &Asked) -> Difference {
        let mut difference = Difference::default();
        if let Some(day) = microsoft {
            match ours.on(day).best() {
                Best::Typed => {}
                Best::Clicked => difference.proved.push(Reason::ClickedOnly),
                Best::Unknown => difference.proved.push(Reason::Undecided),
                Best::Automatic => difference.proved.push(Reason::AutomaticOnly),
                Best::Nothing => difference.missing = Some(day),
            }
        }
        let after = microsoft.map_or(Date::MIN, next);
        let mut uncounted = None;
        for (day, tally) in ours.between(after, asked.refreshed) {
            match tally.best() {
                Best::Typed | Best::Clicked => difference.extra.push(day),
                Best::Unknown => uncounted = Some(Reason::Undecided),
                Best::Automatic => uncounted = uncounted.or(Some(Reason::AutomaticOnly)),
                Best::Nothing => {}
            }
        }
        difference.proved.extend(uncounted);
        let later = ours.last(|tally| tally.countable() > 0);
        if later.is_some_and(|day| day > asked.refreshed) {
            difference
                .proved
                .push(Reason::ReportNotRefreshed(asked.refreshed));
        }
        difference
    }
}

/// The reasons for which a column's date is not the last day on which somebody typed here; empty
/// where nothing differs.
pub(crate) fn of_column(
    facts: &UserFacts,
    asked: &Asked,
    column: &Column,
    date: Option<Date>,
    seen: &Seen,
) -> Vec<Reason> {
    if matches!(column.feeds, Feeds::Nothing) {
        return match date {
            Some(_) => vec![Reason::NoCounterpart(column.name.clone().into_owned())],
            None => Vec::new(),
        };
    }
    explained(
        facts,
        asked,
        date,
        seen,
        |class| column.is_fed_by(class),
        |_| None,
    )
}

/// The same for all apps together: `seen` holds the classes with a column, `without` the others.
pub(crate) fn of_all(facts: &UserFacts, asked: &Asked, seen: &Seen, without: &Seen) -> Vec<Reason> {
    let Some(row) = &facts.report else {
        return not_in_report(facts, asked, seen);
    };
    let has_column = |class: &str| row.columns().any(|(column, _)| column.is_fed_by(class));
    let elsewhere = |day: Date| {
        let nothing = row
            .columns()
            .find(|(column, date)| *date == Some(day) && matches!(column.feeds, Feeds::Nothing));
        if let Some((column, _)) = nothing {
            return Some(Reason::NoCounterpart(column.name.clone().into_owned()));
        }
        let app = facts.app_of_last(|class| !has_column(class))?;
        (without.utc.on(day).countable() > 0).then_some(Reason::AppWithoutColumn(app))
    };
    let mut reasons = explained(facts, asked, row.last(), seen, has_column, elsewhere);
    // What is here alone may lie in an app that Microsoft does not tell of.
    let last = |days: &Calendar| {
        let before = days.between(Date::MIN, asked.refreshed);
        let countable = before.filter(|(_, tally)| tally.countable() > 0);
        countable.map(|(day, _)| day).last()
    };
    if last(&without.utc) > last(&seen.utc).max(row.last()) {
        reasons.extend(
            facts
                .app_of_last(|class| !has_column(class))
                .map(Reason::AppWithoutColumn),
        );
    }
    reasons
}

/// The report has only users who hold a license at its refresh. That a license is gone is known from
/// the sync on that saw it, so the day after the refresh proves as much.
fn not_in_report(facts: &UserFacts, asked: &Asked, seen: &Seen) -> Vec<Reason> {
    let difference = Difference::of(None, &seen.utc, asked);
    if difference.is_proved() && difference.proved == [Reason::ReportNotRefreshed(asked.refreshed)]
    {
        return difference.proved;
    }
    vec![
        facts
            .unlicensed_on(&[asked.refreshed], asked.first())
            .or_else(|| facts.unlicensed_on(&[next(asked.refreshed)], asked.first()))
            .unwrap_or(Reason::Unexplained),
    ]
}

fn explained(
    facts: &UserFacts,
    asked: &Asked,
    date: Option<Date>,
    seen: &Seen,
    feeds: impl Fn(&str) -> bool,
    elsewhere: impl Fn(Date) -> Option<Reason>,
) -> Vec<Reason> {
    let difference = Difference::of(date, &seen.utc, asked);
    if difference.is_proved() {
        return difference.proved;
    }
    let mut reasons = difference.proved;
    let by_zone = || {
        let local = Difference::of(date, &seen.local, asked);
        local
            .is_proved()
            .then_some(Reason::OutsideWindow(Outside::TimeZone))
    };
    if let Some(day) = difference.missing {
        let time = Span::new(begin_ms(day), begin_ms(next(day)));
        let reason = elsewhere(day)
            .or_else(|| facts.absence(time?, &feeds))
            .or_else(by_zone);
        reasons.push(reason.unwrap_or(Reason::Unexplained));
    }
    if let Some(last) = difference.extra.last() {
        let before_period = || {
            let first = asked.first();
            let older = date.is_none() && *last < first;
            older.then_some(Reason::OutsideWindow(Outside::BeforePeriod(first)))
        };
        let reason = facts
            .unlicensed_on(&difference.extra, asked.first())
            .or_else(before_period)
            .or_else(by_zone);
        reasons.push(reason.unwrap_or(Reason::Unexplained));
    }
    reasons
}
