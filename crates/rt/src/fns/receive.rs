//! Polls, receiving, sleeping. See `fns` for what callers promise.

use super::actors::time_after;
use super::{Pair, actor};
use crate::actor::Actor;
use crate::sched::looked::Site;
use crate::sched::outbox;
use crate::sched::post::COUNTED;
use crate::sched::signal::Kind;
use crate::sched::simulation::Simulation;
use sepal_abi::{Ctx, ObjPtr, PanicCode, Received};
use std::ptr::null_mut;

impl Actor {
    /// The slow path of a poll: takes in signals, and leaves the limit poisoned if the actor shall yield.
    pub(super) fn poll(&mut self) {
        let here = 0u8;
        if (&raw const here as usize) < self.stack_limit() {
            self.raise(PanicCode::StackOverflow, &[]);
            return;
        }
        self.take_poison();
        // The clock may ask for what is held back in a lone pack.
        outbox::close();
        // The code that polls may have looked already, and be about to wait for what has come since.
        self.has_news |= self.take_signals();
        if let Some(reason) = self.take_doom() {
            self.raise_exit(reason);
            return;
        }
        let waits = self.holds_messages() && !self.send_held();
        let scheduler = &self.runtime.scheduler;
        let by_chance = scheduler.simulation().map(Simulation::yields);
        let is_asked = by_chance.unwrap_or_else(|| scheduler.must_yield());
        // Who is asked about yields, to be looked at; see `sched::observe`.
        if waits || is_asked || self.runtime.observer.is_asking() || scheduler.is_stopped() {
            self.poison();
        }
    }

    /// Whether a signal said that the actor must end, which it has not done yet.
    pub(super) fn is_doomed(&self) -> bool {
        self.cold_ref().is_some_and(|cold| cold.doom.is_some())
    }

    /// Drops a down that has come and was not received.
    pub(super) fn forget_down(&mut self, monitor: u64) {
        let is_it = |message: &crate::message::Message| {
            Kind::of(message) == Kind::Down && message.envelope().note == monitor
        };
        if self.queue.remove_unread(is_it).is_none() {
            self.queue
                .remove_looked(|looked| looked.kind == Received::Down && looked.note == monitor);
        }
    }
}

/// Without a time limit: a negative one. `site` says which receive it is, if its arms have no guards; else 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_mailbox_begin(ctx: *mut Ctx, timeout: i64, site: i64) {
    // SAFETY: see `fns`.
    let actor = unsafe { actor(ctx) };
    if timeout < 0 && actor.is_carefree() && actor.queue.is_untouched() {
        return;
    }
    begin_with_care(actor, timeout, site as u32);
}

#[inline(never)]
fn begin_with_care(actor: &mut Actor, timeout: i64, site: Site) {
    let outer = actor.cold_ref().and_then(|cold| cold.receive_until);
    actor.queue.begin(site, outer);
    let until = u64::try_from(timeout).ok().map(|ms| actor.runtime.clock.after(ms));
    receive_until(actor, until);
}

fn receive_until(actor: &mut Actor, until: Option<u64>) {
    match until {
        Some(_) => actor.cold().receive_until = until,
        None => {
            if let Some(cold) = actor.cold_if_any() {
                cold.receive_until = None;
            }
        }
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_mailbox_next(ctx: *mut Ctx, mailbox: *const u8) -> Pair<ObjPtr, i64> {
    // SAFETY: see `fns`.
    let actor = unsafe { actor(ctx) };
    if !actor.slot().shared().takes(mailbox) {
        return another_mailbox(actor);
    }
    if actor.runtime.looks_later() {
        return Pair(null_mut(), Received::Nothing.number());
    }
    if let Some(message) = actor.queue.look_at_flat(&mut actor.heap, &mut actor.ctx) {
        return Pair(message, Received::Message.number());
    }
    if actor.queue.is_untouched() && actor.is_carefree() && !actor.has_mail() {
        return Pair(null_mut(), Received::Nothing.number());
    }
    next_with_care(actor)
}

/// Messages would be read as what they are not.
#[cold]
fn another_mailbox(actor: &mut Actor) -> Pair<ObjPtr, i64> {
    actor.raise(PanicCode::MailboxMismatch, &[]);
    Pair(null_mut(), Received::Nothing.number())
}

#[inline(never)]
fn next_with_care(actor: &mut Actor) -> Pair<ObjPtr, i64> {
    let looked = actor.next_signal();
    if let Some(reason) = actor.take_doom() {
        actor.raise_exit(reason);
        return Pair(null_mut(), Received::Nothing.number());
    }
    match looked {
        Ok(Some(looked)) => return Pair(looked.object, looked.kind.number()),
        Ok(None) => {}
        Err(()) => return Pair(null_mut(), Received::Nothing.number()),
    }
    let until = actor.cold_ref().and_then(|cold| cold.receive_until);
    let is_over = until.is_some_and(|until| until <= actor.runtime.clock.now());
    if is_over {
        let outer = actor.queue.give_up();
        receive_until(actor, outer);
    }
    let received = if is_over { Received::TimeIsOver } else { Received::Nothing };
    Pair(null_mut(), received.number())
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_mailbox_take(ctx: *mut Ctx) {
    // SAFETY: see `fns`.
    let actor = unsafe { actor(ctx) };
    if !actor.is_carefree() || !actor.queue.take_uncounted() {
        take_with_care(actor);
    }
}

#[inline(never)]
fn take_with_care(actor: &mut Actor) {
    let (taken, outer) = actor.queue.take();
    receive_until(actor, outer);
    if let Some(looked) = taken
        && looked.kind == Received::Message
        && looked.note & COUNTED != 0
    {
        actor.discount(looked.bytes);
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_sleep_begin(ctx: *mut Ctx, ms: i64) {
    // SAFETY: see `fns`.
    let actor = unsafe { actor(ctx) };
    if let Some(time) = time_after(actor, ms) {
        actor.cold().sleep_until = time;
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_sleep_pending(ctx: *mut Ctx) -> bool {
    // SAFETY: see `fns`.
    let actor = unsafe { actor(ctx) };
    let now = actor.runtime.clock.now();
    let cold = actor.cold();
    let pending = cold.sleep_until > now;
    if !pending {
        cold.sleep_until = 0;
    }
    pending
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_own_reason(ctx: *mut Ctx) -> ObjPtr {
    // SAFETY: see `fns`.
    let actor = unsafe { actor(ctx) };
    let reason = actor.cold().reason.clone();
    reason.map_or(null_mut(), |reason| reason_object(actor, &reason))
}

/// A reason as a signal object. Null: a panic has been raised.
pub(super) fn reason_object(actor: &mut Actor, reason: &crate::sched::signal::Reason) -> ObjPtr {
    let (runtime, pid) = (actor.runtime, actor.pid);
    let Some(signal) = reason.signal(&runtime.descs, Some(pid), Kind::Exit, 0) else {
        actor.raise(PanicCode::HeapLimit, &[]);
        return null_mut();
    };
    actor.adopt(signal).unwrap_or_else(|_| {
        actor.raise(PanicCode::HeapLimit, &[]);
        null_mut()
    })
}
