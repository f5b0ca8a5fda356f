//! Rows as the lake keeps them, made from texts as ingest makes them.

use hobbs_interaction::{AiInteraction, ContentPolicy, FingerprintKey, Ingest, Interaction};
use hobbs_verdict::{
    Attached, Compiled, Derived, Evidence, Exchange, Part, Role, Rules, Thread, Verdict, derive,
};
use jiff::tz::TimeZone;

pub fn key() -> FingerprintKey {
    FingerprintKey::from_bytes([9; 16])
}

/// 2026-08-03, a Monday, 08:00 UTC.
pub const MONDAY_MS: i64 = 1_785_744_000_000;

/// A row in the making. `at_ms` counts from [`MONDAY_MS`].
#[derive(Debug, Clone)]
pub struct Row {
    pub kind: &'static str,
    pub at_ms: i64,
    pub request: Option<&'static str>,
    pub app: &'static str,
    pub text: String,
    pub contexts: Vec<(&'static str, &'static str)>,
    pub links: Vec<(&'static str, &'static str)>,
    pub locale: Option<&'static str>,
}

fn row(kind: &'static str, at_ms: i64, request: &'static str, text: &str) -> Row {
    Row {
        kind,
        at_ms,
        request: (!request.is_empty()).then_some(request),
        app: "BizChat",
        text: text.to_owned(),
        contexts: Vec::new(),
        links: Vec::new(),
        locale: Some("en-us"),
    }
}

pub fn prompt(at_ms: i64, request: &'static str, text: &str) -> Row {
    row("userPrompt", at_ms, request, text)
}

pub fn response(at_ms: i64, request: &'static str, text: &str) -> Row {
    row("aiResponse", at_ms, request, text)
}

pub fn other(at_ms: i64, request: &'static str) -> Row {
    row("systemNotice", at_ms, request, "A notice")
}

impl Row {
    pub fn in_app(mut self, app: &'static str) -> Row {
        self.app = app;
        self
    }

    pub fn citing(mut self, kind: &'static str, url: &'static str) -> Row {
        self.links.push((kind, url));
        self
    }

    pub fn within(mut self, kind: &'static str, url: &'static str) -> Row {
        self.contexts.push((kind, url));
        self
    }

    pub fn ingested_by(&self, ingest: &Ingest, number: usize) -> Interaction<'static> {
        let item = AiInteraction {
            id: (MONDAY_MS + self.at_ms + number as i64).to_string().into(),
            created_at_ms: MONDAY_MS + self.at_ms,
            request_id: self.request.map(Into::into),
            app_class: format!("IPM.SkypeTeams.Message.Copilot.{}", self.app).into(),
            interaction_type: self.kind.into(),
            content: self.text.clone().into(),
            locale: self.locale.map(Into::into),
            ..AiInteraction::default()
        };
        ingest.row("u", item)
    }
}

pub fn evidence<'a>(kept: &'a [Interaction<'_>], rows: &'a [Row]) -> Vec<Evidence<'a>> {
    kept.iter()
        .zip(rows)
        .map(|(kept, row)| {
            let attached = |role| {
                move |(kind, address): &(&'static str, &'static str)| Attached {
                    role,
                    kind: Some(kind),
                    address: Some(address),
                }
            };
            let contexts = row.contexts.iter().map(attached(Role::Context));
            let links = row.links.iter().map(attached(Role::Link));
            Evidence {
                interaction_id: &kept.interaction_id,
                request_id: kept.request_id.as_deref(),
                created_at_us: kept.created_at_ms * 1_000,
                part: Part::of(kept.kind.as_str()),
                app_class: &kept.app_class,
                app: &kept.app,
                surface: kept.surface.as_str(),
                locale: kept.locale.as_deref(),
                content_chars: kept.content_chars.cast_signed(),
                content_words: kept.content_words.cast_signed(),
                mark: kept.mark.map(|mark| mark.as_str()),
                text_fingerprint: kept.text_fingerprint,
                text_template: kept.text_template,
                text_head: kept.text_head,
                text_tail: kept.text_tail,
                text_style: kept.text_style,
                signs: kept.signs.as_deref(),
                attached: contexts.chain(links).collect(),
            }
        })
        .collect()
}

/// All that a derivation borrows from.
pub struct World {
    pub rules: Compiled,
    pub rows: Vec<Row>,
    pub kept: Vec<Interaction<'static>>,
    pub session: Option<&'static str>,
    pub zone: TimeZone,
}

impl World {
    pub fn of(rows: impl IntoIterator<Item = Row>) -> World {
        World::under(&Rules::built_in(), rows)
    }

    pub fn under(rules: &Rules, rows: impl IntoIterator<Item = Row>) -> World {
        let rows: Vec<Row> = rows.into_iter().collect();
        let ingest = Ingest::new("t", ContentPolicy::None, key(), rules.signs());
        World {
            rules: rules.compile(&key()),
            kept: rows
                .iter()
                .enumerate()
                .map(|(number, row)| row.ingested_by(&ingest, number))
                .collect(),
            rows,
            session: Some("s"),
            zone: TimeZone::UTC,
        }
    }

    pub fn without_session(mut self) -> World {
        self.session = None;
        self
    }

    pub fn thread(&self) -> Thread<'_> {
        Thread {
            tenant_id: "t",
            user_id: "u",
            session_id: self.session,
        }
    }

    pub fn evidence(&self) -> Vec<Evidence<'_>> {
        evidence(&self.kept, &self.rows)
    }

    pub fn derived(&self) -> Derived<'_> {
        derive(&self.rules, &self.zone, self.thread(), self.evidence())
    }

    pub fn only_exchange(&self) -> Exchange<'_> {
        let mut exchanges = self.derived().exchanges;
        assert_eq!(exchanges.len(), 1, "{exchanges:#?}");
        exchanges.remove(0)
    }

    /// Verdict and rule of each exchange.
    pub fn verdicts(&self) -> Vec<(Verdict, String)> {
        let exchanges = self.derived().exchanges;
        exchanges
            .iter()
            .map(|it| (it.verdict, it.rule.to_owned()))
            .collect()
    }
}
