//! Reading some columns of one table as they are now.

use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::cast;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::prelude::{Expr, SessionContext, col, lit};
use deltalake::arrow::array::RecordBatch;
use deltalake::datafusion::common::ScalarValue;
use deltalake::delta_datafusion::DeltaSessionContext;
use deltalake::kernel::LogicalFileView;
use futures::{StreamExt, TryStreamExt, stream};

use crate::damage::naming;
use crate::error::LakeError;
use crate::query::sorting_session;
use crate::small::{self, FileReader};
use crate::table::Table;

/// A reading of a table. Columns come in the types of the table's schema, in the order named.
pub(crate) struct Scan<'a> {
    table: &'a Table,
    columns: Vec<&'a str>,
    filter: Option<Expr>,
    order: Vec<Expr>,
    rows_max: Option<usize>,
}

impl Table {
    /// All rows, these columns.
    pub(crate) fn scan<'a>(&'a self, columns: &[&'a str]) -> Scan<'a> {
        Scan {
            table: self,
            columns: columns.to_vec(),
            filter: None,
            order: Vec::new(),
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

    /// In this order, in little memory: what does not fit lies in the temporary folder meanwhile.
    pub(crate) fn sorted_by(mut self, order: Vec<Expr>) -> Self {
        self.order = order;
        self
    }

    /// No more rows than these.
    pub(crate) fn limit(mut self, rows_max: usize) -> Self {
        self.rows_max = Some(rows_max);
        self
    }

    pub(crate) async fn stream(self) -> Result<SendableRecordBatchStream, LakeError> {
        let tables = [self.table.clone()].into();
        let files = small::files(self.table, self.filter.as_ref())?;
        let stream = match files.filter(|_| self.order.is_empty()) {
            Some(files) => self.file_by_file(files).map_err(LakeError::query)?,
            None => self.planned().await?,
        };
        Ok(naming(stream, tables))
    }

    /// As small tables are read.
    fn file_by_file(
        self,
        files: Vec<LogicalFileView>,
    ) -> Result<SendableRecordBatchStream, DataFusionError> {
        let reader = FileReader::new(self.table, &self.columns, self.filter.as_ref())?;
        let schema = reader.schema();
        let mut left = self.rows_max.unwrap_or(usize::MAX);
        let batches = stream::iter(files)
            .then(move |file| reader.clone().read(file.object_store_path()))
            .map_ok(|batches| stream::iter(batches.into_iter().map(Ok)))
            .try_flatten()
            .map_ok(move |batch: RecordBatch| {
                let some = batch.slice(0, batch.num_rows().min(left));
                left -= some.num_rows();
                some
            });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)))
    }

    async fn planned(self) -> Result<SendableRecordBatchStream, LakeError> {
        let provider = self.table.delta.table_provider().await;
        let session = match self.order.is_empty() {
            true => session(),
            false => sorting_session()?,
        };
        let mut frame = session
            .read_table(provider.map_err(LakeError::query)?)
            .map_err(LakeError::query)?;
        if let Some(filter) = self.filter {
            frame = frame.filter(filter).map_err(LakeError::query)?;
        }
        if !self.order.is_empty() {
            let order = self.order.into_iter().map(|key| key.sort(true, true));
            frame = frame.sort(order.collect()).map_err(LakeError::query)?;
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
        frame.execute_stream().await.map_err(LakeError::query)
    }

    pub(crate) async fn collect(self) -> Result<Vec<RecordBatch>, LakeError> {
        let stream = self.stream().await?;
        stream.try_collect().await.map_err(LakeError::query)
    }
}

fn session() -> SessionContext {
    let session = SessionContext::from(DeltaSessionContext::default());
    let state = session.state_ref();
    let mut state = state.write();
    // Of pages without a row that is wanted, the other columns are not decoded.
    let parquet = &mut state.config_mut().options_mut().execution.parquet;
    parquet.pushdown_filters = true;
    drop(state);
    session
}

/// A time in microseconds as the tables have it.
pub(crate) fn time_literal(us: i64) -> Expr {
    lit(ScalarValue::TimestampMicrosecond(
        Some(us),
        Some("UTC".into()),
    ))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use deltalake::logstore::object_store::memory::InMemory;

    use super::*;
    use crate::coverage::{CoverageLine, Failure, Note, Span, append};
    use crate::location::{Location, OwnStore};
    use crate::position::Position;
    use crate::query::objects;
    use crate::schema::TableName;

    async fn table() -> Table {
        let location = Location::Store(OwnStore::new(Arc::new(InMemory::new())));
        let log = location.table("coverage").unwrap();
        let mut table = Table::create(TableName::Coverage, log).await.unwrap();
        for commit in 0..3 {
            let lines = (0..5).map(|at| CoverageLine {
                user_id: format!("user {}", (at + commit) % 4),
                span: Span {
                    from_ms: at,
                    to_ms: 100 * commit + at,
                },
                apps: (at == 1).then(|| "Word".to_owned()),
                rows: 1,
                pages: 1,
                failure: (at > 2).then(|| Failure {
                    code: ["gone", "refused"][at as usize % 2].to_owned(),
                    message: "no".to_owned(),
                }),
            });
            let note = Note {
                sequence: commit,
                tenant_id: ["a", "b"][commit as usize % 2].to_owned(),
                run_id: "r".to_owned(),
                recorded_at_ms: commit,
                lines: lines.collect(),
            };
            append(&mut table, &note, Position::default())
                .await
                .unwrap();
        }
        table
    }

    async fn lines(stream: SendableRecordBatchStream) -> Vec<String> {
        let batches: Vec<RecordBatch> = stream.try_collect().await.unwrap();
        let mut lines: Vec<String> = objects(&batches)
            .unwrap()
            .iter()
            .map(|row| format!("{row:?}"))
            .collect();
        lines.sort_unstable();
        lines
    }

    #[tokio::test]
    async fn a_small_table_is_read_as_a_large_one_is() {
        let table = table().await;
        let conditions = [
            col("whole"),
            col("whole").is_false(),
            col("apps").is_null(),
            col("apps").is_not_null(),
            col("tenant_id")
                .eq(lit("a"))
                .and(col("to_ms").gt(lit(3_i64))),
            col("whole").or(col("error_code").in_list(vec![lit("gone"), lit("x")], false)),
            col("recorded_at").gt_eq(time_literal(1_000)),
            lit(true),
        ];
        for condition in conditions {
            let scan = || {
                let columns = ["user_id", "from_ms", "apps", "recorded_at"];
                table.scan(&columns).filter(condition.clone())
            };
            let files = small::files(&table, Some(&condition)).unwrap().unwrap();
            let (small, large) = (scan().file_by_file(files), scan().planned().await);
            let (small, large) = (lines(small.unwrap()).await, lines(large.unwrap()).await);
            assert!(!small.is_empty(), "{condition}");
            assert_eq!(small, large, "{condition}");
        }
        for limit in [0, 1, 7, 99] {
            let files = small::files(&table, None).unwrap().unwrap();
            let rows = table.scan(&["user_id"]).limit(limit).file_by_file(files);
            assert_eq!(lines(rows.unwrap()).await.len(), limit.min(15));
        }
    }
}
