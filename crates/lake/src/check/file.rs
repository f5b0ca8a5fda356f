//! Reading a Parquet file of the lake to its end, as nobody does who only asks for some columns.

use std::sync::Arc;

use deltalake::arrow::array::RecordBatch;
use deltalake::arrow::compute::cast;
use deltalake::arrow::datatypes::SchemaRef;
use deltalake::arrow::error::ArrowError;
use deltalake::logstore::object_store::{Error, ObjectStore, ObjectStoreExt};
use deltalake::parquet::arrow::arrow_reader::ArrowReaderOptions;
use futures::TryStreamExt;

use crate::stored::{NamedFile, opened};

/// Rows decoded at a time: memory stays flat whatever the file.
const BATCH_ROWS: usize = 4_096;

/// How closely a file is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Closeness {
    /// It is there, has its size, and its footer can be read.
    Footer,
    /// All its rows can be decoded too.
    Rows,
}

/// What is wrong with a file; None where nothing is.
///
/// A bit that was flipped inside compressed data may give another value in place of an error: Parquet
/// as it is written here has no checksums.
pub(crate) async fn fault(
    store: &Arc<dyn ObjectStore>,
    file: &NamedFile,
    closeness: Closeness,
) -> Result<Option<String>, Error> {
    let there = match store.head(&file.path).await {
        Ok(there) => there,
        Err(Error::NotFound { .. }) => return Ok(Some("it is missing".to_owned())),
        Err(error) => return Err(error),
    };
    if there.size != file.bytes {
        let (found, named) = (there.size, file.bytes);
        return Ok(Some(format!("it has {found} bytes, its log says {named}")));
    }
    let (store, file) = (Arc::clone(store), file.clone());
    // In a task of its own: whatever the decoder makes of foreign bytes ends there.
    let decoded = tokio::spawn(async move { decode(&store, &file, closeness).await });
    Ok(match decoded.await {
        Ok(decoded) => decoded.err(),
        Err(_) => Some("it can't be decoded".to_owned()),
    })
}

async fn decode(
    store: &Arc<dyn ObjectStore>,
    file: &NamedFile,
    closeness: Closeness,
) -> Result<(), String> {
    let footer = |error| format!("its footer can't be read: {}", first_line(error));
    let builder = opened(store, file, ArrowReaderOptions::new())
        .await
        .map_err(footer)?;
    let rows = builder.metadata().file_metadata().num_rows();
    if let Some(named) = file.rows
        && u64::try_from(rows) != Ok(named)
    {
        return Err(format!("it has {rows} rows, its log says {named}"));
    }
    if closeness == Closeness::Footer {
        return Ok(());
    }
    let undecoded = |error| format!("its rows can't be decoded: {}", first_line(error));
    let mut stream = builder
        .with_batch_size(BATCH_ROWS)
        .build()
        .map_err(undecoded)?;
    let mut decoded = 0;
    while let Some(batch) = stream.try_next().await.map_err(undecoded)? {
        decoded += batch.num_rows();
    }
    if i64::try_from(decoded) != Ok(rows) {
        return Err(format!("{decoded} of its {rows} rows can be decoded"));
    }
    Ok(())
}

/// The rows of one group that can still be decoded, those before the first that can't, in the
/// columns of `schema`; None where there is no such group.
pub(crate) async fn readable(
    store: &Arc<dyn ObjectStore>,
    file: &NamedFile,
    group: usize,
    schema: &SchemaRef,
) -> Option<Vec<RecordBatch>> {
    let (store, file, schema) = (Arc::clone(store), file.clone(), Arc::clone(schema));
    let read = async move {
        let builder = opened(&store, &file, ArrowReaderOptions::new())
            .await
            .ok()?;
        if group >= builder.metadata().num_row_groups() {
            return None;
        }
        let mut stream = builder
            .with_row_groups(vec![group])
            .with_batch_size(BATCH_ROWS)
            .build()
            .ok()?;
        let mut batches = Vec::new();
        while let Ok(Some(batch)) = stream.try_next().await {
            match in_columns(&batch, &schema) {
                Ok(batch) => batches.push(batch),
                Err(_) => break,
            }
        }
        Some(batches)
    };
    tokio::spawn(read).await.unwrap_or(Some(Vec::new()))
}

/// The same rows in the columns of a table, and in their types.
pub(crate) fn in_columns(
    batch: &RecordBatch,
    schema: &SchemaRef,
) -> Result<RecordBatch, ArrowError> {
    let columns = schema.fields().iter().map(|field| {
        let column = batch.column(batch.schema().index_of(field.name())?);
        cast(column, field.data_type())
    });
    RecordBatch::try_new(Arc::clone(schema), columns.collect::<Result<_, _>>()?)
}

/// Errors of the engine may go on for pages.
pub(crate) fn first_line(error: impl ToString) -> String {
    let text = error.to_string();
    text.lines().next().unwrap_or_default().trim().to_owned()
}
