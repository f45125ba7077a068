//! Promises: an answer that one actor owes another, and what becomes of it.
//!
//! A promise has two kinds of handles: replies, through which it is kept, and futures, through which it is
//! awaited. A task's promise has no reply; the task keeps it. The state is behind the mutex, which is never held while
//! anything else is locked or woken; the outcome is set behind it and then never changes, so that readers need no lock.
//!
//! The holder is who received a reply last. Its end fails the promise, which is found through the replies in its heap, and
//! once it has dropped one, as an orphan: copies that others have dropped may lie in their heaps for long.
//! Must never be kept twice: the first outcome stands.

use super::few::Few;
use super::signal::Reason;
use super::slot::Pid;
use crate::heap::handle::{Handle, HandleOps};
use crate::message::Message;
use crate::pooled::Counted;
use crate::run::Runtime;
use crate::sync::{AtomicBool, AtomicI64, Mutex, MutexGuard, Ordering, UnsafeCell};
use sepal_abi::{DescId, ObjPtr};
use std::cell::{Cell, RefCell};
use std::mem::ManuallyDrop;
use std::sync::PoisonError;

/// See the module's head.
#[derive(Debug, Default)]
pub(crate) struct Promise {
    /// The number of the task that is to keep it, or 0; written before the task runs, and relaxed: who has the promise
    /// has it from there.
    task: AtomicI64,
    /// Whether `outcome` is there. Release and acquire: who sees it set sees the outcome.
    is_resolved: AtomicBool,
    /// Set behind the mutex, once, before the flag; read behind the flag.
    outcome: UnsafeCell<Option<Outcome>>,
    state: Mutex<State>,
}

// SAFETY: the outcome is written once, behind the mutex and before anybody reads it, and then only read; it may be sent.
unsafe impl Sync for Promise {}

#[derive(Debug, Default)]
struct State {
    /// Who is to be woken.
    waiters: Few<Pid, ()>,
    /// Whose end fails the promise.
    holder: Option<Pid>,
}

/// What has become of a promise.
#[derive(Debug)]
pub(crate) enum Outcome {
    Value(Message),
    Failed(Reason),
}

impl Promise {
    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is valid between any two steps.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes it the task's to keep, which has not begun.
    pub(crate) fn set_task(&self, task: Pid) {
        self.task.store(task.number(), Ordering::Relaxed);
    }

    pub(crate) fn task(&self) -> Option<Pid> {
        Pid::from_number(self.task.load(Ordering::Relaxed))
    }

    /// Makes it fail with the end of `holder`.
    pub(crate) fn set_holder(&self, holder: Option<Pid>) {
        self.lock().holder = holder;
    }

    pub(crate) fn keep(&self, runtime: &Runtime, value: Message) {
        self.resolve(runtime, |_| Some(Outcome::Value(value)));
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
            if !self.is_pending() {
                return;
            }
            let Some(outcome) = outcome(&state) else { return };
            // SAFETY: it is pending, and stays so while this thread has the lock; so nobody reads it.
            self.outcome.with_mut(|place| unsafe { *place = Some(outcome) });
            self.is_resolved.store(true, Ordering::Release);
            state.waiters.take()
        };
        waiters.for_each(|waiter, ()| runtime.wake(waiter));
    }

    /// What there is to say.
    #[inline]
    pub(crate) fn outcome(&self) -> Option<&Outcome> {
        if self.is_pending() {
            return None;
        }
        // SAFETY: behind the flag it does not change.
        self.outcome.with(|outcome| unsafe { (*outcome).as_ref() })
    }

    /// The same; as long as that is nothing, `waiter` will be woken.
    #[inline]
    pub(crate) fn poll(&self, waiter: Pid) -> Option<&Outcome> {
        if self.is_pending() {
            let mut state = self.lock();
            if self.is_pending() {
                state.waiters.insert(waiter, ());
                return None;
            }
        }
        self.outcome()
    }

    pub(crate) fn is_pending(&self) -> bool {
        !self.is_resolved.load(Ordering::Acquire)
    }

    /// Whether `holder` is to keep it, and has not yet.
    pub(crate) fn is_owed_by(&self, holder: Pid) -> bool {
        self.is_pending() && self.lock().holder == Some(holder)
    }
}

thread_local! {
    /// Promises of which this thread gave up a reply unanswered, until the worker gives them to its actor.
    static ORPHANS: RefCell<Vec<Counted<Promise>>> = const { RefCell::new(Vec::new()) };
    /// Whether there are any: asked after every run, and cheaper than the list.
    static HAS_ORPHANS: Cell<bool> = const { Cell::new(false) };
}

/// Whether [`take_orphans`] would give any.
#[inline(always)]
pub(crate) fn has_orphans() -> bool {
    HAS_ORPHANS.get()
}

/// Takes the promises of which this thread's actor has dropped a reply.
pub(crate) fn take_orphans() -> Vec<Counted<Promise>> {
    HAS_ORPHANS.set(false);
    ORPHANS.take()
}

/// Replies.
pub(crate) static REPLY: HandleOps = HandleOps { retain: retain_future, release: release_reply };
/// Futures.
pub(crate) static FUTURE: HandleOps = HandleOps { retain: retain_future, release: release_future };

// SAFETY of all three: the address in a handle is that of a counted promise, of which the handle owns one count.

unsafe fn retain_future(address: usize) {
    // SAFETY: see above.
    std::mem::forget(unsafe { counted(address) });
}

unsafe fn release_future(address: usize) {
    // SAFETY: see above.
    drop(unsafe { Counted::<Promise>::from_address(address) });
}

unsafe fn release_reply(address: usize) {
    // SAFETY: see above.
    let promise = unsafe { Counted::<Promise>::from_address(address) };
    if promise.is_pending() {
        HAS_ORPHANS.set(true);
        ORPHANS.with_borrow_mut(|orphans| orphans.push(promise));
    }
}

/// The address that a handle of the promise holds, with one count of its own.
pub(crate) fn address(promise: &Counted<Promise>) -> usize {
    promise.clone().into_address()
}

/// A further count of the promise at an address.
///
/// # Safety
/// The address must own a count.
unsafe fn counted(address: usize) -> Counted<Promise> {
    // SAFETY: the caller vouches for the address, whose count stays its own.
    let own = ManuallyDrop::new(unsafe { Counted::from_address(address) });
    Counted::clone(&own)
}

/// The address in a handle of a promise.
///
/// # Safety
/// `object` must be one.
unsafe fn address_in(object: ObjPtr) -> usize {
    // SAFETY: the caller vouches for the handle.
    unsafe {
        debug_assert_eq!((*object).header.desc(), DescId::HANDLE);
        (*object.cast::<Handle>()).address
    }
}

/// The promise of a handle.
///
/// # Safety
/// `object` must be a handle of a promise.
pub(crate) unsafe fn of_handle(object: ObjPtr) -> Counted<Promise> {
    // SAFETY: the caller vouches for the handle, which owns a count.
    unsafe { counted(address_in(object)) }
}

/// The same as long as the handle lives.
///
/// # Safety
/// As [`of_handle`]; and nothing may be collected while the result is used.
#[inline]
pub(crate) unsafe fn in_handle<'h>(object: ObjPtr) -> &'h Promise {
    // SAFETY: the caller vouches for the handle, which owns a count.
    unsafe { Counted::at(address_in(object)) }
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
    ours.map(|handle| unsafe { Counted::<Promise>::at(handle.address) })
}
