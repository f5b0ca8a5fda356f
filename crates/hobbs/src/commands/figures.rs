//! In which form a comparison is written, and where to.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};

use crate::cli::{FiguresFormat, Global};
use crate::commands::report::{keep, new_file};
use crate::settings::Misconfigured;

/// The form asked for; by the file's ending where none is named.
pub fn format(
    asked: Option<FiguresFormat>,
    output: Option<&Path>,
    global: &Global,
) -> Result<FiguresFormat, Misconfigured> {
    if let Some(format) = asked {
        return Ok(format);
    }
    if global.json {
        return Ok(FiguresFormat::Json);
    }
    let Some(ending) = output.and_then(Path::extension) else {
        return Ok(FiguresFormat::Table);
    };
    match ending.to_str() {
        Some("json") => Ok(FiguresFormat::Json),
        Some("csv") => Ok(FiguresFormat::Csv),
        Some("txt") => Ok(FiguresFormat::Table),
        _ => Err(Misconfigured(format!(
            "a file that ends in .{} is not written here: use .csv, .json or .txt, or name a --format; `hobbs report -o FILE.xlsx` has the same figures in a workbook",
            ending.display()
        ))),
    }
}

/// Where lines go: a file that takes its name when it is whole, or stdout.
pub enum Output<'a> {
    Stdout(std::io::BufWriter<std::io::Stdout>),
    File(Box<std::io::BufWriter<tempfile::NamedTempFile>>, &'a Path),
}

impl<'a> Output<'a> {
    pub fn new(path: Option<&'a Path>) -> Result<Self> {
        Ok(match path {
            None => Output::Stdout(std::io::BufWriter::new(std::io::stdout())),
            Some(path) => Output::File(Box::new(std::io::BufWriter::new(new_file(path)?)), path),
        })
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
            Output::File(file, _) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Output::Stdout(stdout) => stdout.flush(),
            Output::File(file, _) => file.flush(),
        }
    }
}
