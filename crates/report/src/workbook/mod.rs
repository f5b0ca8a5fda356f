//! The report as an Excel workbook: Summary, Patterns (where the lake has verdicts), Conversations,
//! Interactions, People, Coverage; and where the lake knows them Reconciliation, Differences,
//! Licenses and License holders.
//!
//! Memory stays flat: rows stream through a short channel to a thread that writes each sheet to a
//! temporary file beside the output, one row at a time. The file appears under its name only when
//! it is whole, readable by its owner alone, and the same data gives the same bytes.

mod beside;
mod charts;
mod licenses;
mod package;
mod page;
mod patterns;
mod people;
mod rows;
mod sheet;
mod style;
mod summary;

use std::fs::File;
use std::io::{Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use futures::channel::{mpsc, oneshot};
use futures::{SinkExt, StreamExt};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook};

use crate::error::ReportError;
use crate::scope::Scope;
use crate::source::{Order, ReportRow, Source, SourceError};
use crate::summary::Summary;

pub use sheet::SHEET_ROWS_MAX;

/// What a workbook holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Rows of the sheet Interactions and those that continue it.
    pub interactions: u64,
    /// Rows of the sheet Conversations and those that continue it.
    pub exchanges: u64,
    /// Texts that were longer than a cell of Excel holds.
    pub cells_cut: u64,
}

/// Writes the workbook of `scope` to `path`, with the figures of `summary`.
///
/// What stood at `path` is replaced when the new file is whole. If this fails, or its future is
/// dropped, nothing changes there.
pub async fn write(
    source: &dyn Source,
    scope: &Scope,
    summary: Arc<Summary>,
    path: &Path,
) -> Result<Written, ReportError> {
    write_with(source, scope, summary, path, SHEET_ROWS_MAX).await
}

/// As [`write()`], with fewer rows a sheet: header and data together, at least 3.
pub async fn write_with(
    source: &dyn Source,
    scope: &Scope,
    summary: Arc<Summary>,
    path: &Path,
    sheet_rows_max: u32,
) -> Result<Written, ReportError> {
    let mut chunks = source.rows(scope, Order::Conversation).await?;
    let (mut sender, receiver) = mpsc::channel(2);
    let mut writer = Writer::start(receiver, summary, path.to_owned(), sheet_rows_max)?;
    while let Some(chunk) = chunks.next().await {
        if sender.send(Message::Rows(chunk?)).await.is_err() {
            break; // The writer has stopped and says why.
        }
    }
    let _ = sender.send(Message::End).await;
    drop(sender);
    writer.result().await
}

/// What the writer's thread is sent. A channel that ends without `End` means: throw it away.
enum Message {
    Rows(Vec<ReportRow>),
    End,
}

struct Writer {
    done: oneshot::Receiver<Result<Written, ReportError>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    fn start(
        receiver: mpsc::Receiver<Message>,
        summary: Arc<Summary>,
        path: PathBuf,
        sheet_rows_max: u32,
    ) -> Result<Self, ReportError> {
        let (finished, done) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("workbook".to_owned())
            .spawn(move || {
                let _ = finished.send(build(receiver, &summary, &path, sheet_rows_max));
            })?;
        Ok(Writer {
            done,
            thread: Some(thread),
        })
    }

    /// The thread's result. The library that writes the sheets panics where a temporary file cannot
    /// be written: that becomes an error here.
    async fn result(&mut self) -> Result<Written, ReportError> {
        if let Ok(result) = (&mut self.done).await {
            return result;
        }
        let payload = self.thread.take().map(JoinHandle::join);
        let reason = match payload {
            Some(Err(panic)) => panic
                .downcast_ref::<String>()
                .cloned()
                .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())),
            _ => None,
        };
        Err(ReportError::BrokenOff(
            reason.unwrap_or_else(|| "no reason given".to_owned()),
        ))
    }
}

fn build(
    receiver: mpsc::Receiver<Message>,
    summary: &Summary,
    path: &Path,
    sheet_rows_max: u32,
) -> Result<Written, ReportError> {
    let folder = folder_of(path);
    let at_path = |source| ReportError::File {
        path: path.to_owned(),
        source,
    };

    let mut book = Workbook::new();
    book.set_tempdir(&folder)?;
    book.set_zip_compression_level(COMPRESSION);
    book.set_properties(&properties(summary)?);
    let styles = style::Styles::new();

    let mut rows = rows::RowSheets::new(&mut book, &styles, sheet_rows_max)?;
    let mut ended = false;
    for message in futures::executor::block_on_stream(receiver) {
        match message {
            Message::Rows(chunk) => rows.add(&mut book, chunk)?,
            Message::End => ended = true,
        }
    }
    if !ended {
        return Err(ReportError::Source(SourceError::lake("the rows broke off")));
    }
    let finished = rows.finish(&mut book)?;
    let people = people::people(&mut book, &styles, summary, sheet_rows_max)?;
    let coverage = people::coverage(&mut book, &styles, summary, sheet_rows_max)?;
    let beside = summary
        .reconciliation
        .here()
        .map(|figures| beside::sheets(&mut book, &styles, figures, sheet_rows_max))
        .transpose()?;
    let licenses = summary
        .licenses
        .here()
        .map(|figures| licenses::sheets(&mut book, &styles, figures, sheet_rows_max))
        .transpose()?;
    let front = summary::sheet(&styles, summary, &finished)?;
    let patterns = summary
        .verdicts
        .as_ref()
        .map(|verdicts| patterns::sheet(&styles, verdicts))
        .transpose()?;

    let written = finished.written();
    let mut tables = Vec::new();
    book.push_worksheet(front);
    if let Some(sheet) = patterns {
        book.push_worksheet(sheet);
    }
    for sheets in [
        finished.conversations,
        finished.interactions,
        people,
        coverage,
    ] {
        tables.extend(sheets.push_to(&mut book));
    }
    for (page, sheets) in beside.into_iter().chain(licenses) {
        book.push_worksheet(page);
        tables.extend(sheets.push_to(&mut book));
    }

    let mut loose = tempfile::tempfile_in(&folder).map_err(at_path)?;
    book.save_to_writer(std::io::BufWriter::with_capacity(1 << 17, &mut loose))?;
    drop(book);
    loose.seek(SeekFrom::Start(0))?;

    let mut whole = tempfile::Builder::new()
        .prefix(".hobbs-")
        .suffix(".xlsx")
        .tempfile_in(&folder)
        .map_err(at_path)?;
    package::set_table_rows(loose, whole.as_file_mut(), &tables)?;
    whole.as_file().sync_all().map_err(at_path)?;
    whole.persist(path).map_err(|error| at_path(error.error))?;
    let _ = File::open(&folder).and_then(|folder| folder.sync_all());
    Ok(written)
}

/// Deflate's level: 1 writes a file a quarter larger than 6 in half the time.
const COMPRESSION: u8 = 1;

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn properties(summary: &Summary) -> Result<DocProperties, ReportError> {
    let made = ExcelDateTime::from_timestamp(summary.generated_at.as_second())?;
    Ok(DocProperties::new()
        .set_title("Microsoft 365 Copilot interactions")
        .set_author("hobbs")
        .set_comment(crate::table::coverage_line(summary))
        .set_creation_datetime(&made))
}
