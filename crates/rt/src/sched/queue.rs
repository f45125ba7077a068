//! Which actor runs next, on which thread.
//!
//! One queue for each priority. Threads are started when there is work for them, up to the number of workers; a thread that
//! waits for the operating system counts as none. Idle threads sleep. The last one to become idle looks whether
//! anything can still happen, which nobody can change meanwhile: only running actors and the clock make work.
//!
//! | field | who touches it |
//! |---|---|
//! | `state` | everybody, behind its mutex; nothing else is locked under it but the clock |
//! | `waiting` | mirrors the queues' length for those who only ask; relaxed, since a wrong answer costs a turn |
//! | `Core::current`, `turns` | written by the core's thread at each turn, read by the clock; relaxed: at worst an actor polls once for nothing |
//! | `stopped` | set once; relaxed, the mutex orders what follows from it |
//!
//! Must never run an actor on two threads: an actor is in a queue at most once, because only who makes it
//! active queues it.

use super::life::{self, Fate};
use super::slot::SlotRef;
use crate::panics::EXIT_PANIC;
use crate::run::RuntimeRef;
use crate::{fault, stdio};
use std::collections::VecDeque;
use std::env;
use std::ptr::{NonNull, null_mut};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// Low, medium, high, highest.
const PRIORITIES: usize = 4;
/// Each so many turns the lowest come first, so that they progress at all.
const TURN_OF_LOW: u64 = 16;
/// More threads than this never run: those of blocking calls included.
const MAX_THREADS: usize = 256;
/// How long the end of the program waits for threads that are in the operating system.
const PATIENCE: Duration = Duration::from_millis(200);

/// See the module's head.
#[derive(Debug)]
pub(crate) struct Scheduler {
    state: Mutex<State>,
    changed: Condvar,
    waiting: AtomicUsize,
    stopped: AtomicBool,
    cores: OnceLock<Box<[Core]>>,
    /// Threads beside the first that have not ended.
    threads_alive: AtomicUsize,
    /// The number of workers, if it was given.
    workers: Option<usize>,
}

#[derive(Debug, Default)]
struct State {
    queues: [VecDeque<SlotRef>; PRIORITIES],
    turns: u64,
    /// Threads that were ever started.
    threads: usize,
    idle: usize,
    /// Threads that wait for the operating system on behalf of an actor.
    blocked: usize,
    /// The exit code, once `main` has ended.
    ending: Option<i32>,
}

/// What a thread runs, for the clock.
#[derive(Debug, Default)]
struct Core {
    current: AtomicPtr<u8>,
    turns: AtomicU64,
    /// What the clock saw in `turns` last.
    seen: AtomicU64,
}

impl State {
    fn is_empty(&self) -> bool {
        self.queues.iter().all(VecDeque::is_empty)
    }

    fn pop(&mut self) -> Option<SlotRef> {
        self.turns += 1;
        let low_first = self.turns.is_multiple_of(TURN_OF_LOW);
        (0..PRIORITIES).find_map(|index| {
            let index = if low_first { index } else { PRIORITIES - 1 - index };
            self.queues[index].pop_front()
        })
    }
}

impl Scheduler {
    /// A scheduler for so many workers; by default one for each core.
    pub(crate) fn new(workers: Option<usize>) -> Scheduler {
        Scheduler {
            state: Mutex::default(),
            changed: Condvar::new(),
            waiting: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
            cores: OnceLock::new(),
            threads_alive: AtomicUsize::new(0),
            workers,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is valid between any two steps.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cores(&self) -> &[Core] {
        self.cores.get_or_init(|| (0..MAX_THREADS).map(|_| Core::default()).collect())
    }

    /// The number of threads that shall run actors.
    fn workers(&self) -> usize {
        static CORES: OnceLock<usize> = OnceLock::new();
        let cores =
            || *CORES.get_or_init(|| std::thread::available_parallelism().map_or(1, usize::from));
        self.workers.unwrap_or_else(cores).clamp(1, MAX_THREADS / 2)
    }

    /// Starts a thread of the runtime's. Without one, whoever asked does without.
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

    /// Puts an active actor into its queue.
    pub(crate) fn queue(&self, runtime: RuntimeRef, slot: SlotRef, priority: u8) {
        let mut state = self.lock();
        state.queues[usize::from(priority).min(PRIORITIES - 1)].push_back(slot);
        self.waiting.fetch_add(1, Ordering::Relaxed);
        if state.idle > 0 {
            drop(state);
            self.changed.notify_one();
        } else if state.threads > 0 {
            // Before the first thread runs, this is `main`.
            self.need_thread(runtime, state);
        }
    }

    /// There is work and no idle thread.
    fn need_thread(&self, runtime: RuntimeRef, mut state: MutexGuard<'_, State>) {
        let index = state.threads;
        if index - state.blocked < self.workers() && index < MAX_THREADS {
            state.threads += 1;
            drop(state);
            let work = move || runtime.scheduler.work(runtime, index);
            if !self.spawn_thread(runtime, "sepal worker", work) {
                self.lock().threads -= 1;
            }
        } else {
            drop(state);
            runtime.clock.tick(runtime);
        }
    }

    /// Whether any actor waits for a thread.
    pub(crate) fn has_waiting(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Runs actors on this thread, the first one, until the program ends; gives its exit code.
    pub(crate) fn run(&self, runtime: RuntimeRef) -> i32 {
        self.lock().threads = 1;
        self.work(runtime, 0);
        runtime.clock.stop();
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

    fn work(&self, runtime: RuntimeRef, index: usize) {
        fault::install();
        let core = &self.cores()[index];
        while let Some(slot) = self.next(runtime) {
            core.current.store(slot.actor().cast(), Ordering::Relaxed);
            // The only writer, so no read-modify-write is needed.
            core.turns.store(core.turns.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
            let fate = life::turn(runtime, slot);
            core.current.store(null_mut(), Ordering::Relaxed);
            match fate {
                Fate::Again(priority) => self.queue(runtime, slot, priority),
                Fate::Rests | Fate::Ended => {}
            }
        }
    }

    /// The next actor to run; sleeps until there is one. `None`: the program ends.
    fn next(&self, runtime: RuntimeRef) -> Option<SlotRef> {
        let mut state = self.lock();
        loop {
            if self.is_stopped() {
                return None;
            }
            if let Some(slot) = state.pop() {
                self.waiting.fetch_sub(1, Ordering::Relaxed);
                return Some(slot);
            }
            state.idle += 1;
            if state.idle == state.threads && !runtime.clock.is_pending() {
                self.end_of_everything(runtime, &mut state);
            } else {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            state.idle -= 1;
        }
    }

    /// No actor can ever run again.
    fn end_of_everything(&self, runtime: RuntimeRef, state: &mut State) {
        if state.ending.is_none() {
            state.ending = Some(EXIT_PANIC);
            super::end::report_deadlock(runtime);
        }
        self.stop();
    }

    /// Lets an idle thread look whether anything can still happen.
    pub(crate) fn look_again(&self) {
        let _state = self.lock();
        self.changed.notify_one();
    }

    /// `main` has ended: the program ends when the other actors have.
    pub(crate) fn set_ending(&self, code: i32) {
        self.lock().ending.get_or_insert(code);
    }

    pub(crate) fn is_ending(&self) -> bool {
        self.lock().ending.is_some()
    }

    /// Ends the program now; actors that run are left at their next poll.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
        for core in self.cores() {
            poison_current(core);
        }
        self.changed.notify_all();
    }

    /// Takes the core from whoever has had it since the last tick, if others wait; false if nobody does.
    pub(crate) fn tick(&self) -> bool {
        if !self.has_waiting() {
            return false;
        }
        for core in self.cores() {
            let turns = core.turns.load(Ordering::Relaxed);
            if core.seen.swap(turns, Ordering::Relaxed) == turns {
                poison_current(core);
            }
        }
        true
    }

    /// Does something on behalf of an actor that may wait for the operating system, while another thread does the
    /// work of this one.
    pub(crate) fn blocking<T>(&self, runtime: RuntimeRef, body: impl FnOnce() -> T) -> T {
        if runtime.table.living() <= 1 {
            // Nobody else could run.
            return body();
        }
        let mut state = self.lock();
        state.blocked += 1;
        if state.is_empty() || state.idle > 0 {
            drop(state);
        } else {
            self.need_thread(runtime, state);
        }
        let result = body();
        self.lock().blocked -= 1;
        if self.is_stopped() {
            // The program has ended meanwhile; what this thread would go back to may be gone.
            stdio::flush();
            self.threads_alive.fetch_sub(1, Ordering::Release);
            loop {
                std::thread::park();
            }
        }
        result
    }
}

fn poison_current(core: &Core) {
    if let Some(actor) = NonNull::new(core.current.load(Ordering::Relaxed)) {
        // SAFETY: workers run only actors in slots.
        unsafe { SlotRef::of(actor.as_ptr().cast()) }.poison();
    }
}

/// The number of workers in the environment: `SEPAL_WORKERS`.
pub(crate) fn workers_from_env() -> Option<usize> {
    env::var("SEPAL_WORKERS").ok().and_then(|text| text.parse().ok())
}
