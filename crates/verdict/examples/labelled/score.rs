//! Precision, recall and confusion.

use std::collections::{BTreeMap, BTreeSet};

use hobbs_tenant::Maker;
use hobbs_verdict::Verdict;
use hobbs_verdict::suggest::Candidate;

use crate::corpus::Judged;

fn verdict(maker: Maker) -> Verdict {
    match maker {
        Maker::Typed => Verdict::Typed,
        Maker::Clicked => Verdict::Clicked,
        Maker::Automatic => Verdict::Automatic,
        Maker::System => Verdict::System,
        Maker::Noise => Verdict::Noise,
        Maker::Unknown => Verdict::Unknown,
    }
}

pub fn print(judged: &[Judged], shows_texts: bool) {
    let count = |is: &dyn Fn(&Judged) -> bool| judged.iter().filter(|it| is(it)).count();
    println!(
        "\n{:<10} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}",
        "true \\ said", "typed", "clicked", "automatic", "system", "noise", "unknown"
    );
    for truth in Verdict::ALL {
        let said =
            Verdict::ALL.map(|said| count(&|it| verdict(it.truth) == truth && it.verdict == said));
        println!("{truth:<10} {}", said.map(|it| format!("{it:>9}")).join(""));
    }
    println!(
        "\n{:<10} {:>9} {:>9} {:>9}",
        "", "exchanges", "precision", "recall"
    );
    for wanted in Verdict::ALL {
        let right = count(&|it| verdict(it.truth) == wanted && it.verdict == wanted);
        let said = count(&|it| it.verdict == wanted);
        let is = count(&|it| verdict(it.truth) == wanted);
        println!(
            "{wanted:<10} {is:>9} {:>9.4} {:>9.4}",
            share(right, said),
            share(right, is)
        );
    }
    let refused = count(&|it| it.refused == (true, true));
    println!(
        "refused: precision {:.4}, recall {:.4}",
        share(refused, count(&|it| it.refused.0)),
        share(refused, count(&|it| it.refused.1))
    );
    let languages: BTreeSet<&str> = judged.iter().map(|it| it.language).collect();
    println!("\nlanguage  typed: precision recall   clicked: precision recall   refused: recall");
    for language in languages {
        let of = |is: &dyn Fn(&Judged) -> bool| count(&|it| it.language == language && is(it));
        let figures = [Verdict::Typed, Verdict::Clicked].map(|wanted| {
            let right = of(&|it| verdict(it.truth) == wanted && it.verdict == wanted);
            (
                share(right, of(&|it| it.verdict == wanted)),
                share(right, of(&|it| verdict(it.truth) == wanted)),
            )
        });
        let refused = share(of(&|it| it.refused == (true, true)), of(&|it| it.refused.1));
        println!(
            "{language:<9} {:>15.4} {:.4} {:>19.4} {:.4} {refused:>16.4}",
            figures[0].0, figures[0].1, figures[1].0, figures[1].1
        );
    }
    let mut generators: BTreeMap<(Verdict, &str), BTreeMap<Verdict, usize>> = BTreeMap::new();
    for it in judged {
        let said = generators
            .entry((verdict(it.truth), it.generator))
            .or_default();
        *said.entry(it.verdict).or_default() += 1;
    }
    println!("\ngenerators");
    for ((truth, generator), said) in &generators {
        let said: Vec<String> = said
            .iter()
            .map(|(verdict, count)| format!("{verdict} {count}"))
            .collect();
        println!("  {truth:<10} {generator:<24} {}", said.join(", "));
    }
    if shows_texts {
        texts(judged);
    }
}

fn texts(judged: &[Judged]) {
    let mut wrong: BTreeMap<(Verdict, Verdict, &str, &str), usize> = BTreeMap::new();
    for it in judged.iter().filter(|it| verdict(it.truth) != it.verdict) {
        *wrong
            .entry((verdict(it.truth), it.verdict, it.language, &it.text))
            .or_default() += 1;
    }
    let mut wrong: Vec<_> = wrong.into_iter().collect();
    wrong.sort_by_key(|(key, count)| (key.0, key.1, usize::MAX - count));
    let mut last = None;
    let mut shown = 0;
    for ((truth, said, language, text), count) in wrong {
        if last != Some((truth, said)) {
            println!("\n{truth} said to be {said}");
            (last, shown) = (Some((truth, said)), 0);
        }
        shown += 1;
        if shown <= 40 {
            println!(
                "  {count:>4} {language} {:?}",
                text.chars().take(100).collect::<String>()
            );
        }
    }
}

pub fn print_suggestions(candidates: &[Candidate], judged: &[Judged], shows_texts: bool) {
    let mut found: BTreeMap<&str, BTreeMap<(Verdict, &str), usize>> = BTreeMap::new();
    let mut example: BTreeMap<&str, &str> = BTreeMap::new();
    for it in judged {
        *found
            .entry(&it.rule)
            .or_default()
            .entry((verdict(it.truth), it.generator))
            .or_default() += 1;
        example.entry(&it.rule).or_insert(&it.text);
    }
    let mut by_kind: BTreeMap<(String, Verdict), [usize; 6]> = BTreeMap::new();
    for candidate in candidates {
        let kind = candidate
            .rule
            .id
            .split(['.', '-'])
            .nth(1)
            .unwrap_or_default()
            .to_owned();
        let sum = by_kind.entry((kind, candidate.rule.verdict)).or_default();
        for ((truth, _), count) in found.get(&*candidate.rule.id).into_iter().flatten() {
            sum[truth.place()] += count;
        }
    }
    println!(
        "\nsuggestions by kind and suspected verdict: exchanges that are truly typed, clicked, automatic, system, noise, unknown"
    );
    for ((kind, verdict), sum) in by_kind {
        println!("  {kind:<9} {verdict:<10} {sum:?}");
    }
    if shows_texts {
        for candidate in candidates {
            let found = found.get(&*candidate.rule.id);
            let text = example
                .get(&*candidate.rule.id)
                .copied()
                .unwrap_or_default();
            println!(
                "  {:.0} {} {found:?}\n      {:?}",
                candidate.weight,
                candidate.rule.id,
                text.chars().take(100).collect::<String>()
            );
        }
    }
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        f64::NAN
    } else {
        part as f64 / whole as f64
    }
}
