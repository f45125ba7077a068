//! The seeds of random programs: which, and a few threads that check them.
//!
//! Must never lose a failure: all are reported, each with its seed, before the test fails.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Threads that run programs; each is mostly waiting for processes.
const THREADS: usize = 3;

/// Checks the program of each seed: those asked for by `SEPAL_RANDOM_SEEDS`, `a..b` or how many from 0, else the usual ones.
pub fn check_all(usual: Range<u64>, check: impl Fn(u64) -> Result<(), String> + Sync) {
    let seeds = asked_for().unwrap_or(usual);
    let next = AtomicU64::new(seeds.start);
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    if let Err(failure) = check(seed) {
                        eprintln!("{failure}");
                        failures.lock().expect("no thread panics here").push(seed);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().expect("no thread panicked");
    assert!(failures.is_empty(), "seeds that failed: {failures:?}");
}

fn asked_for() -> Option<Range<u64>> {
    let text = std::env::var("SEPAL_RANDOM_SEEDS").ok()?;
    let number = |text: &str| text.parse().unwrap_or_else(|_| panic!("not a seed: {text}"));
    Some(match text.split_once("..") {
        Some((start, end)) => number(start)..number(end),
        None => 0..number(&text),
    })
}
