//! `hobbs lake status`, `hobbs lake check` and `hobbs lake optimize`

use anyhow::Result;
use hobbs_lake::{Checked, Repaired, Writer, check, repair, status};
use hobbs_report::visible;

use crate::cli::{Global, Lake};
use crate::exit::Exit;
use crate::printer::Printer;
use crate::progress::{counted, thousands};
use crate::settings::Settings;

pub async fn run(
    command: &Lake,
    settings: &Settings,
    global: &Global,
    printer: &Printer,
) -> Result<Exit> {
    let lake = settings.lake()?;
    match command {
        Lake::Status => {
            let tables = status(&lake).await?;
            if global.json {
                printer.json(&serde_json::json!({ "lake": lake.to_string(), "tables": tables }))?;
                return Ok(Exit::Whole);
            }
            let mut text = format!(
                "{lake}\n{:<20}{:>14}{:>8}{:>12}{:>9}\n",
                "table", "rows", "files", "size", "version"
            );
            for table in tables {
                let rows = table.rows.map_or_else(|| "?".to_owned(), thousands);
                text.push_str(&format!(
                    "{:<20}{rows:>14}{:>8}{:>12}{:>9}\n",
                    table.table,
                    table.files,
                    size(table.bytes),
                    table.version,
                ));
            }
            printer.data(&text)?;
        }
        Lake::Check { repair: repairs } => {
            let mut told = |table: &'static str| tracing::info!(table, "reading");
            let repaired = match repairs {
                true => repair(&lake, &mut told).await?,
                false => Repaired::default(),
            };
            let checked = check(&lake, &mut told).await?;
            if global.json {
                let result = serde_json::json!({ "lake": lake.to_string(), "repaired": repaired.done, "checked": checked });
                printer.json(&result)?;
            } else {
                printer.data(&format!("{lake}\n{}", words(&repaired, &checked)))?;
            }
            if !checked.sound {
                return Ok(Exit::Damaged);
            }
        }
        Lake::Optimize => {
            let mut writer = Writer::open(&lake).await?;
            let tables = writer.optimize().await?;
            if global.json {
                printer.json(&serde_json::json!({ "lake": lake.to_string(), "tables": tables }))?;
                return Ok(Exit::Whole);
            }
            let mut text = String::new();
            for table in tables {
                text.push_str(&format!(
                    "{:<20}{} became {}; {} deleted\n",
                    table.table,
                    counted(table.files_before, "file", "files"),
                    table.files_after,
                    counted(table.files_vacuumed, "old file", "old files"),
                ));
            }
            printer.data(&text)?;
        }
    }
    Ok(Exit::Whole)
}

/// What was done and found, for people.
fn words(repaired: &Repaired, checked: &Checked) -> String {
    let mut text = String::new();
    let mut line = |words: String| {
        text.push_str(&visible(&words));
        text.push('\n');
    };
    line(format!(
        "{:<20}{:>14}{:>8}{:>12}",
        "table", "rows", "files", "size"
    ));
    for table in &checked.tables {
        let (rows, bytes) = (thousands(table.rows), size(table.bytes));
        line(format!(
            "{:<20}{rows:>14}{:>8}{bytes:>12}",
            table.table, table.files
        ));
    }
    for done in &repaired.done {
        line(format!("Done: {done}."));
    }
    for note in &checked.notes {
        line(format!("Note: {note}."));
    }
    for damage in &checked.damages {
        let place = damage.file.as_deref().unwrap_or("its rows");
        line(format!(
            "DAMAGED: {}: {place}: {}",
            damage.table, damage.what
        ));
        line(format!("  lost: {}", damage.lost));
        line(format!("  to do: {}", damage.to_do));
    }
    line(match checked.damages.len() {
        0 => "Sound: every log and every row can be read, and the tables agree.".to_owned(),
        1 => "NOT SOUND: 1 damage.".to_owned(),
        damages => format!("NOT SOUND: {damages} damages."),
    });
    text
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}
