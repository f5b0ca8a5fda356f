//! Completions and man pages.

use std::path::Path;

use anyhow::{Context, Result};
use clap::CommandFactory;

use crate::cli::Cli;
use crate::exit::Exit;
use crate::printer::Printer;

/// `hobbs completions`
pub fn completions(shell: clap_complete::Shell, printer: &Printer) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "hobbs", &mut script);
    printer.data(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Whole)
}

/// `hobbs man`
pub fn man(folder: &Path, printer: &Printer) -> Result<Exit> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("{} can't be made", folder.display()))?;
    clap_mangen::generate_to(Cli::command(), folder)
        .with_context(|| format!("the man pages can't be written to {}", folder.display()))?;
    printer.say(&format!("man pages in {}", folder.display()));
    Ok(Exit::Whole)
}
