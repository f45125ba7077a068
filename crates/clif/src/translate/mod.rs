//! One MIR function to Cranelift IR.
//!
//! [`ops`] dispatches; the other files hold the lowering by topic. Must never touch the Cranelift module:
//! functions are translated on several threads at once.

mod alloc;
mod arith;
mod calls;
mod casts;
mod control;
mod memory;
mod ops;
pub(crate) mod quick;

use crate::builder::{Builder, Region, clif_type};
use crate::decls::Decls;
use crate::slots::Slots;
use crate::thunks::Thunk;
use cranelift_codegen::ir::{self, FuncRef, SigRef, StackSlot, types};
use cranelift_module::{DataId, FuncId as ClFunc};
use quick::Quick;
use rustc_hash::FxHashMap;
use sepal_abi::PanicCode;
use sepal_mir::Value;
use sepal_mir::analysis::Cfg;
use sepal_mir::{self as mir, Block, Effects, Function, Hint, Inst, Op, SigId, Terminator, Type};

/// Writes the body of `id` into `out`, whose signature is set.
pub(crate) fn translate(
    mir: &mir::Module,
    decls: &Decls,
    slots: Option<&Slots>,
    id: mir::FuncId,
    out: &mut ir::Function,
) {
    let func = &mir.functions[id];
    let cfg = Cfg::new(func);
    let quick = slots.map(|slots| Quick::new(slots, func, id, &cfg));
    let mut translator = Translator {
        b: Builder::new(out),
        mir,
        decls,
        func,
        values: vec![None; func.values.len()],
        blocks: vec![None; func.blocks.len()],
        imports: FxHashMap::default(),
        signatures: FxHashMap::default(),
        alloc_slot: None,
        fresh: Vec::new(),
        quick,
    };
    translator.make_blocks(&cfg);
    for &block in &cfg.rpo {
        translator.block(block);
    }
}

/// The state of translating one function.
struct Translator<'a, 'f> {
    b: Builder<'f>,
    mir: &'a mir::Module,
    decls: &'a Decls,
    func: &'a Function,
    /// By MIR value; filled in as definitions are met, which dominate their uses.
    values: Vec<Option<ir::Value>>,
    /// By MIR block; only reachable ones have one.
    blocks: Vec<Option<ir::Block>>,
    imports: FxHashMap<ClFunc, FuncRef>,
    signatures: FxHashMap<SigId, SigRef>,
    /// Where the slow path of allocations takes its arguments and leaves the object's address.
    alloc_slot: Option<StackSlot>,
    /// Objects made in this block since anything last ran that may begin a collection.
    fresh: Vec<Value>,
    /// Where this goes over to better code, if it is quick code.
    quick: Option<Quick<'a>>,
}

impl Translator<'_, '_> {
    fn make_blocks(&mut self, cfg: &Cfg) {
        for &block in &cfg.rpo {
            let made = self.b.create_block();
            self.blocks[block.0 as usize] = Some(made);
            for &param in &self.func.blocks[block].params {
                let ty = clif_type(self.func.ty(param));
                self.values[param.0 as usize] = Some(self.b.append_param(made, ty));
            }
        }
        for &block in &cfg.rpo {
            let cold = match self.func.blocks[block].term {
                Terminator::Panic { .. } => Some(block),
                Terminator::Branch { then, hint: Hint::Unlikely, .. } => Some(then.block),
                Terminator::Branch { otherwise, hint: Hint::Likely, .. } => Some(otherwise.block),
                _ => None,
            };
            // A block that is also reached otherwise may be hot for that reason; the entry cannot be cold.
            let is_cold = |&cold: &Block| match cfg.preds(cold).len() {
                0 => false,
                1 => true,
                2.. => cold == block,
            };
            if let Some(cold) = cold.filter(is_cold) {
                let cold = self.target(cold);
                self.b.set_cold(cold);
            }
        }
    }

    fn block(&mut self, block: Block) {
        let target = self.target(block);
        self.b.switch_to(target);
        self.fresh.clear();
        self.go_over(block);
        let func = self.func;
        for &inst in &func.blocks[block].insts {
            let data = func.insts[inst];
            if is_made_at_uses(&data.op) {
                continue;
            }
            self.b.set_loc(data.loc);
            func.for_each_use(inst, |value| self.bring(value));
            data.op.visit(inst, self);
            self.note_fresh(inst);
        }
        self.b.set_loc(func.blocks[block].term_loc);
        func.blocks[block].term.for_each_value(&func.pools, &mut |value| self.bring(value));
        func.blocks[block].term.visit(block, self);
    }

    /// Before a use: makes a constant. Most instructions take a number as it is; a register that held a constant from its
    /// definition on would be missed by others, most of all one that calls preserve.
    fn bring(&mut self, value: Value) {
        let func = self.func;
        if let Some(inst) = func.def_inst(value)
            && is_made_at_uses(&func.insts[inst].op)
        {
            func.insts[inst].op.visit(inst, self);
        }
    }

    /// Keeps `fresh` true behind an instruction.
    fn note_fresh(&mut self, inst: Inst) {
        let op = self.func.insts[inst].op;
        let is_runtime = matches!(op, Op::CallRt { .. });
        if is_runtime || op.effects().any_of(Effects::ALLOCATES.with(Effects::SUSPENDS)) {
            self.fresh.clear();
        }
        if op.effects() == Effects::ALLOCATES && !is_runtime {
            self.fresh.push(self.func.result(inst));
        }
    }

    // MIR entities.

    fn target(&self, block: Block) -> ir::Block {
        self.blocks[block.0 as usize].expect("control reaches only reachable blocks")
    }

    fn value(&self, value: Value) -> ir::Value {
        self.values[value.0 as usize].expect("the verifier checked that definitions dominate uses")
    }

    fn list(&self, list: mir::ValueList) -> Vec<ir::Value> {
        self.func.list(list).iter().map(|&value| self.value(value)).collect()
    }

    fn ty(&self, value: Value) -> Type {
        self.func.ty(value)
    }

    /// The integer that a value is known to be.
    fn known_int(&self, value: Value) -> Option<i64> {
        match self.func.def_op(value) {
            Some(Op::ConstInt { value, .. }) => Some(value),
            _ => None,
        }
    }

    fn define(&mut self, inst: Inst, value: ir::Value) {
        let result = self.func.result(inst);
        self.values[result.0 as usize] = Some(value);
    }

    fn define_all(&mut self, inst: Inst, values: &[ir::Value]) {
        let results = self.func.insts[inst].results;
        debug_assert_eq!(results.len(), values.len(), "the verifier checked the results");
        for (result, &value) in results.iter().zip(values) {
            self.values[result.0 as usize] = Some(value);
        }
    }

    // What several topics need.

    fn import(&mut self, func: ClFunc, near: bool, sig: impl FnOnce() -> ir::Signature) -> FuncRef {
        let Translator { imports, b, .. } = self;
        *imports.entry(func).or_insert_with(|| b.import(0, func.as_u32(), sig(), near))
    }

    fn call_thunk(&mut self, thunk: Thunk, args: &[ir::Value]) -> &[ir::Value] {
        let callee = self.import(self.decls.thunk(thunk), true, || thunk.signature());
        self.b.call(callee, args)
    }

    fn data(&mut self, (data, offset): (DataId, u32)) -> ir::Value {
        let place = self.b.data_place(data.as_u32(), offset);
        self.b.data_address(place)
    }

    /// Ends the block being written with a panic; the operands are words.
    fn raise(&mut self, code: PanicCode, operands: &[ir::Value]) {
        let code = self.b.int(types::I32, code as i64);
        let a = operands.first().copied().unwrap_or_else(|| self.b.int(types::I64, 0));
        let b = operands.get(1).copied().unwrap_or(a);
        self.call_thunk(Thunk::Panic, &[code, a, b]);
        self.b.unreachable();
    }

    /// The same for an integer overflow.
    fn raise_overflow(&mut self) {
        self.call_thunk(Thunk::Overflow, &[]);
        self.b.unreachable();
    }

    /// If `cond` is not zero goes to a cold block, which `body` writes and ends; goes on in a new one.
    fn cold_if(&mut self, cond: ir::Value, body: impl FnOnce(&mut Self)) {
        let (cold, next) = (self.b.create_cold_block(), self.b.create_block());
        self.b.branch(cond, (cold, &[]), (next, &[]));
        self.b.switch_to(cold);
        body(self);
        self.b.switch_to(next);
    }

    /// The same if `cond` is zero.
    fn cold_unless(&mut self, cond: ir::Value, body: impl FnOnce(&mut Self)) {
        let (cold, next) = (self.b.create_cold_block(), self.b.create_block());
        self.b.branch(cond, (next, &[]), (cold, &[]));
        self.b.switch_to(cold);
        body(self);
        self.b.switch_to(next);
    }

    /// Ends the actor if a runtime function has raised.
    fn unwind_if_raised(&mut self) {
        let code = self.b.load_context(sepal_abi::CtxField::Panic);
        let raised = self.b.compare_const(ir::condcodes::IntCC::NotEqual, code, 0);
        self.cold_if(raised, |t| {
            t.call_thunk(Thunk::Unwind, &[]);
            t.b.unreachable();
        });
    }

    /// The region of a field: `Ptr` fields are read by calls, which know no layout.
    fn field_region(&self, field: mir::FieldRef, ty: Type) -> Region {
        if ty == Type::Ptr { Region::Pointer } else { Region::Field(field) }
    }
}

/// Whether an op gives a constant that is made by one instruction, or is a part of others.
fn is_made_at_uses(op: &Op) -> bool {
    matches!(
        op,
        Op::ConstInt { .. }
            | Op::ConstBool { .. }
            | Op::ConstSymbol { .. }
            | Op::ConstNull { .. }
            | Op::ConstString { .. }
            | Op::ConstObject { .. }
    )
}
