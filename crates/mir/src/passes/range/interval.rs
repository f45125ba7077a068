//! Intervals of integers, in the signed reading of their type.
//!
//! Must never be smaller than the truth.

#![allow(unreachable_patterns, reason = "a group of operators repeats those above it")]

use crate::keywords::{BinOp, float_arithmetic, float_comparison, int_arithmetic, int_comparison};
use crate::types::Type;

/// All integers from `lo` to `hi`, both included. Never empty.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Interval {
    pub lo: i64,
    pub hi: i64,
}

impl Interval {
    /// Every integer of a width.
    pub const fn full(bits: u32) -> Interval {
        Interval { lo: i64::MIN >> (64 - bits), hi: i64::MAX >> (64 - bits) }
    }

    /// Every value of a type; a `bool` is 0 or 1.
    pub fn of_type(ty: Type) -> Option<Interval> {
        match ty.int_bits() {
            Some(bits) => Some(Interval::full(bits)),
            None => (ty == Type::Bool).then_some(Interval { lo: 0, hi: 1 }),
        }
    }

    /// One integer.
    pub const fn just(n: i64) -> Interval {
        Interval { lo: n, hi: n }
    }

    /// What is in both; the first if that is nothing, which only unreachable code can bring about.
    pub fn meet(self, other: Interval) -> Interval {
        let met = Interval { lo: self.lo.max(other.lo), hi: self.hi.min(other.hi) };
        if met.lo <= met.hi { met } else { self }
    }

    /// The smallest interval around both.
    pub fn join(self, other: Interval) -> Interval {
        Interval { lo: self.lo.min(other.lo), hi: self.hi.max(other.hi) }
    }

    /// Whether all of `other` is inside.
    pub const fn holds(self, other: Interval) -> bool {
        self.lo <= other.lo && other.hi <= self.hi
    }

    /// Whether no member is negative.
    pub const fn is_natural(self) -> bool {
        self.lo >= 0
    }

    fn wide(lo: i128, hi: i128) -> (i128, i128) {
        (lo.min(hi), lo.max(hi))
    }

    /// The exact bounds of a sum, difference or product.
    pub fn exact(op: BinOp, a: Interval, b: Interval) -> Option<(i128, i128)> {
        let (al, ah) = (i128::from(a.lo), i128::from(a.hi));
        let (bl, bh) = (i128::from(b.lo), i128::from(b.hi));
        match op {
            BinOp::Add => Some((al + bl, ah + bh)),
            BinOp::Sub => Some((al - bh, ah - bl)),
            BinOp::Mul => {
                let (l1, h1) = Interval::wide(al * bl, al * bh);
                let (l2, h2) = Interval::wide(ah * bl, ah * bh);
                Some((l1.min(l2), h1.max(h2)))
            }
            BinOp::SDiv | BinOp::SRem | BinOp::UDiv | BinOp::URem => None,
            BinOp::And | BinOp::Or | BinOp::Xor | BinOp::Shl | BinOp::SShr | BinOp::UShr => None,
            int_comparison!() | float_arithmetic!() | float_comparison!() => None,
        }
    }

    /// The bounds as an interval, if they fit `bits`.
    pub fn fitting((lo, hi): (i128, i128), bits: u32) -> Option<Interval> {
        let full = Interval::full(bits);
        let fits = i128::from(full.lo) <= lo && hi <= i128::from(full.hi);
        fits.then_some(Interval { lo: lo as i64, hi: hi as i64 })
    }

    /// The bounds as an interval, cut to `bits`: what remains where a check has passed.
    pub fn clamped((lo, hi): (i128, i128), bits: u32) -> Interval {
        let full = Interval::full(bits);
        let cut = |n: i128| n.clamp(full.lo.into(), full.hi.into()) as i64;
        Interval { lo: cut(lo), hi: cut(hi) }
    }

    /// The result of a pure operator; everything where no better is known.
    pub fn bin_op(op: BinOp, a: Interval, b: Interval, bits: u32) -> Interval {
        let full = Interval::full(bits);
        if let Some(exact) = Interval::exact(op, a, b) {
            return Interval::fitting(exact, bits).unwrap_or(full);
        }
        let natural = a.is_natural() && b.is_natural();
        match op {
            BinOp::And if a.is_natural() && b.is_natural() => {
                Interval { lo: 0, hi: a.hi.min(b.hi) }
            }
            BinOp::And if a.is_natural() => Interval { lo: 0, hi: a.hi },
            BinOp::And if b.is_natural() => Interval { lo: 0, hi: b.hi },
            BinOp::Or | BinOp::Xor if natural => {
                // No bit above the highest of either.
                let top = 64 - (a.hi | b.hi).leading_zeros();
                Interval { lo: 0, hi: ((1u64 << top.min(63)) - 1) as i64 }
            }
            BinOp::SDiv | BinOp::UDiv if a.is_natural() && b.lo >= 1 => {
                Interval { lo: a.lo / b.hi, hi: a.hi / b.lo }
            }
            BinOp::SRem | BinOp::URem if a.is_natural() && b.lo >= 1 => {
                Interval { lo: 0, hi: a.hi.min(b.hi - 1) }
            }
            BinOp::SRem if b.lo >= 1 => Interval { lo: 1 - b.hi, hi: b.hi - 1 },
            BinOp::URem if b.lo >= 1 => Interval { lo: 0, hi: b.hi - 1 },
            BinOp::SShr | BinOp::UShr if a.is_natural() => shifted(a, b, bits),
            BinOp::SShr => full.meet(a.join(Interval::just(0)).join(Interval::just(-1))),
            int_arithmetic!() | int_comparison!() => full,
            float_arithmetic!() | float_comparison!() => full,
        }
    }
}

/// Natural numbers shifted to the right.
fn shifted(a: Interval, count: Interval, bits: u32) -> Interval {
    if count.lo < 0 || count.hi >= i64::from(bits) {
        return Interval { lo: 0, hi: a.hi };
    }
    Interval { lo: a.lo >> count.hi, hi: a.hi >> count.lo }
}
