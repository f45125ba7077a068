//! The bodies of `abi::rt_fns!`, by topic, and their addresses.
//!
//! [`address`] names every body with the type that the table gives it, so a missing or wrong one does not compile.
//! All bodies are `unsafe extern "C"`: callers promise a context of a living actor of this thread, and for each `Ref`
//! an object of the kind that the table's row names, or null where it says so. That promise is
//! the argument of every `unsafe` block in this folder that does not give another.
//!
//! A body must never hold a reference to the actor across a call into compiled code (none makes one), never
//! unwind, and never keep a heap pointer where the collector does not look: locals are fine.

#![allow(clippy::missing_safety_doc, reason = "what callers promise is said above, once")]

mod actors;
mod buf;
mod chars;
mod control;
mod data;
mod float;
mod fs;
mod futures;
mod info;
mod io;
mod memory;
mod numbers;
mod receive;
mod strings;

#[cfg(test)]
mod tests;

use crate::actor::Actor;
use sepal_abi::{Ctx, RtFn};

/// Two results in two registers.
#[derive(Clone, Copy, PartialEq, Debug)]
#[repr(C)]
pub struct Pair<A, B>(pub A, pub B);

/// The Rust type of a scalar.
macro_rules! scalar_type {
    (I32) => { i32 };
    (I64) => { i64 };
    (F32) => { f32 };
    (F64) => { f64 };
    (Bool) => { bool };
    (Ref) => { sepal_abi::ObjPtr };
    (Any) => { u64 };
    (Ptr) => { *const u8 };
}

macro_rules! result_type {
    () => { () };
    ($a:ident) => { scalar_type!($a) };
    ($a:ident, $b:ident) => { Pair<scalar_type!($a), scalar_type!($b)> };
}

macro_rules! define_address {
    ($(
        $(#[doc = $doc:literal])*
        $name:ident($($param:ident: $ptype:ident),*) -> ($($result:ident),*) [$($effect:ident)*];
    )*) => {
        /// The address of a body.
        pub fn address(f: RtFn) -> *const u8 {
            match f {
                $(RtFn::$name => {
                    type Body = unsafe extern "C" fn(
                        *mut Ctx $(, scalar_type!($ptype))*
                    ) -> result_type!($($result),*);
                    let body: Body = bodies::$name;
                    body as *const u8
                })*
            }
        }
    };
}

sepal_abi::rt_fns!(define_address);

/// All bodies by name, for engines that call them directly.
pub mod bodies {
    pub use super::actors::*;
    pub use super::buf::*;
    pub use super::chars::*;
    pub use super::control::*;
    pub use super::data::*;
    pub use super::float::*;
    pub use super::fs::*;
    pub use super::futures::*;
    pub use super::info::*;
    pub use super::io::*;
    pub use super::memory::*;
    pub use super::numbers::*;
    pub use super::receive::*;
    pub use super::strings::*;
}

/// The actor of a context.
///
/// # Safety
/// See the module's head.
#[inline(always)]
unsafe fn actor<'a>(ctx: *mut Ctx) -> &'a mut Actor {
    // SAFETY: the caller promises a context of a living actor, to which a body holds the only reference.
    unsafe { Actor::of(ctx) }
}

/// Does what may wait for the operating system, while others run. It must not touch the actor's heap but to read
/// the arguments.
///
/// # Safety
/// See the module's head.
unsafe fn blocking<T>(ctx: *mut Ctx, body: impl FnOnce() -> T) -> T {
    // SAFETY: the caller vouches for the context; the reference ends before the body runs.
    let runtime = unsafe { actor(ctx) }.runtime;
    runtime.scheduler.blocking(runtime, body)
}
