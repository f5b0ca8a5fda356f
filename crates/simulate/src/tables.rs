//! The lake's tables as they lie in the files, read without any of hobbs' own code: the log says which
//! files there are, and the files hold the rows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use futures::TryStreamExt as _;
use hobbs_lake::arrow::array::{Array, AsArray, RecordBatch};
use hobbs_lake::arrow::compute::cast;
use hobbs_lake::arrow::datatypes::{DataType, Int64Type, TimestampMicrosecondType};
use hobbs_lake::arrow::error::ArrowError;
use hobbs_lake::object_store::path::Path;
use hobbs_lake::object_store::{ObjectStore as _, ObjectStoreExt as _};
use hobbs_lake::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;

use crate::disk::Disk;

/// Why a table can't be read.
#[derive(Debug, thiserror::Error)]
#[error("the table {table} is broken: {reason}")]
pub struct Unreadable {
    table: &'static str,
    reason: String,
}

/// One table as of its newest version.
pub struct Rows {
    batches: Vec<RecordBatch>,
}

impl Rows {
    /// The newest version of a table; no rows where there is none yet.
    ///
    /// # Errors
    /// Log or files are not what Delta's protocol says.
    pub async fn read(disk: &Disk, table: &'static str) -> Result<Self, Unreadable> {
        let broken = |reason: String| Unreadable { table, reason };
        let files = disk.files();
        let folder = Path::from(format!("{table}/_delta_log"));
        let mut log: BTreeMap<String, Path> = BTreeMap::new();
        let mut listed = files.list(Some(&folder));
        while let Some(meta) = listed
            .try_next()
            .await
            .map_err(|error| broken(error.to_string()))?
        {
            if let Some(name) = meta.location.filename()
                && name.ends_with(".json")
            {
                log.insert(name.to_owned(), meta.location);
            }
        }
        let mut living: BTreeSet<String> = BTreeSet::new();
        for (version, (name, path)) in log.iter().enumerate() {
            if *name != format!("{version:020}.json") {
                return Err(broken(format!(
                    "version {version} is missing before {name}"
                )));
            }
            let commit = fetch(disk, path).await.map_err(broken)?;
            for line in commit.split(|byte| *byte == b'\n') {
                // Most of a log's bytes are statistics and what a commit carries.
                let is_file = [&b"{\"add\""[..], b"{\"remove\""]
                    .iter()
                    .any(|kind| line.starts_with(kind));
                if !is_file {
                    continue;
                }
                let action: Value = serde_json::from_slice(line)
                    .map_err(|error| broken(format!("{name}: {error}")))?;
                let path_of = |kind: &str| action[kind]["path"].as_str().map(str::to_owned);
                if let Some(path) = path_of("add") {
                    living.insert(path);
                } else if let Some(path) = path_of("remove") {
                    living.remove(&path);
                }
            }
        }
        let mut batches = Vec::new();
        for file in living {
            let path = Path::from(format!("{table}/{file}"));
            let of_file = disk.once_read(&path, async || {
                let bytes = fetch(disk, &path).await?;
                ParquetRecordBatchReaderBuilder::try_new(bytes)
                    .and_then(ParquetRecordBatchReaderBuilder::build)
                    .map_err(|error| error.to_string())?
                    .map(|batch| batch.and_then(plain).map_err(|error| error.to_string()))
                    .collect()
            });
            let of_file = of_file.await;
            batches.extend(of_file.map_err(|error| broken(format!("{file}: {error}")))?);
        }
        Ok(Rows { batches })
    }

    /// The rows, batch by batch.
    pub fn batches(&self) -> &[RecordBatch] {
        &self.batches
    }

    /// How many rows there are.
    pub fn count(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// Each row, made by a function of its cells.
    pub fn map<T>(&self, mut row: impl FnMut(&Row<'_>) -> T) -> Vec<T> {
        let mut rows = Vec::with_capacity(self.count());
        for batch in &self.batches {
            rows.extend((0..batch.num_rows()).map(|at| row(&Row { batch, at })));
        }
        rows
    }
}

/// The same rows, in which all texts are of one type, and all numbers and days of another.
fn plain(batch: RecordBatch) -> Result<RecordBatch, ArrowError> {
    let names = batch.schema();
    let columns = batch
        .columns()
        .iter()
        .map(|column| match column.data_type() {
            DataType::Utf8View | DataType::LargeUtf8 => cast(column, &DataType::Utf8),
            DataType::Int32 => cast(column, &DataType::Int64),
            DataType::Date32 => cast(&cast(column, &DataType::Int32)?, &DataType::Int64),
            _ => Ok(Arc::clone(column)),
        });
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    let names = names.fields().iter().map(|field| field.name());
    RecordBatch::try_from_iter_with_nullable(
        names
            .zip(columns)
            .map(|(name, column)| (name, column, true)),
    )
}

async fn fetch(disk: &Disk, path: &Path) -> Result<Bytes, String> {
    let found = disk.files().get(path).await;
    let found = found.map_err(|error| error.to_string())?;
    found.bytes().await.map_err(|error| error.to_string())
}

/// One row.
pub struct Row<'a> {
    batch: &'a RecordBatch,
    at: usize,
}

impl Row<'_> {
    /// A text.
    pub fn text(&self, name: &str) -> Option<String> {
        let texts = self.batch.column_by_name(name)?.as_string_opt::<i32>()?;
        let is_there = texts.is_valid(self.at);
        is_there.then(|| texts.value(self.at).to_owned())
    }

    /// A number, or a day since 1970.
    pub fn number(&self, name: &str) -> Option<i64> {
        let numbers = self.batch.column_by_name(name)?;
        let numbers = numbers.as_primitive_opt::<Int64Type>()?;
        let is_there = numbers.is_valid(self.at);
        is_there.then(|| numbers.value(self.at))
    }

    /// A time, in UTC milliseconds.
    pub fn time_ms(&self, name: &str) -> Option<i64> {
        let column = self.batch.column_by_name(name)?;
        let times = column.as_primitive_opt::<TimestampMicrosecondType>()?;
        times
            .is_valid(self.at)
            .then(|| times.value(self.at).div_euclid(1000))
    }

    /// Yes or no.
    pub fn flag(&self, name: &str) -> Option<bool> {
        let column = self.batch.column_by_name(name)?;
        let flags = column.as_boolean_opt()?;
        flags.is_valid(self.at).then(|| flags.value(self.at))
    }
}
