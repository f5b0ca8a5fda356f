//! Stretches of time in which rows lie, so that what lies elsewhere is not read.

use datafusion::prelude::{Expr, lit};

use crate::scan::time_literal;

/// First and last time, in microseconds, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Times {
    first: i64,
    last: i64,
}

impl Times {
    /// One moment.
    pub(super) fn at(us: i64) -> Self {
        Times {
            first: us,
            last: us,
        }
    }

    /// From one of these to the other.
    pub(super) fn between(a: i64, b: i64) -> Self {
        Times {
            first: a.min(b),
            last: a.max(b),
        }
    }

    /// Both, and what is between them.
    pub(super) fn with(self, other: Self) -> Self {
        Times {
            first: self.first.min(other.first),
            last: self.last.max(other.last),
        }
    }
}

/// Stretches in order, apart from each other, and few.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Spans(Vec<Times>);

/// Beyond so many, neighbors are joined: each is a condition that all rows are held against.
const SPANS_MAX: usize = 16;

impl FromIterator<Times> for Spans {
    fn from_iter<T: IntoIterator<Item = Times>>(times: T) -> Self {
        let mut times: Vec<Times> = times.into_iter().collect();
        times.sort_unstable();
        let mut apart: Vec<Times> = Vec::new();
        for next in times {
            match apart.last_mut() {
                Some(before) if next.first <= before.last => *before = before.with(next),
                _ => apart.push(next),
            }
        }
        Spans(across_the_smallest_gaps(apart))
    }
}

fn across_the_smallest_gaps(apart: Vec<Times>) -> Vec<Times> {
    let gap = |at: usize| apart[at].first - apart[at - 1].last;
    let mut gaps: Vec<usize> = (1..apart.len()).collect();
    gaps.sort_unstable_by_key(|at| std::cmp::Reverse(gap(*at)));
    gaps.truncate(SPANS_MAX - 1);
    let mut few: Vec<Times> = Vec::new();
    for (at, next) in apart.iter().enumerate() {
        match few.last_mut() {
            Some(before) if !gaps.contains(&at) => *before = before.with(*next),
            _ => few.push(*next),
        }
    }
    few
}

impl Spans {
    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// That a column lies in one of them.
    pub(super) fn hold(&self, column: &Expr) -> Expr {
        let conditions = self.0.iter().map(|span| {
            let from = column.clone().gt_eq(time_literal(span.first));
            from.and(column.clone().lt_eq(time_literal(span.last)))
        });
        conditions.reduce(Expr::or).unwrap_or(lit(false))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_moment_stays_inside_and_spans_are_few_and_apart(
            times in prop::collection::vec((0i64..5_000, 0i64..40), 0..60),
        ) {
            let times: Vec<Times> = times
                .into_iter()
                .map(|(first, length)| Times::between(first, first + length))
                .collect();
            let spans: Spans = times.iter().copied().collect();
            prop_assert!(spans.0.len() <= SPANS_MAX);
            prop_assert!(spans.0.windows(2).all(|two| two[0].last < two[1].first));
            for span in &times {
                prop_assert!(spans.0.iter().any(|it| it.first <= span.first && span.last <= it.last));
            }
            // Nothing is joined that need not be.
            let first = times.iter().map(|it| it.first).min();
            let last = times.iter().map(|it| it.last).max();
            prop_assert_eq!(spans.0.first().map(|it| it.first), first);
            prop_assert_eq!(spans.0.last().map(|it| it.last), last);
        }
    }
}
