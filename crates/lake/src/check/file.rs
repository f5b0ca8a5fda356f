//! Reading a Parquet file of the lake to its end, as nobody does who only asks for some columns.

use std::sync::Arc;

use deltalake::arrow::array::RecordBatch;
use deltalake::arrow::compute::cast;
use deltalake::arrow::datatypes::SchemaRef;
use deltalake::arrow::error::ArrowError;
use deltalake::logstore::object_store::{Error, ObjectStore, ObjectStoreExt};
use deltalake::parquet::arrow::arrow_reader::ArrowReaderOptions;
use deltalake::parquet::errors::ParquetError;
use futures::TryStreamExt;
use tokio::sync::mpsc;

use crate::remote::StoreTrouble;
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
    match decoded.await {
        Ok(Ok(())) => Ok(None),
        Ok(Err(Fault::Damage(what))) => Ok(Some(what)),
        Ok(Err(Fault::Store(trouble))) => Err(trouble.into()),
        Err(_) => Ok(Some("it can't be decoded".to_owned())),
    }
}

/// Why a file was not decoded to its end.
enum Fault {
    Damage(String),
    /// The store did not give it; nothing is known of the file.
    Store(StoreTrouble),
}

impl Fault {
    fn of(error: &ParquetError, which: &str) -> Self {
        match StoreTrouble::of(error) {
            Some(trouble) => Fault::Store(trouble),
            None => Fault::Damage(format!("{which}: {}", first_line(error))),
        }
    }
}

async fn decode(
    store: &Arc<dyn ObjectStore>,
    file: &NamedFile,
    closeness: Closeness,
) -> Result<(), Fault> {
    let footer = |error| Fault::of(&error, "its footer can't be read");
    let builder = opened(store, file, ArrowReaderOptions::new())
        .await
        .map_err(footer)?;
    let rows = builder.metadata().file_metadata().num_rows();
    if let Some(named) = file.rows
        && u64::try_from(rows) != Ok(named)
    {
        let what = format!("it has {rows} rows, its log says {named}");
        return Err(Fault::Damage(what));
    }
    if closeness == Closeness::Footer {
        return Ok(());
    }
    let undecoded = |error| Fault::of(&error, "its rows can't be decoded");
    let mut stream = builder
        .with_batch_size(BATCH_ROWS)
        .build()
        .map_err(undecoded)?;
    let mut decoded = 0;
    while let Some(batch) = stream.try_next().await.map_err(undecoded)? {
        decoded += batch.num_rows();
    }
    if i64::try_from(decoded) != Ok(rows) {
        let what = format!("{decoded} of its {rows} rows can be decoded");
        return Err(Fault::Damage(what));
    }
    Ok(())
}

/// How many groups of rows a file has; 0 where its footer can't be read. An error where the store
/// gives nothing.
pub(crate) async fn groups(store: &Arc<dyn ObjectStore>, file: &NamedFile) -> Result<usize, Error> {
    let (store, file) = (Arc::clone(store), file.clone());
    let counted = tokio::spawn(async move {
        match opened(&store, &file, ArrowReaderOptions::new()).await {
            Ok(builder) => Ok(builder.metadata().num_row_groups()),
            Err(error) => unless_of_store(&error).map(|()| 0),
        }
    });
    counted.await.unwrap_or(Ok(0))
}

/// The rows of one group that can still be decoded, those before the first that can't, in the
/// columns of `schema`. An error where the store gives nothing.
pub(crate) async fn readable(
    store: &Arc<dyn ObjectStore>,
    file: &NamedFile,
    group: usize,
    schema: &SchemaRef,
) -> Result<Vec<RecordBatch>, Error> {
    let (store, file, schema) = (Arc::clone(store), file.clone(), Arc::clone(schema));
    let (sender, mut decoded) = mpsc::channel(1);
    let decoding = tokio::spawn(decode_group(store, file, group, schema, sender));
    let mut batches = Vec::new();
    while let Some(batch) = decoded.recv().await {
        batches.push(batch);
    }
    // A decoder that gave up on foreign bytes leaves what it decoded before.
    decoding.await.unwrap_or(Ok(()))?;
    Ok(batches)
}

async fn decode_group(
    store: Arc<dyn ObjectStore>,
    file: NamedFile,
    group: usize,
    schema: SchemaRef,
    decoded: mpsc::Sender<RecordBatch>,
) -> Result<(), Error> {
    let builder = match opened(&store, &file, ArrowReaderOptions::new()).await {
        Ok(builder) => builder,
        Err(error) => return unless_of_store(&error),
    };
    let stream = builder
        .with_row_groups(vec![group])
        .with_batch_size(BATCH_ROWS)
        .build();
    let Ok(mut stream) = stream else {
        return Ok(());
    };
    loop {
        match stream.try_next().await {
            Ok(Some(batch)) => {
                let Ok(batch) = in_columns(&batch, &schema) else {
                    return Ok(());
                };
                if decoded.send(batch).await.is_err() {
                    return Ok(());
                }
            }
            Ok(None) => return Ok(()),
            Err(error) => return unless_of_store(&error),
        }
    }
}

/// Passes over damage, and stops where the store is the reason: what it did not give is not lost.
fn unless_of_store(error: &ParquetError) -> Result<(), Error> {
    match StoreTrouble::of(error) {
        Some(trouble) => Err(trouble.into()),
        None => Ok(()),
    }
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
