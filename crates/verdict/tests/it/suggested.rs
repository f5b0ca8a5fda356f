//! Rules that nobody has written yet.

use std::collections::{BTreeMap, BTreeSet};

use hobbs_interaction::{
    AiInteraction, ContentPolicy, FingerprintKey, Ingest, Interaction, Signs, style,
};
use hobbs_verdict::rules::{Condition, Status};
use hobbs_verdict::suggest::{
    Background, Candidate, Example, Kind, Thresholds, Usage, suggest, to_toml,
};
use hobbs_verdict::{RuleFile, Rules, Verdict};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// One prompt and what its exchange and its neighbours tell.
struct Said {
    user: usize,
    day: usize,
    kept: Interaction<'static>,
    opens: bool,
    bursts: bool,
    on_the_beat: bool,
    reply_seconds: f64,
}

fn ingest() -> Ingest {
    Ingest::new(
        "t",
        ContentPolicy::None,
        FingerprintKey::from_bytes([4; 16]),
        Signs::default(),
    )
}

fn said(user: usize, day: usize, text: &str) -> Said {
    let item = AiInteraction {
        id: format!("{user}-{day}-{text}").into(),
        app_class: "IPM.SkypeTeams.Message.Copilot.BizChat".into(),
        interaction_type: "userPrompt".into(),
        content: text.into(),
        ..AiInteraction::default()
    };
    Said {
        user,
        day,
        kept: ingest().row(user.to_string(), item.into_owned()),
        opens: true,
        bursts: false,
        on_the_beat: false,
        reply_seconds: 2.0 + ((user * 7 + day * 13) % 20) as f64,
    }
}

/// As the lake counts.
fn usages(said: &[Said]) -> Vec<Usage> {
    let mut groups: BTreeMap<(Kind, i64, Option<i64>), Vec<&Said>> = BTreeMap::new();
    for one in said {
        let kept = &one.kept;
        let ends = kept.text_head.zip(kept.text_tail);
        let keys = [
            kept.text_fingerprint.map(|it| (Kind::Text, it, None)),
            kept.text_template.map(|it| (Kind::Template, it, None)),
            ends.map(|(head, tail)| (Kind::Ends, head, Some(tail))),
            kept.text_head.map(|it| (Kind::Head, it, None)),
            kept.text_tail.map(|it| (Kind::Tail, it, None)),
        ];
        for key in keys.into_iter().flatten() {
            groups.entry(key).or_default().push(one);
        }
    }
    groups
        .into_iter()
        .map(|((kind, fingerprint, tail), group)| usage(kind, fingerprint, tail, &group))
        .collect()
}

fn usage(kind: Kind, fingerprint: i64, tail: Option<i64>, group: &[&Said]) -> Usage {
    let distinct = |of: &dyn Fn(&Said) -> i64| {
        group
            .iter()
            .map(|one| of(one))
            .collect::<BTreeSet<i64>>()
            .len() as i64
    };
    let count = |is: &dyn Fn(&Said) -> bool| group.iter().filter(|one| is(one)).count() as i64;
    let frame = |one: &Said| one.kept.text_style.unwrap_or_default() & style::FRAME;
    let mut styles: BTreeMap<i32, i64> = BTreeMap::new();
    for one in group {
        *styles.entry(frame(one)).or_default() += 1;
    }
    let (top_style, top_style_uses) = styles
        .iter()
        .max_by_key(|(_, uses)| **uses)
        .map(|(style, uses)| (*style, *uses))
        .unwrap();
    let mean = |of: &dyn Fn(&Said) -> f64| {
        group.iter().map(|one| of(one)).sum::<f64>() / group.len() as f64
    };
    let words = |one: &Said| f64::from(one.kept.content_words);
    let words_mean = mean(&words);
    let mut replies: Vec<f64> = group.iter().map(|one| one.reply_seconds).collect();
    replies.sort_by(f64::total_cmp);
    let percentile = |part: f64| replies[((replies.len() - 1) as f64 * part).round() as usize];
    Usage {
        kind,
        fingerprint,
        tail,
        users: distinct(&|one| one.user as i64),
        uses: group.len() as i64,
        texts: distinct(&|one| one.kept.text_fingerprint.unwrap_or_default()),
        days: distinct(&|one| one.day as i64),
        styles: styles.len() as i64,
        top_style,
        top_style_uses,
        words_mean,
        words_deviation: mean(&|one| (words(one) - words_mean).powi(2)).sqrt(),
        chars_mean: mean(&|one| f64::from(one.kept.content_chars)),
        openings: count(&|one| one.opens),
        bursts: count(&|one| one.bursts),
        beats: count(&|one| one.on_the_beat),
        replies: group.len() as i64,
        reply_seconds_p10: percentile(0.1),
        reply_seconds_p50: percentile(0.5),
        reply_seconds_p90: percentile(0.9),
        apps: vec![("BizChat".to_owned(), group.len() as i64)],
        locales: vec![("en-us".to_owned(), group.len() as i64)],
        examples: group
            .iter()
            .take(3)
            .map(|one| Example {
                user_id: one.kept.user_id.to_string(),
                session_id: None,
                interaction_id: one.kept.interaction_id.to_string(),
                text: None,
            })
            .collect(),
    }
}

fn found(said: &[Said]) -> Vec<Candidate> {
    let background = Background {
        users: 200,
        uses: 10_000,
    };
    suggest(&usages(said), background, &Thresholds::default())
}

fn kinds(said: &[Said]) -> Vec<Kind> {
    let usages = usages(said);
    found(said).iter().map(|it| usages[it.usage].kind).collect()
}

/// Everybody says it once, on one of ten days.
fn all_say(users: usize, text: impl Fn(usize) -> String) -> Vec<Said> {
    (0..users)
        .map(|user| said(user, user % 10, &text(user)))
        .collect()
}

/// In the many ways in which people write.
fn as_people_write(text: &str, user: usize) -> String {
    let text = if user % 5 < 2 {
        text.to_lowercase()
    } else {
        text.to_owned()
    };
    match user % 7 {
        0 => format!("{text}."),
        1 | 2 => format!("{text}!"),
        3 => format!("{text} "),
        _ => text,
    }
}

#[test]
fn a_text_that_many_send_in_one_style_is_a_button() {
    for text in [
        "Give me the highlights of this file",
        "Die Highlights dieser Datei zeigen",
        "Montre-moi les points forts du fichier",
        "Pokaż najważniejsze punkty tego pliku",
        "このファイルの要点をまとめてください",
        "이 파일의 주요 내용을 정리해 주세요 부탁합니다",
        "请为我整理这份文件的主要内容",
    ] {
        let said = all_say(12, |_| text.to_owned());
        let candidates = found(&said);
        assert_eq!(kinds(&said), [Kind::Text], "{text}");
        assert_eq!(candidates[0].rule.verdict, Verdict::Clicked);
        assert_eq!(candidates[0].rule.status, Status::Suspected);
    }
}

#[test]
fn what_people_say_alike_is_theirs() {
    for text in [
        "Thanks",
        "ok",
        "yes",
        "continue",
        "Hallo",
        "weiter",
        "谢谢",
        "続けて",
        "Go on",
        "merci",
    ] {
        let said: Vec<Said> = (0..3)
            .flat_map(|_| all_say(150, |user| as_people_write(text, user)))
            .collect();
        assert!(found(&said).is_empty(), "{text}");
        // Not even where all of them write it alike.
        assert!(
            found(&all_say(150, |_| text.to_owned())).is_empty(),
            "{text}"
        );
    }
    for text in [
        "Make it shorter",
        "Translate this to English",
        "What are my tasks for today",
    ] {
        assert!(
            found(&all_say(150, |user| as_people_write(text, user))).is_empty(),
            "{text}"
        );
    }
    // A follow-up of middle length, alike by chance.
    let mut said = all_say(20, |_| "make it shorter".to_owned());
    said.iter_mut().for_each(|one| one.opens = false);
    assert!(found(&said).is_empty());
}

#[test]
fn a_course_is_no_button() {
    let said: Vec<Said> = (0..40)
        .map(|user| {
            said(
                user,
                3,
                "Write a poem about our intranet for the newsletter",
            )
        })
        .collect();
    assert!(found(&said).is_empty());
}

#[test]
fn a_template_is_found_by_what_stays() {
    let files = ["a.docx", "Plan 7.pptx", "b.xlsx", "notes.pdf", "c.docx"];
    let said = all_say(15, |user| {
        format!(
            "Turn {} into talking points",
            files[user % 5].replace(' ', "_")
        )
    });
    let broad = |said: &[Said]| {
        kinds(said)
            .into_iter()
            .filter(|kind| *kind != Kind::Text)
            .collect::<Vec<_>>()
    };
    assert_eq!(broad(&said), [Kind::Template]);
    let names = ["Anna", "Bob Miller", "Chris", "Dana", "Eve Smith", "Finn"];
    let said = all_say(18, |user| {
        format!(
            "Tell me about recent conversations that {} had with my team",
            names[user % 6]
        )
    });
    assert_eq!(broad(&said), [Kind::Ends]);
    let said = all_say(30, |user| {
        format!(
            "Get me ready for lunch with {}",
            names[user % 6].split(' ').next().unwrap()
        )
    });
    // Some fillings are so frequent that they show by themselves.
    assert!(kinds(&said).contains(&Kind::Head));
    let said = all_say(30, |user| {
        format!(
            "Get me ready for lunch with {}{user}",
            names[user % 4].split(' ').next().unwrap()
        )
    });
    assert_eq!(kinds(&said), [Kind::Head]);
}

#[test]
fn what_begins_alike_is_no_template() {
    let subjects = [
        "the plan",
        "our travel budget for next year",
        "it",
        "Anna's long mail from last week about the move",
        "the weather",
    ];
    let said = all_say(150, |user| {
        as_people_write(
            &format!("Can you please explain {}", subjects[user % 5]),
            user,
        )
    });
    assert!(found(&said).is_empty());
}

#[test]
fn a_clock_gives_itself_away() {
    let mut fixed = all_say(12, |_| "Overview for the reading pane".to_owned());
    fixed
        .iter_mut()
        .enumerate()
        .for_each(|(place, one)| one.reply_seconds = 1.5 + place as f64 / 100.0);
    assert_eq!(found(&fixed)[0].rule.verdict, Verdict::Automatic);

    let mut bursts = all_say(12, |_| "Overview for the reading pane".to_owned());
    bursts.iter_mut().for_each(|one| one.bursts = true);
    assert_eq!(found(&bursts)[0].rule.verdict, Verdict::Automatic);

    // One user's, at the same time each day.
    let mut scheduled: Vec<Said> = (0..10)
        .map(|day| said(1, day, "what changed in our tickets"))
        .collect();
    assert!(found(&scheduled).is_empty());
    scheduled
        .iter_mut()
        .skip(2)
        .for_each(|one| one.on_the_beat = true);
    let candidates = found(&scheduled);
    assert_eq!(candidates.len(), 1);
    assert_eq!(candidates[0].rule.verdict, Verdict::Automatic);
}

#[test]
fn what_is_printed_can_be_kept() {
    let mut all = all_say(12, |_| "Give me the highlights of this file".to_owned());
    all.extend(all_say(18, |user| {
        format!(
            "Tell me about recent conversations that {} had with my team",
            ["Anna", "Bob", "Eve", "Finn", "Gus", "Ida"][user % 6]
        )
    }));
    let mut usages = usages(&all);
    for usage in &mut usages {
        usage.examples[0].text = Some("first \"line\"\nid = \"evil\"\u{202E}\u{7}".to_owned());
    }
    let candidates = suggest(
        &usages,
        Background {
            users: 30,
            uses: 300,
        },
        &Thresholds::default(),
    );
    let toml = to_toml(&candidates, &usages, "2026-08-03");
    insta::assert_snapshot!(toml);
    let file = RuleFile::parse("suggested.toml", &toml).unwrap();
    assert_eq!(file.rules.len(), candidates.len());
    for (read, candidate) in file.rules.iter().zip(&candidates) {
        assert_eq!(
            (&read.id, &read.conditions, read.status),
            (
                &candidate.rule.id,
                &candidate.rule.conditions,
                Status::Suspected
            )
        );
    }
    let rules = Rules::built_in().with(file).unwrap();
    assert!(rules.version().contains(".local+"));
}

#[test]
fn a_suggestion_that_is_kept_finds_its_prompts_and_no_others() {
    use hobbs_verdict::{Part, Thread, derive};
    let said = all_say(12, |_| "Give me the highlights of this file".to_owned());
    let usages = usages(&said);
    let toml = to_toml(&found(&said), &usages, "2026-08-03");
    let rules = Rules::built_in()
        .with(RuleFile::parse("kept", &toml).unwrap())
        .unwrap();
    let compiled = rules.compile(&FingerprintKey::from_bytes([4; 16]));
    let verdict = |text: &str| {
        let one = self::said(0, 0, text);
        let rows = vec![hobbs_verdict::Evidence {
            interaction_id: "1",
            request_id: None,
            created_at_us: 0,
            part: Part::Prompt,
            app_class: &one.kept.app_class,
            app: &one.kept.app,
            surface: "work",
            locale: None,
            content_chars: 20,
            content_words: 5,
            mark: None,
            text_fingerprint: one.kept.text_fingerprint,
            text_template: one.kept.text_template,
            text_head: one.kept.text_head,
            text_tail: one.kept.text_tail,
            text_style: one.kept.text_style,
            signs: None,
            attached: Vec::new(),
        }];
        let thread = Thread {
            tenant_id: "t",
            user_id: "u",
            session_id: None,
        };
        derive(&compiled, &jiff::tz::TimeZone::UTC, thread, rows).exchanges[0].verdict
    };
    assert_eq!(
        verdict("Give me the highlights of this file"),
        Verdict::Unknown
    );
    assert_eq!(
        verdict("give me the highlights of this file"),
        Verdict::Typed
    );
    assert_eq!(
        verdict("Give me the highlights of that file"),
        Verdict::Typed
    );
}

fn any_usage() -> impl Strategy<Value = Usage> {
    let kind = prop::sample::select(vec![
        Kind::Text,
        Kind::Template,
        Kind::Ends,
        Kind::Head,
        Kind::Tail,
    ]);
    let counts = (0_i64..60, 0_i64..200, 0_i64..40, 0_i64..20, 0_i64..200);
    let sizes = (0.0..20.0_f64, 0.0..6.0_f64, 0.0..120.0_f64);
    let times = (
        0_i64..200,
        0_i64..200,
        0_i64..200,
        0.0..80.0_f64,
        0.0..3.0_f64,
    );
    let odd = prop_oneof![20 => Just(None), 1 => Just(Some(f64::NAN)), 1 => Just(Some(f64::INFINITY)), 1 => Just(Some(-1.0))];
    (kind, counts, sizes, times, 0..200_i32, odd).prop_map(
        |(
            kind,
            (users, uses, texts, days, top),
            (words, deviation, chars),
            (openings, bursts, beats, reply, spread),
            style,
            odd,
        )| Usage {
            kind,
            fingerprint: users * 31 + uses,
            tail: (kind == Kind::Ends).then_some(uses),
            users,
            uses,
            texts,
            days,
            styles: 1,
            top_style: style,
            top_style_uses: top.min(uses),
            words_mean: odd.unwrap_or(words),
            words_deviation: deviation,
            chars_mean: odd.unwrap_or(chars),
            openings,
            bursts,
            beats,
            replies: uses,
            reply_seconds_p10: odd.unwrap_or(reply),
            reply_seconds_p50: reply,
            reply_seconds_p90: reply + spread,
            apps: Vec::new(),
            locales: Vec::new(),
            examples: Vec::new(),
        },
    )
}

fn is_found(usage: &Usage) -> bool {
    let background = Background {
        users: 10,
        uses: 10,
    };
    !suggest(
        std::slice::from_ref(usage),
        background,
        &Thresholds::default(),
    )
    .is_empty()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 3_000,
        max_global_rejects: 1_000_000,
        rng_seed: RngSeed::Fixed(7),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn more_evidence_never_hides_a_find(usage in any_usage(), more in 1_i64..50) {
        prop_assume!(is_found(&usage));
        let more_users = Usage { users: (usage.users + more).min(usage.uses), ..usage.clone() };
        prop_assert!(is_found(&more_users));
        let more_days = Usage { days: usage.days + more, ..usage.clone() };
        prop_assert!(is_found(&more_days));
        let one_style = Usage { top_style_uses: usage.uses, ..usage.clone() };
        prop_assert!(is_found(&one_style));
        let all_open = Usage { openings: usage.uses, ..usage };
        prop_assert!(is_found(&all_open));
    }

    #[test]
    fn without_a_clock_few_users_short_texts_and_many_styles_are_never_found(usage in any_usage()) {
        let still = Usage { beats: 0, bursts: 0, replies: 0, ..usage };
        let few = Usage { users: still.users.min(2), ..still.clone() };
        prop_assert!(!is_found(&few));
        let one_day = Usage { days: 1, ..still.clone() };
        prop_assert!(!is_found(&one_day));
        let styles = Usage { top_style_uses: still.uses * 9 / 10, uses: still.uses.max(1), ..still.clone() };
        prop_assert!(!is_found(&styles));
        let short = Usage { kind: Kind::Text, chars_mean: still.chars_mean.clamp(0.0, 3.5), ..still };
        prop_assert!(!is_found(&short));
    }

    #[test]
    fn whatever_is_found_can_be_printed_and_read(usages in prop::collection::vec(any_usage(), 0..6)) {
        let candidates = suggest(&usages, Background { users: 1, uses: 1 }, &Thresholds::default());
        let file = RuleFile::parse("x", &to_toml(&candidates, &usages, "2026-08-03"));
        prop_assert_eq!(file.map(|file| file.rules.len()), Ok(candidates.len()));
        for candidate in &candidates {
            prop_assert!((0.5..=0.9).contains(&candidate.rule.confidence) && candidate.weight.is_finite());
            prop_assert!(!candidate.reasons.is_empty());
            let asks_for_prompt = |it: &Condition| it.name().ends_with("_fingerprint");
            prop_assert!(candidate.rule.conditions.iter().any(asks_for_prompt));
        }
    }
}
