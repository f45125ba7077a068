//! Words of register code, and the opcodes made from the one table in `table`.
//!
//! An instruction is one or more 64-bit words. The first holds the opcode in its low 16 bits and three
//! operands `a b c` of 16 bits, or `a` and one of 32 bits in place of `b c`; literals follow. Must never
//! hold what an opcode does.

use crate::table::for_each_opcode;

/// The first word of an instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub struct Word(pub u64);

impl Word {
    /// A word with three operands.
    pub const fn new(op: Opcode, a: u16, b: u16, c: u16) -> Word {
        Word::with_wide(op, a, b as u32 | (c as u32) << 16)
    }

    /// A word with a wide second operand.
    pub const fn with_wide(op: Opcode, a: u16, wide: u32) -> Word {
        Word(op as u64 | (a as u64) << 16 | (wide as u64) << 32)
    }

    /// The opcode's number.
    #[inline(always)]
    pub const fn number(self) -> u16 {
        self.0 as u16
    }

    #[inline(always)]
    pub const fn a(self) -> u16 {
        (self.0 >> 16) as u16
    }

    #[inline(always)]
    pub const fn b(self) -> u16 {
        (self.0 >> 32) as u16
    }

    #[inline(always)]
    pub const fn c(self) -> u16 {
        (self.0 >> 48) as u16
    }

    /// `b` as a signed immediate.
    #[inline(always)]
    pub const fn imm_b(self) -> i64 {
        self.b() as i16 as i64
    }

    /// `c` as a signed immediate.
    #[inline(always)]
    pub const fn imm_c(self) -> i64 {
        self.0 as i64 >> 48
    }

    /// `b` and `c` as one operand.
    #[inline(always)]
    pub const fn wide(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// The same, signed.
    #[inline(always)]
    pub const fn wide_signed(self) -> i32 {
        self.wide() as i32
    }
}

/// One of four opcodes by the width of an integer type.
pub type ByWidth = [Opcode; 4];
/// One of two opcodes: `f32`, `f64`.
pub type ByFloat = [Opcode; 2];

macro_rules! define {
    (
        ends { $($(#[$emeta:meta])* $end:ident)* }
        plain { $($(#[$meta:meta])* $name:ident = $handler:expr;)* }
        signed { $($s8:ident $s16:ident $s32:ident $s64:ident as $sfam:ident = $($sh:ident)::+ $(($sm:ident))?;)* }
        unsigned { $($u8:ident $u16:ident $u32:ident $u64:ident as $ufam:ident = $($uh:ident)::+ $(($um:ident))?;)* }
        floats { $($f32:ident $f64:ident as $ffam:ident = $($fh:ident)::+ $(($fm:ident))?;)* }
    ) => {
        /// What an instruction does; the table says by which handler.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u16)]
        pub enum Opcode {
            $($(#[$emeta])* $end,)*
            $($(#[$meta])* $name,)*
            $($s8, $s16, $s32, $s64,)*
            $($u8, $u16, $u32, $u64,)*
            $($f32, $f64,)*
        }

        /// Opcodes that exist for every integer or float type.
        #[allow(non_upper_case_globals, reason = "a family is spelled like its members")]
        pub mod family {
            use super::{ByFloat, ByWidth, Opcode};
            $(pub const $sfam: ByWidth = [Opcode::$s8, Opcode::$s16, Opcode::$s32, Opcode::$s64];)*
            $(pub const $ufam: ByWidth = [Opcode::$u8, Opcode::$u16, Opcode::$u32, Opcode::$u64];)*
            $(pub const $ffam: ByFloat = [Opcode::$f32, Opcode::$f64];)*
        }
    };
}

for_each_opcode!(define);
