//! Pages that people saved to files: as Graph answers them, as a bare array, as one item or page a
//! line, several after one another, in UTF-8 or (as PowerShell writes) UTF-16.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::Hash;

use memchr::{memchr, memchr_iter, memmem};
use serde_json::value::RawValue;

use crate::wire::{self, AiInteraction, NotAPage, Page, Unkept};

/// Bytes that may be read in vain, as a multiple of the file's own: a value that is not whole is
/// found out at its end, and the search goes on at its second line.
const READ_IN_VAIN_MAX: usize = 8;

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Saved {
    /// The items that can be kept, in the order of the file.
    pub items: Vec<AiInteraction<'static>>,
    /// The others, and the lines or stretches that are no JSON.
    pub unkept: Vec<Unkept>,
    /// The `@odata.nextLink` of the file's last page: the history goes on where the file ends.
    pub next_link: Option<String>,
}

/// Reads a saved file, whatever of the forms above it has. What can't be read is counted in
/// `unkept` and costs no more than itself: of a page that is cut off, the whole items are kept.
pub fn read(bytes: &[u8]) -> Saved {
    let text = decoded(bytes);
    let mut saved = Saved::default();
    let mut values = Values::of(&text);
    while let Some(value) = values.next() {
        match value {
            Value::Whole(json) => saved.add(json, values.is_damaged),
            // One page with a damage that can be repaired.
            Value::NotJson if saved == Saved::default() => match Page::read(text.as_bytes()) {
                Ok(page) => {
                    saved.add_page(page);
                    return saved;
                }
                Err(_) => saved.unkept.push(Unkept::NotJson),
            },
            Value::NotJson => saved.unkept.push(Unkept::NotJson),
        }
    }
    saved
}

impl Saved {
    fn add(&mut self, json: &str, is_in_damage: bool) {
        match json.as_bytes().first() {
            Some(b'{') => match Page::read(json.as_bytes()) {
                Ok(page) => self.add_page(page),
                Err(NotAPage::Json(_)) => self.unkept.push(Unkept::NotJson),
                Err(NotAPage::NoValue) => self.add_item(json, is_in_damage),
            },
            Some(b'[') => match Page::read(format!("{{\"value\":{json}}}").as_bytes()) {
                Ok(page) => self.add_page(page),
                Err(_) => self.unkept.push(Unkept::NotJson),
            },
            _ => self.add_item(json, is_in_damage),
        }
    }

    fn add_page(&mut self, page: Page<'_>) {
        self.items
            .extend(page.items.into_iter().map(AiInteraction::into_owned));
        self.unkept.extend(page.unkept);
        self.next_link = page.next_link;
    }

    fn add_item(&mut self, json: &str, is_in_damage: bool) {
        match wire::read_item(json) {
            Ok(item) => self.items.push(item.into_owned()),
            // A part of an item that was counted as damaged: a context, a link.
            Err(_) if is_in_damage && json.contains('\n') => {}
            Err(why) => self.unkept.push(why),
        }
    }
}

/// For each item of one file, the Entra object id of the user whose history it is in.
///
/// For what a person sent, that person. For the rest the sender of the prompt with the same session
/// and request; else the only person who sent anything in the session; else the only one in the
/// file; else unknown: then someone has to say (`--user`).
pub fn owners(items: &[AiInteraction<'_>]) -> Vec<Option<String>> {
    let mut of_request = Authors::default();
    let mut of_session = Authors::default();
    let mut of_file = Authors::default();
    for item in items {
        let Some(author) = item.prompt_author() else {
            continue;
        };
        if let Some(key) = request_key(item) {
            of_request.add(key, author);
        }
        if let Some(session) = &item.session_id {
            of_session.add(&**session, author);
        }
        of_file.add((), author);
    }
    let owner = |item: &AiInteraction<'_>| {
        item.prompt_author()
            .or_else(|| of_request.only(&request_key(item)?))
            .or_else(|| of_session.only(&item.session_id.as_deref()?))
            .or_else(|| of_file.only(&()))
            .map(str::to_owned)
    };
    items.iter().map(owner).collect()
}

fn request_key<'a>(item: &'a AiInteraction<'_>) -> Option<(Option<&'a str>, &'a str)> {
    Some((item.session_id.as_deref(), item.request_id.as_deref()?))
}

/// Who wrote under a key: one person, or several (None).
struct Authors<'a, K>(HashMap<K, Option<&'a str>>);

impl<K> Default for Authors<'_, K> {
    fn default() -> Self {
        Authors(HashMap::new())
    }
}

impl<'a, K: Hash + Eq> Authors<'a, K> {
    fn add(&mut self, key: K, author: &'a str) {
        let only = self.0.entry(key).or_insert(Some(author));
        *only = only.filter(|only| *only == author);
    }

    fn only(&self, key: &K) -> Option<&'a str> {
        self.0.get(key).copied().flatten()
    }
}

/// The file's text. Bytes that make no character become U+FFFD.
fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    match bytes {
        [0xFF, 0xFE, units @ ..] => Cow::Owned(utf16(units, u16::from_le_bytes)),
        [0xFE, 0xFF, units @ ..] => Cow::Owned(utf16(units, u16::from_be_bytes)),
        // Without a byte-order mark the zero beside the first bracket tells.
        [b'{' | b'[' | b'\r' | b'\n' | b' ', 0, ..] => Cow::Owned(utf16(bytes, u16::from_le_bytes)),
        [0, b'{' | b'[' | b'\r' | b'\n' | b' ', ..] => Cow::Owned(utf16(bytes, u16::from_be_bytes)),
        _ => String::from_utf8_lossy(bytes),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let (units, _) = bytes.as_chunks::<2>();
    let units = units.iter().map(|bytes| unit(*bytes));
    char::decode_utf16(units)
        .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

/// The JSON values of a text, one after the other.
struct Values<'a> {
    text: &'a str,
    at: usize,
    /// Where the line ends that `at` is in, once it is known.
    line_end: Option<usize>,
    /// Whether that line was told to be no JSON.
    is_told: bool,
    /// Something was no JSON. From then on a line may be a part of it.
    is_damaged: bool,
    read_in_vain: usize,
}

enum Value<'a> {
    Whole(&'a str),
    NotJson,
}

impl<'a> Values<'a> {
    fn of(text: &'a str) -> Values<'a> {
        Values {
            text,
            at: 0,
            line_end: None,
            is_told: false,
            is_damaged: false,
            read_in_vain: 0,
        }
    }

    fn next(&mut self) -> Option<Value<'a>> {
        loop {
            self.skip_to_value();
            let rest = &self.text[self.at..];
            let line = &self.text[self.at..self.line_end()];
            if self.is_damaged && is_fragment(line) {
                self.at = self.line_end();
                continue;
            }
            let may_span_lines = self.read_in_vain / READ_IN_VAIN_MAX <= self.text.len();
            match whole_value(if may_span_lines { rest } else { line })? {
                Ok(json) => {
                    self.at += json.len();
                    return Some(Value::Whole(json));
                }
                Err(error) => {
                    self.read_in_vain += read_until(rest, &error);
                    let is_part = self.is_damaged && matches!(line.trim_end(), "{" | "[");
                    let is_news = !self.is_told && !is_part;
                    // Once a line: otherwise a line of nothing but beginnings would be read to its
                    // end from each of them.
                    let item = first_item(line).filter(|_| !self.is_told);
                    self.at = item.map_or(self.line_end(), |item| self.at + item);
                    self.is_told = true;
                    self.is_damaged = true;
                    if is_news {
                        return Some(Value::NotJson);
                    }
                }
            }
        }
    }

    /// A byte-order mark may stand in the middle, where files were joined; a comma after an item of
    /// a page that was cut off.
    fn skip_to_value(&mut self) {
        let is_between =
            |c: char| c.is_ascii_whitespace() || matches!(c, '\u{FEFF}' | ',' | '\u{1E}');
        let rest = self.text[self.at..].trim_start_matches(is_between);
        self.at = self.text.len() - rest.len();
        if self.line_end.is_some_and(|end| end < self.at) {
            self.line_end = None;
            self.is_told = false;
        }
    }

    fn line_end(&mut self) -> usize {
        let rest = &self.text.as_bytes()[self.at..];
        let end = || memchr(b'\n', rest).map_or(self.text.len(), |len| self.at + len);
        *self.line_end.get_or_insert_with(end)
    }
}

/// Whether a line is the middle or the end of a value that was spread over lines.
fn is_fragment(line: &str) -> bool {
    line.starts_with(['"', '}', ']'])
}

/// Where the items begin in the first line of a page or of a list.
fn first_item(line: &str) -> Option<usize> {
    let items = match line.strip_prefix('{') {
        None => line.strip_prefix('[')?,
        Some(page) => {
            let after_name = memmem::find(page.as_bytes(), b"\"value\"")? + "\"value\"".len();
            let list = page[after_name..].trim_ascii_start().strip_prefix(':')?;
            list.trim_ascii_start().strip_prefix('[')?
        }
    };
    let items = items.trim_ascii_start();
    items.starts_with('{').then(|| line.len() - items.len())
}

/// The JSON value at the beginning; None if there is nothing.
fn whole_value(text: &str) -> Option<serde_json::Result<&str>> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    Some(values.next()?.map(RawValue::get))
}

/// How many bytes were read up to the end of the line with the error.
fn read_until(text: &str, error: &serde_json::Error) -> usize {
    let mut ends = memchr_iter(b'\n', text.as_bytes());
    ends.nth(error.line().saturating_sub(1))
        .unwrap_or(text.len())
}
