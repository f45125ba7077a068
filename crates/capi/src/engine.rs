//! C functions as an engine of the scheduler: enters them on stacks of their own, and leaves these when they wait.
//!
//! A C function that waits has left through `yield_actor`, as compiled code does when it is preempted; the frame
//! says to the scheduler that it is suspended. Must never keep a reference to the actor while C runs.

use crate::actors;
use crate::bodies::{Body, Frame, Kind};
use crate::current;
use crate::objects::capture_buffer;
use crate::start;
use crate::values::{CLOSURE, MESSAGE, NIL, bytes, object, object_of};
use sepal_abi::{FrameStatus, Header, ObjPtr};
use sepal_machine::cwait::{Call, make_call};
use sepal_machine::r#gen::{EntryResult, EntryStatus, enter_actor, proceed_actor};
use sepal_rt::fns::bodies as rt;
use sepal_rt::sched::engine::{Engine, Outcome, Run};
use sepal_rt::{Actor, panics};
use std::ptr::null;

/// See the module's head.
#[derive(Debug)]
pub(crate) struct CEngine;

const DONE: Outcome = Outcome::Returned(FrameStatus::Done as i64);
const SUSPENDED: Outcome = Outcome::Returned(FrameStatus::Suspended as i64);

impl Engine for CEngine {
    unsafe fn run(&self, actor: *mut Actor, run: Run) -> Outcome {
        // SAFETY: the scheduler passes an actor of this thread's; the reference ends before C runs.
        let frame = match run {
            Run::Resume(frame) => Frame(frame),
            // SAFETY: as above.
            Run::Proceed => Frame(unsafe { (*actor).running_frame() }),
            // C programs have no plain entry and no defers.
            Run::Entry | Run::Call(_) => return Outcome::NoMemory,
        };
        // SAFETY: as above.
        let body = match frame.body() {
            Some(body) => body,
            // SAFETY: as above.
            None => match begin(unsafe { &mut *actor }, frame) {
                Begun::Body(body) => body,
                // SAFETY: as above. A future of nothing is nil.
                Begun::Nothing => return finish(unsafe { &mut *actor }, frame, NIL),
                Begun::NoMemory => return Outcome::NoMemory,
            },
        };
        // SAFETY: the body is this actor's, and so this thread's.
        let result = unsafe { enter(actor, frame, body) };
        match result.status {
            EntryStatus::Preempted => {
                // SAFETY: as above.
                unsafe {
                    (*body).sp = result.value as usize;
                    if (*body).waits { SUSPENDED } else { Outcome::Preempted }
                }
            }
            EntryStatus::Returned => {
                // SAFETY: as above; the C function has come to its end.
                unsafe {
                    (*body).end();
                    finish(&mut *actor, frame, result.value)
                }
            }
            EntryStatus::Abandoned => {
                // SAFETY: as above; its frames never run again.
                unsafe { (*body).end() };
                Outcome::Abandoned
            }
        }
    }

    unsafe fn discard(&self, actor: *mut Actor) {
        // SAFETY: the scheduler passes an actor of this thread's that was preempted.
        unsafe {
            if let Some(body) = Frame((*actor).running_frame()).body() {
                (*body).end();
            }
        }
    }
}

/// Runs C until it ends, waits or is preempted.
unsafe fn enter(actor: *mut Actor, frame: Frame, body: *mut Body) -> EntryResult {
    // SAFETY: the caller vouches for actor and body; no reference to either is held while C runs. The stack is free, or
    // was left at `sp`. C's convention is that of tail-called code for two integer arguments.
    unsafe {
        current::set(actor);
        (*actor).reset_limit();
        (*body).waits = false;
        let ctx = &raw mut (*actor).ctx;
        let slot = &raw mut (*ctx).entry_sp;
        let result = if (*body).sp == 0 {
            let (code, argument) = call_of(frame, body);
            enter_actor(slot, ctx.cast(), code, argument as u64, (*body).bounds.end as *mut u8)
        } else {
            proceed_actor(slot, (*body).sp)
        };
        current::set(std::ptr::null_mut());
        result
    }
}

/// What is called at the beginning of a body, with what.
unsafe fn call_of(frame: Frame, body: *mut Body) -> (*const u8, *const u8) {
    let argument = frame.argument();
    match frame.kind() {
        // Main has always begun.
        Kind::Main => (frame.code(), null()),
        Kind::Actor => (frame.code(), data_of(argument)),
        Kind::ActorOfValue | Kind::Task => (frame.code(), captures_of(argument)),
        Kind::Terminate => {
            // SAFETY: the body is this thread's, and stays where it is.
            let words = unsafe { &raw const (*body).last_words };
            (make_call as *const u8, words.cast())
        }
    }
}

fn data_of(argument: u64) -> *const u8 {
    object(argument).map_or(null(), |object| bytes(object).as_ptr())
}

/// The captures of a closure; of any other heap value its address, and null for none.
fn captures_of(argument: u64) -> *const u8 {
    match object_of(argument, CLOSURE) {
        Some(closure) => capture_buffer(closure),
        None => object(argument).map_or(null(), |object: ObjPtr| object.cast_const().cast()),
    }
}

enum Begun {
    Body(*mut Body),
    /// There is nothing to run.
    Nothing,
    NoMemory,
}

/// Prepares the body of a frame that has none yet.
fn begin(actor: &mut Actor, frame: Frame) -> Begun {
    let body = match frame.kind() {
        Kind::Main => Some(start::main_body()),
        // A null body is a legal no-op.
        Kind::Actor | Kind::ActorOfValue | Kind::Task if frame.code().is_null() => {
            return Begun::Nothing;
        }
        Kind::Actor | Kind::ActorOfValue | Kind::Task => Body::new(),
        Kind::Terminate => {
            let Some(callback) = actors::take_callback(actor) else { return Begun::Nothing };
            let reason = actors::reason_text(actor);
            Body::new().map(|mut body| {
                let state = data_of(frame.argument());
                let reason = body.reason.insert(reason).as_ptr().cast();
                body.last_words = Call { code: callback, first: state, second: reason };
                body
            })
        }
    };
    let begun = match body {
        Some(body) => frame.begin(actor, body).and_then(|body| {
            if frame.kind() != Kind::Terminate {
                let last = Frame::new(actor, Kind::Terminate, null(), frame.argument())?;
                // SAFETY: the context is this actor's, the frame a root.
                unsafe { rt::rt_terminate_set(&raw mut actor.ctx, last.0) };
            }
            Ok(body)
        }),
        None => return Begun::NoMemory,
    };
    match begun {
        Ok(body) => Begun::Body(body),
        Err(_) => Begun::NoMemory,
    }
}

/// A C function has returned: a task's value is given to who waits for it.
fn finish(actor: &mut Actor, frame: Frame, value: u64) -> Outcome {
    actor.clear_roots();
    if frame.kind() != Kind::Task {
        return DONE;
    }
    let ctx = &raw mut actor.ctx;
    // SAFETY: the context is this actor's; the value is C's, still in the heap, of which nothing was collected since.
    let message =
        unsafe { rt::rt_message_new(ctx, Header::new(MESSAGE).0 as i64, 8, value as i64, 0, 0) };
    if message.is_null() {
        panics::report(actor, std::iter::empty());
        return Outcome::Abandoned;
    }
    // SAFETY: the message was just made.
    unsafe { rt::rt_task_resolve(ctx, message) };
    DONE
}
