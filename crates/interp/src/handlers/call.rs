//! Calls and returns, and what leaves register code: runtime and C functions, the translator.
//!
//! A frame begins with the arguments. The word below it is its link, the address of the call; the call's
//! word says where the caller's frame begins and where a single result goes. All calls that make frames are
//! two words long, so that a return knows what comes next.

use crate::code::Word;
use crate::machine::{Entry, Machine};
use crate::rt_calls::Thunk;
use crate::state::{At, load};
use sepal_abi::{BOX_VTABLE, CLOSURE_CODE};

/// The entry that a literal, closure or vtable names.
#[inline(always)]
fn entry_of_closure(closure: u64) -> *const Entry {
    load(closure, u64::from(CLOSURE_CODE))
}

#[inline(always)]
fn entry_of_method(object: u64, slot_offset: u64) -> *const Entry {
    load(load(object, u64::from(BOX_VTABLE)), slot_offset)
}

#[inline(always)]
pub fn call(at: At, w: Word, m: &Machine<'_>) -> At {
    m.enter(at, w.wide(), at.literal(1) as *const Entry)
}

#[inline(always)]
pub fn call_closure(at: At, w: Word, m: &Machine<'_>) -> At {
    m.enter(at, w.wide(), entry_of_closure(at.get_far(w.wide())))
}

#[inline(always)]
pub fn call_virtual(at: At, w: Word, m: &Machine<'_>) -> At {
    m.enter(at, w.wide(), entry_of_method(at.get_far(w.wide()), at.literal(1)))
}

#[inline(always)]
pub fn tail_call(at: At, _: Word, m: &Machine<'_>) -> At {
    m.replace(at, at.literal(1) as *const Entry)
}

#[inline(always)]
pub fn tail_call_closure(at: At, _: Word, m: &Machine<'_>) -> At {
    m.replace(at, entry_of_closure(at.get(0)))
}

#[inline(always)]
pub fn tail_call_virtual(at: At, _: Word, m: &Machine<'_>) -> At {
    m.replace(at, entry_of_method(at.get(0), at.literal(1)))
}

#[inline(always)]
pub fn return_many(at: At, _: Word, _: &Machine<'_>) -> At {
    at.caller().next(2)
}

#[inline(always)]
pub fn return_one(at: At, w: Word, _: &Machine<'_>) -> At {
    let value = at.get(w.a());
    let caller = at.caller();
    caller.set(caller.word().a(), value);
    caller.next(2)
}

#[inline(always)]
pub fn call_rt(at: At, _: Word, m: &Machine<'_>) -> At {
    m.call_rt(at, Thunk::from_word(at.literal(1)));
    at.next(3)
}

#[inline(always)]
pub fn call_rt_panics(at: At, _: Word, m: &Machine<'_>) -> At {
    m.call_rt(at, Thunk::from_word(at.literal(1)));
    if m.has_panicked() { m.halted(at) } else { at.next(3) }
}

#[inline(always)]
pub fn call_rt_parks(at: At, _: Word, m: &Machine<'_>) -> At {
    m.call_rt(at, Thunk::from_word(at.literal(1)));
    if m.is_poisoned() { m.poll(at, at.next(3)) } else { at.next(3) }
}

#[inline(never)]
pub fn call_extern(at: At, w: Word, m: &Machine<'_>) -> At {
    crate::externs::call(at, w, m)
}

#[inline(always)]
pub fn raised(at: At, _: Word, m: &Machine<'_>) -> At {
    m.halted(at)
}

#[inline(never)]
pub fn translate(at: At, w: Word, m: &Machine<'_>) -> At {
    m.translate(at, w.wide())
}
