//! The truth about a tenant: every item that its history would give now, and who made it.

use std::collections::HashMap;
use std::io;

use serde::Serialize;

use crate::options::Corpus;
use crate::population::compose;
use crate::population::item::{Content, Item, Maker, Role, Shape};
use crate::population::people::Access;
use crate::population::texts::LANGUAGES;
use crate::population::write::{app_class, interaction_type, request_id, session_id};
use crate::tenant::Tenant;

/// One item as it is now.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrueItem {
    /// Object id of the user.
    pub user_id: String,
    /// `sessionId`.
    pub session_id: Option<String>,
    /// `id`.
    pub id: String,
    /// `etag` now.
    pub etag: String,
    /// `createdDateTime`, UTC milliseconds.
    pub created_at_ms: i64,
    /// When the service began to show it, UTC milliseconds.
    pub visible_at_ms: i64,
    /// `appClass`.
    pub app_class: String,
    /// `interactionType`.
    pub interaction_type: &'static str,
    /// `requestId`.
    pub request_id: Option<String>,
    /// `locale`, of the sender.
    pub locale: &'static str,
    /// The language of the exchange as its locale is written (`de-de`), which need not be the sender's: some write
    /// English whatever their own. `und` where it has none that is meant.
    pub language: &'static str,
    /// The text that a person reads. For HTML without tags, paragraphs apart by an empty line; for a card with the
    /// text twice, the first block with its Markdown as it stands; for other cards the blocks, apart by an empty line;
    /// for Excel's JSON the `finalResponse`.
    pub text: String,
    /// Who made it.
    pub maker: Maker,
    /// What the exchange is, and so each of its items: who made its prompt, or what there is of it. Rows of noise
    /// within it have the exchange's verdict, and their own `maker`; an exchange of noise alone is noise.
    pub verdict: Maker,
    /// Whether the last answer of the exchange declines or fails; the same for each item of the exchange.
    pub refused: bool,
    /// Whether an answer of the exchange cites something; the same for each item of the exchange.
    pub grounded: bool,
    /// Whether the words of the exchange are in no corpus that rules may be made with.
    pub held_out: bool,
    /// What exactly made it: `chat`, `button`, `word_summary`, …
    pub generator: &'static str,
    /// Ties prompt and responses together even where `requestId` does not: equal within an exchange of a user.
    pub exchange: String,
    /// `text`, `html`, `card`, `nested_card`, `reference`, `thoughts_json` or `inline_image`.
    pub shape: &'static str,
}

/// What a whole reading of the tenant meets besides the true items.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct JunkCount {
    /// `null` among `value`.
    pub null_items: u64,
    /// Items without a time.
    pub no_time: u64,
    /// Items without an id.
    pub no_id: u64,
}

impl Tenant {
    /// Every item that the history of every readable user gives now, user by user, oldest first. Lazy: one user's
    /// items are in memory at a time.
    pub fn truth(&self) -> impl Iterator<Item = TrueItem> + '_ {
        let readable = (0..self.people.count).filter(|user| self.access(*user) == Access::Readable);
        readable.flat_map(|user| self.truth_of(user))
    }

    /// What one user's history gives now, or would if it could be read; oldest first.
    pub fn truth_of(&self, user: u32) -> Vec<TrueItem> {
        let now_ms = self.now_ms();
        let user_id = self.people.id(user);
        let items = self.history_of(user, now_ms);
        let visible = items
            .iter()
            .filter(|item| item.created_ms <= now_ms && item.visible_ms <= now_ms);
        let exchanges = exchanges(visible.clone());
        visible
            .map(|item| {
                let exchange = exchanges[&item.exchange];
                let mut text = String::new();
                compose::text(item, item.edited(now_ms), &mut text);
                TrueItem {
                    user_id: user_id.clone(),
                    session_id: session_id(item),
                    id: item.id_ms.to_string(),
                    etag: item.etag_ms(now_ms).to_string(),
                    created_at_ms: item.created_ms,
                    visible_at_ms: item.visible_ms,
                    app_class: app_class(item).into_owned(),
                    interaction_type: interaction_type(item, self.oddity(user, item)),
                    request_id: request_id(item),
                    locale: LANGUAGES[item.locale as usize].locale,
                    language: if exchange.strange {
                        "und"
                    } else {
                        LANGUAGES[item.language as usize].locale
                    },
                    text,
                    maker: item.maker,
                    verdict: exchange.verdict,
                    refused: exchange.refused,
                    grounded: exchange.grounded,
                    held_out: item.corpus == Corpus::HeldOut && !exchange.strange,
                    generator: item.generator,
                    exchange: format!("{:016x}", item.exchange),
                    shape: item.shape.name(),
                }
            })
            .collect()
    }

    /// How many items a user's history gives now, without their texts.
    pub fn count_of(&self, user: u32) -> u64 {
        let now_ms = self.now_ms();
        let items = self.history_of(user, now_ms);
        items
            .iter()
            .filter(|item| item.created_ms <= now_ms && item.visible_ms <= now_ms)
            .count() as u64
    }

    /// What cannot be kept of a whole reading of all readable users now.
    pub fn junk_count(&self) -> JunkCount {
        let now_ms = self.now_ms();
        let mut count = JunkCount::default();
        for user in (0..self.people.count).filter(|user| self.access(*user) == Access::Readable) {
            let items = self.history_of(user, now_ms);
            for item in items
                .iter()
                .filter(|item| item.created_ms <= now_ms && item.visible_ms <= now_ms)
            {
                let junk = self.junk(user, item);
                count.null_items += u64::from(junk.null);
                count.no_time += u64::from(junk.no_time);
                count.no_id += u64::from(junk.no_id);
            }
        }
        count
    }
}

/// What is true of an exchange as a whole.
#[derive(Clone, Copy)]
struct Exchange {
    verdict: Maker,
    refused: bool,
    grounded: bool,
    /// Whether it is a prompt of those that have broken tools before, which are the same everywhere.
    strange: bool,
}

/// The exchanges of a user's items, which come oldest first.
fn exchanges<'a>(items: impl Iterator<Item = &'a Item>) -> HashMap<u64, Exchange> {
    let mut exchanges: HashMap<u64, Exchange> = HashMap::new();
    for item in items {
        let exchange = exchanges.entry(item.exchange).or_insert(Exchange {
            verdict: Maker::Noise,
            refused: false,
            grounded: false,
            strange: false,
        });
        exchange.strange |= item.content == Content::Strange;
        if item.maker == Maker::Noise {
            continue;
        }
        exchange.verdict = item.maker;
        if item.role == Role::Response {
            exchange.refused = matches!(item.content, Content::Refusal | Content::NeedsTranscript);
            exchange.grounded |= item.shape == Shape::Card && compose::source_count(item) > 0;
        }
    }
    exchanges
}

/// Writes the truth, one JSON object a line; gives the number of lines.
///
/// # Errors
/// What the writer says.
pub fn write_ndjson(tenant: &Tenant, mut writer: impl io::Write) -> io::Result<u64> {
    let mut lines = 0;
    for item in tenant.truth() {
        serde_json::to_writer(&mut writer, &item)?;
        writer.write_all(b"\n")?;
        lines += 1;
    }
    writer.flush()?;
    Ok(lines)
}
