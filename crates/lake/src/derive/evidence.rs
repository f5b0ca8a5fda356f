//! Rows of `interactions`, grouped by thread.

use std::collections::{BTreeMap, HashSet};

use datafusion::error::DataFusionError;
use datafusion::prelude::{Expr, coalesce, col, lit, when};
use deltalake::arrow::array::{
    Array, AsArray, BooleanArray, Int32Array, Int64Array, ListArray, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use deltalake::arrow::compute::filter_record_batch;
use deltalake::arrow::datatypes::{Int32Type, Int64Type, TimestampMicrosecondType};
use deltalake::arrow::error::ArrowError;
use hobbs_verdict::{Attached, Evidence, Lone, Part, Role, Thread, UNSTABLE_APPS, key};

use super::Known;
use super::spans::{Spans, Times};

/// What a derivation looks at. Texts are not among it.
pub(crate) const COLUMNS: [&str; 23] = [
    "tenant_id",
    "user_id",
    "session_id",
    "interaction_id",
    "request_id",
    "created_at",
    "app_class",
    "app",
    "surface",
    "kind",
    "locale",
    "content_chars",
    "content_words",
    "mark",
    "text_fingerprint",
    "text_template",
    "text_head",
    "text_tail",
    "text_style",
    "signs",
    "contexts",
    "links",
    "attachments",
];

/// A row of a batch.
#[derive(Clone, Copy)]
struct Place {
    batch: usize,
    row: usize,
}

/// Rows as rules see them, by thread.
pub struct Threads {
    batches: Vec<Columns>,
    threads: BTreeMap<i64, Vec<Place>>,
}

impl Threads {
    /// Of batches with the columns of [`COLUMNS`].
    pub(crate) fn of(batches: Vec<RecordBatch>) -> Self {
        let mut evidences = Threads {
            batches: Vec::with_capacity(batches.len()),
            threads: BTreeMap::new(),
        };
        evidences.add(batches);
        evidences
    }

    fn add(&mut self, batches: Vec<RecordBatch>) {
        for batch in &batches {
            let columns = Columns::of(batch);
            for row in 0..batch.num_rows() {
                let place = Place {
                    batch: self.batches.len(),
                    row,
                };
                self.threads
                    .entry(columns.thread_key(row))
                    .or_default()
                    .push(place);
            }
            self.batches.push(columns);
        }
    }

    /// The keys of the threads.
    pub(super) fn keys(&self) -> impl Iterator<Item = i64> + '_ {
        self.threads.keys().copied()
    }

    /// The spans in which rows of these threads lie: where they lay, and where rows are now.
    pub(super) fn spans_with(&self, known: &Known) -> Spans {
        let spans = known.iter().map(|(thread, times)| {
            let places = self.threads.get(thread).into_iter().flatten();
            places
                .map(|place| self.batches[place.batch].created_at.value(place.row))
                .fold(*times, |span, at| span.with(Times::at(at)))
        });
        spans.collect()
    }

    /// That a row of `interactions` may be of one of these threads: it is of the same session, or has none and is of
    /// the same user.
    pub(super) fn may_be_of(&self, known: &Known) -> Expr {
        let (mut sessions, mut users) = (HashSet::new(), HashSet::new());
        let places = known
            .keys()
            .filter_map(|key| self.threads.get(key)?.first());
        for place in places {
            let columns = &self.batches[place.batch];
            match columns.session(place.row) {
                Some(session) => sessions.insert(session),
                None => users.insert(columns.user_id.value(place.row)),
            };
        }
        let one_of = |column: &str, texts: HashSet<&str>| {
            col(column).in_list(texts.into_iter().map(lit).collect(), false)
        };
        let has_none = || {
            col("session_id")
                .is_null()
                .or(col("session_id").eq(lit("")))
        };
        match (sessions.is_empty(), users.is_empty()) {
            (true, true) => lit(false),
            (false, true) => one_of("session_id", sessions),
            (true, false) => has_none().and(one_of("user_id", users)),
            (false, false) => {
                one_of("session_id", sessions).or(has_none().and(one_of("user_id", users)))
            }
        }
    }

    /// The rows of these threads are the rows of `batches`, all of them.
    pub(super) fn replace(&mut self, batches: Vec<RecordBatch>, threads: &Known) {
        self.threads.retain(|key, _| !threads.contains_key(key));
        self.add(batches);
    }

    /// How many threads there are.
    pub fn count(&self) -> usize {
        self.threads.len()
    }

    /// How many rows they have together.
    pub fn count_of_rows(&self) -> usize {
        self.threads.values().map(Vec::len).sum()
    }

    /// Each thread with its rows, and the thread's key.
    pub fn each(&self) -> impl Iterator<Item = (i64, Thread<'_>, Vec<Evidence<'_>>)> {
        self.threads.iter().filter_map(|(key, places)| {
            let first = places.first()?;
            let columns = &self.batches[first.batch];
            let thread = Thread {
                tenant_id: columns.tenant_id.value(first.row),
                user_id: columns.user_id.value(first.row),
                session_id: columns.session(first.row),
            };
            let rows = places.iter();
            let rows = rows.map(|place| self.batches[place.batch].evidence(place.row));
            Some((*key, thread, rows.collect()))
        })
    }
}

/// Those of the columns of a batch of `interactions` that a derivation looks at.
pub(super) fn of(written: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let schema = written.schema();
    let columns: Vec<usize> = COLUMNS
        .iter()
        .map(|name| schema.index_of(name))
        .collect::<Result<_, _>>()?;
    written.project(&columns)
}

/// An order in which the rows of a thread follow each other, as [`Columns::thread_key`] tells threads apart: those
/// of a session; without one, those of a request, or else of a day.
pub(super) fn by_thread() -> Result<Vec<Expr>, DataFusionError> {
    let text = |column: &str| coalesce(vec![col(column), lit("")]);
    let unstable = UNSTABLE_APPS.into_iter().map(lit).collect();
    let is_by_request = text("session_id")
        .eq(lit(""))
        .and(col("app").in_list(unstable, true));
    let request = when(is_by_request, text("request_id")).otherwise(lit(""))?;
    Ok(vec![
        col("tenant_id"),
        col("user_id"),
        text("session_id"),
        request,
        col("created_at"),
    ])
}

/// Of each row of a batch with the columns of [`COLUMNS`], the key of its thread.
pub(super) fn thread_keys(batch: &RecordBatch) -> Vec<i64> {
    let columns = Columns::of(batch);
    (0..batch.num_rows())
        .map(|row| columns.thread_key(row))
        .collect()
}

/// The rows of a batch that belong to these threads.
pub(super) fn only(
    batch: &RecordBatch,
    threads: &Known,
) -> Result<Option<RecordBatch>, ArrowError> {
    let columns = Columns::of(batch);
    let wanted: BooleanArray = (0..batch.num_rows())
        .map(|row| Some(threads.contains_key(&columns.thread_key(row))))
        .collect();
    if wanted.true_count() == 0 {
        return Ok(None);
    }
    filter_record_batch(batch, &wanted).map(Some)
}

/// The columns of a batch by name.
struct Columns {
    tenant_id: StringArray,
    user_id: StringArray,
    session_id: StringArray,
    interaction_id: StringArray,
    request_id: StringArray,
    created_at: TimestampMicrosecondArray,
    app_class: StringArray,
    app: StringArray,
    surface: StringArray,
    kind: StringArray,
    locale: StringArray,
    content_chars: Int32Array,
    content_words: Int32Array,
    mark: StringArray,
    text_fingerprint: Int64Array,
    text_template: Int64Array,
    text_head: Int64Array,
    text_tail: Int64Array,
    text_style: Int32Array,
    signs: StringArray,
    attached: [AttachedColumn; 3],
}

/// A list column whose structs have a kind and an address.
struct AttachedColumn {
    role: Role,
    lists: ListArray,
    kinds: StringArray,
    addresses: StringArray,
}

impl AttachedColumn {
    /// `kind` and `address` are the places of the two fields in the struct.
    fn of(role: Role, lists: &ListArray, kind: usize, address: usize) -> Self {
        let structs = lists.values().as_struct();
        AttachedColumn {
            role,
            lists: lists.clone(),
            kinds: structs.column(kind).as_string::<i32>().clone(),
            addresses: structs.column(address).as_string::<i32>().clone(),
        }
    }

    fn of_row(&self, row: usize) -> impl Iterator<Item = Attached<'_>> {
        let offsets = self.lists.value_offsets();
        let range = if self.lists.is_null(row) {
            0..0
        } else {
            offsets[row] as usize..offsets[row + 1] as usize
        };
        range.map(|at| Attached {
            role: self.role,
            kind: some(&self.kinds, at),
            address: some(&self.addresses, at),
        })
    }
}

fn some(texts: &StringArray, row: usize) -> Option<&str> {
    texts.is_valid(row).then(|| texts.value(row))
}

fn some_number(numbers: &Int64Array, row: usize) -> Option<i64> {
    numbers.is_valid(row).then(|| numbers.value(row))
}

impl Columns {
    /// The batch has the columns of [`COLUMNS`], in that order and in the table's types.
    fn of(batch: &RecordBatch) -> Self {
        let text = |at: usize| batch.column(at).as_string::<i32>().clone();
        let small = |at: usize| batch.column(at).as_primitive::<Int32Type>().clone();
        let number = |at: usize| batch.column(at).as_primitive::<Int64Type>().clone();
        let list = |at: usize| batch.column(at).as_list::<i32>();
        Columns {
            tenant_id: text(0),
            user_id: text(1),
            session_id: text(2),
            interaction_id: text(3),
            request_id: text(4),
            created_at: batch
                .column(5)
                .as_primitive::<TimestampMicrosecondType>()
                .clone(),
            app_class: text(6),
            app: text(7),
            surface: text(8),
            kind: text(9),
            locale: text(10),
            content_chars: small(11),
            content_words: small(12),
            mark: text(13),
            text_fingerprint: number(14),
            text_template: number(15),
            text_head: number(16),
            text_tail: number(17),
            text_style: small(18),
            signs: text(19),
            attached: [
                AttachedColumn::of(Role::Context, list(20), 2, 0),
                AttachedColumn::of(Role::Link, list(21), 2, 0),
                AttachedColumn::of(Role::Attachment, list(22), 1, 2),
            ],
        }
    }

    /// The session of a row, where it has one.
    fn session(&self, row: usize) -> Option<&str> {
        some(&self.session_id, row).filter(|session| !session.is_empty())
    }

    /// What makes a thread one: tenant, user and session; without a session, the request or the day.
    fn thread_key(&self, row: usize) -> i64 {
        let (tenant_id, user_id) = (self.tenant_id.value(row), self.user_id.value(row));
        if let Some(session) = self.session(row) {
            return key(&[tenant_id, user_id, session]);
        }
        match self.lone(row) {
            Lone::Request(request) => key(&[tenant_id, user_id, "", "request", request]),
            Lone::Day(day) => key(&[tenant_id, user_id, "", &day.to_string()]),
        }
    }

    fn lone(&self, row: usize) -> Lone<'_> {
        let request = some(&self.request_id, row);
        Lone::of(self.app.value(row), request, self.created_at.value(row))
    }

    fn evidence(&self, row: usize) -> Evidence<'_> {
        Evidence {
            interaction_id: self.interaction_id.value(row),
            request_id: some(&self.request_id, row),
            created_at_us: self.created_at.value(row),
            part: Part::of(self.kind.value(row)),
            app_class: self.app_class.value(row),
            app: self.app.value(row),
            surface: self.surface.value(row),
            locale: some(&self.locale, row),
            content_chars: self.content_chars.value(row),
            content_words: self.content_words.value(row),
            mark: some(&self.mark, row),
            text_fingerprint: some_number(&self.text_fingerprint, row),
            text_template: some_number(&self.text_template, row),
            text_head: some_number(&self.text_head, row),
            text_tail: some_number(&self.text_tail, row),
            text_style: self
                .text_style
                .is_valid(row)
                .then(|| self.text_style.value(row)),
            signs: some(&self.signs, row),
            attached: self.attached.iter().flat_map(|it| it.of_row(row)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::HashSet;

    use datafusion::prelude::SessionContext;
    use hobbs_interaction::{
        AiInteraction, ContentPolicy, FingerprintKey, Ingest, Interaction, Signs,
    };

    use super::*;
    use crate::rows::page;

    const DAY_MS: i64 = 86_400_000;

    /// Rows of everything that a thread depends on, in all its forms, on both sides of midnight.
    fn rows() -> Vec<Interaction<'static>> {
        let key = FingerprintKey::from_bytes([1; 16]);
        let ingest = Ingest::new("t", ContentPolicy::None, key, Signs::default());
        let mut rows = Vec::new();
        // What varies fastest is what is sorted by last.
        for minute in 0..6_i64 {
            for request_id in [Some("r"), None, Some("q"), Some("")] {
                for app in ["Excel", "Word", "powerpoint", "Word.Excel"] {
                    for session_id in [Some("s"), None, Some("")] {
                        for user in ["ann", "bob"] {
                            let item = AiInteraction {
                                id: rows.len().to_string().into(),
                                created_at_ms: 20_000 * DAY_MS + (minute - 3) * 60_000,
                                session_id: session_id.map(Into::into),
                                request_id: request_id.map(Into::into),
                                app_class: format!("IPM.SkypeTeams.Message.Copilot.{app}").into(),
                                ..AiInteraction::default()
                            };
                            rows.push(ingest.row(user, item));
                        }
                    }
                }
            }
        }
        rows
    }

    #[tokio::test]
    async fn the_rows_of_a_thread_follow_each_other_in_its_order() {
        let batch = of(&page::of(&rows())).unwrap();
        let wanted: HashSet<i64> = thread_keys(&batch).into_iter().collect();
        let order = by_thread().unwrap().into_iter();
        let sorted = SessionContext::new()
            .read_batch(batch)
            .unwrap()
            .sort(order.map(|by| by.sort(true, false)).collect())
            .unwrap();
        let batches = sorted.collect().await.unwrap();
        let mut keys: Vec<i64> = batches.iter().flat_map(thread_keys).collect();
        keys.dedup();
        assert_eq!(keys.len(), wanted.len(), "a thread is in two places");
        // For each of two users: a session, two requests, two days.
        assert_eq!(wanted.len(), 2 * 5);
    }
}
