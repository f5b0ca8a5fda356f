//! In which form a result is written.

use std::path::Path;

use crate::cli::Global;
use crate::settings::Misconfigured;

/// The forms in which a command writes.
pub struct Forms<F: 'static> {
    /// For reading on a terminal.
    pub table: F,
    /// What `--json` asks for.
    pub json: F,
    /// Endings of files, each with its form.
    pub endings: &'static [(&'static str, F)],
}

impl<F: Copy> Forms<F> {
    /// The form asked for; by the file's ending where none is named.
    ///
    /// # Errors
    /// A file of that ending is not written.
    pub fn choose(
        &self,
        asked: Option<F>,
        output: Option<&Path>,
        global: &Global,
    ) -> Result<F, Misconfigured> {
        if let Some(form) = asked.or(global.json.then_some(self.json)) {
            return Ok(form);
        }
        let Some(ending) = output.and_then(Path::extension) else {
            return Ok(self.table);
        };
        let is_it = |known: &str| ending.eq_ignore_ascii_case(known);
        let known = self.endings.iter().find(|(known, _)| is_it(known));
        known.map(|(_, form)| *form).ok_or_else(|| {
            let endings: Vec<String> = self
                .endings
                .iter()
                .map(|(it, _)| format!(".{it}"))
                .collect();
            Misconfigured(format!(
                "a file that ends in .{} is not written here: use {}, or name a --format",
                ending.display(),
                endings.join(", ")
            ))
        })
    }
}
