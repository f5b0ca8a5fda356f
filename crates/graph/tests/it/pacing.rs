//! The pace, against servers that count in every way we could think of, in virtual time.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hobbs_graph::{Limits, ReadError};
use tokio::time::{Instant, sleep};

use crate::script::*;

/// How a server may count.
#[derive(Debug, Clone, Copy)]
enum Counting {
    /// 30 in any second and 25 a second averaged over any stretch of this length.
    Sliding(Duration),
    /// The same, in stretches that follow one another.
    Fixed(Duration),
    /// A bucket of 30 that fills at 25 a second.
    Bucket,
}

struct Judge {
    counting: Counting,
    per_second: f64,
    arrivals: Mutex<VecDeque<Instant>>,
    bucket: Mutex<(f64, Instant)>,
    start: Instant,
    accepted: AtomicU64,
    refused: AtomicU64,
}

impl Judge {
    fn new(counting: Counting, per_second: f64) -> Arc<Self> {
        let now = Instant::now();
        Arc::new(Self {
            counting,
            per_second,
            arrivals: Mutex::default(),
            bucket: Mutex::new((30.0, now)),
            start: now,
            accepted: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        })
    }

    fn admits(&self) -> bool {
        let now = Instant::now();
        let mut arrivals = self.arrivals.lock().unwrap();
        while arrivals
            .front()
            .is_some_and(|at| now - *at > Duration::from_secs(130))
        {
            arrivals.pop_front();
        }
        let in_last = |length: Duration| {
            arrivals
                .iter()
                .rev()
                .take_while(|at| now - **at < length)
                .count() as f64
        };
        let fine = match self.counting {
            Counting::Sliding(length) => {
                in_last(Duration::from_secs(1)) < self.per_second * 1.2
                    && in_last(length) < self.per_second * length.as_secs_f64()
            }
            Counting::Fixed(length) => {
                let into = |length: Duration| {
                    let since = (now - self.start).as_nanos() % length.as_nanos();
                    Duration::from_nanos(since as u64)
                };
                in_last(into(Duration::from_secs(1))) < self.per_second * 1.2
                    && in_last(into(length)) < self.per_second * length.as_secs_f64()
            }
            Counting::Bucket => {
                let mut bucket = self.bucket.lock().unwrap();
                let gained = (now - bucket.1).as_secs_f64() * self.per_second;
                *bucket = ((bucket.0 + gained).min(self.per_second * 1.2), now);
                let fine = bucket.0 >= 1.0;
                if fine {
                    bucket.0 -= 1.0;
                }
                fine
            }
        };
        if fine {
            arrivals.push_back(now);
            self.accepted.fetch_add(1, SeqCst);
        } else {
            self.refused.fetch_add(1, SeqCst);
        }
        fine
    }
}

/// A number in 0..1 that depends on n alone.
fn noise(n: u64) -> f64 {
    let mixed = (n + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 11) as f64
        / (1_u64 << 53) as f64
}

/// Many readers for a while; gives requests accepted a second, and the share refused.
async fn run(
    judge: Arc<Judge>,
    latency_ms: std::ops::Range<u64>,
    on_the_way_ms: u64,
    lasts: Duration,
) -> (f64, f64) {
    let counter = Arc::new(AtomicU64::new(0));
    let the_judge = Arc::clone(&judge);
    let transport = script(move |_| {
        let judge = Arc::clone(&the_judge);
        let n = counter.fetch_add(1, SeqCst);
        let span = latency_ms.end - latency_ms.start;
        let latency = Duration::from_millis(latency_ms.start + (noise(n) * span as f64) as u64);
        let on_the_way =
            Duration::from_micros((noise(n + 999_983) * on_the_way_ms as f64 * 1000.0) as u64);
        async move {
            sleep(on_the_way).await;
            if !judge.admits() {
                let mut refusal = answer(429, "");
                refusal
                    .headers_mut()
                    .insert("retry-after", "1".parse().unwrap());
                return Ok(refusal);
            }
            sleep(latency).await;
            Ok(answer(200, r#"{"id":"u"}"#))
        }
    });
    let client = builder(transport).build().unwrap();
    let readers = (0..100).map(|_| {
        let client = client.clone();
        tokio::spawn(async move {
            loop {
                client.user("u").await.unwrap();
            }
        })
    });
    let readers: Vec<_> = readers.collect();
    sleep(lasts).await;
    readers.iter().for_each(tokio::task::JoinHandle::abort);
    let accepted = judge.accepted.load(SeqCst) as f64;
    let refused = judge.refused.load(SeqCst) as f64;
    (
        accepted / lasts.as_secs_f64(),
        refused / (accepted + refused),
    )
}

#[tokio::test(start_paused = true)]
async fn two_minutes_at_the_documented_limits() {
    let seconds = Duration::from_secs;
    for counting in [
        Counting::Sliding(seconds(10)),
        Counting::Sliding(seconds(20)),
        Counting::Sliding(seconds(60)),
        Counting::Sliding(seconds(120)),
        Counting::Fixed(seconds(10)),
        Counting::Fixed(seconds(60)),
        Counting::Bucket,
    ] {
        for (latency_ms, on_the_way_ms) in [
            (300..2_000, 5),
            (300..301, 20),
            (2_000..2_001, 5),
            (300..2_000, 25),
        ] {
            let what = format!("{counting:?}, {latency_ms:?} ms, {on_the_way_ms} ms on the way");
            let (rate, refused) = run(
                Judge::new(counting, 25.0),
                latency_ms,
                on_the_way_ms,
                seconds(120),
            )
            .await;
            assert!(rate >= 0.97 * 25.0, "{what}: {rate:.2} a second");
            assert!(refused < 0.005, "{what}: {:.2} % refused", refused * 100.0);
        }
    }
}

/// Other apps use the tenant's allowance too: the service allows less than is documented.
#[tokio::test(start_paused = true)]
async fn a_service_that_allows_less_is_found_out() {
    let judge = Judge::new(Counting::Bucket, 12.0);
    let (rate, refused) = run(judge, 300..1_000, 5, Duration::from_secs(600)).await;
    assert!(rate > 0.6 * 12.0, "{rate:.2} a second");
    assert!(refused < 0.05, "{:.2} % refused", refused * 100.0);
}

/// After a bad minute the rate is back within about a minute.
#[tokio::test(start_paused = true)]
async fn the_rate_comes_back() {
    let sent = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&sent);
    let start = Instant::now();
    let transport = script(move |_| {
        let at = start.elapsed();
        log.lock().unwrap().push(at.as_secs_f64());
        let bad = (20.0..40.0).contains(&at.as_secs_f64());
        async move {
            sleep(Duration::from_millis(500)).await;
            Ok(answer(if bad { 429 } else { 200 }, r#"{"id":"u"}"#))
        }
    });
    let client = builder(transport).build().unwrap();
    for _ in 0..60 {
        let client = client.clone();
        tokio::spawn(async move {
            loop {
                client.user("u").await.unwrap();
            }
        });
    }
    sleep(Duration::from_secs(160)).await;
    let sent = sent.lock().unwrap();
    let rate = |from: f64, to: f64| {
        sent.iter().filter(|at| from <= **at && **at < to).count() as f64 / (to - from)
    };
    assert!(rate(10.0, 20.0) > 24.0, "before: {}", rate(10.0, 20.0));
    assert!(rate(25.0, 40.0) < 6.0, "meanwhile: {}", rate(25.0, 40.0));
    assert!(rate(110.0, 150.0) > 24.0, "after: {}", rate(110.0, 150.0));
}

#[tokio::test(start_paused = true)]
async fn retry_after_holds_everyone_in_every_form() {
    for (header, least_s, most_s) in [
        (Some("7"), 7.0, 9.0),
        (Some("2.5"), 2.5, 4.5),
        (Some("Sun, 01 Mar 2026 00:00:09 GMT"), 8.9, 11.0),
        (Some("Sunday, 01-Mar-26 00:00:09 GMT"), 8.9, 11.0),
        (None, 0.9, 3.0),
    ] {
        let start = Instant::now();
        let times = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&times);
        let transport = script(move |_| {
            let mut times = log.lock().unwrap();
            times.push(start.elapsed().as_secs_f64());
            let is_first = times.len() == 1;
            async move {
                sleep(Duration::from_millis(10)).await;
                let mut reply = answer(if is_first { 429 } else { 200 }, r#"{"id":"u"}"#);
                if let (true, Some(header)) = (is_first, header) {
                    reply
                        .headers_mut()
                        .insert("retry-after", header.parse().unwrap());
                }
                Ok(reply)
            }
        });
        let client = builder(transport).build().unwrap();
        let first = client.user("a");
        let second = async {
            sleep(Duration::from_millis(100)).await;
            client.user("b").await
        };
        let (first, second) = tokio::join!(first, second);
        first.unwrap();
        second.unwrap();
        let times = times.lock().unwrap();
        assert_eq!(times.len(), 3);
        for at in &times[1..] {
            assert!((least_s..most_s).contains(at), "{header:?}: sent at {at}");
        }
        assert_eq!(client.pace().throttled, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_beyond_patience_ends_with_an_error_that_names_it() {
    let transport = script(|_| async {
        let mut reply = answer(429, "");
        reply
            .headers_mut()
            .insert("retry-after", "86400".parse().unwrap());
        Ok(reply)
    });
    let client = builder(transport.clone()).build().unwrap();
    let error = client.user("u").await.unwrap_err();
    assert!(
        matches!(error, ReadError::Throttled { retry_after } if retry_after > Duration::from_secs(86_000)),
        "{error}"
    );
    assert!(!error.is_permanent() && error.concerns_everyone());
    // Nobody else asks in vain.
    let second = client.user("v").await.unwrap_err();
    assert_eq!(second.code(), "throttled");
    assert_eq!(transport.requests.load(SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_struggling_server_gets_fewer_requests_at_once() {
    let in_flight = Arc::new(AtomicU64::new(0));
    let peak = Arc::new(AtomicU64::new(0));
    let (at_once, the_peak) = (Arc::clone(&in_flight), Arc::clone(&peak));
    let start = Instant::now();
    let transport = script(move |_| {
        let (in_flight, peak) = (Arc::clone(&at_once), Arc::clone(&the_peak));
        async move {
            let now = in_flight.fetch_add(1, SeqCst) + 1;
            if start.elapsed() > Duration::from_secs(60) {
                peak.fetch_max(now, SeqCst);
            }
            sleep(Duration::from_secs(3)).await;
            in_flight.fetch_sub(1, SeqCst);
            Ok(answer(if now > 16 { 503 } else { 200 }, r#"{"id":"u"}"#))
        }
    });
    let client = builder(transport)
        .budget(hobbs_graph::Budget {
            attempts: 1_000,
            ..Default::default()
        })
        .build()
        .unwrap();
    for _ in 0..100 {
        let client = client.clone();
        tokio::spawn(async move {
            loop {
                let _ = client.user("u").await;
            }
        });
    }
    sleep(Duration::from_secs(120)).await;
    let peak = peak.load(SeqCst);
    assert!((8..=48).contains(&peak), "{peak} at once");
}

/// The limiter itself costs next to nothing where no limit is to be kept.
#[tokio::test(start_paused = true)]
async fn without_limits_requests_do_not_wait() {
    let transport = script(|_| async { Ok(answer(200, r#"{"id":"u"}"#)) });
    let limits = Limits {
        burst_per_second: 1e6,
        sustained_per_second: 1e6,
        in_flight_max: 64,
    };
    let client = builder(transport).limits(limits).build().unwrap();
    let began = Instant::now();
    for _ in 0..10_000 {
        client.user("u").await.unwrap();
    }
    assert!(
        began.elapsed() < Duration::from_millis(20),
        "{:?}",
        began.elapsed()
    );
}
