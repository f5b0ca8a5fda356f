//! `hobbs rules suggest`: what the lake knows of how often, by whom and in what rhythm a text, a
//! template or its ends are used, for [`hobbs_verdict::suggest`] to judge.

use std::collections::HashMap;

use anyhow::Result;
use hobbs_lake::Reader;
use hobbs_report::scope::text_literal;
use hobbs_verdict::suggest::{Background, Example, Kind, Usage};
use jiff::civil::Date;
use serde::de::DeserializeOwned;
use serde_json::Value;

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
    WHERE day >= {since}
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

/// The numbers of each pattern.
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
       sum(opening) AS openings, sum(burst) AS bursts, sum(beat) AS beats, count(reply_ms) AS replies,
       coalesce(approx_percentile_cont(0.1) WITHIN GROUP (ORDER BY reply_ms), 0) AS reply_ms_p10,
       coalesce(approx_percentile_cont(0.5) WITHIN GROUP (ORDER BY reply_ms), 0) AS reply_ms_p50,
       coalesce(approx_percentile_cont(0.9) WITHIN GROUP (ORDER BY reply_ms), 0) AS reply_ms_p90
FROM beats GROUP BY fingerprint, tail ORDER BY fingerprint, tail";

/// How often each pattern was used in which app, with which locale, written how.
const SHARES: &str = "
SELECT fingerprint, tail, app_class, coalesce(locale, '') AS locale, coalesce(style, 0) AS style, count(*) AS uses
FROM found GROUP BY fingerprint, tail, app_class, locale, style ORDER BY uses DESC, app_class, locale, style";

/// Three uses of each pattern, by different users where there are.
const EXAMPLES: &str = "
SELECT fingerprint, tail, user_id, session_id, prompt_id FROM (
    SELECT fingerprint, tail, user_id, session_id, prompt_id,
           row_number() OVER (PARTITION BY fingerprint, tail ORDER BY nth, user_id) AS place
    FROM (SELECT *, row_number() OVER (PARTITION BY fingerprint, tail, user_key ORDER BY started_at, prompt_id) AS nth FROM found) AS numbered
) AS placed WHERE place <= 3 ORDER BY fingerprint, tail, place";

/// Columns of a kind of pattern: its fingerprint, its tail, and a condition on the tail.
fn columns(kind: Kind) -> (&'static str, &'static str, &'static str) {
    match kind {
        Kind::Text => ("prompt_fingerprint", "NULL", "TRUE"),
        Kind::Template => ("prompt_template", "NULL", "TRUE"),
        Kind::Ends => ("prompt_head", "prompt_tail", "prompt_tail IS NOT NULL"),
        Kind::Head => ("prompt_head", "NULL", "TRUE"),
        Kind::Tail => ("prompt_tail", "NULL", "TRUE"),
    }
}

fn prompts(kind: Kind, since: Date) -> String {
    let (fingerprint, tail, tail_known) = columns(kind);
    let tail = if tail == "NULL" {
        "CAST(NULL AS BIGINT)"
    } else {
        tail
    };
    PROMPTS
        .replace("{since}", &format!("DATE '{since}'"))
        .replace("{fingerprint}", fingerprint)
        .replace("{tail_known}", tail_known)
        .replace("{tail}", tail)
}

#[derive(serde::Deserialize)]
struct NumbersRow {
    fingerprint: i64,
    tail: i64,
    users: i64,
    uses: i64,
    texts: i64,
    days: i64,
    styles: i64,
    words_mean: f64,
    words_deviation: f64,
    chars_mean: f64,
    openings: i64,
    bursts: i64,
    beats: i64,
    replies: i64,
    reply_ms_p10: f64,
    reply_ms_p50: f64,
    reply_ms_p90: f64,
}

#[derive(serde::Deserialize)]
struct ShareRow {
    fingerprint: i64,
    tail: i64,
    app_class: String,
    locale: String,
    style: i32,
    uses: i64,
}

#[derive(serde::Deserialize)]
struct ExampleRow {
    fingerprint: i64,
    tail: i64,
    user_id: String,
    session_id: Option<String>,
    prompt_id: String,
}

/// How each pattern is used that several people, or one person often, have used since a day.
pub async fn usages(reader: &Reader, since: Date) -> Result<Vec<Usage>> {
    let mut usages = Vec::new();
    for kind in [
        Kind::Text,
        Kind::Template,
        Kind::Ends,
        Kind::Head,
        Kind::Tail,
    ] {
        let prompts = prompts(kind, since);
        let numbers: Vec<NumbersRow> = select(reader, &format!("{prompts}{NUMBERS}")).await?;
        let shares: Vec<ShareRow> = select(reader, &format!("{prompts}{SHARES}")).await?;
        let examples: Vec<ExampleRow> = select(reader, &format!("{prompts}{EXAMPLES}")).await?;
        let mut shares = by_pattern(shares, |row| (row.fingerprint, row.tail));
        let mut examples = by_pattern(examples, |row| (row.fingerprint, row.tail));
        for row in numbers {
            let pattern = (row.fingerprint, row.tail);
            let shares = shares.remove(&pattern).unwrap_or_default();
            let examples = examples.remove(&pattern).unwrap_or_default();
            usages.push(usage(kind, row, &shares, examples));
        }
    }
    Ok(usages)
}

fn usage(kind: Kind, row: NumbersRow, shares: &[ShareRow], examples: Vec<ExampleRow>) -> Usage {
    let styles = most_frequent(shares, |share| share.style);
    let top_style = styles.first().copied().unwrap_or_default();
    let app = |share: &ShareRow| {
        let class = share.app_class.as_str();
        class
            .strip_prefix("IPM.SkypeTeams.Message.Copilot.")
            .unwrap_or(class)
            .to_owned()
    };
    let mut apps = most_frequent(shares, app);
    let mut locales = most_frequent(shares, |share| share.locale.clone());
    apps.truncate(5);
    locales.truncate(5);
    let example = |row: ExampleRow| Example {
        user_id: row.user_id,
        session_id: row.session_id,
        interaction_id: row.prompt_id,
        text: None,
    };
    Usage {
        kind,
        fingerprint: row.fingerprint,
        tail: (kind == Kind::Ends).then_some(row.tail),
        users: row.users,
        uses: row.uses,
        texts: row.texts,
        days: row.days,
        styles: row.styles,
        top_style: top_style.0,
        top_style_uses: top_style.1,
        words_mean: row.words_mean,
        words_deviation: row.words_deviation,
        chars_mean: row.chars_mean,
        openings: row.openings,
        bursts: row.bursts,
        beats: row.beats,
        replies: row.replies,
        reply_seconds_p10: row.reply_ms_p10 / 1000.0,
        reply_seconds_p50: row.reply_ms_p50 / 1000.0,
        reply_seconds_p90: row.reply_ms_p90 / 1000.0,
        apps,
        locales,
        examples: examples.into_iter().map(example).collect(),
    }
}

fn most_frequent<T: Clone + Eq + std::hash::Hash + Ord>(
    shares: &[ShareRow],
    of: impl Fn(&ShareRow) -> T,
) -> Vec<(T, i64)> {
    let mut uses: HashMap<T, i64> = HashMap::new();
    for share in shares {
        *uses.entry(of(share)).or_default() += share.uses;
    }
    let mut uses: Vec<(T, i64)> = uses.into_iter().collect();
    uses.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    uses
}

fn by_pattern<T>(rows: Vec<T>, pattern: impl Fn(&T) -> (i64, i64)) -> HashMap<(i64, i64), Vec<T>> {
    let mut found: HashMap<(i64, i64), Vec<T>> = HashMap::new();
    for row in rows {
        found.entry(pattern(&row)).or_default().push(row);
    }
    found
}

/// All prompts since a day, and who sent them.
pub async fn background(reader: &Reader, since: Date) -> Result<Background> {
    #[derive(serde::Deserialize)]
    struct Row {
        users: i64,
        uses: i64,
    }
    let sql = format!(
        "SELECT count(DISTINCT user_key) AS users, count(*) AS uses FROM exchanges WHERE prompt_id IS NOT NULL AND day >= DATE '{since}'"
    );
    let rows: Vec<Row> = select(reader, &sql).await?;
    let row = rows.first();
    Ok(Background {
        users: row.map_or(0, |row| row.users),
        uses: row.map_or(0, |row| row.uses),
    })
}

/// Fills in the texts of examples, as far as the lake keeps them whole.
pub async fn texts(reader: &Reader, examples: &mut [Example]) -> Result<()> {
    #[derive(serde::Deserialize)]
    struct Row {
        content: Option<String>,
    }
    for example in examples {
        let session = match &example.session_id {
            Some(session) => format!("session_id = {}", text_literal(session)),
            None => "session_id IS NULL".to_owned(),
        };
        let sql = format!(
            "SELECT content FROM interactions WHERE user_id = {} AND interaction_id = {} AND {session} \
             AND character_length(content) = content_chars LIMIT 1",
            text_literal(&example.user_id),
            text_literal(&example.interaction_id),
        );
        let rows: Vec<Row> = select(reader, &sql).await?;
        example.text = rows.into_iter().next().and_then(|row| row.content);
    }
    Ok(())
}

async fn select<T: DeserializeOwned>(reader: &Reader, sql: &str) -> Result<Vec<T>> {
    let rows = reader.select(sql).await?;
    let rows = rows
        .into_iter()
        .map(|row| serde_json::from_value(Value::Object(row)));
    Ok(rows.collect::<Result<_, _>>()?)
}
