//! Sending, waking, spawning: what one actor does to others.
//!
//! Must never touch another actor but through its slot's shared part; a new actor is its maker's until it is
//! queued.

use super::arrivals::Pushed;
use super::bounds::{Overflow, Refused};
use super::cold::{Cold, SpawnOptions};
use super::outbox;
use super::promise::{self, Promise};
use super::queue::note_messages;
use super::signal::{self, Kind, Reason};
use super::slot::{Pid, SlotRef};
use crate::actor::{Actor, Next};
use crate::heap::descs::Descs;
use crate::message::{Message, NotCopied};
use crate::pooled::Counted;
use crate::run::{Runtime, RuntimeRef};
use sepal_abi::{ObjPtr, Object, PanicCode};

/// Fails what could have been answered through a message that nobody will read.
pub(crate) fn fail_replies(runtime: &Runtime, message: &Message, reason: &Reason) {
    promise::replies(message.handles()).for_each(|reply| reply.fail(runtime, reason));
}

/// After so many messages to actors that have not read the last one, a turn may end.
pub(crate) const SENDS_OF_TURN: u8 = 255;

/// In the note of a message: it counts against its mailbox's bounds. Timers' do not.
pub(crate) const COUNTED: u64 = 1;
/// In the note of a message: it came behind what ends its receiver.
pub(crate) const LATE: u64 = 2;

/// Notes of a message that it came behind what ends its receiver. Those in packs ask nothing.
pub(crate) fn note_late(message: &mut Message) {
    if message.pack().is_none() {
        message.envelope_mut().note |= LATE;
    }
}

impl Runtime {
    pub(crate) fn own(&self) -> RuntimeRef {
        RuntimeRef::of(self)
    }

    /// How many actors there are; see [`Table::living`](super::slot::Table::living).
    pub(crate) fn living(&self) -> usize {
        self.table.living(|| self.scheduler.lives())
    }

    /// Whether an actor has not ended.
    pub(crate) fn is_there(&self, pid: Pid) -> bool {
        self.table.slot(pid).is_some_and(|slot| slot.shared().is(pid))
    }

    /// Lets an actor look at its signals, deadlines and promises.
    pub(crate) fn wake(&self, pid: Pid) {
        if let Some(slot) = self.table.slot(pid)
            && slot.shared().is(pid)
        {
            self.wake_slot(slot);
        }
    }

    fn wake_slot(&self, slot: SlotRef) {
        if slot.shared().inbox.wake() == Pushed::Woke {
            self.queue(slot);
        }
    }

    #[inline(always)]
    fn queue(&self, slot: SlotRef) {
        self.scheduler.queue(self.own(), slot, slot.shared().priority());
    }

    /// As [`Runtime::push`], where a simulation may keep the signal back.
    fn push_from(&self, from: Option<Pid>, to: Pid, signal: Message) -> Result<SlotRef, Message> {
        let (true, Some(from)) = (self.scheduler.simulation().is_some(), from) else {
            return self.push(to, signal);
        };
        let Some(slot) = self.table.slot(to).filter(|slot| slot.shared().is(to)) else {
            return Err(signal);
        };
        match self.hold_back(from, to, signal) {
            Ok(()) => Ok(slot),
            Err(signal) => self.push(to, signal),
        }
    }

    /// Puts a signal into an actor's mailbox; gives it back if the actor has ended.
    pub(crate) fn push(&self, to: Pid, signal: Message) -> Result<SlotRef, Message> {
        outbox::close();
        let Some(slot) = self.table.slot(to).filter(|slot| slot.shared().is(to)) else {
            return Err(signal);
        };
        match slot.shared().inbox.push(to.generation(), signal)? {
            Pushed::Noted => {}
            Pushed::Woke => self.queue(slot),
        }
        Ok(slot)
    }

    /// Sends a message that nothing keeps back, from an actor or a timer.
    pub(crate) fn send_or_fail(&self, from: Option<Pid>, to: Pid, message: Message) {
        promise::replies(message.handles()).for_each(|reply| reply.set_holder(Some(to)));
        if let Err(message) = self.push_from(from, to, message) {
            fail_replies(self, &message, &Reason::NO_PROC);
        }
    }

    /// Sends a message as the receiver's bounds allow. `Err`: the sender is to wait.
    pub(crate) fn send(&self, from: Pid, to: Pid, mut message: Message) -> Result<(), Message> {
        let slot = self.table.slot(to);
        let Some(bounds) = slot.as_ref().and_then(|slot| slot.shared().bounds()) else {
            self.send_or_fail(Some(from), to, message);
            return Ok(());
        };
        let (generation, bytes) = (to.generation(), message.bytes());
        message.envelope_mut().note = COUNTED;
        match bounds.enter(generation, bytes) {
            Ok(()) => self.send_or_fail(Some(from), to, message),
            Err(Refused::Gone) => fail_replies(self, &message, &Reason::NO_PROC),
            Err(Refused::TooLarge) => {
                fail_replies(self, &message, &Reason::KILLED);
                let text = PanicCode::HeapLimit.template();
                self.end_anyway(from, to, &Reason::panic(text), Kind::Overrun);
            }
            Err(Refused::Full(Overflow::DropNew)) => {
                fail_replies(self, &message, &Reason::NO_PROC);
            }
            Err(Refused::Full(Overflow::DropOld)) => {
                bounds.enter_anyway(generation, bytes);
                self.send_or_fail(Some(from), to, message);
            }
            Err(Refused::Full(Overflow::Kill)) => {
                fail_replies(self, &message, &Reason::KILLED);
                self.kill(from, to, &Reason::KILLED);
            }
            Err(Refused::Full(Overflow::Block)) => {
                bounds.wait(from);
                // There may have been room before the receiver could see who waits.
                match bounds.enter(generation, bytes) {
                    Ok(()) => self.send_or_fail(Some(from), to, message),
                    Err(Refused::Gone) => fail_replies(self, &message, &Reason::NO_PROC),
                    Err(Refused::Full(_) | Refused::TooLarge) => return Err(message),
                }
            }
        }
        Ok(())
    }

    /// Sends a signal without a reason. False: the receiver has ended, or there is no memory to tell it.
    pub(crate) fn send_plain(&self, from: Pid, to: Pid, kind: Kind, note: u64) -> bool {
        signal::plain(from, kind, note)
            .is_some_and(|signal| self.push_from(Some(from), to, signal).is_ok())
    }

    /// Says to the sender of a signal that came too late what it would have been told at once.
    pub(crate) fn answer_for_the_dead(&self, from: Pid, to: Pid, signal: &Message) {
        let note = signal.envelope().note;
        match Kind::of(signal) {
            Kind::Message => fail_replies(self, signal, &Reason::NO_PROC),
            Kind::Link => self.send_reason(to, from, &Reason::NO_PROC, Kind::LinkExit, 0),
            Kind::Monitor => self.send_reason(to, from, &Reason::NO_PROC, Kind::Down, note),
            Kind::Down
            | Kind::Exit
            | Kind::LinkExit
            | Kind::Unlink
            | Kind::Demonitor
            | Kind::Overrun
            | Kind::Stop => {}
        }
    }

    /// Sends a signal about `from`.
    pub(crate) fn send_reason(&self, from: Pid, to: Pid, reason: &Reason, kind: Kind, note: u64) {
        let signal = reason.signal(&self.descs, Some(from), kind, note);
        self.send_signal(from, to, signal, kind, note);
    }

    /// Sends a signal about `from`; without one, that it was killed.
    pub(crate) fn send_signal(
        &self,
        from: Pid,
        to: Pid,
        signal: Option<Message>,
        kind: Kind,
        note: u64,
    ) {
        let signal = signal.or_else(|| Reason::KILLED.signal(&self.descs, Some(from), kind, note));
        let Some(signal) = signal else { return };
        if let Ok(slot) = self.push_from(Some(from), to, signal)
            && kind != Kind::Down
        {
            // It may be running without end.
            slot.poison();
        }
    }

    /// Tells a linked actor of an end.
    pub(crate) fn exit_linked(&self, from: Pid, to: Pid, reason: &Reason) {
        self.send_reason(from, to, reason, Kind::LinkExit, 0);
    }

    /// Sends an exit signal.
    pub(crate) fn kill(&self, from: Pid, to: Pid, reason: &Reason) {
        use super::signal::ExitTag;
        self.settle_sends();
        if let Some(slot) = self.table.slot(to) {
            match reason.tag() {
                ExitTag::Killed => {
                    slot.shared().doom(to, true);
                }
                ExitTag::Normal => {}
                ExitTag::Shutdown | ExitTag::NoProc | ExitTag::Panic | ExitTag::Custom => {
                    slot.shared().doom(to, false);
                }
            }
        }
        self.send_reason(from, to, reason, Kind::Exit, 0);
    }

    /// Ends an actor for a reason that it cannot trap, since it is the runtime's own.
    pub(crate) fn end_anyway(&self, from: Pid, to: Pid, reason: &Reason, kind: Kind) {
        if let Some(slot) = self.table.slot(to) {
            slot.shared().doom(to, true);
        }
        self.send_reason(from, to, reason, kind, 0);
    }
}

/// The frame that a body begins with.
pub(crate) enum Start<'s> {
    /// A copy, with all that it refers to.
    Graph(Message),
    /// The words of one that refers to nothing, still in the spawner's heap.
    Flat(&'s [u64]),
}

impl Start<'_> {
    /// Of a frame in the spawner's heap.
    ///
    /// # Safety
    /// The object must be of a heap of this thread with these descriptors, alive and unchanged while the result is used.
    pub(crate) unsafe fn of<'s>(descs: &Descs, frame: ObjPtr) -> Result<Start<'s>, NotCopied> {
        // SAFETY: the caller vouches for the object.
        unsafe {
            match descs.flat(frame) {
                Some(words) => Ok(Start::Flat(words)),
                None => Message::copy_graph(descs, frame).map(Start::Graph),
            }
        }
    }

    /// Moves it into the heap of the new actor. `None`: the heap's limit does not allow it.
    fn move_to(self, actor: &mut Actor) -> Option<ObjPtr> {
        let (heap, ctx) = (&mut actor.heap, &mut actor.ctx);
        match self {
            Start::Graph(message) => message.adopt(heap, ctx).ok(),
            Start::Flat(words) => {
                let area = heap.area(ctx, size_of_val(words))?;
                // SAFETY: the area has so many bytes, and is ours to fill.
                unsafe { (area as *mut u64).copy_from_nonoverlapping(words.as_ptr(), words.len()) };
                Some(area as ObjPtr)
            }
        }
    }
}

/// What is spawned.
pub(crate) struct Body<'s> {
    pub(crate) start: Start<'s>,
    /// The declared name, a static string, or null.
    pub(crate) label: *const Object,
    pub(crate) parent: Option<Pid>,
    /// The token of the message type, or null.
    pub(crate) mailbox: *const u8,
    pub(crate) promise: Option<Counted<Promise>>,
}

/// Why there is no new actor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum NotSpawned {
    NoMemory,
    /// The name is taken.
    Name(Box<str>),
}

impl Runtime {
    /// Makes an actor and lets `connect` do what must be done before it runs.
    pub(crate) fn spawn(
        &self,
        body: Body<'_>,
        options: &SpawnOptions,
        connect: impl FnOnce(&mut Actor),
    ) -> Result<Pid, NotSpawned> {
        self.settle_sends();
        let priority = options.priority.unwrap_or(1);
        let make = |pid| {
            self.table.set_birth(pid, body.label, body.parent);
            Actor::new(self.own(), pid, options.limits.max_bytes)
        };
        let made = self.table.insert(
            self.scheduler.at_hand(),
            body.mailbox,
            &options.limits,
            priority,
            make,
        );
        let (slot, pid) = made.ok_or(NotSpawned::NoMemory)?;
        // SAFETY: the actor is active and in no queue: it is this thread's.
        let actor = unsafe { &mut *slot.actor() };
        actor.priority = priority;
        if options.terminates {
            actor.cold().is_starting = true;
        }
        if let Some(name) = &options.name
            && !self.register(name, pid)
        {
            actor.end(Reason::KILLED);
            super::end::bury(self.own(), slot);
            return Err(NotSpawned::Name(name.clone()));
        }
        if let Start::Graph(frame) = &body.start {
            promise::replies(frame.handles()).for_each(|reply| reply.set_holder(Some(pid)));
        }
        let is_task = body.promise.is_some();
        if let Some(promise) = body.promise {
            promise.set_task(pid);
            actor.apart.set_promise(promise);
            actor.heap.expect_short_life();
        }
        connect(actor);
        match body.start.move_to(actor) {
            Some(frame) => (actor.leaf, actor.next) = (frame, Next::Resume),
            None => actor.end(Reason::panic(PanicCode::HeapLimit.template())),
        }
        self.scheduler.queue_new(self.own(), slot, priority, is_task);
        Ok(pid)
    }

    /// Whether an actor has neither ended nor been sent what will end it.
    pub(crate) fn is_alive(&self, pid: Pid) -> bool {
        self.table.slot(pid).is_some_and(|slot| slot.shared().is_alive(pid))
    }

    /// Registers a name for an actor; false if it is taken or the actor has ended. Whoever is not alive has no name any
    /// more, so that nobody finds a name taken after seeing its actor dead.
    pub(crate) fn register(&self, name: &str, pid: Pid) -> bool {
        self.settle_sends();
        let Some(slot) = self.table.slot(pid) else { return false };
        if !slot.shared().is(pid) || !self.names.register(name, pid, |pid| self.is_alive(pid)) {
            return false;
        }
        // The flag last: an actor that ends sees it afterwards and removes the name, or the flag cannot be set any more.
        if !slot.shared().set_named(pid) {
            self.names.remove_all(pid);
            return false;
        }
        true
    }
}

impl Actor {
    /// What was said about the next spawn.
    pub(crate) fn take_spawn_options(&mut self) -> SpawnOptions {
        self.cold_if_any().map(|cold| std::mem::take(&mut cold.spawn)).unwrap_or_default()
    }

    /// Whether messages wait here for room in somebody's mailbox.
    pub(crate) fn holds_messages(&self) -> bool {
        self.cold_ref().is_some_and(|cold| !cold.held.is_empty())
    }

    /// Sends a message without references to a mailbox without bounds. `Err`: that is not what it is.
    #[inline(always)]
    pub(crate) fn send_flat(&mut self, to: Pid, message: Message) -> Result<(), Message> {
        if outbox::packs_for(to) {
            return self.send_in_pack(to, message);
        }
        outbox::close();
        let slot = self.plain_receiver(to, &message);
        match slot {
            Some(slot) => {
                self.push_flat(slot, to, message);
                Ok(())
            }
            None => Err(message),
        }
    }

    /// The slot of an actor that takes every message, if this is one without references, and time is not simulated.
    #[inline(always)]
    fn plain_receiver(&self, to: Pid, message: &Message) -> Option<SlotRef> {
        let runtime = self.runtime;
        let slot = runtime.table.slot(to)?;
        let is_plain = slot.shared().is_unbounded(to) && message.flat().is_some();
        (is_plain && runtime.scheduler.simulation().is_none()).then_some(slot)
    }

    #[inline(always)]
    fn push_flat(&mut self, slot: SlotRef, to: Pid, message: Message) {
        // To one who has ended it is lost; nobody waits for an answer to what it says.
        match slot.shared().inbox.push(to.generation(), message) {
            Ok(Pushed::Woke) => self.runtime.queue(slot),
            Ok(Pushed::Noted) => {
                outbox::note(to);
                self.count_send(slot.shared().is_behind());
            }
            Err(_) => {}
        }
    }

    #[inline(always)]
    fn send_in_pack(&mut self, to: Pid, message: Message) -> Result<(), Message> {
        match outbox::add(message) {
            Ok(()) => {
                self.count_send(false);
                Ok(())
            }
            Err(message) => self.send_in_new_pack(to, message),
        }
    }

    #[inline(never)]
    fn send_in_new_pack(&mut self, to: Pid, message: Message) -> Result<(), Message> {
        let Some(slot) = self.plain_receiver(to, &message) else {
            outbox::close();
            return Err(message);
        };
        outbox::open(self.runtime, message, |pack| self.push_flat(slot, to, pack));
        Ok(())
    }

    /// A message was sent to one who has not read the last one yet. After some of these the others shall run, after each if
    /// the receiver is behind: so that what was sent is read while it is in the cache, and mailboxes do not grow for a
    /// whole time slice.
    #[inline(always)]
    fn count_send(&mut self, is_behind: bool) {
        match self.sends_left.checked_sub(1) {
            Some(left) if !is_behind => self.sends_left = left,
            Some(_) | None => {
                note_messages(u32::from(SENDS_OF_TURN - self.sends_left) + 1);
                self.sends_left = SENDS_OF_TURN;
                self.runtime.scheduler.give_way();
                self.poison();
            }
        }
    }

    /// Sends a message, or holds it until there is room; then the actor is to wait at its next poll.
    pub(crate) fn send(&mut self, to: Pid, message: Message) {
        let (runtime, pid) = (self.runtime, self.pid);
        let is_held = |cold: &Cold| cold.held.iter().any(|(receiver, _)| *receiver == to);
        let is_behind = self.cold_ref().is_some_and(is_held);
        let refused = if is_behind { Err(message) } else { runtime.send(pid, to, message) };
        if let Err(message) = refused {
            self.cold().held.push_back((to, message));
            self.poison();
        }
    }

    /// Sends what can be sent of the messages held; true if none is left.
    pub(crate) fn send_held(&mut self) -> bool {
        let held = std::mem::take(&mut self.cold().held);
        for (to, message) in held {
            self.send(to, message);
        }
        !self.holds_messages()
    }

    /// Gives up the messages held: their sender ends.
    pub(crate) fn drop_held(&mut self, reason: &Reason) {
        if !self.holds_messages() {
            return;
        }
        let runtime = self.runtime;
        for (_, message) in std::mem::take(&mut self.cold().held) {
            fail_replies(&runtime, &message, reason);
        }
    }

    /// Drops the oldest messages that nobody has looked at, beyond what the mailbox may hold.
    #[inline]
    pub(crate) fn drop_oldest(&mut self) {
        if self.slot().shared().bounds().is_some() {
            self.drop_excess();
        }
    }

    #[inline(never)]
    fn drop_excess(&mut self) {
        let (slot, generation, runtime) = (self.slot(), self.pid.generation(), self.runtime);
        let Some(bounds) = slot.shared().bounds() else { return };
        while bounds.excess() > 0 {
            let is_counted = |message: &Message| {
                Kind::of(message) == Kind::Message && message.envelope().note & COUNTED != 0
            };
            let Some(oldest) = self.queue.remove_unread(is_counted) else { return };
            bounds.leave(generation, oldest.bytes());
            fail_replies(&runtime, &oldest, &Reason::NO_PROC);
        }
    }

    /// A message has been taken: there may be room for others.
    pub(crate) fn discount(&mut self, bytes: u32) {
        let (slot, generation, runtime) = (self.slot(), self.pid.generation(), self.runtime);
        let Some(bounds) = slot.shared().bounds() else { return };
        bounds.leave(generation, bytes as usize);
        bounds.take_waiting().into_iter().for_each(|sender| runtime.wake(sender));
    }
}
