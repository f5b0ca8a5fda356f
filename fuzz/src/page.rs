//! A page of HTML as a browser's tokenizer sees it.

use std::collections::BTreeSet;

/// The tags of a page, each with the names of its attributes (`script`, `p class`), and how many scripts there are.
/// None where a tag, a comment or a script has no end.
pub fn tags(page: &str) -> Option<(BTreeSet<String>, usize)> {
    let mut tags = BTreeSet::new();
    let mut scripts = 0;
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.split_once("-->")?.1;
            tags.insert("!--".to_owned());
            continue;
        }
        let end = tag_end(rest)?;
        let inside = &rest[..end];
        rest = &rest[end + 1..];
        let mut words = words_outside_quotes(inside).into_iter();
        let name = words.next().unwrap_or_default();
        tags.extend(words.map(|attribute| format!("{name} {attribute}")));
        let opens = !inside.starts_with('/');
        if opens && (name == "style" || name == "script") {
            scripts += usize::from(name == "script");
            rest = &rest[rest.find(&format!("</{name}"))?..];
        }
        tags.insert(name);
    }
    Some((tags, scripts))
}

/// At the first ">" outside of quotes.
fn tag_end(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, '>') => return Some(at),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            _ => {}
        }
    }
    None
}

/// The tag's name and the names of its attributes, in lower case.
fn words_outside_quotes(tag: &str) -> Vec<String> {
    let mut quote = None;
    let mut bare = String::new();
    for c in tag.chars() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            (None, c) => bare.push(c),
            (Some(_), _) => {}
        }
    }
    let names = bare.split_whitespace().map(|word| {
        let name = word.split('=').next().unwrap_or_default();
        name.trim_matches('/').to_lowercase()
    });
    names.filter(|name| !name.is_empty()).collect()
}
