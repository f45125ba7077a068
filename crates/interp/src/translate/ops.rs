//! One method for each op of MIR: what is short stands here, the rest in the module of its topic.
//!
//! Constants, copies and other names of values never come here: they have no code.

use super::elements::Access;
use super::slots::frame_args;
use super::{Opcode, Translator};
use crate::code::Word;
use crate::externs;
use crate::rt_calls;
use sepal_abi::{ARRAY_LEN, Effects as RtEffects, RtFn};
use sepal_mir::*;

impl Translator<'_, '_> {
    // ---- calls ----

    /// A call that makes a frame: the arguments go where the callee's frame begins.
    fn frame_call(&mut self, inst: Inst, op: Opcode, literal: u64) {
        let data = self.func.insts[inst];
        let args = frame_args(self.func, &data.op).expect("the op is such a call");
        self.outgoing = self.outgoing.max(args.len().max(data.results.len()) as u32);
        self.pass(&args);
        let result = match data.results.len() {
            1 => self.result(inst),
            _ => self.slots.scratch as u16,
        };
        self.mark(inst);
        self.buf.push(Word::with_wide(op, result, self.slots.base));
        self.buf.literal(literal);
        if data.results.len() > 1 {
            let base = self.slots.base;
            let moves = data.results.iter().enumerate();
            let moves = moves.map(|(n, value)| (self.slots.get(value), base + n as u32)).collect();
            let temp = self.slots.scratch;
            super::moves::sequence(moves, temp, |to, from| self.mov(to, from));
        }
    }

    /// Copies arguments to their places, two at a time where they stand together.
    fn pass(&mut self, args: &[Value]) {
        let base = self.slots.base;
        let mut next = 0;
        while next < args.len() {
            let near = |n: usize| self.near_source(*args.get(n)?, base + n as u32);
            let to = u16::try_from(base + next as u32).ok();
            if let (Some(to), Some(first), Some(second)) = (to, near(next), near(next + 1)) {
                self.buf.op(Opcode::MovPair, to, first, second);
                next += 2;
            } else {
                self.pass_one(args[next], base + next as u32);
                next += 1;
            }
        }
    }

    fn pass_one(&mut self, value: Value, to: u32) {
        match self.constant(value) {
            Some(word) => self.load(to, word),
            None => {
                let from = self.slots.get(self.facts.root(value));
                if from != to {
                    self.mov(to, from);
                }
            }
        }
    }

    /// The register of an argument that must be copied to `to`, if operands can name both.
    fn near_source(&self, value: Value, to: u32) -> Option<u16> {
        if self.constant(value).is_some() {
            return None;
        }
        let from = self.slots.get(self.facts.root(value));
        u16::try_from(from).ok().filter(|_| from != to && to <= u32::from(u16::MAX))
    }

    fn runtime_call(&mut self, inst: Inst, rt: RtFn, args: &[Value]) {
        if rt == RtFn::rt_panic_at {
            // Native code's way out; here a panic that has been raised ends the loop by itself.
            self.mark(inst);
            return self.buf.op(Opcode::Raised, 0, 0, 0);
        }
        let mut operands = [0; rt_calls::MAX_ARGS];
        for (operand, &arg) in operands.iter_mut().zip(args) {
            *operand = self.reg(arg);
        }
        // Arguments are read before results are written, so scratch registers serve again.
        self.scratch_used = 0;
        let mut results = [0; 2];
        for (register, value) in results.iter_mut().zip(self.func.insts[inst].results.iter()) {
            *register = self.def(value);
        }
        let effects = rt.effects();
        let op = if effects.contains(RtEffects::PARKS) {
            Opcode::CallRtParks
        } else if effects.contains(RtEffects::PANICS) {
            Opcode::CallRtPanics
        } else {
            Opcode::CallRt
        };
        self.mark(inst);
        let [first, rest @ ..] = operands;
        let wide = u32::from(results[1]) | u32::from(first) << 16;
        self.buf.push(Word::with_wide(op, results[0], wide));
        self.buf.literal(rt_calls::thunk(rt).to_word());
        self.buf.halves(&rest);
    }

    fn c_call(&mut self, inst: Inst, id: ExternId, args: &[Value]) {
        let callee = &self.module.externs[id];
        let loc = self.func.insts[inst].loc;
        let Some(address) = externs::resolve(callee.name.as_str()) else {
            return self.give_up(loc, &format!("there is no C function `{}`", callee.name));
        };
        let Some(shape) = externs::shape(&callee.sig) else {
            let text = "the interpreter passes at most 6 integers and 8 floats to a C function";
            return self.give_up(loc, &format!("`{}`: {text}", callee.name));
        };
        // Arguments go where those of other calls go: they could be more than there are scratch registers.
        let base = self.slots.base;
        self.outgoing = self.outgoing.max(args.len() as u32);
        if u16::try_from(base + args.len() as u32).is_err() {
            let text = "the interpreter calls no C function from a function of 65,000 variables";
            return self.give_up(loc, &format!("`{}`: {text}", callee.name));
        }
        args.iter().zip(base..).for_each(|(&arg, to)| self.pass_one(arg, to));
        let registers: Vec<u16> = (base as u16..).take(args.len()).collect();
        let (result, ty) = match (self.func.insts[inst].results.get(0), callee.sig.results.first())
        {
            (Some(value), Some(&ty)) => (self.def(value), ty as u16),
            (None, _) | (_, None) => (0, Type::ALL.len() as u16),
        };
        self.mark(inst);
        self.buf.op(Opcode::CallExtern, result, ty, args.len() as u16);
        self.buf.literal(address as u64);
        self.buf.literal(shape);
        for four in registers.chunks(4) {
            self.buf.halves(four);
        }
    }
}

impl OpVisitor for Translator<'_, '_> {
    type Output = ();

    fn const_int(&mut self, _: Inst, _: Type, _: i64) {}
    fn const_float(&mut self, _: Inst, _: Type, _: FloatBits) {}
    fn const_bool(&mut self, _: Inst, _: bool) {}
    fn const_string(&mut self, _: Inst, _: StrId) {}
    fn const_symbol(&mut self, _: Inst, _: SymId) {}
    fn const_null(&mut self, _: Inst, _: Type) {}
    fn const_object(&mut self, _: Inst, _: StaticId) {}
    fn func_addr(&mut self, _: Inst, _: FuncId) {}
    fn vtable_addr(&mut self, _: Inst, _: VtableId) {}
    fn copy(&mut self, _: Inst, _: Value) {}

    fn bin_op(&mut self, at: Inst, op: BinOp, a: Value, b: Value) {
        self.pure_op(at, op, a, b);
    }

    fn checked_op(&mut self, at: Inst, op: CheckedOp, a: Value, b: Value) {
        self.trapping_op(at, op, a, b);
    }

    fn unary_op(&mut self, at: Inst, op: UnaryOp, value: Value) {
        self.operator(at, op, value);
    }

    fn cast(&mut self, at: Inst, kind: CastKind, ty: Type, value: Value) {
        self.conversion(at, kind, ty, value);
    }

    fn checked_cast(&mut self, at: Inst, kind: CheckedCastKind, ty: Type, value: Value) {
        self.trapping_cast(at, kind, ty, value);
    }

    fn select(&mut self, at: Inst, cond: Value, a: Value, b: Value) {
        let (cond, a, b) = (self.reg(cond), self.reg(a), self.reg(b));
        let result = self.result(at);
        self.buf.op(Opcode::Select, result, cond, a);
        self.buf.halves(&[b]);
    }

    fn gc_alloc(&mut self, at: Inst, layout: LayoutId, variant: u16) {
        self.new_object(at, layout, variant, &[]);
    }

    fn struct_init(&mut self, at: Inst, layout: LayoutId, variant: u16, fields: ValueList) {
        let fields = (0..).zip(self.func.list(fields).iter().copied());
        self.new_object(at, layout, variant, &fields.collect::<Vec<_>>());
    }

    fn field_get(&mut self, at: Inst, _: Type, field: FieldRef, object: Value) {
        self.load_field(at, field, object);
    }

    fn field_set(&mut self, _: Inst, field: FieldRef, object: Value, value: Value) {
        self.store_field(field, object, value);
    }

    fn enum_discriminant(&mut self, at: Inst, object: Value) {
        let object = self.reg(object);
        let result = self.result(at);
        self.buf.op(Opcode::Variant, result, object, 0);
    }

    fn closure_create(&mut self, at: Inst, layout: LayoutId, func: FuncId, captures: ValueList) {
        self.closure(at, layout, func, self.func.list(captures));
    }

    fn array_new(&mut self, at: Inst, layout: LayoutId, len: Value) {
        self.new_array(at, layout, len);
    }

    fn array_len(&mut self, at: Inst, array: Value) {
        let array = self.reg(array);
        let result = self.result(at);
        self.buf.op(Opcode::LoadWord, result, array, ARRAY_LEN as u16);
    }

    fn array_lit(&mut self, at: Inst, layout: LayoutId, values: ValueList) {
        self.array_of(at, layout, self.func.list(values));
    }

    fn index_get(
        &mut self,
        at: Inst,
        _: Type,
        layout: LayoutId,
        slot: u16,
        array: Value,
        index: Value,
    ) {
        self.element(at, Access::Get, layout, slot, (array, index));
    }

    fn index_set(
        &mut self,
        at: Inst,
        layout: LayoutId,
        slot: u16,
        array: Value,
        index: Value,
        value: Value,
    ) {
        self.element(at, Access::Set(value), layout, slot, (array, index));
    }

    fn bounds_check(&mut self, at: Inst, index: Value, len: Value) {
        self.check_bounds(at, index, len);
    }

    fn call(&mut self, at: Inst, func: FuncId, _: ValueList) {
        self.frame_call(at, Opcode::Call, self.program.func_word(func));
    }

    fn indirect_call(&mut self, at: Inst, _: SigId, _: Value, _: ValueList) {
        self.frame_call(at, Opcode::CallClosure, 0);
    }

    fn method_call_virtual(&mut self, at: Inst, _: SigId, slot: u32, _: Value, _: ValueList) {
        self.frame_call(at, Opcode::CallVirtual, 8 * u64::from(slot));
    }

    fn call_rt(&mut self, at: Inst, rt: RtFn, args: ValueList) {
        self.runtime_call(at, rt, self.func.list(args));
    }

    fn call_extern(&mut self, at: Inst, func: ExternId, args: ValueList) {
        self.c_call(at, func, self.func.list(args));
    }

    fn any_pack(&mut self, at: Inst, tag: AnyTag, value: Value) {
        let op = match tag {
            AnyTag::Int => Opcode::PackInt,
            AnyTag::Float => Opcode::PackFloat,
            AnyTag::Bool => Opcode::PackBool,
        };
        let value = self.reg(value);
        let result = self.result(at);
        self.buf.op(op, result, value, 0);
    }

    fn any_tag(&mut self, at: Inst, value: Value) {
        let value = self.reg(value);
        let result = self.result(at);
        self.buf.op(Opcode::AndImm, result, value, 7);
    }

    fn any_unpack(&mut self, at: Inst, tag: AnyTag, value: Value) {
        let (op, imm) = match tag {
            AnyTag::Int => (Opcode::SShrImm, 3),
            AnyTag::Float => (Opcode::AndImm, -8i16),
            AnyTag::Bool => (Opcode::UShrImm, 3),
        };
        let value = self.reg(value);
        let result = self.result(at);
        self.buf.op(op, result, value, imm as u16);
    }

    fn global_get(&mut self, at: Inst, _: Type, global: GlobalId) {
        let result = self.result(at);
        self.buf.wide(Opcode::GlobalGet, result, global.0);
    }

    fn global_set(&mut self, _: Inst, global: GlobalId, value: Value) {
        let value = self.reg(value);
        self.buf.wide(Opcode::GlobalSet, value, global.0);
    }

    fn contract_check(&mut self, at: Inst, _: ContractKind, cond: Value, message: StrId) {
        let cond = self.reg(cond);
        self.mark(at);
        self.buf.op(Opcode::Contract, cond, 0, 0);
        self.buf.literal(self.program.statics.string(message));
    }

    /// Calls, jumps backwards and what parks poll by themselves.
    fn poll(&mut self, _: Inst, _: PollKind) {}

    fn cpu_rdtsc(&mut self, at: Inst) {
        let result = self.result(at);
        self.buf.op(Opcode::Rdtsc, result, 0, 0);
    }

    fn cpu_cpuid(&mut self, at: Inst, leaf: Value, sub: Value) {
        let (leaf, sub) = (self.reg(leaf), self.reg(sub));
        let results = self.func.insts[at].results;
        let registers: Vec<u16> = results.iter().map(|value| self.def(value)).collect();
        let [first, rest @ ..] = registers.as_slice() else { return };
        self.buf.op(Opcode::Cpuid, *first, leaf, sub);
        self.buf.halves(rest);
    }

    fn cpu_pause(&mut self, _: Inst) {
        self.buf.op(Opcode::Pause, 0, 0, 0);
    }

    fn cpu_fence(&mut self, _: Inst) {
        self.buf.op(Opcode::Fence, 0, 0, 0);
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
