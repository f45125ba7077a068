//! What an actor looks like from outside: its state, its mailbox, where it waits.
//!
//! An actor that waits may be looked at by anybody who claims it first, as a worker would to run it; it is let go at
//! once. Any other actor is *asked*: the thread that gives it its next turn looks at it there, before it runs. An actor
//! that runs is made to yield for that. So nobody ever waits for a lock that an actor holds, and nobody looks at an actor
//! that runs.
//!
//! | field | who touches it, when |
//! |---|---|
//! | `asks` | everybody, behind its mutex, under which nothing else is locked |
//! | `is_asking` | changed under the mutex, read at each turn; relaxed: whoever asks wakes the actor afterwards, and a turn that comes after the waking sees it |
//! | `wanted`, `next_at` | a simulation's: whether and when it shall print; relaxed |
//!
//! An actor's end comes either before the asker looks whether it still lives, or sees the question: the asker has a fence
//! between its store and its load, and the end is one order with that by itself. Must never keep an actor claimed while waiting for anything.

use super::slot::{Pid, SlotRef};
use crate::actor::{Actor, Next, Phase, text};
use crate::run::{Runtime, RuntimeRef};
use crate::trace;
use sepal_abi::ActorState;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// What only the thread that has an actor can see.
#[derive(Clone, Debug)]
pub(crate) struct Detail {
    pub(crate) name: Option<String>,
    pub(crate) parent: Option<Pid>,
    pub(crate) reductions: u64,
    /// Messages that wait.
    pub(crate) mailbox: usize,
    /// The bytes that its heap takes.
    pub(crate) heap: usize,
    pub(crate) links: usize,
    /// How many it monitors.
    pub(crate) monitors: usize,
    /// How many monitor it.
    pub(crate) watchers: usize,
    pub(crate) traps_exits: bool,
    /// Its defers or its `terminate` run.
    pub(crate) is_ending: bool,
    /// It computes a future.
    pub(crate) is_task: bool,
    /// The user's line where it waits or was preempted.
    pub(crate) place: Option<String>,
}

/// A question about an actor. The answer is `None` if it has ended.
#[derive(Debug)]
pub(crate) struct Ask {
    /// Who is woken by the answer.
    asker: Option<Pid>,
    /// What the actor was doing when it was asked.
    pub(crate) state: ActorState,
    answer: OnceLock<Option<Detail>>,
}

impl Ask {
    /// The answer, if it is there.
    pub(crate) fn answer(&self) -> Option<Option<&Detail>> {
        self.answer.get().map(Option::as_ref)
    }
}

/// See the module's head.
#[derive(Debug)]
pub(crate) struct Observer {
    is_asking: AtomicBool,
    asks: Mutex<HashMap<Pid, Vec<Arc<Ask>>>>,
    answered: Condvar,
    wanted: AtomicBool,
    next_at: AtomicU64,
}

impl Observer {
    /// `every`: how often a simulation prints, in nanoseconds.
    pub(crate) fn new(every: Option<u64>) -> Observer {
        Observer {
            is_asking: AtomicBool::new(false),
            asks: Mutex::default(),
            answered: Condvar::new(),
            wanted: AtomicBool::new(false),
            next_at: AtomicU64::new(every.unwrap_or(u64::MAX)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Pid, Vec<Arc<Ask>>>> {
        // The map is valid between any two steps.
        self.asks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether any actor is asked.
    #[inline]
    pub(crate) fn is_asking(&self) -> bool {
        self.is_asking.load(Ordering::Relaxed)
    }

    fn add(&self, pid: Pid, ask: Arc<Ask>) {
        let mut asks = self.lock();
        asks.entry(pid).or_default().push(ask);
        self.is_asking.store(true, Ordering::Relaxed);
    }

    fn take(&self, pid: Pid) -> Vec<Arc<Ask>> {
        let mut asks = self.lock();
        let taken = asks.remove(&pid).unwrap_or_default();
        self.is_asking.store(!asks.is_empty(), Ordering::Relaxed);
        taken
    }

    /// Gives up a question.
    fn forget(&self, pid: Pid, ask: &Arc<Ask>) {
        let mut asks = self.lock();
        if let Some(of_pid) = asks.get_mut(&pid) {
            of_pid.retain(|other| !Arc::ptr_eq(other, ask));
            if of_pid.is_empty() {
                asks.remove(&pid);
            }
        }
        self.is_asking.store(!asks.is_empty(), Ordering::Relaxed);
    }

    fn give(&self, runtime: &Runtime, asks: Vec<Arc<Ask>>, answer: Option<&Detail>) {
        for ask in &asks {
            // Nobody else has this ask any more, so it has no answer yet.
            let _ = ask.answer.set(answer.cloned());
        }
        // Whoever has looked for its answer before, waits by now.
        drop(self.lock());
        self.answered.notify_all();
        asks.iter().filter_map(|ask| ask.asker).for_each(|asker| runtime.wake(asker));
    }

    /// Waits until all are answered, for so long at most.
    pub(crate) fn wait(&self, asks: &[Arc<Ask>], patience: Duration) {
        let end = Instant::now() + patience;
        let mut guard = self.lock();
        while asks.iter().any(|ask| ask.answer().is_none()) {
            let Some(left) = end.checked_duration_since(Instant::now()) else { return };
            let waited = self.answered.wait_timeout(guard, left);
            guard = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Asks a simulation to print between two turns.
    pub(crate) fn want(&self) {
        self.wanted.store(true, Ordering::Relaxed);
    }

    /// Whether a simulation shall print now; `every` as in [`Observer::new`].
    pub(crate) fn is_due(&self, now: u64, every: Option<u64>) -> bool {
        let is_time = now >= self.next_at.load(Ordering::Relaxed);
        if is_time {
            self.next_at.store(now + every.unwrap_or(u64::MAX - now), Ordering::Relaxed);
        }
        is_time || self.wanted.load(Ordering::Relaxed) && self.wanted.swap(false, Ordering::Relaxed)
    }
}

impl Runtime {
    /// How reports call an actor: `main`, its declared name, or a registered one.
    pub(crate) fn name_of(&self, pid: Pid) -> Option<String> {
        if pid == Pid::MAIN {
            return Some(String::from("main"));
        }
        let (label, _) = self.table.birth(pid);
        if label.is_null() {
            return self.names.of(pid).map(String::from);
        }
        // SAFETY: a label is a static string of the image, also if it is another actor's by now.
        Some(unsafe { text(label) }.to_owned())
    }

    /// Who spawned an actor, as far as can be seen without it.
    pub(crate) fn parent_of(&self, slot: SlotRef, pid: Pid) -> Option<Pid> {
        let (_, parent) = self.table.birth(pid);
        // The slot's next actor may have another one.
        parent.filter(|_| slot.shared().is(pid))
    }

    /// What an actor is doing, as far as can be seen without it.
    pub(crate) fn state_of(&self, slot: SlotRef) -> ActorState {
        if slot.shared().inbox.is_resting() {
            ActorState::Waiting
        } else if self.scheduler.is_current(slot) {
            ActorState::Running
        } else {
            ActorState::Runnable
        }
    }

    /// Asks about an actor. `None`: it has ended.
    pub(crate) fn ask(&self, pid: Pid, asker: Option<Pid>) -> Option<Arc<Ask>> {
        let slot = self.table.slot(pid).filter(|&slot| self.table.holds(slot, pid))?;
        if asker.is_some() && !slot.shared().is_alive(pid) {
            // To a program that knows of the kill it has ended.
            return None;
        }
        let ask = Arc::new(Ask { asker, state: self.state_of(slot), answer: OnceLock::new() });
        self.observer.add(pid, ask.clone());
        self.wake(pid);
        slot.poison();
        // See the module's head.
        fence(Ordering::SeqCst);
        if !slot.shared().is(pid) {
            self.observer.give(self, self.observer.take(pid), None);
        }
        Some(ask)
    }

    /// The answer to a question of an actor about itself.
    pub(crate) fn answered(&self, slot: SlotRef, actor: &Actor) -> Arc<Ask> {
        let answer = OnceLock::from(Some(self.detail(slot, actor)));
        Arc::new(Ask { asker: None, state: ActorState::Running, answer })
    }

    /// Gives up a question that was not answered in time.
    pub(crate) fn forget_ask(&self, pid: Pid, ask: &Arc<Ask>) {
        self.observer.forget(pid, ask);
    }

    /// Answers who asked about an actor whose turn this thread has.
    #[cold]
    pub(crate) fn answer_asks(&self, slot: SlotRef, actor: &Actor) {
        let asks = self.observer.take(actor.pid);
        if !asks.is_empty() {
            let detail = self.detail(slot, actor);
            self.observer.give(self, asks, Some(&detail));
        }
    }

    /// Answers who asked about an actor that has ended: its pid has been retired.
    pub(crate) fn answer_that_it_ended(&self, pid: Pid) {
        // See the module's head: `Shared::retire` is in that order, too.
        if self.observer.is_asking.load(Ordering::SeqCst) {
            self.observer.give(self, self.observer.take(pid), None);
        }
    }

    /// Where an actor that has no turn stands, innermost first.
    pub(crate) fn places(&self, actor: &Actor) -> Vec<u32> {
        if actor.next == Next::Proceed {
            // It was preempted, or waits for room in a mailbox.
            let running = self.engine().places(actor);
            return running.into_iter().chain(actor.waiting_locs()).collect();
        }
        actor.resting_locs().collect()
    }

    /// Looks at an actor that this thread has.
    pub(crate) fn detail(&self, slot: SlotRef, actor: &Actor) -> Detail {
        let cold = actor.cold_ref();
        let count = |count: fn(&super::cold::Cold) -> usize| cold.map_or(0, count);
        let place = trace::first_place(self.image(), self.places(actor).into_iter());
        Detail {
            name: self.name_of(actor.pid),
            parent: self.table.birth(actor.pid).1,
            reductions: slot.shared().reductions(),
            mailbox: actor.queue.len() + slot.shared().inbox.len_for_owner(),
            heap: actor.heap.footprint(),
            links: count(|cold| cold.links.len()),
            monitors: count(|cold| cold.monitors.len()),
            watchers: count(|cold| cold.watchers.len()),
            traps_exits: actor.traps_exits,
            is_ending: actor.phase != Phase::Body,
            is_task: actor.apart.has_promise(),
            place,
        }
    }

    /// Looks at an actor that waits. `None`: it does not wait. Only while the scheduler holds the end
    /// ([`hold_end`](super::queue::Scheduler::hold_end)): the message that would have woken an actor may find it claimed, and
    /// nobody has work until it is queued.
    pub(crate) fn look_at_resting(&self, slot: SlotRef, pid: Pid) -> Option<Detail> {
        if !slot.shared().is(pid) || !slot.shared().inbox.claim(pid.generation()) {
            return None;
        }
        // The slot may be another actor's by now; none is in it that has not been born.
        let is_it = self.table.holds(slot, pid);
        // SAFETY: the claim was this thread's, and is not given up before the look ends.
        let detail = is_it.then(|| self.detail(slot, unsafe { &*slot.actor() }));
        if !slot.shared().inbox.rest(pid.generation()) {
            self.scheduler.queue(RuntimeRef::of(self), slot, slot.shared().priority());
        }
        detail
    }
}
