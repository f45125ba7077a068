//! Turning something that is written in several places into SSA values, block parameters where paths
//! meet: for fields of objects that vanish and for values that got a second definition.
//!
//! Must never be asked for a value where no definition reaches.

use crate::analysis::Cfg;
use crate::entities::*;
use crate::function::Function;
use crate::types::Type;
use rustc_hash::FxHashMap;

/// One variable: its value at the end of the blocks that define it. New block parameters appear as
/// they are needed; `finish` gives the jumps their arguments.
pub struct SsaVar {
    ty: Type,
    at_end: FxHashMap<Block, Value>,
    at_start: FxHashMap<Block, Value>,
    /// Blocks that got a parameter, in that order.
    pub params: Vec<(Block, Value)>,
}

impl SsaVar {
    /// A variable without definitions.
    pub fn new(ty: Type) -> SsaVar {
        SsaVar {
            ty,
            at_end: FxHashMap::default(),
            at_start: FxHashMap::default(),
            params: Vec::new(),
        }
    }

    /// The variable is `value` at the end of `block`.
    pub fn define(&mut self, block: Block, value: Value) {
        self.at_end.insert(block, value);
    }

    /// Its value at the end of `block`.
    pub fn value_at_end(&mut self, func: &mut Function, cfg: &Cfg, block: Block) -> Value {
        match self.at_end.get(&block) {
            Some(&value) => value,
            None => self.value_at_start(func, cfg, block),
        }
    }

    /// Its value at the start of `block`: walks up while there is one way to come.
    pub fn value_at_start(&mut self, func: &mut Function, cfg: &Cfg, block: Block) -> Value {
        let mut passed = Vec::new();
        let mut at = block;
        let value = loop {
            if let Some(&value) = self.at_start.get(&at) {
                break value;
            }
            let preds = cfg.preds(at);
            passed.push(at);
            match preds {
                [only] => match self.at_end.get(&only.from) {
                    Some(&value) => break value,
                    None => at = only.from,
                },
                [] => panic!("a definition reaches every place that is asked for"),
                [_, _, ..] => {
                    let param = func.add_param(at, self.ty);
                    self.params.push((at, param));
                    break param;
                }
            }
        };
        for block in passed {
            self.at_start.insert(block, value);
        }
        value
    }

    /// Gives every jump to a block with a new parameter its argument. This may need further
    /// parameters; all are done when it returns.
    pub fn finish(&mut self, func: &mut Function, cfg: &Cfg) {
        let mut done = 0;
        while done < self.params.len() {
            let (block, _) = self.params[done];
            done += 1;
            let mut last = None;
            for edge in cfg.preds(block) {
                if last.replace(edge.from) == Some(edge.from) {
                    continue;
                }
                let value = self.value_at_end(func, cfg, edge.from);
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
