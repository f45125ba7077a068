//! Models of what threads share, in every interleaving and every outcome of a load that the memory model allows.
//!
//! The files named below are compiled here once more, with the model checker's atomics in place of the standard library's
//! (`sync`): what is modelled is the code itself. What it uses beside is replaced by stand-ins, which do as much as a
//! model needs. Where a thread may touch what others have touched only in a certain order, a model has a [`Cell`], in which the
//! checker finds accesses that nothing orders.
//!
//! - `counts`: `count.rs`, `pooled.rs`: shared strings, messages, promises
//! - `mailboxes`: `sched/arrivals.rs`, `message/pack.rs`, `sched/bounds.rs`: who runs an actor; pushing, waking, taking, resting,
//!   closing; packs; senders that wait for room
//! - `promises`: `sched/promise.rs`: keeping, failing, awaiting, dropping
//! - `keepers`: `sched/compaction.rs`: who does all the work, and threads that sleep meanwhile
//! - `ticks`: `sched/turns.rs`, `sched/ticking.rs`: whose turn ends, and whether anybody looks
//! - `copies`, `living`: protocols that are written down a second time
//!
//! Links, monitors and kills are signals in the inbox, whose closing its model covers; timers and the table of names are behind
//! mutexes.

#![allow(dead_code, reason = "no model uses all of a file")]

mod copies;
mod counts;
mod keepers;
mod living;
mod mailboxes;
mod promises;
mod stand_ins;
mod ticks;

#[path = "../../src/count.rs"]
mod count;
#[path = "../../src/pooled.rs"]
mod pooled;

/// The runtime's module of this name, made of the checker's.
mod sync {
    pub(crate) use loom::cell::UnsafeCell;
    pub(crate) use loom::sync::atomic::{
        AtomicBool, AtomicI64, AtomicPtr, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering,
    };
    pub(crate) use loom::sync::{Mutex, MutexGuard};
}

#[path = "../../src/heap"]
mod heap {
    pub(crate) mod handle;
}

#[path = "../../src/message"]
mod message {
    pub(crate) use crate::stand_ins::blocks;
    pub(crate) use crate::stand_ins::message::*;
    pub(crate) use pack::{OpenPack, Pack};

    mod pack;
}

mod run {
    pub(crate) use crate::stand_ins::Runtime;
}

#[path = "../../src/sched"]
mod sched {
    pub(crate) use crate::stand_ins::{signal, slot};

    pub(crate) mod arrivals;
    pub(crate) mod bounds;
    pub(crate) mod compaction;
    pub(crate) mod few;
    pub(crate) mod promise;
    pub(crate) mod ticking;
    pub(crate) mod turns;
}

use loom::model::Builder;
use sync::UnsafeCell;

/// All interleavings with at most so many preemptions: that is where bugs of this kind are found.
fn model(body: impl Fn() + Sync + Send + 'static) {
    model_within(3, body);
}

/// The same with another bound.
fn model_within(preemptions: usize, body: impl Fn() + Sync + Send + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(move || {
        stand_ins::blocks::begin();
        body();
    });
}

/// A number that threads may only touch in turn.
struct Cell(UnsafeCell<u64>);

// SAFETY: the checker reports accesses that are not in turn, and runs one thread at a time.
unsafe impl Sync for Cell {}
// SAFETY: as above.
unsafe impl Send for Cell {}

impl Cell {
    fn new(number: u64) -> Cell {
        Cell(UnsafeCell::new(number))
    }

    fn get(&self) -> u64 {
        // SAFETY: the checker reports it if it is not so.
        self.0.with(|number| unsafe { *number })
    }

    fn set(&self, number: u64) {
        // SAFETY: as above.
        self.0.with_mut(|place| unsafe { *place = number });
    }
}
