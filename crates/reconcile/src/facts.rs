//! What each side says of one user, and what is known of what was read and held.

use hobbs_interaction::App;
use jiff::ToSpan;
use jiff::civil::Date;

use crate::columns::{COLUMNS, Column, KNOWN};
use crate::days::{Calendar, DayTally, begin_ms, day_of, next};
use crate::reason::{Gap, Outside, Reason};
use crate::spans::{Span, Spans};

/// Which report is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// The last UTC day that the report covers.
    pub refreshed: Date,
    /// Days of its period, which ends with that day.
    pub period_days: u32,
    /// Version 2, which has columns more.
    pub v2: bool,
}

impl Asked {
    /// The first UTC day of the period.
    pub fn first(&self) -> Date {
        let days = i64::from(self.period_days.clamp(1, 36_500)) - 1;
        self.refreshed.saturating_sub(days.days())
    }

    /// The period in UTC milliseconds: its end is exclusive.
    pub fn span(&self) -> Option<Span> {
        Span::new(begin_ms(self.first()), begin_ms(next(self.refreshed)))
    }

    /// Whether the day lies in the period.
    pub fn holds(&self, day: Date) -> bool {
        self.first() <= day && day <= self.refreshed
    }
}

/// What Microsoft's report says of one user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReportRow {
    /// The dates, in the order of [`COLUMNS`].
    pub dates: [Option<Date>; KNOWN],
    /// Columns that hobbs does not know.
    pub other: Vec<(Column, Option<Date>)>,
    /// Prompts submitted in the period, in all apps.
    pub prompts: Option<u64>,
    /// The same in Copilot Chat (work).
    pub prompts_work: Option<u64>,
    /// The same in Copilot Chat (web).
    pub prompts_web: Option<u64>,
    /// Days of the period with any activity.
    pub active_days: Option<u64>,
}

impl ReportRow {
    /// The last activity date over all apps.
    pub fn last(&self) -> Option<Date> {
        self.dates[0]
    }

    /// The columns of this row that name apps, with their dates.
    pub(crate) fn columns(&self) -> impl Iterator<Item = (&Column, Option<Date>)> {
        let other = self.other.iter().map(|(column, date)| (column, *date));
        COLUMNS.iter().zip(self.dates).skip(1).chain(other)
    }
}

/// All that is known of one user.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UserFacts {
    /// The Entra object id; empty where the report's name belongs to nobody known.
    pub user_id: String,
    /// The name, here or in the report.
    pub user_principal_name: Option<String>,
    /// None where the report has no row for the user.
    pub report: Option<ReportRow>,
    /// The exchanges by class (raw). Every day from a day before the period on is there; of the time
    /// before, for each class the last day of each verdict, and the days that the report names.
    pub classes: Vec<(String, Vec<DayTally>)>,
    /// What of the history has been read.
    pub coverage: Coverage,
    /// When the user held a license.
    pub licensing: Licensing,
}

/// Days of some classes, in both calendars.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub utc: Calendar,
    pub local: Calendar,
}

impl UserFacts {
    /// The days of the classes that pass.
    pub(crate) fn seen(&self, passes: impl Fn(&str) -> bool) -> Seen {
        let mut seen = Seen::default();
        for (_, days) in self.classes.iter().filter(|(class, _)| passes(class)) {
            for entry in days {
                seen.utc.add(entry.day, &entry.tally);
                seen.local.add(entry.local_day, &entry.tally);
            }
        }
        seen
    }

    /// Why nothing may be here of a time in which Microsoft saw something: a gap that touches it. It
    /// is laid to the license if the user is known without one at that time, or from some moment of
    /// the gap on and no reading of it failed for another reason.
    pub(crate) fn absence(&self, time: Span, feeds: impl Fn(&str) -> bool) -> Option<Reason> {
        let whole = self.coverage.whole_for(feeds);
        let all = Span::new(0.min(time.from_ms()), time.to_ms())?;
        let gap = whole
            .missing_from(all)
            .iter()
            .find(|gap| gap.overlaps(time))?;
        // How far the gap goes on behind the time asked for.
        let behind = whole
            .iter()
            .map(Span::from_ms)
            .filter(|from| *from >= gap.to_ms());
        let end_ms = behind.min().unwrap_or(i64::MAX);
        let gap = Span::new(gap.from_ms(), end_ms).unwrap_or(gap);
        let failed_in = |span: Span| {
            let failures = &mut self.coverage.failures.iter();
            failures.find(|failure| failure.span.overlaps(span))
        };
        let failed = failed_in(time).or_else(|| failed_in(gap));
        let code = failed.map(|failure| failure.code.as_str());
        // What was not read while there was a license can't be read once it is gone.
        let by_license = matches!(code, None | Some("not_licensed"));
        let without = self
            .licensing
            .without(|span| span.overlaps(gap) && (by_license || span.overlaps(time)));
        if let Some(without) = without {
            return Some(Reason::LicenseMissing(Gap::of(without, "not_licensed")));
        }
        let reason = match code {
            Some("not_licensed") if self.licensing.is_unknown() => {
                Reason::LicenseMissing(Gap::of(gap, "not_licensed"))
            }
            Some(code) => Reason::HistoryNotWhole(Gap::of(gap, code)),
            None if self.user_id.is_empty() => {
                Reason::HistoryNotWhole(Gap::of(gap, "unknown_user"))
            }
            None if whole.is_empty() => Reason::HistoryNotWhole(Gap::of(gap, "never_read")),
            None if gap.from_ms() <= 0 => {
                Reason::OutsideWindow(Outside::BeforeRead(day_of(gap.to_ms())))
            }
            None => Reason::HistoryNotWhole(Gap::of(gap, "not_read")),
        };
        Some(reason)
    }

    /// The time without a license that holds all of these days, or touches each of them where there
    /// are several such times; the last one is told.
    pub(crate) fn unlicensed_on(&self, days: &[Date], first_known: Date) -> Option<Reason> {
        let (first, last) = (days.first()?, days.last()?);
        let touches = |day: Date| {
            let span = Span::new(begin_ms(day), begin_ms(next(day)))?;
            self.licensing.without(|without| without.overlaps(span))
        };
        // Of the time before that not every day is known: it has to be without a license all through.
        if let Some(through) =
            Span::new(begin_ms(*first), begin_ms(*last)).filter(|_| *first < first_known)
        {
            self.licensing.without(|span| {
                span.from_ms() <= through.from_ms() && through.to_ms() <= span.to_ms()
            })?;
        }
        if !days.iter().all(|day| touches(*day).is_some()) {
            return None;
        }
        Some(Reason::LicenseMissing(Gap::of(
            touches(*last)?,
            "not_licensed",
        )))
    }

    /// What people call the app of the last countable exchange among classes that pass.
    pub(crate) fn app_of_last(&self, passes: impl Fn(&str) -> bool) -> Option<String> {
        let last = |days: &[DayTally]| {
            let countable = days.iter().filter(|entry| entry.tally.countable() > 0);
            countable.map(|entry| entry.day).max()
        };
        let passing = self.classes.iter().filter(|(class, _)| passes(class));
        let (class, _) = passing
            .filter_map(|(class, days)| Some((class, last(days)?)))
            .max_by_key(|(_, day)| *day)?;
        Some(App::of(class).name.into_owned())
    }
}

/// What of a user's history has been read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Coverage {
    /// Read whole, for all apps.
    pub whole: Spans,
    /// Read whole for some apps (as they were asked for) alone.
    pub some_apps: Vec<(Vec<String>, Span)>,
    /// Readings that failed, the newest first.
    pub failures: Vec<Failure>,
}

/// A reading that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What was asked for.
    pub span: Span,
    /// Why it failed, in one word.
    pub code: String,
}

impl Coverage {
    /// What has been read whole of the classes that pass. A reading of some apps counts for a column
    /// if all the classes that it names feed it; several classes may feed one column, so it must name
    /// at least as many as are known.
    pub(crate) fn whole_for(&self, feeds: impl Fn(&str) -> bool) -> Spans {
        let known = COLUMN_CLASSES.iter().filter(|class| feeds(class)).count();
        let some = self.some_apps.iter().filter(|(apps, _)| {
            let read = COLUMN_CLASSES.iter().filter(|class| {
                feeds(class)
                    && apps
                        .iter()
                        .any(|app| App::of(class).matches(app) || App::of(app).matches(class))
            });
            known > 0 && read.count() == known
        });
        self.whole
            .iter()
            .chain(some.map(|(_, span)| *span))
            .collect()
    }
}

/// The classes that feed columns.
const COLUMN_CLASSES: [&str; 9] = [
    "BizChat",
    "WebChat",
    "Teams",
    "Word",
    "Excel",
    "PowerPoint",
    "Outlook",
    "OneNote",
    "Loop",
];

/// One row of a user's license history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LicenseRow {
    /// The plan that opens the history works through it.
    pub licensed: bool,
    /// When the plan was assigned, in UTC milliseconds.
    pub assigned_ms: Option<i64>,
    /// Since when this is known to hold.
    pub from_ms: i64,
    /// Until when it held; None: it still holds.
    pub to_ms: Option<i64>,
}

/// When a user is known to have held a license, and when not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Licensing {
    with: Spans,
    without: Spans,
}

impl Licensing {
    /// From the user's rows, of all products together: licensed while one of them is. Before the
    /// first assignment that Microsoft dates the user is known to have had none.
    pub fn of(rows: &[LicenseRow]) -> Licensing {
        let span = |row: &LicenseRow| {
            let assigned = row
                .assigned_ms
                .filter(|_| row.licensed)
                .unwrap_or(row.from_ms);
            Span::new(row.from_ms.min(assigned), row.to_ms.unwrap_or(i64::MAX))
        };
        let with: Spans = rows
            .iter()
            .filter(|row| row.licensed)
            .filter_map(span)
            .collect();
        let dated = rows
            .iter()
            .filter(|row| row.licensed)
            .min_by_key(|row| row.from_ms);
        let before = dated
            .and_then(|row| row.assigned_ms)
            .and_then(|assigned_ms| Span::new(0, assigned_ms));
        let unlicensed: Spans = rows
            .iter()
            .filter(|row| !row.licensed)
            .filter_map(span)
            .chain(before)
            .collect();
        let without = unlicensed
            .iter()
            .flat_map(|span| with.missing_from(span).iter().collect::<Vec<_>>())
            .collect();
        Licensing { with, without }
    }

    /// Nothing is known of this user's licenses.
    pub fn is_unknown(&self) -> bool {
        self.with.is_empty() && self.without.is_empty()
    }

    /// Whether the user is known to hold one at a moment.
    pub fn holds_at(&self, ms: i64) -> bool {
        self.with
            .iter()
            .any(|span| span.from_ms() <= ms && ms < span.to_ms())
    }

    /// The last time known to be without a license that passes.
    pub(crate) fn without(&self, passes: impl Fn(Span) -> bool) -> Option<Span> {
        self.without.iter().filter(|span| passes(*span)).last()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use jiff::civil::date;

    fn span(from: Date, to: Date) -> Span {
        Span::new(begin_ms(from), begin_ms(to)).unwrap()
    }

    #[test]
    fn a_period_ends_with_the_refresh() {
        let asked = Asked {
            refreshed: date(2026, 11, 20),
            period_days: 28,
            v2: true,
        };
        assert_eq!(asked.first(), date(2026, 10, 24));
        assert_eq!(
            asked.span().unwrap(),
            span(date(2026, 10, 24), date(2026, 11, 21))
        );
    }

    #[test]
    fn a_license_of_another_product_counts() {
        let row = |licensed, assigned_ms, from_ms, to_ms| LicenseRow {
            licensed,
            assigned_ms,
            from_ms,
            to_ms,
        };
        let licensing = Licensing::of(&[
            row(true, Some(10), 50, Some(70)),
            row(false, None, 70, None),
            row(true, Some(80), 90, None),
        ]);
        let without: Vec<(i64, i64)> = licensing
            .without
            .iter()
            .map(|span| (span.from_ms(), span.to_ms()))
            .collect();
        assert_eq!(without, [(0, 10), (70, 80)]);
        assert!(licensing.holds_at(10) && !licensing.holds_at(75) && licensing.holds_at(80));
    }

    #[test]
    fn a_gap_names_its_failure_only_if_that_failed() {
        let mut facts = UserFacts {
            user_id: "u".into(),
            ..UserFacts::default()
        };
        facts.coverage.whole = [
            span(date(2026, 9, 1), date(2026, 10, 1)),
            span(date(2026, 10, 5), date(2026, 11, 1)),
        ]
        .into_iter()
        .collect();
        let on = |facts: &UserFacts, day: Date| facts.absence(span(day, next(day)), |_| true);
        assert_eq!(on(&facts, date(2026, 9, 30)), None);
        assert_eq!(
            on(&facts, date(2026, 8, 31)),
            Some(Reason::OutsideWindow(Outside::BeforeRead(date(2026, 9, 1))))
        );
        let hole = span(date(2026, 10, 1), date(2026, 10, 5));
        assert_eq!(
            on(&facts, date(2026, 10, 2)),
            Some(Reason::HistoryNotWhole(Gap::of(hole, "not_read")))
        );
        facts.coverage.failures.push(Failure {
            span: hole,
            code: "throttled".into(),
        });
        assert_eq!(
            on(&facts, date(2026, 10, 2)),
            Some(Reason::HistoryNotWhole(Gap::of(hole, "throttled")))
        );
        assert!(
            matches!(on(&facts, date(2026, 11, 2)), Some(Reason::HistoryNotWhole(gap)) if gap.code == "not_read" && gap.to.is_none())
        );
        facts.licensing = Licensing::of(&[LicenseRow {
            licensed: false,
            assigned_ms: None,
            from_ms: begin_ms(date(2026, 10, 2)),
            to_ms: None,
        }]);
        assert!(matches!(
            on(&facts, date(2026, 10, 2)),
            Some(Reason::LicenseMissing(_))
        ));
        assert!(matches!(
            on(&facts, date(2026, 10, 1)),
            Some(Reason::HistoryNotWhole(_))
        ));
    }
}
