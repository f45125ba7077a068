//! The dispatch: every op of MIR to the topic that lowers it.

use super::Translator;
use crate::thunks::{CpuInst, Thunk};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, types};
use sepal_abi::{PanicCode, RtFn};
use sepal_mir::*;

impl OpVisitor for Translator<'_, '_> {
    type Output = ();

    fn const_int(&mut self, at: Inst, ty: Type, value: i64) {
        let value = self.b.int(crate::builder::clif_type(ty), value);
        self.define(at, value);
    }

    fn const_float(&mut self, at: Inst, ty: Type, value: FloatBits) {
        let value = if ty == Type::F32 {
            self.b.ins().f32const(value.get() as f32)
        } else {
            self.b.ins().f64const(value.get())
        };
        self.define(at, value);
    }

    fn const_bool(&mut self, at: Inst, value: bool) {
        let value = self.b.int(types::I8, i64::from(value));
        self.define(at, value);
    }

    fn const_string(&mut self, at: Inst, string: StrId) {
        let value = self.data(self.decls.constants.string(string));
        self.define(at, value);
    }

    fn const_symbol(&mut self, at: Inst, symbol: SymId) {
        let value = self.b.int(types::I32, i64::from(symbol.0));
        self.define(at, value);
    }

    fn const_null(&mut self, at: Inst, _: Type) {
        let value = self.b.int(types::I64, 0);
        self.define(at, value);
    }

    fn const_object(&mut self, at: Inst, object: StaticId) {
        let value = self.data(self.decls.constants.object(object));
        self.define(at, value);
    }

    fn func_addr(&mut self, at: Inst, func: FuncId) {
        let value = self.function_address(func);
        self.define(at, value);
    }

    fn vtable_addr(&mut self, at: Inst, vtable: VtableId) {
        let value = self.data(self.decls.constants.vtable(vtable));
        self.define(at, value);
    }

    fn copy(&mut self, at: Inst, value: Value) {
        let value = self.value(value);
        self.define(at, value);
    }

    fn bin_op(&mut self, at: Inst, op: BinOp, a: Value, b: Value) {
        let value = match (op, self.known_int(b)) {
            (BinOp::Mul, Some(n)) => self.multiply_known(self.value(a), self.value(b), n),
            (_, _) => self.binary(op, self.value(a), self.value(b)),
        };
        self.define(at, value);
    }

    fn checked_op(&mut self, at: Inst, op: CheckedOp, a: Value, b: Value) {
        let value = self.checked(op, a, b);
        self.define(at, value);
    }

    fn unary_op(&mut self, at: Inst, op: UnaryOp, value: Value) {
        let value = self.unary(op, self.ty(value), self.value(value));
        self.define(at, value);
    }

    fn cast(&mut self, at: Inst, kind: CastKind, ty: Type, value: Value) {
        let value = self.convert(kind, self.ty(value), ty, self.value(value));
        self.define(at, value);
    }

    fn checked_cast(&mut self, at: Inst, kind: CheckedCastKind, ty: Type, value: Value) {
        let value = self.convert_checked(kind, ty, self.value(value));
        self.define(at, value);
    }

    fn select(&mut self, at: Inst, cond: Value, a: Value, b: Value) {
        let (cond, a, b) = (self.value(cond), self.value(a), self.value(b));
        let value = self.b.ins().select(cond, a, b);
        self.define(at, value);
    }

    fn gc_alloc(&mut self, at: Inst, layout: LayoutId, variant: u16) {
        let object = self.new_object(layout, variant);
        self.define(at, object);
    }

    fn struct_init(&mut self, at: Inst, layout: LayoutId, variant: u16, fields: ValueList) {
        let object = self.new_object(layout, variant);
        let fields = self.list(fields);
        self.fill_object(layout, variant, object, &fields);
        self.define(at, object);
    }

    fn field_get(&mut self, at: Inst, ty: Type, field: FieldRef, object: Value) {
        let value = self.load_field(field, ty, self.value(object));
        self.define(at, value);
    }

    fn field_set(&mut self, _: Inst, field: FieldRef, object: Value, value: Value) {
        self.overwrite_field(field, object, self.value(value));
    }

    fn enum_discriminant(&mut self, at: Inst, object: Value) {
        let value = self.load_variant(self.value(object));
        self.define(at, value);
    }

    fn closure_create(&mut self, at: Inst, layout: LayoutId, func: FuncId, captures: ValueList) {
        let object = self.new_object(layout, 0);
        let mut fields = vec![self.function_address(func)];
        fields.extend(self.list(captures));
        self.fill_object(layout, 0, object, &fields);
        self.define(at, object);
    }

    fn array_new(&mut self, at: Inst, layout: LayoutId, len: Value) {
        let value = self.new_array(layout, len);
        self.define(at, value);
    }

    fn array_len(&mut self, at: Inst, array: Value) {
        let value = self.load_length(self.value(array));
        self.define(at, value);
    }

    fn array_lit(&mut self, at: Inst, layout: LayoutId, values: ValueList) {
        let values = self.list(values);
        let array = self.array_of(layout, &values);
        self.define(at, array);
    }

    fn index_get(
        &mut self,
        at: Inst,
        ty: Type,
        layout: LayoutId,
        slot: u16,
        array: Value,
        index: Value,
    ) {
        let value = self.load_element(layout, slot, ty, self.value(array), index);
        self.define(at, value);
    }

    fn index_set(
        &mut self,
        _: Inst,
        layout: LayoutId,
        slot: u16,
        array: Value,
        index: Value,
        value: Value,
    ) {
        self.store_element(layout, slot, array, index, self.value(value));
    }

    fn bounds_check(&mut self, at: Inst, index: Value, len: Value) {
        let value = self.check_bounds(index, self.value(len));
        self.define(at, value);
    }

    fn call(&mut self, at: Inst, func: FuncId, args: ValueList) {
        let args = self.list(args);
        let results = self.call_function(func, &args);
        self.define_all(at, &results);
    }

    fn indirect_call(&mut self, at: Inst, sig: SigId, closure: Value, args: ValueList) {
        let (code, args) = self.closure_code(closure, args);
        let results = self.call_code(sig, code, &args);
        self.define_all(at, &results);
    }

    fn method_call_virtual(
        &mut self,
        at: Inst,
        sig: SigId,
        slot: u32,
        object: Value,
        args: ValueList,
    ) {
        let (code, args) = self.method_code(slot, object, args);
        let results = self.call_code(sig, code, &args);
        self.define_all(at, &results);
    }

    fn call_rt(&mut self, at: Inst, rt: RtFn, args: ValueList) {
        let args = self.list(args);
        if let (RtFn::rt_array_grow, &[array, len]) = (rt, &args[..]) {
            let grown = self.grow_array(array, len);
            return self.define(at, grown);
        }
        let results = self.call_runtime(rt, &args);
        self.define_all(at, &results);
    }

    fn call_extern(&mut self, at: Inst, func: ExternId, args: ValueList) {
        let args = self.list(args);
        let results = self.call_c(func, &args);
        self.define_all(at, &results);
    }

    fn any_pack(&mut self, at: Inst, tag: AnyTag, value: Value) {
        let value = self.pack(tag, self.value(value));
        self.define(at, value);
    }

    fn any_tag(&mut self, at: Inst, value: Value) {
        let mask = self.b.int(types::I64, 7);
        let value = self.value(value);
        let value = self.b.ins().band(value, mask);
        self.define(at, value);
    }

    fn any_unpack(&mut self, at: Inst, tag: AnyTag, value: Value) {
        let value = self.unpack(tag, self.value(value));
        self.define(at, value);
    }

    fn global_get(&mut self, at: Inst, ty: Type, global: GlobalId) {
        let value = self.load_global(ty, global);
        self.define(at, value);
    }

    fn global_set(&mut self, _: Inst, global: GlobalId, value: Value) {
        self.store_global(global, self.value(value));
    }

    fn contract_check(&mut self, _: Inst, _: ContractKind, cond: Value, message: StrId) {
        let cond = self.value(cond);
        self.cold_unless(cond, |t| {
            let message = t.data(t.decls.constants.string(message));
            t.raise(PanicCode::ContractFailed, &[message]);
        });
    }

    fn poll(&mut self, _: Inst, kind: PollKind) {
        if self.quick.as_ref().is_some_and(|quick| !quick.is_polled_here()) {
            return;
        }
        let limit = self.b.load_context(sepal_abi::CtxField::Limit);
        let calls = match kind {
            PollKind::Enter => {
                let sp = self.b.ins().get_stack_pointer(types::I64);
                self.b.ins().icmp(IntCC::UnsignedLessThan, sp, limit)
            }
            PollKind::Turn => {
                // Addresses are not negative.
                const { assert!((sepal_abi::POISONED as isize) < 0) };
                self.b.compare_const(IntCC::SignedLessThan, limit, 0)
            }
        };
        let (cold, next) = (self.b.create_cold_block(), self.b.create_block());
        self.b.branch(calls, (cold, &[]), (next, &[]));
        self.b.switch_to(cold);
        self.call_thunk(Thunk::Poll, &[]);
        self.b.jump(next, &[]);
        self.b.switch_to(next);
    }

    fn cpu_rdtsc(&mut self, at: Inst) {
        let halves = self.call_cpu(CpuInst::Rdtsc);
        let by = self.b.int(types::I64, 32);
        let high = self.b.ins().ishl(halves[1], by);
        let value = self.b.ins().bor(high, halves[0]);
        self.define(at, value);
    }

    fn cpu_cpuid(&mut self, at: Inst, leaf: Value, sub: Value) {
        let args = [self.value(leaf), self.value(sub)];
        let callee = self.import(self.decls.thunk(Thunk::Cpuid), true, || Thunk::Cpuid.signature());
        let results = self.b.call(callee, &args).to_vec();
        self.define_all(at, &results);
    }

    fn cpu_pause(&mut self, _: Inst) {
        self.call_cpu(CpuInst::Pause);
    }

    fn cpu_fence(&mut self, _: Inst) {
        self.b.ins().fence();
    }

    fn wait(&mut self, _: Inst) {
        no_such_op()
    }

    fn yield_(&mut self, _: Inst, _: ValueList) {
        no_such_op()
    }

    fn frame_new(&mut self, _: Inst, _: FuncId, _: ValueList) {
        no_such_op()
    }

    fn generator_next(&mut self, _: Inst, _: SigId, _: Value) {
        no_such_op()
    }
}

fn no_such_op() -> ! {
    unreachable!("the suspend transform takes these ops out of every module")
}
