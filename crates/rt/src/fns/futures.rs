//! Promises, replies, futures, tasks. See `fns` for what callers promise.

use super::actors::{message_of, start_of};
use super::receive::reason_object;
use super::{Pair, actor};
use crate::actor::Actor;
use crate::pooled::Counted;
use crate::sched::outbox;
use crate::sched::post::Body;
use crate::sched::promise::{
    FUTURE, Outcome, Promise, REPLY, address, futures, in_handle, of_handle, replies,
};
use crate::sched::signal::Reason;
use crate::sched::slot::Pid;
use sepal_abi::{Ctx, ObjPtr, PanicCode};
use std::ptr::null_mut;

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_promise_new(ctx: *mut Ctx) -> Pair<ObjPtr, ObjPtr> {
    // SAFETY: see `fns`.
    let actor = unsafe { actor(ctx) };
    let promise = Counted::new(Promise::default());
    // Until it is sent, its maker is to keep it.
    promise.set_holder(Some(actor.pid));
    let reply = actor.new_handle(&REPLY, address(&promise));
    // The reply is found by the collector in this frame.
    let future = actor.new_handle(&FUTURE, address(&promise));
    Pair(reply, future)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_reply_send(ctx: *mut Ctx, reply: ObjPtr, message: *const u8) {
    // SAFETY: see `fns`.
    let (actor, message, promise) = unsafe { (actor(ctx), message_of(message), of_handle(reply)) };
    if let Some(message) = message {
        promise.keep(&actor.runtime, message);
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_task_spawn(ctx: *mut Ctx, frame: ObjPtr) -> ObjPtr {
    // SAFETY: see `fns`.
    let creator = unsafe { actor(ctx) };
    let options = creator.take_spawn_options();
    let (runtime, own) = (creator.runtime, creator.pid);
    let (promise, awaited) = Counted::pair(Promise::default());
    let future = creator.new_handle(&FUTURE, awaited.into_address());
    // SAFETY: see `fns`; the frame is not changed before the spawn is over.
    let Some(start) = (unsafe { start_of(creator, frame) }) else { return null_mut() };
    let body = (!future.is_null()).then(|| Body {
        start,
        label: std::ptr::null(),
        parent: Some(own),
        mailbox: std::ptr::null(),
        promise: Some(promise),
    });
    let pid = body.and_then(|body| runtime.spawn(body, &options, |_| ()).ok());
    let Some(pid) = pid else {
        creator.raise(PanicCode::HeapLimit, &[]);
        return null_mut();
    };
    creator.own_task(pid);
    future
}

impl Actor {
    /// Lets a task end with this actor.
    fn own_task(&mut self, task: Pid) {
        let runtime = self.runtime;
        let tasks = &mut self.cold().tasks;
        if tasks.len() == tasks.capacity() {
            // Those that have ended need no killing. Where most have not, the list is to grow before it is looked through
            // again.
            tasks.retain(|&task| runtime.is_there(task));
            tasks.reserve(tasks.len() + 1);
        }
        tasks.push(task);
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_task_resolve(ctx: *mut Ctx, message: *const u8) {
    // SAFETY: see `fns`.
    let (actor, message) = unsafe { (actor(ctx), message_of(message)) };
    let runtime = actor.runtime;
    if let (Some(message), Some(promise)) = (message, actor.apart.take_promise()) {
        // What it could answer is now in the hands of who awaits it.
        replies(message.handles()).for_each(|reply| reply.set_holder(None));
        // Nor do the tasks end with it whose futures it gives away.
        if let Some(cold) = actor.cold_if_any() {
            let given = futures(message.handles()).filter_map(Promise::task);
            given.for_each(|given| cold.tasks.retain(|&task| task != given));
        }
        promise.keep(&runtime, message);
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_future_poll(ctx: *mut Ctx, future: ObjPtr) -> i64 {
    // SAFETY: see `fns`.
    let (actor, promise) = unsafe { (actor(ctx), in_handle(future)) };
    outbox::close();
    if actor.runtime.looks_later() {
        return 0;
    }
    let answer = match promise.poll(actor.pid) {
        None => return 0,
        Some(Outcome::Value(_)) => 1,
        Some(Outcome::Failed(_)) => 2,
    };
    // What was said before the answer comes first: it may end the actor, which then waits for that.
    actor.has_news |= actor.take_signals();
    if actor.is_doomed() { 0 } else { answer }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_future_value(ctx: *mut Ctx, future: ObjPtr) -> ObjPtr {
    // SAFETY: see `fns`.
    let (actor, promise) = unsafe { (actor(ctx), in_handle(future)) };
    if let Some(Outcome::Value(value)) = promise.outcome()
        && let Some(object) = value.copy_flat(&mut actor.ctx)
    {
        return object;
    }
    // What follows may collect. SAFETY: see `fns`.
    let promise = unsafe { of_handle(future) };
    // Asked only after a poll that said there is one.
    let Some(Outcome::Value(value)) = promise.outcome() else { return null_mut() };
    let pid = actor.pid;
    replies(value.handles()).for_each(|reply| reply.set_holder(Some(pid)));
    for future in futures(value.handles()).filter(|future| future.is_pending()) {
        if let Some(task) = future.task()
            && !actor.cold().tasks.contains(&task)
        {
            actor.own_task(task);
        }
    }
    actor.copy_in(value).unwrap_or_else(|| {
        actor.raise(PanicCode::HeapLimit, &[]);
        null_mut()
    })
}

/// Why the future failed.
fn reason_of(promise: &Promise) -> Reason {
    match promise.outcome() {
        Some(Outcome::Failed(reason)) => reason.clone(),
        // Asked only after a poll that said there is one.
        None | Some(Outcome::Value(_)) => Reason::NORMAL,
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_future_reason(ctx: *mut Ctx, future: ObjPtr) -> ObjPtr {
    // SAFETY: see `fns`.
    let (actor, promise) = unsafe { (actor(ctx), in_handle(future)) };
    let reason = reason_of(promise);
    reason_object(actor, &reason)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_future_fail(ctx: *mut Ctx, future: ObjPtr) {
    // SAFETY: see `fns`.
    let (actor, promise) = unsafe { (actor(ctx), in_handle(future)) };
    let reason = reason_of(promise);
    actor.raise_exit(reason);
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_future_cancel(ctx: *mut Ctx, future: ObjPtr) {
    // SAFETY: see `fns`.
    let (actor, promise) = unsafe { (actor(ctx), of_handle(future)) };
    let runtime = actor.runtime;
    promise.fail(&runtime, &Reason::KILLED);
    if let Some(task) = promise.task() {
        runtime.kill(actor.pid, task, &Reason::KILLED);
    }
}
