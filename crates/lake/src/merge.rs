//! Putting rows in place of those with the same key, in one commit.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::functions::expr_fn::coalesce;
use datafusion::prelude::{Expr, SessionContext, col, lit};
use deltalake::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringArray};
use deltalake::arrow::compute::{concat_batches, filter_record_batch};
use deltalake::arrow::datatypes::{DataType, Schema, SchemaRef};
use deltalake::arrow::error::ArrowError;
use deltalake::arrow::row::{RowConverter, SortField};
use deltalake::delta_datafusion::DeltaSessionContext;
use deltalake::kernel::{Action, LogicalFileView};
use deltalake::protocol::DeltaOperation;

use crate::error::LakeError;
use crate::schema::column_names;
use crate::small::{self, FileReader};
use crate::table::{Carried, Table, commit, write, writer_properties};

/// A column of `target`, the table.
pub(crate) fn target(name: &str) -> Expr {
    col(format!("target.{name}"))
}

/// A column of `source`, the rows.
fn source(name: &str) -> Expr {
    col(format!("source.{name}"))
}

/// What makes a row of a table one.
pub(crate) struct Key<'a> {
    /// These columns. In texts, null and empty are the same.
    pub(crate) columns: &'a [&'a str],
    /// A condition on `target` that all rows with these keys meet, so that others are not looked at.
    pub(crate) within: Option<Expr>,
}

impl Key<'_> {
    /// That a row of the table and one of `rows` have the same key.
    fn predicate(&self, schema: &Schema) -> Expr {
        let is_text_or_null = |name: &str| {
            let field = schema.field_with_name(name);
            field.is_ok_and(|field| field.is_nullable() && field.data_type() == &DataType::Utf8)
        };
        let same = self.columns.iter().map(|name| {
            if is_text_or_null(name) {
                let some = |column| coalesce(vec![column, lit("")]);
                some(target(name)).eq(some(source(name)))
            } else {
                target(name).eq(source(name))
            }
        });
        let conditions = same.chain(self.within.clone());
        conditions.reduce(Expr::and).unwrap_or(lit(false))
    }

    /// The keys of a batch, comparable byte by byte.
    fn of(&self, rows: &RecordBatch) -> Result<HashSet<Vec<u8>>, ArrowError> {
        let mut keys = HashSet::with_capacity(rows.num_rows());
        self.each(rows, |key| {
            keys.insert(key.to_vec());
        })?;
        Ok(keys)
    }

    fn each(&self, rows: &RecordBatch, mut see: impl FnMut(&[u8])) -> Result<(), ArrowError> {
        let columns = self.columns.iter().map(|name| {
            let column = rows.column(rows.schema().index_of(name)?);
            Ok(with_empty_for_null(column))
        });
        let columns = columns.collect::<Result<Vec<ArrayRef>, ArrowError>>()?;
        let fields = columns.iter();
        let fields = fields.map(|column| SortField::new(column.data_type().clone()));
        let keys = RowConverter::new(fields.collect())?.convert_columns(&columns)?;
        keys.iter().for_each(|key| see(key.data()));
        Ok(())
    }
}

fn with_empty_for_null(column: &ArrayRef) -> ArrayRef {
    match column.as_string_opt::<i32>() {
        Some(texts) if texts.null_count() > 0 => {
            let texts = texts.iter().map(|text| Some(text.unwrap_or_default()));
            Arc::new(texts.collect::<StringArray>())
        }
        _ => ArrayRef::clone(column),
    }
}

impl Table {
    /// Rows of the table with the keys of `rows` are replaced, the others added. Where `kept` names
    /// a flag of `rows`, those without it are taken out of the table in place of that.
    pub(crate) async fn merge(
        &mut self,
        rows: RecordBatch,
        key: Key<'_>,
        kept: Option<&str>,
        carried: Carried,
    ) -> Result<(), LakeError> {
        match small::files(self, key.within.as_ref())? {
            Some(files) => self.rewrite(files, rows, key, kept, carried).await,
            None => self.plan_merge(rows, key, kept, carried).await,
        }
    }

    /// As small tables are merged: files that hold one of the keys are written anew, as one.
    async fn rewrite(
        &mut self,
        files: Vec<LogicalFileView>,
        rows: RecordBatch,
        key: Key<'_>,
        kept: Option<&str>,
        carried: Carried,
    ) -> Result<(), LakeError> {
        let schema = self.name.schema();
        let columns = column_names(&schema);
        let reader = FileReader::new(self, &columns, None).map_err(LakeError::query)?;
        let broken = |error: ArrowError| LakeError::table(self.name.as_str(), error.into());
        let replaced = key.of(&rows).map_err(broken)?;
        let mut actions = Vec::new();
        let mut written = Vec::new();
        for file in files {
            let batches = reader.clone().read(file.object_store_path()).await;
            let batches = batches.map_err(LakeError::query)?;
            let batch = concat_batches(&schema, &batches).map_err(broken)?;
            let mut stays = Vec::with_capacity(batch.num_rows());
            key.each(&batch, |key| stays.push(!replaced.contains(key)))
                .map_err(broken)?;
            if stays.contains(&false) {
                actions.push(Action::Remove(file.remove_action(true)));
                let stays = BooleanArray::from(stays);
                written.push(filter_record_batch(&batch, &stays).map_err(broken)?);
            }
        }
        written.push(wanted(&rows, &schema, kept).map_err(broken)?);
        let written = concat_batches(&schema, &written).map_err(broken)?;
        let delta = &mut self.delta;
        let name = self.name.as_str();
        let error = |error| LakeError::table(name, error);
        if written.num_rows() > 0 {
            actions.extend(write(delta, written).await.map_err(error)?);
        }
        if actions.is_empty() {
            return Ok(());
        }
        let operation = DeltaOperation::Merge {
            merge_predicate: None,
            predicate: None,
            matched_predicates: Vec::new(),
            not_matched_predicates: Vec::new(),
            not_matched_by_source_predicates: Vec::new(),
        };
        commit(delta, actions, operation, carried)
            .await
            .map_err(error)
    }

    async fn plan_merge(
        &mut self,
        rows: RecordBatch,
        key: Key<'_>,
        kept: Option<&str>,
        carried: Carried,
    ) -> Result<(), LakeError> {
        let schema = self.name.schema();
        let predicate = key.predicate(&schema);
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

/// Those of the rows that are to be in the table, in its columns.
fn wanted(
    rows: &RecordBatch,
    schema: &SchemaRef,
    kept: Option<&str>,
) -> Result<RecordBatch, ArrowError> {
    let rows = match kept.and_then(|kept| rows.column_by_name(kept)) {
        Some(kept) => filter_record_batch(rows, kept.as_boolean())?,
        None => rows.clone(),
    };
    let columns = schema.fields().iter().map(|field| {
        let column = rows.column(rows.schema().index_of(field.name())?);
        Ok(ArrayRef::clone(column))
    });
    RecordBatch::try_new(
        Arc::clone(schema),
        columns.collect::<Result<_, ArrowError>>()?,
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::HashMap;

    use deltalake::arrow::datatypes::Field;
    use deltalake::logstore::object_store::memory::InMemory;
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    use super::*;
    use crate::coverage::{CoverageLine, Note, Span, batch};
    use crate::location::{Location, OwnStore};
    use crate::query::objects;
    use crate::schema::TableName;

    async fn table() -> Table {
        let location = Location::Store(OwnStore::new(Arc::new(InMemory::new())));
        let log = location.table("coverage").unwrap();
        Table::create(TableName::Coverage, log).await.unwrap()
    }

    /// Rows of different keys, of which some are to be kept.
    fn drawn(dice: &mut StdRng) -> RecordBatch {
        let mut lines: HashMap<(u32, String), CoverageLine> = HashMap::new();
        for _ in 0..dice.random_range(1..8) {
            let user = dice.random_range(0..4);
            let apps = [None, Some(String::new()), Some("Word".to_owned())];
            let apps = apps[dice.random_range(0..3)].clone();
            let key = (user, apps.clone().unwrap_or_default());
            let to_ms = dice.random_range(1..1_000_000);
            let line = CoverageLine {
                user_id: format!("it's {user}"),
                span: Span { from_ms: 0, to_ms },
                apps,
                rows: 1,
                pages: 1,
                failure: None,
            };
            lines.insert(key, line);
        }
        let note = Note {
            sequence: 1,
            tenant_id: "t".to_owned(),
            run_id: "r".to_owned(),
            recorded_at_ms: 0,
            lines: lines.into_values().collect(),
        };
        let rows = batch(&note).unwrap();
        let kept: BooleanArray = (0..rows.num_rows())
            .map(|_| Some(dice.random_bool(0.7)))
            .collect();
        let mut fields = rows.schema().fields().to_vec();
        fields.push(Arc::new(Field::new("kept", DataType::Boolean, false)));
        let mut columns = rows.columns().to_vec();
        columns.push(Arc::new(kept));
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
    }

    async fn rows_of(table: &Table) -> Vec<String> {
        let columns = ["user_id", "apps", "to_ms"];
        let rows = objects(&table.scan(&columns).collect().await.unwrap()).unwrap();
        let mut rows: Vec<String> = rows.iter().map(|row| format!("{row:?}")).collect();
        rows.sort_unstable();
        rows
    }

    #[tokio::test]
    async fn a_small_table_is_merged_as_a_large_one_is() {
        let key = || Key {
            columns: &["tenant_id", "user_id", "apps"],
            within: None,
        };
        for seed in 0..3 {
            let mut dice = StdRng::seed_from_u64(seed);
            let (mut small, mut large) = (table().await, table().await);
            for _ in 0..5 {
                let rows = drawn(&mut dice);
                let kept = dice.random_bool(0.7).then_some("kept");
                let carried = Carried::default;
                small
                    .merge(rows.clone(), key(), kept, carried())
                    .await
                    .unwrap();
                large
                    .plan_merge(rows, key(), kept, carried())
                    .await
                    .unwrap();
                assert_eq!(rows_of(&small).await, rows_of(&large).await, "{seed}");
            }
        }
    }
}
