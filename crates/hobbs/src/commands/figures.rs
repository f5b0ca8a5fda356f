//! In which form a comparison is written.

use std::path::Path;

use crate::cli::{FiguresFormat, Global};
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
