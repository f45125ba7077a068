//! Fields, elements, globals, bounds.

use crate::code::Word;
use crate::machine::Machine;
use crate::state::{At, Scalar, load, store};
use sepal_abi::{ARRAY_DATA, Header, PanicCode};

/// What memory holds of a register: its low bits.
pub trait Low: Copy {
    fn low(word: u64) -> Self;

    /// Told of the place before it is overwritten.
    #[inline(always)]
    fn before_store(_: &Machine<'_>, _object: u64, _offset: u64) {}
}

/// A traced word: the collector, if it is marking, is told of what it replaces.
#[derive(Clone, Copy)]
pub struct Traced(#[expect(dead_code, reason = "only stored, as its bits")] u64);

impl Low for Traced {
    #[inline(always)]
    fn low(word: u64) -> Traced {
        Traced(word)
    }

    #[inline(always)]
    fn before_store(m: &Machine<'_>, object: u64, offset: u64) {
        if m.is_marking() {
            m.log(object.wrapping_add(offset));
        }
    }
}

#[inline(always)]
fn overwrite<T: Low>(m: &Machine<'_>, object: u64, offset: u64, word: u64) {
    T::before_store(m, object, offset);
    store(object, offset, T::low(word));
}

macro_rules! lows {
    ($($ty:ty),+) => {$(
        impl Low for $ty {
            #[inline(always)]
            fn low(word: u64) -> $ty {
                word as $ty
            }
        }
    )+};
}

lows!(u8, u16, u32, u64);

#[inline(always)]
pub fn load_field<T: Scalar>(at: At, w: Word, _: &Machine<'_>) -> At {
    at.write::<T>(w.a(), load(at.get(w.b()), u64::from(w.c())));
    at.next(1)
}

#[inline(always)]
pub fn store_field<T: Low>(at: At, w: Word, m: &Machine<'_>) -> At {
    overwrite::<T>(m, at.get(w.a()), u64::from(w.c()), at.get(w.b()));
    at.next(1)
}

#[inline(always)]
pub fn variant(at: At, w: Word, _: &Machine<'_>) -> At {
    let header = Header(load(at.get(w.b()), 0));
    at.set(w.a(), u64::from(header.variant()));
    at.next(1)
}

#[inline(always)]
pub fn global_get(at: At, w: Word, m: &Machine<'_>) -> At {
    at.set(w.a(), load(m.globals(), 8 * u64::from(w.wide())));
    at.next(1)
}

#[inline(always)]
pub fn global_set(at: At, w: Word, m: &Machine<'_>) -> At {
    m.own_globals();
    store(m.globals(), 8 * u64::from(w.wide()), at.get(w.a()));
    at.next(1)
}

/// Where element `index` stands behind the array's address.
#[inline(always)]
fn place(index: u64, stride: u64) -> u64 {
    index.wrapping_mul(stride).wrapping_add(u64::from(ARRAY_DATA))
}

#[inline(always)]
pub fn get_element<T: Scalar>(at: At, w: Word, _: &Machine<'_>) -> At {
    let place = place(at.get(w.c()), size_of::<T>() as u64);
    at.write::<T>(w.a(), load(at.get(w.b()), place));
    at.next(1)
}

#[inline(always)]
pub fn set_element<T: Low>(at: At, w: Word, m: &Machine<'_>) -> At {
    let place = place(at.get(w.c()), size_of::<T>() as u64);
    overwrite::<T>(m, at.get(w.b()), place, at.get(w.a()));
    at.next(1)
}

/// Where the word is that the quarters of the first literal describe.
#[inline(always)]
fn word_of(at: At, index: u64) -> u64 {
    index.wrapping_mul(u64::from(at.quarter(2))).wrapping_add(u64::from(at.quarter(3)))
}

#[inline(always)]
pub fn get_word_of(at: At, w: Word, _: &Machine<'_>) -> At {
    at.set(w.a(), load(at.get(w.b()), word_of(at, at.get(w.c()))));
    at.next(2)
}

#[inline(always)]
pub fn set_word_of<T: Low>(at: At, w: Word, m: &Machine<'_>) -> At {
    overwrite::<T>(m, at.get(w.b()), word_of(at, at.get(w.c())), at.get(w.a()));
    at.next(2)
}

#[inline(always)]
pub fn element_address(at: At, w: Word, _: &Machine<'_>) -> At {
    let offset = at.get(w.c()).wrapping_mul(at.literal(1));
    at.set(w.a(), at.get(w.b()).wrapping_add(offset));
    at.next(2)
}

/// The index from the start; `None` out of range.
#[inline(always)]
fn in_range(index: u64, len: u64) -> Option<u64> {
    if index < len {
        return Some(index);
    }
    // A negative index counts from the end: the sum is below the length only if the index was negative.
    let from_end = index.wrapping_add(len);
    (from_end < len).then_some(from_end)
}

#[inline(always)]
fn out_of_range(at: At, m: &Machine<'_>, index: u64, len: u64) -> At {
    m.raise(at, PanicCode::IndexOutOfRange, [index, len])
}

#[inline(always)]
pub fn bounds_check(at: At, w: Word, m: &Machine<'_>) -> At {
    let (index, len) = (at.get(w.b()), at.get(w.c()));
    match in_range(index, len) {
        Some(index) => {
            at.set(w.a(), index);
            at.next(1)
        }
        None => out_of_range(at, m, index, len),
    }
}

#[inline(always)]
pub fn bounds_check_field(at: At, w: Word, m: &Machine<'_>) -> At {
    let (index, len) = (at.get(w.b()), load(at.get(at.half(4)), u64::from(w.c())));
    match in_range(index, len) {
        Some(index) => {
            at.set(w.a(), index);
            at.next(2)
        }
        None => out_of_range(at, m, index, len),
    }
}

#[inline(always)]
pub fn check_get<T: Scalar>(at: At, w: Word, m: &Machine<'_>) -> At {
    let (index, len) = (at.get(w.c()), at.get(at.half(4)));
    let Some(index) = in_range(index, len) else { return out_of_range(at, m, index, len) };
    at.write::<T>(w.a(), load(at.get(w.b()), place(index, size_of::<T>() as u64)));
    at.next(2)
}

#[inline(always)]
pub fn keep_get<T: Scalar>(at: At, w: Word, m: &Machine<'_>) -> At {
    let (index, len) = (at.get(w.c()), at.get(at.half(4)));
    let Some(index) = in_range(index, len) else { return out_of_range(at, m, index, len) };
    let element: T = load(at.get(w.b()), place(index, size_of::<T>() as u64));
    at.set(at.half(5), index);
    at.write(w.a(), element);
    at.next(2)
}

#[inline(always)]
pub fn check_set<T: Low>(at: At, w: Word, m: &Machine<'_>) -> At {
    let (index, len) = (at.get(w.c()), at.get(at.half(4)));
    let Some(index) = in_range(index, len) else { return out_of_range(at, m, index, len) };
    overwrite::<T>(m, at.get(w.b()), place(index, size_of::<T>() as u64), at.get(w.a()));
    at.next(2)
}

/// The length and the array of an object, at the offsets in the first literal.
#[inline(always)]
fn list(at: At, w: Word) -> (u64, u64) {
    let object = at.get(w.b());
    (load(object, u64::from(at.half(4))), load(object, u64::from(at.half(5))))
}

#[inline(always)]
pub fn list_get<T: Scalar>(at: At, w: Word, m: &Machine<'_>) -> At {
    let (index, (len, array)) = (at.get(w.c()), list(at, w));
    let Some(index) = in_range(index, len) else { return out_of_range(at, m, index, len) };
    at.write::<T>(w.a(), load(array, place(index, size_of::<T>() as u64)));
    at.next(2)
}

#[inline(always)]
pub fn list_set<T: Low>(at: At, w: Word, m: &Machine<'_>) -> At {
    let (index, (len, array)) = (at.get(w.c()), list(at, w));
    let Some(index) = in_range(index, len) else { return out_of_range(at, m, index, len) };
    overwrite::<T>(m, array, place(index, size_of::<T>() as u64), at.get(w.a()));
    at.next(2)
}
