//! Which instructions are carried out by the ones that use them: comparisons by branches, bounds checks by
//! accesses, loads of a list's length and array by both, products by sums.
//!
//! Must never fold across an effect that would show the difference, and never move a check past another.

use super::facts::{Carrier, Facts};
use sepal_mir::*;

/// How far apart a folded instruction and its user may stand: far enough for what one expression of the
/// source becomes, near enough to keep the search cheap.
const WINDOW: usize = 12;
const PURE_WINDOW: usize = 64;

/// Decides about all blocks.
pub fn run(module: &Module, func: &Function, facts: &mut Facts) {
    for n in 0..facts.cfg.rpo.len() {
        Folder { block: facts.cfg.rpo[n], func, module, facts }.run();
    }
}

/// What instructions between a folded one and its user must not do.
#[derive(Clone, Copy)]
enum Barrier {
    /// Nothing matters: the folded instruction is pure.
    None,
    /// It loads: no stores.
    Writes,
    /// It panics: nothing that could be seen afterwards, no other panic.
    Effects,
}

impl Barrier {
    fn stops(self, op: &Op) -> bool {
        let effects = op.effects();
        match self {
            Barrier::None => false,
            Barrier::Writes => effects.any_of(Effects::WRITES),
            Barrier::Effects => !effects.is_removable(),
        }
    }
}

/// Decides about one block.
struct Folder<'a> {
    block: Block,
    func: &'a Function,
    module: &'a Module,
    facts: &'a mut Facts,
}

impl Folder<'_> {
    fn run(&mut self) {
        let insts = &self.func.blocks[self.block].insts;
        for (at, &inst) in insts.iter().enumerate() {
            let op = self.func.insts[inst].op;
            if let Op::IndexGet { layout, array, index, .. }
            | Op::IndexSet { layout, array, index, .. } = op
            {
                let get = matches!(op, Op::IndexGet { .. });
                self.element(at, inst, get, layout, (array, index));
            } else if let Op::BinOp { op, a, b } = op {
                self.product(at, inst, op, a, b);
            }
        }
        // A check that is not part of an access may still take its length from a field.
        for (at, &inst) in insts.iter().enumerate() {
            if let Op::BoundsCheck { len, .. } = self.func.insts[inst].op
                && self.facts.carrier(inst).is_none()
                && let Some(load) = self.field(at, len, Type::I64)
            {
                self.facts.fold(load, Carrier::Inst(inst));
            }
        }
        if let Terminator::Branch { cond, .. } = self.func.blocks[self.block].term {
            self.condition(insts.len(), cond);
        }
    }

    /// The instruction before `at` in this block that computes `value` for its only use, with nothing in
    /// between that stops it from moving there.
    fn movable(&self, at: usize, value: Value, barrier: Barrier) -> Option<Inst> {
        let once = self.facts.used_once(value);
        self.movable_to_first_use(at, value, barrier).filter(|_| once)
    }

    /// The same where the use is only the first.
    fn movable_to_first_use(&self, at: usize, value: Value, barrier: Barrier) -> Option<Inst> {
        let value = self.facts.root(value);
        let inst = self.func.def_inst(value)?;
        let insts = &self.func.blocks[self.block].insts;
        let reach = if matches!(barrier, Barrier::None) { PURE_WINDOW } else { WINDOW };
        for place in (at.saturating_sub(reach)..at).rev() {
            let other = insts[place];
            if other == inst {
                let free =
                    self.facts.constant(value).is_none() && self.facts.carrier(inst).is_none();
                return free.then_some(inst);
            }
            // A folded check stops too: it is carried out before `at`.
            if barrier.stops(&self.func.insts[other].op) || self.uses(other, value) {
                return None;
            }
        }
        None
    }

    fn uses(&self, inst: Inst, value: Value) -> bool {
        let mut uses = false;
        self.func.for_each_use(inst, |used| uses |= self.facts.root(used) == value);
        uses
    }

    /// A load of a field that can move to `at`.
    fn field(&self, at: usize, value: Value, wanted: Type) -> Option<Inst> {
        let inst = self.movable(at, value, Barrier::Writes)?;
        let Op::FieldGet { ty, field, .. } = self.func.insts[inst].op else { return None };
        let near = self.module.field(field).is_some_and(|f| f.offset <= u32::from(u16::MAX));
        (ty == wanted && near).then_some(inst)
    }

    fn object_of(&self, load: Inst) -> Option<Value> {
        let Op::FieldGet { object, .. } = self.func.insts[load].op else { return None };
        Some(self.facts.root(object))
    }

    /// An access takes its bounds check in, and with it the loads of length and array from one object. A check
    /// whose result others use too can only be taken in by a load, which then writes both results.
    fn element(
        &mut self,
        at: usize,
        inst: Inst,
        is_load: bool,
        layout: LayoutId,
        (array, index): (Value, Value),
    ) {
        if self.module.layouts[layout].slots().is_none_or(|slots| slots.len() != 1) {
            return;
        }
        let Some(check) = self.movable_to_first_use(at, index, Barrier::Effects) else { return };
        let Op::BoundsCheck { len, .. } = self.func.insts[check].op else { return };
        let once = self.facts.used_once(index);
        if !once && !is_load {
            return;
        }
        self.facts.fold(check, Carrier::Inst(inst));
        if !once {
            return;
        }
        let (Some(len), Some(array)) =
            (self.field(at, len, Type::I64), self.field(at, array, Type::Ref))
        else {
            return;
        };
        if len != array && self.object_of(len) == self.object_of(array) {
            self.facts.fold(len, Carrier::Inst(inst));
            self.facts.fold(array, Carrier::Inst(inst));
        }
    }

    /// A sum or difference takes in a product.
    fn product(&mut self, at: usize, inst: Inst, op: BinOp, a: Value, b: Value) {
        let operands: &[Value] = match op {
            BinOp::FAdd => &[b, a],
            BinOp::FSub => &[b],
            _ => return,
        };
        if self.func.ty(a) != Type::F64
            || self.facts.constant(a).or(self.facts.constant(b)).is_some()
        {
            return;
        }
        let product = operands.iter().find_map(|&operand| {
            let product = self.movable(at, operand, Barrier::None)?;
            let Op::BinOp { op: BinOp::FMul, a, b } = self.func.insts[product].op else {
                return None;
            };
            let plain = self.facts.constant(a).or(self.facts.constant(b)).is_none();
            plain.then_some(product)
        });
        if let Some(product) = product {
            self.facts.fold(product, Carrier::Inst(inst));
        }
    }

    /// A branch takes in its comparison.
    fn condition(&mut self, at: usize, cond: Value) {
        let Some(inst) = self.movable(at, cond, Barrier::None) else { return };
        let Op::BinOp { op, a, .. } = self.func.insts[inst].op else { return };
        let narrow = self.func.ty(a) == Type::F32;
        if op.is_comparison() && !narrow {
            self.facts.fold(inst, Carrier::Terminator);
        }
    }
}
