//! The text of an adaptive card, taken out in one pass without building the card.
//!
//! <https://adaptivecards.io/explorer/>: a tree of elements, of which a person reads TextBlocks,
//! RichTextBlocks and FactSets, wherever they lie. Buttons, inputs and pictures are not the answer.

use std::borrow::Cow;

use serde::de::{IgnoredAny, MapAccess, SeqAccess};

use super::echo;
use crate::json::{self, Any, Name, Reader, Text};

/// A piece of a card's text.
#[derive(Debug, PartialEq)]
pub(super) struct Block {
    pub(super) text: String,
    /// In a table or a column, where the same word may well stand twice.
    pub(super) is_in_grid: bool,
}

/// What a person reads in a card: its blocks in reading order, a blank line between two, and what
/// the card says twice once.
///
/// Of a card that is cut off or nested deeper than 128 levels, the blocks before that point at most.
pub(super) fn read(card: &str) -> String {
    let mut blocks = Vec::new();
    if parse(card, &mut blocks).is_err() {
        blocks.clear();
        // An error leaves the blocks that came before it.
        let _ = parse(&json::repaired(card), &mut blocks);
    }
    echo::without(&mut blocks);
    let mut texts = blocks.into_iter().map(|block| block.text);
    let mut out = texts.next().unwrap_or_default();
    for text in texts {
        out.push_str("\n\n");
        out.push_str(&text);
    }
    out
}

fn parse(card: &str, blocks: &mut Vec<Block>) -> serde_json::Result<()> {
    let elements = Elements {
        blocks,
        is_in_grid: false,
    };
    json::read(card, elements)
}

/// An element, a list of elements, or something else with elements inside.
struct Elements<'b> {
    blocks: &'b mut Vec<Block>,
    is_in_grid: bool,
}

impl Elements<'_> {
    fn inside<'s>(&'s mut self, is_in_grid: bool) -> Any<Elements<'s>> {
        Any(Elements {
            blocks: self.blocks,
            is_in_grid: self.is_in_grid || is_in_grid,
        })
    }

    fn aside<'b>(&self, blocks: &'b mut Vec<Block>) -> Any<Elements<'b>> {
        Any(Elements {
            blocks,
            is_in_grid: self.is_in_grid,
        })
    }
}

impl<'de> Reader<'de> for Elements<'_> {
    type Out = ();

    fn otherwise(self) {}

    fn list<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(self.inside(false))?.is_some() {}
        Ok(())
    }

    fn object<A: MapAccess<'de>>(mut self, mut object: A) -> Result<(), A::Error> {
        let first = self.blocks.len();
        let mut own = Own::default();
        // Buttons stand below what they belong to, wherever JSON puts them.
        let mut actions = Vec::new();
        let mut fallback = Vec::new();
        while let Some(Name(name)) = object.next_key()? {
            match &*name {
                "type" => own.element = object.next_value_seed(Any(Text))?,
                "text" => own.text = object.next_value_seed(Any(Text))?,
                "inlines" => own.inlines = object.next_value_seed(Any(Inlines))?,
                "facts" => own.facts = object.next_value_seed(Any(Facts))?,
                "columns" | "rows" | "cells" => object.next_value_seed(self.inside(true))?,
                "actions" | "selectAction" | "inlineAction" => {
                    object.next_value_seed(self.aside(&mut actions))?;
                }
                "fallback" => object.next_value_seed(self.aside(&mut fallback))?,
                // What a button sends; nobody sees it.
                "data" => {
                    object.next_value::<IgnoredAny>()?;
                }
                _ => object.next_value_seed(self.inside(false))?,
            }
        }
        if let Some(text) = own.into_text() {
            let block = Block {
                text,
                is_in_grid: self.is_in_grid,
            };
            self.blocks.insert(first, block);
        }
        // A fallback is shown where the element itself can't be.
        if self.blocks.len() == first {
            self.blocks.append(&mut fallback);
        }
        self.blocks.append(&mut actions);
        Ok(())
    }
}

/// What an element says by itself. Its type may come after its text.
#[derive(Default)]
struct Own<'de> {
    element: Option<Cow<'de, str>>,
    text: Option<Cow<'de, str>>,
    inlines: String,
    facts: String,
}

impl Own<'_> {
    fn into_text(self) -> Option<String> {
        let element = self.element?;
        let is = |wanted: &str| element.eq_ignore_ascii_case(wanted);
        let text = match () {
            () if is("TextBlock") => self.text?,
            () if is("RichTextBlock") => Cow::Owned(self.inlines),
            () if is("FactSet") => Cow::Owned(self.facts),
            () => return None,
        };
        let trimmed = text.trim();
        match trimmed.len() {
            0 => None,
            len if len == text.len() => Some(text.into_owned()),
            _ => Some(trimmed.to_owned()),
        }
    }
}

/// The runs of a RichTextBlock, one after the other: plain strings, or objects with a `text`.
struct Inlines;

impl<'de> Reader<'de> for Inlines {
    type Out = String;

    fn otherwise(self) -> String {
        String::new()
    }

    fn list<A: SeqAccess<'de>>(self, mut list: A) -> Result<String, A::Error> {
        let mut out = String::new();
        while let Some(run) = list.next_element_seed(Any(Run))? {
            out.push_str(&run);
        }
        Ok(out)
    }
}

struct Run;

impl<'de> Reader<'de> for Run {
    type Out = Cow<'de, str>;

    fn otherwise(self) -> Self::Out {
        Cow::Borrowed("")
    }

    fn text(self, text: &str) -> Self::Out {
        Cow::Owned(text.to_owned())
    }

    fn text_as_it_stands(self, text: &'de str) -> Self::Out {
        Cow::Borrowed(text)
    }

    fn object<A: MapAccess<'de>>(self, object: A) -> Result<Self::Out, A::Error> {
        let [text] = texts_at(["text"], object)?;
        Ok(text)
    }
}

/// The facts of a FactSet, a line each: title, value.
struct Facts;

impl<'de> Reader<'de> for Facts {
    type Out = String;

    fn otherwise(self) -> String {
        String::new()
    }

    fn list<A: SeqAccess<'de>>(self, mut list: A) -> Result<String, A::Error> {
        let mut lines = Vec::new();
        while let Some(line) = list.next_element_seed(Any(Fact))? {
            lines.push(line);
        }
        lines.retain(|line| !line.is_empty());
        Ok(lines.join("\n"))
    }
}

struct Fact;

impl<'de> Reader<'de> for Fact {
    type Out = String;

    fn otherwise(self) -> String {
        String::new()
    }

    fn object<A: MapAccess<'de>>(self, object: A) -> Result<String, A::Error> {
        let [title, value] = texts_at(["title", "value"], object)?;
        Ok(format!("{title} {value}").trim().to_owned())
    }
}

/// The texts at some of an object's fields; empty where there is none.
fn texts_at<'de, const N: usize, A: MapAccess<'de>>(
    names: [&str; N],
    mut object: A,
) -> Result<[Cow<'de, str>; N], A::Error> {
    let mut texts = [const { Cow::Borrowed("") }; N];
    while let Some(Name(name)) = object.next_key()? {
        match names.iter().position(|wanted| *wanted == name) {
            Some(place) => texts[place] = object.next_value_seed(Any(Text))?.unwrap_or_default(),
            None => {
                object.next_value::<IgnoredAny>()?;
            }
        }
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_found_wherever_it_lies_and_in_reading_order() {
        let card = r#"{
          "type": "AdaptiveCard", "version": "1.5",
          "actions": [
            {"type": "Action.ShowCard", "title": "More",
             "card": {"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": "behind the button"}]}},
            {"type": "Action.Submit", "title": "Send", "data": {"type": "TextBlock", "text": "not seen"}}
          ],
          "body": [
            {"text": "**first**, its type after its text", "wrap": true, "type": "TextBlock"},
            {"type": "Container", "items": [
              {"type": "ColumnSet", "columns": [
                {"type": "Column", "items": [{"type": "TextBlock", "text": "left"}]},
                {"type": "Column", "items": [{"type": "TextBlock", "text": "right"}]}]},
              {"type": "RichTextBlock", "inlines": [
                "plain, ", {"type": "TextRun", "text": "bold", "weight": "bolder"}, {"type": "Image"}, {"type": "TextRun", "text": "."}]}]},
            {"type": "FactSet", "facts": [{"title": "State:", "value": "open"}, {"title": "Age", "value": 7}, {}]},
            {"type": "Table", "rows": [{"type": "TableRow", "cells": [
                {"type": "TableCell", "items": [{"type": "TextBlock", "text": "yes"}]},
                {"type": "TableCell", "items": [{"type": "TextBlock", "text": "yes"}]}]}]},
            {"type": "Input.Text", "label": "no answer", "text": "no answer"},
            {"type": "TextBlock", "text": "  "},
            {"type": "TextBlock"},
            {"type": "Shiny.New", "fallback": {"type": "TextBlock", "text": "in place of the shiny"}},
            {"type": "TextBlock", "text": "shown", "fallback": {"type": "TextBlock", "text": "not shown"}},
            null, 7, "loose", []
          ]
        }"#;
        insta::assert_snapshot!(read(card), @r"
        **first**, its type after its text

        left

        right

        plain, bold.

        State: open
        Age 7

        yes

        yes

        in place of the shiny

        shown

        behind the button
        ");
    }

    #[test]
    fn what_is_no_card_has_no_text() {
        for card in [
            "",
            "null",
            "[]",
            "{}",
            "text",
            "{\"type\":\"TextBlock\"}",
            "{\"text\":\"x\"}",
            "\"TextBlock\"",
        ] {
            assert_eq!(read(card), "", "{card}");
        }
    }

    #[test]
    fn half_an_emoji_does_not_cost_the_card() {
        let card = r#"{"body":[{"type":"TextBlock","text":"cut \ud83d"},{"type":"TextBlock","text":"whole 😀"}]}"#;
        assert_eq!(read(card), "cut \u{FFFD}\n\nwhole 😀");
    }

    #[test]
    fn a_card_cut_off_gives_what_is_whole() {
        let card = r#"{"body":[{"type":"TextBlock","text":"one"},{"type":"TextBlock","text":"tw"#;
        assert_eq!(read(card), "one");
    }

    #[test]
    fn a_card_too_deep_gives_what_comes_before() {
        let deep = "[".repeat(100_000);
        let card = format!(r#"{{"body":[{{"type":"TextBlock","text":"one"}},{deep}"#);
        assert_eq!(read(&card), "one");
    }

    #[test]
    fn a_card_of_some_depth_is_read() {
        let open = r#"{"type":"Container","items":["#.repeat(50);
        let close = "]}".repeat(50);
        let card = format!(r#"{{"body":[{open}{{"type":"TextBlock","text":"deep"}}{close}]}}"#);
        assert_eq!(read(&card), "deep");
    }
}
