//! Builders: growable strings and byte strings. See `fns` for what callers promise.
//!
//! A builder is `{header, len, data}`; `data` is a byte string whose length is the capacity. Only the functions
//! here touch either.

use super::actor;
use super::strings::{Decimal, char_of};
use crate::actor::{Actor, data, text};
use crate::text::{float, quote};
use sepal_abi::{Ctx, DescId, Header, ObjPtr, PanicCode, STR_DATA};
use std::ptr::null_mut;

/// A builder object.
#[repr(C)]
struct Buf {
    header: Header,
    len: u64,
    data: ObjPtr,
}

const SIZE: usize = size_of::<Buf>();
/// The capacity of the first data, unless more is asked for.
const MIN_CAPACITY: usize = 48;

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_buf_new(ctx: *mut Ctx, capacity: i64) -> ObjPtr {
    // SAFETY: see `fns`.
    let actor = unsafe { actor(ctx) };
    let capacity = (capacity.clamp(0, 1 << 40) as usize).max(MIN_CAPACITY);
    let data = actor.new_data(DescId::BYTES, capacity, |_| {});
    if data.is_null() {
        return null_mut();
    }
    let Some(object) = actor.alloc(Header::new(DescId::BUF), SIZE) else { return null_mut() };
    // SAFETY: the object was made with this size.
    unsafe { (*object.cast::<Buf>()).data = data };
    object
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_buf_len(_ctx: *mut Ctx, buf: ObjPtr) -> i64 {
    // SAFETY: see `fns`.
    unsafe { (*buf.cast::<Buf>()).len as i64 }
}

/// Appends bytes. `bytes` may lie in an object that is reachable from the caller's frame.
#[inline]
unsafe fn push(actor: &mut Actor, buf: ObjPtr, bytes: &[u8]) {
    // SAFETY: see `fns`; the copy goes to fresh capacity, which nobody else sees.
    unsafe {
        let buf = buf.cast::<Buf>();
        let len = (*buf).len as usize;
        if bytes.len() > (*(*buf).data).len as usize - len && !grow(actor, buf, bytes.len()) {
            return;
        }
        let place = (*buf).data.cast::<u8>().add(STR_DATA as usize + len);
        place.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        (*buf).len = (len + bytes.len()) as u64;
    }
}

/// Makes room for `more` bytes; false: a panic has been raised.
#[cold]
unsafe fn grow(actor: &mut Actor, buf: *mut Buf, more: usize) -> bool {
    // SAFETY: see `fns`.
    unsafe {
        let len = (*buf).len as usize;
        let capacity = (len + more).max(len.saturating_mul(2));
        if capacity >= 1 << 48 {
            actor.raise(PanicCode::HeapLimit, &[]);
            return false;
        }
        let old = data((*buf).data);
        let new = actor.new_data(DescId::BYTES, capacity, |place| {
            place[..len].copy_from_slice(&old[..len]);
        });
        if !new.is_null() {
            actor.heap.log(&mut actor.ctx, (*buf).data as u64);
            (*buf).data = new;
        }
        !new.is_null()
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_buf_push_data(ctx: *mut Ctx, buf: ObjPtr, a: ObjPtr) {
    // SAFETY: see `fns`.
    unsafe { push(actor(ctx), buf, data(a)) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_buf_push_range(
    ctx: *mut Ctx,
    buf: ObjPtr,
    a: ObjPtr,
    from: i64,
    to: i64,
) {
    // SAFETY: see `fns`; the caller keeps the range within the data.
    unsafe { push(actor(ctx), buf, &data(a)[from as usize..to as usize]) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_buf_push_byte(ctx: *mut Ctx, buf: ObjPtr, byte: i64) {
    // SAFETY: see `fns`.
    unsafe { push(actor(ctx), buf, &[byte as u8]) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_buf_push_char(ctx: *mut Ctx, buf: ObjPtr, c: i32) {
    // SAFETY: see `fns`.
    unsafe { push(actor(ctx), buf, char_of(c).encode_utf8(&mut [0; 4]).as_bytes()) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_buf_push_int(ctx: *mut Ctx, buf: ObjPtr, n: i64) {
    // SAFETY: see `fns`.
    unsafe { push(actor(ctx), buf, Decimal::new(n).as_bytes()) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_buf_push_uint(ctx: *mut Ctx, buf: ObjPtr, n: i64) {
    // SAFETY: see `fns`.
    unsafe { push(actor(ctx), buf, Decimal::unsigned(n as u64).as_bytes()) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_buf_push_float(ctx: *mut Ctx, buf: ObjPtr, x: f64) {
    let mut shown = String::new();
    float::push_float(&mut shown, x);
    // SAFETY: see `fns`.
    unsafe { push(actor(ctx), buf, shown.as_bytes()) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_buf_push_quoted(ctx: *mut Ctx, buf: ObjPtr, a: ObjPtr) {
    let mut shown = String::new();
    // SAFETY: see `fns`.
    unsafe {
        quote::push_str(&mut shown, text(a));
        push(actor(ctx), buf, shown.as_bytes());
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_buf_take_str(ctx: *mut Ctx, buf: ObjPtr) -> ObjPtr {
    // SAFETY: see `fns`.
    unsafe { take(ctx, buf, DescId::STR) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_buf_take_bytes(ctx: *mut Ctx, buf: ObjPtr) -> ObjPtr {
    // SAFETY: see `fns`.
    unsafe { take(ctx, buf, DescId::BYTES) }
}

/// The contents as an object; the builder keeps its capacity for what follows.
unsafe fn take(ctx: *mut Ctx, buf: ObjPtr, desc: DescId) -> ObjPtr {
    // SAFETY: see `fns`.
    unsafe {
        let buf = buf.cast::<Buf>();
        let len = (*buf).len as usize;
        let contents = &data((*buf).data)[..len];
        let taken = actor(ctx).new_data(desc, len, |place| place.copy_from_slice(contents));
        (*buf).len = 0;
        taken
    }
}
