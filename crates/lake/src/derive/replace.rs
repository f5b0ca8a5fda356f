//! Putting the derived rows of some threads in place of those that are kept.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use datafusion::prelude::{col, lit};
use deltalake::arrow::array::{AsArray, BooleanArray, RecordBatch, UInt64Array};
use deltalake::arrow::compute::{concat_batches, filter_record_batch, not, take_record_batch};
use deltalake::arrow::datatypes::{DataType, Field, Int64Type, Schema, TimestampMicrosecondType};
use deltalake::arrow::error::ArrowError;
use deltalake::arrow::row::{RowConverter, SortField};
use futures::TryStreamExt;

use super::spans::{Spans, Times};
use super::{NAMED_MAX, Rederived};
use crate::error::LakeError;
use crate::merge::{Key, target};
use crate::rewrite::Keys;
use crate::schema::{TableName, column_names};
use crate::table::{Carried, Table};

/// Says of a row to be merged whether it is to be kept or taken out.
const KEPT: &str = "kept";

/// Writes what of `rows` differs from the rows kept of `threads`, and takes out what is no longer
/// derived, in one commit. The rows kept began within `kept_within`.
pub(super) async fn replace(
    table: &mut Table,
    rows: RecordBatch,
    threads: &HashSet<i64>,
    kept_within: &Spans,
    carried: Carried,
) -> Result<Rederived, LakeError> {
    let kept = if kept_within.is_empty() {
        Vec::new()
    } else {
        kept_rows(table, threads, kept_within).await?
    };
    let difference = Difference::of(rows, &kept).map_err(|error| table.error(error.into()))?;
    let changed = Rederived {
        written: difference.written.num_rows() as u64,
        removed: difference.removed.num_rows() as u64,
    };
    if changed.removed > 0 {
        merge(table, difference, carried).await?;
    } else if changed.written > 0 {
        table.append(difference.written, carried).await?;
    } else {
        table.mark(carried).await?;
    }
    Ok(changed)
}

async fn kept_rows(
    table: &Table,
    threads: &HashSet<i64>,
    within: &Spans,
) -> Result<Vec<RecordBatch>, LakeError> {
    let schema = table.name.schema();
    let columns = column_names(&schema);
    let mut condition = within.hold(&col("started_at"));
    if threads.len() <= NAMED_MAX {
        let named = threads.iter().map(|thread| lit(*thread)).collect();
        condition = condition.and(col("thread_key").in_list(named, false));
    }
    let mut stream = table.scan(&columns).filter(condition).stream().await?;
    let mut kept = Vec::new();
    while let Some(batch) = stream.try_next().await.map_err(LakeError::query)? {
        let Some(keys) = batch.column_by_name("thread_key") else {
            continue;
        };
        let keys = keys.as_primitive::<Int64Type>().values();
        let wanted: BooleanArray = keys.iter().map(|key| Some(threads.contains(key))).collect();
        if wanted.true_count() > 0 {
            let rows = filter_record_batch(&batch, &wanted);
            let rows = rows.and_then(|rows| rows.with_schema(schema.clone()));
            kept.push(rows.map_err(|error| table.error(error.into()))?);
        }
    }
    Ok(kept)
}

/// What differs between the rows derived and the rows kept, row for row and column for column.
struct Difference {
    /// Derived and not kept.
    written: RecordBatch,
    /// Kept and not derived.
    removed: RecordBatch,
}

impl Difference {
    fn of(derived: RecordBatch, kept: &[RecordBatch]) -> Result<Self, ArrowError> {
        let schema = derived.schema();
        if kept.is_empty() {
            return Ok(Difference {
                written: derived,
                removed: RecordBatch::new_empty(schema),
            });
        }
        let fields = schema.fields().iter();
        let fields = fields.map(|field| SortField::new(field.data_type().clone()));
        let converter = RowConverter::new(fields.collect())?;
        let rows = converter.convert_columns(derived.columns())?;
        let mut new: HashMap<&[u8], u64> = HashMap::with_capacity(derived.num_rows());
        for (at, row) in rows.iter().enumerate() {
            new.insert(row.data(), at as u64);
        }
        let mut removed = Vec::new();
        for batch in kept {
            let rows = converter.convert_columns(batch.columns())?;
            let gone: UInt64Array = (0..batch.num_rows())
                .filter(|&at| new.remove(rows.row(at).data()).is_none())
                .map(|at| at as u64)
                .collect();
            removed.push(take_record_batch(batch, &gone)?);
        }
        let mut written: Vec<u64> = new.into_values().collect();
        written.sort_unstable();
        Ok(Difference {
            written: take_record_batch(&derived, &UInt64Array::from(written))?,
            removed: concat_batches(&schema, &removed)?,
        })
    }

    /// When the rows began that are to be replaced or taken out: only files of these times are looked
    /// into.
    fn spans_of_removed(&self) -> Spans {
        let started = self.removed.column_by_name("started_at");
        let started = started.map(|it| it.as_primitive::<TimestampMicrosecondType>());
        let moments = started.into_iter().flat_map(|it| it.values().iter());
        moments.map(|us| Times::at(*us)).collect()
    }

    /// Both as one batch with a column [`KEPT`]: a key that stands in both is written anew.
    fn to_merge(&self, key: &[&str]) -> Result<RecordBatch, ArrowError> {
        let stays = Keys::of(&self.written, key)?.found_in(&self.removed)?;
        let gone = filter_record_batch(&self.removed, &not(&stays)?)?;
        let both = concat_batches(&self.written.schema(), [&self.written, &gone])?;
        let kept: BooleanArray = (0..both.num_rows())
            .map(|at| Some(at < self.written.num_rows()))
            .collect();
        let mut fields = both.schema().fields().to_vec();
        fields.push(Arc::new(Field::new(KEPT, DataType::Boolean, false)));
        let mut columns = both.columns().to_vec();
        columns.push(Arc::new(kept));
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
    }
}

/// What makes a row of a derived table one.
fn key_of(name: TableName) -> &'static [&'static str] {
    match name {
        TableName::Conversations => &["thread_key", "conversation_key"],
        TableName::Resources => &["thread_key", "first_id", "ordinal"],
        _ => &["thread_key", "first_id"],
    }
}

async fn merge(
    table: &mut Table,
    difference: Difference,
    carried: Carried,
) -> Result<(), LakeError> {
    let key = key_of(table.name);
    let rows = difference
        .to_merge(key)
        .map_err(|error| table.error(error.into()))?;
    let began_then = difference.spans_of_removed().hold(&target("started_at"));
    let key = Key {
        columns: key,
        within: Some(began_then),
    };
    table.merge(rows, key, Some(KEPT), carried).await
}
