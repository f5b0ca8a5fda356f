//! What is derived, as Arrow batches of the three tables.

use std::collections::HashMap;
use std::sync::Arc;

use deltalake::arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int32Array, Int64Array, RecordBatch,
    StringArray, TimestampMicrosecondArray,
};
use deltalake::arrow::error::ArrowError;
use hobbs_verdict::{Conversation, Derived, Evidence, Exchange, Part, Resource, Thread, Verdict};

use super::Derivation;
use super::Threads;
use crate::schema::TableName;

/// A batch of each derived table.
pub(super) struct Batches {
    pub(super) exchanges: RecordBatch,
    pub(super) conversations: RecordBatch,
    pub(super) resources: RecordBatch,
}

/// Something of a thread.
struct Of<'a, T> {
    thread_key: i64,
    thread: Thread<'a>,
    it: T,
}

fn of<T>(thread_key: i64, thread: Thread<'_>, it: T) -> Of<'_, T> {
    Of {
        thread_key,
        thread,
        it,
    }
}

/// An exchange, and what can be told of its prompt's text.
struct Judged<'a> {
    exchange: Exchange<'a>,
    prompt: Prompt,
}

impl<'a> std::ops::Deref for Judged<'a> {
    type Target = Exchange<'a>;

    fn deref(&self) -> &Exchange<'a> {
        &self.exchange
    }
}

/// The fingerprints of a prompt.
#[derive(Clone, Copy, Default)]
struct Prompt {
    fingerprint: Option<i64>,
    template: Option<i64>,
    head: Option<i64>,
    tail: Option<i64>,
    style: Option<i32>,
}

impl Prompt {
    fn of(row: &Evidence<'_>) -> Self {
        Prompt {
            fingerprint: row.text_fingerprint,
            template: row.text_template,
            head: row.text_head,
            tail: row.text_tail,
            style: row.text_style,
        }
    }
}

/// Derives all threads. Rows are in the order of their times.
pub(super) fn derive(threads: &Threads, derivation: &Derivation) -> Result<Batches, ArrowError> {
    // Made room for at once: growing, they would take twice their size for a moment. A prompt and its response
    // are an exchange, as a rule.
    let mut exchanges = Vec::with_capacity(threads.count_of_rows() / 2 + threads.count());
    let mut conversations = Vec::with_capacity(threads.count());
    let mut resources = Vec::new();
    for (thread_key, thread, rows) in threads.each() {
        let prompts: HashMap<&str, Prompt> = rows
            .iter()
            .filter(|row| row.part == Part::Prompt)
            .map(|row| (row.interaction_id, Prompt::of(row)))
            .collect();
        let of_thread = hobbs_verdict::derive(&derivation.rules, &derivation.zone, thread, rows);
        let Derived {
            exchanges: some_exchanges,
            conversations: some_conversations,
            resources: some_resources,
        } = of_thread;
        exchanges.extend(some_exchanges.into_iter().map(|exchange| {
            let prompt = exchange.prompt_id.and_then(|id| prompts.get(id));
            let prompt = prompt.copied().unwrap_or_default();
            of(thread_key, thread, Judged { exchange, prompt })
        }));
        conversations.extend(
            some_conversations
                .into_iter()
                .map(|it| of(thread_key, thread, it)),
        );
        resources.extend(
            some_resources
                .into_iter()
                .map(|it| of(thread_key, thread, it)),
        );
    }
    // Each kind of row is gone before the next becomes a batch.
    let rules = derivation.rules.version();
    Ok(Batches {
        exchanges: exchange_batch(exchanges, rules)?,
        conversations: conversation_batch(conversations, rules)?,
        resources: resource_batch(resources, rules)?,
    })
}

/// Columns of rows, in the order of their times.
struct Columns<'a, T> {
    rows: Vec<Of<'a, T>>,
    order: Vec<usize>,
}

impl<'a, T> Columns<'a, T> {
    /// The rows stay where they are: half a kilobyte each is much to move.
    fn in_order<K: Ord>(rows: Vec<Of<'a, T>>, time: impl Fn(&T) -> K) -> Self {
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_unstable_by_key(|place| {
            let row = &rows[*place];
            (time(&row.it), row.thread_key, *place)
        });
        Columns { rows, order }
    }

    fn each(&self) -> impl Iterator<Item = &Of<'a, T>> {
        self.order.iter().map(|place| &self.rows[*place])
    }

    fn tenant_id(&self) -> ArrayRef {
        Arc::new(StringArray::from_iter_values(
            self.each().map(|row| row.thread.tenant_id),
        ))
    }

    fn thread_key(&self) -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(
            self.each().map(|row| row.thread_key),
        ))
    }

    fn text<'b>(&'b self, field: impl Fn(&'b T) -> &'b str) -> ArrayRef {
        Arc::new(StringArray::from_iter_values(
            self.each().map(|row| field(&row.it)),
        ))
    }

    fn optional<'b>(&'b self, field: impl Fn(&'b T) -> Option<&'b str>) -> ArrayRef {
        let texts: StringArray = self.each().map(|row| field(&row.it)).collect();
        Arc::new(texts)
    }

    fn same(&self, text: &str) -> ArrayRef {
        Arc::new(StringArray::from_iter_values(self.each().map(|_| text)))
    }

    fn key(&self, field: impl Fn(&T) -> i64) -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(
            self.each().map(|row| field(&row.it)),
        ))
    }

    fn key_or_null(&self, field: impl Fn(&T) -> Option<i64>) -> ArrayRef {
        let keys: Int64Array = self.each().map(|row| field(&row.it)).collect();
        Arc::new(keys)
    }

    fn small(&self, field: impl Fn(&T) -> i32) -> ArrayRef {
        Arc::new(Int32Array::from_iter_values(
            self.each().map(|row| field(&row.it)),
        ))
    }

    fn small_or_null(&self, field: impl Fn(&T) -> Option<i32>) -> ArrayRef {
        let numbers: Int32Array = self.each().map(|row| field(&row.it)).collect();
        Arc::new(numbers)
    }

    fn seconds(&self, field: impl Fn(&T) -> Option<f64>) -> ArrayRef {
        let seconds: Float64Array = self.each().map(|row| field(&row.it)).collect();
        Arc::new(seconds)
    }

    fn day(&self, field: impl Fn(&T) -> i32) -> ArrayRef {
        Arc::new(Date32Array::from_iter_values(
            self.each().map(|row| field(&row.it)),
        ))
    }

    /// The columns `day`, `week`, `month`, `day_number` and `week_number`.
    fn calendar(&self, day: impl Fn(&T) -> i32) -> [ArrayRef; 5] {
        [
            self.day(&day),
            self.day(|it| monday(day(it))),
            self.day(|it| first_of_month(day(it))),
            self.small(&day),
            self.small(|it| week_number(day(it))),
        ]
    }

    fn flag(&self, field: impl Fn(&T) -> bool) -> ArrayRef {
        let flags: BooleanArray = self.each().map(|row| Some(field(&row.it))).collect();
        Arc::new(flags)
    }

    fn time(&self, field: impl Fn(&T) -> Option<i64>) -> ArrayRef {
        let times: TimestampMicrosecondArray = self.each().map(|row| field(&row.it)).collect();
        Arc::new(times.with_timezone("UTC"))
    }
}

fn milliseconds(seconds: f64) -> i64 {
    (seconds * 1000.0).round() as i64
}

fn saturated(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// Mondays since the one of 29 December 1969.
fn week_number(day: i32) -> i32 {
    (day + 3).div_euclid(7)
}

fn monday(day: i32) -> i32 {
    week_number(day) * 7 - 3
}

fn first_of_month(day: i32) -> i32 {
    let epoch = jiff::civil::date(1970, 1, 1);
    let day_of_month = epoch
        .checked_add(jiff::Span::new().days(day))
        .map_or(1, |date| date.day());
    day + 1 - i32::from(day_of_month)
}

fn exchange_batch(
    exchanges: Vec<Of<'_, Judged<'_>>>,
    rules: &str,
) -> Result<RecordBatch, ArrowError> {
    let all = Columns::in_order(exchanges, |it| it.exchange.started_at_us);
    let mut columns = vec![
        all.tenant_id(),
        all.text(|it| it.thread.user_id),
        all.key(|it| it.user_key),
        all.optional(|it| it.thread.session_id),
        all.thread_key(),
        all.key(|it| it.conversation_key),
        all.optional(|it| it.request_id),
        all.text(|it| it.first_id),
        all.optional(|it| it.prompt_id),
        all.time(|it| Some(it.started_at_us)),
        all.time(|it| it.first_response_at_us),
        all.time(|it| it.last_response_at_us),
        all.seconds(|it| it.reply_seconds),
        all.small_or_null(|it| it.reply_seconds.map(milliseconds).map(saturated)),
        all.small(|it| it.parts),
        all.small(|it| it.prompts),
        all.small(|it| it.responses),
        all.small(|it| it.others),
        all.small(|it| it.noise_parts),
        all.text(|it| it.app),
        all.text(|it| it.app_class),
        all.text(|it| it.surface),
        all.optional(|it| it.locale),
        all.text(|it| it.verdict.as_str()),
        all.text(|it| it.rule),
        all.seconds(|it| Some(it.confidence)),
        all.small(|it| it.prompt_chars),
        all.small(|it| it.prompt_words),
        all.key_or_null(|it| it.prompt.fingerprint),
        all.key_or_null(|it| it.prompt.template),
        all.key_or_null(|it| it.prompt.head),
        all.key_or_null(|it| it.prompt.tail),
        all.small_or_null(|it| it.prompt.style),
        all.small(|it| it.response_chars),
        all.small(|it| it.contexts),
        all.small(|it| it.links),
        all.small(|it| it.attachments),
        all.optional(|it| it.resource_kinds.as_deref()),
        all.flag(|it| it.grounded),
        all.flag(|it| it.refused),
    ];
    columns.extend(all.calendar(|it| it.day));
    columns.extend([
        all.small(|it| it.hour),
        all.small(|it| it.weekday),
        all.same(rules),
    ]);
    RecordBatch::try_new(TableName::Exchanges.schema(), columns)
}

fn conversation_batch(
    conversations: Vec<Of<'_, Conversation<'_>>>,
    rules: &str,
) -> Result<RecordBatch, ArrowError> {
    let all = Columns::in_order(conversations, |it| it.started_at_us);
    let mut columns = vec![
        all.tenant_id(),
        all.text(|it| it.thread.user_id),
        all.key(|it| it.user_key),
        all.optional(|it| it.thread.session_id),
        all.thread_key(),
        all.key(|it| it.conversation_key),
        all.time(|it| Some(it.started_at_us)),
        all.time(|it| Some(it.ended_at_us)),
        all.seconds(|it| Some(it.span_seconds)),
        all.key(|it| milliseconds(it.span_seconds)),
        all.small(|it| it.turns),
        all.small(|it| it.verdicts[Verdict::Typed as usize]),
        all.small(|it| it.verdicts[Verdict::Clicked as usize]),
        all.small(|it| it.verdicts[Verdict::Automatic as usize]),
        all.small(|it| it.verdicts[Verdict::System as usize]),
        all.small(|it| it.verdicts[Verdict::Noise as usize]),
        all.small(|it| it.verdicts[Verdict::Unknown as usize]),
        all.text(|it| &it.apps),
        all.text(|it| it.app),
        all.text(|it| it.surface),
    ];
    columns.extend(all.calendar(|it| it.day));
    columns.extend([all.same(rules)]);
    RecordBatch::try_new(TableName::Conversations.schema(), columns)
}

fn resource_batch(
    resources: Vec<Of<'_, Resource<'_>>>,
    rules: &str,
) -> Result<RecordBatch, ArrowError> {
    let all = Columns::in_order(resources, |it| (it.started_at_us, it.ordinal));
    let mut columns = vec![
        all.tenant_id(),
        all.key(|it| it.user_key),
        all.thread_key(),
        all.key(|it| it.conversation_key),
        all.text(|it| it.first_id),
        all.small(|it| it.ordinal),
        all.time(|it| Some(it.started_at_us)),
    ];
    columns.extend(all.calendar(|it| it.day));
    columns.extend([
        all.text(|it| it.app),
        all.text(|it| Verdict::as_str(it.verdict)),
        all.text(|it| it.role.as_str()),
        all.optional(|it| it.kind),
        all.optional(|it| it.host.as_deref()),
        all.optional(|it| it.site.as_deref()),
        all.same(rules),
    ]);
    RecordBatch::try_new(TableName::Resources.schema(), columns)
}

#[cfg(test)]
mod tests {
    use super::{first_of_month, monday, week_number};

    #[test]
    fn weeks_begin_on_mondays_and_months_on_the_first() {
        // 22 November 2026 is a Sunday, 20,779 days after 1 January 1970.
        let sunday = 20_779;
        assert_eq!(monday(sunday), sunday - 6);
        assert_eq!(monday(sunday + 1), sunday + 1);
        assert_eq!(week_number(sunday + 1), week_number(sunday) + 1);
        assert_eq!(first_of_month(sunday), sunday - 21);
        assert_eq!(first_of_month(0), 0);
        assert_eq!(monday(0), -3);
        assert_eq!(first_of_month(-1), -31);
    }
}
