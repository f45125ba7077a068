//! Loop-invariant code motion: what gives the same in every round is done once, before the loop.
//!
//! Needs: `rotate`, to find the body's beginning executed on every entry. Breaks: blocks (preheaders).
//!
//! Pure ops move from anywhere. Loads move if nothing in the loop stores into their class and the object
//! is known to be there. Checks move only from the stretch at the loop's head that is executed on every
//! entry, and only past what neither panics nor is seen from outside, so panics keep their order.

use super::PassCx;
use super::rotate::redirect;
use crate::analysis::{Cfg, Loop, Loops};
use crate::effects::{Effects, MemClass};
use crate::entities::*;
use crate::function::{Function, ValueDef};
use crate::module::Module;
use crate::ops::{Op, Terminator};
use rustc_hash::FxHashSet;
use sepal_base::Id as _;

/// See the module's head.
pub fn run(func: &mut Function, cx: &mut PassCx<'_>) -> bool {
    let mut cfg = Cfg::new(func);
    let mut loops = Loops::new(func, &cfg);
    if loops.loops.is_empty() {
        return false;
    }
    let mut changed = add_preheaders(func, &cfg, &loops);
    if changed {
        cfg = Cfg::new(func);
        loops = Loops::new(func, &cfg);
    }
    let mut home = vec![Function::ENTRY; func.insts.len()];
    for &block in &cfg.rpo {
        for &inst in &func.blocks[block].insts {
            home[inst.index()] = block;
        }
    }
    let mut mover = Mover { func, module: cx.module, cfg: &cfg, home };
    // Inner loops first: what leaves one may leave the next.
    for found in loops.loops.iter().rev() {
        changed |= mover.run(found);
    }
    changed
}

/// Every loop is entered through one block that leads nowhere else.
fn add_preheaders(func: &mut Function, cfg: &Cfg, loops: &Loops) -> bool {
    let mut changed = false;
    for (id, found) in loops.loops.iter_enumerated() {
        let header = found.header;
        let mut outside: Vec<Block> = cfg
            .preds(header)
            .iter()
            .map(|edge| edge.from)
            .filter(|&from| !loops.contains(id, from))
            .collect();
        outside.dedup();
        if let [only] = outside[..]
            && matches!(func.blocks[only].term, Terminator::Jump { .. })
        {
            continue;
        }
        let preheader = func.new_block();
        let mut args = Vec::new();
        for n in 0..func.blocks[header].params.len() {
            let ty = func.ty(func.blocks[header].params[n]);
            args.push(func.add_param(preheader, ty));
        }
        for from in outside {
            redirect(func, from, header, preheader);
        }
        let args = func.pools.list(&args);
        func.blocks[preheader].term =
            Terminator::Jump { target: BlockCall { block: header, args } };
        changed = true;
    }
    changed
}

struct Mover<'a> {
    func: &'a mut Function,
    module: &'a Module,
    cfg: &'a Cfg,
    /// The block of every instruction.
    home: Vec<Block>,
}

/// What holds in the loop being looked at.
struct InLoop {
    preheader: Block,
    blocks: FxHashSet<Block>,
    writes_all: bool,
    writes: FxHashSet<MemClass>,
}

/// What was passed on the way from the loop's head, while every entry comes this way.
#[derive(Clone, Copy)]
struct Way {
    /// Every entry comes here, whatever happens before.
    certain: bool,
    /// And nothing before panics or is seen from outside.
    quiet: bool,
}

impl Mover<'_> {
    fn run(&mut self, found: &Loop) -> bool {
        let Some(facts) = self.facts(found) else { return false };
        let mut changed = false;
        let mut next = Some(found.header);
        let mut way = Way { certain: true, quiet: true };
        let mut done: FxHashSet<Block> = FxHashSet::default();
        while let Some(block) = next.filter(|&block| done.insert(block)) {
            way = self.block(block, &facts, way, &mut changed);
            next = self.only_way_on(block, found);
        }
        for &block in &found.blocks {
            let is_cold = matches!(
                self.func.blocks[block].term,
                Terminator::Panic { .. } | Terminator::Unreachable {}
            );
            if !is_cold && !done.contains(&block) {
                self.block(block, &facts, Way { certain: false, quiet: false }, &mut changed);
            }
        }
        changed
    }

    fn facts(&self, found: &Loop) -> Option<InLoop> {
        let outside = self.cfg.preds(found.header).iter().map(|edge| edge.from);
        let mut preheaders = outside.filter(|from| !found.blocks.contains(from));
        let preheader = preheaders.next()?;
        if preheaders.next().is_some()
            || !matches!(self.func.blocks[preheader].term, Terminator::Jump { .. })
        {
            return None;
        }
        let mut facts = InLoop {
            preheader,
            blocks: found.blocks.iter().copied().collect(),
            writes_all: false,
            writes: FxHashSet::default(),
        };
        for &block in &found.blocks {
            for &inst in &self.func.blocks[block].insts {
                let op = &self.func.insts[inst].op;
                match op.stores() {
                    Some(class) => {
                        facts.writes.insert(class);
                    }
                    None => facts.writes_all |= op.effects().has(Effects::WRITES),
                }
            }
        }
        Some(facts)
    }

    /// The block after `block`, if every round goes there and only from here.
    fn only_way_on(&self, block: Block, found: &Loop) -> Option<Block> {
        let Terminator::Jump { target } = self.func.blocks[block].term else { return None };
        let is_line = self.cfg.preds(target.block).len() == 1;
        (is_line && found.blocks.contains(&target.block)).then_some(target.block)
    }

    fn block(&mut self, block: Block, facts: &InLoop, mut way: Way, changed: &mut bool) -> Way {
        let mut list = std::mem::take(&mut self.func.blocks[block].insts);
        list.retain(|&inst| {
            let op = self.func.insts[inst].op;
            if self.is_invariant(inst, facts) && self.may_move(inst, facts, way) {
                self.func.blocks[facts.preheader].insts.push(inst);
                self.home[inst.index()] = facts.preheader;
                *changed = true;
                return false;
            }
            let effects = op.effects();
            way.quiet &= effects.is_removable();
            // A call may end the program before what follows it, and a contract may be what makes
            // looking into an object safe.
            way.certain &= !effects.any_of(Effects::SUSPENDS.with(Effects::ORDERED))
                && !matches!(op, Op::ContractCheck { .. });
            true
        });
        self.func.blocks[block].insts = list;
        way.quiet &= way.certain;
        way
    }

    fn is_invariant(&self, inst: Inst, facts: &InLoop) -> bool {
        let mut invariant = true;
        self.func.for_each_use(inst, |value| {
            let home = match self.func.values[value].def {
                ValueDef::Result(inst, _) => self.home[inst.index()],
                ValueDef::Param(block, _) => block,
                ValueDef::Removed => Function::ENTRY,
            };
            invariant &= !facts.blocks.contains(&home);
        });
        invariant
    }

    fn may_move(&self, inst: Inst, facts: &InLoop, way: Way) -> bool {
        let op = self.func.insts[inst].op;
        if op.is_speculatable() {
            return true;
        }
        if let Some(class) = op.loads() {
            let is_stable = self.module.is_immutable(class)
                || !facts.writes_all && !facts.writes.contains(&class);
            let is_there = match op.looks_into() {
                Some(object) => self.is_known(object, &op, facts.preheader),
                None => matches!(class, MemClass::Global(_)),
            };
            return is_stable && (way.certain || is_there);
        }
        if let Some(object) = op.looks_into()
            && op.effects() == Effects::PURE
        {
            return way.certain || self.is_known(object, &op, facts.preheader);
        }
        let effects = op.effects();
        let is_check = effects == Effects::PANICS;
        is_check && way.quiet || effects == Effects::PURE && way.certain
    }

    /// Whether the object is seen to exist, in the shape the op expects, where `at` ends.
    fn is_known(&self, object: Value, op: &Op, at: Block) -> bool {
        if let Some(made) = self.func.def_op(object)
            && made.effects().has(Effects::ALLOCATES)
            && made.effects().is_removable()
        {
            return true;
        }
        let mut block = Some(at);
        // Far up is far away: the search is for what an outer loop or the entry just did.
        for _ in 0..8 {
            let Some(here) = block else { return false };
            for &inst in &self.func.blocks[here].insts {
                let other = &self.func.insts[inst].op;
                if other.looks_into() == Some(object) && same_shape(op, other) {
                    return true;
                }
            }
            block = self.cfg.idom(here);
        }
        false
    }
}

/// Whether two ops that look into an object agree on what it is.
fn same_shape(a: &Op, b: &Op) -> bool {
    let shape = |op: &Op| {
        if let Op::FieldGet { field, .. } | Op::FieldSet { field, .. } = *op {
            Some((field.layout, field.variant))
        } else {
            None
        }
    };
    // Reading and writing a field agree; a length and a variant only with their like.
    let of_field = |op: &Op| shape(op).is_some();
    shape(a) == shape(b) && (of_field(a) || a.number() == b.number())
}
