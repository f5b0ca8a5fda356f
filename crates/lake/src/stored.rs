//! A Parquet file of the lake, as the decoder asks for it: for whoever knows which files and which
//! columns to read, and needs no plan of the engine's for it.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use deltalake::kernel::LogicalFileView;
use deltalake::logstore::object_store::path::Path;
use deltalake::logstore::object_store::{ObjectStore, ObjectStoreExt};
use deltalake::parquet::arrow::ParquetRecordBatchStreamBuilder;
use deltalake::parquet::arrow::arrow_reader::ArrowReaderOptions;
use deltalake::parquet::arrow::async_reader::AsyncFileReader;
use deltalake::parquet::errors::{ParquetError, Result as ParquetResult};
use deltalake::parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use futures::FutureExt;
use futures::future::BoxFuture;

/// A file as the log names it.
#[derive(Clone)]
pub(crate) struct NamedFile {
    pub(crate) path: Path,
    pub(crate) bytes: u64,
    pub(crate) rows: Option<u64>,
}

impl NamedFile {
    pub(crate) fn of(file: &LogicalFileView) -> Self {
        NamedFile {
            path: file.object_store_path(),
            bytes: u64::try_from(file.size()).unwrap_or(0),
            rows: file.num_records().map(|rows| rows as u64),
        }
    }
}

/// Reads a file's footer; what is built of it decodes the rows.
pub(crate) async fn opened(
    store: &Arc<dyn ObjectStore>,
    file: &NamedFile,
    options: ArrowReaderOptions,
) -> ParquetResult<ParquetRecordBatchStreamBuilder<Stored>> {
    let stored = Stored {
        store: Arc::clone(store),
        path: file.path.clone(),
        bytes: file.bytes,
    };
    ParquetRecordBatchStreamBuilder::new_with_options(stored, options).await
}

/// A file in a store, as the decoder asks for it.
pub(crate) struct Stored {
    store: Arc<dyn ObjectStore>,
    path: Path,
    bytes: u64,
}

impl AsyncFileReader for Stored {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, ParquetResult<Bytes>> {
        let read = async move { self.store.get_range(&self.path, range).await };
        read.map(|read| read.map_err(|error| ParquetError::External(Box::new(error))))
            .boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, ParquetResult<Arc<ParquetMetaData>>> {
        async move {
            let bytes = self.bytes;
            let reader = ParquetMetaDataReader::new().with_arrow_reader_options(options);
            Ok(Arc::new(reader.load_and_finish(self, bytes).await?))
        }
        .boxed()
    }
}
