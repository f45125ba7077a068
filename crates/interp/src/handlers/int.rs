//! Integer arithmetic and comparison. The types of operands are those of the opcode; how they stand in
//! registers is told in `state`.

use crate::code::Word;
use crate::machine::Machine;
use crate::state::{At, Scalar};
use sepal_abi::PanicCode;

#[inline(always)]
pub fn wrapping<T: Scalar>(at: At, w: Word, _: &Machine<'_>, f: impl Fn(T, T) -> T) -> At {
    at.write(w.a(), f(at.read(w.b()), at.read(w.c())));
    at.next(1)
}

/// Writes a result that may not fit.
#[inline(always)]
fn fitting<T: Scalar>(at: At, w: Word, m: &Machine<'_>, result: Option<T>) -> At {
    match result {
        Some(value) => {
            at.write(w.a(), value);
            at.next(1)
        }
        None => m.raise(at, PanicCode::IntegerOverflow, [0, 0]),
    }
}

#[inline(always)]
pub fn checked<T: Scalar>(at: At, w: Word, m: &Machine<'_>, f: impl Fn(T, T) -> Option<T>) -> At {
    fitting(at, w, m, f(at.read(w.b()), at.read(w.c())))
}

#[inline(always)]
pub fn divided<T: Scalar>(at: At, w: Word, m: &Machine<'_>, f: impl Fn(T, T) -> Option<T>) -> At {
    if at.get(w.c()) == 0 {
        return m.raise(at, PanicCode::DivisionByZero, [0, 0]);
    }
    checked(at, w, m, f)
}

/// The remainder of the least value and -1 fits: it is 0.
#[inline(always)]
pub fn remainder<T: Scalar>(at: At, w: Word, m: &Machine<'_>, f: impl Fn(T, T) -> T) -> At {
    if at.get(w.c()) == 0 {
        return m.raise(at, PanicCode::DivisionByZero, [0, 0]);
    }
    wrapping(at, w, m, f)
}

/// The count is taken modulo the width.
#[inline(always)]
pub fn shifted<T: Scalar>(at: At, w: Word, _: &Machine<'_>, f: impl Fn(T, u32) -> T) -> At {
    at.write(w.a(), f(at.read(w.b()), at.get(w.c()) as u32));
    at.next(1)
}

/// The count has been zero-extended.
#[inline(always)]
pub fn checked_shift<T: Scalar>(
    at: At,
    w: Word,
    m: &Machine<'_>,
    f: impl Fn(T, u32) -> Option<T>,
) -> At {
    let count = at.get(w.c());
    match u32::try_from(count).ok().and_then(|count| f(at.read(w.b()), count)) {
        Some(value) => {
            at.write(w.a(), value);
            at.next(1)
        }
        None => m.raise(at, PanicCode::ShiftOutOfRange, [count, 0]),
    }
}

#[inline(always)]
pub fn unary(at: At, w: Word, f: impl Fn(u64) -> u64) -> At {
    at.set(w.a(), f(at.get(w.b())));
    at.next(1)
}

#[inline(always)]
pub fn unary_typed<T: Scalar>(at: At, w: Word, _: &Machine<'_>, f: impl Fn(T) -> T) -> At {
    at.write(w.a(), f(at.read(w.b())));
    at.next(1)
}

#[inline(always)]
pub fn count<T: Scalar>(at: At, w: Word, _: &Machine<'_>, f: impl Fn(T) -> u32) -> At {
    at.set(w.a(), u64::from(f(at.read(w.b()))));
    at.next(1)
}

#[inline(always)]
pub fn imm(at: At, w: Word, f: impl Fn(i64, i64) -> i64) -> At {
    at.write(w.a(), f(at.read(w.b()), w.imm_c()));
    at.next(1)
}

#[inline(always)]
pub fn checked_imm(at: At, w: Word, m: &Machine<'_>, f: impl Fn(i64, i64) -> Option<i64>) -> At {
    fitting(at, w, m, f(at.read(w.b()), w.imm_c()))
}

#[inline(always)]
pub fn compare(at: At, w: Word, f: impl Fn(i64, i64) -> bool) -> At {
    at.write(w.a(), f(at.read(w.b()), at.read(w.c())));
    at.next(1)
}

#[inline(always)]
pub fn compare_imm(at: At, w: Word, f: impl Fn(i64, i64) -> bool) -> At {
    at.write(w.a(), f(at.read(w.b()), w.imm_c()));
    at.next(1)
}
