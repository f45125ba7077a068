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
//! | `Core::hot` | filled by its worker; emptied by a swap, by its worker and by thieves |
//! | `Core::turns` | see `turns` |
//! | `Core::lives` | see `slot::Lives` |
//! | `keeper` | see `compaction` |
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

use super::clock::Alarm;
use super::compaction::{Compaction, Keeper, Load, Seen};
use super::life::{self, Fate};
use super::outbox;
use super::simulation::{Simulation, name_of};
use super::slot::{AtHand, Lives, SlotRef};
use super::turns::{Turn, Turns};
use crate::panics::EXIT_PANIC;
use crate::run::{Options, RuntimeRef};
use crate::{fault, message, observer, stdio};
use crossbeam_deque::{Steal, Stealer, Worker};
use std::cell::Cell;
use std::collections::VecDeque;
use std::env;
use std::ptr::{NonNull, null, null_mut};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering, compiler_fence, fence};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// Low, medium, high, highest.
const PRIORITIES: usize = 4;
const LOW: usize = 0;
const MEDIUM: usize = 1;
/// Each so many turns of a worker the shared queues come first, low ones too, so that all progress.
const TURN_OF_SHARED: u32 = 31;
/// After so many turns of the shared queue of medium priority in sequence the worker's own queue comes first, so that it
/// progresses.
const SHARED_TURNS: u32 = 8;
/// After so many turns out of the hot place, or of new tasks, the queue comes first: a pair that wakes each other must not
/// keep the worker. The oldest task goes there too, so that it does not wait for ever.
const HOT_TURNS: u32 = 32;
/// How often a thread looks for work before it sleeps: some microseconds, for a futex round takes many.
const SPINS: u32 = 20;
/// How often before it takes what is hot: most of a microsecond.
const SPINS_BEFORE_HOT: u32 = 4;
/// More threads than this never run: those of blocking calls included.
const MAX_THREADS: usize = 256;
/// How long the end of the program waits for threads that are in the operating system.
const PATIENCE: Duration = Duration::from_millis(200);

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
    /// See [`Options::short_turn`].
    short_turn: Option<u64>,
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
    /// The actors that the thread has made and ended.
    lives: Lives,
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
    slots: AtHand<'s>,
}

thread_local! {
    /// This thread's own, if it is a worker.
    static LOCAL: Cell<*const Local<'static>> = const { Cell::new(null()) };
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
            short_turn: options.short_turn,
            simulation: Simulation::new(options),
        }
    }

    /// Who makes the choices in a simulation.
    pub(crate) fn simulation(&self) -> Option<&Simulation> {
        self.simulation.as_ref()
    }

    pub(crate) fn short_turn(&self) -> Option<u64> {
        self.short_turn
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
        // SAFETY: the pointer is set while the worker's function has its `Local`.
        let local = unsafe { LOCAL.get().as_ref() }?;
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

    // ---- a thread's life ----

    /// Runs actors on this thread, the first one, until the program ends; gives its exit code.
    pub(crate) fn run(&self, runtime: RuntimeRef) -> i32 {
        self.lock().threads = 1;
        self.active.store(1, Ordering::Relaxed);
        self.searching.store(1, Ordering::Relaxed);
        self.work(runtime, 0);
        runtime.clock.stop();
        self.exit_code()
    }

    fn exit_code(&self) -> i32 {
        self.lock().ending.unwrap_or(EXIT_PANIC)
    }

    /// Waits for the other threads; false if one is still in the operating system.
    pub(crate) fn join(&self) -> bool {
        let start = Instant::now();
        // Acquire: what the threads did comes before the runtime is dropped.
        while self.threads_alive.load(Ordering::Acquire) > 0 {
            if start.elapsed() > PATIENCE {
                return false;
            }
            self.changed.notify_all();
            std::thread::sleep(Duration::from_micros(50));
        }
        true
    }

    /// The life of a thread, which begins searching.
    fn work(&self, runtime: RuntimeRef, index: usize) {
        fault::install();
        let (queue, tasks) = (Worker::new_fifo(), Worker::new_lifo());
        let core = Box::into_raw(Box::new(Core {
            index,
            hot: AtomicPtr::default(),
            stealer: queue.stealer(),
            tasks: tasks.stealer(),
            turns: Turns::default(),
            lives: Lives::default(),
        }));
        // Release: who finds the core sees it whole.
        self.cores[index].store(core, Ordering::Release);
        self.begun.fetch_max(index + 1, Ordering::AcqRel);
        // SAFETY: it is dropped with the scheduler, after its thread has ended.
        let core = unsafe { &*core };
        let local = Local {
            scheduler: self,
            core,
            index,
            queue,
            tasks,
            hot_turns: Cell::new(0),
            shared_turns: Cell::new(0),
            slots: AtHand::new(&core.lives),
        };
        let outer = LOCAL.replace((&raw const local).cast());
        let mut is_searching = true;
        while let Some(slot) = self.next(runtime, &local, &mut is_searching) {
            core.turns.begin(slot.actor().cast());
            let fate = life::turn(runtime, slot);
            core.turns.end();
            match fate {
                Fate::Again(priority) => self.queue_behind(runtime, slot, priority),
                Fate::Rests | Fate::Ended => {}
            }
        }
        LOCAL.set(outer);
        message::give_back_all();
    }

    /// The next actor to run; sleeps until there is one. `None`: the program ends.
    #[inline]
    fn next(
        &self,
        runtime: RuntimeRef,
        local: &Local<'_>,
        is_searching: &mut bool,
    ) -> Option<SlotRef> {
        if !*is_searching
            && self.simulation.is_none()
            && !self.is_stopped()
            && !self.keeper.is_other(local.index)
            && let Some(slot) = self.find(local)
        {
            return Some(slot);
        }
        self.next_found_by_search(runtime, local, is_searching)
    }

    #[inline(never)]
    fn next_found_by_search(
        &self,
        runtime: RuntimeRef,
        local: &Local<'_>,
        is_searching: &mut bool,
    ) -> Option<SlotRef> {
        loop {
            if self.is_stopped() {
                return None;
            }
            if let Some(simulation) = &self.simulation {
                if let Some(slot) = self.choose(runtime, simulation) {
                    return Some(slot);
                }
                continue;
            }
            let is_kept = self.keeper.is_other(local.index);
            let found = if is_kept { None } else { self.find(local) }.or_else(|| {
                if !std::mem::replace(is_searching, true) {
                    self.searching.fetch_add(1, Ordering::Relaxed);
                }
                if is_kept { self.hand_over(local) } else { self.search(local) }
            });
            if let Some(slot) = found {
                if std::mem::take(is_searching)
                    && self.searching.fetch_sub(1, Ordering::Relaxed) == 1
                    && self.has_work(local)
                {
                    self.announce(runtime);
                }
                return Some(slot);
            }
            *is_searching = false;
            self.searching.fetch_sub(1, Ordering::Relaxed);
            if self.sleep(runtime, local) {
                *is_searching = true;
            }
        }
    }

    /// Leaves all that this thread has to the keeper, who looks at the shared queues before each turn. Nothing is left
    /// to be run here.
    #[cold]
    fn hand_over(&self, local: &Local<'_>) -> Option<SlotRef> {
        let mut state = self.lock();
        while let Some(slot) = take_hot(local.core).or_else(|| local.queue.pop()) {
            state.queues[MEDIUM].push_back(slot);
            self.shared[MEDIUM].fetch_add(1, Ordering::Relaxed);
        }
        None
    }

    /// Any actor, by chance, after some time; without one, the time of the next alarm or the end.
    fn choose(&self, runtime: RuntimeRef, simulation: &Simulation) -> Option<SlotRef> {
        simulation.end_turn();
        runtime.clock.pass(simulation.turn_time());
        if !simulation.clock_is_late() {
            runtime.clock.catch_up(runtime);
        }
        runtime.kill_by_chance();
        if runtime.observer.is_due(runtime.clock.now(), runtime.observes()) {
            observer::print(runtime, observer::View::Simulation);
        }
        let mut state = self.lock();
        let count = state.queues.iter().map(VecDeque::len).sum::<usize>();
        if count == 0 {
            if !runtime.clock.jump() {
                self.end_of_everything(runtime, &mut state);
            }
            return None;
        }
        let mut index = simulation.dice().below(count as u64) as usize;
        let chosen = (0..PRIORITIES).find_map(|priority| {
            let queue = &mut state.queues[priority];
            let slot = queue.swap_remove_back(index);
            index = index.wrapping_sub(queue.len());
            slot.map(|slot| (priority, slot))
        });
        let (priority, slot) = chosen?;
        self.shared[priority].fetch_sub(1, Ordering::Relaxed);
        drop(state);
        let now = runtime.clock.now();
        if let Some(time) = simulation.puts_off(now) {
            simulation.trace(now, || format!("{} is put off", name_of(slot)));
            runtime.clock.set(runtime, time, Alarm::Queue(slot, priority as u8));
            return None;
        }
        // SAFETY: the actor is active and was in a queue: it is this thread's.
        let pid = unsafe { (*slot.actor()).pid };
        runtime.deliver(pid);
        simulation.begin_turn(pid);
        simulation.trace(now, || format!("{} runs, one of {count}", name_of(slot)));
        Some(slot)
    }

    /// Work of this thread's own, or shared work whose turn it is.
    #[inline]
    fn find(&self, local: &Local<'_>) -> Option<SlotRef> {
        let hot_turns = local.hot_turns.get();
        if hot_turns < HOT_TURNS
            && self.count_shared() == 0
            && let Some(hot) = take_hot(local.core)
        {
            local.hot_turns.set(hot_turns + 1);
            return Some(hot);
        }
        self.find_other(local)
    }

    #[inline(never)]
    fn find_other(&self, local: &Local<'_>) -> Option<SlotRef> {
        let (core, hot_turns) = (local.core, local.hot_turns.get());
        if self.count_shared() == 0 {
            local.shared_turns.set(0);
        } else if let Some(shared) = self.find_shared_first(local) {
            return Some(shared);
        }
        let task = || if local.tasks.is_empty() { None } else { local.tasks.pop() };
        let new = || take_hot(core).or_else(task);
        let first = if hot_turns < HOT_TURNS { new() } else { None };
        local.hot_turns.set(if first.is_some() { hot_turns + 1 } else { 0 });
        if hot_turns >= HOT_TURNS
            && let Steal::Success(oldest) = core.tasks.steal()
        {
            local.queue.push(oldest);
        }
        first
            .or_else(|| {
                // All its lines at once, not one after another as they are used: another core may have made it.
                local.queue.pop().inspect(|slot| slot.prefetch())
            })
            .or_else(new)
            .or_else(|| self.take_shared(MEDIUM))
            .or_else(|| self.take_shared(LOW))
    }

    /// Shared work that comes before this thread's own.
    #[inline(never)]
    fn find_shared_first(&self, local: &Local<'_>) -> Option<SlotRef> {
        let is_shared_turn = local.core.turns.count().is_multiple_of(TURN_OF_SHARED);
        let urgent = (MEDIUM + 1..PRIORITIES).rev().find_map(|priority| self.take_shared(priority));
        let shared = || (LOW..=MEDIUM).find_map(|priority| self.take_shared(priority));
        let urgent = urgent.or_else(|| if is_shared_turn { shared() } else { None });
        if urgent.is_some() {
            return urgent;
        }
        // Whom the clock has woken shall not wait behind all that this thread has to do.
        let shared_turns = local.shared_turns.get();
        let woken = if shared_turns < SHARED_TURNS { self.take_shared(MEDIUM) } else { None };
        local.shared_turns.set(if woken.is_some() { shared_turns + 1 } else { 0 });
        woken
    }

    /// How many actors there are in shared queues.
    fn count_shared(&self) -> usize {
        self.shared.iter().map(|queue| queue.load(Ordering::Relaxed)).sum()
    }

    fn take_shared(&self, priority: usize) -> Option<SlotRef> {
        if self.shared[priority].load(Ordering::Relaxed) == 0 {
            return None;
        }
        let slot = self.lock().queues[priority].pop_front()?;
        self.shared[priority].fetch_sub(1, Ordering::Relaxed);
        Some(slot)
    }

    /// Work of others, for a while.
    fn search(&self, local: &Local<'_>) -> Option<SlotRef> {
        let spins = if self.active.load(Ordering::Relaxed) > 1 { SPINS } else { 1 };
        (0..spins).find_map(|spin| {
            (0..spin * 4).for_each(|_| std::hint::spin_loop());
            let hot_too = spin >= SPINS_BEFORE_HOT.min(spins - 1);
            self.steal(local, hot_too).or_else(|| self.find(local))
        })
    }

    fn steal(&self, local: &Local<'_>, hot_too: bool) -> Option<SlotRef> {
        // Each begins with its neighbour, so that thieves spread; its own, empty, comes last.
        self.cores_from(local.index + 1).find_map(|core| {
            loop {
                match core.stealer.steal_batch_and_pop(&local.queue) {
                    Steal::Success(slot) => return Some(slot),
                    Steal::Retry => {}
                    Steal::Empty => break,
                }
            }
            loop {
                match core.tasks.steal() {
                    Steal::Success(slot) => return Some(slot),
                    Steal::Retry => {}
                    Steal::Empty => return if hot_too { take_hot(core) } else { None },
                }
            }
        })
    }

    /// What threads count themselves of the actors they make and end.
    pub(crate) fn lives(&self) -> impl Iterator<Item = &Lives> {
        self.cores().map(|core| &core.lives)
    }

    /// Whether there is anything in any queue.
    fn has_work(&self, local: &Local<'_>) -> bool {
        self.count_shared() > 0 || !local.queue.is_empty() || self.cores().any(has_work)
    }

    /// Sleeps until told to search (true), or until the program ends; does not sleep if there is work.
    fn sleep(&self, runtime: RuntimeRef, local: &Local<'_>) -> bool {
        if self.idle.load(Ordering::Relaxed) + 1 >= self.active.load(Ordering::Relaxed) {
            // Who waits for the program shall see what it has said.
            stdio::flush();
        }
        runtime.engine().rest();
        let mut state = self.lock();
        if state.ending.is_some() && !self.is_stopped() && runtime.living() == 0 {
            // Two threads have ended the last actors, and neither has seen what the other did.
            drop(state);
            self.finish();
            return false;
        }
        self.keeper.give_up(local.index);
        self.idle.fetch_add(1, Ordering::Relaxed);
        // See the module's head.
        fence(Ordering::SeqCst);
        if self.idle.load(Ordering::Relaxed) == state.threads {
            // A keeper that was chosen when it had just gone to sleep is none.
            self.keeper.clear();
        }
        let has_work = self.count_shared() > 0 || self.cores().any(has_work);
        if has_work && !self.keeper.is_any() && !self.is_stopped() {
            self.idle.fetch_sub(1, Ordering::Relaxed);
            self.searching.fetch_add(1, Ordering::Relaxed);
            return true;
        }
        if self.idle.load(Ordering::Relaxed) == state.threads && !runtime.clock.is_pending() {
            self.end_of_everything(runtime, &mut state);
        }
        while state.told == 0 && !self.is_stopped() {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.told == 0 {
            return false;
        }
        state.told -= 1;
        true
    }

    /// No actor can ever run again.
    fn end_of_everything(&self, runtime: RuntimeRef, state: &mut State) {
        if state.ending.is_none() {
            state.ending = Some(EXIT_PANIC);
            super::end::report_deadlock(runtime);
        }
        self.stop();
    }

    // ---- what others ask ----

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
        compaction.decide(&self.keeper, &self.load(), self.workers(), runtime.clock.now());
        let shared = self.count_shared() > 0;
        let is_compact = self.keeper.is_any();
        if was_compact && !is_compact && (shared || self.cores().any(has_work)) {
            self.announce(runtime);
        }
        let mut waits = shared;
        for core in self.cores() {
            let long = core.turns.look();
            let has_own = has_work(core);
            waits |= has_own;
            if !was_compact && self.keeper.is_other(core.index) {
                // What runs there is to go on at the keeper's.
                take_back(core, core.turns.last());
                continue;
            }
            let Some(turn) = long else { continue };
            if has_own {
                self.announce(runtime);
            }
            if has_own || shared {
                take_back(core, turn);
            }
        }
        waits
    }

    /// What has been done since the last tick, and is to be done.
    fn load(&self) -> Load {
        let mut load = Load::waiting(self.count_shared());
        for core in self.cores() {
            load.add(&Seen {
                index: core.index,
                turns: core.turns.since_look(),
                runs: !core.turns.current().is_null(),
                made: core.lives.made(),
                waiting: core.stealer.len(),
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
