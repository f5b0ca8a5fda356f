//! What a table's log says of its files.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::error::LakeError;
use crate::table::Table;

/// Statistics of a file, as writers of Delta tables leave them in the log.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FileStatistics {
    /// Rows of the file.
    pub(crate) num_records: u64,
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

    /// The greatest text or date of a column, as the log writes it.
    pub(crate) fn greatest(&self, column: &str) -> Option<&str> {
        self.max_values.get(column)?.as_str()
    }
}

impl Table {
    /// Of each file of the version loaded; files without statistics are left out.
    pub(crate) fn statistics(&self) -> Result<Vec<FileStatistics>, LakeError> {
        let snapshot = self.delta.snapshot().map_err(|error| self.error(error))?;
        let log = snapshot.log_data();
        let statistics = log
            .iter()
            .filter_map(|file| serde_json::from_str(&file.stats()?).ok());
        Ok(statistics.collect())
    }
}
