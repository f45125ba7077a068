//! Keyed hashing: a folded multiplication, seeded from the operating system.
//!
//! The keys are random for each process, so that no input chosen beforehand collides. Hash values must never
//! be shown or stored: they differ from run to run.

use crate::sched::dice::Dice;
use std::sync::OnceLock;

static KEYS: OnceLock<Keys> = OnceLock::new();

/// Makes the keys those of a simulation's seed, unless they are in use already.
pub(crate) fn fix_keys(seed: u64) {
    let dice = Dice::new(seed);
    KEYS.get_or_init(|| Keys(std::array::from_fn(|_| dice.next() | 1)));
}

/// Keys of the process.
#[derive(Clone, Copy, Debug)]
pub struct Keys([u64; 4]);

impl Keys {
    /// The process's keys, drawn on first use.
    #[inline]
    pub fn get() -> &'static Keys {
        // Odd keys are never zero, which would make a multiplication forget its other operand.
        KEYS.get_or_init(|| Keys(std::array::from_fn(|_| random() | 1)))
    }

    /// One of the keys.
    pub fn key(&self, index: usize) -> u64 {
        self.0[index & 3]
    }

    /// Combines a hash with a further value.
    #[inline]
    pub fn mix(&self, hash: u64, value: u64) -> u64 {
        fold(hash ^ self.0[0], value ^ self.0[1]) ^ fold(value ^ self.0[2], self.0[3])
    }

    /// The hash of bytes.
    #[inline]
    pub fn hash(&self, bytes: &[u8]) -> u64 {
        let [k0, k1, k2, k3] = self.0;
        let mut state = k0;
        let mut rest = bytes;
        while rest.len() > 16 {
            state = fold(word(rest, 0) ^ k1, word(rest, 8) ^ state);
            rest = &rest[16..];
        }
        let (low, high) = match rest.len() {
            8.. => (word(rest, 0), word(rest, rest.len() - 8)),
            4.. => (half(rest, 0), half(rest, rest.len() - 4)),
            1.. => {
                let middle = rest[rest.len() / 2];
                (u64::from(rest[0]) | u64::from(middle) << 8, u64::from(rest[rest.len() - 1]))
            }
            0 => (0, 0),
        };
        state = fold(low ^ k1, high ^ state);
        // The length goes in apart from the bytes, so that no byte can make up for it.
        fold(state ^ k2, k3.wrapping_add(bytes.len() as u64 * 2))
    }
}

#[inline(always)]
fn word(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(*bytes[at..].first_chunk().expect("eight bytes from here on"))
}

#[inline(always)]
fn half(bytes: &[u8], at: usize) -> u64 {
    u32::from_le_bytes(*bytes[at..].first_chunk().expect("four bytes from here on")).into()
}

/// Both halves of the product: every bit of the operands reaches every bit of the result.
#[inline(always)]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

/// Randomness from the operating system.
pub fn random() -> u64 {
    let mut bytes = [0u8; 8];
    // SAFETY: the buffer has the given length.
    let got = unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), bytes.len(), 0) };
    if got == bytes.len() as isize {
        return u64::from_ne_bytes(bytes);
    }
    // Kernels older than the call: the time and an address are the best that is left.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let time = now.map_or(0, |now| now.as_nanos() as u64);
    fold(time ^ &raw const bytes as u64, 0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    const A: Keys = Keys([0x1234_5678_9abc_def1, 3, 0xfeed_beef_dead_c0d5, 0x1357_9bdf_0246_8acf]);

    /// The fullest of 1024 buckets, for hashes of 10,000 inputs: about 10 are expected in each.
    fn fullest(hashes: impl Iterator<Item = u64>, bucket: impl Fn(u64) -> u64) -> usize {
        let mut buckets = vec![0; 1024];
        for hash in hashes {
            buckets[bucket(hash) as usize % 1024] += 1;
        }
        buckets.into_iter().max().unwrap_or(0)
    }

    #[test]
    fn regular_inputs_spread_in_low_and_high_bits() {
        let keys = Keys::get();
        let strings = || (0..10_000).map(|i| keys.hash(format!("key{i:08}").as_bytes()));
        let numbers = || (0..10_000u64).map(|i| keys.mix(0, i << 32));
        let zeros = || (0..10_000).map(|i| keys.hash(&vec![0; i]));
        assert!(fullest(strings(), |h| h) < 40 && fullest(strings(), |h| h >> 54) < 40);
        assert!(fullest(numbers(), |h| h) < 40 && fullest(numbers(), |h| h >> 54) < 40);
        assert!(fullest(zeros(), |h| h) < 40);
    }

    #[test]
    #[cfg_attr(miri, ignore = "takes minutes")]
    fn collisions_under_one_key_are_none_under_another() {
        // Short strings that share a bucket of 1024 under known keys, as an attacker would collect them.
        let all = (0..200_000).map(|i| format!("{i}"));
        let colliding: Vec<String> = all.filter(|s| A.hash(s.as_bytes()) % 1024 == 7).collect();
        assert!(colliding.len() > 100);
        let keys = Keys::get();
        let buckets: HashSet<u64> =
            colliding.iter().map(|s| keys.hash(s.as_bytes()) % 1024).collect();
        assert!(buckets.len() > colliding.len() / 3, "they spread again");
    }

    #[test]
    fn every_byte_and_the_length_count() {
        for len in [1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 100] {
            let base = vec![7u8; len];
            let mut seen = HashSet::from([A.hash(&base)]);
            for at in 0..len {
                let mut other = base.clone();
                other[at] ^= 1;
                assert!(seen.insert(A.hash(&other)), "byte {at} of {len}");
            }
            assert!(seen.insert(A.hash(&vec![7u8; len + 1])));
        }
        assert_ne!(A.mix(1, 2), A.mix(2, 1));
    }
}
