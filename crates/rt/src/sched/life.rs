//! An actor's turn: it takes in its signals, runs until it waits, is preempted or has ended, and then perhaps its end.
//!
//! ```text
//! Body ──returns, raises, is told to exit──► Defers ──all have run──► Terminate ──has run──► buried (`end`)
//! ```
//! After `Killed` nothing of the actor's own runs any more. Must never hold a reference to the actor while the engine
//! runs it.

use super::arrivals::Batch;
use super::clock::Alarm;
use super::cold::Cold;
use super::end::bury;
use super::engine::{Outcome, Run};
use super::looked::Looked;
use super::outbox;
use super::post::note_late;
use super::promise::{has_orphans, take_orphans};
use super::queue::note_messages;
use super::signal::{ExitTag, Kind, Reason, about};
use super::slot::SlotRef;
use crate::actor::{Actor, Next, Phase};
use crate::heap::handle::{Handle, HandleOps};
use crate::message::Message;
use crate::run::RuntimeRef;
use crate::{fault, panics};
use sepal_abi::{
    DescId, FRAME_PARENT, FRAME_RESULTS, FrameStatus, Header, ObjPtr, PanicCode, Received,
};
use std::ptr::null_mut;

/// What becomes of an actor after its turn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    /// Somebody will wake it.
    Rests,
    /// It wants another turn; with its priority.
    Again(u8),
    Ended,
}

/// With more messages than this that it has not looked at, an actor is behind.
const BEHIND: u32 = 1024;
/// With no more than this, no longer.
const CAUGHT_UP: u32 = 256;

/// What a run has led to.
enum Step {
    On,
    Wait,
    Yield,
}

/// Gives an actor, which this thread has made or found active, its turn.
#[inline(never)]
pub(crate) fn turn(runtime: RuntimeRef, slot: SlotRef) -> Fate {
    let address = slot.actor();
    fault::watch(address);
    let fate = loop {
        // SAFETY: an active actor belongs to the thread that took it from a queue. The reference is not used across the run.
        let actor = unsafe { &mut *address };
        slot.shared().count_reduction();
        let begin = actor.begin_turn();
        // Whoever asks wakes the actor afterwards, which the turn has seen by now.
        if runtime.observer.is_asking() {
            runtime.answer_asks(slot, actor);
        }
        let run = match begin {
            Begin::Run(run) => run,
            Begin::Wait if slot.shared().inbox.rest(actor.pid.generation()) => break Fate::Rests,
            Begin::Wait => continue,
            Begin::End => {
                // A fault from here on is the runtime's own.
                fault::leave();
                bury(runtime, slot);
                break Fate::Ended;
            }
        };
        // SAFETY: as above.
        let outcome = unsafe { runtime.engine().run(address, run) };
        outbox::close();
        // SAFETY: as above.
        let actor = unsafe { &mut *address };
        let step = actor.after(run, outcome);
        let again = Fate::Again(actor.priority);
        match step {
            Step::Wait => {
                actor.settle();
                actor.keep_orphans();
                if actor.has_started() {
                    continue;
                }
                actor.set_alarm();
                if !actor.has_news && slot.shared().inbox.rest(actor.pid.generation()) {
                    break Fate::Rests;
                }
                if runtime.scheduler.has_waiting() {
                    break again;
                }
            }
            Step::Yield if actor.holds_messages() => {}
            Step::Yield => break again,
            // Most have nothing left to run. What comes from now on comes too late.
            Step::On if actor.is_done() => {
                fault::leave();
                bury(runtime, slot);
                break Fate::Ended;
            }
            Step::On => {}
        }
        if runtime.scheduler.is_stopped() {
            break again;
        }
    };
    fault::leave();
    fate
}

/// What a turn begins with.
enum Begin {
    Run(Run),
    /// Messages must wait for room in a mailbox.
    Wait,
    End,
}

impl Actor {
    /// Takes in what has come.
    #[inline]
    fn begin_turn(&mut self) -> Begin {
        let was_notified = self.take_signals();
        if self.next == Next::Resume && self.is_carefree() {
            self.has_news = false;
            return Begin::Run(Run::Resume(self.leaf));
        }
        self.begin_with_care(was_notified)
    }

    #[inline(never)]
    fn begin_with_care(&mut self, was_notified: bool) -> Begin {
        // What was preempted may have looked already, and be about to wait for what has come since.
        self.has_news = self.next == Next::Proceed && (self.has_news || was_notified);
        if let Some(reason) = self.take_doom() {
            self.end(reason);
        }
        if self.holds_messages() && !self.send_held() {
            return Begin::Wait;
        }
        self.plan().map_or(Begin::End, Begin::Run)
    }

    /// Whether the body has ended and nothing is pending, nor any message that waits for room.
    #[inline]
    fn is_done(&self) -> bool {
        let is_idle = |cold: &Cold| {
            cold.defers.is_empty() && cold.terminate.is_null() && cold.held.is_empty()
        };
        (self.next, self.phase) == (Next::Advance, Phase::Defers)
            && self.cold_ref().is_none_or(is_idle)
    }

    /// What to run next; `None` when nothing is left.
    fn plan(&mut self) -> Option<Run> {
        loop {
            match (self.next, self.phase) {
                (Next::Entry, _) => return Some(Run::Entry),
                (Next::Resume, _) => return Some(Run::Resume(self.leaf)),
                (Next::Proceed, _) => return Some(Run::Proceed),
                (Next::Advance, Phase::Defers) => {
                    if let Some(closure) = self.pop_defer() {
                        self.doing = Next::Advance;
                        return Some(Run::Call(closure));
                    }
                    self.phase = Phase::Terminate;
                    let frame = self.cold_if_any().map_or(null_mut(), |cold| {
                        std::mem::replace(&mut cold.terminate, null_mut())
                    });
                    if !frame.is_null() {
                        (self.leaf, self.next) = (frame, Next::Resume);
                    }
                }
                (Next::Advance, Phase::Body | Phase::Terminate) => return None,
            }
        }
    }

    #[inline]
    fn after(&mut self, run: Run, outcome: Outcome) -> Step {
        self.keep_orphans();
        if let (Run::Resume(_), Outcome::Returned(value)) = (run, outcome) {
            let status = FrameStatus::from_number(value);
            if status == Some(FrameStatus::Suspended) {
                (self.doing, self.next) = (Next::Resume, Next::Resume);
                return Step::Wait;
            }
            if status == Some(FrameStatus::Done) && self.end_plainly() {
                return Step::On;
            }
        }
        self.after_other(run, outcome)
    }

    /// What [`Actor::leave_frame`] would do at the end of a body that leaves nothing to look after, as most do; else false.
    #[inline(always)]
    fn end_plainly(&mut self) -> bool {
        // SAFETY: `leaf` is a frame while one runs.
        let parent = unsafe { self.leaf.byte_add(FRAME_PARENT as usize).cast::<ObjPtr>().read() };
        let is_plain = self.cold_ref().is_none() && self.phase == Phase::Body && !self.is_main();
        let ends = parent.is_null() && is_plain;
        if ends {
            (self.leaf, self.doing) = (null_mut(), Next::Resume);
            (self.next, self.phase) = (Next::Advance, Phase::Defers);
        }
        ends
    }

    /// Notes the promises that this actor owes and has dropped a reply of: its end is to fail them. Before anybody else has
    /// a turn on this thread.
    #[inline(always)]
    fn keep_orphans(&mut self) {
        if has_orphans() {
            self.keep_owed();
        }
    }

    #[inline(never)]
    fn keep_owed(&mut self) {
        let pid = self.pid;
        let mut owed = take_orphans();
        owed.retain(|promise| promise.is_owed_by(pid));
        if !owed.is_empty() {
            let orphans = &mut self.cold().orphans;
            if orphans.len() == orphans.capacity() {
                orphans.retain(|promise| promise.is_owed_by(pid));
            }
            orphans.append(&mut owed);
        }
    }

    #[inline(never)]
    fn after_other(&mut self, run: Run, outcome: Outcome) -> Step {
        match run {
            Run::Entry => self.doing = Next::Entry,
            Run::Resume(_) => self.doing = Next::Resume,
            Run::Call(_) => self.doing = Next::Advance,
            Run::Proceed => {}
        }
        match outcome {
            Outcome::Returned(value) => return self.after_return(value),
            Outcome::Preempted => {
                self.next = Next::Proceed;
                return Step::Yield;
            }
            Outcome::Abandoned => {
                let reason = self.cold().reason.clone().unwrap_or(Reason::KILLED);
                self.end_run(reason);
            }
            Outcome::NoMemory => {
                self.raise_text(sepal_abi::PanicCode::HeapLimit, "no memory for a stack".into());
                panics::report(self, std::iter::empty());
                self.end_run(Reason::KILLED);
            }
        }
        Step::On
    }

    fn after_return(&mut self, value: i64) -> Step {
        match self.doing {
            Next::Entry => {
                self.cold().result = value;
                self.end_run(Reason::NORMAL);
                Step::On
            }
            Next::Resume => match FrameStatus::from_number(value) {
                Some(FrameStatus::Suspended) => {
                    self.next = Next::Resume;
                    Step::Wait
                }
                Some(FrameStatus::Done | FrameStatus::Yielded) | None => {
                    self.leave_frame();
                    Step::On
                }
            },
            // A defer that may wait gives the frame in which it has suspended.
            Next::Advance if value != 0 && self.image().defers_may_wait != 0 => {
                self.next = Next::Resume;
                Step::Wait
            }
            Next::Advance | Next::Proceed => {
                self.next = Next::Advance;
                Step::On
            }
        }
    }

    /// The frame that ran is done.
    fn leave_frame(&mut self) {
        self.next = Next::Resume;
        let frame = self.leaf;
        // SAFETY: `leaf` is a frame while one runs.
        let parent = unsafe { frame.byte_add(FRAME_PARENT as usize).cast::<ObjPtr>().read() };
        if !parent.is_null() {
            self.leaf = parent;
            return;
        }
        if self.is_main() && self.phase == Phase::Body {
            // SAFETY: the result of `main` is its exit code.
            let code = unsafe { frame.byte_add(FRAME_RESULTS as usize).cast::<i64>().read() };
            self.cold().result = code;
        }
        self.end_run(Reason::NORMAL);
    }

    /// What ran has come to its end, or the whole body has.
    fn end_run(&mut self, reason: Reason) {
        (self.leaf, self.next) = (null_mut(), Next::Advance);
        if self.phase == Phase::Body {
            self.end(reason);
        }
    }

    /// Ends the body for a reason, wherever it stands.
    pub(crate) fn end(&mut self, reason: Reason) {
        if self.next == Next::Proceed {
            let runtime = self.runtime;
            // SAFETY: this thread has the actor's turn.
            unsafe { runtime.engine().discard(self) };
        }
        (self.leaf, self.next) = (null_mut(), Next::Advance);
        let is_killed = reason.tag() == ExitTag::Killed;
        self.phase = if is_killed { Phase::Terminate } else { Phase::Defers };
        // Nothing said is a normal end.
        if self.cold_ref().is_some() || reason.tag() != ExitTag::Normal {
            self.cold().reason = Some(reason);
        }
    }

    /// Makes sure that the actor is woken at the next of its own deadlines.
    #[inline]
    fn set_alarm(&mut self) {
        if !self.is_carefree() {
            self.set_alarm_if_needed();
        }
    }

    #[inline(never)]
    fn set_alarm_if_needed(&mut self) {
        let (runtime, pid) = (self.runtime, self.pid);
        let Some(cold) = self.cold_if_any() else { return };
        let sleep = (cold.sleep_until != 0).then_some(cold.sleep_until);
        let Some(deadline) = cold.receive_until.into_iter().chain(sleep).min() else { return };
        if let Some((id, time)) = cold.alarm {
            if time <= deadline && time > runtime.clock.now() {
                // It comes early and finds that it is not time yet.
                return;
            }
            runtime.clock.cancel(id);
        }
        let id = runtime.clock.set(runtime, deadline, Alarm::Wake(pid));
        cold.alarm = Some((id, deadline));
    }

    // ---- signals ----

    /// Whether there may be anything that a receive has not looked at.
    #[inline(always)]
    pub(crate) fn has_mail(&mut self) -> bool {
        self.queue.unread() > 0 || self.slot().shared().inbox.has_news()
    }

    /// Takes in what has come; false if nothing has, nor was the actor woken.
    #[inline]
    pub(crate) fn take_signals(&mut self) -> bool {
        let generation = self.pid.generation();
        let batch = self.slot().shared().inbox.look(generation);
        batch.map(|batch| self.take_batch(batch)).is_some()
    }

    #[inline(never)]
    fn take_batch(&mut self, batch: Batch) {
        outbox::close();
        let mut count = 0;
        let mut is_late = self.is_past_its_end();
        for mut signal in batch {
            // Those in packs are counted when they have been read.
            count += u32::from(signal.pack().is_none());
            if signal.envelope().kind == Kind::Message as u32 {
                if is_late {
                    note_late(&mut signal);
                }
                self.queue.push(signal);
            } else {
                self.take_signal(signal);
                is_late = self.is_past_its_end();
            }
        }
        note_messages(count);
        self.drop_oldest();
        self.note_length();
    }

    /// Whether a signal has ended the actor: what comes behind it comes to the dead.
    pub(crate) fn is_past_its_end(&self) -> bool {
        self.cold_ref().is_some_and(|cold| cold.is_over)
    }

    /// Tells senders whether this actor is behind with its messages.
    fn note_length(&mut self) {
        let (unread, pid, slot) = (self.queue.unread(), self.pid, self.slot());
        let is_behind = slot.shared().is_behind();
        if is_behind != (unread > if is_behind { CAUGHT_UP } else { BEHIND }) {
            slot.shared().set_behind(pid, !is_behind);
        }
    }

    #[inline(never)]
    fn take_signal(&mut self, signal: Message) {
        let (from, note) = (about(&signal), signal.envelope().note);
        match (Kind::of(&signal), from) {
            (Kind::Link | Kind::Monitor, _) if self.is_past_its_end() => {
                self.cold().late.push(signal);
            }
            (Kind::Message, _) => self.queue.push(signal),
            (Kind::Down, _) => {
                if self.cold().monitors.remove(&note).is_some() {
                    self.queue.push(signal);
                }
            }
            (Kind::Exit | Kind::Overrun | Kind::Stop, _) => self.take_exit(signal),
            (Kind::LinkExit, Some(from)) => {
                if self.cold().links.remove(&from).is_some() {
                    self.take_exit(signal);
                }
            }
            (Kind::Link, Some(from)) => {
                self.cold().links.insert(from, ());
            }
            (Kind::Unlink, Some(from)) => {
                self.cold().links.remove(&from);
            }
            (Kind::Monitor, Some(from)) => {
                self.cold().watchers.insert(note, from);
            }
            (Kind::Demonitor, _) => {
                self.cold().watchers.remove(&note);
            }
            (Kind::LinkExit | Kind::Link | Kind::Unlink | Kind::Monitor, None) => {}
        }
    }

    fn take_exit(&mut self, signal: Message) {
        let runtime = self.runtime;
        let reason = Reason::of(&signal, &runtime.descs);
        let is_sent = Kind::of(&signal) == Kind::Exit;
        let is_overrun = Kind::of(&signal) == Kind::Overrun;
        let is_stop = Kind::of(&signal) == Kind::Stop;
        let is_kill = is_overrun || is_sent && reason.tag() == ExitTag::Killed;
        let from_self = is_sent && about(&signal) == Some(self.pid);
        if self.phase != Phase::Body && !is_kill {
            return;
        }
        if is_kill || is_stop || !self.traps_exits && (reason.tag() != ExitTag::Normal || from_self)
        {
            // The first one stands, but nothing is stronger than a kill in what still runs.
            if self.phase != Phase::Body {
                self.phase = Phase::Terminate;
                self.cold().terminate = null_mut();
                self.cold().reason = Some(reason.clone());
            }
            if self.cold().doom.is_none() || is_kill && self.cold().is_starting {
                if is_overrun {
                    let message = PanicCode::HeapLimit.template();
                    panics::write_report(self, message, self.resting_locs());
                }
                self.cold().doom = Some(reason);
            }
            self.cold().note_end(is_kill);
            return;
        }
        let (slot, pid) = (self.slot(), self.pid);
        slot.shared().spare(pid);
        if self.traps_exits {
            self.queue.push(signal);
        }
    }

    /// Why the actor must end now, once, if a signal said so. Whatever it waits for then, it waits no longer.
    pub(crate) fn take_doom(&mut self) -> Option<Reason> {
        let cold = self.cold_if_any()?;
        let is_starting = cold.is_starting;
        let is_due = |doom: &mut Reason| !is_starting || doom.tag() == ExitTag::Killed;
        let doom = cold.doom.take_if(is_due)?;
        self.drop_held(&doom);
        Some(doom)
    }

    /// From here on every signal ends the actor. Gives whether one has come.
    pub(crate) fn has_started(&mut self) -> bool {
        let cold = self.cold_if_any();
        cold.is_some_and(|cold| std::mem::take(&mut cold.is_starting) && cold.doom.is_some())
    }

    // ---- looking at messages ----

    /// The next signal that the running receive has not looked at. `Err`: the heap is too small for it, which
    /// has been raised.
    pub(crate) fn next_signal(&mut self) -> Result<Option<Looked>, ()> {
        if let Some(looked) = self.queue.look_again() {
            return Ok(Some(looked));
        }
        if self.queue.unread() == 0 {
            self.take_signals();
        }
        let Ok(first) = self.queue.pop() else {
            self.raise(PanicCode::HeapLimit, &[]);
            return Err(());
        };
        let Some(message) = first else { return Ok(None) };
        let kind = match Kind::of(&message) {
            Kind::Message => Received::Message,
            Kind::Down => Received::Down,
            // Of the others only exits are ever queued.
            Kind::Exit
            | Kind::LinkExit
            | Kind::Overrun
            | Kind::Stop
            | Kind::Link
            | Kind::Unlink
            | Kind::Monitor
            | Kind::Demonitor => Received::Exit,
        };
        let bytes = u32::try_from(message.bytes()).unwrap_or(u32::MAX);
        let note = message.envelope().note;
        let object = match message.adopt_flat(&mut self.ctx).or_else(|message| self.adopt(message))
        {
            Ok(object) => object,
            Err(message) => {
                self.queue.put_back(message);
                self.raise(sepal_abi::PanicCode::HeapLimit, &[]);
                return Err(());
            }
        };
        let looked = Looked { object, kind, bytes, note };
        self.queue.look(looked);
        Ok(Some(looked))
    }

    /// Moves a message into the heap; collects if that is due.
    pub(crate) fn adopt(&mut self, message: Message) -> Result<ObjPtr, Message> {
        self.collect_if_due(message.bytes_for(&self.heap));
        match message.adopt(&mut self.heap, &mut self.ctx) {
            Ok(object) => Ok(object),
            Err(message) => {
                self.raise_heap_limit_to_machine();
                self.collect();
                message.adopt(&mut self.heap, &mut self.ctx)
            }
        }
    }

    /// Copies a message into the heap; `None` if that is too small.
    pub(crate) fn copy_in(&mut self, message: &Message) -> Option<ObjPtr> {
        self.collect_if_due(message.bytes_for(&self.heap));
        message.copy_into(&mut self.heap, &mut self.ctx).or_else(|| {
            self.raise_heap_limit_to_machine();
            self.collect();
            message.copy_into(&mut self.heap, &mut self.ctx)
        })
    }

    /// A handle object that owns the reference at `address`. Null: a panic has been raised.
    pub fn new_handle(&mut self, ops: &'static HandleOps, address: usize) -> ObjPtr {
        let size = size_of::<Handle>();
        let Some(object) = self.alloc(Header::new(DescId::HANDLE), size) else {
            // SAFETY: the caller gives the reference up.
            unsafe { (ops.release)(address) };
            return null_mut();
        };
        // SAFETY: the object was just made, and is on no list.
        unsafe {
            let handle = object.cast::<Handle>();
            ((*handle).ops, (*handle).address) = (ops, address);
            self.heap.list_handle(handle);
        }
        object
    }
}
