//! Asking the lake in SQL. Only queries that read are run.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::context::SQLOptions;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::SessionContext;
use deltalake::arrow::array::RecordBatch;
use deltalake::arrow::compute::cast;
use deltalake::arrow::error::ArrowError;
use deltalake::arrow::json::writer::{JsonArray, WriterBuilder};
use deltalake::delta_datafusion::DeltaSessionContext;
use hobbs_interaction::FingerprintKey;
use serde_json::{Map, Value};

use crate::derive::{Threads, evidence};
use crate::error::LakeError;
use crate::files;
use crate::keys;
use crate::location::Location;
use crate::memory::QueryMemory;
use crate::schema::TableName;
use crate::table::Table;

/// Memory that sorts and joins may take before they spill to disk.
const QUERY_MEMORY_BYTES: usize = 192 << 20;

/// Rows of a batch. The merge of a sort holds a batch of each spilled part in memory, and rows
/// with texts and links are wide.
const BATCH_ROWS: &str = "1024";

/// The newest record of each user.
const USERS_NOW: &str = include_str!("sql/users_now.sql");

/// Rows of a batch where the result is small: for rows that are grouped, larger batches are faster.
const BATCH_ROWS_OF_FIGURES: &str = "8192";

/// A lake as of the moment in which it was opened, for reading.
#[derive(Clone)]
pub struct Reader {
    /// For rows, which may be wide and many.
    rows: SessionContext,
    /// For figures.
    figures: SessionContext,
    key: FingerprintKey,
}

impl Reader {
    /// Opens all tables.
    ///
    /// # Errors
    /// [`LakeError::Missing`] where there is no lake, [`LakeError::Newer`] where it is of a later
    /// version.
    pub async fn open(
        location: &Location,
        options: &HashMap<String, String>,
    ) -> Result<Self, LakeError> {
        let missing = || LakeError::Missing {
            location: location.to_string(),
        };
        if location.folder().is_some_and(|folder| !folder.is_dir()) {
            return Err(missing());
        }
        let log = location.table(TableName::Keys.as_str(), options)?;
        let keys = Table::open(TableName::Keys, log)
            .await?
            .ok_or_else(missing)?;
        let reader = Reader {
            key: keys::kept_key(&keys).await?.ok_or(LakeError::Key)?,
            rows: session(BATCH_ROWS)?,
            figures: session(BATCH_ROWS_OF_FIGURES)?,
        };
        for name in TableName::all_to_query() {
            let log = location.table(name.as_str(), options)?;
            let table = Table::open(name, log).await?.ok_or_else(missing)?;
            for session in [&reader.rows, &reader.figures] {
                let files = files::provider(&table).await?;
                session
                    .register_table(name.as_str(), files)
                    .map_err(LakeError::query)?;
            }
        }
        for session in [&reader.rows, &reader.figures] {
            let users_now = session.sql(USERS_NOW).await.map_err(LakeError::query)?;
            let users_now = users_now.into_view();
            for name in ["users_now", "people"] {
                session
                    .register_table(name, Arc::clone(&users_now))
                    .map_err(LakeError::query)?;
            }
        }
        Ok(reader)
    }

    /// Runs a query and gives its batches as they come.
    ///
    /// # Errors
    /// [`LakeError::NotAQuery`] for statements that would change something or read files outside
    /// the lake, [`LakeError::Query`] for the engine's objections.
    pub async fn query(&self, sql: &str) -> Result<SendableRecordBatchStream, LakeError> {
        run(&self.rows, sql).await
    }

    /// The key of the fingerprints of this lake's texts.
    pub fn fingerprint_key(&self) -> &FingerprintKey {
        &self.key
    }

    /// The interactions for which a condition holds, as rules see them, by thread. The condition
    /// should take whole threads: verdicts depend on all rows of one.
    ///
    /// # Errors
    /// As [`Reader::query`].
    pub async fn threads(&self, condition: &str) -> Result<Threads, LakeError> {
        use futures::TryStreamExt;
        let columns = evidence::COLUMNS.join(", ");
        let sql = format!("SELECT {columns} FROM interactions WHERE {condition}");
        let schema = TableName::Interactions.schema();
        let mut rows = run(&self.figures, &sql).await?;
        let mut batches = Vec::new();
        while let Some(batch) = rows.try_next().await.map_err(LakeError::query)? {
            let columns = batch
                .schema()
                .fields()
                .iter()
                .zip(batch.columns())
                .map(|(field, column)| {
                    let wanted = schema.field_with_name(field.name())?;
                    let column = cast(column, wanted.data_type())?;
                    Ok((field.name().clone(), column))
                })
                .collect::<Result<Vec<_>, ArrowError>>();
            let batch = columns.and_then(RecordBatch::try_from_iter);
            batches.push(batch.map_err(|error| LakeError::Query(error.to_string()))?);
        }
        Ok(Threads::of(batches))
    }

    /// Runs a query that counts: as [`Reader::query`], in larger batches.
    ///
    /// # Errors
    /// As [`Reader::query`].
    pub async fn figures(&self, sql: &str) -> Result<SendableRecordBatchStream, LakeError> {
        run(&self.figures, sql).await
    }

    /// Runs a query with a small result: one JSON object a row; nulls are left out, times are
    /// RFC 3339 in UTC.
    ///
    /// # Errors
    /// As [`Reader::query`].
    pub async fn select(&self, sql: &str) -> Result<Vec<Map<String, Value>>, LakeError> {
        use futures::TryStreamExt;
        let batches: Vec<RecordBatch> = run(&self.figures, sql)
            .await?
            .try_collect()
            .await
            .map_err(LakeError::query)?;
        objects(&batches)
    }
}

fn session(batch_rows: &str) -> Result<SessionContext, LakeError> {
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(QueryMemory::of(QUERY_MEMORY_BYTES)))
        .build_arc()
        .map_err(LakeError::query)?;
    let session = SessionContext::from(DeltaSessionContext::with_runtime_env(runtime));
    let settings = [
        ("datafusion.execution.batch_size", batch_rows),
        // Delta sessions take names to the letter; people write SELECT APP.
        ("datafusion.sql_parser.enable_ident_normalization", "true"),
    ];
    let state = session.state_ref();
    let mut state = state.write();
    for (name, value) in settings {
        let options = state.config_mut().options_mut();
        options.set(name, value).map_err(LakeError::query)?;
    }
    drop(state);
    Ok(session)
}

async fn run(session: &SessionContext, sql: &str) -> Result<SendableRecordBatchStream, LakeError> {
    let reading = SQLOptions::new()
        .with_allow_ddl(false)
        .with_allow_dml(false)
        .with_allow_statements(false);
    let state = session.state();
    let plan = state
        .create_logical_plan(sql)
        .await
        .map_err(LakeError::query)?;
    reading
        .verify_plan(&plan)
        .map_err(|error| LakeError::NotAQuery(error.strip_backtrace()))?;
    let frame = session
        .execute_logical_plan(plan)
        .await
        .map_err(LakeError::query)?;
    frame.execute_stream().await.map_err(LakeError::query)
}

/// Batches as JSON objects.
///
/// # Errors
/// A column is of a type that JSON has no form for.
pub fn objects(batches: &[RecordBatch]) -> Result<Vec<Map<String, Value>>, LakeError> {
    let mut json = Vec::new();
    let mut writer = WriterBuilder::new().build::<_, JsonArray>(&mut json);
    let written = batches
        .iter()
        .try_for_each(|batch| writer.write(batch))
        .and_then(|()| writer.finish());
    written.map_err(|error| LakeError::Query(error.to_string()))?;
    if json.is_empty() {
        return Ok(Vec::new());
    }
    serde_json::from_slice(&json).map_err(|error| LakeError::Query(error.to_string()))
}
