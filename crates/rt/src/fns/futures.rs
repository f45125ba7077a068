//! Promises, replies, futures, tasks. See `fns` for what callers promise.

use super::actors::message_of;
use super::receive::reason_object;
use super::{Pair, actor};
use crate::actor::Actor;
use crate::heap::handle::HandleOps;
use crate::message::Message;
use crate::sched::outbox;
use crate::sched::post::Body;
use crate::sched::promise::{Answer, FUTURE, Promise, REPLY, address, futures, of_handle, replies};
use crate::sched::signal::Reason;
use sepal_abi::{Ctx, ObjPtr, PanicCode};
use std::ptr::null_mut;
use std::sync::Arc;

/// A handle of the promise. Null: a panic has been raised.
fn new_handle(actor: &mut Actor, promise: &Arc<Promise>, ops: &'static HandleOps) -> ObjPtr {
    actor.new_handle(ops, address(promise, ops))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_promise_new(ctx: *mut Ctx) -> Pair<ObjPtr, ObjPtr> {
    // SAFETY: see `fns`.
    let actor = unsafe { actor(ctx) };
    let promise = Arc::new(Promise::default());
    // Until it is sent, its maker is to keep it.
    promise.set_holder(Some(actor.pid));
    let reply = new_handle(actor, &promise, &REPLY);
    // The reply is found by the collector in this frame.
    let future = new_handle(actor, &promise, &FUTURE);
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
    let promise = Arc::new(Promise::default());
    let future = new_handle(creator, &promise, &FUTURE);
    // SAFETY: see `fns`.
    let copy = unsafe { Message::copy_graph(&runtime.descs, frame) };
    let body = copy.filter(|_| !future.is_null()).map(|frame| Body {
        frame,
        label: std::ptr::null(),
        parent: Some(own),
        mailbox: std::ptr::null(),
        promise: Some(promise),
    });
    let pid = body.and_then(|body| runtime.spawn(body, options, |_| ()).ok());
    let Some(pid) = pid else {
        creator.raise(PanicCode::HeapLimit, &[]);
        return null_mut();
    };
    let tasks = &mut creator.cold().tasks;
    if tasks.len() == tasks.capacity() {
        // Those that have ended need no killing.
        tasks.retain(|&task| runtime.table.slot(task).is_some_and(|slot| slot.shared().is(task)));
    }
    tasks.push(pid);
    future
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_task_resolve(ctx: *mut Ctx, message: *const u8) {
    // SAFETY: see `fns`.
    let (actor, message) = unsafe { (actor(ctx), message_of(message)) };
    let runtime = actor.runtime;
    if let (Some(message), Some(promise)) = (message, actor.cold().promise.take()) {
        // What it could answer is now in the hands of who awaits it.
        replies(message.handles()).for_each(|reply| reply.set_holder(None));
        // Nor do the tasks end with it whose futures it gives away.
        let tasks = &mut actor.cold().tasks;
        futures(message.handles())
            .filter_map(Promise::task)
            .for_each(|given| tasks.retain(|&task| task != given));
        promise.keep(&runtime, message);
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_future_poll(ctx: *mut Ctx, future: ObjPtr) -> i64 {
    // SAFETY: see `fns`.
    let (actor, promise) = unsafe { (actor(ctx), of_handle(future)) };
    outbox::close();
    if actor.runtime.looks_later() {
        return 0;
    }
    match promise.poll(actor.pid) {
        Answer::Pending => 0,
        Answer::Value(_) => 1,
        Answer::Failed(_) => 2,
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_future_value(ctx: *mut Ctx, future: ObjPtr) -> ObjPtr {
    // SAFETY: see `fns`.
    let (actor, promise) = unsafe { (actor(ctx), of_handle(future)) };
    match promise.poll(actor.pid) {
        Answer::Value(value) => {
            let pid = actor.pid;
            replies(value.handles()).for_each(|reply| reply.set_holder(Some(pid)));
            let tasks = &mut actor.cold().tasks;
            for future in futures(value.handles()).filter(|future| future.is_pending()) {
                if let Some(task) = future.task()
                    && !tasks.contains(&task)
                {
                    tasks.push(task);
                }
            }
            actor.copy_in(&value).unwrap_or_else(|| {
                actor.raise(PanicCode::HeapLimit, &[]);
                null_mut()
            })
        }
        // Asked only after a poll that said there is one.
        Answer::Pending | Answer::Failed(_) => null_mut(),
    }
}

/// Why the future failed.
fn reason_of(actor: &Actor, promise: &Promise) -> Reason {
    match promise.poll(actor.pid) {
        Answer::Failed(reason) => reason,
        // Asked only after a poll that said there is one.
        Answer::Pending | Answer::Value(_) => Reason::NORMAL,
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_future_reason(ctx: *mut Ctx, future: ObjPtr) -> ObjPtr {
    // SAFETY: see `fns`.
    let (actor, promise) = unsafe { (actor(ctx), of_handle(future)) };
    let reason = reason_of(actor, &promise);
    reason_object(actor, &reason)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_future_fail(ctx: *mut Ctx, future: ObjPtr) {
    // SAFETY: see `fns`.
    let (actor, promise) = unsafe { (actor(ctx), of_handle(future)) };
    let reason = reason_of(actor, &promise);
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
