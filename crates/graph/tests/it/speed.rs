//! One heavy user is read many times faster than page by page, and it costs few requests more.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use hobbs_graph::{AppFilter, Limits, Window};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::time::Instant;

use crate::script::*;

const DAY_MS: i64 = 86_400_000;

/// `rows` distinct moments, in hours at which people work: 8 to 18, Monday to Friday, in sessions.
fn working_hours(rows: usize, days: i64, seed: u64) -> Vec<i64> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut moments = std::collections::BTreeSet::new();
    while moments.len() < rows {
        let day = random.random_range(0..days);
        let start_ms = NOW_MS - (day + 1) * DAY_MS;
        let weekday = (start_ms / DAY_MS + 3).rem_euclid(7); // 0 is Monday
        if weekday >= 5 && random.random_range(0..20) > 0 {
            continue;
        }
        let mut moment_ms = start_ms + random.random_range(8 * 3_600_000..18 * 3_600_000);
        for _ in 0..random.random_range(2..12) {
            moments.insert(moment_ms);
            moment_ms += random.random_range(1_000..90_000);
        }
    }
    moments.into_iter().rev().take(rows).collect()
}

fn uniform(rows: usize, days: i64, seed: u64) -> Vec<i64> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut moments = std::collections::BTreeSet::new();
    while moments.len() < rows {
        moments.insert(NOW_MS - random.random_range(1..days * DAY_MS));
    }
    moments.into_iter().collect()
}

struct Measured {
    speedup: f64,
    cost: f64,
    windows: u32,
}

async fn measure(moments: Vec<i64>, window: Window, limits: Limits) -> Measured {
    let rows = moments.len();
    let least = rows.div_ceil(100);
    let server = HistoryServer::new(moments.clone(), 500);
    let transport = script(move |request| {
        let server = Arc::clone(&server);
        async move { server.serve(request).await }
    });
    let client = builder(transport.clone()).limits(limits).build().unwrap();
    let began = Instant::now();
    let history = client
        .read_history("u", window, &AppFilter::all(), |item| item.created_at_ms)
        .await;
    let took = began.elapsed().as_secs_f64();
    history.result.unwrap();
    let mut read = history.items;
    read.sort_unstable();
    let mut truth = moments;
    truth.sort_unstable();
    assert_eq!(read, truth);
    let requests = transport.requests.load(SeqCst);
    assert_eq!(u64::from(history.requests), requests);
    Measured {
        speedup: least as f64 * 0.5 / took,
        cost: requests as f64 / least as f64,
        windows: history.windows,
    }
}

/// Measures histories of many lengths and rhythms in windows with and without a beginning.
async fn measure_all(limits: Limits) -> Vec<(String, Measured)> {
    let windows = [
        ("90 days", Window::between(NOW_MS - 90 * DAY_MS, NOW_MS)),
        ("a year", Window::between(NOW_MS - 365 * DAY_MS, NOW_MS)),
        ("all", Window::until(NOW_MS)),
    ];
    let mut measured = Vec::new();
    for (name, window) in windows {
        for days in [30, 60, 90, 180, 330] {
            let is_inside = window
                .from_ms
                .is_none_or(|from_ms| from_ms <= NOW_MS - days * DAY_MS);
            for seed in (0..2).filter(|_| is_inside) {
                for (kind, moments) in [
                    ("working hours", working_hours(5_000, days, seed)),
                    ("uniform", uniform(5_000, days, seed)),
                ] {
                    let what = format!("{name}, history of {days} days, {kind}, seed {seed}");
                    measured.push((what, measure(moments, window, limits).await));
                }
            }
        }
    }
    measured
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let values: Vec<f64> = values.collect();
    values.iter().sum::<f64>() / values.len() as f64
}

/// 50 pages at half a second each: 25 s one after the other. At 25 requests a second no more than about 8 times
/// is possible; the pace, not the cutting, decides.
#[tokio::test(start_paused = true)]
async fn five_thousand_rows_at_half_a_second_a_page() {
    let measured = measure_all(Limits::default()).await;
    let mut list = String::new();
    for (what, m) in &measured {
        list.push_str(&format!(
            "{:.1} times, requests {:.2}, {} windows: {what}\n",
            m.speedup, m.cost, m.windows
        ));
    }
    let speedup = mean(measured.iter().map(|(_, m)| m.speedup));
    let cost = mean(measured.iter().map(|(_, m)| m.cost));
    assert!(
        speedup > 7.7 && cost < 1.32,
        "on average {speedup:.2} times, requests {cost:.2}\n{list}"
    );
    assert!(
        measured
            .iter()
            .all(|(_, m)| m.speedup > 6.0 && m.cost < 1.5),
        "{list}"
    );
}

#[tokio::test(start_paused = true)]
async fn the_same_without_a_limit() {
    let no_limits = Limits {
        burst_per_second: 2_000.0,
        sustained_per_second: 2_000.0,
        in_flight_max: 128,
    };
    let measured = measure_all(no_limits).await;
    let speedup = mean(measured.iter().map(|(_, m)| m.speedup));
    assert!(speedup > 8.3, "on average {speedup:.2} times");
}
