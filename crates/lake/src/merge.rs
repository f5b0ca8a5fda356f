//! Putting rows in place of those with the same key, in one commit.

use datafusion::prelude::{Expr, SessionContext, col};
use deltalake::arrow::array::RecordBatch;
use deltalake::delta_datafusion::DeltaSessionContext;

use crate::error::LakeError;
use crate::table::{Carried, Table, writer_properties};

/// A column of `target`, the table.
pub(crate) fn target(name: &str) -> Expr {
    col(format!("target.{name}"))
}

/// A column of `source`, the rows.
pub(crate) fn source(name: &str) -> Expr {
    col(format!("source.{name}"))
}

/// Whether a column is the same in both.
pub(crate) fn same(name: &str) -> Expr {
    target(name).eq(source(name))
}

impl Table {
    /// Rows that `predicate` finds in the table are replaced, the others added. Where `kept` names
    /// a flag of `rows`, those without it are taken out of the table in place of that.
    pub(crate) async fn merge(
        &mut self,
        rows: RecordBatch,
        predicate: Expr,
        kept: Option<&str>,
        carried: Carried,
    ) -> Result<(), LakeError> {
        let schema = self.name.schema();
        let names = || schema.fields().iter().map(|field| field.name().as_str());
        let rows = SessionContext::from(DeltaSessionContext::default())
            .read_batch(rows)
            .map_err(LakeError::query)?;
        let merge = || {
            let mut merge = self
                .delta
                .clone()
                .merge(rows, predicate)
                .with_source_alias("source")
                .with_target_alias("target")
                .with_writer_properties(writer_properties())
                .with_commit_properties(carried.properties())
                .when_matched_update(|update| {
                    let update = match kept {
                        Some(kept) => update.predicate(source(kept)),
                        None => update,
                    };
                    names().fold(update, |update, name| update.update(name, source(name)))
                })?;
            if let Some(kept) = kept {
                merge = merge
                    .when_matched_delete(|delete| delete.predicate(source(kept).is_false()))?;
            }
            merge.when_not_matched_insert(|insert| {
                let insert = match kept {
                    Some(kept) => insert.predicate(source(kept)),
                    None => insert,
                };
                names().fold(insert, |insert, name| insert.set(name, source(name)))
            })
        };
        let merged = merge().map_err(|error| self.error(error))?.await;
        let (delta, _) = merged.map_err(|error| self.error(error))?;
        self.delta = delta;
        Ok(())
    }
}
