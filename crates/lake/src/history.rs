//! Tables of records that hold for a time: the one that holds now has no end.

use deltalake::arrow::array::RecordBatch;
use deltalake::arrow::compute::concat_batches;

use crate::error::LakeError;
use crate::merge::Key;
use crate::table::{Carried, Table};

/// When a record begins that takes the place of one that began at `before_ms`: now, and later than
/// that, so that each has a beginning of its own even where a clock stands still or goes back.
pub(crate) fn begin_ms(now_ms: i64, before_ms: Option<i64>) -> i64 {
    before_ms.map_or(now_ms, |before_ms| now_ms.max(before_ms.saturating_add(1)))
}

/// Puts the records of `ended`, whose end is now known, in the place of themselves without one, and
/// adds those of `begun`, in one commit. `key` names a record.
pub(crate) async fn keep(
    table: &mut Table,
    key: &[&str],
    ended: RecordBatch,
    begun: RecordBatch,
) -> Result<(), LakeError> {
    if ended.num_rows() == 0 {
        return match begun.num_rows() {
            0 => Ok(()),
            _ => table.append(begun, Carried::default()).await,
        };
    }
    let rows = concat_batches(&table.name.schema(), [&ended, &begun])
        .map_err(|error| table.error(error.into()))?;
    let is_record = Key {
        columns: key,
        within: None,
    };
    table.merge(rows, is_record, None, Carried::default()).await
}
