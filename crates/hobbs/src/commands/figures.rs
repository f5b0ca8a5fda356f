//! In which form a comparison is written.

use std::path::Path;

use crate::cli::{FiguresFormat, Global};
use crate::commands::form::Forms;
use crate::settings::Misconfigured;

const FORMS: Forms<FiguresFormat> = Forms {
    table: FiguresFormat::Table,
    json: FiguresFormat::Json,
    endings: &[
        ("csv", FiguresFormat::Csv),
        ("json", FiguresFormat::Json),
        ("txt", FiguresFormat::Table),
    ],
};

/// The form asked for; by the file's ending where none is named. (A workbook and a page with the same figures
/// are written by `hobbs report`.)
pub fn format(
    asked: Option<FiguresFormat>,
    output: Option<&Path>,
    global: &Global,
) -> Result<FiguresFormat, Misconfigured> {
    let of_report = |error: Misconfigured| {
        Misconfigured(format!(
            "{error}; `hobbs report -o FILE.xlsx` has the same figures in a workbook"
        ))
    };
    FORMS.choose(asked, output, global).map_err(of_report)
}
