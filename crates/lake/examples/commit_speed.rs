//! What a commit costs, each part beside the least that it could take, in one run.
//!
//! `cargo build --release --workspace --example commit_speed`, then `commit_speed ROWS ROUNDS`. Not among the benches of
//! criterion, which would build the engine a second time: CONTRIBUTING.md says why.
#![allow(
    missing_docs,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measuring program"
)]

#[path = "../tests/it/fixture.rs"]
#[allow(dead_code, reason = "tests use more of it")]
mod fixture;

use std::collections::HashMap;
use std::hint::black_box;
use std::time::Instant;

use bytes::Bytes;
use fixture::{Lake, START_MS, files, line, row, rows_of, run};
use hobbs_interaction::Interaction;
use hobbs_lake::arrow::array::RecordBatch;
use hobbs_lake::parquet::arrow::ArrowWriter;
use hobbs_lake::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use hobbs_lake::parquet::basic::{Compression, ZstdLevel};
use hobbs_lake::parquet::file::properties::WriterProperties;

/// Rows of a user: ten sessions of ten.
const ROWS_OF_A_USER: u32 = 100;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse().unwrap());
    let (rows, rounds) = (
        arguments.next().unwrap_or(10_000),
        arguments.next().unwrap_or(10),
    );
    let rows: Vec<Interaction<'static>> = (0..rows).map(drawn).collect();

    let mut committed_s = f64::INFINITY;
    for _ in 0..rounds {
        let lake = Lake::new();
        let mut writer = lake.writer().await;
        let lines = vec![line("ann", 0, START_MS)];
        let start = Instant::now();
        let kept = {
            let rows = rows_of(&rows);
            writer.commit(&run(), START_MS, rows, lines).await.unwrap()
        };
        committed_s = committed_s.min(start.elapsed().as_secs_f64());
        assert_eq!(kept.new, rows.len() as u64);
    }

    let lake = Lake::new();
    lake.commit(&rows).await;
    let batches = written(&lake);
    let mut writer = lake.writer().await;
    let mut known_s = f64::INFINITY;
    for _ in 0..rounds {
        let start = Instant::now();
        let kept = writer
            .commit(&run(), START_MS, rows_of(&rows), vec![])
            .await;
        known_s = known_s.min(start.elapsed().as_secs_f64());
        assert_eq!(kept.unwrap().known, rows.len() as u64);
    }

    let parquet_s = best(rounds, || as_parquet(&batches));
    let map_s = best(rounds, || looked_up(&rows));
    tell("rows to a commit", committed_s, parquet_s, rows.len());
    tell(
        "floor: Parquet of the same rows",
        parquet_s,
        parquet_s,
        rows.len(),
    );
    tell("rows that are known", known_s, map_s, rows.len());
    tell("floor: a map of the same keys", map_s, map_s, rows.len());
}

fn drawn(at: u32) -> Interaction<'static> {
    let (user, session) = (at / ROWS_OF_A_USER, at % ROWS_OF_A_USER / 10);
    row(
        &format!("user-{user}"),
        Some(&format!("session-{user}-{session}")),
        at,
        1,
    )
}

/// What the lake has written of them.
fn written(lake: &Lake) -> Vec<RecordBatch> {
    let file = files(&lake.path().join("interactions"))
        .into_iter()
        .find(|path| path.extension().is_some_and(|it| it == "parquet"));
    let bytes = Bytes::from(std::fs::read(file.unwrap()).unwrap());
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap();
    reader.build().unwrap().map(Result::unwrap).collect()
}

fn as_parquet(batches: &[RecordBatch]) -> usize {
    let compression = Compression::ZSTD(ZstdLevel::default());
    let properties = WriterProperties::builder().set_compression(compression);
    let mut file = Vec::new();
    let mut writer =
        ArrowWriter::try_new(&mut file, batches[0].schema(), Some(properties.build())).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
    }
    writer.close().unwrap();
    file.len()
}

/// The keys into a map, and each of them looked up once.
fn looked_up(rows: &[Interaction<'_>]) -> usize {
    let keys = || {
        rows.iter()
            .map(|row| (&row.user_id, &row.session_id, &row.interaction_id))
    };
    let known: HashMap<_, _> = keys().zip(rows.iter().map(|row| &row.etag)).collect();
    keys().filter(|key| known.contains_key(key)).count()
}

fn best<T>(rounds: u32, mut work: impl FnMut() -> T) -> f64 {
    let took = |_| {
        let start = Instant::now();
        black_box(work());
        start.elapsed().as_secs_f64()
    };
    (0..rounds).map(took).fold(f64::INFINITY, f64::min)
}

fn tell(name: &str, seconds: f64, floor_s: f64, rows: usize) {
    let us = seconds * 1e6 / rows as f64;
    println!(
        "{name:<36} {us:>8.3} µs/row {:>8.2} times the floor",
        seconds / floor_s
    );
}
