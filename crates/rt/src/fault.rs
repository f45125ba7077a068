//! Hardware faults, decided by address.
//!
//! A touch of the guard page is a stack overflow; any other fault in compiled code ends the actor with a fault
//! report; a fault anywhere else is a bug of the runtime, which aborts with a dump. [`decide`] runs in the signal
//! handler: it must only read, and write the thread's own note of the fault.

use crate::actor::{Activation, Actor};
use crate::panics;
use crate::trace;
use sepal_abi::PanicCode;
use sepal_machine::fault::{Decision, Fault, FaultKind};
use std::cell::Cell;
use std::ptr::null_mut;

thread_local! {
    /// The actor that this thread runs.
    static CURRENT: Cell<*mut Actor> = const { Cell::new(null_mut()) };
    /// What the signal handler saw.
    static FAULT: Cell<Option<Fault>> = const { Cell::new(None) };
}

/// Prepares the thread for faults.
pub(crate) fn install() {
    sepal_machine::fault::install(decide);
}

/// Makes the thread's faults this actor's, until [`leave`].
pub(crate) fn watch(actor: *mut Actor) {
    CURRENT.set(actor);
}

/// No actor runs on this thread any more.
pub(crate) fn leave() {
    CURRENT.set(null_mut());
}

fn decide(fault: &Fault) -> Decision {
    let actor = CURRENT.get();
    if actor.is_null() {
        return Decision::Abort;
    }
    // SAFETY: the actor runs on this thread and is alive; its code was interrupted at an instruction that does
    // not touch the stack or the image.
    unsafe {
        let Some(activation) = &(*actor).stack else { return Decision::Abort };
        let stack = &activation.stack;
        let touches = matches!(fault.kind, FaultKind::Segment | FaultKind::Bus);
        let overflow = touches && stack.is_guard(fault.address);
        if !overflow && (*actor).image().function_at(fault.pc).is_none() {
            return Decision::Abort;
        }
        FAULT.set(Some(*fault));
        let stack_top = stack.emergency_top();
        Decision::Resume { code: resume, argument: actor.cast(), stack_top }
    }
}

/// Where a faulting actor goes on: on its emergency stack, to its end.
unsafe extern "C" fn resume(actor: *mut u8) -> ! {
    let actor = actor.cast::<Actor>();
    // SAFETY: `decide` passed the living actor; the faulting frames never run again, and compiled frames own nothing.
    unsafe {
        let (loc, fp) = note_fault(&mut *actor);
        panics::end_actor(&raw mut (*actor).ctx, loc, fp)
    }
}

/// Raises the panic of the noted fault; gives its place and frame.
fn note_fault(actor: &mut Actor) -> (u32, usize) {
    let Some(fault) = FAULT.take() else { return (sepal_abi::NO_LOC, 0) };
    let is_guard = |activation: &Activation| activation.stack.is_guard(fault.address);
    let overflow = actor.stack.as_deref().is_some_and(is_guard);
    // A panic that was being raised has not been reported; the fault is what ended it.
    actor.ctx.panic = 0;
    if overflow {
        actor.raise(PanicCode::StackOverflow, &[]);
    } else {
        let (kind, pc) = (fault.kind.name(), fault.pc);
        let at = match fault.kind {
            FaultKind::Segment | FaultKind::Bus => format!(" at address {:#x}", fault.address),
            FaultKind::Arithmetic | FaultKind::Illegal => String::new(),
        };
        let message = format!("hardware fault: {kind}{at} (instruction {pc:#x})");
        actor.raise_text(PanicCode::HardwareFault, message);
    }
    (trace::place_near(actor.image(), fault.pc), fault.frame_pointer)
}
