//! What strings and byte strings share. See `fns` for what callers promise.

use super::actor;
use crate::actor::{data, text};
use crate::hash::Keys;
use memchr::{memchr, memmem};
use sepal_abi::{ARRAY_DATA, Ctx, DescId, ObjPtr, PanicCode};
use std::cmp::Ordering;
use std::ptr::null_mut;

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_data_eq(_ctx: *mut Ctx, a: ObjPtr, b: ObjPtr) -> bool {
    // SAFETY: see `fns`.
    unsafe { a == b || data(a) == data(b) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_data_cmp(_ctx: *mut Ctx, a: ObjPtr, b: ObjPtr) -> i64 {
    // SAFETY: see `fns`.
    match unsafe { data(a).cmp(data(b)) } {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_data_hash(_ctx: *mut Ctx, a: ObjPtr) -> i64 {
    // SAFETY: see `fns`.
    Keys::get().hash(unsafe { data(a) }) as i64
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_str_concat(ctx: *mut Ctx, a: ObjPtr, b: ObjPtr) -> ObjPtr {
    // SAFETY: see `fns`.
    unsafe { concat(ctx, DescId::STR, a, b) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_bytes_concat(ctx: *mut Ctx, a: ObjPtr, b: ObjPtr) -> ObjPtr {
    // SAFETY: see `fns`.
    unsafe { concat(ctx, DescId::BYTES, a, b) }
}

unsafe fn concat(ctx: *mut Ctx, desc: DescId, a: ObjPtr, b: ObjPtr) -> ObjPtr {
    // SAFETY: see `fns`; the arguments are on the stack, so they stay while the result is made.
    let (actor, first, second) = unsafe { (actor(ctx), data(a), data(b)) };
    // Strings are immutable, so one of them can stand for the whole.
    if second.is_empty() {
        return a;
    }
    if first.is_empty() {
        return b;
    }
    actor.new_data(desc, first.len() + second.len(), |whole| {
        let (head, tail) = whole.split_at_mut(first.len());
        head.copy_from_slice(first);
        tail.copy_from_slice(second);
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_str_concat_all(ctx: *mut Ctx, parts: ObjPtr, count: i64) -> ObjPtr {
    // SAFETY: see `fns`; the array holds at least `count` strings, which it keeps alive.
    let (actor, parts) = unsafe {
        let first = parts.cast::<u8>().add(ARRAY_DATA as usize).cast::<ObjPtr>();
        (actor(ctx), std::slice::from_raw_parts(first, count as usize))
    };
    // SAFETY: as above.
    let texts = || parts.iter().map(|part| unsafe { data(*part) });
    actor.new_data(DescId::STR, texts().map(<[u8]>::len).sum(), |whole| {
        let mut rest = whole;
        for text in texts() {
            let (place, after) = rest.split_at_mut(text.len());
            place.copy_from_slice(text);
            rest = after;
        }
    })
}

/// Bounds as in Python: negative from the end, clamped.
fn slice_bounds(len: usize, from: i64, to: i64) -> (usize, usize) {
    let clamp = |index: i64| {
        let index = if index < 0 { index.saturating_add(len as i64) } else { index };
        index.clamp(0, len as i64) as usize
    };
    let (from, to) = (clamp(from), clamp(to));
    (from, to.max(from))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_str_slice(ctx: *mut Ctx, a: ObjPtr, from: i64, to: i64) -> ObjPtr {
    // SAFETY: see `fns`.
    let (actor, whole) = unsafe { (actor(ctx), text(a)) };
    let (from, to) = slice_bounds(whole.len(), from, to);
    if to - from == whole.len() {
        return a;
    }
    for at in [from, to] {
        if !whole.is_char_boundary(at) {
            actor.raise(PanicCode::NotCharBoundary, &[at as u64]);
            return null_mut();
        }
    }
    actor.new_str(&whole[from..to])
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_bytes_slice(ctx: *mut Ctx, a: ObjPtr, from: i64, to: i64) -> ObjPtr {
    // SAFETY: see `fns`.
    let (actor, whole) = unsafe { (actor(ctx), data(a)) };
    let (from, to) = slice_bounds(whole.len(), from, to);
    if to - from == whole.len() { a } else { actor.new_bytes(&whole[from..to]) }
}

/// An offset as the language counts: -1 for none.
fn offset(found: Option<usize>) -> i64 {
    found.map_or(-1, |at| at as i64)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_data_find(_ctx: *mut Ctx, a: ObjPtr, needle: ObjPtr, from: i64) -> i64 {
    // SAFETY: see `fns`.
    let (whole, needle) = unsafe { (data(a), data(needle)) };
    let from = from.max(0) as usize;
    let Some(rest) = whole.get(from..) else { return -1 };
    let found = match needle {
        [byte] => memchr(*byte, rest),
        // Preparing a search costs time by the needle's length.
        _ if needle.len() > rest.len() => None,
        _ => memmem::find(rest, needle),
    };
    offset(found.map(|at| from + at))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_data_rfind(_ctx: *mut Ctx, a: ObjPtr, needle: ObjPtr) -> i64 {
    // SAFETY: see `fns`.
    offset(unsafe { memmem::rfind(data(a), data(needle)) })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_data_find_byte(_ctx: *mut Ctx, a: ObjPtr, byte: i64, from: i64) -> i64 {
    // SAFETY: see `fns`.
    let whole = unsafe { data(a) };
    let from = from.max(0) as usize;
    let Some(rest) = whole.get(from..) else { return -1 };
    offset(u8::try_from(byte).ok().and_then(|byte| memchr(byte, rest)).map(|at| from + at))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_data_starts_with(_ctx: *mut Ctx, a: ObjPtr, prefix: ObjPtr) -> bool {
    // SAFETY: see `fns`.
    unsafe { data(a).starts_with(data(prefix)) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_data_ends_with(_ctx: *mut Ctx, a: ObjPtr, suffix: ObjPtr) -> bool {
    // SAFETY: see `fns`.
    unsafe { data(a).ends_with(data(suffix)) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_str_repeat(ctx: *mut Ctx, a: ObjPtr, n: i64) -> ObjPtr {
    // SAFETY: see `fns`.
    unsafe { repeat(ctx, DescId::STR, a, n) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_bytes_repeat(ctx: *mut Ctx, a: ObjPtr, n: i64) -> ObjPtr {
    // SAFETY: see `fns`.
    unsafe { repeat(ctx, DescId::BYTES, a, n) }
}

unsafe fn repeat(ctx: *mut Ctx, desc: DescId, a: ObjPtr, n: i64) -> ObjPtr {
    // SAFETY: see `fns`.
    let (actor, piece) = unsafe { (actor(ctx), data(a)) };
    let Some(len) = piece.len().checked_mul(n.max(0) as usize).filter(|&len| len < 1 << 48) else {
        actor.raise(PanicCode::HeapLimit, &[]);
        return null_mut();
    };
    actor.new_data(desc, len, |whole| {
        if let [byte] = piece {
            whole.fill(*byte);
        } else if !piece.is_empty() {
            whole.chunks_exact_mut(piece.len()).for_each(|place| place.copy_from_slice(piece));
        }
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_bytes_from_str(ctx: *mut Ctx, a: ObjPtr) -> ObjPtr {
    // SAFETY: see `fns`.
    unsafe { actor(ctx).new_bytes(data(a)) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_str_from_bytes(ctx: *mut Ctx, a: ObjPtr) -> ObjPtr {
    // SAFETY: see `fns`.
    let (actor, bytes) = unsafe { (actor(ctx), data(a)) };
    std::str::from_utf8(bytes).map_or(null_mut(), |text| actor.new_str(text))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_str_from_bytes_lossy(ctx: *mut Ctx, a: ObjPtr) -> ObjPtr {
    // SAFETY: see `fns`.
    let (actor, bytes) = unsafe { (actor(ctx), data(a)) };
    actor.new_str(&String::from_utf8_lossy(bytes))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_bytes_from_array(ctx: *mut Ctx, array: ObjPtr, len: i64) -> ObjPtr {
    // SAFETY: see `fns`; arrays and byte strings have the same layout, and the caller keeps `len` within the array.
    unsafe { actor(ctx).new_bytes(&data(array)[..len as usize]) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_array_copy_bytes(
    _ctx: *mut Ctx,
    to: ObjPtr,
    to_index: i64,
    from_data: ObjPtr,
    from: i64,
    count: i64,
) {
    // SAFETY: see `fns`; the caller keeps both ranges within their objects.
    unsafe {
        let source = &data(from_data)[from as usize..][..count as usize];
        let place = to.cast::<u8>().add(ARRAY_DATA as usize + to_index as usize);
        place.copy_from(source.as_ptr(), source.len());
    }
}
