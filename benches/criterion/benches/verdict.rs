//! From the rows of threads to exchanges with a verdict, under all built-in rules.

use criterion::Criterion;
use hobbs_benches::{Bench, run};
use hobbs_interaction::FingerprintKey;
use hobbs_verdict::{Attached, Evidence, Part, Role, Rules, Thread, derive};
use jiff::tz::TimeZone;

const THREADS: usize = 2_000;

fn main() {
    run(&[threads, rules]);
}

/// The floor copies the rows, as each derivation takes them, and brings them into order.
fn threads(criterion: &mut Criterion) -> Vec<String> {
    let key = FingerprintKey::from_bytes([7; 16]);
    let compiled = Rules::built_in().compile(&key);
    let zone = TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::UTC);
    let names: Vec<String> = (0..THREADS * 16)
        .map(|n| format!("{:013}", 1_785_744_000_000_u64 + n as u64))
        .collect();
    let label = key.fingerprint("Summarize this email");
    let threads: Vec<Vec<Evidence<'_>>> = (0..THREADS)
        .map(|thread| rows(thread, &names, label))
        .collect();
    let count = threads.iter().map(Vec::len).sum();
    Bench::new(criterion, "thread", count, "row")
        .measure("floor: rows copied and put in order", || {
            let mut copied = threads.clone();
            for rows in &mut copied {
                rows.sort_by_key(|row| (row.created_at_us, row.interaction_id));
            }
            copied
        })
        .measure("joined and judged", || {
            let derived = threads.iter().enumerate().map(|(thread, rows)| {
                let thread = Thread {
                    tenant_id: "72f988bf-86f1-41af-91ab-2d7cd011db47",
                    user_id: &names[thread / 8],
                    session_id: (thread % 5 > 0).then_some(&names[thread]),
                };
                let derived = derive(&compiled, &zone, thread, rows.clone());
                derived.exchanges.len()
            });
            derived.sum::<usize>()
        })
        .lines()
}

/// Once for each program; the floor is the fingerprint of one label for each rule.
fn rules(criterion: &mut Criterion) -> Vec<String> {
    let key = FingerprintKey::from_bytes([7; 16]);
    let rules = Rules::built_in();
    let count = rules.iter().count();
    Bench::new(criterion, "rules", count, "rule")
        .measure("floor: a label's fingerprint", || {
            (0..count)
                .filter_map(|_| key.fingerprint("Summarize this email"))
                .count()
        })
        .measure("compiled", || rules.compile(&key))
        .lines()
}

/// Two to eight prompts with one or two responses each, every third with a link.
fn rows<'a>(thread: usize, names: &'a [String], label: Option<i64>) -> Vec<Evidence<'a>> {
    let apps = ["BizChat", "Word", "Outlook", "Excel", "CoworkChat"];
    let class = [
        "IPM.SkypeTeams.Message.Copilot.BizChat",
        "IPM.SkypeTeams.Message.Copilot.Word",
        "IPM.SkypeTeams.Message.Copilot.Outlook",
        "IPM.SkypeTeams.Message.Copilot.Excel",
        "IPM.SkypeTeams.Message.Copilot.CoworkChat",
    ];
    let mut rows = Vec::new();
    for turn in 0..2 + thread % 7 {
        for part in 0..2 + turn % 2 {
            let number = (thread * 16 + rows.len()) % names.len();
            let is_prompt = part == 0;
            let text = (number as i64).wrapping_mul(0x9E37_79B9_7F4A_7C15_u64.cast_signed());
            let link = Attached {
                role: Role::Link,
                kind: Some("File"),
                address: Some("https://contoso.sharepoint.com/sites/x/a.docx"),
            };
            rows.push(Evidence {
                interaction_id: &names[number],
                request_id: (thread % 5 != 4).then(|| &*names[(thread * 16 + turn) % names.len()]),
                created_at_us: 1_785_744_000_000_000 + (turn * 60 + part * 7) as i64 * 1_000_000,
                part: if is_prompt {
                    Part::Prompt
                } else {
                    Part::Response
                },
                app_class: class[thread % 5],
                app: apps[thread % 5],
                surface: "app",
                locale: Some("en-us"),
                content_chars: 120,
                content_words: 20,
                mark: None,
                text_fingerprint: if is_prompt && number.is_multiple_of(9) {
                    label
                } else {
                    Some(text)
                },
                text_template: (is_prompt && number.is_multiple_of(4)).then_some(text ^ 1),
                text_head: is_prompt.then_some(text ^ 2),
                text_tail: is_prompt.then_some(text ^ 3),
                text_style: is_prompt.then_some(2),
                signs: (number % 40 == 1).then_some("refusal"),
                attached: if number.is_multiple_of(3) {
                    vec![link; 2]
                } else {
                    Vec::new()
                },
            });
        }
    }
    rows
}
