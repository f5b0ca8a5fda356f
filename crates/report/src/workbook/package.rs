//! The last step: the ranges of the tables, which are known only when all rows are written.
//!
//! rust_xlsxwriter keeps an entry in memory for each cell of a table's range (700 MB for a million
//! rows of our columns). So a table is declared over its header and one row, and its range is
//! corrected here, in a copy in which everything else is moved as it stands, still compressed.

use std::io::{BufReader, BufWriter, Read, Seek, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use super::sheet::TableRange;
use crate::error::ReportError;

pub(super) fn set_table_rows(
    from: impl Read + Seek,
    to: impl Write + Seek,
    tables: &[TableRange],
) -> Result<(), ReportError> {
    let mut archive = ZipArchive::new(BufReader::new(from))?;
    let mut copy = ZipWriter::new(BufWriter::with_capacity(1 << 17, to));
    for index in 0..archive.len() {
        let raw = archive.by_index_raw(index)?;
        let name = raw.name()?.into_owned();
        if !name.starts_with("xl/tables/") {
            copy.raw_copy_file(raw)?;
            continue;
        }
        drop(raw);
        let mut xml = String::new();
        archive.by_index(index)?.read_to_string(&mut xml)?;
        for table in tables {
            if xml.contains(&format!("displayName=\"{}\"", table.name)) {
                xml = xml.replace(
                    &format!("ref=\"{}\"", table.declared),
                    &format!("ref=\"{}\"", table.actual),
                );
            }
        }
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .unix_permissions(0o600)
            .last_modified_time(DateTime::default());
        copy.start_file(name, options)?;
        copy.write_all(xml.as_bytes())?;
    }
    copy.finish()?.flush()?;
    Ok(())
}
