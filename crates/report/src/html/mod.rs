//! The report as one HTML page: `--format html`.
//!
//! The page asks for nothing over the network: style, script and pictures are inside it, and its
//! content security policy allows that one style and that one script, by their hashes, and nothing
//! else. So even a text of the tenant that found a way past the escaping could not run. Everything
//! is there without the script, which only sorts and filters tables. It prints, and follows the
//! light or dark setting of the reader's system.
//!
//! Long lists are cut at a stated number of rows, and say so.

mod charts;
mod figures;
mod page;
mod people;
mod sections;
mod tables;

use askama::Template;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

use crate::error::ReportError;
use crate::summary::Summary;

/// The most users that stand in the page. A row takes about 350 bytes.
pub const PEOPLE_MAX: usize = 5_000;
/// The most gaps of coverage that stand in the page.
pub const GAPS_MAX: usize = 1_000;
/// The most departments that stand in the page.
pub const DEPARTMENTS_MAX: usize = 500;

/// The most lines of each list of the sections about Microsoft's report and licenses.
pub const LINES_MAX: usize = 1_000;

const STYLE: &str = include_str!("report.css");
const SCRIPT: &str = include_str!("report.js");

/// The figures as a page, whole, in UTF-8.
pub fn render(summary: &Summary) -> Result<String, ReportError> {
    let page = page::Page::of(summary);
    page.render()
        .map_err(|error| ReportError::Page(error.to_string()))
}

/// What the page may do: its own style, its own script, nothing else.
fn policy() -> String {
    let hash = |text: &str| BASE64_STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT),
    )
}
