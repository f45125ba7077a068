//! Promises: an answer that one actor owes another, and what becomes of it.
//!
//! A promise has two kinds of handles: replies, through which it is kept, and futures, through which it is
//! awaited. A task's promise has no reply; the task keeps it. The state is behind the mutex, which is never held while
//! anything else is locked or woken.
//!
//! The holder is who received a reply last. Its end fails the promise, which is found through the replies in its heap, and
//! once it has dropped one, as an orphan: copies that others have dropped may lie in their heaps for long.
//! Must never be kept twice: the first outcome stands.

use super::signal::Reason;
use super::slot::Pid;
use crate::heap::handle::{Handle, HandleOps};
use crate::message::Message;
use crate::run::Runtime;
use sepal_abi::{DescId, ObjPtr};
use std::cell::{Cell, RefCell};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// See the module's head.
#[derive(Debug, Default)]
pub(crate) struct Promise {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    outcome: Option<Outcome>,
    /// Who is to be woken.
    waiters: Vec<Pid>,
    /// Whose end fails the promise.
    holder: Option<Pid>,
    /// The task that is to keep it.
    task: Option<Pid>,
}

#[derive(Debug)]
enum Outcome {
    Value(Arc<Message>),
    Failed(Reason),
}

/// What a future can say.
#[derive(Debug)]
pub(crate) enum Answer {
    Pending,
    Value(Arc<Message>),
    Failed(Reason),
}

impl Promise {
    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is valid between any two steps.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes it the task's to keep.
    pub(crate) fn set_task(&self, task: Pid) {
        self.lock().task = Some(task);
    }

    pub(crate) fn task(&self) -> Option<Pid> {
        self.lock().task
    }

    /// Makes it fail with the end of `holder`.
    pub(crate) fn set_holder(&self, holder: Option<Pid>) {
        self.lock().holder = holder;
    }

    pub(crate) fn keep(&self, runtime: &Runtime, value: Message) {
        self.resolve(runtime, |_| Some(Outcome::Value(Arc::new(value))));
    }

    pub(crate) fn fail(&self, runtime: &Runtime, reason: &Reason) {
        self.resolve(runtime, |_| Some(Outcome::Failed(reason.clone())));
    }

    /// Fails if it is `holder` who should have answered.
    pub(crate) fn fail_of_holder(&self, runtime: &Runtime, holder: Pid, reason: &Reason) {
        self.resolve(runtime, |state| {
            (state.holder == Some(holder)).then(|| Outcome::Failed(reason.clone()))
        });
    }

    fn resolve(&self, runtime: &Runtime, outcome: impl FnOnce(&State) -> Option<Outcome>) {
        runtime.settle_sends();
        let waiters = {
            let mut state = self.lock();
            if state.outcome.is_some() {
                return;
            }
            state.outcome = outcome(&state);
            if state.outcome.is_none() {
                return;
            }
            std::mem::take(&mut state.waiters)
        };
        waiters.into_iter().for_each(|waiter| runtime.wake(waiter));
    }

    /// What there is to say; as long as that is nothing, `waiter` will be woken.
    pub(crate) fn poll(&self, waiter: Pid) -> Answer {
        let mut state = self.lock();
        match &state.outcome {
            Some(Outcome::Value(value)) => Answer::Value(value.clone()),
            Some(Outcome::Failed(reason)) => Answer::Failed(reason.clone()),
            None => {
                if !state.waiters.contains(&waiter) {
                    state.waiters.push(waiter);
                }
                Answer::Pending
            }
        }
    }

    pub(crate) fn is_pending(&self) -> bool {
        self.lock().outcome.is_none()
    }

    /// Whether `holder` is to keep it, and has not yet.
    pub(crate) fn is_owed_by(&self, holder: Pid) -> bool {
        let state = self.lock();
        state.outcome.is_none() && state.holder == Some(holder)
    }
}

thread_local! {
    /// Promises of which this thread gave up a reply unanswered, until the worker gives them to its actor.
    static ORPHANS: RefCell<Vec<Arc<Promise>>> = const { RefCell::new(Vec::new()) };
    /// Whether there are any: asked after every run, and cheaper than the list.
    static HAS_ORPHANS: Cell<bool> = const { Cell::new(false) };
}

/// Whether [`take_orphans`] would give any.
#[inline(always)]
pub(crate) fn has_orphans() -> bool {
    HAS_ORPHANS.get()
}

/// Takes the promises of which this thread's actor has dropped a reply.
pub(crate) fn take_orphans() -> Vec<Arc<Promise>> {
    HAS_ORPHANS.set(false);
    ORPHANS.take()
}

/// Replies.
pub(crate) static REPLY: HandleOps = HandleOps { retain: retain_future, release: release_reply };
/// Futures.
pub(crate) static FUTURE: HandleOps = HandleOps { retain: retain_future, release: release_future };

// SAFETY of all three: the address in a handle is that of a promise in an `Arc`, of which the handle owns one count.

unsafe fn retain_future(address: usize) {
    // SAFETY: see above.
    unsafe { Arc::increment_strong_count(address as *const Promise) };
}

unsafe fn release_future(address: usize) {
    // SAFETY: see above.
    unsafe { Arc::decrement_strong_count(address as *const Promise) };
}

unsafe fn release_reply(address: usize) {
    // SAFETY: see above.
    let promise = unsafe { Arc::from_raw(address as *const Promise) };
    if promise.is_pending() {
        HAS_ORPHANS.set(true);
        ORPHANS.with_borrow_mut(|orphans| orphans.push(promise));
    }
}

/// The address that a handle of the promise holds, with one count of its own.
pub(crate) fn address(promise: &Arc<Promise>, ops: &HandleOps) -> usize {
    let address = Arc::as_ptr(promise) as usize;
    // SAFETY: the promise is alive.
    unsafe { (ops.retain)(address) };
    address
}

/// The promise of a handle.
///
/// # Safety
/// `object` must be a handle of a promise.
pub(crate) unsafe fn of_handle(object: ObjPtr) -> Arc<Promise> {
    // SAFETY: the caller vouches for the handle, which owns a count.
    unsafe {
        debug_assert_eq!((*object).header.desc(), DescId::HANDLE);
        let address = (*object.cast::<Handle>()).address;
        retain_future(address);
        Arc::from_raw(address as *const Promise)
    }
}

/// The promises that could be kept through the handles.
pub(crate) fn replies<'h>(
    handles: impl Iterator<Item = &'h Handle>,
) -> impl Iterator<Item = &'h Promise> {
    promises(handles, &REPLY)
}

/// The promises that are awaited through the handles.
pub(crate) fn futures<'h>(
    handles: impl Iterator<Item = &'h Handle>,
) -> impl Iterator<Item = &'h Promise> {
    promises(handles, &FUTURE)
}

fn promises<'h>(
    handles: impl Iterator<Item = &'h Handle>,
    ops: &'static HandleOps,
) -> impl Iterator<Item = &'h Promise> {
    let ours = handles.filter(move |handle| std::ptr::eq(handle.ops, ops));
    // SAFETY: the address in a reply or future is that of a promise, which lives as long as the handle.
    ours.map(|handle| unsafe { &*(handle.address as *const Promise) })
}
