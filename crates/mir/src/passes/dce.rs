//! Takes out instructions and block parameters whose values nobody uses. What may panic or is seen
//! from outside stays.
//!
//! Needs: nothing. Breaks: block parameters.

use super::PassCx;
use super::copy_prop::{drop_args, drop_params};
use crate::analysis::Cfg;
use crate::entities::*;
use crate::function::{Function, ValueDef};
use sepal_base::Id as _;

/// See the module's head.
pub fn run(func: &mut Function, _: &mut PassCx<'_>) -> bool {
    let cfg = Cfg::new(func);
    let mut live = Live { values: vec![false; func.values.len()], work: Vec::new() };
    for &block in &cfg.rpo {
        live.roots(func, block);
    }
    while let Some(value) = live.work.pop() {
        live.sources(func, &cfg, value);
    }
    sweep(func, &cfg, &live.values)
}

struct Live {
    values: Vec<bool>,
    work: Vec<Value>,
}

impl Live {
    fn mark(&mut self, value: Value) {
        if !std::mem::replace(&mut self.values[value.index()], true) {
            self.work.push(value);
        }
    }

    /// What an effect or the choice of a way uses. Arguments of jumps wait for their parameters.
    fn roots(&mut self, func: &Function, block: Block) {
        for &inst in &func.blocks[block].insts {
            if !func.insts[inst].op.effects().is_removable() {
                func.for_each_use(inst, |value| self.mark(value));
                func.insts[inst].results.iter().for_each(|value| self.mark(value));
            }
        }
        let term = &func.blocks[block].term;
        term.for_each_own_value(&func.pools, |value| self.mark(value));
    }

    fn sources(&mut self, func: &Function, cfg: &Cfg, value: Value) {
        match func.values[value].def {
            ValueDef::Result(inst, _) => func.for_each_use(inst, |value| self.mark(value)),
            ValueDef::Param(block, n) => {
                for edge in cfg.preds(block) {
                    let mut nth = 0;
                    func.blocks[edge.from].term.for_each_target(&func.pools, &mut |call| {
                        if nth == edge.nth
                            && let Some(&arg) = func.list(call.args).get(n as usize)
                        {
                            self.mark(arg);
                        }
                        nth += 1;
                    });
                }
            }
            ValueDef::Removed => {}
        }
    }
}

fn sweep(func: &mut Function, cfg: &Cfg, live: &[bool]) -> bool {
    let mut changed = false;
    let mut dropped = Vec::new();
    for block in func.blocks.ids() {
        let Function { blocks, insts, .. } = &mut *func;
        let list = &mut blocks[block].insts;
        let before = list.len();
        if !cfg.is_reachable(block) {
            continue;
        }
        list.retain(|&inst| {
            let data = &insts[inst];
            !data.op.effects().is_removable()
                || data.results.iter().any(|value| live[value.index()])
        });
        changed |= list.len() != before;
        if block != Function::ENTRY {
            let keep: Vec<bool> =
                func.blocks[block].params.iter().map(|param| live[param.index()]).collect();
            if keep.contains(&false) {
                drop_params(func, block, &keep);
                dropped.push((block, keep));
            }
        }
    }
    if !dropped.is_empty() {
        drop_args(func, &dropped);
        changed = true;
    }
    changed
}
