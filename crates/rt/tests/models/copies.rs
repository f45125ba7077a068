//! Models of protocols that are written beside the code, step for step with the same orders: who changes an order there changes
//! it here. What makes them too large to be compiled for a model is what surrounds them.
//!
//! `sched/queue.rs`, `queue/worker.rs`: sleeping threads and new work, the hot place, the last one to sleep while an alarm goes off.
//! `actor.rs`, `fns/receive.rs`: the limit that polls compare with, and signals. `sched/post.rs`, `end.rs`: a name registered for an actor that ends. `sched/births.rs`: the record of a slot's last actor.

use crate::model;
use loom::sync::atomic::{AtomicU64, AtomicUsize, Ordering, fence};
use loom::sync::{Arc, Mutex};
use loom::thread;

/// The sleeping of one thread and the announcements of another.
struct Sleep {
    queue: AtomicUsize,
    idle: AtomicUsize,
    searching: AtomicUsize,
    told: AtomicUsize,
}

#[test]
fn no_thread_sleeps_while_there_is_work() {
    model(|| {
        let shared = Arc::new(Sleep {
            queue: AtomicUsize::new(0),
            idle: AtomicUsize::new(0),
            searching: AtomicUsize::new(1),
            told: AtomicUsize::new(0),
        });
        // It searches once, then goes to sleep; gives whether it would sleep.
        let worker = {
            let shared = shared.clone();
            thread::spawn(move || {
                if shared.queue.load(Ordering::Relaxed) > 0 {
                    return false;
                }
                shared.searching.fetch_sub(1, Ordering::Relaxed);
                shared.idle.fetch_add(1, Ordering::Relaxed);
                fence(Ordering::SeqCst);
                shared.queue.load(Ordering::Relaxed) == 0
            })
        };
        shared.queue.store(1, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        if shared.searching.load(Ordering::Relaxed) == 0 && shared.idle.load(Ordering::Relaxed) > 0
        {
            shared.told.fetch_add(1, Ordering::Relaxed);
        }
        let sleeps = worker.join().expect("no panic");
        assert!(!sleeps || shared.told.load(Ordering::Relaxed) == 1);
    });
}

#[test]
fn what_is_put_into_the_hot_place_is_run_once() {
    model(|| {
        let hot = Arc::new(AtomicUsize::new(0));
        // By actor; 0 is none.
        let runs = Arc::new([0; 3].map(AtomicUsize::new));
        let take = |hot: &AtomicUsize, runs: &[AtomicUsize; 3]| {
            if hot.load(Ordering::Relaxed) != 0 {
                let taken = hot.swap(0, Ordering::AcqRel);
                runs[taken].fetch_add(1, Ordering::Relaxed);
            }
        };
        let thief = {
            let (hot, runs) = (hot.clone(), runs.clone());
            thread::spawn(move || take(&hot, &runs))
        };
        for actor in [1, 2] {
            if hot.load(Ordering::Relaxed) == 0 {
                // Others only take, so it stays empty.
                hot.store(actor, Ordering::Release);
                continue;
            }
            // What was there goes into the queue, and is run from there.
            let before = hot.swap(actor, Ordering::AcqRel);
            runs[before].fetch_add(1, Ordering::Relaxed);
        }
        take(&hot, &runs);
        thief.join().expect("no panic");
        let runs = |actor: usize| runs[actor].load(Ordering::Relaxed);
        assert_eq!((runs(1), runs(2)), (1, 1));
    });
}

/// The flags of an actor's slot that names need, and the table of names: whose the only name is, if anybody's.
struct Named {
    state: AtomicU64,
    name: Mutex<Option<u64>>,
}

const NAMED: u64 = 16;
const GENERATION: u32 = 32;

impl Named {
    fn forget(&self, generation: u64) {
        let mut name = self.name.lock().expect("no panic");
        name.take_if(|owner| *owner == generation);
    }

    fn register(&self, generation: u64) -> bool {
        let is_current = self.state.load(Ordering::Acquire) >> GENERATION == generation;
        if !is_current || self.name.lock().expect("no panic").replace(generation).is_some() {
            return false;
        }
        let named = |state: u64| (state >> GENERATION == generation).then_some(state | NAMED);
        let is_set = self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, named).is_ok();
        if !is_set {
            self.forget(generation);
        }
        is_set
    }

    fn end(&self, generation: u64) {
        if self.state.load(Ordering::Acquire) & NAMED != 0
            && self.state.fetch_and(!NAMED, Ordering::AcqRel) & NAMED != 0
        {
            self.forget(generation);
        }
        let next = (generation + 1) << GENERATION;
        if self.state.swap(next, Ordering::AcqRel) & NAMED != 0 {
            self.forget(generation);
        }
    }
}

#[test]
fn no_name_outlives_its_actor() {
    model(|| {
        let actor = Arc::new(Named { state: AtomicU64::new(0), name: Mutex::new(None) });
        let other = {
            let actor = actor.clone();
            thread::spawn(move || actor.register(0))
        };
        actor.end(0);
        other.join().expect("no panic");
        assert_eq!(*actor.name.lock().expect("no panic"), None);
    });
}

/// A worker that goes to sleep, and a clock that makes work for it.
struct Last {
    queue: AtomicUsize,
    idle: AtomicUsize,
    searching: AtomicUsize,
    /// Behind it: how often a thread was told.
    told: Mutex<usize>,
    /// Alarms, and those underway.
    alarms: Mutex<(usize, usize)>,
}

#[test]
fn nobody_gives_up_while_an_alarm_goes_off() {
    model(|| {
        let shared = Arc::new(Last {
            queue: AtomicUsize::new(0),
            idle: AtomicUsize::new(0),
            searching: AtomicUsize::new(1),
            told: Mutex::new(0),
            alarms: Mutex::new((1, 0)),
        });
        let clock = {
            let shared = shared.clone();
            thread::spawn(move || {
                *shared.alarms.lock().expect("no panic") = (0, 1);
                shared.queue.store(1, Ordering::Relaxed);
                fence(Ordering::SeqCst);
                if shared.searching.load(Ordering::Relaxed) == 0
                    && shared.idle.load(Ordering::Relaxed) > 0
                {
                    let mut told = shared.told.lock().expect("no panic");
                    shared.idle.fetch_sub(1, Ordering::Relaxed);
                    *told += 1;
                }
                shared.alarms.lock().expect("no panic").1 = 0;
            })
        };
        if shared.queue.load(Ordering::Relaxed) == 0 {
            shared.searching.fetch_sub(1, Ordering::Relaxed);
            let told = shared.told.lock().expect("no panic");
            shared.idle.fetch_add(1, Ordering::Relaxed);
            fence(Ordering::SeqCst);
            if shared.queue.load(Ordering::Relaxed) == 0 {
                let alarms = *shared.alarms.lock().expect("no panic");
                assert_ne!(alarms, (0, 0), "it would report a deadlock");
            }
            drop(told);
        }
        clock.join().expect("no panic");
    });
}

/// A slot's generation, and the record of the actor that is in it: each generation's is its number, twice.
struct Birth {
    generation: AtomicU64,
    record: [AtomicU64; 2],
}

#[test]
fn who_reads_of_a_birth_finds_out_whose_it_is() {
    model(|| {
        let slot = Arc::new(Birth {
            generation: AtomicU64::new(1),
            record: [AtomicU64::new(1), AtomicU64::new(1)],
        });
        let next = {
            let slot = slot.clone();
            thread::spawn(move || {
                slot.generation.swap(2, Ordering::SeqCst);
                fence(Ordering::Release);
                slot.record.iter().for_each(|word| word.store(3, Ordering::Relaxed));
                slot.generation.store(3, Ordering::Release);
            })
        };
        let before = slot.generation.load(Ordering::Acquire);
        let record = [0, 1].map(|index| slot.record[index].load(Ordering::Relaxed));
        fence(Ordering::Acquire);
        if before != 2 && slot.generation.load(Ordering::Acquire) == before {
            assert_eq!(record, [before; 2]);
        }
        next.join().expect("no panic");
    });
}

/// What an actor that computes sees of a signal: the inbox, and the limit that its polls compare with.
struct Polled {
    inbox: AtomicUsize,
    limit: AtomicUsize,
}

const POISONED: usize = 2;

impl Polled {
    fn take_signals(&self) -> bool {
        self.inbox.load(Ordering::Relaxed) != 0 && self.inbox.swap(0, Ordering::AcqRel) != 0
    }

    fn store_limit(&self, limit: usize) {
        self.limit.store(limit, Ordering::Relaxed);
        fence(Ordering::SeqCst);
    }

    fn reset_limit(&self, limit: usize) {
        if self.limit.load(Ordering::Relaxed) != limit {
            self.store_limit(limit);
            if self.inbox.load(Ordering::Relaxed) != 0 {
                self.limit.store(POISONED, Ordering::Relaxed);
            }
        }
    }

    fn poll(&self) -> bool {
        if self.limit.load(Ordering::Relaxed) != POISONED {
            return false;
        }
        self.store_limit(1);
        self.take_signals()
    }

    fn signal(&self) {
        self.inbox.fetch_or(1, Ordering::AcqRel);
        fence(Ordering::SeqCst);
        self.limit.store(POISONED, Ordering::Relaxed);
    }
}

#[test]
fn who_computes_without_end_notices_a_signal() {
    // The limit of the turn before: the same, that of another stack, or poisoned long ago.
    for before in [1, 0, POISONED] {
        model(move || {
            let actor =
                Arc::new(Polled { inbox: AtomicUsize::new(0), limit: AtomicUsize::new(before) });
            let sender = {
                let actor = actor.clone();
                thread::spawn(move || actor.signal())
            };
            let mut has_noticed = actor.take_signals();
            actor.reset_limit(1);
            has_noticed |= actor.poll() | actor.poll();
            sender.join().expect("no panic");
            assert!(has_noticed || actor.poll());
        });
    }
}
