//! Asking the lake in SQL. Only queries that read are run.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::context::SQLOptions;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::SessionContext;
use deltalake::arrow::array::RecordBatch;
use deltalake::arrow::compute::cast;
use deltalake::arrow::error::ArrowError;
use deltalake::arrow::json::writer::{JsonArray, LineDelimited, WriterBuilder};
use deltalake::delta_datafusion::DeltaSessionContext;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use hobbs_interaction::FingerprintKey;
use serde_json::{Map, Value};

use crate::damage::{lost_table, named, naming, refuse_lost_commits};
use crate::derive::{Threads, evidence};
use crate::error::LakeError;
use crate::files;
use crate::grouped;
use crate::keys;
use crate::location::Location;
use crate::memory::QueryMemory;
use crate::schema::TableName;
use crate::table::Table;

/// What a session is for.
struct Purpose {
    /// Memory that sorts and joins may take before they spill to disk.
    memory_bytes: usize,
    /// Rows of a batch.
    batch_rows: &'static str,
    /// Parts of a query that run side by side; 0 for one a core.
    partitions: &'static str,
    /// Groups of users are formed one user after the other.
    groups_in_order: bool,
}

/// Rows of reports in their order, wide, with texts and links; and what is known of each user, of
/// several tables side by side. The merge of a sort holds a batch of each of its parts in memory, so
/// batches are small, and there is one part.
const ROWS: Purpose = Purpose {
    memory_bytes: 192 << 20,
    batch_rows: "1024",
    partitions: "1",
    groups_in_order: true,
};

/// Figures, and whatever a person asks: few columns of many rows are grouped. What the files in
/// `metrics/` ask stays far below the limit; a query of one's own may sort more than fits.
const FIGURES: Purpose = Purpose {
    memory_bytes: 4 << 30,
    batch_rows: "8192",
    partitions: "0",
    groups_in_order: false,
};

/// Groups as many as there are rows, which spill to disk.
const FRUGAL: Purpose = Purpose {
    memory_bytes: 64 << 20,
    batch_rows: "8192",
    partitions: "2",
    groups_in_order: false,
};

/// A session for sorting.
pub(crate) fn sorting_session() -> Result<SessionContext, LakeError> {
    session(&ROWS)
}

/// A session for groupings of whole tables in little memory.
pub(crate) fn frugal_session() -> Result<SessionContext, LakeError> {
    session(&FRUGAL)
}

/// The newest record of each user.
const USERS_NOW: &str = include_str!("sql/users_now.sql");

/// How far exchanges, and with them verdicts, are derived from interactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Derived {
    /// From all of them.
    All,
    /// From all but some, which came or changed since.
    AllBut {
        /// So many.
        interactions: u64,
        /// Their `sequence` is greater than this.
        after: i64,
    },
    /// From none of them, or a derivation of all goes on or was cut off.
    Nothing,
}

/// A lake as of the moment in which it was opened, for reading.
#[derive(Clone)]
pub struct Reader {
    /// For rows, which may be wide and many.
    rows: SessionContext,
    /// For figures.
    figures: SessionContext,
    tables: Arc<[Table]>,
    key: FingerprintKey,
}

impl Reader {
    /// Opens all tables.
    ///
    /// # Errors
    /// [`LakeError::Missing`] where there is no lake, [`LakeError::Newer`] where it is of a later
    /// version.
    pub async fn open(location: &Location) -> Result<Self, LakeError> {
        location.refuse_missing_folder()?;
        let log = location.table(TableName::Keys.as_str())?;
        let keys = Table::open(TableName::Keys, log)
            .await?
            .ok_or_else(|| location.missing())?;
        let key = keys::kept_key(&keys).await?.ok_or(LakeError::Key)?;
        let names = TableName::all_to_query();
        let opened = Table::open_all(location, names.clone()).await?;
        let mut tables = Vec::with_capacity(opened.len());
        for (name, table) in names.zip(opened) {
            // The keys are made last: where they are, all tables were.
            let log = location.table(name.as_str())?;
            tables.push(table.ok_or_else(|| lost_table(name, &log))?);
        }
        if let [interactions, followers @ ..] = tables.as_mut_slice() {
            let followers = || {
                let follows = |table: &&Table| table.name.follows_interactions();
                followers.iter().filter(follows)
            };
            if refuse_lost_commits(location, Some(interactions), followers())
                .await
                .is_err()
            {
                // A sync may have gone on between the opening of one and the other.
                interactions.refresh().await?;
                refuse_lost_commits(location, Some(interactions), followers()).await?;
            }
        }
        let reader = Reader {
            key,
            rows: session(&ROWS)?,
            figures: session(&FIGURES)?,
            tables: tables.into(),
        };
        for table in reader.tables.iter() {
            for session in [&reader.rows, &reader.figures] {
                let files = files::provider(table).await?;
                session
                    .register_table(table.name.as_str(), files)
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
        self.run(&self.figures, sql).await
    }

    /// Runs a query whose rows are many, or wide, and in an order: in little memory.
    ///
    /// # Errors
    /// As [`Reader::query`].
    pub async fn rows(&self, sql: &str) -> Result<SendableRecordBatchStream, LakeError> {
        self.run(&self.rows, sql).await
    }

    /// How far exchanges are derived from the interactions.
    ///
    /// # Errors
    /// As [`Reader::query`].
    pub async fn derived(&self) -> Result<Derived, LakeError> {
        let (mut newest, mut least) = (0, i64::MAX);
        for table in self.tables.iter() {
            if table.name == TableName::Interactions {
                newest = table.position().await?.sequence;
            } else if table.name.is_derived() {
                least = least.min(table.position().await?.sequence);
            }
        }
        if least >= newest {
            return Ok(Derived::All);
        }
        if least == 0 {
            return Ok(Derived::Nothing);
        }
        let sql = format!("SELECT count(*) AS n FROM interactions WHERE sequence > {least}");
        let rows = self.select(&sql).await?;
        let count = rows.first().and_then(|row| row.get("n")?.as_u64());
        Ok(Derived::AllBut {
            interactions: count.unwrap_or(0),
            after: least,
        })
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
        let columns = evidence::COLUMNS.join(", ");
        let sql = format!("SELECT {columns} FROM interactions WHERE {condition}");
        let schema = TableName::Interactions.schema();
        let mut rows = self.run(&self.figures, &sql).await?;
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

    /// Runs a query with a small result: one JSON object a row; nulls are left out, times are
    /// RFC 3339 in UTC.
    ///
    /// # Errors
    /// As [`Reader::query`].
    pub async fn select(&self, sql: &str) -> Result<Vec<Map<String, Value>>, LakeError> {
        let mut rows = Vec::new();
        let mut batches = self.run(&self.figures, sql).await?;
        while let Some(batch) = batches.try_next().await.map_err(LakeError::query)? {
            rows.extend(objects(&[batch])?);
        }
        Ok(rows)
    }

    /// As [`Reader::select`], batch by batch as they come: JSON objects, each of which a line end
    /// ends.
    ///
    /// # Errors
    /// As [`Reader::query`].
    pub async fn lines(&self, sql: &str) -> Result<Lines, LakeError> {
        self.run(&self.figures, sql).await.map(lines)
    }

    /// As [`Reader::lines`], of rows as [`Reader::rows`] reads them.
    ///
    /// # Errors
    /// As [`Reader::query`].
    pub async fn sorted_lines(&self, sql: &str) -> Result<Lines, LakeError> {
        self.run(&self.rows, sql).await.map(lines)
    }

    async fn run(
        &self,
        session: &SessionContext,
        sql: &str,
    ) -> Result<SendableRecordBatchStream, LakeError> {
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
        let names = tables_of(&plan);
        let tables = self.tables.iter();
        let tables = tables.filter(|table| names.contains(table.name.as_str()));
        let tables: Arc<[Table]> = tables.cloned().collect();
        let frame = session
            .execute_logical_plan(plan)
            .await
            .map_err(LakeError::query)?;
        match frame.execute_stream().await {
            Ok(stream) => Ok(naming(stream, tables)),
            Err(error) => Err(LakeError::query(named(error, &tables).await)),
        }
    }
}

/// The tables that a query reads.
fn tables_of(plan: &LogicalPlan) -> HashSet<String> {
    let mut names = HashSet::new();
    let walked = plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            names.insert(scan.table_name.table().to_owned());
        }
        Ok(TreeNodeRecursion::Continue)
    });
    walked.map_or_else(|_| HashSet::new(), |_| names)
}

fn session(purpose: &Purpose) -> Result<SessionContext, LakeError> {
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(QueryMemory::of(purpose.memory_bytes)))
        .build_arc()
        .map_err(LakeError::query)?;
    let session = SessionContext::from(DeltaSessionContext::with_runtime_env(runtime));
    let session = match purpose.groups_in_order {
        true => grouped::in_order(&session),
        false => session,
    };
    let settings = [
        ("datafusion.execution.batch_size", purpose.batch_rows),
        ("datafusion.execution.target_partitions", purpose.partitions),
        // What is spilled may lie in memory where the temporary folder does.
        ("datafusion.execution.spill_compression", "lz4_frame"),
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

/// Rows as JSON objects, each of which a line end ends.
pub type Lines = BoxStream<'static, Result<Vec<u8>, LakeError>>;

fn lines(batches: SendableRecordBatchStream) -> Lines {
    let lines = batches.map(|batch| {
        let batch = batch.map_err(LakeError::query)?;
        let mut json = Vec::new();
        let mut writer = WriterBuilder::new().build::<_, LineDelimited>(&mut json);
        let written = writer.write(&batch).and_then(|()| writer.finish());
        written.map_err(|error| LakeError::Query(error.to_string()))?;
        Ok(json)
    });
    lines.boxed()
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
