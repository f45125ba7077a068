//! Panics: the message, the report, and the end of the actor.
//!
//! A raise only notes message and code; the engine's cold path then ends the run: engines with frames of their own
//! call [`report`] and come back, compiled code comes to [`end_actor`]. The trampoline (`sched::life`) then runs what is
//! pending.
//!
//! Must never unwind: the way out is the machine's entry frame, over frames that own nothing.

use crate::actor::{Actor, Phase, Raised, text};
use crate::sched::end::actor_name;
use crate::sched::signal::Reason;
use crate::stdio;
use crate::trace;
use sepal_abi::{Ctx, NumType, ObjPtr, OperandKind, PanicCode};
use sepal_machine::r#gen::abandon_actor;
use std::fmt::Write;

/// The exit code of a program whose main actor panicked.
pub const EXIT_PANIC: i32 = 101;

/// The message of a code with its operands.
pub fn message(code: PanicCode, operands: &[u64]) -> String {
    let mut message = String::new();
    let mut pieces = code.template().split("{}");
    message.push_str(pieces.next().unwrap_or(""));
    for ((piece, &kind), &word) in pieces.zip(code.operands()).zip(operands) {
        push_operand(&mut message, kind, word);
        message.push_str(piece);
    }
    message
}

fn push_operand(message: &mut String, kind: OperandKind, word: u64) {
    // Writing into a string does not fail.
    let _ = match kind {
        OperandKind::Int => write!(message, "{}", word as i64),
        OperandKind::Uint => write!(message, "{word}"),
        OperandKind::Float => {
            crate::text::float::push_float(message, f64::from_bits(word));
            Ok(())
        }
        OperandKind::Type => {
            let name = NumType::from_number(word as i64).map_or("?", NumType::name);
            message.write_str(name)
        }
        // SAFETY: the operand is a string, alive for the time of the raise.
        OperandKind::Str => message.write_str(unsafe { text(word as ObjPtr) }),
    };
}

/// Prints the report of what was raised and clears it, unless it is no panic but an exit. `locs` are the places of the
/// running frames, innermost first; those that wait for them follow. The reason of the actor's end is then known.
pub fn report(actor: &mut Actor, locs: impl Iterator<Item = u32>) {
    let reason = match actor.take_raised() {
        Raised::Panic(message) => {
            write_report(actor, &message, locs.chain(actor.waiting_locs()));
            Reason::panic(&message)
        }
        Raised::Exit(reason) => reason,
        Raised::Nothing => Reason::KILLED,
    };
    if actor.phase == Phase::Body {
        actor.cold().reason = Some(reason);
    }
}

/// Prints the report of a panic.
pub(crate) fn write_report(actor: &Actor, message: &str, locs: impl Iterator<Item = u32>) {
    let mut report = if actor.is_main() {
        format!("panic: {message}\n")
    } else {
        format!("{} panicked: {message}\n", actor_name(actor))
    };
    trace::push_lines(&mut report, actor.image(), locs);
    stdio::write_error(report.as_bytes());
}

/// Ends the running actor after a raise in compiled code: reports and leaves. What is pending runs afterwards, on a
/// fresh stack.
///
/// # Safety
/// The actor of `ctx` must have been entered; `loc` and `fp` must be the place and the frame pointer of the
/// frame that panics. No frame up to the entry may own anything.
pub unsafe fn end_actor(ctx: *mut Ctx, loc: u32, fp: usize) -> ! {
    // SAFETY: the caller vouches for the context; the reference ends before the stack is left.
    unsafe {
        let actor = Actor::of(ctx);
        let runtime = actor.runtime;
        let frames = trace::frames(runtime.image(), loc, fp, actor.frame_bounds());
        report(actor, frames);
        abandon_actor(&raw mut (*ctx).entry_sp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(code: PanicCode, operands: &[u64], expected: &str) {
        assert_eq!(message(code, operands), expected);
    }

    #[test]
    fn messages_hold_their_operands() {
        check(PanicCode::IntegerOverflow, &[], "integer overflow");
        let expected = "index out of range: the index is -5 but the length is 3";
        check(PanicCode::IndexOutOfRange, &[-5i64 as u64, 3], expected);
        let u8_type = NumType::U8 as u64;
        check(
            PanicCode::ConversionInt,
            &[300, u8_type],
            "conversion out of range: 300 does not fit u8",
        );
        let expected = "conversion out of range: 18446744073709551615 does not fit int";
        check(PanicCode::ConversionUint, &[u64::MAX, NumType::Int as u64], expected);
        let expected = "conversion out of range: 1e30 does not fit int";
        check(PanicCode::ConversionFloat, &[1e30f64.to_bits(), NumType::Int as u64], expected);
        check(PanicCode::ShiftOutOfRange, &[64], "shift count out of range: 64");
        check(PanicCode::ConversionInt, &[1, 99], "conversion out of range: 1 does not fit ?");
    }
}
