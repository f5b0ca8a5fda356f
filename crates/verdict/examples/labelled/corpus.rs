//! The corpus as rows with their labels, read as hobbs reads a tenant.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use hobbs_interaction::{ContentPolicy, FingerprintKey, Ingest, Interaction, Page};
use hobbs_tenant::{Answer, Corpus, Maker, Tenant, TenantOptions, TrueItem};
use hobbs_verdict::{
    Attached, Compiled, Evidence, Exchange, Part, Role, Rules, Thread, Verdict, derive,
};
use http::Request;
use jiff::tz::TimeZone;

/// Monday, 29 June 2026, 20:00 UTC.
const NOW_MS: i64 = 1_782_763_200_000;

pub struct Rows {
    pub users: Vec<User>,
}

pub struct User {
    pub id: String,
    /// By session; None for all without one.
    pub threads: Vec<(Option<String>, Vec<Interaction<'static>>)>,
    /// By session and id.
    pub truth: HashMap<(Option<String>, String, i64), TrueItem>,
}

/// A derived exchange beside what is true of it.
pub struct Judged {
    pub user: usize,
    pub verdict: Verdict,
    pub rule: String,
    pub truth: Maker,
    pub generator: &'static str,
    pub language: &'static str,
    pub text: String,
    pub refused: (bool, bool),
    pub thread: usize,
    /// The prompt's place in its thread.
    pub prompt: Option<usize>,
    pub started_at_us: i64,
    pub opens: bool,
    pub reply_seconds: Option<f64>,
    pub day: i32,
}

impl Rows {
    pub fn rows(&self) -> usize {
        self.users
            .iter()
            .flat_map(|user| &user.threads)
            .map(|(_, rows)| rows.len())
            .sum()
    }

    pub fn judge(&self, rules: &Compiled) -> Vec<Judged> {
        let mut judged = Vec::new();
        for (place, user) in self.users.iter().enumerate() {
            for (number, (session, rows)) in user.threads.iter().enumerate() {
                let thread = Thread {
                    tenant_id: "t",
                    user_id: &user.id,
                    session_id: session.as_deref(),
                };
                let derived = derive(
                    rules,
                    &TimeZone::UTC,
                    thread,
                    rows.iter().map(evidence).collect(),
                );
                let first_us = derived.exchanges.iter().map(|it| it.started_at_us).min();
                for exchange in &derived.exchanges {
                    judged.push(labelled(place, number, user, rows, exchange, first_us));
                }
            }
        }
        judged
    }
}

fn labelled(
    user_place: usize,
    thread: usize,
    user: &User,
    rows: &[Interaction<'_>],
    exchange: &Exchange<'_>,
    first_us: Option<i64>,
) -> Judged {
    let session = exchange.thread.session_id.map(str::to_owned);
    // Ids are unique in a session only; without one, the time tells.
    let told = exchange.prompt_id.unwrap_or(exchange.first_id);
    let place = rows.iter().position(|row| {
        row.interaction_id == told
            && row.created_at_ms * 1_000 >= exchange.started_at_us
            && (row.kind.as_str() == "prompt") == exchange.prompt_id.is_some()
    });
    let row = &rows[place.unwrap()];
    let truth = &user.truth[&(
        session.clone(),
        row.interaction_id.clone().into_owned(),
        row.created_at_ms,
    )];
    Judged {
        user: user_place,
        verdict: exchange.verdict,
        rule: exchange.rule.to_owned(),
        truth: truth.verdict,
        generator: truth.generator,
        language: truth.language,
        text: truth.text.clone(),
        refused: (exchange.refused, truth.refused),
        thread,
        prompt: exchange.prompt_id.and(place),
        started_at_us: exchange.started_at_us,
        opens: session.is_none() || Some(exchange.started_at_us) == first_us,
        reply_seconds: exchange.reply_seconds,
        day: exchange.day,
    }
}

pub fn evidence<'a>(kept: &'a Interaction<'_>) -> Evidence<'a> {
    let contexts = kept
        .contexts
        .iter()
        .map(|it| (Role::Context, &it.context_type, &it.reference));
    let links = kept
        .links
        .iter()
        .map(|it| (Role::Link, &it.link_type, &it.url));
    let attachments = kept
        .attachments
        .iter()
        .map(|it| (Role::Attachment, &it.content_type, &it.content_url));
    let attached = contexts
        .chain(links)
        .chain(attachments)
        .map(|(role, kind, address)| Attached {
            role,
            kind: kind.as_deref(),
            address: address.as_deref(),
        });
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
        attached: attached.collect(),
    }
}

pub fn read(corpus: Corpus, users: u32, days: u32, key: &FingerprintKey, rules: &Rules) -> Rows {
    let options = TenantOptions {
        corpus,
        careers: true,
        users,
        days_of_history: days,
        ..TenantOptions::seeded(1)
    };
    let options = options.everyone_licensed().unthrottled().frozen();
    let tenant = Tenant::new(options, Arc::new(|| NOW_MS)).unwrap();
    let ingest = Ingest::new("t", ContentPolicy::None, key.clone(), rules.signs());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let users = runtime.block_on(async {
        let token = token(&tenant).await;
        let mut users = Vec::new();
        for place in 0..tenant.user_count() {
            users.push(user(&tenant, &token, &ingest, place).await);
        }
        users
    });
    Rows { users }
}

async fn user(tenant: &Tenant, token: &str, ingest: &Ingest, place: u32) -> User {
    let id = tenant.user_facts(place).id;
    let mut next = Some(format!(
        "https://graph.microsoft.com/v1.0/copilot/users/{id}/interactionHistory/getAllEnterpriseInteractions?$top=100"
    ));
    let mut threads: HashMap<Option<String>, HashMap<(String, i64), Interaction<'static>>> =
        HashMap::new();
    while let Some(url) = next {
        let request = Request::get(url).header("authorization", format!("Bearer {token}"));
        let Answer::Whole(response) = tenant.answer(request.body(Bytes::new()).unwrap()).await
        else {
            unreachable!("nothing is broken off");
        };
        let page = Page::read(response.body()).unwrap();
        next = page.next_link;
        for item in page.items {
            let row = ingest.row(id.as_str(), item.into_owned());
            let session = row.session_id.clone().map(Cow::into_owned);
            let thread = threads.entry(session).or_default();
            let key = (row.interaction_id.clone().into_owned(), row.created_at_ms);
            thread.insert(key, row);
        }
    }
    let truth = tenant.truth_of(place).into_iter();
    let mut threads: Vec<_> = threads
        .into_iter()
        .map(|(session, rows)| (session, rows.into_values().collect::<Vec<_>>()))
        .collect();
    threads.sort_by(|one, other| one.0.cmp(&other.0));
    for (_, rows) in &mut threads {
        rows.sort_by(|one, other| {
            (one.created_at_ms, &one.interaction_id)
                .cmp(&(other.created_at_ms, &other.interaction_id))
        });
    }
    User {
        id,
        threads,
        truth: truth
            .map(|it| ((it.session_id.clone(), it.id.clone(), it.created_at_ms), it))
            .collect(),
    }
}

async fn token(tenant: &Tenant) -> String {
    let options = tenant.options();
    let body = format!(
        "client_id={}&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default&grant_type=client_credentials&client_secret={}",
        options.client_id,
        options.secret.as_deref().unwrap()
    );
    let url = format!(
        "https://login.microsoftonline.com/{}/oauth2/v2.0/token",
        options.tenant_id
    );
    let request = Request::post(url).header("content-type", "application/x-www-form-urlencoded");
    let Answer::Whole(response) = tenant
        .answer(request.body(Bytes::from(body)).unwrap())
        .await
    else {
        unreachable!("nothing is broken off");
    };
    let answer: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
    answer["access_token"].as_str().unwrap().to_owned()
}
