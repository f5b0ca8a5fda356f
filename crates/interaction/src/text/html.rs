//! HTML as a person reads it, in the manner of a browser's `innerText`.
//!
//! What never closes is no markup but text: a lone `<`, a comment or a script without end. So no
//! text is lost to a body that was cut off.

use std::borrow::Cow;

use memchr::{memchr, memmem};

use super::tag::Tag;
use super::{Cards, entity};

/// The text of an HTML body, the cards in the places of their placeholders.
pub(super) fn read(html: &str, cards: &mut Cards<'_>) -> String {
    let mut page = Page::default();
    let mut ends = Ends::default();
    let mut at = 0;
    while let Some(found) = memchr(b'<', &html.as_bytes()[at..]) {
        let bracket = at + found;
        page.write(&html[at..bracket]);
        at = if let Some(tag) = Tag::at(html, bracket) {
            apply(&tag, &mut page, cards);
            let raw = (!tag.closes)
                .then(|| ends.of_raw_text(html, &tag))
                .flatten();
            raw.unwrap_or(tag.end)
        } else if let Some(end) = ends.of_declaration(html, bracket) {
            end
        } else {
            page.write("<");
            bracket + 1
        };
    }
    page.write(&html[at..]);
    page.out
}

/// What a tag does to the text around it.
fn apply(tag: &Tag<'_>, page: &mut Page, cards: &mut Cards<'_>) {
    let mut buffer = [0; 12];
    match lowercase(tag.name, &mut buffer) {
        "br" => page.break_line(),
        "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => page.separate(2),
        "div" | "li" | "ul" | "ol" | "dl" | "dt" | "dd" | "tr" | "table" | "caption"
        | "section" | "article" | "header" | "footer" | "main" | "nav" | "aside" | "blockquote"
        | "hr" | "address" | "figure" | "figcaption" | "form" | "details" | "summary"
        | "codeblock" => {
            page.separate(1);
        }
        "pre" => {
            page.separate(1);
            page.is_preformatted = !tag.closes;
        }
        "td" | "th" => page.space(),
        // Teams writes an emoji as an element without content.
        "emoji" if !tag.closes => {
            if let Some(emoji) = tag.attribute("alt") {
                page.write_verbatim(&emoji);
            }
        }
        "attachment" if !tag.closes => {
            if let Some(card) = tag.attribute("id").and_then(|id| cards.take(&id)) {
                page.add_card(card);
            }
        }
        _ => {}
    }
}

/// The name in lower case; empty if it is longer than any that matters.
fn lowercase<'b>(name: &str, buffer: &'b mut [u8; 12]) -> &'b str {
    let Some(place) = buffer.get_mut(..name.len()) else {
        return "";
    };
    place.copy_from_slice(name.as_bytes());
    place.make_ascii_lowercase();
    std::str::from_utf8(place).unwrap_or_default()
}

/// Finds ends, and remembers for which there is none further on: otherwise each of a thousand
/// openings would search the whole rest in vain.
#[derive(Default)]
struct Ends {
    no_comment: bool,
    no_declaration: bool,
    no_raw_text: [bool; Ends::RAW_TEXT.len()],
}

impl Ends {
    /// Elements whose content nobody reads.
    const RAW_TEXT: [&str; 3] = ["script", "style", "title"];

    /// The end of a comment, a doctype, a processing instruction that begins at `at`.
    fn of_declaration(&mut self, html: &str, at: usize) -> Option<usize> {
        let rest = &html.as_bytes()[at..];
        let (missing, end) = match rest {
            [b'<', b'!', b'-', b'-', ..] => (&mut self.no_comment, b"-->".as_slice()),
            [b'<', b'!' | b'?', ..] => (&mut self.no_declaration, b">".as_slice()),
            _ => return None,
        };
        if *missing {
            return None;
        }
        // `<!-->` is a whole comment.
        let found = memmem::find(&rest[2..], end);
        *missing = found.is_none();
        found.map(|found| at + 2 + found + end.len())
    }

    /// The end of an element that is dropped whole, if the tag begins one.
    fn of_raw_text(&mut self, html: &str, tag: &Tag<'_>) -> Option<usize> {
        let which = Ends::RAW_TEXT.iter().position(|name| tag.is(name))?;
        if self.no_raw_text[which] {
            return None;
        }
        let closing = memmem::find_iter(&html.as_bytes()[tag.end..], b"</")
            .filter_map(|at| Tag::at(html, tag.end + at))
            .find(|closing| closing.is(Ends::RAW_TEXT[which]));
        self.no_raw_text[which] = closing.is_none();
        closing.map(|closing| closing.end)
    }
}

/// The text as it comes out: spaces run together, blocks on lines of their own, one blank line at
/// the most.
#[derive(Default)]
struct Page {
    out: String,
    /// Breaks that blocks ask for; the largest wish counts.
    separation: usize,
    /// Breaks by `<br>`; each counts.
    line_breaks: usize,
    has_space: bool,
    is_preformatted: bool,
}

impl Page {
    fn separate(&mut self, breaks: usize) {
        self.separation = self.separation.max(breaks);
    }

    fn break_line(&mut self) {
        self.line_breaks += 1;
    }

    fn space(&mut self) {
        self.has_space = true;
    }

    /// Writes text between tags.
    fn write(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        let text = entity::decoded(text);
        if self.is_preformatted {
            return self.write_verbatim(&text.replace("\r\n", "\n"));
        }
        // A space that does not break looks like any other.
        let text = match text.contains('\u{A0}') {
            true => Cow::Owned(text.replace('\u{A0}', " ")),
            false => text,
        };
        let mut words = text.split_ascii_whitespace();
        let Some(first) = words.next() else {
            return self.space();
        };
        self.has_space |= text.starts_with(|c: char| c.is_ascii_whitespace());
        self.write_verbatim(first);
        for word in words {
            self.out.push(' ');
            self.out.push_str(word);
        }
        self.has_space = text.ends_with(|c: char| c.is_ascii_whitespace());
    }

    fn write_verbatim(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        let breaks = self.separation.max(self.line_breaks).min(2);
        if !self.out.is_empty() {
            match breaks {
                0 if self.has_space => self.out.push(' '),
                0 => {}
                1 => self.out.push('\n'),
                _ => self.out.push_str("\n\n"),
            }
        }
        self.separation = 0;
        self.line_breaks = 0;
        self.has_space = false;
        self.out.push_str(text);
    }

    fn add_card(&mut self, card: String) {
        self.separate(2);
        if self.out.is_empty() {
            self.out = card;
            self.line_breaks = 0;
            self.has_space = false;
        } else {
            self.write_verbatim(&card);
        }
        self.separate(2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(html: &str) -> String {
        read(html, &mut Cards::of(&[]))
    }

    #[test]
    fn blocks_and_breaks_become_lines() {
        insta::assert_snapshot!(
            text(
                "<html><head><title>no</title><style>p { color: red }</style></head><body>\r\n\
                 <h1>Title</h1>\r\n <p>One   <b>bold</b>\n<i>word</i>.</p><p>Two<br>lines<br/></p>\
                 <ul>\n<li>first</li>\n<li>second</li></ul>\
                 <table><tr><td>a</td><td>b</td></tr><tr><th>c</th><th>d</th></tr></table>\
                 <div><div>in</div></div>out<pre>  x = 1;\r\n  y</pre><script>if (a<b) {}</script>end</body></html>"
            ),
            @r"
        Title

        One bold word.

        Two
        lines

        first
        second
        a b
        c d
        in
        out
          x = 1;
          y
        end
        "
        );
    }

    #[test]
    fn a_lone_bracket_and_what_never_closes_are_text() {
        for (html, read) in [
            ("if a < b then c", "if a < b then c"),
            ("if a <b then c", "if a <b then c"),
            ("1 <2 and 3> 2", "1 <2 and 3> 2"),
            ("a<", "a<"),
            ("a <b>c</b", "a c</b"),
            ("x <!-- no end", "x <!-- no end"),
            ("x <script> no end", "x no end"),
            ("x <a href=\"y> z", "x z"),
            ("<3 <p>you</p>", "<3\n\nyou"),
            ("&lt;b&gt; stays &amp;lt;", "<b> stays &lt;"),
        ] {
            assert_eq!(text(html), read, "{html}");
        }
    }

    #[test]
    fn comments_and_declarations_vanish() {
        assert_eq!(
            text(
                "<!DOCTYPE html>a<!-- <p>no</p> -- > -->b<!-->c<!--[if mso]>no<![endif]-->d<?xml x?>e"
            ),
            "abcde"
        );
    }

    #[test]
    fn spaces_run_together_but_words_do_not() {
        assert_eq!(text("a<b>b</b>c <i> d </i> e&nbsp;&nbsp;f"), "abc d e f");
        assert_eq!(
            text("<p>&nbsp;</p><p> </p>a<p></p><p></p><br><br><br><br>b"),
            "a\n\nb"
        );
        assert_eq!(text("ein\u{200B}s zwei"), "ein\u{200B}s zwei");
    }

    #[test]
    fn an_emoji_of_teams_is_read() {
        assert_eq!(
            text("well <emoji id=\"smile\" alt=\"🙂\" title=\"Smile\"></emoji> done"),
            "well 🙂 done"
        );
    }

    #[test]
    fn a_hostile_body_takes_no_longer_than_another() {
        // Quadratic work on any of these would take minutes.
        for piece in [
            "<!--",
            "<!",
            "<script>",
            "<a b=\"",
            "<a b='\">",
            "<",
            "</",
            "<p ",
            "&",
            "<p><div>",
            "<a ='",
        ] {
            text(&piece.repeat(200_000));
        }
    }
}
