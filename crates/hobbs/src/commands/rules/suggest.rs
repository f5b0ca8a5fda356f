//! `hobbs rules suggest`: the lake's exchanges, passed thrice to [`hobbs_verdict::suggest::count`].
//! No more of them than a batch is ever in memory; the one pass that has an order sorts numbers
//! alone, and spills what does not fit.

use std::collections::HashMap;

use anyhow::Result;
use futures::TryStreamExt;
use hobbs_lake::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int32Array, Int64Array, RecordBatch, StringArray,
};
use hobbs_lake::arrow::compute::cast;
use hobbs_lake::arrow::datatypes::{DataType, Int32Type, Int64Type};
use hobbs_lake::arrow::error::ArrowError;
use hobbs_lake::{Reader, SendableRecordBatchStream};
use hobbs_report::scope::text_literal;
use hobbs_verdict::suggest::count::{Beginning, Frequencies, Prints, Told, Use};
use hobbs_verdict::suggest::{Background, Example, Thresholds, Usage};
use jiff::civil::Date;
use serde_json::Value;

/// A prompt that no accepted rule explains.
const UNEXPLAINED: &str = "prompt_id IS NOT NULL AND verdict IN ('typed', 'unknown')";
/// In the order of [`Prints`].
const PRINTS: &str = "prompt_fingerprint, prompt_template, prompt_head, prompt_tail";
/// Prompts whose texts are asked for at once.
const TEXTS_AT_ONCE: usize = 20_000;

/// How the groups of prompts since a day are used that can be found, and of what they are a part.
pub async fn usages(
    reader: &Reader,
    since: Date,
    thresholds: Thresholds,
) -> Result<(Vec<Usage>, Background)> {
    let since = format!("day >= DATE '{since}'");

    let sql =
        format!("SELECT count(*) AS n FROM exchanges WHERE prompt_id IS NOT NULL AND {since}");
    let prompts = count(reader, &sql).await?;

    let mut frequencies = Frequencies::for_prompts(prompts);
    let sql = format!(
        "SELECT user_key, {UNEXPLAINED} AS unexplained, {PRINTS} FROM exchanges \
         WHERE prompt_id IS NOT NULL AND {since}"
    );
    let batches = reader.rows(&sql).await?;
    each(batches, |batch| add_prompts(&mut frequencies, batch)).await?;
    let background = frequencies.background();

    let mut rhythms = frequencies.rhythms(thresholds);
    let sql = format!(
        "SELECT user_key, conversation_key, CAST(started_at AS BIGINT) AS at_us, \
         {UNEXPLAINED} AS unexplained, {PRINTS}, coalesce(prompt_style & 127, 0) AS style, \
         prompt_words, prompt_chars, day_number, reply_ms \
         FROM exchanges WHERE {since} ORDER BY user_key, started_at, first_id"
    );
    let batches = reader.rows(&sql).await?;
    each(batches, |batch| {
        beginnings(batch, |beginning| rhythms.add(beginning))
    })
    .await?;

    let mut details = rhythms.details();
    let sql = format!(
        "SELECT {PRINTS}, user_id, session_id, prompt_id, CAST(started_at AS BIGINT) AS at_us, \
         app_class, locale, reply_ms FROM exchanges WHERE {UNEXPLAINED} AND {since}"
    );
    let batches = reader.rows(&sql).await?;
    each(batches, |batch| uses(batch, |one| details.add(one))).await?;
    Ok((details.usages(), background))
}

async fn count(reader: &Reader, sql: &str) -> Result<u64> {
    let rows = reader.select(sql).await?;
    let count = rows.first().and_then(|row| row.get("n"));
    Ok(count.and_then(Value::as_u64).unwrap_or_default())
}

async fn each(
    mut batches: SendableRecordBatchStream,
    mut take: impl FnMut(&RecordBatch) -> Result<(), ArrowError>,
) -> Result<()> {
    while let Some(batch) = batches.try_next().await? {
        take(&batch)?;
    }
    Ok(())
}

fn add_prompts(frequencies: &mut Frequencies, batch: &RecordBatch) -> Result<(), ArrowError> {
    let user_key = longs(batch, "user_key")?;
    let unexplained = flags(batch, "unexplained")?;
    let prints = PrintColumns::of(batch)?;
    for row in 0..batch.num_rows() {
        let of_row = unexplained.value(row).then(|| prints.at(row));
        frequencies.add(user_key.value(row), of_row);
    }
    Ok(())
}

fn beginnings(batch: &RecordBatch, mut take: impl FnMut(Beginning)) -> Result<(), ArrowError> {
    let (user_key, conversation_key) =
        (longs(batch, "user_key")?, longs(batch, "conversation_key")?);
    let (at_us, day) = (longs(batch, "at_us")?, integers(batch, "day_number")?);
    let unexplained = flags(batch, "unexplained")?;
    let prints = PrintColumns::of(batch)?;
    let (words, chars) = (
        integers(batch, "prompt_words")?,
        integers(batch, "prompt_chars")?,
    );
    let (style, reply_ms) = (integers(batch, "style")?, integers(batch, "reply_ms")?);
    for row in 0..batch.num_rows() {
        let told = || Told {
            prints: prints.at(row),
            style: style.value(row),
            words: words.value(row),
            chars: chars.value(row),
            day: day.value(row),
            reply_ms: reply_ms.is_valid(row).then(|| reply_ms.value(row)),
        };
        take(Beginning {
            user_key: user_key.value(row),
            conversation_key: conversation_key.value(row),
            at_us: at_us.value(row),
            unexplained: unexplained.value(row).then(told),
        });
    }
    Ok(())
}

fn uses(batch: &RecordBatch, mut take: impl FnMut(&Use<'_>)) -> Result<(), ArrowError> {
    let prints = PrintColumns::of(batch)?;
    let (user_id, session_id) = (texts(batch, "user_id")?, texts(batch, "session_id")?);
    let (prompt_id, at_us) = (texts(batch, "prompt_id")?, longs(batch, "at_us")?);
    let (app_class, locale) = (texts(batch, "app_class")?, texts(batch, "locale")?);
    let reply_ms = integers(batch, "reply_ms")?;
    for row in 0..batch.num_rows() {
        take(&Use {
            prints: prints.at(row),
            user_id: user_id.value(row),
            session_id: session_id.is_valid(row).then(|| session_id.value(row)),
            prompt_id: prompt_id.value(row),
            at_us: at_us.value(row),
            app_class: app_class.value(row),
            locale: locale.is_valid(row).then(|| locale.value(row)),
            reply_ms: reply_ms.is_valid(row).then(|| reply_ms.value(row)),
        });
    }
    Ok(())
}

/// The columns of [`PRINTS`].
struct PrintColumns {
    text: Int64Array,
    template: Int64Array,
    head: Int64Array,
    tail: Int64Array,
}

impl PrintColumns {
    fn of(batch: &RecordBatch) -> Result<Self, ArrowError> {
        Ok(PrintColumns {
            text: longs(batch, "prompt_fingerprint")?,
            template: longs(batch, "prompt_template")?,
            head: longs(batch, "prompt_head")?,
            tail: longs(batch, "prompt_tail")?,
        })
    }

    fn at(&self, row: usize) -> Prints {
        let of = |column: &Int64Array| column.is_valid(row).then(|| column.value(row));
        Prints {
            text: of(&self.text),
            template: of(&self.template),
            head: of(&self.head),
            tail: of(&self.tail),
        }
    }
}

fn column(batch: &RecordBatch, name: &str, wanted: &DataType) -> Result<ArrayRef, ArrowError> {
    let found = batch.column_by_name(name);
    let column =
        found.ok_or_else(|| ArrowError::SchemaError(format!("no column {name} in exchanges")))?;
    cast(column, wanted)
}

fn longs(batch: &RecordBatch, name: &str) -> Result<Int64Array, ArrowError> {
    let column = column(batch, name, &DataType::Int64)?;
    Ok(column.as_primitive::<Int64Type>().clone())
}

fn integers(batch: &RecordBatch, name: &str) -> Result<Int32Array, ArrowError> {
    let column = column(batch, name, &DataType::Int32)?;
    Ok(column.as_primitive::<Int32Type>().clone())
}

fn flags(batch: &RecordBatch, name: &str) -> Result<BooleanArray, ArrowError> {
    Ok(column(batch, name, &DataType::Boolean)?
        .as_boolean()
        .clone())
}

/// The engine gives texts as views or plain ones.
fn texts(batch: &RecordBatch, name: &str) -> Result<StringArray, ArrowError> {
    Ok(column(batch, name, &DataType::Utf8)?
        .as_string::<i32>()
        .clone())
}

/// Fills in the texts of examples, as far as the lake keeps them whole.
pub async fn fill_in_texts(reader: &Reader, examples: &mut [&mut Example]) -> Result<()> {
    // Under the content policy "none" this spares a reading of all ids.
    let sql = "SELECT count(content) AS n FROM interactions";
    if count(reader, sql).await? == 0 {
        return Ok(());
    }
    for some in examples.chunks_mut(TEXTS_AT_ONCE) {
        let mut kept: HashMap<Key, Option<String>> =
            some.iter().map(|example| (key(example), None)).collect();
        let ids: Vec<String> = some
            .iter()
            .map(|example| text_literal(&example.interaction_id))
            .collect();
        let sql = format!(
            "SELECT user_id, session_id, interaction_id, content FROM interactions \
             WHERE content IS NOT NULL AND character_length(content) = content_chars \
             AND interaction_id IN ({})",
            ids.join(", ")
        );
        each(reader.rows(&sql).await?, |batch| {
            let (user_id, session_id) = (texts(batch, "user_id")?, texts(batch, "session_id")?);
            let (id, content) = (texts(batch, "interaction_id")?, texts(batch, "content")?);
            for row in 0..batch.num_rows() {
                let session_id = session_id.is_valid(row).then(|| session_id.value(row));
                let key = (
                    user_id.value(row).to_owned(),
                    session_id.map(str::to_owned),
                    id.value(row).to_owned(),
                );
                if let Some(text) = kept.get_mut(&key) {
                    *text = Some(content.value(row).to_owned());
                }
            }
            Ok(())
        })
        .await?;
        for example in some {
            // Several groups may have one example.
            example.text = kept.get(&key(example)).cloned().flatten();
        }
    }
    Ok(())
}

/// User, session and id of an interaction.
type Key = (String, Option<String>, String);

fn key(example: &Example) -> Key {
    (
        example.user_id.clone(),
        example.session_id.clone(),
        example.interaction_id.clone(),
    )
}
