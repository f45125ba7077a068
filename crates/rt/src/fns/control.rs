//! Polls, panics, defers, the end of the program. See `fns` for what callers promise.

use super::actor;
use crate::actor::text;
use crate::panics::end_actor;
use crate::stdio;
use sepal_abi::{ARRAY_DATA, Ctx, DescId, Header, NO_LOC, ObjPtr, PanicCode, object_size};
use std::ptr::null_mut;

/// The limit is poisoned afterwards if the actor shall yield.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_poll(ctx: *mut Ctx) {
    // SAFETY: see `fns`.
    unsafe { actor(ctx) }.poll();
}

/// Only for the thunk of polls: the caller must be compiled code.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn rt_yield(_ctx: *mut Ctx) {
    std::arch::naked_asm!(
        "add rdi, {slot}",
        "jmp {yield_actor}",
        slot = const std::mem::offset_of!(Ctx, entry_sp),
        yield_actor = sym sepal_machine::r#gen::yield_actor,
    )
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

/// An array of the closures, so that they are traced.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_defer_take(ctx: *mut Ctx, depth: i64) -> ObjPtr {
    // SAFETY: see `fns`.
    let actor = unsafe { actor(ctx) };
    let count = actor.defer_depth().saturating_sub(depth as usize);
    if count == 0 {
        return null_mut();
    }
    let Some(size) = object_size(actor.heap.desc(DescId::REFS), count as u64) else {
        return null_mut();
    };
    // The closures stay pending, and so alive, until there is an array for them.
    let Some(array) = actor.alloc(Header::new(DescId::REFS), size) else { return null_mut() };
    // SAFETY: the array was just made with room for so many words.
    unsafe {
        (*array).len = count as u64;
        let words = array.byte_add(ARRAY_DATA as usize).cast::<u64>();
        for index in (0..count).rev() {
            words.add(index).write(actor.pop_defer().unwrap_or(null_mut()) as u64);
        }
    }
    array
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_defer_restore(ctx: *mut Ctx, saved: ObjPtr) {
    if saved.is_null() {
        return;
    }
    // SAFETY: see `fns`; it was made by `rt_defer_take`.
    unsafe {
        let words = saved.byte_add(ARRAY_DATA as usize).cast::<ObjPtr>();
        for index in 0..(*saved).len as usize {
            actor(ctx).push_defer(words.add(index).read());
        }
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_globals_own(ctx: *mut Ctx) {
    // SAFETY: see `fns`.
    unsafe { actor(ctx) }.own_globals();
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
