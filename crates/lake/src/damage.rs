//! Saying which file is damaged, where the engine says only what it could not decode.

use std::sync::Arc;

use datafusion::common::runtime::SpawnedTask;
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use deltalake::arrow::error::ArrowError;
use deltalake::logstore::LogStoreRef;
use deltalake::logstore::object_store::Error as StoreError;
use deltalake::logstore::object_store::path::Path;
use deltalake::parquet::errors::ParquetError;
use futures::TryStreamExt;

use crate::check::file::{Closeness, fault, first_line};
use crate::check::log::Log;
use crate::check::{address, files_of};
use crate::error::LakeError;
use crate::location::Location;
use crate::position::{Position, Standing};
use crate::remote::StoreTrouble;
use crate::schema::TableName;
use crate::stored::NamedFile;
use crate::table::Table;

/// Runs what decodes files in a task of its own: on another core where there is one, and whatever a
/// decoder makes of a damaged file ends there. A panic becomes an error that counts as damage.
pub(crate) async fn apart<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, DataFusionError> {
    let done = SpawnedTask::spawn(work).join().await;
    done.map_err(|error| DataFusionError::ExecutionJoin(Box::new(error)))
}

/// What keeps a table's log from being read; None where the log seems whole.
pub(crate) async fn of_log(name: TableName, logs: &LogStoreRef) -> Option<LakeError> {
    let log = Log::read(&logs.object_store(None)).await.ok()?;
    let fault = log.needed_faults().next()?;
    Some(LakeError::Damaged {
        table: name.as_str(),
        file: address(logs, &fault.path),
        what: fault.what.clone(),
    })
}

/// Whether an error may come from a file that is damaged or missing.
fn is_of_a_file(error: &DataFusionError) -> bool {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = next {
        if error.is::<ParquetError>() || error.is::<StoreError>() {
            return true;
        }
        // Of what is found amid the rows, Arrow tells in words alone.
        if let Some(ArrowError::ParquetError(_)) = error.downcast_ref::<ArrowError>() {
            return true;
        }
        if let Some(
            DataFusionError::ParquetError(_)
            | DataFusionError::ObjectStore(_)
            | DataFusionError::ExecutionJoin(_),
        ) = error.downcast_ref::<DataFusionError>()
        {
            return true;
        }
        next = error.source();
    }
    false
}

/// The same error, or the one that names the damaged file where one of these tables has one. They are
/// read as a whole for that, which happens after an error alone.
pub(crate) async fn named(error: DataFusionError, tables: &[Table]) -> DataFusionError {
    if !is_of_a_file(&error) || StoreTrouble::of(&error).is_some() {
        return error;
    }
    for closeness in [Closeness::Footer, Closeness::Rows] {
        for table in tables {
            if let Some(damaged) = first_of_table(table, closeness).await {
                return DataFusionError::External(Box::new(damaged));
            }
        }
    }
    error
}

async fn first_of_table(table: &Table, closeness: Closeness) -> Option<LakeError> {
    let logs = table.delta.log_store();
    let store = logs.object_store(None);
    for file in files_of(table).ok()? {
        match fault(&store, &file, closeness).await {
            Ok(None) => {}
            Ok(Some(what)) => return Some(damaged(table, &file, what)),
            Err(_) => return None,
        }
    }
    None
}

/// A file of a table that is damaged.
pub(crate) fn damaged(table: &Table, file: &NamedFile, what: String) -> LakeError {
    LakeError::Damaged {
        table: table.name.as_str(),
        file: address(&table.delta.log_store(), &file.path),
        what: first_line(what),
    }
}

/// A table that was there, since others are that are made after it.
pub(crate) fn lost_table(name: TableName, logs: &LogStoreRef) -> LakeError {
    LakeError::Damaged {
        table: name.as_str(),
        file: address(logs, &Path::from("_delta_log")),
        what: "it is missing".to_owned(),
    }
}

/// The stream, whose errors name the damaged file among those of these tables.
pub(crate) fn naming(
    stream: SendableRecordBatchStream,
    tables: Arc<[Table]>,
) -> SendableRecordBatchStream {
    let schema = stream.schema();
    let named = stream.or_else(move |error| {
        let tables = Arc::clone(&tables);
        async move { Err(named(error, &tables).await) }
    });
    Box::pin(RecordBatchStreamAdapter::new(schema, named))
}

/// Refuses interactions that lack commits of which a table that follows them knows, and a table that does
/// not know of what a repair took out of them.
pub(crate) async fn refuse_lost_commits(
    location: &Location,
    interactions: Option<&Table>,
    followers: impl IntoIterator<Item = &Table>,
) -> Result<(), LakeError> {
    let newest = match interactions {
        Some(table) => table.position().await?,
        None => Position::default(),
    };
    for follower in followers {
        let name = follower.name.as_str();
        let (table, what) = match follower.standing(newest).await? {
            Standing::Behind(_) => continue,
            Standing::Ahead => (
                TableName::Interactions.as_str(),
                format!("{name} knows of later commits of the lake than the newest here"),
            ),
            Standing::Unrepaired => (name, UNREPAIRED.to_owned()),
        };
        let file = address(&location.table(table)?, &Path::from("_delta_log"));
        return Err(LakeError::Damaged { table, file, what });
    }
    Ok(())
}

/// What is wrong with a table of which the commit of a repair was lost.
pub(crate) const UNREPAIRED: &str =
    "commits of it are missing: it has what the last repair of the lake took back";
