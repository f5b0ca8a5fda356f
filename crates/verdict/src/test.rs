//! A condition made ready to be asked often: labels as fingerprints under the lake's key.

use hobbs_interaction::{FingerprintKey, Mark, app, style};

use crate::Map;
use crate::case::Case;
use crate::evidence::{Evidence, Part};
use crate::rules::Condition;

/// Which fingerprint of a prompt is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    Text,
    Template,
    Head,
    Tail,
}

impl Column {
    pub(crate) const ALL: [Column; 4] =
        [Column::Text, Column::Template, Column::Head, Column::Tail];

    pub(crate) const fn of(self, row: &Evidence<'_>) -> Option<i64> {
        match self {
            Column::Text => row.text_fingerprint,
            Column::Template => row.text_template,
            Column::Head => row.text_head,
            Column::Tail => row.text_tail,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Column::Text => "text_fingerprint",
            Column::Template => "text_template",
            Column::Head => "text_head",
            Column::Tail => "text_tail",
        }
    }
}

/// The label that a fingerprint stands for, where the rule gives one.
#[derive(Debug, Clone)]
pub(crate) struct Label {
    locale: String,
    text: String,
    style: i32,
    /// The bits of the style that have to be the same.
    fixed: i32,
}

/// Case of the first letter and spacing: what people get wrong when they type a label. How a label
/// ends is told in too many ways to count.
const AS_WRITTEN: i32 = style::FIRST_LETTER | style::SPACING;

#[derive(Debug, Clone)]
pub(crate) enum Test {
    Apps(Vec<String>),
    Classes(Vec<String>),
    Prompt {
        condition: &'static str,
        column: Column,
        wanted: Map<i64, Option<Label>>,
        as_written: bool,
    },
    Words([i32; 2]),
    Styles(Vec<i32>),
    Marks(Vec<Mark>),
    Signs(Part, Vec<String>),
    Has(Part, bool),
    PromptEmpty(bool),
    Empty(bool),
    RepeatWithinUs(i64),
    Followed(bool),
}

impl Test {
    /// The tests of a rule's conditions, in their order.
    pub(crate) fn all(conditions: &[Condition], key: &FingerprintKey) -> Vec<Test> {
        let as_written = conditions.contains(&Condition::AsWritten(true));
        let test = |condition| Test::of(condition, as_written, key);
        conditions.iter().filter_map(test).collect()
    }

    /// None for what only modifies another condition.
    fn of(condition: &Condition, as_written: bool, key: &FingerprintKey) -> Option<Test> {
        let numbers = |column, numbers: &[i64]| Test::Prompt {
            condition: condition.name(),
            column,
            wanted: numbers.iter().map(|number| (*number, None)).collect(),
            as_written: false,
        };
        Some(match condition {
            Condition::AsWritten(_) => return None,
            Condition::Apps(apps) => Test::Apps(apps.clone()),
            Condition::Classes(classes) => Test::Classes(classes.clone()),
            Condition::PromptIs(labels) | Condition::PromptTemplate(labels) => {
                let (column, fingerprint): (_, fn(&FingerprintKey, &str) -> Option<i64>) =
                    match condition {
                        Condition::PromptIs(_) => (Column::Text, FingerprintKey::fingerprint),
                        _ => (Column::Template, FingerprintKey::template_fingerprint),
                    };
                let mut wanted = Map::default();
                for (locale, texts) in labels {
                    for text in texts {
                        let label = Label {
                            locale: locale.clone(),
                            text: text.clone(),
                            style: style::of(text),
                            // Whatever fills a slot at the beginning has its own case.
                            fixed: if text.starts_with("{}") {
                                style::SPACING
                            } else {
                                AS_WRITTEN
                            },
                        };
                        if let Some(number) = fingerprint(key, text) {
                            wanted.entry(number).or_insert(Some(label));
                        }
                    }
                }
                Test::Prompt {
                    condition: condition.name(),
                    column,
                    wanted,
                    as_written,
                }
            }
            Condition::PromptFingerprint(wanted) => numbers(Column::Text, wanted),
            Condition::PromptTemplateFingerprint(wanted) => numbers(Column::Template, wanted),
            Condition::PromptHeadFingerprint(wanted) => numbers(Column::Head, wanted),
            Condition::PromptTailFingerprint(wanted) => numbers(Column::Tail, wanted),
            Condition::PromptWords(range) => Test::Words(*range),
            Condition::PromptStyles(styles) => {
                Test::Styles(styles.iter().map(|it| it & style::FRAME).collect())
            }
            Condition::Marks(marks) => Test::Marks(marks.clone()),
            Condition::PromptSigns(signs) => Test::Signs(Part::Prompt, signs.clone()),
            Condition::ResponseSigns(signs) => Test::Signs(Part::Response, signs.clone()),
            Condition::HasPrompt(wanted) => Test::Has(Part::Prompt, *wanted),
            Condition::HasResponse(wanted) => Test::Has(Part::Response, *wanted),
            Condition::PromptEmpty(wanted) => Test::PromptEmpty(*wanted),
            Condition::Empty(wanted) => Test::Empty(*wanted),
            Condition::RepeatWithinSeconds(seconds) => Test::RepeatWithinUs((seconds * 1e6) as i64),
            Condition::FollowedByResponse(wanted) => Test::Followed(*wanted),
        })
    }

    pub(crate) fn holds(&self, case: &Case<'_, '_>) -> bool {
        match self {
            Test::Apps(apps) => apps.iter().any(|app| is_app(case.lead.app_class, app)),
            Test::Classes(classes) => classes
                .iter()
                .any(|it| it.eq_ignore_ascii_case(case.lead.app_class)),
            Test::Prompt {
                column,
                wanted,
                as_written,
                ..
            } => case.prompts().any(|row| {
                let found = column.of(row).and_then(|number| wanted.get(&number));
                found.is_some_and(|label| !as_written || is_as_written(label.as_ref(), row))
            }),
            Test::Words([min, max]) => case
                .prompts()
                .any(|row| (*min..=*max).contains(&row.content_words)),
            Test::Styles(styles) => case
                .prompts()
                .filter_map(|row| row.text_style)
                .any(|style| styles.contains(&(style & style::FRAME))),
            Test::Marks(marks) => case
                .parts()
                .filter_map(|row| row.mark)
                .any(|mark| marks.iter().any(|wanted| wanted.as_str() == mark)),
            Test::Signs(part, signs) => case.of(*part).any(|row| {
                row.signs()
                    .any(|sign| signs.iter().any(|wanted| wanted == sign))
            }),
            Test::Has(part, wanted) => case.has(*part) == *wanted,
            Test::PromptEmpty(wanted) => {
                case.prompts().all(|row| row.content_chars == 0) == *wanted
            }
            Test::Empty(wanted) => case.parts().all(is_empty) == *wanted,
            Test::RepeatWithinUs(us) => case
                .alone
                .and_then(|alone| alone.repeat_us)
                .is_some_and(|after| after <= *us),
            Test::Followed(wanted) => case.alone.is_some_and(|alone| alone.is_followed == *wanted),
        }
    }

    /// As the condition is written in a file.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Test::Apps(_) => "apps",
            Test::Classes(_) => "classes",
            Test::Prompt { condition, .. } => condition,
            Test::Words(_) => "prompt_words",
            Test::Styles(_) => "prompt_styles",
            Test::Marks(_) => "marks",
            Test::Signs(Part::Prompt, _) => "prompt_signs",
            Test::Signs(..) => "response_signs",
            Test::Has(Part::Prompt, _) => "has_prompt",
            Test::Has(..) => "has_response",
            Test::PromptEmpty(_) => "prompt_empty",
            Test::Empty(_) => "empty",
            Test::RepeatWithinUs(_) => "repeat_within_seconds",
            Test::Followed(_) => "followed_by_response",
        }
    }

    /// What it asks for, for people.
    pub(crate) fn wanted(&self) -> String {
        match self {
            Test::Apps(texts) | Test::Classes(texts) | Test::Signs(_, texts) => texts.join(", "),
            Test::Prompt { wanted, .. } if wanted.len() == 1 => wanted.iter().map(shown).collect(),
            Test::Prompt { wanted, .. } => format!("one of {} texts", wanted.len()),
            Test::Words([min, max]) => format!("{min} to {max} words"),
            Test::Styles(styles) => format!("a style of {styles:?}"),
            Test::Marks(marks) => marks
                .iter()
                .map(|mark| mark.as_str())
                .collect::<Vec<_>>()
                .join(", "),
            Test::Has(_, true) => "at least one".to_owned(),
            Test::Has(_, false) => "none".to_owned(),
            Test::PromptEmpty(true) | Test::Empty(true) => "no text".to_owned(),
            Test::PromptEmpty(false) | Test::Empty(false) => "some text".to_owned(),
            Test::RepeatWithinUs(us) => {
                format!("the same text at most {} s before", *us as f64 / 1e6)
            }
            Test::Followed(true) => "a response after it".to_owned(),
            Test::Followed(false) => "no response after it".to_owned(),
        }
    }

    /// What there is, for people.
    pub(crate) fn seen(&self, case: &Case<'_, '_>) -> String {
        let chars = |row: &Evidence<'_>| format!("{} characters", row.content_chars);
        let or_nothing = |seen: Vec<String>| match seen.is_empty() {
            true => "nothing".to_owned(),
            false => seen.join(", "),
        };
        match self {
            Test::Apps(_) => app::after_prefix(case.lead.app_class).to_owned(),
            Test::Classes(_) => case.lead.app_class.to_owned(),
            Test::Prompt {
                column,
                wanted,
                as_written,
                ..
            } => {
                let numbers = case
                    .prompts()
                    .filter_map(|row| Some((row, column.of(row)?)));
                let seen = numbers.map(|(row, number)| match wanted.get_key_value(&number) {
                    Some((_, label)) if *as_written && !is_as_written(label.as_ref(), row) => {
                        format!("{}, but written in another way", shown((&number, label)))
                    }
                    Some(label) => shown(label),
                    None => format!("{} {number:016x}", column.name()),
                });
                or_nothing(seen.collect())
            }
            Test::Words(_) => or_nothing(
                case.prompts()
                    .map(|row| format!("{} words", row.content_words))
                    .collect(),
            ),
            Test::Styles(_) => {
                let styles = case.prompts().filter_map(|row| row.text_style);
                or_nothing(styles.map(|it| (it & style::FRAME).to_string()).collect())
            }
            Test::Marks(_) => or_nothing(
                case.parts()
                    .filter_map(|row| row.mark)
                    .map(str::to_owned)
                    .collect(),
            ),
            Test::Signs(part, _) => or_nothing(
                case.of(*part)
                    .filter_map(|row| row.signs)
                    .map(str::to_owned)
                    .collect(),
            ),
            Test::Has(part, _) => case.of(*part).count().to_string(),
            Test::PromptEmpty(_) => or_nothing(case.prompts().map(chars).collect()),
            Test::Empty(_) => or_nothing(case.parts().map(chars).collect()),
            Test::RepeatWithinUs(_) => match case.alone.and_then(|alone| alone.repeat_us) {
                Some(us) => format!("the same text {} s before", us as f64 / 1e6),
                None => "no such text before".to_owned(),
            },
            Test::Followed(_) => match case.alone.is_some_and(|alone| alone.is_followed) {
                true => "a response after it".to_owned(),
                false => "no response after it".to_owned(),
            },
        }
    }
}

fn is_as_written(label: Option<&Label>, row: &Evidence<'_>) -> bool {
    let styles = label.zip(row.text_style);
    styles.is_none_or(|(label, style)| (label.style ^ style) & label.fixed == 0)
}

fn shown((number, label): (&i64, &Option<Label>)) -> String {
    match label {
        Some(Label { locale, text, .. }) => format!("{text:?} ({locale})"),
        None => format!("{number:016x}"),
    }
}

/// Whether a class is an app's: what follows the prefix is the app, or goes on after it by a full
/// stop.
pub(crate) fn is_app(app_class: &str, app: &str) -> bool {
    let own = app::after_prefix(app_class);
    match own.split_at_checked(app.len()) {
        Some((start, rest)) => {
            start.eq_ignore_ascii_case(app) && (rest.is_empty() || rest.starts_with('.'))
        }
        None => false,
    }
}

/// No text, and nothing hangs on it but cards without text.
fn is_empty(row: &Evidence<'_>) -> bool {
    row.content_chars == 0
        && row
            .attached
            .iter()
            .all(|it| it.is_card() || it.role == crate::Role::Context)
}
