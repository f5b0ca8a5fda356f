//! Putting rows in place of those with the same key, in one commit.

use std::sync::Arc;

use datafusion::prelude::{Expr, col};
use deltalake::arrow::array::{ArrayRef, AsArray, RecordBatch};
use deltalake::arrow::compute::filter_record_batch;
use deltalake::arrow::datatypes::SchemaRef;
use deltalake::arrow::error::ArrowError;
use deltalake::kernel::Action;
use deltalake::protocol::DeltaOperation;
use deltalake::writer::DeltaWriter;

use crate::damage::named;
use crate::error::LakeError;
use crate::rewrite::{Keys, Rewrite, SMALL_BYTES};
use crate::statistics::may_hold;
use crate::stored::NamedFile;
use crate::table::{Carried, Table, commit, writer_of};

/// Files that are written anew become files of about this size at most.
const FILE_BYTES: u64 = 128 << 20;

/// A column of `target`, the table.
pub(crate) fn target(name: &str) -> Expr {
    col(format!("target.{name}"))
}

/// What makes a row of a table one.
pub(crate) struct Key<'a> {
    /// These columns. In texts, null and empty are the same.
    pub(crate) columns: &'a [&'a str],
    /// A condition on `target` that all rows with these keys meet, so that others are not looked at.
    pub(crate) within: Option<Expr>,
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
        let name = self.name.as_str();
        let failed = |error| LakeError::table(name, error);
        let broken = |error: ArrowError| LakeError::table(name, error.into());
        let schema = self.name.schema();
        let added = wanted(&rows, &schema, kept).map_err(broken)?;
        let rewrite = Rewrite::new(
            self.delta.log_store().object_store(None),
            schema,
            Keys::of(&rows, key.columns).map_err(broken)?,
            key.within.as_ref(),
        );
        let rewrite = rewrite.map_err(LakeError::query)?;
        let mut writer = writer_of(&self.delta).map_err(failed)?;
        writer = writer.with_target_file_size(FILE_BYTES);
        let mut actions = Vec::new();
        for file in may_hold(self, key.within.as_ref())? {
            let named_file = NamedFile::of(&file);
            // What is left of a small one is joined with what is added.
            let is_small = named_file.bytes <= SMALL_BYTES;
            let rewritten = rewrite.without_them(named_file, writer).await;
            let has_some;
            (writer, has_some) = match rewritten {
                Ok(rewritten) => rewritten,
                Err(error) => {
                    let error = named(error, std::slice::from_ref(self)).await;
                    return Err(LakeError::query(error));
                }
            };
            if has_some {
                actions.push(Action::Remove(file.remove_action(true)));
            }
            if has_some && !is_small {
                // A file of its own, as it was: of about the same times.
                let files = writer.flush().await.map_err(failed)?;
                actions.extend(files.into_iter().map(Action::Add));
            }
        }
        if added.num_rows() > 0 {
            writer.write(added).await.map_err(failed)?;
        }
        let files = writer.flush().await.map_err(failed)?;
        actions.extend(files.into_iter().map(Action::Add));
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
        let delta = &mut self.delta;
        commit(delta, actions, operation, carried)
            .await
            .map_err(failed)
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

    use datafusion::functions::expr_fn::coalesce;
    use datafusion::prelude::{SessionContext, lit};
    use deltalake::arrow::array::BooleanArray;
    use deltalake::arrow::datatypes::{DataType, Field, Schema};
    use deltalake::delta_datafusion::DeltaSessionContext;
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

    /// As the engine merges.
    async fn merge_by_plan(table: &mut Table, rows: RecordBatch, key: &[&str], kept: Option<&str>) {
        let source = |name: &str| col(format!("source.{name}"));
        let some = |column| coalesce(vec![column, lit("")]);
        let same = key
            .iter()
            .map(|name| some(target(name)).eq(some(source(name))));
        let schema = table.name.schema();
        let names = || schema.fields().iter().map(|field| field.name().as_str());
        let rows = SessionContext::from(DeltaSessionContext::default())
            .read_batch(rows)
            .unwrap();
        let mut merge = table
            .delta
            .clone()
            .merge(rows, same.reduce(Expr::and).unwrap())
            .with_source_alias("source")
            .with_target_alias("target")
            .when_matched_update(|update| {
                let update = match kept {
                    Some(kept) => update.predicate(source(kept)),
                    None => update,
                };
                names().fold(update, |update, name| update.update(name, source(name)))
            })
            .unwrap();
        if let Some(kept) = kept {
            merge = merge
                .when_matched_delete(|delete| delete.predicate(source(kept).is_false()))
                .unwrap();
        }
        let merge = merge.when_not_matched_insert(|insert| {
            let insert = match kept {
                Some(kept) => insert.predicate(source(kept)),
                None => insert,
            };
            names().fold(insert, |insert, name| insert.set(name, source(name)))
        });
        table.delta = merge.unwrap().await.unwrap().0;
    }

    #[tokio::test]
    async fn rows_are_merged_as_the_engine_merges_them() {
        let columns = ["tenant_id", "user_id", "apps"];
        for seed in 0..3 {
            let mut dice = StdRng::seed_from_u64(seed);
            let (mut ours, mut engines) = (table().await, table().await);
            for _ in 0..5 {
                let rows = drawn(&mut dice);
                let kept = dice.random_bool(0.7).then_some("kept");
                let key = Key {
                    columns: &columns,
                    within: None,
                };
                let merged = ours.merge(rows.clone(), key, kept, Carried::default());
                merged.await.unwrap();
                merge_by_plan(&mut engines, rows, &columns, kept).await;
                assert_eq!(rows_of(&ours).await, rows_of(&engines).await, "{seed}");
            }
        }
    }

    /// So many that their keys are looked through before all columns are read.
    fn many(dice: &mut StdRng, users: std::ops::Range<u32>) -> RecordBatch {
        let lines = users.map(|user| CoverageLine {
            user_id: format!("{user} {:032x}", dice.random::<u128>()),
            span: Span {
                from_ms: 0,
                to_ms: i64::from(user),
            },
            apps: None,
            rows: dice.random(),
            pages: 1,
            failure: None,
        });
        let note = Note {
            sequence: 1,
            tenant_id: "t".to_owned(),
            run_id: "r".to_owned(),
            recorded_at_ms: 0,
            lines: lines.collect(),
        };
        batch(&note).unwrap()
    }

    #[tokio::test]
    async fn of_large_files_those_are_written_anew_that_hold_a_key() {
        let mut dice = StdRng::seed_from_u64(7);
        let mut table = table().await;
        let written =
            [0..40_000, 20_000..60_000, 50_000..90_000].map(|users| many(&mut dice, users));
        for rows in &written {
            table
                .append(rows.clone(), Carried::default())
                .await
                .unwrap();
        }
        let paths = |table: &Table| {
            let files = may_hold(table, None).unwrap().into_iter();
            let files = files.filter(|file| file.size() > 1 << 20);
            files
                .map(|file| file.object_store_path())
                .collect::<std::collections::BTreeSet<_>>()
        };
        let before = paths(&table);
        assert_eq!(before.len(), 3);
        // By its time it may be in the second file or in the third.
        let row = written[1].slice(32_000, 1);
        let rows = rows_of(&table).await;
        let key = Key {
            columns: &["tenant_id", "user_id", "apps"],
            within: Some(target("to_ms").eq(lit(52_000_i64))),
        };
        let merged = table.merge(row, key, None, Carried::default());
        merged.await.unwrap();
        assert!(rows_of(&table).await == rows, "120,000 rows, each once");
        assert_eq!(before.intersection(&paths(&table)).count(), 2);
    }
}
