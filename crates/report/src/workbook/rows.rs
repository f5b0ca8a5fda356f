//! The sheets Conversations and Interactions, written in one pass over the rows.

use rust_xlsxwriter::Workbook;

use super::Written;
use super::sheet::{Layout, Sheets};
use super::style::Styles;
use crate::columns::{BODY, COLUMNS, CellValue, Column, cells, column, numbers};
use crate::conversation::{Exchange, Joined, Sessions, pair};
use crate::error::ReportError;
use crate::source::ReportRow;

const CONVERSATION_COLUMNS: [Column; 13] = [
    column("User", 30),
    column("Copilot App", 24),
    column("Prompt at (UTC)", 23),
    column("Prompt", 50),
    column("Response at (UTC)", 23),
    column("Response", 60),
    numbers("Seconds to reply", 18),
    column("Answer", 10),
    column("Joined by", 13),
    column("Mark", 16),
    numbers("Prompt characters", 19),
    numbers("Response characters", 21),
    column("ThreadId", 36),
];
const PROMPT: u16 = 3;
const RESPONSE: u16 = 5;
/// The width of a column of texts where the lake keeps none.
const NO_TEXT_WIDTH: f64 = 11.0;

pub(super) struct RowSheets {
    interactions: Sheets,
    conversations: Sheets,
    sessions: Sessions,
    any_text: bool,
}

/// Both tables, whole.
pub(super) struct Finished {
    pub interactions: Sheets,
    pub conversations: Sheets,
    /// At least one row had its text.
    pub any_text: bool,
}

impl Finished {
    pub(super) fn written(&self) -> Written {
        Written {
            interactions: self.interactions.rows(),
            exchanges: self.conversations.rows(),
            cells_cut: self.interactions.cells_cut() + self.conversations.cells_cut(),
        }
    }
}

impl RowSheets {
    pub(super) fn new(
        book: &mut Workbook,
        styles: &Styles,
        sheet_rows_max: u32,
    ) -> Result<Self, ReportError> {
        let layout = |name, columns, frozen_columns| Layout {
            name,
            columns,
            frozen_columns,
            rows_above: 0,
            sheet_rows_max,
        };
        let mut conversations = Sheets::new(
            book,
            styles,
            layout("Conversations", &CONVERSATION_COLUMNS, 1),
        )?;
        let mut interactions = Sheets::new(book, styles, layout("Interactions", &COLUMNS, 2))?;
        conversations.begin()?;
        interactions.begin()?;
        Ok(RowSheets {
            interactions,
            conversations,
            sessions: Sessions::default(),
            any_text: false,
        })
    }

    /// Takes rows in conversation order.
    pub(super) fn add(
        &mut self,
        book: &mut Workbook,
        rows: Vec<ReportRow>,
    ) -> Result<(), ReportError> {
        for row in rows {
            self.any_text |= row.content.is_some();
            self.interaction(book, &row)?;
            if let Some(session) = self.sessions.push(row) {
                conversation(&mut self.conversations, book, &session)?;
            }
        }
        Ok(())
    }

    pub(super) fn finish(mut self, book: &mut Workbook) -> Result<Finished, ReportError> {
        conversation(&mut self.conversations, book, &self.sessions.finish())?;
        if !self.any_text {
            self.interactions.set_width(BODY as u16, NO_TEXT_WIDTH)?;
            self.conversations.set_width(PROMPT, NO_TEXT_WIDTH)?;
            self.conversations.set_width(RESPONSE, NO_TEXT_WIDTH)?;
        }
        Ok(Finished {
            interactions: self.interactions,
            conversations: self.conversations,
            any_text: self.any_text,
        })
    }

    fn interaction(&mut self, book: &mut Workbook, row: &ReportRow) -> Result<(), ReportError> {
        self.interactions.next_row(book)?;
        for (cell, at) in cells(row).into_iter().zip(0..) {
            match cell {
                CellValue::Empty => {}
                CellValue::Text(text) => self.interactions.text(at, &text)?,
                CellValue::Time(ms) => self.interactions.time(at, ms)?,
                CellValue::Flag(flag) => self.interactions.flag(at, flag)?,
            }
        }
        Ok(())
    }
}

fn conversation(
    sheets: &mut Sheets,
    book: &mut Workbook,
    rows: &[ReportRow],
) -> Result<(), ReportError> {
    for exchange in pair(rows) {
        sheets.next_row(book)?;
        write_exchange(sheets, rows, exchange)?;
    }
    Ok(())
}

/// One line: the prompt's text stands beside its first response only, so that a long prompt with
/// five responses is not read five times.
fn write_exchange(
    sheets: &mut Sheets,
    rows: &[ReportRow],
    exchange: Exchange,
) -> Result<(), ReportError> {
    let prompt = exchange.prompt.map(|at| &rows[at]);
    let response = exchange.response.map(|at| &rows[at]);
    let Some(either) = prompt.or(response) else {
        return Ok(());
    };

    sheets.text(0, either.user())?;
    sheets.text(1, &either.app)?;
    if let Some(prompt) = prompt {
        sheets.time(2, prompt.created_at_ms)?;
        if exchange.number <= 1 {
            sheets.text(PROMPT, prompt.content.as_deref().unwrap_or_default())?;
        }
    }
    if let Some(response) = response {
        sheets.time(4, response.created_at_ms)?;
        sheets.text(RESPONSE, response.content.as_deref().unwrap_or_default())?;
    }
    if let (Some(prompt), Some(response)) = (prompt, response) {
        let waited_ms = response.created_at_ms - prompt.created_at_ms;
        if waited_ms >= 0 {
            sheets.seconds(6, waited_ms as f64 / 1000.0)?;
        }
    }
    if exchange.of > 1 {
        sheets.text(7, &format!("{} of {}", exchange.number, exchange.of))?;
    }
    let joined = match (exchange.joined, prompt) {
        (Some(Joined::ByRequest), _) => "request",
        (Some(Joined::ByOrder), _) => "order",
        (None, Some(_)) => "no response",
        (None, None) => "no prompt",
    };
    sheets.text(8, joined)?;
    sheets.text(9, either.mark.as_deref().unwrap_or_default())?;
    if let Some(prompt) = prompt {
        sheets.count(10, u64::from(prompt.content_chars))?;
    }
    if let Some(response) = response {
        sheets.count(11, u64::from(response.content_chars))?;
    }
    sheets.text(12, either.session_id.as_deref().unwrap_or_default())
}
