//! Conversions between scalars, and the immediates of `any`.

use super::Translator;
use crate::builder::clif_type;
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{self, InstBuilder, types};
use sepal_abi::{NumType, PanicCode, Tag};
use sepal_mir::{AnyTag, CastKind, CheckedCastKind, Type};

/// The first surrogate, the first code point after them, and the end of code points.
const SURROGATES: i64 = 0xd800;
const AFTER_SURROGATES: i64 = 0xe000;
const CHARS_END: i64 = 0x11_0000;

impl Translator<'_, '_> {
    pub(super) fn convert(
        &mut self,
        kind: CastKind,
        from: Type,
        to: Type,
        value: ir::Value,
    ) -> ir::Value {
        let ty = clif_type(to);
        match kind {
            CastKind::SignExtend => self.b.ins().sextend(ty, value),
            CastKind::ZeroExtend if self.b.ty(value) == ty => value,
            CastKind::ZeroExtend => self.b.ins().uextend(ty, value),
            CastKind::Truncate => self.b.ins().ireduce(ty, value),
            CastKind::SignedToFloat => {
                let wide = self.extend_word(value, true);
                self.b.ins().fcvt_from_sint(ty, wide)
            }
            // A narrow unsigned integer is a positive signed one.
            CastKind::UnsignedToFloat if from != Type::I64 => {
                let wide = self.extend_word(value, false);
                self.b.ins().fcvt_from_sint(ty, wide)
            }
            CastKind::UnsignedToFloat => self.b.ins().fcvt_from_uint(ty, value),
            CastKind::FloatToFloat if to == Type::F64 => self.b.ins().fpromote(ty, value),
            CastKind::FloatToFloat => self.b.ins().fdemote(ty, value),
            CastKind::FloatToSigned => self.saturate(to, value, true),
            CastKind::FloatToUnsigned => self.saturate(to, value, false),
            CastKind::Bitcast | CastKind::Address => self.b.bitcast(ty, value),
        }
    }

    /// A float cut to the range of an integer type; NaN gives 0.
    fn saturate(&mut self, to: Type, value: ir::Value, signed: bool) -> ir::Value {
        let ty = clif_type(to);
        let bits = ty.bits();
        if bits >= 32 {
            return if signed {
                self.b.ins().fcvt_to_sint_sat(ty, value)
            } else {
                self.b.ins().fcvt_to_uint_sat(ty, value)
            };
        }
        let wide = self.b.ins().fcvt_to_sint_sat(types::I32, value);
        let (low, high) =
            if signed { (-1 << (bits - 1), (1 << (bits - 1)) - 1) } else { (0, (1 << bits) - 1) };
        let (low, high) = (self.b.int(types::I32, low), self.b.int(types::I32, high));
        let wide = self.b.ins().smax(wide, low);
        let wide = self.b.ins().smin(wide, high);
        self.b.ins().ireduce(ty, wide)
    }

    pub(super) fn convert_checked(
        &mut self,
        kind: CheckedCastKind,
        to: Type,
        value: ir::Value,
    ) -> ir::Value {
        match kind {
            CheckedCastKind::SignedToSigned => self.signed_to_signed(to, value),
            CheckedCastKind::SignedToUnsigned => self.signed_to_unsigned(to, value),
            CheckedCastKind::UnsignedToSigned => self.unsigned_to(to, value, true),
            CheckedCastKind::UnsignedToUnsigned => self.unsigned_to(to, value, false),
            CheckedCastKind::FloatToSigned => self.float_to_int(to, value, true),
            CheckedCastKind::FloatToUnsigned => self.float_to_int(to, value, false),
            CheckedCastKind::SignedToChar => self.int_to_char(value, true),
            CheckedCastKind::UnsignedToChar => self.int_to_char(value, false),
        }
    }

    fn signed_to_signed(&mut self, to: Type, value: ir::Value) -> ir::Value {
        let (from, ty) = (self.b.ty(value), clif_type(to));
        if ty.bits() >= from.bits() {
            return self.widen(ty, value, true);
        }
        let narrow = self.b.ins().ireduce(ty, value);
        let back = self.b.ins().sextend(from, narrow);
        let fits = self.b.ins().icmp(IntCC::Equal, back, value);
        self.conversion_unless(fits, value, true, num_type(to, true));
        narrow
    }

    fn signed_to_unsigned(&mut self, to: Type, value: ir::Value) -> ir::Value {
        let (from, ty) = (self.b.ty(value), clif_type(to));
        let target = num_type(to, false);
        if ty.bits() >= from.bits() {
            let fits = self.b.compare_const(IntCC::SignedGreaterThanOrEqual, value, 0);
            self.conversion_unless(fits, value, true, target);
            return self.widen(ty, value, true);
        }
        self.reduce_checked(value, ty, unsigned_max(ty), true, target)
    }

    fn unsigned_to(&mut self, to: Type, value: ir::Value, signed: bool) -> ir::Value {
        let (from, ty) = (self.b.ty(value), clif_type(to));
        if ty.bits() > from.bits() || ty == from && !signed {
            return self.widen(ty, value, false);
        }
        let most = if signed { unsigned_max(ty) >> 1 } else { unsigned_max(ty) };
        self.reduce_checked(value, ty, most, false, num_type(to, signed))
    }

    /// The low bits of a value that must be at most `most` when read as unsigned.
    fn reduce_checked(
        &mut self,
        value: ir::Value,
        ty: ir::Type,
        most: u64,
        from_signed: bool,
        target: NumType,
    ) -> ir::Value {
        let fits = self.b.compare_const(IntCC::UnsignedLessThanOrEqual, value, most.cast_signed());
        self.conversion_unless(fits, value, from_signed, target);
        if self.b.ty(value) == ty { value } else { self.b.ins().ireduce(ty, value) }
    }

    fn widen(&mut self, ty: ir::Type, value: ir::Value, signed: bool) -> ir::Value {
        if self.b.ty(value) == ty {
            value
        } else if signed {
            self.b.ins().sextend(ty, value)
        } else {
            self.b.ins().uextend(ty, value)
        }
    }

    /// Panics unless `fits`, naming the value and the type it was to have.
    fn conversion_unless(&mut self, fits: ir::Value, value: ir::Value, signed: bool, to: NumType) {
        let code = if signed { PanicCode::ConversionInt } else { PanicCode::ConversionUint };
        self.cold_unless(fits, |t| {
            let word = t.extend_word(value, signed);
            t.raise_conversion(code, word, to);
        });
    }

    fn raise_conversion(&mut self, code: PanicCode, word: ir::Value, to: NumType) {
        let to = self.b.int(types::I64, to as i64);
        self.raise(code, &[word, to]);
    }

    /// Truncates towards zero. The comparisons are with the values next to the range, which are exact
    /// in `f64`, and fail for NaN.
    fn float_to_int(&mut self, to: Type, value: ir::Value, signed: bool) -> ir::Value {
        let ty = clif_type(to);
        let bits = ty.bits();
        let value = if self.b.ty(value) == types::F64 {
            value
        } else {
            self.b.ins().fpromote(types::F64, value)
        };
        let end = ((1u128 << if signed { bits - 1 } else { bits }) as f64, FloatCC::LessThan);
        let start = match (signed, bits) {
            // There is no float between the least 64-bit integer and the one before it.
            (true, 64) => (-(end.0), FloatCC::GreaterThanOrEqual),
            (true, _) => (-(end.0) - 1.0, FloatCC::GreaterThan),
            (false, _) => (-1.0, FloatCC::GreaterThan),
        };
        for (bound, cc) in [start, end] {
            let bound = self.b.ins().f64const(bound);
            let fits = self.b.ins().fcmp(cc, value, bound);
            self.cold_unless(fits, |t| {
                let word = t.b.bitcast(types::I64, value);
                t.raise_conversion(PanicCode::ConversionFloat, word, num_type(to, signed));
            });
        }
        match (signed, bits) {
            (true, 32 | 64) => self.b.ins().fcvt_to_sint(ty, value),
            (false, 64) => self.b.ins().fcvt_to_uint(ty, value),
            // What is in a narrow range is in the one of signed words.
            (true | false, _) => {
                let wide = self.b.ins().fcvt_to_sint(types::I64, value);
                self.b.ins().ireduce(ty, wide)
            }
        }
    }

    fn int_to_char(&mut self, value: ir::Value, signed: bool) -> ir::Value {
        let word = self.extend_word(value, signed);
        let (check, done) = (self.b.create_block(), self.b.create_block());
        let low = self.b.compare_const(IntCC::UnsignedLessThan, word, SURROGATES);
        self.b.branch(low, (done, &[]), (check, &[]));
        self.b.switch_to(check);
        let above = self.b.add_const(word, -AFTER_SURROGATES);
        let count = CHARS_END - AFTER_SURROGATES;
        let fits = self.b.compare_const(IntCC::UnsignedLessThan, above, count);
        self.conversion_unless(fits, word, signed, NumType::Char);
        self.b.jump(done, &[]);
        self.b.switch_to(done);
        match self.b.ty(value).bits() {
            32 => value,
            64 => self.b.ins().ireduce(types::I32, value),
            _ => self.b.ins().ireduce(types::I32, word),
        }
    }

    // Immediates of `any`.

    pub(super) fn pack(&mut self, tag: AnyTag, value: ir::Value) -> ir::Value {
        let (payload, tag) = match tag {
            AnyTag::Int => (self.shift_left(value), Tag::Int),
            AnyTag::Float => (self.b.bitcast(types::I64, value), Tag::Float),
            AnyTag::Bool => {
                let word = self.extend_word(value, false);
                (self.shift_left(word), Tag::Bool)
            }
        };
        let tag = self.b.int(types::I64, tag as i64);
        self.b.ins().bor(payload, tag)
    }

    fn shift_left(&mut self, word: ir::Value) -> ir::Value {
        let by = self.b.int(types::I64, 3);
        self.b.ins().ishl(word, by)
    }

    pub(super) fn unpack(&mut self, tag: AnyTag, word: ir::Value) -> ir::Value {
        match tag {
            AnyTag::Int => {
                let by = self.b.int(types::I64, 3);
                self.b.ins().sshr(word, by)
            }
            AnyTag::Float => {
                let mask = self.b.int(types::I64, !7);
                let bits = self.b.ins().band(word, mask);
                self.b.bitcast(types::F64, bits)
            }
            AnyTag::Bool => {
                let by = self.b.int(types::I64, 3);
                let bits = self.b.ins().ushr(word, by);
                self.b.compare_const(IntCC::NotEqual, bits, 0)
            }
        }
    }
}

fn unsigned_max(ty: ir::Type) -> u64 {
    u64::MAX >> (64 - ty.bits())
}

/// The source-level name of an integer type.
fn num_type(to: Type, signed: bool) -> NumType {
    match (to, signed) {
        (Type::I8, true) => NumType::I8,
        (Type::I16, true) => NumType::I16,
        (Type::I32, true) => NumType::I32,
        (Type::I64, true) => NumType::Int,
        (Type::I8, false) => NumType::U8,
        (Type::I16, false) => NumType::U16,
        (Type::I32, false) => NumType::U32,
        (Type::I64, false) => NumType::U64,
        (Type::F32 | Type::F64 | Type::Bool | Type::Ref | Type::Any | Type::Ptr, _) => {
            unreachable!("the verifier checked that the type is an integer")
        }
    }
}
