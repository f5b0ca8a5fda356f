//! From the rows of a thread to its exchanges, conversations and resources.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::case::{Alone, Case};
use crate::evidence::{Attached, Evidence, Part, Role, Thread};
use crate::exchange::{Conversation, Exchange, Resource};
use crate::join::{Threaded, join, sort};
use crate::{Compiled, Map, Verdict, address, key};

/// The rule of an exchange for which no rule holds.
const NO_RULE: &str = "none";

/// What was derived of a thread.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Derived<'a> {
    /// In the order in which they began; outside of sessions, thread by thread.
    pub exchanges: Vec<Exchange<'a>>,
    /// One of a session; one of each exchange outside of sessions.
    pub conversations: Vec<Conversation<'a>>,
    /// In the order of the exchanges.
    pub resources: Vec<Resource<'a>>,
}

/// Derives what the rows of a thread say. `zone` is the tenant's, for days and hours.
///
/// `rows` are all rows of the user and session, in any order. Where there is no session, they are
/// those of one or more whole threads ([`Lone`](crate::Lone)), which do not touch each other.
pub fn derive<'a>(
    rules: &'a Compiled,
    zone: &TimeZone,
    thread: Thread<'a>,
    mut rows: Vec<Evidence<'a>>,
) -> Derived<'a> {
    sort(&mut rows);
    let mut derived = Derived::default();
    match thread.session_id {
        Some(session_id) => {
            let key = key::session_key(thread.tenant_id, thread.user_id, session_id);
            let first = derived.exchanges.len();
            derived.take(rules, zone, thread, &rows, Some(key));
            let exchanges = &derived.exchanges[first..];
            let ended_at_us = rows.last().map_or(0, |row| row.created_at_us);
            derived
                .conversations
                .extend(conversation(exchanges, ended_at_us));
        }
        None => {
            // Sorting keeps their order.
            rows.sort_by_key(Evidence::lone);
            for lone in rows.chunk_by(|one, other| one.lone() == other.lone()) {
                derived.take(rules, zone, thread, lone, None);
            }
        }
    }
    derived
}

/// An exchange with what was found about its rows: for [`crate::explain`].
pub(crate) struct Judged<'a> {
    pub(crate) exchange: Exchange<'a>,
    /// Places of its rows, in order.
    pub(crate) parts: Vec<usize>,
    /// For each of these the rule that calls it noise.
    pub(crate) noise: Vec<Option<usize>>,
    /// For each of these what its neighbours tell.
    pub(crate) alone: Vec<Alone>,
    /// The row that speaks for it.
    pub(crate) lead: usize,
    /// The rule that won.
    pub(crate) won: Option<usize>,
    things: Vec<Attached<'a>>,
}

/// Whose rows are judged, and the keys that all of them share.
#[derive(Clone, Copy)]
struct Whose<'a> {
    thread: Thread<'a>,
    user_key: i64,
    session_key: Option<i64>,
}

impl<'a> Whose<'a> {
    fn of(thread: Thread<'a>) -> Whose<'a> {
        let (tenant_id, user_id) = (thread.tenant_id, thread.user_id);
        let session_key = |session_id| key::session_key(tenant_id, user_id, session_id);
        Whose {
            thread,
            user_key: key::user_key(tenant_id, user_id),
            session_key: thread.session_id.map(session_key),
        }
    }
}

/// Judges the rows of a session, or of one thread outside of sessions; they are sorted.
pub(crate) fn judge_all<'a>(
    rules: &'a Compiled,
    zone: &TimeZone,
    thread: Thread<'a>,
    rows: &[Evidence<'a>],
) -> Vec<Judged<'a>> {
    let Threaded {
        exchanges,
        repeats_us,
    } = join(rows, rules.repeat_us());
    let whose = Whose::of(thread);
    exchanges
        .into_iter()
        .map(|joined| judge(rules, zone, whose, rows, joined.rows, &repeats_us))
        .collect()
}

fn judge<'a>(
    rules: &'a Compiled,
    zone: &TimeZone,
    whose: Whose<'a>,
    rows: &[Evidence<'a>],
    parts: Vec<usize>,
    repeats_us: &[Option<i64>],
) -> Judged<'a> {
    let (noise, alone) = noise(rules, rows, &parts, repeats_us);
    let lead = lead(rows, &parts, &noise);
    let case = Case {
        rows,
        parts: &parts,
        lead: &rows[lead],
        alone: None,
    };
    let mut won = rules.judge(&case);
    if noise.iter().all(Option::is_some) {
        let strongest = noise.iter().flatten().copied().min();
        won = won.into_iter().chain(strongest).min();
    }
    let things = things(&case);
    let exchange = summed(rules, zone, whose, &case, &noise, &things, won);
    Judged {
        exchange,
        parts,
        noise,
        alone,
        lead,
        won,
        things,
    }
}

/// For each part the rule that calls it noise, and what its neighbours tell of it.
fn noise(
    rules: &Compiled,
    rows: &[Evidence<'_>],
    parts: &[usize],
    repeats_us: &[Option<i64>],
) -> (Vec<Option<usize>>, Vec<Alone>) {
    let ask = |place: &usize, about: Alone| {
        rules.noise(&Case {
            rows,
            parts: std::slice::from_ref(place),
            lead: &rows[*place],
            alone: Some(about),
        })
    };
    let about = |place: &usize| Alone {
        repeat_us: repeats_us[*place],
        is_followed: false,
    };
    let mut alone: Vec<Alone> = parts.iter().map(about).collect();
    let mut noise: Vec<Option<usize>> = parts
        .iter()
        .zip(&alone)
        .map(|(place, about)| ask(place, *about))
        .collect();
    // What stands before an answer can be told only when it is known which row is one.
    let is_response = |at: &usize| rows[parts[*at]].part == Part::Response;
    let last = (0..parts.len())
        .rev()
        .filter(is_response)
        .find(|at| noise[*at].is_none());
    for at in (0..last.unwrap_or(0)).filter(is_response) {
        alone[at].is_followed = true;
        if noise[at].is_none() {
            noise[at] = ask(&parts[at], alone[at]);
        }
    }
    (noise, alone)
}

/// The row that speaks for an exchange: its first prompt that is no noise, or its first prompt, or
/// its first row.
fn lead(rows: &[Evidence<'_>], parts: &[usize], noise: &[Option<usize>]) -> usize {
    let prompts = || {
        let all = parts.iter().zip(noise);
        all.filter(|(place, _)| rows[**place].part == Part::Prompt)
    };
    let prompt = prompts()
        .find(|(_, noise)| noise.is_none())
        .or_else(|| prompts().next());
    prompt.map_or(parts[0], |(place, _)| *place)
}

fn summed<'a>(
    rules: &'a Compiled,
    zone: &TimeZone,
    whose: Whose<'a>,
    case: &Case<'_, 'a>,
    noise: &[Option<usize>],
    things: &[Attached<'a>],
    won: Option<usize>,
) -> Exchange<'a> {
    let first = &case.rows[case.parts[0]];
    let lead = case.lead;
    let prompt = (lead.part == Part::Prompt).then_some(lead);
    let is_real =
        |row: &Evidence<'_>, noise: &Option<usize>| row.part == Part::Response && noise.is_none();
    let answers = || {
        let all = case.parts().zip(noise);
        all.filter(|(row, noise)| is_real(row, noise))
            .map(|(row, _)| row)
    };
    let first_response_at_us = answers().next().map(|row| row.created_at_us);
    let reply_us = prompt
        .zip(first_response_at_us)
        .map(|(prompt, at_us)| at_us - prompt.created_at_us);
    let local = Local::of(first.created_at_us, zone);
    let rule = won.map(|place| rules.rule(place));
    let of = |role| count(things.iter().filter(|it| it.role == role).count());
    Exchange {
        thread: whose.thread,
        user_key: whose.user_key,
        conversation_key: whose.session_key.unwrap_or_else(|| {
            let Thread {
                tenant_id, user_id, ..
            } = whose.thread;
            key::lone_key(
                tenant_id,
                user_id,
                first.interaction_id,
                first.created_at_us,
            )
        }),
        request_id: case.parts().find_map(|row| row.request_id),
        first_id: first.interaction_id,
        prompt_id: prompt.map(|row| row.interaction_id),
        started_at_us: first.created_at_us,
        first_response_at_us,
        last_response_at_us: answers().last().map(|row| row.created_at_us),
        reply_seconds: reply_us.filter(|us| *us >= 0).map(|us| us as f64 / 1e6),
        parts: count(case.parts.len()),
        prompts: count(case.prompts().count()),
        responses: count(case.of(Part::Response).count()),
        others: count(case.of(Part::Other).count()),
        noise_parts: count(noise.iter().flatten().count()),
        app: lead.app,
        app_class: lead.app_class,
        surface: lead.surface,
        locale: lead
            .locale
            .or_else(|| case.parts().find_map(|row| row.locale)),
        verdict: rule.map_or(Verdict::Unknown, |rule| rule.effective_verdict()),
        rule: rule.map_or(NO_RULE, |rule| &rule.id),
        confidence: rule.map_or(0.0, |rule| rule.confidence),
        prompt_chars: prompt.map_or(0, |row| row.content_chars),
        prompt_words: prompt.map_or(0, |row| row.content_words),
        response_chars: answers().fold(0, |sum: i32, row| sum.saturating_add(row.content_chars)),
        contexts: of(Role::Context),
        links: of(Role::Link),
        attachments: of(Role::Attachment),
        resource_kinds: kinds(things),
        grounded: answers().any(|row| row.attached.iter().any(|it| it.role == Role::Link)),
        refused: answers()
            .last()
            .is_some_and(|row| row.signs().any(|sign| rules.is_refusal(sign))),
        day: local.day,
        week: local.week,
        hour: local.hour,
        weekday: local.weekday,
    }
}

/// The distinct things of an exchange: a context stands in the prompt and in the response.
fn things<'a>(case: &Case<'_, 'a>) -> Vec<Attached<'a>> {
    let mut seen = Map::default();
    let all = case
        .parts()
        .flat_map(|row| &row.attached)
        .filter(|it| !it.is_card());
    all.filter(|it| seen.insert((it.role, it.kind, it.address), ()).is_none())
        .copied()
        .collect()
}

fn kinds(things: &[Attached<'_>]) -> Option<String> {
    let kinds: BTreeSet<&str> = things.iter().filter_map(|it| it.kind).collect();
    (!kinds.is_empty()).then(|| kinds.into_iter().collect::<Vec<_>>().join(","))
}

fn conversation<'a>(exchanges: &[Exchange<'a>], ended_at_us: i64) -> Option<Conversation<'a>> {
    let first = exchanges.iter().min_by_key(|it| it.started_at_us)?;
    let mut verdicts = [0; Verdict::ALL.len()];
    for exchange in exchanges {
        verdicts[exchange.verdict.place()] += 1;
    }
    let apps: BTreeSet<&str> = exchanges.iter().map(|it| it.app).collect();
    Some(Conversation {
        thread: first.thread,
        user_key: first.user_key,
        conversation_key: first.conversation_key,
        started_at_us: first.started_at_us,
        ended_at_us,
        span_seconds: (ended_at_us - first.started_at_us) as f64 / 1e6,
        turns: count(exchanges.len()),
        verdicts,
        apps: apps.into_iter().collect::<Vec<_>>().join(","),
        app: first.app,
        surface: first.surface,
        day: first.day,
        week: first.week,
    })
}

impl<'a> Derived<'a> {
    /// Takes the rows of a session, or of one thread outside of sessions.
    fn take(
        &mut self,
        rules: &'a Compiled,
        zone: &TimeZone,
        thread: Thread<'a>,
        rows: &[Evidence<'a>],
        session_key: Option<i64>,
    ) {
        for judged in judge_all(rules, zone, thread, rows) {
            self.add_resources(judged.things, &judged.exchange);
            if session_key.is_none() {
                let last = judged
                    .parts
                    .last()
                    .map_or(0, |place| rows[*place].created_at_us);
                self.conversations
                    .extend(conversation(std::slice::from_ref(&judged.exchange), last));
            }
            self.exchanges.push(judged.exchange);
        }
    }

    fn add_resources(&mut self, things: Vec<Attached<'a>>, exchange: &Exchange<'a>) {
        for (ordinal, thing) in things.into_iter().enumerate() {
            let place = thing.address.and_then(address::place);
            let (host, site) = place.map(|it| (it.host, it.site)).unzip();
            self.resources.push(Resource {
                user_key: exchange.user_key,
                conversation_key: exchange.conversation_key,
                first_id: exchange.first_id,
                ordinal: count(ordinal),
                started_at_us: exchange.started_at_us,
                day: exchange.day,
                app: exchange.app,
                verdict: exchange.verdict,
                role: thing.role,
                kind: thing.kind,
                host,
                site: site.flatten(),
            });
        }
    }
}

/// A moment on the tenant's clock.
struct Local {
    day: i32,
    week: i32,
    hour: i32,
    weekday: i32,
}

impl Local {
    fn of(at_us: i64, zone: &TimeZone) -> Local {
        let moment = Timestamp::from_microsecond(at_us);
        let offset_s = moment.map_or(0, |moment| i64::from(zone.to_offset(moment).seconds()));
        let local_s = at_us.div_euclid(1_000_000) + offset_s;
        let days = local_s.div_euclid(86_400);
        let day = i32::try_from(days).unwrap_or(if days < 0 { i32::MIN / 2 } else { i32::MAX / 2 });
        // 1970-01-01 was a Thursday.
        let weekday = (day + 3).rem_euclid(7) + 1;
        Local {
            day,
            week: day - (weekday - 1),
            hour: (local_s.rem_euclid(86_400) / 3_600) as i32,
            weekday,
        }
    }
}

fn count(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
