//! Whether one core does all the work.
//!
//! Where actors do little between one message and the next, two cores may do less than one alone: what one of them has written
//! the other fetches, one cache line after the other. How long that takes depends on the host, and on a shared one changes
//! from one minute to the next. So it is tried. At each tick the clock counts what was done, the messages that were sent and taken
//! and the actors that were made; and now and then the load is *compacted* for some ticks: one thread, the *keeper*, runs all
//! actors, the others hand theirs over and sleep. What has done more goes on, until the other way is tried again; the
//! more often that fails, the more rarely. (Erlang compacts its load too, where its schedulers are not busy. How many threads
//! do most is found by trials in .NET: Hellerstein, Morrison, Eilebrecht, "Optimizing concurrency levels in the .NET
//! ThreadPool", 2008.)
//!
//! | field | who touches it, when |
//! |---|---|
//! | `thread` | set by the clock; taken back by the clock, by the keeper before it sleeps or waits for the operating system, and by who makes a task; relaxed but for the fences of `queue` |
//! | `asked` | set by who makes a task, taken by the clock: relaxed |
//! | `Done::messages` | written by the core's thread, read by the clock: relaxed; `Done::seen` is the clock's own |
//!
//! Must never leave on one core what has more to do than to talk: a turn that goes on for a tick without a message or a new
//! actor ends it, and so does a task that has not begun.

use super::ticking::SLICE;
use crate::sync::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

/// A tick in which the load was handed over tells nothing of either way.
const SETTLING: u32 = 1;
/// So long a trial is measured, in nanoseconds; half as long if it is as bad as [`Rate::is_hopeless`] says.
const MEASURED: u64 = 4 * SLICE;
/// Of the way that goes on the last so many count for most.
const REMEMBERED: u64 = 8 * SLICE;
/// After a trial that failed so many times as many ticks pass before the next.
const RARER: u32 = 8;

/// When something is tried.
#[derive(Clone, Copy, Debug)]
pub struct Trials {
    /// So many ticks pass before a trial at least, more each time that one fails, and so many at most.
    pub ticks_between: (u32, u32),
    /// What the other cores do for a message or a new actor, in nanoseconds: where that is more, one core could not spare it.
    pub most_spared: u64,
}

impl Default for Trials {
    fn default() -> Trials {
        Trials { ticks_between: (8, 2048), most_spared: 1_000 }
    }
}

/// Who does all the work, as all threads see it.
#[derive(Debug, Default)]
pub(crate) struct Keeper {
    /// The index of its thread and 1, or 0.
    thread: AtomicUsize,
    /// A task was made since the last tick.
    asked: AtomicBool,
}

/// What is done on a core, as far as it can be compared: messages that are sent and taken, and actors that are made.
#[derive(Debug, Default)]
pub(crate) struct Done {
    /// Messages that were taken; and those that were sent, where many are.
    messages: AtomicU32,
    /// What was done when the clock looked last.
    seen: AtomicU32,
}

impl Done {
    /// So many messages more; for the core's thread.
    #[inline]
    pub(crate) fn note(&self, more: u32) {
        // The only writer, so no read-modify-write is needed.
        let messages = self.messages.load(Ordering::Relaxed).wrapping_add(more);
        self.messages.store(messages, Ordering::Relaxed);
    }

    /// How much since the last look, where so many actors were ever made; for the clock.
    pub(crate) fn look(&self, made: usize) -> u32 {
        let done = self.messages.load(Ordering::Relaxed).wrapping_add(made as u32);
        done.wrapping_sub(self.seen.swap(done, Ordering::Relaxed))
    }
}

/// The clock's account of it.
#[derive(Debug)]
pub(crate) struct Compaction {
    trials: Trials,
    /// How many ticks there are between two of them now.
    ticks_between: u32,
    /// When the last tick was.
    ticked: u64,
    is_compact: bool,
    /// For how many ticks.
    ticks: u32,
    rate: Rate,
    /// A trial goes on: what was done the other way, which is gone back to if this is not better.
    tried_against: Option<Rate>,
}

/// What is done in a time, of the last ticks that tell.
#[derive(Clone, Copy, Default, Debug)]
struct Rate {
    done: u64,
    nanos: u64,
}

impl Rate {
    fn add(&mut self, done: u64, nanos: u64) {
        self.done += done;
        self.nanos += nanos;
    }

    /// Counts what was before the last ticks for less and less.
    fn forget(&mut self) {
        while self.nanos > REMEMBERED {
            (self.done, self.nanos) = (self.done / 2, self.nanos / 2);
        }
    }

    /// Whether this is so much less than another, when it is tried, that it need not be measured for long.
    fn is_hopeless(&self, other: &Rate) -> bool {
        8 * self.done * other.nanos < 7 * other.done * self.nanos
    }

    /// Whether it is so much more that it is no chance.
    fn is_better(&self, other: &Rate) -> bool {
        16 * self.done * other.nanos > 17 * other.done * self.nanos
    }
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
    pub(crate) fn new(trials: Trials) -> Compaction {
        Compaction {
            trials,
            ticks_between: trials.ticks_between.0,
            ticked: 0,
            is_compact: false,
            ticks: 0,
            rate: Rate::default(),
            tried_against: None,
        }
    }

    /// A tick: decides who is the keeper from what has been seen since the last one.
    pub(crate) fn decide(&mut self, keeper: &Keeper, load: &Load, now: u64) {
        let nanos = now.saturating_sub(std::mem::replace(&mut self.ticked, now)).max(1);
        let asked = keeper.asked.load(Ordering::Relaxed);
        keeper.asked.store(false, Ordering::Relaxed);
        let was = keeper.thread.load(Ordering::Relaxed);
        if self.is_compact != (was != 0) {
            // The keeper sleeps, or somebody has asked for others.
            self.go_on(was != 0, self.tried_against.is_some());
        }
        if asked || !load.may_gain(self.is_compact, nanos, self.trials.most_spared) {
            self.go_on(false, self.tried_against.is_some());
        } else {
            self.note(load.done, nanos);
        }
        let next = if self.is_compact { load.busiest + 1 } else { 0 };
        if self.is_compact != (was != 0) {
            // It may have given up meanwhile, and sleep.
            let _ = keeper.thread.compare_exchange(was, next, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    /// Goes on one way without a trial, of which nothing is known.
    fn go_on(&mut self, is_compact: bool, has_failed: bool) {
        self.ticks_between = if has_failed { self.rarer() } else { self.trials.ticks_between.0 };
        (self.is_compact, self.ticks) = (is_compact, 0);
        (self.rate, self.tried_against) = (Rate::default(), None);
    }

    fn rarer(&self) -> u32 {
        self.trials.ticks_between.1.min(RARER * self.ticks_between)
    }

    /// Takes what was done in the last tick into account.
    fn note(&mut self, done: u64, nanos: u64) {
        self.ticks += 1;
        if self.ticks <= SETTLING {
            return;
        }
        self.rate.add(done, nanos);
        let Some(other) = self.tried_against else {
            self.rate.forget();
            if self.ticks >= SETTLING + self.ticks_between {
                self.tried_against = Some(std::mem::take(&mut self.rate));
                (self.is_compact, self.ticks) = (!self.is_compact, 0);
            }
            return;
        };
        let enough = if self.rate.is_hopeless(&other) { MEASURED / 2 } else { MEASURED };
        if self.rate.nanos < enough {
            return;
        }
        (self.tried_against, self.ticks) = (None, 0);
        if self.rate.is_better(&other) {
            self.ticks_between = self.trials.ticks_between.0;
        } else {
            (self.is_compact, self.rate) = (!self.is_compact, other);
            self.ticks_between = self.rarer();
        }
    }
}

/// What the threads have done since the last tick.
#[derive(Debug, Default)]
pub(crate) struct Load {
    /// Threads that have run anything.
    running: u64,
    /// See [`Done`].
    done: u64,
    /// A turn has gone on all the time in which nothing of that was done, or a task waits.
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
    /// The turns that have begun since the last tick.
    pub turns: u32,
    /// Whether it is in one.
    pub runs: bool,
    /// See [`Done`]; since the last tick.
    pub done: u32,
    /// Tasks that have not begun.
    pub has_tasks: bool,
}

impl Load {
    /// Adds a thread.
    pub(crate) fn add(&mut self, thread: &Seen) {
        let Seen { index, turns, runs, done, has_tasks } = *thread;
        self.running += u64::from(turns > 0 || runs);
        self.done += u64::from(done);
        self.is_heavy |= runs && turns == 0 && done == 0 || has_tasks;
        if (runs, turns) > self.most {
            (self.busiest, self.most) = (index, (runs, turns));
        }
    }

    /// Whether the other way may do more, so that it is worth a trial, or this one worth going on if one core does it all.
    fn may_gain(&self, is_compact: bool, nanos: u64, most_spared: u64) -> bool {
        let others = self.running.saturating_sub(1);
        let has_other_way = is_compact || others > 0;
        let spared = nanos.saturating_mul(others.max(1));
        has_other_way && !self.is_heavy && spared <= most_spared.saturating_mul(self.done)
    }
}
