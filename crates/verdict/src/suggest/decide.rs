//! Which groups of prompts no person wrote.

use std::collections::{BTreeSet, HashMap};

use hobbs_interaction::style;

use super::{Background, Candidate, Kind, Thresholds, Usage};
use crate::Verdict;
use crate::rules::{Condition, Judges, Rule, Status};

/// Texts shorter than this are never suspected: people say much in few characters.
const SHORT_CHARS: f64 = 9.0;
const MIDDLE_CHARS: f64 = 16.0;
const LONG_CHARS: f64 = 30.0;
/// A character of a script without spaces says as much as so many letters,
const IDEOGRAPH_CHARS: f64 = 2.5;
/// and one of another script without capitals as so many: Hangul, Arabic, Hebrew, Devanagari.
const UNCASED_CHARS: f64 = 1.6;
/// A group is not told again where what was found of it makes up this part.
const COVERED_SHARE: f64 = 0.9;
/// Words around a slot that can't be seen: as many at each end as the ends have, and one between.
const WORDS_WITH_TWO_ENDS: f64 = 7.0;
const WORDS_WITH_ONE_END: f64 = 5.0;
/// By so many words the texts of a template differ at most (standard deviation).
const TEMPLATE_WORDS_DEVIATION: f64 = 2.0;
const ONE_END_WORDS_DEVIATION: f64 = 1.0;
/// Without capitals, one style says little: so many times the users are asked for.
const UNCASED_USERS: f64 = 1.5;
/// Thresholds are for tenants of up to so many users with a prompt.
const USERS_OF_THRESHOLDS: f64 = 500.0;
/// Prompts of one user that a beat is read from.
const BEAT_USES_MIN: i64 = 5;
/// Above this no answer's distance is a machine's.
const REPLY_SECONDS_MAX: f64 = 60.0;

/// The groups that look like buttons or machines, the weightiest first. A group whose prompts were
/// found already by more that they have in common is left out.
pub fn suggest(
    usages: &[Usage],
    background: Background,
    thresholds: &Thresholds,
) -> Vec<Candidate> {
    let mut order: Vec<usize> = (0..usages.len()).collect();
    order.sort_by_key(|place| (usages[*place].kind, *place));
    // The largest of the groups found so far that an example belongs to.
    let mut claimed: HashMap<(&str, &str), usize> = HashMap::new();
    let mut candidates = Vec::new();
    for place in order {
        let usage = &usages[place];
        let Some(found) = found(usage, background, thresholds) else {
            continue;
        };
        let examples = || {
            usage
                .examples
                .iter()
                .map(|it| (&*it.user_id, &*it.interaction_id))
        };
        let claimants: Option<BTreeSet<usize>> =
            examples().map(|it| claimed.get(&it).copied()).collect();
        let covered: i64 = claimants
            .iter()
            .flatten()
            .map(|place| usages[*place].uses)
            .sum();
        if share(covered, usage.uses) >= COVERED_SHARE {
            continue;
        }
        for example in examples() {
            claimed.insert(example, place);
        }
        candidates.push(Candidate {
            rule: rule(usage, &found),
            reasons: found.reasons,
            weight: found.weight,
            usage: place,
        });
    }
    candidates.sort_by(|one, other| {
        let weight = other.weight.total_cmp(&one.weight);
        weight.then_with(|| one.rule.id.cmp(&other.rule.id))
    });
    candidates
}

struct Found {
    verdict: Verdict,
    confidence: f64,
    weight: f64,
    reasons: Vec<String>,
}

fn found(usage: &Usage, background: Background, thresholds: &Thresholds) -> Option<Found> {
    let is_sane = usage.users >= 1
        && usage.uses >= usage.users
        && [usage.words_mean, usage.words_deviation, usage.chars_mean]
            .iter()
            .all(|it| it.is_finite() && *it >= 0.0);
    if !is_sane {
        return None;
    }
    let mut reasons = Vec::new();
    let clock = clock(usage, thresholds, &mut reasons);
    let is_shared = is_shared(usage, background, thresholds);
    let is_found = is_shared || clock && is_long_enough(usage);
    if !is_found {
        return None;
    }
    if is_shared {
        reasons.insert(0, shared_reason(usage, background));
    }
    let evidence = users_weight(usage) * length_weight(usage);
    Some(Found {
        verdict: if clock {
            Verdict::Automatic
        } else {
            Verdict::Clicked
        },
        confidence: confidence(usage, clock && is_shared),
        weight: evidence * if clock { 2.0 } else { 1.0 },
        reasons,
    })
}

/// Whether many users share it, as a button's text or a template is shared.
///
/// Among more people more of them say the same by chance, so more are asked for.
fn is_shared(usage: &Usage, background: Background, thresholds: &Thresholds) -> bool {
    let users_min = match usage.kind {
        Kind::Text => match length(usage) {
            chars if chars < SHORT_CHARS => return false,
            chars if chars < MIDDLE_CHARS => thresholds.users_of_short_text_min,
            chars if chars < LONG_CHARS => thresholds.users_of_middle_text_min,
            _ => thresholds.users_min,
        },
        Kind::Template => thresholds.users_of_template_min,
        Kind::Ends | Kind::Head | Kind::Tail => thresholds.users_of_ends_min,
    };
    let by_case = if has_case(usage) { 1.0 } else { UNCASED_USERS };
    let users_min = (users_min as f64 * by_case * by_size(background)).round();
    usage.users as f64 >= users_min
        && is_spread(usage, thresholds)
        && share(usage.top_style_uses, usage.uses) >= thresholds.style_share_min
        && opens(usage, users_min, thresholds)
        && has_shape(usage)
}

/// So many times the users are asked for in a tenant of this size.
fn by_size(background: Background) -> f64 {
    1.0 + (background.users.max(1) as f64 / USERS_OF_THRESHOLDS)
        .log10()
        .max(0.0)
}

/// A group of fewer prompts than these is never found, whatever else is true of it.
pub(super) fn uses_min(kind: Kind, background: Background, thresholds: &Thresholds) -> i64 {
    let users_min = match kind {
        Kind::Text => thresholds
            .users_min
            .min(thresholds.users_of_middle_text_min)
            .min(thresholds.users_of_short_text_min),
        Kind::Template => thresholds.users_of_template_min,
        Kind::Ends | Kind::Head | Kind::Tail => thresholds.users_of_ends_min,
    };
    let shared = (users_min as f64 * by_size(background)).round() as i64;
    match kind {
        Kind::Text | Kind::Template => shared.min(BEAT_USES_MIN).min(thresholds.timed_uses_min),
        Kind::Ends | Kind::Head | Kind::Tail => shared,
    }
}

/// Whether a group is found by itself; nothing is said of others that found its prompts before.
///
/// More `texts` and replies that lie closer together never turn a yes into a no.
pub(super) fn is_found(usage: &Usage, background: Background, thresholds: &Thresholds) -> bool {
    found(usage, background, thresholds).is_some()
}

/// Whether it is used day by day, not in one course.
fn is_spread(usage: &Usage, thresholds: &Thresholds) -> bool {
    const DAYS_OF_MANY_USES: f64 = 5.0;
    const DAYS_PER_USE: f64 = 0.6;
    let wanted = (DAYS_PER_USE * usage.uses as f64).min(DAYS_OF_MANY_USES);
    usage.days >= thresholds.days_min && usage.days as f64 >= wanted
}

/// Whether it begins conversations, or is offered under answers to so many that it does not matter.
fn opens(usage: &Usage, users_min: f64, thresholds: &Thresholds) -> bool {
    let is_long_and_frequent = usage.kind == Kind::Text
        && length(usage) >= LONG_CHARS
        && usage.users as f64 >= 3.0 * users_min;
    is_long_and_frequent || share(usage.openings, usage.uses) >= thresholds.opening_share_min
}

/// What a template and fixed ends look like besides.
fn has_shape(usage: &Usage) -> bool {
    let varies = usage.texts >= 4 && share(usage.texts, usage.uses) >= 0.15;
    let is_even = |deviation_max: f64| usage.words_deviation <= deviation_max;
    match usage.kind {
        Kind::Text => true,
        Kind::Template => {
            usage.texts >= 3 && length(usage) >= MIDDLE_CHARS && is_even(TEMPLATE_WORDS_DEVIATION)
        }
        Kind::Ends => {
            varies && words(usage) >= WORDS_WITH_TWO_ENDS && is_even(TEMPLATE_WORDS_DEVIATION)
        }
        Kind::Head | Kind::Tail => {
            varies
                && has_case(usage)
                && words(usage) >= WORDS_WITH_ONE_END
                && is_even(ONE_END_WORDS_DEVIATION)
        }
    }
}

/// Whether a clock made it, with the reasons.
fn clock(usage: &Usage, thresholds: &Thresholds, reasons: &mut Vec<String>) -> bool {
    let before = reasons.len();
    let percent = |part| 100.0 * share(part, usage.uses);
    if has_fixed_replies(usage, thresholds) {
        reasons.push(format!(
            "Four of five answers come between {:.2} and {:.2} seconds after it: nobody's questions take the same time each time.",
            usage.reply_seconds_p10, usage.reply_seconds_p90
        ));
    }
    if usage.uses >= BEAT_USES_MIN && share(usage.beats, usage.uses) >= thresholds.timed_share_min {
        reasons.push(format!(
            "{:.0} % come whole hours after the one before, to the second: something runs on a schedule.",
            percent(usage.beats)
        ));
    }
    if usage.uses >= thresholds.timed_uses_min
        && share(usage.bursts, usage.uses) >= thresholds.timed_share_min
    {
        reasons.push(format!(
            "{:.0} % stand within 5 seconds of another conversation's beginning: something opened, nobody asked.",
            percent(usage.bursts)
        ));
    }
    reasons.len() > before
}

/// Whether the answers come as if from a machine: always after the same time.
pub(super) fn has_fixed_replies(usage: &Usage, thresholds: &Thresholds) -> bool {
    let spread = usage.reply_seconds_p90 - usage.reply_seconds_p10;
    usage.replies >= thresholds.timed_uses_min
        && usage.users >= 2
        && (0.0..=thresholds.reply_spread_seconds_max).contains(&spread)
        && (0.0..REPLY_SECONDS_MAX).contains(&usage.reply_seconds_p50)
}

fn is_long_enough(usage: &Usage) -> bool {
    matches!(usage.kind, Kind::Text | Kind::Template) && length(usage) >= SHORT_CHARS
}

fn shared_reason(usage: &Usage, background: Background) -> String {
    let what = match usage.kind {
        Kind::Text => "One text".to_owned(),
        Kind::Template => format!("One template with {} fillings", usage.texts),
        Kind::Ends => format!(
            "The same first and last words around {} different middles",
            usage.texts
        ),
        Kind::Head => format!("The same first words before {} different ends", usage.texts),
        Kind::Tail => format!(
            "The same last words after {} different beginnings",
            usage.texts
        ),
    };
    format!(
        "{what}, sent {} times by {} of {} users on {} days, {:.0} % in one style.",
        usage.uses,
        usage.users,
        background.users.max(usage.users),
        usage.days,
        100.0 * share(usage.top_style_uses, usage.uses),
    )
}

/// 0.5 to 0.9.
fn confidence(usage: &Usage, is_shared_and_timed: bool) -> f64 {
    let base = match usage.kind {
        Kind::Text | Kind::Template => 0.65,
        Kind::Ends => 0.6,
        Kind::Head | Kind::Tail => 0.5,
    };
    let more_users = 0.1 * ((usage.users as f64).log10() - 0.5).clamp(0.0, 1.5);
    let timed = if is_shared_and_timed { 0.1 } else { 0.0 };
    let hundredths = ((base + more_users + timed) * 100.0).round();
    (hundredths / 100.0).clamp(0.5, 0.9)
}

fn users_weight(usage: &Usage) -> f64 {
    (usage.users as f64) * (1.0 + share(usage.uses, usage.users).ln().max(0.0) / 4.0)
}

fn length_weight(usage: &Usage) -> f64 {
    let kind = match usage.kind {
        Kind::Text | Kind::Template => 1.0,
        Kind::Ends => 0.6,
        Kind::Head | Kind::Tail => 0.3,
    };
    kind * (1.0 + length(usage) / LONG_CHARS).min(3.0)
}

/// Characters, those of scripts without spaces for several.
fn length(usage: &Usage) -> f64 {
    let letters = match () {
        () if is_ideographic(usage) => IDEOGRAPH_CHARS,
        () if !has_case(usage) => UNCASED_CHARS,
        () => 1.0,
    };
    usage.chars_mean * letters
}

/// Words, of scripts without spaces by their characters.
fn words(usage: &Usage) -> f64 {
    if is_ideographic(usage) {
        usage.chars_mean / 2.0
    } else {
        usage.words_mean
    }
}

/// Words are counted by characters where there are no spaces.
fn is_ideographic(usage: &Usage) -> bool {
    usage.words_mean > usage.chars_mean * 0.5
}

fn has_case(usage: &Usage) -> bool {
    usage.top_style & style::FIRST_LETTER != 0
}

fn share(part: i64, whole: i64) -> f64 {
    if whole <= 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

fn rule(usage: &Usage, found: &Found) -> Rule {
    let name = match usage.kind {
        Kind::Text => "text",
        Kind::Template => "template",
        Kind::Ends => "ends",
        Kind::Head => "head",
        Kind::Tail => "tail",
    };
    let number = usage.fingerprint ^ usage.tail.unwrap_or(0).rotate_left(1);
    let what = match found.verdict {
        Verdict::Automatic => "automatic: a machine's clock made it",
        _ => "ready-made: many people send it, nobody writes it",
    };
    Rule {
        id: format!("suspected.{name}-{number:016x}"),
        version: 1,
        verdict: found.verdict,
        confidence: found.confidence,
        says: format!("By its structure this prompt is {what}."),
        evidence: found.reasons.join(" "),
        seen: String::new(),
        status: Status::Suspected,
        judges: Judges::Exchange,
        conditions: conditions(usage),
        file: String::new(),
    }
}

fn conditions(usage: &Usage) -> Vec<Condition> {
    let one = vec![usage.fingerprint];
    let mut conditions = match usage.kind {
        Kind::Text => vec![Condition::PromptFingerprint(one)],
        Kind::Template => vec![Condition::PromptTemplateFingerprint(one)],
        Kind::Head => vec![Condition::PromptHeadFingerprint(one)],
        Kind::Tail => vec![Condition::PromptTailFingerprint(one)],
        Kind::Ends => vec![
            Condition::PromptHeadFingerprint(one),
            Condition::PromptTailFingerprint(usage.tail.into_iter().collect()),
        ],
    };
    if matches!(usage.kind, Kind::Ends | Kind::Head | Kind::Tail) {
        let around = 3.0 * usage.words_deviation + 1.0;
        let least = (usage.words_mean - around).floor().max(0.0) as i32;
        let most = (usage.words_mean + around).ceil() as i32;
        conditions.push(Condition::PromptWords([least, most.max(least)]));
        if !usage.apps.is_empty() {
            conditions.insert(
                0,
                Condition::Apps(usage.apps.iter().map(|(app, _)| app.clone()).collect()),
            );
        }
    }
    if share(usage.top_style_uses, usage.uses) >= 0.8 {
        conditions.push(Condition::PromptStyles(vec![
            usage.top_style & style::FRAME,
        ]));
    }
    conditions
}
