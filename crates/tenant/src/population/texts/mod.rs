//! What people write and read, language by language: data, no logic.
//!
//! `{topic}`, `{file}`, `{name}` and `{n}` are slots. A label is the text of a button: who presses it typed nothing.

mod asian;
mod english;
mod germanic;
mod nordic;
mod romance;
mod slavic;
mod strange;

pub(crate) use strange::STRANGE;

/// The texts of one language.
pub(crate) struct Texts {
    /// As Graph writes it: `de-de`.
    pub(crate) locale: &'static str,
    /// Prompts that a person types.
    pub(crate) typed: &'static [&'static str],
    /// Prompts behind buttons.
    pub(crate) labels: &'static [&'static str],
    /// What Word asks on its own as a document opens.
    pub(crate) summary: &'static str,
    /// What work is about.
    pub(crate) topics: &'static [&'static str],
    /// Names of files, without the ending.
    pub(crate) files: &'static [&'static str],
    /// Sentences of answers.
    pub(crate) sentences: &'static [&'static str],
    /// An answer that declines.
    pub(crate) refusal: &'static str,
}

/// All languages. The place in this list is what items carry.
pub(crate) const LANGUAGES: [&Texts; 20] = [
    &english::EN_US,
    &english::EN_GB,
    &germanic::DE_DE,
    &romance::FR_FR,
    &romance::ES_ES,
    &romance::IT_IT,
    &romance::PT_PT,
    &romance::PT_BR,
    &germanic::NL_NL,
    &slavic::PL_PL,
    &nordic::SV_SE,
    &nordic::DA_DK,
    &nordic::NB_NO,
    &nordic::FI_FI,
    &slavic::CS_CZ,
    &slavic::TR_TR,
    &asian::JA_JP,
    &asian::KO_KR,
    &asian::ZH_CN,
    &asian::ZH_TW,
];

/// The place of a culture's language; English where there is none of its own.
pub(crate) fn language_of(locale: &str) -> u8 {
    LANGUAGES
        .iter()
        .position(|texts| texts.locale == locale)
        .unwrap_or(0) as u8
}

/// The places of English in [`LANGUAGES`]: US and UK.
pub(crate) const ENGLISH: [u8; 2] = [0, 1];

/// Whether a language is English.
pub(crate) fn is_english(language: u8) -> bool {
    ENGLISH.contains(&language)
}

/// Whether a language puts spaces between sentences.
pub(crate) fn is_spaced(language: u8) -> bool {
    !matches!(
        LANGUAGES[language as usize].locale,
        "ja-jp" | "zh-cn" | "zh-tw"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_enough_to_say() {
        for texts in LANGUAGES {
            let locale = texts.locale;
            assert!(texts.typed.len() >= 6, "{locale}");
            assert!(texts.labels.len() >= 4, "{locale}");
            assert!(texts.topics.len() >= 6, "{locale}");
            assert!(texts.files.len() >= 3, "{locale}");
            assert!(texts.sentences.len() >= 6, "{locale}");
            assert!(
                !texts.refusal.is_empty() && !texts.summary.is_empty(),
                "{locale}"
            );
            assert!(
                texts.labels.iter().all(|label| !label.contains('{')),
                "{locale}: a label has no slot"
            );
        }
    }

    #[test]
    fn slots_are_known() {
        for texts in LANGUAGES {
            for text in texts.typed.iter().chain(texts.sentences) {
                for slot in text.split('{').skip(1) {
                    let name = slot.split('}').next().unwrap_or("");
                    assert!(
                        ["topic", "file", "name", "n"].contains(&name),
                        "{}: {text}",
                        texts.locale
                    );
                }
            }
        }
    }
}
