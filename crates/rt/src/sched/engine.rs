//! What the scheduler asks of an engine: run an actor for a while on this thread.
//!
//! [`NativeEngine`] runs compiled code on native stacks: `main` has a large one of its own, others take one from a pool
//! for as long as they run or are preempted. An actor that waits has none.
//!
//! Must never keep a Rust frame on an actor's stack when it comes back.

use super::stacks;
use crate::actor::Actor;
use crate::run::{Ended, MAIN_STACK};
use crate::trace;
use sepal_abi::{CLOSURE_CODE, FRAME_RESUME, NO_LOC, ObjPtr};
use sepal_machine::r#gen::{
    EntryResult, EntryStatus, enter_actor, proceed_actor, yielded_frame_pointer,
};
use std::cell::Cell;

/// What to run.
#[derive(Clone, Copy, Debug)]
pub enum Run {
    /// The program's plain entry.
    Entry,
    /// The code of a frame, with the frame: a [`FrameStatus`](sepal_abi::FrameStatus) comes back.
    Resume(ObjPtr),
    /// A closure without parameters and results.
    Call(ObjPtr),
    /// Where the actor was preempted.
    Proceed,
}

/// How a run came back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// With the code's first result.
    Returned(i64),
    /// What was raised ended it: it has been reported (`panics::report`).
    Abandoned,
    /// The actor shall run again later; the engine holds what it needs to proceed.
    Preempted,
    /// There was no memory to begin.
    NoMemory,
}

/// See the module's head.
pub trait Engine: Sync {
    /// Runs an actor. Polls call `rt_poll` when `ctx.limit` is above the stack pointer and yield if it stays poisoned
    /// afterwards.
    ///
    /// # Safety
    /// The actor must be alive and this thread's, with no reference to it in use; what is run must be its own.
    unsafe fn run(&self, actor: *mut Actor, run: Run) -> Outcome;

    /// The actor that was preempted will not go on from there.
    ///
    /// # Safety
    /// As [`Engine::run`].
    unsafe fn discard(&self, actor: *mut Actor);

    /// The places of the running frames of an actor that was preempted, innermost first; none if the engine
    /// does not know them. Must not wait.
    fn places(&self, _actor: &Actor) -> Vec<u32> {
        Vec::new()
    }

    /// This thread has nothing to do: it keeps only what it will soon need again.
    fn rest(&self) {}
}

/// See the module's head.
#[derive(Debug, Default)]
pub struct NativeEngine;

impl Engine for NativeEngine {
    unsafe fn run(&self, actor: *mut Actor, run: Run) -> Outcome {
        // SAFETY: the caller vouches for the actor; no reference to it is held while its code runs.
        unsafe {
            let is_main = (*actor).is_main();
            if (*actor).stack.is_none() {
                (*actor).stack = if is_main { stacks::make(MAIN_STACK) } else { stacks::take() };
            }
            let Some(activation) = &(*actor).stack else { return Outcome::NoMemory };
            let (top, sp) = (activation.stack.top(), activation.sp);
            (*actor).reset_limit();
            let ctx = &raw mut (*actor).ctx;
            let slot = &raw mut (*ctx).entry_sp;
            let enter = |code: *const u8, arg: u64| enter_actor(slot, ctx.cast(), code, arg, top);
            let result: EntryResult = match run {
                Run::Entry => enter((*actor).image().entry, 0),
                Run::Resume(frame) => enter(
                    frame.byte_add(FRAME_RESUME as usize).cast::<*const u8>().read(),
                    frame as u64,
                ),
                Run::Call(closure) => enter(
                    closure.byte_add(CLOSURE_CODE as usize).cast::<*const u8>().read(),
                    closure as u64,
                ),
                Run::Proceed => proceed_actor(slot, sp),
            };
            match result.status {
                EntryStatus::Preempted => {
                    if let Some(activation) = &mut (*actor).stack {
                        activation.sp = result.value as usize;
                    }
                    return Outcome::Preempted;
                }
                EntryStatus::Returned | EntryStatus::Abandoned => {}
            }
            if !is_main {
                stacks::give_back((*actor).stack.take());
            }
            match result.status {
                EntryStatus::Returned => Outcome::Returned(result.value as i64),
                EntryStatus::Abandoned | EntryStatus::Preempted => Outcome::Abandoned,
            }
        }
    }

    unsafe fn discard(&self, actor: *mut Actor) {
        // SAFETY: the caller vouches for the actor; compiled frames own nothing.
        unsafe { stacks::give_back((*actor).stack.take()) };
    }

    fn places(&self, actor: &Actor) -> Vec<u32> {
        let Some(activation) = &actor.stack else { return Vec::new() };
        // SAFETY: the actor was preempted, and has not gone on since.
        let fp = unsafe { yielded_frame_pointer(activation.sp) };
        trace::frames(actor.image(), NO_LOC, fp, actor.frame_bounds()).collect()
    }

    fn rest(&self) {
        stacks::rest();
    }
}

/// An engine that only runs `main`, by a function, on the thread's own stack.
pub(crate) struct PlainEngine<F>(Cell<Option<F>>);

// SAFETY: there is no other actor, so the only thread is the one that made the engine.
unsafe impl<F> Sync for PlainEngine<F> {}

impl<F: FnOnce(*mut Actor) -> Result<i64, Ended>> PlainEngine<F> {
    pub(crate) fn new(body: F) -> PlainEngine<F> {
        PlainEngine(Cell::new(Some(body)))
    }
}

impl<F: FnOnce(*mut Actor) -> Result<i64, Ended>> Engine for PlainEngine<F> {
    unsafe fn run(&self, actor: *mut Actor, _: Run) -> Outcome {
        let body = self.0.take().expect("main runs once, and has run its own pending defers");
        // Everything the body holds lies below this frame.
        let base = 0u64;
        Actor::use_thread_stack(&raw const base as usize);
        // SAFETY: the caller vouches for the actor.
        unsafe { (*actor).reset_limit() };
        match body(actor) {
            Ok(code) => Outcome::Returned(code),
            Err(_) => Outcome::Abandoned,
        }
    }

    unsafe fn discard(&self, _: *mut Actor) {}
}
