//! Rebuilds a function without what is no longer used: blocks in reverse postorder, instructions and
//! values numbered in the order of the text.
//!
//! Needs: nothing. Breaks: every id and analysis.

use super::PassCx;
use crate::analysis::Cfg;
use crate::entities::*;
use crate::function::{Function, Pools};
use sepal_base::Id as _;

/// See the module's head.
pub fn run(func: &mut Function, _: &mut PassCx<'_>) -> bool {
    *func = compacted(func);
    true
}

/// The same function, renumbered.
pub fn compacted(old: &Function) -> Function {
    let cfg = Cfg::new(old);
    let mut new = Function::declare(old.name, old.sig.clone());
    new.attrs = old.attrs;
    let mut values = vec![Value(u32::MAX); old.values.len()];
    let mut blocks = vec![Block(u32::MAX); old.blocks.len()];
    for &block in &cfg.rpo {
        let copy = new.new_block();
        blocks[block.index()] = copy;
        new.blocks[copy].insts.reserve_exact(old.blocks[block].insts.len());
    }
    for &block in &cfg.rpo {
        for &param in &old.blocks[block].params {
            values[param.index()] = new.add_param(blocks[block.index()], old.ty(param));
        }
        for &inst in &old.blocks[block].insts {
            let data = &old.insts[inst];
            let types: smallvec::SmallVec<[_; 4]> =
                data.results.iter().map(|value| old.ty(value)).collect();
            let op = data.op.transfer(&old.pools, &mut new.pools);
            let copy = new.append(blocks[block.index()], op, &types, data.loc);
            for (from, to) in data.results.iter().zip(new.insts[copy].results.iter()) {
                values[from.index()] = to;
            }
        }
        let data = &old.blocks[block];
        let copy = &mut new.blocks[blocks[block.index()]];
        copy.term_loc = data.term_loc;
        copy.term = data.term.transfer(&old.pools, &mut new.pools);
        let mut term = copy.term;
        term.map_targets(&mut new.pools, &mut |call, _: &mut Pools| BlockCall {
            block: blocks[call.block.index()],
            ..call
        });
        new.blocks[blocks[block.index()]].term = term;
    }
    new.map_all_uses(|value| values[value.index()]);
    new
}
