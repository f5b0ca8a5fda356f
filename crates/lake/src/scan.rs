//! Reading some columns of one table as they are now.

use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::cast;
use datafusion::prelude::{Expr, SessionContext, col, lit};
use deltalake::arrow::array::RecordBatch;
use deltalake::datafusion::common::ScalarValue;
use deltalake::delta_datafusion::DeltaSessionContext;
use futures::TryStreamExt;

use crate::damage::naming;
use crate::error::LakeError;
use crate::table::Table;

/// A reading of a table. Columns come in the types of the table's schema, in the order named.
pub(crate) struct Scan<'a> {
    table: &'a Table,
    columns: Vec<&'a str>,
    filter: Option<Expr>,
    rows_max: Option<usize>,
}

impl Table {
    /// All rows, these columns.
    pub(crate) fn scan<'a>(&'a self, columns: &[&'a str]) -> Scan<'a> {
        Scan {
            table: self,
            columns: columns.to_vec(),
            filter: None,
            rows_max: None,
        }
    }
}

impl Scan<'_> {
    /// Only rows for which this holds too. Files whose statistics say that none can are not read.
    pub(crate) fn filter(mut self, condition: Expr) -> Self {
        self.filter = Some(match self.filter {
            Some(filter) => filter.and(condition),
            None => condition,
        });
        self
    }

    /// No more rows than these.
    pub(crate) fn limit(mut self, rows_max: usize) -> Self {
        self.rows_max = Some(rows_max);
        self
    }

    pub(crate) async fn stream(self) -> Result<SendableRecordBatchStream, LakeError> {
        let provider = self.table.delta.table_provider().await;
        let session = SessionContext::from(DeltaSessionContext::default());
        let mut frame = session
            .read_table(provider.map_err(LakeError::query)?)
            .map_err(LakeError::query)?;
        if let Some(filter) = self.filter {
            frame = frame.filter(filter).map_err(LakeError::query)?;
        }
        let schema = self.table.name.schema();
        let columns = self.columns.iter().map(|name| {
            let field = schema.field_with_name(name)?;
            // The engine reads texts as views; those who take them apart expect plain ones.
            Ok(cast(col(*name), field.data_type().clone()).alias(*name))
        });
        let columns: Vec<Expr> = columns
            .collect::<Result<_, deltalake::arrow::error::ArrowError>>()
            .map_err(|error| self.table.error(error.into()))?;
        let mut frame = frame.select(columns).map_err(LakeError::query)?;
        if self.rows_max.is_some() {
            frame = frame.limit(0, self.rows_max).map_err(LakeError::query)?;
        }
        let stream = frame.execute_stream().await.map_err(LakeError::query)?;
        Ok(naming(stream, [self.table.clone()].into()))
    }

    pub(crate) async fn collect(self) -> Result<Vec<RecordBatch>, LakeError> {
        let stream = self.stream().await?;
        stream.try_collect().await.map_err(LakeError::query)
    }
}

/// A time in microseconds as the tables have it.
pub(crate) fn time_literal(us: i64) -> Expr {
    lit(ScalarValue::TimestampMicrosecond(
        Some(us),
        Some("UTC".into()),
    ))
}
