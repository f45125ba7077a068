//! Ticks: `sched/turns.rs` and `sched/ticking.rs`.

use crate::sched::ticking::{Ticker, Ticking};
use crate::sched::turns::Turns;
use crate::{Cell, model};
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering, fence};
use loom::thread;

/// A core, and two actors that it may run.
struct Core {
    turns: Turns,
    actors: [Actor; 2],
}

struct Actor {
    /// Whether its next poll asks.
    is_poisoned: AtomicUsize,
    /// Written when it is made.
    made: Cell,
}

impl Core {
    fn new() -> Core {
        let actor = || Actor { is_poisoned: AtomicUsize::new(0), made: Cell::new(0) };
        Core { turns: Turns::default(), actors: [actor(), actor()] }
    }

    fn begin(&self, index: usize) {
        self.actors[index].made.set(1);
        self.turns.begin((&raw const self.actors[index]).cast_mut().cast());
    }

    /// What the clock does at a tick when others wait.
    fn tick(&self) {
        let Some(turn) = self.turns.look() else { return };
        self.turns.end_turn(turn);
        // SAFETY: null, or one of the actors.
        if let Some(actor) = unsafe { self.turns.current().cast::<Actor>().as_ref() } {
            assert_eq!(actor.made.get(), 1);
            actor.is_poisoned.store(1, Ordering::Relaxed);
        }
    }

    /// A poll: whether the actor gives way.
    fn poll(&self, index: usize) -> bool {
        let is_poisoned = &self.actors[index].is_poisoned;
        if is_poisoned.load(Ordering::Relaxed) == 0 {
            return false;
        }
        is_poisoned.store(0, Ordering::Relaxed);
        self.turns.is_over()
    }
}

#[test]
fn only_the_turn_that_was_looked_at_is_ended() {
    model(|| {
        let core = Arc::new(Core::new());
        core.begin(0);
        assert_eq!(core.turns.look(), None, "the clock has seen it begin");
        let clock = {
            let core = core.clone();
            thread::spawn(move || core.tick())
        };
        core.poll(0);
        core.turns.end();
        core.begin(1);
        assert!(!core.poll(1), "it has just got the core");
        clock.join().expect("no panic");
        assert!(!core.poll(1), "it has just got the core");
        // Two ticks later it has had it for long.
        core.tick();
        core.tick();
        assert!(core.poll(1));
    });
}

#[test]
fn a_turn_that_goes_on_is_ended_by_the_next_tick_at_the_latest() {
    model(|| {
        let core = Arc::new(Core::new());
        core.begin(0);
        assert_eq!(core.turns.look(), None);
        let clock = {
            let core = core.clone();
            thread::spawn(move || core.tick())
        };
        let at_once = core.poll(0);
        clock.join().expect("no panic");
        let later = core.poll(0);
        core.tick();
        assert!(at_once || later || core.poll(0));
    });
}

#[test]
fn ticks_do_not_end_while_somebody_waits() {
    /// So many ticks without anybody.
    const MOST: u32 = 1;
    model(|| {
        let ticking = Arc::new(Ticking::default());
        let waits = Arc::new(AtomicUsize::new(0));
        assert!(ticking.begin());
        let clock = {
            let (ticking, waits) = (ticking.clone(), waits.clone());
            thread::spawn(move || {
                let mut ticker = Ticker::default();
                while ticker.goes_on(&ticking) {
                    // A tick is a long time: what others have written before the last one is seen.
                    fence(Ordering::SeqCst);
                    let is_waiting = waits.load(Ordering::Relaxed) > 0;
                    ticker.note(&ticking, is_waiting, MOST);
                    if is_waiting {
                        // As long as somebody waits nothing changes any more.
                        return;
                    }
                }
            })
        };
        waits.store(1, Ordering::Relaxed);
        // So it is for those who are looked at.
        fence(Ordering::SeqCst);
        if !ticking.is_on() {
            let _ = ticking.begin();
        }
        clock.join().expect("no panic");
        assert!(ticking.is_on(), "nobody looks after who waits");
    });
}
