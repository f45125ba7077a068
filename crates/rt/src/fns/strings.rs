//! Strings. See `fns` for what callers promise.

use super::{Pair, actor};
use crate::actor::{data, text};
use crate::text::{float, format, parse, quote};
use memchr::memmem;
use sepal_abi::{Ctx, DescId, FormatSpec, NumType, ObjPtr, PanicCode};
use std::ptr::null_mut;

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_str_find_space(_ctx: *mut Ctx, a: ObjPtr, from: i64) -> i64 {
    // SAFETY: see `fns`.
    unsafe { find_char(a, from, char::is_whitespace) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_str_skip_space(_ctx: *mut Ctx, a: ObjPtr, from: i64) -> i64 {
    // SAFETY: see `fns`.
    unsafe { find_char(a, from, |c: char| !c.is_whitespace()) }
}

/// The first such character at or after an offset, else the length.
unsafe fn find_char(a: ObjPtr, from: i64, wanted: impl Fn(char) -> bool) -> i64 {
    // SAFETY: see `fns`.
    let whole = unsafe { text(a) };
    let from = whole.ceil_char_boundary(from.max(0) as usize);
    whole[from..].find(wanted).map_or(whole.len(), |at| from + at) as i64
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_str_replace(
    ctx: *mut Ctx,
    a: ObjPtr,
    old: ObjPtr,
    new: ObjPtr,
) -> ObjPtr {
    // SAFETY: see `fns`.
    let (actor, whole, old, new) = unsafe { (actor(ctx), text(a), text(old), text(new)) };
    if old.is_empty() {
        return actor.new_str(&whole.replace(old, new));
    }
    let finder = memmem::Finder::new(old);
    let count = finder.find_iter(whole.as_bytes()).count();
    if count == 0 {
        return a;
    }
    let len = whole.len() - count * old.len() + count * new.len();
    actor.new_data(DescId::STR, len, |mut place| {
        let mut from = 0;
        let mut put = |piece: &[u8]| {
            let (head, tail) = std::mem::take(&mut place).split_at_mut(piece.len());
            head.copy_from_slice(piece);
            place = tail;
        };
        for at in finder.find_iter(whole.as_bytes()) {
            put(&whole.as_bytes()[from..at]);
            put(new.as_bytes());
            from = at + old.len();
        }
        put(&whole.as_bytes()[from..]);
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_str_trim(ctx: *mut Ctx, a: ObjPtr, ends: i64) -> ObjPtr {
    // SAFETY: see `fns`.
    let (actor, whole) = unsafe { (actor(ctx), text(a)) };
    let mut trimmed = whole;
    if ends & 1 != 0 {
        trimmed = trimmed.trim_start();
    }
    if ends & 2 != 0 {
        trimmed = trimmed.trim_end();
    }
    if trimmed.len() == whole.len() { a } else { actor.new_str(trimmed) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_str_upper(ctx: *mut Ctx, a: ObjPtr) -> ObjPtr {
    // SAFETY: see `fns`.
    unsafe { change_case(ctx, a, <[u8]>::make_ascii_uppercase, str::to_uppercase) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_str_lower(ctx: *mut Ctx, a: ObjPtr) -> ObjPtr {
    // SAFETY: see `fns`.
    unsafe { change_case(ctx, a, <[u8]>::make_ascii_lowercase, str::to_lowercase) }
}

/// ASCII is changed in the new object; the rest of Unicode may change its length.
unsafe fn change_case(
    ctx: *mut Ctx,
    a: ObjPtr,
    ascii: fn(&mut [u8]),
    unicode: fn(&str) -> String,
) -> ObjPtr {
    // SAFETY: see `fns`.
    let (actor, whole) = unsafe { (actor(ctx), text(a)) };
    if !whole.is_ascii() {
        return actor.new_str(&unicode(whole));
    }
    actor.new_data(DescId::STR, whole.len(), |place| {
        place.copy_from_slice(whole.as_bytes());
        ascii(place);
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_str_char_at(ctx: *mut Ctx, a: ObjPtr, at: i64) -> Pair<i32, i64> {
    // SAFETY: see `fns`.
    let (actor, whole) = unsafe { (actor(ctx), text(a)) };
    let rest = usize::try_from(at).ok().and_then(|at| whole.get(at..));
    match rest.and_then(|rest| rest.chars().next()) {
        Some(c) => Pair(c as i32, at + c.len_utf8() as i64),
        None => {
            actor.raise(PanicCode::NotCharBoundary, &[at as u64]);
            Pair(0, 0)
        }
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_str_char_count(_ctx: *mut Ctx, a: ObjPtr) -> i64 {
    // SAFETY: see `fns`.
    unsafe { text(a) }.chars().count() as i64
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_str_is_boundary(_ctx: *mut Ctx, a: ObjPtr, at: i64) -> bool {
    // SAFETY: see `fns`.
    usize::try_from(at).is_ok_and(|at| unsafe { text(a) }.is_char_boundary(at))
}

/// Makes a string of what `push` appends.
unsafe fn build(ctx: *mut Ctx, push: impl FnOnce(&mut String)) -> ObjPtr {
    let mut shown = String::new();
    push(&mut shown);
    // SAFETY: see `fns`.
    unsafe { actor(ctx) }.new_str(&shown)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_str_quote(ctx: *mut Ctx, a: ObjPtr) -> ObjPtr {
    // SAFETY: see `fns`.
    unsafe { build(ctx, |out| quote::push_str(out, text(a))) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_bytes_quote(ctx: *mut Ctx, a: ObjPtr) -> ObjPtr {
    // SAFETY: see `fns`.
    unsafe { build(ctx, |out| quote::push_bytes(out, data(a))) }
}

/// The character of a scalar; compiled code has only valid ones.
pub(super) fn char_of(c: i32) -> char {
    char::from_u32(c as u32).unwrap_or(char::REPLACEMENT_CHARACTER)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_char_quote(ctx: *mut Ctx, c: i32) -> ObjPtr {
    // SAFETY: see `fns`.
    unsafe { build(ctx, |out| quote::push_char(out, char_of(c))) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_str_from_char(ctx: *mut Ctx, c: i32) -> ObjPtr {
    // SAFETY: see `fns`.
    unsafe { actor(ctx) }.new_str(char_of(c).encode_utf8(&mut [0; 4]))
}

/// An integer's decimal digits, written from the end of a buffer.
pub(super) struct Decimal {
    bytes: [u8; 20],
    start: usize,
}

impl Decimal {
    pub(super) fn new(n: i64) -> Decimal {
        let mut decimal = Decimal::unsigned(n.unsigned_abs());
        if n < 0 {
            decimal.start -= 1;
            decimal.bytes[decimal.start] = b'-';
        }
        decimal
    }

    pub(super) fn unsigned(mut n: u64) -> Decimal {
        let mut decimal = Decimal { bytes: [0; 20], start: 20 };
        loop {
            decimal.start -= 1;
            decimal.bytes[decimal.start] = b'0' + (n % 10) as u8;
            n /= 10;
            if n == 0 {
                return decimal;
            }
        }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[self.start..]
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_str_from_int(ctx: *mut Ctx, n: i64) -> ObjPtr {
    let decimal = Decimal::new(n);
    let digits = decimal.as_bytes();
    // SAFETY: see `fns`; digits are UTF-8.
    unsafe { actor(ctx) }.new_data(DescId::STR, digits.len(), |place| place.copy_from_slice(digits))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_str_from_uint(ctx: *mut Ctx, n: i64) -> ObjPtr {
    let decimal = Decimal::unsigned(n as u64);
    let digits = decimal.as_bytes();
    // SAFETY: see `fns`; digits are UTF-8.
    unsafe { actor(ctx) }.new_data(DescId::STR, digits.len(), |place| place.copy_from_slice(digits))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_str_from_float(ctx: *mut Ctx, x: f64) -> ObjPtr {
    // SAFETY: see `fns`.
    unsafe { build(ctx, |out| float::push_float(out, x)) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_str_from_f32(ctx: *mut Ctx, x: f32) -> ObjPtr {
    // SAFETY: see `fns`.
    unsafe { build(ctx, |out| float::push_f32(out, x)) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_int_parse(_ctx: *mut Ctx, a: ObjPtr, num_type: i64) -> Pair<i64, bool> {
    // SAFETY: see `fns`.
    let digits = unsafe { data(a) };
    let parsed = NumType::from_number(num_type).and_then(|num_type| parse::int(digits, num_type));
    Pair(parsed.unwrap_or(0), parsed.is_some())
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_float_parse(_ctx: *mut Ctx, a: ObjPtr) -> Pair<f64, bool> {
    // SAFETY: see `fns`.
    let parsed = parse::float(unsafe { text(a) });
    Pair(parsed.unwrap_or(0.0), parsed.is_some())
}

/// Formats by the specification in a string object; one that does not fit is a panic.
unsafe fn formatted(
    ctx: *mut Ctx,
    spec: ObjPtr,
    show: impl FnOnce(&FormatSpec) -> Option<String>,
) -> ObjPtr {
    // SAFETY: see `fns`.
    let (actor, spec_text) = unsafe { (actor(ctx), text(spec)) };
    match FormatSpec::parse(spec_text).and_then(|spec| show(&spec)) {
        Some(shown) => actor.new_str(&shown),
        None => {
            actor.raise(PanicCode::FormatSpec, &[spec as u64]);
            null_mut()
        }
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_format_int(ctx: *mut Ctx, n: i64, spec: ObjPtr) -> ObjPtr {
    // SAFETY: see `fns`.
    unsafe { formatted(ctx, spec, |spec| format::int(n.into(), spec)) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_format_uint(ctx: *mut Ctx, n: i64, spec: ObjPtr) -> ObjPtr {
    // SAFETY: see `fns`.
    unsafe { formatted(ctx, spec, |spec| format::int((n as u64).into(), spec)) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_format_float(ctx: *mut Ctx, x: f64, spec: ObjPtr) -> ObjPtr {
    // SAFETY: see `fns`.
    unsafe { formatted(ctx, spec, |spec| format::float(x, spec)) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_format_str(ctx: *mut Ctx, a: ObjPtr, spec: ObjPtr) -> ObjPtr {
    // SAFETY: see `fns`.
    unsafe { formatted(ctx, spec, |spec| format::str(text(a), spec)) }
}
