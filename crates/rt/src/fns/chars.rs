//! Characters, symbols and hashing. See `fns` for what callers promise.

use super::actor;
use super::strings::char_of;
use crate::actor::text;
use crate::hash::{self, Keys};
use crate::symbols::Symbols;
use sepal_abi::{Ctx, ObjPtr};
use std::sync::{Mutex, MutexGuard, PoisonError};

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_char_is_alphabetic(_ctx: *mut Ctx, c: i32) -> bool {
    char_of(c).is_alphabetic()
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_char_is_numeric(_ctx: *mut Ctx, c: i32) -> bool {
    char_of(c).is_numeric()
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_char_is_whitespace(_ctx: *mut Ctx, c: i32) -> bool {
    char_of(c).is_whitespace()
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_char_is_upper(_ctx: *mut Ctx, c: i32) -> bool {
    char_of(c).is_uppercase()
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_char_is_lower(_ctx: *mut Ctx, c: i32) -> bool {
    char_of(c).is_lowercase()
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_char_to_upper(_ctx: *mut Ctx, c: i32) -> i32 {
    only(char_of(c).to_uppercase()).map_or(c, |upper| upper as i32)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_char_to_lower(_ctx: *mut Ctx, c: i32) -> i32 {
    only(char_of(c).to_lowercase()).map_or(c, |lower| lower as i32)
}

/// The character of a mapping that has only one.
fn only(mut chars: impl ExactSizeIterator<Item = char>) -> Option<char> {
    if chars.len() == 1 { chars.next() } else { None }
}

/// The lock is held for the time of a look-up; the table is valid between any two steps.
fn lock(symbols: &Mutex<Symbols>) -> MutexGuard<'_, Symbols> {
    symbols.lock().unwrap_or_else(PoisonError::into_inner)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_symbol_intern(ctx: *mut Ctx, name: ObjPtr) -> i32 {
    // SAFETY: see `fns`.
    let (actor, name) = unsafe { (actor(ctx), text(name)) };
    lock(&actor.runtime.symbols).intern(name) as i32
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_symbol_name(ctx: *mut Ctx, symbol: i32) -> ObjPtr {
    // SAFETY: see `fns`.
    let actor = unsafe { actor(ctx) };
    let name = lock(&actor.runtime.symbols).name(symbol as u32).to_owned();
    actor.new_str(&name)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_hash_key(_ctx: *mut Ctx, index: i64) -> i64 {
    Keys::get().key(index as usize) as i64
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_hash_mix(_ctx: *mut Ctx, hash: i64, value: i64) -> i64 {
    Keys::get().mix(hash as u64, value as u64) as i64
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_random(ctx: *mut Ctx) -> i64 {
    // SAFETY: see `fns`.
    let runtime = unsafe { actor(ctx) }.runtime;
    let simulation = runtime.scheduler.simulation();
    simulation.map_or_else(hash::random, |simulation| simulation.dice().next()) as i64
}
