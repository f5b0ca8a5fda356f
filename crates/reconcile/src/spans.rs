//! Sets of time as half-open intervals `[from, to)`, in UTC milliseconds. Pure arithmetic.

/// A stretch of time that is not empty: `from_ms` belongs to it, `to_ms` does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    from_ms: i64,
    to_ms: i64,
}

impl Span {
    /// None if nothing lies between the two.
    pub fn new(from_ms: i64, to_ms: i64) -> Option<Self> {
        (from_ms < to_ms).then_some(Span { from_ms, to_ms })
    }

    /// The first millisecond inside.
    pub fn from_ms(self) -> i64 {
        self.from_ms
    }

    /// The first millisecond after it.
    pub fn to_ms(self) -> i64 {
        self.to_ms
    }

    /// Whether the two share a millisecond.
    pub fn overlaps(self, other: Span) -> bool {
        self.from_ms < other.to_ms && other.from_ms < self.to_ms
    }
}

/// A set of times: its spans are sorted, and between any two of them something is missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spans(Vec<Span>);

impl FromIterator<Span> for Spans {
    /// The union of spans in any order, overlapping or not.
    fn from_iter<I: IntoIterator<Item = Span>>(spans: I) -> Self {
        let mut sorted: Vec<Span> = spans.into_iter().collect();
        sorted.sort_unstable_by_key(|span| span.from_ms);
        let mut merged: Vec<Span> = Vec::with_capacity(sorted.len());
        for span in sorted {
            match merged.last_mut() {
                Some(last) if span.from_ms <= last.to_ms => last.to_ms = last.to_ms.max(span.to_ms),
                _ => merged.push(span),
            }
        }
        Spans(merged)
    }
}

impl Spans {
    /// In order.
    pub fn iter(&self) -> impl Iterator<Item = Span> + '_ {
        self.0.iter().copied()
    }

    /// The end of the last span.
    pub fn end_ms(&self) -> Option<i64> {
        self.0.last().map(|span| span.to_ms)
    }

    /// Nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What of `window` is not in the set.
    pub fn missing_from(&self, window: Span) -> Spans {
        let mut missing = Vec::new();
        let mut reached_ms = window.from_ms;
        for span in self.0.iter().filter(|span| span.overlaps(window)) {
            missing.extend(Span::new(reached_ms, span.from_ms));
            reached_ms = span.to_ms;
        }
        missing.extend(Span::new(reached_ms, window.to_ms));
        Spans(missing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn spans(pairs: &[(i64, i64)]) -> Spans {
        pairs
            .iter()
            .filter_map(|&(from, to)| Span::new(from, to))
            .collect()
    }

    fn holds(set: &Spans, ms: i64) -> bool {
        set.iter()
            .any(|span| span.from_ms() <= ms && ms < span.to_ms())
    }

    #[test]
    fn neighbors_that_touch_are_one() {
        assert_eq!(spans(&[(5, 9), (0, 5)]), spans(&[(0, 9)]));
    }

    #[test]
    fn a_hole_of_one_millisecond_is_seen() {
        let window = Span::new(0, 10).expect("not empty");
        assert_eq!(
            spans(&[(0, 4), (5, 10)]).missing_from(window),
            spans(&[(4, 5)])
        );
    }

    #[test]
    fn nothing_read_misses_everything() {
        let window = Span::new(0, 10).expect("not empty");
        assert_eq!(Spans::default().missing_from(window), spans(&[(0, 10)]));
    }

    proptest! {
        #[test]
        fn missing_is_the_complement_in_the_window(
            pairs in prop::collection::vec((0i64..60, 0i64..60), 0..12),
            from in 0i64..60,
            length in 1i64..60,
        ) {
            let set = spans(&pairs);
            let window = Span::new(from, from + length).expect("not empty");
            let missing = set.missing_from(window);
            for ms in -5..130 {
                let inside = window.from_ms() <= ms && ms < window.to_ms();
                let read = pairs.iter().any(|&(a, b)| a <= ms && ms < b);
                prop_assert_eq!(holds(&missing, ms), inside && !read, "at {}", ms);
            }
        }

        #[test]
        fn sets_have_one_form(pairs in prop::collection::vec((0i64..60, 0i64..60), 0..12)) {
            let set = spans(&pairs);
            let list: Vec<Span> = set.iter().collect();
            for pair in list.windows(2) {
                prop_assert!(pair[0].to_ms() < pair[1].from_ms());
            }
            let again: Spans = list.into_iter().rev().collect();
            prop_assert_eq!(again, set);
        }
    }
}
