//! The CSV for a bulk license change.

use std::io::Write;

use super::Licenses;
use crate::cell::{as_text, printable};
use crate::error::ReportError;

/// The columns of the CSV.
pub const MOVE_COLUMNS: [&str; 5] = ["userPrincipalName", "userId", "skuId", "action", "reason"];

/// Writes what could be changed, one license a line: those to be removed, those to be assigned, those
/// to be kept. UTF-8 with a byte-order mark, CRLF, no cell a formula; returns the lines written.
/// Nothing is changed by it.
pub fn write_csv(licenses: &Licenses, out: impl Write) -> Result<u64, ReportError> {
    let mut csv = crate::csv::writer(out)?;
    csv.write_record(MOVE_COLUMNS).map_err(crate::csv::io)?;
    let moves = licenses.moves();
    for line in &moves {
        let cells = [
            line.user_principal_name.unwrap_or_default(),
            line.user_id,
            line.sku_id,
            line.action.id(),
            line.reason,
        ];
        csv.write_record(cells.map(|cell| as_text(&printable(cell)).into_owned()))
            .map_err(crate::csv::io)?;
    }
    csv.flush()?;
    Ok(moves.len() as u64)
}
