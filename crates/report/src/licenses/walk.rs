//! From a source to [`Licenses`], one user after the other.

use hobbs_reconcile::licenses::{
    Candidate, Cost, Frozen, Held, Holder, HolderFacts, Seats, Terms, by_verdict, judge, rank,
};
use hobbs_reconcile::spans::{Span, Spans};
use jiff::Timestamp;
use serde::Deserialize;

use super::{Licenses, PersonRow, Query, READS_ONLY, VERSION};
use crate::answers::{SpanRow, time_ms};
use crate::by_user::ByUser;
use crate::coverage::time;
use crate::query::{query, select_with};
use crate::reconcile::{Answer, LicenseHistory, spans};
use crate::scope::{Scope, time_literal};
use crate::source::{Derived, Source, SourceError};
use crate::words::NO_VERDICTS;

const NO_HISTORY: &str = "This lake holds no history of licenses, so it can't be said which of them are worth moving: run `hobbs sync`, which keeps it from now on.";

const DAY_MS: i64 = 86_400_000;

pub(super) async fn licenses(
    source: &dyn Source,
    query: &Query,
    now: Timestamp,
) -> Result<Answer<Licenses>, SourceError> {
    let some = "SELECT 1 AS one FROM license_assignments LIMIT 1";
    if source.select(some).await?.is_empty() {
        return Ok(Answer::missing(NO_HISTORY));
    }
    let derived = source.derived().await?;
    let Some(not_judged) = derived.not_judged() else {
        return Ok(Answer::missing(NO_VERDICTS));
    };
    let terms = Terms {
        now_ms: now.as_millisecond(),
        idle_days: query.idle_days,
        new_days: query.new_days,
        late_days: query.late_days,
    };
    let tenant = Scope {
        tenant_id: query.tenant_id.clone(),
        ..Scope::default()
    }
    .people();
    let walk = Walk {
        source,
        tenant,
        derived,
        terms,
        on_leave: query
            .on_leave
            .iter()
            .map(|name| name.trim().to_lowercase())
            .collect(),
    };
    let seats = walk.seats().await?;
    let found = walk.users().await?;
    let licenses = finished(found, seats, not_judged, query, now);
    Ok(Answer::Here(Box::new(licenses)))
}

fn finished(
    mut found: Found,
    seats: Vec<Seats>,
    not_judged: u64,
    query: &Query,
    now: Timestamp,
) -> Licenses {
    let worth = |holder: &Holder| holder.verdict.is_worth_moving();
    found.holders.sort_by(|a, b| {
        let by_verdict = (a.verdict, a.name()).cmp(&(b.verdict, b.name()));
        by_verdict.then_with(|| a.user_id.cmp(&b.user_id))
    });
    found.frozen.sort_by(|a, b| {
        (&a.user_principal_name, &a.user_id).cmp(&(&b.user_principal_name, &b.user_id))
    });
    let typed_28 = found.holders.iter().map(|holder| holder.typed_28).sum();
    let held = |holders: &mut dyn Iterator<Item = &Holder>| {
        holders.map(|holder| holder.held.len() as u64).sum()
    };
    let all: u64 = held(&mut found.holders.iter());
    let bought = (!seats.is_empty()).then(|| seats.iter().map(|seats| seats.bought).sum());
    let movable: u64 = held(&mut found.holders.iter().filter(|holder| worth(holder)));
    Licenses {
        version: VERSION,
        generated_at: now,
        note: READS_ONLY,
        not_judged,
        idle_days: query.idle_days,
        new_days: query.new_days,
        verdicts: by_verdict(&found.holders),
        worth_moving: found.holders.iter().filter(|holder| worth(holder)).count() as u64,
        seats,
        cost: query
            .price
            .clone()
            .map(|price| Cost::of(price, bought, all, movable, typed_28)),
        holders: found.holders,
        candidates: rank(found.candidates),
        frozen: found.frozen,
    }
}

#[derive(Default)]
struct Found {
    holders: Vec<Holder>,
    candidates: Vec<Candidate>,
    frozen: Vec<Frozen>,
}

struct Walk<'a> {
    source: &'a dyn Source,
    tenant: String,
    derived: Derived,
    terms: Terms,
    on_leave: Vec<String>,
}

impl Walk<'_> {
    async fn seats(&self) -> Result<Vec<Seats>, SourceError> {
        let places = [("{people}", self.tenant.as_str())];
        let rows: Vec<SeatsRow> =
            select_with(self.source, query!("license_seats.sql"), &places).await?;
        Ok(rows.into_iter().map(SeatsRow::seats).collect())
    }

    /// One user after the other.
    async fn users(&self) -> Result<Found, SourceError> {
        let since = |days: i64| time_literal(self.terms.now_ms - days * DAY_MS);
        let (now, since_28, since_56) = (since(0), since(28), since(56));
        let places = &[
            ("{people}", self.tenant.as_str()),
            ("{now}", now.as_str()),
            ("{since_28}", since_28.as_str()),
            ("{since_56}", since_56.as_str()),
        ];
        let source = self.source;
        let mut people: ByUser<PersonRow> =
            ByUser::ask(source, query!("holders.sql"), places).await?;
        let mut licenses: ByUser<LicenseHistory> =
            ByUser::ask(source, query!("license_history.sql"), places).await?;
        let mut used: ByUser<UseRow> =
            ByUser::ask(source, query!("license_use.sql"), places).await?;
        let mut whole: ByUser<SpanRow> =
            ByUser::ask(source, query!("coverage_whole.sql"), places).await?;
        let mut not_judged = self.not_judged().await?;
        let mut found = Found::default();
        while let Some(user_id) = people.user().map(str::to_owned) {
            let licenses = licenses.of(&user_id).await?.into_iter();
            let held: Vec<Held> = licenses
                .filter_map(|row| still_held(row, self.terms.now_ms))
                .collect();
            let own = used.of(&user_id).await?.pop().unwrap_or_default();
            let read = spans(whole.of(&user_id).await?);
            let not_judged = match &mut not_judged {
                Some(users) => users.of(&user_id).await?.pop(),
                None => None,
            };
            let not_judged = not_judged.map_or(0, |row| row.interactions);
            let Some(person) = people.of(&user_id).await?.pop() else {
                continue;
            };
            match held.is_empty() {
                false => {
                    let holder = self.holder(person, held, &own, &read, not_judged);
                    found.holders.push(holder);
                }
                true => without(person, &own, &read, &mut found),
            }
        }
        Ok(found)
    }

    /// Who did what nobody has judged yet; None where all is judged.
    async fn not_judged(&self) -> Result<Option<ByUser<NotJudgedRow>>, SourceError> {
        let Derived::AllBut { after, .. } = self.derived else {
            return Ok(None);
        };
        let after = after.to_string();
        let places = &[
            ("{people}", self.tenant.as_str()),
            ("{after}", after.as_str()),
        ];
        let users = ByUser::ask(self.source, query!("license_not_judged.sql"), places);
        users.await.map(Some)
    }

    fn holder(
        &self,
        person: PersonRow,
        held: Vec<Held>,
        own: &UseRow,
        read: &Spans,
        not_judged: u64,
    ) -> Holder {
        let named = |name: &str| {
            self.on_leave
                .iter()
                .any(|listed| *listed == name.to_lowercase())
        };
        let since = held.iter().filter_map(|held| held.since).min();
        let facts = HolderFacts {
            on_leave: named(&person.user_id)
                || person.user_principal_name.as_deref().is_some_and(named),
            left: person.has_left(),
            held,
            last_typed: own.typed_at.map(time),
            last_clicked: own.clicked_at.map(time),
            last_any: own.any_at.map(time),
            last_unknown: own.unknown_at.map(time),
            last_automatic: own.automatic_at.map(time),
            typed_28: own.typed_28,
            typed_28_before: own.typed_28_before,
            typed: own.typed,
            not_judged,
            whole: self.is_whole(read, self.terms.idle_since_ms()),
            whole_since_licensed: self.is_whole(read, since.map_or(0, Timestamp::as_millisecond)),
            read_until: read.end_ms().map(time),
            user_id: person.user_id,
            user_principal_name: person.user_principal_name,
            display_name: person.display_name,
            department: person.department,
            account_enabled: person.account_enabled,
        };
        judge(facts, &self.terms)
    }

    /// Whether all has been read from a moment on, up to a reading that is not too old.
    fn is_whole(&self, read: &Spans, from_ms: i64) -> bool {
        let late_ms = self.terms.now_ms - i64::from(self.terms.late_days) * DAY_MS;
        match Span::new(from_ms, late_ms) {
            Some(window) => read.missing_from(window).is_empty(),
            // Of so short a time nothing need have been read yet.
            None => read.end_ms().is_some_and(|end| end >= late_ms),
        }
    }
}

/// A row of the license history that holds now; None of one that is over.
fn still_held(row: LicenseHistory, now_ms: i64) -> Option<Held> {
    let over = row.valid_to_at.is_some_and(|to| to <= now_ms) || row.status == "removed";
    let since = row.assigned_at.or(row.valid_from_at);
    (!over).then(|| Held {
        sku_id: row.sku_id,
        status: row.status,
        since: since.map(time),
    })
}

/// Of who holds none: whether they would use one, and whether their history is frozen.
fn without(person: PersonRow, own: &UseRow, read: &Spans, found: &mut Found) {
    if read.end_ms().is_some() || (person.has_left() && own.interactions > 0) {
        found.frozen.push(Frozen {
            user_id: person.user_id.clone(),
            user_principal_name: person.user_principal_name.clone(),
            cause: if person.has_left() {
                "left"
            } else {
                "not_licensed"
            }
            .to_owned(),
            since: person.valid_from_at.map(time),
            frozen_from: read.end_ms().map(time),
            rows: own.interactions,
            last_row: own.any_at.map(time),
        });
    }
    let can_be_given = !person.has_left() && person.account_enabled != Some(false);
    if can_be_given && own.typed > 0 {
        found.candidates.push(Candidate {
            rank: 0,
            user_id: person.user_id,
            user_principal_name: person.user_principal_name,
            display_name: person.display_name,
            department: person.department,
            typed_28: own.typed_28,
            typed: own.typed,
            last_typed: own.typed_at.map(time),
            last_any: own.any_at.map(time),
            says: match person.user_type.as_deref() {
                Some("Guest") => "A guest. ".to_owned(),
                _ => String::new(),
            },
        });
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct UseRow {
    user_id: String,
    #[serde(deserialize_with = "time_ms")]
    typed_at: Option<i64>,
    #[serde(deserialize_with = "time_ms")]
    clicked_at: Option<i64>,
    #[serde(deserialize_with = "time_ms")]
    automatic_at: Option<i64>,
    #[serde(deserialize_with = "time_ms")]
    unknown_at: Option<i64>,
    #[serde(deserialize_with = "time_ms")]
    any_at: Option<i64>,
    typed: u64,
    typed_28: u64,
    typed_28_before: u64,
    interactions: u64,
}

#[derive(Deserialize)]
struct NotJudgedRow {
    interactions: u64,
}

#[derive(Deserialize)]
struct SeatsRow {
    sku_id: String,
    #[serde(default)]
    sku_part_number: Option<String>,
    #[serde(default)]
    enabled: u64,
    #[serde(default)]
    consumed: u64,
    #[serde(default)]
    suspended: u64,
    #[serde(default)]
    warning: u64,
    #[serde(default)]
    locked_out: u64,
}

impl SeatsRow {
    fn seats(self) -> Seats {
        Seats {
            sku_id: self.sku_id,
            sku_part_number: self.sku_part_number,
            bought: self.enabled,
            assigned: self.consumed,
            free: 0,
            suspended: self.suspended,
            warning: self.warning,
            locked_out: self.locked_out,
        }
        .with_free()
    }
}
