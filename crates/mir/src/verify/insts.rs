//! The types of every op's operands and results.

use super::{Check, Checked, ensure};
use crate::effects::MemClass;
use crate::entities::*;
use crate::keywords::*;
use crate::module::LayoutKind;
use crate::ops::{Op, ResultRule};
use crate::types::{Signature, Type};

impl Check<'_> {
    pub(super) fn op(&self, op: &Op, inst: Inst) -> Checked {
        self.operands(op)?;
        let results: Vec<Type> = self.func.insts[inst]
            .results
            .iter()
            .map(|value| self.value_type(value))
            .collect::<Result<_, _>>()?;
        // The operands exist, which the rule relies on.
        let wanted = match op.result_rule(self.func) {
            ResultRule::None => Vec::new(),
            ResultRule::One(ty) => vec![ty],
            ResultRule::Callee => self.callee_results(op)?,
        };
        ensure(results == wanted, || format!("the results are {results:?}, not {wanted:?}"))
    }

    fn callee_results(&self, op: &Op) -> Result<Vec<Type>, String> {
        let module = self.module;
        let found = if let Op::Call { func, .. } = *op {
            module.functions.get(func).map(|f| f.sig.results.clone())
        } else if let Op::IndirectCall { sig, .. }
        | Op::MethodCallVirtual { sig, .. }
        | Op::GeneratorNext { sig, .. } = *op
        {
            module.signatures.get(sig).map(|sig| sig.results.clone())
        } else if let Op::CallRt { rt, .. } = *op {
            Some(rt.results().to_vec())
        } else if let Op::CallExtern { func, .. } = *op {
            module.externs.get(func).map(|f| f.sig.results.clone())
        } else {
            Some(vec![Type::I32; 4])
        };
        found.ok_or_else(|| "the callee does not exist".to_owned())
    }

    fn operands(&self, op: &Op) -> Checked {
        match *op {
            Op::ConstInt { ty, value } => constant(ty, value),
            Op::ConstFloat { ty, .. } => is(ty.is_float(), ty, "a float type"),
            Op::ConstBool { .. } => Ok(()),
            Op::ConstString { string } => exists(self.module.strings.get(string)),
            Op::ConstSymbol { symbol } => exists(self.module.symbols.get(symbol)),
            Op::ConstNull { ty } => is(matches!(ty, Type::Ref | Type::Ptr), ty, "a pointer type"),
            Op::ConstObject { object } => exists(self.module.statics.get(object)),
            Op::FuncAddr { func } => exists(self.module.functions.get(func)),
            Op::VtableAddr { vtable } => exists(self.module.vtables.get(vtable)),
            Op::Copy { value } => self.value_type(value).map(|_| ()),
            Op::BinOp { op, a, b } => self.bin_op(op, a, b),
            Op::CheckedOp { op, a, b } => self.int_op(a, b, op.is_shift()),
            Op::UnaryOp { op, value } => self.unary_op(op, value),
            Op::Cast { kind, ty, value } => self.cast(kind, ty, value),
            Op::CheckedCast { kind, ty, value } => self.checked_cast(kind, ty, value),
            Op::Select { cond, a, b } => {
                self.expect(cond, Type::Bool)?;
                self.expect(b, self.value_type(a)?)
            }
            Op::GcAlloc { .. }
            | Op::StructInit { .. }
            | Op::FieldGet { .. }
            | Op::FieldSet { .. }
            | Op::EnumDiscriminant { .. }
            | Op::ClosureCreate { .. }
            | Op::ArrayNew { .. }
            | Op::ArrayLen { .. }
            | Op::ArrayLit { .. }
            | Op::IndexGet { .. }
            | Op::IndexSet { .. } => self.object_op(op),
            Op::BoundsCheck { index, len } => self.expect_both(index, len, Type::I64),
            Op::Call { func, args } => {
                let callee = self.module.functions.get(func).ok_or("the callee does not exist")?;
                self.expect_all(self.func.list(args), &callee.sig.params)
            }
            Op::IndirectCall { sig, closure: object, args }
            | Op::MethodCallVirtual { sig, object, args, .. } => {
                self.signature(sig, object, args).map(|_| ())
            }
            Op::CallRt { rt, args } => self.expect_all(self.func.list(args), rt.params()),
            Op::CallExtern { func, args } => {
                let callee = self.module.externs.get(func).ok_or("the callee does not exist")?;
                self.expect_all(self.func.list(args), &callee.sig.params)
            }
            Op::AnyPack { tag, value } => self.expect(value, payload(tag)),
            Op::AnyTag { value } | Op::AnyUnpack { value, .. } => self.expect(value, Type::Any),
            Op::GlobalGet { ty, global } => {
                let found = self.module.globals.get(global).ok_or("the global does not exist")?.ty;
                is(found == ty, found, "the global's type")
            }
            Op::GlobalSet { global, value } => {
                let found = self.module.globals.get(global).ok_or("the global does not exist")?.ty;
                self.expect(value, found)
            }
            Op::ContractCheck { cond, message, .. } => {
                self.expect(cond, Type::Bool)?;
                exists(self.module.strings.get(message).filter(|data| data.is_text))
            }
            Op::CpuCpuid { leaf, sub } => self.expect_both(leaf, sub, Type::I32),
            Op::Poll { .. } | Op::Wait {} | Op::CpuRdtsc {} | Op::CpuPause {} | Op::CpuFence {} => {
                Ok(())
            }
            Op::Yield { .. } | Op::FrameNew { .. } | Op::GeneratorNext { .. } => self.task_op(op),
        }
    }

    fn expect_both(&self, a: Value, b: Value, ty: Type) -> Checked {
        self.expect(a, ty)?;
        self.expect(b, ty)
    }

    fn task_op(&self, op: &Op) -> Checked {
        if let Op::Yield { values } = *op {
            self.func.list(values).iter().try_for_each(|&v| self.value_type(v).map(|_| ()))
        } else if let Op::FrameNew { func, args } = *op {
            let body = self.module.functions.get(func).ok_or("the body does not exist")?;
            self.expect_all(self.func.list(args), &body.sig.params)
        } else if let Op::GeneratorNext { sig, generator } = *op {
            let sig = self.signature(sig, generator, ValueList::default())?;
            let has_value = sig.results.first() == Some(&Type::Bool);
            ensure(has_value, || "the first result is not whether there is a value".to_owned())
        } else {
            Ok(())
        }
    }

    fn object_op(&self, op: &Op) -> Checked {
        if let Op::GcAlloc { layout, variant } = *op {
            self.variant_types(layout, variant).map(|_| ())
        } else if let Op::StructInit { layout, variant, fields } = *op {
            let types = self.variant_types(layout, variant)?;
            self.expect_all(self.func.list(fields), &types)
        } else if let Op::FieldGet { ty, field, object } = *op {
            self.expect(object, Type::Ref)?;
            let found = self.field_type(field)?;
            is(found == ty, found, "the field's type")
        } else if let Op::FieldSet { field, object, value } = *op {
            self.expect(object, Type::Ref)?;
            self.expect(value, self.field_type(field)?)?;
            let immutable = self.module.is_immutable(MemClass::Field(field));
            ensure(!immutable, || "the field is immutable".to_owned())
        } else if let Op::ClosureCreate { layout, func, captures } = *op {
            self.closure(layout, func, captures)
        } else {
            self.array_op(op)
        }
    }

    fn array_op(&self, op: &Op) -> Checked {
        if let Op::ArrayNew { layout, len } = *op {
            self.slots(layout)?;
            self.expect(len, Type::I64)
        } else if let Op::ArrayLit { layout, values } = *op {
            self.array_lit(layout, values)
        } else if let Op::IndexGet { ty, layout, slot, array, index } = *op {
            let found = self.element(layout, slot, array, index)?;
            is(found == ty, found, "the slot's type")
        } else if let Op::IndexSet { layout, slot, array, index, value } = *op {
            let found = self.element(layout, slot, array, index)?;
            self.expect(value, found)
        } else if let Op::ArrayLen { array: object } | Op::EnumDiscriminant { object } = *op {
            self.expect(object, Type::Ref)
        } else {
            Err("an op without rules".to_owned())
        }
    }

    /// The signature of an indirect call, whose first parameter is the object called through.
    pub(super) fn signature(
        &self,
        sig: SigId,
        object: Value,
        args: ValueList,
    ) -> Result<&Signature, String> {
        let sig = self.module.signatures.get(sig).ok_or("the signature does not exist")?;
        let (first, rest) = sig.params.split_first().ok_or("the signature takes no object")?;
        ensure(*first == Type::Ref, || "the signature takes no object".to_owned())?;
        self.expect(object, Type::Ref)?;
        self.expect_all(self.func.list(args), rest)?;
        Ok(sig)
    }

    fn bin_op(&self, op: BinOp, a: Value, b: Value) -> Checked {
        let ty = self.value_type(a)?;
        if op.is_float() {
            is(ty.is_float(), ty, "a float type")?;
            return self.expect(b, ty);
        }
        if matches!(op, BinOp::Eq | BinOp::Ne) {
            is(!ty.is_float(), ty, "compared by bits")?;
            return self.expect(b, ty);
        }
        // Of bools, false is below true.
        let orders = matches!(op, BinOp::ULt | BinOp::ULe | BinOp::UGt | BinOp::UGe);
        if ty == Type::Bool && (orders || matches!(op, BinOp::And | BinOp::Or | BinOp::Xor)) {
            return self.expect(b, ty);
        }
        self.int_op(a, b, op.is_shift())
    }

    fn int_op(&self, a: Value, b: Value, is_shift: bool) -> Checked {
        let (a, other) = (self.value_type(a)?, self.value_type(b)?);
        is(a.is_int(), a, "an integer type")?;
        is(if is_shift { other.is_int() } else { other == a }, other, "the right operand's type")
    }

    fn unary_op(&self, op: UnaryOp, value: Value) -> Checked {
        let ty = self.value_type(value)?;
        match op {
            UnaryOp::Not if ty == Type::Bool => Ok(()),
            UnaryOp::Not
            | UnaryOp::Neg
            | UnaryOp::CountOnes
            | UnaryOp::LeadingZeros
            | UnaryOp::TrailingZeros => is(ty.is_int(), ty, "an integer type"),
            UnaryOp::FNeg
            | UnaryOp::FAbs
            | UnaryOp::FSqrt
            | UnaryOp::FFloor
            | UnaryOp::FCeil
            | UnaryOp::FTrunc => is(ty.is_float(), ty, "a float type"),
        }
    }

    fn cast(&self, kind: CastKind, to: Type, value: Value) -> Checked {
        let from = self.value_type(value)?;
        let wider = from.is_int() && to.is_int() && from.size() < to.size();
        let fine = match kind {
            CastKind::SignExtend => wider,
            CastKind::ZeroExtend => wider || from == Type::Bool && to.is_int(),
            CastKind::Truncate => from.is_int() && to.is_int() && from.size() > to.size(),
            CastKind::SignedToFloat | CastKind::UnsignedToFloat => from.is_int() && to.is_float(),
            CastKind::FloatToFloat => from.is_float() && to.is_float() && from != to,
            CastKind::FloatToSigned | CastKind::FloatToUnsigned => from.is_float() && to.is_int(),
            CastKind::Bitcast => {
                let hides = from.is_traced() && !to.is_traced();
                from.size() == to.size() && from != to && from.size() >= 4 && !hides
            }
            CastKind::Address => from.is_traced() && to == Type::I64,
        };
        ensure(fine, || format!("{} does not turn {from} into {to}", kind.name()))
    }

    fn checked_cast(&self, kind: CheckedCastKind, to: Type, value: Value) -> Checked {
        let from = self.value_type(value)?;
        let fine = match kind {
            CheckedCastKind::SignedToSigned
            | CheckedCastKind::SignedToUnsigned
            | CheckedCastKind::UnsignedToSigned
            | CheckedCastKind::UnsignedToUnsigned => from.is_int() && to.is_int(),
            CheckedCastKind::FloatToSigned | CheckedCastKind::FloatToUnsigned => {
                from.is_float() && to.is_int()
            }
            CheckedCastKind::SignedToChar | CheckedCastKind::UnsignedToChar => {
                from.is_int() && to == Type::I32
            }
        };
        ensure(fine, || format!("{} does not turn {from} into {to}", kind.name()))
    }

    fn variant_types(&self, layout: LayoutId, variant: u16) -> Result<Vec<Type>, String> {
        let layout = self.module.layouts.get(layout).ok_or("the layout does not exist")?;
        let variant = layout.variant(variant).ok_or("the layout has no such variant")?;
        Ok(variant.fields.iter().map(|field| field.ty).collect())
    }

    fn field_type(&self, field: FieldRef) -> Result<Type, String> {
        self.module.field(field).map(|f| f.ty).ok_or_else(|| "the field does not exist".to_owned())
    }

    fn closure(&self, layout: LayoutId, func: FuncId, captures: ValueList) -> Checked {
        let types = self.variant_types(layout, 0)?;
        let (code, rest) = types.split_first().ok_or("the layout has no code field")?;
        ensure(*code == Type::Ptr, || "field 0 is not the code".to_owned())?;
        self.expect_all(self.func.list(captures), rest)?;
        let callee = self.module.functions.get(func).ok_or("the function does not exist")?;
        let first = callee.sig.params.first();
        ensure(first == Some(&Type::Ref), || "the function takes no closure".to_owned())
    }

    fn slots(&self, layout: LayoutId) -> Result<&[Type], String> {
        let layout = self.module.layouts.get(layout).ok_or("the layout does not exist")?;
        match &layout.kind {
            LayoutKind::Array(slots) => Ok(slots),
            LayoutKind::Fixed(_) => Err("the layout is not one of arrays".to_owned()),
        }
    }

    fn array_lit(&self, layout: LayoutId, values: ValueList) -> Checked {
        let slots = self.slots(layout)?;
        let values = self.func.list(values);
        ensure(!slots.is_empty() && values.len().is_multiple_of(slots.len()), || {
            "the values are not whole elements".to_owned()
        })?;
        values.chunks(slots.len()).try_for_each(|element| self.expect_all(element, slots))
    }

    fn element(
        &self,
        layout: LayoutId,
        slot: u16,
        array: Value,
        index: Value,
    ) -> Result<Type, String> {
        self.expect(array, Type::Ref)?;
        self.expect(index, Type::I64)?;
        let ty = self.slots(layout)?.get(usize::from(slot)).copied();
        ty.ok_or_else(|| "the elements have no such slot".to_owned())
    }
}

/// Whether an integer constant fits its type, sign-extended from its width.
fn constant(ty: Type, value: i64) -> Checked {
    let fits = match ty.int_bits() {
        Some(bits) => value << (64 - bits) >> (64 - bits) == value,
        None => ty == Type::Any && (value & 7 != 0 || value == 0),
    };
    ensure(fits, || format!("{value} is no constant of type {ty}"))
}

fn payload(tag: AnyTag) -> Type {
    match tag {
        AnyTag::Int => Type::I64,
        AnyTag::Float => Type::F64,
        AnyTag::Bool => Type::Bool,
    }
}

fn is(condition: bool, ty: Type, what: &str) -> Checked {
    ensure(condition, || format!("{ty} is not {what}"))
}

fn exists<T>(found: Option<T>) -> Checked {
    ensure(found.is_some(), || "a constant does not exist".to_owned())
}
