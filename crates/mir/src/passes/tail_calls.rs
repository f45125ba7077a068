//! Calls whose results are returned at once become tail calls: a call in tail position uses no more
//! stack. What is left to do after a call (defers, contracts) stands between it and the return.
//!
//! Needs: nothing, and runs before anything is inlined: what is a tail call is the program's meaning,
//! not the optimiser's choice. Breaks: nothing.

use super::PassCx;
use crate::entities::*;
use crate::function::Function;
use crate::ops::{Op, Terminator};

/// See the module's head.
pub fn run(func: &mut Function, _: &mut PassCx<'_>) -> bool {
    let mut changed = false;
    for block in func.blocks.ids() {
        changed |= mark(func, block);
    }
    changed
}

fn mark(func: &mut Function, block: Block) -> bool {
    let Some(&last) = func.blocks[block].insts.last() else { return false };
    let data = func.insts[last];
    let term = if let Op::Call { func, args } = data.op {
        Terminator::TailCall { func, args }
    } else if let Op::IndirectCall { sig, closure, args } = data.op {
        Terminator::TailCallIndirect { sig, closure, args }
    } else if let Op::MethodCallVirtual { sig, slot, object, args } = data.op {
        Terminator::TailCallVirtual { sig, slot, object, args }
    } else {
        return false;
    };
    let returned = returned(func, block);
    if !returned.is_some_and(|values| values.iter().copied().eq(data.results.iter())) {
        return false;
    }
    let block = &mut func.blocks[block];
    block.insts.pop();
    block.term = term;
    block.term_loc = data.loc;
    true
}

/// The values that `block` returns, straight or through blocks that only pass them on.
fn returned(func: &Function, block: Block) -> Option<Vec<Value>> {
    let mut term = func.blocks[block].term;
    let mut known: Option<(Block, Vec<Value>)> = None;
    // A longer way than there are blocks goes round in a circle.
    for _ in 0..func.blocks.len() {
        let resolve = |value: Value| match &known {
            Some((block, args)) => {
                let n = func.blocks[*block].params.iter().position(|&param| param == value);
                n.map_or(value, |n| args[n])
            }
            None => value,
        };
        if let Terminator::Return { values } = term {
            return Some(func.list(values).iter().map(|&value| resolve(value)).collect());
        }
        let Terminator::Jump { target } = term else { return None };
        if !func.blocks[target.block].insts.is_empty() {
            return None;
        }
        let args = func.list(target.args).iter().map(|&value| resolve(value)).collect();
        known = Some((target.block, args));
        term = func.blocks[target.block].term;
    }
    None
}
