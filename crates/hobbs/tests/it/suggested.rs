//! What `rules suggest` counts in passes, against what the lake says in SQL, group by group.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use hobbs_tenant::{Corpus, Limits, TenantOptions};
use hobbs_verdict::suggest::{Background, Example, Kind, Thresholds, Usage, suggest, to_toml};
use serde_json::Value;

use crate::simulated::{Simulated, json, text};

/// Prompts of exchanges that nothing explains, with what precedes and follows each.
const PROMPTS: &str = "
WITH began AS (
    SELECT *,
           row_number() OVER (PARTITION BY conversation_key ORDER BY started_at, first_id) AS turn,
           lag(started_at) OVER (PARTITION BY user_key ORDER BY started_at, first_id) AS before_at,
           lag(conversation_key) OVER (PARTITION BY user_key ORDER BY started_at, first_id) AS before_key,
           lead(started_at) OVER (PARTITION BY user_key ORDER BY started_at, first_id) AS after_at,
           lead(conversation_key) OVER (PARTITION BY user_key ORDER BY started_at, first_id) AS after_key
    FROM exchanges
),
prompts AS (
    SELECT {fingerprint} AS fingerprint, coalesce({tail}, 0) AS tail, user_key, user_id, session_id, prompt_id, started_at,
           day, app_class, locale, reply_ms, prompt_words, prompt_chars, prompt_fingerprint AS text,
           prompt_style & 127 AS style,
           CASE WHEN turn = 1 THEN 1 ELSE 0 END AS opening,
           CASE WHEN (before_key <> conversation_key AND started_at - before_at <= INTERVAL '5 seconds')
                  OR (after_key <> conversation_key AND after_at - started_at <= INTERVAL '5 seconds')
                THEN 1 ELSE 0 END AS burst
    FROM began
    WHERE prompt_id IS NOT NULL AND verdict IN ('typed', 'unknown') AND {fingerprint} IS NOT NULL AND {tail_known}
),
by_user AS (SELECT fingerprint, tail, user_key, count(*) AS uses FROM prompts GROUP BY fingerprint, tail, user_key),
wanted AS (
    SELECT fingerprint, tail FROM by_user GROUP BY fingerprint, tail HAVING count(*) >= 3 OR max(uses) >= 5
),
found AS (
    SELECT p.* FROM prompts AS p JOIN wanted AS w ON w.fingerprint = p.fingerprint AND w.tail = p.tail
)";

/// The numbers of each group.
const NUMBERS: &str = ",
distances AS (
    SELECT *,
           CAST(date_part('epoch', started_at) AS DOUBLE)
             - lag(CAST(date_part('epoch', started_at) AS DOUBLE)) OVER (PARTITION BY fingerprint, tail, user_key ORDER BY started_at, prompt_id) AS distance
    FROM found
),
beats AS (
    SELECT *,
           CASE WHEN distance >= 3597 AND abs(distance - round(distance / 3600.0) * 3600.0) <= 3 THEN 1 ELSE 0 END AS beat
    FROM distances
)
SELECT fingerprint, tail, count(DISTINCT user_key) AS users, count(*) AS uses, count(DISTINCT text) AS texts,
       count(DISTINCT day) AS days, count(DISTINCT style) AS styles,
       avg(prompt_words) AS words_mean, stddev_pop(prompt_words) AS words_deviation, avg(prompt_chars) AS chars_mean,
       sum(opening) AS openings, sum(burst) AS bursts, sum(beat) AS beats
FROM beats GROUP BY fingerprint, tail ORDER BY fingerprint, tail";

/// Each prompt of each group, by users in turn.
const USES: &str = "
SELECT fingerprint, tail, app_class, coalesce(locale, '') AS locale, coalesce(style, 0) AS style, reply_ms, user_id, session_id, prompt_id
FROM (SELECT *, row_number() OVER (PARTITION BY fingerprint, tail, user_key ORDER BY started_at, prompt_id) AS nth FROM found) AS numbered
ORDER BY fingerprint, tail, nth, user_id";

fn rows(simulated: &Simulated, sql: &str) -> Vec<Value> {
    let output = simulated.hobbs(&["query", sql, "--json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    json(&output).as_array().unwrap().clone()
}

fn number(row: &Value, name: &str) -> i64 {
    row[name].as_i64().unwrap_or_default()
}

fn float(row: &Value, name: &str) -> f64 {
    row[name].as_f64().unwrap_or_default()
}

fn word(row: &Value, name: &str) -> Option<String> {
    row[name].as_str().map(str::to_owned)
}

fn usages(simulated: &Simulated) -> Vec<Usage> {
    let texts = texts(simulated);
    let kinds = [
        (Kind::Text, "prompt_fingerprint", None),
        (Kind::Template, "prompt_template", None),
        (Kind::Ends, "prompt_head", Some("prompt_tail")),
        (Kind::Head, "prompt_head", None),
        (Kind::Tail, "prompt_tail", None),
    ];
    let mut usages = Vec::new();
    for (kind, fingerprint, tail) in kinds {
        let tail_known = tail.map_or("TRUE".to_owned(), |tail| format!("{tail} IS NOT NULL"));
        let prompts = PROMPTS
            .replace("{fingerprint}", fingerprint)
            .replace("{tail_known}", &tail_known)
            .replace("{tail}", tail.unwrap_or("CAST(NULL AS BIGINT)"));
        let mut uses: HashMap<(i64, i64), Vec<Value>> = HashMap::new();
        for row in rows(simulated, &format!("{prompts}{USES}")) {
            let group = (number(&row, "fingerprint"), number(&row, "tail"));
            uses.entry(group).or_default().push(row);
        }
        for row in rows(simulated, &format!("{prompts}{NUMBERS}")) {
            let group = (number(&row, "fingerprint"), number(&row, "tail"));
            usages.push(usage(kind, &row, &uses[&group], &texts));
        }
    }
    usages
}

type Key = (Option<String>, Option<String>, Option<String>);

fn texts(simulated: &Simulated) -> HashMap<Key, String> {
    let sql = "SELECT user_id, session_id, interaction_id, content FROM interactions \
               WHERE kind = 'prompt' AND character_length(content) = content_chars";
    let text = |row: &Value| {
        let key = ["user_id", "session_id", "interaction_id"].map(|name| word(row, name));
        (key.into(), word(row, "content").unwrap())
    };
    rows(simulated, sql).iter().map(text).collect()
}

fn usage(kind: Kind, row: &Value, uses: &[Value], texts: &HashMap<Key, String>) -> Usage {
    let styles = counts(uses, |one| number(one, "style"));
    let app = |one: &Value| {
        let class = word(one, "app_class").unwrap();
        class
            .strip_prefix("IPM.SkypeTeams.Message.Copilot.")
            .unwrap_or(&class)
            .to_owned()
    };
    let mut apps = counts(uses, app);
    let mut locales = counts(uses, |one| word(one, "locale").unwrap());
    apps.truncate(5);
    locales.truncate(5);
    let mut replies: Vec<i64> = uses
        .iter()
        .filter_map(|one| one["reply_ms"].as_i64())
        .collect();
    replies.sort_unstable();
    let percentile = |part: f64| match replies.len() {
        0 => 0.0,
        all => replies[((all - 1) as f64 * part).round() as usize] as f64 / 1_000.0,
    };
    let example = |one: &Value| {
        let key = ["user_id", "session_id", "prompt_id"].map(|name| word(one, name));
        Example {
            user_id: word(one, "user_id").unwrap(),
            session_id: word(one, "session_id"),
            interaction_id: word(one, "prompt_id").unwrap(),
            text: texts.get(&key.into()).cloned(),
        }
    };
    Usage {
        kind,
        fingerprint: number(row, "fingerprint"),
        tail: (kind == Kind::Ends).then(|| number(row, "tail")),
        users: number(row, "users"),
        uses: number(row, "uses"),
        texts: number(row, "texts"),
        days: number(row, "days"),
        styles: number(row, "styles"),
        top_style: styles[0].0 as i32,
        top_style_uses: styles[0].1,
        words_mean: float(row, "words_mean"),
        words_deviation: float(row, "words_deviation"),
        chars_mean: float(row, "chars_mean"),
        openings: number(row, "openings"),
        bursts: number(row, "bursts"),
        beats: number(row, "beats"),
        replies: replies.len() as i64,
        reply_seconds_p10: percentile(0.1),
        reply_seconds_p50: percentile(0.5),
        reply_seconds_p90: percentile(0.9),
        apps,
        locales,
        examples: uses.iter().take(3).map(example).collect(),
    }
}

/// The most frequent first.
fn counts<T: Ord>(uses: &[Value], of: impl Fn(&Value) -> T) -> Vec<(T, i64)> {
    let mut counts: BTreeMap<T, i64> = BTreeMap::new();
    for one in uses {
        *counts.entry(of(one)).or_default() += 1;
    }
    let mut counts: Vec<(T, i64)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| -count);
    counts
}

#[test]
fn passes_suggest_what_the_lake_says_in_sql() {
    let simulated = Simulated::start(
        TenantOptions {
            users: 150,
            days_of_history: 30,
            corpus: Corpus::Tuning,
            limits: Limits::off(),
            ..TenantOptions::seeded(5)
        }
        .everyone_licensed()
        .frozen(),
    );
    let run = |arguments: &[&str]| {
        let output = simulated.hobbs(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        output
    };
    run(&["sync", "--content", "full"]);

    let usages = usages(&simulated);
    let background = "SELECT count(DISTINCT user_key) AS users, count(*) AS uses \
                      FROM exchanges WHERE prompt_id IS NOT NULL";
    let background = &rows(&simulated, background)[0];
    let background = Background {
        users: number(background, "users"),
        uses: number(background, "uses"),
    };
    let expected = suggest(&usages, background, &Thresholds::default());
    assert!(expected.len() > 20, "{} are expected", expected.len());
    let kinds: BTreeSet<Kind> = expected.iter().map(|it| usages[it.usage].kind).collect();
    assert!(kinds.len() >= 2, "only {kinds:?}");

    let found = text(&run(&["rules", "suggest"]).stdout);
    let seen = found.lines().find_map(|line| line.strip_prefix("seen = "));
    let today = seen.unwrap().trim_matches('"');
    assert_eq!(found, to_toml(&expected, &usages, today));
    assert!(found.contains("\n#     "), "some texts are shown");

    let found = json(&run(&["rules", "suggest", "--json"]));
    let ids: Vec<&str> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["rule"]["id"].as_str().unwrap())
        .collect();
    let expected: Vec<&str> = expected.iter().map(|it| &*it.rule.id).collect();
    assert_eq!(ids, expected);
}
