//! A page of interactions as an Arrow batch.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use deltalake::arrow::array::{
    ArrayRef, Int32Array, Int64Array, ListArray, RecordBatch, StringArray, StringBuilder,
    StructArray, TimestampMicrosecondArray,
};
use deltalake::arrow::buffer::OffsetBuffer;
use deltalake::arrow::datatypes::{Fields, Schema, SchemaRef};
use deltalake::arrow::error::ArrowError;
use hobbs_interaction::wire::{Attachment, Context, Link, Mention};
use hobbs_interaction::{Interaction, Kind, Mark};

use crate::cells::micros;
use crate::schema::{
    TableName, attachment_fields, context_fields, element, link_fields, mention_fields,
};

/// The columns that rows of a commit share; they are added to the pages of the commit.
const OF_COMMIT: usize = 3;

/// The columns of a page: those of the table, without what is the commit's.
pub(super) static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let schema = TableName::Interactions.schema();
    let own = schema.fields().len() - OF_COMMIT;
    Arc::new(Schema::new(schema.fields()[..own].to_vec()))
});

/// The columns of these rows.
pub(crate) fn of(rows: &[Interaction<'_>]) -> RecordBatch {
    let columns = columns(rows).and_then(|columns| RecordBatch::try_new(SCHEMA.clone(), columns));
    columns.expect("columns of one length, in the types of the table")
}

/// Rows of a commit: their own columns, and those of the commit.
pub(crate) fn with_commit(
    own: Vec<ArrayRef>,
    rows: usize,
    run_id: &str,
    ingested_at_ms: i64,
    sequence: i64,
) -> Result<RecordBatch, ArrowError> {
    let times = TimestampMicrosecondArray::from_value(micros(ingested_at_ms), rows);
    let of_commit: [ArrayRef; OF_COMMIT] = [
        Arc::new(StringArray::from_iter_values((0..rows).map(|_| run_id))),
        Arc::new(times.with_timezone("UTC")),
        Arc::new(Int64Array::from_value(sequence, rows)),
    ];
    let columns = own.into_iter().chain(of_commit).collect();
    RecordBatch::try_new(TableName::Interactions.schema(), columns)
}

fn columns(rows: &[Interaction<'_>]) -> Result<Vec<ArrayRef>, ArrowError> {
    let text = |field: for<'a> fn(&'a Interaction<'_>) -> &'a str| {
        texts(rows.iter().map(|row| Some(field(row))))
    };
    let optional =
        |field: for<'a> fn(&'a Interaction<'_>) -> Option<&'a str>| texts(rows.iter().map(field));
    let number = |field: for<'a> fn(&'a Interaction<'_>) -> u32| -> ArrayRef {
        let numbers = rows.iter().map(field);
        let numbers = numbers.map(|number| i32::try_from(number).unwrap_or(i32::MAX));
        Arc::new(Int32Array::from_iter_values(numbers))
    };
    let fingerprint = |field: for<'a> fn(&'a Interaction<'_>) -> Option<i64>| -> ArrayRef {
        Arc::new(rows.iter().map(field).collect::<Int64Array>())
    };
    let created = rows.iter().map(|row| micros(row.created_at_ms));
    Ok(vec![
        text(|row| &row.tenant_id),
        text(|row| &row.user_id),
        optional(|row| row.session_id.as_deref()),
        text(|row| &row.interaction_id),
        optional(|row| row.request_id.as_deref()),
        text(|row| &row.etag),
        Arc::new(TimestampMicrosecondArray::from_iter_values(created).with_timezone("UTC")),
        text(|row| &row.app_class),
        text(|row| &row.app),
        optional(|row| row.conversation_type.as_deref()),
        text(|row| row.surface.as_str()),
        text(|row| kind(&row.kind)),
        optional(|row| row.from_id.as_deref()),
        optional(|row| row.from_name.as_deref()),
        optional(|row| row.locale.as_deref()),
        optional(|row| row.content_type.as_deref()),
        optional(|row| row.content.as_deref()),
        number(|row| row.content_chars),
        number(|row| row.content_words),
        fingerprint(|row| row.text_fingerprint),
        fingerprint(|row| row.text_template),
        fingerprint(|row| row.text_head),
        fingerprint(|row| row.text_tail),
        Arc::new(Int32Array::from_iter(rows.iter().map(|row| row.text_style))),
        optional(|row| row.signs.as_deref()),
        optional(|row| row.mark.map(Mark::as_str)),
        list(
            rows,
            context_fields(),
            |row| &row.contexts,
            |context: &Context<'_>, cells| {
                cells.push(&context.reference);
                cells.push(&context.display_name);
                cells.push(&context.context_type);
            },
        )?,
        list(
            rows,
            link_fields(),
            |row| &row.links,
            |link: &Link<'_>, cells| {
                cells.push(&link.url);
                cells.push(&link.display_name);
                cells.push(&link.link_type);
            },
        )?,
        list(
            rows,
            attachment_fields(),
            |row| &row.attachments,
            |attachment: &Attachment<'_>, cells| {
                cells.push(&attachment.attachment_id);
                cells.push(&attachment.content_type);
                cells.push(&attachment.content_url);
                cells.push(&attachment.name);
            },
        )?,
        list(
            rows,
            mention_fields(),
            |row| &row.mentions,
            |mention: &Mention<'_>, cells| {
                cells.push(&mention.mention_id);
                cells.push(&mention.text);
                cells.push(&mention.mentioned);
            },
        )?,
    ])
}

fn kind(kind: &Kind) -> &str {
    match kind {
        Kind::Prompt => "prompt",
        Kind::Response => "response",
        Kind::Other(raw) => raw,
    }
}

/// A column that takes no more memory than its texts: thousands of pages wait at a time.
fn texts<'a>(cells: impl Iterator<Item = Option<&'a str>> + Clone) -> ArrayRef {
    let (rows, bytes) = cells.clone().fold((0, 0), |(rows, bytes), cell| {
        (rows + 1, bytes + cell.map_or(0, str::len))
    });
    let mut column = StringBuilder::with_capacity(rows, bytes);
    cells.for_each(|cell| column.append_option(cell));
    Arc::new(column.finish())
}

/// The cells of a struct column, filled one struct after the other, field by field.
struct Cells<'a> {
    columns: Vec<Vec<Option<&'a str>>>,
    next: usize,
}

impl<'a> Cells<'a> {
    fn push(&mut self, cell: &'a Option<Cow<'_, str>>) {
        self.columns[self.next].push(cell.as_deref());
        self.next = (self.next + 1) % self.columns.len();
    }
}

fn list<'r, T: 'r>(
    rows: &[Interaction<'r>],
    fields: Fields,
    items: for<'a> fn(&'a Interaction<'r>) -> &'a Vec<T>,
    write: for<'a> fn(&'a T, &mut Cells<'a>),
) -> Result<ArrayRef, ArrowError> {
    let mut cells = Cells {
        columns: vec![Vec::new(); fields.len()],
        next: 0,
    };
    for item in rows.iter().flat_map(items) {
        write(item, &mut cells);
    }
    let lengths = rows.iter().map(|row| items(row).len());
    let offsets = OffsetBuffer::from_lengths(lengths);
    let columns = cells
        .columns
        .iter()
        .map(|cells| texts(cells.iter().copied()));
    let structs = StructArray::try_new(fields.clone(), columns.collect(), None)?;
    Ok(Arc::new(ListArray::try_new(
        element(fields),
        offsets,
        Arc::new(structs),
        None,
    )?))
}
