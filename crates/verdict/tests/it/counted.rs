//! What three passes count, against what all rows at once say.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use hobbs_verdict::suggest::count::{Beginning, Frequencies, Prints, Told, Use};
use hobbs_verdict::suggest::{
    Background, Candidate, Example, Kind, Thresholds, Usage, suggest, to_toml,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

const US: i64 = 1_000_000;

/// An exchange in memory.
#[derive(Debug, Clone)]
struct Row {
    user: i64,
    session: Option<i64>,
    at_us: i64,
    /// None where a rule explains it, or nothing was asked.
    told: Option<Told>,
    has_prompt: bool,
    app: &'static str,
    locale: Option<&'static str>,
    place: usize,
}

impl Row {
    fn user_id(&self) -> String {
        // The ids' order is not that of the keys.
        format!("user-{:03}", (self.user * 37) % 101)
    }

    fn session_id(&self) -> Option<String> {
        self.session
            .map(|session| format!("{}-{session}", self.user))
    }

    fn prompt_id(&self) -> String {
        format!("prompt-{:04}", self.place)
    }

    fn conversation_key(&self) -> i64 {
        let lone = 1_000_000 + self.place as i64;
        self.session
            .map_or(lone, |session| self.user * 100 + session)
    }
}

/// Buttons, templates, machines and people: what is alike is so by few values.
fn row() -> impl Strategy<Value = Row> {
    let at_us = (0_i64..12, 0_i64..24, -4_i64..5, 0_i64..40).prop_map(|(day, hour, off, ms)| {
        ((day * 24 + hour) * 3_600 + 40_000 + off) * US + ms * 1_000
    });
    let what = (0_i64..9, 0_i64..5, prop::bool::weighted(0.97), 0_i32..4);
    let reply = prop_oneof![
        3 => (1_000_i32..1_300).prop_map(Some),
        1 => (0_i32..90_000).prop_map(Some),
        1 => Just(None),
    ];
    let place = (
        0_i64..30,
        prop::option::weighted(0.8, 0_i64..3),
        prop::sample::select(vec!["Word", "BizChat"]),
        prop::option::of(prop::sample::select(vec!["de-de", "en-us"])),
    );
    (at_us, what, reply, place, 0_u8..20).prop_map(
        |(
            at_us,
            (text, filling, is_in_style, other_style),
            reply,
            (user, session, app, locale),
            luck,
        )| {
            // The first three are one text, the next three a template, the rest have fixed ends.
            let whole = if text < 3 { text } else { text * 10 + filling };
            let template = if text < 6 { text } else { whole };
            // Machines answer in the same time.
            let reply_ms = reply.filter(|ms| text % 2 == 1 || *ms > 1_000 || luck > 5);
            let told = Told {
                prints: Prints {
                    text: Some(1_000 + whole),
                    template: Some(2_000 + template),
                    head: Some(3_000 + text),
                    tail: (text != 7).then_some(4_000 + text / 2),
                },
                style: if is_in_style { 1 } else { 1 + 2 * other_style },
                words: 8 + (filling % 2) as i32,
                chars: 12 + 6 * text as i32,
                day: (at_us / (86_400 * US)) as i32,
                reply_ms,
            };
            Row {
                user,
                session,
                at_us,
                told: (luck > 1).then_some(told),
                has_prompt: luck > 0,
                app,
                locale,
                place: 0,
            }
        },
    )
}

/// In the order of user and time.
fn rows() -> impl Strategy<Value = Vec<Row>> {
    prop::collection::vec(row(), 0..500).prop_map(|mut rows| {
        rows.sort_by_key(|row| (row.user, row.at_us));
        for (place, row) in rows.iter_mut().enumerate() {
            row.place = place;
        }
        rows
    })
}

fn counted(rows: &[Row], thresholds: Thresholds) -> (Vec<Usage>, Background) {
    let mut frequencies = Frequencies::for_prompts(rows.len() as u64);
    // The first and the last pass ask for no order.
    for row in rows.iter().rev().filter(|row| row.has_prompt) {
        frequencies.add(row.user, row.told.map(|told| told.prints));
    }
    let background = frequencies.background();
    let mut rhythms = frequencies.rhythms(thresholds);
    for row in rows {
        rhythms.add(Beginning {
            user_key: row.user,
            conversation_key: row.conversation_key(),
            at_us: row.at_us,
            unexplained: row.told,
        });
    }
    let mut details = rhythms.details();
    for row in rows.iter().rev() {
        let Some(told) = row.told else { continue };
        details.add(&Use {
            prints: told.prints,
            user_id: &row.user_id(),
            session_id: row.session_id().as_deref(),
            prompt_id: &row.prompt_id(),
            at_us: row.at_us,
            app_class: &format!("IPM.SkypeTeams.Message.Copilot.{}", row.app),
            locale: row.locale,
            reply_ms: told.reply_ms,
        });
    }
    (details.usages(), background)
}

/// All groups, each by itself, from all rows at once.
fn at_once(rows: &[Row]) -> Vec<Usage> {
    let mut groups: BTreeMap<(Kind, i64, Option<i64>), Vec<&Row>> = BTreeMap::new();
    for row in rows {
        let Some(prints) = row.told.map(|told| told.prints) else {
            continue;
        };
        let ends = prints.head.zip(prints.tail);
        let keys = [
            prints.text.map(|it| (Kind::Text, it, None)),
            prints.template.map(|it| (Kind::Template, it, None)),
            ends.map(|(head, tail)| (Kind::Ends, head, Some(tail))),
            prints.head.map(|it| (Kind::Head, it, None)),
            prints.tail.map(|it| (Kind::Tail, it, None)),
        ];
        for key in keys.into_iter().flatten() {
            groups.entry(key).or_default().push(row);
        }
    }
    let usages = groups
        .into_iter()
        .filter(|(_, group)| {
            let uses = names(group, |row| row.user);
            uses.len() >= 3 || uses.iter().any(|(_, uses)| *uses >= 5)
        })
        .map(|((kind, fingerprint, tail), group)| usage(rows, kind, fingerprint, tail, &group));
    usages.collect()
}

fn names<T: Ord>(group: &[&Row], of: impl Fn(&Row) -> T) -> Vec<(T, i64)> {
    let mut counts: BTreeMap<T, i64> = BTreeMap::new();
    for row in group {
        *counts.entry(of(row)).or_default() += 1;
    }
    let mut counts: Vec<(T, i64)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| -count);
    counts
}

fn usage(rows: &[Row], kind: Kind, fingerprint: i64, tail: Option<i64>, group: &[&Row]) -> Usage {
    let told = |row: &Row| row.told.unwrap();
    let count = |is: &dyn Fn(&Row) -> bool| group.iter().filter(|row| is(row)).count() as i64;
    let of_user = |user: i64| rows.iter().filter(move |row| row.user == user);
    let opens = |row: &Row| {
        let key = row.conversation_key();
        of_user(row.user)
            .find(|it| it.conversation_key() == key)
            .unwrap()
            .place
            == row.place
    };
    let beside = |row: &Row, place: Option<usize>| {
        let other = place.and_then(|place| rows.get(place));
        other.is_some_and(|other| {
            other.user == row.user
                && other.conversation_key() != row.conversation_key()
                && (other.at_us - row.at_us).abs() <= 5 * US
        })
    };
    let bursts =
        |row: &Row| beside(row, row.place.checked_sub(1)) || beside(row, Some(row.place + 1));
    let is_beat = |row: &Row| {
        let before = group
            .iter()
            .rfind(|it| it.user == row.user && it.place < row.place);
        before.is_some_and(|before| {
            let seconds = (row.at_us - before.at_us) as f64 / 1e6;
            let hours = (seconds / 3_600.0).round();
            hours >= 1.0 && (seconds - hours * 3_600.0).abs() <= 3.0
        })
    };
    let uses = group.len() as f64;
    let words = |row: &&Row| f64::from(told(row).words);
    let words_mean = group.iter().map(words).sum::<f64>() / uses;
    let squares: f64 = group
        .iter()
        .map(|row| (words(row) - words_mean).powi(2))
        .sum();
    let mut replies: Vec<i32> = group.iter().filter_map(|row| told(row).reply_ms).collect();
    replies.sort_unstable();
    let percentile = |part: f64| match replies.len() {
        0 => 0.0,
        all => f64::from(replies[((all - 1) as f64 * part).round() as usize]) / 1_000.0,
    };
    let styles = names(group, |row| told(row).style);
    let mut nth: HashMap<i64, usize> = HashMap::new();
    let mut examples: Vec<(usize, String, &Row)> = Vec::new();
    for row in group {
        let nth = nth.entry(row.user).or_default();
        examples.push((*nth, row.user_id(), row));
        *nth += 1;
    }
    examples.sort_by_key(|(nth, user_id, _)| (*nth, user_id.clone()));
    Usage {
        kind,
        fingerprint,
        tail,
        users: names(group, |row| row.user).len() as i64,
        uses: group.len() as i64,
        texts: names(group, |row| told(row).prints.text).len() as i64,
        days: names(group, |row| told(row).day).len() as i64,
        styles: styles.len() as i64,
        top_style: styles[0].0,
        top_style_uses: styles[0].1,
        words_mean,
        words_deviation: (squares / uses).sqrt(),
        chars_mean: group
            .iter()
            .map(|row| f64::from(told(row).chars))
            .sum::<f64>()
            / uses,
        openings: count(&opens),
        bursts: count(&bursts),
        beats: count(&is_beat),
        replies: replies.len() as i64,
        reply_seconds_p10: percentile(0.1),
        reply_seconds_p50: percentile(0.5),
        reply_seconds_p90: percentile(0.9),
        apps: names(group, |row| row.app.to_owned()),
        locales: names(group, |row| row.locale.unwrap_or_default().to_owned()),
        examples: examples
            .into_iter()
            .take(3)
            .map(|(_, user_id, row)| Example {
                user_id,
                session_id: row.session_id(),
                interaction_id: row.prompt_id(),
                text: None,
            })
            .collect(),
    }
}

/// Sums of fractions differ in the last digit by their order; and where replies are not a machine's,
/// nobody asks how far apart exactly they are.
fn comparable(usage: &Usage, thresholds: &Thresholds) -> Usage {
    let rounded = |number: f64| (number * 1e9).round() / 1e9;
    let mut usage = Usage {
        words_deviation: rounded(usage.words_deviation),
        ..usage.clone()
    };
    let spread = usage.reply_seconds_p90 - usage.reply_seconds_p10;
    let tells = usage.users >= 2
        && usage.replies >= thresholds.timed_uses_min
        && spread <= thresholds.reply_spread_seconds_max;
    if !tells {
        usage.reply_seconds_p10 = 0.0;
        usage.reply_seconds_p50 = 0.0;
        usage.reply_seconds_p90 = 0.0;
    }
    usage
}

fn found(usages: &[Usage], background: Background, thresholds: &Thresholds) -> Vec<Candidate> {
    suggest(usages, background, thresholds)
}

/// In so small a world, less evidence has to do.
fn eager() -> Thresholds {
    Thresholds {
        users_of_template_min: 4,
        users_of_ends_min: 4,
        style_share_min: 0.8,
        opening_share_min: 0.05,
        timed_share_min: 0.15,
        ..Thresholds::default()
    }
}

#[test]
fn three_passes_suggest_what_all_rows_at_once_do() {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[8; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut kinds = BTreeSet::new();
    let (mut suggested, mut left_out) = (0, 0);
    for round in 0..80 {
        let rows = rows().new_tree(&mut runner).unwrap().current();
        let thresholds = if round % 4 == 0 {
            Thresholds::default()
        } else {
            eager()
        };
        let (some, background) = counted(&rows, thresholds);
        let all = at_once(&rows);

        let users: BTreeSet<i64> = rows
            .iter()
            .filter(|row| row.has_prompt)
            .map(|row| row.user)
            .collect();
        assert_eq!(background.users, users.len() as i64);
        assert_eq!(
            background.uses,
            rows.iter().filter(|row| row.has_prompt).count() as i64
        );

        for usage in &some {
            let group = (usage.kind, usage.fingerprint, usage.tail);
            let true_usage = all
                .iter()
                .find(|it| (it.kind, it.fingerprint, it.tail) == group);
            let true_usage = true_usage.unwrap();
            assert_eq!(
                comparable(usage, &thresholds),
                comparable(true_usage, &thresholds)
            );
        }
        let from_some = found(&some, background, &thresholds);
        let from_all = found(&all, background, &thresholds);
        assert_eq!(
            to_toml(&from_some, &some, "2026-08-01"),
            to_toml(&from_all, &all, "2026-08-01")
        );
        let weights = |found: &[Candidate]| -> Vec<String> {
            found.iter().map(|it| format!("{:.9}", it.weight)).collect()
        };
        assert_eq!(weights(&from_some), weights(&from_all));
        suggested += from_some.len();
        left_out += all.len() - some.len();
        kinds.extend(from_some.iter().map(|it| some[it.usage].kind));
    }
    assert!(
        suggested > 100 && left_out > 100,
        "{suggested} suggested, {left_out} left out"
    );
    let seen: Vec<Kind> = kinds.into_iter().collect();
    assert!(
        seen.contains(&Kind::Text) && seen.contains(&Kind::Template),
        "{seen:?}"
    );
    assert!(
        seen.contains(&Kind::Ends) || seen.contains(&Kind::Head),
        "{seen:?}"
    );
}

#[test]
fn an_empty_lake_suggests_nothing() {
    let (usages, background) = counted(&[], Thresholds::default());
    assert!(usages.is_empty());
    assert_eq!(background, Background { users: 0, uses: 0 });
}
