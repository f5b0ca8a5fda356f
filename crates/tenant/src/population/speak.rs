//! How the prompts of the labelled corpora are put together: phrases, what fills their slots, and how carelessly
//! people type.

use std::fmt::Write;

use crate::draw::{hash, unit};
use crate::population::compose;
use crate::population::item::{App, Content, Item};
use crate::population::phrases::{Labels, Phrases, phrases};
use crate::population::texts::{LANGUAGES, is_spaced};

/// Names that need no inflection in any language.
const ORGANIZATIONS: [&str; 24] = [
    "Fabrikam",
    "Northwind",
    "Contoso",
    "Litware",
    "Proseware",
    "Tailspin",
    "Wingtip",
    "Woodgrove",
    "Relecloud",
    "Adatum",
    "Trey Research",
    "Lamna",
    "Margie's",
    "Munson",
    "Fourth Coffee",
    "VanArsdel",
    "Blue Yonder",
    "Graphic Design Institute",
    "Humongous",
    "Bellows",
    "Alpine Ski House",
    "Best For You",
    "Liberty's",
    "Consolidated Messenger",
];

/// Appends the text of a prompt, or of what else only the corpora have.
pub(crate) fn write(item: &Item, out: &mut String) {
    let words = Wording {
        item,
        phrases: phrases(item.corpus, item.language),
    };
    let phrases = words.phrases;
    match item.content {
        Content::Request => words.typed(&words.request(), out),
        Content::FollowUp => words.typed(words.favorite(phrases.follow_ups), out),
        Content::Courtesy => words.typed(words.favorite(phrases.courtesies), out),
        Content::Around => words.typed(&words.dressed(words.one(phrases.around, 10)), out),
        Content::Pasted => words.pasted(out),
        Content::Echo => words.typed(words.label(&phrases.listed), out),
        Content::Handout => words.fill(words.one(phrases.handouts, 10), out),
        Content::Listed => words.fill(words.label(&phrases.listed), out),
        Content::Unlisted => words.fill(words.label(&phrases.unlisted), out),
        Content::Drawn => words.fill(words.one(phrases.drawn, 10), out),
        Content::Opening => words.fill(words.favorite(phrases.openings), out),
        // Set up once with care.
        Content::Recurring => words.fill(&words.request(), out),
        Content::Suggestion => words.fill(words.one(phrases.proactive, 10), out),
        Content::AdminTask => words.fill(words.one(phrases.admin, 10), out),
        Content::Refusal => words.fill(words.favorite(phrases.refusals), out),
        _ => {}
    }
}

/// What ends a sentence.
const MARKS: [char; 7] = ['.', '?', '!', '。', '？', '！', '…'];

fn recase_first(text: &mut String, recase: impl Fn(char) -> String) {
    if let Some(first) = text.chars().next() {
        text.replace_range(..first.len_utf8(), &recase(first));
    }
}

/// The words of one item.
struct Wording<'a> {
    item: &'a Item,
    phrases: &'static Phrases,
}

impl Wording<'_> {
    /// A number of this text, for one purpose.
    fn drawn(&self, purpose: u64) -> u64 {
        hash(&[self.item.words, purpose])
    }

    fn one<T: Copy>(&self, from: &[T], purpose: u64) -> T {
        from[(self.drawn(purpose) % from.len() as u64) as usize]
    }

    /// One of these, the first ones more often.
    fn favorite<T: Copy>(&self, from: &[T]) -> T {
        let drawn = unit(self.drawn(11));
        from[((drawn * drawn * from.len() as f64) as usize).min(from.len() - 1)]
    }

    /// A ready-made prompt of the place where the item is.
    fn label(&self, labels: &Labels) -> &'static str {
        let offered = match self.item.app {
            _ if self.item.meeting => labels.meeting,
            App::Word => labels.word,
            App::Excel => labels.excel,
            App::PowerPoint => labels.powerpoint,
            App::Outlook => labels.outlook,
            _ => labels.chat,
        };
        self.favorite(offered)
    }

    /// A whole request, or one in a frame.
    fn request(&self) -> String {
        let phrases = self.phrases;
        if self.drawn(12) % 100 < 60 {
            return self.dressed(self.one(phrases.requests, 14));
        }
        let wish = self.one(phrases.wishes, 15);
        self.dressed(&self.one(phrases.frames, 16).replace("{wish}", wish))
    }

    /// At times with a sentence before it, or after. What says nothing of anybody's own work hardly stands alone: two
    /// people don't write a whole sentence in the same words.
    fn dressed(&self, request: &str) -> String {
        let phrases = self.phrases;
        let mut text = String::new();
        let way = self.drawn(19);
        let bare = !request.contains('{');
        if way % 100 < if bare { 70 } else { 22 } {
            text.push_str(self.one(phrases.leads, 13));
            text.push_str(self.between());
        }
        text.push_str(request);
        if (way >> 16) % 100 < if bare { 85 } else { 38 } {
            if !text.ends_with(MARKS) {
                text.push(if self.spaced() { '.' } else { '。' });
            }
            text.push_str(self.between());
            text.push_str(self.one(phrases.tails, 17));
        }
        text
    }

    fn spaced(&self) -> bool {
        is_spaced(self.item.language)
    }

    /// What stands between two sentences.
    fn between(&self) -> &'static str {
        if self.spaced() { " " } else { "" }
    }

    /// Fills the slots, and types it as people do.
    fn typed(&self, template: &str, out: &mut String) {
        let mut text = String::new();
        self.fill(template, &mut text);
        self.carelessly(&mut text);
        out.push_str(&text);
    }

    /// As this person writes: everyone has a way with capitals and with the last mark, kept to most of the time, and a
    /// share of slips.
    fn carelessly(&self, text: &mut String) {
        let hand = u64::from(self.item.hand);
        let mood = self.drawn(20);
        let by_habit = |place: u32| (mood >> (8 * place)) % 100 < 85;
        match hand % 10 {
            0..=3 if by_habit(0) => recase_first(text, |first| first.to_uppercase().collect()),
            4..=5 if by_habit(0) => recase_first(text, |first| first.to_lowercase().collect()),
            // Lower case changes the number of letters in Turkish.
            6 if by_habit(0) && self.phrases.locale != "tr-tr" => *text = text.to_lowercase(),
            _ => {}
        }
        let marked = text.ends_with(MARKS);
        match hand / 10 % 5 {
            0 if !marked && by_habit(1) => text.push(if self.spaced() { '.' } else { '。' }),
            1 | 2 if marked && by_habit(1) => {
                text.pop();
            }
            3 if text.ends_with(['!', '?', '！', '？']) && !by_habit(1) => {
                text.extend(text.chars().last());
            }
            _ => {}
        }
        if (mood >> 24) % 100 < 4 + 4 * (hand / 50) {
            *text = self.slip(text);
        }
    }

    /// One slip of the finger: two letters exchanged, one left out, one doubled. Texts without words apart keep theirs,
    /// since an input method writes them.
    fn slip(&self, text: &str) -> String {
        let mut letters: Vec<char> = text.chars().collect();
        // Within a word, so that neither a name's first letter nor a space moves.
        let inner: Vec<usize> = (1..letters.len().saturating_sub(2))
            .filter(|at| {
                letters[at - 1..=at + 1]
                    .iter()
                    .all(|letter| letter.is_lowercase())
            })
            .collect();
        if inner.is_empty() {
            return text.to_owned();
        }
        let at = self.one(&inner, 21);
        match self.drawn(22) % 3 {
            0 => letters.swap(at, at + 1),
            1 => {
                letters.remove(at);
            }
            _ => letters.insert(at, letters[at]),
        }
        letters.into_iter().collect()
    }

    /// A request, and under it some sentences, a list or a mail from elsewhere.
    fn pasted(&self, out: &mut String) {
        self.typed(self.one(self.phrases.pastes, 10), out);
        out.push_str("\n\n");
        // The first and the last two are what only an assistant says.
        let sentences = LANGUAGES[self.item.language as usize].sentences;
        let sentences = &sentences[1..sentences.len() - 2];
        let count = 2 + self.drawn(30) % 4;
        let first = self.drawn(31);
        let (mark, joint) = match self.drawn(32) % 3 {
            0 => ("- ", "\n"),
            1 => ("", "\n\n"),
            _ => ("", self.between()),
        };
        for nth in 0..count {
            if nth > 0 {
                out.push_str(joint);
            }
            out.push_str(mark);
            let place = (first + nth) % sentences.len() as u64;
            self.fill(sentences[place as usize], out);
        }
        if self.drawn(33).is_multiple_of(3) {
            let _ = write!(out, "\n\n{}", self.name());
        }
    }

    fn name(&self) -> String {
        compose::full_name(self.item, self.drawn(3))
    }

    fn fill(&self, template: &str, out: &mut String) {
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            let Some((slot, after)) = after.split_once('}') else {
                rest = after;
                break;
            };
            self.fill_slot(slot, out);
            rest = after;
        }
        out.push_str(rest);
    }

    fn fill_slot(&self, slot: &str, out: &mut String) {
        let phrases = self.phrases;
        let topic = phrases.topics[(self.drawn(1) % phrases.topics.len() as u64) as usize];
        match slot {
            "topic" => {
                out.push_str(topic.0);
                self.say_which(out);
            }
            "about" => match topic.1.strip_prefix(topic.0) {
                // The thing, which one, and only then the word for "about".
                Some(after) if matches!(phrases.locale, "ja-jp" | "ko-kr" | "tr-tr") => {
                    out.push_str(topic.0);
                    self.say_which(out);
                    out.push_str(after);
                }
                _ => {
                    out.push_str(topic.1);
                    self.say_which(out);
                }
            },
            "name" => out.push_str(&self.name()),
            "file" => out.push_str(&self.file()),
            "meeting" => out.push_str(self.one(phrases.meetings, 5)),
            "when" => out.push_str(self.one(phrases.whens, 6)),
            "org" => out.push_str(self.one(&ORGANIZATIONS, 7)),
            "code" => out.push_str(&self.code()),
            _ => {
                let _ = write!(out, "{}", 2 + self.drawn(4) % 18);
            }
        }
    }

    /// There are several budgets and audits, and whoever types says at times which one is meant.
    fn say_which(&self, out: &mut String) {
        let typed = matches!(
            self.item.content,
            Content::Request | Content::Around | Content::Pasted | Content::Recurring
        );
        match self.drawn(23) % 100 {
            0..30 if typed => {
                let _ = write!(out, " ({})", self.one(&ORGANIZATIONS, 24));
            }
            30..45 if typed => {
                let _ = write!(out, " {}", self.code());
            }
            _ => {}
        }
    }

    fn code(&self) -> String {
        let kind = self.one(&["INC-", "PRJ-", "RFQ ", "#"], 8);
        format!("{kind}{}", 1_000 + self.drawn(9) % 89_000)
    }

    /// The file at hand, or one that comes to mind.
    fn file(&self) -> String {
        if !self.item.meeting
            && self.item.app != App::Outlook
            && let Some(place) = compose::place(self.item)
        {
            return place.name;
        }
        let drawn = self.drawn(2);
        let mut name = compose::file_name(self.item, drawn);
        if (drawn >> 40).is_multiple_of(2) {
            name.push_str(self.one(&[".docx", ".xlsx", ".pptx", ".pdf"], 18));
        }
        name
    }
}
