//! Operators and conversions: which opcode, which of the short forms with a constant.
//!
//! Must never change what an operator computes; `state` says how values stand in registers.

use super::Translator;
use super::facts::Carrier;
use crate::code::{ByFloat, ByWidth, Opcode, family};
use sepal_mir::*;

/// The member of a family for an integer type.
fn by_width(family: ByWidth, ty: Type) -> Opcode {
    match ty.int_bits() {
        Some(8) => family[0],
        Some(16) => family[1],
        Some(32) => family[2],
        Some(_) | None => family[3],
    }
}

/// The member of a family for a float type.
fn by_float(family: ByFloat, ty: Type) -> Opcode {
    family[usize::from(ty == Type::F64)]
}

impl Translator<'_, '_> {
    fn unary(&mut self, op: Opcode, inst: Inst, value: Value) {
        let value = self.reg(value);
        let result = self.result(inst);
        self.buf.op(op, result, value, 0);
    }

    fn binary(&mut self, op: Opcode, inst: Inst, a: Value, b: Value) {
        let (a, b) = (self.reg(a), self.reg(b));
        let result = self.result(inst);
        self.mark(inst);
        self.buf.op(op, result, a, b);
    }

    fn with_imm(&mut self, op: Opcode, inst: Inst, a: Value, imm: i16) {
        let a = self.reg(a);
        let result = self.result(inst);
        self.mark(inst);
        self.buf.op(op, result, a, imm as u16);
    }

    /// The value zero-extended from its type to 64 bits.
    fn zero_extended(&mut self, value: Value) -> u16 {
        let (register, ty) = (self.reg(value), self.ty(value));
        if ty.size() == 8 || ty == Type::Bool {
            return register;
        }
        let scratch = self.scratch();
        self.buf.op(by_width(family::ZeroExtend, ty), scratch, register, 0);
        scratch
    }

    /// The value as an `f64`.
    fn as_f64(&mut self, value: Value) -> u16 {
        let register = self.reg(value);
        if self.ty(value) == Type::F64 {
            return register;
        }
        let scratch = self.scratch();
        self.buf.op(Opcode::F32ToF64, scratch, register, 0);
        scratch
    }

    pub(super) fn pure_op(&mut self, inst: Inst, op: BinOp, a: Value, b: Value) {
        if op.is_comparison() {
            return self.comparison(inst, op, a, b);
        }
        if op.is_float() {
            return self.float_op(inst, op, a, b);
        }
        let ty = self.ty(a);
        if let Some((short, imm)) = self.short_form(op, ty, b) {
            return self.with_imm(short, inst, a, imm);
        }
        let opcode = match op {
            BinOp::Add => by_width(family::Add, ty),
            BinOp::Sub => by_width(family::Sub, ty),
            BinOp::Mul => by_width(family::Mul, ty),
            // Checking what was proved costs nothing here, and needs no further opcodes.
            BinOp::SDiv => by_width(family::SDiv, ty),
            BinOp::SRem => by_width(family::SRem, ty),
            BinOp::UDiv => by_width(family::UDiv, ty),
            BinOp::URem => by_width(family::URem, ty),
            BinOp::And => Opcode::And,
            BinOp::Or => Opcode::Or,
            BinOp::Xor => Opcode::Xor,
            BinOp::Shl => by_width(family::Shl, ty),
            BinOp::SShr => by_width(family::SShr, ty),
            BinOp::UShr => by_width(family::UShr, ty),
            _ => unreachable!("comparisons and operators on floats were handled above"),
        };
        self.binary(opcode, inst, a, b);
    }

    /// The form of an operator with a constant right operand, if it has one.
    fn short_form(&self, op: BinOp, ty: Type, b: Value) -> Option<(Opcode, i16)> {
        let imm = self.imm(b)?;
        if op == BinOp::And {
            return Some((Opcode::AndImm, imm));
        }
        if ty != Type::I64 {
            return None;
        }
        let is_divisor = imm != 0 && imm != -1;
        match op {
            BinOp::Add => Some((Opcode::AddImm, imm)),
            BinOp::Sub => Some((Opcode::AddImm, imm.checked_neg()?)),
            BinOp::Mul => Some((Opcode::MulImm, imm)),
            BinOp::Shl => Some((Opcode::ShlImm, imm)),
            BinOp::SShr => Some((Opcode::SShrImm, imm)),
            BinOp::UShr => Some((Opcode::UShrImm, imm)),
            BinOp::SDiv if is_divisor => Some((Opcode::SDivImm, imm)),
            BinOp::SRem if is_divisor => Some((Opcode::SRemImm, imm)),
            _ => None,
        }
    }

    fn comparison(&mut self, inst: Inst, op: BinOp, a: Value, b: Value) {
        let (test, left, right) = self.test(op, a, b);
        let float = |family| by_float(family, self.ty(a));
        let opcode = match op {
            BinOp::FEq => float(family::FEq),
            BinOp::FNe => float(family::FNe),
            BinOp::FLt | BinOp::FGt => float(family::FLt),
            BinOp::FLe | BinOp::FGe => float(family::FLe),
            _ => test.value().expect("tests of integers give values"),
        };
        let result = self.result(inst);
        self.buf.op(opcode, result, left, right);
    }

    fn float_op(&mut self, inst: Inst, op: BinOp, a: Value, b: Value) {
        if self.product(inst, op, a, b) || self.with_literal(inst, op, a, b) {
            return;
        }
        let family = match op {
            BinOp::FAdd => family::FAdd,
            BinOp::FSub => family::FSub,
            BinOp::FMul => family::FMul,
            BinOp::FDiv => family::FDiv,
            _ => unreachable!("the operator is arithmetic on floats"),
        };
        self.binary(by_float(family, self.ty(a)), inst, a, b);
    }

    /// A sum or difference with a product that was folded into it.
    fn product(&mut self, inst: Inst, op: BinOp, a: Value, b: Value) -> bool {
        let folded = |value| self.facts.carried(self.func, value, Carrier::Inst(inst));
        let (product, other) = match (folded(b), folded(a)) {
            (Some(product), _) => (product, a),
            (None, Some(product)) => (product, b),
            (None, None) => return false,
        };
        let Op::BinOp { a, b, .. } = self.func.insts[product].op else {
            unreachable!("only products are folded into sums")
        };
        let (a, b, other) = (self.reg(a), self.reg(b), self.reg(other));
        let result = self.result(inst);
        let opcode = if op == BinOp::FAdd { Opcode::MulAdd } else { Opcode::MulSub };
        self.buf.op(opcode, result, a, b);
        self.buf.halves(&[other]);
        true
    }

    fn with_literal(&mut self, inst: Inst, op: BinOp, a: Value, b: Value) -> bool {
        if self.ty(a) != Type::F64 {
            return false;
        }
        let (opcode, value, literal) = match (op, self.constant(a), self.constant(b)) {
            (BinOp::FAdd, _, Some(literal)) => (Opcode::AddLit, a, literal),
            (BinOp::FSub, _, Some(literal)) => (Opcode::SubLit, a, literal),
            (BinOp::FMul, _, Some(literal)) => (Opcode::MulLit, a, literal),
            (BinOp::FDiv, _, Some(literal)) => (Opcode::DivLit, a, literal),
            (BinOp::FAdd, Some(literal), _) => (Opcode::AddLit, b, literal),
            (BinOp::FMul, Some(literal), _) => (Opcode::MulLit, b, literal),
            (BinOp::FSub, Some(literal), _) => (Opcode::LitSub, b, literal),
            (BinOp::FDiv, Some(literal), _) => (Opcode::LitDiv, b, literal),
            _ => return false,
        };
        let value = self.reg(value);
        let result = self.result(inst);
        self.buf.op(opcode, result, value, 0);
        self.buf.literal(literal);
        true
    }

    pub(super) fn trapping_op(&mut self, inst: Inst, op: CheckedOp, a: Value, b: Value) {
        let ty = self.ty(a);
        if let Some((short, imm)) = self.short_checked(op, ty, b) {
            return self.with_imm(short, inst, a, imm);
        }
        let family = match op {
            CheckedOp::SAdd => family::SAdd,
            CheckedOp::SSub => family::SSub,
            CheckedOp::SMul => family::SMul,
            CheckedOp::SDiv => family::SDiv,
            CheckedOp::SRem => family::SRem,
            CheckedOp::UAdd => family::UAdd,
            CheckedOp::USub => family::USub,
            CheckedOp::UMul => family::UMul,
            CheckedOp::UDiv => family::UDiv,
            CheckedOp::URem => family::URem,
            CheckedOp::Shl => return self.shift(family::CheckedShl, inst, a, b),
            CheckedOp::SShr => return self.shift(family::CheckedSShr, inst, a, b),
            CheckedOp::UShr => return self.shift(family::CheckedUShr, inst, a, b),
        };
        self.binary(by_width(family, ty), inst, a, b);
    }

    fn short_checked(&self, op: CheckedOp, ty: Type, b: Value) -> Option<(Opcode, i16)> {
        let imm = self.imm(b).filter(|_| ty == Type::I64)?;
        let is_divisor = imm != 0 && imm != -1;
        let is_count = (0..64).contains(&imm);
        match op {
            CheckedOp::SAdd => Some((Opcode::SAddImm, imm)),
            // Both overflow for the same operands.
            CheckedOp::SSub => Some((Opcode::SAddImm, imm.checked_neg()?)),
            CheckedOp::SMul => Some((Opcode::SMulImm, imm)),
            CheckedOp::SDiv if is_divisor => Some((Opcode::SDivImm, imm)),
            CheckedOp::SRem if is_divisor => Some((Opcode::SRemImm, imm)),
            CheckedOp::Shl if is_count => Some((Opcode::ShlImm, imm)),
            CheckedOp::SShr if is_count => Some((Opcode::SShrImm, imm)),
            CheckedOp::UShr if is_count => Some((Opcode::UShrImm, imm)),
            _ => None,
        }
    }

    /// The count is read as unsigned, and shown so where it is out of range.
    fn shift(&mut self, family: ByWidth, inst: Inst, a: Value, count: Value) {
        let (register, count) = (self.reg(a), self.zero_extended(count));
        let result = self.result(inst);
        self.mark(inst);
        self.buf.op(by_width(family, self.ty(a)), result, register, count);
    }

    pub(super) fn operator(&mut self, inst: Inst, op: UnaryOp, value: Value) {
        let ty = self.ty(value);
        let opcode = match op {
            UnaryOp::Not if ty == Type::Bool => Opcode::NotBool,
            UnaryOp::Not => Opcode::Not,
            UnaryOp::Neg => by_width(family::Neg, ty),
            UnaryOp::CountOnes => by_width(family::CountOnes, ty),
            UnaryOp::LeadingZeros => by_width(family::LeadingZeros, ty),
            UnaryOp::TrailingZeros => by_width(family::TrailingZeros, ty),
            UnaryOp::FNeg => by_float(family::FNeg, ty),
            UnaryOp::FAbs => by_float(family::FAbs, ty),
            UnaryOp::FSqrt => by_float(family::FSqrt, ty),
            UnaryOp::FFloor => by_float(family::FFloor, ty),
            UnaryOp::FCeil => by_float(family::FCeil, ty),
            UnaryOp::FTrunc => by_float(family::FTrunc, ty),
        };
        self.unary(opcode, inst, value);
    }

    pub(super) fn conversion(&mut self, inst: Inst, kind: CastKind, to: Type, value: Value) {
        let from = self.ty(value);
        let (opcode, register) = match kind {
            CastKind::ZeroExtend => (by_width(family::ZeroExtend, from), self.reg(value)),
            CastKind::Truncate => (by_width(family::SignExtend, to), self.reg(value)),
            CastKind::SignedToFloat => {
                (by_float([Opcode::S64ToF32, Opcode::S64ToF64], to), self.reg(value))
            }
            CastKind::UnsignedToFloat => {
                (by_float([Opcode::U64ToF32, Opcode::U64ToF64], to), self.zero_extended(value))
            }
            CastKind::FloatToFloat => {
                (by_float([Opcode::F64ToF32, Opcode::F32ToF64], to), self.reg(value))
            }
            CastKind::FloatToSigned => (by_width(family::FloatToSigned, to), self.as_f64(value)),
            CastKind::FloatToUnsigned => {
                (by_width(family::FloatToUnsigned, to), self.as_f64(value))
            }
            // Of 4 bytes; the others are names of their operand.
            CastKind::Bitcast if to == Type::F32 => {
                (by_width(family::ZeroExtend, Type::I32), self.reg(value))
            }
            CastKind::Bitcast => (by_width(family::SignExtend, Type::I32), self.reg(value)),
            CastKind::SignExtend | CastKind::Address => {
                unreachable!("the result is a name of the operand")
            }
        };
        let result = self.result(inst);
        self.buf.op(opcode, result, register, 0);
    }

    pub(super) fn trapping_cast(
        &mut self,
        inst: Inst,
        kind: CheckedCastKind,
        to: Type,
        value: Value,
    ) {
        let (opcode, register) = match kind {
            CheckedCastKind::SignedToSigned => {
                (by_width(family::SignedToSigned, to), self.reg(value))
            }
            CheckedCastKind::SignedToUnsigned => {
                (by_width(family::SignedToUnsigned, to), self.reg(value))
            }
            CheckedCastKind::UnsignedToSigned => {
                (by_width(family::UnsignedToSigned, to), self.zero_extended(value))
            }
            CheckedCastKind::UnsignedToUnsigned => {
                (by_width(family::UnsignedToUnsigned, to), self.zero_extended(value))
            }
            CheckedCastKind::FloatToSigned => {
                (by_width(family::CheckedFloatToSigned, to), self.as_f64(value))
            }
            CheckedCastKind::FloatToUnsigned => {
                (by_width(family::CheckedFloatToUnsigned, to), self.as_f64(value))
            }
            CheckedCastKind::SignedToChar => (Opcode::SignedToChar, self.reg(value)),
            CheckedCastKind::UnsignedToChar => (Opcode::UnsignedToChar, self.zero_extended(value)),
        };
        let result = self.result(inst);
        self.mark(inst);
        self.buf.op(opcode, result, register, 0);
    }
}
