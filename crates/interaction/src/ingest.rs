//! From items to rows, with all that is known of a text before the content policy drops it.

use std::sync::Arc;

use crate::fingerprint::{self, FingerprintKey, Hash, Names, Sink};
use crate::signs::{Search, Signs};
use crate::wire::AiInteraction;
use crate::{ContentPolicy, Interaction, Kind, style};

/// What is the same for all rows of a run.
#[derive(Debug, Clone)]
pub struct Ingest {
    tenant_id: Arc<str>,
    content: ContentPolicy,
    key: FingerprintKey,
    signs: Signs,
}

/// What a row keeps of its text whatever the content policy; the columns of the same names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Traces {
    pub(crate) fingerprint: Option<i64>,
    pub(crate) template: Option<i64>,
    pub(crate) head: Option<i64>,
    pub(crate) tail: Option<i64>,
    pub(crate) style: Option<i32>,
    pub(crate) signs: Option<String>,
}

impl Ingest {
    /// For a tenant, whose texts are kept as `content` says, fingerprinted with the lake's `key`
    /// and searched for `signs`.
    pub fn new(
        tenant_id: impl Into<Arc<str>>,
        content: ContentPolicy,
        key: FingerprintKey,
        signs: Signs,
    ) -> Ingest {
        Ingest {
            tenant_id: tenant_id.into(),
            content,
            key,
            signs,
        }
    }

    /// The row of an item of a user's history. `user_id` is the Entra object id of the user whose
    /// history it is, also for responses.
    ///
    /// Lengths, the mark, fingerprints and signs are of the whole text; only then the policy
    /// decides what is kept of it. An attachment's content is never kept, nor an address that holds
    /// the content itself (`data:`).
    pub fn row<'a>(
        &self,
        user_id: impl Into<Arc<str>>,
        item: AiInteraction<'a>,
    ) -> Interaction<'a> {
        Interaction::with(
            &self.tenant_id,
            user_id.into(),
            item,
            self.content,
            |item, text| self.traces(item, text),
        )
    }

    fn traces(&self, item: &AiInteraction<'_>, text: &str) -> Traces {
        let kind = Kind::of(&item.interaction_type);
        match kind {
            Kind::Prompt => self.of_prompt(item, text),
            _ => {
                let mut reading = Reading {
                    hash: Hash::new(&self.key),
                    search: self.signs.search(&kind),
                };
                fingerprint::into(text, &mut reading);
                Traces {
                    fingerprint: reading.hash.finish(),
                    signs: reading.search.finish(),
                    ..Traces::default()
                }
            }
        }
    }

    /// A prompt is short as a rule, so that its normal form may be looked at several times.
    fn of_prompt(&self, item: &AiInteraction<'_>, text: &str) -> Traces {
        let normal = fingerprint::normal(text);
        let mut search = self.signs.search(&Kind::Prompt);
        search.take(normal.as_bytes(), true);
        let template = fingerprint::template(&normal, &Names::of(names(item)));
        let (head, tail) = fingerprint::ends(&normal).unzip();
        let of = |part: &str| self.key.of_normal(part);
        Traces {
            fingerprint: of(&normal),
            template: template.and_then(|template| of(&template)),
            head: head.and_then(of),
            tail: tail.and_then(of),
            style: Some(style::of(text)),
            signs: search.finish(),
        }
    }
}

/// The names of people, files and meetings that stand in an item beside its text.
fn names<'a>(item: &'a AiInteraction<'_>) -> impl Iterator<Item = &'a str> {
    let mentions = item.mentions.iter().map(|it| &it.text);
    let contexts = item.contexts.iter().map(|it| &it.display_name);
    let attachments = item.attachments.iter().map(|it| &it.name);
    let links = item.links.iter().map(|it| &it.display_name);
    let all = mentions.chain(contexts).chain(attachments).chain(links);
    all.filter_map(|name| name.as_deref())
}

/// One pass over a text for its fingerprint and its signs.
struct Reading<'s> {
    hash: Hash,
    search: Search<'s>,
}

impl Sink for Reading<'_> {
    fn take(&mut self, piece: &[u8], is_last: bool) {
        self.hash.take(piece, is_last);
        self.search.take(piece, is_last);
    }

    fn restart(&mut self) {
        self.hash.restart();
        self.search.restart();
    }
}
