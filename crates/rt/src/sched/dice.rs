//! Choices of a simulation: a sequence of numbers that its seed decides (SplitMix64).
//!
//! Must be asked by one thread only, in an order that nothing outside the simulation decides.

use std::sync::atomic::{AtomicU64, Ordering};

/// See the module's head.
#[derive(Debug)]
pub(crate) struct Dice(AtomicU64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Dice {
        Dice(AtomicU64::new(seed))
    }

    /// The next number.
    pub(crate) fn next(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let state = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        let mixed = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// A number below `end`, which is not 0 and small.
    pub(crate) fn below(&self, end: u64) -> u64 {
        self.next() % end
    }
}
