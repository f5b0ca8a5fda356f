//! `hobbs rules diff`: which exchanges other rules would judge in another way.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use anyhow::Result;
use hobbs_lake::{Reader, Threads};
use hobbs_report::visible;
use hobbs_sync::Judgment;
use hobbs_verdict::{Compiled, Exchange, Verdict, derive};
use serde::Serialize;
use serde_json::{Value, json};

use super::time;
use crate::cli::Global;
use crate::pieces::{Key, pieces};
use crate::printer::Printer;
use crate::progress::thousands;
use crate::settings::{Settings, with_rules};

/// Rows looked at together: some hundred bytes each.
const PIECE_ROWS: u64 = 300_000;
/// Examples of each kind of move.
const EXAMPLES: usize = 5;

/// What other rules would change.
#[derive(Default)]
struct Difference {
    /// Exchanges by the rules of now.
    exchanges: u64,
    /// By both verdicts.
    moves: BTreeMap<(&'static str, &'static str), Move>,
    /// Exchanges that would be part of another. How close a repeat has to be is a rule, and repeats
    /// join what they repeat.
    only_now: u64,
    /// Exchanges that would stand apart from one of now.
    only_then: u64,
}

/// Exchanges whose verdict moves from one to another.
#[derive(Default, Serialize)]
struct Move {
    exchanges: u64,
    users: BTreeSet<String>,
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

pub async fn run(
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
    let mut difference = Difference::default();
    for piece in pieces(&reader, Key::User, "TRUE", PIECE_ROWS).await? {
        let threads = reader.threads(&piece).await?;
        difference.compare(&threads, &now_rules, &then_rules, judgment);
    }
    if global.json {
        let mut answer = difference.as_json();
        answer["rules_now"] = judgment.rules.version().into();
        answer["rules_then"] = then.version().into();
        return printer.json(&answer);
    }
    Ok(printer.data(&difference.in_words(judgment.rules.version(), then.version()))?)
}

impl Difference {
    /// Judges threads by both rules.
    fn compare(
        &mut self,
        threads: &Threads,
        now_rules: &Compiled,
        then_rules: &Compiled,
        judgment: &Judgment,
    ) {
        for (_, thread, rows) in threads.each() {
            let now = derive(now_rules, &judgment.zone, thread, rows.clone()).exchanges;
            let then = derive(then_rules, &judgment.zone, thread, rows).exchanges;
            let mut then: HashMap<&str, Exchange<'_>> =
                then.into_iter().map(|it| (it.first_id, it)).collect();
            for now in &now {
                match then.remove(now.first_id) {
                    Some(then) => self.note(now, &then),
                    None => self.only_now += 1,
                }
            }
            self.exchanges += now.len() as u64;
            self.only_then += then.len() as u64;
        }
    }

    fn note(&mut self, now: &Exchange<'_>, then: &Exchange<'_>) {
        if now.verdict == then.verdict {
            return;
        }
        let key = (Verdict::as_str(now.verdict), Verdict::as_str(then.verdict));
        let it = self.moves.entry(key).or_default();
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

    fn moved(&self) -> u64 {
        self.moves.values().map(|it| it.exchanges).sum()
    }

    fn as_json(&self) -> Value {
        let moves: Vec<Value> = self
            .moves
            .iter()
            .map(|((from, to), it)| {
                json!({"from": from, "to": to, "exchanges": it.exchanges, "users": it.users.len(), "examples": it.examples})
            })
            .collect();
        json!({"exchanges": self.exchanges, "moved": self.moved(), "moves": moves,
            "only_now": self.only_now, "only_then": self.only_then})
    }

    fn in_words(&self, version_now: &str, version_then: &str) -> String {
        let mut text = format!(
            "{} of {} exchanges would move (rules {version_now} now, {version_then} then).\n",
            thousands(self.moved()),
            thousands(self.exchanges),
        );
        if self.only_now + self.only_then > 0 {
            text.push_str(&format!(
                "Rows would be joined in another way: {} exchanges would become part of another, {} would stand apart from one.\n",
                thousands(self.only_now),
                thousands(self.only_then)
            ));
        }
        for ((from, to), it) in &self.moves {
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
        text
    }
}
