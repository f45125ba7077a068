//! Conversions between the number types, `char` and `bool`.

use super::BodyCx;
use crate::cx::Vals;
use crate::repr::{float_type, int_type};
use sepal_base::Span;
use sepal_hir::{ExprId, IntTy, Ty, TyKind};
use sepal_mir::{CastKind, CheckedCastKind, Type, Value};

impl BodyCx<'_, '_> {
    /// `int(x)`, `float(x)`, `char(x)`, `u8(x)` …: panics where the value does not fit.
    pub(super) fn cast(&mut self, value: ExprId, to: Ty, span: Span) -> Vals {
        let from = self.expr_ty(value);
        let values = self.expr(value);
        self.at(span);
        if from == to {
            return values;
        }
        let value = values[0];
        let result = match (from.kind(), to.kind()) {
            (TyKind::Int(from), TyKind::Int(to)) => self.int_to_int(*from, *to, value),
            (TyKind::Int(from), TyKind::Float(to)) => {
                let kind =
                    if from.signed() { CastKind::SignedToFloat } else { CastKind::UnsignedToFloat };
                self.b.cast(kind, float_type(*to), value)
            }
            (TyKind::Int(from), TyKind::Char) => {
                let kind = if from.signed() {
                    CheckedCastKind::SignedToChar
                } else {
                    CheckedCastKind::UnsignedToChar
                };
                self.b.checked_cast(kind, Type::I32, value)
            }
            (TyKind::Float(_), TyKind::Int(to)) => {
                let kind = if to.signed() {
                    CheckedCastKind::FloatToSigned
                } else {
                    CheckedCastKind::FloatToUnsigned
                };
                self.b.checked_cast(kind, int_type(*to), value)
            }
            (TyKind::Float(_), TyKind::Float(to)) => {
                self.b.cast(CastKind::FloatToFloat, float_type(*to), value)
            }
            (TyKind::Char, TyKind::Int(to)) => self.int_to_int(IntTy::U32, *to, value),
            (TyKind::Bool, TyKind::Int(to)) => {
                self.b.cast(CastKind::ZeroExtend, int_type(*to), value)
            }
            (TyKind::Bool, TyKind::Float(to)) => {
                let number = self.b.cast(CastKind::ZeroExtend, Type::I64, value);
                self.b.cast(CastKind::SignedToFloat, float_type(*to), number)
            }
            (from, to) => unreachable!(
                "the checker refuses conversions between {:?} and {:?}",
                std::mem::discriminant(from),
                std::mem::discriminant(to)
            ),
        };
        Vals::from_slice(&[result])
    }

    fn int_to_int(&mut self, from: IntTy, to: IntTy, value: Value) -> Value {
        let fits = from.min() >= to.min() && from.max() <= to.max();
        if fits {
            return self.resize(from, to, value);
        }
        let kind = match (from.signed(), to.signed()) {
            (true, true) => CheckedCastKind::SignedToSigned,
            (true, false) => CheckedCastKind::SignedToUnsigned,
            (false, true) => CheckedCastKind::UnsignedToSigned,
            (false, false) => CheckedCastKind::UnsignedToUnsigned,
        };
        self.b.checked_cast(kind, int_type(to), value)
    }

    /// Keeps the low bits, or extends by the sign of the source's type.
    fn resize(&mut self, from: IntTy, to: IntTy, value: Value) -> Value {
        match from.bits().cmp(&to.bits()) {
            std::cmp::Ordering::Equal => value,
            std::cmp::Ordering::Greater => self.b.cast(CastKind::Truncate, int_type(to), value),
            std::cmp::Ordering::Less => {
                let kind = if from.signed() { CastKind::SignExtend } else { CastKind::ZeroExtend };
                self.b.cast(kind, int_type(to), value)
            }
        }
    }

    /// `u8.wrap(x)`
    pub(super) fn cast_wrap(&mut self, value: ExprId, to: Ty) -> Vals {
        let from = self.expr_ty(value);
        let values = self.expr(value);
        self.wrap_int(from, to, values[0])
    }

    pub(super) fn wrap_int(&mut self, from: Ty, to: Ty, value: Value) -> Vals {
        let from = from.as_int().unwrap_or(IntTy::U32);
        let to = to.as_int().unwrap_or(IntTy::I64);
        Vals::from_slice(&[self.resize(from, to, value)])
    }
}
