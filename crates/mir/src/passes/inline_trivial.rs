//! Inlining of what is smaller than a call: functions of one block with a few instructions, none of them a call of
//! Sepal code. They are there without any work on blocks.
//!
//! Needs: functions without calls done first. Breaks: nothing; locations get chains.

use super::PassCx;
use super::rewrite::Rewrites;
use crate::effects::Effects;
use crate::entities::*;
use crate::function::Function;
use crate::ops::{Op, Terminator};
use sepal_base::Id as _;

/// A callee has so many instructions at most.
const TRIVIAL: usize = 3;

/// See the module's head.
pub fn run(func: &mut Function, cx: &mut PassCx<'_>) -> bool {
    if func.attrs.interpret {
        return false;
    }
    let mut rewrites = Rewrites::default();
    let mut changed = false;
    for block in func.blocks.ids() {
        let wanted = |&inst: &Inst| trivial_callee(func, cx, inst).is_some();
        if !func.blocks[block].insts.iter().any(wanted) {
            continue;
        }
        let old = std::mem::take(&mut func.blocks[block].insts);
        let mut insts = Vec::with_capacity(old.len() + TRIVIAL);
        for inst in old {
            match trivial_callee(func, cx, inst) {
                Some((callee, args)) => {
                    put_in(func, cx, inst, callee, args, &mut insts, &mut rewrites);
                }
                None => insts.push(inst),
            }
        }
        func.blocks[block].insts = insts;
        changed = true;
    }
    rewrites.apply(func);
    changed
}

/// What a call calls, if that is trivial, and its arguments.
fn trivial_callee(func: &Function, cx: &PassCx<'_>, inst: Inst) -> Option<(FuncId, ValueList)> {
    let Op::Call { func: id, args } = func.insts[inst].op else { return None };
    let callee = &cx.module.functions[id];
    let attrs = callee.attrs;
    // Those that are being optimised at the same time have no body here.
    let [block] = callee.blocks.as_slice() else { return None };
    let is_plain = |&inst: &Inst| callee.insts[inst].op.effects() != Effects::CALLS;
    let fits = block.insts.len() <= TRIVIAL
        && matches!(block.term, Terminator::Return { .. })
        && !(attrs.noinline || attrs.interpret || attrs.cold)
        && block.insts.iter().all(is_plain);
    fits.then_some((id, args))
}

/// Copies the callee's instructions to where the call stood.
fn put_in(
    func: &mut Function,
    cx: &mut PassCx<'_>,
    call: Inst,
    callee: FuncId,
    args: ValueList,
    insts: &mut Vec<Inst>,
    rewrites: &mut Rewrites,
) {
    let module = cx.module;
    let callee = &module.functions[callee];
    let body = &callee.blocks[Function::ENTRY];
    let site = func.insts[call].loc;
    let mut values = vec![Value(u32::MAX); callee.values.len()];
    for (&param, &arg) in body.params.iter().zip(func.list(args)) {
        values[param.index()] = arg;
    }
    for &inst in &body.insts {
        let data = &callee.insts[inst];
        let types: smallvec::SmallVec<[_; 4]> =
            data.results.iter().map(|value| callee.ty(value)).collect();
        let mut op = data.op.transfer(&callee.pools, &mut func.pools);
        op.map_values(&mut func.pools, &mut |value| values[value.index()]);
        let loc = cx.locs.inline(data.loc, site);
        let copy = func.new_inst(op, &types, loc);
        for (from, to) in data.results.iter().zip(func.insts[copy].results.iter()) {
            values[from.index()] = to;
        }
        insts.push(copy);
    }
    let Terminator::Return { values: given } = body.term else { return };
    for (result, &value) in func.insts[call].results.iter().zip(callee.list(given)) {
        rewrites.replace(result, values[value.index()]);
    }
}
