//! The labelled corpora: everything a rule may meet, told truly, and what is held out is really other.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::OnceLock;

use hobbs_tenant::{Corpus, Maker, TenantOptions, TrueItem};

use crate::support::{START_MS, read_everyone, small, tenant, token};

const WEEK_MS: i64 = 7 * 86_400_000;

fn items_of(corpus: Corpus) -> &'static [TrueItem] {
    static ITEMS: [OnceLock<Vec<TrueItem>>; 3] = [const { OnceLock::new() }; 3];
    ITEMS[corpus as usize].get_or_init(|| {
        let options = TenantOptions {
            corpus,
            users: 600,
            days_of_history: 60,
            ..small()
        };
        tenant(options.frozen()).truth().collect()
    })
}

/// The exchanges by user, each oldest first.
fn exchanges(items: &[TrueItem]) -> Vec<Vec<&TrueItem>> {
    let mut exchanges: BTreeMap<(&str, &str), Vec<&TrueItem>> = BTreeMap::new();
    for item in items {
        exchanges
            .entry((&item.user_id, &item.exchange))
            .or_default()
            .push(item);
    }
    exchanges.into_values().collect()
}

fn is_prompt(item: &TrueItem) -> bool {
    item.interaction_type == "userPrompt"
}

#[test]
fn names_of_corpora_are_read_and_written() {
    for corpus in Corpus::ALL {
        assert_eq!(corpus.to_string().parse(), Ok(corpus));
    }
    let unknown = "secret".parse::<Corpus>().unwrap_err();
    assert!(unknown.to_string().contains("held_out"), "{unknown}");
}

#[test]
fn every_language_has_every_verdict_in_both_corpora() {
    for corpus in [Corpus::Tuning, Corpus::HeldOut] {
        let items = items_of(corpus);
        let exchanges = exchanges(items);
        let mut counts: BTreeMap<(&str, Maker), u32> = BTreeMap::new();
        let mut makers: BTreeMap<Maker, u32> = BTreeMap::new();
        for parts in &exchanges {
            *counts
                .entry((parts[0].locale, parts[0].verdict))
                .or_default() += 1;
            *makers.entry(parts[0].verdict).or_default() += 1;
        }
        let locales: BTreeSet<&str> = items.iter().map(|item| item.locale).collect();
        assert_eq!(locales.len(), 20);
        for locale in locales {
            for (maker, least) in [
                (Maker::Typed, 100),
                (Maker::Clicked, 25),
                (Maker::Automatic, 25),
                (Maker::System, 3),
                (Maker::Noise, 3),
                (Maker::Unknown, 1),
            ] {
                let count = counts.get(&(locale, maker)).copied().unwrap_or(0);
                assert!(count >= least, "{corpus} {locale} {maker:?}: {count}");
            }
        }
        let share = |maker| f64::from(makers[&maker]) / exchanges.len() as f64;
        assert!((0.5..0.7).contains(&share(Maker::Typed)), "{makers:?}");
        assert!((0.1..0.2).contains(&share(Maker::Clicked)), "{makers:?}");
        assert!((0.1..0.25).contains(&share(Maker::Automatic)), "{makers:?}");
    }
}

#[test]
fn what_is_true_of_an_exchange_is_true_of_each_of_its_items() {
    for corpus in Corpus::ALL {
        let items = items_of(corpus);
        let (mut refused, mut grounded, mut answered, mut unanswered) = (0, 0, 0, 0);
        for parts in exchanges(items) {
            let facts: HashSet<_> = parts
                .iter()
                .map(|item| (item.verdict, item.refused, item.grounded))
                .collect();
            assert_eq!(facts.len(), 1, "{parts:#?}");
            let meant: HashSet<Maker> = parts
                .iter()
                .map(|item| item.maker)
                .filter(|maker| *maker != Maker::Noise)
                .collect();
            let verdict = parts[0].verdict;
            assert!(meant.len() <= 1, "{parts:#?}");
            assert_eq!(verdict, meant.into_iter().next().unwrap_or(Maker::Noise));
            if verdict != Maker::Typed {
                continue;
            }
            let answers = parts.iter().filter(|item| !is_prompt(item)).count();
            if answers == 0 {
                assert!(!parts[0].refused && !parts[0].grounded);
                unanswered += 1;
            } else {
                answered += 1;
                refused += u32::from(parts[0].refused);
                grounded += u32::from(parts[0].grounded);
            }
        }
        let share = |count: u32| f64::from(count) / f64::from(answered);
        assert!((0.02..0.08).contains(&share(refused)), "{refused}");
        assert!((0.1..0.4).contains(&share(grounded)), "{grounded}");
        assert!(share(unanswered) > 0.02, "{unanswered}");
    }
}

#[test]
fn what_is_held_out_is_said_so_and_is_other() {
    let (tuning, held_out) = (items_of(Corpus::Tuning), items_of(Corpus::HeldOut));
    assert!(tuning.iter().all(|item| !item.held_out));
    // The prompts that have broken tools before are the same everywhere.
    assert!(
        held_out
            .iter()
            .all(|item| item.held_out != (item.language == "und"))
    );
    // Words of one language only: people of two may share a greeting.
    let prompts = |items: &'_ [TrueItem]| -> HashSet<(&'static str, String)> {
        items
            .iter()
            .filter(|item| is_prompt(item))
            // The service's own marks are the same everywhere; so are prompts that break tools.
            .filter(|item| {
                !["word_summary", "outlook_theming"].contains(&item.generator)
                    && item.language != "und"
            })
            .map(|item| (item.language, item.text.to_lowercase()))
            .collect()
    };
    let (known, other) = (prompts(tuning), prompts(held_out));
    let shared: Vec<_> = known.intersection(&other).collect();
    assert!(shared.is_empty(), "{shared:?}");
}

#[test]
fn typed_texts_come_from_many_people_only_where_they_are_short() {
    let items = items_of(Corpus::Tuning);
    let mut people: HashMap<&str, HashSet<&str>> = HashMap::new();
    let typed: Vec<&TrueItem> = items
        .iter()
        .filter(|item| is_prompt(item) && item.maker == Maker::Typed)
        .filter(|item| !["handout", "strange_prompt", "typed_label"].contains(&item.generator))
        .collect();
    for item in &typed {
        people.entry(&item.text).or_default().insert(&item.user_id);
    }
    let is_long = |item: &TrueItem| item.text.chars().count() > 40;
    let (long, shared) =
        typed
            .iter()
            .filter(|item| is_long(item))
            .fold((0, 0), |(long, shared), item| {
                (
                    long + 1,
                    shared + u32::from(people[item.text.as_str()].len() >= 4),
                )
            });
    assert!(long > 5_000 && shared * 100 < long, "{shared} of {long}");
    let short = people
        .iter()
        .filter(|(text, people)| text.chars().count() <= 20 && people.len() >= 4)
        .count();
    assert!(short > 50, "{short} short ones from several people");
    // The same words in several hands.
    let mut ways: HashMap<String, HashSet<&str>> = HashMap::new();
    for item in typed.iter().filter(|item| item.generator == "courtesy") {
        let words = item.text.to_lowercase();
        let words = words.trim_end_matches(['.', '!', '?']);
        ways.entry(words.to_owned()).or_default().insert(&item.text);
    }
    assert!(ways["thanks"].len() >= 3, "{:?}", ways["thanks"]);
}

#[test]
fn ready_made_prompts_come_from_many_people_letter_by_letter() {
    let items = items_of(Corpus::HeldOut);
    for generator in ["listed_button", "unlisted_button"] {
        let pressed: Vec<&TrueItem> = items
            .iter()
            .filter(|item| is_prompt(item) && item.generator == generator)
            .collect();
        let mut people: HashMap<&str, HashSet<&str>> = HashMap::new();
        for item in &pressed {
            people.entry(&item.text).or_default().insert(&item.user_id);
        }
        let shared = pressed
            .iter()
            .filter(|item| people[item.text.as_str()].len() >= 3)
            .count();
        assert!(
            shared * 2 > pressed.len(),
            "{generator}: {shared} of {}",
            pressed.len()
        );
    }
}

#[test]
fn openings_are_answered_at_an_even_distance_and_name_the_file() {
    let items = items_of(Corpus::HeldOut);
    let mut openings = 0;
    for parts in exchanges(items) {
        if parts[0].generator != "opening" || parts.len() < 2 {
            continue;
        }
        let wait_ms = parts[1].created_at_ms - parts[0].created_at_ms;
        // Two in one millisecond move by one.
        assert!((1_100..=1_220).contains(&wait_ms), "{wait_ms}");
        let file = [".docx", ".pptx"];
        assert!(
            file.iter().any(|ending| parts[0].text.contains(ending)),
            "{}",
            parts[0].text
        );
        openings += 1;
    }
    assert!(openings > 500, "{openings}");
}

#[test]
fn scheduled_prompts_say_the_same_at_the_same_time_of_every_day() {
    let items = items_of(Corpus::Tuning);
    let mut schedules: HashMap<&str, Vec<&TrueItem>> = HashMap::new();
    for item in items
        .iter()
        .filter(|item| is_prompt(item) && item.generator == "scheduled_prompt")
    {
        schedules.entry(&item.user_id).or_default().push(item);
    }
    let long: Vec<_> = schedules.values().filter(|runs| runs.len() > 10).collect();
    assert!(long.len() > 5, "{}", long.len());
    for runs in long {
        let texts: HashSet<&str> = runs.iter().map(|run| run.text.as_str()).collect();
        assert_eq!(texts.len(), 1, "{texts:?}");
        let minutes: HashSet<i64> = runs
            .iter()
            .map(|run| run.created_at_ms.rem_euclid(86_400_000) / 60_000)
            .collect();
        assert_eq!(minutes.len(), 1, "{minutes:?}");
    }
}

#[test]
fn request_ids_are_missing_or_unstable_where_they_are_in_life() {
    let items = items_of(Corpus::HeldOut);
    let mut seen: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    for parts in exchanges(items) {
        let (Some(first), Some(second)) = (parts.first(), parts.get(1)) else {
            continue;
        };
        let kind = match (&first.request_id, &second.request_id) {
            (None, None) => "none",
            (one, other) if one == other => "shared",
            _ => "unstable",
        };
        let app = first.app_class.rsplit('.').next().unwrap_or("");
        if let Some(app) = ["Excel", "PowerPoint", "CoworkChat", "Word"]
            .into_iter()
            .find(|known| *known == app)
        {
            *seen.entry((app, kind)).or_default() += 1;
        }
    }
    for (app, kinds) in [
        ("Excel", &["shared", "unstable"][..]),
        ("PowerPoint", &["none", "shared", "unstable"]),
        ("CoworkChat", &["none"]),
        ("Word", &["shared"]),
    ] {
        let found: Vec<&str> = seen
            .keys()
            .filter(|(seen, _)| *seen == app)
            .map(|(_, kind)| *kind)
            .collect();
        assert_eq!(found, kinds, "{app}: {seen:?}");
    }
}

#[test]
fn some_write_english_whatever_their_language() {
    let items = items_of(Corpus::Tuning);
    let typed: Vec<&TrueItem> = items
        .iter()
        .filter(|item| is_prompt(item) && item.maker == Maker::Typed && item.locale == "it-it")
        .collect();
    let english = typed
        .iter()
        .filter(|item| item.language.starts_with("en-"))
        .count();
    assert!((1..typed.len() / 8).contains(&english), "{english}");
    assert!(
        items
            .iter()
            .filter(|item| item.maker == Maker::Clicked)
            .all(|item| item.language == item.locale),
        "buttons speak the language of the program"
    );
}

#[test]
fn some_never_ask_and_some_only_press_in_every_corpus() {
    for corpus in Corpus::ALL {
        let items = items_of(corpus);
        let mut does: HashMap<&str, HashSet<Maker>> = HashMap::new();
        for item in items {
            does.entry(&item.user_id).or_default().insert(item.verdict);
        }
        let never = |maker: Maker, other: Maker| {
            does.values()
                .filter(|makers| !makers.contains(&maker) && makers.contains(&other))
                .count()
        };
        assert!(never(Maker::Typed, Maker::Automatic) > 10, "{corpus}");
        let press_only = does
            .values()
            .filter(|makers| makers.contains(&Maker::Clicked) && !makers.contains(&Maker::Typed))
            .count();
        assert!(press_only > 5, "{corpus}: {press_only}");
    }
}

#[test]
fn over_the_weeks_people_begin_lapse_and_come_back() {
    let options = TenantOptions {
        careers: true,
        users: 300,
        days_of_history: 210,
        start_ms: Some(START_MS),
        ..small()
    };
    let tenant = tenant(options.frozen());
    let (mut begin, mut lapse, mut back, mut steady, mut never) = (0, 0, 0, 0, 0);
    let mut totals = 0;
    for user in 0..300 {
        let weeks: BTreeSet<i64> = tenant
            .truth_of(user)
            .iter()
            .map(|item| {
                totals += 1;
                (item.created_at_ms - START_MS).div_euclid(WEEK_MS)
            })
            .collect();
        let (Some(first), Some(last)) = (weeks.first(), weeks.last()) else {
            never += 1;
            continue;
        };
        begin += u32::from(*first > -24);
        lapse += u32::from(*last < -8);
        let gap = weeks
            .iter()
            .zip(weeks.iter().skip(1))
            .any(|(one, next)| next - one > 5);
        back += u32::from(gap);
        steady += u32::from(weeks.len() > 24);
    }
    assert!(
        begin > 10 && lapse > 10 && back > 25 && steady > 60 && never > 5,
        "{begin} begin, {lapse} lapse, {back} come back, {steady} are steady, {never} never"
    );
    // As much as without careers: 80 rows in a month for the average user.
    assert!((110_000..220_000).contains(&totals), "{totals}");
}

#[tokio::test]
async fn a_naive_reading_of_a_corpus_finds_exactly_the_truth() {
    let tenant = tenant(TenantOptions {
        corpus: Corpus::HeldOut,
        careers: true,
        ..small()
    });
    let found = read_everyone(&tenant, &token(&tenant).await).await;
    let truth: Vec<TrueItem> = tenant.truth().collect();
    assert_eq!(found.len(), truth.len());
    for item in truth {
        let key = (item.user_id, item.session_id, item.id);
        let read = &found[&key];
        assert_eq!(read["locale"], item.locale);
        assert_eq!(read["requestId"].as_str(), item.request_id.as_deref());
        if item.shape == "text" {
            assert_eq!(read["body"]["content"], item.text);
        }
    }
}
