//! Operators on integers, floats and booleans, and the checks of those that panic.
//!
//! Cranelift turns a branch on `*_overflow` into `seto; test; jnz`, but a branch on a comparison into
//! one fused pair. So overflow is found by comparing the result with an operand wherever that
//! is equivalent: addition of a constant, and everything unsigned but multiplication.

use super::Translator;
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{self, InstBuilder};
use sepal_abi::PanicCode;
use sepal_mir::{BinOp, CheckedOp, Type, UnaryOp, Value};

impl Translator<'_, '_> {
    pub(super) fn binary(&mut self, op: BinOp, a: ir::Value, b: ir::Value) -> ir::Value {
        let ins = self.b.ins();
        match op {
            BinOp::Add => ins.iadd(a, b),
            BinOp::Sub => ins.isub(a, b),
            BinOp::Mul => ins.imul(a, b),
            BinOp::SDiv => ins.sdiv(a, b),
            BinOp::SRem => ins.srem(a, b),
            BinOp::UDiv => ins.udiv(a, b),
            BinOp::URem => ins.urem(a, b),
            BinOp::And => ins.band(a, b),
            BinOp::Or => ins.bor(a, b),
            BinOp::Xor => ins.bxor(a, b),
            BinOp::Shl => ins.ishl(a, b),
            BinOp::SShr => ins.sshr(a, b),
            BinOp::UShr => ins.ushr(a, b),
            BinOp::Eq => ins.icmp(IntCC::Equal, a, b),
            BinOp::Ne => ins.icmp(IntCC::NotEqual, a, b),
            BinOp::SLt => ins.icmp(IntCC::SignedLessThan, a, b),
            BinOp::SLe => ins.icmp(IntCC::SignedLessThanOrEqual, a, b),
            BinOp::SGt => ins.icmp(IntCC::SignedGreaterThan, a, b),
            BinOp::SGe => ins.icmp(IntCC::SignedGreaterThanOrEqual, a, b),
            BinOp::ULt => ins.icmp(IntCC::UnsignedLessThan, a, b),
            BinOp::ULe => ins.icmp(IntCC::UnsignedLessThanOrEqual, a, b),
            BinOp::UGt => ins.icmp(IntCC::UnsignedGreaterThan, a, b),
            BinOp::UGe => ins.icmp(IntCC::UnsignedGreaterThanOrEqual, a, b),
            BinOp::FAdd => ins.fadd(a, b),
            BinOp::FSub => ins.fsub(a, b),
            BinOp::FMul => ins.fmul(a, b),
            BinOp::FDiv => ins.fdiv(a, b),
            BinOp::FEq => ins.fcmp(FloatCC::Equal, a, b),
            BinOp::FNe => ins.fcmp(FloatCC::NotEqual, a, b),
            BinOp::FLt => ins.fcmp(FloatCC::LessThan, a, b),
            BinOp::FLe => ins.fcmp(FloatCC::LessThanOrEqual, a, b),
            BinOp::FGt => ins.fcmp(FloatCC::GreaterThan, a, b),
            BinOp::FGe => ins.fcmp(FloatCC::GreaterThanOrEqual, a, b),
        }
    }

    /// `value * n`: by 3, 5 and 9 as an address is computed, in a third of a multiplication's time.
    pub(super) fn multiply_known(
        &mut self,
        value: ir::Value,
        constant: ir::Value,
        n: i64,
    ) -> ir::Value {
        let shift = match n {
            3 => 1,
            5 => 2,
            9 => 3,
            _ => return self.b.ins().imul(value, constant),
        };
        let scaled = self.b.ins().ishl_imm_u(value, shift);
        self.b.ins().iadd(value, scaled)
    }

    pub(super) fn unary(&mut self, op: UnaryOp, ty: Type, value: ir::Value) -> ir::Value {
        if op == UnaryOp::Not && ty == Type::Bool {
            return self.b.compare_const(IntCC::Equal, value, 0);
        }
        let ins = self.b.ins();
        match op {
            UnaryOp::Not => ins.bnot(value),
            UnaryOp::Neg => ins.ineg(value),
            UnaryOp::CountOnes => ins.popcnt(value),
            UnaryOp::LeadingZeros => ins.clz(value),
            UnaryOp::TrailingZeros => ins.ctz(value),
            UnaryOp::FNeg => ins.fneg(value),
            UnaryOp::FAbs => ins.fabs(value),
            UnaryOp::FSqrt => ins.sqrt(value),
            UnaryOp::FFloor => ins.floor(value),
            UnaryOp::FCeil => ins.ceil(value),
            UnaryOp::FTrunc => ins.trunc(value),
        }
    }

    pub(super) fn checked(&mut self, op: CheckedOp, a: Value, b: Value) -> ir::Value {
        let (left, right) = (self.value(a), self.value(b));
        match op {
            CheckedOp::SAdd => match (self.known_int(a), self.known_int(b)) {
                (_, Some(n)) => self.add_known(left, right, n),
                (Some(n), None) => self.add_known(right, left, n),
                (None, None) => {
                    let (sum, overflow) = self.b.ins().sadd_overflow(left, right);
                    self.overflow_if(overflow, sum)
                }
            },
            CheckedOp::SSub => match self.known_int(b) {
                Some(n) => self.sub_known(left, right, n),
                None => {
                    let (difference, overflow) = self.b.ins().ssub_overflow(left, right);
                    self.overflow_if(overflow, difference)
                }
            },
            CheckedOp::SMul => {
                let (product, overflow) = self.b.ins().smul_overflow(left, right);
                self.overflow_if(overflow, product)
            }
            CheckedOp::UMul => {
                let (product, overflow) = self.b.ins().umul_overflow(left, right);
                self.overflow_if(overflow, product)
            }
            CheckedOp::UAdd => {
                let sum = self.b.ins().iadd(left, right);
                let overflow = self.b.ins().icmp(IntCC::UnsignedLessThan, sum, left);
                self.overflow_if(overflow, sum)
            }
            CheckedOp::USub => {
                let overflow = self.b.ins().icmp(IntCC::UnsignedLessThan, left, right);
                let difference = self.b.ins().isub(left, right);
                self.overflow_if(overflow, difference)
            }
            CheckedOp::SDiv => self.checked_sdiv(left, right, self.known_int(b)),
            CheckedOp::SRem | CheckedOp::UDiv | CheckedOp::URem => {
                // The least integer modulo -1 is 0; the instruction sequence sees to that.
                self.nonzero_divisor(right, self.known_int(b));
                self.binary(op.unchecked(), left, right)
            }
            CheckedOp::Shl | CheckedOp::SShr | CheckedOp::UShr => {
                self.check_count(right, self.ty(a), self.known_int(b));
                self.binary(op.unchecked(), left, right)
            }
        }
    }

    fn overflow_if(&mut self, overflow: ir::Value, result: ir::Value) -> ir::Value {
        self.cold_if(overflow, |t| t.raise_overflow());
        result
    }

    /// `value + n`: it wrapped if it went the wrong way.
    fn add_known(&mut self, value: ir::Value, constant: ir::Value, n: i64) -> ir::Value {
        let sum = self.b.ins().iadd(value, constant);
        let wrong = if n < 0 { IntCC::SignedGreaterThan } else { IntCC::SignedLessThan };
        self.wrapped_if(n, wrong, sum, value)
    }

    /// `value - n`, for the least integer too, which has no opposite.
    fn sub_known(&mut self, value: ir::Value, constant: ir::Value, n: i64) -> ir::Value {
        let difference = self.b.ins().isub(value, constant);
        let wrong = if n < 0 { IntCC::SignedLessThan } else { IntCC::SignedGreaterThan };
        self.wrapped_if(n, wrong, difference, value)
    }

    fn wrapped_if(
        &mut self,
        n: i64,
        wrong: IntCC,
        result: ir::Value,
        value: ir::Value,
    ) -> ir::Value {
        if n == 0 {
            return result;
        }
        let overflow = self.b.ins().icmp(wrong, result, value);
        self.overflow_if(overflow, result)
    }

    fn nonzero_divisor(&mut self, divisor: ir::Value, known: Option<i64>) {
        if known.is_none_or(|n| n == 0) {
            let zero = self.b.compare_const(IntCC::Equal, divisor, 0);
            self.cold_if(zero, |t| t.raise(PanicCode::DivisionByZero, &[]));
        }
    }

    /// One comparison sends both special divisors, 0 and -1, out of the way.
    fn checked_sdiv(&mut self, a: ir::Value, b: ir::Value, known: Option<i64>) -> ir::Value {
        if known.is_some_and(|n| n != 0 && n != -1) {
            return self.b.ins().sdiv(a, b);
        }
        let ty = self.b.ty(a);
        let shifted = self.b.add_const(b, 1);
        let special = self.b.compare_const(IntCC::UnsignedLessThan, shifted, 2);
        let (cold, plain, done) =
            (self.b.create_cold_block(), self.b.create_block(), self.b.create_block());
        let result = self.b.append_param(done, ty);
        self.b.branch(special, (cold, &[]), (plain, &[]));
        self.b.switch_to(cold);
        self.nonzero_divisor(b, known);
        let least = self.b.int(ty, i64::MIN >> (64 - ty.bits()));
        let overflow = self.b.ins().icmp(IntCC::Equal, a, least);
        self.cold_if(overflow, |t| t.raise_overflow());
        let opposite = self.b.ins().ineg(a);
        self.b.jump(done, &[opposite]);
        self.b.switch_to(plain);
        let quotient = self.b.ins().sdiv(a, b);
        self.b.jump(done, &[quotient]);
        self.b.switch_to(done);
        result
    }

    /// A shift count is read as unsigned; what is not below the width panics.
    fn check_count(&mut self, count: ir::Value, ty: Type, known: Option<i64>) {
        let bits = i64::from(ty.int_bits().expect("the verifier checked the type"));
        if known.is_some_and(|n| (0..bits).contains(&n)) {
            return;
        }
        let fits = self.b.compare_const(IntCC::UnsignedLessThan, count, bits);
        self.cold_unless(fits, |t| {
            let word = t.extend_word(count, false);
            t.raise(PanicCode::ShiftOutOfRange, &[word]);
        });
    }

    /// An integer as a word.
    pub(super) fn extend_word(&mut self, value: ir::Value, signed: bool) -> ir::Value {
        let word = ir::types::I64;
        if self.b.ty(value) == word {
            value
        } else if signed {
            self.b.ins().sextend(word, value)
        } else {
            self.b.ins().uextend(word, value)
        }
    }
}
