//! The native stacks that a thread keeps for actors that are about to run.
//!
//! A stack costs the kernel three calls and a fault for each page that is touched again, so those that come back are kept: actors
//! that are preempted, or give way to a receiver, hold one each, thousands at a time. A thread without work gives up those it
//! has not needed since it last was without.
//!
//! Must never keep a stack on which anything still runs.

use crate::actor::Activation;
use sepal_machine::memory::Stack;
use std::cell::{Cell, RefCell};
use std::ptr::null_mut;

/// The native stack of an actor other than `main`: addresses, not memory.
const STACK: usize = 16 * 1024 * 1024;
/// So many stacks are kept by a thread at most, and by one that rests.
const MOST: usize = 2048;
const RESTING: usize = 8;

thread_local! {
    /// The stack that was given back last: from a box, or null. Without a destructor, which would cost a question at each
    /// turn; [`Spare`] frees it.
    static LAST: Cell<*mut Activation> = const { Cell::new(null_mut()) };
    /// The lowest address of that stack, also while an actor has it; 0 if there was none.
    static LATEST: Cell<usize> = const { Cell::new(0) };
    static SPARE: RefCell<Spare> = const { RefCell::new(Spare { stacks: Vec::new(), least: 0 }) };
}

/// The other stacks that this thread keeps.
#[allow(clippy::vec_box, reason = "they go to and from actors in their boxes")]
struct Spare {
    stacks: Vec<Box<Activation>>,
    /// The fewest there were since the thread rested: so many were not needed.
    least: usize,
}

impl Drop for Spare {
    fn drop(&mut self) {
        drop(take_last());
    }
}

#[inline(always)]
fn take_last() -> Option<Box<Activation>> {
    let last = LAST.replace(null_mut());
    // SAFETY: made from a box in `give_back`, and taken once.
    (!last.is_null()).then(|| unsafe { Box::from_raw(last) })
}

/// A stack for an actor; `None` if the kernel refuses.
#[inline(always)]
pub(crate) fn take() -> Option<Box<Activation>> {
    take_last().or_else(take_other)
}

#[cold]
#[inline(never)]
fn take_other() -> Option<Box<Activation>> {
    let spare = SPARE.with_borrow_mut(|spare| {
        let stack = spare.stacks.pop();
        spare.least = spare.least.min(spare.stacks.len());
        stack
    });
    spare.or_else(|| make(STACK))
}

/// A new stack of that many bytes; `None` if the kernel refuses.
pub(crate) fn make(size: usize) -> Option<Box<Activation>> {
    Some(Box::new(Activation { stack: Stack::new(size)?, sp: 0 }))
}

/// Takes back the stack of an actor that holds nothing on it any more.
#[inline(always)]
pub(crate) fn give_back(activation: Option<Box<Activation>>) {
    let Some(activation) = activation else { return };
    let before = take_last();
    LATEST.set(activation.stack.low());
    LAST.set(Box::into_raw(activation));
    if let Some(before) = before {
        keep(before);
    }
}

/// Where the stack begins, downwards, that this thread's next new actor will probably have. `None`: it has had none yet.
#[inline(always)]
pub(crate) fn expected() -> Option<usize> {
    Some(LATEST.get()).filter(|&low| low != 0)
}

#[cold]
#[inline(never)]
fn keep(stack: Box<Activation>) {
    SPARE.with_borrow_mut(|spare| {
        if spare.stacks.len() < MOST {
            spare.stacks.push(stack);
        }
    });
}

/// The thread has nothing to do.
pub(crate) fn rest() {
    SPARE.with_borrow_mut(|spare| {
        let unneeded = spare.least.min(spare.stacks.len().saturating_sub(RESTING));
        spare.stacks.drain(..unneeded);
        spare.least = spare.stacks.len();
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spare() -> usize {
        SPARE.with_borrow(|spare| spare.stacks.len())
    }

    #[test]
    fn a_resting_thread_gives_up_what_it_has_not_needed() {
        let stacks: Vec<_> = (0..100).map(|_| take()).collect();
        assert!(stacks.iter().all(Option::is_some));
        stacks.into_iter().for_each(give_back);
        assert_eq!(spare(), 99);
        // Sixty of them are in use between two rests: those are kept.
        rest();
        let stacks: Vec<_> = (0..60).map(|_| take()).collect();
        stacks.into_iter().for_each(give_back);
        rest();
        assert_eq!(spare(), 59);
        rest();
        assert_eq!(spare(), RESTING);
    }
}
