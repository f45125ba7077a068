//! Takes out `Copy` and block parameters that only ever hold one value (or themselves).
//!
//! Needs: nothing. Breaks: block parameters.

use super::PassCx;
use super::rewrite::Rewrites;
use crate::analysis::Cfg;
use crate::entities::*;
use crate::function::{Function, ValueDef};
use crate::ops::Op;
use sepal_base::Id as _;

/// See the module's head.
pub fn run(func: &mut Function, _: &mut PassCx<'_>) -> bool {
    let cfg = Cfg::new(func);
    let mut rewrites = Rewrites::default();
    copies(func, &mut rewrites);
    needless_params(func, &cfg, &mut rewrites);
    rewrites.apply(func)
}

fn copies(func: &mut Function, rewrites: &mut Rewrites) {
    let Function { blocks, insts, .. } = func;
    for block in blocks.iter_mut() {
        block.insts.retain(|&inst| {
            let data = &insts[inst];
            let (Op::Copy { value }, Some(result)) = (data.op, data.results.get(0)) else {
                return true;
            };
            // In unreachable code a copy may be its own source.
            if rewrites.get(value) != result {
                rewrites.replace(result, value);
                return false;
            }
            true
        });
    }
}

/// Until nothing changes, which is soon: each round looks at all parameters left.
fn needless_params(func: &mut Function, cfg: &Cfg, rewrites: &mut Rewrites) {
    loop {
        let mut dropped: Vec<(Block, Vec<bool>)> = Vec::new();
        for &block in cfg.rpo.iter().skip(1) {
            let keep = params_to_keep(func, cfg, block, rewrites);
            if keep.contains(&false) {
                dropped.push((block, keep));
            }
        }
        if dropped.is_empty() {
            return;
        }
        for (block, keep) in &dropped {
            drop_params(func, *block, keep);
        }
        drop_args(func, &dropped);
    }
}

fn params_to_keep(func: &Function, cfg: &Cfg, block: Block, rewrites: &mut Rewrites) -> Vec<bool> {
    let count = func.blocks[block].params.len();
    let mut same: Vec<Option<Value>> = vec![None; count];
    let mut keep = vec![false; count];
    if count == 0 {
        return keep;
    }
    let mut last = None;
    for edge in cfg.preds(block) {
        // One walk over a terminator sees all its edges to this block.
        if last.replace(edge.from) == Some(edge.from) {
            continue;
        }
        func.blocks[edge.from].term.for_each_target(&func.pools, &mut |call| {
            if call.block != block {
                return;
            }
            for (n, &arg) in func.list(call.args).iter().enumerate() {
                let arg = rewrites.get(arg);
                if arg != func.blocks[block].params[n] && *same[n].get_or_insert(arg) != arg {
                    keep[n] = true;
                }
            }
        });
    }
    for n in 0..count {
        let param = func.blocks[block].params[n];
        match same[n] {
            Some(value) if !keep[n] && rewrites.get(value) != param => {
                rewrites.replace(param, value);
            }
            Some(_) | None => keep[n] = true,
        }
    }
    keep
}

/// Removes the parameters of `block` that `keep` does not name.
pub fn drop_params(func: &mut Function, block: Block, keep: &[bool]) {
    let params = std::mem::take(&mut func.blocks[block].params);
    for (&param, &kept) in params.iter().zip(keep) {
        if kept {
            func.blocks[block].params.push(param);
        } else {
            func.values[param].def = ValueDef::Removed;
        }
    }
    func.renumber_params(block);
}

/// Removes the arguments of dropped parameters from every jump.
pub fn drop_args(func: &mut Function, dropped: &[(Block, Vec<bool>)]) {
    let mut by_block: Vec<Option<&[bool]>> = vec![None; func.blocks.len()];
    for (block, keep) in dropped {
        by_block[block.index()] = Some(keep);
    }
    for block in func.blocks.ids() {
        let mut term = func.blocks[block].term;
        term.map_targets(&mut func.pools, &mut |call, pools| {
            let Some(keep) = by_block[call.block.index()] else { return call };
            let args: smallvec::SmallVec<[Value; 8]> = pools
                .values(call.args)
                .iter()
                .zip(keep)
                .filter_map(|(&arg, &kept)| kept.then_some(arg))
                .collect();
            BlockCall { block: call.block, args: pools.list(&args) }
        });
        func.blocks[block].term = term;
    }
}
