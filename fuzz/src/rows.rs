//! Items, rows, evidence.

use std::borrow::Cow;
use std::collections::BTreeMap;

use hobbs_interaction::{AiInteraction, ContentPolicy, FingerprintKey, Ingest, Interaction, Signs};
use hobbs_verdict::{Attached, Compiled, Evidence, Part, Role, Rules, Thread};
use jiff::tz::TimeZone;

/// The key of all fingerprints here.
pub fn key() -> FingerprintKey {
    FingerprintKey::from_bytes([9; 16])
}

/// From items to rows, with the signs of the rules that are built in.
pub fn ingest(policy: ContentPolicy, signs: Signs) -> Ingest {
    Ingest::new("t", policy, key(), signs)
}

/// An item that says no more than this.
pub fn item<'a>(interaction_type: &'a str, text: &'a str) -> AiInteraction<'a> {
    AiInteraction {
        id: "1".into(),
        etag: "1".into(),
        interaction_type: interaction_type.into(),
        content: text.into(),
        ..AiInteraction::default()
    }
}

/// The thread that all rows here belong to.
pub const THREAD: Thread<'static> = Thread {
    tenant_id: "t",
    user_id: "u",
    session_id: Some("s"),
};

/// A time zone with a summer time, which needs no database.
pub fn zone() -> TimeZone {
    TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("a time zone")
}

/// What verdicts are made of; of rows with one id, the last.
pub fn evidence<'a>(rows: &'a [Interaction<'_>]) -> Vec<Evidence<'a>> {
    let by_id: BTreeMap<&str, &Interaction<'_>> =
        rows.iter().map(|row| (&*row.interaction_id, row)).collect();
    by_id.into_values().map(of_row).collect()
}

fn of_row<'a>(row: &'a Interaction<'_>) -> Evidence<'a> {
    fn attached<'a>(
        role: Role,
        kind: &'a Option<Cow<'_, str>>,
        address: &'a Option<Cow<'_, str>>,
    ) -> Attached<'a> {
        Attached {
            role,
            kind: kind.as_deref(),
            address: address.as_deref(),
        }
    }
    let contexts = row.contexts.iter();
    let contexts = contexts.map(|it| attached(Role::Context, &it.context_type, &it.reference));
    let links = row.links.iter();
    let links = links.map(|it| attached(Role::Link, &it.link_type, &it.url));
    let attachments = row.attachments.iter();
    let attachments =
        attachments.map(|it| attached(Role::Attachment, &it.content_type, &it.content_url));
    Evidence {
        interaction_id: &row.interaction_id,
        request_id: row.request_id.as_deref(),
        created_at_us: row.created_at_ms.saturating_mul(1000),
        part: Part::of(row.kind.as_str()),
        app_class: &row.app_class,
        app: &row.app,
        surface: row.surface.as_str(),
        locale: row.locale.as_deref(),
        content_chars: i32::try_from(row.content_chars).unwrap_or(i32::MAX),
        content_words: i32::try_from(row.content_words).unwrap_or(i32::MAX),
        mark: row.mark.map(|mark| mark.as_str()),
        text_fingerprint: row.text_fingerprint,
        text_template: row.text_template,
        text_head: row.text_head,
        text_tail: row.text_tail,
        text_style: row.text_style,
        signs: row.signs.as_deref(),
        attached: contexts.chain(links).chain(attachments).collect(),
    }
}

/// The rules that are built in, made ready once.
pub fn built_in() -> &'static (Rules, Compiled) {
    static RULES: std::sync::OnceLock<(Rules, Compiled)> = std::sync::OnceLock::new();
    RULES.get_or_init(|| {
        let rules = Rules::built_in();
        let compiled = rules.compile(&key());
        (rules, compiled)
    })
}

/// Derives what rows say, and asserts what holds for all rows: each is in exactly one exchange, each exchange has
/// the verdict of a rule that there is, and the order in which rows come does not matter.
pub fn derive_and_check(
    rules: &Rules,
    compiled: &Compiled,
    rows: &[Interaction<'_>],
    session: bool,
) {
    let thread = Thread {
        session_id: THREAD.session_id.filter(|_| session),
        ..THREAD
    };
    let zone = zone();
    let evidence = evidence(rows);
    let derived = hobbs_verdict::derive(compiled, &zone, thread, evidence.clone());
    let parts: i32 = derived.exchanges.iter().map(|it| it.parts).sum();
    assert_eq!(
        parts as usize,
        evidence.len(),
        "each row is in one exchange"
    );
    for exchange in &derived.exchanges {
        assert_eq!(
            exchange.parts,
            exchange.prompts + exchange.responses + exchange.others
        );
        assert!((0.0..=1.0).contains(&exchange.confidence));
        assert!(exchange.rule == "none" || rules.get(exchange.rule).is_some());
    }
    let turns: i32 = derived.conversations.iter().map(|it| it.turns).sum();
    assert_eq!(turns as usize, derived.exchanges.len());
    let mut backwards = evidence.clone();
    backwards.reverse();
    let other = hobbs_verdict::derive(compiled, &zone, thread, backwards);
    assert_eq!(other, derived, "the order of rows does not matter");
    for row in evidence.iter().take(2) {
        let id = row.interaction_id;
        let explained =
            hobbs_verdict::explain(compiled, &zone, thread, evidence.clone(), id).expect("a row");
        assert!(derived.exchanges.contains(&explained.exchange));
    }
}
