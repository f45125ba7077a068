//! What the operators compute, bit for bit as every engine must.
//!
//! Must never fold what an engine might compute differently: arithmetic on floats that gives a NaN
//! is left to the engine, since the language does not fix the NaN's pattern.

#![allow(unreachable_patterns, reason = "a group of operators repeats those above it")]

use crate::keywords::*;
use crate::keywords::{float_arithmetic, float_comparison, int_arithmetic, int_comparison};
use crate::types::Type;

/// A constant: integers sign-extended, floats as `f64`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Const {
    Int(i64),
    Bool(bool),
    Float(f64),
}

/// `value` cut to `bits` and sign-extended again.
pub fn wrap(value: i64, bits: u32) -> i64 {
    value << (64 - bits) >> (64 - bits)
}

/// `value` read as unsigned of `bits`.
pub fn unsigned(value: i64, bits: u32) -> u64 {
    value as u64 & (u64::MAX >> (64 - bits))
}

/// An integer operator on operands of `bits`; `None` for a zero divisor and for comparisons.
fn int_arith(op: BinOp, a: i64, b: i64, bits: u32) -> Option<i64> {
    let (ua, ub) = (unsigned(a, bits), unsigned(b, bits));
    // Shift counts have a type of their own, but only their low bits matter.
    let count = (b as u64 & u64::from(bits - 1)) as u32;
    let result = match op {
        BinOp::Add => a.wrapping_add(b),
        BinOp::Sub => a.wrapping_sub(b),
        BinOp::Mul => a.wrapping_mul(b),
        BinOp::SDiv => a.checked_div(b)?,
        BinOp::SRem => a.checked_rem(b)?,
        BinOp::UDiv => ua.checked_div(ub)? as i64,
        BinOp::URem => ua.checked_rem(ub)? as i64,
        BinOp::And => a & b,
        BinOp::Or => a | b,
        BinOp::Xor => a ^ b,
        BinOp::Shl => a.wrapping_shl(count),
        BinOp::SShr => a.wrapping_shr(count),
        BinOp::UShr => ua.wrapping_shr(count) as i64,
        int_comparison!() | float_arithmetic!() | float_comparison!() => return None,
    };
    Some(wrap(result, bits))
}

/// An integer comparison.
pub fn int_compare(op: BinOp, a: i64, b: i64, bits: u32) -> Option<bool> {
    let (ua, ub) = (unsigned(a, bits), unsigned(b, bits));
    Some(match op {
        BinOp::Eq => a == b,
        BinOp::Ne => a != b,
        BinOp::SLt => a < b,
        BinOp::SLe => a <= b,
        BinOp::SGt => a > b,
        BinOp::SGe => a >= b,
        BinOp::ULt => ua < ub,
        BinOp::ULe => ua <= ub,
        BinOp::UGt => ua > ub,
        BinOp::UGe => ua >= ub,
        int_arithmetic!() | float_arithmetic!() | float_comparison!() => return None,
    })
}

/// Rounds to the precision of `ty`. Computing in `f64` and rounding once more is exact for the
/// four operations and the square root of `f32`.
fn round(value: f64, ty: Type) -> f64 {
    if ty == Type::F32 { f64::from(value as f32) } else { value }
}

fn float_op(op: BinOp, a: f64, b: f64, ty: Type) -> Option<Const> {
    let value = match op {
        BinOp::FAdd => a + b,
        BinOp::FSub => a - b,
        BinOp::FMul => a * b,
        BinOp::FDiv => a / b,
        BinOp::FEq => return Some(Const::Bool(a == b)),
        BinOp::FNe => return Some(Const::Bool(a != b)),
        BinOp::FLt => return Some(Const::Bool(a < b)),
        BinOp::FLe => return Some(Const::Bool(a <= b)),
        BinOp::FGt => return Some(Const::Bool(a > b)),
        BinOp::FGe => return Some(Const::Bool(a >= b)),
        int_arithmetic!() | int_comparison!() => return None,
    };
    (!value.is_nan()).then(|| Const::Float(round(value, ty)))
}

/// A pure operator on constants; `ty` is the type of the left operand.
pub fn bin_op(op: BinOp, a: Const, b: Const, ty: Type) -> Option<Const> {
    match (a, b) {
        (Const::Int(a), Const::Int(b)) => {
            let bits = ty.int_bits()?;
            let compared = int_compare(op, a, b, bits).map(Const::Bool);
            compared.or_else(|| int_arith(op, a, b, bits).map(Const::Int))
        }
        (Const::Bool(a), Const::Bool(b)) => bool_op(op, a, b).map(Const::Bool),
        (Const::Float(a), Const::Float(b)) => float_op(op, a, b, ty),
        (Const::Int(_) | Const::Bool(_) | Const::Float(_), _) => None,
    }
}

fn bool_op(op: BinOp, a: bool, b: bool) -> Option<bool> {
    match op {
        BinOp::And => Some(a & b),
        BinOp::Or => Some(a | b),
        BinOp::Xor | BinOp::Ne => Some(a ^ b),
        BinOp::Eq => Some(a == b),
        BinOp::ULt => Some(!a & b),
        BinOp::ULe => Some(!a | b),
        BinOp::UGt => Some(a & !b),
        BinOp::UGe => Some(a | !b),
        int_arithmetic!() | int_comparison!() | float_arithmetic!() | float_comparison!() => None,
    }
}

/// A checked operator; `None` if it panics.
pub fn checked_op(op: CheckedOp, a: i64, b: i64, bits: u32, count_bits: u32) -> Option<i64> {
    let (wide_a, wide_b) = (i128::from(a), i128::from(b));
    let (ua, ub) = (i128::from(unsigned(a, bits)), i128::from(unsigned(b, bits)));
    let signed = |value: i128| {
        let limit = 1i128 << (bits - 1);
        (-limit..limit).contains(&value).then_some(value as i64)
    };
    let in_unsigned =
        |value: i128| (0..1i128 << bits).contains(&value).then(|| wrap(value as i64, bits));
    match op {
        CheckedOp::SAdd => signed(wide_a + wide_b),
        CheckedOp::SSub => signed(wide_a - wide_b),
        CheckedOp::SMul => signed(wide_a * wide_b),
        CheckedOp::SDiv => wide_a.checked_div(wide_b).and_then(signed),
        // Like division: the least integer modulo -1 overflows nowhere but in the quotient.
        CheckedOp::SRem => wide_a.checked_rem(wide_b).and_then(signed),
        CheckedOp::UAdd => in_unsigned(ua + ub),
        CheckedOp::USub => in_unsigned(ua - ub),
        CheckedOp::UMul => ua.checked_mul(ub).and_then(in_unsigned),
        CheckedOp::UDiv => ua.checked_div(ub).and_then(in_unsigned),
        CheckedOp::URem => ua.checked_rem(ub).and_then(in_unsigned),
        CheckedOp::Shl | CheckedOp::SShr | CheckedOp::UShr => {
            let count = unsigned(b, count_bits);
            let fits = count < u64::from(bits);
            fits.then(|| int_arith(op.unchecked(), a, count as i64, bits)).flatten()
        }
    }
}

/// An operator of one operand.
pub fn unary_op(op: UnaryOp, value: Const, ty: Type) -> Option<Const> {
    match value {
        Const::Bool(value) => Some(Const::Bool(!value)),
        Const::Int(value) => {
            let bits = ty.int_bits()?;
            let pattern = unsigned(value, bits);
            let result = match op {
                UnaryOp::Not => !value,
                UnaryOp::Neg => value.wrapping_neg(),
                UnaryOp::CountOnes => i64::from(pattern.count_ones()),
                UnaryOp::LeadingZeros => i64::from(pattern.leading_zeros()) - i64::from(64 - bits),
                UnaryOp::TrailingZeros => i64::from(pattern.trailing_zeros().min(bits)),
                UnaryOp::FNeg
                | UnaryOp::FAbs
                | UnaryOp::FSqrt
                | UnaryOp::FFloor
                | UnaryOp::FCeil
                | UnaryOp::FTrunc => return None,
            };
            Some(Const::Int(wrap(result, bits)))
        }
        Const::Float(value) => {
            let result = match op {
                UnaryOp::FNeg => -value,
                UnaryOp::FAbs => value.abs(),
                UnaryOp::FSqrt => value.sqrt(),
                UnaryOp::FFloor => value.floor(),
                UnaryOp::FCeil => value.ceil(),
                UnaryOp::FTrunc => value.trunc(),
                UnaryOp::Not
                | UnaryOp::Neg
                | UnaryOp::CountOnes
                | UnaryOp::LeadingZeros
                | UnaryOp::TrailingZeros => return None,
            };
            (!result.is_nan()).then(|| Const::Float(round(result, ty)))
        }
    }
}

/// A conversion that cannot fail.
pub fn cast(kind: CastKind, value: Const, from: Type, to: Type) -> Option<Const> {
    match (kind, value) {
        (CastKind::SignExtend, Const::Int(v)) => Some(Const::Int(v)),
        (CastKind::ZeroExtend, Const::Int(v)) => {
            Some(Const::Int(unsigned(v, from.int_bits()?) as i64))
        }
        (CastKind::ZeroExtend, Const::Bool(v)) => Some(Const::Int(i64::from(v))),
        (CastKind::Truncate, Const::Int(v)) => Some(Const::Int(wrap(v, to.int_bits()?))),
        // Directly to the target's precision: two roundings could differ from one.
        (CastKind::SignedToFloat, Const::Int(v)) => {
            Some(Const::Float(if to == Type::F32 { f64::from(v as f32) } else { v as f64 }))
        }
        (CastKind::UnsignedToFloat, Const::Int(v)) => {
            let v = unsigned(v, from.int_bits()?);
            Some(Const::Float(if to == Type::F32 { f64::from(v as f32) } else { v as f64 }))
        }
        (CastKind::FloatToFloat, Const::Float(v)) => {
            (!v.is_nan()).then(|| Const::Float(round(v, to)))
        }
        (CastKind::FloatToSigned, Const::Float(v)) => {
            let limit = 1i64 << (to.int_bits()? - 1).min(62);
            let value = v as i64;
            let whole = to == Type::I64;
            Some(Const::Int(if whole { value } else { value.clamp(-limit, limit - 1) }))
        }
        (CastKind::FloatToUnsigned, Const::Float(v)) => {
            let bits = to.int_bits()?;
            Some(Const::Int(wrap((v as u64).min(u64::MAX >> (64 - bits)) as i64, bits)))
        }
        _ => None,
    }
}

/// A conversion that panics when the value does not fit: then `None`.
pub fn checked_cast(kind: CheckedCastKind, value: Const, from: Type, to: Type) -> Option<Const> {
    let to_bits = to.int_bits()?;
    let signed = |v: i128| {
        let limit = 1i128 << (to_bits - 1);
        (-limit..limit).contains(&v).then_some(v as i64)
    };
    let in_unsigned = |v: i128| (0..1i128 << to_bits).contains(&v).then(|| wrap(v as i64, to_bits));
    let scalar =
        |v: i128| u32::try_from(v).ok().and_then(char::from_u32).map(|c| i64::from(u32::from(c)));
    let result = match (kind, value) {
        (CheckedCastKind::SignedToSigned, Const::Int(v)) => signed(v.into()),
        (CheckedCastKind::SignedToUnsigned, Const::Int(v)) => in_unsigned(v.into()),
        (CheckedCastKind::SignedToChar, Const::Int(v)) => scalar(v.into()),
        (CheckedCastKind::UnsignedToSigned, Const::Int(v)) => {
            signed(unsigned(v, from.int_bits()?).into())
        }
        (CheckedCastKind::UnsignedToUnsigned, Const::Int(v)) => {
            in_unsigned(unsigned(v, from.int_bits()?).into())
        }
        (CheckedCastKind::UnsignedToChar, Const::Int(v)) => {
            scalar(unsigned(v, from.int_bits()?).into())
        }
        // Casting to i128 saturates far outside any target, and NaN is refused.
        (CheckedCastKind::FloatToSigned, Const::Float(v)) if !v.is_nan() => signed(v as i128),
        (CheckedCastKind::FloatToUnsigned, Const::Float(v)) if !v.is_nan() => {
            in_unsigned(v as i128)
        }
        _ => None,
    };
    result.map(Const::Int)
}
