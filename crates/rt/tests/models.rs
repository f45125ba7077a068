//! Models of the protocols by which threads share actors, in every interleaving that the memory model allows.
//!
//! Each model is the protocol of one file at its smallest, step for step with the same orders: who changes an order
//! there changes it here. `sched/inbox.rs`: who runs an actor; pushing, waking, taking,
//! resting, closing.
//! `message/pack.rs`: adding to a pack, closing and leaving it, and who frees it.
//! `sched/queue.rs`: sleeping threads and new work, the hot place, the last one to sleep while an alarm goes off.
//! `sched/slot.rs`, `queue.rs`, `end.rs`: the number of the living, and who sees that it is zero.
//! `sched/bounds.rs`: senders that wait for room. `sched/post.rs`, `end.rs`: a name registered for an actor that ends.
//!
//! Links, monitors and kills are signals in the inbox, whose closing its model covers; promises, timers and the table of
//! names are behind mutexes.

use loom::cell::UnsafeCell;
use loom::model::Builder;
use loom::sync::atomic::{AtomicU64, AtomicUsize, Ordering, fence};
use loom::sync::{Arc, Mutex};
use loom::thread;

const ACTIVE: u64 = 1;
const NOTIFIED: u64 = 2;
const TAG: u64 = 0xfc;

/// All interleavings with at most so many preemptions: that is where bugs of this kind are found.
fn model(body: impl Fn() + Sync + Send + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(body);
}

/// The inbox: a word with the index of the newest message, a tag and the flags; messages are places of an array.
struct Inbox {
    head: AtomicU64,
    next: [UnsafeCell<u64>; 3],
    data: [UnsafeCell<u64>; 3],
    /// What the actor's own thread alone may touch.
    own: UnsafeCell<Vec<u64>>,
}

impl Inbox {
    fn new(flags: u64) -> Inbox {
        let cells = || [UnsafeCell::new(0), UnsafeCell::new(0), UnsafeCell::new(0)];
        let (next, data, own) = (cells(), cells(), UnsafeCell::new(Vec::new()));
        Inbox { head: AtomicU64::new(4 | flags), next, data, own }
    }

    /// Whether it was accepted, and whether the caller must queue the actor.
    fn push(&self, message: u64, tag: u64) -> (bool, bool) {
        self.data[message as usize].with_mut(|data| unsafe { *data = 10 + message });
        let mut head = self.head.load(Ordering::Relaxed);
        loop {
            if head & TAG != tag {
                return (false, false);
            }
            self.next[message as usize].with_mut(|next| unsafe { *next = head >> 8 });
            // 0 is none.
            let new = (message + 1) << 8 | tag | NOTIFIED | ACTIVE;
            match self.head.compare_exchange_weak(head, new, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return (true, head & ACTIVE == 0),
                Err(now) => head = now,
            }
        }
    }

    fn wake(&self) -> bool {
        self.head.fetch_or(ACTIVE | NOTIFIED, Ordering::AcqRel) & ACTIVE == 0
    }

    fn look(&self, tag: u64) -> Vec<u64> {
        if self.head.load(Ordering::Relaxed) & NOTIFIED == 0 {
            return Vec::new();
        }
        self.take(tag)
    }

    fn take(&self, new_tag: u64) -> Vec<u64> {
        let mut at = self.head.swap(new_tag | ACTIVE, Ordering::AcqRel) >> 8;
        let mut taken = Vec::new();
        while at != 0 {
            let index = at as usize - 1;
            taken.push(self.data[index].with(|data| unsafe { *data }) - 10);
            at = self.next[index].with(|next| unsafe { *next });
        }
        taken.reverse();
        taken
    }

    fn rest(&self, tag: u64) -> bool {
        let (order, failed) = (Ordering::AcqRel, Ordering::Relaxed);
        self.head.compare_exchange(tag | ACTIVE, tag, order, failed).is_ok()
    }

    /// Takes turns until the actor rests.
    fn run(&self) {
        loop {
            let taken = self.look(4);
            // Two threads at once would be found here.
            self.own.with_mut(|own| unsafe { (*own).extend(taken) });
            if self.rest(4) {
                return;
            }
        }
    }
}

#[test]
fn nothing_sent_is_lost_and_no_actor_runs_twice_at_once() {
    model(|| {
        let actor = Arc::new(Inbox::new(0));
        let send = |index: u64| {
            let actor = actor.clone();
            thread::spawn(move || {
                if actor.push(index, 4).1 {
                    actor.run();
                }
            })
        };
        let mut threads = vec![send(0), send(1)];
        let waker = actor.clone();
        threads.push(thread::spawn(move || {
            if waker.wake() {
                waker.run();
            }
        }));
        threads.into_iter().for_each(|thread| thread.join().expect("no panic"));
        assert!(actor.rest(4) || actor.head.load(Ordering::Acquire) == 4);
        actor.own.with(|own| {
            let mut own = unsafe { (*own).clone() };
            own.sort_unstable();
            assert_eq!(own, [0, 1]);
        });
    });
}

#[test]
fn what_is_pushed_is_taken_once_in_order_or_refused() {
    model(|| {
        let inbox = Arc::new(Inbox::new(ACTIVE));
        let pair = {
            let inbox = inbox.clone();
            thread::spawn(move || (inbox.push(0, 4).0, inbox.push(1, 4).0))
        };
        let other = {
            let inbox = inbox.clone();
            thread::spawn(move || inbox.push(2, 4).0)
        };
        let mut taken = inbox.look(4);
        // The owner ends: the tag changes, and what is pushed later is refused.
        taken.extend(inbox.take(8));
        let (first, second) = pair.join().expect("no panic");
        let third = other.join().expect("no panic");
        let accepted =
            [(0, first), (1, second), (2, third)].into_iter().filter(|pair| pair.1).count();
        assert_eq!(taken.len(), accepted);
        let place = |message| taken.iter().position(|&taken| taken == message);
        assert_eq!((place(0).is_some(), place(1).is_some()), (first, second));
        if let (Some(first), Some(second)) = (place(0), place(1)) {
            assert!(first < second, "one sender's messages keep their order");
        }
    });
}

const CLOSED: usize = 1 << 8;
const READ: usize = 1 << 9;
const LEFT: usize = 1 << 10;

/// A pack of two messages, the first of which was in it when it was queued.
struct Pack {
    state: AtomicUsize,
    second: UnsafeCell<u64>,
    /// Whoever touches a pack that was freed does so at the same time as who frees it.
    memory: UnsafeCell<bool>,
}

impl Pack {
    fn free(&self) {
        self.memory.with_mut(|is_freed| {
            assert!(!std::mem::replace(unsafe { &mut *is_freed }, true), "freed twice");
        });
        self.second.with_mut(|second| unsafe { *second = 0 });
    }
}

#[test]
fn what_is_added_to_a_pack_is_read_or_refused_and_one_frees_it() {
    model(|| {
        let pack = Arc::new(Pack {
            state: AtomicUsize::new(1),
            second: UnsafeCell::new(0),
            memory: UnsafeCell::new(false),
        });
        let sender = {
            let pack = pack.clone();
            thread::spawn(move || {
                pack.second.with_mut(|second| unsafe { *second = 7 });
                let is_added = pack.state.fetch_add(1, Ordering::Release) & CLOSED == 0;
                if pack.state.fetch_or(LEFT, Ordering::AcqRel) & READ != 0 {
                    pack.free();
                }
                is_added
            })
        };
        let count = pack.state.fetch_or(CLOSED, Ordering::Acquire) & (CLOSED - 1);
        if count == 2 {
            assert_eq!(pack.second.with(|second| unsafe { *second }), 7);
        }
        if pack.state.load(Ordering::Acquire) & LEFT != 0
            || pack.state.fetch_or(CLOSED | READ, Ordering::AcqRel) & LEFT != 0
        {
            pack.free();
        }
        assert_eq!(sender.join().expect("no panic"), count == 2);
        assert!(pack.memory.with(|is_freed| unsafe { *is_freed }), "freed by nobody");
    });
}

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

/// A mailbox with room for one message, and the senders that wait for it.
struct Room {
    messages: AtomicU64,
    waiting: Mutex<Vec<usize>>,
    woken: [AtomicUsize; 2],
}

impl Room {
    fn enter(&self) -> bool {
        let add = |count| (count == 0).then_some(1);
        self.messages.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add).is_ok()
    }

    /// Whether the message was sent; else the sender waits.
    fn send(&self, sender: usize) -> bool {
        if self.enter() {
            return true;
        }
        self.waiting.lock().expect("no panic").push(sender);
        self.enter()
    }

    fn receive(&self) {
        self.messages.fetch_sub(1, Ordering::Relaxed);
        let waiting = std::mem::take(&mut *self.waiting.lock().expect("no panic"));
        waiting.into_iter().for_each(|sender| {
            self.woken[sender].store(1, Ordering::Relaxed);
        });
    }
}

#[test]
fn no_sender_waits_while_there_is_room() {
    model(|| {
        let room = Arc::new(Room {
            messages: AtomicU64::new(1),
            waiting: Mutex::new(Vec::new()),
            woken: [AtomicUsize::new(0), AtomicUsize::new(0)],
        });
        let sender = {
            let room = room.clone();
            thread::spawn(move || room.send(0))
        };
        room.receive();
        let was_sent = sender.join().expect("no panic");
        assert!(was_sent || room.woken[0].load(Ordering::Relaxed) == 1);
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

/// Two threads, each with one actor; what they count, and whether the program is ending.
struct Living {
    made: [AtomicUsize; 2],
    ended: [AtomicUsize; 2],
    ending: Mutex<bool>,
    is_ending: AtomicUsize,
    finished: AtomicUsize,
}

impl Living {
    fn new(made: [usize; 2]) -> Arc<Living> {
        Arc::new(Living {
            made: made.map(AtomicUsize::new),
            ended: [0; 2].map(AtomicUsize::new),
            ending: Mutex::new(false),
            is_ending: AtomicUsize::new(0),
            finished: AtomicUsize::new(0),
        })
    }

    /// Ends first.
    fn living(&self) -> usize {
        let ended: usize = self.ended.iter().map(|ended| ended.load(Ordering::Acquire)).sum();
        let made: usize = self.made.iter().map(|made| made.load(Ordering::Relaxed)).sum();
        made.checked_sub(ended).expect("no fewer than live")
    }

    fn finish_if_over(&self, is_ending: bool) {
        if is_ending && self.living() == 0 {
            self.finished.store(1, Ordering::Relaxed);
        }
    }

    /// The end of the thread's actor, then the thread sleeps.
    fn end(&self, thread: usize, is_main: bool) {
        self.ended[thread].store(1, Ordering::Release);
        if is_main {
            *self.ending.lock().expect("no panic") = true;
            self.is_ending.store(1, Ordering::Relaxed);
        }
        self.finish_if_over(self.is_ending.load(Ordering::Relaxed) == 1);
        let ending = self.ending.lock().expect("no panic");
        self.finish_if_over(*ending);
    }
}

#[test]
fn the_end_of_the_last_actor_is_seen() {
    model(|| {
        let shared = Living::new([1, 1]);
        let other = {
            let shared = shared.clone();
            thread::spawn(move || shared.end(1, false))
        };
        shared.end(0, true);
        other.join().expect("no panic");
        assert_eq!(shared.finished.load(Ordering::Relaxed), 1);
    });
}

#[test]
fn whose_end_is_counted_was_counted_before() {
    model(|| {
        let shared = Living::new([0, 0]);
        let queue = Arc::new(AtomicUsize::new(0));
        // One makes an actor and queues it, another runs it to its end.
        let others = [0, 1].map(|thread| {
            let (shared, queue) = (shared.clone(), queue.clone());
            thread::spawn(move || {
                if thread == 0 {
                    shared.made[0].store(1, Ordering::Relaxed);
                    queue.store(1, Ordering::Release);
                } else if queue.load(Ordering::Acquire) == 1 {
                    shared.ended[1].store(1, Ordering::Release);
                }
            })
        });
        assert!(shared.living() <= 1);
        others.map(|other| other.join().expect("no panic"));
    });
}
