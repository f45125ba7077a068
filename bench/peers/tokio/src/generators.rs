//! Generators are iterators. Must not let the compiler know which one the opaque loop gets.

use std::hint::black_box;
use std::time::Instant;

/// What a loop over 0 to n must compute.
fn plain(n: usize) -> i64 {
    hash_of(0..n as i64)
}

fn hash_of(numbers: impl Iterator<Item = i64>) -> i64 {
    let mut hash = 0_i64;
    for i in numbers {
        hash = hash.wrapping_mul(3) ^ i;
    }
    hash
}

fn count(n: usize) -> impl Iterator<Item = i64> {
    let (mut i, n) = (0, n as i64);
    std::iter::from_fn(move || {
        (i < n).then(|| {
            i += 1;
            i - 1
        })
    })
}

fn down_from(n: usize) -> impl Iterator<Item = i64> {
    let mut i = n as i64;
    std::iter::from_fn(move || {
        (i > 0).then(|| {
            i -= 1;
            i
        })
    })
}

pub fn inlined(yields: usize) {
    let start = Instant::now();
    let hash = black_box(hash_of(count(yields)));
    finish(yields, hash, start);
}

pub fn opaque(yields: usize) {
    let start = Instant::now();
    let generators: [Box<dyn Iterator<Item = i64>>; 2] =
        [Box::new(count(yields)), Box::new(down_from(yields))];
    let mut generators = black_box(generators);
    let hash = black_box(hash_of(&mut generators[black_box(0)]));
    finish(yields, hash, start);
}

fn finish(yields: usize, hash: i64, start: Instant) {
    let ns = start.elapsed().as_nanos();
    assert_eq!(hash, plain(yields), "another hash");
    println!("{yields} yields: {hash}");
    println!("ops {yields} ns {ns}");
}
