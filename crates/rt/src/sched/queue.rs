//! Which actor runs next, on which thread.
//!
//! Each worker has a queue of its own, from which others steal, and before it a *hot* place for the actor that was
//! woken last: a message and its answer stay on one core, in its cache. Tasks that have not begun are kept apart: their
//! worker begins with the newest, so that a tree of tasks is walked depth first and few are alive at a time, while others
//! steal the oldest, which most hangs on (Blumofe and Leiserson, "Scheduling multithreaded computations by work
//! stealing", 1999). Actors of other than medium priority, and those
//! woken by the clock, come through shared queues. Threads are started when there is work for them, up to the
//! number of workers; one that waits for the operating system counts as none.
//!
//! | field | who touches it, when |
//! |---|---|
//! | `state` | everybody, behind its mutex; under it nothing is locked but the clock |
//! | `shared` | lengths of `state.queues`, changed under the mutex, read by who only asks: relaxed |
//! | `idle`, `active` | changed under the mutex, read by those who have made work: see below |
//! | `searching` | threads on their way from sleep to work; relaxed but for the fence below |
//! | `Core::holds_back` | written by its worker, read by the clock a tick later at the latest (`ticking`): relaxed |
//! | `Core::hot` | filled by its worker; emptied by a swap, by its worker and by thieves |
//! | `Core::turns` | see `turns` |
//! | `Core::lives` | see `slot::Lives` |
//! | `keeper`, `Core::done` | see `compaction` |
//! | `stopped` | set once; relaxed, the mutex orders what follows from it |
//! | `is_ending` | set once, with `state.ending`, for who asks at each end: relaxed, who sleeps asks again under the mutex |
//!
//! No wake-up is lost: who makes work for others puts it into a queue, then (fence) looks for an idle thread; who becomes
//! idle counts itself, then (fence) looks into all queues. In the order of the two fences one of them sees the other. What a
//! thread puts into its own queue or hot place needs no fence: it comes to that itself, and if it does not soon, the clock
//! sees it a tick later at the latest (`ticking`). While some thread searches nobody else is woken; the last one to find
//! something wakes the next. While there is a keeper nobody is woken: it gives up before it counts itself idle, and so is
//! seen not to be one, or sees the work. The last thread to become idle looks whether anything can still happen, which
//! nobody can change meanwhile: only running actors and the clock make work.
//!
//! Thieves take what is hot when they have searched for most of a microsecond and found nothing else: its waker may have
//! more to say to it meanwhile, all of which it then reads in one turn.
//!
//! Must never run an actor on two threads: an actor is in a queue at most once, because only who makes it
//! active queues it.

mod worker;

use super::compaction::{Compaction, Done, Keeper, Load, Seen, Trials};
use super::outbox;
use super::simulation::Simulation;
use super::slot::{AtHand, Lives, SlotRef};
use super::turns::{Turn, Turns};
use crate::panics::EXIT_PANIC;
use crate::run::{Options, RuntimeRef};
use crate::stdio;
use crossbeam_deque::{Stealer, Worker};
use std::cell::Cell;
use std::collections::VecDeque;
use std::env;
use std::ptr::{NonNull, null, null_mut};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering, compiler_fence, fence};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

/// Low, medium, high, highest.
const PRIORITIES: usize = 4;
const LOW: usize = 0;
const MEDIUM: usize = 1;
/// More threads than this never run: those of blocking calls included.
const MAX_THREADS: usize = 256;

/// See the module's head.
pub(crate) struct Scheduler {
    state: Mutex<State>,
    changed: Condvar,
    shared: [AtomicUsize; PRIORITIES],
    idle: AtomicUsize,
    /// Threads that were started and do not wait for the operating system.
    active: AtomicUsize,
    searching: AtomicUsize,
    stopped: AtomicBool,
    is_ending: AtomicBool,
    /// Who does all the work, if one thread does.
    keeper: Keeper,
    /// Those of threads that have begun, by index; each made by its thread, dropped with the scheduler.
    cores: [AtomicPtr<Core>; MAX_THREADS],
    /// Indices of cores are below this.
    begun: AtomicUsize,
    /// Threads beside the first that have not ended.
    threads_alive: AtomicUsize,
    /// The number of workers, if it was given.
    workers: Option<usize>,
    trials: Trials,
    /// Who makes the choices in a simulation.
    simulation: Option<Simulation>,
}

#[derive(Debug, Default)]
struct State {
    queues: [VecDeque<SlotRef>; PRIORITIES],
    /// Threads that were ever started.
    threads: usize,
    /// Idle threads that were told to search.
    told: usize,
    /// The first thread, which is to give the exit code, waits for the operating system.
    first_is_blocked: bool,
    /// The exit code, once `main` has ended.
    ending: Option<i32>,
    /// All who live on have been told that they must end.
    insists: bool,
}

/// One thread as others see it.
#[derive(Debug)]
#[repr(align(128))]
struct Core {
    /// The number of its thread.
    index: usize,
    hot: AtomicPtr<u8>,
    stealer: Stealer<SlotRef>,
    /// Of tasks that have not begun.
    tasks: Stealer<SlotRef>,
    turns: Turns,
    /// The running actor may hold back messages; see `outbox`.
    holds_back: AtomicBool,
    /// The actors that the thread has made and ended.
    lives: Lives,
    done: Done,
}

/// One thread as it sees itself.
struct Local<'s> {
    scheduler: &'s Scheduler,
    core: &'s Core,
    index: usize,
    queue: Worker<SlotRef>,
    /// Tasks that have not begun.
    tasks: Worker<SlotRef>,
    /// Turns out of the hot place, and of the shared queue of medium priority, in sequence.
    hot_turns: Cell<u32>,
    shared_turns: Cell<u32>,
    /// Those of actors above medium priority, in sequence.
    urgent_turns: Cell<u32>,
    slots: AtHand<'s>,
}

thread_local! {
    /// This thread's own, if it is a worker.
    static LOCAL: Cell<*const Local<'static>> = const { Cell::new(null()) };
}

/// This thread's own part, if it is a worker; not to be kept.
#[inline(always)]
fn this_worker<'s>() -> Option<&'s Local<'s>> {
    // SAFETY: the pointer is set while the worker's function has its `Local`.
    unsafe { LOCAL.get().as_ref() }
}

/// Whatever the actor that runs on this thread has sent is in its mailbox.
#[inline]
pub(crate) fn hold_back_no_more() {
    if let Some(local) = this_worker() {
        local.core.holds_back.store(false, Ordering::Relaxed);
    }
}

/// The actor that runs on this thread has taken or sent so many messages.
#[inline]
pub(crate) fn note_messages(count: u32) {
    if let Some(local) = this_worker() {
        local.core.done.note(count);
    }
}

fn slot_of(actor: *mut u8) -> Option<SlotRef> {
    // SAFETY: only actors in slots are put where these addresses come from.
    NonNull::new(actor).map(|actor| unsafe { SlotRef::of(actor.as_ptr().cast()) })
}

impl Scheduler {
    /// A scheduler for so many workers, by default one for each core; or for a simulation.
    pub(crate) fn new(options: &Options) -> Scheduler {
        Scheduler {
            state: Mutex::default(),
            changed: Condvar::new(),
            shared: Default::default(),
            idle: AtomicUsize::new(0),
            active: AtomicUsize::new(0),
            searching: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
            is_ending: AtomicBool::new(false),
            keeper: Keeper::default(),
            cores: [const { AtomicPtr::new(null_mut()) }; MAX_THREADS],
            begun: AtomicUsize::new(0),
            threads_alive: AtomicUsize::new(0),
            workers: options.workers,
            trials: options.trials,
            simulation: Simulation::new(options),
        }
    }

    /// Who makes the choices in a simulation.
    pub(crate) fn simulation(&self) -> Option<&Simulation> {
        self.simulation.as_ref()
    }

    /// The clock's account of whether one thread is to do all the work.
    pub(crate) fn compaction(&self) -> Compaction {
        Compaction::new(self.trials)
    }

    /// Whether one thread does all the work now.
    #[cfg(test)]
    pub(crate) fn is_compact(&self) -> bool {
        self.keeper.is_any()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is valid between any two steps.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All cores, the one of an index and those behind it first.
    fn cores_from(&self, first: usize) -> impl Iterator<Item = &Core> {
        let begun = self.begun.load(Ordering::Acquire);
        (0..begun).filter_map(move |step| {
            let core = self.cores[(first + step) % begun].load(Ordering::Acquire);
            // SAFETY: made from a box by its thread, and kept as long as the scheduler.
            unsafe { core.as_ref() }
        })
    }

    fn cores(&self) -> impl Iterator<Item = &Core> {
        self.cores_from(0)
    }

    /// The number of threads that shall run actors.
    fn workers(&self) -> usize {
        static CORES: OnceLock<usize> = OnceLock::new();
        let cores =
            || *CORES.get_or_init(|| std::thread::available_parallelism().map_or(1, usize::from));
        self.workers.unwrap_or_else(cores).clamp(1, MAX_THREADS / 2)
    }

    /// This thread's own part, if it is one of this scheduler's workers.
    #[inline(always)]
    fn local(&self) -> Option<&Local<'_>> {
        let local = this_worker()?;
        std::ptr::eq(local.scheduler, self).then_some(local)
    }

    /// This thread's free slots, if it is a worker.
    #[inline]
    pub(crate) fn at_hand(&self) -> Option<&AtHand<'_>> {
        self.local().map(|local| &local.slots)
    }

    /// Starts a thread of the runtime's; false if there is none to be had.
    pub(crate) fn spawn_thread(
        &self,
        runtime: RuntimeRef,
        name: &str,
        body: impl FnOnce() + Send + 'static,
    ) -> bool {
        self.threads_alive.fetch_add(1, Ordering::Relaxed);
        let body = move || {
            body();
            // Release: what the thread did comes before the runtime is dropped.
            runtime.scheduler.threads_alive.fetch_sub(1, Ordering::Release);
        };
        let started = std::thread::Builder::new().name(name.into()).spawn(body).is_ok();
        if !started {
            self.threads_alive.fetch_sub(1, Ordering::Relaxed);
        }
        started
    }

    // ---- making work ----

    /// Queues an active actor that was woken.
    #[inline(always)]
    pub(crate) fn queue(&self, runtime: RuntimeRef, slot: SlotRef, priority: u8) {
        if usize::from(priority) == MEDIUM
            && let Some(local) = self.local()
            && runtime.clock.is_ticking()
            && local.core.hot.load(Ordering::Relaxed).is_null()
        {
            // This thread will come to it when the running actor waits, or the clock sees to that. Others only take
            // from here, so what is empty stays so. Release: a thief sees the actor as it was left.
            local.core.hot.store(slot.actor().cast(), Ordering::Release);
            slot.prefetch();
            keep_order();
            if !runtime.clock.is_ticking() {
                // The ticks have just ended.
                runtime.clock.tick(runtime);
            }
            return;
        }
        self.queue_with_care(runtime, slot, priority);
    }

    #[inline(never)]
    fn queue_with_care(&self, runtime: RuntimeRef, slot: SlotRef, priority: u8) {
        match self.local() {
            Some(local) if usize::from(priority) == MEDIUM && self.simulation.is_none() => {
                slot.prefetch();
                let before = local.core.hot.swap(slot.actor().cast(), Ordering::AcqRel);
                runtime.clock.tick(runtime);
                if let Some(before) = slot_of(before) {
                    local.queue.push(before);
                    self.announce_own(runtime, local);
                }
            }
            Some(_) | None => self.share(runtime, slot, priority),
        }
    }

    /// Queues an actor that was just made: before others if nobody was woken last, so that who is made and awaited at once
    /// needs no other thread. The clock sees to it that it does not wait for long.
    #[inline]
    pub(crate) fn queue_new(
        &self,
        runtime: RuntimeRef,
        slot: SlotRef,
        priority: u8,
        is_task: bool,
    ) {
        let is_usual = usize::from(priority) == MEDIUM && self.simulation.is_none();
        let Some(local) = self.local().filter(|_| is_usual) else {
            return self.share(runtime, slot, priority);
        };
        if local.core.hot.load(Ordering::Relaxed).is_null() {
            // As in `queue`.
            local.core.hot.store(slot.actor().cast(), Ordering::Release);
            keep_order();
            runtime.clock.tick(runtime);
            return;
        }
        if is_task {
            local.tasks.push(slot);
            self.keeper.ask_for_others();
            self.announce(runtime);
        } else {
            local.queue.push(slot);
            self.announce_own(runtime, local);
        }
    }

    /// Queues an active actor behind all others: one that was made, or has had its turn.
    pub(crate) fn queue_behind(&self, runtime: RuntimeRef, slot: SlotRef, priority: u8) {
        match self.local() {
            Some(local) if usize::from(priority) == MEDIUM && self.simulation.is_none() => {
                local.queue.push(slot);
                self.announce_own(runtime, local);
            }
            Some(_) | None => self.share(runtime, slot, priority),
        }
    }

    fn share(&self, runtime: RuntimeRef, slot: SlotRef, priority: u8) {
        let priority = usize::from(priority).min(PRIORITIES - 1);
        let mut state = self.lock();
        state.queues[priority].push_back(slot);
        self.shared[priority].fetch_add(1, Ordering::Relaxed);
        drop(state);
        if self.simulation.is_none() {
            self.announce(runtime);
        }
    }

    /// There is work in this thread's queue.
    #[inline]
    fn announce_own(&self, runtime: RuntimeRef, local: &Local<'_>) {
        keep_order();
        runtime.clock.tick(runtime);
        if !self.keeper.is(local.index) {
            self.look_for_thread(runtime);
        }
    }

    /// There is work in a queue that others can take it from.
    fn announce(&self, runtime: RuntimeRef) {
        // See the module's head.
        fence(Ordering::SeqCst);
        self.look_for_thread(runtime);
    }

    /// Sees that a thread will search, or the clock ticks.
    fn look_for_thread(&self, runtime: RuntimeRef) {
        if self.keeper.is_any() {
            // It takes this before it sleeps, and the clock sees whether it comes to it soon.
            runtime.clock.tick(runtime);
            return;
        }
        if self.searching.load(Ordering::Relaxed) > 0 {
            return;
        }
        let has_idle = self.idle.load(Ordering::Relaxed) > 0;
        let active = self.active.load(Ordering::Relaxed);
        // Before the first thread has begun, this is `main`, which it will find.
        let may_start = self.begun.load(Ordering::Relaxed) > 0 && active < self.workers();
        if has_idle || may_start {
            self.need_thread(runtime);
        } else {
            runtime.clock.tick(runtime);
        }
    }

    /// Lets those who run give way to whom the clock has woken, if they still wait and no thread is free for them.
    pub(crate) fn hurry(&self) {
        let is_free = |threads: &AtomicUsize| threads.load(Ordering::Relaxed) > 0;
        let helps = !self.keeper.is_any() && (is_free(&self.idle) || is_free(&self.searching));
        if self.count_shared() > 0 && !helps {
            self.cores().for_each(|core| take_back(core, core.turns.last()));
        }
    }

    /// Lets a thread search for work: an idle one, or a new one.
    fn need_thread(&self, runtime: RuntimeRef) {
        let mut state = self.lock();
        if self.idle.load(Ordering::Relaxed) > 0 {
            self.tell(&mut state);
            return;
        }
        let index = state.threads;
        if self.active.load(Ordering::Relaxed) < self.workers() && index < MAX_THREADS {
            state.threads += 1;
            self.active.fetch_add(1, Ordering::Relaxed);
            self.searching.fetch_add(1, Ordering::Relaxed);
            drop(state);
            let work = move || runtime.scheduler.work(runtime, index);
            if !self.spawn_thread(runtime, "sepal worker", work) {
                let mut state = self.lock();
                state.threads -= 1;
                self.active.fetch_sub(1, Ordering::Relaxed);
                self.searching.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }

    /// Wakes an idle thread, of which there is one.
    fn tell(&self, state: &mut State) {
        self.idle.fetch_sub(1, Ordering::Relaxed);
        self.searching.fetch_add(1, Ordering::Relaxed);
        state.told += 1;
        self.changed.notify_one();
    }

    // ---- what others ask ----

    /// How many actors there are in shared queues.
    fn count_shared(&self) -> usize {
        self.shared.iter().map(|queue| queue.load(Ordering::Relaxed)).sum()
    }

    fn exit_code(&self) -> i32 {
        self.lock().ending.unwrap_or(EXIT_PANIC)
    }

    /// What threads count themselves of the actors they make and end.
    pub(crate) fn lives(&self) -> impl Iterator<Item = &Lives> {
        self.cores().map(|core| &core.lives)
    }

    /// Whether messages in packs need not be counted at once, because no other thread is meant to run actors. The clock
    /// sees to it that they are soon, until [`hold_back_no_more`].
    pub(crate) fn may_hold_back(&self, runtime: RuntimeRef) -> bool {
        let Some(local) = self.local() else { return false };
        let is_alone = self.keeper.is(local.index) || self.workers() == 1;
        if is_alone {
            local.core.holds_back.store(true, Ordering::Relaxed);
            keep_order();
            runtime.clock.tick(runtime);
        }
        is_alone
    }

    /// The running actor lets others have its core at its next poll, which it is to come to.
    pub(crate) fn give_way(&self) {
        if let Some(local) = self.local() {
            local.core.turns.end_turn(local.core.turns.last());
        }
    }

    /// Whether the running actor shall let others have its core.
    pub(crate) fn must_yield(&self) -> bool {
        self.local().is_none_or(|local| local.core.turns.is_over()) && self.has_waiting()
    }

    /// Whether any actor waits for this thread, as far as it knows, or another core for the actor.
    pub(crate) fn has_waiting(&self) -> bool {
        let Some(local) = self.local() else { return true };
        self.keeper.is_other(local.index)
            || self.count_shared() > 0
            || !local.core.hot.load(Ordering::Relaxed).is_null()
            || !local.queue.is_empty()
            || !local.tasks.is_empty()
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Whether a thread runs the actor now.
    pub(crate) fn is_current(&self, slot: SlotRef) -> bool {
        let actor = slot.actor().cast();
        self.cores().any(|core| core.turns.current() == actor)
    }

    /// From now on the program is not found to be at an end, until [`Clock::end_effect`](super::clock::Clock::end_effect):
    /// somebody looks at actors who may seem to do nothing meanwhile. False: it is at its end already.
    pub(crate) fn hold_end(&self, runtime: RuntimeRef) -> bool {
        // Under the lock: whoever is about to find a deadlock has found it before, or sees the hold.
        let _state = self.lock();
        let goes_on = !self.is_stopped();
        if goes_on {
            runtime.clock.begin_effect();
        }
        goes_on
    }

    /// Lets an idle thread look whether anything can still happen.
    pub(crate) fn look_again(&self) {
        let mut state = self.lock();
        if self.idle.load(Ordering::Relaxed) == state.threads && state.threads > 0 {
            self.tell(&mut state);
        }
    }

    /// `main` has ended: the program ends when the other actors have.
    pub(crate) fn set_ending(&self, code: i32) {
        self.lock().ending.get_or_insert(code);
        self.is_ending.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_ending(&self) -> bool {
        self.is_ending.load(Ordering::Relaxed)
    }

    /// Whether nobody has been told yet that the end of the program cannot be trapped.
    pub(crate) fn begins_to_insist(&self) -> bool {
        !std::mem::replace(&mut self.lock().insists, true)
    }

    /// Ends the program now; actors that run are left at their next poll.
    fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
        self.cores().for_each(poison_current);
        self.changed.notify_all();
    }

    /// The same, from a thread that may be the last to do anything.
    pub(crate) fn finish(&self) {
        let state = self.lock();
        self.stop();
        if state.first_is_blocked {
            drop(state);
            stdio::exit(self.exit_code());
        }
    }

    /// Takes the core from whoever has had it since the last tick, if others wait, and wakes an idle thread for them;
    /// false if nobody waits.
    pub(crate) fn tick(&self, runtime: RuntimeRef, compaction: &mut Compaction) -> bool {
        let was_compact = self.keeper.is_any();
        compaction.decide(&self.keeper, &self.load(), runtime.clock.now());
        let shared = self.count_shared() > 0;
        let is_compact = self.keeper.is_any();
        if was_compact && !is_compact && (shared || self.cores().any(has_work)) {
            self.announce(runtime);
        }
        let mut waits = shared;
        for core in self.cores() {
            let long = core.turns.look();
            let (has_own, holds_back) = (has_work(core), core.holds_back.load(Ordering::Relaxed));
            waits |= has_own | holds_back;
            if was_compact && !is_compact || !was_compact && self.keeper.is_other(core.index) {
                // What runs there was alone, or is to go on at the keeper's.
                take_back(core, core.turns.last());
                continue;
            }
            let Some(turn) = long else { continue };
            if has_own {
                self.announce(runtime);
            }
            if has_own || shared || holds_back {
                take_back(core, turn);
            }
        }
        waits
    }

    /// What has been done since the last tick, and is to be done.
    fn load(&self) -> Load {
        let mut load = Load::default();
        for core in self.cores() {
            load.add(&Seen {
                index: core.index,
                turns: core.turns.since_look(),
                runs: !core.turns.current().is_null(),
                done: core.done.look(core.lives.made()),
                has_tasks: !core.tasks.is_empty(),
            });
        }
        load
    }

    /// Does something on behalf of an actor that may wait for the operating system, while another thread does the
    /// work of this one.
    pub(crate) fn blocking<T>(&self, runtime: RuntimeRef, body: impl FnOnce() -> T) -> T {
        outbox::close();
        let Some(local) = self.local().filter(|_| runtime.living() > 1) else {
            // Nobody else could run.
            return body();
        };
        let is_first = local.index == 0;
        self.keeper.give_up(local.index);
        let mut state = self.lock();
        self.active.fetch_sub(1, Ordering::Relaxed);
        state.first_is_blocked |= is_first;
        drop(state);
        if self.has_work(local) {
            self.announce(runtime);
        }
        let result = body();
        let mut state = self.lock();
        self.active.fetch_add(1, Ordering::Relaxed);
        state.first_is_blocked &= !is_first;
        if self.is_stopped() {
            // The program has ended meanwhile; what this thread would go back to may be gone.
            drop(state);
            self.leave_for_ever(is_first);
        }
        result
    }

    fn leave_for_ever(&self, is_first: bool) -> ! {
        if !is_first {
            self.threads_alive.fetch_sub(1, Ordering::Release);
        }
        loop {
            std::thread::park();
        }
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        for core in &mut self.cores {
            let core = *core.get_mut();
            if !core.is_null() {
                // SAFETY: made from a box by its thread, which has ended.
                drop(unsafe { Box::from_raw(core) });
            }
        }
    }
}

/// What was put somewhere is written before it is asked whether the clock ticks: see `ticking`.
#[inline(always)]
fn keep_order() {
    compiler_fence(Ordering::SeqCst);
}

#[inline]
fn take_hot(core: &Core) -> Option<SlotRef> {
    if core.hot.load(Ordering::Relaxed).is_null() {
        return None;
    }
    // As in `queue`.
    slot_of(core.hot.swap(null_mut(), Ordering::AcqRel))
}

fn has_work(core: &Core) -> bool {
    !core.hot.load(Ordering::Relaxed).is_null()
        || !core.stealer.is_empty()
        || !core.tasks.is_empty()
}

/// Takes the core from whose turn that is.
fn take_back(core: &Core, turn: Turn) {
    core.turns.end_turn(turn);
    poison_current(core);
}

fn poison_current(core: &Core) {
    if let Some(slot) = slot_of(core.turns.current()) {
        slot.poison();
    }
}

/// The number of workers in the environment: `SEPAL_WORKERS`.
pub(crate) fn workers_from_env() -> Option<usize> {
    env::var("SEPAL_WORKERS").ok().and_then(|text| text.parse().ok())
}
