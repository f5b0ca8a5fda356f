//! Files written anew without some of their rows, batch by batch: however large a table is, a few rows of it are
//! replaced in flat memory.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::error::{DataFusionError, Result};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::prelude::Expr;
use deltalake::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringArray};
use deltalake::arrow::compute::{filter_record_batch, not};
use deltalake::arrow::datatypes::{Schema, SchemaRef};
use deltalake::arrow::error::ArrowError;
use deltalake::arrow::row::{RowConverter, SortField};
use deltalake::logstore::object_store::ObjectStore;
use deltalake::parquet::arrow::ProjectionMask;
use deltalake::parquet::arrow::arrow_reader::{ArrowPredicateFn, ArrowReaderOptions, RowFilter};
use deltalake::parquet::errors::ParquetError;
use deltalake::writer::{DeltaWriter, RecordBatchWriter};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};

use crate::check::file::in_columns;
use crate::damage::apart;
use crate::small::compiled;
use crate::stored::{NamedFile, opened};

/// Of larger files the keys are looked through first.
pub(crate) const SMALL_BYTES: u64 = 1 << 20;

/// Rows decoded at a time.
const BATCH_ROWS: usize = 8_192;

/// Keys of rows, by the columns that make them.
pub(crate) struct Keys {
    columns: Vec<String>,
    keys: HashSet<Vec<u8>>,
}

impl Keys {
    /// Those of `rows`. In texts, null and empty are the same.
    pub(crate) fn of(
        rows: &RecordBatch,
        columns: &[&str],
    ) -> std::result::Result<Self, ArrowError> {
        let mut keys = Keys {
            columns: columns.iter().map(|name| (*name).to_owned()).collect(),
            keys: HashSet::with_capacity(rows.num_rows()),
        };
        for row in &keys.rows(rows)? {
            keys.keys.insert(row.data().to_vec());
        }
        Ok(keys)
    }

    /// Which rows of a batch have one of these keys.
    pub(crate) fn found_in(
        &self,
        batch: &RecordBatch,
    ) -> std::result::Result<BooleanArray, ArrowError> {
        let rows = self.rows(batch)?;
        let found = rows.iter().map(|row| Some(self.keys.contains(row.data())));
        Ok(found.collect())
    }

    /// The keys of a batch, comparable byte by byte.
    fn rows(
        &self,
        batch: &RecordBatch,
    ) -> std::result::Result<deltalake::arrow::row::Rows, ArrowError> {
        let columns = self.columns.iter().map(|name| {
            let column = batch.column(batch.schema().index_of(name)?);
            Ok(with_empty_for_null(column))
        });
        let columns = columns.collect::<std::result::Result<Vec<ArrayRef>, ArrowError>>()?;
        let fields = columns.iter();
        let fields = fields.map(|column| SortField::new(column.data_type().clone()));
        RowConverter::new(fields.collect())?.convert_columns(&columns)
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

/// Takes rows with some keys out of files.
#[derive(Clone)]
pub(crate) struct Rewrite {
    store: Arc<dyn ObjectStore>,
    schema: SchemaRef,
    keys: Arc<Keys>,
    /// What holds of all rows with these keys, with the columns that it looks at.
    within: Option<(SchemaRef, Arc<dyn PhysicalExpr>)>,
}

impl Rewrite {
    /// Of files of a table with this schema.
    pub(crate) fn new(
        store: Arc<dyn ObjectStore>,
        schema: SchemaRef,
        keys: Keys,
        within: Option<&Expr>,
    ) -> Result<Self> {
        let within = within.map(|within| {
            let looked_at = within.column_refs();
            let fields = schema.fields().iter();
            let fields = fields.filter(|field| looked_at.iter().any(|it| it.name == *field.name()));
            let looked_at = Arc::new(Schema::new(fields.cloned().collect::<Vec<_>>()));
            let within = compiled(within, &looked_at)?;
            Ok::<_, DataFusionError>((looked_at, within))
        });
        Ok(Rewrite {
            store,
            schema,
            keys: Arc::new(keys),
            within: within.transpose()?,
        })
    }

    /// Writes a file's other rows where it has some with these keys, and gives the writer back with whether it had
    /// any.
    pub(crate) async fn without_them(
        &self,
        file: NamedFile,
        writer: RecordBatchWriter,
    ) -> Result<(RecordBatchWriter, bool)> {
        let this = self.clone();
        apart(async move { this.rewrite(&file, writer).await }).await?
    }

    async fn rewrite(
        &self,
        file: &NamedFile,
        mut writer: RecordBatchWriter,
    ) -> Result<(RecordBatchWriter, bool)> {
        if file.bytes <= SMALL_BYTES {
            let batches: Vec<RecordBatch> = self.all_of(file).await?.try_collect().await?;
            let found = batches.iter().map(|batch| self.keys.found_in(batch));
            let found = found.collect::<std::result::Result<Vec<_>, _>>()?;
            let has_some = found.iter().any(|found| found.true_count() > 0);
            if has_some {
                for (batch, found) in batches.iter().zip(&found) {
                    write_others(&mut writer, batch, found).await?;
                }
            }
            return Ok((writer, has_some));
        }
        if !self.has_some(file).await? {
            return Ok((writer, false));
        }
        let mut batches = self.all_of(file).await?;
        while let Some(batch) = batches.try_next().await? {
            let found = self.keys.found_in(&batch)?;
            write_others(&mut writer, &batch, &found).await?;
        }
        Ok((writer, true))
    }

    /// Whether a file has rows with these keys.
    async fn has_some(&self, file: &NamedFile) -> Result<bool> {
        let columns = self.keys.columns.iter();
        let columns = columns.map(|name| self.schema.field_with_name(name).cloned());
        let columns = columns.collect::<std::result::Result<Vec<_>, _>>()?;
        let columns = Arc::new(Schema::new(columns));
        let mut batches = self.read(file, columns, self.within.as_ref()).await?;
        while let Some(batch) = batches.try_next().await? {
            if self.keys.found_in(&batch)?.true_count() > 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn all_of(&self, file: &NamedFile) -> Result<BoxStream<'static, Result<RecordBatch>>> {
        self.read(file, Arc::clone(&self.schema), None).await
    }

    /// The rows of a file for which a condition holds, in these columns.
    async fn read(
        &self,
        file: &NamedFile,
        columns: SchemaRef,
        condition: Option<&(SchemaRef, Arc<dyn PhysicalExpr>)>,
    ) -> Result<BoxStream<'static, Result<RecordBatch>>> {
        let builder = opened(&self.store, file, ArrowReaderOptions::new()).await?;
        let mask = |columns: &SchemaRef| {
            let fields = columns.fields().iter();
            let roots = fields.map(|field| builder.schema().index_of(field.name()));
            let roots = roots.collect::<std::result::Result<Vec<_>, _>>()?;
            Ok::<_, ArrowError>(ProjectionMask::roots(builder.parquet_schema(), roots))
        };
        let projection = mask(&columns)?;
        let filter = condition.map(|(looked_at, condition)| {
            let mask = mask(looked_at)?;
            let (looked_at, condition) = (Arc::clone(looked_at), Arc::clone(condition));
            let holds = move |batch: RecordBatch| {
                let batch = in_columns(&batch, &looked_at)?;
                let holds = condition
                    .evaluate(&batch)
                    .and_then(|holds| holds.into_array(batch.num_rows()));
                let holds = holds.map_err(|error| ArrowError::ExternalError(Box::new(error)))?;
                Ok(holds.as_boolean().clone())
            };
            let holds = ArrowPredicateFn::new(mask, holds);
            Ok::<_, ArrowError>(RowFilter::new(vec![Box::new(holds)]))
        });
        let filter = filter.transpose()?;
        let mut builder = builder
            .with_projection(projection)
            .with_batch_size(BATCH_ROWS);
        if let Some(filter) = filter {
            builder = builder.with_row_filter(filter);
        }
        let batches = builder.build()?;
        let batches = batches.map(move |batch| Ok(in_columns(&batch?, &columns).map_err(broken)?));
        Ok(batches.boxed())
    }
}

fn broken(error: ArrowError) -> ParquetError {
    ParquetError::General(error.to_string())
}

async fn write_others(
    writer: &mut RecordBatchWriter,
    batch: &RecordBatch,
    found: &BooleanArray,
) -> Result<()> {
    let others = filter_record_batch(batch, &not(found)?)?;
    if others.num_rows() == 0 {
        return Ok(());
    }
    let written = writer.write(others).await;
    written.map_err(|error| DataFusionError::External(Box::new(error)))
}
