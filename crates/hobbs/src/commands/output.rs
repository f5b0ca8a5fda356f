//! Where results go: files that appear whole or not at all, and stdout.

use std::io::{BufWriter, Stdout, Write};
use std::path::Path;

use anyhow::{Context, Result};

const BUFFER_BYTES: usize = 1 << 16;

/// A file beside `path` that takes its name when it is whole; open to its owner alone.
pub fn new_file(path: &Path) -> Result<tempfile::NamedTempFile> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    tempfile::NamedTempFile::new_in(folder)
        .with_context(|| format!("no file can be made in {}", folder.display()))
}

/// Gives a whole file its name.
pub fn keep(file: tempfile::NamedTempFile, path: &Path) -> Result<()> {
    file.as_file()
        .sync_all()
        .with_context(|| format!("{} could not be written", path.display()))?;
    file.persist(path)
        .with_context(|| format!("{} could not be written", path.display()))?;
    Ok(())
}

/// Where lines go: a file that takes its name when it is whole, or stdout.
pub enum Output<'a> {
    Stdout(BufWriter<Stdout>),
    File(Box<BufWriter<tempfile::NamedTempFile>>, &'a Path),
}

impl<'a> Output<'a> {
    pub fn new(path: Option<&'a Path>) -> Result<Self> {
        Ok(match path {
            None => Output::Stdout(BufWriter::with_capacity(BUFFER_BYTES, std::io::stdout())),
            Some(path) => Output::File(Box::new(BufWriter::new(new_file(path)?)), path),
        })
    }

    /// Whether what is written goes into a file of a name.
    pub fn is_file(&self) -> bool {
        matches!(self, Output::File(..))
    }

    /// Writes a value as JSON, ended by a line end, without holding the whole text.
    pub fn json(&mut self, value: &impl serde::Serialize) -> Result<()> {
        // As the system's own error, by which a pipe that was closed is known.
        serde_json::to_writer_pretty(&mut *self, value).map_err(std::io::Error::from)?;
        Ok(self.write_all(b"\n")?)
    }

    /// Gives a file its name.
    pub fn finish(mut self) -> Result<()> {
        self.flush()?;
        if let Output::File(file, path) = self {
            let file = file.into_inner();
            let file = file.with_context(|| format!("{} could not be written", path.display()))?;
            keep(file, path)?;
        }
        Ok(())
    }
}

impl Write for Output<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Output::Stdout(stdout) => stdout.write(bytes),
            Output::File(file, path) => file.write(bytes).map_err(|error| named(path, &error)),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Output::Stdout(stdout) => stdout.flush(),
            Output::File(file, path) => file.flush().map_err(|error| named(path, &error)),
        }
    }
}

/// The system names no file in its errors.
fn named(path: &Path, error: &std::io::Error) -> std::io::Error {
    let words = format!("{} could not be written: {error}", path.display());
    std::io::Error::new(error.kind(), words)
}
