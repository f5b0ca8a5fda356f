//! What the lake counts for `suggest`.

use std::collections::{BTreeMap, HashMap, HashSet};

use hobbs_interaction::{Interaction, app, style};
use hobbs_verdict::suggest::{Background, Example, Kind, Usage};

use crate::corpus::{Judged, Rows};

/// Thread, and outside of sessions the moment.
type Conversation = (usize, i64);

struct Use<'r> {
    judged: &'r Judged,
    row: &'r Interaction<'static>,
    bursts: bool,
}

pub fn usages(rows: &Rows, judged: &[Judged]) -> (Vec<Usage>, Background) {
    // Beginnings of each user, with their conversation.
    let mut begun: HashMap<usize, Vec<(i64, Conversation)>> = HashMap::new();
    for it in judged {
        // Outside of sessions each exchange is a conversation.
        let is_lone = rows.users[it.user].threads[it.thread].0.is_none();
        let conversation = (it.thread, if is_lone { it.started_at_us } else { 0 });
        begun
            .entry(it.user)
            .or_default()
            .push((it.started_at_us, conversation));
    }
    for times in begun.values_mut() {
        times.sort_unstable();
    }
    let mut groups: BTreeMap<(Kind, i64, Option<i64>), Vec<Use<'_>>> = BTreeMap::new();
    let mut background = (HashSet::new(), 0);
    for it in judged {
        let Some(prompt) = it.prompt else { continue };
        background.0.insert(it.user);
        background.1 += 1;
        if it.rule != "typed.by-default" {
            continue;
        }
        let (session, thread) = &rows.users[it.user].threads[it.thread];
        let conversation = (
            it.thread,
            if session.is_none() {
                it.started_at_us
            } else {
                0
            },
        );
        let times = &begun[&it.user];
        let from = times.partition_point(|(at, _)| *at < it.started_at_us - 5_000_000);
        let near = times[from..]
            .iter()
            .take_while(|(at, _)| *at <= it.started_at_us + 5_000_000);
        let bursts = near.into_iter().any(|(_, other)| *other != conversation);
        let row = &thread[prompt];
        let ends = row.text_head.zip(row.text_tail);
        let keys = [
            row.text_fingerprint.map(|it| (Kind::Text, it, None)),
            row.text_template.map(|it| (Kind::Template, it, None)),
            ends.map(|(head, tail)| (Kind::Ends, head, Some(tail))),
            row.text_head.map(|it| (Kind::Head, it, None)),
            row.text_tail.map(|it| (Kind::Tail, it, None)),
        ];
        for key in keys.into_iter().flatten() {
            groups.entry(key).or_default().push(Use {
                judged: it,
                row,
                bursts,
            });
        }
    }
    let usages = groups.into_iter().filter(|(_, group)| group.len() >= 3);
    let usages = usages.map(|((kind, fingerprint, tail), mut group)| {
        group.sort_by_key(|it| (it.judged.user, it.judged.started_at_us));
        usage(kind, fingerprint, tail, &group)
    });
    let background = Background {
        users: background.0.len() as i64,
        uses: background.1,
    };
    (usages.collect(), background)
}

fn usage(kind: Kind, fingerprint: i64, tail: Option<i64>, group: &[Use<'_>]) -> Usage {
    let count = group.len() as f64;
    let distinct =
        |of: &dyn Fn(&Use<'_>) -> i64| group.iter().map(of).collect::<HashSet<i64>>().len() as i64;
    let mean = |of: &dyn Fn(&Use<'_>) -> f64| group.iter().map(of).sum::<f64>() / count;
    let words = |it: &Use<'_>| f64::from(it.row.content_words);
    let words_mean = mean(&words);
    let mut styles: BTreeMap<i32, i64> = BTreeMap::new();
    let mut apps: BTreeMap<String, i64> = BTreeMap::new();
    for it in group {
        *styles
            .entry(it.row.text_style.unwrap_or_default() & style::FRAME)
            .or_default() += 1;
        *apps
            .entry(app::after_prefix(&it.row.app_class).to_owned())
            .or_default() += 1;
    }
    let (top_style, top_style_uses) = styles
        .iter()
        .max_by_key(|(_, uses)| **uses)
        .map(|(style, uses)| (*style, *uses))
        .unwrap();
    let mut apps: Vec<(String, i64)> = apps.into_iter().collect();
    apps.sort_by_key(|(_, uses)| -uses);
    apps.truncate(5);
    let mut replies: Vec<f64> = group
        .iter()
        .filter_map(|it| it.judged.reply_seconds)
        .collect();
    replies.sort_by(f64::total_cmp);
    let percentile = |part: f64| match replies.len() {
        0 => 0.0,
        count => replies[((count - 1) as f64 * part).round() as usize],
    };
    Usage {
        kind,
        fingerprint,
        tail,
        users: distinct(&|it| it.judged.user as i64),
        uses: group.len() as i64,
        texts: distinct(&|it| it.row.text_fingerprint.unwrap_or_default()),
        days: distinct(&|it| i64::from(it.judged.day)),
        styles: styles.len() as i64,
        top_style,
        top_style_uses,
        words_mean,
        words_deviation: mean(&|it| (words(it) - words_mean).powi(2)).sqrt(),
        chars_mean: mean(&|it| f64::from(it.row.content_chars)),
        openings: group.iter().filter(|it| it.judged.opens).count() as i64,
        bursts: group.iter().filter(|it| it.bursts).count() as i64,
        beats: beats(group),
        replies: replies.len() as i64,
        reply_seconds_p10: percentile(0.1),
        reply_seconds_p50: percentile(0.5),
        reply_seconds_p90: percentile(0.9),
        apps,
        locales: Vec::new(),
        examples: group
            .iter()
            .take(3)
            .map(|it| Example {
                user_id: it.row.user_id.to_string(),
                session_id: it.row.session_id.as_deref().map(str::to_owned),
                interaction_id: it.row.interaction_id.to_string(),
                text: None,
            })
            .collect(),
    }
}

fn beats(group: &[Use<'_>]) -> i64 {
    let of_one_user = group.chunk_by(|one, other| one.judged.user == other.judged.user);
    let beats = of_one_user.map(|uses| {
        uses.windows(2)
            .filter(|two| {
                let seconds =
                    (two[1].judged.started_at_us - two[0].judged.started_at_us) as f64 / 1e6;
                let hours = (seconds / 3_600.0).round();
                hours >= 1.0 && (seconds - hours * 3_600.0).abs() <= 3.0
            })
            .count() as i64
    });
    beats.sum()
}
