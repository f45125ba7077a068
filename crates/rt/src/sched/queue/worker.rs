//! A thread's life: it takes an actor, from its own queue, from the shared ones or from others', gives it its turn, and takes the
//! next; without one it searches for a while and sleeps.
//!
//! Must never sleep while there is work that nobody comes to: see the head of `queue`.

use super::{Core, LOCAL, LOW, Local, MEDIUM, PRIORITIES, Scheduler, State, has_work, take_hot};
use crate::panics::EXIT_PANIC;
use crate::run::RuntimeRef;
use crate::sched::clock::Alarm;
use crate::sched::compaction::Done;
use crate::sched::life::{self, Fate};
use crate::sched::simulation::{Simulation, name_of};
use crate::sched::slot::{AtHand, Lives, SlotRef};
use crate::sched::turns::Turns;
use crate::{fault, message, observer, stdio};
use crossbeam_deque::{Steal, Worker};
use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering, fence};
use std::time::{Duration, Instant};

/// Each so many turns of a worker the shared queues come first, low ones too, so that all progress.
const TURN_OF_SHARED: u32 = 31;
/// After so many turns of the shared queue of medium priority in sequence the worker's own queue comes first, so that it
/// progresses.
const SHARED_TURNS: u32 = 8;
/// After so many turns of actors above medium priority in sequence others come first: none of them shall keep a core
/// from all others for long.
const URGENT_TURNS: u32 = 4;
/// After so many turns out of the hot place, or of new tasks, the queue comes first: a pair that wakes each other must not
/// keep the worker. The oldest task goes there too, so that it does not wait for ever.
const HOT_TURNS: u32 = 32;
/// How often a thread looks for work before it sleeps: some microseconds, for a futex round takes many.
const SPINS: u32 = 20;
/// How often before it takes what is hot: most of a microsecond.
const SPINS_BEFORE_HOT: u32 = 4;
/// How long the end of the program waits for threads that are in the operating system.
const PATIENCE: Duration = Duration::from_millis(200);

impl Scheduler {
    /// Runs actors on this thread, the first one, until the program ends; gives its exit code.
    pub(crate) fn run(&self, runtime: RuntimeRef) -> i32 {
        self.lock().threads = 1;
        self.active.store(1, Ordering::Relaxed);
        self.searching.store(1, Ordering::Relaxed);
        self.work(runtime, 0);
        runtime.clock.stop();
        self.exit_code()
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
    pub(super) fn work(&self, runtime: RuntimeRef, index: usize) {
        fault::install();
        let (queue, tasks) = (Worker::new_fifo(), Worker::new_lifo());
        let core = Box::into_raw(Box::new(Core {
            index,
            hot: AtomicPtr::default(),
            stealer: queue.stealer(),
            tasks: tasks.stealer(),
            turns: Turns::default(),
            holds_back: AtomicBool::new(false),
            lives: Lives::default(),
            done: Done::default(),
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
            urgent_turns: Cell::new(0),
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
            .or_else(|| self.take_urgent())
    }

    /// The first of the highest priority above medium.
    fn take_urgent(&self) -> Option<SlotRef> {
        (MEDIUM + 1..PRIORITIES).rev().find_map(|priority| self.take_shared(priority))
    }

    /// Shared work that comes before this thread's own.
    #[inline(never)]
    fn find_shared_first(&self, local: &Local<'_>) -> Option<SlotRef> {
        let is_shared_turn = local.core.turns.count().is_multiple_of(TURN_OF_SHARED);
        let urgent_turns = local.urgent_turns.get();
        let urgent = if urgent_turns < URGENT_TURNS { self.take_urgent() } else { None };
        local.urgent_turns.set(if urgent.is_some() { urgent_turns + 1 } else { 0 });
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

    /// Whether there is anything in any queue.
    pub(super) fn has_work(&self, local: &Local<'_>) -> bool {
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
            if state.ending.is_some() && !state.insists && !self.is_stopped() {
                // Those who are left have trapped the signal.
                self.idle.fetch_sub(1, Ordering::Relaxed);
                self.searching.fetch_add(1, Ordering::Relaxed);
                drop(state);
                crate::sched::end::insist(runtime);
                return true;
            }
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
            crate::sched::end::report_deadlock(runtime);
        }
        self.stop();
    }
}
