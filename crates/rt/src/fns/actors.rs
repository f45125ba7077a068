//! Actors as programs handle them: spawning, sending, links, monitors, names, timers. See `fns` for what callers promise.

use super::{Pair, actor};
use crate::actor::{Actor, text};
use crate::message::{Envelope, Message, NotCopied};
use crate::sched::clock::Alarm;
use crate::sched::post::{Body, NotSpawned, Start};
use crate::sched::signal::{Kind, Reason};
use crate::sched::slot::Pid;
use sepal_abi::{Connection, Ctx, FRAME_PARENT, Header, ObjPtr, PanicCode, SpawnSetting};
use std::sync::atomic::{AtomicU64, Ordering};

/// The message of a pointer that `rt_message_new` gave.
///
/// # Safety
/// It must be null or such a pointer, once.
pub(super) unsafe fn message_of(message: *const u8) -> Option<Message> {
    // SAFETY: the caller vouches for it.
    unsafe { Message::from_raw(message.cast_mut().cast::<Envelope>()) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_suspend(ctx: *mut Ctx, frame: ObjPtr) {
    // SAFETY: see `fns`.
    unsafe { actor(ctx) }.leaf = frame;
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_self(ctx: *mut Ctx, mailbox: *const u8) -> i64 {
    // SAFETY: see `fns`.
    let actor = unsafe { actor(ctx) };
    if !actor.slot().shared().takes(mailbox) {
        actor.raise(PanicCode::MailboxMismatch, &[]);
    }
    actor.pid.number()
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_spawn_option(ctx: *mut Ctx, option: i64, value: i64) {
    // SAFETY: see `fns`.
    let actor = unsafe { actor(ctx) };
    let setting = SpawnSetting::from_number(option).expect("settings come from the table");
    actor.cold().spawn.set(setting, value);
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_spawn_name(ctx: *mut Ctx, name: ObjPtr) {
    // SAFETY: see `fns`.
    unsafe { actor(ctx).cold().spawn.name = Some(text(name).into()) };
}

/// The next monitor; those of all actors differ, so that one of another's means nothing.
pub(super) fn new_monitor() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_spawn(
    ctx: *mut Ctx,
    frame: ObjPtr,
    label: ObjPtr,
    mailbox: *const u8,
    kind: i64,
) -> Pair<i64, i64> {
    // SAFETY: see `fns`.
    let spawner = unsafe { actor(ctx) };
    let connection = Connection::from_number(kind).expect("kinds come from the table");
    let options = spawner.take_spawn_options();
    let runtime = spawner.runtime;
    // SAFETY: see `fns`; the frame is not changed before the spawn is over.
    let Some(start) = (unsafe { start_of(spawner, frame) }) else { return Pair(0, 0) };
    // SAFETY: see `fns`; a label is a string or null.
    let is_static = !label.is_null() && unsafe { (*label).header.is_static() };
    let label = if is_static { label.cast_const() } else { std::ptr::null() };
    let is_monitor = connection == Connection::Monitor;
    let (own, monitor) = (spawner.pid, if is_monitor { new_monitor() } else { 0 });
    let connect = |new: &mut Actor| match connection {
        Connection::Plain => {}
        Connection::Link => {
            new.cold().links.insert(own, ());
        }
        Connection::Monitor => {
            new.cold().watchers.insert(monitor, own);
        }
    };
    // The spawner's side first: the new actor may end before this one goes on.
    let body = Body { start, label, parent: Some(own), mailbox, promise: None };
    let spawned = runtime.spawn(body, &options, |new| {
        connect(new);
        let pid = new.pid;
        match connection {
            Connection::Plain => {}
            Connection::Link => {
                spawner.cold().links.insert(pid, ());
            }
            Connection::Monitor => {
                spawner.cold().monitors.insert(monitor, pid);
            }
        }
    });
    match spawned {
        Ok(pid) => Pair(pid.number(), monitor as i64),
        Err(why) => {
            raise_not_spawned(spawner, &why);
            Pair(0, 0)
        }
    }
}

fn raise_not_spawned(spawner: &mut Actor, why: &NotSpawned) {
    match why {
        NotSpawned::NoMemory => spawner.raise(PanicCode::HeapLimit, &[]),
        NotSpawned::Name(name) => raise_name_taken(spawner, name),
    }
}

/// The frame that a body begins with. `None`: it cannot leave the actor that runs, which has been raised.
///
/// # Safety
/// As [`Start::of`].
pub(super) unsafe fn start_of<'s>(actor: &mut Actor, frame: ObjPtr) -> Option<Start<'s>> {
    // SAFETY: the caller vouches for the frame.
    let start = unsafe { Start::of(&actor.runtime.descs, frame) };
    start.map_err(|why| raise_not_copied(actor, why)).ok()
}

/// What cannot leave its actor cannot be part of a message, an argument or a result of a task.
fn raise_not_copied(actor: &mut Actor, why: NotCopied) {
    match why {
        NotCopied::NoMemory => actor.raise(PanicCode::HeapLimit, &[]),
        NotCopied::Generator => {
            actor.raise_text(PanicCode::Message, "a generator cannot be sent".to_owned());
        }
    }
}

fn raise_name_taken(actor: &mut Actor, name: &str) {
    actor.raise_text(PanicCode::Message, format!("cannot register the name \"{name}\""));
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_message_new(
    ctx: *mut Ctx,
    header: i64,
    a: i64,
    b: i64,
    c: i64,
    d: i64,
) -> *const u8 {
    // SAFETY: see `fns`.
    let actor = unsafe { actor(ctx) };
    let words = [a as u64, b as u64, c as u64, d as u64];
    // SAFETY: see `fns`; the header's descriptor says what the words are.
    let message = unsafe { Message::copy(&actor.runtime.descs, Header(header as u64), words) };
    match message {
        Ok(message) => message.into_raw().cast(),
        Err(why) => {
            raise_not_copied(actor, why);
            std::ptr::null()
        }
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_send(ctx: *mut Ctx, pid: i64, message: *const u8) {
    // SAFETY: see `fns`.
    let (actor, message) = unsafe { (actor(ctx), message_of(message)) };
    if let (Some(pid), Some(message)) = (Pid::from_number(pid), message)
        && let Err(message) = actor.send_flat(pid, message)
    {
        actor.send(pid, message);
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_exit_self(ctx: *mut Ctx, tag: i64, message: ObjPtr, custom: u64) {
    // SAFETY: see `fns`.
    unsafe {
        let actor = actor(ctx);
        let reason = Reason::from_words(&actor.runtime.descs, tag, message, custom);
        actor.raise_exit(reason);
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_kill(ctx: *mut Ctx, pid: i64, tag: i64, message: ObjPtr, custom: u64) {
    // SAFETY: see `fns`.
    let actor = unsafe { actor(ctx) };
    // SAFETY: see `fns`.
    let reason = unsafe { Reason::from_words(&actor.runtime.descs, tag, message, custom) };
    if let Some(pid) = Pid::from_number(pid) {
        actor.runtime.kill(actor.pid, pid, &reason);
        if pid == actor.pid {
            // A signal to oneself is heard before anything else happens.
            actor.take_signals();
            if let Some(reason) = actor.take_doom() {
                actor.raise_exit(reason);
            }
        }
    }
}

/// A pending exit comes first, also before what these change.
fn take_signals(actor: &mut Actor) {
    actor.runtime.settle_sends();
    actor.take_signals();
    if actor.is_doomed() {
        actor.poison();
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_link(ctx: *mut Ctx, pid: i64) {
    // SAFETY: see `fns`.
    let actor = unsafe { actor(ctx) };
    let Some(pid) = Pid::from_number(pid).filter(|&pid| pid != actor.pid) else { return };
    let (runtime, own) = (actor.runtime, actor.pid);
    take_signals(actor);
    if actor.cold().links.insert(pid, ()).is_none() && !runtime.send_plain(own, pid, Kind::Link, 0)
    {
        runtime.send_reason(pid, own, &Reason::NO_PROC, Kind::LinkExit, 0);
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_unlink(ctx: *mut Ctx, pid: i64) {
    // SAFETY: see `fns`.
    let actor = unsafe { actor(ctx) };
    let Some(pid) = Pid::from_number(pid) else { return };
    take_signals(actor);
    if actor.cold().links.remove(&pid).is_some() {
        actor.runtime.send_plain(actor.pid, pid, Kind::Unlink, 0);
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_monitor(ctx: *mut Ctx, pid: i64) -> i64 {
    // SAFETY: see `fns`.
    let actor = unsafe { actor(ctx) };
    let monitor = new_monitor();
    let Some(pid) = Pid::from_number(pid).filter(|&pid| pid != actor.pid) else {
        return monitor as i64;
    };
    let (runtime, own) = (actor.runtime, actor.pid);
    actor.cold().monitors.insert(monitor, pid);
    if !runtime.send_plain(own, pid, Kind::Monitor, monitor) {
        runtime.send_reason(pid, own, &Reason::NO_PROC, Kind::Down, monitor);
    }
    monitor as i64
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_demonitor(ctx: *mut Ctx, monitor: i64) {
    // SAFETY: see `fns`.
    let actor = unsafe { actor(ctx) };
    let monitor = monitor as u64;
    actor.runtime.settle_sends();
    actor.take_signals();
    if let Some(pid) = actor.cold().monitors.remove(&monitor) {
        actor.runtime.send_plain(actor.pid, pid, Kind::Demonitor, monitor);
    } else {
        actor.forget_down(monitor);
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_trap_exits(ctx: *mut Ctx, trap: bool) {
    // SAFETY: see `fns`.
    let actor = unsafe { actor(ctx) };
    take_signals(actor);
    actor.traps_exits = trap;
    let (slot, pid) = (actor.slot(), actor.pid);
    slot.shared().set_traps(pid, trap);
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_is_alive(ctx: *mut Ctx, pid: i64) -> bool {
    // SAFETY: see `fns`.
    let runtime = unsafe { actor(ctx) }.runtime;
    let Some(pid) = Pid::from_number(pid) else { return false };
    runtime.settle_sends();
    runtime.is_alive(pid)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_supervised(ctx: *mut Ctx, pid: i64) {
    // SAFETY: see `fns`.
    let runtime = unsafe { actor(ctx) }.runtime;
    if let (Some(simulation), Some(pid)) = (runtime.scheduler.simulation(), Pid::from_number(pid)) {
        simulation.note_supervised(pid);
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_register(ctx: *mut Ctx, name: ObjPtr, pid: i64) {
    // SAFETY: see `fns`.
    let (actor, name) = unsafe { (actor(ctx), text(name)) };
    let registered = Pid::from_number(pid).is_some_and(|pid| actor.runtime.register(name, pid));
    if !registered {
        raise_name_taken(actor, name);
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_whereis(ctx: *mut Ctx, name: ObjPtr, mailbox: *const u8) -> i64 {
    // SAFETY: see `fns`.
    let (runtime, name) = unsafe { (actor(ctx).runtime, text(name)) };
    runtime.settle_sends();
    let fits = |pid| {
        let slot = runtime.table.slot(pid);
        slot.is_some_and(|slot| slot.shared().has_name(pid) && slot.shared().takes(mailbox))
    };
    runtime.names.find(name, fits).map_or(0, Pid::number)
}

/// The first frame of a body is a root as it is: it has no parent.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_terminate_set(ctx: *mut Ctx, frame: ObjPtr) {
    // SAFETY: see `fns`.
    unsafe {
        debug_assert!(frame.byte_add(FRAME_PARENT as usize).cast::<ObjPtr>().read().is_null());
        let actor = actor(ctx);
        actor.cold().terminate = frame;
        if actor.has_started()
            && let Some(reason) = actor.take_doom()
        {
            actor.raise_exit(reason);
        }
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_timer_start(
    ctx: *mut Ctx,
    ms: i64,
    pid: i64,
    message: *const u8,
) -> i64 {
    // SAFETY: see `fns`.
    let (actor, message) = unsafe { (actor(ctx), message_of(message)) };
    let (Some(pid), Some(message)) = (Pid::from_number(pid), message) else { return 0 };
    let Some(time) = time_after(actor, ms) else { return 0 };
    let runtime = actor.runtime;
    runtime.settle_sends();
    runtime.clock.set(runtime, time, Alarm::Send(pid, message)) as i64
}

/// A time so many milliseconds from now; a negative number is a panic.
pub(super) fn time_after(actor: &mut Actor, ms: i64) -> Option<u64> {
    match u64::try_from(ms) {
        Ok(ms) => Some(actor.runtime.clock.after(ms)),
        Err(_) => {
            actor.raise_text(PanicCode::Message, format!("negative time: {ms} ms"));
            None
        }
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_timer_cancel(ctx: *mut Ctx, timer: i64) -> bool {
    // SAFETY: see `fns`.
    unsafe { actor(ctx) }.runtime.clock.cancel(timer as u64).is_some()
}
