//! What a rule asks of an exchange, or of one of its rows.

use std::collections::BTreeMap;

use hobbs_interaction::Mark;
use serde::Serialize;

/// Texts by locale; `*` for all.
pub type Labels = BTreeMap<String, Vec<String>>;

/// One thing that has to be so. A rule holds where all of its conditions do.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// The app: what stands in the class after the prefix that nearly all have.
    Apps(Vec<String>),
    /// The class, raw.
    Classes(Vec<String>),
    /// A prompt is one of these texts, in normal form.
    PromptIs(Labels),
    /// A prompt is one of these templates, slots written `{}`.
    PromptTemplate(Labels),
    /// What `prompt_is` or `prompt_template` finds also begins with a capital or not, and is spaced,
    /// as the label is: people write labels in lower case, buttons send them as they are. Rows
    /// whose style is not known pass.
    AsWritten(bool),
    /// A prompt has one of these fingerprints.
    PromptFingerprint(Vec<i64>),
    /// The template of a prompt has.
    PromptTemplateFingerprint(Vec<i64>),
    /// The first words of a prompt have.
    PromptHeadFingerprint(Vec<i64>),
    /// The last words of a prompt have.
    PromptTailFingerprint(Vec<i64>),
    /// A prompt has at least so many words and at most so many.
    PromptWords([i32; 2]),
    /// A prompt is written in one of these styles, as far as they do not depend on slots.
    PromptStyles(Vec<i32>),
    /// A row has one of these marks.
    Marks(Vec<Mark>),
    /// A prompt has one of these signs.
    PromptSigns(Vec<String>),
    /// A response has one of these signs.
    ResponseSigns(Vec<String>),
    /// There is a prompt, or none.
    HasPrompt(bool),
    /// There is a response, or none.
    HasResponse(bool),
    /// Of the prompts none has a character, or one has.
    PromptEmpty(bool),
    /// The row has no text, and nothing hangs on it; or it has.
    Empty(bool),
    /// The same text stood in the session so many seconds before, under another id.
    RepeatWithinSeconds(f64),
    /// The row is a response, and another one that is no noise follows in the same exchange; or not
    /// so.
    FollowedByResponse(bool),
}

/// What a rule is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Judges {
    /// A whole exchange.
    Exchange,
    /// One row; what is said of it is noise. An exchange of nothing else is noise too.
    Part,
}

impl Condition {
    /// As it is written in a file.
    pub const fn name(&self) -> &'static str {
        match self {
            Condition::Apps(_) => "apps",
            Condition::Classes(_) => "classes",
            Condition::PromptIs(_) => "prompt_is",
            Condition::PromptTemplate(_) => "prompt_template",
            Condition::AsWritten(_) => "as_written",
            Condition::PromptFingerprint(_) => "prompt_fingerprint",
            Condition::PromptTemplateFingerprint(_) => "prompt_template_fingerprint",
            Condition::PromptHeadFingerprint(_) => "prompt_head_fingerprint",
            Condition::PromptTailFingerprint(_) => "prompt_tail_fingerprint",
            Condition::PromptWords(_) => "prompt_words",
            Condition::PromptStyles(_) => "prompt_styles",
            Condition::Marks(_) => "marks",
            Condition::PromptSigns(_) => "prompt_signs",
            Condition::ResponseSigns(_) => "response_signs",
            Condition::HasPrompt(_) => "has_prompt",
            Condition::HasResponse(_) => "has_response",
            Condition::PromptEmpty(_) => "prompt_empty",
            Condition::Empty(_) => "empty",
            Condition::RepeatWithinSeconds(_) => "repeat_within_seconds",
            Condition::FollowedByResponse(_) => "followed_by_response",
        }
    }

    /// Whether it can be asked of this.
    pub const fn suits(&self, judges: Judges) -> bool {
        match self {
            Condition::Apps(_)
            | Condition::Classes(_)
            | Condition::Marks(_)
            | Condition::PromptSigns(_)
            | Condition::ResponseSigns(_) => true,
            Condition::Empty(_)
            | Condition::RepeatWithinSeconds(_)
            | Condition::FollowedByResponse(_) => matches!(judges, Judges::Part),
            _ => matches!(judges, Judges::Exchange),
        }
    }

    /// The ids of the signs that it asks for.
    pub fn signs(&self) -> &[String] {
        match self {
            Condition::PromptSigns(signs) | Condition::ResponseSigns(signs) => signs,
            _ => &[],
        }
    }
}
