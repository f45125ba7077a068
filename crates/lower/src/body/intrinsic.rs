//! What each intrinsic of the standard library becomes.

use super::BodyCx;
use crate::cx::Vals;
use crate::shims::AnyOp;
use sepal_abi::RtFn;
use sepal_hir::intrinsics::Intrinsic;
use sepal_hir::{IntTy, Ty, TyKind};
use sepal_mir::{
    BinOp, CastKind, ConstWord, FunctionBuilder, Layout, StaticObject, Type, UnaryOp, Value,
};

impl BodyCx<'_, '_> {
    /// The scalars an intrinsic gives for the scalars of its arguments.
    pub(super) fn intrinsic(
        &mut self,
        which: Intrinsic,
        args: &[Ty],
        values: &[Vals],
        _: &[Ty],
        ret: Ty,
    ) -> Vals {
        let flat: Vals = values.iter().flatten().copied().collect();
        let one = |value: Value| Vals::from_slice(&[value]);
        match which {
            Intrinsic::ArrayNew => one(self.new_array(args[0], flat[0])),
            Intrinsic::ArrayEmpty => one(self.empty_array()),
            Intrinsic::ArrayLen | Intrinsic::StrLen | Intrinsic::BytesLen => {
                one(self.b.array_len(flat[0]))
            }
            Intrinsic::ArrayGet => self.array_get(args[0], flat[0], flat[1]),
            Intrinsic::ArraySet => self.array_set(args[0], flat[0], flat[1], &flat[2..]),
            Intrinsic::Zeroed => self.dead(ret),
            Intrinsic::ArrayCopy => {
                let [from, at, to, to_at, count] = flat[..] else { unreachable!("five scalars") };
                self.rt(RtFn::rt_array_copy, &[to, to_at, from, at, count])
            }
            Intrinsic::BoundsCheck => one(self.b.bounds_check(flat[0], flat[1])),
            // Strings and bytes look like arrays of bytes.
            Intrinsic::StrByte | Intrinsic::BytesGet => {
                self.array_get(Ty::new(TyKind::Int(IntTy::U8)), flat[0], flat[1])
            }
            Intrinsic::StrAsBytes | Intrinsic::BytesAsStr | Intrinsic::ReasonParts => flat,
            Intrinsic::CharFromCode => one(self.b.cast(CastKind::Truncate, Type::I32, flat[0])),
            Intrinsic::IntWrap => self.wrap_int(args[0], args[1], flat[0]),
            Intrinsic::IntCountOnes => one(self.count(UnaryOp::CountOnes, flat[0])),
            Intrinsic::IntLeadingZeros => one(self.count(UnaryOp::LeadingZeros, flat[0])),
            Intrinsic::IntTrailingZeros => one(self.count(UnaryOp::TrailingZeros, flat[0])),
            Intrinsic::IntShrLogical => one(self.b.bin_op(BinOp::UShr, flat[0], flat[1])),
            Intrinsic::IntMinValue | Intrinsic::IntMaxValue => {
                let int = args[0].as_int().expect("std bounds the type by Integer");
                let value = if which == Intrinsic::IntMinValue { int.min() } else { int.max() };
                one(self.b.const_int(crate::repr::int_type(int), crate::repr::int_word(int, value)))
            }
            Intrinsic::FloatSqrt => one(self.b.unary_op(UnaryOp::FSqrt, flat[0])),
            Intrinsic::FloatFloor => one(self.b.unary_op(UnaryOp::FFloor, flat[0])),
            Intrinsic::FloatCeil => one(self.b.unary_op(UnaryOp::FCeil, flat[0])),
            Intrinsic::FloatTrunc => one(self.b.unary_op(UnaryOp::FTrunc, flat[0])),
            Intrinsic::FloatAbs => one(self.b.unary_op(UnaryOp::FAbs, flat[0])),
            Intrinsic::FloatCopysign => one(self.copysign(flat[0], flat[1])),
            Intrinsic::FloatBits => one(self.b.cast(CastKind::Bitcast, Type::I64, flat[0])),
            Intrinsic::FloatFromBits => one(self.b.cast(CastKind::Bitcast, Type::F64, flat[0])),
            Intrinsic::Identity => self.rt(RtFn::rt_identity_hash, &flat),
            Intrinsic::ShowEnter => self.rt(RtFn::rt_show_enter, &flat),
            Intrinsic::ShowLeave => self.rt(RtFn::rt_show_leave, &flat),
            Intrinsic::DynShow => self.dyn_show(AnyOp::Show, args[0], flat[0]),
            Intrinsic::DynShowIn => self.dyn_show(AnyOp::ShowIn, args[0], flat[0]),
            Intrinsic::AnyShow => self.boxed_method(AnyOp::Show, flat[0]),
            Intrinsic::AnyShowIn => self.boxed_method(AnyOp::ShowIn, flat[0]),
            Intrinsic::AnyEq => one(self.any_eq(flat[0], flat[1])),
            Intrinsic::AnyTypeName => self.any_type_name(flat[0]),
            Intrinsic::CpuRdtsc => one(self.b.cpu_rdtsc()),
            Intrinsic::CpuCpuid => self.cpuid(flat[0], flat[1]),
            Intrinsic::CpuPause => self.only(FunctionBuilder::cpu_pause),
            Intrinsic::CpuFence => self.only(FunctionBuilder::cpu_fence),
            Intrinsic::GenNext => self.generator_next(flat[0], args[0], ret),
            Intrinsic::ActorWait => self.only(FunctionBuilder::wait),
            Intrinsic::ActorSend => self.actor_send(flat[0], &flat[1..]),
            Intrinsic::ActorWhereis => self.actor_whereis(flat[0], args[0]),
            Intrinsic::TimerStart => self.timer_start(flat[0], flat[1], &flat[2..]),
            Intrinsic::ReplyAnswer => self.reply_answer(flat[0], &flat[1..]),
            Intrinsic::FutureValue => self.future_value(flat[0], args[0]),
            Intrinsic::SignalReason => self.signal_reason(flat[0]),
        }
    }

    /// An op without a result.
    fn only(&mut self, op: impl FnOnce(&mut FunctionBuilder)) -> Vals {
        op(&mut self.b);
        Vals::new()
    }

    fn new_array(&mut self, elem: Ty, len: Value) -> Value {
        let layout = self.cx.array_layout(elem);
        self.b.array_new(layout, len)
    }

    /// An object that reads as an array of length 0 of any element type.
    fn empty_array(&mut self) -> Value {
        let layout = match self.cx.empty_array {
            Some(layout) => layout,
            None => {
                let name = sepal_base::Symbol::intern("empty array");
                let layout = self.cx.module.add_layout(Layout::fixed(name, &[&[Type::I64]], true));
                *self.cx.empty_array.insert(layout)
            }
        };
        let object = StaticObject { layout, variant: 0, fields: vec![ConstWord::Bits(0)] };
        let object = self.cx.module.static_object(object);
        self.b.const_object(object)
    }

    fn array_get(&mut self, elem: Ty, array: Value, index: Value) -> Vals {
        let layout = self.cx.array_layout(elem);
        let types = self.repr_of(elem).scalars.to_vec();
        let get =
            |(slot, ty): (usize, &Type)| self.b.index_get(*ty, layout, slot as u16, array, index);
        types.iter().enumerate().map(get).collect()
    }

    fn array_set(&mut self, elem: Ty, array: Value, index: Value, values: &[Value]) -> Vals {
        let layout = self.cx.array_layout(elem);
        for (slot, value) in values.iter().enumerate() {
            self.b.index_set(layout, slot as u16, array, index, *value);
        }
        Vals::new()
    }

    /// A count of bits, as an `int`.
    fn count(&mut self, op: UnaryOp, value: Value) -> Value {
        let count = self.b.unary_op(op, value);
        if self.b.ty(count) == Type::I64 {
            count
        } else {
            self.b.cast(CastKind::ZeroExtend, Type::I64, count)
        }
    }

    fn copysign(&mut self, value: Value, sign: Value) -> Value {
        let float = self.b.ty(value);
        let (int, mask) = match float {
            Type::F32 => (Type::I32, i64::from(i32::MIN)),
            _ => (Type::I64, i64::MIN),
        };
        let mask = self.b.const_int(int, mask);
        let keep = self.b.unary_op(UnaryOp::Not, mask);
        let value = self.b.cast(CastKind::Bitcast, int, value);
        let sign = self.b.cast(CastKind::Bitcast, int, sign);
        let value = self.b.bin_op(BinOp::And, value, keep);
        let sign = self.b.bin_op(BinOp::And, sign, mask);
        let both = self.b.bin_op(BinOp::Or, value, sign);
        self.b.cast(CastKind::Bitcast, float, both)
    }

    /// An operation of a value that std knows to be in a box.
    fn boxed_method(&mut self, op: AnyOp, value: Value) -> Vals {
        let object = self.b.cast(CastKind::Bitcast, Type::Ref, value);
        self.any_method(op, object, &[])
    }

    /// The four registers as `int`s.
    fn cpuid(&mut self, leaf: Value, sub: Value) -> Vals {
        let leaf = self.b.cast(CastKind::Truncate, Type::I32, leaf);
        let sub = self.b.cast(CastKind::Truncate, Type::I32, sub);
        let registers: Vals = self.b.cpu_cpuid(leaf, sub, &[Type::I32; 4]).iter().collect();
        registers.iter().map(|r| self.b.cast(CastKind::ZeroExtend, Type::I64, *r)).collect()
    }
}
