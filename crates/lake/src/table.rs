//! One Delta table: open or create it, append batches to it in one commit.

use deltalake::arrow::array::RecordBatch;
use deltalake::arrow::datatypes::Schema;
use deltalake::kernel::engine::arrow_conversion::TryIntoKernel;
use deltalake::kernel::transaction::{CommitBuilder, CommitProperties};
use deltalake::kernel::{Action, StructType, Transaction, Version};
use deltalake::logstore::LogStoreRef;
use deltalake::operations::create::CreateBuilder;
use deltalake::parquet::basic::{Compression, ZstdLevel};
use deltalake::parquet::file::properties::{
    EnabledStatistics, WriterProperties, WriterPropertiesBuilder,
};
use deltalake::parquet::schema::types::ColumnPath;
use deltalake::protocol::{DeltaOperation, SaveMode};
use deltalake::writer::{DeltaWriter, RecordBatchWriter};
use deltalake::{DeltaTable, DeltaTableError};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::Value;

use crate::damage::{self, apart};
use crate::error::LakeError;
use crate::location::Location;
use crate::position::{Position, Standing};
use crate::remote::StoreTrouble;
use crate::schema::{LAKE_VERSION, TableName};

/// The name under which our positions stand in a table's log. One for the whole lake: one for each
/// user would put 200,000 of them into every checkpoint.
pub(crate) const APPLICATION: &str = "hobbs";

/// The name under which derived tables say by which rules they were derived.
const DERIVED_BY: &str = "hobbs-rules";

/// Where a commit says so, it ends with a transaction; without one it was cut between two lines. Also the name
/// of the transaction with which those end that have no other.
pub(crate) const END: &str = "hobbs-end";

/// The table property that names the layout's version.
const VERSION_PROPERTY: &str = "hobbs.lakeVersion";

/// Rows of a group in a Parquet file. Rows are sorted by time before they are written, so small
/// groups let a query for one day skip the rest of a file that spans months.
const ROW_GROUP_ROWS: usize = 32_768;

/// The same where rows are narrow: each group costs as much to open as some ten thousand of them to read, and
/// pages are skipped by time inside of groups.
const ROW_GROUP_ROWS_DERIVED: usize = 131_072;

/// After so many commits a checkpoint holds all that they say.
const CHECKPOINT_INTERVAL: Version = 10;

/// Tables opened side by side.
const OPENED_AT_ONCE: usize = 4;

/// A table of the lake as of one version.
#[derive(Clone)]
pub(crate) struct Table {
    pub(crate) name: TableName,
    pub(crate) delta: DeltaTable,
    /// The version that was opened or created.
    opened_at: Version,
}

/// What a commit carries besides its rows.
#[derive(Default)]
pub(crate) struct Carried {
    /// How far the table is with it.
    pub(crate) position: Option<Position>,
    /// By which rules its rows were derived.
    pub(crate) derived_by: Option<i64>,
    /// What the commit covers.
    pub(crate) note: Option<Value>,
}

impl Carried {
    /// A position and nothing else.
    pub(crate) fn of(position: Position) -> Self {
        Carried {
            position: Some(position),
            ..Carried::default()
        }
    }

    pub(crate) fn properties(self) -> CommitProperties {
        let mut properties = unattended();
        let position = self
            .position
            .map(|position| (APPLICATION, position.number()));
        let derived_by = self.derived_by.map(|number| (DERIVED_BY, number));
        let end = (position.is_none() && derived_by.is_none()).then_some((END, 0));
        for (application, number) in [position, derived_by, end].into_iter().flatten() {
            properties =
                properties.with_application_transaction(Transaction::new(application, number));
        }
        let note = self.note.map(|note| (APPLICATION.to_owned(), note));
        properties.with_metadata(
            note.into_iter()
                .chain([(END.to_owned(), Value::Bool(true))]),
        )
    }
}

/// Of a commit that carries nothing. deltalake leaves transactions out where it joins files and where it begins to
/// delete old ones, so that nothing of ours can end these: [`crate::check::log::actions`] counts what they do.
pub(crate) fn unattended() -> CommitProperties {
    CommitProperties::default()
        // What is written follows from what was read: no commit is put on top of one that came between, even where
        // Delta would find that the two do not touch.
        .with_max_retries(0)
        // It takes a listing of the whole log: [`crate::maintain`] does it now and then, not each commit.
        .with_cleanup_expired_logs(Some(false))
}

impl Table {
    fn of(name: TableName, delta: DeltaTable) -> Self {
        Table {
            name,
            opened_at: delta.version().unwrap_or_default(),
            delta,
        }
    }

    /// Opens the table, or None where it does not exist.
    pub(crate) async fn open(name: TableName, log: LogStoreRef) -> Result<Option<Self>, LakeError> {
        let mut delta = DeltaTable::new(log);
        match delta.load().await {
            Ok(()) => {}
            Err(DeltaTableError::NotATable(_)) => return Ok(None),
            Err(error) if StoreTrouble::of(&error).is_some() => {
                return Err(LakeError::table(name.as_str(), error));
            }
            // The kernel has its own words for a folder without a log.
            Err(error) if !delta.verify_deltatable_existence().await.unwrap_or(true) => {
                tracing::debug!(%error, table = name.as_str(), "no table yet");
                return Ok(None);
            }
            Err(error) => {
                let damaged = damage::of_log(name, &delta.log_store()).await;
                return Err(damaged.unwrap_or_else(|| LakeError::table(name.as_str(), error)));
            }
        }
        let table = Table::of(name, delta);
        table.refuse_other_versions()?;
        Ok(Some(table))
    }

    /// Opens these tables of a lake, several side by side, each in a task of its own: to understand a log takes as
    /// long as to read it. None for each that does not exist.
    pub(crate) async fn open_all(
        location: &Location,
        names: impl IntoIterator<Item = TableName>,
    ) -> Result<Vec<Option<Self>>, LakeError> {
        let names = names.into_iter();
        let logs = names.map(|name| Ok((name, location.table(name.as_str())?)));
        let logs = logs.collect::<Result<Vec<_>, LakeError>>()?;
        let opening = logs.into_iter().map(|(name, log)| async move {
            let opened = apart(Table::open(name, log)).await;
            opened.unwrap_or_else(|error| Err(LakeError::query(error)))
        });
        let opening = stream::iter(opening).buffered(OPENED_AT_ONCE);
        opening.try_collect().await
    }

    /// Creates the table.
    pub(crate) async fn create(name: TableName, log: LogStoreRef) -> Result<Self, LakeError> {
        let create = async {
            let fields: StructType = (&*name.schema() as &Schema).try_into_kernel()?;
            CreateBuilder::new()
                .with_log_store(log.clone())
                .with_table_name(name.as_str())
                .with_columns(fields.fields().cloned())
                .with_raise_if_key_not_exists(false)
                .with_configuration([
                    (
                        "delta.checkpointInterval".to_owned(),
                        Some(CHECKPOINT_INTERVAL.to_string()),
                    ),
                    (VERSION_PROPERTY.to_owned(), Some(LAKE_VERSION.to_string())),
                    // Statistics for the columns that queries prune by, not for texts.
                    (
                        "delta.dataSkippingStatsColumns".to_owned(),
                        Some(statistics_columns(name)),
                    ),
                ])
                .await
        };
        match create.await {
            Ok(delta) => Ok(Table::of(name, delta)),
            // It was not there a moment ago.
            Err(_) if log.is_delta_table_location().await.unwrap_or(false) => {
                Err(LakeError::Conflict {
                    table: name.as_str(),
                })
            }
            Err(error) => Err(LakeError::table(name.as_str(), error)),
        }
    }

    fn refuse_other_versions(&self) -> Result<(), LakeError> {
        let snapshot = self.delta.snapshot().map_err(|error| self.error(error))?;
        let found = snapshot
            .metadata()
            .configuration()
            .get(VERSION_PROPERTY)
            .cloned();
        match found.as_deref().map(str::parse::<u32>) {
            Some(Ok(LAKE_VERSION)) => Ok(()),
            Some(Ok(older)) if older < LAKE_VERSION => Err(LakeError::Older {
                table: self.name.as_str(),
                found: older,
            }),
            _ => Err(LakeError::Newer {
                table: self.name.as_str(),
                found: found.unwrap_or_else(|| "unknown".to_owned()),
                known: LAKE_VERSION,
            }),
        }
    }

    /// The position that was carried last.
    pub(crate) async fn position(&self) -> Result<Position, LakeError> {
        let number = self.last_transaction(APPLICATION).await?;
        Ok(Position::of_number(number))
    }

    /// How it stands to interactions that are at this position.
    pub(crate) async fn standing(&self, newest: Position) -> Result<Standing, LakeError> {
        let position = self.position().await?;
        Ok(Standing::of(position, self.is_empty()?, newest))
    }

    /// By which rules the table was derived; 0 before the first time.
    pub(crate) async fn derived_by(&self) -> Result<i64, LakeError> {
        self.last_transaction(DERIVED_BY).await
    }

    async fn last_transaction(&self, application: &str) -> Result<i64, LakeError> {
        let snapshot = self.delta.snapshot().map_err(|error| self.error(error))?;
        let number = snapshot
            .snapshot()
            .transaction_version(self.delta.log_store().as_ref(), application)
            .await
            .map_err(|error| self.error(error))?;
        Ok(number.unwrap_or(0))
    }

    /// Appends rows in one commit.
    pub(crate) async fn append(
        &mut self,
        batch: RecordBatch,
        carried: Carried,
    ) -> Result<(), LakeError> {
        let name = self.name.as_str();
        append(&mut self.delta, batch, carried)
            .await
            .map_err(|error| LakeError::table(name, error))
    }

    /// Writes what a commit carries alone, without rows.
    pub(crate) async fn mark(&mut self, carried: Carried) -> Result<(), LakeError> {
        let name = self.name.as_str();
        commit(&mut self.delta, Vec::new(), APPENDED, carried)
            .await
            .map_err(|error| LakeError::table(name, error))
    }

    /// Whether the table has no rows.
    pub(crate) fn is_empty(&self) -> Result<bool, LakeError> {
        let snapshot = self.delta.snapshot().map_err(|error| self.error(error))?;
        Ok(snapshot.log_data().num_files() == 0)
    }

    /// Takes all rows out, in one commit, after which the table is at the beginning of what came after
    /// the repair that `newest` names.
    pub(crate) async fn clear(&mut self, newest: Position) -> Result<(), LakeError> {
        let carried = Carried::of(newest.beginning());
        if self.is_empty()? {
            // deltalake commits nothing where there is nothing to delete.
            return self.mark(carried).await;
        }
        let cleared = self
            .delta
            .clone()
            .delete()
            .with_commit_properties(carried.properties())
            .await;
        self.delta = cleared.map_err(|error| self.error(error))?.0;
        Ok(())
    }

    /// Whether a checkpoint was due since it was opened.
    pub(crate) fn had_a_checkpoint(&self) -> bool {
        let due = |version: Version| (version + 1) / CHECKPOINT_INTERVAL;
        due(self.delta.version().unwrap_or_default()) > due(self.opened_at)
    }

    /// Reads commits made since this version was loaded.
    pub(crate) async fn refresh(&mut self) -> Result<(), LakeError> {
        let name = self.name.as_str();
        self.delta
            .update_state()
            .await
            .map_err(|error| LakeError::table(name, error))
    }

    pub(crate) fn error(&self, error: DeltaTableError) -> LakeError {
        LakeError::table(self.name.as_str(), error)
    }
}

async fn append(
    delta: &mut DeltaTable,
    batch: RecordBatch,
    carried: Carried,
) -> Result<(), DeltaTableError> {
    let actions = write(delta, batch).await?;
    commit(delta, actions, APPENDED, carried).await
}

/// What files of a table are written with.
pub(crate) fn writer_of(delta: &DeltaTable) -> Result<RecordBatchWriter, DeltaTableError> {
    let writer = RecordBatchWriter::for_table(delta)?;
    Ok(writer.with_writer_properties(writer_properties()))
}

/// Writes rows into a file, which belongs to the table once a commit says so.
async fn write(delta: &DeltaTable, batch: RecordBatch) -> Result<Vec<Action>, DeltaTableError> {
    let mut writer = writer_of(delta)?;
    writer.write(batch).await?;
    Ok(writer.flush().await?.into_iter().map(Action::Add).collect())
}

const APPENDED: DeltaOperation = DeltaOperation::Write {
    mode: SaveMode::Append,
    partition_by: None,
    predicate: None,
};

pub(crate) async fn commit(
    delta: &mut DeltaTable,
    actions: Vec<Action>,
    operation: DeltaOperation,
    carried: Carried,
) -> Result<(), DeltaTableError> {
    let committed = CommitBuilder::from(carried.properties())
        .with_actions(actions)
        .build(Some(delta.snapshot()?), delta.log_store(), operation)
        .await?;
    delta.state = Some(committed.snapshot());
    Ok(())
}

/// Rows of a page. A first sync brings each user's whole history at once, so that a row group spans
/// all of it, also after compaction; rows of a commit are sorted by time, so that a page does not.
const PAGE_ROWS: usize = 1_024;

/// Columns by which pages are skipped.
const PRUNING: [&str; 2] = ["created_at", "started_at"];

/// Columns of which each row has a value of its own, or two rows at most: a dictionary of them would be as long
/// as the column.
const OF_ONE_ROW: [&str; 4] = ["interaction_id", "etag", "first_id", "prompt_id"];

/// How the files of a commit are written: quickly, since most of them are joined before long.
pub(crate) fn writer_properties() -> WriterProperties {
    let mut properties = properties(Compression::SNAPPY, ROW_GROUP_ROWS);
    for column in OF_ONE_ROW {
        properties = properties.set_column_dictionary_enabled(ColumnPath::from(column), false);
    }
    properties.build()
}

/// How joined files are written: small, since they stay. In files of commits it would be waste: zstd makes a
/// compressor for each column of each file, and one for each column that is read, which in small files took a
/// quarter of all that a sync takes.
pub(crate) fn properties_of_joined(name: TableName) -> WriterProperties {
    let group_rows = match name {
        TableName::Exchanges | TableName::Conversations | TableName::Resources => {
            ROW_GROUP_ROWS_DERIVED
        }
        _ => ROW_GROUP_ROWS,
    };
    properties(Compression::ZSTD(ZstdLevel::default()), group_rows).build()
}

fn properties(compression: Compression, group_rows: usize) -> WriterPropertiesBuilder {
    // A hash: nothing of it repeats, and all of them are looked through to find a few.
    let thread_key = || ColumnPath::from("thread_key");
    let mut properties = WriterProperties::builder()
        .set_column_dictionary_enabled(thread_key(), false)
        .set_column_compression(thread_key(), Compression::UNCOMPRESSED);
    for column in PRUNING {
        properties = properties
            .set_column_statistics_enabled(ColumnPath::from(column), EnabledStatistics::Page);
    }
    properties
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_write_batch_size(PAGE_ROWS)
        .set_compression(compression)
        .set_max_row_group_row_count(Some(group_rows))
        .set_created_by(concat!("hobbs ", env!("CARGO_PKG_VERSION")).to_owned())
}

fn statistics_columns(name: TableName) -> String {
    match name {
        TableName::Interactions => {
            "tenant_id,user_id,interaction_id,created_at,app_class,kind,mark,sequence"
        }
        TableName::Users => "tenant_id,user_id,valid_from,valid_to",
        TableName::Licenses => "tenant_id,observed_at",
        TableName::LicenseAssignments => "tenant_id,user_id,valid_from,valid_to",
        TableName::UsageReports | TableName::UsageSummary => {
            "tenant_id,report_refresh_date,report_period"
        }
        TableName::UsageTrend => "tenant_id,report_refresh_date,report_date",
        TableName::Runs => "run_id,tenant_id,started_at",
        TableName::Coverage => "tenant_id,user_id,from_ms,to_ms,recorded_at",
        TableName::Exchanges | TableName::Conversations | TableName::Resources => {
            "user_key,started_at,day"
        }
        TableName::Keys => "name",
    }
    .to_owned()
}
