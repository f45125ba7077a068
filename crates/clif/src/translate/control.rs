//! Terminators.

use super::Translator;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{self, InstBuilder, types};
use sepal_abi::{OperandKind, PanicCode};
use sepal_mir::{
    Block, BlockCall, CaseList, FuncId, Hint, SigId, TerminatorVisitor, Value, ValueList,
};

/// Up to so many cases are compared one after the other.
const FEW_CASES: usize = 3;
/// A jump table has at most so many entries for each case.
const SPARSEST_TABLE: u64 = 4;

/// A case of a switch: the value, where it leads, with which arguments.
type Case = (i64, ir::Block, Vec<ir::Value>);

impl TerminatorVisitor for Translator<'_, '_> {
    type Output = ();

    fn jump(&mut self, _: Block, target: BlockCall) {
        let args = self.list(target.args);
        let block = self.target(target.block);
        self.b.jump(block, &args);
    }

    /// The hint has made the unlikely block a cold one already.
    fn branch(&mut self, _: Block, cond: Value, then: BlockCall, otherwise: BlockCall, _: Hint) {
        let cond = self.value(cond);
        let (then_args, other_args) = (self.list(then.args), self.list(otherwise.args));
        let (then, otherwise) = (self.target(then.block), self.target(otherwise.block));
        self.b.branch(cond, (then, &then_args), (otherwise, &other_args));
    }

    fn switch(&mut self, _: Block, value: Value, cases: CaseList, default: BlockCall) {
        let bits = self.ty(value).int_bits().expect("the verifier checked the type");
        let value = self.value(value);
        let mut all: Vec<Case> = Vec::with_capacity(cases.len());
        for &(n, call) in self.func.pools.cases(cases) {
            // Only the bits of the type count, read as signed.
            let n = n << (64 - bits) >> (64 - bits);
            all.push((n, self.target(call.block), self.list(call.args)));
        }
        all.sort_unstable_by_key(|case| case.0);
        let default = (self.target(default.block), self.list(default.args));
        self.switch_among(value, &all, &default);
    }

    fn return_(&mut self, _: Block, values: ValueList) {
        let values = self.list(values);
        self.b.ins().return_(&values);
    }

    fn tail_call(&mut self, _: Block, func: FuncId, args: ValueList) {
        let args = self.list(args);
        let callee = self.function(func);
        self.b.ins().return_call(callee, &args);
    }

    fn tail_call_indirect(&mut self, _: Block, sig: SigId, closure: Value, args: ValueList) {
        let (code, args) = self.closure_code(closure, args);
        let sig = self.signature(sig);
        self.b.ins().return_call_indirect(sig, code, &args);
    }

    fn tail_call_virtual(
        &mut self,
        _: Block,
        sig: SigId,
        slot: u32,
        object: Value,
        args: ValueList,
    ) {
        let (code, args) = self.method_code(slot, object, args);
        let sig = self.signature(sig);
        self.b.ins().return_call_indirect(sig, code, &args);
    }

    fn panic(&mut self, _: Block, code: PanicCode, args: ValueList) {
        let values = self.list(args);
        let mut words = Vec::with_capacity(values.len());
        for (value, kind) in values.into_iter().zip(code.operands()) {
            words.push(match kind {
                OperandKind::Float => self.b.bitcast(types::I64, value),
                OperandKind::Int | OperandKind::Uint => value,
                OperandKind::Str | OperandKind::Type => value,
            });
        }
        self.raise(code, &words);
    }

    fn unreachable(&mut self, _: Block) {
        self.b.unreachable();
    }
}

impl Translator<'_, '_> {
    /// Goes the way of the case, which are in order: by a table where they are dense, else by halves,
    /// which makes the depth of this recursion a logarithm.
    fn switch_among(
        &mut self,
        value: ir::Value,
        cases: &[Case],
        default: &(ir::Block, Vec<ir::Value>),
    ) {
        if cases.len() <= FEW_CASES {
            return self.compare_each(value, cases, default);
        }
        if is_dense(cases) {
            return self.jump_through_table(value, cases, default);
        }
        let (low, high) = cases.split_at(cases.len() / 2);
        let (low_block, high_block) = (self.b.create_block(), self.b.create_block());
        let below = self.b.compare_const(IntCC::SignedLessThan, value, high[0].0);
        self.b.branch(below, (low_block, &[]), (high_block, &[]));
        self.b.switch_to(low_block);
        self.switch_among(value, low, default);
        self.b.switch_to(high_block);
        self.switch_among(value, high, default);
    }

    fn compare_each(
        &mut self,
        value: ir::Value,
        cases: &[Case],
        default: &(ir::Block, Vec<ir::Value>),
    ) {
        for (n, block, args) in cases {
            let equal = self.b.compare_const(IntCC::Equal, value, *n);
            let next = self.b.create_block();
            self.b.branch(equal, (*block, args), (next, &[]));
            self.b.switch_to(next);
        }
        self.b.jump(default.0, &default.1);
    }

    fn jump_through_table(
        &mut self,
        value: ir::Value,
        cases: &[Case],
        default: &(ir::Block, Vec<ir::Value>),
    ) {
        let first = cases[0].0;
        let default = (default.0, &default.1[..]);
        let word = self.extend_word(value, true);
        let index = self.b.add_const(word, first.wrapping_neg());
        let mut targets = Vec::new();
        for (n, block, args) in cases {
            targets.resize(n.wrapping_sub(first) as usize, default);
            targets.push((*block, &args[..]));
        }
        // The table is indexed by 32 bits: what is beyond them must not reach it.
        let inside = self.b.compare_const(IntCC::UnsignedLessThan, index, targets.len() as i64);
        let table = self.b.create_block();
        self.b.branch(inside, (table, &[]), default);
        self.b.switch_to(table);
        let index = self.b.ins().ireduce(types::I32, index);
        self.b.table(index, default, &targets);
    }
}

fn is_dense(cases: &[Case]) -> bool {
    let (first, last) = (cases[0].0, cases[cases.len() - 1].0);
    let span = last.wrapping_sub(first).cast_unsigned();
    span < SPARSEST_TABLE * cases.len() as u64
}
