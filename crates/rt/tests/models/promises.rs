//! Promises: `sched/promise.rs`, with `few.rs` and the counts of `pooled.rs`.

use crate::heap::handle::HandleOps;
use crate::message::{Message, blocks};
use crate::pooled::Counted;
use crate::run::Runtime;
use crate::sched::promise::{FUTURE, Outcome, Promise, REPLY, address, take_orphans};
use crate::sched::signal::Reason;
use crate::sched::slot::Pid;
use crate::{Cell, model};
use loom::sync::Arc;
use loom::thread;

/// What is known of an outcome: the value, or that it failed and how.
fn known(outcome: &Outcome) -> Result<u64, u64> {
    match outcome {
        Outcome::Value(message) => Ok(message.word()),
        Outcome::Failed(reason) => Err(reason.0),
    }
}

const ASKER: Pid = Pid(1);
const HOLDER: Pid = Pid(2);

#[test]
fn who_awaits_sees_the_outcome_or_is_woken() {
    model(|| {
        let runtime = Arc::new(Runtime::new());
        // What the value speaks of.
        let written = Arc::new(Cell::new(0));
        let (mine, yours) = Counted::pair(Promise::default());
        let keeper = {
            let (runtime, written) = (runtime.clone(), written.clone());
            thread::spawn(move || {
                written.set(8);
                yours.keep(&runtime, Message::of(7));
            })
        };
        let seen = mine.poll(ASKER).map(known);
        if seen.is_some() {
            assert_eq!((seen, written.get()), (Some(Ok(7)), 8));
        }
        keeper.join().expect("no panic");
        let woken = runtime.woken.lock().expect("no panic").clone();
        assert_eq!(woken, if seen.is_some() { vec![] } else { vec![ASKER] });
        assert_eq!(mine.outcome().map(known), Some(Ok(7)));
        drop(mine);
        blocks::assert_all_free();
    });
}

#[test]
fn the_first_outcome_stands() {
    model(|| {
        let runtime = Arc::new(Runtime::new());
        let promise = Counted::new(Promise::default());
        promise.set_holder(Some(HOLDER));
        let [keeper, end] = [0, 1].map(|index| {
            let (runtime, promise) = (runtime.clone(), promise.clone());
            thread::spawn(move || {
                if index == 0 {
                    promise.keep(&runtime, Message::of(7));
                } else {
                    promise.fail_of_holder(&runtime, HOLDER, &Reason(9));
                }
                promise.outcome().map(known)
            })
        });
        let seen = promise.poll(ASKER).map(known);
        let (first, second) = (keeper.join().expect("no panic"), end.join().expect("no panic"));
        assert!(first.is_some() && first == second);
        assert!(seen.is_none() || seen == first);
        let woken = runtime.woken.lock().expect("no panic").len();
        assert_eq!(woken, usize::from(seen.is_none()));
        drop(promise);
        blocks::assert_all_free();
    });
}

/// A handle of a kind: an address that owns a count.
struct Held(&'static HandleOps, usize);

impl Held {
    fn release(self) {
        // SAFETY: the address owns a count, which nobody uses any more.
        unsafe { (self.0.release)(self.1) };
    }
}

#[test]
fn a_dropped_reply_fails_the_promise_and_the_last_handle_drops_it() {
    model(|| {
        let runtime = Arc::new(Runtime::new());
        let promise = Counted::new(Promise::default());
        promise.set_holder(Some(HOLDER));
        let reply = Held(&REPLY, address(&promise));
        let future = Held(&FUTURE, promise.into_address());
        let holder = {
            let runtime = runtime.clone();
            thread::spawn(move || {
                // The heap that had it goes, and the worker gives what it finds to the actor, which ends.
                reply.release();
                for orphan in take_orphans() {
                    orphan.fail_of_holder(&runtime, HOLDER, &Reason(9));
                }
            })
        };
        // SAFETY: the handle owns a count.
        let seen = unsafe { Counted::<Promise>::at(future.1) }.poll(ASKER).map(known);
        assert!(seen.is_none() || seen == Some(Err(9)));
        future.release();
        holder.join().expect("no panic");
        let woken = runtime.woken.lock().expect("no panic").len();
        assert_eq!(woken, usize::from(seen.is_none()));
        blocks::assert_all_free();
    });
}
