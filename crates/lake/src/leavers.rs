//! Whose last reading is due: the license has gone, and nobody has asked for the history since.
//!
//! This is told by what the lake keeps, not by what a run sees change: a run that keeps the people and
//! ends before it asks them, or a plan that is only looked at, would else be the last to know.

use std::collections::{HashMap, HashSet};

use datafusion::prelude::{Expr, col, lit};
use deltalake::arrow::array::AsArray;
use deltalake::arrow::datatypes::Int64Type;
use futures::TryStreamExt;

use crate::cells::Cells;
use crate::error::LakeError;
use crate::table::Table;

/// Users who held a license and hold none any more, or have left, and whose history was not asked for
/// since to an end: read whole, or refused with one of `final_codes`.
pub(crate) async fn last_reading_due(
    users: &Table,
    coverage: &Table,
    tenant_id: &str,
    final_codes: &[&str],
) -> Result<HashSet<String>, LakeError> {
    let mut lost_ms = lost_license(users, tenant_id).await?;
    if lost_ms.is_empty() {
        return Ok(HashSet::new());
    }
    let codes: Vec<Expr> = final_codes.iter().map(|code| lit(*code)).collect();
    let mut lines = coverage
        .scan(&["user_id", "to_ms"])
        .filter(col("tenant_id").eq(lit(tenant_id)))
        .filter(col("apps").is_null())
        .filter(col("whole").or(col("error_code").in_list(codes, false)))
        .stream()
        .await?;
    while let Some(batch) = lines.try_next().await.map_err(LakeError::query)? {
        let users = batch.column(0).as_string::<i32>();
        let to_ms = batch.column(1).as_primitive::<Int64Type>().values();
        for (user, to_ms) in users.iter().flatten().zip(to_ms) {
            // Windows end on whole seconds.
            if lost_ms
                .get(user)
                .is_some_and(|ms| ms / 1000 * 1000 <= *to_ms)
            {
                lost_ms.remove(user);
            }
        }
    }
    Ok(lost_ms.into_keys().collect())
}

/// When those who held a license and hold none now lost it, UTC milliseconds.
async fn lost_license(users: &Table, tenant_id: &str) -> Result<HashMap<String, i64>, LakeError> {
    let mut records = users
        .scan(&["user_id", "valid_to"])
        .filter(col("tenant_id").eq(lit(tenant_id)))
        .filter(col("licensed"))
        .stream()
        .await?;
    let mut ended_ms: HashMap<String, i64> = HashMap::new();
    let mut licensed_now = Vec::new();
    while let Some(batch) = records.try_next().await.map_err(LakeError::query)? {
        let cells = Cells { batch: &batch };
        let (user_id, valid_to_ms) = (cells.text("user_id"), cells.time_ms("valid_to"));
        for at in 0..batch.num_rows() {
            let Some(user_id) = user_id(at) else { continue };
            match valid_to_ms(at) {
                None => licensed_now.push(user_id),
                Some(ms) => {
                    let newest = ended_ms.entry(user_id).or_insert(ms);
                    *newest = ms.max(*newest);
                }
            }
        }
    }
    for user_id in licensed_now {
        ended_ms.remove(&user_id);
    }
    Ok(ended_ms)
}
