//! Range analysis: checks that cannot fail become plain operators, comparisons that are decided
//! become constants, divisions and remainders of natural numbers by powers of two become shifts.
//!
//! Needs: checked ops as they were written, so it runs after all inlining; loops that test at their
//! head, so it runs before `rotate`. Breaks: nothing (dead branches are left to `simplify_cfg`).
//!
//! One walk over the dominator tree. Conditions above a place, checks passed before it, and how loops
//! step give intervals and relations; see `facts`.

#![allow(unreachable_patterns, reason = "a group of operators repeats those above it")]

mod facts;
mod interval;

use super::PassCx;
use super::rewrite::Rewrites;
use crate::analysis::Cfg;
use crate::entities::*;
use crate::function::{Function, ValueDef};
use crate::keywords::*;
use crate::keywords::{float_arithmetic, float_comparison, int_arithmetic, int_comparison};
use crate::module::Module;
use crate::ops::Op;
use crate::types::Type;
use facts::Facts;
pub use interval::Interval;
use rustc_hash::FxHashMap;

/// See the module's head.
pub fn run(func: &mut Function, cx: &mut PassCx<'_>) -> bool {
    let cfg = Cfg::new(func);
    let facts = Facts::new(func, cx.module, &cfg);
    let mut walk = Walk { facts, joins: FxHashMap::default(), found: Vec::new() };
    walk.run(&cfg, &mut |_, _| {});
    let found = walk.found;
    let mut rewrites = Rewrites::default();
    let changed = !found.is_empty();
    for (block, inst, better) in found {
        match better {
            Better::Op(op) => func.insts[inst].op = op,
            Better::Power(op, a, n) => power(func, block, inst, op, a, n),
            Better::Value(value) => {
                let result = func.result(inst);
                // The instruction goes with the next `dce`.
                func.insts[inst].op = Op::Copy { value };
                rewrites.replace(result, value);
            }
        }
    }
    rewrites.apply(func);
    changed
}

/// The intervals of some values at the beginning of a block.
pub fn intervals_at(
    func: &Function,
    module: &Module,
    block: Block,
    values: &[Value],
) -> Vec<Interval> {
    let cfg = Cfg::new(func);
    let facts = Facts::new(func, module, &cfg);
    let mut walk = Walk { facts, joins: FxHashMap::default(), found: Vec::new() };
    let mut intervals = Vec::new();
    walk.run(&cfg, &mut |facts, at| {
        if at == block {
            intervals = values.iter().map(|&value| facts.interval(value)).collect();
        }
    });
    intervals
}

/// What an instruction can be replaced by.
enum Better {
    Op(Op),
    /// The operator with a constant on its right.
    Power(BinOp, Value, i64),
    Value(Value),
}

/// Puts `a op n` in the place of an instruction, `n` being made before it.
fn power(func: &mut Function, block: Block, inst: Inst, op: BinOp, a: Value, n: i64) {
    let ty = func.ty(a);
    let constant = func.new_inst(Op::ConstInt { ty, value: n }, &[ty], LocId::NONE);
    let b = func.result(constant);
    func.insts[inst].op = Op::BinOp { op, a, b };
    let list = &mut func.blocks[block].insts;
    let at = list.iter().position(|&other| other == inst).expect("it stands in its block");
    list.insert(at, constant);
}

struct Walk<'f> {
    facts: Facts<'f>,
    /// What the jumps seen so far give to each parameter, and how many they were.
    joins: FxHashMap<Value, (Interval, usize)>,
    found: Vec<(Block, Inst, Better)>,
}

impl Walk<'_> {
    /// Depth first without recursion. Children come in reverse postorder, so that all ways into a
    /// block but a loop's own have been walked before it, unless the loop can be entered elsewhere. `visit` sees what is
    /// known at the beginning of each.
    fn run(&mut self, cfg: &Cfg, visit: &mut dyn FnMut(&Facts<'_>, Block)) {
        let tree = cfg.dominator_tree();
        let mut path = Vec::new();
        let mut next = Some(0);
        loop {
            while let Some(node) = next {
                path.push((node, self.facts.mark()));
                self.block(cfg.rpo[node as usize], visit);
                next = tree.first_child(node);
            }
            let Some((node, mark)) = path.pop() else { return };
            self.facts.back_to(mark);
            next = tree.next_sibling(node);
        }
    }

    fn block(&mut self, block: Block, visit: &mut dyn FnMut(&Facts<'_>, Block)) {
        self.facts.enter(block);
        self.parameters(block);
        visit(&self.facts, block);
        let func = self.facts.func;
        for &inst in &func.blocks[block].insts {
            if let Some(better) = self.better(inst) {
                self.found.push((block, inst, better));
            }
            self.facts.after(inst);
        }
        self.pass_on(block);
    }

    /// The arguments of this block's jumps, as they are known here.
    fn pass_on(&mut self, block: Block) {
        let func = self.facts.func;
        let Walk { facts, joins, .. } = self;
        func.blocks[block].term.for_each_target(&func.pools, &mut |call| {
            for (&arg, &param) in func.list(call.args).iter().zip(&func.blocks[call.block].params) {
                if func.ty(param).is_int() {
                    let interval = facts.interval(arg);
                    let entry = joins.entry(param).or_insert((interval, 0));
                    *entry = (entry.0.join(interval), entry.1 + 1);
                }
            }
        });
    }

    fn parameters(&mut self, block: Block) {
        let func = self.facts.func;
        for (n, &param) in func.blocks[block].params.iter().enumerate() {
            let Some(&(interval, seen)) = self.joins.get(&param) else { continue };
            if seen == self.facts.cfg.preds(block).len() {
                self.facts.narrow(param, interval);
                continue;
            }
            if seen < self.entries(block) {
                continue;
            }
            // A loop's: it keeps a bound of its first value if every step goes the other way.
            let mut known = Interval::full(64);
            if self.steps(block, n as u32, param, true) {
                known.lo = interval.lo;
            }
            if self.steps(block, n as u32, param, false) {
                known.hi = interval.hi;
            }
            self.facts.narrow(param, known);
        }
    }

    /// How many ways lead into a block but those of a loop that it heads.
    fn entries(&self, block: Block) -> usize {
        let cfg = self.facts.cfg;
        cfg.preds(block).iter().filter(|edge| !cfg.dominates(block, edge.from)).count()
    }

    /// Whether what comes back to a loop's parameter is never below (`up`) or above it.
    fn steps(&self, block: Block, n: u32, param: Value, up: bool) -> bool {
        let arguments = self.facts.arguments(block, n);
        arguments.iter().all(|&(from, arg)| {
            !self.facts.cfg.dominates(block, from) || self.moves(arg, param, up, &mut Vec::new())
        })
    }

    /// Whether `value` is `param` moved up (down) without wrapping.
    fn moves(&self, value: Value, param: Value, up: bool, seen: &mut Vec<Value>) -> bool {
        // Long chains are not worth it, and parameters that come round are assumed.
        if value == param || seen.contains(&value) {
            return true;
        }
        if seen.len() > 16 {
            return false;
        }
        let func = self.facts.func;
        seen.push(value);
        match func.values[value].def {
            ValueDef::Param(block, n) => {
                let arguments = self.facts.arguments(block, n);
                block != Function::ENTRY
                    && arguments.iter().all(|&(_, arg)| self.moves(arg, param, up, seen))
            }
            ValueDef::Result(inst, _) => {
                let op = func.insts[inst].op;
                if let Op::CheckedOp { op, a, b } = op {
                    let sign = self.constant(b).map(|n| n >= 0);
                    let fine = op == CheckedOp::SAdd && sign == Some(up)
                        || op == CheckedOp::SSub && sign == Some(!up);
                    fine && self.moves(a, param, up, seen)
                } else if let Op::BinOp { op, a, b } = op {
                    self.steps_within(inst, op, a, b, up) && self.moves(a, param, up, seen)
                } else if let Op::Select { a, b, .. } = op {
                    self.moves(a, param, up, seen) && self.moves(b, param, up, seen)
                } else if let Op::Copy { value } = op {
                    self.moves(value, param, up, seen)
                } else {
                    false
                }
            }
            ValueDef::Removed => false,
        }
    }

    /// Whether a wrapping step by one does not wrap, since a condition above it says that `a` is below
    /// (above) something.
    fn steps_within(&self, inst: Inst, op: BinOp, a: Value, b: Value, up: bool) -> bool {
        let by = self.constant(b);
        let rises = op == BinOp::Add && by == Some(1) || op == BinOp::Sub && by == Some(-1);
        let falls = op == BinOp::Sub && by == Some(1) || op == BinOp::Add && by == Some(-1);
        let fits = if up { rises } else { falls };
        fits && self.facts.is_bounded(a, self.facts.home_of(inst), up)
    }

    fn constant(&self, value: Value) -> Option<i64> {
        let Some(Op::ConstInt { ty, value }) = self.facts.func.def_op(value) else { return None };
        ty.is_int().then_some(value)
    }

    fn better(&self, inst: Inst) -> Option<Better> {
        let op = self.facts.func.insts[inst].op;
        if let Op::CheckedOp { op, a, b } = op {
            self.is_safe(op, a, b).then(|| self.plain(op.unchecked(), a, b))
        } else if let Op::BinOp { op, a, b } = op {
            if op.is_comparison() { self.decided(op, a, b) } else { self.strength(op, a, b) }
        } else if let Op::BoundsCheck { index, len } = op {
            let natural = self.facts.interval(index).is_natural();
            (natural && self.facts.proves(index, len, -1)).then_some(Better::Value(index))
        } else if let Op::CheckedCast { kind, ty, value } = op {
            self.checked_cast(kind, ty, value)
        } else {
            None
        }
    }

    fn is_safe(&self, op: CheckedOp, a: Value, b: Value) -> bool {
        let func = self.facts.func;
        let Some(bits) = func.ty(a).int_bits() else { return false };
        let (ia, ib) = (self.facts.interval(a), self.facts.interval(b));
        let natural = ia.is_natural() && ib.is_natural();
        let fits = || {
            Interval::exact(op.unchecked(), ia, ib)
                .is_some_and(|exact| Interval::fitting(exact, bits).is_some())
        };
        match op {
            CheckedOp::SAdd | CheckedOp::SSub | CheckedOp::SMul => fits(),
            // Natural in the signed reading is the same in the unsigned one.
            CheckedOp::UAdd | CheckedOp::UMul => natural && fits(),
            CheckedOp::USub => natural && self.facts.proves(b, a, 0),
            CheckedOp::SDiv | CheckedOp::SRem => {
                let overflows = ib.lo <= -1 && ib.hi >= -1 && ia.lo == Interval::full(bits).lo;
                (ib.lo > 0 || ib.hi < 0) && !overflows
            }
            CheckedOp::UDiv | CheckedOp::URem => ib.lo > 0 || ib.hi < 0,
            CheckedOp::Shl | CheckedOp::SShr | CheckedOp::UShr => {
                ib.lo >= 0 && ib.hi < i64::from(bits)
            }
        }
    }

    /// The plain operator, cheaper where the right operand allows.
    fn plain(&self, op: BinOp, a: Value, b: Value) -> Better {
        self.strength(op, a, b).unwrap_or(Better::Op(Op::BinOp { op, a, b }))
    }

    fn strength(&self, op: BinOp, a: Value, b: Value) -> Option<Better> {
        let n = self.constant(b).filter(|n| *n > 1 && n.count_ones() == 1)?;
        let shift = i64::from(n.trailing_zeros());
        let natural = self.facts.interval(a).is_natural();
        match op {
            BinOp::Mul => Some(Better::Power(BinOp::Shl, a, shift)),
            BinOp::UDiv => Some(Better::Power(BinOp::UShr, a, shift)),
            BinOp::URem => Some(Better::Power(BinOp::And, a, n - 1)),
            BinOp::SDiv if natural => Some(Better::Power(BinOp::UShr, a, shift)),
            BinOp::SRem if natural => Some(Better::Power(BinOp::And, a, n - 1)),
            int_arithmetic!() | int_comparison!() => None,
            float_arithmetic!() | float_comparison!() => None,
        }
    }

    fn decided(&self, op: BinOp, a: Value, b: Value) -> Option<Better> {
        if !self.facts.func.ty(a).is_int() {
            return None;
        }
        let below = |a, b, c| self.facts.proves(a, b, c);
        let (ia, ib) = (self.facts.interval(a), self.facts.interval(b));
        let (holds, fails) = match op {
            BinOp::SLt => (below(a, b, -1), below(b, a, 0)),
            BinOp::SLe => (below(a, b, 0), below(b, a, -1)),
            BinOp::SGt => (below(b, a, -1), below(a, b, 0)),
            BinOp::SGe => (below(b, a, 0), below(a, b, -1)),
            BinOp::Eq => (false, ia.hi < ib.lo || ib.hi < ia.lo),
            BinOp::Ne => (ia.hi < ib.lo || ib.hi < ia.lo, false),
            BinOp::ULt | BinOp::ULe | BinOp::UGt | BinOp::UGe => (false, false),
            int_arithmetic!() | float_arithmetic!() | float_comparison!() => (false, false),
        };
        (holds || fails).then_some(Better::Op(Op::ConstBool { value: holds }))
    }

    fn checked_cast(&self, kind: CheckedCastKind, to: Type, value: Value) -> Option<Better> {
        let from = self.facts.func.ty(value);
        let interval = self.facts.interval(value);
        let fits = Interval::full(to.int_bits()?).holds(interval);
        let safe = match kind {
            CheckedCastKind::SignedToSigned => fits,
            CheckedCastKind::SignedToUnsigned
            | CheckedCastKind::UnsignedToSigned
            | CheckedCastKind::UnsignedToUnsigned => fits && interval.is_natural(),
            // Below the surrogates everything is a scalar value.
            CheckedCastKind::SignedToChar | CheckedCastKind::UnsignedToChar => {
                interval.is_natural() && interval.hi < 0xd800
            }
            CheckedCastKind::FloatToSigned | CheckedCastKind::FloatToUnsigned => false,
        };
        if !safe {
            return None;
        }
        Some(if from == to {
            Better::Value(value)
        } else if from.size() > to.size() {
            Better::Op(Op::Cast { kind: CastKind::Truncate, ty: to, value })
        } else {
            Better::Op(Op::Cast { kind: CastKind::SignExtend, ty: to, value })
        })
    }
}
