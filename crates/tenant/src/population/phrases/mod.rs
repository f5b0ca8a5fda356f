//! What people say and press in the labelled corpora, language by language, twice: once for whoever makes rules, and
//! once in other words, with other buttons and other automatic texts, in the files `held_out_*`. Data, no logic.
//!
//! Slots: `{topic}` (what it is about, where a sentence's subject or object stands), `{about}` (the same after a
//! preposition, which is part of it), `{name}`, `{file}`, `{meeting}`, `{when}`, `{org}`, `{code}`, `{n}`; in a frame
//! also `{wish}`.
//!
//! Listed labels: the prompts below the compose box of a Teams meeting ("Recap meeting so far", "List action items",
//! "Suggest follow-up questions", "What questions are unresolved?", "List different perspectives by topic", "List main
//! items we discussed", "Generate meeting notes") stand on Microsoft's page "Use Copilot in Microsoft Teams meetings"
//! (support.microsoft.com, 0bf9dd3c-96f7-44e2-8bb8-790bedf066b1, read in its zh-cn version); summaries of the last 1, 7
//! and 30 days of a chat, decisions made and open items on "Frequently asked questions about Copilot in Microsoft
//! Teams" (e8737767-4087-4ae6-b1d8-10264152b05a, read in English, German, French, Spanish and Japanese); "Summary by
//! Copilot", "Summarize", "Draft with Copilot" and "Coaching by Copilot" on the one about Outlook
//! (07420c70-099e-4552-8522-7d426712917b). Labels of Word, Excel and PowerPoint are those that users see; where a
//! language's own page was not at hand, they are put as Microsoft's localized pages put such commands. Unlisted labels
//! are invented.

mod asian;
mod english;
mod germanic;
mod held_out_asian;
mod held_out_english;
mod held_out_germanic;
mod held_out_nordic;
mod held_out_portuguese;
mod held_out_romance;
mod held_out_slavic;
mod nordic;
mod portuguese;
mod romance;
mod slavic;

use crate::options::Corpus;

/// Ready-made prompts by the place where they are offered; none of them empty.
pub(crate) struct Labels {
    /// In the chat, and wherever there is no list of its own.
    pub(crate) chat: &'static [&'static str],
    /// Beside a document.
    pub(crate) word: &'static [&'static str],
    /// Beside a sheet.
    pub(crate) excel: &'static [&'static str],
    /// Beside slides.
    pub(crate) powerpoint: &'static [&'static str],
    /// At a mail.
    pub(crate) outlook: &'static [&'static str],
    /// In a meeting.
    pub(crate) meeting: &'static [&'static str],
}

/// The words of one language in one corpus.
pub(crate) struct Phrases {
    /// As Graph writes it.
    pub(crate) locale: &'static str,
    /// Whole requests.
    pub(crate) requests: &'static [&'static str],
    /// Ways of asking, around `{wish}`.
    pub(crate) frames: &'static [&'static str],
    /// What is asked for, in the form that the frames need.
    pub(crate) wishes: &'static [&'static str],
    /// Sentences before a request.
    pub(crate) leads: &'static [&'static str],
    /// Sentences after a request.
    pub(crate) tails: &'static [&'static str],
    /// Said about the last answer.
    pub(crate) follow_ups: &'static [&'static str],
    /// Greetings and thanks.
    pub(crate) courtesies: &'static [&'static str],
    /// Longer prompts with the words of a button in them.
    pub(crate) around: &'static [&'static str],
    /// What stands before a pasted text.
    pub(crate) pastes: &'static [&'static str],
    /// Prompts of courses.
    pub(crate) handouts: &'static [&'static str],
    /// What work is about: as subject or object, and after a preposition.
    pub(crate) topics: &'static [(&'static str, &'static str)],
    /// Names of meetings.
    pub(crate) meetings: &'static [&'static str],
    /// Times: "since Monday".
    pub(crate) whens: &'static [&'static str],
    /// Ready-made prompts that Microsoft documents.
    pub(crate) listed: Labels,
    /// Ready-made prompts that no list knows.
    pub(crate) unlisted: Labels,
    /// Follow-up questions as they are offered under one answer.
    pub(crate) drawn: &'static [&'static str],
    /// What apps ask as a document opens.
    pub(crate) openings: &'static [&'static str],
    /// What the service writes on its own.
    pub(crate) proactive: &'static [&'static str],
    /// Prompts of the admin center.
    pub(crate) admin: &'static [&'static str],
    /// Answers that decline or fail.
    pub(crate) refusals: &'static [&'static str],
}

/// In the order of `texts::LANGUAGES`.
const TUNING: [&Phrases; 20] = [
    &english::EN_US,
    &english::EN_GB,
    &germanic::DE_DE,
    &romance::FR_FR,
    &romance::ES_ES,
    &romance::IT_IT,
    &portuguese::PT_PT,
    &portuguese::PT_BR,
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

/// Likewise.
const HELD_OUT: [&Phrases; 20] = [
    &held_out_english::EN_US,
    &held_out_english::EN_GB,
    &held_out_germanic::DE_DE,
    &held_out_romance::FR_FR,
    &held_out_romance::ES_ES,
    &held_out_romance::IT_IT,
    &held_out_portuguese::PT_PT,
    &held_out_portuguese::PT_BR,
    &held_out_germanic::NL_NL,
    &held_out_slavic::PL_PL,
    &held_out_nordic::SV_SE,
    &held_out_nordic::DA_DK,
    &held_out_nordic::NB_NO,
    &held_out_nordic::FI_FI,
    &held_out_slavic::CS_CZ,
    &held_out_slavic::TR_TR,
    &held_out_asian::JA_JP,
    &held_out_asian::KO_KR,
    &held_out_asian::ZH_CN,
    &held_out_asian::ZH_TW,
];

/// The words of a language (its place in `texts::LANGUAGES`) in a corpus.
pub(crate) fn phrases(corpus: Corpus, language: u8) -> &'static Phrases {
    match corpus {
        Corpus::HeldOut => HELD_OUT[language as usize],
        Corpus::Everyday | Corpus::Tuning => TUNING[language as usize],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;
    use crate::population::texts::LANGUAGES;

    const SLOTS: [&str; 9] = [
        "topic", "about", "name", "file", "meeting", "when", "org", "code", "n",
    ];

    impl Labels {
        fn all(&self) -> impl Iterator<Item = &'static str> {
            [
                self.chat,
                self.word,
                self.excel,
                self.powerpoint,
                self.outlook,
                self.meeting,
            ]
            .into_iter()
            .inspect(|labels| assert!(!labels.is_empty()))
            .flatten()
            .copied()
        }
    }

    impl Phrases {
        /// All texts that a person or an app sends, by kind.
        fn sent(&self) -> Vec<(&'static str, &'static str)> {
            let kinds: [(&str, &[&str]); 15] = [
                ("request", self.requests),
                ("frame", self.frames),
                ("wish", self.wishes),
                ("lead", self.leads),
                ("tail", self.tails),
                ("follow-up", self.follow_ups),
                ("courtesy", self.courtesies),
                ("around", self.around),
                ("paste", self.pastes),
                ("handout", self.handouts),
                ("drawn", self.drawn),
                ("opening", self.openings),
                ("proactive", self.proactive),
                ("admin", self.admin),
                ("refusal", self.refusals),
            ];
            let mut sent: Vec<_> = kinds
                .iter()
                .flat_map(|(kind, texts)| texts.iter().map(|text| (*kind, *text)))
                .collect();
            sent.extend(self.listed.all().map(|text| ("listed", text)));
            sent.extend(self.unlisted.all().map(|text| ("unlisted", text)));
            sent
        }
    }

    #[test]
    fn every_language_has_enough_of_everything_in_both_corpora() {
        for (language, texts) in LANGUAGES.iter().enumerate() {
            for corpus in [Corpus::Tuning, Corpus::HeldOut] {
                let phrases = phrases(corpus, language as u8);
                let locale = phrases.locale;
                assert_eq!(locale, texts.locale);
                let mut counts: HashMap<&str, usize> = HashMap::new();
                for (kind, _) in phrases.sent() {
                    *counts.entry(kind).or_default() += 1;
                }
                for (kind, least) in [
                    ("request", 10),
                    ("frame", 2),
                    ("wish", 5),
                    ("lead", 3),
                    ("tail", 5),
                    ("follow-up", 8),
                    ("courtesy", 4),
                    ("around", 4),
                    ("paste", 3),
                    ("handout", 1),
                    ("drawn", 2),
                    ("opening", 2),
                    ("proactive", 2),
                    ("admin", 2),
                    ("refusal", 3),
                    ("listed", 10),
                    ("unlisted", 8),
                ] {
                    assert!(counts[kind] >= least, "{locale} {corpus}: {kind}");
                }
                assert!(phrases.topics.len() >= 8, "{locale} {corpus}");
                assert!(phrases.meetings.len() >= 3, "{locale} {corpus}");
                assert!(phrases.whens.len() >= 5, "{locale} {corpus}");
            }
        }
    }

    #[test]
    fn slots_are_known_and_texts_are_clean() {
        for phrases in TUNING.iter().chain(&HELD_OUT) {
            for (kind, text) in phrases.sent() {
                let place = || format!("{} {kind}: {text:?}", phrases.locale);
                for slot in text.split('{').skip(1) {
                    let name = slot.split('}').next().unwrap_or("");
                    let known = SLOTS.contains(&name) || (kind == "frame" && name == "wish");
                    assert!(known, "{}", place());
                }
                assert_eq!(text.contains("{wish}"), kind == "frame", "{}", place());
                assert_eq!(text.trim(), text, "{}", place());
                assert!(!text.contains("  ") && !text.contains('\t'), "{}", place());
            }
        }
    }

    /// What is held out is other text, or nothing is held out: not even in a neighbor's language.
    #[test]
    fn the_corpora_share_no_text() {
        let plain = |text: &str| {
            let text = text.to_lowercase();
            let end: &[char] = &['.', '?', '!', ':', '。', '？', '！', '：'];
            text.trim_end_matches(end).to_owned()
        };
        let known: HashSet<String> = TUNING
            .iter()
            .flat_map(|phrases| phrases.sent())
            .map(|(_, text)| plain(text))
            .collect();
        let shared: Vec<_> = HELD_OUT
            .iter()
            .flat_map(|phrases| {
                let sent = phrases.sent().into_iter();
                sent.map(|(kind, text)| (phrases.locale, kind, text))
            })
            .filter(|(_, _, text)| known.contains(&plain(text)))
            .collect();
        assert!(shared.is_empty(), "{shared:#?}");
    }

    #[test]
    fn no_label_is_both_listed_and_unlisted() {
        for phrases in TUNING.iter().chain(&HELD_OUT) {
            let listed: HashSet<&str> = phrases.listed.all().collect();
            assert!(
                phrases.unlisted.all().all(|label| !listed.contains(label)),
                "{}",
                phrases.locale
            );
        }
    }
}
