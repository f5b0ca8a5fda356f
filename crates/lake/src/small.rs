//! Tables whose files are few and small are read file by file: to plan a query, with every function that
//! one may name, takes longer than the reading.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::common::DFSchema;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::execution_props::ExecutionProps;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::physical_expr::{PhysicalExpr, create_physical_expr};
use datafusion::prelude::Expr;
use deltalake::arrow::array::{AsArray, RecordBatch};
use deltalake::arrow::compute::filter_record_batch;
use deltalake::arrow::datatypes::{Schema, SchemaRef};
use deltalake::arrow::error::ArrowError;
use deltalake::kernel::LogicalFileView;
use deltalake::logstore::object_store::path::Path;
use deltalake::logstore::object_store::{ObjectStore, ObjectStoreExt};
use deltalake::parquet::arrow::ProjectionMask;
use deltalake::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use deltalake::parquet::errors::ParquetError;

use crate::check::file::in_columns;
use crate::damage::apart;
use crate::error::LakeError;
use crate::statistics::may_hold;
use crate::table::Table;

/// A small table has at most so many files,
const FILES_MAX: usize = 24;
/// of at most so many bytes together: some ten thousand rows.
const BYTES_MAX: i64 = 1 << 20;

/// Rows decoded at a time.
const BATCH_ROWS: usize = 8_192;

/// The files that may hold rows for which a condition holds; None where the table's files are many, or those large.
pub(crate) fn files(
    table: &Table,
    condition: Option<&Expr>,
) -> std::result::Result<Option<Vec<LogicalFileView>>, LakeError> {
    let snapshot = table.delta.snapshot().map_err(|error| table.error(error))?;
    if snapshot.log_data().num_files() > FILES_MAX {
        return Ok(None);
    }
    let files = may_hold(table, condition)?;
    let bytes: i64 = files.iter().map(LogicalFileView::size).sum();
    Ok((bytes <= BYTES_MAX).then_some(files))
}

/// A condition on columns of a table, which may be called `target`.
pub(crate) fn compiled(condition: &Expr, schema: &SchemaRef) -> Result<Arc<dyn PhysicalExpr>> {
    create_physical_expr(
        condition,
        &DFSchema::try_from_qualified_schema("target", schema)?,
        &ExecutionProps::new(),
        &PhysicalPlanningContext::default(),
    )
}

/// Reads some columns of files, and of their rows those for which a condition holds.
#[derive(Clone)]
pub(crate) struct FileReader {
    store: Arc<dyn ObjectStore>,
    /// The columns given, and after them those that only the condition looks at.
    read: SchemaRef,
    given: usize,
    condition: Option<Arc<dyn PhysicalExpr>>,
}

impl FileReader {
    /// Of files of this table. What the condition compares must be of the columns' types.
    pub(crate) fn new(table: &Table, columns: &[&str], condition: Option<&Expr>) -> Result<Self> {
        let looked_at = condition.map_or_else(HashSet::new, Expr::column_refs);
        let mut only_looked_at: Vec<&str> = looked_at
            .iter()
            .map(|column| column.name.as_str())
            .filter(|name| !columns.contains(name))
            .collect();
        only_looked_at.sort_unstable();
        let schema = table.name.schema();
        let read = columns.iter().chain(&only_looked_at);
        let read = read.map(|name| schema.field_with_name(name).cloned());
        let read = Arc::new(Schema::new(read.collect::<Result<Vec<_>, ArrowError>>()?));
        let condition = condition.map(|condition| compiled(condition, &read));
        Ok(FileReader {
            store: table.delta.log_store().object_store(None),
            given: columns.len(),
            condition: condition.transpose()?,
            read,
        })
    }

    /// The columns given.
    pub(crate) fn schema(&self) -> SchemaRef {
        let fields = self.read.fields().iter().take(self.given).cloned();
        Arc::new(Schema::new(fields.collect::<Vec<_>>()))
    }

    /// The rows of one file.
    pub(crate) async fn read(self, path: Path) -> Result<Vec<RecordBatch>> {
        let bytes = self.store.get(&path).await?.bytes().await?;
        apart(async move { self.decode(bytes) }).await?
    }

    fn decode(&self, bytes: bytes::Bytes) -> Result<Vec<RecordBatch>> {
        let broken = |error: ArrowError| {
            DataFusionError::ParquetError(Box::new(ParquetError::General(error.to_string())))
        };
        let builder = ParquetRecordBatchReaderBuilder::try_new(bytes)?;
        let fields = self.read.fields().iter();
        let roots = fields.map(|field| builder.schema().index_of(field.name()));
        let roots = roots.collect::<Result<Vec<_>, _>>()?;
        let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
        let batches = builder
            .with_projection(mask)
            .with_batch_size(BATCH_ROWS)
            .build()?;
        let mut rows = Vec::new();
        for batch in batches {
            let batch = in_columns(&batch.map_err(broken)?, &self.read)?;
            rows.extend(self.those_that_hold(batch)?);
        }
        Ok(rows)
    }

    fn those_that_hold(&self, batch: RecordBatch) -> Result<Option<RecordBatch>> {
        let batch = match &self.condition {
            Some(condition) => {
                let holds = condition.evaluate(&batch)?.into_array(batch.num_rows())?;
                filter_record_batch(&batch, holds.as_boolean())?
            }
            None => batch,
        };
        let given: Vec<usize> = (0..self.given).collect();
        Ok((batch.num_rows() > 0).then_some(batch.project(&given)?))
    }
}
