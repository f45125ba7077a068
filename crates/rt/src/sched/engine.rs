//! What the scheduler asks of an engine: run an actor for a while on this thread.
//!
//! [`NativeEngine`] runs compiled code on native stacks: `main` has a large one of its own, others take one from a pool
//! for as long as they run or are preempted. An actor that waits has none.
//!
//! Must never keep a Rust frame on an actor's stack when it comes back.

use crate::actor::{Activation, Actor};
use crate::run::{Ended, MAIN_STACK};
use crate::trace;
use sepal_abi::{CLOSURE_CODE, FRAME_RESUME, NO_LOC, ObjPtr};
use sepal_machine::r#gen::{
    EntryResult, EntryStatus, enter_actor, proceed_actor, yielded_frame_pointer,
};
use sepal_machine::memory::Stack;
use std::cell::{Cell, RefCell};
use std::ptr::null_mut;

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
}

/// The native stack of an actor other than `main`: addresses, not memory.
const STACK: usize = 16 * 1024 * 1024;
/// So many stacks are kept by a thread.
const SPARE: usize = 8;

thread_local! {
    /// The stack that was given back last: from a box, or null. Without a destructor, which would cost a question at each
    /// turn; [`Spare`] frees it.
    static LAST_STACK: Cell<*mut Activation> = const { Cell::new(null_mut()) };
    static SPARE_STACKS: RefCell<Spare> = const { RefCell::new(Spare(Vec::new())) };
}

/// Stacks that this thread keeps.
#[allow(clippy::vec_box, reason = "they go to and from actors in their boxes")]
struct Spare(Vec<Box<Activation>>);

impl Drop for Spare {
    fn drop(&mut self) {
        drop(take_last_stack());
    }
}

#[inline(always)]
fn take_last_stack() -> Option<Box<Activation>> {
    let last = LAST_STACK.replace(null_mut());
    // SAFETY: made from a box in `give_back`, and taken once.
    (!last.is_null()).then(|| unsafe { Box::from_raw(last) })
}

/// See the module's head.
#[derive(Debug, Default)]
pub struct NativeEngine;

impl NativeEngine {
    #[inline]
    fn take_stack(is_main: bool) -> Option<Box<Activation>> {
        let last = if is_main { None } else { take_last_stack() };
        last.or_else(|| NativeEngine::take_other_stack(is_main))
    }

    #[cold]
    #[inline(never)]
    fn take_other_stack(is_main: bool) -> Option<Box<Activation>> {
        let spare =
            if is_main { None } else { SPARE_STACKS.with_borrow_mut(|spare| spare.0.pop()) };
        spare.or_else(|| {
            let stack = Stack::new(if is_main { MAIN_STACK } else { STACK })?;
            Some(Box::new(Activation { stack, sp: 0 }))
        })
    }

    #[inline(always)]
    fn give_back(activation: Option<Box<Activation>>) {
        let Some(activation) = activation else { return };
        let before = take_last_stack();
        LAST_STACK.set(Box::into_raw(activation));
        if let Some(before) = before {
            NativeEngine::keep_stack(before);
        }
    }

    #[cold]
    #[inline(never)]
    fn keep_stack(before: Box<Activation>) {
        SPARE_STACKS.with_borrow_mut(|spare| {
            if spare.0.len() < SPARE {
                spare.0.push(before);
            }
        });
    }
}

impl Engine for NativeEngine {
    unsafe fn run(&self, actor: *mut Actor, run: Run) -> Outcome {
        // SAFETY: the caller vouches for the actor; no reference to it is held while its code runs.
        unsafe {
            let is_main = (*actor).is_main();
            if (*actor).stack.is_none() {
                (*actor).stack = NativeEngine::take_stack(is_main);
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
                NativeEngine::give_back((*actor).stack.take());
            }
            match result.status {
                EntryStatus::Returned => Outcome::Returned(result.value as i64),
                EntryStatus::Abandoned | EntryStatus::Preempted => Outcome::Abandoned,
            }
        }
    }

    unsafe fn discard(&self, actor: *mut Actor) {
        // SAFETY: the caller vouches for the actor; compiled frames own nothing.
        unsafe { NativeEngine::give_back((*actor).stack.take()) };
    }

    fn places(&self, actor: &Actor) -> Vec<u32> {
        let Some(activation) = &actor.stack else { return Vec::new() };
        // SAFETY: the actor was preempted, and has not gone on since.
        let fp = unsafe { yielded_frame_pointer(activation.sp) };
        trace::frames(actor.image(), NO_LOC, fp, actor.frame_bounds()).collect()
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
