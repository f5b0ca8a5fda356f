//! What can go wrong while a report is written.

use std::path::PathBuf;

use crate::source::SourceError;

/// A report could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The lake gave no usable answer.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The output could not be written.
    #[error("the report could not be written: {0}")]
    Io(#[from] std::io::Error),
    /// The workbook's file could not be made or put in its place. Nothing stands under its name
    /// that did not stand there before.
    #[error("{path} could not be written: {source}", path = path.display())]
    File {
        /// The file asked for.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The lake lacks what this is made of; the text says what to do.
    #[error("{0}")]
    Missing(String),
    /// The workbook could not be put together.
    #[error("the workbook could not be put together: {0}")]
    Workbook(String),
    /// The page could not be put together.
    #[error("the page could not be put together: {0}")]
    Page(String),
    /// The writer broke off, as it does when the disk is full.
    #[error(
        "the workbook was broken off while it was written ({0}); is the disk full? Its rows need about a kilobyte each beside the output until it is done"
    )]
    BrokenOff(String),
}

impl From<rust_xlsxwriter::XlsxError> for ReportError {
    fn from(error: rust_xlsxwriter::XlsxError) -> Self {
        ReportError::Workbook(error.to_string())
    }
}

impl From<zip::result::ZipError> for ReportError {
    fn from(error: zip::result::ZipError) -> Self {
        match error {
            zip::result::ZipError::Io(error) => ReportError::Io(error),
            other => ReportError::Workbook(other.to_string()),
        }
    }
}
