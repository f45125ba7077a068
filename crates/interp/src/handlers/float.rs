//! Float arithmetic and comparison, IEEE in the precision of the opcode.

use crate::code::Word;
use crate::machine::Machine;
use crate::state::{At, Scalar};

#[inline(always)]
pub fn binary<T: Scalar>(at: At, w: Word, _: &Machine<'_>, f: impl Fn(T, T) -> T) -> At {
    at.write(w.a(), f(at.read(w.b()), at.read(w.c())));
    at.next(1)
}

#[inline(always)]
pub fn compare<T: Scalar>(at: At, w: Word, _: &Machine<'_>, f: impl Fn(&T, &T) -> bool) -> At {
    at.write(w.a(), f(&at.read(w.b()), &at.read(w.c())));
    at.next(1)
}

#[inline(always)]
pub fn unary<T: Scalar>(at: At, w: Word, _: &Machine<'_>, f: impl Fn(T) -> T) -> At {
    at.write(w.a(), f(at.read(w.b())));
    at.next(1)
}

/// A product and what follows with it, each rounded by itself.
#[inline(always)]
pub fn mul_then(at: At, w: Word, f: impl Fn(f64, f64) -> f64) -> At {
    let product = at.read::<f64>(w.b()) * at.read::<f64>(w.c());
    at.write(w.a(), f(product, at.read(at.half(4))));
    at.next(2)
}

#[inline(always)]
pub fn literal(at: At, w: Word, f: impl Fn(f64, f64) -> f64) -> At {
    at.write(w.a(), f(at.read(w.b()), f64::from_bits(at.literal(1))));
    at.next(2)
}
