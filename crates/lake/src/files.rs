//! The files of a table's newest version, as a plain list of Parquet files.
//!
//! Our tables have neither deletion vectors nor partitions, so the list says all that the log
//! says; without the log's own scan a grouping over narrow columns takes a half to two thirds of
//! the time (docs/measurements.md).

use std::path::Path;
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{
    ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl,
};
use deltalake::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use url::Url;

use crate::error::LakeError;
use crate::folder;
use crate::table::Table;

/// The table as of the version loaded. A table in an object store is read by its log, which knows
/// the way there.
pub(crate) async fn provider(table: &Table) -> Result<Arc<dyn TableProvider>, LakeError> {
    let files = local_files(table)?;
    if files.is_empty() {
        let provider = table.delta.table_provider().await;
        return provider.map_err(LakeError::query);
    }
    let options = ListingOptions::new(Arc::new(ParquetFormat::default())).with_file_extension("");
    let config = ListingTableConfig::new_with_multi_paths(files)
        .with_listing_options(options)
        .with_schema(with_views(&table.name.schema()));
    let files = ListingTable::try_new(config).map_err(LakeError::query)?;
    Ok(Arc::new(files))
}

/// Empty where the table is not in a folder of this machine, or has no rows.
fn local_files(table: &Table) -> Result<Vec<ListingTableUrl>, LakeError> {
    let Some(folder) = folder::of(table.delta.table_url()) else {
        return Ok(Vec::new());
    };
    let snapshot = table.delta.snapshot().map_err(|error| table.error(error))?;
    let mut files = Vec::new();
    for file in snapshot.log_data().iter() {
        let path = folder.join(file.path().as_ref());
        refuse_missing(table, &path, file.size())?;
        let url = Url::from_file_path(&path)
            .map_err(|()| LakeError::Query(format!("{} has no address", path.display())))?;
        // No pattern: a folder's name may hold what looks like one.
        files.push(ListingTableUrl::try_new(url, None).map_err(LakeError::query)?);
    }
    Ok(files)
}

/// A list of files would pass over one that is not there, and say nothing.
fn refuse_missing(table: &Table, path: &Path, size: i64) -> Result<(), LakeError> {
    let what = match std::fs::metadata(path) {
        Ok(there) if i64::try_from(there.len()) == Ok(size) => return Ok(()),
        Ok(there) => format!("it has {} bytes, its log says {size}", there.len()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => "it is missing".to_owned(),
        Err(error) => return Err(LakeError::io("read", path, error)),
    };
    Err(LakeError::Damaged {
        table: table.name.as_str(),
        file: path.display().to_string(),
        what,
    })
}

/// Texts as views, which are grouped without being copied.
fn with_views(schema: &Schema) -> SchemaRef {
    let fields = schema.fields().iter().map(|field| match field.data_type() {
        DataType::Utf8 => Field::new(field.name(), DataType::Utf8View, field.is_nullable()),
        _ => field.as_ref().clone(),
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}
