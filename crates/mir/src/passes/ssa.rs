//! Turning things that are written in several places into SSA values, block parameters where paths
//! meet: for fields of objects that vanish and for values that got a second definition.
//!
//! Must never be asked for a value where no definition reaches.

use crate::analysis::Cfg;
use crate::entities::*;
use crate::function::Function;
use crate::types::Type;
use rustc_hash::FxHashMap;

/// Variables with their values at the end of the blocks that define them. New block parameters
/// appear as they are needed; `finish` gives the jumps their arguments.
#[derive(Default)]
pub struct SsaVars {
    vars: Vec<Var>,
    /// The new parameters in the order in which they were made, which is their order in a block.
    params: Vec<(Block, usize)>,
}

struct Var {
    ty: Type,
    at_end: FxHashMap<Block, Value>,
    at_start: FxHashMap<Block, Value>,
}

impl SsaVars {
    /// A new variable; they are numbered from 0.
    pub fn add(&mut self, ty: Type) -> usize {
        self.vars.push(Var { ty, at_end: FxHashMap::default(), at_start: FxHashMap::default() });
        self.vars.len() - 1
    }

    /// The number of variables.
    pub fn len(&self) -> usize {
        self.vars.len()
    }

    /// Variable `var` is `value` at the end of `block`.
    pub fn define(&mut self, var: usize, block: Block, value: Value) {
        self.vars[var].at_end.insert(block, value);
    }

    fn value_at_end(&mut self, func: &mut Function, cfg: &Cfg, var: usize, block: Block) -> Value {
        match self.vars[var].at_end.get(&block) {
            Some(&value) => value,
            None => self.value_at_start(func, cfg, var, block),
        }
    }

    /// The value of `var` at the start of `block`: walks up while there is one way to come.
    pub fn value_at_start(
        &mut self,
        func: &mut Function,
        cfg: &Cfg,
        var: usize,
        block: Block,
    ) -> Value {
        let this = &self.vars[var];
        let mut passed = Vec::new();
        let mut at = block;
        let value = loop {
            if let Some(&value) = this.at_start.get(&at) {
                break value;
            }
            passed.push(at);
            match cfg.preds(at) {
                [only] => match this.at_end.get(&only.from) {
                    Some(&value) => break value,
                    None => at = only.from,
                },
                [] => panic!("a definition reaches every place that is asked for"),
                [_, _, ..] => {
                    self.params.push((at, var));
                    break func.add_param(at, this.ty);
                }
            }
        };
        for block in passed {
            self.vars[var].at_start.insert(block, value);
        }
        value
    }

    /// Gives every jump to a block with new parameters their arguments. This may need further
    /// parameters; all are done when it returns.
    pub fn finish(mut self, func: &mut Function, cfg: &Cfg) {
        let mut done = 0;
        while let Some(&(block, var)) = self.params.get(done) {
            done += 1;
            let mut last = None;
            for edge in cfg.preds(block) {
                if last.replace(edge.from) == Some(edge.from) {
                    continue;
                }
                let value = self.value_at_end(func, cfg, var, edge.from);
                add_arg(func, edge.from, block, value);
            }
        }
    }
}

/// Appends an argument to every jump from `from` to `to`.
fn add_arg(func: &mut Function, from: Block, to: Block, value: Value) {
    let mut term = func.blocks[from].term;
    term.map_targets(&mut func.pools, &mut |call, pools| {
        if call.block != to {
            return call;
        }
        let mut args = pools.values(call.args).to_vec();
        args.push(value);
        BlockCall { block: to, args: pools.list(&args) }
    });
    func.blocks[from].term = term;
}

/// A value that is defined in further blocks as well, by other values.
pub struct Redefined {
    pub value: Value,
    pub home: Block,
    /// What it is at the ends of other blocks, in which nothing uses it.
    pub others: Vec<(Block, Value)>,
}

/// Gives each use of the values, outside the blocks that define them, the definition that reaches it.
pub fn mend(func: &mut Function, redefined: &[Redefined]) {
    let cfg = Cfg::new(func);
    let mut vars = SsaVars::default();
    let mut var_of: FxHashMap<Value, (usize, Block)> = FxHashMap::default();
    for Redefined { value, home, others } in redefined {
        let var = vars.add(func.ty(*value));
        vars.define(var, *home, *value);
        others.iter().for_each(|&(block, other)| vars.define(var, block, other));
        var_of.insert(*value, (var, *home));
    }
    for &block in &cfg.rpo {
        let mut used = Vec::new();
        let data = &func.blocks[block];
        data.insts.iter().for_each(|&inst| func.for_each_use(inst, |value| used.push(value)));
        data.term.for_each_value(&func.pools, &mut |value| used.push(value));
        let mut replaced: FxHashMap<Value, Value> = FxHashMap::default();
        for value in used {
            if let Some(&(var, home)) = var_of.get(&value)
                && home != block
                && !replaced.contains_key(&value)
            {
                replaced.insert(value, vars.value_at_start(func, &cfg, var, block));
            }
        }
        if replaced.is_empty() {
            continue;
        }
        let mut map = |value: Value| replaced.get(&value).copied().unwrap_or(value);
        let Function { blocks, insts, pools, .. } = &mut *func;
        for &inst in &blocks[block].insts {
            insts[inst].op.map_values(pools, &mut map);
        }
        blocks[block].term.map_values(pools, &mut map);
    }
    vars.finish(func, &cfg);
}
