//! Where execution is, and every access to registers, code words and heap objects.
//!
//! This is the only module that touches that memory. Its functions are safe to call because of who makes
//! what they are given, which is the argument of every `unsafe` block here:
//! - An [`At`] is made by the machine for a translated function and a frame on the register stack, and
//!   changes only by the steps below. The translator writes every operand of an instruction: registers
//!   are below the function's frame size, which was compared with the end of the stack on entry;
//!   offsets lead to the starts of instructions of the same function; every path ends in an instruction
//!   that does not fall through.
//! - Addresses of objects are `Ref` values of verified MIR, whose layout, variant and index the code
//!   that made it vouches for, as native code relies on it too.
//!
//! Values stand in registers in one canonical form: integers of every width sign-extended to 64 bits,
//! whatever their signedness (so that all comparisons are those of 64 bits), `bool` as 0 or 1, `f32`
//! as its pattern zero-extended, everything else as its 64 bits.
//!
//! Must never know an opcode's meaning.

use crate::code::{Opcode, Word};
use sepal_abi::ObjPtr;

/// The running instruction and the frame it runs in.
#[derive(Clone, Copy, Debug)]
pub struct At {
    pub pc: *const u64,
    pub fp: *mut u64,
}

/// A type that registers hold.
pub trait Scalar: Copy {
    /// The value of a canonical word.
    fn from_word(word: u64) -> Self;
    /// The canonical word.
    fn to_word(self) -> u64;
}

macro_rules! int_scalars {
    ($($ty:ty as $signed:ty),+) => {$(
        impl Scalar for $ty {
            #[inline(always)]
            fn from_word(word: u64) -> $ty {
                word as $ty
            }
            #[inline(always)]
            fn to_word(self) -> u64 {
                self as $signed as i64 as u64
            }
        }
    )+};
}

int_scalars!(i8 as i8, i16 as i16, i32 as i32, i64 as i64);
int_scalars!(u8 as i8, u16 as i16, u32 as i32, u64 as i64);

impl Scalar for bool {
    #[inline(always)]
    fn from_word(word: u64) -> bool {
        word != 0
    }
    #[inline(always)]
    fn to_word(self) -> u64 {
        u64::from(self)
    }
}

impl Scalar for f64 {
    #[inline(always)]
    fn from_word(word: u64) -> f64 {
        f64::from_bits(word)
    }
    #[inline(always)]
    fn to_word(self) -> u64 {
        self.to_bits()
    }
}

impl Scalar for f32 {
    #[inline(always)]
    fn from_word(word: u64) -> f32 {
        f32::from_bits(word as u32)
    }
    #[inline(always)]
    fn to_word(self) -> u64 {
        u64::from(self.to_bits())
    }
}

impl Scalar for ObjPtr {
    #[inline(always)]
    fn from_word(word: u64) -> ObjPtr {
        word as ObjPtr
    }
    #[inline(always)]
    fn to_word(self) -> u64 {
        self as u64
    }
}

impl Scalar for *const u8 {
    #[inline(always)]
    fn from_word(word: u64) -> *const u8 {
        word as *const u8
    }
    #[inline(always)]
    fn to_word(self) -> u64 {
        self as u64
    }
}

impl At {
    /// The first word of the instruction.
    #[inline(always)]
    pub fn word(self) -> Word {
        // SAFETY: see the module's head.
        Word(unsafe { self.pc.read() })
    }

    /// The opcode of an instruction's first word.
    #[inline(always)]
    pub fn opcode(word: Word) -> Opcode {
        // SAFETY: the translator writes the numbers of opcodes only.
        unsafe { std::mem::transmute::<u16, Opcode>(word.number()) }
    }

    /// The `n`-th word of the instruction.
    #[inline(always)]
    pub fn literal(self, n: usize) -> u64 {
        // SAFETY: see the module's head.
        unsafe { self.pc.add(n).read() }
    }

    /// The `n`-th 16 bits of the instruction.
    #[inline(always)]
    pub fn half(self, n: usize) -> u16 {
        // SAFETY: see the module's head.
        unsafe { self.pc.cast::<u16>().add(n).read() }
    }

    /// The `n`-th 32 bits of the instruction.
    #[inline(always)]
    pub fn quarter(self, n: usize) -> u32 {
        // SAFETY: see the module's head.
        unsafe { self.pc.cast::<u32>().add(n).read() }
    }

    /// A register as its word.
    #[inline(always)]
    pub fn get(self, register: u16) -> u64 {
        self.get_far(u32::from(register))
    }

    /// Sets a register to a canonical word.
    #[inline(always)]
    pub fn set(self, register: u16, word: u64) {
        self.set_far(u32::from(register), word);
    }

    /// A register that operands cannot name.
    #[inline(always)]
    pub fn get_far(self, register: u32) -> u64 {
        // SAFETY: see the module's head.
        unsafe { self.fp.add(register as usize).read() }
    }

    /// Sets a register that operands cannot name.
    #[inline(always)]
    pub fn set_far(self, register: u32, word: u64) {
        // SAFETY: see the module's head.
        unsafe { self.fp.add(register as usize).write(word) }
    }

    /// A register as a value.
    #[inline(always)]
    pub fn read<T: Scalar>(self, register: u16) -> T {
        T::from_word(self.get(register))
    }

    /// Sets a register to a value.
    #[inline(always)]
    pub fn write<T: Scalar>(self, register: u16, value: T) {
        self.set(register, value.to_word());
    }

    /// The instruction after this one, which is `words` long.
    #[inline(always)]
    #[must_use]
    pub fn next(self, words: usize) -> At {
        // SAFETY: see the module's head.
        At { pc: unsafe { self.pc.add(words) }, fp: self.fp }
    }

    /// The instruction `offset` words from this one.
    #[inline(always)]
    #[must_use]
    pub fn jump(self, offset: i32) -> At {
        // SAFETY: see the module's head.
        At { pc: unsafe { self.pc.offset(offset as isize) }, fp: self.fp }
    }

    /// The frame that begins `base` registers above, running `pc`. The word below it is the link: the call.
    #[inline(always)]
    #[must_use]
    pub fn enter(self, base: u32, pc: *const u64) -> At {
        // SAFETY: frames of callees begin within the caller's frame.
        unsafe {
            let fp = self.fp.add(base as usize);
            fp.sub(1).write(self.pc as u64);
            At { pc, fp }
        }
    }

    /// The call that made this frame, in the frame that made it.
    #[inline(always)]
    #[must_use]
    pub fn caller(self) -> At {
        // SAFETY: the link was written by `enter`, and the call's word holds where the frame began.
        unsafe {
            let pc = self.fp.sub(1).read() as *const u64;
            let base = Word(pc.read()).wide();
            At { pc, fp: self.fp.sub(base as usize) }
        }
    }

    /// The first register beyond a frame of this size.
    #[inline(always)]
    pub fn frame_end(self, words: u32) -> *mut u64 {
        self.fp.wrapping_add(words as usize)
    }
}

/// Reads `T` from an object.
#[inline(always)]
pub fn load<T: Copy>(object: u64, offset: u64) -> T {
    // SAFETY: see the module's head.
    unsafe { (object.wrapping_add(offset) as *const T).read() }
}

/// Writes `T` into an object.
#[inline(always)]
pub fn store<T: Copy>(object: u64, offset: u64, value: T) {
    // SAFETY: see the module's head.
    unsafe { (object.wrapping_add(offset) as *mut T).write(value) }
}
