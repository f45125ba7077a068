//! Calls of runtime functions: from the table, for each a thunk that reads its arguments from registers and
//! writes its results to registers.
//!
//! Must never name a single runtime function.

use crate::state::{At, Scalar};
use sepal_abi::{Ctx, ObjPtr, RtFn};
use sepal_rt::fns::{Pair, bodies};

/// The function that calls a runtime function with the operands of an instruction.
#[derive(Clone, Copy)]
pub struct Thunk(unsafe fn(*mut Ctx, At));

impl Thunk {
    /// The word that stands for the thunk in code.
    pub fn to_word(self) -> u64 {
        self.0 as usize as u64
    }

    /// The thunk of a word in code.
    #[inline(always)]
    pub fn from_word(word: u64) -> Thunk {
        // SAFETY: the translator writes words of thunks only.
        Thunk(unsafe { std::mem::transmute::<usize, unsafe fn(*mut Ctx, At)>(word as usize) })
    }

    /// Calls the runtime function.
    #[inline(always)]
    pub fn call(self, ctx: *mut Ctx, at: At) {
        // SAFETY: the context is that of the running actor; the MIR gave arguments of the table's types.
        unsafe { (self.0)(ctx, at) }
    }
}

/// Where an instruction names the register of its n-th argument, in halves; up to `MAX_ARGS`.
pub const fn operand_half(n: usize) -> usize {
    if n == 0 { 3 } else { 7 + n }
}

/// Arguments that fit an instruction.
pub const MAX_ARGS: usize = 5;

/// Reads arguments in order.
struct Operands {
    at: At,
    next: usize,
}

impl Operands {
    #[inline(always)]
    fn next<T: Scalar>(&mut self) -> T {
        let register = self.at.half(operand_half(self.next));
        self.next += 1;
        self.at.read(register)
    }
}

/// What runtime functions give.
trait Results {
    fn store(self, at: At);
}

impl Results for () {
    #[inline(always)]
    fn store(self, _: At) {}
}

macro_rules! one_result {
    ($($ty:ty),+) => {$(
        impl Results for $ty {
            #[inline(always)]
            fn store(self, at: At) {
                at.write(at.half(1), self);
            }
        }
    )+};
}

one_result!(i32, i64, f32, f64, bool, ObjPtr, *const u8, u64);

impl<A: Scalar, B: Scalar> Results for Pair<A, B> {
    #[inline(always)]
    fn store(self, at: At) {
        at.write(at.half(1), self.0);
        at.write(at.half(2), self.1);
    }
}

macro_rules! define_thunks {
    ($(
        $(#[doc = $doc:literal])*
        $name:ident($($param:ident: $ptype:ident),*) -> ($($result:ident),*) [$($effect:ident)*];
    )*) => {
        /// The thunk of a runtime function.
        pub fn thunk(f: RtFn) -> Thunk {
            match f {
                $(RtFn::$name => {
                    #[allow(unused_mut, unused_variables, reason = "some take no arguments")]
                    unsafe fn call(ctx: *mut Ctx, at: At) {
                        let mut operands = Operands { at, next: 0 };
                        $(let $param = operands.next();)*
                        // SAFETY: the caller vouches for context and arguments.
                        let results = unsafe { bodies::$name(ctx $(, $param)*) };
                        Results::store(results, at);
                    }
                    Thunk(call)
                })*
            }
        }
    };
}

sepal_abi::rt_fns!(define_thunks);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_fits_an_instruction() {
        for &f in RtFn::ALL {
            assert!(f.params().len() <= MAX_ARGS, "{}", f.name());
            assert_eq!(Thunk::from_word(thunk(f).to_word()).to_word(), thunk(f).to_word());
        }
    }
}
