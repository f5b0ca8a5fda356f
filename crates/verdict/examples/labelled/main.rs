//! How often the built-in rules are right about a labelled corpus, before and after what
//! `rules suggest` finds is kept; by verdict, language and generator.
//!
//! ```text
//! cargo run --release -p hobbs-verdict --example labelled -- tuning [USERS] [DAYS] [--texts]
//! cargo run --release -p hobbs-verdict --example labelled -- held_out [USERS] [DAYS]
//! ```
//! `--texts` shows some of the prompts that are misjudged, of the tuning corpus alone: whoever
//! makes rules must not see the others.
#![expect(clippy::print_stdout, reason = "an example speaks to whoever runs it")]
#![expect(clippy::unwrap_used, reason = "the corpus is our own")]

mod corpus;
mod count;
mod score;

use hobbs_interaction::FingerprintKey;
use hobbs_tenant::Corpus;
use hobbs_verdict::suggest::{Thresholds, suggest, to_toml};
use hobbs_verdict::{RuleFile, Rules};

fn main() {
    let (flags, words): (Vec<String>, Vec<String>) = std::env::args()
        .skip(1)
        .partition(|it| it.starts_with("--"));
    let corpus: Corpus = words.first().map_or("tuning", |it| it).parse().unwrap();
    let number =
        |place: usize, otherwise: u32| words.get(place).map_or(otherwise, |it| it.parse().unwrap());
    let shows_texts = flags.iter().any(|it| it == "--texts") && corpus == Corpus::Tuning;

    let rules = Rules::built_in();
    let key = FingerprintKey::from_bytes([6; 16]);
    let rows = corpus::read(corpus, number(1, 600), number(2, 60), &key, &rules);
    println!(
        "{corpus}: {} rows of {} users",
        rows.rows(),
        rows.users.len()
    );

    println!("\n## Built-in rules {}", rules.version());
    let judged = rows.judge(&rules.compile(&key));
    score::print(&judged, shows_texts);

    let (usages, background) = count::usages(&rows, &judged);
    let candidates = suggest(&usages, background, &Thresholds::default());
    let text = to_toml(&candidates, &usages, "2026-08-01");
    let with_suggested = rules
        .with(RuleFile::parse("suggested", &text).unwrap())
        .unwrap();
    println!(
        "\n## With {} suggestions kept as suspected",
        candidates.len()
    );
    let judged_again = rows.judge(&with_suggested.compile(&key));
    score::print(&judged_again, shows_texts);
    score::print_suggestions(&candidates, &judged_again, shows_texts);
}
