//! Who is asked for which window. Pure: no clock, no network, no lake.

use std::collections::HashMap;

use hobbs_graph::Window;
use hobbs_lake::{Read, Span, UserRecord};

use crate::options::Period;

/// One user to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// The object id.
    pub user_id: String,
    /// How people know the user.
    pub user_principal_name: Option<String>,
    /// What is asked for.
    pub window: Window,
    /// The same window as coverage counts it.
    pub span: Span,
}

/// The asks for `users`, one for each, at the moment `now_ms`.
pub fn plan<'a>(
    users: impl IntoIterator<Item = &'a UserRecord>,
    read: &HashMap<String, Read>,
    period: Period,
    overlap_ms: i64,
    now_ms: i64,
) -> Vec<Ask> {
    users
        .into_iter()
        .filter_map(|user| {
            let window = window(read.get(&user.user_id), period, overlap_ms, now_ms);
            let ask = Ask {
                user_id: user.user_id.clone(),
                user_principal_name: user.user_principal_name.clone(),
                window,
                span: Span {
                    from_ms: window.from_ms.unwrap_or(0),
                    to_ms: window.to_ms.unwrap_or(now_ms),
                },
            };
            (!window.is_empty()).then_some(ask)
        })
        .collect()
}

fn window(read: Option<&Read>, period: Period, overlap_ms: i64, now_ms: i64) -> Window {
    // Nothing can be known of the future, whatever is asked for.
    let now_ms = whole_second(now_ms);
    match period {
        Period::All => Window::until(now_ms),
        Period::Since(from_ms) => Window::between(from_ms, now_ms),
        Period::Between(from_ms, to_ms) => Window::between(from_ms, to_ms.min(now_ms)),
        Period::New => match read {
            None => Window::until(now_ms),
            // A clock that went back must not turn the window around: then the overlap is read.
            Some(read) => {
                let from_ms = read.whole.to_ms.min(now_ms).saturating_sub(overlap_ms);
                Window::between(from_ms.max(read.whole.from_ms), now_ms)
            }
        },
    }
}

/// Whole seconds are the safe precision of Graph's filter.
fn whole_second(ms: i64) -> i64 {
    ms.div_euclid(1000) * 1000
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const DAY_MS: i64 = 86_400_000;
    const NOW_MS: i64 = 1_790_000_000_500;
    const NOW_S: i64 = 1_790_000_000_000;

    fn ask(whole: Option<Span>, period: Period) -> Option<Ask> {
        let user = UserRecord {
            user_id: "u".to_owned(),
            ..UserRecord::default()
        };
        let read = whole
            .map(|whole| ("u".to_owned(), Read { whole }))
            .into_iter()
            .collect();
        plan([&user], &read, period, DAY_MS, NOW_MS).pop()
    }

    #[test]
    fn a_new_user_is_asked_for_all_history() {
        let ask = ask(None, Period::New).unwrap();
        assert_eq!(ask.window, Window::until(NOW_S));
        assert_eq!(
            ask.span,
            Span {
                from_ms: 0,
                to_ms: NOW_S
            }
        );
    }

    #[test]
    fn a_known_user_is_asked_from_the_end_less_the_overlap() {
        let end = NOW_S - 3 * DAY_MS;
        let ask = ask(
            Some(Span {
                from_ms: 0,
                to_ms: end,
            }),
            Period::New,
        )
        .unwrap();
        assert_eq!(ask.window, Window::between(end - DAY_MS, NOW_S));
    }

    #[test]
    fn what_was_never_read_is_not_reached_by_the_overlap() {
        // The span begins later than the overlap reaches: coverage must not claim more.
        let whole = Span {
            from_ms: NOW_S - DAY_MS / 2,
            to_ms: NOW_S - 1000,
        };
        assert_eq!(
            ask(Some(whole), Period::New).unwrap().window.from_ms,
            Some(whole.from_ms)
        );
    }

    #[test]
    fn a_clock_that_went_back_still_reads_the_overlap() {
        let ask = ask(
            Some(Span {
                from_ms: 0,
                to_ms: NOW_S + 5 * DAY_MS,
            }),
            Period::New,
        )
        .unwrap();
        assert_eq!(ask.window, Window::between(NOW_S - DAY_MS, NOW_S));
    }

    #[test]
    fn an_empty_window_asks_nobody() {
        assert_eq!(ask(None, Period::Between(NOW_S, NOW_S)), None);
        assert_eq!(ask(None, Period::Since(NOW_S + DAY_MS)), None);
    }
}
