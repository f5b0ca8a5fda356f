//! Rows of `interactions` as an Arrow batch.

use std::sync::Arc;

use deltalake::arrow::array::{
    ArrayRef, Int32Array, Int64Array, ListArray, RecordBatch, StringArray, StringBuilder,
    StructArray, TimestampMicrosecondArray,
};
use deltalake::arrow::buffer::OffsetBuffer;
use deltalake::arrow::datatypes::Fields;
use deltalake::arrow::error::ArrowError;
use hobbs_interaction::wire::{Attachment, Context, Link, Mention};
use hobbs_interaction::{Interaction, Kind, Mark};

use crate::cells::micros;
use crate::schema::{
    TableName, attachment_fields, context_fields, element, link_fields, mention_fields,
};

/// The rows at `order`, in that order.
pub(crate) fn batch(
    rows: &[Interaction],
    order: &[usize],
    run_id: &str,
    ingested_at_ms: i64,
    sequence: i64,
) -> Result<RecordBatch, ArrowError> {
    let text = |field: fn(&Interaction) -> &str| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(
            order.iter().map(|&index| field(&rows[index])),
        ))
    };
    let optional = |field: fn(&Interaction) -> Option<&str>| -> ArrayRef {
        Arc::new(
            order
                .iter()
                .map(|&index| field(&rows[index]))
                .collect::<StringArray>(),
        )
    };
    let number = |field: fn(&Interaction) -> u32| -> ArrayRef {
        let numbers = order
            .iter()
            .map(|&index| i32::try_from(field(&rows[index])).unwrap_or(i32::MAX));
        Arc::new(Int32Array::from_iter_values(numbers))
    };
    let fingerprint = |field: fn(&Interaction) -> Option<i64>| -> ArrayRef {
        Arc::new(Int64Array::from_iter(
            order.iter().map(|&index| field(&rows[index])),
        ))
    };
    let created = order.iter().map(|&index| micros(rows[index].created_at_ms));
    let columns: Vec<ArrayRef> = vec![
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
        Arc::new(Int32Array::from_iter(
            order.iter().map(|&index| rows[index].text_style),
        )),
        optional(|row| row.signs.as_deref()),
        optional(|row| row.mark.map(Mark::as_str)),
        list(
            rows,
            order,
            context_fields(),
            |row| &row.contexts,
            |context: &Context, cells| {
                cells.push(&context.reference);
                cells.push(&context.display_name);
                cells.push(&context.context_type);
            },
        )?,
        list(
            rows,
            order,
            link_fields(),
            |row| &row.links,
            |link: &Link, cells| {
                cells.push(&link.url);
                cells.push(&link.display_name);
                cells.push(&link.link_type);
            },
        )?,
        list(
            rows,
            order,
            attachment_fields(),
            |row| &row.attachments,
            |attachment: &Attachment, cells| {
                cells.push(&attachment.attachment_id);
                cells.push(&attachment.content_type);
                cells.push(&attachment.content_url);
                cells.push(&attachment.name);
            },
        )?,
        list(
            rows,
            order,
            mention_fields(),
            |row| &row.mentions,
            |mention: &Mention, cells| {
                cells.push(&mention.mention_id);
                cells.push(&mention.text);
                cells.push(&mention.mentioned);
            },
        )?,
        Arc::new(StringArray::from_iter_values(order.iter().map(|_| run_id))),
        Arc::new(
            TimestampMicrosecondArray::from_iter_values(
                order.iter().map(|_| micros(ingested_at_ms)),
            )
            .with_timezone("UTC"),
        ),
        Arc::new(Int64Array::from_iter_values(order.iter().map(|_| sequence))),
    ];
    RecordBatch::try_new(TableName::Interactions.schema(), columns)
}

fn kind(kind: &Kind) -> &str {
    match kind {
        Kind::Prompt => "prompt",
        Kind::Response => "response",
        Kind::Other(raw) => raw,
    }
}

/// The cells of a struct column, filled one struct after the other, field by field.
struct Cells {
    columns: Vec<StringBuilder>,
    next: usize,
}

impl Cells {
    fn push(&mut self, cell: &Option<String>) {
        self.columns[self.next].append_option(cell.as_deref());
        self.next = (self.next + 1) % self.columns.len();
    }
}

fn list<T>(
    rows: &[Interaction],
    order: &[usize],
    fields: Fields,
    items: fn(&Interaction) -> &Vec<T>,
    write: fn(&T, &mut Cells),
) -> Result<ArrayRef, ArrowError> {
    let mut cells = Cells {
        columns: fields.iter().map(|_| StringBuilder::new()).collect(),
        next: 0,
    };
    for &index in order {
        for item in items(&rows[index]) {
            write(item, &mut cells);
        }
    }
    let lengths = order.iter().map(|&index| items(&rows[index]).len());
    let offsets = OffsetBuffer::from_lengths(lengths);
    let columns = cells
        .columns
        .iter_mut()
        .map(|column| Arc::new(column.finish()) as ArrayRef)
        .collect();
    let structs = StructArray::try_new(fields.clone(), columns, None)?;
    Ok(Arc::new(ListArray::try_new(
        element(fields),
        offsets,
        Arc::new(structs),
        None,
    )?))
}
