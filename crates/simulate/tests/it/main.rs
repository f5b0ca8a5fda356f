//! A few hundred seeds, each time the same ones.
#![allow(clippy::unwrap_used)]

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use hobbs_simulate::simulate;

/// Seeds of each time; HOBBS_TEST_SEEDS asks for more.
fn seeds() -> u64 {
    let asked = std::env::var("HOBBS_TEST_SEEDS").ok();
    asked.and_then(|seeds| seeds.parse().ok()).unwrap_or(200)
}

#[test]
fn no_seed_breaks_an_invariant() {
    let next = AtomicU64::new(0);
    let (failures, cut_off) = (Mutex::new(Vec::new()), AtomicU64::new(0));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds() {
                        return;
                    }
                    let (story, result) = simulate(seed);
                    cut_off.fetch_add(story.cut_off, Ordering::Relaxed);
                    if let Err(broken) = result {
                        let story = story.lines.join("\n");
                        failures.lock().unwrap().push(format!("{story}\n{broken}"));
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    let cut_off = cut_off.into_inner();
    assert!(cut_off >= seeds() / 2, "only {cut_off} runs were cut off");
}
