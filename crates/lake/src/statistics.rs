//! What a table's log says of its files.

use deltalake::kernel::LogicalFileView;
use deltalake::logstore::object_store::path::Path;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::error::LakeError;
use crate::table::Table;

/// Statistics of a file, as writers of Delta tables leave them in the log.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FileStatistics {
    /// Rows of the file, where its writer counted them.
    pub(crate) num_records: Option<u64>,
    #[serde(default)]
    min_values: Map<String, Value>,
    #[serde(default)]
    max_values: Map<String, Value>,
}

impl FileStatistics {
    /// The least and the greatest number of a column.
    pub(crate) fn numbers(&self, column: &str) -> Option<(i64, i64)> {
        let number = |values: &Map<String, Value>| values.get(column)?.as_i64();
        number(&self.min_values).zip(number(&self.max_values))
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
        Ok(log.iter().filter_map(|file| read(&file)).collect())
    }

    /// Of one file, by its path.
    pub(crate) fn statistics_of(&self, path: &Path) -> Result<Option<FileStatistics>, LakeError> {
        let snapshot = self.delta.snapshot().map_err(|error| self.error(error))?;
        let mut files = snapshot.log_data().into_iter();
        let named = files.find(|file| file.object_store_path() == *path);
        Ok(named.and_then(|file| read(&file)))
    }
}

fn read(file: &LogicalFileView) -> Option<FileStatistics> {
    serde_json::from_str(&file.stats()?).ok()
}
