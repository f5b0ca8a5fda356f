//! One heavy user is read many times faster than page by page, and it costs few requests more.

use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hobbs_graph::{AppFilter, Limits, Window, each};
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

/// Whether a user is read beside others, or alone.
#[derive(Clone, Copy, PartialEq)]
enum Company {
    Others,
    Nobody,
}

async fn measure(moments: Vec<i64>, window: Window, limits: Limits, company: Company) -> Measured {
    let rows = moments.len();
    let least = rows.div_ceil(100);
    let server = HistoryServer::new(moments.clone(), 500);
    let sent = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&sent);
    let transport = script(move |request| {
        log.lock().unwrap().push(Instant::now());
        let server = Arc::clone(&server);
        async move { server.serve(request).await }
    });
    let client = builder(transport.clone()).limits(limits).build().unwrap();
    let began = Instant::now();
    let (apps, keep) = (AppFilter::all(), each(|item| item.created_at_ms));
    let history = match company {
        Company::Others => client.read_history("u", window, &apps, keep).await,
        Company::Nobody => client.read_history_alone("u", window, &apps, keep).await,
    };
    let took = began.elapsed().as_secs_f64();
    history.result.unwrap();
    let mut read = history.items;
    read.sort_unstable();
    let mut truth = moments;
    truth.sort_unstable();
    assert_eq!(read, truth);
    let requests = transport.requests.load(SeqCst);
    assert_eq!(u64::from(history.requests), requests);
    let sent = sent.lock().unwrap();
    let in_a_second = |from: &Instant| {
        let until = *from + Duration::from_secs(1);
        sent.iter().filter(|at| (*from..until).contains(at)).count()
    };
    let burst = limits.burst_per_second as usize;
    assert!(sent.iter().all(|from| in_a_second(from) <= burst));
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
                    measured.push((
                        what,
                        measure(moments, window, limits, Company::Others).await,
                    ));
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

/// 50 pages at half a second each: 25 s one after the other. At 30 requests in any second the 61st can go out after
/// two seconds at the earliest, so no more than about 10 times is possible.
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
        speedup > 8.0 && cost < 1.4,
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

/// In bursts: half of the days see nothing, others many times as much as the rest.
fn bursts(rows: usize, days: i64, seed: u64) -> Vec<i64> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut busy_days: Vec<i64> = Vec::new();
    for day in 0..days {
        let times = [0, 0, 0, 1, 1, 2, 4, 8][random.random_range(0..8)];
        busy_days.extend(std::iter::repeat_n(day, times));
    }
    let mut moments = std::collections::BTreeSet::new();
    while moments.len() < rows {
        let day = busy_days[random.random_range(0..busy_days.len())];
        let mut moment_ms = NOW_MS - (day + 1) * DAY_MS + random.random_range(8..18) * 3_600_000;
        for _ in 0..random.random_range(2..12) {
            moment_ms += random.random_range(1_000..90_000);
            moments.insert(moment_ms);
        }
    }
    moments.into_iter().rev().take(rows).collect()
}

/// On Saturdays and Sundays alone.
fn weekends(rows: usize, days: i64, seed: u64) -> Vec<i64> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut moments = std::collections::BTreeSet::new();
    while moments.len() < rows {
        let day = NOW_MS / DAY_MS - 1 - random.random_range(0..days);
        if (day + 3).rem_euclid(7) >= 5 {
            moments.insert(day * DAY_MS + random.random_range(8 * 3_600_000..22 * 3_600_000));
        }
    }
    moments.into_iter().collect()
}

/// A month of work, then nothing up to now.
fn one_month(rows: usize, days: i64, seed: u64) -> Vec<i64> {
    let since_ms = (days - 30) / 7 * 7 * DAY_MS;
    let month = working_hours(rows, 30, seed).into_iter();
    month.map(|moment_ms| moment_ms - since_ms).collect()
}

type Draw = fn(usize, i64, u64) -> Vec<i64>;

const SHAPES: [(&str, Draw); 5] = [
    ("working hours", working_hours),
    ("uniform", uniform),
    ("bursts", bursts),
    ("weekends", weekends),
    ("one month", one_month),
];

/// Reads users of these shapes alone; gives what was found, as figures and as text.
async fn measure_alone(shapes: &[(&str, Draw)]) -> (Vec<Measured>, String) {
    let mut measured = Vec::new();
    let mut list = String::new();
    for (name, from_ms, lengths_days) in [
        ("91 days", Some(NOW_MS - 91 * DAY_MS), [30, 60, 90]),
        ("all", None, [30, 90, 330]),
    ] {
        for (shape, draw) in shapes {
            for days in lengths_days {
                let window = Window {
                    from_ms,
                    to_ms: Some(NOW_MS),
                };
                let moments = draw(5_000, days, 1);
                let m = measure(moments, window, Limits::default(), Company::Nobody).await;
                list.push_str(&format!(
                    "{:.1} times, requests {:.2}, {} windows: {name}, history of {days} days, {shape}\n",
                    m.speedup, m.cost, m.windows
                ));
                measured.push(m);
            }
        }
    }
    (measured, list)
}

/// Cut before the first page: after two seconds some 60 requests are out, and half a second later their answers are
/// all there is.
#[tokio::test(start_paused = true)]
async fn alone_a_steady_user_is_read_in_five_round_trips() {
    let (measured, list) = measure_alone(&SHAPES[..2]).await;
    let speedup = mean(measured.iter().map(|m| m.speedup));
    assert!(speedup > 9.5, "on average {speedup:.2} times\n{list}");
    let each = |m: &Measured| m.speedup > 8.0 && m.cost < 1.5;
    assert!(measured.iter().all(each), "{list}");
}

#[tokio::test(start_paused = true)]
async fn alone_an_unsteady_user_takes_a_round_trip_or_two_more() {
    let (measured, list) = measure_alone(&SHAPES[2..]).await;
    let speedup = mean(measured.iter().map(|m| m.speedup));
    assert!(speedup > 8.0, "on average {speedup:.2} times\n{list}");
    let each = |m: &Measured| m.speedup > 6.5 && m.cost < 1.8;
    assert!(measured.iter().all(each), "{list}");
}
