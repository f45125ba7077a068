//! The loop: one jump through a table for each instruction.
//!
//! Must never hold anything but the loop; what opcodes do stands in `handlers`.

use crate::code::{Opcode, Word};
use crate::handlers::{call, cast, control, float, int, memory, object, system};
use crate::machine::Machine;
use crate::state::At;
use crate::table::for_each_opcode;
use sepal_abi::Tag;
use std::ops::{Add, Div, Mul, Neg, Sub};

macro_rules! define_loop {
    (
        ends { $($(#[$emeta:meta])* $end:ident)* }
        plain { $($(#[$meta:meta])* $name:ident = $handler:expr;)* }
        signed { $($s8:ident $s16:ident $s32:ident $s64:ident as $sfam:ident = $($sh:ident)::+ $(($sm:ident))?;)* }
        unsigned { $($u8:ident $u16:ident $u32:ident $u64:ident as $ufam:ident = $($uh:ident)::+ $(($um:ident))?;)* }
        floats { $($f32:ident $f64:ident as $ffam:ident = $($fh:ident)::+ $(($fm:ident))?;)* }
    ) => {
        /// Runs from `at` until the call from the host is over, and gives where it ended.
        pub fn run(machine: &Machine<'_>, mut at: At) -> At {
            loop {
                let word = at.word();
                at = match At::opcode(word) {
                    $(Opcode::$end => return at,)*
                    $(Opcode::$name => apply(at, word, machine, $handler),)*
                    $(
                        Opcode::$s8 => $($sh)::+::<i8>(at, word, machine $(, i8::$sm)?),
                        Opcode::$s16 => $($sh)::+::<i16>(at, word, machine $(, i16::$sm)?),
                        Opcode::$s32 => $($sh)::+::<i32>(at, word, machine $(, i32::$sm)?),
                        Opcode::$s64 => $($sh)::+::<i64>(at, word, machine $(, i64::$sm)?),
                    )*
                    $(
                        Opcode::$u8 => $($uh)::+::<u8>(at, word, machine $(, u8::$um)?),
                        Opcode::$u16 => $($uh)::+::<u16>(at, word, machine $(, u16::$um)?),
                        Opcode::$u32 => $($uh)::+::<u32>(at, word, machine $(, u32::$um)?),
                        Opcode::$u64 => $($uh)::+::<u64>(at, word, machine $(, u64::$um)?),
                    )*
                    $(
                        Opcode::$f32 => $($fh)::+::<f32>(at, word, machine $(, f32::$fm)?),
                        Opcode::$f64 => $($fh)::+::<f64>(at, word, machine $(, f64::$fm)?),
                    )*
                };
            }
        }
    };
}

/// Calls a handler; the types of closures are taken from here.
#[inline(always)]
fn apply<'m>(
    at: At,
    word: Word,
    machine: &Machine<'m>,
    handler: impl FnOnce(At, Word, &Machine<'m>) -> At,
) -> At {
    handler(at, word, machine)
}

for_each_opcode!(define_loop);
