//! What a table's log says of its files.

use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use datafusion::prelude::Expr;
use deltalake::kernel::LogicalFileView;
use deltalake::logstore::object_store::path::Path;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::error::LakeError;
use crate::small::compiled;
use crate::table::Table;

/// Statistics of a file, as writers of Delta tables leave them in the log.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FileStatistics {
    #[serde(default)]
    min_values: Map<String, Value>,
    #[serde(default)]
    max_values: Map<String, Value>,
}

impl FileStatistics {
    /// Of a file; None where its writer left none.
    pub(crate) fn of(file: &LogicalFileView) -> Option<Self> {
        serde_json::from_str(&file.stats()?).ok()
    }

    /// The least text, date or time of a column, as the log writes it.
    pub(crate) fn least(&self, column: &str) -> Option<&str> {
        self.min_values.get(column)?.as_str()
    }

    /// The greatest of them.
    pub(crate) fn greatest(&self, column: &str) -> Option<&str> {
        self.max_values.get(column)?.as_str()
    }
}

impl Table {
    /// Of each file of the version loaded; files without statistics are left out.
    pub(crate) fn statistics(&self) -> Result<Vec<FileStatistics>, LakeError> {
        let snapshot = self.delta.snapshot().map_err(|error| self.error(error))?;
        let log = snapshot.log_data();
        Ok(log
            .iter()
            .filter_map(|file| FileStatistics::of(&file))
            .collect())
    }

    /// Of one file, by its path.
    pub(crate) fn statistics_of(&self, path: &Path) -> Result<Option<FileStatistics>, LakeError> {
        let snapshot = self.delta.snapshot().map_err(|error| self.error(error))?;
        let mut files = snapshot.log_data().into_iter();
        let named = files.find(|file| file.object_store_path() == *path);
        Ok(named.and_then(|file| FileStatistics::of(&file)))
    }
}

/// The files that may hold rows for which a condition holds, by what the log says of them.
pub(crate) fn may_hold(
    table: &Table,
    condition: Option<&Expr>,
) -> Result<Vec<LogicalFileView>, LakeError> {
    let snapshot = table.delta.snapshot().map_err(|error| table.error(error))?;
    let log = snapshot.log_data();
    let may_hold = condition.map(|condition| {
        let schema = table.name.schema();
        let condition = compiled(condition, &schema)?;
        let pruning = PruningPredicateBuilder::new().with_file_schema(schema);
        pruning.try_build(condition)?.prune(&log)
    });
    let may_hold = may_hold.transpose().map_err(LakeError::query)?;
    let may_hold = may_hold.unwrap_or_else(|| vec![true; log.num_files()]);
    let files = log.into_iter().zip(may_hold);
    Ok(files
        .filter_map(|(file, may_hold)| may_hold.then_some(file))
        .collect())
}
