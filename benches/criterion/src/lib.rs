//! Measurements beside a floor: criterion measures each, and at the end a table says how many times
//! the floor each takes, both in the same run.

pub mod page;

use std::hint::black_box;
use std::time::Instant;

use criterion::Criterion;

/// SplitMix64: the same numbers in every run.
pub struct Dice(pub u64);

impl Dice {
    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound
    }
}

/// Works that do the same amount of something, the floor first.
pub struct Bench<'c> {
    criterion: &'c mut Criterion,
    name: &'static str,
    unit: &'static str,
    units: usize,
    /// Name, and seconds that the quickest sample took for one round.
    best: Vec<(&'static str, f64)>,
}

impl<'c> Bench<'c> {
    /// `units` of `unit` ("item") are done by each round of each work.
    pub fn new(
        criterion: &'c mut Criterion,
        name: &'static str,
        units: usize,
        unit: &'static str,
    ) -> Self {
        Bench {
            criterion,
            name,
            unit,
            units,
            best: Vec::new(),
        }
    }

    /// Measures a work. The first is the floor.
    pub fn measure<T>(mut self, name: &'static str, mut work: impl FnMut() -> T) -> Self {
        let mut best_s = f64::INFINITY;
        let id = format!("{}/{name}", self.name);
        self.criterion.bench_function(&id, |bencher| {
            bencher.iter_custom(|rounds| {
                let start = Instant::now();
                for _ in 0..rounds {
                    black_box(work());
                }
                let took = start.elapsed();
                best_s = best_s.min(took.as_secs_f64() / rounds as f64);
                took
            });
        });
        if best_s.is_finite() {
            self.best.push((name, best_s));
        }
        self
    }

    /// The lines of the table: each work's quickest sample, and how many times the floor's it is.
    pub fn lines(self) -> Vec<String> {
        let floor_s = self.best.first().map_or(f64::NAN, |(_, seconds)| *seconds);
        let line = |(name, seconds): &(&str, f64)| {
            format!(
                "{:<14} {name:<44} {:>9.3} µs/{:<6} {:>11.0} {}s/s {:>8.2} times the floor",
                self.name,
                seconds * 1e6 / self.units as f64,
                self.unit,
                self.units as f64 / seconds,
                self.unit,
                seconds / floor_s,
            )
        };
        self.best.iter().map(line).collect()
    }
}

/// Runs the measurements with cargo's arguments and prints their tables at the end.
pub fn run(measurements: &[fn(&mut Criterion) -> Vec<String>]) {
    let mut criterion = Criterion::default().configure_from_args();
    let lines: Vec<String> = measurements
        .iter()
        .flat_map(|measure| measure(&mut criterion))
        .collect();
    criterion.final_summary();
    for line in lines {
        println!("{line}");
    }
}
