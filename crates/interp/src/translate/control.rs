//! How blocks end: jumps with their moves, branches, switches, returns, tail calls.
//!
//! Every jump backwards counts as a reduction, which is why MIR's polls need no code of their own. A jump
//! back to a small loop head repeats the head instead, so that a round of the loop takes one branch.

use super::buffer::Label;
use super::facts::Carrier;
use super::test::Test;
use super::{Opcode, Translator};
use sepal_abi::PanicCode;
use sepal_mir::*;

/// A loop head of so many instructions is repeated.
const SMALL_HEAD: usize = 3;

/// What a branch depends on.
#[derive(Clone, Copy)]
enum Condition {
    Bool { register: u16, when: bool },
    Test { test: Test, a: u16, b: u16 },
}

impl Condition {
    fn negated(self) -> Condition {
        match self {
            Condition::Bool { register, when } => Condition::Bool { register, when: !when },
            Condition::Test { test, a, b } => match test.negated() {
                (test, false) => Condition::Test { test, a, b },
                (test, true) => Condition::Test { test, a: b, b: a },
            },
        }
    }

    fn can_go_back(self) -> bool {
        match self {
            Condition::Bool { .. } => true,
            Condition::Test { test, .. } => test.branch_back().is_some(),
        }
    }
}

impl Translator<'_, '_> {
    fn label(&self, block: Block) -> Label {
        self.labels[block.0 as usize]
    }

    fn is_backward(&self, block: Block) -> bool {
        self.buf.is_bound(self.label(block))
    }

    /// Whether a jump moves nothing, once registers are shared.
    fn moves_nothing(&self, call: BlockCall) -> bool {
        let params = &self.func.blocks[call.block].params;
        params.iter().zip(self.func.list(call.args)).all(|(&param, &arg)| {
            self.constant(arg).is_none()
                && self.slots.get(self.facts.root(arg)) == self.slots.get(param)
        })
    }

    /// Moves the arguments of a jump and goes to its block.
    fn go(&mut self, call: BlockCall) {
        let (func, slots) = (self.func, self.slots);
        let params = func.blocks[call.block].params.iter().map(|&param| slots.get(param));
        self.assign(params, func.list(call.args));
        self.jump_to(call.block);
    }

    /// The same where other code follows than the next block's.
    fn go_away(&mut self, call: BlockCall) {
        let next = self.next.take();
        self.go(call);
        self.next = next;
    }

    fn jump_to(&mut self, block: Block) {
        if self.next == Some(block) {
            return;
        }
        let label = self.label(block);
        if !self.is_backward(block) {
            self.buf.jump(Opcode::Jump, 0, label);
        } else if !self.repeating && self.is_small_head(block) {
            self.repeating = true;
            self.block(block);
            self.repeating = false;
        } else {
            self.buf.jump(Opcode::JumpBack, 0, label);
        }
    }

    /// Whether a block does little more than decide about another round.
    fn is_small_head(&self, block: Block) -> bool {
        let data = &self.func.blocks[block];
        let insts = self.facts.in_order(self.func, block);
        let insts = insts.filter(|&inst| !self.facts.is_silent(self.func, inst));
        matches!(data.term, Terminator::Branch { .. }) && insts.count() <= SMALL_HEAD
    }

    // ---- branches ----

    /// Writes the operands of a condition.
    fn condition(&mut self, cond: Value) -> Condition {
        let Some(inst) = self.facts.carried(self.func, cond, Carrier::Terminator) else {
            return Condition::Bool { register: self.reg(cond), when: true };
        };
        let Op::BinOp { op, a, b } = self.func.insts[inst].op else {
            unreachable!("only comparisons are folded into branches")
        };
        let (test, a, b) = self.test(op, a, b);
        Condition::Test { test, a, b }
    }

    /// The test of a comparison and its operands, written.
    pub(super) fn test(&mut self, op: BinOp, a: Value, b: Value) -> (Test, u16, u16) {
        let (test, swapped) = Test::of(op).expect("the operator is a comparison");
        if let (Some(imm), Some(test)) = (self.imm(b), Test::with_imm(op, false)) {
            return (test, self.reg(a), imm as u16);
        }
        if let (Some(imm), Some(test)) = (self.imm(a), Test::with_imm(op, true)) {
            return (test, self.reg(b), imm as u16);
        }
        let (a, b) = (self.reg(a), self.reg(b));
        if swapped { (test, b, a) } else { (test, a, b) }
    }

    fn branch_if(&mut self, condition: Condition, label: Label) {
        let back = self.buf.is_bound(label);
        match condition {
            Condition::Bool { register, when } => {
                let op = match (when, back) {
                    (true, false) => Opcode::BrTrue,
                    (false, false) => Opcode::BrFalse,
                    (true, true) => Opcode::BrTrueBack,
                    (false, true) => Opcode::BrFalseBack,
                };
                self.buf.jump(op, register, label);
            }
            Condition::Test { test, a, b } if self.far_jumps => {
                let (hop, over) = (self.buf.label(), self.buf.label());
                self.buf.branch(test.branch(), a, b, hop);
                self.buf.jump(Opcode::Jump, 0, over);
                self.buf.bind(hop);
                self.buf.jump(if back { Opcode::JumpBack } else { Opcode::Jump }, 0, label);
                self.buf.bind(over);
            }
            Condition::Test { test, a, b } => {
                let op = test.branch_back().filter(|_| back).unwrap_or(test.branch());
                self.buf.branch(op, a, b, label);
            }
        }
    }

    /// Whether a branch can lead straight to the block of an edge.
    fn is_direct(&self, condition: Condition, call: BlockCall) -> bool {
        let may_go = !self.is_backward(call.block) || condition.can_go_back();
        may_go && self.moves_nothing(call)
    }

    fn branch_two(&mut self, condition: Condition, then: BlockCall, otherwise: BlockCall) {
        let direct = (self.is_direct(condition, then), self.is_direct(condition, otherwise));
        let then_is_next = self.next == Some(then.block) && self.next != Some(otherwise.block);
        match direct {
            (true, true) if !then_is_next => {
                self.branch_if(condition, self.label(then.block));
                self.jump_to(otherwise.block);
            }
            (_, true) => {
                self.branch_if(condition.negated(), self.label(otherwise.block));
                self.go(then);
            }
            (true, false) => {
                self.branch_if(condition, self.label(then.block));
                self.go(otherwise);
            }
            (false, false) => {
                let label = self.buf.label();
                self.branch_if(condition, label);
                self.go_away(otherwise);
                self.buf.bind(label);
                self.go(then);
            }
        }
    }

    // ---- switches ----

    /// A label for an edge; those that are not straight jumps are written behind the switch.
    fn edge_label(&mut self, call: BlockCall, stubs: &mut Vec<(Label, BlockCall)>) -> Label {
        if !self.is_backward(call.block) && self.moves_nothing(call) {
            return self.label(call.block);
        }
        let label = self.buf.label();
        stubs.push((label, call));
        label
    }

    fn switch_on(&mut self, value: Value, cases: CaseList, default: BlockCall) {
        // An integer's constant is canonical, and so shall the keys be.
        let bits = self.ty(value).int_bits().expect("the verifier wants an integer");
        let shift = 64 - bits;
        let mut stubs = Vec::new();
        let mut keys: Vec<(i64, Label)> = Vec::new();
        for &(key, call) in self.func.pools.cases(cases) {
            keys.push((key << shift >> shift, self.edge_label(call, &mut stubs)));
        }
        let default = self.edge_label(default, &mut stubs);
        keys.sort_unstable_by_key(|&(key, _)| key);
        let register = self.reg(value);
        let span = match (keys.first(), keys.last()) {
            (Some(first), Some(last)) => last.0.wrapping_sub(first.0) as u64,
            (None, _) | (_, None) => 0,
        };
        let is_small = |key: i64| i16::try_from(key).is_ok();
        if keys.len() <= 2 && keys.iter().all(|&(key, _)| is_small(key)) {
            for (key, label) in keys {
                let condition = Condition::Test { test: Test::EqImm, a: register, b: key as u16 };
                self.branch_if(condition, label);
            }
            self.buf.jump(Opcode::Jump, 0, default);
        } else if span < 4 * keys.len() as u64 + 8 {
            self.table(register, &keys, span, default);
        } else {
            self.search(register, &keys, default);
        }
        for (label, call) in stubs {
            self.buf.bind(label);
            self.go_away(call);
        }
    }

    fn table(&mut self, register: u16, keys: &[(i64, Label)], span: u64, default: Label) {
        let start = self.buf.here();
        self.buf.op(Opcode::SwitchTable, register, 0, 0);
        self.buf.literal(keys[0].0 as u64);
        self.buf.literal(span + 1);
        self.buf.offset(start, default);
        let mut keys = keys.iter().copied().peekable();
        let first = keys.peek().map_or(0, |key| key.0);
        for n in 0..=span {
            let key = first.wrapping_add(n as i64);
            let label = keys.next_if(|next| next.0 == key).map_or(default, |next| next.1);
            self.buf.offset(start, label);
        }
    }

    fn search(&mut self, register: u16, keys: &[(i64, Label)], default: Label) {
        let start = self.buf.here();
        self.buf.op(Opcode::SwitchSearch, register, 0, 0);
        self.buf.literal(keys.len() as u64);
        self.buf.offset(start, default);
        for &(key, _) in keys {
            self.buf.literal(key as u64);
        }
        for &(_, label) in keys {
            self.buf.offset(start, label);
        }
    }

    // ---- ends ----

    fn tail(&mut self, at: Block, op: Opcode, literal: u64, args: &[Value]) {
        self.assign(0.., args);
        self.buf.mark(self.func.blocks[at].term_loc.0);
        self.buf.wide(op, 0, 0);
        self.buf.literal(literal);
    }

    fn with_object(&self, object: Value, args: ValueList) -> Vec<Value> {
        std::iter::once(object).chain(self.func.list(args).iter().copied()).collect()
    }
}

impl TerminatorVisitor for Translator<'_, '_> {
    type Output = ();

    fn jump(&mut self, _: Block, target: BlockCall) {
        self.go(target);
    }

    fn branch(&mut self, _: Block, cond: Value, then: BlockCall, otherwise: BlockCall, _: Hint) {
        match self.constant(cond) {
            Some(0) => self.go(otherwise),
            Some(_) => self.go(then),
            None => {
                let condition = self.condition(cond);
                self.branch_two(condition, then, otherwise);
            }
        }
    }

    fn switch(&mut self, _: Block, value: Value, cases: CaseList, default: BlockCall) {
        self.switch_on(value, cases, default);
    }

    fn return_(&mut self, _: Block, values: ValueList) {
        match self.func.list(values) {
            &[value] => {
                let register = self.reg(value);
                self.buf.op(Opcode::ReturnOne, register, 0, 0);
            }
            values => {
                self.assign(0.., values);
                self.buf.op(Opcode::Return, 0, 0, 0);
            }
        }
    }

    fn tail_call(&mut self, at: Block, func: FuncId, args: ValueList) {
        let entry = self.program.func_word(func);
        self.tail(at, Opcode::TailCall, entry, self.func.list(args));
    }

    fn tail_call_indirect(&mut self, at: Block, _: SigId, closure: Value, args: ValueList) {
        let args = self.with_object(closure, args);
        self.tail(at, Opcode::TailCallClosure, 0, &args);
    }

    fn tail_call_virtual(
        &mut self,
        at: Block,
        _: SigId,
        slot: u32,
        object: Value,
        args: ValueList,
    ) {
        let args = self.with_object(object, args);
        self.tail(at, Opcode::TailCallVirtual, 8 * u64::from(slot), &args);
    }

    fn panic(&mut self, at: Block, code: PanicCode, args: ValueList) {
        let mut operands = self.func.list(args).iter();
        let a = operands.next().map_or(0, |&value| self.reg(value));
        let b = operands.next().map_or(0, |&value| self.reg(value));
        self.buf.mark(self.func.blocks[at].term_loc.0);
        self.buf.op(Opcode::Panic, code as u16, a, b);
    }

    fn unreachable(&mut self, at: Block) {
        let loc = self.func.blocks[at].term_loc;
        self.give_up(loc, "internal error: this place is never reached");
    }
}
