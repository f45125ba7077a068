//! Whether one core does all the work.
//!
//! A new actor that another core runs moves there with its slot, its heap and its first message, one cache line after the
//! other. Where it ends soon and its turns are shorter than that takes, two cores do in more time what one does alone. So the
//! clock measures the turns at each tick, and while they are those of new actors and short, and nobody waits for long, the
//! load is *compacted*: one thread, the *keeper*, runs all actors, the others hand theirs over and sleep. (Erlang compacts
//! its load too, where its schedulers are not busy.) The more workers there are, the less that pays, and with many it never
//! does.
//!
//! | field | who touches it, when |
//! |---|---|
//! | `thread` | set by the clock; taken back by the clock, by the keeper before it sleeps or waits for the operating system, and by who makes a task; relaxed but for the fences of `queue` |
//! | `asked` | set by who makes a task, taken by the clock: relaxed |
//!
//! Must never make anybody wait for longer than a tick: a long turn, a long queue or a task that has not begun ends it.

use super::ticking::SLICE;
use crate::sync::{AtomicBool, AtomicUsize, Ordering};

/// For each actor that was made, turns that take so many nanoseconds are not worth sharing by two: one that ends soon takes
/// its slot, heap and first message along for nothing, and their memory comes back when it is used again. Actors that
/// live on are moved for many turns: such loads are shared however short those are, and gain by that wherever the host
/// has nothing else to do (120 of them that talk at random, 45 ns a message: 1.25).
const SHORT_BIRTH: u64 = 1_200;
/// So many ticks with longer turns follow each other before the load is shared: the machine may have had other work.
const PATIENCE: u32 = 4;
/// So many ticks pass before a load is compacted again that was too heavy for one core.
const HEAVY_TICKS: u32 = 8;
/// The same for one whose turns were too long; twice as many each time that happens soon, up to the second number.
const LONG_TICKS: (u32, u32) = (32, 1024);

/// Who does all the work, as all threads see it.
#[derive(Debug, Default)]
pub(crate) struct Keeper {
    /// The index of its thread and 1, or 0.
    thread: AtomicUsize,
    /// A task was made since the last tick.
    asked: AtomicBool,
}

/// The clock's account of it.
#[derive(Debug, Default)]
pub(crate) struct Compaction {
    /// So many nanoseconds more for every turn.
    short: u64,
    /// When the last tick was, and how many actors had been made by then.
    ticked: u64,
    made: usize,
    /// The ticks since there is a keeper, and the last of them with long turns.
    compact_ticks: u32,
    long_ticks: u32,
    /// The ticks for which the load stays shared, and how many those were when turns were long the last time.
    shared_ticks: u32,
    last_shared: u32,
}

/// What one core would be, or is, to the load.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum OneCore {
    Enough,
    /// Others would help, for turns take long enough.
    Helped,
    /// Somebody waits, or would wait, for longer than a tick.
    TooLittle,
}

impl Keeper {
    /// Whether there is one.
    pub(crate) fn is_any(&self) -> bool {
        self.thread.load(Ordering::Relaxed) != 0
    }

    /// Whether it is this thread.
    #[inline(always)]
    pub(crate) fn is(&self, index: usize) -> bool {
        self.thread.load(Ordering::Relaxed) == index + 1
    }

    /// Whether another thread is it.
    #[inline(always)]
    pub(crate) fn is_other(&self, index: usize) -> bool {
        let thread = self.thread.load(Ordering::Relaxed);
        thread != 0 && thread != index + 1
    }

    /// A thread that is about to do nothing is it no longer. Gives whether it was.
    pub(crate) fn give_up(&self, index: usize) -> bool {
        let (order, thread) = (Ordering::Relaxed, index + 1);
        self.is(index) && self.thread.compare_exchange(thread, 0, order, order).is_ok()
    }

    /// Nobody is it.
    pub(crate) fn clear(&self) {
        self.thread.store(0, Ordering::Relaxed);
    }

    /// There is a task, which is meant to run beside who has made it.
    pub(crate) fn ask_for_others(&self) {
        if !self.asked.load(Ordering::Relaxed) {
            self.asked.store(true, Ordering::Relaxed);
        }
        if self.is_any() {
            self.clear();
        }
    }
}

impl Compaction {
    /// Compacts loads of actors that live on too, of turns shorter than that, if a bound is given.
    pub(crate) fn new(short: Option<u64>) -> Compaction {
        Compaction { short: short.unwrap_or_default(), ..Compaction::default() }
    }

    /// A tick: decides who is the keeper from what has been seen since the last one.
    pub(crate) fn decide(&mut self, keeper: &Keeper, load: &Load, workers: usize, now: u64) {
        let nanos = now.saturating_sub(std::mem::replace(&mut self.ticked, now));
        let asked = keeper.asked.load(Ordering::Relaxed);
        keeper.asked.store(false, Ordering::Relaxed);
        let was = keeper.thread.load(Ordering::Relaxed);
        let born = load.made.wrapping_sub(std::mem::replace(&mut self.made, load.made)) as u64;
        let short = self.short * load.turns + SHORT_BIRTH * born.min(load.turns);
        let short = if was == 0 { 2 * short } else { short };
        let one_core = load.on_one_core(workers, nanos, short);
        let goes_on = if was == 0 {
            self.shared_ticks = self.shared_ticks.saturating_sub(1);
            (self.compact_ticks, self.long_ticks) = (0, 0);
            one_core != OneCore::Enough || asked || self.shared_ticks > 0
        } else {
            self.stays_compact(one_core) && !asked
        };
        if !goes_on {
            let next = if was == 0 { load.busiest + 1 } else { 0 };
            // It may have given up meanwhile, and sleep.
            let _ = keeper.thread.compare_exchange(was, next, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    fn stays_compact(&mut self, one_core: OneCore) -> bool {
        self.compact_ticks = self.compact_ticks.saturating_add(1);
        match one_core {
            OneCore::Enough => self.long_ticks = 0,
            OneCore::Helped => self.long_ticks += 1,
            OneCore::TooLittle => {
                self.shared_ticks = HEAVY_TICKS;
                return false;
            }
        }
        if self.long_ticks < PATIENCE {
            return true;
        }
        let (least, most) = LONG_TICKS;
        let is_soon = self.compact_ticks < least;
        self.last_shared = if is_soon { (2 * self.last_shared).clamp(least, most) } else { least };
        self.shared_ticks = self.last_shared;
        false
    }
}

/// What the threads have done since the last tick.
#[derive(Debug, Default)]
pub(crate) struct Load {
    /// Threads that have run anything.
    running: u64,
    turns: u64,
    /// Actors that were ever made.
    made: usize,
    /// Actors that wait for a core.
    waiting: u64,
    /// A turn has gone on all the time, or a task waits.
    is_heavy: bool,
    /// The thread with the most turns, of those that are in one.
    busiest: usize,
    /// Whether it is in one, and its turns.
    most: (bool, u32),
}

/// What the clock sees of a thread.
#[derive(Debug)]
pub(crate) struct Seen {
    pub index: usize,
    /// Those that have begun since the last tick.
    pub turns: u32,
    /// Whether it is in one.
    pub runs: bool,
    /// The actors it has ever made.
    pub made: usize,
    /// The actors in its queue.
    pub waiting: usize,
    /// Tasks that have not begun.
    pub has_tasks: bool,
}

impl Load {
    /// So many actors wait in queues of no thread.
    pub(crate) fn waiting(count: usize) -> Load {
        Load { waiting: count as u64, ..Load::default() }
    }

    /// Adds a thread.
    pub(crate) fn add(&mut self, thread: &Seen) {
        let Seen { index, turns, runs, made, waiting, has_tasks } = *thread;
        self.running += u64::from(turns > 0 || runs);
        self.turns += u64::from(turns);
        self.made = self.made.wrapping_add(made);
        self.waiting += waiting as u64;
        self.is_heavy |= runs && turns == 0 || has_tasks;
        if (runs, turns) > self.most {
            (self.busiest, self.most) = (index, (runs, turns));
        }
    }

    /// What one core would be to it, instead of so many workers, or is, where the load is compact; `short` is what all turns
    /// together would take at most that are not worth sharing by two. Those that are shared take longer, by what that costs.
    pub(crate) fn on_one_core(&self, workers: usize, nanos: u64, short: u64) -> OneCore {
        let busy = nanos.saturating_mul(self.running);
        let waits = self.waiting.saturating_mul(busy) > SLICE.saturating_mul(self.turns);
        if self.is_heavy || waits {
            return OneCore::TooLittle;
        }
        let helpers = workers.saturating_sub(1) as u64;
        let is_short = busy.saturating_mul(helpers) < short;
        if helpers > 0 && is_short { OneCore::Enough } else { OneCore::Helped }
    }
}
