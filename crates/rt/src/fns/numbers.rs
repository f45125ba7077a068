//! Integers. See `fns` for what callers promise.

use super::actor;
use sepal_abi::{Ctx, NumType, PanicCode};

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_int_pow(ctx: *mut Ctx, base: i64, exp: i64, num_type: i64) -> i64 {
    // SAFETY: see `fns`.
    let actor = unsafe { actor(ctx) };
    if exp < 0 {
        actor.raise(PanicCode::NegativeExponent, &[exp as u64]);
        return 0;
    }
    let power = NumType::from_number(num_type).and_then(|num_type| pow(base, exp as u64, num_type));
    power.unwrap_or_else(|| {
        actor.raise(PanicCode::IntegerOverflow, &[]);
        0
    })
}

/// `base ** exp`, if it fits the type. A negative `base` of an unsigned type is its bits.
fn pow(base: i64, exp: u64, num_type: NumType) -> Option<i64> {
    let base = if num_type == NumType::U64 { i128::from(base as u64) } else { i128::from(base) };
    // From 64 on only 0, 1 and -1 fit, whose powers depend on whether the exponent is odd.
    let exp = if exp >= 64 { 64 + (exp % 2) as u32 } else { exp as u32 };
    let power = match base {
        0 | 1 => {
            if exp == 0 {
                1
            } else {
                base
            }
        }
        -1 => {
            if exp % 2 == 0 {
                1
            } else {
                -1
            }
        }
        _ => base.checked_pow(exp)?,
    };
    let (least, greatest) = num_type.range();
    (least <= power && power <= greatest).then_some(power as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(base: i64, exp: u64, num_type: NumType, expected: Option<i64>) {
        assert_eq!(pow(base, exp, num_type), expected, "{base} ** {exp}");
    }

    #[test]
    fn powers_stay_in_their_type() {
        check(2, 10, NumType::Int, Some(1024));
        check(2, 62, NumType::Int, Some(1 << 62));
        check(2, 63, NumType::Int, None);
        check(-2, 63, NumType::Int, Some(i64::MIN));
        check(2, 63, NumType::U64, Some(i64::MIN));
        check(2, 64, NumType::U64, None);
        check(-1, 1, NumType::U64, Some(-1));
        check(-1, 2, NumType::U64, None);
        check(2, 8, NumType::U8, None);
        check(2, 7, NumType::U8, Some(128));
        check(-2, 7, NumType::I8, Some(-128));
        check(0, 0, NumType::Int, Some(1));
        check(7, 0, NumType::Int, Some(1));
        check(0, u64::MAX >> 1, NumType::Int, Some(0));
        check(1, 1 << 40, NumType::Int, Some(1));
        check(-1, (1 << 40) + 1, NumType::Int, Some(-1));
        check(3, 1 << 40, NumType::Int, None);
    }
}
