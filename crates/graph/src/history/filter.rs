//! `$filter` for the interaction history. Both bounds are exclusive, both are needed together, and whole seconds
//! are the safe precision: so the filter asks for a little more than the window, and what comes is filtered again
//! at home. Neighbouring windows overlap for the same reason; duplicates fall to the key.

use std::fmt::Write as _;
use std::sync::Arc;

use jiff::Timestamp;

use super::window::Window;

/// Before any Copilot, for windows without a beginning: Graph wants both bounds.
const LONG_AGO_S: i64 = 946_684_800; // 2000-01-01T00:00:00Z
/// Ten years on, for windows without an end.
const FAR_AHEAD_S: i64 = 4_102_444_800; // 2100-01-01T00:00:00Z
/// Asked for beyond each bound, for servers that round or cut to seconds before they compare.
const MARGIN_S: i64 = 1;

/// Which apps' interactions are wanted.
#[derive(Clone, Default)]
pub struct AppFilter {
    filter_values: Vec<String>,
    keep: Option<Arc<Keep>>,
}

type Keep = dyn Fn(&str) -> bool + Send + Sync;

impl AppFilter {
    /// All apps.
    pub fn all() -> Self {
        Self::default()
    }

    /// Some apps. `keep` decides by an item's `appClass` and always has the last word. `filter_values` are the
    /// classes that Graph accepts in a filter (Word, Excel, Teams, BizChat, WebChat, CoworkChat in their full
    /// form); give them only if they cover everything that `keep` keeps, else none: then all is read and filtered
    /// at home.
    pub fn only(
        filter_values: Vec<String>,
        keep: impl Fn(&str) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self {
            filter_values,
            keep: Some(Arc::new(keep)),
        }
    }

    pub(super) fn keeps(&self, app_class: &str) -> bool {
        self.keep.as_ref().is_none_or(|keep| keep(app_class))
    }
}

impl std::fmt::Debug for AppFilter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AppFilter({:?})", self.filter_values)
    }
}

/// The filter for a window and some apps; None where everything is wanted.
pub(super) fn text(window: Window, apps: &AppFilter) -> Option<String> {
    let mut text = String::new();
    if !apps.filter_values.is_empty() {
        let classes: Vec<String> = apps
            .filter_values
            .iter()
            .map(|class| format!("appClass eq '{}'", class.replace('\'', "''")))
            .collect();
        let joined = classes.join(" or ");
        // Alone, an expression of `or`s needs no parentheses, and the documentation writes none.
        let needs_parentheses = classes.len() > 1 && window != Window::all();
        text = if needs_parentheses {
            format!("({joined})")
        } else {
            joined
        };
    }
    if window != Window::all() {
        let (after_s, before_s) = bounds_s(window);
        if !text.is_empty() {
            text.push_str(" and ");
        }
        let _ = write!(
            text,
            "createdDateTime gt {} and createdDateTime lt {}",
            literal(after_s),
            literal(before_s)
        );
    }
    (!text.is_empty()).then_some(text)
}

/// The exclusive bounds, in whole seconds, between which all of the window lies.
fn bounds_s(window: Window) -> (i64, i64) {
    let after_s = window
        .from_ms
        .map_or(LONG_AGO_S, |ms| ms.div_euclid(1000) - MARGIN_S);
    let before_s = window.to_ms.map_or(FAR_AHEAD_S, |ms| {
        ms.saturating_add(999).div_euclid(1000) + MARGIN_S
    });
    (after_s, before_s)
}

fn literal(second: i64) -> String {
    const FIRST: i64 = -62_135_596_800; // 0001-01-01T00:00:00Z
    const LAST: i64 = 253_402_207_200; // 9999-12-30T22:00:00Z, the last that jiff knows
    Timestamp::from_second(second.clamp(FIRST, LAST)).map_or_else(
        |_| "2000-01-01T00:00:00Z".to_owned(),
        |time| time.to_string(),
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    const NEW_YEAR_MS: i64 = 1_767_225_600_000; // 2026-01-01T00:00:00Z

    #[test]
    fn as_graph_wants_it() {
        let day = Window::between(NEW_YEAR_MS, NEW_YEAR_MS + 86_400_000);
        let apps = |classes: &[&str]| {
            AppFilter::only(classes.iter().map(|c| (*c).to_owned()).collect(), |_| true)
        };
        let filter = |window, apps: &AppFilter| text(window, apps).unwrap_or_default();
        assert_eq!(
            filter(day, &AppFilter::all()),
            "createdDateTime gt 2025-12-31T23:59:59Z and createdDateTime lt 2026-01-02T00:00:01Z"
        );
        assert_eq!(filter(Window::all(), &AppFilter::all()), "");
        assert_eq!(
            filter(Window::all(), &apps(&["a", "b"])),
            "appClass eq 'a' or appClass eq 'b'"
        );
        assert_eq!(
            filter(Window::until(NEW_YEAR_MS), &apps(&["a", "o'b"])),
            "(appClass eq 'a' or appClass eq 'o''b') and createdDateTime gt 2000-01-01T00:00:00Z and createdDateTime lt 2026-01-01T00:00:01Z"
        );
        assert_eq!(
            filter(
                Window {
                    from_ms: Some(i64::MIN),
                    to_ms: Some(i64::MAX)
                },
                &AppFilter::all()
            ),
            "createdDateTime gt 0001-01-01T00:00:00Z and createdDateTime lt 9999-12-30T22:00:00Z"
        );
    }

    proptest! {
        /// Whatever the server does to an item's time before it compares (nothing, cut or round to seconds), an
        /// item of the window passes the filter.
        #[test]
        fn no_moment_of_the_window_is_missed(from_ms in 0_i64..4_000_000_000_000, length_ms in 1_i64..10_000, inside in 0.0..1.0_f64) {
            let window = Window::between(from_ms, from_ms + length_ms);
            let moment_ms = from_ms + ((length_ms - 1) as f64 * inside) as i64;
            let (after_s, before_s) = bounds_s(window);
            for compared_ms in [moment_ms, moment_ms / 1000 * 1000, (moment_ms + 500) / 1000 * 1000] {
                prop_assert!(after_s * 1000 < compared_ms && compared_ms < before_s * 1000);
            }
        }
    }
}
