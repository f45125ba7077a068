//! New objects: the bump of the context first, then the runtime.

use crate::code::Word;
use crate::machine::Machine;
use crate::state::{At, store};
use sepal_abi::ARRAY_DATA;

#[inline(always)]
pub fn new(at: At, w: Word, m: &Machine<'_>) -> At {
    let Some(object) = m.allocate(at, at.literal(1), at.literal(2)) else { return m.halted(at) };
    let words = w.wide() as usize;
    for word in 3..3 + words {
        store_pair(at, object, at.literal(word));
    }
    at.set(w.a(), object);
    at.next(3 + words)
}

/// Stores two registers: the halves are a register and a word of the object, twice.
#[inline(always)]
fn store_pair(at: At, object: u64, pairs: u64) {
    let field = |register: u64, word: u64| {
        store(object, 8 * (word & 0xffff), at.get(register as u16));
    };
    field(pairs, pairs >> 16);
    field(pairs >> 32, pairs >> 48);
}

/// Arrays of fewer elements are made inline, so that sizes are far from overflowing.
const SMALL: u64 = 256;

#[inline(always)]
pub fn new_array(at: At, w: Word, m: &Machine<'_>) -> At {
    let (header, len, stride) = (at.literal(1), at.get(w.b()), at.literal(2));
    let array = if len < SMALL {
        let size = (len * stride + u64::from(ARRAY_DATA)).next_multiple_of(8);
        m.allocate(at, header, size).inspect(|&array| store(array, 8, len))
    } else {
        m.allocate_array(at, header, len)
    };
    match array {
        Some(array) => {
            at.set(w.a(), array);
            at.next(3)
        }
        None => m.halted(at),
    }
}
