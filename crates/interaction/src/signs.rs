//! Literal signs in texts, found while a text passes by and kept as their ids.
//!
//! What a sign means is up to whoever lists it; nothing is known of that here. Signs are compared
//! in [normal form](crate::fingerprint::normal()), so that case, spacing and the form of quotes do not
//! matter, and are looked for in the whole text.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::Kind;
use crate::fingerprint::{PIECE_BYTES, normal};

/// In what a sign is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignOf {
    /// Prompts.
    Prompt,
    /// Responses.
    Response,
    /// Either.
    Both,
}

/// Where in the text a sign stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignHow {
    /// It is the whole text.
    Is,
    /// It is the beginning.
    Begins,
    /// Anywhere.
    Contains,
}

/// One literal text; several may have one id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sign {
    /// What is kept where it is found. Without commas.
    pub id: String,
    /// In what it is looked for.
    pub of: SignOf,
    /// Where it stands.
    pub how: SignHow,
    /// The text.
    pub text: String,
    /// Only texts of at most so many characters, in normal form, are looked through: what says
    /// much in a short answer says nothing in a long one.
    pub chars_max: Option<u32>,
}

/// Why no [`Signs`] can be made of a list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignsError {
    /// An id that could not be told from others in a list.
    #[error("the sign's id {0:?} is empty or has a comma, a space or a control character")]
    Id(String),
    /// Of the text nothing is left in normal form.
    #[error(
        "a text of the sign {0:?} has nothing but punctuation and spaces: it would be found everywhere"
    )]
    Blank(String),
    /// More or longer texts than can be searched for at once.
    #[error("the signs are too many or too long to be searched for at once: {0}")]
    TooMany(String),
}

/// Many signs, looked for at once. Cheap to clone; [`Signs::default`] knows none.
#[derive(Debug, Clone, Default)]
pub struct Signs(Arc<Known>);

#[derive(Debug, Default)]
struct Known {
    /// Sorted, so that places are in the order in which ids are kept.
    ids: Vec<String>,
    prompt: Searched,
    response: Searched,
}

type Place = u16;

/// An id's place, and the characters of the longest text that it is found in.
type Found = (Place, u32);

/// What is looked for in one kind of text.
#[derive(Debug, Default)]
struct Searched {
    is: HashMap<Vec<u8>, Vec<Found>>,
    is_bytes_max: usize,
    begins: Beginnings,
    contains: Option<Anywhere>,
    /// What is looked for in short texts alone, apart, so that long ones do not pay for it.
    contains_short: Option<Anywhere>,
    short_chars_max: u32,
}

impl Signs {
    /// The signs of a list.
    ///
    /// # Errors
    /// See [`SignsError`].
    pub fn new(signs: &[Sign]) -> Result<Signs, SignsError> {
        let mut ids: Vec<String> = signs.iter().map(|sign| sign.id.clone()).collect();
        ids.sort();
        ids.dedup();
        let is_bad = |id: &&String| {
            id.is_empty() || id.contains(|c: char| c == ',' || c.is_whitespace() || c.is_control())
        };
        if let Some(id) = ids.iter().find(is_bad) {
            return Err(SignsError::Id(id.clone()));
        }
        if ids.len() > usize::from(Place::MAX) {
            return Err(SignsError::TooMany(format!("{} ids", ids.len())));
        }
        let of = |kind: SignOf| {
            let signs = signs
                .iter()
                .filter(|sign| sign.of == kind || sign.of == SignOf::Both);
            Searched::of(signs, &ids)
        };
        let known = Known {
            prompt: of(SignOf::Prompt)?,
            response: of(SignOf::Response)?,
            ids,
        };
        Ok(Signs(Arc::new(known)))
    }

    /// Looks through a text of this kind as it passes by.
    pub(crate) fn search(&self, kind: &Kind) -> Search<'_> {
        let searched = match kind {
            Kind::Prompt => Some(&self.0.prompt),
            Kind::Response => Some(&self.0.response),
            Kind::Other(_) => None,
        };
        Search {
            ids: &self.0.ids,
            searched,
            end: None,
            found: Vec::new(),
            chars: u32::MAX,
        }
    }
}

impl Searched {
    fn of<'s>(
        signs: impl Iterator<Item = &'s Sign>,
        ids: &[String],
    ) -> Result<Searched, SignsError> {
        let mut searched = Searched::default();
        let mut begins: BTreeMap<Vec<u8>, Vec<Found>> = BTreeMap::new();
        let mut contains: BTreeMap<Vec<u8>, Vec<Found>> = BTreeMap::new();
        let mut contains_short: BTreeMap<Vec<u8>, Vec<Found>> = BTreeMap::new();
        for sign in signs {
            let text = normal(&sign.text).into_bytes();
            if text.is_empty() {
                return Err(SignsError::Blank(sign.id.clone()));
            }
            if text.len() > PIECE_BYTES {
                return Err(SignsError::TooMany(format!(
                    "{} bytes in {:?}",
                    text.len(),
                    sign.id
                )));
            }
            let place = ids.partition_point(|id| *id < sign.id) as Place;
            let found = (place, sign.chars_max.unwrap_or(u32::MAX));
            match sign.how {
                SignHow::Is => {
                    searched.is_bytes_max = searched.is_bytes_max.max(text.len());
                    searched.is.entry(text).or_default().push(found);
                }
                SignHow::Begins => begins.entry(text).or_default().push(found),
                SignHow::Contains => {
                    let among = match sign.chars_max {
                        None => &mut contains,
                        Some(chars) => {
                            searched.short_chars_max = searched.short_chars_max.max(chars);
                            &mut contains_short
                        }
                    };
                    among.entry(text).or_default().push(found);
                }
            }
        }
        searched.begins = Beginnings::of(begins);
        searched.contains = Anywhere::of(contains)?;
        searched.contains_short = Anywhere::of(contains_short)?;
        Ok(searched)
    }
}

/// Texts in order, each with the longest other one that it begins with.
#[derive(Debug, Default)]
struct Beginnings(Vec<Beginning>);

#[derive(Debug)]
struct Beginning {
    text: Vec<u8>,
    found: Vec<Found>,
    shorter: Option<usize>,
}

impl Beginnings {
    fn of(texts: BTreeMap<Vec<u8>, Vec<Found>>) -> Beginnings {
        let mut all: Vec<Beginning> = Vec::new();
        for (text, found) in texts {
            let mut shorter = all.len().checked_sub(1);
            while let Some(place) = shorter
                && !text.starts_with(&all[place].text)
            {
                shorter = all[place].shorter;
            }
            all.push(Beginning {
                text,
                found,
                shorter,
            });
        }
        Beginnings(all)
    }

    /// Of all that `start` begins with: the longest is the last text not after `start`, or the
    /// longest that this one begins with, and so on.
    fn find(&self, start: &[u8], found: &mut Vec<Found>) {
        let mut place = self
            .0
            .partition_point(|it| *it.text <= *start)
            .checked_sub(1);
        while let Some(at) = place {
            let beginning = &self.0[at];
            if start.starts_with(&beginning.text) {
                found.extend(&beginning.found);
            }
            place = beginning.shorter;
        }
    }
}

#[derive(Debug)]
struct Anywhere {
    texts: AhoCorasick,
    found: Vec<Vec<Found>>,
    longest_bytes: usize,
}

impl Anywhere {
    fn of(texts: BTreeMap<Vec<u8>, Vec<Found>>) -> Result<Option<Anywhere>, SignsError> {
        if texts.is_empty() {
            return Ok(None);
        }
        let (texts, found): (Vec<Vec<u8>>, Vec<Vec<Found>>) = texts.into_iter().unzip();
        let longest_bytes = texts.iter().map(Vec::len).max().unwrap_or_default();
        let texts = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(texts)
            .map_err(|error| SignsError::TooMany(error.to_string()))?;
        Ok(Some(Anywhere {
            texts,
            found,
            longest_bytes,
        }))
    }

    fn find(&self, text: &[u8], found: &mut Vec<Found>) {
        for at in self.texts.find_overlapping_iter(text) {
            found.extend(&self.found[at.pattern().as_usize()]);
        }
    }
}

/// A search in progress: takes the normal form of a text piece by piece, as a
/// [`Sink`](crate::fingerprint::Sink).
pub(crate) struct Search<'s> {
    ids: &'s [String],
    searched: Option<&'s Searched>,
    /// Of the piece before: a sign may begin there and end in the next. None at the beginning.
    end: Option<Vec<u8>>,
    found: Vec<Found>,
    /// Of the whole text, where it is short; else the most that there can be.
    chars: u32,
}

impl Search<'_> {
    pub(crate) fn take(&mut self, piece: &[u8], is_last: bool) {
        let Some(searched) = self.searched else {
            return;
        };
        if self.end.is_none() {
            searched.begins.find(piece, &mut self.found);
            if is_last
                && piece.len() <= searched.is_bytes_max
                && let Some(places) = searched.is.get(piece)
            {
                self.found.extend(places);
            }
            if is_last {
                self.look_through_short(piece, searched);
            }
        }
        let mut end = self.end.take().unwrap_or_default();
        if let Some(contains) = &searched.contains {
            contains.find(piece, &mut self.found);
            let overlap = contains.longest_bytes - 1;
            if !end.is_empty() {
                end.extend_from_slice(&piece[..piece.len().min(overlap)]);
                contains.find(&end, &mut self.found);
                end.clear();
            }
            if !is_last {
                end.extend_from_slice(&piece[piece.len().saturating_sub(overlap)..]);
            }
        }
        self.end = Some(end);
    }

    fn look_through_short(&mut self, text: &[u8], searched: &Searched) {
        // Whether a limit is kept matters only where something was found, or may be.
        let begins_short = self
            .found
            .iter()
            .any(|(_, chars_max)| *chars_max < u32::MAX);
        let may_be_short = text.len() / 4 <= searched.short_chars_max as usize;
        if begins_short || searched.contains_short.is_some() && may_be_short {
            let chars = text
                .iter()
                .filter(|byte| !matches!(byte, 0x80..0xC0))
                .count();
            self.chars = u32::try_from(chars).unwrap_or(u32::MAX);
        }
        if let Some(contains) = &searched.contains_short
            && self.chars <= searched.short_chars_max
        {
            contains.find(text, &mut self.found);
        }
    }

    pub(crate) fn restart(&mut self) {
        self.end = None;
        self.chars = u32::MAX;
        self.found.clear();
    }

    /// The ids of all that was found, in order, joined by commas.
    pub(crate) fn finish(mut self) -> Option<String> {
        let chars = self.chars;
        let is_in_limit = |(_, chars_max): &Found| *chars_max == u32::MAX || chars <= *chars_max;
        self.found.retain(is_in_limit);
        if self.found.is_empty() {
            return None;
        }
        self.found.sort_unstable();
        self.found.dedup_by_key(|(place, _)| *place);
        let ids: Vec<&str> = self
            .found
            .iter()
            .map(|(place, _)| &*self.ids[usize::from(*place)])
            .collect();
        Some(ids.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sign(id: &str, of: SignOf, how: SignHow, text: &str) -> Sign {
        Sign {
            id: id.to_owned(),
            of,
            how,
            text: text.to_owned(),
            chars_max: None,
        }
    }

    fn signs() -> Signs {
        use {SignHow::*, SignOf::*};
        Signs::new(&[
            sign("searching", Response, Is, "Searching…"),
            sign("refusal", Response, Begins, "I'm sorry, but"),
            sign("refusal", Response, Begins, "I can’t"),
            sign("cannot-help", Response, Begins, "I can't help"),
            sign("retry", Response, Contains, "please try again"),
            sign("thinking", Both, Begins, "Thinking"),
            sign("slash", Prompt, Contains, "/summarize"),
            Sign {
                chars_max: Some(20),
                ..sign("short", Response, Contains, "not able")
            },
            Sign {
                chars_max: Some(12),
                ..sign("short", Response, Begins, "nó")
            },
        ])
        .expect("good signs")
    }

    fn found(kind: &Kind, pieces: &[&str]) -> String {
        let signs = signs();
        let mut search = signs.search(kind);
        search.take(b"thinking of something else", false);
        search.restart();
        for (place, piece) in pieces.iter().enumerate() {
            search.take(piece.as_bytes(), place + 1 == pieces.len());
        }
        search.finish().unwrap_or_default()
    }

    #[test]
    fn signs_are_found_where_they_have_to_stand() {
        for (text, expected) in [
            ("searching", "searching"),
            ("searching the web", ""),
            ("i'm sorry, but no. please try again", "refusal,retry"),
            ("well, i'm sorry, but no", ""),
            ("i can't help you", "cannot-help,refusal"),
            ("i can't", "refusal"),
            ("i can", ""),
            ("thinking: hm", "thinking"),
            ("i'm not able to. ooo", "short"),
            ("i'm not able to. oooo", ""),
            ("nó is what i", "short"),
            ("nó is what it", ""),
            ("/summarize", ""),
            ("", ""),
        ] {
            assert_eq!(found(&Kind::Response, &[text]), expected, "{text}");
        }
        assert_eq!(found(&Kind::Prompt, &["now /summarize"]), "slash");
        assert_eq!(found(&Kind::Prompt, &["searching"]), "");
        assert_eq!(found(&Kind::Other("x".to_owned()), &["thinking"]), "");
    }

    #[test]
    fn a_cut_between_pieces_hides_nothing() {
        let beginning = format!("i can't help with that. {}", "no. ".repeat(PIECE_BYTES / 4));
        let text = format!("{beginning}please try again{}", " no".repeat(PIECE_BYTES));
        for cut in PIECE_BYTES..PIECE_BYTES + 60 {
            for second in PIECE_BYTES..PIECE_BYTES + 3 {
                let (first, rest) = text.split_at(cut);
                let (second, last) = rest.split_at(second);
                let pieces = [first, second, last];
                assert_eq!(
                    found(&Kind::Response, &pieces),
                    "cannot-help,refusal,retry",
                    "{cut}"
                );
            }
        }
        let text = ["searching", &" ".repeat(PIECE_BYTES), "x"].concat();
        assert_eq!(
            found(
                &Kind::Response,
                &[&text[..PIECE_BYTES + 9], &text[PIECE_BYTES + 9..]]
            ),
            ""
        );
    }

    #[test]
    fn bad_lists_are_refused() {
        let of =
            |id, text| Signs::new(&[sign(id, SignOf::Both, SignHow::Contains, text)]).map(drop);
        assert_eq!(of("a,b", "x"), Err(SignsError::Id("a,b".to_owned())));
        assert_eq!(of("", "x"), Err(SignsError::Id(String::new())));
        assert_eq!(of("a", " … "), Err(SignsError::Blank("a".to_owned())));
        assert_eq!(of("a", "x"), Ok(()));
    }
}
