//! Module-level constants whose value is known: the function that computes such a constant once, keeps
//! it in globals and gives it on every later call, now simply gives it.
//!
//! Needs: `fold` and `simplify_cfg`, so that the value is seen; runs before callers inline the
//! function. Breaks: blocks.
//!
//! The shape is "if ready: return the globals, else: set them, return what was set", where what is set
//! are constants and nobody else writes these globals.

use super::PassCx;
use crate::entities::*;
use crate::function::Function;
use crate::ops::{Op, Terminator};

/// See the module's head.
pub fn run(func: &mut Function, cx: &mut PassCx<'_>) -> bool {
    let Some(values) = known_values(func, cx) else { return false };
    let mut insts = Vec::new();
    let mut results = Vec::new();
    for value in values {
        let Some(op) = func.def_op(value) else { return false };
        let inst = func.new_inst(op, &[func.ty(value)], LocId::NONE);
        insts.push(inst);
        results.push(func.result(inst));
    }
    let values = func.pools.list(&results);
    let entry = &mut func.blocks[Function::ENTRY];
    entry.insts = insts;
    entry.term = Terminator::Return { values };
    super::simplify_cfg::remove_unreachable(func);
    true
}

/// The constants that a function of the shape gives.
fn known_values(func: &Function, cx: &PassCx<'_>) -> Option<Vec<Value>> {
    let entry = &func.blocks[Function::ENTRY];
    let Terminator::Branch { cond, then, otherwise, .. } = entry.term else { return None };
    let Op::GlobalGet { .. } = func.def_op(cond)? else { return None };
    if !then.args.is_empty() || !otherwise.args.is_empty() || !entry.params.is_empty() {
        return None;
    }
    let Terminator::Return { values: kept } = func.blocks[then.block].term else { return None };
    let Terminator::Return { values: made } = func.blocks[otherwise.block].term else {
        return None;
    };
    let blocks = [Function::ENTRY, then.block, otherwise.block];
    let insts = blocks.iter().flat_map(|&block| &func.blocks[block].insts);
    if !insts.into_iter().all(|&inst| is_plain(&func.insts[inst].op)) {
        return None;
    }
    let made = func.list(made).to_vec();
    for (&kept, &made) in func.list(kept).iter().zip(&made) {
        let known = func.def_op(made)?.is_constant();
        let stored = is_stored(func, cx, kept, made, otherwise.block);
        if !known || kept != made && !stored {
            return None;
        }
    }
    Some(made)
}

/// Whether `kept` is read from a global that only this function writes, and only `made` into it.
fn is_stored(func: &Function, cx: &PassCx<'_>, kept: Value, made: Value, block: Block) -> bool {
    let Some(op) = func.def_op(kept) else { return false };
    let Op::GlobalGet { global, .. } = op else { return same_constant(func, &op, made) };
    let mut stores = func.blocks[block].insts.iter().filter_map(|&inst| {
        let Op::GlobalSet { global: to, value } = func.insts[inst].op else { return None };
        (to == global).then_some(value)
    });
    let is_made = |value: Value| {
        value == made || func.def_op(value).is_some_and(|op| same_constant(func, &op, made))
    };
    let only = stores.next().is_some_and(is_made) && stores.next().is_none();
    only && cx.graph.only_writer(global) == Some(cx.id)
}

fn same_constant(func: &Function, op: &Op, value: Value) -> bool {
    op.is_constant() && func.def_op(value) == Some(*op)
}

fn is_plain(op: &Op) -> bool {
    op.is_constant() || matches!(op, Op::GlobalGet { .. } | Op::GlobalSet { .. })
}
