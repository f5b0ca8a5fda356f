//! `hobbs rules explain`: every rule that looked at an interaction, and what it saw.

use anyhow::Result;
use hobbs_lake::{Reader, Threads};
use hobbs_report::scope::text_literal;
use hobbs_report::visible;
use hobbs_sync::Judgment;
use hobbs_verdict::explain::{Look, Saw};
use hobbs_verdict::{Explanation, explain};
use serde_json::{Value, json};

use super::time;
use crate::cli::Global;
use crate::commands::report::find_users;
use crate::printer::Printer;
use crate::settings::{Misconfigured, Settings};
use crate::source::LakeSource;

pub async fn run(
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
                    as_json(&explanation)
                } else {
                    Value::from(in_words(&explanation))
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

fn as_json(explanation: &Explanation<'_>) -> Value {
    let looks = |looks: &[Look<'_>]| -> Vec<Value> {
        let saw = |it: &Saw| json!({"condition": it.condition, "wanted": it.wanted, "seen": it.seen, "holds": it.holds});
        let look = |it: &Look<'_>| json!({"rule": it.rule.id, "verdict": it.rule.effective_verdict().as_str(), "holds": it.holds, "won": it.won, "saw": it.saw.iter().map(saw).collect::<Vec<_>>()});
        looks.iter().map(look).collect()
    };
    let exchange = &explanation.exchange;
    let parts: Vec<Value> = explanation
        .parts
        .iter()
        .map(|part| {
            json!({
                "interaction_id": part.interaction_id,
                "part": part.part.as_str(),
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

fn in_words(explanation: &Explanation<'_>) -> String {
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
            part.part.as_str(),
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
