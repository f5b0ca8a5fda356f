//! Runs seeds of the simulation, and names those that break something.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the program's own words"
)]

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::SystemTime;

use clap::Parser;
use hobbs_simulate::{Story, simulate};

#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Runs the whole sync against the simulated tenant, seed by seed, and ends with 1 where an invariant
/// is broken.
#[derive(Parser)]
struct Arguments {
    /// How many seeds.
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// This seed alone, with its story.
    #[arg(long, conflicts_with_all = ["seeds", "from"])]
    seed: Option<u64>,
    /// Go on after the first seed that fails.
    #[arg(long)]
    all: bool,
    /// Run each seed twice, and say where the two differ.
    #[arg(long)]
    twice: bool,
    /// Seeds at the same time; as many as there are cores.
    #[arg(long)]
    jobs: Option<usize>,
}

#[derive(Default)]
struct Sum {
    cut_off: u64,
    repaired: u64,
    rows: u64,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    keep_quiet_about_uploads();
    if let Some(seed) = arguments.seed {
        let is_whole = one(seed, true, arguments.twice, &Mutex::default());
        return if is_whole {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        };
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let begun = SystemTime::now();
    let (next, done) = (AtomicU64::new(arguments.from), AtomicU64::new(0));
    let (failed, stopped) = (AtomicU64::new(0), AtomicBool::new(false));
    let sum = Mutex::new(Sum::default());
    let end = arguments.from + arguments.seeds;
    std::thread::scope(|scope| {
        for _ in 0..arguments.jobs.unwrap_or(cores).max(1) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end || stopped.load(Ordering::Relaxed) {
                        return;
                    }
                    if !one(seed, false, arguments.twice, &sum) {
                        failed.fetch_add(1, Ordering::Relaxed);
                        stopped.store(!arguments.all, Ordering::Relaxed);
                    }
                    let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                    if done % 1_000 == 0 {
                        eprintln!("{done} seeds, {:.0} s", seconds_since(begun));
                    }
                }
            });
        }
    });
    let (done, failed) = (done.into_inner(), failed.into_inner());
    let sum = sum.into_inner().unwrap_or_default();
    println!(
        "{done} seeds from {} in {:.1} s: {failed} failed; {} runs cut off, {} commits repaired, {} rows at the end",
        arguments.from,
        seconds_since(begun),
        sum.cut_off,
        sum.repaired,
        sum.rows
    );
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// deltalake gives up an upload that failed at its very end by a panic of object_store, which it
/// catches itself; the error comes as an error.
fn keep_quiet_about_uploads() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map_or("", |place| place.file());
        if !place.ends_with("buffered.rs") {
            tell(panic);
        }
    }));
}

fn seconds_since(begun: SystemTime) -> f64 {
    begun.elapsed().map_or(0.0, |since| since.as_secs_f64())
}

/// Runs one seed; false where it broke something, which is printed.
fn one(seed: u64, tell: bool, twice: bool, sum: &Mutex<Sum>) -> bool {
    let run = || std::panic::catch_unwind(|| simulate(seed));
    let Ok((story, result)) = run() else {
        println!("seed {seed} panicked; run it again: hobbs-simulate --seed {seed}");
        return false;
    };
    if tell || result.is_err() {
        print_story(&story);
    }
    if let Ok(mut sum) = sum.lock() {
        sum.cut_off += story.cut_off;
        sum.repaired += story.repaired;
        sum.rows += story.rows;
    }
    if let Err(broken) = result {
        println!("seed {seed} broke an invariant: {broken}");
        println!("run it again: hobbs-simulate --seed {seed}\n");
        return false;
    }
    if twice
        && let Ok((again, _)) = run()
        && again.trace != story.trace
    {
        println!("seed {seed} went another way the second time");
        print_story(&story);
        print_story(&again);
        return false;
    }
    true
}

fn print_story(story: &Story) {
    for line in &story.lines {
        println!("{line}");
    }
}
