//! Usage reports stand once, however often they were asked for.

use std::collections::HashSet;

use super::{Broken, must};
use crate::disk::Disk;
use crate::tables::Rows;

/// What makes a row of these tables one.
const KEYS: [(&str, &[&str]); 2] = [
    (
        "usage_reports",
        &[
            "report_refresh_date",
            "report_period",
            "user_principal_name",
        ],
    ),
    (
        "usage_summary",
        &["report_refresh_date", "report_period", "app"],
    ),
];

pub(super) async fn once(disk: &Disk) -> Result<(), Broken> {
    for (table, columns) in KEYS {
        let rows = Rows::read(disk, table).await?;
        let keys = rows.map(|row| {
            let cells = columns.iter().map(|column| match row.text(column) {
                Some(text) => text,
                None => row.number(column).unwrap_or(-1).to_string(),
            });
            cells.collect::<Vec<_>>()
        });
        let mut known = HashSet::with_capacity(keys.len());
        for key in keys {
            must(!known.contains(&key), || {
                format!("a row stands twice in {table}: {key:?}")
            })?;
            known.insert(key);
        }
    }
    Ok(())
}
