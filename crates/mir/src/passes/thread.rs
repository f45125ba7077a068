//! Jump threading: a block whose end depends on how it was entered is copied for the ways on which
//! that is known, and they go on at once.
//!
//! `simplify_cfg` does it where nothing else needs the block's values; here they get a definition in
//! each copy. This unfolds the options that `next` gives and the states of inlined generators, and is
//! run for their sake only: the header of a loop is a block like any other here, and elsewhere loops
//! that are entered in two places would not pay.
//!
//! Needs: nothing. Breaks: blocks, block parameters, loops' preheaders.

use super::PassCx;
use super::ssa::{Redefined, mend};
use crate::analysis::Cfg;
use crate::effects::Effects;
use crate::entities::*;
use crate::function::{Function, ValueDef};
use crate::keywords::{BinOp, UnaryOp};
use crate::ops::{Op, Terminator};
use rustc_hash::FxHashMap;

/// Blocks with more instructions are not copied.
const MAX_INSTS: usize = 8;

/// See the module's head.
pub fn run(func: &mut Function, _: &mut PassCx<'_>) -> bool {
    let mut changed = false;
    let mut cfg = Cfg::new(func);
    for block in cfg.rpo.clone().into_iter().skip(1) {
        if is_copied(func, block) && thread(func, &cfg, block) {
            cfg = Cfg::new(func);
            changed = true;
        }
    }
    changed
}

/// Whether a block chooses and may be copied.
fn is_copied(func: &Function, block: Block) -> bool {
    let data = &func.blocks[block];
    let chooses = match data.term {
        Terminator::Branch { .. } | Terminator::Switch { .. } => true,
        Terminator::Jump { .. }
        | Terminator::Return { .. }
        | Terminator::TailCall { .. }
        | Terminator::TailCallIndirect { .. }
        | Terminator::TailCallVirtual { .. }
        | Terminator::Panic { .. }
        | Terminator::Unreachable {} => false,
    };
    chooses
        && !data.params.is_empty()
        && data.insts.len() <= MAX_INSTS
        && data.insts.iter().all(|&inst| func.insts[inst].op.effects() == Effects::PURE)
}

/// Leads the ways into `block` on which its end is known to copies that end so.
fn thread(func: &mut Function, cfg: &Cfg, block: Block) -> bool {
    let mut preds: Vec<Block> = cfg.preds(block).iter().map(|edge| edge.from).collect();
    preds.dedup();
    // A copy for each edge of the terminator that is taken.
    let mut copies: Vec<(u32, Copied)> = Vec::new();
    for pred in preds {
        if pred == block {
            continue;
        }
        let mut calls = Vec::new();
        func.blocks[pred].term.for_each_target(&func.pools, &mut |call| calls.push(call));
        let mut targets = Vec::with_capacity(calls.len());
        for call in calls {
            let nth = (call.block == block).then(|| known_way(func, block, call.args)).flatten();
            let Some((nth, next)) = nth else {
                targets.push(call.block);
                continue;
            };
            let known = copies.iter().find(|(n, _)| *n == nth).map(|(_, copied)| copied.block);
            targets.push(known.unwrap_or_else(|| {
                let copied = copy(func, block, next);
                let at = copied.block;
                copies.push((nth, copied));
                at
            }));
        }
        let mut term = func.blocks[pred].term;
        let mut targets = targets.into_iter();
        term.map_targets(&mut func.pools, &mut |call, _| BlockCall {
            block: targets.next().unwrap_or(call.block),
            ..call
        });
        func.blocks[pred].term = term;
    }
    if copies.is_empty() {
        return false;
    }
    let all = values_of(func, block);
    let redefined: Vec<Redefined> = all
        .into_iter()
        .map(|value| {
            let others = copies.iter().map(|(_, copied)| (copied.block, copied.values[&value]));
            Redefined { value, home: block, others: others.collect() }
        })
        .collect();
    super::remove_unreachable(func);
    mend(func, &redefined);
    true
}

/// What a block defines.
fn values_of(func: &Function, block: Block) -> Vec<Value> {
    let data = &func.blocks[block];
    let results = data.insts.iter().flat_map(|&inst| func.insts[inst].results.iter());
    data.params.iter().copied().chain(results).collect()
}

/// Which of its edges the terminator of `block` takes when that is entered with `args`, and where the
/// edge leads.
fn known_way(func: &Function, block: Block, args: ValueList) -> Option<(u32, BlockCall)> {
    let term = func.blocks[block].term;
    if let Terminator::Branch { cond, then, otherwise, .. } = term {
        let holds = known(func, block, args, cond)? != 0;
        Some(if holds { (0, then) } else { (1, otherwise) })
    } else if let Terminator::Switch { value, cases, default } = term {
        let value = known(func, block, args, value)?;
        let cases = func.pools.cases(cases);
        let case = cases.iter().position(|(number, _)| *number == value);
        Some(match case {
            Some(n) => (n as u32, cases[n].1),
            None => (cases.len() as u32, default),
        })
    } else {
        None
    }
}

/// The integer that `value` is in `block` when that is entered with `args`, a `bool` being 0 or 1.
fn known(func: &Function, block: Block, args: ValueList, value: Value) -> Option<i64> {
    if let ValueDef::Param(owner, n) = func.values[value].def {
        let arg = *func.list(args).get(n as usize).filter(|_| owner == block)?;
        return func.def_op(arg).and_then(|op| constant(&op));
    }
    let op = func.def_op(value)?;
    if let Op::BinOp { op: op @ (BinOp::Eq | BinOp::Ne), a, b } = op {
        func.ty(a).int_bits()?;
        let equal = known(func, block, args, a)? == known(func, block, args, b)?;
        Some(i64::from(equal == (op == BinOp::Eq)))
    } else if let Op::UnaryOp { op: UnaryOp::Not, value } = op {
        Some(i64::from(known(func, block, args, value)? == 0))
    } else {
        constant(&op)
    }
}

fn constant(op: &Op) -> Option<i64> {
    if let Op::ConstBool { value } = *op {
        Some(i64::from(value))
    } else if let Op::ConstInt { value, .. } = *op {
        Some(value)
    } else {
        None
    }
}

/// A copy of a block that always goes one way.
struct Copied {
    block: Block,
    /// What stands for the original's values.
    values: FxHashMap<Value, Value>,
}

fn copy(func: &mut Function, block: Block, next: BlockCall) -> Copied {
    let made = func.new_block();
    let mut values: FxHashMap<Value, Value> = FxHashMap::default();
    for param in func.blocks[block].params.clone() {
        let copy = func.add_param(made, func.ty(param));
        values.insert(param, copy);
    }
    for inst in func.blocks[block].insts.clone() {
        let data = func.insts[inst];
        let types: Vec<_> = data.results.iter().map(|value| func.ty(value)).collect();
        let mut op = data.op.duplicate(&mut func.pools);
        op.map_values(&mut func.pools, &mut |v| values.get(&v).copied().unwrap_or(v));
        let copy = func.append(made, op, &types, data.loc);
        values.extend(data.results.iter().zip(func.insts[copy].results.iter()));
    }
    let args = func.list(next.args).iter().map(|v| values.get(v).copied().unwrap_or(*v));
    let args: Vec<Value> = args.collect();
    let args = func.pools.list(&args);
    let target = BlockCall { block: next.block, args };
    func.blocks[made].term = Terminator::Jump { target };
    func.blocks[made].term_loc = func.blocks[block].term_loc;
    Copied { block: made, values }
}
