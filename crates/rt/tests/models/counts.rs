//! Counts: `count.rs` as shared strings and handles use it, and `pooled.rs` over it.

use crate::message::blocks;
use crate::pooled::Counted;
use crate::sync::AtomicUsize;
use crate::{Cell, count, model};
use loom::sync::Arc;
use loom::thread;

/// Something that several hold: who ends it does so after all have looked, once.
struct Shared {
    holders: AtomicUsize,
    memory: Cell,
}

impl Shared {
    fn let_go(&self) {
        assert_eq!(self.memory.get(), 7, "used after its end");
        if count::let_go(&self.holders) {
            self.memory.set(0);
        }
    }
}

#[test]
fn the_last_holder_ends_it_after_all_others() {
    model(|| {
        let shared = Arc::new(Shared { holders: AtomicUsize::new(1), memory: Cell::new(7) });
        let threads: Vec<_> = (0..2)
            .map(|index| {
                count::hold(&shared.holders);
                let shared = shared.clone();
                thread::spawn(move || {
                    if index == 0 {
                        // It goes on to a third heap.
                        count::hold(&shared.holders);
                        shared.let_go();
                    }
                    shared.let_go();
                })
            })
            .collect();
        shared.let_go();
        threads.into_iter().for_each(|thread| thread.join().expect("no panic"));
        assert_eq!(shared.memory.get(), 0, "ended by nobody");
    });
}

/// A value that notes its end.
struct Value {
    number: Cell,
    end: Arc<Cell>,
}

impl Drop for Value {
    fn drop(&mut self) {
        assert_eq!(self.end.get(), 0, "dropped twice");
        self.end.set(1);
        self.number.set(0);
    }
}

#[test]
fn a_counted_value_is_dropped_once_when_nobody_uses_it() {
    model(|| {
        let end = Arc::new(Cell::new(0));
        let (mine, yours) = Counted::pair(Value { number: Cell::new(7), end: end.clone() });
        let thread = thread::spawn(move || {
            let again = yours.clone();
            assert_eq!(yours.number.get(), 7);
            drop(yours);
            assert_eq!(again.number.get(), 7);
        });
        assert_eq!(mine.number.get(), 7);
        drop(mine);
        thread.join().expect("no panic");
        assert_eq!(end.get(), 1);
        blocks::assert_all_free();
    });
}

#[test]
fn a_counted_value_is_given_out_to_the_only_one_who_has_it() {
    model(|| {
        let end = Arc::new(Cell::new(0));
        let (mine, yours) = Counted::pair(Value { number: Cell::new(7), end: end.clone() });
        let thread = thread::spawn(move || {
            // Only the other one may change it now.
            assert_eq!(yours.number.get(), 7);
        });
        match mine.into_value() {
            Ok(value) => value.number.set(8),
            Err(shared) => assert_eq!(shared.number.get(), 7),
        }
        thread.join().expect("no panic");
        assert_eq!(end.get(), 1);
        blocks::assert_all_free();
    });
}
