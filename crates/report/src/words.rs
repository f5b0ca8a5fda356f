//! Numbers, times and sentences as people read them, the same in table, workbook and page.

use jiff::{Timestamp, tz::TimeZone};

use crate::summary::Summary;
use crate::verdicts::{UserVerdicts, Verdict, VerdictFigures};

/// What stands where a lake has no verdicts.
pub(crate) const NO_VERDICTS: &str = "This lake holds no verdicts yet, so who asked for what is not told here: run `hobbs rules apply`, which derives them from the interactions.";

/// What is said where figures by verdict lack some interactions; None where they lack none.
pub(crate) fn not_judged(interactions: u64) -> Option<String> {
    (interactions > 0).then(|| {
        format!(
            "{} {} of this lake {} not judged yet, and the figures by verdict lack {}: wait for the sync that is running, or run `hobbs rules apply`.",
            thousands(interactions),
            plural(interactions, "interaction", "interactions"),
            plural(interactions, "is", "are"),
            plural(interactions, "it", "them"),
        )
    })
}

/// Digits in groups of three: `1,234,567`.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A share with two decimals, "0.00%" of nothing.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "0.00%".to_owned();
    }
    format!("{:.2}%", part as f64 * 100.0 / whole as f64)
}

/// To the minute, in UTC.
pub(crate) fn minute(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC)
        .strftime("%Y-%m-%d %H:%M UTC")
        .to_string()
}

/// One or many.
pub(crate) fn plural(n: u64, one: &'static str, many: &'static str) -> &'static str {
    if n == 1 { one } else { many }
}

/// How many of those whom Microsoft would call active did nothing by their own will.
pub(crate) fn own_will(figures: &VerdictFigures) -> String {
    let active = &figures.headline;
    let any = thousands(active.users_any);
    let nothing = match active.users_not_asked {
        0 => match active.users_any {
            0 => return "Microsoft would call nobody active.".to_owned(),
            1 => "The one user whom Microsoft would call active typed or clicked something by their own will.".to_owned(),
            _ => format!("All {any} users whom Microsoft would call active typed or clicked something by their own will."),
        },
        1 if active.users_any == 1 => "The one user whom Microsoft would call active did nothing by their own will: they typed and clicked nothing.".to_owned(),
        n => format!(
            "{} of the {any} users whom Microsoft would call active ({}) did nothing by their own will: they typed and clicked nothing.",
            thousands(n),
            percent(n, active.users_any),
        ),
    };
    match active.users_undecided {
        0 => nothing,
        1 if active.users_any == 1 => {
            format!("{nothing} They have exchanges that no accepted rule explains.")
        }
        n => format!(
            "{nothing} {} of them {} exchanges that no accepted rule explains.",
            thousands(n),
            plural(n, "has", "have"),
        ),
    }
}

/// What "[1]" stands for, in [`crate::table`]'s sentences.
pub(crate) fn responses_to_prompts(summary: &Summary) -> &'static str {
    match summary.verdicts {
        Some(_) => "Responses of exchanges that have a prompt and are typed, clicked or unknown.",
        None => {
            "Responses that are not automatic and have a prompt with the same request id in their session."
        }
    }
}

/// The share of a verdict in words: `12.34% of 5,678 exchanges`.
pub(crate) fn share(figures: &VerdictFigures, verdict: Verdict) -> String {
    let total = figures.headline.exchanges.total();
    format!(
        "{} of {} {}",
        percent(figures.headline.exchanges.of(verdict), total),
        thousands(total),
        plural(total, "exchange", "exchanges"),
    )
}

/// Whether a user counts as active, Microsoft's way and ours.
pub(crate) fn activity(user: Option<&UserVerdicts>) -> &'static str {
    match user {
        Some(user) if user.exchanges.asked() > 0 => "by own will",
        Some(_) => "only Microsoft's way",
        None => "no",
    }
}

/// Who and when a report is about.
pub(crate) fn about(summary: &Summary) -> String {
    let who = match summary.users.as_slice() {
        [one] => one.name().to_owned(),
        many => format!("{} users", thousands(many.len() as u64)),
    };
    let from = summary
        .window
        .from
        .map_or("the beginning".to_owned(), minute);
    let mut about = format!("{who}, {from} to {}", minute(summary.window.to));
    if !summary.apps_asked.is_empty() {
        about.push_str(&format!(", {}", summary.apps_asked.join(", ")));
    }
    about
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_stand_in_groups() {
        assert_eq!(
            [0, 12, 999, 1_000, 12_345, 1_234_567].map(thousands),
            ["0", "12", "999", "1,000", "12,345", "1,234,567"]
        );
    }
}
