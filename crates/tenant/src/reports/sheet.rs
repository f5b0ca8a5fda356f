//! What Microsoft counts of a UTC day, for everyone: a few numbers for each user who did something.

use crate::draw::{hash, unit};
use crate::population::item::{Item, Maker};
use crate::reports::apps::{Apps, UsageApp};
use crate::time::DAY_MS;

/// What counts, and what does not.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    pub(crate) seed: u64,
    /// Share of the automatic insights that somebody views or expands.
    pub(crate) viewed_share: f64,
}

/// What one user did on one UTC day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) user: u32,
    pub(crate) apps: Apps,
    pub(crate) prompts: u32,
    pub(crate) chat_work: u32,
    pub(crate) chat_web: u32,
}

/// The rows of a UTC day.
#[derive(Debug, Default)]
pub(crate) struct Sheet {
    rows: Vec<Row>,
    whole: bool,
}

impl Rule {
    /// Whether an exchange counts as a prompt: typed and pressed ones do, automatic ones if somebody viewed them.
    /// What the service or administration does never counts, nor does noise, nor an answer whose prompt is gone.
    pub(crate) fn counts(self, user: u32, maker: Maker, exchange: u64) -> bool {
        match maker {
            Maker::Typed | Maker::Clicked => true,
            Maker::Automatic => self.viewed(user, exchange),
            Maker::System | Maker::Noise | Maker::Unknown => false,
        }
    }

    /// Whether somebody viewed an automatic insight.
    pub(crate) fn viewed(self, user: u32, exchange: u64) -> bool {
        unit(hash(&[self.seed, u64::from(user), exchange, 0x71e3])) < self.viewed_share
    }

    /// Appends what counts of a user's items, in any number of rows for each day, none of them empty. Items of an
    /// exchange stand together, its first one first, as they are drawn.
    pub(crate) fn tally(self, user: u32, items: &[Item], rows: &mut Vec<(i64, Row)>) {
        let begin = rows.len();
        let mut last = None;
        for item in items {
            if last == Some(item.exchange) {
                continue;
            }
            last = Some(item.exchange);
            let Some(app) = UsageApp::of(item.app) else {
                continue;
            };
            if !self.counts(user, item.maker, item.exchange) {
                continue;
            }
            let day = item.created_ms.div_euclid(DAY_MS);
            let row = Row {
                user,
                apps: app.made_of().with_unseen(self.seed, user, day),
                prompts: 1,
                chat_work: u32::from(app == UsageApp::CopilotChatWork),
                chat_web: u32::from(app == UsageApp::CopilotChatWeb),
            };
            match rows[begin..].iter_mut().find(|(known, _)| *known == day) {
                Some((_, known)) => known.add(row),
                None => rows.push((day, row)),
            }
        }
    }
}

impl Row {
    fn add(&mut self, other: Self) {
        self.apps = self.apps.with(other.apps);
        self.prompts += other.prompts;
        self.chat_work += other.chat_work;
        self.chat_web += other.chat_web;
    }
}

impl Sheet {
    /// Adds a part of what somebody did.
    pub(crate) fn push(&mut self, row: Row) {
        self.whole = false;
        self.rows.push(row);
    }

    /// One row for each user, in their order.
    pub(crate) fn finish(&mut self) {
        if self.whole {
            return;
        }
        self.rows.sort_by_key(|row| row.user);
        self.rows.dedup_by(|later, kept| {
            let same = later.user == kept.user;
            if same {
                kept.add(*later);
            }
            same
        });
        self.rows.shrink_to_fit();
        self.whole = true;
    }

    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }
}
