//! What holds for all windows, all services that stumble, and all ways to ask.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hobbs_graph::pace::limiter::{Limiter, Turn};
use hobbs_graph::{AppFilter, Budget, Limits, ReadError, TransportError, Window, each};
use http::header::RETRY_AFTER;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::json;
use tokio::time::Instant;

use crate::script::*;

/// The same cases in every run.
fn seeded(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        rng_seed: RngSeed::Fixed(20_261_123),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn stopped_clock<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(test)
}

/// What a service may do to the time of an item before it compares it with the bounds of a filter.
#[derive(Debug, Clone, Copy)]
enum Compares {
    AsItIs,
    CutToSeconds,
    RoundedToSeconds,
}

impl Compares {
    fn seen(self, moment_ms: i64) -> i64 {
        match self {
            Compares::AsItIs => moment_ms,
            Compares::CutToSeconds => moment_ms.div_euclid(1000) * 1000,
            Compares::RoundedToSeconds => (moment_ms + 500).div_euclid(1000) * 1000,
        }
    }
}

/// The moments that a service answers with to the filter of each request; both bounds are exclusive.
async fn read_window(
    moments_ms: Arc<BTreeSet<i64>>,
    compares: Compares,
    window: Window,
) -> Vec<i64> {
    let transport = script(move |request| {
        let filter = parameter(&request, "$filter").unwrap_or_default();
        let (after_ms, before_ms) = bounds_ms(&filter);
        assert!(
            after_ms % 1000 == 0 && before_ms % 1000 == 0,
            "whole seconds"
        );
        let inside = moments_ms.iter().rev().filter(|moment_ms| {
            let seen_ms = compares.seen(**moment_ms);
            after_ms < seen_ms && seen_ms < before_ms
        });
        let page: Vec<_> = inside.map(|ms| item(&ms.to_string(), "s", *ms)).collect();
        async move { Ok(answer(200, json!({ "value": page }).to_string())) }
    });
    let client = builder(transport).build().unwrap();
    let history = client
        .read_history(
            "u",
            window,
            &AppFilter::all(),
            each(|item| item.created_at_ms),
        )
        .await;
    history.result.unwrap();
    history.items
}

/// What a service says to one request, and when.
#[derive(Debug, Clone, Copy)]
enum Says {
    Status(u16, Option<u64>),
    Cut,
    Unreachable,
    Nonsense,
    Fine,
}

impl Says {
    fn answer(self) -> Answer {
        match self {
            Says::Status(status, retry_after_s) => {
                let mut reply = answer(status, "");
                if let Some(seconds) = retry_after_s {
                    let value = seconds.to_string().parse().unwrap();
                    reply.headers_mut().insert(RETRY_AFTER, value);
                }
                Ok(reply)
            }
            Says::Cut => Err(TransportError::Cut),
            Says::Unreachable => Err(TransportError::Connect("refused".to_owned())),
            Says::Nonsense => Ok(answer(200, "<html>")),
            Says::Fine => Ok(answer(200, r#"{"id":"u"}"#)),
        }
    }

    fn hint(self) -> Option<Duration> {
        match self {
            Says::Status(_, seconds) => seconds.map(Duration::from_secs),
            _ => None,
        }
    }
}

fn says() -> impl Strategy<Value = Says> {
    let status = prop::sample::select(vec![408, 429, 500, 502, 503, 504, 509]);
    prop_oneof![
        6 => (status, prop::option::of(0_u64..120)).prop_map(|(status, hint)| Says::Status(status, hint)),
        1 => Just(Says::Cut),
        1 => Just(Says::Unreachable),
        1 => Just(Says::Nonsense),
        1 => Just(Says::Fine),
    ]
}

/// What happens to a limiter.
#[derive(Debug, Clone, Copy)]
enum Happens {
    /// So many want to send at once.
    Asked(usize),
    Quiet(u64),
    /// 429, with or without a wait.
    Throttled(Option<u64>),
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        4 => (1_usize..120).prop_map(Happens::Asked),
        2 => (0_u64..15_000).prop_map(Happens::Quiet),
        1 => prop::option::of(0_u64..30_000).prop_map(Happens::Throttled),
    ]
}

/// The most that went out within any stretch of this length.
fn most_within(sent: &[Duration], length: Duration) -> usize {
    let within = |first: usize| {
        sent[first..]
            .iter()
            .take_while(|at| **at < sent[first] + length)
            .count()
    };
    (0..sent.len()).map(within).max().unwrap_or(0)
}

proptest! {
    #![proptest_config(seeded(64))]

    /// A stretch of time read in windows that touch, as one sync after another reads it: every moment comes in
    /// exactly one of them, wherever the cuts lie, and whatever the service does before it compares.
    #[test]
    fn windows_that_touch_miss_nothing_and_give_nothing_twice(
        offsets_ms in prop::collection::btree_set(0_i64..8_000, 0..60),
        whole_seconds in prop::collection::btree_set(0_i64..8, 0..6),
        cuts_ms in prop::collection::btree_set(prop_oneof![0_i64..8_000, (0_i64..8).prop_map(|s| s * 1000)], 2..6),
        compares in prop::sample::select(vec![Compares::AsItIs, Compares::CutToSeconds, Compares::RoundedToSeconds]),
    ) {
        let moments = offsets_ms.into_iter().chain(whole_seconds.into_iter().map(|s| s * 1000));
        let moments_ms: Arc<BTreeSet<i64>> = Arc::new(moments.map(|ms| NOW_MS + ms).collect());
        let cuts_ms: Vec<i64> = cuts_ms.into_iter().map(|ms| NOW_MS + ms).collect();
        let mut read = stopped_clock(async {
            let mut read = Vec::new();
            for cut in cuts_ms.windows(2) {
                let window = Window::between(cut[0], cut[1]);
                let items = read_window(Arc::clone(&moments_ms), compares, window).await;
                prop_assert!(items.iter().all(|ms| window.contains(*ms)));
                read.extend(items);
            }
            Ok(read)
        })?;
        read.sort_unstable();
        let first_ms = cuts_ms[0];
        let end_ms = cuts_ms[cuts_ms.len() - 1];
        let expected: Vec<i64> = moments_ms.range(first_ms..end_ms).copied().collect();
        prop_assert_eq!(read, expected);
    }

    /// A request is sent no more often than its budget allows, never earlier than the service asked for, and never
    /// much later than that.
    #[test]
    fn no_service_gets_more_than_the_budget_or_sooner_than_it_asked(
        script_of_service in prop::collection::vec(says(), 0..20),
        attempts in 1_u32..10,
        waits in 1_u32..10,
        total_s in prop_oneof![0_u64..12, 0_u64..400],
    ) {
        let budget = Budget { attempts, waits, total: Duration::from_secs(total_s) };
        let sent: Arc<Mutex<Vec<(Instant, Says)>>> = Arc::default();
        let (result, began) = stopped_clock(async {
            let (log, said) = (Arc::clone(&sent), script_of_service.clone());
            let transport = script(move |_| {
                let mut log = log.lock().unwrap();
                let says = said.get(log.len()).copied().unwrap_or(Says::Status(502, None));
                log.push((Instant::now(), says));
                std::future::ready(says.answer())
            });
            let client = builder(transport).budget(budget).build().unwrap();
            let began = Instant::now();
            (client.user("u").await, began)
        });
        let sent = sent.lock().unwrap().clone();
        let is_wait = |says: Says| matches!(says, Says::Status(429 | 509, _));
        let asked_to_wait = sent.iter().filter(|(_, says)| is_wait(*says)).count();
        let fine = sent.iter().filter(|(_, says)| matches!(says, Says::Fine)).count();
        let stumbled = sent.len() - asked_to_wait - fine;
        prop_assert!(asked_to_wait <= waits as usize && stumbled <= attempts as usize);
        prop_assert!(sent.len() < (attempts + waits) as usize + usize::from(fine > 0));
        for (place, pair) in sent.windows(2).enumerate() {
            let (at, says) = pair[0];
            let gap = pair[1].0 - at;
            prop_assert!(gap >= says.hint().unwrap_or_default(), "{:?} after {:?}", gap, says);
            prop_assert!(gap >= Duration::from_millis(200), "{:?}", gap);
            // The longest wait of its own is a minute after a 429, and 20 s of backoff.
            let open = sent[..=place].iter().filter_map(|(at, says)| Some(*at + says.hint()?));
            let latest_hint = open.map(|until| until.saturating_duration_since(at)).max();
            let most = latest_hint.unwrap_or_default().max(Duration::from_secs(60)) + Duration::from_secs(21);
            prop_assert!(gap <= most, "{:?} after {:?}", gap, says);
            // What is spent is spent: after it, nothing begins but what was being waited for.
            prop_assert!(at - began < budget.total, "asked again after {:?}", at - began);
        }
        match result {
            Ok(_) => prop_assert_eq!(fine, 1),
            Err(ReadError::RetriesExhausted { attempts, .. }) => {
                prop_assert_eq!(attempts as usize, sent.len());
                prop_assert_eq!(fine, 0);
            }
            Err(other) => prop_assert!(false, "{}", other),
        }
    }

    /// Whatever is asked of the limiter, and however it is throttled: it stays within every way of counting, sends
    /// nothing while the gate is shut, and everyone gets their turn.
    #[test]
    fn the_limiter_stays_within_its_limits_and_lets_everyone_through(
        story in prop::collection::vec(happens(), 1..14),
        spread_ms in 0_u64..200,
    ) {
        let limits = Limits::default();
        let mut limiter = Limiter::new(limits, Duration::from_millis(spread_ms));
        let mut now = Duration::ZERO;
        let mut sent: Vec<Duration> = Vec::new();
        for happens in story {
            match happens {
                Happens::Quiet(ms) => now += Duration::from_millis(ms),
                Happens::Throttled(hint_ms) => {
                    let hint = hint_ms.map(Duration::from_millis);
                    limiter.slow_down(now, sent.last().copied().unwrap_or_default(), hint);
                    prop_assert!(limiter.gate() >= now + hint.unwrap_or_default());
                }
                Happens::Asked(requests) => {
                    let (room, asked_at) = (limiter.room(now), now);
                    if now >= limiter.gate() {
                        prop_assert_eq!(limiter.free_at(now) > now, room == 0);
                    }
                    for nth in 0..requests {
                        let mut asked = 0;
                        while let Turn::NotBefore(then) = limiter.take(now) {
                            prop_assert!(then > now, "a turn in the past would be asked for without end");
                            let longest = Duration::from_secs(10).max(limiter.gate().saturating_sub(now));
                            prop_assert!(then - now <= longest + Duration::from_secs(1));
                            asked += 1;
                            prop_assert!(asked < 20, "asked {} times for one turn", asked);
                            now = then;
                        }
                        prop_assert!(now >= limiter.gate());
                        if asked_at >= limiter.gate() {
                            prop_assert_eq!(now == asked_at, nth < room, "{} of {}", nth, room);
                        }
                        sent.push(now);
                    }
                }
            }
        }
        let second = Duration::from_secs(1) + Duration::from_millis(spread_ms);
        prop_assert!(most_within(&sent, second) <= limits.burst_per_second as usize);
        prop_assert!(most_within(&sent, Duration::from_secs(10)) <= 248);
        for seconds in [2_u32, 5, 30] {
            let bucket = limits.burst_per_second + limits.sustained_per_second * f64::from(seconds);
            let most = most_within(&sent, Duration::from_secs(seconds.into()));
            prop_assert!(most as f64 <= bucket, "{} in {} s", most, seconds);
        }
    }
}
