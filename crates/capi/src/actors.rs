//! Actors and futures: spawning, sending, links, the callback at the end; and the steps of what waits.
//!
//! Thin over the functions that compiled code calls. Must never wait itself: see `waiting`.

use crate::bodies::{Body, Frame, Kind};
use crate::current::{self, Raised, Result, ctx, with};
use crate::values::{
    FUTURE, MESSAGE, NIL, alloc, bytes, bytes_at, desc, field, int_of, made, object, object_of,
    set_field,
};
use sepal_abi::{Connection, Ctx, DescId, Header, ObjPtr, POISONED, Received, SpawnSetting};
use sepal_machine::cwait::Step;
use sepal_rt::Actor;
use sepal_rt::fns::bodies as rt;
use std::collections::HashMap;
use std::ffi::CString;
use std::ptr::{null, null_mut};
use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError};

// ---- spawning and sending ----

fn spawn(
    actor: &mut Actor,
    kind: Kind,
    code: *const u8,
    argument: u64,
    priority: i8,
) -> Result<i64> {
    let frame = Frame::new(actor, kind, code, argument)?;
    let ctx = &raw mut actor.ctx;
    let (plain, nothing) = (Connection::Plain.number(), null());
    // SAFETY: the context is this actor's, the frame a root that was just made.
    let spawned = unsafe {
        rt::rt_spawn_option(ctx, SpawnSetting::Priority.number(), i64::from(priority));
        rt::rt_spawn(ctx, frame.0, null_mut(), nothing, plain)
    };
    current::check(actor)?;
    Ok(spawned.0)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_actor_spawn(
    body: *const u8,
    args: *const u8,
    size: i64,
    priority: i8,
) -> i64 {
    with(|actor| {
        // SAFETY: C vouches for the bytes.
        let args = made(actor.new_bytes(unsafe { bytes_at(args, size) }))?;
        spawn(actor, Kind::Actor, body, args as u64, priority)
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_actor_spawn_value(body: i64, argument: i64) -> i64 {
    /// What a spawn without options has.
    const MEDIUM: i8 = 1;
    with(|actor| spawn(actor, Kind::ActorOfValue, body as *const u8, argument as u64, MEDIUM))
}

fn send(actor: &mut Actor, pid: i64, word: i64) -> Result<()> {
    let ctx = &raw mut actor.ctx;
    // SAFETY: the context is this actor's, the words are what the descriptor says.
    unsafe {
        let message = rt::rt_message_new(ctx, Header::new(MESSAGE).0 as i64, 8, word, 0, 0);
        current::check(actor)?;
        rt::rt_send(ctx, pid, message);
    }
    Ok(())
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_actor_send(pid: i64, message: *const u8, size: i64) {
    with(|actor| {
        // SAFETY: C vouches for the bytes.
        let word = made(actor.new_bytes(unsafe { bytes_at(message, size) }))?;
        send(actor, pid, word)
    });
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_actor_send_value(pid: i64, value: i64) {
    with(|actor| send(actor, pid, value));
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_actor_self() -> i64 {
    // SAFETY: the context is this thread's actor's.
    unsafe { rt::rt_self(ctx(), std::ptr::null()) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_actor_link(pid: i64) {
    // SAFETY: as above.
    unsafe { rt::rt_link(ctx(), pid) };
}

// ---- the callback at the end ----

/// The callbacks of living actors, by pid.
static CALLBACKS: Mutex<Option<HashMap<i64, usize>>> = Mutex::new(None);

fn callbacks() -> MutexGuard<'static, Option<HashMap<i64, usize>>> {
    // The map is valid between any two steps.
    CALLBACKS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_actor_set_terminate(pid: i64, callback: *const u8) {
    let ctx = ctx();
    // SAFETY: the context is this thread's actor's.
    let is_alive = |pid| unsafe { rt::rt_is_alive(ctx, pid) };
    if !is_alive(pid) {
        return;
    }
    let mut callbacks = callbacks();
    let map = callbacks.get_or_insert_default();
    if map.len() == map.capacity() {
        // Those that were killed have not taken theirs.
        map.retain(|&pid, _| is_alive(pid));
    }
    map.insert(pid, callback as usize);
}

/// The callback of an actor that ends, once.
pub(crate) fn take_callback(actor: &mut Actor) -> Option<*const u8> {
    // SAFETY: the context is this actor's.
    let pid = unsafe { rt::rt_self(&raw mut actor.ctx, std::ptr::null()) };
    let callback = callbacks().as_mut()?.remove(&pid)?;
    (callback != 0).then_some(callback as *const u8)
}

/// Why an actor ends, as a callback is told.
pub(crate) fn reason_text(actor: &mut Actor) -> CString {
    // SAFETY: the context is this actor's.
    let signal = unsafe { rt::rt_own_reason(&raw mut actor.ctx) };
    if signal.is_null() {
        // There was no memory to say it; the raise was noted, and is over.
        drop(actor.take_panic());
        return CString::default();
    }
    let name = match field(signal, 2) {
        0 => "Normal",
        1 => "Shutdown",
        2 => "Killed",
        3 => "NoProc",
        4 => "Panic",
        _ => "Custom",
    };
    let message = object(field(signal, 3)).map(bytes).unwrap_or_default();
    let text = String::from_utf8_lossy(message);
    let text = if text.is_empty() { String::from(name) } else { format!("{name}: {text}") };
    CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default()
}

// ---- what waits ----

/// What came of asking.
enum Asked {
    Answer(i64),
    Wait,
    Yield,
}

/// The running body of this thread's actor.
pub(crate) fn running_body() -> *mut Body {
    let ctx = ctx();
    // SAFETY: the context is this thread's actor's; the frame is one of ours, and has begun.
    let frame = unsafe { Frame(Actor::of(ctx).running_frame()) };
    frame.body().expect("what runs has begun")
}

fn step(ask: impl FnOnce(&mut Actor) -> Result<Asked>) -> Step {
    let asked = with(|actor| {
        Ok(match ask(actor)? {
            Asked::Answer(value) => (value, None),
            Asked::Wait => (0, Some(true)),
            Asked::Yield => (0, Some(false)),
        })
    });
    let (value, leave) = asked;
    let Some(waits) = leave else { return Step { value, leave: null_mut() } };
    let ctx: *mut Ctx = ctx();
    // SAFETY: the body is this actor's; the place is in the actor, which stays where it is.
    unsafe {
        (*running_body()).waits = waits;
        Step { value: 0, leave: &raw mut (*ctx).entry_sp }
    }
}

pub(crate) unsafe extern "C" fn begin_nothing(_argument: i64) {}

pub(crate) unsafe extern "C" fn begin_receive(timeout: i64) {
    // SAFETY: the context is this thread's actor's.
    unsafe { rt::rt_mailbox_begin(ctx(), timeout, 0) };
}

pub(crate) unsafe extern "C" fn begin_recv(_argument: i64) {
    // SAFETY: as above.
    unsafe { rt::rt_mailbox_begin(ctx(), -1, 0) };
}

/// The next message, taken out; `None` when the time is over.
fn receive(actor: &mut Actor) -> Result<Option<Option<ObjPtr>>> {
    loop {
        let ctx = &raw mut actor.ctx;
        // SAFETY: the context is this actor's.
        let (object, kind) = unsafe {
            let looked = rt::rt_mailbox_next(ctx, std::ptr::null());
            (looked.0, Received::from_number(looked.1).expect("kinds come from the table"))
        };
        current::check(actor)?;
        match kind {
            Received::Nothing => return Ok(None),
            Received::TimeIsOver => return Ok(Some(None)),
            Received::Message | Received::Down | Received::Exit => {
                // SAFETY: it was just looked at.
                unsafe { rt::rt_mailbox_take(&raw mut actor.ctx) };
                if kind == Received::Message && desc(object) == MESSAGE {
                    return Ok(Some(Some(object)));
                }
                // C neither monitors nor traps; what comes all the same is dropped.
            }
        }
    }
}

pub(crate) unsafe extern "C" fn step_receive(_timeout: i64) -> Step {
    step(|actor| {
        let Some(received) = receive(actor)? else { return Ok(Asked::Wait) };
        let Some(message) = received else { return Ok(Asked::Answer(0)) };
        let data = object_of(field(message, 2), DescId::BYTES);
        let address = match data {
            Some(data) => bytes(data).as_ptr(),
            None => message.cast_const().cast::<u8>().wrapping_add(16),
        };
        Ok(Asked::Answer(address as i64))
    })
}

pub(crate) unsafe extern "C" fn step_recv(_argument: i64) -> Step {
    step(|actor| {
        let Some(received) = receive(actor)? else { return Ok(Asked::Wait) };
        Ok(Asked::Answer(received.map_or(NIL, |message| field(message, 2)) as i64))
    })
}

pub(crate) unsafe extern "C" fn step_check(_argument: i64) -> Step {
    step(|actor| {
        let limit = |actor: &Actor| actor.ctx.limit.load(Ordering::Relaxed);
        // In a simulation it is one less, and every poll is asked.
        if limit(actor) < POISONED - 1 {
            return Ok(Asked::Answer(0));
        }
        // SAFETY: the context is this actor's.
        unsafe { rt::rt_poll(&raw mut actor.ctx) };
        current::check(actor)?;
        Ok(if limit(actor) == POISONED { Asked::Yield } else { Asked::Answer(0) })
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_future_new(body: i64, argument: i64) -> i64 {
    with(|actor| {
        let frame = Frame::new(actor, Kind::Task, body as *const u8, argument as u64)?;
        // SAFETY: the context is this actor's, the frame a root that was just made.
        let handle = unsafe { rt::rt_task_spawn(&raw mut actor.ctx, frame.0) };
        current::check(actor)?;
        let future = alloc(actor, FUTURE, 16)?;
        set_field(future, 1, handle as u64);
        made(future)
    })
}

pub(crate) unsafe extern "C" fn begin_await(_future: i64) {}

fn poll_future(actor: &mut Actor, value: i64) -> Result<Asked> {
    let Some(future) = object_of(value as u64, FUTURE) else { return Ok(Asked::Answer(value)) };
    let (handle, ctx) = (field(future, 1) as ObjPtr, &raw mut actor.ctx);
    // SAFETY: the context is this actor's, the handle a future's.
    unsafe {
        match rt::rt_future_poll(ctx, handle) {
            0 => Ok(Asked::Wait),
            1 => {
                let message = rt::rt_future_value(ctx, handle);
                current::check(actor)?;
                Ok(Asked::Answer(field(message, 2) as i64))
            }
            _ => {
                rt::rt_future_fail(ctx, handle);
                Err(Raised)
            }
        }
    }
}

pub(crate) unsafe extern "C" fn step_await(future: i64) -> Step {
    step(|actor| poll_future(actor, future))
}

pub(crate) unsafe extern "C" fn begin_wait(value: i64) {
    if let Some(ms) = int_of(value as u64) {
        // SAFETY: the context is this thread's actor's. A negative time is none.
        unsafe { rt::rt_sleep_begin(ctx(), ms.max(0)) };
    }
}

pub(crate) unsafe extern "C" fn step_wait(value: i64) -> Step {
    step(|actor| {
        if int_of(value as u64).is_none() {
            return poll_future(actor, value);
        }
        // SAFETY: the context is this actor's.
        let pending = unsafe { rt::rt_sleep_pending(&raw mut actor.ctx) };
        Ok(if pending { Asked::Wait } else { Asked::Answer(NIL as i64) })
    })
}
