//! Keepers: `sched/compaction.rs`, with the sleeping of `sched/queue/worker.rs` written down a second time, step for step.

use crate::model;
use crate::sched::compaction::{Compaction, Keeper, Load, Seen, Trials};
use crate::sched::ticking::SLICE;
use loom::sync::atomic::{AtomicUsize, Ordering, fence};
use loom::sync::{Arc, Mutex};
use loom::thread;

/// The first does not count, and after the second a trial begins.
const TICKS_UNTIL_TRIAL: u64 = 2;

/// What the threads of a scheduler share.
struct Threads {
    keeper: Keeper,
    /// Actors in the shared queue.
    queue: AtomicUsize,
    idle: AtomicUsize,
    told: AtomicUsize,
    state: Mutex<()>,
    count: usize,
}

impl Threads {
    fn new(count: usize) -> Arc<Threads> {
        let number = || AtomicUsize::new(0);
        let keeper = Keeper::default();
        let (queue, idle, told) = (number(), number(), number());
        Arc::new(Threads { keeper, queue, idle, told, state: Mutex::new(()), count })
    }

    /// A tick at which a trial begins, most of whose turns the first thread has.
    fn tick(&self) {
        let mut compaction = Compaction::new(Trials { ticks_between: (1, 1), ..Trials::default() });
        let (mut ticks, mut turns) = (0, 1_000);
        while ticks < TICKS_UNTIL_TRIAL {
            let mut load = Load::default();
            for index in 0..2 {
                let (runs, done, has_tasks) = (true, 1_000, false);
                load.add(&Seen { index, turns, runs, done, has_tasks });
                turns -= 1;
            }
            ticks += 1;
            compaction.decide(&self.keeper, &load, ticks * SLICE);
        }
    }

    fn push(&self) {
        let _state = self.state.lock().expect("no panic");
        self.queue.fetch_add(1, Ordering::Relaxed);
    }

    fn announce(&self) {
        fence(Ordering::SeqCst);
        if !self.keeper.is_any() && self.idle.load(Ordering::Relaxed) > 0 {
            self.told.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether the thread sleeps; else there is work for it.
    fn sleep(&self, index: usize) -> bool {
        let _state = self.state.lock().expect("no panic");
        self.keeper.give_up(index);
        self.idle.fetch_add(1, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        if self.idle.load(Ordering::Relaxed) == self.count {
            self.keeper.clear();
        }
        let has_work = self.queue.load(Ordering::Relaxed) > 0;
        !has_work || self.keeper.is_any()
    }
}

#[test]
fn a_keeper_that_sleeps_is_told_of_work() {
    model(|| {
        let threads = Threads::new(2);
        threads.tick();
        let keeper = {
            let threads = threads.clone();
            thread::spawn(move || threads.sleep(0))
        };
        threads.push();
        threads.announce();
        let sleeps = keeper.join().expect("no panic");
        assert!(!sleeps || threads.told.load(Ordering::Relaxed) == 1);
    });
}

#[test]
fn what_is_handed_over_is_not_left_by_all() {
    model(|| {
        let threads = Threads::new(2);
        let first = {
            let threads = threads.clone();
            thread::spawn(move || threads.sleep(0))
        };
        let clock = {
            let threads = threads.clone();
            thread::spawn(move || threads.tick())
        };
        // It has an actor to run, unless somebody else does all the work.
        clock.join().expect("no panic");
        let hands_over = threads.keeper.is_other(1);
        if hands_over {
            threads.push();
        }
        let sleeps = threads.sleep(1);
        let first_sleeps = first.join().expect("no panic");
        assert!(!hands_over || !sleeps || !first_sleeps);
    });
}
