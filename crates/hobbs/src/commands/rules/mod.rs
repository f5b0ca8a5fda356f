//! `hobbs rules list`, `explain`, `diff`, `apply` and `suggest`

mod diff;
mod explain;
mod suggest;

use std::collections::HashSet;
use std::io::Write;
use std::path::Path;

use anyhow::Result;
use hobbs_lake::{Reader, Writer};
use hobbs_report::visible;
use hobbs_sync::Judgment;
use hobbs_verdict::Rule;
use hobbs_verdict::suggest::{Thresholds, to_toml};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::cli::{Global, Rules};
use crate::commands::output::{keep, new_file};
use crate::exit::Exit;
use crate::printer::Printer;
use crate::progress::thousands;
use crate::settings::{Misconfigured, Settings};

pub async fn run(
    command: &Rules,
    settings: &Settings,
    global: &Global,
    printer: &Printer,
) -> Result<Exit> {
    let judgment = settings.judgment()?;
    match command {
        Rules::List => list(&judgment, global, printer)?,
        Rules::Explain { user, interaction } => {
            explain::run(user, interaction, &judgment, settings, global, printer).await?;
        }
        Rules::Diff { file } => diff::run(file, &judgment, settings, global, printer).await?,
        Rules::Apply { full } => apply(*full, &judgment, settings, global, printer).await?,
        Rules::Suggest { days, output } => {
            suggest_rules(
                *days,
                output.as_deref(),
                &judgment,
                settings,
                global,
                printer,
            )
            .await?;
        }
    }
    Ok(Exit::Whole)
}

fn list(judgment: &Judgment, global: &Global, printer: &Printer) -> Result<()> {
    let rules = &judgment.rules;
    if global.json {
        let all: Vec<Value> = rules.iter().map(as_json).collect();
        return printer.json(&json!({ "version": rules.version(), "rules": all }));
    }
    let mut text = format!("rules {}\n", rules.version());
    for rule in rules.iter() {
        text.push_str(&format!(
            "\n{}  {} ({:.0} %)\n  {}\n  seen: {} ({})\n",
            visible(&rule.id),
            rule.effective_verdict().as_str(),
            rule.confidence * 100.0,
            visible(&rule.says),
            visible(&rule.evidence),
            visible(&rule.seen),
        ));
        if !rule.apps().is_empty() {
            text.push_str(&format!("  apps: {}\n", visible(&rule.apps().join(", "))));
        }
        if !rule.locales().is_empty() {
            text.push_str(&format!(
                "  locales: {}\n",
                visible(&rule.locales().join(", "))
            ));
        }
    }
    Ok(printer.data(&text)?)
}

fn as_json(rule: &Rule) -> Value {
    json!({
        "id": rule.id,
        "version": rule.version,
        "verdict": rule.verdict.as_str(),
        "effective_verdict": rule.effective_verdict().as_str(),
        "confidence": rule.confidence,
        "says": rule.says,
        "evidence": rule.evidence,
        "seen": rule.seen,
        "status": rule.status,
        "apps": rule.apps(),
        "locales": rule.locales(),
        "file": rule.file,
    })
}

async fn apply(
    full: bool,
    judgment: &Judgment,
    settings: &Settings,
    global: &Global,
    printer: &Printer,
) -> Result<()> {
    let mut writer = Writer::open(&settings.lake()?).await?;
    let derivation = judgment.derivation(writer.fingerprint_key());
    let done = if full {
        writer.derive_all_again(&derivation).await?
    } else {
        writer.derive(&derivation).await?
    };
    let version = judgment.rules.version();
    if global.json {
        return printer.json(&json!({"rules": version, "exchanges_written": done.written, "exchanges_removed": done.removed}));
    }
    printer.data(&format!(
        "Judged by rules {version}: {} exchanges written, {} taken out.\n",
        thousands(done.written),
        thousands(done.removed)
    ))?;
    Ok(())
}

async fn suggest_rules(
    days: u32,
    output: Option<&Path>,
    judgment: &Judgment,
    settings: &Settings,
    global: &Global,
    printer: &Printer,
) -> Result<()> {
    let reader = Reader::open(&settings.lake()?).await?;
    let today = Timestamp::now().to_zoned(judgment.zone.clone()).date();
    let since = today
        .checked_sub(jiff::Span::new().try_days(i64::from(days))?)
        .map_err(|error| Misconfigured(format!("--days {days}: {error}")))?;
    let thresholds = Thresholds::default();
    let (mut usages, background) = suggest::usages(&reader, since, thresholds).await?;
    let found = hobbs_verdict::suggest::suggest(&usages, background, &thresholds);
    // Texts are fetched only for what is found.
    let is_found: HashSet<usize> = found.iter().map(|candidate| candidate.usage).collect();
    let found_usages = usages.iter_mut().enumerate();
    let found_usages = found_usages.filter(|(place, _)| is_found.contains(place));
    let mut examples: Vec<_> = found_usages
        .flat_map(|(_, usage)| &mut usage.examples)
        .collect();
    suggest::fill_in_texts(&reader, &mut examples).await?;
    if global.json {
        let all: Vec<Value> = found
            .iter()
            .map(
                |it| json!({"rule": as_json(&it.rule), "reasons": it.reasons, "weight": it.weight}),
            )
            .collect();
        return printer.json(&all);
    }
    let text = to_toml(&found, &usages, &today.to_string());
    match output {
        Some(path) => {
            let mut file = new_file(path)?;
            file.write_all(text.as_bytes())?;
            keep(file, path)?;
            printer.say(&format!(
                "{} suspected rules in {}",
                thousands(found.len() as u64),
                path.display()
            ));
        }
        None => printer.data(&text)?,
    }
    Ok(())
}

/// UTC, RFC 3339.
fn time(us: i64) -> String {
    Timestamp::from_microsecond(us).map_or_else(|_| us.to_string(), |time| time.to_string())
}
