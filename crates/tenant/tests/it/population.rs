//! What people do: drawn from the seed, and as odd as in life.

use std::collections::{BTreeMap, HashMap, HashSet};

use hobbs_tenant::{Maker, Tenant, TenantOptions, TrueItem, Volume, truth};

use crate::support::{START_MS, get, history_url, read_everyone, small, tenant, token};

const DAY_MS: i64 = 86_400_000;

fn truth_of(options: TenantOptions) -> Vec<TrueItem> {
    tenant(options).truth().collect()
}

/// Enough people for each culture and habit to occur.
fn town() -> TenantOptions {
    TenantOptions {
        users: 400,
        ..small()
    }
}

#[tokio::test]
async fn the_same_seed_gives_the_same_bytes_and_another_others() {
    let bytes = async |seed: u64, index: u32| {
        let tenant = tenant(TenantOptions { seed, ..small() });
        let token = token(&tenant).await;
        let facts = tenant.user_facts(index);
        (
            facts.clone(),
            get(&tenant, &token, &history_url(&facts.id, "$top=100"))
                .await
                .into_body(),
        )
    };
    for index in 0..10 {
        assert_eq!(bytes(1, index).await, bytes(1, index).await);
        assert_ne!(bytes(1, index).await, bytes(2, index).await);
    }
}

#[tokio::test]
async fn what_happened_does_not_depend_on_when_the_tenant_was_started() {
    let at = |start_ms: i64| {
        let options = TenantOptions {
            start_ms: Some(start_ms),
            ..small()
        };
        tenant(options).truth().collect::<Vec<_>>()
    };
    let (today, yesterday) = (at(START_MS), at(START_MS - DAY_MS));
    let recent: HashSet<(String, Option<String>, String)> = yesterday
        .iter()
        .map(|item| {
            (
                item.user_id.clone(),
                item.session_id.clone(),
                item.id.clone(),
            )
        })
        .collect();
    assert!(today.len() > 500);
    assert!(today.iter().all(|item| recent.contains(&(
        item.user_id.clone(),
        item.session_id.clone(),
        item.id.clone()
    ))));
}

#[test]
fn volumes_are_kept() {
    let exactly = tenant(TenantOptions {
        volume: Volume::Exactly(137),
        ..small()
    });
    assert!((0..30).all(|user| exactly.count_of(user) == 137));
    let total = truth_of(TenantOptions {
        volume: Volume::Total(20_000),
        users: 300,
        ..small()
    })
    .len();
    assert!((19_500..20_500).contains(&total), "{total}");
    let heavy = tenant(TenantOptions {
        heavy_user: Some((4, 5_000)),
        ..small()
    });
    assert_eq!(heavy.count_of(4), 5_000);
    let monthly = truth_of(TenantOptions {
        volume: Volume::Monthly(80.0),
        users: 300,
        ..small()
    })
    .len();
    assert!((15_000..33_000).contains(&monthly), "{monthly}");
}

#[test]
fn few_are_heavy_and_many_are_light() {
    let tenant = tenant(TenantOptions {
        volume: Volume::Total(20_000),
        ..town()
    });
    let mut counts: Vec<u64> = (0..400).map(|user| tenant.count_of(user)).collect();
    counts.sort_unstable();
    let top: u64 = counts[360..].iter().sum();
    assert!(top > 6_000, "the top tenth has {top} of 20000");
    assert!(counts[20] <= 2, "some hardly use it");
}

#[test]
fn keys_are_unique_though_ids_are_not() {
    let items = truth_of(town());
    let keys: HashSet<_> = items
        .iter()
        .map(|item| (&item.user_id, &item.session_id, &item.id))
        .collect();
    assert_eq!(keys.len(), items.len());
    let mut users_of_id: HashMap<&str, HashSet<&str>> = HashMap::new();
    let mut users_of_session: HashMap<&str, HashSet<&str>> = HashMap::new();
    let mut sessions_of: HashMap<(&str, &str), HashSet<&Option<String>>> = HashMap::new();
    for item in &items {
        users_of_id
            .entry(&item.id)
            .or_default()
            .insert(&item.user_id);
        if let Some(session) = &item.session_id {
            users_of_session
                .entry(session)
                .or_default()
                .insert(&item.user_id);
        }
        sessions_of
            .entry((&item.user_id, &item.id))
            .or_default()
            .insert(&item.session_id);
    }
    assert!(
        users_of_id.values().filter(|users| users.len() > 1).count() > 10,
        "ids shared between users"
    );
    assert!(
        users_of_session
            .values()
            .filter(|users| users.len() > 1)
            .count()
            > 10,
        "meetings shared"
    );
    assert!(
        sessions_of
            .values()
            .filter(|sessions| sessions.len() > 1)
            .count()
            > 10,
        "ids shared between sessions"
    );
    assert!(
        items
            .iter()
            .filter(|item| item.session_id.is_none())
            .count()
            > 100,
        "items without a session"
    );
}

#[test]
fn people_work_by_day() {
    let items = truth_of(TenantOptions {
        users: 300,
        ..town()
    });
    let weekend = items
        .iter()
        .filter(|item| [5, 6].contains(&((item.created_at_ms / DAY_MS + 3) % 7)))
        .count();
    assert!(weekend * 8 < items.len(), "{weekend} of {}", items.len());
    // In Japan, nine hours ahead, the day is over at 15 o'clock UTC.
    let japanese: Vec<i64> = items
        .iter()
        .filter(|item| item.locale == "ja-jp")
        .map(|item| item.created_at_ms / 3_600_000 % 24)
        .collect();
    assert!(japanese.len() > 50);
    let at_night = japanese
        .iter()
        .filter(|hour| (15..21).contains(*hour))
        .count();
    assert!(
        at_night * 20 < japanese.len(),
        "{at_night} of {}",
        japanese.len()
    );
}

#[test]
fn every_maker_generator_and_oddity_occurs() {
    let items = truth_of(TenantOptions {
        users: 1_000,
        ..town()
    });
    let mut generators: BTreeMap<&str, u32> = BTreeMap::new();
    let mut makers: BTreeMap<Maker, u32> = BTreeMap::new();
    for item in &items {
        *generators.entry(item.generator).or_default() += 1;
        *makers.entry(item.maker).or_default() += 1;
    }
    let wanted = [
        "admin_center",
        "button",
        "chat",
        "chat_suggestion",
        "cowork",
        "cowork_thinking",
        "draft",
        "excel",
        "meeting",
        "meeting_button",
        "one_shot",
        "outlook_theming",
        "repeat",
        "searching",
        "strange_prompt",
        "suggestion",
        "warmup",
        "word_summary",
    ];
    assert_eq!(generators.keys().copied().collect::<Vec<_>>(), wanted);
    assert!(
        generators.values().all(|count| *count > 20),
        "{generators:?}"
    );
    let share = |maker| f64::from(makers[&maker]) / items.len() as f64;
    assert!((0.5..0.85).contains(&share(Maker::Typed)), "{makers:?}");
    assert!(
        (0.05..0.25).contains(&share(Maker::Automatic)),
        "{makers:?}"
    );
    assert!((0.05..0.25).contains(&share(Maker::Clicked)), "{makers:?}");

    let locales: HashSet<&str> = items.iter().map(|item| item.locale).collect();
    assert_eq!(locales.len(), 20);
    let classes: HashSet<&str> = items.iter().map(|item| item.app_class.as_str()).collect();
    assert!(classes.len() >= 29, "{classes:?}");
    assert!(
        classes
            .iter()
            .any(|class| class.starts_with("ConnectedAIApp.Entra."))
    );
    let has = |text: &str| items.iter().any(|item| item.text.contains(text));
    for text in [
        "=HYPERLINK(",
        "-2+3",
        "\u{1b}[31m",
        "\u{202e}",
        "\u{200b}",
        "👩🏽‍💻",
        "لخص",
        "e\u{301}",
        "<script>",
        "IsWarmupRequest",
    ] {
        assert!(has(text), "{text:?}");
    }
    assert!(
        items
            .iter()
            .filter(|item| item.text.starts_with("[AutoGenerated]"))
            .count()
            > 100
    );
}

#[test]
fn prompts_and_responses_hang_together() {
    let items = truth_of(town());
    let mut exchanges: HashMap<(&str, &str), Vec<&TrueItem>> = HashMap::new();
    for item in items.iter().filter(|item| item.maker != Maker::Noise) {
        exchanges
            .entry((&item.user_id, &item.exchange))
            .or_default()
            .push(item);
    }
    let (mut unanswered, mut several) = (0, 0);
    for parts in exchanges.values() {
        let makers: HashSet<Maker> = parts.iter().map(|item| item.maker).collect();
        assert_eq!(makers.len(), 1, "one verdict for all: {parts:?}");
        let prompts = parts
            .iter()
            .filter(|item| item.interaction_type == "userPrompt")
            .count();
        assert!(prompts <= 1);
        if !parts[0].app_class.ends_with("Excel") {
            let requests: HashSet<_> = parts.iter().map(|item| &item.request_id).collect();
            assert_eq!(requests.len(), 1, "{parts:?}");
        }
        unanswered += u32::from(parts.len() == prompts);
        several += u32::from(parts.len() > prompts + 1);
    }
    assert!(unanswered > 20 && several > 100, "{unanswered}, {several}");
    assert!(
        items
            .iter()
            .filter(|item| item.app_class.ends_with("CoworkChat"))
            .all(|item| item.request_id.is_none())
    );
}

#[test]
fn repeats_follow_within_five_seconds_under_a_new_id() {
    let items = truth_of(town());
    let repeats: Vec<&TrueItem> = items
        .iter()
        .filter(|item| item.generator == "repeat")
        .collect();
    assert!(repeats.len() > 20);
    for repeat in repeats {
        let original = items.iter().any(|item| {
            item.user_id == repeat.user_id
                && item.session_id == repeat.session_id
                && item.id != repeat.id
                && item.exchange == repeat.exchange
                && (0..5_000).contains(&(repeat.created_at_ms - item.created_at_ms))
                && item.shape == repeat.shape
                && (item.text == repeat.text || item.etag != item.id || repeat.etag != repeat.id)
        });
        assert!(original, "{repeat:?}");
    }
}

#[tokio::test]
async fn the_truth_can_be_written_line_by_line() {
    let tenant = tenant(small());
    let mut lines = Vec::new();
    let count = truth::write_ndjson(&tenant, &mut lines).unwrap();
    let lines = String::from_utf8(lines).unwrap();
    let items: Vec<serde_json::Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(items.len() as u64, count);
    assert_eq!(
        items.len(),
        read_everyone(&tenant, &token(&tenant).await).await.len()
    );
    assert!(
        ["typed", "clicked", "automatic", "system", "noise"]
            .contains(&items[0]["maker"].as_str().unwrap())
    );
}

#[test]
fn the_truth_about_unreadable_people_is_not_counted() {
    let options = TenantOptions {
        users: 200,
        ..TenantOptions::default()
    };
    let tenant: Tenant = tenant(options);
    let readable: HashSet<String> = (0..200)
        .map(|index| tenant.user_facts(index))
        .filter(|facts| facts.access == hobbs_tenant::Access::Readable)
        .map(|facts| facts.id)
        .collect();
    assert!(tenant.truth().all(|item| readable.contains(&item.user_id)));
    let unreadable = (0..200).filter(|index| !readable.contains(&tenant.user_facts(*index).id));
    assert!(
        unreadable
            .map(|index| tenant.truth_of(index).len())
            .sum::<usize>()
            > 0,
        "their history exists all the same"
    );
}
