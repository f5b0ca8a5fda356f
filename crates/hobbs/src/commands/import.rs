//! `hobbs import`

use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, bail};
use hobbs_graph::{Clock, SystemClock};
use hobbs_interaction::ContentPolicy;
use hobbs_report::visible;
use hobbs_sync::import::SavedFile;
use hobbs_sync::{ImportError, ImportOptions, ImportSummary, SyncOptions, import};

use crate::cli::{Global, Import};
use crate::exit::Exit;
use crate::printer::Printer;
use crate::progress::thousands;
use crate::settings::{Misconfigured, Settings};

/// The tenant of imported items where none is configured.
const NO_TENANT: &str = "imported";

/// The largest file, unpacked: a page of 100 is about 200 kB, so this is some million items.
const FILE_BYTES_MAX: u64 = 4 << 30;

pub async fn run(
    args: &Import,
    settings: &Settings,
    global: &Global,
    printer: &Printer,
) -> Result<Exit> {
    let lake = settings.lake()?;
    let content = settings.content(args.content.as_deref())?;
    let options = ImportOptions {
        tenant_id: settings.tenant_id().unwrap_or_else(|| NO_TENANT.to_owned()),
        user: args.user.clone(),
        content,
        judgment: settings.judgment()?,
        run_id: SyncOptions::new(lake.clone()).run_id,
        lake,
    };
    // All are opened before any is imported, so that a misspelled name changes nothing.
    for path in &args.files {
        std::fs::File::open(path).with_context(|| format!("{} can't be opened", path.display()))?;
    }
    let mut unreadable = None;
    let files = args.files.iter().map_while(|path| match read(path) {
        Ok(file) => Some(file),
        Err(error) => {
            unreadable = Some(error);
            None
        }
    });
    let imported = import(&options, files, SystemClock.now_ms()).await;
    let summary = imported.map_err(|error| match error {
        ImportError::UnknownUser(_) => Misconfigured(error.to_string()).into(),
        ImportError::Lake(error) => anyhow::Error::from(error),
    })?;
    if global.json {
        printer.json(&summary)?;
    } else {
        printer.data(&words(&summary))?;
        if content == ContentPolicy::None {
            printer.say("Texts were not kept (the default); --content full or excerpt keeps them.");
        }
        printer.say(&format!("lake: {}", options.lake));
    }
    match unreadable {
        Some(error) => Err(error),
        None if summary.is_whole() => Ok(Exit::Whole),
        None => Ok(Exit::Partial),
    }
}

fn read(path: &Path) -> Result<SavedFile> {
    let name = path.display().to_string();
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).with_context(|| format!("{name} can't be opened"))?;
    let is_gzip = path
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("gz"));
    let reader: Box<dyn Read> = if is_gzip {
        Box::new(flate2::read::MultiGzDecoder::new(file))
    } else {
        Box::new(file)
    };
    reader
        .take(FILE_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .with_context(|| format!("{name} can't be read"))?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        bail!("{name} holds more than {FILE_BYTES_MAX} bytes: split it");
    }
    Ok(SavedFile { name, bytes })
}

fn words(summary: &ImportSummary) -> String {
    let mut text = String::new();
    for file in &summary.files {
        text.push_str(&format!(
            "{}: {} new rows, {} changed, {} known already\n",
            visible(&file.name),
            thousands(file.rows_new),
            thousands(file.rows_changed),
            thousands(file.rows_known),
        ));
        for unkept in &file.unkept {
            text.push_str(&format!(
                "  {} × {}: nothing that could be kept\n",
                thousands(unkept.count),
                unkept.reason
            ));
        }
        if file.timed_by_id > 0 {
            text.push_str(&format!(
                "  {} came without a time: read with that of their id\n",
                thousands(file.timed_by_id)
            ));
        }
        if file.rows_without_user > 0 {
            text.push_str(&format!(
                "  of {} nobody says whose history it is: kept under the user \"unknown\"; --user UPN says it\n",
                thousands(file.rows_without_user),
            ));
        }
        if file.goes_on {
            text.push_str("  the file ends with a link to a further page, which is not in it\n");
        }
    }
    text
}
