//! The shape of the flow graph: constant branches, jumps to jumps, branches on a constant argument (which
//! a condition also is on the ways it chooses), straight lines merged, small diamonds made `Select`.
//!
//! Needs: nothing. Breaks: blocks, block parameters, loops' preheaders.

use super::PassCx;
use super::rewrite::Rewrites;
use crate::analysis::Cfg;
use crate::entities::*;
use crate::function::{Function, Pools, ValueDef};
use crate::keywords::{Hint, UnaryOp};
use crate::ops::{Op, Terminator};
use crate::types::Type;
use sepal_base::Id as _;

/// Each round can open the way for the next; beyond this many, what is left is not worth the time.
const MAX_ROUNDS: usize = 8;
/// A diamond with more differing values than this stays a branch.
const MAX_SELECTS: usize = 2;

/// See the module's head.
pub fn run(func: &mut Function, _: &mut PassCx<'_>) -> bool {
    let mut changed = false;
    if func.blocks.len() == 1 {
        return changed;
    }
    for _ in 0..MAX_ROUNDS {
        let mut round = false;
        for block in func.blocks.ids() {
            round |= constant_choice(func, block);
        }
        round |= implied_arguments(func);
        let mut cfg = Cfg::new(func);
        round |= thread_jumps(func, &cfg);
        for block in func.blocks.ids() {
            round |= same_target(func, block);
        }
        if round {
            cfg = Cfg::new(func);
            clear_unreachable(func, &cfg);
        }
        let merged = merge_lines(func, &cfg);
        changed |= round | (merged != Merged::Nothing);
        // Merged lines alone do not open a way for the rest, unless a parameter became a value.
        if !round && merged != Merged::Values {
            break;
        }
    }
    changed
}

/// Empties the blocks that nothing leads to, before any pass looks at them.
pub fn remove_unreachable(func: &mut Function) {
    if func.blocks.len() == 1 {
        return;
    }
    let cfg = Cfg::new(func);
    clear_unreachable(func, &cfg);
}

/// Empties the blocks that nothing leads to, so that no pass has to think of them.
fn clear_unreachable(func: &mut Function, cfg: &Cfg) {
    for block in func.blocks.ids() {
        if !cfg.is_reachable(block) {
            let data = &mut func.blocks[block];
            data.params.clear();
            data.insts.clear();
            data.term = Terminator::Unreachable {};
            data.term_loc = LocId::NONE;
        }
    }
}

/// The integer that a value is known to be, a `bool` being 0 or 1.
fn constant(func: &Function, value: Value) -> Option<i64> {
    func.def_op(value).and_then(|op| constant_op(&op))
}

fn constant_op(op: &Op) -> Option<i64> {
    if let Op::ConstBool { value } = *op {
        Some(i64::from(value))
    } else if let Op::ConstInt { value, .. } = *op {
        Some(value)
    } else {
        None
    }
}

/// Where a terminator goes when the value it looks at is `known`.
fn chosen(term: &Terminator, pools: &Pools, known: i64) -> Option<BlockCall> {
    if let Terminator::Branch { then, otherwise, .. } = *term {
        Some(if known != 0 { then } else { otherwise })
    } else if let Terminator::Switch { cases, default, .. } = *term {
        let case = pools.cases(cases).iter().find(|(n, _)| *n == known);
        Some(case.map_or(default, |(_, call)| *call))
    } else {
        None
    }
}

/// The value that decides where a terminator goes.
fn choice(term: &Terminator) -> Option<Value> {
    if let Terminator::Branch { cond: value, .. } | Terminator::Switch { value, .. } = *term {
        Some(value)
    } else {
        None
    }
}

fn constant_choice(func: &mut Function, block: Block) -> bool {
    let term = func.blocks[block].term;
    if let Terminator::Branch { cond, then, otherwise, hint } = term
        && let Some(Op::UnaryOp { value, .. }) = func.def_op(cond)
    {
        // The only operator from `bool` to `bool` is `not`.
        let hint = match hint {
            Hint::Unknown => Hint::Unknown,
            Hint::Likely => Hint::Unlikely,
            Hint::Unlikely => Hint::Likely,
        };
        func.blocks[block].term =
            Terminator::Branch { cond: value, then: otherwise, otherwise: then, hint };
        return true;
    }
    let known = choice(&term).and_then(|value| constant(func, value));
    let Some(target) = known.and_then(|known| chosen(&term, &func.pools, known)) else {
        return false;
    };
    func.blocks[block].term = Terminator::Jump { target };
    true
}

/// A condition passed on as an argument is `true` on the way it leads to when it holds, `false` on the
/// other; its negation is the opposite.
fn implied_arguments(func: &mut Function) -> bool {
    let mut constants: [Option<Value>; 2] = [None, None];
    let mut changed = false;
    for block in func.blocks.ids() {
        let Terminator::Branch { cond, then, otherwise, .. } = func.blocks[block].term else {
            continue;
        };
        let mut implied = |call: BlockCall, holds: bool| {
            for n in 0..call.args.len() {
                let Some(value) = implied_by(func, cond, holds, func.list(call.args)[n]) else {
                    continue;
                };
                let known = &mut constants[usize::from(value)];
                let known = *known.get_or_insert_with(|| known_bool(func, value));
                func.pools.values_mut(call.args)[n] = known;
                changed = true;
            }
        };
        implied(then, true);
        implied(otherwise, false);
    }
    changed
}

/// What `value` is if `cond` is `holds`, when the one decides the other.
fn implied_by(func: &Function, cond: Value, holds: bool, value: Value) -> Option<bool> {
    let negates = |op| matches!(op, Op::UnaryOp { op: UnaryOp::Not, value } if value == cond);
    if value == cond {
        Some(holds)
    } else {
        func.def_op(value).is_some_and(negates).then_some(!holds)
    }
}

/// A constant at the function's entry, where it is known everywhere and no block stops being empty.
fn known_bool(func: &mut Function, value: bool) -> Value {
    let inst = func.new_inst(Op::ConstBool { value }, &[Type::Bool], LocId::NONE);
    func.blocks[Function::ENTRY].insts.insert(0, inst);
    func.result(inst)
}

/// Leads jumps to a block without instructions on to where it goes, if that is known: because it
/// always goes there, or because the argument it decides by is a constant.
fn thread_jumps(func: &mut Function, cfg: &Cfg) -> bool {
    let candidates = empty_blocks(func, cfg);
    let mut changed = false;
    for &block in &cfg.rpo {
        let mut term = func.blocks[block].term;
        // The arguments of the new jumps are made from constants and parameters: `defs` looks them up
        // while the pools are being written.
        let Function { blocks, insts, values, pools, .. } = &mut *func;
        let known = |value: Value| match values[value].def {
            ValueDef::Result(inst, _) => constant_op(&insts[inst].op),
            ValueDef::Param(..) | ValueDef::Removed => None,
        };
        term.map_targets(pools, &mut |call, pools| {
            if call.block == block || !candidates[call.block.index()] {
                return call;
            }
            let middle = &blocks[call.block];
            let args = pools.values(call.args).to_vec();
            let subst = |value: Value| {
                let n = middle.params.iter().position(|&param| param == value);
                n.map_or(value, |n| args[n])
            };
            let next = if let Terminator::Jump { target } = middle.term {
                Some(target)
            } else {
                choice(&middle.term)
                    .and_then(|value| known(subst(value)))
                    .and_then(|known| chosen(&middle.term, pools, known))
            };
            let Some(next) = next.filter(|next| next.block != call.block) else { return call };
            changed = true;
            let args: Vec<Value> = pools.values(next.args).iter().map(|&v| subst(v)).collect();
            BlockCall { block: next.block, args: pools.list(&args) }
        });
        func.blocks[block].term = term;
    }
    changed
}

/// Blocks that do nothing (what they compute nobody uses) and whose parameters only their own terminator
/// uses.
fn empty_blocks(func: &Function, cfg: &Cfg) -> Vec<bool> {
    let mut empty = vec![false; func.blocks.len()];
    for &block in cfg.rpo.iter().skip(1) {
        let data = &func.blocks[block];
        let goes_on = match data.term {
            Terminator::Jump { .. } | Terminator::Branch { .. } | Terminator::Switch { .. } => true,
            Terminator::Return { .. }
            | Terminator::TailCall { .. }
            | Terminator::TailCallIndirect { .. }
            | Terminator::TailCallVirtual { .. }
            | Terminator::Panic { .. }
            | Terminator::Unreachable {} => false,
        };
        let mut ops = data.insts.iter().map(|&inst| func.insts[inst].op);
        empty[block.index()] = goes_on && ops.all(|op| op.effects().is_removable());
    }
    let mut used = vec![false; func.insts.len()];
    let mut visit = |user: Block, value: Value| match func.values[value].def {
        ValueDef::Param(owner, _) if owner != user => empty[owner.index()] = false,
        ValueDef::Result(inst, _) => used[inst.index()] = true,
        ValueDef::Param(..) | ValueDef::Removed => {}
    };
    for &block in &cfg.rpo {
        for &inst in &func.blocks[block].insts {
            func.for_each_use(inst, |value| visit(block, value));
        }
        func.blocks[block].term.for_each_value(&func.pools, &mut |value| visit(block, value));
    }
    for &block in &cfg.rpo {
        let does_nothing = func.blocks[block].insts.iter().all(|inst| !used[inst.index()]);
        empty[block.index()] &= does_nothing;
    }
    empty
}

/// A branch both of whose ways lead to one block: the arguments that differ become `Select`s.
fn same_target(func: &mut Function, block: Block) -> bool {
    let Terminator::Branch { cond, then, otherwise, hint } = func.blocks[block].term else {
        return false;
    };
    if then.block != otherwise.block {
        return false;
    }
    let a = func.list(then.args).to_vec();
    let b = func.list(otherwise.args).to_vec();
    let differing: Vec<usize> = (0..a.len()).filter(|&n| a[n] != b[n]).collect();
    if differing.len() > MAX_SELECTS || !differing.is_empty() && hint != Hint::Unknown {
        return false;
    }
    let mut args = a.clone();
    for n in differing {
        args[n] = selected(func, block, cond, a[n], b[n]);
    }
    let args = func.pools.list(&args);
    func.blocks[block].term = Terminator::Jump { target: BlockCall { block: then.block, args } };
    true
}

fn selected(func: &mut Function, block: Block, cond: Value, a: Value, b: Value) -> Value {
    let ty = func.ty(a);
    if ty == Type::Bool && constant(func, a) == Some(1) && constant(func, b) == Some(0) {
        return cond;
    }
    let inst = func.append(block, Op::Select { cond, a, b }, &[ty], LocId::NONE);
    func.result(inst)
}

/// What merging lines has changed.
#[derive(Clone, Copy, PartialEq)]
enum Merged {
    Nothing,
    Blocks,
    /// Blocks, and parameters are now their arguments.
    Values,
}

/// Appends a block to the only one that leads to it, which leads nowhere else.
fn merge_lines(func: &mut Function, cfg: &Cfg) -> Merged {
    let mut rewrites = Rewrites::default();
    let mut merged = Merged::Nothing;
    // A block that was merged stands for the one it went into.
    let mut home: Vec<Block> = func.blocks.ids().collect();
    for &block in cfg.rpo.iter().skip(1) {
        let [edge] = cfg.preds(block) else { continue };
        let pred = home[edge.from.index()];
        let Terminator::Jump { target } = func.blocks[pred].term else { continue };
        if target.block != block || pred == block {
            continue;
        }
        home[block.index()] = pred;
        let params = std::mem::take(&mut func.blocks[block].params);
        for (n, &param) in params.iter().enumerate() {
            let arg = func.list(target.args)[n];
            rewrites.replace(param, arg);
            func.values[param].def = ValueDef::Removed;
        }
        let mut insts = std::mem::take(&mut func.blocks[block].insts);
        let (term, loc) = (func.blocks[block].term, func.blocks[block].term_loc);
        func.blocks[block].term = Terminator::Unreachable {};
        let data = &mut func.blocks[pred];
        if data.insts.is_empty() {
            data.insts = insts;
        } else {
            data.insts.append(&mut insts);
        }
        data.term = term;
        data.term_loc = loc;
        merged = Merged::Blocks;
    }
    if rewrites.apply(func) { Merged::Values } else { merged }
}
