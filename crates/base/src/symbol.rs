//! Interned names: equal names are equal integers, in every thread.
//!
//! The texts live as long as the process: their number is bounded by the distinct names ever
//! seen. Reading a text takes no lock; interning takes one, behind a small cache per thread, since
//! most names of a file have just been seen.

use rustc_hash::{FxHashMap, FxHasher};
use std::cell::Cell;
use std::hash::Hasher;
use std::sync::{Mutex, OnceLock, PoisonError};

/// An interned name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Symbol(u32);

/// Chunk `n` holds `2^(n + FIRST_BITS)` texts, so that texts never move once written.
type Chunk = OnceLock<Box<[OnceLock<&'static str>]>>;
const FIRST_BITS: u32 = 10;
static CHUNKS: [Chunk; 32 - FIRST_BITS as usize] = [const { OnceLock::new() }; 22];
static TABLE: OnceLock<Mutex<FxHashMap<&'static str, Symbol>>> = OnceLock::new();

/// A power of two; the cache costs 24 bytes an entry in each thread that interns.
const CACHE_SIZE: usize = 1024;
thread_local! {
    static CACHE: [Cell<(&'static str, Symbol)>; CACHE_SIZE] =
        const { [const { Cell::new(("", Symbol(u32::MAX))) }; CACHE_SIZE] };
}

impl Symbol {
    /// The symbol of `text`.
    pub fn intern(text: &str) -> Symbol {
        let mut hasher = FxHasher::default();
        hasher.write(text.as_bytes());
        // The upper bits are the well-mixed ones.
        let slot = (hasher.finish() >> 32) as usize % CACHE_SIZE;
        CACHE.with(|cache| {
            let (known, symbol) = cache[slot].get();
            if known == text && symbol.0 != u32::MAX {
                return symbol;
            }
            let (stored, symbol) = Self::intern_globally(text);
            cache[slot].set((stored, symbol));
            symbol
        })
    }

    fn intern_globally(text: &str) -> (&'static str, Symbol) {
        let table = TABLE.get_or_init(Mutex::default);
        // The table is valid between any two steps below, so a panic elsewhere cannot spoil it.
        let mut table = table.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((&stored, &symbol)) = table.get_key_value(text) {
            return (stored, symbol);
        }
        let symbol = Symbol(u32::try_from(table.len()).expect("fewer than 2^32 distinct names"));
        let stored: &'static str = Box::leak(text.into());
        let (chunk, offset) = symbol.place();
        CHUNKS[chunk].get_or_init(|| new_chunk(chunk))[offset].get_or_init(|| stored);
        table.insert(stored, symbol);
        (stored, symbol)
    }

    /// The name's text.
    pub fn as_str(self) -> &'static str {
        let (chunk, offset) = self.place();
        CHUNKS[chunk]
            .get()
            .and_then(|texts| texts[offset].get())
            .expect("a symbol is made only after its text is stored")
    }

    /// A number unique to the name within this process; its order means nothing.
    pub const fn as_u32(self) -> u32 {
        self.0
    }

    fn place(self) -> (usize, usize) {
        let biased = u64::from(self.0) + (1 << FIRST_BITS);
        let bits = 63 - biased.leading_zeros();
        ((bits - FIRST_BITS) as usize, (biased - (1 << bits)) as usize)
    }
}

fn new_chunk(chunk: usize) -> Box<[OnceLock<&'static str>]> {
    (0..1usize << (chunk as u32 + FIRST_BITS)).map(|_| OnceLock::new()).collect()
}

impl std::fmt::Debug for Symbol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::fmt::Display for Symbol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_are_equal_symbols_across_threads_and_chunks() {
        let names: Vec<String> = (0..5000).map(|i| format!("name{i}")).collect();
        let here: Vec<Symbol> = names.iter().map(|n| Symbol::intern(n)).collect();
        let names_there = names.clone();
        let there = std::thread::spawn(move || {
            names_there.iter().rev().map(|n| Symbol::intern(n)).collect::<Vec<_>>()
        });
        let mut there = there.join().expect("the thread only interns");
        there.reverse();
        assert_eq!(here, there);
        for (name, symbol) in names.iter().zip(here) {
            assert_eq!(symbol.as_str(), name);
        }
    }

    #[test]
    fn the_empty_name_is_a_name() {
        assert_eq!(Symbol::intern("").as_str(), "");
        assert_ne!(Symbol::intern(""), Symbol::intern(" "));
    }
}
