//! The number of the living, and who sees that it is zero: a copy of `sched/slot.rs` (`Lives`), `sched/queue.rs` and `sched/end.rs`, as
//! those of `copies` are.

use crate::model;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::sync::{Arc, Mutex};
use loom::thread;

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
        for other in others {
            other.join().expect("no panic");
        }
    });
}
