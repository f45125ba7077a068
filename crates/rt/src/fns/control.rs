//! Polls, panics, defers, the end of the program. See `fns` for what callers promise.

use super::actor;
use crate::actor::text;
use crate::panics::end_actor;
use crate::stdio;
use sepal_abi::{Ctx, NO_LOC, ObjPtr, PanicCode};
use std::ptr::null_mut;

/// Only the stack can be used up so far: nothing poisons the limit yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_poll(ctx: *mut Ctx) {
    // SAFETY: see `fns`.
    unsafe { actor(ctx) }.raise(PanicCode::StackOverflow, &[]);
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_raise(ctx: *mut Ctx, code: i64, a: i64, b: i64) {
    // SAFETY: see `fns`.
    let actor = unsafe { actor(ctx) };
    let code = PanicCode::from_number(code as u64).expect("codes come from the table");
    actor.raise(code, &[a as u64, b as u64]);
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_raise_message(ctx: *mut Ctx, message: ObjPtr) {
    // SAFETY: see `fns`.
    unsafe { actor(ctx).raise_text(PanicCode::Message, text(message).to_owned()) };
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_panic_at(ctx: *mut Ctx, loc: i64, fp: *const u8) {
    // SAFETY: the caller is a compiled frame of the entered actor, and compiled frames own nothing.
    unsafe { end_actor(ctx, u32::try_from(loc).unwrap_or(NO_LOC), fp as usize) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_defer_depth(ctx: *mut Ctx) -> i64 {
    // SAFETY: see `fns`.
    unsafe { actor(ctx) }.defer_depth() as i64
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_defer_push(ctx: *mut Ctx, closure: ObjPtr) {
    // SAFETY: see `fns`.
    unsafe { actor(ctx) }.push_defer(closure);
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_defer_pop(ctx: *mut Ctx) -> ObjPtr {
    // SAFETY: see `fns`.
    unsafe { actor(ctx) }.pop_defer().unwrap_or(null_mut())
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_exit(_ctx: *mut Ctx, code: i64) {
    stdio::exit(code as i32)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_show_enter(ctx: *mut Ctx, object: ObjPtr) -> bool {
    // SAFETY: see `fns`.
    unsafe { actor(ctx) }.enter_show(object)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_show_leave(ctx: *mut Ctx) {
    // SAFETY: see `fns`.
    unsafe { actor(ctx) }.leave_show();
}
