//! The actor that this thread runs, as the exported functions find it, and the way out when something was raised.
//!
//! Must never be kept across a wait: an actor may go on in another thread.

use sepal_abi::Ctx;
use sepal_machine::r#gen::abandon_actor;
use sepal_rt::{Actor, panics};
use std::cell::Cell;
use std::ptr::null_mut;

thread_local! {
    static CURRENT: Cell<*mut Actor> = const { Cell::new(null_mut()) };
}

/// Something has been raised: the actor ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Raised;

/// What a body that may raise gives.
pub(crate) type Result<T> = std::result::Result<T, Raised>;

/// Makes an actor this thread's; null: none.
pub(crate) fn set(actor: *mut Actor) {
    CURRENT.set(actor);
}

/// The context of this thread's actor.
#[inline(never)]
pub(crate) fn ctx() -> *mut Ctx {
    let actor = CURRENT.get();
    if actor.is_null() {
        refuse();
    }
    actor.cast()
}

/// C has called from outside any actor.
fn refuse() -> ! {
    sepal_rt::stdio::write_error(
        b"error: a function of the runtime was called outside an actor: call rt_init_actor first, in the thread of main\n",
    );
    sepal_rt::stdio::exit(panics::EXIT_PANIC)
}

/// Does something as this thread's actor; ends it if that raises.
pub(crate) fn with<T: Copy>(body: impl FnOnce(&mut Actor) -> Result<T>) -> T {
    let ctx = ctx();
    // SAFETY: the engine made the actor this thread's; no other reference to it is in use while C calls.
    match body(unsafe { Actor::of(ctx) }) {
        Ok(value) => value,
        // SAFETY: neither this frame nor an exported function's owns anything by now.
        Err(Raised) => unsafe { leave(ctx) },
    }
}

/// Leaves the actor's stack after a raise.
///
/// # Safety
/// The actor must be this thread's, and entered; no Rust frame up to the entry may own anything.
pub(crate) unsafe fn leave(ctx: *mut Ctx) -> ! {
    // SAFETY: the caller vouches for the context; the reference ends before the stack is left.
    unsafe {
        panics::report(Actor::of(ctx), std::iter::empty());
        abandon_actor(&raw mut (*ctx).entry_sp)
    }
}

/// Raised or not, by the context.
pub(crate) fn check(actor: &Actor) -> Result<()> {
    if actor.ctx.panic == 0 { Ok(()) } else { Err(Raised) }
}
