//! What a labelled corpus holds: exchanges by verdict and generator, and how often one text comes from many people:
//! `cargo run --release -p hobbs-tenant --example corpus -- tuning [USERS] [DAYS] [LOCALE]`. With a locale it prints
//! some texts of each generator; whoever makes rules must not ask that of `held_out`.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program that prints a table"
)]

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use hobbs_tenant::{Corpus, Maker, Tenant, TenantOptions, TrueItem};

/// Monday, 29 June 2026, 20:00 UTC.
const NOW_MS: i64 = 1_782_763_200_000;

#[derive(Default)]
struct Generator {
    exchanges: u64,
    users_of_text: HashMap<String, HashSet<String>>,
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let corpus: Corpus = arguments.next().unwrap_or_default().parse().unwrap();
    let mut number = |otherwise: u32| {
        arguments
            .next()
            .map_or(otherwise, |text| text.parse().unwrap())
    };
    let options = TenantOptions {
        corpus,
        careers: true,
        users: number(600),
        days_of_history: number(60),
        ..TenantOptions::seeded(1)
    };
    let locale = arguments.next();
    let options = options.everyone_licensed().frozen();
    let tenant = Tenant::new(options, Arc::new(|| NOW_MS)).unwrap();

    let mut generators: BTreeMap<(Maker, &str), Generator> = BTreeMap::new();
    let mut makers: BTreeMap<Maker, u64> = BTreeMap::new();
    for user in 0..tenant.user_count() {
        let mut exchanges: HashMap<String, Vec<TrueItem>> = HashMap::new();
        for item in tenant.truth_of(user) {
            exchanges
                .entry(item.exchange.clone())
                .or_default()
                .push(item);
        }
        for rows in exchanges.into_values() {
            let told = rows.iter().find(|item| item.maker != Maker::Noise);
            let first = told.unwrap_or(&rows[0]);
            *makers.entry(first.verdict).or_default() += 1;
            let generator = generators
                .entry((first.verdict, first.generator))
                .or_default();
            generator.exchanges += 1;
            if locale
                .as_deref()
                .is_none_or(|locale| locale == first.locale)
            {
                let users = generator.users_of_text.entry(first.text.clone());
                users.or_default().insert(first.user_id.clone());
            }
        }
    }
    let sum: u64 = makers.values().sum();
    for (maker, count) in &makers {
        let share = *count as f64 / sum as f64;
        println!("{maker:?}: {count} exchanges, {:.1} %", 100.0 * share);
    }
    for ((maker, name), generator) in &generators {
        let texts = generator.users_of_text.len();
        let shared = |least: usize| {
            let users = generator.users_of_text.values();
            users.filter(|users| users.len() >= least).count()
        };
        println!(
            "{maker:?} {name}: {} exchanges, {texts} texts, {} of them from 2 people or more, {} from 8 or more",
            generator.exchanges,
            shared(2),
            shared(8)
        );
        if locale.is_some() {
            let mut texts: Vec<_> = generator.users_of_text.keys().collect();
            texts.sort();
            for text in texts.iter().step_by(texts.len() / 12 + 1) {
                println!("    {text:?}");
            }
        }
    }
}
