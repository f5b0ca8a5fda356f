//! One heavy user is read many times faster than page by page, and it costs few requests more.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use hobbs_graph::{AppFilter, Window};
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

async fn measure(moments: Vec<i64>, window: Window) -> Measured {
    let rows = moments.len();
    let least = rows.div_ceil(100);
    let server = HistoryServer::new(moments.clone(), 500);
    let transport = script(move |request| {
        let server = Arc::clone(&server);
        async move { server.serve(request).await }
    });
    let mut b = builder(transport.clone());
    if std::env::var_os("FAST").is_some() { b = b.limits(hobbs_graph::Limits { burst_per_second: 2000.0, sustained_per_second: 2000.0, in_flight_max: 128 }); }
    let client = b.build().unwrap();
    let began = Instant::now();
    let history = client.read_history("u", window, &AppFilter::all(), |item| item.created_at_ms).await;
    let took = began.elapsed().as_secs_f64();
    history.result.unwrap();
    let mut read = history.items;
    read.sort_unstable();
    let mut truth = moments;
    truth.sort_unstable();
    assert_eq!(read, truth);
    let requests = transport.requests.load(SeqCst);
    assert_eq!(u64::from(history.requests), requests);
    Measured { speedup: least as f64 * 0.5 / took, cost: requests as f64 / least as f64, windows: history.windows }
}

#[tokio::test(start_paused = true)]
async fn trace() {
    let moments = working_hours(5_000, 180, 0);
    let t0 = Instant::now();
    let server = HistoryServer::new(moments.clone(), 500);
    let transport = script(move |request| {
        let server = Arc::clone(&server);
        let q = parameter(&request, "$filter").unwrap_or_default();
        if parameter(&request, "$skiptoken").is_none() {
        let (a,b) = bounds_ms(&q);
        let n = server.moments_ms.iter().filter(|m| a < **m && **m < b).count();
        eprintln!("{:.2} {:6.1} .. {:6.1} rows {n}", t0.elapsed().as_secs_f64(), (b as f64 - NOW_MS as f64)/86400e3, (a as f64-NOW_MS as f64)/86400e3);
        } else { eprintln!("{:.2} next", t0.elapsed().as_secs_f64()); }
        async move { server.serve(request).await }
    });
    let client = builder(transport.clone()).build().unwrap();
    let history = client.read_history("u", Window::until(NOW_MS), &AppFilter::all(), |item| item.created_at_ms).await;
    eprintln!("{:.2} {}", t0.elapsed().as_secs_f64(), history.windows);
}

#[tokio::test(start_paused = true)]
async fn five_thousand_rows_at_half_a_second_a_page() {
    let windows = [
        ("90 days", Window::between(NOW_MS - 90 * DAY_MS, NOW_MS)),
        ("365 days", Window::between(NOW_MS - 365 * DAY_MS, NOW_MS)),
        
        ("all", Window::all()),
    ];
    let mut failed = String::new();
    for (name, window) in windows {
        for days in [30, 60, 90, 180, 330] {
            if window.from_ms.is_some_and(|from_ms| from_ms > NOW_MS - days * DAY_MS) {
                continue;
            }
            for seed in 0..4 {
                for (kind, moments) in [("working hours", working_hours(5_000, days, seed)), ("uniform", uniform(5_000, days, seed))] {
                    let m = measure(moments, window).await;
                    let line = format!("{name:9} {days:3} days {kind:13} seed {seed}: {:5.1} times, requests {:.2}, windows {}\n", m.speedup, m.cost, m.windows);
                    if m.speedup < 8.0 || m.cost > 1.25 {
                        failed.push_str(&line);
                    } else if std::env::var_os("SHOW").is_some() {
                        failed.push_str(&format!("ok {line}"));
                    }
                }
            }
        }
    }
    assert!(failed.is_empty(), "\n{failed}");
}
