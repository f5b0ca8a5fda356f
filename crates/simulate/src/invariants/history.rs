//! Tables of records that hold for a time.

use std::collections::BTreeMap;

use super::{Broken, must};
use crate::tables::Rows;

/// Of each thing the records follow each other without gap and overlap, and the last one has no end.
pub(super) fn without_gaps(rows: &Rows, table: &str, keys: &[&str]) -> Result<(), Broken> {
    let mut of_key: BTreeMap<Vec<String>, Vec<(i64, Option<i64>)>> = BTreeMap::new();
    let records = rows.map(|row| {
        let key = keys.iter().map(|key| row.text(key).unwrap_or_default());
        let times = (
            row.time_ms("valid_from").unwrap_or(i64::MIN),
            row.time_ms("valid_to"),
        );
        (key.collect::<Vec<_>>(), times)
    });
    for (key, times) in records {
        of_key.entry(key).or_default().push(times);
    }
    for (key, mut times) in of_key {
        times.sort_unstable();
        let follow = times
            .windows(2)
            .all(|pair| pair[0].1 == Some(pair[1].0) && pair[0].0 < pair[1].0);
        let open = times.last().is_some_and(|last| last.1.is_none());
        must(follow && open, || {
            format!("the records in {table} of {key:?} have gaps or overlap: {times:?}")
        })?;
    }
    Ok(())
}
