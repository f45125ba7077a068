//! Operators on primitive types.
//! Must never meet an overloaded operator: those are calls by now.

use super::BodyCx;
use crate::cx::Vals;
use sepal_abi::{NumType, RtFn};
use sepal_base::Span;
use sepal_hir::ast;
use sepal_hir::{BinaryOp, Expr, ExprId, FloatTy, IntTy, Ty, TyKind, UnaryOp};
use sepal_mir::{BinOp, CastKind, CheckedOp, Type, Value};

/// The primitive type that an operator works on.
#[derive(Clone, Copy)]
enum Operand {
    Int(IntTy),
    Float(FloatTy),
    /// `bool`, `char` and `symbol`: compared as unsigned numbers.
    Bits,
    Nil,
}

fn operand(ty: Ty) -> Operand {
    match ty.kind() {
        TyKind::Int(int) => Operand::Int(*int),
        TyKind::Float(float) => Operand::Float(*float),
        TyKind::Nil | TyKind::Never => Operand::Nil,
        _ => Operand::Bits,
    }
}

/// How the runtime names an integer type.
pub(super) fn num_type(int: IntTy) -> NumType {
    match int {
        IntTy::I8 => NumType::I8,
        IntTy::I16 => NumType::I16,
        IntTy::I32 => NumType::I32,
        IntTy::I64 => NumType::Int,
        IntTy::U8 => NumType::U8,
        IntTy::U16 => NumType::U16,
        IntTy::U32 => NumType::U32,
        IntTy::U64 => NumType::U64,
    }
}

impl BodyCx<'_, '_> {
    pub(super) fn unary(&mut self, op: UnaryOp, id: ExprId, span: Span) -> Vals {
        let ty = self.expr_ty(id);
        let values = self.expr(id);
        self.at(span);
        let value = match (op, operand(ty)) {
            (_, Operand::Nil) => return values,
            (UnaryOp::Neg, Operand::Int(int)) => {
                let zero = self.b.const_int(crate::repr::int_type(int), 0);
                let op = if int.signed() { CheckedOp::SSub } else { CheckedOp::USub };
                self.b.checked_op(op, zero, values[0])
            }
            (UnaryOp::Neg, Operand::Float(_)) => {
                self.b.unary_op(sepal_mir::UnaryOp::FNeg, values[0])
            }
            (
                UnaryOp::Not | UnaryOp::BitNot | UnaryOp::Neg,
                Operand::Int(_) | Operand::Float(_) | Operand::Bits,
            ) => self.b.unary_op(sepal_mir::UnaryOp::Not, values[0]),
        };
        Vals::from_slice(&[value])
    }

    pub(super) fn binary(&mut self, op: BinaryOp, lhs: ExprId, rhs: ExprId, whole: &Expr) -> Vals {
        let ty = self.expr_ty(lhs);
        let a = self.expr(lhs);
        let b = self.expr(rhs);
        if ty.is_never() || self.expr_ty(rhs).is_never() {
            // The type of the other may have become known later.
            return self.dead(self.subst(whole.ty));
        }
        self.at(whole.span);
        let value = match operand(ty) {
            Operand::Nil => {
                self.b.const_bool(matches!(op, BinaryOp::Eq | BinaryOp::Le | BinaryOp::Ge))
            }
            Operand::Int(int) => {
                let shifts = matches!(op, BinaryOp::Arith(ast::BinOp::Shl | ast::BinOp::Shr));
                let b = if shifts { self.shift_count(self.expr_ty(rhs), b[0]) } else { b[0] };
                self.int_binary(op, int, a[0], b)
            }
            Operand::Float(float) => self.float_binary(op, float, a[0], b[0]),
            Operand::Bits => {
                let op = match op {
                    BinaryOp::Eq => BinOp::Eq,
                    BinaryOp::Ne => BinOp::Ne,
                    BinaryOp::Lt => BinOp::ULt,
                    BinaryOp::Le => BinOp::ULe,
                    BinaryOp::Gt => BinOp::UGt,
                    BinaryOp::Ge => BinOp::UGe,
                    BinaryOp::Arith(ast::BinOp::BitAnd) => BinOp::And,
                    BinaryOp::Arith(ast::BinOp::BitOr) => BinOp::Or,
                    BinaryOp::Arith(ast::BinOp::BitXor) => BinOp::Xor,
                    BinaryOp::Arith(other) => unreachable!("{ty:?} has no operator {other:?}"),
                };
                let is_order = matches!(op, BinOp::ULt | BinOp::ULe | BinOp::UGt | BinOp::UGe);
                let number = |this: &mut Self, value| match this.b.ty(value) {
                    Type::Bool if is_order => this.b.cast(CastKind::ZeroExtend, Type::I64, value),
                    _ => value,
                };
                let (left, right) = (number(self, a[0]), number(self, b[0]));
                self.b.bin_op(op, left, right)
            }
        };
        Vals::from_slice(&[value])
    }

    /// A count may be of any integer type. The operation reads it as unsigned, so that a negative one is out of
    /// range; extended by its own sign, it is also shown as what it was.
    fn shift_count(&mut self, ty: Ty, count: Value) -> Value {
        match operand(ty) {
            Operand::Int(IntTy::I8 | IntTy::I16 | IntTy::I32) => {
                self.b.cast(CastKind::SignExtend, Type::I64, count)
            }
            Operand::Int(_) | Operand::Float(_) | Operand::Bits | Operand::Nil => count,
        }
    }

    fn int_binary(&mut self, op: BinaryOp, int: IntTy, a: Value, b: Value) -> Value {
        let signed = int.signed();
        let pick = |s, u| if signed { s } else { u };
        let pick_checked = |s, u| if signed { s } else { u };
        match op {
            BinaryOp::Eq => self.b.bin_op(BinOp::Eq, a, b),
            BinaryOp::Ne => self.b.bin_op(BinOp::Ne, a, b),
            BinaryOp::Lt => self.b.bin_op(pick(BinOp::SLt, BinOp::ULt), a, b),
            BinaryOp::Le => self.b.bin_op(pick(BinOp::SLe, BinOp::ULe), a, b),
            BinaryOp::Gt => self.b.bin_op(pick(BinOp::SGt, BinOp::UGt), a, b),
            BinaryOp::Ge => self.b.bin_op(pick(BinOp::SGe, BinOp::UGe), a, b),
            BinaryOp::Arith(op) => match op {
                ast::BinOp::Add => {
                    self.b.checked_op(pick_checked(CheckedOp::SAdd, CheckedOp::UAdd), a, b)
                }
                ast::BinOp::Sub => {
                    self.b.checked_op(pick_checked(CheckedOp::SSub, CheckedOp::USub), a, b)
                }
                ast::BinOp::Mul => {
                    self.b.checked_op(pick_checked(CheckedOp::SMul, CheckedOp::UMul), a, b)
                }
                ast::BinOp::Div => {
                    self.b.checked_op(pick_checked(CheckedOp::SDiv, CheckedOp::UDiv), a, b)
                }
                ast::BinOp::Rem => {
                    self.b.checked_op(pick_checked(CheckedOp::SRem, CheckedOp::URem), a, b)
                }
                ast::BinOp::Shl => self.b.checked_op(CheckedOp::Shl, a, b),
                ast::BinOp::Shr => {
                    self.b.checked_op(pick_checked(CheckedOp::SShr, CheckedOp::UShr), a, b)
                }
                ast::BinOp::AddWrap => self.b.bin_op(BinOp::Add, a, b),
                ast::BinOp::SubWrap => self.b.bin_op(BinOp::Sub, a, b),
                ast::BinOp::MulWrap => self.b.bin_op(BinOp::Mul, a, b),
                ast::BinOp::BitAnd => self.b.bin_op(BinOp::And, a, b),
                ast::BinOp::BitOr => self.b.bin_op(BinOp::Or, a, b),
                ast::BinOp::BitXor => self.b.bin_op(BinOp::Xor, a, b),
                ast::BinOp::Pow => self.int_pow(int, a, b),
            },
        }
    }

    /// By the runtime, in 64 bits; it panics where the result does not fit the type.
    fn int_pow(&mut self, int: IntTy, base: Value, exponent: Value) -> Value {
        let wide = |this: &mut Self, value| {
            let kind = if int.signed() { CastKind::SignExtend } else { CastKind::ZeroExtend };
            if int.bits() == 64 { value } else { this.b.cast(kind, Type::I64, value) }
        };
        let (base, exponent) = (wide(self, base), wide(self, exponent));
        let number = self.b.iconst(num_type(int) as i64);
        let result = self.rt(RtFn::rt_int_pow, &[base, exponent, number])[0];
        if int.bits() == 64 {
            result
        } else {
            self.b.cast(CastKind::Truncate, crate::repr::int_type(int), result)
        }
    }

    fn float_binary(&mut self, op: BinaryOp, float: FloatTy, a: Value, b: Value) -> Value {
        let op = match op {
            BinaryOp::Eq => BinOp::FEq,
            BinaryOp::Ne => BinOp::FNe,
            BinaryOp::Lt => BinOp::FLt,
            BinaryOp::Le => BinOp::FLe,
            BinaryOp::Gt => BinOp::FGt,
            BinaryOp::Ge => BinOp::FGe,
            BinaryOp::Arith(ast::BinOp::Add) => BinOp::FAdd,
            BinaryOp::Arith(ast::BinOp::Sub) => BinOp::FSub,
            BinaryOp::Arith(ast::BinOp::Mul) => BinOp::FMul,
            BinaryOp::Arith(ast::BinOp::Div) => BinOp::FDiv,
            BinaryOp::Arith(ast::BinOp::Rem) => {
                return self.float_rt(RtFn::rt_float_rem, float, a, b);
            }
            BinaryOp::Arith(ast::BinOp::Pow) => {
                return self.float_rt(RtFn::rt_float_pow, float, a, b);
            }
            BinaryOp::Arith(
                other @ (ast::BinOp::AddWrap
                | ast::BinOp::SubWrap
                | ast::BinOp::MulWrap
                | ast::BinOp::BitAnd
                | ast::BinOp::BitOr
                | ast::BinOp::BitXor
                | ast::BinOp::Shl
                | ast::BinOp::Shr),
            ) => unreachable!("floats have no operator {other:?}"),
        };
        self.b.bin_op(op, a, b)
    }

    /// The runtime computes in `f64`.
    fn float_rt(&mut self, function: RtFn, float: FloatTy, a: Value, b: Value) -> Value {
        match float {
            FloatTy::F64 => self.rt(function, &[a, b])[0],
            FloatTy::F32 => {
                let a = self.b.cast(CastKind::FloatToFloat, Type::F64, a);
                let b = self.b.cast(CastKind::FloatToFloat, Type::F64, b);
                let result = self.rt(function, &[a, b])[0];
                self.b.cast(CastKind::FloatToFloat, Type::F32, result)
            }
        }
    }
}
