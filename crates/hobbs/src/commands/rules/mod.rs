//! `hobbs rules list`, `explain`, `diff`, `apply` and `suggest`

mod suggest;

use std::collections::{BTreeMap, HashSet};
use std::io::Write;
use std::path::Path;

use anyhow::Result;
use hobbs_lake::{Reader, Threads, Writer};
use hobbs_report::scope::text_literal;
use hobbs_report::visible;
use hobbs_sync::Judgment;
use hobbs_verdict::suggest::{Thresholds, to_toml};
use hobbs_verdict::{Compiled, Explanation, Rule, Verdict, derive, explain};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::cli::{Global, Rules};
use crate::commands::output::{keep, new_file};
use crate::commands::report::find_users;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::progress::thousands;
use crate::settings::{Misconfigured, Settings, with_rules};
use crate::source::LakeSource;

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
            explain_one(user, interaction, &judgment, settings, global, printer).await?;
        }
        Rules::Diff { file } => diff(file, &judgment, settings, global, printer).await?,
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

async fn explain_one(
    user: &str,
    interaction: &str,
    judgment: &Judgment,
    settings: &Settings,
    global: &Global,
    printer: &Printer,
) -> Result<()> {
    let reader = Reader::open(&settings.lake()?).await?;
    let source = LakeSource::new(reader.clone());
    let users = find_users(&source, &[user.to_owned()]).await?;
    let compiled = judgment.rules.compile(reader.fingerprint_key());
    let mut found = Vec::new();
    for user_id in users {
        let threads = threads_with(&reader, &user_id, interaction).await?;
        for (_, thread, rows) in threads.each() {
            let explanation = explain(&compiled, &judgment.zone, thread, rows, interaction);
            if let Some(explanation) = explanation {
                found.push(if global.json {
                    explanation_json(&explanation)
                } else {
                    Value::from(explanation_words(&explanation))
                });
            }
        }
    }
    if found.is_empty() {
        return Err(Misconfigured(format!(
            "the lake has no interaction {interaction} of {user}: `hobbs query \"SELECT interaction_id, created_at, app, kind FROM interactions ORDER BY created_at DESC LIMIT 20\"` shows some"
        ))
        .into());
    }
    if global.json {
        return printer.json(&found);
    }
    let texts: Vec<&str> = found.iter().filter_map(Value::as_str).collect();
    Ok(printer.data(&texts.join("\n"))?)
}

/// The threads of a user in which an interaction stands. Its id is unique in its session alone.
async fn threads_with(reader: &Reader, user_id: &str, interaction: &str) -> Result<Threads> {
    let (user, id) = (text_literal(user_id), text_literal(interaction));
    Ok(reader
        .threads(&format!(
            "user_id = {user} AND coalesce(session_id, '') IN (\
             SELECT coalesce(session_id, '') FROM interactions WHERE user_id = {user} AND interaction_id = {id})"
        ))
        .await?)
}

fn explanation_json(explanation: &Explanation<'_>) -> Value {
    let looks = |looks: &[hobbs_verdict::explain::Look<'_>]| -> Vec<Value> {
        let saw = |it: &hobbs_verdict::explain::Saw| json!({"condition": it.condition, "wanted": it.wanted, "seen": it.seen, "holds": it.holds});
        let look = |it: &hobbs_verdict::explain::Look<'_>| json!({"rule": it.rule.id, "verdict": it.rule.effective_verdict().as_str(), "holds": it.holds, "won": it.won, "saw": it.saw.iter().map(saw).collect::<Vec<_>>()});
        looks.iter().map(look).collect()
    };
    let exchange = &explanation.exchange;
    let parts: Vec<Value> = explanation
        .parts
        .iter()
        .map(|part| {
            json!({
                "interaction_id": part.interaction_id,
                "part": format!("{:?}", part.part).to_lowercase(),
                "created_at": time(part.created_at_us),
                "noise": part.noise.map(|rule| &rule.id),
                "looks": looks(&part.looks),
            })
        })
        .collect();
    json!({
        "user_id": exchange.thread.user_id,
        "session_id": exchange.thread.session_id,
        "request_id": exchange.request_id,
        "verdict": exchange.verdict.as_str(),
        "rule": exchange.rule,
        "confidence": exchange.confidence,
        "parts": parts,
        "looks": looks(&explanation.looks),
    })
}

fn time(us: i64) -> String {
    Timestamp::from_microsecond(us).map_or_else(|_| us.to_string(), |time| time.to_string())
}

fn explanation_words(explanation: &Explanation<'_>) -> String {
    let exchange = &explanation.exchange;
    let mut text = format!(
        "{} by {} ({:.0} %), {}\n",
        exchange.verdict.as_str(),
        visible(exchange.rule),
        exchange.confidence * 100.0,
        visible(exchange.app),
    );
    for part in &explanation.parts {
        text.push_str(&format!(
            "  {}  {:<9} {}{}\n",
            time(part.created_at_us),
            format!("{:?}", part.part).to_lowercase(),
            visible(part.interaction_id),
            part.noise
                .map(|rule| format!("  noise by {}", rule.id))
                .unwrap_or_default(),
        ));
    }
    text.push_str("Rules that looked, the strongest first:\n");
    for look in &explanation.looks {
        let outcome = match (look.won, look.holds) {
            (true, _) => "WON",
            (false, true) => "holds",
            (false, false) => "no",
        };
        text.push_str(&format!(
            "  {outcome:<6}{} ({})\n",
            visible(&look.rule.id),
            look.rule.effective_verdict().as_str()
        ));
        for saw in &look.saw {
            let sign = if saw.holds { "+" } else { "-" };
            text.push_str(&format!(
                "        {sign} {}: wants {}; saw {}\n",
                saw.condition,
                visible(&saw.wanted),
                visible(&saw.seen)
            ));
        }
    }
    text
}

/// Rows looked at together: some hundred bytes each.
const PIECE_ROWS: u64 = 300_000;
/// Examples of each kind of move.
const EXAMPLES: usize = 5;

/// Exchanges whose verdict moves from one to another.
#[derive(Default, Serialize)]
struct Move {
    exchanges: u64,
    users: std::collections::BTreeSet<String>,
    examples: Vec<Example>,
}

#[derive(Serialize)]
struct Example {
    user_id: String,
    interaction_id: String,
    started_at: String,
    app: String,
    rule_now: String,
    rule_then: String,
}

async fn diff(
    file: &Path,
    judgment: &Judgment,
    settings: &Settings,
    global: &Global,
    printer: &Printer,
) -> Result<()> {
    let then = with_rules(judgment.rules.clone(), file)?;
    let reader = Reader::open(&settings.lake()?).await?;
    let key = reader.fingerprint_key();
    let (now_rules, then_rules) = (judgment.rules.compile(key), then.compile(key));
    let mut moves: BTreeMap<(&'static str, &'static str), Move> = BTreeMap::new();
    let mut all = 0;
    for condition in pieces_by_user(&reader).await? {
        let threads = reader.threads(&condition).await?;
        all += compare(&threads, &now_rules, &then_rules, judgment, &mut moves);
    }
    let moved: u64 = moves.values().map(|it| it.exchanges).sum();
    if global.json {
        let moves: Vec<Value> = moves
            .iter()
            .map(|((from, to), it)| {
                json!({"from": from, "to": to, "exchanges": it.exchanges, "users": it.users.len(), "examples": it.examples})
            })
            .collect();
        let answer = json!({"exchanges": all, "moved": moved, "moves": moves,
            "rules_now": judgment.rules.version(), "rules_then": then.version()});
        return printer.json(&answer);
    }
    let mut text = format!(
        "{} of {} exchanges would move (rules {} now, {} then).\n",
        thousands(moved),
        thousands(all),
        judgment.rules.version(),
        then.version()
    );
    for ((from, to), it) in &moves {
        text.push_str(&format!(
            "\n{from} -> {to}: {} exchanges of {} users\n",
            thousands(it.exchanges),
            thousands(it.users.len() as u64)
        ));
        for example in &it.examples {
            text.push_str(&format!(
                "  {}  {}  {}  {} -> {}\n    hobbs rules explain {} {}\n",
                example.started_at,
                visible(&example.app),
                visible(&example.user_id),
                visible(&example.rule_now),
                visible(&example.rule_then),
                visible(&example.user_id),
                visible(&example.interaction_id),
            ));
        }
    }
    Ok(printer.data(&text)?)
}

/// Conditions that cut the lake into pieces of whole users.
async fn pieces_by_user(reader: &Reader) -> Result<Vec<String>> {
    let counts = reader
        .select("SELECT user_id, count(*) AS n FROM interactions GROUP BY user_id ORDER BY user_id")
        .await?;
    let mut pieces = Vec::new();
    let (mut first, mut rows): (Option<String>, u64) = (None, 0);
    let mut last = String::new();
    for count in &counts {
        let Some(user_id) = count.get("user_id").and_then(Value::as_str) else {
            continue;
        };
        if let Some(from) = first.take_if(|_| rows >= PIECE_ROWS) {
            pieces.push(between(&from, &last));
            rows = 0;
        }
        first.get_or_insert_with(|| user_id.to_owned());
        rows += count.get("n").and_then(Value::as_u64).unwrap_or(0);
        user_id.clone_into(&mut last);
    }
    pieces.extend(first.map(|from| between(&from, &last)));
    Ok(pieces)
}

fn between(first: &str, last: &str) -> String {
    format!(
        "user_id >= {} AND user_id <= {}",
        text_literal(first),
        text_literal(last)
    )
}

/// Judges threads twice; returns how many exchanges there are.
fn compare(
    threads: &Threads,
    now_rules: &Compiled,
    then_rules: &Compiled,
    judgment: &Judgment,
    moves: &mut BTreeMap<(&'static str, &'static str), Move>,
) -> u64 {
    let mut all = 0;
    for (_, thread, rows) in threads.each() {
        let now = derive(now_rules, &judgment.zone, thread, rows.clone()).exchanges;
        let then = derive(then_rules, &judgment.zone, thread, rows).exchanges;
        all += now.len() as u64;
        for (now, then) in now.iter().zip(&then) {
            if now.verdict == then.verdict {
                continue;
            }
            let key = (Verdict::as_str(now.verdict), Verdict::as_str(then.verdict));
            let it = moves.entry(key).or_default();
            it.exchanges += 1;
            it.users.insert(now.thread.user_id.to_owned());
            if it.examples.len() < EXAMPLES {
                it.examples.push(Example {
                    user_id: now.thread.user_id.to_owned(),
                    interaction_id: now.first_id.to_owned(),
                    started_at: time(now.started_at_us),
                    app: now.app.to_owned(),
                    rule_now: now.rule.to_owned(),
                    rule_then: then.rule.to_owned(),
                });
            }
        }
    }
    all
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
