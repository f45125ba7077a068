//! What is known at one place: the intervals of values, and which value is at most another plus a
//! constant. Facts are added on the way down the dominator tree and taken back on the way up.
//!
//! Must never keep a fact beyond the blocks that its condition dominates.

#![allow(unreachable_patterns, reason = "a group of operators repeats those above it")]

use super::super::fold::opposite;
use super::interval::Interval;
use crate::analysis::Cfg;
use crate::entities::*;
use crate::function::{Function, ValueDef};
use crate::keywords::*;
use crate::keywords::{float_arithmetic, float_comparison, int_arithmetic};
use crate::module::{MAX_LEN, Module};
use crate::ops::{Op, Terminator};
use crate::types::Type;
use rustc_hash::FxHashMap;
use sepal_base::Id as _;
use smallvec::SmallVec;

/// Steps of one search for a relation; proofs in real programs are short.
const MAX_STEPS: u32 = 24;

/// One step to take back.
enum Undo {
    Interval(Value, Option<Interval>),
    Relation(Value),
}

/// See the module's head.
pub struct Facts<'f> {
    pub func: &'f Function,
    module: &'f Module,
    pub cfg: &'f Cfg,
    /// The block of every instruction.
    home: Vec<Block>,
    intervals: FxHashMap<Value, Interval>,
    /// `a ≤ b + c`, by `a`.
    at_most: FxHashMap<Value, SmallVec<[(Value, i64); 2]>>,
    undo: Vec<Undo>,
}

/// A relation being proved for a parameter that a loop feeds back: met again, it may be assumed.
type Assumed = SmallVec<[(Value, i64); 4]>;

impl<'f> Facts<'f> {
    pub fn new(func: &'f Function, module: &'f Module, cfg: &'f Cfg) -> Facts<'f> {
        let mut home = vec![Function::ENTRY; func.insts.len()];
        for &block in &cfg.rpo {
            for &inst in &func.blocks[block].insts {
                home[inst.index()] = block;
            }
        }
        Facts {
            func,
            module,
            cfg,
            home,
            intervals: FxHashMap::default(),
            at_most: FxHashMap::default(),
            undo: Vec::new(),
        }
    }

    /// A mark to come back to.
    pub fn mark(&self) -> usize {
        self.undo.len()
    }

    /// Forgets what was learnt since the mark.
    pub fn back_to(&mut self, mark: usize) {
        while self.undo.len() > mark {
            match self.undo.pop() {
                Some(Undo::Interval(value, Some(before))) => {
                    self.intervals.insert(value, before);
                }
                Some(Undo::Interval(value, None)) => {
                    self.intervals.remove(&value);
                }
                Some(Undo::Relation(value)) => {
                    self.at_most.get_mut(&value).and_then(SmallVec::pop);
                }
                None => {}
            }
        }
    }

    /// The interval of an integer or `bool`; everything for other types.
    pub fn interval(&self, value: Value) -> Interval {
        match self.intervals.get(&value) {
            Some(&interval) => interval,
            None => Interval::of_type(self.func.ty(value)).unwrap_or(Interval::full(64)),
        }
    }

    /// From here on `value` is in `interval`, too.
    pub fn narrow(&mut self, value: Value, interval: Interval) {
        let before = self.interval(value);
        let after = before.meet(interval);
        if after != before {
            self.undo.push(Undo::Interval(value, self.intervals.get(&value).copied()));
            self.intervals.insert(value, after);
        }
    }

    /// From here on `a ≤ b + c`.
    pub fn relate(&mut self, a: Value, b: Value, c: i64) {
        self.at_most.entry(a).or_default().push((b, c));
        self.undo.push(Undo::Relation(a));
        let (ia, ib) = (self.interval(a), self.interval(b));
        self.narrow(a, Interval { lo: i64::MIN, hi: ib.hi.saturating_add(c) });
        self.narrow(b, Interval { lo: ia.lo.saturating_sub(c), hi: i64::MAX });
    }

    /// From here on the `bool` `cond` is `holds`.
    pub fn assume(&mut self, cond: Value, holds: bool) {
        self.narrow(cond, Interval::just(i64::from(holds)));
        let Some(op) = self.func.def_op(cond) else { return };
        if let Op::UnaryOp { op: UnaryOp::Not, value } = op {
            return self.assume(value, !holds);
        }
        let Op::BinOp { op, a, b } = op else { return };
        if self.func.ty(a) == Type::Bool {
            // Both sides of an `and` that holds hold, of an `or` that does not, do not.
            if op == BinOp::And && holds || op == BinOp::Or && !holds {
                self.assume(a, holds);
                self.assume(b, holds);
            }
            return;
        }
        if self.func.ty(a).is_int() {
            let op = if holds { Some(op) } else { opposite(op) };
            if let Some(op) = op {
                self.compared(op, a, b);
            }
        }
    }

    fn compared(&mut self, op: BinOp, a: Value, b: Value) {
        let natural = self.interval(b).is_natural();
        match op {
            BinOp::Eq => {
                self.relate(a, b, 0);
                self.relate(b, a, 0);
            }
            BinOp::Ne => {
                self.differ(a, b);
                self.differ(b, a);
            }
            BinOp::SLt => self.relate(a, b, -1),
            BinOp::SLe => self.relate(a, b, 0),
            BinOp::SGt => self.relate(b, a, -1),
            BinOp::SGe => self.relate(b, a, 0),
            // Below a natural number, an unsigned number is natural itself.
            BinOp::ULt if natural => {
                self.narrow(a, Interval { lo: 0, hi: i64::MAX });
                self.relate(a, b, -1);
            }
            BinOp::ULe if natural => {
                self.narrow(a, Interval { lo: 0, hi: i64::MAX });
                self.relate(a, b, 0);
            }
            BinOp::ULt | BinOp::ULe | BinOp::UGt | BinOp::UGe => {}
            int_arithmetic!() | float_arithmetic!() | float_comparison!() => {}
        }
    }

    /// `a ≠ b`: an end of the interval may fall away.
    fn differ(&mut self, a: Value, b: Value) {
        let (ia, ib) = (self.interval(a), self.interval(b));
        if ib.lo != ib.hi || ia.lo == ia.hi {
            return;
        }
        if ia.lo == ib.lo {
            self.narrow(a, Interval { lo: ia.lo + 1, hi: i64::MAX });
        } else if ia.hi == ib.lo {
            self.narrow(a, Interval { lo: i64::MIN, hi: ia.hi - 1 });
        }
    }

    /// What holds at the start of `block` because of the one edge that leads to it.
    pub fn enter(&mut self, block: Block) {
        let [edge] = self.cfg.preds(block) else { return };
        let data = &self.func.blocks[edge.from];
        if let Terminator::Branch { cond, then, .. } = data.term {
            self.assume(cond, then.block == block && edge.nth == 0);
        } else if let Terminator::Switch { value, cases, .. } = data.term
            && let Some(&(n, _)) = self.func.pools.cases(cases).get(edge.nth as usize)
        {
            self.narrow(value, Interval::just(n));
        }
    }

    /// What an instruction's results are, and what holds because it did not panic.
    pub fn after(&mut self, inst: Inst) {
        let data = &self.func.insts[inst];
        let Some(result) = data.results.get(0) else {
            if let Op::ContractCheck { cond, .. } = data.op {
                self.assume(cond, true);
            }
            return;
        };
        let op = data.op;
        if let Op::BoundsCheck { len, .. } = op {
            self.narrow(result, Interval { lo: 0, hi: i64::MAX });
            self.relate(result, len, -1);
            self.narrow(len, Interval { lo: 1, hi: i64::MAX });
        } else if let Some(interval) = self.of_op(op) {
            self.narrow(result, interval);
        }
    }

    fn of_op(&self, op: Op) -> Option<Interval> {
        if let Op::ConstInt { ty, value } = op {
            return ty.is_int().then_some(Interval::just(value));
        }
        if let Op::ConstBool { value } = op {
            return Some(Interval::just(i64::from(value)));
        }
        if let Op::Copy { value } = op {
            return Some(self.interval(value));
        }
        if self.is_length(op) {
            return Some(Interval { lo: 0, hi: MAX_LEN });
        }
        if let Op::Select { a, b, .. } = op {
            return Some(self.interval(a).join(self.interval(b)));
        }
        if let Op::BinOp { op, a, b } = op {
            let bits = self.func.ty(a).int_bits().filter(|_| !op.is_comparison())?;
            return Some(Interval::bin_op(op, self.interval(a), self.interval(b), bits));
        }
        if let Op::CheckedOp { op: CheckedOp::SSub, a, b } = op
            && let Some(least) = self.distance(a, b)
        {
            let known = self.of_checked(CheckedOp::SSub, a, b)?;
            return Some(known.meet(Interval { lo: least, hi: i64::MAX }));
        }
        if let Op::CheckedOp { op, a, b } = op {
            return self.of_checked(op, a, b);
        }
        if let Op::Cast { kind, ty, value } = op {
            return self.of_cast(kind, ty, value);
        }
        if let Op::CheckedCast { kind, ty, value } = op {
            return self.of_checked_cast(kind, ty, value);
        }
        None
    }

    fn is_length(&self, op: Op) -> bool {
        if let Op::FieldGet { field, .. } = op {
            return self.module.field(field).is_some_and(|def| def.length);
        }
        matches!(op, Op::ArrayLen { .. })
    }

    /// The least that `a - b` can be, if a relation between the two is known.
    fn distance(&self, a: Value, b: Value) -> Option<i64> {
        let known = self.at_most.get(&b)?;
        known.iter().filter(|(x, _)| *x == a).map(|(_, c)| c.saturating_neg()).max()
    }

    fn of_checked(&self, op: CheckedOp, a: Value, b: Value) -> Option<Interval> {
        let bits = self.func.ty(a).int_bits()?;
        let (ia, ib) = (self.interval(a), self.interval(b));
        match op {
            CheckedOp::SAdd | CheckedOp::SSub | CheckedOp::SMul => {
                let exact = Interval::exact(op.unchecked(), ia, ib)?;
                Some(Interval::clamped(exact, bits))
            }
            CheckedOp::SDiv
            | CheckedOp::SRem
            | CheckedOp::Shl
            | CheckedOp::SShr
            | CheckedOp::UShr => Some(Interval::bin_op(op.unchecked(), ia, ib, bits)),
            CheckedOp::UAdd
            | CheckedOp::USub
            | CheckedOp::UMul
            | CheckedOp::UDiv
            | CheckedOp::URem => {
                let natural = ia.is_natural() && ib.is_natural();
                natural.then(|| Interval::bin_op(op.unchecked(), ia, ib, bits))
            }
        }
    }

    fn of_cast(&self, kind: CastKind, to: Type, value: Value) -> Option<Interval> {
        let from = self.interval(value);
        let target = Interval::full(to.int_bits()?);
        match kind {
            CastKind::SignExtend => Some(from),
            CastKind::ZeroExtend if from.is_natural() => Some(from),
            CastKind::ZeroExtend => {
                let bits = self.func.ty(value).int_bits()?;
                Some(Interval { lo: 0, hi: (u64::MAX >> (64 - bits)) as i64 })
            }
            CastKind::Truncate => target.holds(from).then_some(from),
            CastKind::SignedToFloat
            | CastKind::UnsignedToFloat
            | CastKind::FloatToFloat
            | CastKind::FloatToSigned
            | CastKind::FloatToUnsigned
            | CastKind::Bitcast
            | CastKind::Address => None,
        }
    }

    fn of_checked_cast(&self, kind: CheckedCastKind, to: Type, value: Value) -> Option<Interval> {
        let target = Interval::full(to.int_bits()?);
        let from = self.interval(value);
        match kind {
            CheckedCastKind::SignedToSigned => Some(target.meet(from)),
            CheckedCastKind::UnsignedToSigned => Some(Interval { lo: 0, hi: target.hi }),
            CheckedCastKind::SignedToChar | CheckedCastKind::UnsignedToChar => {
                Some(Interval { lo: 0, hi: i64::from(u32::from(char::MAX)) })
            }
            CheckedCastKind::SignedToUnsigned | CheckedCastKind::UnsignedToUnsigned => {
                (from.is_natural() && target.holds(from)).then_some(from)
            }
            CheckedCastKind::FloatToSigned | CheckedCastKind::FloatToUnsigned => None,
        }
    }

    // Relations.

    /// Whether `a ≤ b + c` is certain here.
    pub fn proves(&self, a: Value, b: Value, c: i64) -> bool {
        let mut search =
            Search { facts: self, steps: MAX_STEPS, assumed: Assumed::new(), here: true };
        search.at_most(a, b, c)
    }

    /// The block of an instruction.
    pub fn home_of(&self, inst: Inst) -> Block {
        self.home[inst.index()]
    }

    /// Whether a condition above `block` says that `value` is below (or above) another integer, and
    /// so not the last of its type.
    pub fn is_bounded(&self, value: Value, mut block: Block, above: bool) -> bool {
        for _ in 0..MAX_STEPS {
            if let [edge] = self.cfg.preds(block)
                && let Terminator::Branch { cond, .. } = self.func.blocks[edge.from].term
                && let Some(Op::BinOp { op, a, b }) = self.func.def_op(cond)
            {
                let op = if edge.nth == 0 { Some(op) } else { opposite(op) };
                let below =
                    op == Some(BinOp::SLt) && a == value || op == Some(BinOp::SGt) && b == value;
                let over =
                    op == Some(BinOp::SGt) && a == value || op == Some(BinOp::SLt) && b == value;
                if above && below || !above && over {
                    return true;
                }
            }
            match self.cfg.idom(block) {
                Some(next) => block = next,
                None => return false,
            }
        }
        false
    }

    /// The constant that a value is.
    fn constant(&self, value: Value) -> Option<i64> {
        let Some(Op::ConstInt { ty, value }) = self.func.def_op(value) else { return None };
        ty.is_int().then_some(value)
    }

    fn home(&self, value: Value) -> Option<Block> {
        match self.func.values[value].def {
            ValueDef::Result(inst, _) => Some(self.home[inst.index()]),
            ValueDef::Param(block, _) => Some(block),
            ValueDef::Removed => None,
        }
    }

    /// `value` as another value plus a constant, both exact.
    fn as_sum(&self, value: Value) -> Option<(Value, i64)> {
        let op = self.func.def_op(value)?;
        if let Op::Copy { value } = op {
            return Some((value, 0));
        }
        let Op::CheckedOp { op, a, b } = op else { return None };
        if op == CheckedOp::SAdd {
            self.constant(b).map(|n| (a, n))
        } else if op == CheckedOp::SSub {
            self.constant(b).and_then(i64::checked_neg).map(|n| (a, n))
        } else {
            None
        }
    }

    /// The arguments that jumps give to a parameter.
    pub fn arguments(&self, block: Block, n: u32) -> SmallVec<[(Block, Value); 4]> {
        let mut found = SmallVec::new();
        for edge in self.cfg.preds(block) {
            let mut nth = 0;
            self.func.blocks[edge.from].term.for_each_target(&self.func.pools, &mut |call| {
                if nth == edge.nth
                    && let Some(&arg) = self.func.list(call.args).get(n as usize)
                {
                    found.push((edge.from, arg));
                }
                nth += 1;
            });
        }
        found
    }
}

/// One search for `a ≤ b + c`.
struct Search<'s, 'f> {
    facts: &'s Facts<'f>,
    steps: u32,
    assumed: Assumed,
    /// Whether the values are those of this place, so that its facts hold for them: not so once the
    /// search went round a loop.
    here: bool,
}

impl Search<'_, '_> {
    fn at_most(&mut self, a: Value, b: Value, c: i64) -> bool {
        if a == b && c >= 0 {
            return true;
        }
        let facts = self.facts;
        let (most, least) = (facts.interval(a).hi, facts.interval(b).lo);
        if self.here && i128::from(most) <= i128::from(least) + i128::from(c) {
            return true;
        }
        let Some(left) = self.steps.checked_sub(1) else { return false };
        self.steps = left;
        if self.here
            && let Some(known) = facts.at_most.get(&a)
        {
            for &(x, k) in known.iter().rev() {
                if let Some(rest) = c.checked_sub(k)
                    && self.at_most(x, b, rest)
                {
                    return true;
                }
            }
        }
        self.by_definition(a, b, c) || self.by_bound(a, b, c) || self.by_parameter(a, b, c)
    }

    /// By what `a` was computed from.
    fn by_definition(&mut self, a: Value, b: Value, c: i64) -> bool {
        if let Some((x, k)) = self.facts.as_sum(a) {
            return c.checked_sub(k).is_some_and(|rest| self.at_most(x, b, rest));
        }
        let Some(op) = self.facts.func.def_op(a) else { return false };
        if let Op::BoundsCheck { len, .. } = op {
            return c.checked_add(1).is_some_and(|rest| self.at_most(len, b, rest));
        }
        if let Op::Select { a: x, b: y, .. } = op {
            return self.at_most(x, b, c) && self.at_most(y, b, c);
        }
        // The rest needs intervals, which belong to this place.
        if !self.here {
            return false;
        }
        let natural = |value: Value| self.facts.interval(value).is_natural();
        if let Op::CheckedOp { op: CheckedOp::SSub, a: x, b: y } = op
            && natural(y)
        {
            return self.at_most(x, b, c);
        }
        let Op::BinOp { op, a: x, b: y } = op else { return false };
        let shrinks = matches!(op, BinOp::SShr | BinOp::UShr | BinOp::And)
            || matches!(op, BinOp::SDiv | BinOp::UDiv | BinOp::SRem | BinOp::URem) && natural(y);
        shrinks && natural(x) && self.at_most(x, b, c)
    }

    /// By what `b` was computed from.
    fn by_bound(&mut self, a: Value, b: Value, c: i64) -> bool {
        if let Some((y, k)) = self.facts.as_sum(b) {
            return c.checked_add(k).is_some_and(|rest| self.at_most(a, y, rest));
        }
        if let Some(Op::CheckedOp { op: CheckedOp::SAdd, a: x, b: y }) = self.facts.func.def_op(b)
            && self.here
        {
            let natural = |value: Value| self.facts.interval(value).is_natural();
            return natural(y) && self.at_most(a, x, c) || natural(x) && self.at_most(a, y, c);
        }
        false
    }

    /// `a` is a parameter: all its arguments must be bound. A loop's parameter may be assumed bound
    /// while its next value is looked at, if that does not ask for more.
    fn by_parameter(&mut self, a: Value, b: Value, c: i64) -> bool {
        let facts = self.facts;
        let ValueDef::Param(block, n) = facts.func.values[a].def else { return false };
        if let Some((_, least)) = self.assumed.iter().find(|(value, _)| *value == a) {
            return *least <= c;
        }
        // `b` must be one value for all rounds.
        let outside = facts.home(b).is_some_and(|h| h != block && facts.cfg.dominates(h, block));
        if block == Function::ENTRY || !outside {
            return false;
        }
        let before = std::mem::replace(&mut self.here, false);
        self.assumed.push((a, c));
        let arguments = facts.arguments(block, n);
        let fine = arguments.iter().all(|&(_, arg)| self.at_most(arg, b, c));
        self.assumed.pop();
        self.here = before;
        fine
    }
}
