//! The window's dates as rows of SQL: engines agree on no way to reckon with dates, so what a
//! metric needs of the calendar is written out.

use jiff::Span;

use crate::parameters::Parameters;
use crate::window::{Window, day_number, last_whole_week, monday, week_number, working_day};

/// Weeks before the window's first whole one that are listed too: usage segments look back twelve.
const WEEKS_BEFORE: i32 = 11;

/// Days of a period. Microsoft's own reports count active users over 28 days.
pub(crate) const PERIOD_DAYS: i32 = 28;

/// One row: the window and what follows from it.
pub(crate) fn parameters(parameters: &Parameters) -> String {
    let window = parameters.window;
    format!(
        "    SELECT\n        \
             DATE '{}' AS first_day,\n        \
             DATE '{}' AS last_day,\n        \
             {} AS window_days,\n        \
             {} AS working_days,\n        \
             {} AS last_working_day,\n        \
             {} AS last_whole_week_number,\n        \
             {} AS typed_minimum",
        window.first(),
        window.last(),
        window.days(),
        window.working_days(),
        working_day(window.last()),
        last_whole_week(window.last()),
        parameters.typed_minimum,
    )
}

/// One row for each whole week of the window, and for some before it.
pub(crate) fn weeks(window: Window) -> String {
    let last = last_whole_week(window.last());
    // A week is whole in the window if its Monday is.
    let first = week_number(window.first())
        + i32::from(monday(week_number(window.first())) < window.first());
    let rows = (first.min(last) - WEEKS_BEFORE..=last).map(|week| {
        let in_window = i32::from(week >= first);
        format!("({week}, DATE '{}', {in_window})", monday(week))
    });
    values("w(week_number, week, in_window)", rows)
}

/// One row for each period of the window, counted back from its last day.
pub(crate) fn periods(window: Window) -> String {
    let whole = window.days() / PERIOD_DAYS;
    let rows = (0..whole.max(1)).map(|period| {
        let last = window.last() - Span::new().days(period * PERIOD_DAYS);
        let first = last - Span::new().days(PERIOD_DAYS - 1);
        format!(
            "({period}, DATE '{first}', DATE '{last}', {})",
            i32::from(period < whole)
        )
    });
    values("p(period, first_day, last_day, in_window)", rows)
}

/// The number of the period that a row's day lies in: 0 for the newest. Of integers that divide
/// without a rest, since engines disagree about what is left of others.
pub(crate) fn period_of(table: &str, window: Window) -> String {
    let last = day_number(window.last());
    format!(
        "CAST(({last} - {table}.day_number - ({last} - {table}.day_number) % {PERIOD_DAYS}) / {PERIOD_DAYS} AS INT)"
    )
}

fn values(alias: &str, rows: impl Iterator<Item = String>) -> String {
    let rows: Vec<String> = rows.collect();
    format!(
        "    SELECT *\n    FROM (VALUES\n        {}\n    ) AS {alias}",
        rows.join(",\n        ")
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use jiff::civil::date;

    use super::*;

    fn whole_weeks(window: Window) -> usize {
        weeks(window).matches(", 1)").count()
    }

    #[test]
    fn only_whole_weeks_are_in_the_window() {
        // From Monday to Sunday, and the same less a day at either end.
        let (monday, sunday) = (date(2026, 10, 26), date(2026, 11, 22));
        assert_eq!(whole_weeks(Window::new(monday, sunday).unwrap()), 4);
        assert_eq!(
            whole_weeks(Window::new(monday.tomorrow().unwrap(), sunday).unwrap()),
            3
        );
        assert_eq!(
            whole_weeks(Window::new(monday, sunday.yesterday().unwrap()).unwrap()),
            3
        );
        assert_eq!(
            weeks(Window::new(monday, sunday).unwrap())
                .matches("DATE")
                .count(),
            15
        );
    }

    #[test]
    fn a_window_without_a_whole_week_has_weeks_before_it() {
        let day = Window::ending(date(2026, 11, 18), 1).unwrap();
        let sql = weeks(day);
        assert_eq!(sql.matches(", 1)").count(), 0);
        assert!(
            sql.contains("DATE '2026-11-09'") && !sql.contains("DATE '2026-11-16'"),
            "{sql}"
        );
    }

    #[test]
    fn periods_are_counted_back() {
        let sql = periods(Window::ending(date(2026, 11, 22), 60).unwrap());
        assert!(
            sql.contains("(0, DATE '2026-10-26', DATE '2026-11-22', 1)"),
            "{sql}"
        );
        assert!(
            sql.contains("(1, DATE '2026-09-28', DATE '2026-10-25', 1)"),
            "{sql}"
        );
        assert_eq!(sql.matches("DATE").count(), 4);
        let short = periods(Window::ending(date(2026, 11, 22), 27).unwrap());
        assert!(short.contains("DATE '2026-11-22', 0)"), "{short}");
    }
}
