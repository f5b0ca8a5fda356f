//! `hobbs lake status` and `hobbs lake optimize`

use anyhow::Result;
use hobbs_lake::{Writer, status};

use crate::cli::{Global, Lake};
use crate::exit::Exit;
use crate::printer::Printer;
use crate::progress::thousands;
use crate::settings::Settings;

pub async fn run(
    command: &Lake,
    settings: &Settings,
    global: &Global,
    printer: &Printer,
) -> Result<Exit> {
    let (lake, store) = (settings.lake()?, settings.store());
    match command {
        Lake::Status => {
            let tables = status(&lake, &store).await?;
            if global.json {
                printer.json(&serde_json::json!({ "lake": lake.to_string(), "tables": tables }))?;
                return Ok(Exit::Whole);
            }
            let mut text = format!(
                "{lake}\n{:<14}{:>14}{:>8}{:>12}{:>9}\n",
                "table", "rows", "files", "size", "version"
            );
            for table in tables {
                let rows = table.rows.map_or_else(|| "?".to_owned(), thousands);
                text.push_str(&format!(
                    "{:<14}{rows:>14}{:>8}{:>12}{:>9}\n",
                    table.table,
                    table.files,
                    size(table.bytes),
                    table.version,
                ));
            }
            printer.data(&text)?;
        }
        Lake::Optimize => {
            let mut writer = Writer::open(&lake, &store).await?;
            let tables = writer.optimize().await?;
            if global.json {
                printer.json(&serde_json::json!({ "lake": lake.to_string(), "tables": tables }))?;
                return Ok(Exit::Whole);
            }
            let mut text = String::new();
            for table in tables {
                text.push_str(&format!(
                    "{:<14}{} files became {}; {} old files deleted\n",
                    table.table, table.files_before, table.files_after, table.files_vacuumed,
                ));
            }
            printer.data(&text)?;
        }
    }
    Ok(Exit::Whole)
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}
