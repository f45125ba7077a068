//! Whether one core does all the work.
//!
//! An actor that another core runs moves there with its heap, its mailbox and its messages, one cache line after the
//! other. Where turns are shorter than that takes, two cores do in more time what one does alone. So the clock measures the
//! turns at each tick, and while they are short and nobody waits for long, the load is *compacted*: one thread, the
//! *keeper*, runs all actors, the others hand theirs over and sleep. (Erlang compacts its load too, where its schedulers
//! are not busy.) The more workers there are, the less that pays, and with many it never does.
//!
//! | field | who touches it, when |
//! |---|---|
//! | `thread` | set by the clock; taken back by the clock, by the keeper before it sleeps or waits for the operating system, and by who makes a task; relaxed but for the fences of `queue` |
//! | `asked` | set by who makes a task, taken by the clock: relaxed |
//! | `ticked`, `shared_ticks` | the clock's own |
//!
//! Must never make anybody wait for longer than a tick: a long turn, a long queue or a task that has not begun ends it.

use super::ticking::SLICE;
use crate::sync::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};

/// What it costs to run an actor elsewhere, in nanoseconds: the lines of its slot, heap and messages, twice, since what one
/// core has freed the other uses next.
const MOVE: u64 = 600;
/// So many ticks pass before a load is compacted again that turned out to be too much for one core.
const SHARED_TICKS: u32 = 32;

/// See the module's head.
#[derive(Debug, Default)]
pub(crate) struct Keeper {
    /// The index of its thread and 1, or 0.
    thread: AtomicUsize,
    /// A task was made since the last tick.
    asked: AtomicBool,
    /// When that was.
    ticked: AtomicU64,
    /// The ticks for which the load stays shared.
    shared_ticks: AtomicU32,
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

    /// A tick: decides who it is from what has been seen since the last one.
    pub(crate) fn decide(&self, load: &Load, workers: usize, now: u64) {
        let nanos = now.saturating_sub(self.ticked.swap(now, Ordering::Relaxed));
        let asked = self.asked.load(Ordering::Relaxed);
        self.asked.store(false, Ordering::Relaxed);
        let was = self.thread.load(Ordering::Relaxed);
        let fits = load.fits_one(workers, nanos);
        let shared_ticks = self.shared_ticks.load(Ordering::Relaxed);
        let shared_ticks = match was {
            0 => shared_ticks.saturating_sub(1),
            _ if fits || load.is_heavy => 0,
            _ => SHARED_TICKS,
        };
        self.shared_ticks.store(shared_ticks, Ordering::Relaxed);
        let is_compact = fits && !asked && shared_ticks == 0;
        let next = match was {
            0 if is_compact => load.busiest + 1,
            _ if is_compact => return,
            _ => 0,
        };
        // It may have given up meanwhile, and sleep.
        let _ = self.thread.compare_exchange(was, next, Ordering::Relaxed, Ordering::Relaxed);
    }
}

/// What the threads have done since the last tick.
#[derive(Debug, Default)]
pub(crate) struct Load {
    /// Threads that have run anything.
    running: u64,
    turns: u64,
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
        let Seen { index, turns, runs, waiting, has_tasks } = *thread;
        self.running += u64::from(turns > 0 || runs);
        self.turns += u64::from(turns);
        self.waiting += waiting as u64;
        self.is_heavy |= runs && turns == 0 || has_tasks;
        if (runs, turns) > self.most {
            (self.busiest, self.most) = (index, (runs, turns));
        }
    }

    /// Whether one thread shall do this, within a tick. A turn may take as long again as its moving: two that share such
    /// turns do them in three quarters of the time, while shorter ones that are shared seem to take that long.
    pub(crate) fn fits_one(&self, workers: usize, nanos: u64) -> bool {
        let helpers = workers.saturating_sub(1) as u64;
        if helpers == 0 || self.is_heavy {
            return false;
        }
        let busy = nanos.saturating_mul(self.running);
        let is_short = busy.saturating_mul(helpers) < (2 * MOVE).saturating_mul(self.turns);
        is_short && self.waiting.saturating_mul(busy) <= SLICE.saturating_mul(self.turns)
    }
}
