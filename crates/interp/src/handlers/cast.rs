//! Conversions between numbers.

use crate::code::Word;
use crate::machine::Machine;
use crate::state::{At, Scalar};
use sepal_abi::{NumType, PanicCode};

/// An integer type that numbers are converted to.
pub trait Target: Scalar + TryFrom<i64> + TryFrom<u64> {
    /// The name in messages.
    const TYPE: NumType;

    /// Towards zero, to the nearest value that there is; NaN gives 0.
    fn saturating(x: f64) -> Self;

    /// Towards zero; `None` for NaN and out of range.
    fn exact(x: f64) -> Option<Self>;
}

macro_rules! targets {
    ($($ty:ty, $name:ident;)+) => {$(
        impl Target for $ty {
            const TYPE: NumType = NumType::$name;

            #[inline(always)]
            fn saturating(x: f64) -> $ty {
                x as $ty
            }

            #[inline(always)]
            fn exact(x: f64) -> Option<$ty> {
                // Both are powers of two, or 0, and so exact.
                const LEAST: f64 = <$ty>::MIN as f64;
                const BEYOND: f64 = (<$ty>::MAX / 2 + 1) as f64 * 2.0;
                let whole = x.trunc();
                (LEAST..BEYOND).contains(&whole).then_some(whole as $ty)
            }
        }
    )+};
}

targets! {
    i8, I8;
    i16, I16;
    i32, I32;
    i64, Int;
    u8, U8;
    u16, U16;
    u32, U32;
    u64, U64;
}

#[inline(always)]
pub fn convert<A: Scalar, B: Scalar>(at: At, w: Word, f: impl Fn(A) -> B) -> At {
    at.write(w.a(), f(at.read(w.b())));
    at.next(1)
}

#[inline(always)]
pub fn extend<T: Scalar>(at: At, w: Word, _: &Machine<'_>) -> At {
    at.write::<T>(w.a(), at.read(w.b()));
    at.next(1)
}

#[inline(always)]
pub fn zero_extend<T: Scalar + Into<u64>>(at: At, w: Word, _: &Machine<'_>) -> At {
    at.set(w.a(), at.read::<T>(w.b()).into());
    at.next(1)
}

#[inline(always)]
pub fn saturate<T: Target>(at: At, w: Word, _: &Machine<'_>) -> At {
    at.write(w.a(), T::saturating(at.read(w.b())));
    at.next(1)
}

/// Writes a value that was found to fit, or raises.
#[inline(always)]
fn checked<T: Scalar>(
    at: At,
    w: Word,
    m: &Machine<'_>,
    value: Option<T>,
    code: PanicCode,
    target: NumType,
) -> At {
    match value {
        Some(value) => {
            at.write(w.a(), value);
            at.next(1)
        }
        None => m.raise(at, code, [at.get(w.b()), target as u64]),
    }
}

#[inline(always)]
pub fn from_signed<T: Target>(at: At, w: Word, m: &Machine<'_>) -> At {
    let value = T::try_from(at.read::<i64>(w.b())).ok();
    checked(at, w, m, value, PanicCode::ConversionInt, T::TYPE)
}

/// The operand has been zero-extended.
#[inline(always)]
pub fn from_unsigned<T: Target>(at: At, w: Word, m: &Machine<'_>) -> At {
    let value = T::try_from(at.read::<u64>(w.b())).ok();
    checked(at, w, m, value, PanicCode::ConversionUint, T::TYPE)
}

/// The operand has been made an `f64`.
#[inline(always)]
pub fn from_float<T: Target>(at: At, w: Word, m: &Machine<'_>) -> At {
    checked(at, w, m, T::exact(at.read(w.b())), PanicCode::ConversionFloat, T::TYPE)
}

#[inline(always)]
pub fn signed_to_char(at: At, w: Word, m: &Machine<'_>) -> At {
    to_char(at, w, m, PanicCode::ConversionInt)
}

/// The operand has been zero-extended.
#[inline(always)]
pub fn unsigned_to_char(at: At, w: Word, m: &Machine<'_>) -> At {
    to_char(at, w, m, PanicCode::ConversionUint)
}

#[inline(always)]
fn to_char(at: At, w: Word, m: &Machine<'_>, code: PanicCode) -> At {
    let scalar = u32::try_from(at.get(w.b())).ok().and_then(char::from_u32);
    checked(at, w, m, scalar.map(u32::from), code, NumType::Char)
}
