//! The end of an actor: who is told, in which order; and what is said when all are at an end.
//!
//! Names go first, so that nobody finds a dead actor; then its pid stops meaning anything and its mailbox closes;
//! then tasks that it owned are killed, linked and monitoring actors hear, promises that it owed fail, and its memory
//! goes. Whoever has heard of the end thus finds it complete. Must never run code of the actor's.

use super::cold::Cold;
use super::few::Few;
use super::post::{LATE, fail_replies, note_late};
use super::promise::{self, has_orphans};
use super::signal::{Kind, Reason, about};
use super::slot::{Pid, SlotRef};
use crate::actor::Actor;
use crate::message::Message;
use crate::panics::EXIT_PANIC;
use crate::run::{Runtime, RuntimeRef};
use crate::sched::clock::Alarm;
use crate::sched::signal::ExitTag;
use crate::{observer, stdio, trace};
use std::fmt::Write;

/// How long other actors may take to end after `main`, in milliseconds.
const TIME_TO_END: u64 = 5_000;
/// How long those may take then that have trapped the signal and were told that they must.
const TIME_TO_STOP: u64 = 1_000;

/// Ends an actor that has nothing left to run, and frees its slot.
#[inline(never)]
pub(crate) fn bury(runtime: RuntimeRef, slot: SlotRef) {
    // SAFETY: this thread has the actor's turn, its last.
    let actor = unsafe { &mut *slot.actor() };
    let pid = actor.pid;
    let reason = actor.cold_if_any().and_then(|cold| cold.reason.take()).unwrap_or(Reason::NORMAL);
    let code = (actor.is_main()).then(|| exit_code(actor, &reason));
    if code.is_some() {
        report_exit(&reason);
    }
    runtime.settle_sends();
    runtime.scheduler.simulation().inspect(|simulation| simulation.end_turn());
    if slot.shared().take_named() {
        runtime.names.remove_all(pid);
    }
    if let Some((alarm, _)) = actor.cold_ref().and_then(|cold| cold.alarm) {
        runtime.clock.cancel(alarm);
    }
    let bounds = slot.shared().bounds();
    if slot.shared().retire(pid) {
        runtime.names.remove_all(pid);
    }
    runtime.answer_that_it_ended(pid);
    let waiting = bounds.map_or_else(Vec::new, |bounds| bounds.close(pid.generation()));
    waiting.into_iter().for_each(|sender| runtime.wake(sender));
    let mut unread: Vec<Message> = Vec::new();
    for signal in slot.shared().inbox.close(pid.generation()) {
        take_last(actor, signal, &mut unread);
    }
    // Most actors end without anybody or anything left.
    if !unread.is_empty() || has_orphans() || actor.has_ties() || actor.owes_answers() {
        part_with_others(&runtime, actor, reason, unread);
    }
    // SAFETY: nothing uses the actor any more: its turn is over, and its pid leads nowhere.
    unsafe { std::ptr::drop_in_place(slot.actor()) };
    if has_orphans() {
        // Replies in its heap were given up with it; they have failed already.
        drop(promise::take_orphans());
    }
    runtime.table.remove(runtime.scheduler.at_hand(), slot, pid);
    if let Some(code) = code {
        if runtime.observes().is_some() {
            observer::print(runtime, observer::View::Worker);
        }
        end_program(runtime, pid, code);
    }
    // Another thread may end one at the same time: who of them sleeps last sees both.
    if runtime.scheduler.is_ending() && runtime.living() == 0 {
        runtime.scheduler.finish();
    }
}

fn exit_code(actor: &mut Actor, reason: &Reason) -> i32 {
    match reason.tag() {
        ExitTag::Normal => actor.cold().result as i32,
        ExitTag::Shutdown => 0,
        ExitTag::Killed | ExitTag::NoProc | ExitTag::Panic | ExitTag::Custom => EXIT_PANIC,
    }
}

/// Says why the program fails where no report of a panic does.
fn report_exit(reason: &Reason) {
    let name = match reason.tag() {
        ExitTag::Killed => "Killed",
        ExitTag::NoProc => "NoProc",
        ExitTag::Custom => "Custom",
        ExitTag::Normal | ExitTag::Shutdown | ExitTag::Panic => return,
    };
    stdio::write_error(format!("main exited: {name}\n").as_bytes());
}

/// `main` has ended: everybody else shall.
fn end_program(runtime: RuntimeRef, main: Pid, code: i32) {
    runtime.scheduler.set_ending(code);
    if runtime.living() == 0 {
        return;
    }
    runtime.clock.set(runtime, runtime.clock.after(TIME_TO_END), Alarm::Stop);
    for (_, pid) in runtime.table.slots() {
        runtime.kill(main, pid, &Reason::SHUTDOWN);
    }
}

/// The time to end is over.
pub(crate) fn stop_program(runtime: RuntimeRef) {
    if insist(runtime) {
        runtime.clock.set(runtime, runtime.clock.after(TIME_TO_STOP), Alarm::Stop);
    } else {
        runtime.scheduler.finish();
    }
}

/// Ends those whom the end of `main` has not ended, since they trap exits: their `terminate` runs. False if that was
/// said before.
pub(crate) fn insist(runtime: RuntimeRef) -> bool {
    let is_first = runtime.scheduler.begins_to_insist();
    if is_first {
        for (_, pid) in runtime.table.slots() {
            runtime.end_anyway(Pid::MAIN, pid, &Reason::SHUTDOWN, Kind::Stop);
        }
    }
    is_first
}

/// Takes in a signal that came before the end, as far as it still matters.
fn take_last(actor: &mut Actor, mut signal: Message, unread: &mut Vec<Message>) {
    let note = signal.envelope().note;
    match (Kind::of(&signal), about(&signal)) {
        (Kind::Message, _) => {
            if actor.is_past_its_end() {
                note_late(&mut signal);
            }
            unread.push(signal);
        }
        (Kind::Link | Kind::Monitor, Some(_)) if actor.is_past_its_end() => {
            actor.cold().late.push(signal);
        }
        (Kind::Link, Some(from)) => {
            actor.cold().links.insert(from, ());
        }
        (Kind::Unlink | Kind::LinkExit, Some(from)) => {
            actor.cold().links.remove(&from);
        }
        (Kind::Monitor, Some(from)) => {
            actor.cold().watchers.insert(note, from);
        }
        (Kind::Demonitor, _) => {
            actor.cold().watchers.remove(&note);
        }
        (Kind::Down | Kind::Exit | Kind::Overrun | Kind::Stop, _)
        | (Kind::Link | Kind::Unlink | Kind::LinkExit | Kind::Monitor, None) => {}
    }
}

#[inline(never)]
fn part_with_others(runtime: &Runtime, actor: &mut Actor, reason: Reason, unread: Vec<Message>) {
    let pid = actor.pid;
    // First of all: nobody who has heard of the end shall meet one of them.
    let tasks = actor.cold_if_any().map_or_else(Vec::new, |cold| std::mem::take(&mut cold.tasks));
    for task in tasks.into_iter().filter(|&task| runtime.is_there(task)) {
        runtime.kill(pid, task, &Reason::KILLED);
    }
    let late = actor.cold_if_any().map_or_else(Vec::new, |cold| std::mem::take(&mut cold.late));
    for signal in &late {
        if let Some(from) = about(signal) {
            runtime.answer_for_the_dead(from, pid, signal);
        }
    }
    let is_told_once = unread.is_empty() && !has_orphans() && !actor.owes_answers();
    if let Some(cold) = actor.cold_if_any()
        && let (Few::None, Few::None, &Few::One(monitor, watcher)) =
            (&cold.links, &cold.monitors, &cold.watchers)
        && is_told_once
    {
        cold.watchers = Few::None;
        let signal = reason.into_signal(&runtime.descs, Some(pid), Kind::Down, monitor);
        runtime.send_signal(pid, watcher, signal, Kind::Down, monitor);
    } else {
        tell_others(runtime, actor, &reason);
        fail_promises(runtime, actor, &reason, unread);
    }
}

impl Actor {
    /// Whether the end of the actor is another actor's concern.
    fn has_ties(&self) -> bool {
        self.cold_ref().is_some_and(|cold| {
            let has_links = !matches!(cold.links, Few::None);
            let has_monitors = !matches!((&cold.watchers, &cold.monitors), (Few::None, Few::None));
            has_links || has_monitors || !cold.tasks.is_empty() || !cold.late.is_empty()
        })
    }

    /// Whether anybody may wait for an answer through the actor: beside what its thread has noted as orphans.
    fn owes_answers(&self) -> bool {
        let owes = |cold: &Cold| !cold.orphans.is_empty() || !cold.held.is_empty();
        self.queue.len() > 0
            || self.apart.has_promise()
            || self.heap.handles().next().is_some()
            || self.cold_ref().is_some_and(owes)
    }
}

fn tell_others(runtime: &Runtime, actor: &mut Actor, reason: &Reason) {
    let pid = actor.pid;
    let Some(cold) = actor.cold_if_any() else { return };
    cold.links.take().for_each(|linked, ()| runtime.exit_linked(pid, linked, reason));
    cold.watchers.take().for_each(|monitor, watcher| {
        runtime.send_reason(pid, watcher, reason, Kind::Down, monitor);
    });
    cold.monitors.take().for_each(|monitor, target| {
        runtime.send_plain(pid, target, Kind::Demonitor, monitor);
    });
}

/// Fails what the actor should have answered.
fn fail_promises(runtime: &Runtime, actor: &mut Actor, reason: &Reason, unread: Vec<Message>) {
    let pid = actor.pid;
    for message in unread.into_iter().chain(std::iter::from_fn(|| actor.queue.pop_whole())) {
        let is_late = message.envelope().note & LATE != 0;
        fail_replies(runtime, &message, if is_late { &Reason::NO_PROC } else { reason });
    }
    for reply in promise::replies(actor.heap.handles()) {
        reply.fail_of_holder(runtime, pid, reason);
    }
    let mut orphans = promise::take_orphans();
    if let Some(cold) = actor.cold_if_any() {
        orphans.append(&mut cold.orphans);
    }
    actor.drop_held(reason);
    if let Some(promise) = actor.apart.take_promise() {
        promise.fail(runtime, reason);
    }
    for orphan in orphans {
        orphan.fail_of_holder(runtime, pid, reason);
    }
}

/// Says who waits for what.
pub(crate) fn report_deadlock(runtime: RuntimeRef) {
    let mut report = String::from("deadlock: every actor waits, and nothing can wake one\n");
    for (slot, pid) in runtime.table.slots() {
        if !slot.shared().is_alive(pid) || !slot.shared().inbox.is_resting() {
            continue;
        }
        // SAFETY: no thread runs an actor, and this one keeps the others from it.
        let actor = unsafe { &*slot.actor() };
        let name = actor_name(actor);
        // Writing into a string does not fail.
        let _ = writeln!(report, "{name} waits");
        trace::push_lines(&mut report, runtime.image(), runtime.places(actor).into_iter());
    }
    stdio::write_error(report.as_bytes());
}

/// How reports call an actor: its declared name, else a registered one, and its pid.
pub(crate) fn actor_name(actor: &Actor) -> String {
    let number = actor.pid.number();
    if actor.is_main() {
        return String::from("main");
    }
    match actor.runtime.name_of(actor.pid) {
        Some(label) => format!("actor {label} Pid({number})"),
        None => format!("actor Pid({number})"),
    }
}
